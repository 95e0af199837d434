"""Months as tables: a row for each week, from Monday, a cell for each day, with what stands on it."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A day of a month; a cell without a number is before its first or behind its last day."""

    number: str = ""
    """`17`."""
    said: str = ""
    """The link in words: `Friday 17 April, 30 papers`."""
    papers: str = ""
    """How many papers there are; a dash if there is an issue without one."""
    url: str = ""
    """Link to the day's issue; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month as a table."""

    name: str
    """`April 2026`."""
    weeks: tuple[tuple[Cell, ...], ...]


def month_table(year: int, month: int, days: Mapping[date, tuple[int, str]]) -> Month:
    """Return the table of a month.

    Args:
        days: Day of an issue → (its papers, link to it). Days of other months are not looked at.
    """
    weeks = Calendar().monthdatescalendar(year, month)
    return Month(
        name=f"{date(year, month, 1):%B} {year}",
        weeks=tuple(tuple(_cell(day, days) if day.month == month else Cell() for day in week) for week in weeks),
    )


def last_months(days: Sequence[date], number: int) -> list[tuple[int, int]]:
    """Return the month of the newest of *days* and those before it that have days, at most *number*, newest first."""
    if not days:
        return []
    newest = max(days)
    at = newest.year * 12 + newest.month - 1
    wanted = [divmod(at - n, 12) for n in range(number)]
    having = {(day.year, day.month) for day in days}
    return [(year, month + 1) for year, month in wanted if (year, month + 1) in having]


def _cell(day: date, days: Mapping[date, tuple[int, str]]) -> Cell:
    if day not in days:
        return Cell(number=str(day.day))
    papers, url = days[day]
    said = f"{papers:,} paper{'' if papers == 1 else 's'}" if papers else "nothing new"
    return Cell(
        number=str(day.day),
        said=f"{day:%A} {day.day} {day:%B}, {said}",
        papers=f"{papers:,}" if papers else "–",
        url=url,
    )
