"""Ranking: interests and votes choose, words say why, and what was cut comes back only when it rises."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.models import Candidate, Signals
from digest.core.ranking.day import has_risen
from digest.core.ranking.profile import Profile
from digest.core.ranking.relevance import Background
from tests.conftest import paper
from tests.support.ranking import rank, select


def candidate(n: int, *, title: str = "", upvotes: int | None = None, **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "paper": paper(n, **({"title": title} if title else {})),
        "sources": ("arXiv",),
        "position": n,
        "listed_on": date(2026, 6, 3),
        "signals": Signals(upvotes=upvotes),
    }
    return Candidate(**{**values, **changes})


def test_what_readers_asked_for_comes_first_and_the_reason_says_so() -> None:
    day = [candidate(1, upvotes=40), candidate(2, title="Test-time training for long videos"), candidate(3)]

    first, *_ = rank(day, Profile.of_words("test time training"))

    assert first.candidate.paper.id == "arxiv:2603.00002"
    assert first.reason == "matches “test time training”"


def test_a_plural_or_a_hyphen_makes_no_difference() -> None:
    [one] = rank([candidate(1, title="A Large-Language Model of rivers")], Profile.of_words("large language models"))

    assert one.reason == "matches “large language models”"


def test_common_words_of_an_interest_alone_are_no_match() -> None:
    [one] = rank([candidate(1, title="A test of time")], Profile.of_words("test-time training of proteins"))

    assert one.reason == ""
    assert one.score < 0.2


def test_words_of_an_interest_that_stand_apart_are_no_match() -> None:
    far = "Causal masks order the tokens. " + "We then describe the model at some length. " * 3 + "Inference is fast."
    near = "We study the inference of causal effects from what was observed."
    day = [
        candidate(1, paper=paper(1, title="Diffusion language models", abstract=far)),
        candidate(2, paper=paper(2, title="Effects of aspirin", abstract=near)),
    ]

    ranked = rank(day, Profile.of_words("causal inference"))

    assert [(r.candidate.position, r.reason) for r in ranked] == [
        (2, "matches “causal inference”"),
        (1, ""),
    ]


def test_two_keywords_are_not_one_phrase() -> None:
    [one] = rank(
        [candidate(1, paper=paper(1, keywords=("protein", "design of experiments")))],
        Profile.of_words("protein design"),
    )

    assert (one.reason, one.interests) == ("", ())


def test_votes_order_papers_where_nobody_has_interests() -> None:
    ranked = rank([candidate(1, upvotes=2), candidate(2, upvotes=90), candidate(3)], Profile())

    assert [r.candidate.paper.id[-1] for r in ranked] == ["2", "1", "3"]
    assert [r.reason for r in ranked] == ["", "", ""]


def test_papers_without_any_signal_keep_the_order_of_their_source() -> None:
    ranked = rank([candidate(3), candidate(1), candidate(2)], Profile())

    assert [r.candidate.position for r in ranked] == [1, 2, 3]


def test_an_issue_takes_the_best_and_the_rest_is_cut() -> None:
    selection = select([candidate(n, upvotes=n) for n in range(1, 6)], Profile(), max_papers=2)

    assert [r.candidate.signals.upvotes for r in selection.chosen] == [5, 4]
    assert [r.candidate.signals.upvotes for r in selection.cut] == [3, 2, 1]


def test_a_cut_paper_that_rises_gets_in_and_is_not_cut_again() -> None:
    cut = {"cut_at": Signals(upvotes=3), "cut_on": date(2026, 6, 2)}
    risen, same = candidate(1, upvotes=42, **cut), candidate(2, upvotes=4, **cut)

    selection = select([risen, same, candidate(3, upvotes=5)], Profile(), max_papers=1)

    assert [r.reason for r in selection.chosen] == ["rose from 3 to 42 upvotes since 2 June"]
    assert [r.candidate.paper.id for r in selection.cut] == ["arxiv:2603.00003"]


def test_a_vote_more_is_no_rise() -> None:
    assert not has_risen(candidate(1, upvotes=10, cut_at=Signals(upvotes=9)))
    assert not has_risen(candidate(1, upvotes=100, cut_at=Signals(upvotes=90)))
    assert has_risen(candidate(1, upvotes=5, cut_at=Signals()))
    assert not has_risen(candidate(1, upvotes=500))


def test_yesterdays_second_best_is_no_news() -> None:
    selection = select([candidate(1, upvotes=3, cut_at=Signals(upvotes=3))], Profile(), max_papers=9)

    assert selection.chosen == selection.cut == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200)), max_size=12), st.integers(1, 5), st.randoms())
def test_ranking_does_not_depend_on_order_and_selecting_loses_nothing(
    votes: list[tuple[int, int]], max_papers: int, rng: random.Random
) -> None:
    titles = ["Graph learning", "Rivers and seas", "Learning graphs of seas", "Proteins"]
    day = [candidate(n, title=f"{titles[t]} {n}", upvotes=v) for n, (t, v) in enumerate(votes)]
    shuffled = list(day)
    rng.shuffle(shuffled)

    selection = select(day, Profile.of_words("graph learning", "seas"), max_papers=max_papers)

    assert selection == select(shuffled, Profile.of_words("graph learning", "seas"), max_papers=max_papers)
    assert sorted(r.candidate.position for r in selection.chosen + selection.cut) == list(range(len(day)))
    assert all(0 <= r.score <= 1 for r in selection.chosen)


def test_a_phrase_of_the_abstract_is_a_match_and_one_of_the_title_a_better_one() -> None:
    said = paper(1, title="A study of rivers", abstract="Here we use optimal transport to compare rivers.")
    named = paper(2, title="Optimal transport of rivers")
    day = [candidate(1, paper=said), candidate(2, paper=named)]

    ranked = rank(day, Profile.of_words("optimal transport", "..."))

    assert [r.candidate.position for r in ranked] == [2, 1]
    assert [r.reason for r in ranked] == ["matches “optimal transport”"] * 2


# -- reasons in degrees


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Test-time scaling of rivers", "We study rivers."),
        ("On rivers", "Training is what " + "we do with rivers and what rivers do with us " * 3 + "in each test."),
        ("On rivers", "Rivers are everywhere."),
    ],
)
def test_some_words_of_an_interest_are_no_match(title: str, abstract: str) -> None:
    day = [candidate(1, paper=paper(1, title=title, abstract=abstract))]

    [one] = rank(day, Profile.of_words("test-time training"), Background(papers=1000))

    assert (one.reason, one.interests) == ("", ())


def test_thirty_votes_go_before_half_an_interest_and_half_an_interest_before_none() -> None:
    half = paper(1, abstract="We look at rivers once more, at test time.")
    day = [candidate(1, paper=half), candidate(2, upvotes=30), candidate(3)]

    ranked = rank(day, Profile.of_words("test-time training"))

    assert [r.candidate.position for r in ranked] == [2, 1, 3]


def test_a_paper_that_nothing_speaks_for_gives_no_reason() -> None:
    selection = select([candidate(1, upvotes=1), candidate(2)], Profile.of_words("test-time training"), max_papers=9)

    assert [(r.reason, r.is_off) for r in selection.chosen] == [("", True), ("", True)]


def test_a_long_interest_is_cut_behind_a_word() -> None:
    sentence = "How do floods and dams move gravel and sediment through alpine rivers in the spring?"

    [one] = rank([candidate(1, title=sentence)], Profile.of_words(sentence))

    assert one.reason == "matches “How do floods and dams move gravel and sediment through …”"
