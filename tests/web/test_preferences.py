"""The page of preferences: what a reader sets is kept, what is wrong is said beside its field, GET changes nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.core.subscribers.tokens import Link, Purpose
from tests.support.reading import TUESDAY, Page, Readers, on, reading, text

BIB = (
    b"@article{one, title={Walking robots on gravel}, abstract={Robots that walk on gravel beds.}, "
    b"author={Ada Lovelace}}"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Readers]:
    with reading(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(site: Readers) -> Subscription:
    return site.subscribed()


def page_of(site: Readers, subscription: Subscription) -> Page:
    return Page(site.client.get(site.links(subscription).preferences()).text)


def test_looking_changes_nothing_and_is_not_kept_by_anybody(site: Readers, ada: Subscription) -> None:
    before = site.rows()

    answer = site.client.get(site.links(ada).preferences())

    assert answer.status_code == 200
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert site.rows() == before


def test_what_is_set_is_kept_and_shown_again(site: Readers, ada: Subscription) -> None:
    fields = {
        "interests": "walking robots\r\n\r\nauthor: Emmy Noether",
        "avoid": "old poems",
        "cadence": "weekly:mon",
        "paused_until": "2026-06-20",
        "max_papers": "12",
        "lead": "3",
        "zone": "asia/tokyo",
    }

    answer = site.client.post(site.links(ada).preferences(), data={**fields, "do": "save"})

    now, page = site.now_of(ada), Page(answer.text)
    assert answer.status_code == 200
    assert text(page.one("div", role="status")) == "Saved."
    assert (now.interests, now.avoid) == (("walking robots", "author: Emmy Noether"), ("old poems",))
    assert (now.cadence, str(now.paused_until), now.max_papers, now.lead) == ("weekly:mon", "2026-06-20", 12, 3)
    assert now.zone == "Asia/Tokyo"
    assert page.value("interests") == "walking robots\nauthor: Emmy Noether"
    assert (page.value("cadence"), page.value("paused_until"), page.value("zone")) == (
        "weekly:mon",
        "2026-06-20",
        "Asia/Tokyo",
    )
    assert "Paused: the first issue comes on Saturday 20 June 2026 again" in page.text


def test_a_field_that_is_not_sent_stays_as_it_is(site: Readers, ada: Subscription) -> None:
    site.opened.store.change_subscription(ada.pk, interests=("robots",), cadence="weekdays")

    site.client.post(site.links(ada).preferences(), data={"avoid": "poems"})

    now = site.now_of(ada)
    assert (now.interests, now.avoid, now.cadence) == (("robots",), ("poems",), "weekdays")


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("interests", "library.bib", "is the name of a file: upload the file itself"),
        ("interests", "../../etc/passwd.bib", "is the name of a file"),
        ("interests", "\n".join(map(str, range(51))), "51 are too many"),
        ("interests", "w" * 201, "has 201 letters"),
        ("interests", "a\n" * 30_000, "59,999 letters"),
        ("interests", "http://127.0.0.1:8000/admin", "is no address of a paper"),
        ("avoid", "author: ?", "names nobody"),
        ("cadence", "hourly", "is not daily, weekdays"),
        ("paused_until", "2026-06-02", "is not a day to come"),
        ("paused_until", "2020-01-01", "is not a day to come"),
        ("paused_until", "9999-12-31", "two years at most"),
        ("paused_until", "20260620", "is not a day such as"),
        ("paused_until", "2026-W30-1", "is not a day such as"),
        ("paused_until", "soon", "is not a day such as"),
        ("max_papers", "0", "is not a number from 1 to 200"),
        ("max_papers", "1e3", "is not a number"),
        ("lead", "5", "5 cannot be shown in full where an issue has 4 papers"),
        ("zone", "Mars/Olympus", "is not a time zone"),
        ("zone", "../../../etc/passwd", "is not a time zone"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    site: Readers, ada: Subscription, name: str, typed: str, said: str
) -> None:
    before = site.rows()
    fields = {"interests": "old poems", "avoid": "galaxies", "zone": "Asia/Tokyo", name: typed}

    answer = site.client.post(site.links(ada).preferences(), data=fields)

    page = Page(answer.text)
    assert answer.status_code == 422
    assert said in page.trouble(name)
    assert page.trouble(name).endswith(".")
    assert site.rows() == before
    assert "Nothing was saved" in text(page.one("div", role="status"))
    for field, value in fields.items():
        if field != "cadence":  # a choice that is none cannot be shown
            assert page.value(field) == value.rstrip("\n") or page.value(field) == value


def test_what_is_wished_and_avoided_at_once_is_refused(site: Readers, ada: Subscription) -> None:
    answer = site.client.post(site.links(ada).preferences(), data={"interests": "robots", "avoid": "Robots"})

    assert "“Robots” is to be avoided and an interest too" in Page(answer.text).trouble("avoid")


# -- what the last issue would have been


def would(page: Page) -> list[tuple[str, str]]:
    """Titles of the issue that might be, with what stands behind each."""
    [listed] = page.all("ol")
    return [(text(item[0]), " ".join(text(one) for one in item[1:])) for item in listed]


def test_the_page_shows_what_the_last_issue_would_have_been(site: Readers, ada: Subscription) -> None:
    printed = {on(int(paper[-5:])).title for paper in site.printed(TUESDAY)}

    page = page_of(site, ada)

    assert {title for title, _ in would(page)} == printed
    assert "the issue of Tuesday 2 June 2026 would have been" in page.text
    assert "4 of 12 papers" in page.text
    assert "“gravel bed rivers” finds 2 of 12 papers, 2 in the issue" in page.text


def test_wishes_are_tried_at_once_and_not_saved(site: Readers, ada: Subscription) -> None:
    before = site.rows()

    answer = site.client.post(
        site.links(ada).preferences(),
        data={"try": "1", "interests": "walking robots\nquantum gravity", "max_papers": "3", "do": ""},
    )

    page = Page(answer.text)
    assert answer.status_code == 200
    assert site.rows() == before
    titles = dict(would(page))
    assert len(titles) == 3
    assert titles[on(16).title].startswith("new · matches “walking robots”")
    assert "are others than with what is saved" in page.text
    assert "“walking robots” finds 2 of 12 papers, 2 in the issue" in page.text
    assert "“quantum gravity” finds nothing in 12 papers; try fewer or other words" in page.text
    assert page.value("interests") == "walking robots\nquantum gravity"


def test_what_is_in_trouble_is_tried_as_it_was(site: Readers, ada: Subscription) -> None:
    answer = site.client.post(
        site.links(ada).preferences(), data={"try": "1", "interests": "x.bib", "avoid": "gravel bed rivers"}
    )

    page = Page(answer.text)
    assert "is the name of a file" in page.trouble("interests")
    assert not [title for title, _ in would(page) if "gravel" in title]


def test_readers_wishes_do_not_change_each_other_s_issues(site: Readers, ada: Subscription) -> None:
    emmy = site.subscribed("emmy@example.org", interests=("old poems",))

    of_emmy, of_ada = would(page_of(site, emmy)), would(page_of(site, ada))

    assert "poems" in of_emmy[0][0]
    assert "rivers" in of_ada[0][0]


def test_an_edition_without_issues_says_so(tmp_path: Path) -> None:
    from tests.support.desk import CONFIG
    from tests.support.visiting import SERVED, visiting

    with visiting(tmp_path, CONFIG + SERVED) as site:
        ada = site.subscribed()
        token = site.keys.token(Purpose.PREFERENCES, Link(subscription=ada.pk))
        page = Page(site.client.get(f"/preferences/{token}").text)

    assert "No issue came out yet" in page.text


# -- libraries


def test_a_library_is_added_counted_and_removed(site: Readers, ada: Subscription) -> None:
    url = site.links(ada).preferences()

    added = Page(site.client.post(url, data={"do": "save"}, files={"library": ("mine.bib", BIB)}).text)
    libraries = site.opened.store.libraries_of(ada.pk)
    removed = Page(site.client.post(url, data={"remove_library": "mine.bib"}).text)

    assert "mine.bib has 1 paper; they count as interests from the next issue on." in added.text
    assert "Remove mine.bib, 1 paper" in added.text
    assert [(one.name, one.papers, one.content) for one in libraries] == [("mine.bib", 1, BIB)]
    assert "mine.bib was removed." in removed.text
    assert site.opened.store.libraries_of(ada.pk) == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.exe", BIB, "is no library of papers"),
        ("mine.bib", b"", "holds no paper"),
        ("mine.bib", b"\x00\xff" * 500, "holds no paper"),
        ("mine.json", b"[" * 100_000, "mine.json"),
        ("mine.rdf", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "mine.rdf"),
        ("mine.csv", b"a,b\n1,2\n", "mine.csv"),
        ("mine.bib", b"%" * 5_000_001, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_beside_its_field(
    site: Readers, ada: Subscription, name: str, content: bytes, said: str
) -> None:
    before = site.rows()

    answer = site.client.post(
        site.links(ada).preferences(), data={"interests": "robots"}, files={"library": (name, content)}
    )

    page = Page(answer.text)
    assert answer.status_code == 422
    assert said in page.trouble("library")
    assert page.value("interests") == "robots"
    assert site.rows() == before


def test_entries_that_cannot_be_read_are_named(site: Readers, ada: Subscription) -> None:
    content = BIB + b"\n@article{two, title={}, author={Nobody}}\n"

    page = Page(site.client.post(site.links(ada).preferences(), files={"library": ("mine.bib", content)}).text)

    assert "mine.bib has 1 paper" in page.text
    assert "1 of 2 entries could not be read" in page.text


def test_a_good_file_is_kept_although_a_field_is_in_trouble(site: Readers, ada: Subscription) -> None:
    answer = site.client.post(
        site.links(ada).preferences(), data={"zone": "nowhere"}, files={"library": ("mine.bib", BIB)}
    )

    assert answer.status_code == 422
    assert "Beside the file, nothing was saved" in Page(answer.text).text
    assert site.now_of(ada).libraries == ("mine.bib",)


def test_no_more_than_ten_files_are_kept(site: Readers, ada: Subscription) -> None:
    url = site.links(ada).preferences()
    for n in range(10):
        assert site.client.post(url, files={"library": (f"{n}.bib", BIB)}).status_code == 200

    again = site.client.post(url, files={"library": ("0.bib", BIB)})
    one_more = site.client.post(url, files={"library": ("x.bib", BIB)})

    assert again.status_code == 200
    assert "10 files are the most: remove one first." in Page(one_more.text).trouble("library")


# -- other editions


def test_another_edition_begins_and_ends_without_a_further_confirmation(site: Readers, ada: Subscription) -> None:
    url, store = site.links(ada).preferences(), site.opened.store

    offered = Page(site.client.get(url).text)
    begun = Page(site.client.post(url, data={"editions": "all", "edition": "other"}).text)
    has = [one for one in store.subscriptions_of(ada.subscriber.pk) if one.is_active]
    ended = Page(site.client.post(url, data={"editions": "all"}).text)

    assert [box.get("value") for box in offered.all("input", name="edition")] == ["other"]
    assert "Another edition comes to you from its next issue on." in begun.text
    assert [one.edition for one in has] == ["daily", "other"]
    assert "Another edition was stopped." in ended.text
    assert [one.edition for one in store.subscriptions_of(ada.subscriber.pk) if one.is_active] == ["daily"]


def test_an_edition_that_is_named_alone_only_begins(site: Readers, ada: Subscription) -> None:
    url = site.links(ada).preferences()

    site.client.post(url, data={"edition": "other"})
    site.client.post(url, data={"interests": "robots"})

    active = [one for one in site.opened.store.subscriptions_of(ada.subscriber.pk) if one.is_active]
    assert [one.edition for one in active] == ["daily", "other"]


@pytest.mark.parametrize("name", ["closed", "nothing", "../daily", ""])
def test_an_edition_that_is_not_offered_cannot_be_begun(site: Readers, ada: Subscription, name: str) -> None:
    site.client.post(site.links(ada).preferences(), data={"edition": name})

    assert [one.edition for one in site.opened.store.subscriptions_of(ada.subscriber.pk)] == ["daily"]


# -- what ends something


def test_a_reader_stops_and_comes_back_with_all_that_was_set(site: Readers, ada: Subscription) -> None:
    site.opened.store.change_subscription(ada.pk, interests=("robots",))
    url = site.links(ada).preferences()

    stopped = Page(site.client.post(url, data={"do": "stop"}).text)
    state = site.now_of(ada).subscriber.state
    back = Page(site.client.post(url, data={"do": "start"}).text)

    assert "Stopped: no further issue of it is sent to you." in stopped.text
    assert state is SubscriberState.UNSUBSCRIBED
    assert "Welcome back" in back.text
    now = site.now_of(ada)
    assert (now.is_active, now.interests) == (True, ("robots",))


@pytest.mark.parametrize("state", [SubscriberState.BOUNCED, SubscriberState.COMPLAINED, SubscriberState.PENDING])
def test_who_cannot_be_mailed_comes_back_by_confirming_only(
    site: Readers, ada: Subscription, state: SubscriberState
) -> None:
    site.opened.store.set_subscriber_state(ada.subscriber.pk, state, at=site.now)
    url = site.links(ada).preferences()

    page = Page(site.client.post(url, data={"do": "start"}).text)
    site.client.post(url, data={"edition": "other"})

    assert site.now_of(ada).subscriber.state is state
    assert "Confirm the address to get issues again" in page.text
    assert [one.edition for one in site.opened.store.subscriptions_of(ada.subscriber.pk)] == ["daily"]


def test_a_new_address_of_the_feed_makes_the_former_void(site: Readers, ada: Subscription) -> None:
    before = site.links(ada).feed()

    page = Page(site.client.post(site.links(ada).preferences(), data={"do": "feed"}).text)

    after = site.links(ada).feed()
    assert site.client.get(before).status_code == 404
    assert site.client.get(after).status_code == 200
    assert f"https://digest.example.org{after}" in page.text


def test_all_that_is_kept_of_a_reader_is_handed_out(site: Readers, ada: Subscription) -> None:
    url, store = site.links(ada).preferences(), site.opened.store
    site.client.post(url, data={"interests": "robots"}, files={"library": ("mine.bib", BIB)})
    store.mark("daily", on(1).id, 1, at=site.now, reader=ada.reader)
    store.mark("daily", on(2).id, 1, at=site.now)

    answer = site.client.post(url, data={"do": "export"})

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    told = json.loads(answer.content)
    [one] = told["subscriptions"]
    assert (told["email"], told["state"]) == ("ada@example.org", "confirmed")
    assert (one["edition"], one["interests"], one["cadence"]) == ("daily", ["robots"], "daily")
    assert [mark["id"] for mark in one["marks"]] == [on(1).id]
    assert base64.b64decode(one["libraries"][0]["content"]) == BIB


def test_forgetting_asks_first_and_then_leaves_nothing(site: Readers, ada: Subscription) -> None:
    url, store = site.links(ada).preferences(), site.opened.store
    before = site.rows()

    asked = site.client.post(url, data={"forget": "ask"})
    unchanged = site.rows() == before
    done = site.client.post(url, data={"forget": "yes"})

    assert "It cannot be undone" in Page(asked.text).text
    assert unchanged
    assert "ada@example.org was deleted" in Page(done.text).text
    assert store.subscription(ada.pk) is None
    assert store.forgotten_since(parse_address("ada@example.org"), secret=store.hash_secret()) is not None
    assert site.client.get(url).status_code == 404
    assert site.client.post(url, data={"interests": "robots"}).status_code == 404


# -- links


def test_only_the_reader_s_own_link_for_this_purpose_opens_the_page(site: Readers, ada: Subscription) -> None:
    link = Link(subscription=ada.pk, links=ada.subscriber.links)
    others = [site.keys.token(purpose, link, now=site.now) for purpose in Purpose if purpose is not Purpose.PREFERENCES]
    token = urlsplit(site.links(ada).preferences()).path.rpartition("/")[2]
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "", "%00"]
    nobody = site.keys.token(Purpose.PREFERENCES, Link(subscription=ada.pk + 99))
    before = site.rows()

    answers = [
        site.client.request(method, f"/preferences/{one}")
        for one in (*others, *forged, nobody)
        for method in ("GET", "POST")
    ]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert site.rows() == before
    site.opened.store.renew_links(ada.subscriber.pk)
    assert site.client.get(f"/preferences/{token}").status_code == 404
