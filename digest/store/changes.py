"""Changes of papers that were printed: withdrawn, revised, or rising in votes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, true

from digest.core.models import CHANGES, Change, Issue, Paper, PaperId, Subject
from digest.core.ranking.day import rose
from digest.store import tables
from digest.store.database import AnyRow, Database, chunks, upsert
from digest.store.papers import find_pks, find_subjects

_ANNOUNCED: Final = timedelta(days=31)
"""How far back a revision may have been announced."""
_REMEMBERED: Final = timedelta(days=365)
"""How long after it was printed a paper's withdrawal or revision is told."""
_RISING: Final = timedelta(days=10)
"""How long after it was printed a paper can be told to rise; votes are read again for seven days."""
_MOST_RISING: Final = 3

_considered = tables.considered.c
_record = tables.record.c


class Changes(Database):
    """The part of the store that follows printed papers."""

    def changes(self, edition: str, sources: Sequence[str], day: date, *, kinds: Sequence[str]) -> tuple[Change, ...]:
        """Changes, up to *day*, of papers that *edition* printed, that no issue of it has told yet.

        Sorted by kind, in the order of `CHANGES`, then by the day the paper was printed and its id. That a paper rises
        is told once, that it is withdrawn once, and that it is revised once for each version.
        """
        with self._read() as connection:
            found = [
                change
                for kind in CHANGES
                if kind in kinds
                for change in sorted(
                    _CHANGES_OF[kind](connection, edition, sources, day), key=lambda c: (c.printed_on, c.id)
                )
            ]
        return tuple(found)

    def subjects(self, edition: str, papers: Sequence[Paper], day: date) -> dict[PaperId, tuple[Subject, ...]]:
        """For each of *papers* that corrects, retracts or comments on others in the store, these, sorted by id.

        Args:
            day: Only issues of *edition* before it count as having printed one.
        """
        with self._read() as connection:
            found = find_subjects(connection, papers)
            printed: dict[int, date] = {}
            for some in chunks(sorted({pk for subjects in found.values() for pk in subjects})):
                query = (
                    select(_considered.paper_pk, func.max(_considered.date).label("day"))
                    .where(_considered.edition == edition, _considered.kind == "entry", _considered.date < day)
                    .where(_considered.paper_pk.in_(some))
                    .group_by(_considered.paper_pk)
                )
                printed.update((row.paper_pk, row.day) for row in connection.execute(query))
        return {
            of: tuple(
                sorted(
                    (Subject(id=p.id, title=p.title, printed_on=printed.get(pk)) for pk, p in subjects.items()),
                    key=lambda subject: subject.id,
                )
            )
            for of, subjects in found.items()
            if subjects
        }


def _printed(edition: str, what: str, since: date, day: date) -> Select[Any]:
    """Entries of issues of *edition* that are old enough to have changed, and of which *what* has not been told."""
    told, paper = tables.told.c, tables.paper
    again = tables.considered.alias("again")
    # A paper that was printed under two ids before it turned out to be one counts as it stood the last time.
    printed_again = select(1).where(
        again.c.edition == edition,
        again.c.paper_pk == _considered.paper_pk,
        again.c.kind == "entry",
        again.c.date > _considered.date,
        again.c.date < day,
    )
    said = select(1).where(told.edition == edition, told.paper_pk == _considered.paper_pk, told.what == what)
    return (
        select(
            paper.c.pk,
            paper.c.id,
            paper.c.title,
            paper.c.url,
            paper.c.version,
            paper.c.withdrawn,
            _considered.date.label("printed_on"),
            _considered.version.label("printed_version"),
            _considered.upvotes,
        )
        .join_from(tables.considered, paper)
        .where(
            _considered.edition == edition,
            _considered.kind == "entry",
            _considered.date >= since,
            _considered.date < day,
            ~printed_again.exists(),
            ~said.exists() if what != "revised" else true(),
        )
        .order_by(_considered.date, paper.c.pk)
    )


def _change(row: AnyRow, what: str, **more: Any) -> Change:
    return Change(id=PaperId(row.id), title=row.title, url=row.url, what=what, printed_on=row.printed_on, **more)


def _withdrawn(connection: Connection, edition: str, _sources: Sequence[str], day: date) -> list[Change]:
    query = _printed(edition, "withdrawn", day - _REMEMBERED, day).where(
        tables.paper.c.withdrawn, _considered.withdrawn.is_(False)
    )
    return [_change(row, "withdrawn") for row in connection.execute(query)]


def _revised(connection: Connection, edition: str, sources: Sequence[str], day: date) -> list[Change]:
    """Papers that have a later version than the one printed, as the edition's own sources announced it."""
    told = tables.told.c
    newest = (
        select(_record.paper_pk, func.max(_record.version).label("version"))
        .where(_record.source.in_(sources), _record.day.between(day - _ANNOUNCED, day), ~_record.is_news)
        .group_by(_record.paper_pk)
        .subquery()
    )
    said = select(1).where(
        told.edition == edition,
        told.paper_pk == newest.c.paper_pk,
        told.what == "revised",
        told.version >= newest.c.version,
    )
    query = (
        _printed(edition, "revised", day - _REMEMBERED, day)
        .join(newest, newest.c.paper_pk == _considered.paper_pk)
        .where(newest.c.version > func.coalesce(_considered.version, 1), ~said.exists(), ~tables.paper.c.withdrawn)
        .add_columns(newest.c.version.label("new_version"))
    )
    return [_change(row, "revised", version=row.new_version) for row in connection.execute(query)]


def _rising(connection: Connection, edition: str, sources: Sequence[str], day: date) -> list[Change]:
    """Papers of the last week or so that won many votes since they were printed; the strongest three."""
    vote = tables.vote.c
    query = _printed(edition, "rising", day - _RISING, day).where(_considered.upvotes.is_not(None))
    printed = {row.pk: row for row in connection.execute(query)}
    now: dict[int, int] = {}
    for some in chunks(sorted(printed)):
        counts = (
            select(vote.paper_pk, func.max(vote.upvotes).label("upvotes"))
            .where(vote.paper_pk.in_(some), vote.source.in_(sources), vote.day <= day)
            .group_by(vote.paper_pk)
        )
        now.update((row.paper_pk, row.upvotes) for row in connection.execute(counts))
    risen = [
        _change(row, "rising", upvotes=(row.upvotes, now[pk]))
        for pk, row in printed.items()
        if rose(row.upvotes, now.get(pk))
    ]
    return sorted(risen, key=lambda c: (c.upvotes[0] - c.upvotes[1], c.id))[:_MOST_RISING]


_CHANGES_OF: Final = {"withdrawn": _withdrawn, "revised": _revised, "rising": _rising}


def save_told(connection: Connection, issue: Issue) -> None:
    """Write down which changes *issue* tells, so that its edition does not tell them again."""
    pks = find_pks(connection, (change.id for change in issue.changes))
    rows = [
        {
            "edition": issue.edition,
            "paper_pk": pks[change.id],
            "what": change.what,
            "version": change.version or 0,
            "date": issue.date,
        }
        for change in issue.changes
        if change.id in pks
    ]
    upsert(connection, tables.told, rows)
