"""The papers that editions' interests name, and the papers that were printed lately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select

from digest.core.identity.ids import title_key
from digest.core.models import Paper, PaperId
from digest.store import tables
from digest.store.database import Database, chunks, upsert
from digest.store.papers import find_pks, load_papers
from digest.store.serialize import dump, load


class Interests(Database):
    """The part of the store that resolves interests."""

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]:
        """The papers known by *ids*: listed by a source, else fetched because an interest named them.

        Ids of no known paper are left out.
        """
        named = set(ids)
        interest = tables.interest.c
        with self._read() as connection:
            pks = find_pks(connection, named)
            papers = load_papers(connection, pks.values())
            found = {i: papers[pk] for i, pk in pks.items()}
            for some in chunks(sorted(named - found.keys())):
                rows = connection.execute(select(interest.id, interest.body).where(interest.id.in_(some)))
                found.update((PaperId(row.id), load(Paper, row.body)) for row in rows)
        return found

    def papers_titled(self, titles: Iterable[str]) -> dict[str, Paper]:
        """Title → paper, for those of *titles* that exactly one paper has, however it is spelled."""
        by_key: dict[str, set[str]] = {}
        for title in titles:
            by_key.setdefault(title_key(title), set()).add(title)
        paper = tables.paper.c
        pks: dict[str, list[int]] = {}
        with self._read() as connection:
            for some in chunks(sorted(by_key)):
                for row in connection.execute(select(paper.title_key, paper.pk).where(paper.title_key.in_(some))):
                    pks.setdefault(row.title_key, []).append(row.pk)
            papers = load_papers(connection, (pk for [pk, *others] in pks.values() if not others))
        return {title: papers[pk] for key, [pk, *_] in pks.items() if pk in papers for title in by_key[key]}

    def save_interest_papers(self, papers: Mapping[PaperId, Paper], *, at: datetime) -> None:
        """Keep papers that were fetched because an interest named them, under the id it named."""
        rows = [{"id": i, "body": dump(paper), "at": at} for i, paper in papers.items()]
        with self._write() as connection:
            upsert(connection, tables.interest, rows, update=("body", "at"))

    def printed_lately(self, edition: str, *, since: date, before: date) -> tuple[Paper, ...]:
        """The papers that *edition* printed from *since* until before *before*, the newest issue first."""
        considered = tables.considered.c
        query = (
            select(considered.paper_pk)
            .where(
                considered.edition == edition,
                considered.kind == "entry",
                considered.date >= since,
                considered.date < before,
            )
            .order_by(considered.date.desc(), considered.paper_pk)
        )
        with self._read() as connection:
            pks = list(dict.fromkeys(connection.scalars(query)))
            papers = load_papers(connection, pks)
        return tuple(papers[pk] for pk in pks)

    def note(self, key: str, value: str) -> bool:
        """Store *value* under *key*; whether it differs from what was stored there before."""
        meta = tables.meta.c
        with self._write() as connection:
            if connection.scalar(select(meta.value).where(meta.key == key)) == value:
                return False
            upsert(connection, tables.meta, [{"key": key, "value": value}], update=("value",))
            return True
