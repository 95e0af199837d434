"""What is posted of an issue to places beside mail: its leads, how many papers there are, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEntry:
    """One paper of a post: plain text of foreign origin, for each place to escape as it needs."""

    title: str
    said: str
    """Its summary in one sentence."""
    url: str
    """Where to read on, http(s); empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An issue, for a chat or a program."""

    key: str
    """The same on every attempt, and not to be guessed; by it a place that can tells a second post from the first."""
    title: str
    edition: str
    day: date
    counts: str
    """`30 of 229`, or `12 papers`."""
    entries: tuple[PostEntry, ...]
    """The leads, in order."""
    papers: int
    """All papers of the issue."""
    url: str = ""
    """The issue in the archive; empty where it is not served."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """The whole issue as JSON, as in `issue.json`."""

    def rest(self, shown: int) -> str:
        """What is said of the papers behind the first *shown*: `25 more`; empty if there are none."""
        left = self.papers - shown
        return f"{left:,} more" if left > 0 else ""
