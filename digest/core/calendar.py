"""When a source brings out its lists: on which days, at what hour, and until when they grow.

A feed's own dates lie, so whether its silence means anything is decided by what was seen before and by this. Moments
come in as arguments; nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The rhythm of one source. Days are those its lists are named after."""

    name: str
    weekdays: frozenset[int] = frozenset()
    """Days that have a list; Monday is 0. Empty: the source promises nothing, and its silence is no news."""
    holidays: frozenset[date] = frozenset()
    """Weekdays without a list."""
    zone: tzinfo = UTC
    out_at: time = time(0)
    """When the list of a day is out, in `zone`."""
    grace: timedelta = timedelta(hours=12)
    """How much later it may come before it counts as overdue."""
    closes_after: timedelta = timedelta(0)
    """How long after `out_at` the list grows; zero for one that comes whole."""

    @property
    def promises(self) -> bool:
        """Whether a missing list means anything."""
        return bool(self.weekdays)

    def lists_on(self, day: date) -> bool:
        """Whether *day* has a list."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def is_overdue(self, day: date, now: datetime) -> bool:
        """Whether the list of *day*, if it has one, should be out by now."""
        return self.lists_on(day) and now >= self._out(day) + self.grace

    def is_open(self, day: date, now: datetime) -> bool:
        """Whether the list of *day* may still grow."""
        return now < self._out(day) + self.closes_after

    def _out(self, day: date) -> datetime:
        return datetime.combine(day, self.out_at, tzinfo=self.zone)


ANY_DAY: Final = Calendar(name="none")
"""Journals and blogs: something comes when it comes."""


def weekdays() -> Calendar:
    """A list for Monday to Friday that grows all day: Hugging Face's Daily Papers."""
    return Calendar(name="weekdays", weekdays=frozenset(range(5)), grace=timedelta(days=1), closes_after=timedelta(1))


def daily() -> Calendar:
    """A list for every day, which grows until the day is over."""
    return Calendar(name="daily", weekdays=frozenset(range(7)), grace=timedelta(days=1), closes_after=timedelta(1))


def arxiv() -> Calendar:
    """arXiv announces from Sunday to Thursday evening, US Eastern; its lists carry the date of the day after.

    https://info.arxiv.org/help/availability.html
    """
    return Calendar(
        name="arxiv", weekdays=frozenset(range(5)), holidays=_ARXIV_HOLIDAYS, zone=ZoneInfo("America/New_York")
    )


_ARXIV_HOLIDAYS: Final[frozenset[date]] = frozenset()
"""Weekdays without a list, from the page above."""
