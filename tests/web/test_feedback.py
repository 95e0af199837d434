"""More or less like a paper: said before what it changes, marked by POST alone, listed and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest.core.models import Paper
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import Link, Purpose, paper_number
from tests.support.reading import TUESDAY, Page, Readers, on, reading, text


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Readers]:
    with reading(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(site: Readers) -> Subscription:
    return site.subscribed()


def printed(site: Readers) -> list[Paper]:
    """The papers of Tuesday's issue."""
    return [on(int(paper[-5:])) for paper in site.printed(TUESDAY)]


def url_of(site: Readers, subscription: Subscription, paper: Paper) -> str:
    return site.links(subscription).feedback(paper.id, TUESDAY)


def marks(site: Readers, subscription: Subscription) -> list[tuple[str, int]]:
    found = site.opened.store.marks("daily", readers=[subscription.reader])
    return [(mark.paper.id, mark.value) for mark in found]


def buttons(page: Page) -> list[str]:
    return [one.get("value", "") for one in page.all("button", name="mark") if one.get("aria-label") is None]


def test_looking_marks_nothing_whatever_the_link_preselects(site: Readers, ada: Subscription) -> None:
    one, before = printed(site)[0], site.rows()

    answers = [site.client.get(url_of(site, ada, one) + query) for query in ("", "?mark=more", "?mark=less", "?mark=x")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [buttons(Page(answer.text)) for answer in answers] == [
        ["more", "less"],
        ["more", "less"],
        ["less", "more"],
        ["more", "less"],
    ]
    assert site.rows() == before
    assert one.title in Page(answers[0].text).text


def test_what_a_mark_changes_is_said_before_and_is_what_it_changes(site: Readers, ada: Subscription) -> None:
    poem = next(one for one in printed(site) if "poems" in one.title)
    other = next(on(n) for n in range(13, 23) if "poems" in on(n).title)
    url = url_of(site, ada, poem)

    before = Page(site.client.get(url).text)
    after = Page(site.client.post(url, data={"mark": "more"}).text)
    would = Page(site.client.get(site.links(ada).preferences()).text)

    told = re.search(
        r"More like it It (changes 1 place of the 4 of .*? out A study of [a-z ]+, part \d+) ", before.text
    )
    assert told
    assert f"in {other.title} out" in told[1]
    assert f"Tried on the other papers of the last issue, it {told[1]}" in after.text
    assert text(after.one("h1")) == "There will be more like it."
    assert marks(site, ada) == [(poem.id, 1)]
    assert other.title in would.text


def test_a_mark_that_changes_nothing_says_so(site: Readers, ada: Subscription) -> None:
    site.opened.store.change_subscription(ada.pk, max_papers=12)
    page = Page(site.client.get(url_of(site, ada, printed(site)[0])).text)

    assert "More like it It leaves the papers of Tuesday 2 June 2026 as they are" in page.text


def test_a_mark_is_taken_back_and_another_takes_its_place(site: Readers, ada: Subscription) -> None:
    one = printed(site)[0]
    url = url_of(site, ada, one)

    site.client.post(url, data={"mark": "more"})
    page = Page(site.client.get(url).text)
    site.client.post(url, data={"mark": "less"})
    turned = marks(site, ada)
    taken = Page(site.client.post(url, data={"mark": "none"}).text)
    again = Page(site.client.post(url, data={"mark": "none"}).text)

    assert "You asked for more like it." in page.text
    assert buttons(page) == ["less", "none"]
    assert turned == [(one.id, -1)]
    assert "The mark is taken back." in taken.text
    assert "There was no mark to take back." in again.text
    assert marks(site, ada) == []


def test_earlier_marks_are_listed_and_each_is_taken_back_by_its_button(site: Readers, ada: Subscription) -> None:
    first, second, *_ = printed(site)
    site.client.post(url_of(site, ada, first), data={"mark": "more"})
    site.now += timedelta(days=1)
    site.client.post(url_of(site, ada, second), data={"mark": "less"})
    url = url_of(site, ada, printed(site)[2])

    page = Page(site.client.get(url).text)
    listed = [text(one) for one in page.all("li") if "Take back" in text(one)]
    number = [one.get("value", "") for one in page.all("input", name="paper")]
    after = Page(site.client.post(url, data={"mark": "none", "paper": number[1]}).text)

    assert listed == [
        f"less · 3 June 2026 {second.title} Take back",
        f"more · 2 June 2026 {first.title} Take back",
    ]
    assert marks(site, ada) == [(second.id, -1)]
    assert first.title in text(after.one("div", role="status"))


def test_a_mark_counts_for_this_reader_and_edition_alone(site: Readers, ada: Subscription) -> None:
    emmy, other = site.subscribed("emmy@example.org"), site.subscribed(edition="other")
    one = printed(site)[0]

    site.client.post(url_of(site, ada, one), data={"mark": "less"})

    assert marks(site, ada) == [(one.id, -1)]
    assert marks(site, emmy) == []
    assert site.opened.store.marks("other") == ()
    assert "You asked" not in Page(site.client.get(url_of(site, emmy, one)).text).text
    assert other.reader != ada.reader


@pytest.mark.parametrize("mark", ["", "most", "1", "more\r\nX: y", "{{7*7}}"])
def test_what_is_no_mark_changes_nothing(site: Readers, ada: Subscription, mark: str) -> None:
    before = site.rows()

    answer = site.client.post(url_of(site, ada, printed(site)[0]), data={"mark": mark})

    assert site.rows() == before
    assert "Choose what there should be more or less of." in Page(answer.text).text


@pytest.mark.parametrize("number", ["0", "1", "-1", "1e9", "9" * 40, "٣", "x", "18446744073709551616"])
def test_only_marks_that_there_are_can_be_taken_back(site: Readers, ada: Subscription, number: str) -> None:
    one = printed(site)[0]
    site.client.post(url_of(site, ada, printed(site)[1]), data={"mark": "more"})

    answer = site.client.post(url_of(site, ada, one), data={"mark": "none", "paper": number})

    assert answer.status_code == 200
    assert marks(site, ada) == [(printed(site)[1].id, 1)]


def test_another_paper_cannot_be_marked_with_the_link_of_one(site: Readers, ada: Subscription) -> None:
    first, second, *_ = printed(site)

    site.client.post(url_of(site, ada, first), data={"mark": "more", "paper": str(paper_number(second.id))})

    assert marks(site, ada) == [(first.id, 1)]


def test_a_paper_that_was_left_out_that_day_cannot_be_marked(site: Readers, ada: Subscription) -> None:
    left = next(on(n) for n in range(13, 25) if on(n) not in printed(site))

    answers = [
        site.client.get(url_of(site, ada, left)),
        site.client.post(url_of(site, ada, left), data={"mark": "more"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert marks(site, ada) == []


def test_only_the_reader_s_own_link_for_this_purpose_opens_the_page(site: Readers, ada: Subscription) -> None:
    one = printed(site)[0]
    link = Link(subscription=ada.pk, day=TUESDAY, paper=paper_number(one.id))
    others = [site.keys.token(purpose, link, now=site.now) for purpose in Purpose if purpose is not Purpose.FEEDBACK]
    old = url_of(site, ada, one)
    site.opened.store.renew_links(ada.subscriber.pk)
    before = site.rows()

    answers = [site.client.post(url, data={"mark": "more"}) for url in (old, *(f"/feedback/{o}" for o in others))]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert site.rows() == before
