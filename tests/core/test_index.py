"""The index of a day's candidates: which papers an interest in words finds, and by which words."""

from __future__ import annotations

from digest.core.models import Paper
from digest.core.ranking.index import CandidateIndex
from digest.core.ranking.reasons import MATCHES
from digest.core.ranking.relevance import Background
from tests.conftest import paper


def index(*papers: Paper) -> CandidateIndex:
    return CandidateIndex(papers, Background())


def test_a_phrase_finds_the_paper_that_has_it_and_no_other() -> None:
    found = index(
        paper(1, title="Gravel bed rivers in flood", abstract="Sediment moves."),
        paper(2, title="Attention in networks", abstract="A study of layers."),
    ).match("gravel bed rivers")

    assert found[0] >= MATCHES
    assert 1 not in found


def test_terms_are_words_of_the_phrase_as_written() -> None:
    made = index(paper(1, title="Gravel bed river in flood", abstract="Sediment moves."))

    assert set(made.terms("Gravel of rivers", 0, 2)) == {"Gravel", "rivers"}


def test_an_index_of_no_papers_finds_nothing() -> None:
    assert index().match("rivers") == {}
