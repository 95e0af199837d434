"""Stored summaries and overviews, and claims on summaries that are being asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select

from digest.core.identity.ids import content_hash
from digest.core.models import Overview, Paper, Summary, SummaryKey
from digest.store import tables
from digest.store.database import chunks, insert_new, upsert
from digest.store.leases import Leases
from digest.store.papers import load_papers
from digest.store.serialize import dump, load

_summary = tables.summary.c


class Summaries(Leases):
    """The part of the store that the stage `summarize` talks to."""

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """The stored summaries with one of *keys*; keys without one are left out."""
        found = {}
        with self._read() as connection:
            for rest, contents in _alike(keys):
                query = select(_summary.content, _summary.body).where(*_of(tables.summary, rest, contents))
                for row in connection.execute(query):
                    found[replace(rest, content=row.content)] = load(Summary, row.body)
        return found

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None:
        """Store summaries and release the claims on them; a summary that is stored already stays as it is."""
        # In one order for all, so that two who store the same never wait for each other.
        rows = sorted(({**_columns(key), "body": dump(s)} for key, s in summaries.items()), key=_place)
        if not rows:
            return
        with self._write() as connection:
            upsert(connection, tables.summary, rows)
            self._release(connection, summaries)

    # -- claims

    def claim_summaries(self, keys: Iterable[SummaryKey]) -> frozenset[SummaryKey]:
        """Claim those of *keys* that are neither stored nor claimed by a live owner; returns the claimed ones.

        A claim is given to one caller only, also of two that share a store. It holds until the summary is stored, the
        claim is released, or this store's heartbeat ends. Keys of stand-ins must not be among *keys*.
        """
        claim = tables.summary_claim
        mine: set[SummaryKey] = set()
        wanted = _alike(keys)
        if not wanted:
            return frozenset()
        with self._write() as connection:
            self._keep_alive(connection)
            # Whoever sees a claim sees the sign of life that was given with it.
            connection.execute(delete(claim).where(~self._is_live(claim.c.owner)))
            for rest, contents in wanted:
                rows = [_claim_columns(replace(rest, content=content)) | {"owner": self.owner} for content in contents]
                free = insert_new(connection, claim, rows).returning(claim.c.content)
                claimed = set(connection.scalars(free))
                # Its last owner kept it before giving the claim back, so what was kept shows by now.
                stored = connection.scalars(select(_summary.content).where(*_of(tables.summary, rest, claimed)))
                needless = claimed.intersection(stored)
                connection.execute(delete(claim).where(*_of(claim, rest, needless)))
                mine |= {replace(rest, content=content) for content in claimed - needless}
        return frozenset(mine)

    def release_summaries(self, keys: Iterable[SummaryKey]) -> None:
        """Release those of this store's claims on *keys* that are still held."""
        with self._write() as connection:
            self._release(connection, keys)

    def _release(self, connection: Connection, keys: Iterable[SummaryKey]) -> None:
        claim = tables.summary_claim
        for rest, contents in _alike(key for key in keys if key.stood_in_on is None):
            connection.execute(delete(claim).where(claim.c.owner == self.owner, *_of(claim, rest, contents)))

    # -- renewal and overviews

    def outdated(
        self, editions: Sequence[str], now: SummaryKey, *, prompts: Collection[str]
    ) -> tuple[tuple[Paper, date], ...]:
        """Printed papers that have a model's summary under another prompt and none under the present ones.

        With the day they were printed last, the newest first. A paper whose text has changed since is not among them:
        what is stored is a summary of the text that was printed.

        Args:
            editions: Those that print in the language of *now*.
            now: The present client, model and language; its content and prompt are ignored.
            prompts: The present prompts: for summaries with points, and for brief ones.
        """
        same = [getattr(_summary, name) == getattr(now, name) for name in ("client", "model", "language")]
        # The extract that stood in for a summary is not one, and is asked again anyway.
        same.append(_summary.stood_in_on == "")
        renewed = select(_summary.content).where(*same, _summary.prompt.in_(sorted(prompts)))
        old = select(_summary.content).where(*same, _summary.prompt.not_in(sorted(prompts))).except_(renewed)
        with self._read() as connection:
            wanted = set(connection.scalars(old))
            if not wanted:
                return ()
            printed = dict(map(tuple, connection.execute(_printed(editions))))
            papers = load_papers(connection, printed)
        found = [(p, printed[pk]) for pk, p in papers.items() if content_hash(p.title, p.abstract) in wanted]
        return tuple(sorted(found, key=lambda one: (-one[1].toordinal(), one[0].id)))

    def overview(self, key: SummaryKey) -> Overview | None:
        """The stored overview under *key*, whose content is the hash of what it tells of; None if there is none."""
        overview = tables.overview
        with self._read() as connection:
            body = connection.scalar(
                select(overview.c.body).where(
                    *(overview.c[name] == value for name, value in _claim_columns(key).items())
                )
            )
        return None if body is None else load(Overview, body)

    def save_overview(self, key: SummaryKey, overview: Overview) -> None:
        """Store an overview; one that is stored already stays as it is."""
        with self._write() as connection:
            upsert(connection, tables.overview, [{**_claim_columns(key), "body": dump(overview)}])


def _alike(keys: Iterable[SummaryKey]) -> list[tuple[SummaryKey, list[str]]]:
    """Groups of *keys* that differ only in their content: a key without content, and the contents.

    All sorted, so that two transactions lock rows in the same order and never wait for each other.
    """
    alike: dict[SummaryKey, list[str]] = {}
    for key in sorted(set(keys), key=lambda key: _place(_columns(key))):
        alike.setdefault(replace(key, content=""), []).append(key.content)
    return [(rest, some) for rest, contents in alike.items() for some in chunks(contents)]


def _of(table: Table, rest: SummaryKey, contents: Collection[str]) -> list[ColumnElement[bool]]:
    """Conditions for the rows with one of *contents* and, in the other columns, the values of *rest*."""
    columns = _columns(rest) if "stood_in_on" in table.c else _claim_columns(rest)
    return [
        table.c.content.in_(sorted(contents)),
        *(table.c[name] == value for name, value in columns.items() if name != "content"),
    ]


def _columns(key: SummaryKey) -> dict[str, str]:
    """The columns of a summary's primary key; none of them may be null."""
    return {**dump(key), "stood_in_on": key.stood_in_on.isoformat() if key.stood_in_on else ""}


def _place(columns: Mapping[str, Any]) -> tuple[Any, ...]:
    """What summaries' rows are sorted by: the content last, for rows that differ in it alone are written together."""
    return (*(columns[n] for n in ("client", "model", "prompt", "language", "stood_in_on")), columns["content"])


def _claim_columns(key: SummaryKey) -> dict[str, str]:
    """The columns of the primary key of a claim or an overview: those of a summary without `stood_in_on`."""
    return {name: value for name, value in _columns(key).items() if name != "stood_in_on"}


def _printed(editions: Sequence[str]) -> Select[Any]:
    """Keys of the papers that *editions* printed, and when they did so last."""
    considered = tables.considered.c
    return (
        select(considered.paper_pk, func.max(considered.date))
        .where(considered.edition.in_(editions), considered.kind == "entry")
        .group_by(considered.paper_pk)
    )
