"""Issues of the archive that the store does not have: what is known of them, out of their own pages.

The database was lost, an older one was put back, or another one is named in the config. Then these pages are the last
copy of their issues, so they stay, and stay on the lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from digest.publish.catalogue import MOST_AUTHORS, Card, IssueKey, Note
from digest.publish.folder import Folder
from digest.publish.formulas import to_unicode
from digest.publish.slugs import RESERVED, edition_slug, slug
from digest.publish.views import issue_path

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def find_kept(folder: Folder, notes: Mapping[IssueKey, Note], stored: Mapping[IssueKey, int]) -> dict[IssueKey, Note]:
    """The issues whose pages lie in *folder* and that are not *stored*, with what is to be known of each.

    Args:
        notes: Of the manifest; where it was lost too, an issue's own JSON tells.
        stored: Issue → number of its entries. One that is empty there and was not when it was drawn is not the same.
    """
    known = {(edition_slug(key.edition), key.day): key for key in (*notes, *stored)}
    found: dict[IssueKey, Note] = {}
    for name, day in _places(folder):
        key = known.get((name, day))
        if key is None:
            told = _told(folder, f"{name}/{day.isoformat()}/issue.json")
            edition = told.get("edition")
            if not isinstance(edition, str) or edition_slug(edition) != name:
                continue  # not ours: it is left alone
            key = IssueKey(day, edition)
        if stored.get(key):
            continue
        note = notes.get(key) or _note(folder, key)
        if key not in stored or note.entries:
            found[key] = note
    return found


def kept_cards(folder: Folder, key: IssueKey) -> tuple[Card, ...]:
    """The cards of an issue's papers, out of its own JSON; none where that cannot be read."""
    return tuple(
        Card(
            paper=slug(str(entry["id"])),
            title=to_unicode(str(entry.get("title", ""))),
            tldr=to_unicode(str(_dict(entry.get("summary")).get("tldr", ""))),
            authors=_texts(entry.get("authors"))[:MOST_AUTHORS],
            topics=_texts(entry.get("topics")),
            date=key.day.isoformat(),
            edition=key.edition,
        )
        for entry in _entries(_issue(folder, key))
    )


def _places(folder: Folder) -> Iterator[tuple[str, date]]:
    """The folders of issues: (the edition's folder, the day)."""
    for name in sorted(folder.names("") - RESERVED):
        for day in sorted(folder.names(name)):
            if _DAY.fullmatch(day):
                try:
                    yield name, date.fromisoformat(day)
                except ValueError:  # 2026-02-30
                    continue


def _note(folder: Folder, key: IssueKey) -> Note:
    issue = _issue(folder, key)
    counts: dict[str, int] = {}
    entries = list(_entries(issue))
    for entry in entries:
        for topic in _texts(entry.get("topics")):
            counts[topic] = counts.get(topic, 0) + 1
    return Note(
        sha="",
        entries=len(entries),
        why_empty=str(issue.get("why_empty") or ""),
        papers=tuple(slug(str(entry["id"])) for entry in entries),
        topics=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    )


def _issue(folder: Folder, key: IssueKey) -> dict[str, Any]:
    return _told(folder, issue_path(key.edition, key.day).replace("index.html", "issue.json"))


def _told(folder: Folder, path: str) -> dict[str, Any]:
    try:
        return _dict(json.loads(folder.read(path) or b"{}"))
    except (ValueError, RecursionError):
        return {}


def _entries(issue: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for section in _list(issue.get("sections")):
        for entry in _list(_dict(section).get("entries")):
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                yield entry


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in _list(value) if isinstance(text, str))
