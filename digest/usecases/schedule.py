"""`digest schedule`: run each edition when it is due, until stopped, and report each new outcome once.

When an edition is due is computed in `digest.schedule`; a run is the same as that of `digest run`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from digest.core.errors import DigestError
from digest.core.models import Edition
from digest.core.ports import Clock
from digest.publish.source_views import completeness
from digest.schedule import Ahead, LaterMails, Scheduler, next_time
from digest.stages.report import Report
from digest.usecases.deliver import Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTime:
    """When an edition is due next."""

    edition: str
    at: datetime | None
    """In the config's time zone; None for an edition that has no days."""
    zone: str
    """The name of that zone."""


class Run(Protocol):
    """Makes the issues of *day* of the named editions, as far as that is possible now."""

    def __call__(self, names: Sequence[str], day: date, /) -> Sequence[Report]: ...


class Prepare(Protocol):
    """Submits the papers of the issues of *day* to the model as batch jobs; *read*: read the sources before that."""

    def __call__(self, names: Sequence[str], day: date, /, *, read: bool) -> Sequence[Report]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """Mails that are due between runs: that were put off, or whose readers have a morning of their own."""

    next_at: Callable[[], datetime | None]
    """When the next one is due, from now on."""
    send: Callable[[], Sequence[Posted]]
    """Sends all that is due, of all editions."""


class Listener(Protocol):
    """Gets the events of a schedule, to show them."""

    def waiting(self, times: Sequence[NextTime]) -> None:
        """The schedule began; *times* are the next ones."""

    def ran(self, reports: Sequence[Report]) -> None:
        """Runs ended; *reports* are those with another outcome than the last one, maybe none."""

    def prepared(self, edition: str, day: date, warning: str) -> None:
        """The issue of *day* was prepared with a warning. Each warning is told once."""

    def mailed(self, posted: Sequence[Posted]) -> None:
        """Mails were sent between runs, or tried; maybe of no edition."""

    def failed(self, error: DigestError, *, at: datetime) -> None:
        """A run or a preparation ended with an error; it is tried again later."""


class Schedule:
    """Runs editions when they are due, until it is stopped."""

    def __init__(
        self,
        editions: Iterable[Edition],
        zone: ZoneInfo,
        *,
        clock: Clock,
        is_done: Callable[[Edition, date], bool],
        run: Run,
        prepare: Prepare,
        lead: timedelta | None,
        listener: Listener,
        mails: Mails | None = None,
    ) -> None:
        """Prepare the schedule; nothing is run yet.

        Args:
            is_done: Whether nothing is left to do for the issue of that date.
            lead: How long before it is due an edition is prepared; None: not at all.
        """
        self._editions, self._zone, self._clock = tuple(editions), zone, clock
        self._run, self._prepare, self._listener = run, prepare, listener
        self._mails = mails
        self._told: dict[str, tuple[object, ...]] = {}
        """Edition → the outcome that was told last."""
        self._warned: set[tuple[str, date, str]] = set()
        """Edition, day and warning of a preparation that were told."""
        self._scheduler = Scheduler(
            self._editions,
            zone,
            clock=clock,
            is_done=is_done,
            run=self.run_due,
            ahead=None if lead is None else Ahead(lead=lead, prepare=self.prepare_soon),
            mails=None if mails is None else LaterMails(next_at=mails.next_at, send=self.send_mails),
        )

    def stay(self, stop: threading.Event) -> None:
        """Run what is due, now and whenever its time comes, until *stop* is set or Ctrl-C comes while nothing runs.

        Raises:
            KeyboardInterrupt: Ctrl-C came during a run, which the next start continues.
        """
        try:
            self._listener.waiting(self.next_times())
            self._scheduler.stay(stop)
        except KeyboardInterrupt:
            if self._scheduler.was_cut_short:
                raise

    def next_times(self) -> list[NextTime]:
        """When each edition is due next."""
        now = self._clock()
        return [NextTime(edition=e.name, at=next_time(e, now, self._zone), zone=self._zone.key) for e in self._editions]

    def run_due(self, editions: Sequence[Edition], day: date) -> None:
        """Run *editions*, and report those whose outcome differs from the one reported last.

        So a source that is asked again every hour with the same result is reported once.
        """
        try:
            reports = self._run([e.name for e in editions], day)
        except DigestError as error:
            self._listener.failed(error, at=self._clock())
            return
        news = [r for r in reports if self._told.get(r.edition) != outcome(r)]
        self._told.update({r.edition: outcome(r) for r in news})
        self._listener.ran(news)

    def send_mails(self) -> None:
        """Send the mails that are due, and tell of editions that had some."""
        if self._mails is None:
            return
        try:
            posted = self._mails.send()
        except DigestError as error:
            self._listener.failed(error, at=self._clock())
            return
        self._listener.mailed([one for one in posted if one.delivered.sent or one.delivered.warnings])

    def prepare_soon(self, editions: Sequence[Edition], day: date, read: bool) -> None:
        """Prepare the issues of *day*, and tell each warning once."""
        try:
            reports = self._prepare([e.name for e in editions], day, read=read)
        except DigestError as error:
            self._listener.failed(error, at=self._clock())
            return
        for report in reports:
            for warning in report.warnings:
                if (said := (report.edition, day, warning)) not in self._warned:
                    self._warned.add(said)
                    self._listener.prepared(*said)


def outcome(report: Report) -> tuple[object, ...]:
    """Return the content of a report, to compare it with that of an earlier one."""
    issue = report.issue.id if report.issue else None
    return report.date, issue, completeness(report.sources), dict(report.deliveries), report.warnings
