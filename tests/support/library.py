"""Lists in memory, and runs of the reader alone: what tests of late, stale, cut-off and missed lists are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.core.lists.freshness import missing_days
from digest.core.models import (
    SourceReport,
    SourceState,
)
from digest.stages.fetch import Reader
from digest.store import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.sources import FakeSource, FakeWeb
from tests.support.store_values import candidate_ids


class Library:
    """A store, a web, and runs on days of one's own choosing."""

    def __init__(self, store: SqlStore, clock: FakeClock, web: FakeWeb) -> None:
        self.store, self.clock, self.web = store, clock, web
        self.said: list[str] = []

    def run(self, source: FakeSource | Sequence[FakeSource], day: date, *, hour: float = 9) -> SourceReport:
        """Read what is due on *day*; how the (first) source stands then."""
        sources = [source] if isinstance(source, FakeSource) else list(source)
        self.clock.at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
        self.store.register_edition("daily", day)
        reader = Reader(
            store=self.store,
            sources={source.name: source for source in sources},
            editions={},
            zone=ZoneInfo("UTC"),
            fetcher=lambda _: self.web.get,
            clock=self.clock,
            progress=self.said.append,
            concurrency=2,
        )
        reader.read(sources, day, self.clock.at)
        [report] = self.store.source_reports("daily", [sources[0].name], day)
        return report

    def state(self, source: FakeSource | Sequence[FakeSource], day: date, *, hour: float = 9) -> SourceState:
        return self.run(source, day, hour=hour).state

    def found(self, day: date, *sources: str) -> set[int]:
        """Numbers of all papers that an edition may print on *day*."""
        return {number(i) for i in candidate_ids(self.store, day=day, sources=sources or ("list",))}

    def missing(self, source: FakeSource, day: date) -> tuple[date, ...]:
        readings = self.store.past_readings(source.name, since=day - timedelta(days=31), before=day)
        return missing_days(source.calendar, readings, day)


def number(paper_id: str) -> int:
    return int(paper_id.rpartition(".")[2])
