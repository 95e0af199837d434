"""Topics of printed papers, topics that models proposed, and renaming topics in stored issues and summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select, tuple_, update

from digest.core.identity.ids import content_hash
from digest.core.models import Issue, PaperId, Summary
from digest.store import tables
from digest.store.database import Database
from digest.store.serialize import dump, load

_IN_TURN: Final = 500
"""Summaries rewritten in one transaction; other processes can write between two."""

_issue = tables.issue.c
_paper = tables.paper.c
_summary = tables.summary.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """An entry of a stored issue, as far as topics go."""

    id: PaperId
    title: str
    content: str
    """`digest.core.identity.ids.content_hash`, by which its summaries are kept."""
    topics: tuple[str, ...]
    proposed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """The keywords that a paper's sources gave it."""

    id: PaperId
    title: str
    words: tuple[str, ...]


class Topics(Database):
    """The part of the store that `digest topics` talks to."""

    def printed_topics(self, *, since: date | None = None) -> Iterator[Printed]:
        """Every entry of every issue, issues by edition and date; of those from *since* on, if it is given."""
        query = select(_issue.body).where(_issue.entries > 0).order_by(_issue.edition, _issue.date)
        if since is not None:
            query = query.where(_issue.date >= since)
        with self._read() as connection:
            for body in connection.scalars(query):
                for entry in load(Issue, body).entries:
                    paper, summary = entry.paper, entry.summary
                    yield Printed(
                        id=paper.id,
                        title=paper.title,
                        content=content_hash(paper.title, paper.abstract),
                        topics=summary.topics,
                        proposed=summary.proposed,
                    )

    def keywords(self, *, since: date | None = None) -> Iterator[Keywords]:
        """The papers that have keywords, printed or not; of those first seen from *since* on, if it is given."""
        query = select(_paper.id, _paper.title, _paper.keywords).where(_paper.keywords != []).order_by(_paper.pk)
        if since is not None:
            query = query.where(_paper.first_seen >= since)
        with self._read() as connection:
            for row in connection.execute(query):
                yield Keywords(id=row.id, title=row.title, words=tuple(row.keywords))

    def proposals(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(hash of the paper's content, topics that a model proposed), of each stored summary that has any."""
        with self._read() as connection:
            for row in connection.execute(select(_summary.content, _summary.body)):
                if proposed := load(Summary, row.body).proposed:
                    yield row.content, proposed

    def rewrite_issue(self, edition: str, day: date, change: Callable[[Issue], Issue]) -> tuple[Issue, Issue] | None:
        """Replace an issue by what *change* makes of it, in one transaction; returns the old and the new issue.

        None if nothing changed, or there is no such issue. Its papers must stay the same.
        """
        is_it = (_issue.edition == edition, _issue.date == day)
        with self._write("issue") as connection:
            body = connection.scalar(select(_issue.body).where(*is_it))
            if body is None:
                return None
            before = load(Issue, body)
            after = change(before)
            if after == before:
                return None
            connection.execute(update(tables.issue).where(*is_it).values(body=dump(after)))
        return before, after

    def rewrite_summaries(self, change: Callable[[Summary], Summary]) -> int:
        """Replace each stored summary by what *change* makes of it; returns how many changed."""
        key = tuple(tables.summary.primary_key.columns)
        last: tuple[str, ...] | None = None
        changed = 0
        while True:
            query = select(tables.summary).order_by(*key).limit(_IN_TURN)
            if last is not None:
                query = query.where(tuple_(*key) > last)
            with self._write() as connection:
                rows = connection.execute(query).all()
                for row in rows:
                    before = load(Summary, row.body)
                    after = change(before)
                    if after != before:
                        is_it = [column == getattr(row, column.name) for column in key]
                        connection.execute(update(tables.summary).where(*is_it).values(body=dump(after)))
                        changed += 1
            if len(rows) < _IN_TURN:
                return changed
            last = tuple(getattr(rows[-1], column.name) for column in key)
