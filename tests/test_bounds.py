"""No source gets more into the digest than a paper has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.core.bounds import within_bounds
from digest.core.models import Parsed, Record
from tests.conftest import NOON, paper


def measured(**changes: object) -> Parsed:
    return within_bounds(Parsed(records=(Record(paper=paper(1, **changes)),), expected=7), now=NOON)


def test_what_a_paper_has_is_left_as_it_is() -> None:
    parsed = Parsed(
        records=(Record(paper=paper(1, title="x" * 1_000)), Record(paper=paper(2))), next_url="https://x.org"
    )

    assert within_bounds(parsed, now=NOON) == parsed


def test_a_title_as_long_as_a_page_is_named_and_not_printed() -> None:
    parsed = measured(title="word " * 300)

    assert parsed.records == ()
    assert [r.reason for r in parsed.rejected] == ["title of more than 1,000 characters"]
    assert len(parsed.rejected[0].excerpt) <= 120
    assert parsed.expected == 7


def test_a_whole_paper_in_the_place_of_its_abstract_is_cut_between_words() -> None:
    (record,) = measured(abstract="word " * 20_000).records

    assert len(record.paper.abstract) < 50_100
    assert record.paper.abstract.endswith("word …")


def test_an_abstract_without_blanks_is_cut_too() -> None:
    (record,) = measured(abstract="字" * 90_000).records

    assert record.paper.abstract == "字" * 50_000 + " …"


def test_lists_without_an_end_have_one() -> None:
    words = tuple(f"w{n}" for n in range(20_000))

    (record,) = measured(authors=words, keywords=words, categories=words).records

    assert [len(record.paper.authors), len(record.paper.keywords), len(record.paper.categories)] == [10_000, 200, 200]


def test_a_day_that_has_not_come_is_no_date_of_a_paper() -> None:
    soon, later = NOON + timedelta(hours=20), datetime(2099, 1, 1, tzinfo=UTC)

    (record,) = measured(published=soon, updated=later).records

    assert (record.paper.published, record.paper.updated) == (soon, None)
