"""Sources whose lists are pages in memory, and the web in which those stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from digest.core.errors import NotYetError, SourceError
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Announcement, Census, Document, Parsed, Record, Rejected, Signals
from digest.core.ports import Clock, Witness
from digest.store import SqlStore
from tests.conftest import paper


def page(*ns: int, **more: Any) -> dict[str, Any]:
    """A page that lists papers by number.

    Args:
        more: `next`, where the list goes on; `expected`; `rejected`, how many; `votes`, `titles` and `categories` by
            number; `known` and `cross`, numbers that are later versions and cross-lists; `lists`, the categories it
            holds together; `day`, for a witness.
    """
    return {"papers": ns, **more}


@dataclass
class FakeWeb:
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

    def __init__(self, *, error: SourceError | None = None) -> None:
        """With an *error* it cannot be understood."""
        self._error = error

    def urls(self, day: date) -> tuple[str, ...]:
        return ("witness",)

    def parse(self, content: bytes, *, url: str) -> Census:
        if self._error is not None:
            raise self._error
        value = json.loads(content)
        return Census(day=date.fromisoformat(value["day"]), total=len(value["papers"]), records=_records(value))


class FakeSource:
    """Reads pages of a `FakeWeb`."""

    kind = "fake"

    def __init__(
        self,
        web: FakeWeb,
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


class FakeArxivWeb(FakeWeb):
    """arXiv by the clock: at `feed` today's list in New York, empty on days without one; at `past-DAY` that day's."""

    def __init__(self, clock: Clock, lists: Mapping[date, dict[str, Any]]) -> None:
        super().__init__(pages={f"past-{day}": one for day, one in lists.items()})
        self._clock, self._lists = clock, lists

    def get(self, url: str) -> Document:
        day = self._clock().astimezone(ZoneInfo("America/New_York")).date()
        self.pages["feed"] = self._lists.get(day, page())
        return super().get(url)
