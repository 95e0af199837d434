"""Summaries and overviews that were paid for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from digest.core.identity.ids import content_hash
from digest.core.models import Overview, Paper, Summary, SummaryKey
from digest.store import tables
from digest.store.database import Database, chunks, upsert
from digest.store.papers import load_papers
from digest.store.serialize import dump, load

_summary = tables.summary.c


class Summaries(Database):
    """The part of the store that the stage `summarize` talks to."""

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """The stored summaries among *keys*."""
        # The keys of one run differ in their content alone.
        by_rest: dict[SummaryKey, list[str]] = {}
        for key in set(keys):
            by_rest.setdefault(replace(key, content=""), []).append(key.content)
        found = {}
        with self._read() as connection:
            for rest, contents in by_rest.items():
                same = [_summary[name] == value for name, value in _columns(rest).items() if name != "content"]
                for some in chunks(sorted(contents)):
                    query = select(_summary.content, _summary.body).where(_summary.content.in_(some), *same)
                    for row in connection.execute(query):
                        found[replace(rest, content=row.content)] = load(Summary, row.body)
        return found

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None:
        """Keep summaries; one that is there already stays as it is."""
        rows = [{**_columns(key), "body": dump(summary)} for key, summary in summaries.items()]
        if not rows:
            return
        with self._write() as connection:
            upsert(connection, tables.summary, rows)

    def outdated(self, editions: Sequence[str], now: SummaryKey) -> tuple[tuple[Paper, date], ...]:
        """Printed papers that have a model's summary under another prompt and none under the present one.

        With the day they were printed last, the newest first. A paper whose text has changed since is not among them:
        what is stored is a summary of the text that was printed.

        Args:
            editions: Those that print in the language of *now*.
            now: What is asked with at present; its content is not looked at.
        """
        same = [getattr(_summary, name) == getattr(now, name) for name in ("client", "model", "language")]
        # The extract that stood in for a summary is not one, and is asked again anyway.
        same.append(_summary.stood_in_on == "")
        renewed = select(_summary.content).where(*same, _summary.prompt == now.prompt)
        old = select(_summary.content).where(*same, _summary.prompt != now.prompt).except_(renewed)
        with self._read() as connection:
            wanted = set(connection.scalars(old))
            if not wanted:
                return ()
            printed = dict(map(tuple, connection.execute(_printed(editions))))
            papers = load_papers(connection, printed)
        found = [(p, printed[pk]) for pk, p in papers.items() if content_hash(p.title, p.abstract) in wanted]
        return tuple(sorted(found, key=lambda one: (-one[1].toordinal(), one[0].id)))

    def overview(self, key: SummaryKey) -> Overview | None:
        """The stored overview of a day; its key's content is the hash of what it was written about."""
        overview = tables.overview
        with self._read() as connection:
            body = connection.scalar(
                select(overview.c.body).where(*(overview.c[name] == value for name, value in _of_overview(key).items()))
            )
        return None if body is None else load(Overview, body)

    def save_overview(self, key: SummaryKey, overview: Overview) -> None:
        """Keep an overview; one that is there already stays as it is."""
        with self._write() as connection:
            upsert(connection, tables.overview, [{**_of_overview(key), "body": dump(overview)}])


def _columns(key: SummaryKey) -> dict[str, str]:
    """The primary key of a summary; no column of one may be null."""
    return {**dump(key), "stood_in_on": key.stood_in_on.isoformat() if key.stood_in_on else ""}


def _of_overview(key: SummaryKey) -> dict[str, str]:
    """The primary key of an overview: nothing is stored in place of one."""
    return {name: value for name, value in _columns(key).items() if name != "stood_in_on"}


def _printed(editions: Sequence[str]) -> Select[Any]:
    """Keys of the papers that *editions* printed, and when they did so last."""
    considered = tables.considered.c
    return (
        select(considered.paper_pk, func.max(considered.date))
        .where(considered.edition.in_(editions), considered.kind == "entry")
        .group_by(considered.paper_pk)
    )
