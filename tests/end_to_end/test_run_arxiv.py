"""Whole runs against an arXiv that is made up, at arXiv's own addresses: feed, listing pages, query API, OAI-PMH."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness
from digest.stages.report import Report
from tests.desk import Desk

CONFIG = """
[digest]
timezone = "UTC"

[[source]]
name = "arXiv"
kind = "arxiv"
categories = ["cs.LG", "cs.CL"]

[[edition]]
name = "daily"
recipients = ["ada@example.org"]
"""
MONDAY, TUESDAY, WEDNESDAY = date(2026, 6, 8), date(2026, 6, 9), date(2026, 6, 10)


@dataclass(slots=True)
class MadeUpArxiv:
    """What arXiv announces on which day: category → numbers of papers, which are theirs alone."""

    days: dict[date, dict[str, list[int]]]
    shown: dict[str, date] = field(default_factory=dict)
    """Category → the day whose list its feed shows."""
    lacking: frozenset[int] = frozenset()
    """Papers that the feed has lost."""
    listed_on: date = MONDAY
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


def papers(*numbers: int) -> list[str]:
    return [f"arxiv:2606.{n:05d}" for n in numbers]


class Lab:
    """A desk whose network is that arXiv."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder, CONFIG)
        self.arxiv = MadeUpArxiv(
            {
                MONDAY: {"cs.LG": [11, 12, 13], "cs.CL": [14, 15]},
                TUESDAY: {"cs.LG": [21, 22, 23], "cs.CL": [24, 25]},
                WEDNESDAY: {"cs.LG": [31, 32], "cs.CL": [34, 35]},
            }
        )

    def run(self, day: date, hour: int = 9, **shown: date) -> Report:
        """Run at an hour of *day*, when all lists are those of that day, but for the categories in *shown*."""
        self.arxiv.shown = {"cs.LG": shown.get("lg", day), "cs.CL": shown.get("cl", day)}
        self.arxiv.listed_on = shown.get("listing", day)
        self.desk.now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        with self.desk.app() as app:
            app.door = Door(
                transport=httpx2.MockTransport(self.arxiv), politeness=HostPoliteness(gap_s=0), sleep=lambda _: None
            )
            [report] = app.run((), day)
        return report


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_day_of_arxiv_is_read_and_compared_with_its_listing(lab: Lab) -> None:
    report = lab.run(MONDAY)

    assert sorted(lab.desk.printed(MONDAY)) == papers(11, 12, 13, 14, 15)
    assert (report.sources[0].state, report.sources[0].listed, report.sources[0].expected) == ("fresh", 5, 5)
    assert [urlsplit(url).hostname for url in lab.arxiv.asked] == ["rss.arxiv.org", "arxiv.org", "arxiv.org"]


def test_what_the_feed_lacks_comes_from_the_listing(lab: Lab) -> None:
    lab.arxiv.lacking = frozenset({12, 15})

    report = lab.run(MONDAY)

    assert sorted(lab.desk.printed(MONDAY)) == papers(11, 12, 13, 14, 15)
    assert report.sources[0].note == "2 of them only on arXiv’s listing"


def test_a_day_without_a_run_comes_from_the_query_api(lab: Lab) -> None:
    lab.run(MONDAY)

    report = lab.run(WEDNESDAY)

    assert sorted(lab.desk.printed(WEDNESDAY)) == papers(21, 22, 23, 24, 25, 31, 32, 34, 35)
    assert lab.desk.issue_json(WEDNESDAY)["covers"] == [str(TUESDAY), str(WEDNESDAY)]
    assert [(p.day, p.new) for p in report.sources[0].past] == [(TUESDAY, 5)]
    assert {urlsplit(url).hostname for url in lab.arxiv.asked} >= {"export.arxiv.org", "oaipmh.arxiv.org"}


def test_a_day_on_which_arxiv_was_down_is_filled_in(lab: Lab) -> None:
    lab.run(MONDAY)
    lab.arxiv.is_down = True
    down = lab.run(TUESDAY)
    lab.arxiv.is_down = False

    report = lab.run(WEDNESDAY)

    assert (down.status, down.sources[0].state) == ("failed", "failed")
    assert sorted(lab.desk.printed(WEDNESDAY)) == papers(21, 22, 23, 24, 25, 31, 32, 34, 35)
    assert report.sources[0].back_after == 1


def test_a_list_that_is_not_out_yet_locks_nothing(lab: Lab) -> None:
    lab.run(MONDAY)

    early = lab.run(TUESDAY, 5, lg=MONDAY, cl=MONDAY, listing=MONDAY)
    late = lab.run(TUESDAY, 9)

    assert (early.sources[0].state, early.issue) == ("waiting", None)
    assert (late.sources[0].state, late.sources[0].listed) == ("fresh", 5)
    assert sorted(lab.desk.printed(TUESDAY)) == papers(21, 22, 23, 24, 25)


def test_one_category_that_shows_an_earlier_list_is_named_and_comes_with_the_next_issue(lab: Lab) -> None:
    lab.run(MONDAY)

    partly = lab.run(TUESDAY, 5, cl=MONDAY, listing=MONDAY)
    later = lab.run(TUESDAY, 9)
    lab.run(WEDNESDAY)

    assert partly.sources[0].note == "cs.CL still shows an earlier list"
    assert sorted(lab.desk.printed(TUESDAY)) == papers(21, 22, 23)
    assert (later.sources[0].listed, later.sources[0].note) == (5, None)
    assert sorted(lab.desk.printed(WEDNESDAY)) == papers(24, 25, 31, 32, 34, 35)


def test_a_stale_feed_is_read_from_the_listing_instead(lab: Lab) -> None:
    lab.run(MONDAY)

    report = lab.run(TUESDAY, lg=MONDAY, cl=MONDAY)

    assert sorted(lab.desk.printed(TUESDAY)) == papers(21, 22, 23, 24, 25)
    assert (report.sources[0].state, report.sources[0].listed, report.sources[0].expected) == ("fresh", 5, 5)
    assert report.sources[0].note == "read from arXiv’s listing, for it still shows an earlier list"
