"""The stages, and what each does when something fails.

    fetch ──► summarize ──► publish ──► site ──► deliver

Each asks the store what is not done, does it, and writes that down in one transaction: a run that died anywhere is
finished by the next, and running twice does nothing twice. No stage trusts the one before it: `publish` summarizes what
`summarize` left, and chooses the same papers, for choosing depends on nothing but the store and the date.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from digest.core.issues import issue as issues
from digest.core.lists.freshness import CATCH_UP, missing_days
from digest.core.models import (
    Delivery,
    Document,
    Edition,
    Issue,
    Mail,
    Paper,
    PaperId,
    Ranked,
    SourceReport,
    SourceState,
    Summary,
    Usage,
)
from digest.core.ports import Clock, Mailer, Source
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection
from digest.core.ranking.relevance import Background
from digest.core.summaries.summarizer import Summarizer, Sums
from digest.stages.deliver import Delivered, Delivering, Round
from digest.stages.fetch import Reader
from digest.stages.store import Store
from digest.stages.summarize import Summarizing

_CHANGES: Final = 20
"""Changes that one issue tells of; the next ones tell the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The stages with what they need of the world."""

    store: Store
    sources: Mapping[str, Source]
    """By name, in the order of the config: readings are stored in it, whatever order the network answers in."""
    fetcher: Callable[[Source], Callable[[str], Document]]
    """Gives what fetches the documents of one source during one run."""
    summarizer: Summarizer
    field_of: Callable[[str], str]
    profile_of: Callable[[Edition, date], Profile]
    """What the readers of an edition want on a day; it depends on nothing but the store and the date."""
    clock: Clock
    mail_domain: str
    """The right part of Message-IDs."""
    progress: Callable[[str], None]
    """Told what is being done, in a few words, for people who wait."""
    sleep: Callable[[float], None]
    """Waits that many seconds."""
    background: Background | None = None
    """What words say apart from the day's papers."""
    concurrency: int = 8
    """Sources that are read at once."""
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what a stop by the user must not come between."""
    chooser: Chooser = field(default_factory=Chooser)

    # -- fetch

    def fetch(self, editions: Sequence[Edition], day: date, now: datetime) -> None:
        """Read every list of the sources of *editions* that is due: today's, missed ones, and those that grow.

        What comes after the day's issue was printed goes into the next one.

        Args:
            now: The moment of the run; of *day* where that is replayed.
        """
        for edition in editions:
            self.store.register_edition(edition.name, day)
        wanted = {name for e in editions for name in e.sources}
        reader = Reader(
            store=self.store,
            fetcher=self.fetcher,
            clock=self.clock,
            progress=self.progress,
            concurrency=self.concurrency,
        )
        reader.read([source for name, source in self.sources.items() if name in wanted], day, now)

    def _is_printed(self, edition: Edition, day: date) -> bool:
        stored = self.store.issue(edition.name, day)
        return stored is not None and bool(stored.entries)

    def reports(self, edition: Edition, day: date) -> tuple[SourceReport, ...]:
        """How each source of *edition* stands on *day*, with the earlier lists it takes from and those that lack."""
        past = self.store.past_lists(edition.name, edition.sources, day)
        found = self.store.source_reports(edition.name, edition.sources, day)
        return tuple(replace(r, past=past.get(r.name, ()), missing=self._missing(r.name, day)) for r in found)

    def _missing(self, name: str, day: date) -> tuple[date, ...]:
        readings = self.store.past_readings(name, since=day - CATCH_UP, before=day)
        return missing_days(self.sources[name].calendar, readings, day)

    # -- choose

    def select(self, edition: Edition, day: date) -> Selection:
        """What today's issue of *edition* takes; the same as long as the store is the same."""
        question = Question(
            candidates=self.store.candidates(edition.name, edition.sources, day, carry_days=edition.carry_days),
            profile=self.profile_of(edition, day),
            max_papers=edition.max_papers,
            exploration=edition.exploration,
            seed=f"{edition.name} {day}",
            background=self.background,
        )
        return self.chooser.choose(edition.name, question)

    # -- summarize

    def nothing(self) -> Sums:
        """What a summarizer did that was not asked."""
        return Sums(usage=Usage(client=self.summarizer.client, model=self.summarizer.model or None))

    def lacking(self, edition: Edition, day: date) -> tuple[Paper, ...]:
        """The papers of today's issue, best first, that the store has no summary of; none once it is printed."""
        if self._is_printed(edition, day):
            return ()
        papers = [r.candidate.paper for r in self.select(edition, day).chosen]
        have = self._stored(edition, day, papers)
        return tuple(p for p in papers if p.id not in have)

    def summarize(self, edition: Edition, day: date, *, later: Collection[PaperId] = ()) -> Sums:
        """Summarize what today's issue takes and the store has no summary of.

        Args:
            later: Papers that are left alone, for their summaries are awaited.
        """
        if self._is_printed(edition, day):
            return self.nothing()
        papers = [r.candidate.paper for r in self.select(edition, day).chosen]
        return self._summarize(edition, day, [p for p in papers if p.id not in later])

    def _summarize(self, edition: Edition, day: date, papers: Sequence[Paper]) -> Sums:
        return (
            self._summarizing(day)
            .summarize(
                papers,
                language=edition.language,
                edition=edition.name,
                on_missing=lambda count: self.progress(f"summarizing {count} papers for {edition.name}"),
            )
            .sums
        )

    def _stored(self, edition: Edition, day: date, papers: Sequence[Paper]) -> dict[PaperId, Summary]:
        return self._summarizing(day).stored(papers, language=edition.language)

    def _summarizing(self, day: date) -> Summarizing:
        return Summarizing(
            summarizer=self.summarizer,
            store=self.store,
            sleep=self.sleep,
            progress=self.progress,
            stand_in_day=day,
        )

    # -- publish

    def publish(self, edition: Edition, day: date, sums: Sums) -> tuple[Issue, Sums]:
        """Build today's issue and store it with its due mails, in one transaction; or give the one that is there.

        An empty issue is stored too: it says why. It is built anew by a later run of the same day.

        Args:
            sums: What `summarize` did; what had to be summarized besides is added to it.
        """
        stored = self.store.issue(edition.name, day)
        if stored is not None and stored.entries:
            return stored, sums
        selection = self.select(edition, day)
        papers = [r.candidate.paper for r in selection.chosen]
        summaries = self._stored(edition, day, papers)
        if any(p.id not in summaries for p in papers):
            sums = sums.and_then(self._summarize(edition, day, papers))
            summaries = self._stored(edition, day, papers)
        built = self._build(edition, day, selection, lambda r: summaries[r.candidate.paper.id])
        if built.entries:
            told, more = self.summarizer.overview(built.entries, language=edition.language, edition=edition.name)
            built, sums = issues.with_overview(built, told), sums.and_then(more)
        recipients = edition.recipients if built.entries else ()
        secret = self.store.secret()
        self.store.save_issue(
            built,
            at=self.clock(),
            deliveries={r: message_id(built.id, r, secret, self.mail_domain) for r in recipients},
        )
        # Another process may have been quicker; what is stored is the issue.
        return self.store.issue(edition.name, day) or built, sums

    def _build(
        self, edition: Edition, day: date, selection: Selection, summary_of: Callable[[Ranked], Summary]
    ) -> Issue:
        fell_back = sum(summary_of(r).fell_back is not None for r in selection.chosen)
        sources = self.reports(edition, day)
        return issues.build(
            edition=edition.name,
            day=day,
            title=edition.title,
            language=edition.language,
            selection=selection,
            summary_of=summary_of,
            field_of=self.field_of,
            sources=sources,
            changes=self.store.changes(edition.name, edition.sources, day, kinds=edition.changes)[:_CHANGES],
            max_papers=edition.max_papers,
            # What a run cost is the run's, and another one that finishes it would have cost less: not in the issue.
            usage=Usage(client=self.summarizer.client, model=self.summarizer.model or None, fell_back=fell_back),
            covers=covered_days(sources, day),
        )

    # -- deliver

    def deliver(
        self,
        edition: Edition,
        day: date,
        *,
        compose: Callable[[Issue, Delivery], Mail],
        mailer: Mailer,
        met: Round | None = None,
        only: bool = False,
        waiting_until: date | None = None,
    ) -> Delivered:
        """Send the issue of *day*, and what the days before left, to everybody who has not got it.

        Args:
            met: What the editions before it met at the same server.
            only: Leave the days before alone.
            waiting_until: Mails of issues up to this day wait for a person.
        """
        turn = Delivering(
            store=self.store,
            clock=self.clock,
            edition=edition,
            day=day,
            compose=compose,
            mailer=mailer,
            met=met or Round(),
            waiting_until=waiting_until,
            held=self.held,
        )
        return turn.deliver(only=only)


def covered_days(sources: Sequence[SourceReport], day: date) -> tuple[date, ...]:
    """The days whose lists an issue has. A few papers that came late do not make their day one of them."""
    missed = {p.day for s in sources for p in s.past if 2 * p.new >= p.listed}
    return tuple(sorted(missed | {day for s in sources if s.new and s.state is SourceState.FRESH}))


def message_id(issue_id: str, recipient: str, secret: bytes, domain: str) -> str:
    """The same on every attempt, and nobody else can guess or forge it."""
    digest = hmac.new(secret, f"{issue_id}\n{recipient.lower()}".encode(), hashlib.sha256).hexdigest()
    return f"<{digest[:32]}@{domain}>"
