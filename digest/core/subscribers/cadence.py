"""How often a reader gets an issue, and which days each one covers.

    cadence      weekdays that are wished   days that an issue covers, at most
    daily        all                        1
    weekdays     Monday to Friday           3: on a Monday the weekend too
    weekly:fri   Friday                     7
    feed         all, without a mail        1

An edition's issue of a day reaches a reader on the reader's own date: the first moment from the edition's time on at
which the clock in the reader's zone shows that time of day. An issue is due if a wished weekday lies between the last
day that was covered and that date, so that a run that came late, or an edition that rests on that weekday, skips
nobody; and never twice, for that day is covered then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAYS_SAID: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a reader gets an issue."""

    days: frozenset[int]
    """Weekdays on which one is wished; Monday is 0."""
    covers: int
    """Days that one issue covers at most, its own included."""
    is_mailed: bool = True
    """Whether there is a mail; else only the private feed."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `daily`, `weekdays`, `weekly:fri` or `feed`; `weekly` alone is Friday.

        Raises:
            ValueError: It is none of these, with the reason in words.
        """
        name, _, day = text.strip().lower().partition(":")
        if name == "weekly" and (day or "fri") in WEEKDAYS:
            return cls(days=frozenset({WEEKDAYS.index(day or "fri")}), covers=7)
        if not day and name in ("daily", "feed"):
            return cls(days=frozenset(range(7)), covers=1, is_mailed=name == "daily")
        if not day and name == "weekdays":
            return cls(days=frozenset(range(5)), covers=3)
        raise ValueError(f"{text!r} is not daily, weekdays, weekly:fri (or another weekday) or feed")


def how_often(cadence: str) -> str:
    """A cadence as it is stored, in words: `every day`, `from Monday to Friday`, `every Friday`."""
    name, _, day = cadence.partition(":")
    if name == "weekly" and (day or "fri") in WEEKDAYS:
        return f"every {WEEKDAYS_SAID[WEEKDAYS.index(day or 'fri')]}"
    return {"weekdays": "from Monday to Friday", "feed": "as a feed, without mails"}.get(name, "every day")


def arrives_at(day: date, at: time, zone: ZoneInfo, reader_zone: ZoneInfo) -> datetime:
    """When the issue of *day* is to reach a reader, in UTC: the first moment at which it can be there and the reader's
    clock shows *at*.

    Args:
        day: The day of the issue.
        at: The time of day at which the edition comes out in *zone*.
        zone: The edition's time zone.
        reader_zone: The reader's.
    """
    out = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    if reader_zone.key == zone.key:
        return out
    first = out.astimezone(reader_zone).date()
    # A time that the clock skips or shows twice is taken where `fold=0` puts it; the next day's always lies ahead.
    moments = (
        datetime.combine(first + timedelta(days=n), at, tzinfo=reader_zone).astimezone(UTC) for n in range(-1, 3)
    )
    return next(moment for moment in moments if moment >= out)


def is_due(
    cadence: Cadence, local: date, *, covered_until: date | None, paused_until: date | None, began: date
) -> bool:
    """Whether an issue that reaches a reader on *local*, the reader's own date, is due to them.

    Args:
        covered_until: The reader's date of the last issue that was made or passed over; None before the first.
        paused_until: The reader's first day with an issue again.
        began: The reader's date on which the subscription was confirmed.
    """
    if paused_until is not None and local < paused_until:
        return False
    last = covered_until or began - timedelta(days=1)
    if paused_until is not None:
        last = max(last, paused_until - timedelta(days=1))
    span = min((local - last).days, 7)
    return any((local - timedelta(days=n)).weekday() in cadence.days for n in range(span))


def covers_since(cadence: Cadence, day: date, *, covered_until: date | None) -> date:
    """The first day whose papers an issue of *day* may have for a reader.

    A week's issue looks at the whole week, also the first one of a reader; others go on where the last one ended.
    """
    first = day - timedelta(days=cadence.covers - 1)
    if cadence.covers >= 7 or covered_until is None:
        return first if cadence.covers >= 7 else day
    return max(first, min(day, covered_until + timedelta(days=1)))
