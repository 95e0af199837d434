"""Choosing: the laws of it, and that what was worked out once is given again for the same question alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.models import Candidate, Signals
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.reasons import OFF
from digest.core.ranking.relevance import Background, Space
from digest.core.ranking.variety import places
from digest.core.words.word_counts import word_counts_of
from tests.conftest import paper
from tests.fuzz.measure import steps
from tests.support.ranking import select

SUBJECTS = {
    "Rivers": "gravel silt erosion floods channels sediment discharge bedload reach delta glacier valley gauge bars",
    "Enzymes": "pocket mutation catalysis kinetics residue yield yeast protein fold substrate variant assay acid",
    "Tokens": "attention decoding prompt corpus logits perplexity vocabulary layer head cache beam sampling loss",
}
COMMON = "model measure compare result find show large new method data first paper study work well".split()
BACKGROUND = Background(papers=2000, length=25.0, counts=dict.fromkeys(COMMON, 700))
NEAR_DOUBLE = 0.6


def candidate(n: int, subject: str, words: int, *, upvotes: int | None = None, sources: int = 1) -> Candidate:
    """A paper of a subject; those whose number differs by 20 say nearly the same."""
    draw = random.Random(n % 20)
    own = draw.sample(SUBJECTS[subject].split(), words) + draw.sample(COMMON, 8)
    abstract = " ".join([*own, *(f"own{n % 20}word{k}" for k in range(25)), f"only{n}"])
    return Candidate(
        paper=paper(n, title=f"{subject} of kind {n % 20}", abstract=abstract, categories=(f"cs.{subject[:2]}",)),
        sources=("arXiv", "Hugging Face")[:sources],
        position=n,
        listed_on=date(2026, 6, 3),
        signals=Signals(upvotes=upvotes),
    )


CANDIDATES = st.dictionaries(
    st.integers(0, 39),
    st.builds(
        lambda *values: values,
        st.sampled_from(sorted(SUBJECTS)),
        st.integers(3, 10),
        st.none() | st.integers(0, 120),
        st.integers(1, 2),
    ),
    max_size=30,
).map(lambda day: [candidate(n, s, w, upvotes=v, sources=k) for n, (s, w, v, k) in day.items()])


def liked(*numbers: int) -> tuple[Liked, ...]:
    return tuple(
        Liked(paper=candidate(n, sorted(SUBJECTS)[n % 3], 9).paper, name=f"24{n:02}.00001", weight=1 / (1 + n % 2))
        for n in numbers
    )


PROFILES = st.builds(
    Profile,
    words=st.sampled_from([(), ("gravel",), ("attention decoding", "how do floods and dams move sediment and gravel")]),
    avoid_words=st.sampled_from([(), ("yeast",), ("silt erosion",)]),
    liked=st.sampled_from([(), liked(60), liked(60, 61, 62, 63)]),
    disliked=st.sampled_from([(), liked(70), liked(70, 71)]),
    authors=st.sampled_from([(), ("Ada Lovelace",)]),
    avoid_authors=st.sampled_from([(), ("Ada Lovelace",)]),
    seen=st.sampled_from([(), tuple(one.paper for one in liked(3, 27))]),
)
QUESTIONS = st.builds(
    Question,
    candidates=CANDIDATES.map(tuple),
    profile=PROFILES,
    max_papers=st.integers(0, 15),
    exploration=st.sampled_from([0.0, 0.1, 0.3, 1.0]),
    seed=st.sampled_from(["a", "b"]),
    avoid_unless_upvotes=st.sampled_from([None, 3]),
)


def answer(q: Question) -> object:
    return Chooser(BACKGROUND).choose("daily", q)


# -- laws


@settings(deadline=None, max_examples=60)
@given(QUESTIONS, st.randoms())
def test_choosing_does_not_depend_on_the_order_of_candidates_or_of_what_is_liked(
    question: Question, rng: random.Random
) -> None:
    profile = question.profile
    mixed = replace(
        question,
        candidates=tuple(rng.sample(question.candidates, len(question.candidates))),
        profile=replace(
            profile,
            liked=tuple(reversed(profile.liked)),
            disliked=tuple(reversed(profile.disliked)),
            seen=tuple(reversed(profile.seen)),
        ),
    )

    assert answer(mixed) == answer(question)


@settings(deadline=None, max_examples=40)
@given(QUESTIONS)
def test_choosing_from_what_was_chosen_chooses_all_of_it_again(question: Question) -> None:
    once = Chooser(BACKGROUND).choose("daily", question)
    chosen = tuple(r.candidate for r in once.chosen)

    again = Chooser(BACKGROUND).choose("daily", replace(question, candidates=chosen))

    assert {r.candidate.paper.id for r in again.chosen} == {c.paper.id for c in chosen}


@settings(deadline=None, max_examples=60)
@given(QUESTIONS)
def test_no_two_of_an_issue_say_nearly_the_same(question: Question) -> None:
    chosen = [r.candidate.paper for r in Chooser(BACKGROUND).choose("daily", question).chosen]

    space = Space(BACKGROUND, [word_counts_of(c.paper) for c in question.candidates])
    vectors = [space.vector(word_counts_of(p)) for p in (*chosen, *question.profile.seen)]

    for n, one in enumerate(vectors[: len(chosen)]):
        assert all(one.cosine(other) < NEAR_DOUBLE for other in vectors[n + 1 :])


@settings(deadline=None, max_examples=60)
@given(QUESTIONS)
def test_the_unusual_never_gets_more_than_its_share_and_never_what_was_asked_for(question: Question) -> None:
    chosen = Chooser(BACKGROUND).choose("daily", question).chosen

    off = [r for r in chosen if r.reason.startswith(OFF)]

    assert len(off) <= places(question.exploration, question.max_papers)
    assert not off or question.profile.has_interests
    assert not any("matches" in r.reason or "like" in r.reason for r in off)


@settings(deadline=None, max_examples=60)
@given(QUESTIONS)
def test_every_paper_that_interests_brought_in_says_why(question: Question) -> None:
    for ranked in Chooser(BACKGROUND).choose("daily", question).chosen:
        assert bool(ranked.interests) <= bool(ranked.reason)
        assert not ranked.interests or not ranked.is_off
        assert "()" not in ranked.reason


# -- worked out once

DAY = tuple(candidate(n, sorted(SUBJECTS)[n % 3], 3 + n % 7, upvotes=n) for n in range(20))
QUESTION = Question(
    candidates=DAY,
    profile=Profile(words=("gravel",), liked=liked(60)),
    max_papers=6,
    exploration=0.1,
    seed="daily 2026-06-03",
)


def test_the_same_question_in_other_words_is_not_worked_out_twice() -> None:
    chooser = Chooser(BACKGROUND)
    same = replace(QUESTION, candidates=tuple(replace(c, paper=replace(c.paper)) for c in DAY))

    assert chooser.choose("daily", same) is chooser.choose("daily", QUESTION)


@pytest.mark.parametrize(
    "changed",
    [
        replace(QUESTION, candidates=DAY[:-1]),
        replace(QUESTION, candidates=(*DAY[:-1], replace(DAY[-1], signals=Signals(upvotes=500)))),
        replace(QUESTION, candidates=(*DAY[:-1], replace(DAY[-1], paper=replace(DAY[-1].paper, title="Gravel")))),
        replace(QUESTION, profile=replace(QUESTION.profile, words=("attention",))),
        replace(QUESTION, profile=replace(QUESTION.profile, liked=liked(61))),
        replace(QUESTION, profile=replace(QUESTION.profile, liked=(replace(liked(60)[0], weight=0.1),))),
        replace(QUESTION, profile=replace(QUESTION.profile, seen=(DAY[4].paper,))),
        replace(QUESTION, max_papers=5),
        replace(QUESTION, exploration=0.5),
        replace(QUESTION, seed="daily 2026-06-04"),
        replace(QUESTION, avoid_unless_upvotes=1, profile=replace(QUESTION.profile, avoid_words=("gravel",))),
    ],
)
def test_another_question_is_never_given_the_last_answer(changed: Question) -> None:
    chooser = Chooser(BACKGROUND)
    chooser.choose("daily", QUESTION)

    assert chooser.choose("daily", changed) == select(
        changed.candidates,
        changed.profile,
        max_papers=changed.max_papers,
        exploration=changed.exploration,
        seed=changed.seed,
        avoid_unless_upvotes=changed.avoid_unless_upvotes,
        background=BACKGROUND,
    )


def test_two_editions_do_not_push_out_each_others_answers() -> None:
    chooser = Chooser(BACKGROUND)
    first = chooser.choose("daily", QUESTION)
    chooser.choose("weekly", replace(QUESTION, max_papers=3))

    assert chooser.choose("daily", QUESTION) is first


def test_a_choice_is_remembered_for_some_editions_and_not_for_thousands() -> None:
    chooser = Chooser(BACKGROUND)
    small = replace(QUESTION, candidates=DAY[:2], max_papers=1)
    first = chooser.choose("0", small)
    assert chooser.choose("0", small) is first

    for n in range(1, 101):
        chooser.choose(str(n), small)

    assert chooser.choose("100", small) is chooser.choose("100", small)
    assert chooser.choose("0", small) is not first
    assert chooser.choose("0", small) == first


def test_asking_again_costs_a_small_part_of_asking_once() -> None:
    chooser = Chooser(BACKGROUND)
    same = replace(QUESTION, candidates=tuple(replace(c, paper=replace(c.paper)) for c in DAY))

    once = steps(lambda: chooser.choose("daily", QUESTION))
    again = steps(lambda: chooser.choose("daily", same))

    assert again < once / 2
