"""Lists in memory, and runs of the reader alone: what tests of late, stale, cut-off and missed lists are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from digest.core.errors import NotYetError, SourceError
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.lists.freshness import missing_days
from digest.core.models import (
    Announcement,
    Census,
    Document,
    Parsed,
    Record,
    Rejected,
    Signals,
    SourceReport,
    SourceState,
)
from digest.core.ports import Witness
from digest.stages.fetch import Reader
from digest.store import SqlStore
from tests.conftest import paper
from tests.store_values import Hand, candidate_ids


def page(*ns: int, **more: Any) -> dict[str, Any]:
    """A page that lists papers by number.

    Args:
        more: `next`, where the list goes on; `expected`; `rejected`, how many; `votes`, `titles` and `categories` by
            number; `known` and `cross`, numbers that are later versions and cross-lists; `lists`, the categories it
            holds together; `day`, for a witness.
    """
    return {"papers": ns, **more}


@dataclass
class Web:
    """What stands at which address, and what was asked for."""

    pages: dict[str, Any] = field(default_factory=dict)
    """A page as `page` gives it, or the error that comes instead; None and nothing: there is no such document (yet)."""
    asked: list[str] = field(default_factory=list)
    parsed: list[str] = field(default_factory=list)
    remembers: SqlStore | None = None
    """Answers 304 for what this store has in the same words."""

    def get(self, url: str) -> Document:
        self.asked.append(url)
        found = self.pages.get(url)
        if found is None:
            raise NotYetError(f"there is nothing at {url} (yet)", url=url)
        if isinstance(found, SourceError):
            raise found
        content = json.dumps(found).encode()
        cached = self.remembers.cached(url) if self.remembers else None
        return Document(
            url=url, content=content, etag='"1"', unchanged=cached is not None and cached.content == content
        )

    def take(self) -> list[str]:
        """What was asked for since the last time."""
        asked, self.asked[:] = list(self.asked), []
        return asked


def _records(value: dict[str, Any]) -> tuple[Record, ...]:
    def given_to(n: int, name: str) -> Any:
        return value.get(name, {}).get(str(n))

    def announced(n: int) -> Announcement | None:
        if n in value.get("known", ()):
            return Announcement.REPLACE
        if n in value.get("cross", ()):
            return Announcement.CROSS
        return Announcement.NEW if "lists" in value else None

    return tuple(
        Record(
            paper=paper(
                n,
                title=given_to(n, "titles") or paper(n).title,
                categories=tuple(given_to(n, "categories") or ("cs.LG",)),
            ),
            announcement=announced(n),
            signals=Signals(upvotes=given_to(n, "votes")),
        )
        for n in value["papers"]
    )


class FakeWitness:
    """Tells of the list of a day at an address of its own."""

    name = "the other place"

    def urls(self, day: date) -> tuple[str, ...]:
        return ("witness",)

    def parse(self, content: bytes, *, url: str) -> Census:
        value = json.loads(content)
        return Census(day=date.fromisoformat(value["day"]), total=len(value["papers"]), records=_records(value))


class FakeSource:
    """Reads pages of a `Web`."""

    kind = "fake"

    def __init__(
        self,
        web: Web,
        *,
        name: str = "list",
        url: str = "{date}",
        past: str | None = "{date}",
        calendar: Calendar = ANY_DAY,
        rereads: tuple[int, ...] = (),
        witness: Witness | None = None,
    ) -> None:
        self.name, self.calendar, self.rereads, self.witness = name, calendar, rereads, witness
        self._web, self._url, self._past = web, url, past

    def url_for(self, day: date) -> str:
        return self._url.replace("{date}", str(day))

    def past_url(self, day: date) -> str | None:
        return None if self._past is None else self._past.replace("{date}", str(day))

    def parse(self, content: bytes, *, url: str) -> Parsed:
        self._web.parsed.append(url)
        value = json.loads(content)
        if "papers" not in value:
            raise SourceError("holds no papers", url=url)
        return Parsed(
            records=_records(value),
            rejected=(Rejected(reason="no title", excerpt="<item/>"),) * value.get("rejected", 0),
            expected=value.get("expected"),
            categories=tuple(value.get("lists", ())),
            next_url=value.get("next"),
        )


class Library:
    """A store, a web, and runs on days of one's own choosing."""

    def __init__(self, store: SqlStore, hand: Hand, web: Web) -> None:
        self.store, self.hand, self.web = store, hand, web
        self.said: list[str] = []

    def run(self, source: FakeSource | Sequence[FakeSource], day: date, *, hour: float = 9) -> SourceReport:
        """Read what is due on *day*; how the (first) source stands then."""
        sources = [source] if isinstance(source, FakeSource) else list(source)
        self.hand.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
        self.store.register_edition("daily", day)
        reader = Reader(
            store=self.store,
            sources={source.name: source for source in sources},
            editions={},
            zone=ZoneInfo("UTC"),
            fetcher=lambda _: self.web.get,
            clock=self.hand,
            progress=self.said.append,
            concurrency=2,
        )
        reader.read(sources, day, self.hand.now)
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
