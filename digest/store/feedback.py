"""Feedback of readers on papers: more like this, or less. The last mark of each reader counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from digest.core.errors import NotFoundError
from digest.core.models import Paper, PaperId
from digest.store import tables
from digest.store.database import Database, chunks, upsert
from digest.store.papers import find_pks, load_papers

_f = tables.feedback.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One reader's feedback on one paper, for one edition."""

    edition: str
    reader: str
    """Empty for the operator."""
    paper: Paper
    value: int
    """1: more like it. -1: less."""
    at: datetime


class Feedback(Database):
    """The part of the store that keeps readers' feedback."""

    def mark(self, edition: str, paper_id: PaperId, value: int, *, at: datetime, reader: str = "") -> None:
        """Write down that *reader* wants more papers like this one, or less; an earlier mark is replaced.

        Args:
            value: 1 for more, -1 for less.
            reader: Who said so; empty for the operator.

        Raises:
            NotFoundError: The store has no such paper.
        """
        if value not in (1, -1):
            raise ValueError(f"a mark is 1 or -1, not {value}")
        with self._write("papers") as connection:
            pks = find_pks(connection, [paper_id])
            if not pks:
                raise NotFoundError(f"the store has no paper {paper_id}")
            row = {"edition": edition, "reader": reader, "paper_pk": pks[paper_id], "value": value, "at": at}
            upsert(connection, tables.feedback, [row], update=("value", "at"))

    def unmark(self, edition: str, paper_id: PaperId, *, reader: str = "") -> bool:
        """Delete the mark of *reader* on a paper; whether there was one."""
        with self._write("papers") as connection:
            pks = find_pks(connection, [paper_id]).values()
            gone = delete(tables.feedback).where(_f.edition == edition, _f.reader == reader, _f.paper_pk.in_(list(pks)))
            return bool(connection.execute(gone).rowcount)

    def readers_with_marks(self, edition: str, readers: Collection[str]) -> frozenset[str]:
        """Those of *readers* who marked a paper of *edition*."""
        found: set[str] = set()
        with self._read() as connection:
            for some in chunks(sorted(readers)):
                query = select(_f.reader).where(_f.edition == edition, _f.reader.in_(some)).distinct()
                found.update(connection.scalars(query))
        return frozenset(found)

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> tuple[Mark, ...]:
        """The marks for *edition*, or for all editions, the newest first; with *readers*, only theirs."""
        query = select(tables.feedback)
        if edition is not None:
            query = query.where(_f.edition == edition)
        if readers is not None:
            query = query.where(_f.reader.in_(readers))
        with self._read() as connection:
            rows = connection.execute(query).all()
            papers = load_papers(connection, {row.paper_pk for row in rows})
        found = [
            Mark(edition=row.edition, reader=row.reader, paper=papers[row.paper_pk], value=row.value, at=row.at)
            for row in rows
        ]
        return tuple(sorted(found, key=lambda m: (-m.at.timestamp(), m.edition, m.paper.id, m.reader)))
