"""Hugging Face Daily Papers in every shape since 2024-05."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import NotYetError, SourceError
from digest.core.models import Link, Parsed, Signals
from digest.sources.huggingface import HuggingFaceSource

SOURCE = HuggingFaceSource("huggingface")
URL = "https://huggingface.co/api/daily_papers?date=2026-06-03&limit=100"


def item(**paper: Any) -> dict[str, Any]:
    return {
        "paper": {
            "id": "2606.01249",
            "title": "Trust Region\n  Distillation",
            "summary": "We distill\nwith $x<y$.",
            "authors": [
                {"name": "Ada Lovelace", "hidden": False},
                {"name": "A Troll", "hidden": True},
                {"name": "Emmy Noether"},
            ],
            "publishedAt": "2026-05-31T00:00:00.000Z",
            "upvotes": 28,
            **paper,
        },
        "publishedAt": "2026-05-30T20:00:00.000Z",
        "title": "Trust Region Distillation",
        "numComments": 3,
    }


def parse(value: Any, *, url: str = URL) -> Parsed:
    return SOURCE.parse(json.dumps(value).encode(), url=url)


def test_the_address_has_the_day() -> None:
    assert SOURCE.url_for(date(2026, 6, 3)) == URL
    assert HuggingFaceSource("h", url="days/{date}.json").url_for(date(2026, 6, 3)) == "days/2026-06-03.json"


def test_a_paper_with_all_that_is_known_of_it() -> None:
    parsed = parse(
        [
            item(
                ai_keywords=["trust region", "trust region", 7],
                ai_summary="A machine's words.",
                githubRepo="https://github.com/x/y",
                githubStars=12,
                projectPage="javascript:alert(1)",
            )
        ]
    )

    (record,) = parsed.records
    paper = record.paper
    assert (paper.id, paper.url) == ("arxiv:2606.01249", "https://arxiv.org/abs/2606.01249")
    assert paper.title == "Trust Region Distillation"
    assert paper.abstract == "We distill with $x<y$."
    assert paper.authors == ("Ada Lovelace", "Emmy Noether")
    assert paper.published == datetime(2026, 5, 31, tzinfo=UTC)
    assert paper.keywords == ("trust region",)
    assert paper.links == (
        Link(rel="code", url="https://github.com/x/y"),
        Link(rel="discussion", url="https://huggingface.co/papers/2606.01249"),
        Link(rel="pdf", url="https://arxiv.org/pdf/2606.01249"),
    )
    assert record.signals == Signals(upvotes=28, comments=3, stars=12)
    assert parsed.next_url is None


def test_a_withdrawn_paper_is_marked() -> None:
    assert parse([item(withdrawnAt="2026-06-04T00:00:00Z")]).records[0].paper.withdrawn


def test_a_full_page_has_a_next_one() -> None:
    full = [item()] * 100

    assert parse(full).next_url == f"{URL}&p=1"
    assert parse(full, url=f"{URL}&p=1").next_url == f"{URL}&p=2"
    # However many are asked for, a server may have a limit of its own; it has never given fewer than 50.
    assert parse(full[:50]).next_url == f"{URL}&p=1"
    assert parse(full[:49]).next_url is None
    assert parse(full, url="days/2026-06-03.json").next_url is None


def test_items_that_an_archive_wrapped_are_read_or_named() -> None:
    whole = repr(item())

    parsed = parse(
        {"status": "ok", "date": "2026-06-03", "count": 4, "data": [whole, whole[:-40], "{" + "[" * 5000, 7]}
    )

    assert [r.paper.id for r in parsed.records] == ["arxiv:2606.01249"]
    assert [r.reason for r in parsed.rejected] == ["is no object"] * 3
    assert parsed.rejected[0].excerpt.startswith("{'paper': {'id': '2606.01249'")
    assert parsed.expected == 4


def test_a_damaged_recording_is_read_with_a_remark() -> None:
    damaged = parse([repr(item()), repr(item(id="2606.01250"))])

    assert len(damaged.records) == 2
    assert damaged.note == "the file is damaged: 2 of 2 items are text and no JSON objects"
    assert parse([item()]).note is None


def test_one_bad_item_does_not_stop_the_others() -> None:
    bad: list[Any] = [{}, {"paper": None}, item(title=None) | {"title": ""}, item(id=None), None]

    parsed = parse(
        [*bad, item(authors="x", upvotes="many", ai_keywords=None, publishedAt=5e300), item(id="not-of-arxiv")]
    )

    assert [r.reason for r in parsed.rejected] == ["has no paper", "has no paper", "no title", "no id", "is no object"]
    odd, foreign = (record.paper for record in parsed.records)
    assert (odd.authors, odd.published) == ((), None)
    assert foreign.url == "https://huggingface.co/papers/not-of-arxiv"


def test_an_empty_day_is_not_an_error() -> None:
    assert parse([]) == Parsed()


def test_a_day_that_lies_ahead_is_not_yet_there() -> None:
    with pytest.raises(NotYetError, match="no list of this day yet"):
        parse({"error": 'Invalid date: must be less than or equal to "2026-06-03T00:00:00.000Z"'})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"error": "Internal Error"}', "answered: Internal Error"),
        (b"1", "holds no list of papers but 1"),
        (b'{"papers": []}', "holds no list of papers"),
        (b"<html><title>503</title></html>", "a web page titled '503'"),
        (b"[{", "was cut off"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_list_is_said_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        SOURCE.parse(content, url=URL)

    assert sentence in str(caught.value)
    assert not isinstance(caught.value, NotYetError)


def test_each_item_of_the_recorded_days_is_a_record(real_data: Path) -> None:
    files = sorted((real_data / "huggingface-daily").glob("*.json"))

    for file in files:
        content = file.read_bytes()
        parsed = SOURCE.parse(content, url=str(file))
        assert (len(parsed.records), parsed.rejected) == (len(json.loads(content)), ()), file.name
        assert all(r.paper.id.startswith("arxiv:") and r.paper.abstract and r.paper.published for r in parsed.records)
        assert all(r.signals.upvotes is not None and "\n" not in r.paper.title for r in parsed.records)
    assert files


def test_votes_beyond_all_counts_are_none_and_stop_nothing() -> None:
    content = json.dumps([item(upvotes=10**30)]).encode()

    [record] = HuggingFaceSource("x").parse(content, url="https://huggingface.co/api/daily_papers").records

    assert record.signals.upvotes is None
