"""How papers that share no id find each other among very many: by a few numbers out of their words."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, FunctionType

from hypothesis import given
from hypothesis import strategies as st

from digest.core.identity.likeness import same_work
from digest.core.identity.resolve import resolve
from digest.core.identity.sketch import are_strangers, sketch, tells_up_to
from digest.core.models import Paper, Record
from tests.core.test_likeness import ABSTRACT, OTHER, any_papers, titled


def find_each_other(a: Paper, b: Paper) -> bool:
    """Whether either finds the other, whichever of them came first."""
    found = [not sketch(x).sought.isdisjoint(sketch(y).kept) for x, y in ((a, b), (b, a))]
    assert found[0] == found[1]
    return found[0]


def test_what_is_stored_of_a_paper_stays_what_it_is() -> None:
    # These numbers stand in people's databases: whoever changes them adds a migration that makes all anew.
    kept = sketch(titled("Where the sand of rivers goes", abstract=ABSTRACT)).kept
    alone = sketch(titled("Where the sand of rivers goes")).kept

    assert (len(kept), sum(kept) % 1_000_003) == (11, 471314)
    assert (len(alone), sum(alone) % 1_000_003) == (6, 854879)


def test_a_short_text_has_no_sketch() -> None:
    nothing = sketch(titled("Sand", abstract="We study sand."))

    assert not nothing.kept | nothing.sought


@given(any_papers, any_papers)
def test_papers_that_are_joined_under_other_titles_find_each_other(a: Paper, b: Paper) -> None:
    if same_work(a, b) and a.title != b.title:
        assert find_each_other(a, b)


@given(
    st.lists(st.sampled_from(ABSTRACT.split() + OTHER.split()), min_size=80, max_size=200),
    st.integers(0, 79),
    st.sampled_from(["replaced", "left out", "doubled"]),
)
def test_an_abstract_with_a_changed_word_is_found(words: list[str], n: int, change: str) -> None:
    changed = words[:n] + {"replaced": ["other"], "left out": [], "doubled": [words[n]] * 2}[change] + words[n + 1 :]
    a, b = (titled("T", abstract=" ".join(w)) for w in (words, changed))

    assert find_each_other(a, b)


@given(st.lists(st.from_regex(r"[a-z]{4,10}", fullmatch=True), min_size=8, max_size=16), st.data())
def test_a_title_with_a_misspelling_is_found(words: list[str], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(words) - 1))
    misspelt = [*words[:n], words[n] + "x", *words[n + 1 :]]
    a, b = (titled(" ".join(w)) for w in (words, misspelt))

    assert find_each_other(a, b)


def test_titles_of_papers_without_abstract_have_numbers_of_their_own() -> None:
    title = "Where all the sand of Asian rivers goes"
    spoken, alone = sketch(titled(title, abstract=ABSTRACT)), sketch(titled(title))

    assert spoken.kept.isdisjoint(alone.kept)
    assert not spoken.sought.isdisjoint(alone.kept)
    assert not alone.sought.isdisjoint(spoken.kept)
    # Where both have an abstract, a like title alone is no reason to look closer.
    assert spoken.sought.isdisjoint(sketch(titled(title, abstract=OTHER)).kept)


def test_an_abstract_in_any_script_has_a_sketch() -> None:
    cyrillic = " ".join(f"слово{n} реки песок и берег моря" for n in range(12))

    assert not sketch(titled("T", abstract=cyrillic)).sought.isdisjoint(sketch(titled("U", abstract=cyrillic)).kept)


def test_signs_and_capitals_do_not_change_a_sketch() -> None:
    other = ABSTRACT.replace(".", " –").replace(",", ";").upper()

    assert sketch(titled("T", abstract=other)) == sketch(titled("T", abstract=ABSTRACT))


def test_strangers_are_told_by_names_and_not_by_surnames_alone() -> None:
    assert not are_strangers(("Ada Lovelace", "Emmy Noether"), ("E. Noether",))
    assert not are_strangers(("Jürgen Müller",), ("J. Muller",))
    assert not are_strangers(("Wang Wei",), ("Wei Wang",))
    assert are_strangers(("Wang Wei",), ("Wang Li",))
    assert not are_strangers((), ("Wang Li",))


def calls(function: FunctionType, during: Callable[[], object]) -> int:
    """How often *function* is called *during* something else."""
    count = 0

    def look(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is function.__code__

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        during()
    finally:
        sys.setprofile(before)
    return count


def test_a_crowd_that_says_the_same_is_compared_with_few() -> None:
    # Counted, not timed: how often the decision is asked.
    crowd = [titled("The same long title for everybody", n, authors=(f"Ada Lovelace{n}",)) for n in range(300)]

    asked = calls(same_work, lambda: resolve([Record(paper=one) for one in crowd], []))

    assert 0 < asked <= 300 * (50 + tells_up_to(0))
