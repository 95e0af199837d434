"""The feeds that the archive gives out, read back as a feed reader reads them."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from digest.publish.drawing import FEED_ISSUES
from digest.publish.feeds import Feed, FeedItem, atom, feed_id, json_feed
from digest.publish.site import StaticSite
from tests.fakes.store import FakeIssues
from tests.support.issues import entry, issue, templates

ATOM = "{http://www.w3.org/2005/Atom}"


def feed(*items: FeedItem, url: str | None = "https://digest.example.org/daily/") -> Feed:
    return Feed(
        edition="daily",
        title="Research digest: daily",
        author="Research digest",
        language="en",
        updated=date(2026, 6, 3),
        url=url,
        items=items,
    )


def item(day: int = 3, *, title: str = "30 papers", content: str = "<p>x</p>") -> FeedItem:
    return FeedItem(day=date(2026, 6, day), title=title, summary="A summary.", content=content, topics=("Agents",))


def test_the_atom_feed_has_what_rfc_4287_demands() -> None:
    root = etree.fromstring(atom(feed(item(3), item(2))))

    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
    assert root.find(f"{ATOM}author/{ATOM}name").text == "Research digest"
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == "https://digest.example.org/daily/feed.xml"
    ids = [element.text for element in root.iter(f"{ATOM}id")]
    assert len(set(ids)) == 3


def test_a_feed_reader_reads_it_without_complaint() -> None:
    read = feedparser.parse(io.BytesIO(atom(feed(item(content="<p>a &lt; b</p>")))), sanitize_html=False)

    assert not read.bozo
    assert read.version == "atom10"
    assert read.entries[0].link == "https://digest.example.org/daily/2026-06-03/index.html"
    assert read.entries[0].content[0].value == "<p>a &lt; b</p>"
    assert read.entries[0].updated_parsed[:3] == (2026, 6, 3)


def test_characters_that_xml_cannot_hold_are_left_away() -> None:
    root = etree.fromstring(atom(feed(item(title="a\x00\x0b\ud800\ufffeb <&>"))))

    assert root.find(f"{ATOM}entry/{ATOM}title").text == "ab <&>"


def test_the_json_feed_has_what_version_1_1_demands() -> None:
    read = json.loads(json_feed(feed(item())))

    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["feed_url"] == "https://digest.example.org/daily/feed.json"
    assert read["items"][0]["url"] == "https://digest.example.org/daily/2026-06-03/index.html"
    assert read["items"][0]["id"] == feed_id("https://digest.example.org/daily/", "daily", date(2026, 6, 3))


def test_an_issue_keeps_its_id_when_the_site_moves_from_http_to_https() -> None:
    day = date(2026, 6, 3)

    assert feed_id("http://digest.example.org/daily/", "daily", day) == feed_id(
        "https://digest.example.org/x/", "daily", day
    )


def test_a_feed_without_a_place_has_relative_links_and_still_ids() -> None:
    root = etree.fromstring(atom(feed(item(), url=None)))
    read = json.loads(json_feed(feed(item(), url=None)))

    assert root.find(f"{ATOM}entry/{ATOM}link").get("href") == "2026-06-03/index.html"
    assert root.find(f"{ATOM}entry/{ATOM}id").text.startswith("urn:uuid:")
    assert "url" not in read["items"][0]


@pytest.mark.parametrize("name", ["feed.xml", "feed.json"])
def test_the_site_puts_the_newest_issues_with_papers_into_the_feeds(tmp_path: Path, name: str) -> None:
    days = [date.fromordinal(date(2026, 3, 1).toordinal() + n) for n in range(40)]
    store = FakeIssues(*(issue([entry(n)] if n != 38 else [], day=day) for n, day in enumerate(days)))

    StaticSite(tmp_path, templates(), store, title="Research digest", base_url="https://digest.example.org").draw(
        ["daily"]
    )

    content = (tmp_path / "daily" / name).read_text(encoding="utf-8")
    assert content.count("/index.html") >= FEED_ISSUES
    told = [day for day in days if f"/{day.isoformat()}/index.html" in content]
    assert told == [*days[25:38], days[39]]


def test_a_large_issue_is_cut_in_the_feed_and_says_so(tmp_path: Path) -> None:
    store = FakeIssues(issue([entry(n) for n in range(60)]))

    StaticSite(tmp_path, templates(), store, title="Research digest").draw(["daily"])

    content = (tmp_path / "daily" / "feed.xml").read_text(encoding="utf-8")
    assert content.count("&lt;li&gt;") == 50
    assert "10 more in the issue." in content


def test_what_stands_in_a_feed_is_escaped(tmp_path: Path) -> None:
    store = FakeIssues(issue([entry(paper={"title": "<script>alert(1)</script>"})]))

    StaticSite(tmp_path, templates(), store, title="Research digest").draw(["daily"])

    read = json.loads((tmp_path / "daily" / "feed.json").read_text(encoding="utf-8"))
    assert "&lt;script&gt;" in read["items"][0]["content_html"]
    assert "<script" not in read["items"][0]["content_html"]
