"""When an issue is due to a reader, and which days it covers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from digest.core.subscribers.cadence import Cadence, arrives_at, covers_since, is_due

MONDAY = date(2026, 6, 1)
PARIS, TOKYO, NEW_YORK = (ZoneInfo(z) for z in ("Europe/Paris", "Asia/Tokyo", "America/New_York"))


def due_days(cadence: str, days: int = 14, *, paused_until: date | None = None, runs: set[int] | None = None) -> str:
    """The weekdays on which issues are due, of days on which the edition runs: `MTWTF`…"""
    parsed, covered, found = Cadence.parse(cadence), None, ""
    for day in (MONDAY + timedelta(days=n) for n in range(days)):
        if runs is not None and day.weekday() not in runs:
            continue
        if is_due(parsed, day, covered_until=covered, paused_until=paused_until, began=MONDAY):
            covered = day
            found += f"{day:%a %d} "
    return found.strip()


def test_a_daily_issue_is_due_every_day() -> None:
    assert len(due_days("daily").split()) == 28


def test_weekdays_leave_out_the_weekend() -> None:
    assert due_days("weekdays", 8) == "Mon 01 Tue 02 Wed 03 Thu 04 Fri 05 Mon 08"


def test_a_weekly_issue_is_due_once_a_week() -> None:
    assert due_days("weekly:wed") == "Wed 03 Wed 10"


def test_where_the_edition_rests_on_the_day_the_next_issue_is_the_weekly_one() -> None:
    assert due_days("weekly:sun", runs={0, 1, 2, 3, 4}) == "Mon 08"


def test_a_late_run_skips_no_weekly_reader() -> None:
    assert due_days("weekly:wed", runs={0, 3}) == "Thu 04 Thu 11"


def test_after_a_pause_the_rhythm_goes_on_and_nothing_is_made_up_for() -> None:
    assert due_days("weekly:fri", 21, paused_until=date(2026, 6, 10)) == "Fri 12 Fri 19"
    assert due_days("daily", 4, paused_until=date(2026, 6, 3)) == "Wed 03 Thu 04"


@pytest.mark.parametrize("text", ["", "monthly", "weekly:", "weekly:x", "daily:fri", "feed:mon"])
def test_what_is_no_cadence_is_refused(text: str) -> None:
    if text == "weekly:":
        assert Cadence.parse(text) == Cadence.parse("weekly:fri")
        return
    with pytest.raises(ValueError, match="is not daily"):
        Cadence.parse(text)


def test_a_week_is_covered_whole_and_a_day_alone() -> None:
    friday = date(2026, 6, 5)

    assert covers_since(Cadence.parse("weekly:fri"), friday, covered_until=None) == date(2026, 5, 30)
    assert covers_since(Cadence.parse("daily"), friday, covered_until=date(2026, 6, 1)) == friday
    assert covers_since(Cadence.parse("weekdays"), date(2026, 6, 8), covered_until=friday) == date(2026, 6, 6)


def test_an_issue_arrives_at_the_readers_own_time() -> None:
    at = time(7)

    assert arrives_at(MONDAY, at, PARIS, PARIS) == datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert arrives_at(MONDAY, at, PARIS, NEW_YORK) == datetime(2026, 6, 1, 11, tzinfo=UTC)
    assert arrives_at(MONDAY, at, PARIS, TOKYO) == datetime(2026, 6, 1, 22, tzinfo=UTC)  # Tuesday, 7:00 there


def test_a_time_that_the_clock_skips_comes_once() -> None:
    day = date(2026, 3, 8)  # New York skips 2:00 to 3:00

    moments = [arrives_at(day + timedelta(days=n), time(2, 30), PARIS, NEW_YORK) for n in (-1, 0, 1)]

    assert len(set(moments)) == 3
    assert all(timedelta(hours=22) <= b - a <= timedelta(hours=26) for a, b in pairwise(moments))
