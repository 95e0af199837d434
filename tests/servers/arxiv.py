"""arXiv as a transport answers for it: its feeds, its listing pages, its query API, and an OAI-PMH that has nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qs, urlsplit

import httpx2


@dataclass(slots=True)
class MadeUpArxiv:
    """What arXiv announces on which day: category → numbers of papers, which are theirs alone."""

    days: dict[date, dict[str, list[int]]]
    shown: dict[str, date] = field(default_factory=dict)
    """Category → the day whose list its feed shows."""
    lacking: frozenset[int] = frozenset()
    """Papers that the feed has lost."""
    listed_on: date = date(2026, 6, 8)
    """The day of the listing pages."""
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        if self.is_down:
            raise httpx2.ConnectError("nobody there", request=request)
        parts = urlsplit(str(request.url))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.hostname:
            case "rss.arxiv.org":
                return httpx2.Response(200, text=self._feed(parts.path.rpartition("/")[2].split("+")))
            case "arxiv.org":
                return httpx2.Response(200, text=self._listing(parts.path.split("/")[2]))
            case "export.arxiv.org":
                return httpx2.Response(200, text=self._api(query["search_query"]))
            case _:
                return httpx2.Response(200, text='<OAI-PMH><error code="noRecordsMatch">none</error></OAI-PMH>')

    def _feed(self, categories: Iterable[str]) -> str:
        items = [
            f"<item><title>On matter {n}</title><link>https://arxiv.org/abs/2606.{n:05d}</link>"
            f"<description>arXiv:2606.{n:05d}v1 Announce Type: new \nAbstract: We study matter {n}.</description>"
            f"<guid>oai:arXiv.org:2606.{n:05d}v1</guid><category>{c}</category>"
            "<announce_type>new</announce_type><creator>Ada Lovelace</creator></item>"
            for c in categories
            for n in self.days[self.shown[c]][c]
            if n not in self.lacking
        ]
        return f"<rss version='2.0'><channel><title>updates on arXiv.org</title>{''.join(items)}</channel></rss>"

    def _listing(self, category: str) -> str:
        numbers = self.days[self.listed_on][category]
        entries = "".join(
            f"<dt><a href='/abs/2606.{n:05d}' title='Abstract' id='2606.{n:05d}'>arXiv:2606.{n:05d}</a></dt>"
            f"<dd><div class='meta'><div class='list-title mathjax'><span class='descriptor'>Title:</span> On"
            f" matter {n}</div><div class='list-authors'><a href='#'>Ada Lovelace</a></div><div class='list-subjects'>"
            f"<span class='descriptor'>Subjects:</span> <span class='primary-subject'>Things ({category})</span></div>"
            f"<p class='mathjax'>We study matter {n}.</p></div></dd>"
            for n in numbers
        )
        day = f"{self.listed_on:%A}, {self.listed_on.day} {self.listed_on:%B} {self.listed_on.year}"
        total = f"<div class='paging'>Total of {len(numbers)} entries</div>"
        return (
            "<!DOCTYPE html><html><head><title>New</title></head><body><div id='dlpage'>"
            f"<h3>Showing new listings for {day}</h3>{total}<dl id='articles'>"
            f"<h3>New submissions (showing {len(numbers)} of {len(numbers)} entries)</h3>{entries}</dl>{total}"
            "</div></body></html>"
        )

    def _api(self, query: str) -> str:
        # The list of a Tuesday has what was submitted until 18:00 GMT on Monday.
        deadline = query.rpartition(" TO ")[2][:8]
        day = next(d for d in sorted(self.days) if f"{d:%Y%m%d}" > deadline)
        entries = "".join(
            f"<entry><id>http://arxiv.org/abs/2606.{n:05d}v1</id><title>On matter {n}</title>"
            f"<summary>We study matter {n}.</summary><published>{day}T10:00:00Z</published>"
            f"<updated>{day}T10:00:00Z</updated><author><name>Ada Lovelace</name></author>"
            f"<category term='{c}'/><primary_category term='{c}'/></entry>"
            for c, numbers in self.days[day].items()
            for n in numbers
        )
        total = sum(map(len, self.days[day].values()))
        return f"<feed><totalResults>{total}</totalResults><startIndex>0</startIndex>{entries}</feed>"
