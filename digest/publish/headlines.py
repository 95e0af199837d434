"""Headlines: an issue in a line, by the names of its first papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from digest.core.issues.names import name_of_work, short_title
from digest.core.models import Entry, Issue
from digest.core.words.text import clipped, one_line, strip_invisible
from digest.publish.formulas import to_unicode

SUBJECT: Final = 90
"""Letters of a subject at most: mail programs show about as many."""
_TITLE: Final = 60
"""Letters of a title that a preheader has."""


def subject(issue: Issue) -> str:
    """Return the subject of an issue's mail: its first headline, how many more, the day."""
    day = _short_day(issue.date)
    entries = lead_entries(issue)
    if not entries:
        return clipped(one_line(strip_invisible(f"{issue.title}: nothing new · {day}")), SUBJECT)
    more = len(issue.entries) - 1
    rest = f"{f', and {more:,} more' if more else ''} · {day}"
    return f"{headline(entries[0].paper.title, SUBJECT - len(rest))}{rest}"


def preheader(issue: Issue) -> str:
    """Return what stands beside the subject: the next two headlines; empty if there are none."""
    return " · ".join(headline(entry.paper.title, _TITLE) for entry in lead_entries(issue)[1:3])


def lead_entries(issue: Issue) -> Sequence[Entry]:
    """Return the leads of an issue in their order; all entries of one that has no leads."""
    by_id = {entry.paper.id: entry for entry in issue.entries}
    return [by_id[i] for i in issue.leads if i in by_id] or list(issue.entries)


@lru_cache(maxsize=4096)
def headline(title: str, at_most: int) -> str:
    """Return the name that a title gives its work, before a colon; else the title, cut if it is long."""
    plain = one_line(strip_invisible(to_unicode(title)))
    said = name_of_work(plain) or short_title(plain, at_most)
    return said if len(said) <= at_most else f"{said[: at_most - 1].rsplit(' ', 1)[0].rstrip(' ,;:–—')}…"


def _short_day(day: date) -> str:
    """`Thu 16 April`."""
    return f"{day:%a} {day.day} {day:%B}"
