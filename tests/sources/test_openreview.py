"""OpenReview: notes of a venue, as documented."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.core.errors import ConfigError, SourceError
from digest.core.models import Link, Paper, Parsed
from digest.sources.openreview import OpenReviewSource

DAY = date(2026, 10, 20)
VENUE = "ICLR.cc/2027/Conference"
URL = "https://api2.openreview.net/notes?invitation=ICLR.cc/2027/Conference/-/Submission&limit=1000&offset=0"
MADE = 1_790_000_000_000


def note(n: int = 1, **content: Any) -> dict[str, Any]:
    """The n-th submission, as version 2 of the API gives it; a field of None is left out."""
    says = {
        "title": f"Learning number {n} from few examples",
        "abstract": "We learn. It works.",
        "authors": ["Ada Lovelace", "Emmy Noether"],
        "keywords": ["few-shot learning", "meta-learning"],
        "primary_area": "transfer learning",
        "venue": "ICLR 2027 Conference Submission",
        "venueid": f"{VENUE}/Submission",
        "pdf": "/pdf/8e1dc3.pdf",
        **content,
    }
    return {
        "id": f"aB3_-{n:05d}",
        "forum": f"aB3_-{n:05d}",
        "invitations": [f"{VENUE}/-/Submission", f"{VENUE}/-/Edit"],
        "cdate": MADE,
        "tcdate": MADE + 1000,
        "mdate": MADE + 5000,
        "tmdate": MADE + 6000,
        "content": {key: {"value": value} for key, value in says.items() if value is not None},
    }


def parse(*notes: Any, url: str = URL, **more: Any) -> Parsed:
    content = json.dumps({"notes": list(notes), **more}).encode()
    return OpenReviewSource("o", venue=VENUE).parse(content, url=url)


def one(given: dict[str, Any] | None = None, **content: Any) -> Paper:
    (record,) = parse(given or note(**content)).records
    return record.paper


def test_a_note_becomes_a_paper() -> None:
    paper = one()

    assert (paper.id, paper.aliases) == ("openreview:aB3_-00001", ())
    assert (paper.title, paper.abstract) == ("Learning number 1 from few examples", "We learn. It works.")
    assert paper.authors == ("Ada Lovelace", "Emmy Noether")
    assert paper.url == "https://openreview.net/forum?id=aB3_-00001"
    assert paper.links == (Link(rel="pdf", url="https://openreview.net/pdf?id=aB3_-00001"),)
    assert paper.keywords == ("few-shot learning", "meta-learning", "transfer learning")
    assert paper.published == datetime.fromtimestamp(MADE // 1000, UTC)
    assert paper.updated == datetime.fromtimestamp(MADE // 1000 + 5, UTC)
    assert not paper.withdrawn


def test_a_paper_appeared_when_it_became_public_not_when_its_note_was_made() -> None:
    paper = one(note() | {"odate": MADE + 86_400_000, "pdate": MADE + 99_000_000})

    assert paper.published == datetime.fromtimestamp(MADE // 1000 + 86_400, UTC)


def test_older_venues_have_their_content_plain() -> None:
    old = {
        "id": "SkxJ8REYPH",
        "forum": "SkxJ8REYPH",
        "invitation": "ICLR.cc/2020/Conference/-/Blind_Submission",
        "cdate": MADE,
        "content": {
            "title": "SlowMo: Improving Communication-Efficient SGD",
            "authors": ["Jianyu Wang"],
            "abstract": "A\nline.",
            "keywords": "distributed optimization; SGD",
            "pdf": "/pdf/old.pdf",
        },
    }

    paper = one(old)

    assert (paper.id, paper.authors) == ("openreview:SkxJ8REYPH", ("Jianyu Wang",))
    assert (paper.abstract, paper.keywords) == ("A line.", ("distributed optimization", "SGD"))


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        (None, ()),
        ([], ()),
        (["Anonymous"], ()),
        (["Anonymous Authors"], ()),
        ("not a list", ()),
        ([{"fullname": "Ada Lovelace", "username": "~Ada_Lovelace1"}, {"name": "Emmy Noether"}, {}, 7], None),
    ],
)
def test_authors_may_be_hidden_or_objects(authors: object, names: tuple[str, ...] | None) -> None:
    assert one(authors=authors).authors == (("Ada Lovelace", "Emmy Noether") if names is None else names)


def test_a_field_that_may_not_be_read_is_empty() -> None:
    hidden = note()
    hidden["content"]["authors"] = {"readers": [VENUE]}

    assert one(hidden).authors == ()


@pytest.mark.parametrize(
    ("venueid", "venue", "withdrawn"),
    [
        (f"{VENUE}/Submission", "ICLR 2027 Conference Submission", False),
        (f"{VENUE}/Rejected_Submission", "Submitted to ICLR 2027", False),
        (VENUE, "ICLR 2027 poster", False),
        (f"{VENUE}/Withdrawn_Submission", None, True),
        (f"{VENUE}/Desk_Rejected_Submission", None, True),
        (None, "ICLR 2027 Conference Withdrawn Submission", True),
        (None, "ICLR 2027 Conference Desk Rejected Submission", True),
    ],
)
def test_withdrawn_and_desk_rejected_papers_are_marked(venueid: str | None, venue: str | None, withdrawn: bool) -> None:
    assert one(venueid=venueid, venue=venue).withdrawn is withdrawn


def test_a_withdrawal_that_was_undone_leaves_no_mark() -> None:
    back = note()
    back["invitations"] += [f"{VENUE}/-/Withdrawn_Submission", f"{VENUE}/-/Desk_Rejected_Submission"]

    assert not one(back).withdrawn


def test_an_old_venue_says_in_the_invitation_that_a_paper_is_withdrawn() -> None:
    old = {"id": "SkxJ8REYPH", "invitation": "V.cc/2020/C/-/Withdrawn_Submission", "content": {"title": "A title"}}

    assert one(old).withdrawn


def test_a_paper_that_lies_elsewhere_has_the_ids_of_that_place() -> None:
    paper = one(
        pdf="https://arxiv.org/pdf/2603.01234v2", html="https://doi.org/10.1000/X", code="https://github.com/a/b"
    )

    assert (paper.id, paper.aliases) == ("arxiv:2603.01234", ("doi:10.1000/x", "openreview:aB3_-00001"))
    assert paper.links == (
        Link(rel="code", url="https://github.com/a/b"),
        Link(rel="pdf", url="https://arxiv.org/pdf/2603.01234v2"),
    )


def test_notes_that_are_no_papers_are_named() -> None:
    review = note(2) | {"forum": "aB3_-00001", "replyto": "aB3_-00001"}

    parsed = parse("text", note(title=None), note() | {"id": ""}, review, note(3), count=5)

    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("is no object", "text"),
        ("no title", "aB3_-00001"),
        ("no id", "Learning number 1 from few examples"),
        ("a reply to a paper, such as a review", "Learning number 2 from few examples"),
    ]
    assert (len(parsed.records), parsed.expected) == (1, 5)


def test_pages_are_followed_until_all_that_were_counted_came() -> None:
    notes = [note(n) for n in range(2300)]
    source = OpenReviewSource("o", venue=VENUE)
    titles: list[str] = []
    asked: list[str] = []
    url: str | None = source.url_for(DAY)

    while url:
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        asked.append(query.pop("offset"))
        start = int(asked[-1])
        content = json.dumps({"notes": notes[start : start + int(query["limit"])], "count": len(notes)}).encode()
        page = source.parse(content, url=url)
        titles += [r.paper.title for r in page.records]
        assert page.expected == 2300
        assert query["mintmdate"] == "1791849600000"
        url = page.next_url

    assert asked == ["0", "1000", "2000"]
    assert len(set(titles)) == 2300


@pytest.mark.parametrize(("listed", "goes_on"), [(3, True), (2, False), (0, False)])
def test_without_a_count_a_full_page_has_another_behind_it(listed: int, goes_on: bool) -> None:
    url = "https://api2.openreview.net/notes?limit=3&offset=6"

    parsed = parse(*(note(n) for n in range(listed)), url=url)

    assert parsed.next_url == ("https://api2.openreview.net/notes?limit=3&offset=9" if goes_on else None)
    assert parsed.expected is None


def test_a_saved_answer_has_no_next_page() -> None:
    parsed = parse(note(), count=99, url="file:///feeds/iclr.json")

    assert (parsed.next_url, parsed.expected) == (None, 99)


def test_a_venue_without_notes_is_an_empty_list() -> None:
    assert parse(count=0) == Parsed(expected=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!doctype html><html><title>Just a moment...</title>", "titled 'Just a moment...', not JSON"),
        (b'{"notes": [{"id": "', "is no JSON, or was cut off"),
        (
            b'{"name": "ChallengeRequiredError", "message": "Challenge required", "status": 403, "details": {}}',
            "wants to see a person in a browser",
        ),
        (
            b'{"name": "ForbiddenError", "message": "User Guest is not reader of V.cc", "status": 403}',
            "OpenReview answered: ForbiddenError: User Guest is not reader of V.cc",
        ),
        (
            b'{"errors": [{"type": "notFound", "path": "invitation", "message": "not found"}]}',
            "answered: notFound: not found",
        ),
        (b'{"errors": ["Too many requests"]}', "OpenReview answered: Too many requests"),
        (b'{"notes": null}', "holds no list of notes but {'notes': None}"),
        (b"[]", "holds no list of notes"),
        (b"7", "holds no list of notes"),
    ],
)
def test_what_is_no_list_of_notes_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=re.escape(message)):
        OpenReviewSource("o", venue=VENUE).parse(content, url=URL)


def test_a_run_asks_for_what_changed_in_the_last_days() -> None:
    source = OpenReviewSource("o", venue=VENUE, days=2)

    query = parse_qs(urlsplit(source.url_for(DAY)).query)

    assert query["invitation"] == [f"{VENUE}/-/Submission"]
    assert query["sort"] == ["tmdate:desc"]
    assert int(query["mintmdate"][0]) / 1000 == datetime(2026, 10, 18, tzinfo=UTC).timestamp()
    assert "content.abstract" in query["select"][0].split(",")
    assert (source.past_url(DAY), source.calendar.promises) == (None, False)


def test_a_venue_may_be_given_as_its_invitation() -> None:
    source = OpenReviewSource("o", venue="ICLR.cc/2018/Conference/-/Blind_Submission")

    query = parse_qs(urlsplit(source.url_for(DAY)).query)

    assert query["invitation"] == ["ICLR.cc/2018/Conference/-/Blind_Submission"]


@pytest.mark.parametrize(
    ("venue", "days", "message"), [(" ", 7, "venue: is missing"), (VENUE, 0, "days: 0 is too few")]
)
def test_a_source_that_could_find_nothing_is_a_mistake_of_the_config(venue: str, days: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OpenReviewSource("o", venue=venue, days=days)
