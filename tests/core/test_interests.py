"""Interests as people write them: words, people, papers by id or address, and files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError
from digest.core.models import PaperId
from digest.core.ranking.interests import LIBRARIES, ParsedInterests, parse_interests


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("2401.01234", "arxiv:2401.01234"),
        ("2401.01234v3", "arxiv:2401.01234"),
        ("arxiv:2401.01234", "arxiv:2401.01234"),
        ("arXiv: 2401.01234v2", "arxiv:2401.01234"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("https://arxiv.org/abs/2401.01234v2", "arxiv:2401.01234"),
        ("https://arxiv.org/pdf/2401.01234", "arxiv:2401.01234"),
        ("https://huggingface.co/papers/2401.01234", "arxiv:2401.01234"),
        ("https://doi.org/10.48550/arXiv.2401.01234", "arxiv:2401.01234"),
        ("10.48550/arXiv.2401.01234", "arxiv:2401.01234"),
        ("10.1101/743294", "doi:10.1101/743294"),
        ("doi: 10.1101/743294", "doi:10.1101/743294"),
        ("https://doi.org/10.1101/743294", "doi:10.1101/743294"),
        ("doi.org/10.1101/743294", "doi:10.1101/743294"),
        ("10.1016%2FS0140-6736%2805%2967889-0", "doi:10.1016/s0140-6736(05)67889-0"),
        ("10.1000.10/123", "doi:10.1000.10/123"),
        ("https://openreview.net/forum?id=aBcD12_efG", "openreview:aBcD12_efG"),
        ("openreview:aBcD12_efG", "openreview:aBcD12_efG"),
        ("https://example.org/papers/five", "url:https://example.org/papers/five"),
        ("url:https://example.org/papers/five", "url:https://example.org/papers/five"),
        ("title:thewilltoplanandtoact", "title:thewilltoplanandtoact"),
    ],
)
def test_a_paper_is_known_by_its_id_or_address(text: str, paper: str) -> None:
    assert parse_interests([text]) == ParsedInterests(papers=(PaperId(paper),))


@pytest.mark.parametrize(
    "text",
    [
        "test-time training",
        "We want papers that compare 2401.01234 with others.",
        "title: a study of things",
        "and/or search",
        "GPT-4",
        "C++",
        "json schemas",
        "the openreview: system",
        "10.5 bits",
    ],
)
def test_everything_else_is_words(text: str) -> None:
    assert parse_interests([text]) == ParsedInterests(words=(text,))


@pytest.mark.parametrize(
    "text", ["http://www.example.org/p?z=2&a=1", "https://doi.org/10.1101/743294", "HTTPS://x.org/P/"]
)
def test_an_address_is_kept_as_it_was_given(text: str) -> None:
    [(paper, address)] = parse_interests([text]).addresses

    assert parse_interests([text]).papers == (paper,)
    assert address == text


def test_of_two_addresses_of_one_paper_the_first_is_kept_and_ids_have_none() -> None:
    found = parse_interests(
        ["10.1101/743294", "https://doi.org/10.1101/743294", "https://x.org/doi/10.1101/743294", "words"]
    )

    assert found.addresses == ((PaperId("doi:10.1101/743294"), "https://doi.org/10.1101/743294"),)


def test_people_are_named_as_authors() -> None:
    assert parse_interests(["author: Ada Lovelace", "Author:Emmy Noether"]) == ParsedInterests(
        authors=("Ada Lovelace", "Emmy Noether")
    )


@pytest.mark.parametrize("ending", LIBRARIES)
def test_a_file_is_known_by_its_ending(ending: str) -> None:
    assert parse_interests([f"my papers/Library{ending.upper()}"]).files == (f"my papers/Library{ending.upper()}",)


def test_the_lists_keep_their_order_and_no_doubles() -> None:
    found = parse_interests(["b", "10.1101/743294", "a", "b", "https://doi.org/10.1101/743294", "2401.01234v1"])

    assert found == ParsedInterests(
        words=("b", "a"), papers=(PaperId("doi:10.1101/743294"), PaperId("arxiv:2401.01234"))
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2413.01234", "looks like an arXiv id and is none"),
        ("arxiv:cs.LG", "looks like an arXiv id and is none"),
        ("2401.0123", "looks like an arXiv id and is none"),
        ("10.1002/(SICI)1099-9999(199601)9:1", "is only a part of a DOI"),
        ("doi:10.1016/j.cell.2020...", "is only a part of a DOI"),
        ("author: ", "names nobody"),
        ("https://", "is not an address that can be read"),
        ("file:///home/ada/library.bib", "is not an address that can be read"),
        ("ftp://example.org/library.bib", "is not an address that can be read"),
        ("url:-", "is not an address that can be read"),
    ],
)
def test_what_looks_like_an_id_and_is_none_is_named(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as error:
        parse_interests(["words", text])

    assert repr(text) in str(error.value)


@given(st.lists(st.text(max_size=40)))
def test_no_text_is_lost(texts: list[str]) -> None:
    try:
        found = parse_interests(texts)
    except ConfigError as error:
        assert any(repr(text) in str(error) for text in texts)  # noqa: PT017 -- either is right
    else:
        assert len({*found.words, *found.files}) + len(found.authors) + len(found.papers) <= len(texts)
        assert bool(texts) == any((found.words, found.authors, found.papers, found.files))
