"""The schedule: whatever the timers do, each edition runs once for each of its days, and a late wake-up still runs."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.core.errors import StoreError
from digest.core.models import Edition
from digest.schedule import Scheduler, next_time

PARIS = ZoneInfo("Europe/Paris")


def edition(**changes: object) -> Edition:
    return Edition(**{"name": "daily", "title": "Digest", "sources": ("arXiv",), **changes})  # type: ignore[arg-type]


class Desk:
    """A scheduler on a clock that is set by hand, with runs that print an issue, or find nothing."""

    def __init__(self, *editions: Edition, zone: ZoneInfo = PARIS, prints: bool = True) -> None:
        self.now = datetime(2026, 6, 3, 0, 0, tzinfo=UTC)
        self.printed: set[tuple[str, date]] = set()
        self.runs: list[tuple[str, date]] = []
        self.prints = prints
        self.scheduler = Scheduler(
            editions,
            zone,
            clock=lambda: self.now,
            is_done=lambda e, day: (e.name, day) in self.printed,
            run=self._run,
        )

    def _run(self, ready: list[Edition], day: date) -> None:
        for e in ready:
            self.runs.append((e.name, day))
            if self.prints:
                self.printed.add((e.name, day))

    def pass_time(self, until: datetime, step: timedelta = timedelta(minutes=5)) -> None:
        while self.now < until:
            self.now += step
            self.scheduler.tick()


def test_an_edition_runs_at_its_time_in_its_zone() -> None:
    desk = Desk(edition())

    desk.now = datetime(2026, 6, 3, 4, 59, tzinfo=UTC)
    assert desk.scheduler.tick() == []
    desk.now = datetime(2026, 6, 3, 5, 0, tzinfo=UTC)
    assert desk.scheduler.tick() == ["daily"]
    assert desk.scheduler.tick() == []


def test_a_weekend_has_no_run() -> None:
    desk = Desk(edition())
    desk.now = datetime(2026, 6, 5, 12, 0, tzinfo=UTC)

    desk.pass_time(datetime(2026, 6, 8, 12, 0, tzinfo=UTC))

    assert desk.runs == [("daily", date(2026, 6, 5)), ("daily", date(2026, 6, 8))]


def test_a_laptop_that_wakes_late_still_runs_and_once() -> None:
    desk = Desk(edition())
    desk.now = datetime(2026, 6, 3, 15, 40, tzinfo=UTC)

    desk.scheduler.tick()
    desk.scheduler.tick()

    assert desk.runs == [("daily", date(2026, 6, 3))]


def test_a_day_with_nothing_yet_is_asked_again_every_hour() -> None:
    desk = Desk(edition(), prints=False)
    desk.now = datetime(2026, 6, 3, 4, 55, tzinfo=UTC)

    desk.pass_time(datetime(2026, 6, 3, 8, 4, tzinfo=UTC))

    assert len(desk.runs) == 4


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("at", [time(0, 0), time(1, 30), time(2, 30), time(7, 0)])
@pytest.mark.parametrize(
    "around", [date(2025, 3, 9), date(2025, 3, 30), date(2025, 9, 7), date(2025, 10, 26), date(2025, 11, 2)]
)
def test_a_change_of_the_clocks_neither_skips_nor_doubles_a_day(zone: str, at: time, around: date) -> None:
    desk = Desk(edition(at=at, days=frozenset(range(7))), zone=ZoneInfo(zone))
    desk.now = datetime.combine(around - timedelta(days=1), time(0, 0), tzinfo=ZoneInfo(zone)).astimezone(UTC)

    desk.pass_time(desk.now + timedelta(days=3), step=timedelta(minutes=10))

    days = [day for _, day in desk.runs]
    assert days == sorted(set(days))
    assert {around - timedelta(days=1), around, around + timedelta(days=1)} <= set(days)


def test_timers_name_weekdays_and_look_around_besides() -> None:
    jobs = Desk(edition(at=time(6, 5), days=frozenset({0, 4}))).scheduler.jobs()

    assert jobs == [("cron", {"day_of_week": "mon,fri", "hour": 6, "minute": 5}), ("interval", {"minutes": 5})]


def test_staying_runs_what_is_due_at_once_and_ends_when_told() -> None:
    desk = Desk(edition())
    desk.now = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)
    stop = threading.Event()
    stop.set()

    desk.scheduler.stay(stop)

    assert desk.runs == [("daily", date(2026, 6, 3))]


def test_a_tick_during_a_run_does_nothing() -> None:
    desk = Desk(edition())
    desk.now = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)
    inner: list[list[str]] = []
    run = desk._run
    desk.scheduler._run = lambda ready, day: (inner.append(desk.scheduler.tick()), run(ready, day))[1]  # type: ignore[func-returns-value]

    assert desk.scheduler.tick() == ["daily"]
    assert inner == [[]]


def test_the_next_time_is_the_next_of_its_days() -> None:
    friday = datetime(2026, 6, 5, 6, 0, tzinfo=UTC)

    assert next_time(edition(), friday, PARIS) == datetime(2026, 6, 8, 7, 0, tzinfo=PARIS)
    assert next_time(edition(days=frozenset()), friday, PARIS) is None


def test_a_database_that_cannot_be_asked_is_asked_again_later() -> None:
    broken = [True]

    def is_done(_: Edition, __: date) -> bool:
        if broken:
            raise StoreError("digest.db is held by another program")
        return False

    ran: list[date] = []
    scheduler = Scheduler(
        [edition()],
        PARIS,
        clock=lambda: datetime(2026, 6, 3, 6, 0, tzinfo=UTC),
        is_done=is_done,
        run=lambda _, day: ran.append(day),
    )

    assert scheduler.tick() == []
    broken.clear()
    assert scheduler.tick() == ["daily"]
    assert ran == [date(2026, 6, 3)]
