"""What stands on the front page: the newest issue of each edition, a calendar of its issues, and what rises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from digest.core.models import Entry, Issue
from digest.publish import phrasing, shares
from digest.publish.catalogue import IssueKey, Note
from digest.publish.entry_views import entry_view
from digest.publish.formulas import to_mathml
from digest.publish.headlines import lead_entries
from digest.publish.links import Links
from digest.publish.months import Month, last_months, month_table

LEADS: Final = 5
"""Papers that are shown of an issue."""
_EMPTY_DAYS: Final = 7
"""Days with nothing new that are named, since the newest issue with papers."""
_MONTHS: Final = 2
_RISING: Final = 3


def edition_values(
    keys: Sequence[IssueKey],
    notes: Mapping[IssueKey, Note],
    newest: Issue | None,
    *,
    name: str,
    folder: str,
    links: Links,
) -> dict[str, Any]:
    """Return an edition for the front page.

    Args:
        keys: Its issues, the newest first.
        newest: Its newest issue with papers.
    """
    full = IssueKey(newest.date, newest.edition) if newest else None
    return {
        "name": name,
        "folder": folder,
        "day": phrasing.long_day(full.day) if full else "",
        "iso": full.day.isoformat() if full else "",
        "url": links.issue(full.edition, full.day) if full else "",
        "leads": [entry_view(entry, links=links, say=to_mathml) for entry in _leads(newest)] if newest else [],
        "count": phrasing.count(len(newest.entries), "paper") if newest else "",
        "since": [day_values(key, notes[key], links) for key in keys if not full or key > full][:_EMPTY_DAYS],
        "months": _months(keys, notes, links),
    }


def rising_values(notes: Mapping[IssueKey, Note], links: Links) -> list[tuple[str, str, shares.Bars]]:
    """Return the topics that rise, each with the link to its page and its bars."""
    return [
        (topic, links.topic(topic), shares.bars(topic, shown)) for topic, shown in shares.rising(notes, at_most=_RISING)
    ]


def day_values(key: IssueKey, note: Note, links: Links) -> dict[str, Any]:
    """Return an issue for a list of issues."""
    return {
        "day": weekday(key.day),
        "iso": key.day.isoformat(),
        "url": links.issue(key.edition, key.day),
        "count": phrasing.count(note.entries, "paper") if note.entries else "",
        "about": note.headline if note.entries else note.why_empty,
    }


def weekday(day: date) -> str:
    """`Fri 17 April`."""
    return f"{day:%a} {phrasing.short_day(day, year=False)}"


def _leads(issue: Issue) -> Sequence[Entry]:
    """Return the leads of an issue; those with the highest scores of one that has none."""
    if issue.leads:
        return lead_entries(issue)[:LEADS]
    return sorted(issue.entries, key=lambda entry: -entry.score)[:LEADS]


def _months(keys: Sequence[IssueKey], notes: Mapping[IssueKey, Note], links: Links) -> list[Month]:
    days = {key.day: (notes[key].entries, links.issue(key.edition, key.day)) for key in keys}
    return [month_table(year, month, days) for year, month in last_months(list(days), _MONTHS)]
