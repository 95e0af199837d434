"""The stage `report`: what a run did for an edition, from the store and the results of the other stages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Protocol

from digest.core.models import (
    Candidate,
    Delivery,
    DeliveryState,
    Edition,
    Issue,
    Rejected,
    SourceReport,
    SourceState,
    Usage,
)
from digest.core.ranking.interests import Unread
from digest.core.summaries.summarizer import Sums
from digest.stages.deliver import Delivered, mails_since
from digest.stages.lost import LostIssues
from digest.stages.mails import Mailed, Mailing, count_states
from digest.stages.readers import Made
from digest.stages.source_reports import SourceReports

_GONE_WRONG = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})
_SHOWN = 3
"""How many unreadable items are named one by one."""


class Stage(StrEnum):
    """The parts of a run, in their order."""

    FETCH = "fetch"
    SUMMARIZE = "summarize"
    PUBLISH = "publish"
    SITE = "site"
    DELIVER = "deliver"

    def reaches(self, other: Stage) -> bool:
        """Whether a run until this stage includes the stage *other*."""
        order = list(Stage)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did for one edition; the terminal's text and `--json` are made from it."""

    edition: str
    date: date
    sources: tuple[SourceReport, ...]
    usage: Usage
    issue: Issue | None = None
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """State → how many; "due", "sent", "unknown", "failed"."""
    readers: Mapping[str, int] = field(default_factory=dict)
    """Of issues that this run made for readers, how many: "made", "personal", "shared", "skipped"."""
    warnings: tuple[str, ...] = ()
    late: int = 0
    """New papers that came after the issue was made; they go into the next one."""
    until: Stage = Stage.DELIVER
    site_error: str | None = None
    """Why the archive could not be drawn."""
    mail: Mailed | None = None
    """None if the run did not come to mails."""
    mail_trouble: bool = False
    """Whether some mail of this run, of this day's issue or an earlier one, was not accepted."""
    lacks_issues: bool = False
    """Whether the archive holds issues that the database lacks, so that a person has to decide."""
    is_held: bool = False
    """Whether this day's issue is one of those, and so was not made anew."""

    @property
    def status(self) -> str:
        """`done`; `degraded`: something was skipped, and a warning says what; `failed`: nothing useful came of it."""
        states = {s.state for s in self.sources}
        if self.sources and states == {SourceState.FAILED} and not (self.issue and self.issue.entries):
            return "failed"
        lost = self.deliveries.get("failed", 0) + self.deliveries.get("unknown", 0)
        skipped = SourceState.FAILED in states or any(s.rejected or s.gap or s.is_partial for s in self.sources)
        trouble = self.mail_trouble or self.site_error or self.lacks_issues
        if skipped or lost or self.usage.fell_back or self._undelivered or trouble:
            return "degraded"
        return "done"

    @property
    def _undelivered(self) -> bool:
        later = self.mail.later if self.mail else 0  # their time has not come, and nothing is wrong with them
        return self.until is Stage.DELIVER and self.deliveries.get("due", 0) > later


class Store(Protocol):
    """The part of the store that a report needs."""

    def candidates(
        self, edition: str, sources: Sequence[str], day: date, *, carry_days: int
    ) -> tuple[Candidate, ...]: ...

    def count_deliveries(self, edition: str, *, since: date, until: date) -> Mapping[DeliveryState, int]: ...

    def deliveries(self, edition: str, day: date, *, states: Collection[DeliveryState]) -> tuple[Delivery, ...]: ...

    def rejections(self, source: str, day: date) -> tuple[Rejected, ...]: ...

    def note(self, key: str, value: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The results of a run's stages for one edition."""

    sums: Sums
    issue: Issue | None = None
    """None: the run did not publish."""
    site_error: str | None = None
    """Why the archive could not be drawn."""
    delivered: Delivered | None = None
    readers: Made | None = None
    """What was made for the edition's readers; None: the run did not publish."""
    unread: Unread = field(default_factory=Unread)
    """What of the edition's interests could not be read."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Makes reports; editions are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    source_reports: SourceReports
    mailing: Mailing

    def report(self, edition: str, day: date, done: Done, *, until: Stage, lost: LostIssues) -> Report:
        """What the run of *day* did for *edition*.

        Args:
            until: The last stage of the run.
            lost: Issues that the archive holds and the database lacks.
        """
        of, issue, delivered = self.editions[edition], done.issue, done.delivered or Delivered()
        is_held = lost.holds(edition, day)
        sources = () if is_held else self.source_reports.of(edition, day)
        printed = issue is not None and bool(issue.entries)
        if issue is not None and printed:
            # What it took from earlier lists is not open any more.
            past = {s.name: s.past for s in issue.sources}
            sources = tuple(replace(s, past=past.get(s.name, ())) for s in sources)
        counts = count_states(self.store.count_deliveries(edition, since=day, until=day))
        gone_wrong = self.store.deliveries(edition, day, states=_GONE_WRONG)
        counts["due"] += self._waiting(edition, day)
        missed = lost.warnings(edition, day)
        warnings = [
            *missed,
            *(f"{s.name}: {s.error}" for s in sources if s.error and (s.is_to_be_told or not s.days_failing)),
            *(f"{s.name}: {s.note}" for s in sources if s.is_partial and s.note),
            *(f"{s.name}: {s.gap} of {s.expected} papers could not be found" for s in sources if s.gap),
            *(self._unreadable(s, day) for s in sources if s.rejected),
            *self._unread(edition, done.unread),
            *done.sums.warnings,
            *done.warnings,
            *(done.readers.warnings if done.readers else ()),
            *((issue.why_empty,) if issue and issue.why_empty and not _all_failed(sources) else ()),
            *((f"the archive could not be drawn: {done.site_error}",) if done.site_error else ()),
            *delivered.warnings,
            *(f"{d.recipient}: {d.error}" for d in gone_wrong if d.error),
        ]
        return Report(
            edition=edition,
            date=day,
            sources=sources,
            usage=done.sums.usage,
            issue=issue if printed else None,
            deliveries=counts,
            readers=_counted(done.readers),
            late=self._late(of, day) if printed else 0,
            warnings=tuple(dict.fromkeys(warnings)),
            until=until,
            site_error=done.site_error,
            mail=self.mailing.mailed(edition, day, delivered),
            mail_trouble=delivered.trouble,
            lacks_issues=bool(missed),
            is_held=is_held,
        )

    def _waiting(self, edition: str, day: date) -> int:
        """Number of mails of earlier days that are still due and that a run of *day* sends."""
        since, until = mails_since(day), date.fromordinal(max(1, day.toordinal() - 1))
        return count_states(self.store.count_deliveries(edition, since=since, until=until))["due"]

    def _unread(self, edition: str, unread: Unread) -> Collection[str]:
        """What the edition's interests name and could not be read, in words; of libraries only news."""
        # Booked as told only here: a run that died before its report has told nobody.
        if unread.libraries is None or not self.store.note(f"libraries of {edition}", unread.libraries):
            return unread.papers
        said = f"{unread.libraries} (interests of {edition})"
        return (*unread.papers, said) if unread.libraries else unread.papers

    def _late(self, edition: Edition, day: date) -> int:
        candidates = self.store.candidates(edition.name, edition.sources, day, carry_days=0)
        return sum(candidate.cut_on is None for candidate in candidates)

    def _unreadable(self, source: SourceReport, day: date) -> str:
        shown = self.store.rejections(source.name, day)[:_SHOWN]
        said = "; ".join(f"{r.reason} ({r.excerpt})" for r in shown) + ("; …" if source.rejected > len(shown) else "")
        return f"{source.name}: {source.rejected} of its items could not be read: {said}"


def _counted(made: Made | None) -> dict[str, int]:
    if made is None:
        return {}
    return {"made": made.readers, "personal": made.personal, "shared": made.shared, "skipped": made.skipped}


def _all_failed(sources: Sequence[SourceReport]) -> bool:
    """Whether every source failed, so that their own errors say why there is nothing."""
    return bool(sources) and all(s.state is SourceState.FAILED and s.is_to_be_told for s in sources)
