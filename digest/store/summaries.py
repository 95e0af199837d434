"""Summaries that were paid for, and what was paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, insert, select

from digest.core.models import Summary, SummaryKey
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

    def log_request(
        self,
        *,
        at: datetime,
        edition: str,
        client: str,
        model: str,
        papers: int,
        input_tokens: int,
        cached_tokens: int,
        output_tokens: int,
        cost_usd: float | None,
        outcome: str,
    ) -> None:
        """Write down one request to a model. *outcome* is "ok", or what was wrong, in a few words."""
        with self._write() as connection:
            connection.execute(
                insert(tables.request).values(
                    at=at,
                    edition=edition,
                    client=client,
                    model=model,
                    papers=papers,
                    input_tokens=input_tokens,
                    cached_tokens=cached_tokens,
                    output_tokens=output_tokens,
                    cost_usd=cost_usd,
                    outcome=outcome,
                )
            )

    def spent_usd(self, since: datetime) -> float:
        """What the requests since then cost, as far as their prices are known."""
        request = tables.request.c
        with self._read() as connection:
            return connection.scalar(select(func.sum(request.cost_usd)).where(request.at >= since)) or 0.0
