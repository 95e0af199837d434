"""How papers that share no id find each other among very many: by a few numbers out of their words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.core.likeness import same_work
from digest.core.models import Paper
from digest.core.sketch import sketch
from tests.test_likeness import ABSTRACT, OTHER, any_papers, titled


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
