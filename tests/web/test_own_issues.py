"""A reader's own issues, as a page and as a private feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from digest.core.issues.personal import Pick, Picks
from digest.core.models import DeliveryState, Entry, NewDelivery, Signals, Summary
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import Link, Purpose
from tests.support.readers import delivered
from tests.support.reading import MONDAY, TUESDAY, Page, Readers, on, reading, text

ATOM = "{http://www.w3.org/2005/Atom}"
OWN = on(15)
"""A paper that the edition left out, and a reader got."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Readers]:
    with reading(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(site: Readers) -> Subscription:
    """A reader with a personal issue of Tuesday, and the edition's own of Monday."""
    one = site.subscribed(interests=("thin markets",))
    delivered(site.url, one, MONDAY, at=site.now - timedelta(days=1))
    printed = site.opened.store.issue("daily", TUESDAY)
    assert printed is not None
    left_out = Entry(
        paper=OWN,
        summary=Summary(tldr="Markets are thin & <b>odd</b>.", client="extractive"),
        sources=("arXiv",),
        reason="",
        score=0.0,
        signals=Signals(),
    )
    entries = {OWN.id: left_out, printed.entries[0].paper.id: printed.entries[0]}
    picks = Picks(
        edition="daily",
        day=TUESDAY,
        language="en",
        profile="p",
        picks=(
            Pick(paper=OWN.id, reason="matches “thin markets”", score=0.9, interests=("“thin markets”",)),
            Pick(paper=printed.entries[0].paper.id, reason="off your interests", score=0.1, is_off=True),
        ),
        leads=(OWN.id,),
        covers_since=TUESDAY,
    )
    due = NewDelivery(
        recipient=one.subscriber.address,
        message_id="<1@example.org>",
        state=DeliveryState.SENT,
        channel="feed",
        subscription=one.pk,
        profile="p",
        covers_until=TUESDAY,
    )
    saved = site.opened.store.save_readers(
        "daily", TUESDAY, [due], picks={"p": picks}, entries={"en": entries}, at=site.now
    )
    assert saved
    return site.now_of(one)


def feed_of(site: Readers, subscription: Subscription) -> ET.Element:
    return ET.fromstring(site.client.get(site.links(subscription).feed()).content)


# -- the page


def test_a_personal_issue_is_shown_whole_with_its_reasons(site: Readers, ada: Subscription) -> None:
    before = site.rows()

    answer = site.client.get(site.links(ada).issue(TUESDAY))

    page = Page(answer.text)
    assert answer.status_code == 200
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "2 papers, chosen for you" in page.text
    assert "matches “thin markets”" in page.text
    assert "Markets are thin & <b>odd</b>." in page.text
    assert [text(one) for one in page.all("h2") if OWN.title in text(one)]
    assert site.rows() == before


def test_each_paper_can_be_marked_from_the_page(site: Readers, ada: Subscription) -> None:
    page = Page(site.client.get(site.links(ada).issue(TUESDAY)).text)

    more = [one.get("href", "") for one in page.all("a") if text(one) == "more"]
    less = [one.get("href", "") for one in page.all("a") if text(one) == "less"]

    assert (len(more), len(less)) == (2, 2)
    marked = Page(site.client.get(more[0].replace("../", "/")).text)
    assert OWN.title in marked.text
    assert marked.one("button", value="more").get("class") == "main"
    site.client.post(less[0].replace("../", "/").partition("?")[0], data={"mark": "less"})
    assert [(m.paper.id, m.value) for m in site.opened.store.marks("daily", readers=[ada.reader])] == [(OWN.id, -1)]


def test_no_link_of_the_page_is_dead(site: Readers, ada: Subscription) -> None:
    page = Page(site.client.get(site.links(ada).issue(TUESDAY)).text)

    inside = {one.get("href", "").replace("../", "/") for one in page.all("a")} - {"#main"}
    dead = [url for url in inside if url.startswith("/") and site.client.get(url).status_code != 200]

    assert dead == []
    assert OWN.url in inside  # it has no page in the archive


def test_an_issue_shared_with_all_is_the_edition_s(site: Readers, ada: Subscription) -> None:
    page = Page(site.client.get(site.links(ada).issue(MONDAY)).text)
    issue = site.opened.store.issue("daily", MONDAY)

    assert issue is not None
    assert all(entry.paper.title in page.text for entry in issue.entries)
    assert "chosen for you" not in page.text


def test_a_day_without_an_issue_says_so(site: Readers, ada: Subscription) -> None:
    answer = site.client.get(site.links(ada).issue(TUESDAY + timedelta(days=1)))

    assert answer.status_code == 404
    assert "There is no issue of Wednesday 3 June 2026." in Page(answer.text).text


# -- the feed


def test_the_feed_has_what_the_reader_got_the_newest_first(site: Readers, ada: Subscription) -> None:
    feed = feed_of(site, ada)

    entries = feed.findall(f"{ATOM}entry")
    own, shared = (entry.findtext(f"{ATOM}content") or "" for entry in entries)
    assert len(entries) == 2
    assert OWN.title in own
    assert OWN.title not in shared
    assert "Markets are thin &amp; &lt;b&gt;odd&lt;/b&gt;." in own
    assert "?mark=more" in own


def test_the_feed_is_valid_and_names_itself(site: Readers, ada: Subscription) -> None:
    answer = site.client.get(site.links(ada).feed())
    feed = ET.fromstring(answer.content)

    base = "https://digest.example.org"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    ids = [one.text for one in feed.iter(f"{ATOM}id")]
    assert answer.headers["Content-Type"] == "application/atom+xml"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert links == {"self": f"{base}{site.links(ada).feed()}", "alternate": f"{base}/"}
    assert len(ids) == len(set(ids)) == 3
    assert all(one and one.startswith("tag:digest.example.org,2026:daily/") for one in ids)
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Test digest"
    assert feed.findtext(f"{ATOM}updated") == "2026-06-02T00:00:00Z"
    for entry in feed.findall(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}title")
        assert entry.findtext(f"{ATOM}updated")
        [link] = entry.findall(f"{ATOM}link")
        assert site.client.get(link.get("href", "")).status_code == 200


def test_a_program_that_has_the_feed_is_told_so(site: Readers, ada: Subscription) -> None:
    url = site.links(ada).feed()
    first = site.client.get(url)

    again = site.client.get(url, headers={"If-None-Match": f'"x", W/{first.headers["ETag"]}'})
    other = site.client.get(url, headers={"If-None-Match": '"x"'})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (other.status_code, other.content) == (200, first.content)


def test_a_reader_who_got_nothing_yet_has_an_empty_feed(site: Readers) -> None:
    feed = feed_of(site, site.subscribed("emmy@example.org"))

    assert feed.findall(f"{ATOM}entry") == []
    assert feed.findtext(f"{ATOM}updated") == "2026-06-02T00:00:00Z"


@pytest.mark.parametrize("place", ["mine", "feed"])
def test_only_the_reader_s_own_link_for_this_purpose_opens_it(site: Readers, ada: Subscription, place: str) -> None:
    wanted = {"mine": Purpose.ISSUE, "feed": Purpose.FEED}[place]
    end = ".xml" if place == "feed" else ""
    link = Link(subscription=ada.pk, day=TUESDAY)
    others = [site.keys.token(purpose, link, now=site.now) for purpose in Purpose if purpose is not wanted]
    void = site.keys.token(wanted, Link(subscription=ada.pk, links=7, day=TUESDAY))
    nobody = site.keys.token(wanted, Link(subscription=99, day=TUESDAY))

    answers = [site.client.get(f"/{place}/{token}{end}") for token in (*others, void, nobody, "x", "%2e%2e")]

    assert {answer.status_code for answer in answers} == {404}
    assert site.client.get(f"/{place}/{site.keys.token(wanted, link)}{end}").status_code == 200
