"""What a list means, which days are due, what is missing, and when a server that fails is asked again."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.lists.calendar import ANY_DAY, Calendar, arxiv, daily, weekdays
from digest.core.lists.freshness import (
    CATCH_UP,
    FIRST_WAIT,
    LONGEST_WAIT,
    Backoff,
    PastReading,
    Seen,
    Verdict,
    after_failure,
    due_days,
    missing_days,
    repeats_news,
    silence,
    stale_categories,
    verdict,
)
from digest.core.models import Announcement, PaperId, Record, SourceState
from tests.conftest import NOON, paper

ARXIV = arxiv()
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (date(2026, 6, day) for day in range(1, 7))
HOLIDAY = date(2026, 6, 22)
"""The Monday after Juneteenth: a weekday without a list of arXiv."""

FRESH, WAITING, QUIET = SourceState.FRESH, SourceState.WAITING, SourceState.QUIET
STALLED, FAILED = SourceState.STALLED, SourceState.FAILED

NEW = Seen(listed=3, unseen=frozenset({PaperId("arxiv:2603.00001")}), repeats=False)
REPEATED = Seen(listed=3, unseen=frozenset(), repeats=True)
KNOWN = Seen(listed=3, unseen=frozenset(), repeats=False)
"""Later versions only, or papers that another source had first."""
EMPTY = Seen(listed=0, unseen=frozenset(), repeats=False)

BEFORE_MIDNIGHT = datetime(2026, 6, 3, 3, 30, tzinfo=UTC)
"""23:30 in the east on the 2nd: the list of Wednesday the 3rd is not out."""
AFTER_MIDNIGHT = datetime(2026, 6, 3, 5, tzinfo=UTC)
AFTERNOON = datetime(2026, 6, 3, 16, tzinfo=UTC)
"""Noon in the east: half a day too late."""


def noon_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def reading(day: date, **changes: Any) -> PastReading:
    """A list that was read in time and had something new."""
    values: dict[str, Any] = {"day": day, "at": noon_of(day), "read_on": day, "state": FRESH, "listed": 3, "unseen": 3}
    return PastReading(**{**values, **changes})


def readings(*found: PastReading) -> dict[date, PastReading]:
    return {one.day: one for one in found}


def due(
    *found: PastReading, today: date, calendar: Calendar = ARXIV, rereads: tuple[int, ...] = ()
) -> tuple[date, ...]:
    return due_days(calendar, rereads, readings(*found), today)


# -- the state of a list


@pytest.mark.parametrize(
    ("seen", "now", "state"),
    [
        (NEW, BEFORE_MIDNIGHT, FRESH),
        (NEW, AFTERNOON, FRESH),
        (REPEATED, BEFORE_MIDNIGHT, WAITING),
        (REPEATED, AFTER_MIDNIGHT, WAITING),
        (REPEATED, AFTERNOON - timedelta(minutes=1), WAITING),
        (REPEATED, AFTERNOON, STALLED),
        (EMPTY, BEFORE_MIDNIGHT, WAITING),
        (EMPTY, AFTER_MIDNIGHT, WAITING),
        (EMPTY, AFTERNOON, STALLED),
        (KNOWN, BEFORE_MIDNIGHT, QUIET),
        (KNOWN, AFTERNOON, QUIET),
    ],
)
def test_arxivs_list_of_a_weekday_is_judged_by_its_ids_and_the_hour_in_the_east(
    seen: Seen, now: datetime, state: SourceState
) -> None:
    assert verdict(ARXIV, WEDNESDAY, now, seen, is_past=False).state is state


@pytest.mark.parametrize("day", [SATURDAY, SATURDAY + timedelta(days=1), HOLIDAY])
@pytest.mark.parametrize("seen", [EMPTY, REPEATED, KNOWN])
def test_silence_on_a_weekend_or_a_holiday_is_quiet_at_any_hour(day: date, seen: Seen) -> None:
    for hours in (-12, 0, 11):
        assert verdict(ARXIV, day, noon_of(day) + timedelta(hours=hours), seen, is_past=False).state is QUIET


def test_what_comes_on_a_day_without_a_list_is_news_all_the_same() -> None:
    assert verdict(ARXIV, SATURDAY, noon_of(SATURDAY), NEW, is_past=False).state is FRESH


@pytest.mark.parametrize("calendar", [weekdays(), daily()])
def test_a_list_that_grows_has_its_whole_day_to_begin(calendar: Calendar) -> None:
    end_of_day = noon_of(WEDNESDAY) + timedelta(hours=11, minutes=59)

    assert verdict(calendar, WEDNESDAY, end_of_day, EMPTY, is_past=False).state is WAITING
    assert verdict(calendar, WEDNESDAY, end_of_day, REPEATED, is_past=False).state is WAITING
    assert verdict(calendar, WEDNESDAY, end_of_day + timedelta(minutes=2), EMPTY, is_past=False).state is STALLED


def test_a_weekend_is_silent_for_one_calendar_and_not_for_another() -> None:
    assert verdict(weekdays(), SATURDAY, noon_of(SATURDAY), EMPTY, is_past=False).state is QUIET
    assert verdict(daily(), SATURDAY, noon_of(SATURDAY), EMPTY, is_past=False).state is WAITING


@pytest.mark.parametrize(("seen", "state"), [(NEW, FRESH), (REPEATED, STALLED), (KNOWN, QUIET), (EMPTY, QUIET)])
def test_of_a_day_that_is_over_only_an_earlier_list_in_its_place_is_no_answer(seen: Seen, state: SourceState) -> None:
    assert verdict(ARXIV, WEDNESDAY, BEFORE_MIDNIGHT, seen, is_past=True).state is state


SEEN = st.sampled_from([NEW, REPEATED, KNOWN, EMPTY])
CALENDARS = st.sampled_from([ANY_DAY, ARXIV, weekdays(), daily()])
DAYS = st.dates(min_value=date(2026, 1, 2), max_value=date(2026, 12, 20))
HOURS = st.integers(-30, 60)


@given(CALENDARS, DAYS, HOURS, SEEN, st.booleans())
def test_laws_of_the_verdict(calendar: Calendar, day: date, hours: int, seen: Seen, is_past: bool) -> None:
    found = verdict(calendar, day, noon_of(day) + timedelta(hours=hours), seen, is_past=is_past).state

    assert found is not FAILED  # it could be read
    assert (found is FRESH) == bool(seen.unseen)
    assert not (is_past and found is WAITING)
    if not calendar.lists_on(day):
        assert found.is_settled


@given(DAYS, HOURS, SEEN, st.booleans())
def test_who_promises_nothing_never_keeps_anybody_waiting(day: date, hours: int, seen: Seen, is_past: bool) -> None:
    found = verdict(ANY_DAY, day, noon_of(day) + timedelta(hours=hours), seen, is_past=is_past)

    assert found.state in (FRESH, QUIET)


@given(DAYS, HOURS, SEEN)
def test_a_list_that_is_stalled_was_waited_for_before_and_stays_so(day: date, hours: int, seen: Seen) -> None:
    now = noon_of(day) + timedelta(hours=hours)
    if verdict(ARXIV, day, now, seen, is_past=False).state is STALLED:
        assert verdict(ARXIV, day, now - timedelta(hours=60), seen, is_past=False).state is WAITING
        assert verdict(ARXIV, day, now + timedelta(hours=60), seen, is_past=False).state is STALLED


# -- one address that holds several lists


# -- the silence of a source that promises nothing


def came(*days: int) -> Seen:
    """A list without anything new, of a source that had something on these days of the year's first months."""
    fresh_on = tuple(date(2026, 1, 1) + timedelta(days=n) for n in days)
    return Seen(listed=3, unseen=frozenset(), repeats=False, fresh_on=fresh_on)


def said_after(days: int, seen: Seen, calendar: Calendar = ANY_DAY) -> str | None:
    return silence(calendar, seen.fresh_on[-1] + timedelta(days=days), seen)


DAILY = came(0, 1, 2, 3, 4)
MONTHLY = came(0, 20, 50, 70, 75)
"""Its longest pause is neither the first nor the last."""


@pytest.mark.parametrize(("seen", "longest_s"), [(DAILY, 14), (MONTHLY, 60), (came(0, 7, 14, 21, 28), 14)])
def test_a_feed_that_was_never_silent_for_half_as_long_is_said_to_be_silent(seen: Seen, longest_s: int) -> None:
    assert said_after(longest_s, seen) is None
    assert said_after(longest_s + 1, seen) is not None


def test_what_is_said_of_a_silent_feed_are_its_days_and_its_longest_pause() -> None:
    assert said_after(15, DAILY) == "silent for 15 days, its longest pause before was 1"
    assert said_after(61, MONTHLY) == "silent for 61 days, its longest pause before was 30"


def test_a_feed_that_came_four_times_has_no_rhythm_to_be_silent_against() -> None:
    assert said_after(300, came(0, 1, 2, 3)) is None
    assert said_after(300, came(0, 1, 2, 3, 4)) is not None
    assert silence(ANY_DAY, TUESDAY, came()) is None


def test_of_a_list_that_was_promised_no_rhythm_is_asked() -> None:
    assert said_after(300, DAILY, weekdays()) is None


# -- lists that are an earlier one in part


def announced(n: int, *categories: str, kind: Announcement = Announcement.NEW) -> Record:
    return Record(paper=paper(n, categories=categories), announcement=kind)


def unseen(*ns: int) -> set[PaperId]:
    return {paper(n).id for n in ns}


BOTH = ("cs.AI", "cs.CL")


def test_a_category_whose_new_papers_are_all_known_shows_an_earlier_list() -> None:
    records = [announced(n, "cs.AI") for n in (1, 2)] + [announced(n, "cs.CL") for n in (3, 4)]

    assert stale_categories(records, unseen(3, 4), BOTH) == ("cs.AI",)
    assert stale_categories(records, unseen(1, 2, 3), BOTH) == ()
    assert stale_categories(records, unseen(2, 4), BOTH) == ()  # one new paper is enough
    assert stale_categories(records, unseen(), BOTH) == ()  # then the whole list is an earlier one, which is a state


def test_a_paper_on_both_lists_proves_nothing_of_either() -> None:
    own = [announced(n, "cs.AI") for n in (1, 2)] + [announced(n, "cs.CL") for n in (3, 4)]
    shared = [announced(5, "cs.AI", "cs.CL"), announced(6, "cs.CL", "cs.AI")]

    assert stale_categories([*own, *shared], unseen(3, 4, 5, 6), BOTH) == ("cs.AI",)
    assert stale_categories([*own, *shared], unseen(5, 6), BOTH) == ()


def test_cross_lists_and_later_versions_prove_nothing() -> None:
    own = [announced(n, "cs.AI") for n in (1, 2)] + [announced(n, "cs.CL") for n in (3, 4)]
    cross = announced(7, "cs.AI", kind=Announcement.CROSS)
    replaced = announced(8, "cs.AI", kind=Announcement.REPLACE)

    assert stale_categories([*own, cross, replaced], unseen(3, 4, 7, 8), BOTH) == ("cs.AI",)


def test_a_single_known_paper_may_be_chance() -> None:
    records = [announced(1, "cs.AI"), announced(3, "cs.CL"), announced(4, "cs.CL")]

    assert stale_categories(records, unseen(3, 4), BOTH) == ()


def test_a_list_of_one_category_is_never_stale_in_part() -> None:
    assert stale_categories([announced(n, "cs.AI") for n in (1, 2, 3)], unseen(3), ("cs.AI",)) == ()


def test_a_new_paper_counts_for_the_list_of_its_first_category() -> None:
    records = [announced(n, "cs.AI", "math.CO") for n in (1, 2)] + [announced(n, "cs.CL", "stat.ML") for n in (3, 4)]

    assert stale_categories(records, unseen(3, 4), BOTH) == ("cs.AI",)


def test_a_paper_that_is_known_by_another_of_its_ids_is_known() -> None:
    doi = PaperId("doi:10.1/x")
    records = [
        Record(paper=paper(1, id=doi, aliases=(paper(1).id,), categories=("cs.AI",)), announcement=Announcement.NEW),
        *(announced(n, "cs.AI") for n in (2, 3)),
        *(announced(n, "cs.CL") for n in (4, 5)),
    ]

    assert stale_categories(records, unseen(1, 4), BOTH) == ()


def test_a_list_whose_news_is_all_known_is_an_earlier_one_whatever_else_is_in_it() -> None:
    news = [announced(n, "cs.AI") for n in (1, 2)]
    cross = announced(7, "cs.CL", kind=Announcement.CROSS)

    assert repeats_news([*news, cross], unseen(7))
    assert not repeats_news([*news, cross], unseen(2))
    assert not repeats_news([news[0], cross], unseen(7))  # one known paper may be chance
    assert not repeats_news([Record(paper=paper(n)) for n in (1, 2)], unseen())  # who announces nothing has no news


# -- which days are due


def test_a_missed_day_is_due_and_a_weekend_is_not() -> None:
    last_week = reading(date(2026, 5, 28))  # a Thursday

    assert due(last_week, today=WEDNESDAY) == (date(2026, 5, 29), MONDAY, TUESDAY)


def test_nothing_is_asked_for_from_before_the_first_reading() -> None:
    assert due(today=WEDNESDAY) == ()
    assert due(reading(TUESDAY), today=WEDNESDAY) == ()


def test_after_a_long_pause_a_month_is_filled() -> None:
    today = date(2026, 6, 30)

    found = due(reading(date(2026, 3, 2)), today=today)

    assert found[0] == date(2026, 6, 1)  # 31 days back would be a Saturday
    assert len(found) == 20  # the weekdays since, less the holiday
    assert HOLIDAY not in found


@pytest.mark.parametrize("state", [WAITING, STALLED, FAILED])
def test_a_day_that_is_not_settled_is_due_until_it_is(state: SourceState) -> None:
    open_one = reading(MONDAY, state=state, listed=0)

    assert due(open_one, today=TUESDAY) == (MONDAY,)
    assert due(reading(MONDAY, state=state, read_on=TUESDAY), reading(TUESDAY), today=WEDNESDAY) == (MONDAY,)
    assert due(reading(MONDAY, state=state, read_on=TUESDAY), today=TUESDAY) == ()  # once a day is enough


def test_a_failed_weekend_is_not_looked_for() -> None:
    assert due(reading(FRIDAY), reading(SATURDAY, state=FAILED), today=date(2026, 6, 8)) == ()


def test_a_list_of_which_a_part_is_missing_is_asked_for_again() -> None:
    part = reading(MONDAY, is_partial=True)

    assert due(part, today=TUESDAY) == (MONDAY,)
    assert due(reading(MONDAY, is_partial=True, read_on=TUESDAY), reading(TUESDAY), today=WEDNESDAY) == (MONDAY,)


def test_a_gap_is_looked_for_once_more() -> None:
    assert due(reading(MONDAY, gap=2), today=TUESDAY) == (MONDAY,)
    assert due(reading(MONDAY, gap=2), reading(TUESDAY), reading(WEDNESDAY), today=THURSDAY) == (MONDAY,)
    assert due(reading(MONDAY, gap=2, read_on=TUESDAY), reading(TUESDAY), today=WEDNESDAY) == ()


def test_a_list_of_nothing_but_known_papers_is_looked_at_once_more() -> None:
    quiet = reading(MONDAY, state=QUIET, unseen=0)

    assert due(quiet, today=TUESDAY) == (MONDAY,)
    assert due(reading(MONDAY, state=QUIET, unseen=0, read_on=TUESDAY), reading(TUESDAY), today=WEDNESDAY) == ()
    assert due(reading(MONDAY, state=QUIET, listed=0, unseen=0), today=TUESDAY) == ()


def test_of_a_reading_without_papers_nothing_more_is_looked_for() -> None:
    quiet = PastReading(day=MONDAY, at=noon_of(MONDAY), read_on=MONDAY, state=QUIET)

    assert due(quiet, today=TUESDAY) == ()
    assert quiet.unseen == 0


REREADS = (1, 3, 7)


def test_a_list_that_grows_is_read_again_after_one_three_and_seven_days() -> None:
    read_on = MONDAY
    asked = []

    for n in range(1, 12):
        today = MONDAY + timedelta(days=n)
        others = [reading(MONDAY + timedelta(days=k), read_on=today) for k in range(1, n)]
        if MONDAY in due(reading(MONDAY, read_on=read_on), *others, today=today, calendar=weekdays(), rereads=REREADS):
            asked.append(n)
            read_on = today

    assert asked == [1, 3, 7]


def test_what_was_due_on_a_weekend_is_read_on_monday() -> None:
    lists = [reading(FRIDAY - timedelta(days=n)) for n in range(4)]

    found = due(*lists, today=date(2026, 6, 8), calendar=weekdays(), rereads=REREADS)

    assert found == (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)


def test_after_a_pause_each_list_that_grew_meanwhile_is_read_once() -> None:
    first = reading(MONDAY)
    today = MONDAY + timedelta(days=14)

    assert due(first, today=today, calendar=weekdays(), rereads=REREADS)[0] == MONDAY
    again = reading(MONDAY, read_on=today)
    assert MONDAY not in due(again, today=today + timedelta(days=1), calendar=weekdays(), rereads=REREADS)


def test_a_file_that_nobody_promised_is_looked_for_for_a_week() -> None:
    def is_due(today: date) -> bool:
        absent = reading(TUESDAY, state=WAITING, listed=0, read_on=today - timedelta(days=1))
        return TUESDAY in due(reading(MONDAY), absent, today=today, calendar=ANY_DAY)

    assert [n for n in range(1, 12) if is_due(TUESDAY + timedelta(days=n))] == [1, 2, 3, 4, 5, 6, 7]


def test_weekends_are_looked_for_where_nothing_is_promised() -> None:
    assert due(reading(FRIDAY), today=date(2026, 6, 8), calendar=ANY_DAY) == (SATURDAY, date(2026, 6, 7))


# -- what is missing


def test_days_of_the_last_week_that_never_came_are_missing() -> None:
    found = missing_days(
        ARXIV,
        readings(reading(date(2026, 5, 25)), reading(MONDAY, state=FAILED), reading(TUESDAY), reading(WEDNESDAY)),
        THURSDAY,
    )

    assert found == (date(2026, 5, 28), date(2026, 5, 29), MONDAY)


def test_who_promises_nothing_misses_nothing() -> None:
    assert missing_days(ANY_DAY, readings(reading(MONDAY), reading(TUESDAY, state=FAILED)), FRIDAY) == ()


# -- laws of days


@st.composite
def histories(draw: st.DrawFn, today: date = date(2026, 7, 1)) -> dict[date, PastReading]:
    """Readings of any days before *today*, in any state that a reading can be in."""
    found = []
    for age in draw(st.sets(st.integers(1, 45), max_size=20)):
        day = today - timedelta(days=age)
        state = draw(st.sampled_from(SourceState))
        listed = draw(st.integers(0, 3)) if state is not FRESH else 3
        found.append(
            reading(
                day,
                state=state,
                listed=listed,
                unseen=1 if state is FRESH else 0,
                read_on=day + timedelta(days=draw(st.integers(0, age))),
                gap=draw(st.integers(0, 2)),
                is_partial=draw(st.booleans()),
            )
        )
    return readings(*found)


TODAY = date(2026, 7, 1)
AGES = st.sampled_from([(), (1,), REREADS])


@given(CALENDARS, AGES, histories())
def test_laws_of_the_days_that_are_due(
    calendar: Calendar, rereads: tuple[int, ...], found: dict[date, PastReading]
) -> None:
    days = due_days(calendar, rereads, found, TODAY)

    assert list(days) == sorted(set(days))
    assert all(TODAY - CATCH_UP <= day < TODAY for day in days)
    assert all(day >= min(found) for day in days)
    assert not any(day in found and found[day].read_on >= TODAY for day in days)
    assert all(calendar.lists_on(day) or not calendar.promises or found[day].state.is_settled for day in days)


@given(CALENDARS, histories())
def test_a_list_that_was_settled_whole_is_not_due_again(calendar: Calendar, found: dict[date, PastReading]) -> None:
    for day in due_days(calendar, (), found, TODAY):
        one = found.get(day)
        assert one is None or not one.state.is_settled or one.gap or one.is_partial or one.state is QUIET


@given(CALENDARS, AGES, histories(), st.sampled_from(list(SourceState)))
def test_a_day_that_was_read_today_is_not_due_whatever_came_of_it(
    calendar: Calendar, rereads: tuple[int, ...], found: dict[date, PastReading], state: SourceState
) -> None:
    now_read = {day: reading(day, state=state, read_on=TODAY) for day in due_days(calendar, rereads, found, TODAY)}

    assert due_days(calendar, rereads, {**found, **now_read}, TODAY) == ()


@given(st.sampled_from([ARXIV, weekdays(), daily()]), histories())
def test_a_day_that_is_missing_is_due_unless_it_was_asked_for_today(
    calendar: Calendar, found: dict[date, PastReading]
) -> None:
    missing = missing_days(calendar, found, TODAY)

    asked = {day for day, one in found.items() if one.read_on >= TODAY}
    assert set(missing) - asked <= set(due_days(calendar, (), found, TODAY))
    assert all(calendar.lists_on(day) and day >= TODAY - timedelta(days=7) for day in missing)


# -- servers that fail


def fail(before: Backoff | None, now: datetime = NOON, **changes: Any) -> Backoff:
    values: dict[str, Any] = {"address": "https://x.org/feed", "error": "HTTP 503", "is_gone": False}
    return after_failure(before, **{**values, "retry_after": None, "now": now, **changes})


def test_each_failure_doubles_the_wait_up_to_a_day_and_the_first_is_free() -> None:
    waits: list[float] = []
    backoff: Backoff | None = None

    for _ in range(40):
        backoff = fail(backoff)
        waits.append(0 if backoff.not_before is None else (backoff.not_before - NOON) / timedelta(hours=1))

    assert waits[:9] == [0, 1, 2, 4, 8, 16, 24, 24, 24]
    assert set(waits[6:]) == {24}


def test_who_may_be_asked_again_is_asked_from_that_very_moment_on() -> None:
    second = fail(fail(None))

    assert not fail(None).rests(NOON)
    assert second.rests(NOON + FIRST_WAIT - timedelta(seconds=1))
    assert not second.rests(NOON + FIRST_WAIT)


def test_a_pause_that_a_wrong_clock_wrote_years_ahead_is_not_kept() -> None:
    wrong = fail(fail(None), now=NOON + timedelta(days=1400))

    assert not wrong.rests(NOON)
    assert wrong.rests(NOON + timedelta(days=1400))


@given(st.integers(0, 12), st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_server_is_left_alone_as_long_as_it_asked_a_day_at_most(failures: int, wish: timedelta | None) -> None:
    before: Backoff | None = None
    for _ in range(failures):
        before = fail(before)

    found = fail(before, retry_after=wish)

    wait = (found.not_before or NOON) - NOON
    assert min(wish or timedelta(0), LONGEST_WAIT) <= wait <= LONGEST_WAIT
    assert wait >= ((before.not_before or NOON) - NOON if before else timedelta(0))
    assert (found.failures, found.rests(NOON + LONGEST_WAIT)) == (failures + 1, False)


def test_a_pause_of_a_day_is_kept_and_one_of_more_was_written_by_a_wrong_clock() -> None:
    day = fail(None, retry_after=LONGEST_WAIT)

    assert day.rests(NOON)
    assert not day.rests(NOON - timedelta(seconds=1))


def test_what_is_gone_for_good_is_never_asked_again() -> None:
    gone = fail(None, is_gone=True, error="HTTP 410")

    assert gone.rests(NOON + timedelta(days=4000))


def test_the_newest_error_and_address_are_kept() -> None:
    found = fail(fail(None), address="https://y.org", error="HTTP 500")

    assert (found.address, found.error, found.failures) == ("https://y.org", "HTTP 500", 2)


def test_a_verdict_is_whole_unless_it_says_otherwise() -> None:
    assert not verdict(ARXIV, WEDNESDAY, AFTERNOON, NEW, is_past=False).is_partial


@pytest.mark.parametrize("value", [NEW, Verdict(state=FRESH), reading(MONDAY), fail(None)])
def test_what_was_found_out_is_not_changed_afterwards(value: object) -> None:
    for field in fields(value):  # type: ignore[arg-type]
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, None)
