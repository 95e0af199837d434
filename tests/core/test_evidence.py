"""What two citations say for and against being one work."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.identity.evidence import LIKELY, evidence, likelihood, years_apart
from digest.core.identity.likeness import same_work
from digest.core.models import Paper, PaperId
from tests.core.test_likeness import titled


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


# -- what is observed, one by one


def seen(a: Paper, b: Paper, *names: str) -> list[float]:
    found = evidence(a, b)
    return [round(found[name], 3) for name in names]


TEAM_OF_TWO = "p helland , j gray"


@pytest.mark.parametrize(
    ("a", "b", "likely"),
    [
        (cited("Sand in fast rivers", TEAM_OF_TWO, 1996), cited("Sand in fast rivers", "j gray", 1997), 0.0169),
        (
            cited("Sand in fast rivers", TEAM_OF_TWO, 1996),
            cited("Sand in fast rivers and lakes", TEAM_OF_TWO, 1998),
            0.4427,
        ),
        (
            cited("Sand in rivers", TEAM_OF_TWO, 1996),
            cited("Gold and sand in rivers", "j gray , p helland", 1999),
            0.0246,
        ),
        (cited("Sand in rivers", TEAM_OF_TWO, 1996), cited("helland sand in rivers", "a b lovelace"), 0.1212),
        (cited("Sand in rivers", TEAM_OF_TWO, 1996), cited("Sand in rivers", "a lovelace", 1996), 0.3841),
        (cited("Sand", "", 1996), cited("Sand", "a lovelace", 1996), 0.8895),
        (cited("Sand in fast rivers", TEAM_OF_TWO, 1996), cited("Sand in fast river", "j gray", 1996), 0.8599),
    ],
)
def test_what_was_trained_weighs_what_is_observed(a: Paper, b: Paper, likely: float) -> None:
    assert likelihood(a, b) == likelihood(b, a) == pytest.approx(likely, abs=0.0002)


@pytest.mark.parametrize(
    ("title", "other", "same", "within", "begins"),
    [
        ("Sand in rivers", "Sand in Rivers", 1, 0, 0),
        ("Sand in rivers", "Sand in rivers of Asia", 0, 1, 1),
        ("Sand in rivers", "On sand in rivers", 0, 1, 0),
        ("Sand in rivers", "Sand of rivers", 0, 0, 0),
        ("Sand and silt", "Sand and silt again", 0, 1, 1),
        ("Deep sands", "Deep sandstone maps", 0, 0, 0),  # nine letters are in too many titles
        ("Deeper sands", "Deeper sandstone maps", 0, 1, 1),
        ("Deep sandy", "Deep sandy maps", 0, 0, 0),
        ("Deep sandys", "Deep sandys maps", 0, 1, 1),
    ],
)
def test_a_title_may_be_another_or_a_part_of_it(title: str, other: str, same: int, within: int, begins: int) -> None:
    a, b = cited(title), cited(other)

    assert seen(a, b, "same title", "one within the other", "one begins the other") == [same, within, begins]


def test_titles_share_the_threes_of_letters_that_both_have() -> None:
    a, b = cited("abcdef"), cited("abcdxyzuvw")  # 4 and 8 pieces, 2 in common

    assert seen(a, b, "letters of both", "letters of the shorter") == [0.333, 0.5]
    assert seen(cited("abc"), cited("abcd"), "letters of both", "letters of the shorter") == [0.667, 1]
    assert seen(cited(""), cited(""), "letters of both", "letters of the shorter") == [0, 0]
    assert seen(cited("abc"), cited("ab"), "letters of both", "letters of the shorter") == [0, 0]
    assert seen(cited("abc"), cited("xyz"), "letters of both", "letters of the shorter") == [0, 0]


def test_titles_that_share_less_than_two_fifths_of_their_letters_are_of_two_works() -> None:
    five = cited("abcdefg")  # 5 pieces

    assert likelihood(five, cited("abcd123456789")) > 0  # 2 of 5 in common
    assert likelihood(five, cited("abc123456789")) == 0
    assert likelihood(cited(""), cited("")) == 0


@pytest.mark.parametrize(("letters", "brief"), [(0, 1), (15, 0.5), (29, 0.033), (30, 0), (31, 0)])
def test_a_title_says_less_the_fewer_letters_it_has(letters: int, brief: float) -> None:
    assert seen(cited("a" * letters), cited("b" * 40), "brief title") == [brief]


@pytest.mark.parametrize(
    ("title", "authors", "other", "found"),
    [
        ("helland sand in rivers", "j gray", "Sand in rivers", 1),
        ("lai sand in rivers", "j gray", "Sand in rivers", 1),
        ("li sand in rivers", "j gray", "Sand in rivers", 0),  # two letters are in any title
        ("helland sand in rivers", "j gray", "Sand of Helland in rivers", 0),
        ("helland sand in rivers", "j gray", "Gray sand of Helland in rivers", 1),
        ("sand in rivers", "j gray", "Sand in rivers", 0),
    ],
)
def test_a_name_of_the_others_authors_may_stand_in_the_title(title: str, authors: str, other: str, found: int) -> None:
    a, b = cited(title, authors), cited(other, "p helland , k lai , c li")

    assert seen(a, b, "author in the title") == seen(b, a, "author in the title") == [found]


PEOPLE_OBSERVED = (
    *("no authors", "strangers", "authors of the shorter list", "authors of the longer list"),
    *("same first author", "two authors in common"),
)


@pytest.mark.parametrize(
    ("authors", "others", "observed"),
    [
        ("", "", [1, 0, 0, 0, 0, 0]),
        ("", "p helland", [1, 0, 0, 0, 0, 0]),
        ("p h", "p helland", [1, 0, 0, 0, 0, 0]),  # initials alone are nobody
        ("p helland", "j gray", [0, 1, 0, 0, 0, 0]),
        ("p helland", "j gray , p helland", [0, 0, 1, 0.5, 0, 0]),
        ("p helland", "p helland , j gray", [0, 0, 1, 0.5, 1, 0]),
        ("j gray , p helland", "p helland , j gray", [0, 0, 1, 1, 0, 1]),
        ("a lovelace , b noether", "p helland , j gray , a lovelace", [0, 0, 0.5, 0.333, 0, 0]),
        ("p helland , p helland", "p helland , j gray", [0, 0, 0.5, 0.5, 1, 0]),  # nobody is counted twice
        ("p helland , p helland", "p helland , j gray , k li", [0, 0, 0.5, 0.333, 1, 0]),
        ("wei wang", "wang wei", [0, 0, 0.5, 0.5, 0.5, 0]),
        ("wei wang", "wang wei , w wang", [0, 0, 1, 0.5, 0.5, 0]),  # the best match counts
        ("wei wang , bo li , cy day", "wang wei , li bo , day cy", [0, 0, 0.5, 0.5, 0.5, 0]),
        ("wei wang , bo li , cy day , di roe", "wang wei , li bo , day cy , roe di", [0, 0, 0.5, 0.5, 0.5, 1]),
    ],
)
def test_authors_are_counted_in_both_lists(authors: str, others: str, observed: list[float]) -> None:
    a, b = cited("Sand", authors), cited("Sand", others)

    assert seen(a, b, *PEOPLE_OBSERVED) == seen(b, a, *PEOPLE_OBSERVED) == observed


@pytest.mark.parametrize(
    ("name", "other", "one"),
    [
        ("p helland", "helland", 1),  # an initial that is missing contradicts nothing
        ("p helland", "pat helland", 1),
        ("p helland", "j helland", 0),
        ("rh fagin", "r fagin", 1),
        ("rh fagin", "ronald fagin", 1),
        ("rh fagin", "harry fagin", 1),
        ("ron fagin", "n fagin", 0),  # only of two letters each is an initial
        ("p. j. helland", "j helland", 1),
        ("p helland", "p hellandt", 1),
        ("p helland", "p hellanf", 1),
        ("p hell", "p helland", 1),  # cut off
        ("p a hell", "p helland", 1),
        ("p hel", "p helland", 0),
        ("p gray", "p grai", 0),  # too short to be misspelt
        ("helland pat", "pat helland", 0.5),
        ("helland pat", "pat gray", 0),
        ("gray pat", "pat helland", 0),
        ("gray pat", "helland gray", 0),
        ("pat pat", "pat pat", 1),
        ("p wang", "w pang", 0.5),
        ("helland", "helland pat", 0),
    ],
)
def test_a_name_may_be_short_misspelt_or_turned(name: str, other: str, one: float) -> None:
    a, b = cited("Sand", name), cited("Sand", other)

    assert seen(a, b, "same first author") == seen(b, a, "same first author") == [one]


YEARS = ("no year", "a year apart", "two years apart", "years apart", "same title, another year")


@pytest.mark.parametrize(
    ("year", "observed"),
    [
        (None, [1, 0, 0, 0, 0]),
        (1996, [0, 0, 0, 0, 0]),
        (1997, [0, 1, 0, 0, 1]),
        (1998, [0, 0, 1, 0, 1]),
        (1999, [0, 0, 0, 1, 1]),
        (2026, [0, 0, 0, 1, 1]),
    ],
)
def test_years_count_the_more_where_titles_are_the_same(year: int | None, observed: list[int]) -> None:
    a = cited("Sand", year=1996)

    assert seen(a, cited("Sand", year=year), *YEARS) == seen(cited("Sand", year=year), a, *YEARS) == observed
    assert seen(a, cited("Silt", year=year), *YEARS) == [*observed[:4], 0]


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((2024, 1, 1), (2025, 6, 30), 1),
        ((2024, 1, 1), (2025, 12, 31), 1),
        ((2024, 7, 2), (2025, 1, 1), 1),
        ((2023, 7, 4), (2025, 1, 1), 1),
        ((2023, 7, 3), (2025, 1, 1), 2),
        ((2024, 7, 3), (2025, 1, 1), 0),
    ],
)
def test_half_a_year_across_new_year_is_a_year(first: Any, second: Any, apart: int) -> None:
    a, b = (titled("Sand", n, published=datetime(*day, tzinfo=UTC)) for n, day in enumerate((first, second)))

    assert years_apart(a, b) == years_apart(b, a) == apart


def test_only_the_first_three_hundred_letters_of_a_title_are_looked_at() -> None:
    begin = "sand " * 59

    assert seen(cited(begin + "silts"), cited(begin + "siltstone"), "same title") == [1]
    assert seen(cited(begin + "silts"), cited(begin + "siltz"), "same title") == [0]


def test_only_the_first_three_hundred_letters_of_a_name_and_thirty_names_are_looked_at() -> None:
    crowd = [f"a person{chr(97 + n % 26) * (3 + n // 26 * 4)}" for n in range(32)]

    def first(name: str, other: str) -> list[float]:
        return seen(cited("Sand", name), cited("Sand", other), "same first author")

    assert first(f"{'b. ' * 99}abcd", f"{'b. ' * 99}abce") == [1]
    assert first(f"{'b. ' * 99}abcd", f"{'b. ' * 99}abxy") == [0]
    assert seen(cited("Sand", " , ".join(crowd[:30])), cited("Sand", " , ".join(crowd)), PEOPLE_OBSERVED[3]) == [1]
    assert seen(cited("Sand", " , ".join(crowd[:29])), cited("Sand", " , ".join(crowd)), PEOPLE_OBSERVED[3]) == [0.967]
