"""Splitting a paper that was wrongly joined out of two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from sqlalchemy import Connection, Table, func, insert, select, update

from digest.core.errors import NotFoundError
from digest.core.identity.ids import ids_of, known_by, merge, names_of
from digest.core.models import Issue, Paper, PaperId
from digest.core.words.text import quoted
from digest.store import tables
from digest.store.database import AnyRow, Database, new_paper_keys, upsert
from digest.store.papers import find_pks, load_papers, paper_values, replace_sketches
from digest.store.parts import Listed, forget_parts, keep_apart, load_listings, load_parts, put_parts
from digest.store.serialize import load

_TITLE = 60
"""Most letters of a title in a message that tells records apart."""
_p = tables.paper.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The two papers that one was split into."""

    kept: Paper
    """The paper under the old key; what was printed and said of the joined paper stays with it."""
    taken: Paper
    """The paper that was taken out."""
    is_new: bool = True
    """False: they were two papers already, and nothing was changed."""


class Joins(Database):
    """The part of the store that splits papers."""

    def parts_of(self, paper_id: PaperId) -> tuple[Paper, ...]:
        """The parts that the paper known by this id was joined out of, by canonical id; empty if it never was."""
        with self._read() as connection:
            return next(iter(load_parts(connection, find_pks(connection, [paper_id]).values()).values()), ())

    def kept_from(self, paper_id: PaperId) -> tuple[PaperId, ...]:
        """The ids of papers that the one known by this id was split from, sorted."""
        kept, alias, known = tables.kept_apart.c, tables.alias.c, tables.alias.alias()
        query = (
            select(kept.other)
            .distinct()
            .join_from(tables.kept_apart, tables.alias, alias.id == kept.id)
            .join(known, known.c.paper_pk == alias.paper_pk)
            .where(known.c.id == paper_id)
        )
        with self._read() as connection:
            return tuple(sorted(PaperId(other) for other in connection.scalars(query)))

    def split(self, paper_id: PaperId, part: PaperId | None = None, *, day: date) -> Split:
        """Take a part out of a paper: each gets its own words, ids and lists, and they are never joined again.

        An issue that printed the paper counts for the one of both whose id it printed.

        Args:
            part: An id of the part that is to be taken out; may be None if there are two.

        Raises:
            NotFoundError: The paper or the part is not there; or the paper was joined when parts were not kept yet.
        """
        with self._write("papers") as connection:
            pk = find_pks(connection, [paper_id]).get(paper_id)
            if pk is None:
                raise NotFoundError(f"the store has no paper {paper_id}")
            whole = load_papers(connection, [pk])[pk]
            taken, rest = _divide(whole, load_parts(connection, [pk]).get(pk, ()), part)
            kept = _without(reduce(merge, rest), ids_of(taken))
            listed = load_listings(connection, pk)
            new_pk = _insert(connection, taken, of=pk)
            connection.execute(update(tables.paper).where(_p.pk == pk).values(paper_values(kept)))
            _move_ids(connection, taken, to=new_pk, kept=kept.id)
            _share_lists(connection, pk, new_pk, taken.id, listed)
            _share_issues(connection, pk, new_pk, taken)
            forget_parts(connection, [pk])
            if len(rest) > 1:
                put_parts(connection, pk, rest, [one for one in listed if one.part != taken.id])
            replace_sketches(connection, {pk: whole}, {pk: kept, new_pk: taken})
            keep_apart(connection, kept, taken, since=day)
        return Split(kept=kept, taken=taken)


def _divide(whole: Paper, parts: Sequence[Paper], part: PaperId | None) -> tuple[Paper, list[Paper]]:
    """The part of *whole* that is to be taken out, and the others."""
    if len(parts) < 2:
        names = ", ".join(names_of(whole)[1:])
        aliases = f" ({names})" if names else ""
        raise NotFoundError(
            f"{whole.id} cannot be taken apart: all that is known of it came under one id, or its ids{aliases} were "
            "joined by version 0.1, which did not keep what each record had said"
        )
    names = ", ".join(f"{one.id} ({quoted(one.title, _TITLE)})" for one in parts)
    if part is None:
        if len(parts) > 2:
            raise NotFoundError(f"{whole.id} was joined out of {len(parts)} records: name one of {names}")
        part = next(one.id for one in parts if one.id != whole.id)
    # What a record is known by itself goes before what another record says of it.
    holders = [one for one in parts if one.id == part] or [one for one in parts if part in one.aliases]
    if not holders:
        raise NotFoundError(f"{whole.id} has no part {part}: name one of {names}")
    return holders[0], [one for one in parts if one is not holders[0]]


def _without(paper: Paper, ids: Iterable[PaperId]) -> Paper:
    """*paper* without those of its ids that belong to another paper."""
    gone = set(ids)
    return known_by(paper, (i for i in ids_of(paper) if i not in gone))


def _insert(connection: Connection, taken: Paper, *, of: int) -> int:
    first_seen = connection.scalar(select(_p.first_seen).where(_p.pk == of))
    [new_pk] = new_paper_keys(connection, 1)
    # Its id may be the one that the old row still bears.
    connection.execute(update(tables.paper).where(_p.pk == of).values(id=f"split:{of}"))
    connection.execute(insert(tables.paper).values(pk=new_pk, first_seen=first_seen, **paper_values(taken)))
    return new_pk


def _move_ids(connection: Connection, taken: Paper, *, to: int, kept: PaperId) -> None:
    alias = tables.alias
    moved = update(alias).where(alias.c.id.in_(ids_of(taken)))
    connection.execute(moved.values(paper_pk=to, reason=f"taken apart from {kept}"))


def _share_lists(connection: Connection, pk: int, new_pk: int, taken: PaperId, listed: Sequence[Listed]) -> None:
    """Give each paper the lists that had it, with their votes; a list that had both stays with both."""
    ours = {(one.source, one.day) for one in listed if one.part == taken}
    others = {(one.source, one.day) for one in listed if one.part != taken}
    our_sources, other_sources = ({source for source, _ in some} for some in (ours, others))
    record, vote = tables.record, tables.vote
    for row in connection.execute(select(record).where(record.c.paper_pk == pk)).all():
        here = (row.source, row.day)
        # A list that was repeated on another day has the same papers.
        is_ours = here in ours or (here not in others and row.source in our_sources)
        is_others = here in others or not is_ours or (here not in ours and row.source in other_sources)
        _give(connection, record, row, new_pk, move=is_ours and not is_others, copy=is_ours)
    for row in connection.execute(select(vote).where(vote.c.paper_pk == pk)).all():
        is_ours, is_others = row.source in our_sources, row.source in other_sources
        _give(connection, vote, row, new_pk, move=is_ours and not is_others, copy=is_ours)
    first = select(func.min(record.c.day)).where(record.c.paper_pk == new_pk).scalar_subquery()
    seen = update(tables.paper).where(_p.pk == new_pk, first > _p.first_seen)
    connection.execute(seen.values(first_seen=first))


def _give(connection: Connection, table: Table, row: AnyRow, new_pk: int, *, move: bool, copy: bool) -> None:
    """Copy a row of *table* to the paper *new_pk* (*copy*), and delete it from its own paper (*move*)."""
    if copy:
        upsert(connection, table, [{**row._mapping, "paper_pk": new_pk}])
    if move:
        keys = (table.c[column.name] == row._mapping[column.name] for column in table.primary_key.columns)
        connection.execute(table.delete().where(*keys))


def _share_issues(connection: Connection, pk: int, new_pk: int, taken: Paper) -> None:
    """Give the new paper the decisions of the issues that printed or cut it under one of its ids."""
    considered, issue = tables.considered, tables.issue
    query = (
        select(considered.c.edition, considered.c.date, issue.c.body)
        .join_from(considered, issue)
        .where(considered.c.paper_pk == pk)
    )
    for row in connection.execute(query).all():
        body = load(Issue, row.body)
        named = {entry.paper.id for entry in body.entries} | {one.id for one in body.left_out}
        if not named.isdisjoint(ids_of(taken)):
            this = (considered.c.edition == row.edition, considered.c.date == row.date, considered.c.paper_pk == pk)
            connection.execute(update(considered).where(*this).values(paper_pk=new_pk))
