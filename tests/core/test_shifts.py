"""What a mark changes in a profile, and a profile in a choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from digest.core.models import Candidate, Ranked, Signals
from digest.core.ranking.profile import MARKS, Liked, Profile
from digest.core.ranking.shifts import Shift, with_mark
from tests.conftest import paper


def ranked(n: int) -> Ranked:
    one = Candidate(paper=paper(n), sources=("hf",), position=n, listed_on=date(2026, 6, 3), signals=Signals())
    return Ranked(candidate=one, score=1 / n, reason="")


def ids(some: tuple[Ranked, ...]) -> list[str]:
    return [one.candidate.paper.id for one in some]


def test_a_shift_tells_what_came_what_went_and_how_many_moved() -> None:
    shift = Shift.between([*map(ranked, (1, 2, 3, 4))], [*map(ranked, (3, 5, 2, 4))])

    assert (shift.of, ids(shift.came), ids(shift.went)) == (4, [paper(5).id], [paper(1).id])
    assert shift.moved == 2


def test_what_takes_another_s_place_moves_nobody() -> None:
    shift = Shift.between([*map(ranked, (1, 2, 3))], [*map(ranked, (5, 2, 3))])

    assert (len(shift.came), len(shift.went), shift.moved) == (1, 1, 0)


def test_a_mark_takes_the_place_of_what_was_said_of_the_paper() -> None:
    one = paper(1)
    interest = Liked(paper=one, name="one")
    marked = Liked(paper=replace(one, id=one.id + "v2", aliases=(one.id,)), name="one", weight=0.3, of=MARKS)
    profile = Profile(words=("things",), liked=(interest,), disliked=(marked,))

    more, less, none = (with_mark(profile, one, value) for value in (1, -1, 0))

    assert ([x.of for x in more.liked], more.liked[0].weight, more.disliked) == ([MARKS], 1.0, ())
    assert (less.liked, [x.weight for x in less.disliked]) == ((), [1.0])
    assert (none.liked, none.disliked) == ((interest,), ())
    assert more.words == less.words == none.words == ("things",)


def test_marks_on_other_papers_stay() -> None:
    other = Liked(paper=paper(2), name="two", of=MARKS)

    assert with_mark(Profile(liked=(other,)), paper(1), 1).liked[1:] == (other,)
    assert with_mark(Profile(disliked=(other,)), paper(1), 0).disliked == (other,)
