"""The parts that papers were joined out of, kept so that a wrong join can be undone.

    part            what the records of one canonical id said, from the moment on that a paper has records of two
    part_listing    which lists had that part
    kept_apart      ids of papers that a person took apart, so that the next reading does not join them again

A joined paper is its parts, merged. These functions take the connection of the caller's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from digest.core.identity.ids import ids_of
from digest.core.identity.resolve import Resolved
from digest.core.models import Paper, PaperId
from digest.store import tables
from digest.store.database import chunks, upsert
from digest.store.serialize import dump, load

_part = tables.part.c
_listing = tables.part_listing.c
_record = tables.record.c


class Listed(NamedTuple):
    """One list that had one part of a paper."""

    part: PaperId
    source: str
    day: date


def load_parts(connection: Connection, pks: Iterable[int]) -> dict[int, tuple[Paper, ...]]:
    """The parts of those of these papers that have any, sorted by canonical id."""
    parts: defaultdict[int, list[Paper]] = defaultdict(list)
    for some in chunks(sorted(set(pks))):
        query = select(_part.paper_pk, _part.body).where(_part.paper_pk.in_(some)).order_by(_part.paper_pk, _part.id)
        for row in connection.execute(query):
            parts[row.paper_pk].append(load(Paper, row.body))
    return {pk: tuple(some) for pk, some in parts.items()}


def load_listings(connection: Connection, pk: int) -> list[Listed]:
    """Which lists had which part of a paper; empty for a paper that was never joined."""
    rows = connection.execute(select(_listing.id, _listing.source, _listing.day).where(_listing.paper_pk == pk))
    return [Listed(PaperId(row.id), row.source, row.day) for row in rows]


def kept_apart(connection: Connection) -> dict[int, frozenset[PaperId]]:
    """Key of a paper → the ids that it must not be joined with; only for papers that a person split."""
    kept, alias = tables.kept_apart.c, tables.alias.c
    others: defaultdict[int, set[PaperId]] = defaultdict(set)
    for row in connection.execute(
        select(alias.paper_pk, kept.other).join_from(tables.kept_apart, tables.alias, alias.id == kept.id)
    ):
        others[row.paper_pk].add(PaperId(row.other))
    return {pk: frozenset(ids) for pk, ids in others.items()}


def keep_apart(connection: Connection, a: Paper, b: Paper, *, since: date) -> None:
    """Note that two papers are not one, under each of their ids, for a record may come with any of them."""
    pairs = [(i, j) for i in ids_of(a) for j in ids_of(b)]
    rows = [{"id": i, "other": j, "since": since} for pair in pairs for i, j in (pair, pair[::-1])]
    upsert(connection, tables.kept_apart, rows)


def take_parts(
    connection: Connection, papers: Sequence[Resolved], known: Mapping[int, Paper]
) -> dict[PaperId, list[Listed]]:
    """Remove the parts of these papers from the store and return them, before any paper is folded into another.

    Returns:
        Canonical id of each of *papers* → which lists had which part. A paper that was never joined has no rows of
        parts: then its only part had all its lists.
    """
    listings: dict[PaperId, list[Listed]] = {}
    for one in papers:
        pks = [pk for pk in (one.pk, *one.joined) if pk is not None]
        if not one.parts or not pks:
            continue
        listed = listings.setdefault(one.paper.id, [])
        with_parts = load_parts(connection, pks)
        for pk in pks:
            if pk in with_parts:
                listed += load_listings(connection, pk)
            else:
                rows = connection.execute(select(_record.source, _record.day).where(_record.paper_pk == pk))
                listed += [Listed(known[pk].id, row.source, row.day) for row in rows]
        forget_parts(connection, pks)
    return listings


def forget_parts(connection: Connection, pks: Sequence[int]) -> None:
    """Delete the parts of these papers."""
    for table in (tables.part_listing, tables.part):
        connection.execute(delete(table).where(table.c.paper_pk.in_(pks)))


def save_parts(
    connection: Connection,
    papers: Iterable[Resolved],
    pks: Mapping[PaperId, int],
    listings: Mapping[PaperId, list[Listed]],
    *,
    source: str,
    day: date,
) -> None:
    """Write down the parts of these papers, and that the reading of *day* had some of them."""
    for one in papers:
        if one.parts:
            now = [Listed(part, source, day) for part in one.listed_as]
            put_parts(connection, pks[one.paper.id], one.parts, [*listings.get(one.paper.id, ()), *now])


def put_parts(connection: Connection, pk: int, parts: Sequence[Paper], listed: Iterable[Listed]) -> None:
    """Write down parts of a paper, and which lists had them."""
    upsert(connection, tables.part, [{"paper_pk": pk, "id": part.id, "body": dump(part)} for part in parts])
    rows = [{"paper_pk": pk, "id": one.part, "source": one.source, "day": one.day} for one in listed]
    upsert(connection, tables.part_listing, rows)
