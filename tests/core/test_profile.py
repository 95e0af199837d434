"""Interests of every kind choose, reasons say which, and an issue is not more of the same."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.models import Candidate, Paper, Signals
from digest.core.ranking import rank as ranking
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.reasons import OFF
from digest.core.ranking.relevance import Background
from digest.core.ranking.variety import places
from tests.conftest import paper
from tests.support.ranking import rank, select

RIVERS = (
    "Braided rivers carry gravel and silt through alpine valleys where floods reshape bars and channels every spring. "
    "We map erosion with drones and gauge stations, model transport capacity along reaches, compare discharge with "
    "bedload, and forecast how dams, vegetation, bridges and warming glaciers will move sediment over coming decades."
)
PROTEINS = (
    "Enzymes fold into pockets that bind small molecules, and mutations inside those pockets change catalysis. We "
    "screen libraries of variants by sequencing, measure kinetics under temperature and acid stress, and find residues "
    "whose swap doubles turnover while keeping stability, yield, solubility and expression in yeast and bacteria."
)
BACKGROUND = Background(papers=1000, length=40.0, counts={"model": 600, "compare": 300, "measure": 200, "find": 300})


def text(n: int, title: str, abstract: str, **changes: Any) -> Paper:
    return paper(n, title=title, abstract=abstract, **changes)


def candidate(of: Paper, *, upvotes: int | None = None, **changes: Any) -> Candidate:
    position = int(of.id[-5:])
    signals = Signals(upvotes=upvotes)
    made = Candidate(paper=of, sources=("arXiv",), position=position, listed_on=date(2026, 6, 3), signals=signals)
    return replace(made, **changes)


def shuffled(abstract: str, seed: int, keep: int = 30) -> str:
    """Some of an abstract's words in another order: the same subject, not the same text."""
    words = abstract.split()
    random.Random(seed).shuffle(words)
    return " ".join([*words[:keep], *(f"word{seed}n{n}" for n in range(30))])


LIKED = Liked(paper=text(900, "Sediment of alpine rivers", RIVERS), name="AlpineRivers")
ABOUT_RIVERS = candidate(text(1, "Gravel in braided rivers", shuffled(RIVERS, 1)))
ABOUT_PROTEINS = candidate(text(2, "Mutations of enzymes", shuffled(PROTEINS, 2)))


def test_a_paper_near_a_liked_one_comes_first_and_the_reason_names_that_one() -> None:
    day = [replace(ABOUT_PROTEINS, position=0), replace(ABOUT_RIVERS, signals=Signals(upvotes=42))]

    first, second = rank(day, Profile(liked=(LIKED,)), BACKGROUND)

    assert first.reason == "like AlpineRivers (braided rivers)"
    assert (second.candidate.paper.id, second.reason) == (ABOUT_PROTEINS.paper.id, "")


def test_of_two_unrelated_likes_each_brings_its_own_and_is_named() -> None:
    other = Liked(paper=text(901, "Catalysis", PROTEINS), name="“Catalysis”")

    ranked = rank([ABOUT_RIVERS, ABOUT_PROTEINS], Profile(liked=(LIKED, other)), BACKGROUND)

    assert {r.reason for r in ranked} == {"like AlpineRivers (braided rivers)", "like “Catalysis” (enzymes fold)"}


def test_an_author_brings_a_paper_in_however_the_name_is_written() -> None:
    signed = replace(ABOUT_PROTEINS, paper=replace(ABOUT_PROTEINS.paper, authors=("E. Noether", "A. Lovelace")))
    others = replace(ABOUT_RIVERS, paper=replace(ABOUT_RIVERS.paper, authors=("Ada Byron",)))

    first, second = rank([others, signed], Profile(authors=("Ada Lovelace",), words=("enzymes",)))

    assert first.reason == "by Ada Lovelace; matches “enzymes”"
    assert second.reason == ""


def test_what_is_avoided_is_left_out_however_well_it_fits_and_the_reason_says_so() -> None:
    wanted = Profile(words=("rivers", "enzymes"), avoid_words=("gravel",), avoid_authors=("Grace Hopper",))
    signed = replace(ABOUT_PROTEINS, paper=text(3, "Enzymes at work", "We fold them.", authors=("G. Hopper",)))

    selection = select([ABOUT_RIVERS, ABOUT_PROTEINS, signed], wanted, max_papers=9)

    assert [r.candidate for r in selection.chosen] == [ABOUT_PROTEINS]
    assert {r.left_out for r in selection.cut} == {"on “gravel”, which you avoid", "by Grace Hopper, which you avoid"}


def test_a_topic_that_is_avoided_is_left_out_though_its_name_stands_nowhere() -> None:
    def topics_of(one: Paper) -> tuple[str, ...]:
        return ("Hydrology",) if "river" in one.title else ("Biology",)

    day = Day([ABOUT_RIVERS, ABOUT_PROTEINS], topics_of=topics_of)
    wanted = Profile(avoid_words=("hydrology",), avoid_topics=(("hydrology", frozenset({"Hydrology"})),))

    selection = ranking.select(day, wanted, max_papers=9)

    assert [r.candidate for r in selection.chosen] == [ABOUT_PROTEINS]
    assert [r.left_out for r in selection.cut] == ["on “hydrology”, which you avoid"]


def test_votes_bring_back_what_is_avoided_only_where_that_is_wanted_and_the_reason_says_it() -> None:
    voted = replace(ABOUT_RIVERS, signals=Signals(upvotes=120))
    profile = Profile(words=("enzymes",), avoid_words=("gravel",))

    [barred, back, too_few] = [
        [(r.candidate, r.reason) for r in select([voted], profile, max_papers=9, avoid_unless_upvotes=n).chosen]
        for n in (None, 100, 121)
    ]

    assert (barred, too_few) == ([], [])
    assert back == [(voted, "on “gravel”, but 120 votes")]


def test_what_is_avoided_never_comes_on_a_place_for_the_unusual() -> None:
    day = a_day(60)
    profile = Profile(words=("rivers",), avoid_words=("enzymes",))

    chosen = select(day, profile, max_papers=20, exploration=0.5, seed="x", avoid_unless_upvotes=1).chosen

    assert not any(r.reason == OFF and "Enzymes" in r.candidate.paper.title for r in chosen)
    assert not any("Enzymes" in r.candidate.paper.title for r in select(day, profile, max_papers=60).chosen)


def test_a_disliked_paper_pushes_down_what_is_like_it() -> None:
    disliked = Liked(paper=text(901, "Catalysis", PROTEINS), name="Catalysis")
    day = [replace(ABOUT_PROTEINS, position=0), replace(ABOUT_RIVERS, position=1)]

    ranked = rank(day, Profile(disliked=(disliked,)), BACKGROUND)

    assert [r.candidate.position for r in ranked] == [1, 0]


def test_what_resembles_a_paper_printed_lately_counts_a_little_less() -> None:
    day = [replace(ABOUT_RIVERS, signals=Signals(upvotes=40)), replace(ABOUT_PROTEINS, signals=Signals(upvotes=40))]

    ranked = rank(day, Profile(seen=(LIKED.paper,)), BACKGROUND)

    assert [r.candidate.position for r in ranked] == [2, 1]


def test_an_interest_in_a_sentence_is_met_without_its_very_words() -> None:
    sentence = "How do floods and dams move gravel and sediment through alpine rivers?"

    first, second = rank([ABOUT_PROTEINS, ABOUT_RIVERS], Profile(words=(sentence,)), BACKGROUND)

    assert (first.candidate, first.reason) == (
        ABOUT_RIVERS,
        "matches “How do floods and dams move gravel and sediment through …”",
    )
    assert second.reason == ""


# -- reasons in degrees


def near_miss(n: int, title: str, shared: str) -> Candidate:
    """A paper that has some words of another, among many of its own."""
    return candidate(text(n, title, f"{shared} {' '.join(f'own{n}word{k}' for k in range(20))}"))


def test_a_paper_that_shares_one_word_with_a_liked_one_has_no_reason() -> None:
    few = near_miss(1, "Of other things", "model gravel")

    [one] = rank([few], Profile(liked=(LIKED,)), BACKGROUND)

    assert (one.reason, one.interests, one.is_off) == ("", (), True)


def test_a_reason_names_pairs_of_words_that_both_papers_have() -> None:
    liked = Liked(paper=text(900, "Sediment transport", RIVERS), name="“Sediment transport”")
    shared = shuffled(RIVERS, 1)
    told = f"{shared} Here alpine valleys have sediment transport, model runs and spring."
    one = candidate(text(1, "On rivers", told))

    [ranked] = rank([one], Profile(liked=(liked,)), BACKGROUND)

    assert ranked.reason == "like “Sediment transport” (sediment transport, alpine valleys)"
    assert ranked.interests == ("papers like “Sediment transport”",)


def test_a_liked_paper_that_is_listed_itself_is_said_to_be_one_of_the_readers_own() -> None:
    by_id = candidate(replace(LIKED.paper, title="Sediment of alpine rivers, revised"))
    by_title = candidate(text(7, "Sediment of Alpine Rivers", ""))

    ranked = rank([by_id, by_title, ABOUT_PROTEINS], Profile(liked=(LIKED,)), BACKGROUND)
    assert [r.reason for r in ranked] == ["one of your papers", "one of your papers", ""]


# -- no two that say the same


def test_of_two_papers_that_say_the_same_the_better_one_is_taken() -> None:
    twin = candidate(text(3, "Gravel in braided rivers of the Alps", RIVERS), upvotes=3)
    better = candidate(text(4, "Alpine gravel", RIVERS), upvotes=9)

    selection = select([twin, better, ABOUT_PROTEINS], Profile(), max_papers=9)

    assert [r.candidate for r in selection.chosen] == [better, ABOUT_PROTEINS]
    assert [r.left_out for r in selection.cut] == ["says nearly the same as “Alpine gravel”"]


def test_what_says_the_same_as_a_paper_printed_lately_is_left_out() -> None:
    again = candidate(text(3, "Gravel in braided rivers", RIVERS))

    selection = select([again], Profile(seen=(LIKED.paper,)), max_papers=9)

    assert selection.chosen == ()
    assert selection.cut[0].left_out == "says nearly the same as “Sediment of alpine rivers”"


def test_two_parts_of_a_series_are_two_papers() -> None:
    parts = [candidate(text(n, f"Gravel in braided rivers, part {n}", RIVERS)) for n in (1, 2)]

    assert len(select(parts, Profile(), max_papers=9).chosen) == 2


def test_short_texts_are_never_said_to_say_the_same() -> None:
    short = [candidate(text(n, f"On rivers ({'abc'[n]})", "We study rivers.")) for n in (0, 1)]

    assert len(select(short, Profile(), max_papers=9).chosen) == 2


# -- places for the unusual


def a_day(n: int) -> list[Candidate]:
    """Every other paper is about rivers."""
    abouts = [("Rivers", RIVERS), ("Enzymes", PROTEINS)]
    return [
        candidate(text(k, f"{abouts[k % 2][0]} number {k}", shuffled(abouts[k % 2][1], k, 20)), upvotes=k % 7)
        for k in range(n)
    ]


def test_a_tenth_of_the_places_goes_to_what_the_interests_would_not_bring_in() -> None:
    voted = candidate(text(99, "Yeast and bacteria", shuffled(PROTEINS, 99)), upvotes=80)
    day = [*a_day(60), voted]

    selection = select(day, Profile(words=("rivers",)), max_papers=20, seed="ai 2026-06-03")

    unusual = [r for r in selection.chosen if r.reason.startswith(OFF)]
    assert len(unusual) == 2
    assert len(selection.chosen) == 20
    assert all(r.is_off for r in unusual)
    assert voted in [r.candidate for r in selection.chosen]


def test_another_day_or_edition_explores_elsewhere() -> None:
    day = [replace(c, signals=Signals()) for c in a_day(80)]

    explored = {
        tuple(r.candidate.position for r in select(day, Profile(words=("rivers",)), max_papers=10, seed=s).chosen)
        for s in ("a", "b", "c", "d")
    }

    assert len(explored) > 1


def test_nothing_is_unusual_where_nobody_has_interests_or_all_have_room() -> None:
    for selection in (
        select(a_day(60), Profile(), max_papers=20),
        select(a_day(20), Profile(words=("rivers",)), max_papers=20),
        select(a_day(60), Profile(words=("rivers",)), max_papers=20, exploration=0.0),
    ):
        assert len(selection.chosen) == 20
        assert not any("off your interests" in r.reason for r in selection.chosen)


def test_a_half_place_counts_and_small_issues_have_none() -> None:
    assert [places(0.1, n) for n in (0, 1, 4, 5, 14, 15, 30)] == [0, 0, 0, 1, 1, 2, 3]
    assert (places(0.0, 30), places(0.97, 30), places(1.0, 30)) == (0, 29, 30)


# -- laws

PROFILES = st.builds(
    Profile,
    words=st.sampled_from([(), ("rivers",), ("rivers", "How do enzymes fold into pockets that bind?")]),
    liked=st.sampled_from([(), (LIKED,)]),
    avoid_words=st.sampled_from([(), ("gravel",)]),
    authors=st.sampled_from([(), ("Ada Lovelace",)]),
    seen=st.sampled_from([(), (LIKED.paper,)]),
)


@settings(deadline=None, max_examples=40)
@given(PROFILES, st.integers(0, 30), st.integers(1, 12), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.randoms())
def test_choosing_does_not_depend_on_order_keeps_scores_in_bounds_and_loses_nothing(
    profile: Profile, n: int, max_papers: int, exploration: float, rng: random.Random
) -> None:
    day = a_day(n)
    mixed = rng.sample(day, len(day))

    chosen = select(day, profile, max_papers=max_papers, exploration=exploration, seed="x", background=BACKGROUND)

    assert chosen == select(
        mixed, profile, max_papers=max_papers, exploration=exploration, seed="x", background=BACKGROUND
    )
    assert sorted(r.candidate.position for r in (*chosen.chosen, *chosen.cut)) == list(range(n))
    assert all(0 <= r.score <= 1 for r in (*chosen.chosen, *chosen.cut))
    assert [r.score for r in chosen.chosen] == sorted((r.score for r in chosen.chosen), reverse=True)
    assert len(chosen.chosen) <= max_papers


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([RIVERS, "How floods reshape silt", ""]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["model", "compare", "needed", "gives", "protein", "fold", "yeast", "acid"]), max_size=60),
)
def test_what_shares_no_telling_word_with_any_like_gains_nothing_by_likes(likes: list[str], words: list[str]) -> None:
    liked = tuple(Liked(paper=text(900 + n, f"Silt {n}", t), name=f"2401.{n:05}") for n, t in enumerate(likes))
    stranger = candidate(text(1, "Yeast", " ".join(words)))

    [ranked] = rank([stranger], Profile(liked=liked), BACKGROUND)

    assert (ranked.score, ranked.reason) == (0, "")
