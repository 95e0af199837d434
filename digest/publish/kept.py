"""Find issues of the archive that the store does not have, and read them from their own `issue.json`.

This happens if the database was lost, an older one was put back, or the config names another one. Then the pages are
the last copy of their issues, so they are kept, also on the lists and in the search.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from digest.core.models import Entry, Issue, Paper, PaperId, Section, Signals, Summary, Usage
from digest.publish import catalogue
from digest.publish.catalogue import IssueKey, Note
from digest.publish.folder import Folder
from digest.publish.slugs import RESERVED, edition_slug
from digest.publish.views import issue_path

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def find_kept(folder: Folder, notes: Mapping[IssueKey, Note], stored: Mapping[IssueKey, int]) -> dict[IssueKey, Note]:
    """Return the notes of issues whose pages are in *folder* and that are not *stored*.

    Args:
        notes: The notes of the manifest, which may be lost too; then they are made from the issues' own JSON.
        stored: Number of entries of each stored issue. A stored issue without entries does not count as the issue whose
            page has some.
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
        note, before = catalogue.note(kept_issue(folder, key)), notes.get(key)
        if before is not None:
            # If its JSON was lost, the manifest still tells how many papers it had.
            note = replace(note, entries=note.entries or before.entries, accepted=before.accepted)
        if key not in stored or note.entries:
            found[key] = note
    return found


def kept_issue(folder: Folder, key: IssueKey) -> Issue:
    """Return what lists and search need of an issue, read from its `issue.json`.

    An empty issue if that cannot be read.
    """
    told = _told(folder, issue_path(key.edition, key.day).replace("index.html", "issue.json"))
    sections = []
    for section in map(_dict, _list(told.get("sections"))):
        entries = tuple(
            _entry(one) for one in map(_dict, _list(section.get("entries"))) if isinstance(one.get("id"), str)
        )
        if entries:
            sections.append(Section(topic=str(section.get("topic", "")), entries=entries))
    return Issue(
        edition=key.edition,
        date=key.day,
        title=str(told.get("title") or key.edition),
        language=str(told.get("language") or "en"),
        overview=str(told.get("overview") or ""),
        sections=tuple(sections),
        leads=tuple(map(PaperId, _texts(told.get("leads")))),
        sources=(),
        usage=Usage(client=""),
        why_empty=str(told.get("why_empty") or "") or None,
    )


def _entry(one: Mapping[str, Any]) -> Entry:
    summary = _dict(one.get("summary"))
    return Entry(
        paper=Paper(
            id=PaperId(one["id"]),
            title=str(one.get("title", "")),
            authors=_texts(one.get("authors")),
            url=str(one.get("url") or ""),
        ),
        summary=Summary(
            tldr=str(summary.get("tldr", "")),
            points=_texts(summary.get("points")),
            topics=_texts(one.get("topics")),
            client=str(summary.get("client", "")),
        ),
        sources=(),
        reason="",
        score=0.0,
        signals=Signals(),
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


def _told(folder: Folder, path: str) -> dict[str, Any]:
    try:
        return _dict(json.loads(folder.read(path) or b"{}"))
    except (ValueError, RecursionError):
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in _list(value) if isinstance(text, str))
