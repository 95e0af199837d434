"""Calendars of sources: on which days lists come out, at what hour, and until when they grow.

The dates in a feed are often wrong, so the calendar and the papers seen before decide what a source's silence means.
The present time is an argument; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When one source publishes. Its days are those that the lists are named after."""

    name: str
    weekdays: frozenset[int] = frozenset()
    """Days that have a list; Monday is 0. Empty: the source promises nothing, and its silence is no news."""
    holidays: frozenset[date] = frozenset()
    """Weekdays without a list."""
    zone: tzinfo = UTC
    out_at: time = time(0)
    """When the list of a day is out, in `zone`."""
    grace: timedelta = timedelta(hours=12)
    """How much later than `out_at` a list may come before it counts as overdue."""
    closes_after: timedelta = timedelta(0)
    """How long after `out_at` the list grows; zero for a list that is complete at once."""

    @property
    def promises(self) -> bool:
        """Whether the source promises lists on some weekdays, so that a missing list means something."""
        return bool(self.weekdays)

    def lists_on(self, day: date) -> bool:
        """Whether *day* has a list."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def newest(self, now: datetime) -> date:
        """The day of the newest list that is out at *now*; today where the source promises nothing."""
        day = now.astimezone(self.zone).date()
        if not self.promises:
            return day
        return next(d for d in (day - timedelta(days=n) for n in count()) if self.lists_on(d) and now >= self._out(d))

    def is_overdue(self, day: date, now: datetime) -> bool:
        """Whether the list of *day*, if it has one, should be out by now."""
        return self.lists_on(day) and now >= self._out(day) + self.grace

    def is_open(self, day: date, now: datetime) -> bool:
        """Whether the list of *day* may still grow."""
        return now < self._out(day) + self.closes_after

    def _out(self, day: date) -> datetime:
        return datetime.combine(day, self.out_at, tzinfo=self.zone)


ANY_DAY: Final = Calendar(name="none")
"""The calendar of journals and blogs, which promise no list on any day."""


def weekdays() -> Calendar:
    """Return a calendar with a list for Monday to Friday that grows all day: Hugging Face's Daily Papers."""
    return Calendar(name="weekdays", weekdays=frozenset(range(5)), grace=timedelta(days=1), closes_after=timedelta(1))


def daily() -> Calendar:
    """Return a calendar with a list for every day, which grows until the day is over."""
    return Calendar(name="daily", weekdays=frozenset(range(7)), grace=timedelta(days=1), closes_after=timedelta(1))


# -- arXiv: https://info.arxiv.org/help/availability.html

_EASTERN: Final = ZoneInfo("America/New_York")
_DEADLINE: Final = time(14)
"""arXiv's daily deadline for submissions, US Eastern; what comes later is announced one evening later."""
_SILENT_EVENINGS: Final[Mapping[int, tuple[tuple[int, int], ...]]] = {
    2024: ((1, 15), (5, 22), (6, 19), (7, 4), (9, 2), (10, 8), (11, 28), (12, 25), (12, 26), (12, 31)),
    2025: ((1, 1), (1, 20), (6, 19), (7, 6), (9, 1), (11, 27)),
    2026: ((1, 1), (1, 19), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25), (12, 29), (12, 31)),
}
"""Month and day of the evenings on which nothing is announced, as that page names them: 2024 with what was added in its
course, 2025 without December, which was "not yet scheduled" in the copy this was taken from, 2026 whole."""


def arxiv(extra_holidays: Iterable[date] = ()) -> Calendar:
    """arXiv announces from Sunday to Thursday at 20:00, US Eastern; its lists carry the date of the day after.

    So there is a list for Monday to Friday. A holiday is published as the evening that stays silent, and the list that
    is missing is the one of the next weekday: Monday the 7th of September 2026 has a list, Tuesday the 8th has none.
    Where the page names a Friday it means what was submitted that day and would have been announced on Sunday, so that
    Monday's list is missing; it was so on 22 June and 6 July 2026.

    The holidays of 2024 to 2026 are known here, December 2025 excepted. On one that is not, the source is first
    *waiting* and then *stalled*, and whoever runs it can name the day.

    Args:
        extra_holidays: Further days without a list: dates of lists, not of evenings.
    """
    evenings = (date(year, *evening) for year, found in _SILENT_EVENINGS.items() for evening in found)
    return Calendar(
        name="arxiv",
        weekdays=frozenset(range(5)),
        holidays=frozenset((*map(_next_weekday, evenings), *extra_holidays)),
        zone=_EASTERN,
    )


def arxiv_submissions(calendar: Calendar, day: date) -> tuple[datetime, datetime]:
    """When the papers on arXiv's list of *day* were submitted, those that no moderator held back: (from, before), UTC.

    The deadline is 14:00 US Eastern of the last weekday before the list, whether that had a list or not: what comes in
    on a holiday waits with the rest for the next announcement. So the windows of all lists leave no gap.

    Args:
        calendar: Of an arXiv source.
        day: One that has a list.
    """
    previous = _last_weekday(day)
    while not calendar.lists_on(previous) and day - previous < _LONGEST_BREAK:
        previous = _last_weekday(previous)
    return _deadline(previous), _deadline(day)


def arxiv_list_after(calendar: Calendar, deadline: datetime) -> date | None:
    """The list that announces what was submitted just before *deadline*; None if no list has that deadline."""
    day = deadline.astimezone(_EASTERN).date()
    for _ in range(_LONGEST_BREAK.days):
        day = _next_weekday(day)
        if calendar.lists_on(day):
            return day if arxiv_submissions(calendar, day)[1] == deadline else None
    return None


_LONGEST_BREAK: Final = timedelta(days=31)


def _deadline(day: date) -> datetime:
    """Return the deadline for submissions to arXiv's list of *day*."""
    return datetime.combine(_last_weekday(day), _DEADLINE, tzinfo=_EASTERN).astimezone(UTC)


def _next_weekday(day: date) -> date:
    return day + timedelta(days=max(1, 7 - day.weekday()) if day.weekday() >= 4 else 1)


def _last_weekday(day: date) -> date:
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))


CALENDARS: Final[Mapping[str, Callable[[], Calendar]]] = {
    "arxiv": arxiv,
    "weekdays": weekdays,
    "daily": daily,
    "none": lambda: ANY_DAY,
}
"""The calendars by the names that config.toml and the kinds of source use."""
