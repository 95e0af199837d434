"""Numbers, days and names in words, as pages, mails and the terminal print them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

SHOWN_AUTHORS: Final = 3


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 paper`, `2,140 papers`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def long_day(day: date) -> str:
    """`Wednesday 3 June 2026`."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def short_day(day: date, *, year: bool = True) -> str:
    """`3 June 2026`."""
    return f"{day.day} {day:%B}" + (f" {day.year}" if year else "")


def some_authors(authors: Sequence[str], *, most: int = SHOWN_AUTHORS + 1) -> str:
    """Return the authors in words: all, or the first three "and 12 more" if there are more than *most*."""
    if len(authors) <= most:
        return ", ".join(authors)
    return f"{', '.join(authors[:SHOWN_AUTHORS])} and {len(authors) - SHOWN_AUTHORS} more"
