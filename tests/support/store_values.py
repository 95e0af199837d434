"""What tests put into a store: readings and issues made with one call, and a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, inspect

from digest.core.lists.freshness import Seen, Verdict
from digest.core.models import (
    Announcement,
    Delivery,
    Entry,
    Issue,
    LeftOut,
    Paper,
    PaperId,
    Parsed,
    Record,
    Section,
    Signals,
    SourceState,
    Summary,
    Usage,
)
from digest.core.summaries.ledger import RequestPlan
from digest.store import SqlStore
from tests.conftest import NOON, ROOT

DAY = date(2026, 6, 3)


def listed(one: Paper, announcement: Announcement | None = None, **signals: int) -> Record:
    return Record(paper=one, announcement=announcement, signals=Signals(**signals))


def by_ids(seen: Seen) -> Verdict:
    """What a list means, as far as its ids tell."""
    return Verdict(state=SourceState.FRESH if seen.unseen else SourceState.QUIET)


def read(store: SqlStore, *records: Record | Paper, source: str = "hf", day: date = DAY, **changes: Any) -> None:
    """Save a reading; its state is `fresh` if a paper was never seen before, else `quiet`."""
    arguments: dict[str, Any] = {
        "at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "documents": (),
        "parsed": Parsed(records=tuple(r if isinstance(r, Record) else listed(r) for r in records)),
        "judge": by_ids,
        "read_on": day,
    }
    store.save_reading(source, day, **{**arguments, **changes})


def issue(*printed: Paper, cut: tuple[Paper, ...] = (), day: date = DAY, edition: str = "daily") -> Issue:
    entries = tuple(
        Entry(
            paper=one,
            summary=Summary(tldr="It works.", client="extractive"),
            sources=("hf",),
            reason="matches things",
            score=0.5,
            signals=Signals(),
        )
        for one in printed
    )
    return Issue(
        edition=edition,
        date=day,
        title="Research digest",
        language="en",
        overview="Things.",
        sections=(Section(topic="Things", entries=entries),) if entries else (),
        sources=(),
        left_out=tuple(LeftOut(id=one.id, title=one.title, url=one.url, reason="no room") for one in cut),
        usage=Usage(client="extractive"),
        why_empty=None if entries else "nothing new",
    )


def publish(store: SqlStore, *printed: Paper, day: date = DAY, edition: str = "daily", **others: Any) -> bool:
    """Store an issue, built at noon; *others* are `cut` for the issue, and `deliveries`."""
    built = issue(*printed, cut=others.pop("cut", ()), day=day, edition=edition)
    return store.save_issue(built, at=NOON, deliveries=others.pop("deliveries", {}), **others)


def claim(store: SqlStore, edition: str = "daily", day: date = DAY) -> Delivery | None:
    """Claim one delivery."""
    return next(iter(store.claim_deliveries(edition, day, limit=1)), None)


def plan(most_usd: float | None, **changes: Any) -> RequestPlan:
    """A request that may cost so much, for the ledger."""
    arguments: dict[str, Any] = {
        "at": NOON,
        "run": "1",
        "edition": "daily",
        "client": "openai",
        "model": "m",
        "prompt": "p",
        "purpose": "summaries",
        "papers": 5,
        "most_usd": most_usd,
    }
    return RequestPlan(**{**arguments, **changes})


def candidate_ids(store: SqlStore, *, day: date = DAY, sources: tuple[str, ...] = ("hf",), **changes: Any) -> list[str]:
    found = store.candidates(changes.pop("edition", "daily"), sources, day, carry_days=changes.pop("carry_days", 3))
    return [c.paper.id for c in found]


def printed_in(store: SqlStore, paper_id: PaperId) -> tuple[tuple[str, date], ...]:
    """(edition, date) of the issues that printed a paper."""
    return tuple((d.edition, d.date) for d in store.decisions_on(paper_id) if d.is_printed)


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Run *script* in a Python of its own, with this checkout's package."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fitting(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """*rows* of papers without the columns that the database, which may be an earlier program's, does not have."""
    there = {column["name"] for column in inspect(connection).get_columns("paper")}
    return [{name: value for name, value in row.items() if name in there} for row in rows]
