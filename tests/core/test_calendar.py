"""When lists come out; arXiv's holidays."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.lists.calendar import ANY_DAY, Calendar, arxiv, arxiv_list_after, arxiv_submissions, daily, weekdays

ARXIV = arxiv()
DAYS = st.dates(min_value=date(2024, 1, 8), max_value=date(2027, 12, 31))
LIST_DAYS = DAYS.filter(ARXIV.lists_on)


def next_list(day: date) -> date:
    day += timedelta(days=1)
    while not ARXIV.lists_on(day):
        day += timedelta(days=1)
    return day


@given(DAYS)
def test_arxiv_lists_nothing_on_weekends(day: date) -> None:
    assert not (ARXIV.lists_on(day) and day.weekday() > 4)


@given(DAYS)
def test_arxiv_is_never_silent_for_a_week(day: date) -> None:
    assert any(ARXIV.lists_on(day + timedelta(days=n)) for n in range(7))


@pytest.mark.parametrize(
    ("evening", "missing"),
    [
        (date(2024, 5, 22), date(2024, 5, 23)),  # a Wednesday that is no holiday elsewhere
        (date(2024, 12, 26), date(2024, 12, 27)),
        (date(2024, 12, 31), date(2025, 1, 1)),
        (date(2025, 7, 6), date(2025, 7, 7)),  # a Sunday: Monday's list
        (date(2025, 11, 27), date(2025, 11, 28)),
        (date(2026, 1, 19), date(2026, 1, 20)),
        (date(2026, 6, 19), date(2026, 6, 22)),  # a Friday: what it received is not announced on Sunday
        (date(2026, 7, 3), date(2026, 7, 6)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_a_silent_evening_takes_the_list_of_the_next_weekday(evening: date, missing: date) -> None:
    assert not ARXIV.lists_on(missing)
    assert missing.weekday() < 5
    assert evening < missing <= evening + timedelta(days=3)


@pytest.mark.parametrize(
    ("year", "missing"),
    [
        (2024, "01-16 05-23 06-20 07-05 09-03 10-09 11-29 12-26 12-27"),
        (2025, "01-01 01-02 01-21 06-20 07-07 09-02 11-28"),
        (2026, "01-02 01-20 06-22 07-06 09-08 11-27 12-28 12-30"),
        (2027, "01-01"),
    ],
)
def test_the_weekdays_of_a_year_without_a_list_are_known(year: int, missing: str) -> None:
    calendar = arxiv()
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))

    found = [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not calendar.lists_on(day)]

    assert " ".join(found) == missing


def test_the_list_of_juneteenth_2026_came_and_the_next_was_that_of_tuesday() -> None:
    assert ARXIV.lists_on(date(2026, 6, 19))
    assert next_list(date(2026, 6, 19)) == date(2026, 6, 23)


def test_a_recorded_winter_had_the_lists_the_calendar_says(real_data: Path) -> None:
    files = sorted((real_data / "arxiv-versions").glob("*.rss.xml"))
    ids_before: set[bytes] = set()

    for file in files[5:]:  # the first ones were taken at another hour
        content = file.read_bytes()
        ids = {part.partition(b"<")[0] for part in content.split(b"<guid>")[1:]}
        day = date.fromisoformat(file.name[:10]) - timedelta(days=1)  # taken at 04:14 UTC, before midnight in the east
        # On two of its holidays arXiv's feed held a part of the list of the day before.
        assert bool(ids - ids_before) == ARXIV.lists_on(day), day
        ids_before = ids
    assert files


def test_a_holiday_that_is_not_known_can_be_named() -> None:
    extra = date(2028, 2, 29)

    assert ARXIV.lists_on(extra)
    assert not arxiv([extra]).lists_on(extra)
    assert not arxiv([extra]).lists_on(date(2026, 6, 22))


@given(LIST_DAYS)
def test_the_windows_of_submission_leave_no_gap_and_do_not_overlap(day: date) -> None:
    assert arxiv_submissions(ARXIV, day)[1] == arxiv_submissions(ARXIV, next_list(day))[0]


@given(LIST_DAYS)
def test_a_window_of_submission_closes_on_the_weekday_before_its_list(day: date) -> None:
    begin, end = arxiv_submissions(ARXIV, day)

    assert begin < end < datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert end.hour in (18, 19)  # 14:00 in the east
    assert end.weekday() == (day.weekday() - 1 if day.weekday() else 4)


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        (date(2026, 6, 3), datetime(2026, 6, 1, 18, tzinfo=UTC), datetime(2026, 6, 2, 18, tzinfo=UTC)),
        (date(2026, 6, 8), datetime(2026, 6, 4, 18, tzinfo=UTC), datetime(2026, 6, 5, 18, tzinfo=UTC)),  # Monday
        (date(2026, 6, 9), datetime(2026, 6, 5, 18, tzinfo=UTC), datetime(2026, 6, 8, 18, tzinfo=UTC)),
        (date(2026, 6, 23), datetime(2026, 6, 18, 18, tzinfo=UTC), datetime(2026, 6, 22, 18, tzinfo=UTC)),  # holiday
        (date(2026, 3, 10), datetime(2026, 3, 6, 19, tzinfo=UTC), datetime(2026, 3, 9, 18, tzinfo=UTC)),  # clocks
    ],
)
def test_the_window_of_a_list_is_that_of_arxivs_table(day: date, begin: datetime, end: datetime) -> None:
    assert arxiv_submissions(ARXIV, day) == (begin, end)


@pytest.mark.parametrize("day", [date(2026, 6, 6), date(2026, 6, 7)])
def test_on_a_weekend_the_last_deadline_is_that_of_friday(day: date) -> None:
    begin, end = datetime(2026, 6, 4, 18, tzinfo=UTC), datetime(2026, 6, 5, 18, tzinfo=UTC)

    assert arxiv_submissions(ARXIV, day) == (begin, end)


@given(LIST_DAYS)
def test_a_deadline_tells_its_list(day: date) -> None:
    assert arxiv_list_after(ARXIV, arxiv_submissions(ARXIV, day)[1]) == day


@given(LIST_DAYS, st.integers(1, 23))
def test_another_hour_is_no_deadline(day: date, hours: int) -> None:
    assert arxiv_list_after(ARXIV, arxiv_submissions(ARXIV, day)[1] + timedelta(hours=hours)) is None


def test_a_calendar_without_lists_has_no_list_after_anything() -> None:
    assert arxiv_list_after(ANY_DAY, datetime(2026, 6, 2, 18, tzinfo=UTC)) is None


def test_arxivs_list_is_overdue_at_noon_in_the_east() -> None:
    day = date(2026, 6, 3)

    assert not ARXIV.is_overdue(day, datetime(2026, 6, 3, 15, 59, tzinfo=UTC))
    assert ARXIV.is_overdue(day, datetime(2026, 6, 3, 16, 0, tzinfo=UTC))
    assert not ARXIV.is_overdue(date(2026, 6, 6), datetime(2026, 6, 9, tzinfo=UTC))  # a Saturday
    assert not ARXIV.is_open(day, datetime(2026, 6, 3, 16, 0, tzinfo=UTC))


@given(DAYS)
def test_a_list_that_grows_is_open_all_its_day(day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    assert daily().is_open(day, noon)
    assert not daily().is_open(day, noon + timedelta(days=1))
    assert weekdays().lists_on(day) == (day.weekday() < 5)
    assert daily().lists_on(day)
    assert not ANY_DAY.lists_on(day)


@given(DAYS, st.integers(-24, 240))
def test_who_promises_nothing_is_never_late(day: date, hours: int) -> None:
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)

    assert not ANY_DAY.is_overdue(day, now)
    assert not ANY_DAY.promises


@pytest.mark.parametrize("name", ["weekdays", "daily"])
def test_a_list_that_grows_may_begin_and_grow_until_midnight(name: str) -> None:
    calendar = {"weekdays": weekdays, "daily": daily}[name]()
    day, midnight = date(2026, 6, 3), datetime(2026, 6, 4, tzinfo=UTC)
    just_before = midnight - timedelta(minutes=1)

    assert (calendar.is_open(day, just_before), calendar.is_open(day, midnight)) == (True, False)
    assert (calendar.is_overdue(day, just_before), calendar.is_overdue(day, midnight)) == (False, True)


def test_a_list_that_comes_whole_changes_no_more_once_it_is_out() -> None:
    out = datetime(2026, 6, 3, 4, tzinfo=UTC)  # midnight in the east

    assert arxiv().is_open(date(2026, 6, 3), out - timedelta(minutes=1))
    assert not arxiv().is_open(date(2026, 6, 3), out)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 6, 3, 3, 59, tzinfo=UTC), date(2026, 6, 2)),
        (datetime(2026, 6, 3, 4, 0, tzinfo=UTC), date(2026, 6, 3)),
        (datetime(2026, 6, 3, 23, 0, tzinfo=UTC), date(2026, 6, 3)),
        (datetime(2026, 6, 7, 12, 0, tzinfo=UTC), date(2026, 6, 5)),  # a Sunday
        (datetime(2026, 6, 22, 12, 0, tzinfo=UTC), date(2026, 6, 19)),  # a holiday
    ],
)
def test_the_newest_list_of_arxiv_is_the_last_that_is_out(now: datetime, newest: date) -> None:
    assert arxiv().newest(now) == newest


def test_a_list_that_is_out_in_the_afternoon_is_not_the_newest_in_the_morning() -> None:
    calendar = Calendar(name="afternoon", weekdays=frozenset(range(7)), out_at=time(15))

    assert calendar.newest(datetime(2026, 6, 3, 14, 59, tzinfo=UTC)) == date(2026, 6, 2)
    assert calendar.newest(datetime(2026, 6, 3, 15, 0, tzinfo=UTC)) == date(2026, 6, 3)


def test_a_break_may_be_of_any_length() -> None:
    first = date(2026, 6, 1)
    closed = arxiv([first + timedelta(days=n) for n in range(60)])

    assert closed.newest(datetime(2026, 7, 20, 12, tzinfo=UTC)) == date(2026, 5, 29)


def test_of_who_promises_nothing_the_newest_list_is_todays_where_it_is() -> None:
    late = datetime(2026, 6, 3, 22, 30, tzinfo=UTC)
    there = Calendar(name="there", zone=timezone(timedelta(hours=2)))

    assert ANY_DAY.newest(late) == date(2026, 6, 3)
    assert there.newest(late) == date(2026, 6, 4)


def test_a_calendar_is_at_midnight_of_greenwich_and_patient_for_half_a_day_unless_it_says_otherwise() -> None:
    calendar = Calendar(name="plain", weekdays=frozenset(range(7)))
    day, out = date(2026, 6, 3), datetime(2026, 6, 3, tzinfo=UTC)

    assert (calendar.newest(out - timedelta(minutes=1)), calendar.newest(out)) == (date(2026, 6, 2), day)
    noon = out + timedelta(hours=12)
    assert (calendar.is_overdue(day, noon - timedelta(minutes=1)), calendar.is_overdue(day, noon)) == (False, True)
    assert (calendar.is_open(day, out - timedelta(minutes=1)), calendar.is_open(day, out)) == (True, False)


def test_a_calendar_is_not_changed_afterwards() -> None:
    for field in fields(Calendar):
        with pytest.raises(FrozenInstanceError):
            setattr(ANY_DAY, field.name, None)
