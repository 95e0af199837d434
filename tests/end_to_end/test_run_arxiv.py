"""Whole runs against an arXiv that is made up, at arXiv's own addresses: feed, listing pages, query API, OAI-PMH."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness
from digest.stages.report import Report
from tests.servers.arxiv import MadeUpArxiv
from tests.support.desk import Desk

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
