"""What the archive knows of itself, so that a new issue costs the same on day 300 as on day 3.

    .manifest.json      for each issue drawn: a hash of it, its papers and topics
    search/2026-06.js   for each paper of that month's issues: a card; the search page loads these, topic pages are
                        listed from them

Both can be lost at any time: then they are made again from the stored issues.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, NamedTuple

from digest.core.models import Issue
from digest.publish.formulas import to_unicode
from digest.publish.slugs import slug

MANIFEST = ".manifest.json"
_OPENING, _CLOSING = "papers([\n", "\n]);\n"
MOST_AUTHORS = 40
"""A search for the 600th author of one paper finds nothing; the file stays small."""


class IssueKey(NamedTuple):
    day: date
    edition: str

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is remembered of an issue that was drawn."""

    sha: str
    entries: int
    why_empty: str
    papers: tuple[str, ...]
    """Slugs, in the issue's order."""
    topics: tuple[tuple[str, int], ...]
    """(topic, how many entries have it), the most frequent first."""
    accepted: bool = False
    """The store does not have it, and a person said that this is as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A paper on a list: on a topic's page, in the search. Plain text, formulas in Unicode."""

    paper: str
    """Slug."""
    title: str
    tldr: str
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    date: str
    edition: str


@dataclass(slots=True, kw_only=True)
class Manifest:
    drawn_with: str = ""
    """Hash of everything but the issues that decides what pages look like."""
    notes: dict[IssueKey, Note] = field(default_factory=dict)
    months: dict[str, str] = field(default_factory=dict)
    """Month → hash of its file of cards."""


def note(issue: Issue) -> Note:
    """What to remember of *issue*."""
    counts: dict[str, int] = {}
    for entry in issue.entries:
        for topic in entry.summary.topics:
            counts[topic] = counts.get(topic, 0) + 1
    return Note(
        # The representation of a tree of frozen values names each of them, and is the same in each process.
        sha=short_hash(repr(issue).encode("utf-8", "backslashreplace")),
        entries=len(issue.entries),
        why_empty=issue.why_empty or "",
        papers=tuple(slug(entry.paper.id) for entry in issue.entries),
        topics=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    )


def cards(issue: Issue) -> tuple[Card, ...]:
    """The cards of an issue's papers, in its order."""
    return tuple(
        Card(
            paper=slug(entry.paper.id),
            title=to_unicode(entry.paper.title),
            tldr=to_unicode(entry.summary.tldr),
            authors=entry.paper.authors[:MOST_AUTHORS],
            topics=entry.summary.topics,
            date=issue.date.isoformat(),
            edition=issue.edition,
        )
        for entry in issue.entries
    )


def write_manifest(manifest: Manifest) -> bytes:
    issues = [[key.day.isoformat(), key.edition, asdict(value)] for key, value in sorted(manifest.notes.items())]
    lines = ",\n".join(json.dumps(issue, ensure_ascii=False, separators=(",", ":")) for issue in issues)
    head = json.dumps({"drawn_with": manifest.drawn_with, "months": dict(sorted(manifest.months.items()))})
    return f'{head[:-1]}, "issues": [\n{lines}\n]}}\n'.encode("utf-8", "replace")


def read_manifest(content: bytes | None) -> Manifest:
    """The manifest; an empty one where it is missing or not understood, and then everything is drawn."""
    try:
        data = json.loads(content or b"{}")
        return Manifest(
            drawn_with=str(data["drawn_with"]),
            months=dict(data["months"]),
            notes={
                IssueKey(date.fromisoformat(day), edition): _note(values) for day, edition, values in data["issues"]
            },
        )
    except (ValueError, KeyError, TypeError):
        return Manifest()


def write_month(groups: Sequence[Sequence[Card]]) -> bytes:
    """A month's cards as a script, which pages opened from a file can load; JSON they could not."""
    rows = [
        json.dumps(
            [card.paper, card.title, card.tldr, list(card.authors), list(card.topics), card.date, card.edition],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for group in groups
        for card in group
    ]
    return (_OPENING + ",\n".join(rows) + _CLOSING).encode("utf-8", "replace")


def read_month(content: bytes | None, *, sha: str | None) -> tuple[Card, ...] | None:
    """A month's cards; None where the file is not the one that was written."""
    if content is None or short_hash(content) != sha:
        return None
    rows = json.loads("[" + content.decode("utf-8").removeprefix(_OPENING).removesuffix(_CLOSING) + "]")
    return tuple(
        Card(
            paper=paper,
            title=title,
            tldr=tldr,
            authors=tuple(authors),
            topics=tuple(topics),
            date=day,
            edition=edition,
        )
        for paper, title, tldr, authors, topics, day, edition in rows
    )


def short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _note(values: dict[str, Any]) -> Note:
    return Note(
        sha=str(values["sha"]),
        entries=int(values["entries"]),
        why_empty=str(values["why_empty"]),
        papers=tuple(values["papers"]),
        topics=tuple((name, n) for name, n in values["topics"]),
        accepted=bool(values.get("accepted", False)),
    )
