"""Search for people on the web: papers of the store by words, by the edition that printed them, and by topic."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from digest.core.models import Paper, PaperId
from digest.core.words.text import one_line, strip_invisible

LONGEST_QUERY: Final = 200
"""Letters of a query that are read; a title has fewer."""
MOST_FOUND: Final = 50
_LOOKED_AT: Final = 200
"""Papers that are looked through for those of an edition or topic."""


class Store(Protocol):
    """The part of the store that finds papers."""

    def search(self, query: str, *, limit: int) -> tuple[Paper, ...]: ...

    def printings(self, ids: Collection[PaperId]) -> Mapping[PaperId, Sequence[tuple[str, date]]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPaper:
    """A paper that a search found."""

    paper: Paper
    printed: tuple[tuple[str, date], ...]
    """(edition, day) of the issues that printed it, the newest first; empty for one that none printed."""
    topics: tuple[str, ...] = ()
    """Empty if nobody asked for topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search, as it was read, and what it found."""

    query: str
    edition: str
    topic: str
    papers: tuple[FoundPaper, ...] = ()
    """Best first."""
    has_more: bool = False
    """Whether there are more than are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Finds papers."""

    store: Store
    topics_of: Callable[[Paper], Sequence[str]]

    def find(self, query: str, *, edition: str = "", topic: str = "", with_topics: bool = False) -> Search:
        """Find papers that have all words of *query*; a query without any finds nothing.

        Args:
            edition: Only what this edition printed.
            topic: Only papers on this topic, as the taxonomy names it.
            with_topics: Whether the topics of what is found are to be told.
        """
        query, edition, topic = (_read(text) for text in (query, edition, topic))
        if not any(c.isalnum() for c in query):
            return Search(query=query, edition=edition, topic=topic)
        is_narrow = bool(edition or topic)
        there = self.store.search(query, limit=_LOOKED_AT if is_narrow else MOST_FOUND + 1)
        printed = self.store.printings([paper.id for paper in there])
        found: list[FoundPaper] = []
        for paper in there:
            issues = tuple(printed.get(paper.id, ()))
            if edition and edition not in {name for name, _ in issues}:
                continue
            topics = tuple(self.topics_of(paper)) if topic or with_topics else ()
            if not topic or topic.casefold() in {name.casefold() for name in topics}:
                found.append(FoundPaper(paper=paper, printed=issues, topics=topics))
            if len(found) > MOST_FOUND:
                break
        return Search(
            query=query,
            edition=edition,
            topic=topic,
            papers=tuple(found[:MOST_FOUND]),
            has_more=len(found) > MOST_FOUND or (is_narrow and len(there) == _LOOKED_AT),
        )


def _read(text: str) -> str:
    return one_line(strip_invisible(text[:LONGEST_QUERY]))
