"""The stages of a run, in order.

    fetch ──► choose ──► summarize ──► publish ──► site ──► deliver ──► report

Each asks the store what is not done, does it, and stores that in one transaction: a run that died anywhere is finished
by the next, and running twice does nothing twice. What one run collects is in values of that run, so that several runs
can use the same stages at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from digest.core.errors import StoreError
from digest.core.models import Edition, PaperId
from digest.core.ports import Clock
from digest.core.ranking.interests import Unread
from digest.core.summaries.handover import Haste, haste
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, nothing
from digest.stages.choose import Choosing, ToSummarize
from digest.stages.fetch import Reader
from digest.stages.lost import Archive, LostIssues, lost_issues
from digest.stages.mails import Mailing
from digest.stages.notices import Noticing
from digest.stages.publish import Publishing
from digest.stages.readers import Readers
from digest.stages.report import Done, Report, Reporting, Stage
from digest.stages.site import Drawing
from digest.stages.summarize import Summarizing


class Interests(Protocol):
    """The part of `digest.usecases.interests` that a run uses."""

    def check(self, editions: Sequence[Edition]) -> None:
        """Raise a `ConfigError` where a run would miss something that interests name."""
        ...

    def fetch(self, editions: Sequence[Edition]) -> Mapping[str, Unread]:
        """Fetch the papers that interests name and the store does not know; by edition, what could not be read."""
        ...


class ReaderInterests(Protocol):
    """The part of `digest.usecases.reader_interests` that a run uses."""

    def fetch(self, editions: Sequence[Edition], day: date) -> tuple[str, ...]:
        """Fetch some of the papers that readers name and the store does not know; what is left, in words."""
        ...


class HandoverRun(Protocol):
    """What one run does with handovers: requests given to a provider's Batch API, to be collected later."""

    @property
    def writing(self) -> Writing:
        """The summarizer as the same run uses it, with the run's budget."""
        ...

    def collect(self) -> None:
        """Store the answers of all open handovers that are over."""
        ...

    def summarize(self, edition: Edition, day: date, wanted: ToSummarize, *, haste: Haste, at: datetime) -> Sums:
        """Hand the papers over, wait for their summaries or ask for them directly, as *haste* says.

        Args:
            at: When the issue is due, in the zone that days begin in.
        """
        ...


class Handovers(Protocol):
    """The handovers of the model's provider."""

    def begin(self, run: str) -> HandoverRun:
        """Begin a run; the budget per run counts all requests of the same *run* together."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The stages that a run calls, in order, with what they share."""

    reader: Reader
    choosing: Choosing
    summarizer: Summarizer
    summarizing: Summarizing
    handovers: Callable[[], Handovers | None]
    """Gives the handovers of the model's provider; None where it takes none, or none are wanted and none is open."""
    hands_over: bool
    """Whether new requests are handed over; open handovers are collected in any case."""
    publishing: Publishing
    readers: Readers[Any, Any]
    archive: Archive
    place: str
    """What the database is called, for people."""
    drawing: Drawing
    mailing: Mailing
    noticing: Noticing
    reporting: Reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Runs the stages for editions, which are given by name."""

    editions: Mapping[str, Edition]
    """All that are configured, in their order."""
    check: Callable[[bool], None]
    """Raises a `ConfigError` for all that a run would lack; takes whether it is to send mails too."""
    interests: Interests
    reader_interests: ReaderInterests
    stages: Callable[[], Stages]
    """Makes the stages. It is called after the check, for what they need may be missing."""
    lease: Callable[[str], AbstractContextManager[None]]
    """Takes a lease by name, so that a second run waits for the first."""
    sweep: Callable[[], bool]
    """Takes what forgotten readers left in the database's files out of them."""
    clock: Clock
    zone: ZoneInfo
    """The time zone in which days begin."""

    def __call__(
        self,
        editions: Sequence[str],
        day: date,
        *,
        until: Stage = Stage.DELIVER,
        send: bool = True,
        accept_database: bool = False,
    ) -> list[Report]:
        """Run the stages for *editions*, as far as *until*; one report each, in their order.

        Args:
            editions: Names; none: all that are configured.
            accept_database: Accept a database that lacks issues which the archive holds, and make the issue of *day*
                anew if it is one of them.
        """
        last = until if send or until is not Stage.DELIVER else Stage.SITE
        return self._run(editions, day, last, read=day, send=send, accept_database=accept_database)

    def prepare(self, editions: Sequence[str], day: date, *, read: bool = True) -> list[Report]:
        """Prepare the issues of *day*, today or tomorrow, before they are due: read, choose, summarize or hand over.

        Args:
            read: Read the sources too; otherwise only handovers are made and collected.
        """
        today = self.clock().astimezone(self.zone).date()
        # Tomorrow's lists are not out. What today's bring late is in the issue that comes next.
        return self._run(editions, day, Stage.SUMMARIZE, read=min(day, today) if read else None, send=False)

    def _run(
        self,
        editions: Sequence[str],
        day: date,
        last: Stage,
        *,
        read: date | None,
        send: bool,
        accept_database: bool = False,
    ) -> list[Report]:
        """Run the stages as far as *last*; the lists read are those of *read*."""
        named = [self.editions[name] for name in dict.fromkeys(editions)] or list(self.editions.values())
        self.check(send)
        self.interests.check(named)
        accepted = [e.name for e in named] if accept_database else []
        with self.lease("run"):
            stages = self.stages()
            lost = lost_issues(stages.archive, stages.place, accepted)
            done = self._make(stages, named, day, last, read=read, accepted=accepted, lost=lost)
            left: tuple[str, ...] = ()
            if last.reaches(Stage.DELIVER):
                delivered = stages.mailing.deliver_all([e.name for e in named], day, lost=lost)
                done = {name: replace(of, delivered=delivered[name]) for name, of in done.items()}
                left = (*stages.mailing.give_up_left(), *stages.mailing.without_edition())
                stages.noticing.send()
            reports = [stages.reporting.report(name, day, of, until=last, lost=lost) for name, of in done.items()]
            # Mails of an edition that is gone are told of by the first that is there.
            if left:
                reports[0] = replace(reports[0], warnings=(*reports[0].warnings, *left), mail_trouble=True)
            if last.reaches(Stage.DELIVER) and (unswept := self._swept()):
                reports[0] = replace(reports[0], warnings=(*reports[0].warnings, *unswept))
            return reports

    def _swept(self) -> tuple[str, ...]:
        """Why the database could not be swept, in words; if others have it in use, a later run does it."""
        try:
            self.sweep()
        except StoreError as error:
            return (f"a reader was forgotten, and the database's file may still hold the address: {error}",)
        return ()

    def _make(
        self,
        stages: Stages,
        editions: Sequence[Edition],
        day: date,
        last: Stage,
        *,
        read: date | None,
        accepted: Sequence[str],
        lost: LostIssues,
    ) -> dict[str, Done]:
        """Run the stages before `deliver`; name of edition → results."""
        going_on = [e for e in editions if not lost.holds(e.name, day)]
        unread: Mapping[str, Unread] = {}
        left: tuple[str, ...] = ()
        # For an edition that waits nothing is read: a database that is taken out again is no place to begin in.
        if read is not None and going_on:
            stages.reader.fetch_all([e.name for e in going_on], read)
            unread = self.interests.fetch(going_on)
            left = self.reader_interests.fetch(going_on, read)
        none = nothing(stages.summarizer)
        done = {e.name: Done(sums=none, unread=unread.get(e.name, Unread())) for e in editions}
        if left:
            done[editions[0].name] = replace(done[editions[0].name], warnings=left)
        if last.reaches(Stage.SUMMARIZE):
            self._write(stages, going_on, day, last, done)
        if last.reaches(Stage.SITE):
            site_error = stages.drawing.draw(accepted=accepted)
            done = {name: replace(of, site_error=site_error) for name, of in done.items()}
        return done

    def _write(
        self, stages: Stages, editions: Sequence[Edition], day: date, last: Stage, done: dict[str, Done]
    ) -> None:
        """Run `summarize` for all editions, then `publish`; the results go into *done*."""
        handovers = stages.handovers()
        handover_run = handovers.begin(day.isoformat()) if handovers else None
        writing = handover_run.writing if handover_run else stages.summarizer.begin(day.isoformat())
        if handover_run:
            handover_run.collect()
        for edition, wanted in _with_points_once(editions, stages.choosing, day):
            if handover_run is None:
                sums = stages.summarizing.summarize(
                    edition.name, day, wanted.papers, writing=writing, brief=wanted.brief
                )
            else:
                at = datetime.combine(day, edition.at, tzinfo=self.zone)
                is_final = last.reaches(Stage.PUBLISH) or not stages.hands_over
                hurry = haste(self.clock(), at, is_final=is_final)
                sums = handover_run.summarize(edition, day, wanted, haste=hurry, at=at)
            done[edition.name] = replace(done[edition.name], sums=sums)
        if last.reaches(Stage.PUBLISH):
            for edition in editions:
                of = done[edition.name]
                issue, more = stages.publishing.publish(edition.name, day, writing=writing)
                made = stages.readers.make(edition.name, day, writing=writing)
                done[edition.name] = replace(
                    of, issue=issue, sums=of.sums.and_then(more).and_then(made.sums), readers=made
                )


def _with_points_once(
    editions: Sequence[Edition], choosing: Choosing, day: date
) -> Iterator[tuple[Edition, ToSummarize]]:
    """What each edition wants of its papers; one that leads an edition is asked for with points by all of a language.

    So no paper is asked for briefly first, and with points again for another edition of the same run.
    """
    wanted = [(edition, choosing.to_summarize(edition.name, day)) for edition in editions]
    leads: dict[str, set[PaperId]] = {}
    for edition, of in wanted:
        leads.setdefault(edition.language, set()).update(i for i in of.papers if i not in of.brief)
    for edition, of in wanted:
        yield edition, replace(of, brief=of.brief - leads[edition.language])
