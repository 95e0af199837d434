"""What two citations say for and against being one work."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.evidence import LIKELY, evidence, likelihood, years_apart
from digest.core.likeness import same_work
from digest.core.models import Paper, PaperId
from tests.test_likeness import titled


def cited(title: str, authors: str = "", year: int | None = None, **changes: Any) -> Paper:
    """A record out of a bibliography."""
    values = {
        "id": PaperId("title:cited"),
        "authors": tuple(filter(None, authors.split(" , "))),
        "published": datetime(year, 1, 1, tzinfo=UTC) if year else None,
        "url": "",
    }
    return titled(title, **{**values, **changes})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            cited("The garlic project of sand", "m roth , l haas", 1996),
            cited("and haas l. the garlic project of sand", "m roth"),
        ),
        (
            cited("View maintenance in a warehouse", "y zhuge , j widom", 1995),
            cited("viewmaintenanceina warehouse", "y zhuge"),
        ),
        (
            cited("Mining sand for rules", "r srikant", 1995),
            cited("mining sand for rules . in : proc of 21th", "r srikant"),
        ),
        (
            cited("Sand in fast rivers", "p helland , j gray", 1996),
            cited("Sand in fast rivers", "pa helland , jim gray", 1996),
        ),
        (cited("Sand in fast rivers : a tutorial", "p helland", 1996), cited("Sand in fast rivers", "p helland", 1996)),
    ],
)
def test_a_bibliography_names_a_work_in_many_ways(a: Paper, b: Paper) -> None:
    assert same_work(a, b) is not None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            cited("Sand in fast rivers", "p helland , j gray", 1996),
            cited("Sand in fast rivers", "p helland , j gray", 1998),
        ),
        (
            cited("Sand in fast rivers, part 1", "p helland", 1996),
            cited("Sand in fast rivers, part 2", "p helland", 1996),
        ),
        (cited("Sand in fast rivers", "p helland", 1996), cited("Erratum: Sand in fast rivers", "p helland", 1996)),
        (cited("Sand in fast rivers", "p helland"), cited("Sand in fast rivers (dataset)", "p helland")),
        (
            cited("Supervised maps of rivers", "p helland", 1996),
            cited("Unsupervised maps of rivers", "p helland", 1996),
        ),
        (cited("Sand in fast rivers", "p helland", 1996), cited("Gold in fast rivers", "p helland", 1996)),
        (cited("Sand in fast rivers", "p helland", 1996), cited("Sand in fast rivers and lakes of Asia", "y li", 1996)),
        (cited("Book review column", "k aberer", 2002), cited("Book review column", "k aberer", 2002)),
        (cited("Editorial", "k aberer , j gray", 2002), cited("Editorial", "k aberer , j gray")),
    ],
)
def test_works_of_one_kind_and_team_stay_two(a: Paper, b: Paper) -> None:
    assert same_work(a, b) is None


def test_a_team_that_signs_two_editorials_on_one_day_signed_one() -> None:
    a, b = cited("Guest editorial", "k aberer , j gray", 2002), cited("Guest Editorial", "karl aberer , j. gray", 2002)

    assert same_work(a, b) == "same title, 2 authors in common"


def test_a_word_more_makes_another_work_of_what_has_a_page() -> None:
    a, b = cited("Maps of fast rivers", "p helland", 1996), cited("Local maps of fast rivers", "p helland", 1996)
    pages = [titled(p.title, n, authors=p.authors, published=p.published) for n, p in enumerate((a, b))]

    assert likelihood(a, b) >= LIKELY
    assert same_work(a, b) is not None
    assert same_work(*pages) is None


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((2024, 12, 20), (2025, 1, 5), 0),
        ((2024, 1, 1), (2024, 11, 30), 0),
        ((2024, 1, 1), (2025, 1, 1), 1),
        ((2024, 6, 1), (2026, 5, 1), 2),
        ((1997, 1, 1), (2000, 1, 1), 3),
    ],
)
def test_years_are_counted_by_the_calendar_and_by_days(
    first: tuple[int, int, int], second: tuple[int, int, int], apart: int
) -> None:
    a, b = (titled("Sand", n, published=datetime(*day, tzinfo=UTC)) for n, day in enumerate((first, second)))

    assert years_apart(a, b) == years_apart(b, a) == apart


@pytest.mark.parametrize("preprint", ["arxiv:2603.00001", "doi:10.1101/2024.01.02.573912"])
def test_a_preprint_may_be_any_years_ahead(preprint: str) -> None:
    a = titled("Where the sand of rivers goes", 1, id=PaperId(preprint), published=datetime(2021, 3, 1, tzinfo=UTC))
    b = titled(
        "Where the sand of rivers goes", 2, id=PaperId("doi:10.5555/1"), published=datetime(2024, 3, 1, tzinfo=UTC)
    )

    assert years_apart(a, b) is None
    assert same_work(a, b) == "same title, 3 authors in common"


_words = st.sampled_from(
    "sand silt rivers river of the dams dam coast gold 2 3 part i ii unsand lovelace noether".split()
)
_cited = st.builds(
    cited,
    st.lists(_words, min_size=1, max_size=7).map(" ".join),
    st.lists(st.sampled_from(["a lovelace", "e noether", "ada lovelace", "noether emmy", "b", "…"]), max_size=4).map(
        " , ".join
    ),
    st.sampled_from([None, 1996, 1997, 1999]),
    url=st.sampled_from(["", "https://page.org"]),
)


@given(_cited, _cited)
def test_evidence_does_not_depend_on_who_comes_first(a: Paper, b: Paper) -> None:
    assert evidence(a, b) == evidence(b, a)
    assert same_work(a, b) == same_work(b, a)
    assert 0 <= likelihood(a, b) <= 1


def test_endless_titles_and_lists_of_authors_are_looked_at_briefly() -> None:
    began = time.process_time()
    for n in range(50):
        title = ": ".join(["sand"] * 200) + f" {n}"
        authors = tuple(f"{'x' * 500}{k} Li" for k in range(300))
        same_work(titled(title, 1, authors=authors), titled(title + "s" * 500, 2, authors=authors))

    assert time.process_time() - began < 10


def test_a_citation_without_authors_is_known_by_a_title_much_alike() -> None:
    known = cited("The ins and outs and everything in between of sand", "d schneider , p fernandez", 1997)
    nameless = cited("The ins and outs (and everthing in between) of sand", year=1997)

    assert same_work(known, nameless) == "title differs by 1 letter"
    assert same_work(replace(known, authors=()), nameless) is None
    assert same_work(replace(known, url="https://page.org/1"), nameless) is None
