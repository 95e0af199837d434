"""Summaries and overviews that were paid for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import select

from digest.core.models import Overview, Summary, SummaryKey
from digest.store import tables
from digest.store.database import Database, chunks, upsert
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
                for some in chunks(sorted(contents)):
                    query = select(_summary.content, _summary.body).where(
                        _summary.content.in_(some),
                        _summary.client == rest.client,
                        _summary.model == rest.model,
                        _summary.prompt == rest.prompt,
                        _summary.language == rest.language,
                    )
                    for row in connection.execute(query):
                        found[replace(rest, content=row.content)] = load(Summary, row.body)
        return found

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None:
        """Keep summaries; one that is there already stays as it is."""
        rows = [{**dump(key), "body": dump(summary)} for key, summary in summaries.items()]
        if not rows:
            return
        with self._write() as connection:
            upsert(connection, tables.summary, rows)

    def overview(self, key: SummaryKey) -> Overview | None:
        """The stored overview of a day; its key's content is the hash of what it was written about."""
        overview = tables.overview
        with self._read() as connection:
            body = connection.scalar(
                select(overview.c.body).where(*(overview.c[name] == value for name, value in dump(key).items()))
            )
        return None if body is None else load(Overview, body)

    def save_overview(self, key: SummaryKey, overview: Overview) -> None:
        """Keep an overview; one that is there already stays as it is."""
        with self._write() as connection:
            upsert(connection, tables.overview, [{**dump(key), "body": dump(overview)}])
