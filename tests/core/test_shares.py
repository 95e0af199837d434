"""Places are shared between interests, however many papers one of them fits; libraries and marks weigh less."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from digest.core.models import Candidate, Paper, Signals
from digest.core.ranking import listed
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.clusters import clusters
from digest.core.ranking.libraries import Libraries
from digest.core.ranking.profile import MARKS, Liked, Profile
from digest.core.ranking.relevance import Background, Space
from digest.core.ranking.shares import LEAST, Order, share
from digest.core.words.word_counts import word_counts_of
from tests.conftest import paper
from tests.support.ranking import select

SUBJECTS = {
    "Rivers": "gravel silt erosion floods channels sediment discharge bedload reach delta glacier valley gauge bars",
    "Enzymes": "pocket mutation catalysis kinetics residue yield yeast protein fold substrate variant assay acid",
    "Tokens": "attention decoding prompt corpus logits perplexity vocabulary layer head cache beam sampling loss",
}
COMMON = "model measure compare result find show large new method data first paper study work well".split()
BACKGROUND = Background(papers=2000, length=25.0, counts=dict.fromkeys(COMMON, 700))


def about(n: int, subject: str, **changes: object) -> Paper:
    draw = random.Random(n)
    own = draw.sample(SUBJECTS[subject].split(), 9)
    text = " ".join([*own, *draw.sample(COMMON, 8), *(f"own{n}word{k}" for k in range(25))])
    return replace(paper(n, title=f"{subject} of kind {n}", abstract=text), **changes)  # type: ignore[arg-type]


def a_day(**numbers: int) -> tuple[Candidate, ...]:
    """Papers of each subject, as many as are asked for."""
    papers = [about(n, subject) for subject, many in numbers.items() for n in range(many)]
    return tuple(
        Candidate(
            paper=replace(one, id=f"arxiv:2603.{n:05}"),  # type: ignore[arg-type]
            sources=("arXiv",),
            position=n,
            listed_on=date(2026, 6, 3),
        )
        for n, one in enumerate(papers)
    )


def subjects(chosen: tuple[object, ...]) -> dict[str, int]:
    found = [r.candidate.paper.title.split()[0] for r in chosen]  # type: ignore[attr-defined]
    return {name: found.count(name) for name in SUBJECTS}


# -- the table


def test_places_go_round_between_interests() -> None:
    orders = [Order(fits=dict.fromkeys(range(20), 0.9)), Order(fits=dict.fromkeys(range(20, 40), 0.5))]

    taken = share(orders, range(40), 10, lambda _: True)

    assert sum(n < 20 for n in taken) == 5


def test_an_interest_without_papers_leaves_its_places_to_the_others() -> None:
    orders = [Order(fits=dict.fromkeys(range(20), 0.9)), Order(fits={20: 0.5, 21: 0.01})]

    taken = share(orders, range(40), 10, lambda _: True)

    assert sorted(n for n in taken if n >= 20) == [20]
    assert len(taken) == 10


def test_a_paper_that_fits_two_interests_counts_for_both() -> None:
    both = dict.fromkeys(range(4), 0.9)
    others = dict.fromkeys(range(20, 40), 0.9)
    orders = [Order(fits={**both, 10: 0.9}), Order(fits={**both, 11: 0.9}), Order(fits=others)]

    taken = share(orders, range(40), 8, lambda _: True)

    assert sum(n >= 20 for n in taken) == 4


def test_a_weak_interest_gets_a_smaller_share() -> None:
    orders = [Order(fits=dict.fromkeys(range(20), 0.9)), Order(fits=dict.fromkeys(range(20, 40), 0.9), weight=1 / 3)]

    taken = share(orders, range(40), 12, lambda _: True)

    assert sum(n >= 20 for n in taken) == 3


@given(
    st.lists(st.dictionaries(st.integers(0, 15), st.floats(0, 1)), max_size=4),
    st.integers(0, 12),
    st.sets(st.integers(0, 15)),
)
def test_sharing_gives_no_place_twice_and_none_to_what_cannot_be_taken(
    fits: list[dict[int, float]], places: int, refused: set[int]
) -> None:
    taken = share([Order(fits=one) for one in fits], range(16), places, lambda n: n not in refused)

    fitting = {n for one in fits for n, fit in one.items() if fit >= LEAST} - refused
    assert len(set(taken)) == len(taken) == min(places, len(fitting))
    assert set(taken) <= fitting


# -- an issue


def test_one_liked_paper_does_not_drown_a_phrase() -> None:
    liked = Liked(paper=about(900, "Rivers"), name="RiverNet")

    chosen = select(
        a_day(Rivers=60, Enzymes=12, Tokens=10),
        Profile(words=("catalysis", "perplexity"), liked=(liked,)),
        max_papers=12,
        exploration=0.0,
        background=BACKGROUND,
    ).chosen

    assert min(subjects(chosen).values()) >= 3


def test_one_mark_moves_a_few_places_and_many_move_more() -> None:
    day = a_day(Rivers=40, Enzymes=40)
    marks = tuple(Liked(paper=about(900 + n, "Rivers"), name="x", of=MARKS) for n in range(6))

    def chosen(marked: int) -> int:
        profile = Profile(words=("catalysis", "yeast", "kinetics"), liked=marks[:marked])
        return subjects(select(day, profile, max_papers=20, exploration=0.0, background=BACKGROUND).chosen)["Rivers"]

    none, one, many = chosen(0), chosen(1), chosen(6)

    assert 0 < one - none <= 4
    assert many > one


def test_a_library_counts_as_a_few_clusters_by_its_subjects() -> None:
    papers = [about(n, subject) for n in range(20) for subject in ("Rivers", "Enzymes")]
    vectors = [Space(BACKGROUND).vector(word_counts_of(one)) for one in papers]

    found = clusters(vectors)

    assert len(found) == 2
    assert {frozenset(papers[n].title.split()[0] for n in group) for group in found} == {
        frozenset({"Rivers"}),
        frozenset({"Enzymes"}),
    }


def test_what_is_very_like_a_disliked_paper_is_left_out_and_says_like_which() -> None:
    text = about(1, "Rivers")
    twin = replace(text, id="arxiv:2603.00777", title="Rivers again")  # type: ignore[arg-type]
    day = (*a_day(Enzymes=9), replace(a_day(Rivers=1)[0], paper=twin, position=9, signals=Signals(upvotes=300)))

    selection = select(
        day, Profile(disliked=(Liked(paper=text, name="“Rivers of kind 1”"),)), max_papers=3, background=BACKGROUND
    )

    [left] = [r for r in selection.cut if r.candidate.paper.id == twin.id]
    assert left.left_out == "like “Rivers of kind 1”, which you avoid"


# -- what is shared


def question(day: tuple[Candidate, ...], word: str) -> Question:
    return Question(candidates=day, profile=Profile(words=(word,)), max_papers=5, exploration=0.1, seed="s")


def test_editions_with_the_same_new_papers_share_what_was_prepared_of_them() -> None:
    day = a_day(Rivers=9, Enzymes=9)
    risen = replace(
        a_day(Tokens=1)[0],
        paper=replace(about(5, "Tokens"), id="arxiv:2602.00001"),  # type: ignore[arg-type]
        cut_at=Signals(),
        cut_on=date(2026, 6, 1),
        signals=Signals(upvotes=70),
    )
    chooser = Chooser(BACKGROUND)
    first, second = chooser.day(day), chooser.day((risen, *reversed(day)))

    assert first.vectors[0] is second.vectors[0]
    assert len(second.candidates) == len(day) + 1
    for candidates in (day, (risen, *day)):
        q = question(candidates, "perplexity")
        assert chooser.choose("one", q) == Chooser(BACKGROUND).choose("two", q)


def test_a_changed_paper_is_prepared_anew() -> None:
    day = a_day(Rivers=9)
    changed = (replace(day[0], paper=replace(day[0].paper, abstract="Perplexity of tokens.")), *day[1:])
    chooser = Chooser(BACKGROUND)
    chooser.day(day)

    assert chooser.day(changed).vectors != chooser.day(day).vectors


def test_topics_are_asked_for_once_and_only_where_a_topic_is_avoided() -> None:
    asked: list[str] = []

    def topics_of(one: Paper) -> tuple[str, ...]:
        asked.append(one.id)
        return ("Rivers",) if one.title.startswith("Rivers") else ()

    day = a_day(Rivers=9, Enzymes=9)
    chooser = Chooser(BACKGROUND, topics_of)
    chooser.choose("one", question(day, "catalysis"))
    assert asked == []

    for name in ("two", "three"):
        profile = Profile(words=("catalysis",), avoid_topics=((name, frozenset({"Rivers"})),))
        selection = chooser.choose(name, replace(question(day, ""), profile=profile, max_papers=20))
        assert {r.left_out for r in selection.cut} == {f"on “{name}”, which you avoid"}
    assert len(asked) == len(day)


def test_a_library_is_prepared_once_as_long_as_it_stays_the_same() -> None:
    library = tuple(Liked(paper=about(n, "Rivers"), name="x", of="a.bib") for n in range(20))
    libraries, space = Libraries(BACKGROUND), Space(BACKGROUND)

    first = libraries.clusters(library, (), space)

    assert libraries.clusters(tuple(map(replace, library)), (), space) is first
    assert libraries.clusters(library[:-1], (), space) is not first


def test_similar_papers_are_found_again_if_the_text_of_one_changed() -> None:
    papers = listed.ListedPapers([about(n, "Rivers") for n in range(5)], BACKGROUND)
    one = about(3, "Rivers")

    near = papers.near(one)

    assert near[0][0] == 3
    assert papers.near(replace(one, title="Yeast", abstract="Perplexity " * 40)) == ()
