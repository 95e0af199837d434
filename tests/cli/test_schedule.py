"""The schedule: whatever the timers do, each edition runs once for each of its days, and a late wake-up still runs."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.core.errors import StoreError
from digest.core.models import Edition
from digest.schedule import Ahead, LaterMails, Scheduler, next_time

PARIS = ZoneInfo("Europe/Paris")


def edition(**changes: object) -> Edition:
    return Edition(**{"name": "daily", "title": "Digest", "sources": ("arXiv",), **changes})  # type: ignore[arg-type]


class Desk:
    """A scheduler on a clock that is set by hand, with runs that print an issue, or find nothing."""

    def __init__(
        self,
        *editions: Edition,
        zone: ZoneInfo = PARIS,
        prints: bool = True,
        lead: timedelta | None = None,
        preparing: timedelta = timedelta(0),
    ) -> None:
        self.now = datetime(2026, 6, 3, 0, 0, tzinfo=UTC)
        self.printed: set[tuple[str, date]] = set()
        self.runs: list[tuple[str, date]] = []
        self.prints = prints
        self.prepared: list[tuple[datetime, list[str], date, bool]] = []
        self.preparing = preparing
        self.scheduler = Scheduler(
            editions,
            zone,
            clock=lambda: self.now,
            is_done=lambda e, day: (e.name, day) in self.printed,
            run=self._run,
            ahead=Ahead(lead=lead, prepare=self._prepare) if lead else None,
        )

    def _prepare(self, editions: list[Edition], day: date, read: bool) -> None:
        self.prepared.append((self.now, [e.name for e in editions], day, read))
        self.now += self.preparing

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


def test_timers_name_weekdays() -> None:
    jobs = Desk(edition(at=time(6, 5), days=frozenset({0, 4}))).scheduler.jobs()

    assert jobs == [("cron", {"day_of_week": "mon,fri", "hour": 6, "minute": 5})]


def test_it_looks_around_also_after_the_clock_was_set_back_by_years() -> None:
    desk = Desk(edition())
    desk.now = datetime(2030, 6, 2, 5, 0, tzinfo=UTC)

    class Corrected(threading.Event):
        waited_s = 0.0

        def wait(self, timeout: float | None = None) -> bool:
            desk.now = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)
            self.waited_s += timeout or 0
            return self.waited_s > 300

    desk.scheduler.stay(Corrected())

    assert desk.runs == [("daily", date(2026, 6, 3))]


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


def test_mails_that_are_due_between_runs_are_sent_at_their_time_and_not_again_and_again() -> None:
    now = [datetime(2026, 6, 3, 0, 0, tzinfo=UTC)]
    moments = [datetime(2026, 6, 3, 9, 1, tzinfo=UTC), datetime(2026, 6, 3, 17, 30, tzinfo=UTC)]
    sent: list[datetime] = []
    scheduler = Scheduler(
        [],
        PARIS,
        clock=lambda: now[0],
        is_done=lambda _, __: True,
        run=lambda _, __: None,
        mails=LaterMails(
            next_at=lambda: next((m for m in moments if m > now[0]), None), send=lambda: sent.append(now[0])
        ),
    )

    while now[0] < datetime(2026, 6, 4, 0, 0, tzinfo=UTC):
        scheduler.tick()
        now[0] += timedelta(minutes=1)

    assert sent == [datetime(2026, 6, 3, 0, 0, tzinfo=UTC), *moments]


# --- ahead of its time ------------------------------------------------------------------------------------------------


def moment(day: int, hour: int, minute: int = 0, *, month: int = 6, zone: ZoneInfo = PARIS) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def test_an_edition_is_prepared_from_its_lead_on_and_run_at_its_time() -> None:
    desk = Desk(edition(), lead=timedelta(hours=4))
    desk.now = moment(3, 2)

    desk.pass_time(moment(3, 8))

    times = [at for at, *_ in desk.prepared]
    assert (times[0], times[-1]) == (moment(3, 3), moment(3, 6, 55))
    assert len(times) == 48
    assert {(*names, day) for _, names, day, _ in desk.prepared} == {("daily", date(2026, 6, 3))}
    assert desk.runs == [("daily", date(2026, 6, 3))]


def test_sources_are_asked_every_hour_and_once_more_ten_minutes_before() -> None:
    desk = Desk(edition(), lead=timedelta(hours=4))
    desk.now = moment(3, 2, 58)

    desk.pass_time(moment(3, 8))

    asked = [at for at, _, _, read in desk.prepared if read]
    assert asked == [moment(3, hour, 3) for hour in (3, 4, 5, 6)] + [moment(3, 6, 53)]


def test_an_edition_just_after_midnight_is_prepared_for_the_day_that_begins() -> None:
    desk = Desk(edition(at=time(0, 10)), lead=timedelta(hours=4))
    desk.now = moment(2, 19)

    desk.pass_time(moment(3, 0, 5))

    assert desk.prepared[0][0] == moment(2, 20, 10)
    assert {day for _, _, day, _ in desk.prepared} == {date(2026, 6, 3)}


@pytest.mark.parametrize(("today", "prepared"), [(7, True), (5, False)], ids=["Sunday evening", "Friday evening"])
def test_the_weekday_of_the_issue_counts_and_not_that_of_its_preparation(today: int, prepared: bool) -> None:
    desk = Desk(edition(at=time(0, 10)), lead=timedelta(hours=4))
    desk.now = moment(today, 20, 30)

    desk.scheduler.tick()

    assert bool(desk.prepared) is prepared


@pytest.mark.parametrize(
    ("month", "day", "first"),
    [(3, 29, "2026-03-29 00:00+01:00"), (10, 25, "2026-10-25 02:00+02:00"), (6, 3, "2026-06-03 01:00+02:00")],
    ids=["forward", "back", "neither"],
)
def test_a_lead_is_so_many_hours_on_the_days_when_clocks_change_too(month: int, day: int, first: str) -> None:
    desk = Desk(edition(days=frozenset(range(7))), lead=timedelta(hours=6))
    desk.now = moment(day, 0, month=month) - timedelta(hours=2)

    desk.pass_time(moment(day, 7, month=month))

    assert desk.prepared[0][0] == datetime.fromisoformat(first)
    assert desk.runs[-1][1] == date(2026, month, day)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"])
@pytest.mark.parametrize("at", [time(0, 0), time(0, 10), time(1, 30), time(2, 30), time(7, 0), time(23, 50)])
@pytest.mark.parametrize("around", [date(2025, 3, 30), date(2025, 4, 6), date(2025, 9, 7), date(2025, 10, 26)])
def test_every_day_is_prepared_before_its_run_and_never_after(zone: str, at: time, around: date) -> None:
    desk = Desk(edition(at=at, days=frozenset(range(7))), zone=ZoneInfo(zone), lead=timedelta(hours=4))
    desk.now = datetime.combine(around - timedelta(days=1), time(0, 0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    ran: dict[date, datetime] = {}
    run = desk.scheduler._run
    desk.scheduler._run = lambda ready, day: (ran.setdefault(day, desk.now), run(ready, day))[1]  # type: ignore[func-returns-value]

    desk.pass_time(desk.now + timedelta(days=3, hours=2), step=timedelta(minutes=10))

    for day in (around, around + timedelta(days=1)):
        times = [when for when, _, of, _ in desk.prepared if of == day]
        assert times
        assert max(times) < ran[day]
        # A time that the clocks leave out comes when they have left it out.
        assert timedelta(hours=3, minutes=20) <= ran[day] - min(times) <= timedelta(hours=5)


def test_what_is_done_is_not_prepared() -> None:
    desk = Desk(edition(), lead=timedelta(hours=4))
    desk.printed.add(("daily", date(2026, 6, 3)))
    desk.now = moment(3, 4)

    desk.scheduler.tick()

    assert desk.prepared == []


def test_a_preparation_that_lasts_until_the_hour_is_followed_by_the_run_at_once() -> None:
    desk = Desk(edition(), lead=timedelta(hours=4), preparing=timedelta(minutes=12))
    desk.now = moment(3, 6, 52)

    assert desk.scheduler.tick() == ["daily"]
    assert desk.now == moment(3, 7, 4)
    assert desk.scheduler.tick() == []


def test_a_preparation_that_lasts_beyond_midnight_does_not_lose_the_day() -> None:
    desk = Desk(edition(at=time(23, 55)), lead=timedelta(hours=4), preparing=timedelta(minutes=12))
    desk.now = moment(3, 23, 52)

    assert desk.scheduler.tick() == ["daily"]
    assert desk.runs == [("daily", date(2026, 6, 3))]


def test_one_edition_is_run_while_another_is_prepared() -> None:
    desk = Desk(edition(), edition(name="noon", at=time(10, 30)), lead=timedelta(hours=4))
    desk.now = moment(3, 7)

    assert desk.scheduler.tick() == ["daily"]
    assert [(names, day) for _, names, day, _ in desk.prepared] == [(["noon"], date(2026, 6, 3))]


def test_editions_of_two_days_are_prepared_apart() -> None:
    desk = Desk(edition(at=time(23, 50)), edition(name="early", at=time(0, 10)), lead=timedelta(hours=1))
    desk.now = moment(2, 23, 40)

    desk.scheduler.tick()

    assert [(names, day.day) for _, names, day, _ in desk.prepared] == [(["daily"], 2), (["early"], 3)]
