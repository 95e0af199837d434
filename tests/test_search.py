"""Finding papers by their words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.core.models import PaperId
from digest.store import SqlStore
from tests.conftest import paper
from tests.store_values import read

pytest_plugins = ("tests.store_fixtures",)


@pytest.fixture
def library(store: SqlStore) -> SqlStore:
    """Five papers, told apart by the number of their id."""
    read(
        store,
        paper(1, title="Test-time training for long documents", abstract="Models adapt while they read.", version=1),
        paper(
            2,
            title="Reading faster",
            abstract="We compare it with test-time training on documents.",
            authors=("Eva Gálvez",),
        ),
        paper(
            3,
            title="The will to plan",
            abstract="Planning/acting agents, in GPT-4 and x_1.",
            authors=("Nguyễn Văn An",),
        ),
        paper(4, title="Graph neural networks", abstract="Molecules.", aliases=(PaperId("doi:10.1101/743294"),)),
        paper(5, title="ニューラルネットワークの学習", abstract="", url="https://example.org/five"),
    )
    return store


def find(store: SqlStore, query: str, *, limit: int = 9) -> list[int]:
    return [int(found.id[-5:]) for found in store.search(query, limit=limit)]


def test_all_words_must_be_there_and_the_title_counts_most(library: SqlStore) -> None:
    assert find(library, "test-time training") == [1, 2]
    assert find(library, "training documents") == [1, 2]
    assert find(library, "training molecules") == []


def test_words_are_found_however_they_are_written(library: SqlStore) -> None:
    wanted = {
        "TRAINED": [1, 2],  # stems, any case
        "network": [4],
        "galvez": [2],  # accents
        "Gálvez": [2],
        "nguyen van": [3],
        "Nguyễn": [3],
        "the will": [3],  # words that other indexes drop
        "acting": [3],  # behind a slash
        "gpt 4": [3],
        "GPT-4": [3],
        "x_1": [3],
        "ニューラルネットワークの学習": [5],
        "Ada Lovelace graph": [4],
    }

    assert {query: find(library, query) for query in wanted} == wanted


def test_the_last_word_may_be_the_beginning_of_one(library: SqlStore) -> None:
    assert find(library, "graph neur") == [4]
    assert find(library, "ニューラル") == [5]
    assert find(library, "gra neural") == []


def test_an_id_or_address_finds_its_paper(library: SqlStore) -> None:
    typed = [
        "2603.00004",
        "arXiv:2603.00004v3",
        " arxiv:2603.00004 ",
        "https://arxiv.org/abs/2603.00004v2",
        "10.1101/743294",
        "doi:10.1101/743294",
        "https://doi.org/10.1101/743294",
    ]

    assert [find(library, query)[:1] for query in typed] == [[4]] * len(typed)


def test_no_more_are_given_than_asked_for(library: SqlStore) -> None:
    assert len(find(library, "Lovelace", limit=2)) == 2
    assert find(library, "Lovelace", limit=0) == []
    assert find(library, "Lovelace", limit=-1) == []


def test_a_new_version_is_found_by_its_new_words_only(library: SqlStore) -> None:
    read(library, paper(1, title="Test-time tuning", abstract="Words were changed.", version=2))

    assert find(library, "tuning") == [1]
    assert find(library, "training") == [2]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=30))
@example('"')
@example("title:x OR (a NEAR b) AND NOT *")
@example("' & | ! <-> :* \\")
@example("\0\ud800")
@example("½ ² ٣ ⅷ")
@example("AND")
def test_any_text_is_a_valid_query(library: SqlStore, query: str) -> None:
    assert isinstance(library.search(query, limit=3), tuple)


def test_a_query_without_words_finds_nothing(library: SqlStore) -> None:
    assert [find(library, query) for query in ("", " ", "?!", '""', "()", "*")] == [[]] * 6
