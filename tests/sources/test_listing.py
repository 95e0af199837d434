"""A page saved as text: every title with its own abstract, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.core.errors import SourceError
from digest.core.models import Parsed
from digest.sources.listing import ListingSource

SOURCE = ListingSource("saved", url="page.txt")
FIRST = "Deep learning is studied here in great depth. " * 10
SECOND = "Transformers transform things that were not transformed before. " * 8
HEADER = ["new", "Get trending papers in your email inbox!", "Subscribe", "byAK and the research community", "Mar 11"]


def parse(*lines: str, between: str = "\n") -> Parsed:
    return SOURCE.parse(between.join(lines).encode(), url="page.txt")


def pairs(parsed: Parsed) -> list[tuple[str, str]]:
    return [(r.paper.title, r.paper.abstract[:4]) for r in parsed.records]


@pytest.mark.parametrize("between", ["\n", "\n\n", "\r\n\r\n", "\n \n\n"])
def test_title_and_abstract_in_turn_in_either_layout(between: str) -> None:
    parsed = parse(*HEADER, "Deep Nets", FIRST, "Is Attention All You Need?", SECOND, between=between)

    assert pairs(parsed) == [("Deep Nets", "Deep"), ("Is Attention All You Need?", "Tran")]
    assert parsed.rejected == ()
    assert parsed.records[0].paper.id.startswith("title:")
    assert parsed.records[0].paper.url == ""


def test_a_word_of_the_page_glued_to_the_first_title_is_cut_off() -> None:
    header = ["Get trending papers in your email inbox once a day!", "Get trending papers in your email inbox!"]

    parsed = parse(*header, "SubscribeEnhancing Fast Networks", FIRST, "SubscribeNet: Churn Prediction", SECOND)

    assert [title for title, _ in pairs(parsed)] == ["Enhancing Fast Networks", "SubscribeNet: Churn Prediction"]


def test_the_furniture_of_cards_is_passed_over() -> None:
    card = ["Submitted by", "akhaliq", "42", "·8 authors", "3", "GitHub 1.2k", "arxiv page"]

    parsed = parse(
        *card, "Deep Nets", FIRST, *card, "Wide Nets", SECOND, *card, "Previous", "Next", "Company", "© Hugging Face"
    )

    assert [title for title, _ in pairs(parsed)] == ["Deep Nets", "Wide Nets"]
    assert parsed.rejected == ()


def test_a_title_without_abstract_does_not_get_its_neighbours() -> None:
    parsed = parse(
        "Deep Nets", FIRST, "A Title That Lost Its Abstract", "Wide Nets of the Second Kind", SECOND, "One at the end"
    )

    assert pairs(parsed) == [("Deep Nets", "Deep"), ("Wide Nets of the Second Kind", "Tran")]
    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("title without an abstract", "A Title That Lost Its Abstract"),
        ("title without an abstract", "One at the end"),
    ]


def test_an_abstract_without_title_is_not_given_to_the_one_before() -> None:
    parsed = parse("Deep Nets", FIRST, SECOND, "Wide Nets", SECOND)

    assert [title for title, _ in pairs(parsed)] == ["Deep Nets", "Wide Nets"]
    assert [r.reason for r in parsed.rejected] == ["abstract without a title before it"]


@pytest.mark.parametrize("line", ["Tsinghua University", "Ada Lovelace, Emmy Noether, Alan M. Turing"])
def test_a_line_between_title_and_abstract_makes_it_unsure_and_so_nothing_is_paired(line: str) -> None:
    parsed = parse("Deep Nets", FIRST, "A Title of Many Words", line, SECOND)

    assert pairs(parsed) == [("Deep Nets", "Deep")]
    assert [r.reason for r in parsed.rejected][-1] == "cannot tell which line is its title"
    assert len(parsed.rejected) == 3


def test_short_abstracts_and_long_titles_are_told_by_their_shape() -> None:
    short = "What is the funniest number in cryptography? It is 0, because for all x, x*0 = 0."
    long = "On the " + "Very " * 45 + "Long Title of a Paper"

    parsed = parse("0 and the Funny", short, long, FIRST, "Does It Work? A Study", SECOND)

    assert [r.paper.title for r in parsed.records] == ["0 and the Funny", long, "Does It Work? A Study"]
    assert parsed.records[0].paper.abstract == short


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (
            b"<!doctype html><html><title>Daily Papers</title>",
            "a web page titled 'Daily Papers', not a page saved as text",
        ),
        (b"just a few\nlines of\nnothing", "holds no title with an abstract"),
        (b"%PDF-1.7\x00\x01\x02", "is no text"),
    ],
)
def test_what_is_no_listing_is_said_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        SOURCE.parse(content, url="page.txt")

    assert sentence in str(caught.value)


@pytest.mark.parametrize(("page", "papers"), [("000", 76), ("001", 119), ("004", 88)])
def test_the_saved_pages_are_read_whole(real_data: Path, page: str, papers: int) -> None:
    (file,) = (real_data / "huggingface-listing").glob(f"{page}_*.txt")

    parsed = SOURCE.parse(file.read_bytes(), url=str(file))

    # Counted another way: after the header the lines alternate, and every abstract is longer than every title.
    lines = [line for line in file.read_text().splitlines() if line.strip()]
    start = next(n for n, line in enumerate(lines) if len(line) > 300) - 1
    titles = [line.removeprefix("Subscribe").replace("--", "–") for line in lines[start::2]]
    assert [r.paper.title.split() for r in parsed.records] == [title.split() for title in titles]
    assert [r.paper.abstract[:20] for r in parsed.records] == [line.strip()[:20] for line in lines[start + 1 :: 2]]
    assert (len(parsed.records), parsed.rejected) == (papers, ())


def test_the_saved_pages_hold_as_many_papers_as_titles(real_data: Path) -> None:
    files = sorted((real_data / "huggingface-listing").glob("*.txt"))
    ids, titles = set(), set()

    for file in files:
        ids |= {r.paper.id for r in SOURCE.parse(file.read_bytes(), url=str(file)).records}
        lines = [line.strip() for line in file.read_text().splitlines()]
        titles |= {a.removeprefix("Subscribe").casefold() for a in lines if 3 < len(a) < 300 and lines.index(a) > 1}

    furniture = {"", "byak and the research community", "mar 11", "get trending papers in your email inbox!"}
    assert len(ids) == len(titles - furniture)
