"""The scheduler: run each edition at its time in its time zone, and prepare it hours before if batch jobs are used.

Timers alone decide nothing. That there is one issue per edition and date is a unique key of the database; that a mail
goes out once is a state of its delivery. So a timer may fire late, twice or in several processes at once without harm.
But it must not fail to fire: APScheduler drops a job that is more than a second late, skips 02:30 on the day the clocks
go forward, and sleeps while a laptop does. So besides each edition's own time there is a look around
every few minutes, and both ask the same questions: which editions are due now and have no issue yet, and which will be?
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from digest.core.errors import StoreError
from digest.core.models import Edition
from digest.core.summaries.handover import LAST

_LOOK_AROUND_MINUTES: Final = 5
_GLANCE_S: Final = 1.0
"""How long after a timer a run begins, at the most."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
ASK_AGAIN: Final = timedelta(hours=1)
"""How long after a run that found nothing the sources are asked again on the same day."""
# APScheduler's crontab numbers are off by one against cron's; names are not.
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

log = logging.getLogger(__name__)


def due(
    editions: Iterable[Edition],
    now: datetime,
    zone: ZoneInfo,
    *,
    is_done: Callable[[Edition, date], bool],
    tried: Mapping[tuple[str, date], datetime],
) -> tuple[list[Edition], date]:
    """The editions whose time has come today, in their zone, and that have no issue yet; and today's date there.

    Args:
        now: Aware.
        is_done: Whether the edition's issue of that date is printed and all its mails are out.
        tried: When an edition was last run for a date by this process; within an hour it is not run again.
    """
    local = now.astimezone(zone)
    today = local.date()
    ready = [
        e
        for e in editions
        if today.weekday() in e.days
        and local.time().replace(tzinfo=None) >= e.at
        and now - tried.get((e.name, today), _NEVER) >= ASK_AGAIN
        and not is_done(e, today)
    ]
    return ready, today


def upcoming(
    editions: Iterable[Edition],
    now: datetime,
    zone: ZoneInfo,
    *,
    lead: timedelta,
    is_done: Callable[[Edition, date], bool],
) -> list[tuple[date, Edition]]:
    """The editions that are due within *lead* and have no issue of that day yet, each with its day; sorted by day.

    Args:
        now: Aware.
        lead: Less than a day. That of an edition at ten past midnight begins the evening before.
    """
    today = now.astimezone(zone).date()
    return [
        (day, e)
        for day in (today, today + timedelta(days=1))
        for e in editions
        if day.weekday() in e.days and timedelta(0) < _moment(e, day, zone) - now <= lead and not is_done(e, day)
    ]


def _moment(edition: Edition, day: date, zone: ZoneInfo) -> datetime:
    """When the issue of *day* is due. In UTC: between two times of one zone Python reckons as if no clock changed."""
    return datetime.combine(day, edition.at, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The preparation of editions before they are due."""

    lead: timedelta
    """From how long before; less than a day."""
    prepare: Callable[[list[Edition], date, bool], None]
    """Gets editions, the day of their issues, and whether the sources are to be asked too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterMails:
    """Mails that are due at a moment of their own, between the runs: put off, or by their readers' clocks."""

    next_at: Callable[[], datetime | None]
    """When the next one is due, from now on; None: none is known."""
    send: Callable[[], None]
    """Sends all that is due."""


class Scheduler:
    """Calls *run* for the editions that are due, until it is stopped."""

    def __init__(
        self,
        editions: Iterable[Edition],
        zone: ZoneInfo,
        *,
        clock: Callable[[], datetime],
        is_done: Callable[[Edition, date], bool],
        run: Callable[[list[Edition], date], None],
        ahead: Ahead | None = None,
        mails: LaterMails | None = None,
    ) -> None:
        self._editions, self._zone = tuple(editions), zone
        self._clock, self._is_done, self._run = clock, is_done, run
        self._ahead = ahead
        self._mails = mails
        self._mail_at: datetime | None = _NEVER
        """When the next mail is due; at first, for what was left before the start, at once."""
        self._tried: dict[tuple[str, date], datetime] = {}
        self._read: dict[tuple[str, date], datetime] = {}
        """When the sources of an edition were last asked ahead of its time."""
        self._one_at_a_time = threading.Lock()
        self.was_cut_short = False
        """A stop came during a run, which the next start goes on with."""

    def tick(self) -> list[str]:
        """Run what is due now; the names of the editions that were run. A tick during another one does nothing."""
        if not self._one_at_a_time.acquire(blocking=False):
            return []
        try:
            ran = self._run_due()
            self._send_later_mails()
            return ran + self._prepare()
        except StoreError as error:
            log.error("%s; it is looked at again in %d minutes", error, _LOOK_AROUND_MINUTES)
            return []
        finally:
            self._one_at_a_time.release()

    def _run_due(self) -> list[str]:
        now = self._clock()
        ready, today = due(self._editions, now, self._zone, is_done=self._is_done, tried=self._tried)
        if ready:
            self._tried.update({(e.name, today): now for e in ready})
            with self._under_way():
                self._run(ready, today)
        return [e.name for e in ready]

    def _send_later_mails(self) -> None:
        if self._mails is None:
            return
        if self._is_mail_due():
            with self._under_way():
                self._mails.send()
        # Of moments to come alone: what was due and did not go out waits for the next run, as after any other.
        self._mail_at = self._mails.next_at()

    def _is_mail_due(self) -> bool:
        return self._mail_at is not None and self._clock() >= self._mail_at

    def _prepare(self) -> list[str]:
        """Prepare what is due soon; the names of the editions whose time came meanwhile, and that were run."""
        if self._ahead is None:
            return []
        now = self._clock()
        ran: list[str] = []
        soon = upcoming(self._editions, now, self._zone, lead=self._ahead.lead, is_done=self._is_done)
        for day in sorted({day for day, _ in soon}):
            editions = [e for of, e in soon if of == day]
            read = [e for e in editions if self._is_to_be_read(e, day, now)]
            self._read.update({(e.name, day): now for e in read})
            with self._under_way():
                self._ahead.prepare(editions, day, bool(read))
            # Not left to the next tick: it may be the next day by then, on which this issue is nobody's business.
            if late := [e for e in editions if _moment(e, day, self._zone) <= self._clock()]:
                self._tried.update({(e.name, day): self._clock() for e in late})
                with self._under_way():
                    self._run(late, day)
                ran += [e.name for e in late]
        return ran

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.was_cut_short = True
            raise

    def _is_to_be_read(self, edition: Edition, day: date, now: datetime) -> bool:
        """Every hour, and once more when it is time to ask the model directly."""
        last, at = self._read.get((edition.name, day), _NEVER), _moment(edition, day, self._zone)
        return now - last >= ASK_AGAIN or last < at - LAST <= now

    def jobs(self) -> list[tuple[str, dict[str, Any]]]:
        """(trigger, its arguments) of every timer: one for each edition."""
        return [
            (
                "cron",
                {"day_of_week": ",".join(_NAMES[d] for d in sorted(e.days)), "hour": e.at.hour, "minute": e.at.minute},
            )
            for e in self._editions
        ]

    def stay(self, stop: threading.Event) -> None:
        """Run what is due, now and whenever its time comes, until *stop* is set.

        Runs are made here and not in a thread of the timers, so that Ctrl-C stops one as it stops `digest run`.
        """
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(
            timezone=self._zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        nudge = threading.Event()
        for trigger, arguments in self.jobs():
            scheduler.add_job(nudge.set, trigger, **arguments)
        scheduler.start()
        try:
            self.tick()
            glances = 0
            while not stop.wait(_GLANCE_S):
                glances += 1
                # Also without a timer: those wait by the clock, for years if it was wrong when they were set.
                if nudge.is_set() or self._is_mail_due() or glances * _GLANCE_S >= _LOOK_AROUND_MINUTES * 60:
                    nudge.clear()
                    glances = 0
                    self.tick()
        finally:
            scheduler.shutdown(wait=False)


def next_time(edition: Edition, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When *edition* is due next, in *zone*; None for one that has no days."""
    local = now.astimezone(zone)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        moment = datetime.combine(day, edition.at, tzinfo=zone)
        if day.weekday() in edition.days and moment > local:
            return moment
    return None
