"""The mail of a delivery: whose issue it brings, with whose links, and what is asked of the store for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import DigestError
from digest.core.issues.personal import Pick, Picks
from digest.core.models import Delivery, DeliveryState, Entry, Issue, PaperId, SourceReport, SourceState
from digest.stages.letters import Letter, Letters
from tests.support.issues import WEDNESDAY, entry, issue, templates
from tests.support.letters import AT, KEYS, SITE, links, part, read, subscription

EDITIONS_OWN = issue([entry(1), entry(2)])


@dataclass
class Shelf:
    """The part of a store that has picks; it notes what it is asked."""

    picks: Mapping[int, Picks] = field(default_factory=dict)
    entries: Mapping[PaperId, Entry] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)

    def picks_by_pk(self, pks: Collection[int]) -> Mapping[int, Picks]:
        self.asked.append(sorted(pks))
        return {pk: self.picks[pk] for pk in pks if pk in self.picks}

    def picked(self, _edition: str, day: date, _language: str) -> Mapping[PaperId, Entry]:
        self.asked.append(day)
        return self.entries


def shelf(*pks: int) -> Shelf:
    """A shelf with picks of the third to fifth paper, for each of *pks* with a reason of its own."""
    entries = {one.paper.id: one for one in map(entry, (3, 4, 5))}
    return Shelf({pk: picks(pk, entries) for pk in pks}, entries)


def picks(pk: int, papers: Collection[PaperId]) -> Picks:
    return Picks(
        pk=pk,
        edition="daily",
        day=WEDNESDAY,
        language="en",
        profile=str(pk),
        picks=tuple(Pick(paper=paper, reason=f"matches “interest {pk}”", score=0.5) for paper in papers),
        leads=tuple(papers)[:1],
        covers_since=WEDNESDAY,
        considered=40,
    )


def delivery(pk: int | None = None, **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": 1,
        "edition": "daily",
        "date": WEDNESDAY,
        "recipient": "ada@example.org",
        "state": DeliveryState.SENDING,
        "message_id": "<1@example.org>",
        "queued_at": AT,
        "picks": pk,
    }
    return Delivery(**{**values, **changes})


def letters(store: Shelf | None = None, **changes: Any) -> Letter:
    values: dict[str, Any] = {
        "store": store or Shelf(),
        "templates": templates,
        "field_of": lambda topic: topic,
        "base": Path("/home/ada/digest"),
        "sender": "digest@example.org",
        "sender_name": "Research digest",
        "site_url": SITE,
        "serve_url": SITE,
        "keys": lambda: KEYS,
        "progress": lambda _: None,
    }
    return Letters(**{**values, **changes}).of("daily")


def html(letter: Letter, of: Issue = EDITIONS_OWN, to: Delivery | None = None, **changes: Any) -> str:
    return part(read(letter(of, to or delivery(), changes.get("subscription", subscription()))), "html")


def test_a_delivery_with_picks_brings_these_and_no_other_paper() -> None:
    said = html(letters(shelf(9)), to=delivery(9))

    titles = [one.paper.title for one in map(entry, (1, 2, 3, 4, 5))]
    assert [title in said for title in titles] == [False, False, True, True, True]
    assert "matches “interest 9”" in said
    assert "3 of 40" in said.replace("\xa0", " ")
    assert links().issue(WEDNESDAY) in said


def test_readers_with_other_picks_of_the_same_papers_each_get_their_own_reasons() -> None:
    letter = letters(shelf(8, 9))

    said = [html(letter, to=delivery(pk)) for pk in (8, 9, 8)]

    assert ["matches “interest 8”" in one for one in said] == [True, False, True]
    assert ["matches “interest 9”" in one for one in said] == [False, True, False]


def test_what_a_chunk_needs_is_asked_for_once() -> None:
    store = shelf(*range(1, 101))
    letter = letters(store)

    chunk = [delivery(pk) for pk in (*range(1, 101), None)]
    letter.expect(chunk)
    for one in chunk:
        letter(EDITIONS_OWN, one, subscription())

    assert store.asked == [list(range(1, 101)), WEDNESDAY]


def test_a_mail_that_was_not_expected_is_composed_all_the_same() -> None:
    expected = letters(shelf(9))
    expected.expect([delivery(9)])

    assert html(letters(shelf(9)), to=delivery(9)) == html(expected, to=delivery(9))


def test_papers_that_were_picked_meanwhile_are_found() -> None:
    store = shelf(8)
    letter = letters(store)
    letter(EDITIONS_OWN, delivery(8), subscription())
    late = entry(6)
    store.entries = {**store.entries, late.paper.id: late}
    store.picks = {9: picks(9, [late.paper.id])}

    assert late.paper.title in html(letter, to=delivery(9))


@pytest.mark.parametrize(
    ("store", "said"), [(Shelf(), "picks of daily/2026-06-03"), (Shelf({9: picks(9, [PaperId("x:1")])}), "x:1")]
)
def test_picks_that_are_gone_are_said(store: Shelf, said: str) -> None:
    with pytest.raises(DigestError, match=said):
        letters(store)(EDITIONS_OWN, delivery(9), subscription())


@pytest.mark.parametrize(
    ("letter", "subscribed"),
    [(letters(serve_url=None), True), (letters(), False)],
    ids=["not served", "no subscription"],
)
def test_without_pages_of_the_readers_own_there_are_no_links_to_them(letter: Letter, subscribed: bool) -> None:
    said = html(letter, subscription=subscription() if subscribed else None)

    assert "/preferences/" not in said
    assert "answer this one and say so" in said


def test_where_no_site_is_named_the_archive_is_where_the_readers_pages_are() -> None:
    assert f"{SITE}/daily/2026-06-03/index.html" in html(letters(site_url=None))


def test_a_mail_that_is_tried_again_later_keeps_its_date() -> None:
    later = AT + timedelta(hours=9)

    mails = [letters()(EDITIONS_OWN, delivery(due_at=at), None).content for at in (None, later)]

    assert mails[0] == mails[1]


def test_the_same_delivery_gives_the_same_bytes_after_a_new_start() -> None:
    once, again = (letters(shelf(9))(EDITIONS_OWN, delivery(9), subscription()) for _ in range(2))

    assert once == again


def test_the_operators_folder_is_named_in_no_mail() -> None:
    failed = SourceReport(
        name="mine", state=SourceState.FAILED, error="/home/ada/digest/feeds/a.xml: no such file", days_failing=1
    )

    said = html(letters(), replace(EDITIONS_OWN, sources=(failed,)))

    assert "feeds/a.xml: no such file" in said
    assert "/home/ada" not in said


def test_the_progress_tells_of_an_issue_once() -> None:
    told: list[str] = []
    letter = letters(progress=told.append)

    for one in (subscription(), None, subscription(8)):
        letter(EDITIONS_OWN, delivery(), one)

    assert told == ["sending daily/2026-06-03"]
