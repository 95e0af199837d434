"""Finding papers by their words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.core.models import PaperId
from digest.store import SqlStore
from tests.conftest import paper
from tests.support.store_values import read

pytest_plugins = ("tests.support.store_fixtures",)


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


@pytest.fixture
def named(store: SqlStore) -> SqlStore:
    """Papers by people whose names stand elsewhere too."""
    crowd = (*(f"Somebody Number{n}" for n in range(50)), "Mary Shelley", "Percy Lake", "Ada Long")
    read(
        store,
        paper(1, title="On Mary Lake", abstract="Mary Lake, Mary Lake, and again Mary Lake.", authors=("N. N.",)),
        paper(2, title="Ships", authors=("Zoë Gáll", "Mary J. Lake")),
        paper(3, title="Lake Mary", authors=crowd),
        paper(4, title="Long waves", abstract="Long and longer.", authors=("Eve Short",)),
        paper(5, title="Gulls", authors=("M. Lake", "Mary Brown")),
        paper(6, title="Terns", authors=("Lake, Mary", "Eve Short")),
    )
    return store


def test_papers_by_the_person_who_is_named_come_first(named: SqlStore) -> None:
    assert find(named, "Mary Lake")[:2] == [6, 2]
    assert find(named, "lake mary")[:2] == [6, 2]
    assert find(named, "Mary Lake", limit=1) == [6]
    assert find(named, "zoe gall") == [2]
    # Two names that have the words between them are no person's, but all words are there.
    assert set(find(named, "Mary Lake")[3:]) == {1, 3}


def test_an_initial_is_enough_of_a_name(named: SqlStore) -> None:
    assert find(named, "M. Lake")[:3] == [5, 6, 2]


def test_a_surname_that_is_a_word_too_is_looked_for_as_a_word(named: SqlStore) -> None:
    assert find(named, "long") == [4, 3]
    assert find(named, "Short") == [6, 4]


def test_a_title_is_found_however_it_is_spelled_and_by_words_that_no_other_has(library: SqlStore) -> None:
    def titled(title: str) -> list[str]:
        return [found.id[-1:] for found in library.titled(title, limit=9)]

    assert titled("graph Neural-Networks") == ["4"]
    assert titled("neural graph") == ["4"]
    assert titled("test-time training") == ["1"]  # of another paper's abstract, not its title
    assert titled("molecules") == []
    assert titled("?") == []


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


def test_a_ligature_in_a_query_is_its_letters(store: SqlStore) -> None:
    read(store, paper(8003, title="An efficient monitor"))

    assert find(store, "e\ufb03cient") == [8003]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("CO2", [8001]),
        ("CO₂", [8001]),
        ("co2 capture", [8001]),
        ("CO", [8002]),
        ("102", []),
        ("10²", [8002]),
        ("16257T", [8001]),
        ("Vmax", [8002]),
    ],
)
def test_what_is_raised_or_lowered_is_found_as_they_are_typed(tmp_path: Path, query: str, numbers: list[int]) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/x.db", clock=lambda: datetime(2026, 6, 3, tzinfo=UTC)) as store:
        carbon = paper(8001, title="Capture of CO₂ by strain 16257ᵀ")
        read(store, carbon, paper(8002, title="A CO monitor at 10² pascal and Vₘₐₓ"))

        assert find(store, query) == numbers
