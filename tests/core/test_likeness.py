"""When two papers are one by what they say, and that such papers find each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.identity.ids import doi_version, identify, preprint_server, versionless
from digest.core.identity.likeness import are_one_item, conflicting, is_open, likeness, same_work
from digest.core.identity.people import authors_in_common
from digest.core.identity.titles import is_generic
from digest.core.models import Paper, PaperId
from tests.conftest import paper

TEAM = ("Ada Lovelace", "Emmy Noether", "Sofja Kowalewskaja")
ABSTRACT = (
    "Rivers carry sand and silt to the coast, and dams hold them back. We weigh the sediment of forty rivers over "
    "thirty years, before and after a dam was built, and find that each dam keeps two thirds of it for a decade. The "
    "coast behind it loses a metre a year. A model that knows only the size of the lake and the slope of the valley "
    "predicts the loss within a tenth. We publish the measurements, the model and the maps that were made with it."
)
OTHER = (
    "Networks of neurons learn slowly from few examples. In this work a rule is derived that lets every synapse decide "
    "by itself when it has seen enough. On six tasks the rule needs a third of the examples that descent needs, "
    "and it forgets less of what was learned before. We prove a bound for two layers and measure it for ten. Nothing "
    "in the rule depends on the loss, so that it can be used where none is known, as in the hippocampus of mice."
)


def titled(title: str, n: int = 1, **changes: Any) -> Paper:
    """A paper without an abstract, from a journal of its own, by the same three people."""
    values = {"id": PaperId(f"openreview:note{n}"), "authors": TEAM, "abstract": "", "url": f"https://page.org/{n}"}
    return paper(n, title=title, **{**values, **changes})


def why(title: str, other: str, **changes: Any) -> str | None:
    return same_work(titled(title, 1, **changes), titled(other, 2, **changes))


# -- titles


@pytest.mark.parametrize(
    ("title", "other", "reason"),
    [
        (
            "Secure bufering in firm real-time systems",
            "Secure Buffering in Firm Real-Time Systems",
            "differs by 1 letter",
        ),
        ("Segmentation of 3D Point Clouds", "Segmentation of 3D point cloud", "differs by 1 letter"),
        ("Modelling tumour growth in the liver", "Modeling tumor growth in the liver", "differs by 2 letters"),
        ("Fourth-generation language processing", "Foruth-generation language processing", "differs by 1 letter"),
        ("On-line views of object bases", "Online views of objectbases", "same title"),
        ("Data elevation in a storage server", "Data elevation in storage server", "differs by small words"),
        ("Observation of $\\Omega_c^0$ baryons in air", "Observation of Ω_c^0 baryons in the air", "by small words"),
        ("Fast layers for object data", "Fast layer for objectdata", None),
        (
            "A Critique of Many Levels of Isolation",
            "A critique of many levels of isolation: what SQL says",
            "a subtitle",
        ),
        (
            "The roles of silt in fast growing coasts (extended abstract)",
            "The roles of silt in fast growing coasts",
            "a subtitle",
        ),
        ("XFilter: Efficient filtering of XML documents", "Efficient Filtering of XML Documents", "a subtitle"),
        ("Where sand goes", "Where sands goes", "differs by 1 letter"),
        ("Sand [version 2; peer review: 2 approved] in rivers", "Sand in Rivers", "same title"),
        ("RETRACTED ARTICLE: Sand in Rivers of Asia", "Sand in rivers of Asia", "same title"),
    ],
)
def test_titles_that_differ_in_spelling_are_of_one_work(title: str, other: str, reason: str | None) -> None:
    found = why(title, other)

    assert found is None if reason is None else found is not None and reason in found and "3 authors" in found


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("The geometry of sand dunes, Part I", "The geometry of sand dunes, Part II"),
        ("The geometry of sand dunes 1", "The geometry of sand dunes 2"),
        ("The geometry of sand dunes: methods", "The geometry of sand dunes: results"),
        ("The geometry of sand dunes in Asia", "The geometry of sand dunes in Asia: Part 2"),
        ("The geometry of sand dunes in Asia", "The geometry of sand dunes in Asia: a reply"),
        ("The geometry of sand dunes in Asia", "The geometry of sand dunes in Asia (dataset)"),
        ("The geometry of sand dunes in Asia", "Correction: The geometry of sand dunes in Asia"),
        ("The geometry of sand dunes in Asia", "Author Correction: The geometry of sand dunes in Asia"),
        ("The geometry of sand dunes in Asia", "Reply to: The geometry of sand dunes in Asia"),
        ("The state of the coast: annual report 2024", "The state of the coast: annual report 2025"),
        ("A map of the coast, version 1.0", "A map of the coast, version 1.1"),
        ("Nemotron 3 Super: Open, Efficient Hybrid Models", "Nemotron 3 Ultra: Open, Efficient Hybrid Models"),
        ("Private learning with correlated noise", "Locally private learning with correlated noise"),
        ("Supervised learning of river maps", "Unsupervised learning of river maps"),
        ("Typical loads of river bridges", "Atypical loads of river bridges"),
        ("Adsorption of silt by carbon", "Absorption of silt by carbon"),
        ("Interclass distances of river sand", "Intraclass distances of river sand"),
        ("GPT-4 reads river maps of Asia", "GPT-4o reads river maps of Asia"),
        ("Three new species of river crab", "Two new species of river crab"),
        ("Streaming queries over streaming data", "Streaming data over streaming queries"),
        ("Deep learning", "Deep learning: a review of rivers"),
        ("河流泥沙的研究进展与展望一", "河流泥沙的研究进展与展望二"),
    ],
)
def test_works_of_a_series_stay_apart(title: str, other: str) -> None:
    assert why(title, other) is None


@pytest.mark.parametrize(
    "title",
    ["Editorial", "Guest Editorial", "Introduction to the Special Issue on Silt", "Book Review Column", "Reply"],
)
def test_a_title_that_any_work_may_have_joins_nothing(title: str) -> None:
    assert is_generic(title)
    assert why(title, title) is None
    assert why(title, title, abstract=ABSTRACT) == "same title, abstract 100 % alike, 3 authors in common"


def test_a_title_is_not_generic_for_beginning_like_one() -> None:
    assert not any(map(is_generic, ["Editorial boards of river journals", "Coverage of silt", "Reviewer assignment"]))


def test_a_nearly_equal_title_over_another_abstract_is_another_work() -> None:
    a, b = titled("Maps of river sand", 1, abstract=ABSTRACT), titled("Maps of river sands", 2, abstract=OTHER)

    assert same_work(a, b) is None
    assert same_work(a, replace(b, abstract="")) == "title differs by 1 letter, 3 authors in common"


def test_a_column_has_one_title_and_changing_people() -> None:
    title = "Reminiscences on influential papers"
    first, second = (
        titled(title, 1, authors=("Ann Ross", "Bo Li", "Cy Day")),
        titled(title, 2, authors=("Di Roe", "Ann Ross")),
    )

    assert same_work(first, titled(title, 3, authors=("Cy Day", "Di Roe", "Ed Poe"))) is None
    assert same_work(first, titled(title, 3, authors=("Ann Ross",))) == "same title, an author in common"
    assert same_work(first, second) is None


def test_a_first_author_may_write_twice_under_one_title() -> None:
    first, second = titled("The sand of rivers", 1, abstract=ABSTRACT), titled("The sand of rivers", 2, abstract=OTHER)

    assert same_work(first, replace(second, authors=("A. Lovelace", "Bo Li", "Cy Day"))) is None
    assert same_work(first, replace(second, authors=("A. Lovelace",), abstract="")) == "same title, an author in common"
    assert same_work(first, replace(second, authors=("A. Lovelace", "E. Noether"))) == "same title, 2 authors in common"


def test_two_pages_of_one_site_are_two_works_though_their_form_is_one() -> None:
    title, form = "Leafcutter Bee (Megachile sp.)", "Photographed by hand at noon in a garden."
    a, b = (
        titled(title, n, id=PaperId(f"url:https://photos.org/{n}"), abstract=form, authors=TEAM[:1]) for n in (1, 2)
    )

    assert same_work(a, b) is None
    assert same_work(replace(a, abstract=ABSTRACT), replace(b, abstract=ABSTRACT)) is not None
    assert same_work(a, replace(b, id=PaperId("url:https://elsewhere.org/2"))) is not None


# -- abstracts


def test_a_preprint_that_was_renamed_is_known_by_its_abstract_and_authors() -> None:
    changed = ABSTRACT.replace("two thirds", "about two thirds")
    preprint = titled("Where the sand of rivers goes", 1, abstract=ABSTRACT)
    article = titled("Dams starve coasts", 2, abstract=changed, authors=("A. Lovelace", "E. Noether"))

    assert same_work(preprint, article) == "abstract 95 % alike, 2 authors in common"
    assert same_work(preprint, replace(article, authors=("A. Lovelace", "Bo Li"))) is not None
    assert same_work(preprint, replace(article, authors=("Ann Ross", "Bo Li"))) is None
    assert same_work(preprint, replace(article, authors=())) == "abstract 95 % alike"
    assert same_work(preprint, replace(article, abstract=OTHER)) is None


PEOPLE = (*TEAM, "Bo Li", "Cy Day", "Di Roe")
RENAMED, REWORDED = "Dams starve coasts", "Where sand goes in rivers with dams"


def revised(words: int, *, authors: tuple[str, ...], title: str = RENAMED) -> Paper:
    """The abstract's first words, and other ones behind them, as long as it is."""
    abstract = " ".join((*ABSTRACT.split()[:words], *OTHER.split()[words:]))
    return titled(title, 2, abstract=abstract, authors=authors)


def preprint(authors: tuple[str, ...]) -> Paper:
    return titled("Where the sand of rivers goes", 1, abstract=ABSTRACT, authors=authors)


@pytest.mark.parametrize(
    ("words", "team", "title", "found"),
    # Of the abstract's shingles 0.63, 0.56, 0.50, 0.44, 0.27 and 0.195 are left.
    [
        (56, 2, RENAMED, True),
        (50, 2, RENAMED, False),
        (50, 2, REWORDED, True),
        (40, 4, REWORDED, False),
        (45, 5, RENAMED, True),
        (40, 5, RENAMED, False),
        (26, 5, REWORDED, True),
        (20, 5, REWORDED, False),
    ],
)
def test_an_abstract_may_be_revised_the_more_the_more_people_stand_by_it(
    words: int, team: int, title: str, found: bool
) -> None:
    a, b = preprint(PEOPLE[:team]), revised(words, authors=PEOPLE[:team], title=title)

    assert (same_work(a, b) is not None) is found


@pytest.mark.parametrize(
    ("words", "authors", "others", "found"),
    # Of the abstract's shingles 1, 0.89, 0.80, 0.76, 0.71, 0.63, 0.56 and 0.27 are left.
    [
        (26, PEOPLE[:5], PEOPLE, True),
        (26, PEOPLE[:4], PEOPLE, False),
        (50, PEOPLE[:5], PEOPLE[4::-1], True),
        (26, PEOPLE[:5], PEOPLE[4::-1], False),
        (50, PEOPLE[:3], PEOPLE[2::-1], False),
        (56, PEOPLE[:3], PEOPLE[2::-1], True),
        (56, PEOPLE[:3], PEOPLE, True),
        (62, PEOPLE[:2], PEOPLE, False),
        (70, PEOPLE[:2], PEOPLE, True),
        (70, PEOPLE[:1], PEOPLE, True),
        (62, PEOPLE[:1], PEOPLE[:3], False),
        (70, PEOPLE[1:2], PEOPLE, True),
        (66, PEOPLE[1:2], PEOPLE, False),
        (77, (), PEOPLE, True),
        (66, (), PEOPLE, False),
        (89, ("Ann Ross",), PEOPLE, False),
    ],
)
def test_an_abstract_may_be_revised_the_less_the_more_its_authors_change(
    words: int, authors: tuple[str, ...], others: tuple[str, ...], found: bool
) -> None:
    a, b = preprint(others), revised(words, authors=authors, title=REWORDED)

    assert (same_work(a, b) is not None) is found


def shared(percent: int) -> tuple[str, str]:
    """Two abstracts of three hundred shingles, of which that share is in both."""
    words = [f"sand{n}" for n in range(304)]
    kept = 3 * percent + 4
    return " ".join(words), " ".join((*words[:kept], *(f"silt{n}" for n in range(kept, 304))))


TITLE, NEAR = "Where the sand of rivers goes", "Where sand of the rivers goes"


@pytest.mark.parametrize(
    ("titles", "authors", "others", "percent"),
    [
        ((TITLE, RENAMED), (), (), 80),
        ((TITLE, RENAMED), PEOPLE[:1], (), 80),
        ((TITLE, RENAMED), PEOPLE[:3], (*PEOPLE[1:2], "Ann Ross", "Cy Poe"), 80),
        ((TITLE, NEAR), (), PEOPLE, 75),
        ((TITLE, RENAMED), PEOPLE[:3], (*PEOPLE[:2], "Ann Ross", "Cy Poe", "Ed Fox"), 75),
        ((TITLE, RENAMED), PEOPLE[:1], PEOPLE[:3], 75),
        ((TITLE, RENAMED), PEOPLE[:4], (*PEOPLE[2:4], "Ann Ross", "Cy Poe"), 62),
        ((TITLE, RENAMED), PEOPLE[:2], (PEOPLE[0], "Ann Ross"), 62),
        ((TITLE, RENAMED), PEOPLE[:2], (PEOPLE[1], "Ann Ross"), 80),
        ((TITLE, RENAMED), PEOPLE[:5], PEOPLE[:5], 45),
        ((TITLE, REWORDED), PEOPLE[:5], PEOPLE[4::-1], 45),
        ((TITLE, RENAMED), PEOPLE[:5], PEOPLE[4::-1], 62),
        ((TITLE, REWORDED), PEOPLE[:3], PEOPLE[:3], 45),
        ((TITLE, REWORDED), PEOPLE[:3], PEOPLE[2::-1], 62),
        ((TITLE, RENAMED), PEOPLE[:3], PEOPLE[:3], 62),
        ((TITLE, REWORDED), PEOPLE[:5], PEOPLE, 20),
        ((TITLE, REWORDED), PEOPLE[:5], (*PEOPLE, "Ann Ross"), 62),  # less than four fifths
    ],
)
def test_how_much_of_an_abstract_must_be_left(
    titles: tuple[str, str], authors: tuple[str, ...], others: tuple[str, ...], percent: int
) -> None:
    def joined(percent: int) -> bool:
        a, b = shared(percent)
        one = titled(titles[0], 1, abstract=a, authors=authors)
        return same_work(one, titled(titles[1], 2, abstract=b, authors=others)) is not None

    assert (joined(percent), joined(percent - 1)) == (True, False)


def test_strangers_never_wrote_one_work_under_two_titles() -> None:
    a, b = shared(100)

    assert same_work(titled(TITLE, 1, abstract=a), titled(NEAR, 2, abstract=b, authors=("Ann Ross",))) is None


@pytest.mark.parametrize(("percent", "said"), [(50, ", abstract 50 % alike"), (49, "")])
def test_half_an_abstract_confirms_a_title(percent: int, said: str) -> None:
    a, b = shared(percent)

    assert why(TITLE, TITLE.upper()) == "same title, 3 authors in common"
    same = same_work(titled(TITLE, 1, abstract=a), titled(TITLE, 2, abstract=b))
    assert same == f"same title{said}, 3 authors in common"


@pytest.mark.parametrize(
    ("percent", "said"),
    [
        (50, "title differs by small words, abstract 50 % alike, 3 authors in common"),
        (49, "abstract 49 % alike, 3 authors in common"),
    ],
)
def test_half_an_abstract_confirms_a_title_nearly_equal(percent: int, said: str) -> None:
    a, b = shared(percent)

    assert same_work(titled(TITLE, 1, abstract=a), titled(NEAR, 2, abstract=b)) == said


@pytest.mark.parametrize(
    ("title", "percent", "one"), [(RENAMED, 50, True), (RENAMED, 49, False), (NEAR, 0, True), ("Editorial", 0, False)]
)
def test_what_has_one_id_in_a_source_is_one_item_if_title_or_text_agree(title: str, percent: int, one: bool) -> None:
    texts = shared(percent)
    a = titled(TITLE if title != "Editorial" else title, 1, abstract=texts[0])

    assert are_one_item(a, titled(title, 2, abstract=texts[1])) is one
    assert are_one_item(a, titled(title, 2)) is (title == NEAR)


def test_an_abstract_of_forty_shingles_speaks_for_itself() -> None:
    words = ABSTRACT.split()

    assert why(TITLE, RENAMED, abstract=" ".join(words[:44])) == "abstract 100 % alike, 3 authors in common"
    assert why(TITLE, RENAMED, abstract=" ".join(words[:43])) is None


def test_twenty_shingles_in_common_are_more_than_a_tool_described_twice() -> None:
    words = ABSTRACT.split()
    a = replace(preprint(PEOPLE), abstract=" ".join(words[:46]))
    b = titled(REWORDED, 2, abstract=" ".join((*words[:24], *OTHER.split()[24:46])), authors=PEOPLE)

    assert same_work(a, b) is not None


def test_where_nobody_is_named_an_equal_title_joins_no_other_abstracts() -> None:
    first, second = (titled(TITLE, n, abstract=text, authors=()) for n, text in enumerate((ABSTRACT, OTHER)))

    assert same_work(first, second) is None


def test_a_few_words_confirm_an_equal_title() -> None:
    words = "Sand that was weighed"

    assert why(TITLE, TITLE, abstract=words, authors=()) == "same title, abstract 100 % alike"


def test_one_author_in_common_joins_long_titles_alone_over_other_abstracts() -> None:
    def joined(title: str, *authors: str) -> bool:
        one = titled(title, 1, abstract=ABSTRACT, authors=("Ada Lovelace",))
        return same_work(one, titled(title, 2, abstract=OTHER, authors=authors)) is not None

    assert joined("Abcdefgh ijklmnop", "A. Lovelace")
    assert joined("Abcdefgh ijklmnop", "A. Lovelace", "Bo Li")
    assert not joined("Abcdefgh ijklmno", "A. Lovelace")
    assert not joined("Abcdefgh ijklmnop", "A. Lovelace", "Bo Li", "Cy Day")
    assert not joined("Abcdefgh ijklmnop")


def test_two_pages_of_one_site_with_two_titles_are_two_works_whatever_they_say() -> None:
    a, b = (
        titled(title, id=PaperId(f"url:https://photos.org/{title[0]}"), abstract=ABSTRACT) for title in (TITLE, "D")
    )

    assert same_work(a, b) is None
    assert same_work(a, replace(b, id=PaperId("url:https://elsewhere.org/2"))) is not None


def test_two_publishers_dois_part_what_only_a_title_joins() -> None:
    first = with_ids("arxiv:2603.00001", "doi:10.1038/x")

    assert same_work(first, with_ids("doi:10.1038/y")) is None
    assert same_work(first, with_ids("doi:10.1038/x", "doi:10.1038/y")) is not None
    assert not conflicting(first, with_ids("doi:10.1038/y"))
    assert not conflicting(with_ids("doi:10.1038/y"), first)


GENERIC = "Introduction to the special issue on silt"
LONG, ANOTHER = "Where the sand of rivers goes", "Why rivers of Asia carry gold"
PAGE: dict[str, Any] = {}
NO_ID: dict[str, Any] = {"id": PaperId("title:x")}
CITED: dict[str, Any] = {"id": PaperId("title:x"), "url": ""}
CITED_BY_DOI: dict[str, Any] = {"id": PaperId("doi:10.5555/1"), "url": ""}
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("a", "b", "open_"),
    [
        # nobody named: one title, and one that is known by no more, or two lines of bibliographies
        ((LONG, (), CITED), (LONG, (), CITED), True),
        ((LONG, (), PAGE), (LONG, (), PAGE), False),
        ((LONG, TEAM, PAGE), (LONG, (), NO_ID), True),
        ((LONG, (), NO_ID), (LONG, (), NO_ID), True),
        ((LONG, TEAM, PAGE), (LONG, (), {"id": PaperId("url:https://a.org/1")}), False),
        ((LONG, (), CITED_BY_DOI), (LONG, (), CITED_BY_DOI), True),
        ((LONG, (), CITED_BY_DOI), (LONG, (), PAGE), False),
        ((LONG, TEAM, CITED), (ANOTHER, (), CITED), True),
        ((LONG, (), CITED), (ANOTHER, (), CITED), False),
        ((LONG, TEAM, CITED), (ANOTHER, (), PAGE), False),
        ((LONG, TEAM, PAGE), (ANOTHER, (), CITED), False),
        ((LONG, TEAM, PAGE), (ANOTHER, (), PAGE), False),
        ((GENERIC, (), CITED), (GENERIC, (), CITED), False),
        ((GENERIC, TEAM, CITED), (LONG, (), CITED), False),
        (("Abcdefghijklmno", (), CITED), ("Abcdefghijklmno", (), CITED), False),
        (("Abcdefghijklmnop", (), CITED), ("Abcdefghijklmnop", (), CITED), True),
        (("Abcdefghijklmno", TEAM, CITED), (LONG, (), CITED), False),
        # a column: the same team, on the same day, in two bibliographies
        ((GENERIC, TEAM, CITED), (GENERIC, TEAM, CITED), True),
        ((GENERIC, TEAM[:2], CITED), (GENERIC, TEAM[:2], CITED), True),
        ((GENERIC, TEAM[:1], CITED), (GENERIC, TEAM[:1], CITED), False),
        ((GENERIC, TEAM[:2], CITED), (GENERIC, TEAM, CITED), False),
        ((GENERIC, TEAM, CITED), (GENERIC, TEAM, PAGE), False),
        ((GENERIC, TEAM, CITED), (GENERIC, TEAM, {**CITED, "published": LATER}), False),
        ((GENERIC, TEAM, {**CITED, "published": None}), (GENERIC, TEAM, {**CITED, "published": None}), False),
        ((GENERIC, TEAM, CITED), (LONG, TEAM, {**CITED, "published": LATER}), False),
        # authors named: noise is allowed to bibliographies alone
        ((LONG, TEAM, CITED), (ANOTHER, TEAM, PAGE), True),
        ((LONG, TEAM, PAGE), (ANOTHER, TEAM, PAGE), False),
        ((LONG, TEAM, PAGE), (NEAR, TEAM, PAGE), True),
        ((LONG, PEOPLE, PAGE), (NEAR, (*PEOPLE[4:], "Ann Ross"), PAGE), True),
        ((LONG, PEOPLE, PAGE), (NEAR, (*PEOPLE[5:], "Ann Ross"), PAGE), False),
        ((LONG, PEOPLE, PAGE), (NEAR, (PEOPLE[0], "Ann Ross"), PAGE), True),
        ((LONG, PEOPLE, PAGE), (NEAR, (PEOPLE[1], "Ann Ross"), PAGE), False),
        ((LONG, PEOPLE[:2], PAGE), (NEAR, ("Ann Ross", PEOPLE[1]), PAGE), True),
        ((LONG, TEAM, PAGE), (NEAR, ("Ann Ross",), PAGE), False),
        ((f"{LONG}, part 1", TEAM, CITED), (f"{LONG}, part 2", TEAM, CITED), False),
    ],
)
def test_titles_without_abstracts_leave_it_open_or_do_not(a: Any, b: Any, open_: bool) -> None:
    first, second = (titled(title, n, authors=who, **kind) for n, (title, who, kind) in enumerate((a, b), 1))

    assert is_open(first, second) is is_open(second, first) is open_


def test_a_record_without_any_id_or_author_is_joined_by_its_title() -> None:
    nameless, known = titled(LONG, 1, authors=(), **NO_ID), titled(LONG, 2)

    assert same_work(known, nameless) == "same title, and the record had no other id"
    assert same_work(known, replace(nameless, url="")) == "same title, and the record had no other id"
    assert same_work(titled(LONG, 1, **NO_ID), known) == "same title, 3 authors in common"
    assert same_work(titled(LONG, 1, authors=(), **CITED), titled(LONG, 2, **CITED)) == "same title"


def test_who_stands_first_counts_in_teams_of_thirty() -> None:
    crowd = tuple(f"{chr(65 + n % 26)}. Aab{chr(97 + n // 26)}" for n in range(100))

    assert same_work(preprint(crowd[:30]), revised(26, authors=crowd[:30], title=REWORDED)) is not None
    assert same_work(preprint(crowd[:31]), revised(26, authors=crowd[:31], title=REWORDED)) is None


def test_who_stands_first_of_a_hundred_says_nothing() -> None:
    crowd = tuple(f"{chr(65 + n % 26)}. Aab{chr(97 + n // 26)}" for n in range(100))

    assert same_work(preprint(crowd), revised(26, authors=crowd, title=REWORDED)) is None
    assert same_work(preprint(crowd[:20]), revised(26, authors=crowd[:20], title=REWORDED)) is not None


@pytest.mark.parametrize("title", ["Where sand goes in rivers: a protocol", "Where the unsand of rivers goes"])
def test_a_word_that_makes_another_work_asks_for_an_abstract_much_alike(title: str) -> None:
    assert same_work(preprint(PEOPLE), revised(50, authors=PEOPLE, title=title)) is None
    assert same_work(preprint(PEOPLE), revised(70, authors=PEOPLE, title=title)) is not None


@pytest.mark.parametrize(("percent", "one"), [(75, True), (74, False)])
def test_three_quarters_of_an_abstract_outweigh_a_word_of_the_title(percent: int, one: bool) -> None:
    a, b = shared(percent)
    first, second = titled(TITLE, 1, abstract=a), titled(f"{RENAMED}: a protocol", 2, abstract=b)

    assert (same_work(first, second) is not None) is one


def test_a_team_that_describes_its_tool_twice_in_few_words_wrote_two_works() -> None:
    words = ABSTRACT.split()
    a = replace(preprint(PEOPLE), abstract=" ".join(words[:46]))
    b = titled(REWORDED, 2, abstract=" ".join((*words[:23], *OTHER.split()[23:46])), authors=PEOPLE)

    assert likeness(a.abstract, b.abstract) > 0.4
    assert same_work(a, b) is None
    assert same_work(preprint(PEOPLE), revised(30, authors=PEOPLE, title=REWORDED)) is not None


def test_a_title_nearly_equal_asks_for_no_more_than_another_title() -> None:
    near = "Where sand of the rivers goes"

    assert same_work(preprint(PEOPLE), revised(26, authors=PEOPLE, title=near)) is not None
    assert same_work(preprint(PEOPLE[:3]), revised(26, authors=PEOPLE[:3], title=near)) is None


def test_a_teaser_is_like_its_abstract() -> None:
    teaser = " ".join(ABSTRACT.split()[:50])

    assert likeness(ABSTRACT, teaser) == 1
    assert likeness("", ABSTRACT) == 0


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Sand of rivers, Part I", "The sand of rivers: Part II"),
        ("The coast in 2024", "The coast in 2025"),
        ("Dams starve coasts", "Correction to: Where the sand of rivers goes"),
        ("Dams starve coasts", "Where the sand of rivers goes: a reply"),
    ],
)
def test_a_series_may_have_one_abstract(title: str, other: str) -> None:
    assert why(title, other, abstract=ABSTRACT) is None


@pytest.mark.parametrize(
    ("title", "other", "is_one"),
    [
        ("Traces of COVID-19 in rivers of Asia", "Traces of SARS-CoV-2 in rivers of Asia", True),
        ("Silt in rivers of Asia after 2 floods", "Silt and sand in rivers of Asia", True),
        ("GPT-4 reads river maps of Asia", "GPT-5 reads river maps of Asia", False),
        ("Silt2 reads river maps", "Silt reads river maps", False),
        ("The sand of rivers in Asia", "The sand of rivers in Asia, 2", False),
        ("The first map of sand in Asia", "The second map of sand in Asia", False),
        ("Traces of COVID-19 in rivers of Asia", "Reply to: Traces of SARS-CoV-2 in rivers of Asia", False),
    ],
)
def test_a_number_tells_works_apart_where_it_stands_for_another_or_alone(title: str, other: str, is_one: bool) -> None:
    assert (why(title, other, abstract=ABSTRACT) is not None) is is_one
    assert same_work(titled(title, 1, abstract=ABSTRACT), revised(60, authors=TEAM, title=other)) is None


def test_a_form_that_was_filled_in_is_no_abstract() -> None:
    form = "Nomenclatural act registered for this species in the official register of zoological names of the year."

    assert why("Emertonia ilse", "Emertonia serrata", abstract=form) is None


# -- authors


@pytest.mark.parametrize(
    ("a", "b", "common"),
    [
        (["John Smith"], ["J. Smith"], 1),
        (["John A. Smith"], ["J Smith"], 1),
        (["Alice Doe"], ["AB Doe"], 1),
        (["Wei Wang"], ["Wang Wei"], 1),
        (["Wei Wang"], ["Yu Wang"], 0),
        (["W. Wang"], ["Y. Wang"], 0),
        (["Borja Rodríguez-Gálvez"], ["B. Rodriguez-Galvez"], 1),
        (["Gabriel García"], ["Gabriel García Márquez"], 1),
        (["Tim Finin"], ["Timothy W. Finin"], 1),
        (["Wei Chen"], ["Wei Cheng"], 0),
        (["J. S."], ["J. Smith"], 0),
        (["ABC Doe"], ["Alice Bea Cy Doe"], 1),
        (["ANNE Doe"], ["Emma Doe"], 0),
        (["J. Jonath Smith"], ["Jonathan P. Smith"], 0),
        (["Ti Finin"], ["Timothy Finin"], 0),
        (["Dan Li"], ["Daniel Li"], 1),
        (["Dan Li"], ["Danie Li"], 0),
        (["XU LI"], ["Xu Li"], 1),
        (["Ann Li", "Bo Li"], ["A. Li", "C. Li"], 1),
        (["A. Li"], ["Ann Li", "Amy Li"], 1),
        (["STAR Collaboration"], ["STAR Collaboration", "Ann Li"], 1),
        ([], ["Ann Li"], 0),
        (["…"], ["?"], 0),
    ],
)
def test_people_are_known_by_their_initials(a: list[str], b: list[str], common: int) -> None:
    assert authors_in_common(a, b) == authors_in_common(b, a) == common


# -- ids that contradict


def with_ids(*ids: str) -> Paper:
    first, *rest = map(PaperId, ids)
    return titled("Dams starve coasts and rivers", id=first, aliases=tuple(sorted(rest)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (["arxiv:2603.00001"], ["arxiv:2603.00002"], True),
        (["arxiv:2603.00001"], ["doi:10.1038/x"], False),
        (["doi:10.1038/x"], ["doi:10.1038/y"], True),
        (["doi:10.1101/2024.01.02.573912"], ["doi:10.1038/y"], False),
        (["doi:10.1101/2024.01.02.573912"], ["doi:10.1101/2024.01.02.573913"], True),
        (["doi:10.1101/2024.01.02.573912"], ["doi:10.1101/gr.123456.119"], False),
        (["doi:10.1101/2024.01.02.573912"], ["doi:10.21203/rs.3.rs-1"], False),
        (["doi:10.21203/rs.3.rs-1/v1"], ["doi:10.21203/rs.3.rs-1"], False),
        (["doi:10.1038/x", "doi:10.1101/743294"], ["doi:10.1038/y"], True),
        (["doi:10.1038/x", "doi:10.1101/743294"], ["doi:10.1038/x", "doi:10.1101/743295"], False),
        (["openreview:one"], ["openreview:two"], False),
        (["url:https://a.org/1"], ["url:https://a.org/2"], False),
    ],
)
def test_ids_may_say_that_works_are_different(a: list[str], b: list[str], expected: bool) -> None:
    assert conflicting(with_ids(*a), with_ids(*b)) is conflicting(with_ids(*b), with_ids(*a)) is expected
    assert (same_work(with_ids(*a), with_ids(*b)) is None) is (expected or a[0].startswith("url:"))


@pytest.mark.parametrize(
    ("doi", "work", "version"),
    [
        ("10.21203/rs.3.rs-4567/v2", "10.21203/rs.3.rs-4567", 2),
        ("10.20944/preprints202401.0001.v1", "10.20944/preprints202401.0001", 1),
        ("10.26434/chemrxiv-2021-abc12-v3", "10.26434/chemrxiv-2021-abc12", 3),
        ("10.31234/osf.io/abcde_v1", "10.31234/osf.io/abcde", 1),
        ("10.22541/au.1234.5678/v1", "10.22541/au.1234.5678", 1),
        ("10.12688/f1000research.12345.2", "10.12688/f1000research.12345", 2),
        ("10.7554/elife.85678.1", "10.7554/elife.85678", 1),
        ("10.7554/elife.85678", "10.7554/elife.85678", None),
        ("10.5281/zenodo.1234567", "10.5281/zenodo.1234567", None),
        ("10.1234/journal.v2", "10.1234/journal.v2", None),
    ],
)
def test_the_versions_of_a_preprint_have_one_id(doi: str, work: str, version: int | None) -> None:
    assert versionless(doi) == work
    assert doi_version(doi) == version
    assert identify(title="T", doi=doi)[0] == f"doi:{work}"


def test_a_publisher_with_the_prefix_of_a_preprint_server_is_none() -> None:
    assert preprint_server("10.1101/743294") == preprint_server("10.1101/2024.01.02.573912") == "10.1101"
    assert preprint_server("10.1101/gr.123456.119") is None


# -- laws


_titles = st.sampled_from(
    [
        "Where the sand of rivers goes",
        "Where the sands of rivers go",
        "Where the sand of rivers goes: forty dams",
        "Correction: Where the sand of rivers goes",
        "Where all the sand of Asian rivers goes",
        "Where all sand of the Asian rivers goes",
        "Where all the sand of Asian rivers goes: forty dams",
        "FORTY: Where all the sand of Asian rivers goes",
        "Sand of rivers, Part I",
        "Sand of rivers, Part II",
        "Sand of COVID-19 rivers",
        "Dams starve coasts",
        "Editorial",
    ]
)
_revised = tuple(" ".join((*ABSTRACT.split()[:n], *OTHER.split()[n:])) for n in (20, 26, 40, 50, 62, 70, 77))
any_papers = st.builds(
    lambda i, title, abstract, authors: paper(1, id=PaperId(i), title=title, abstract=abstract, authors=authors),
    st.sampled_from(
        "arxiv:2603.00001 arxiv:2603.00002 doi:10.5555/1 doi:10.1101/1 openreview:x url:https://a.org".split()
    ),
    _titles,
    st.sampled_from(["", "Short.", ABSTRACT, ABSTRACT[:300], OTHER, *_revised]),
    st.sampled_from([(), TEAM, TEAM[::-1], TEAM[:1], ("A. Lovelace", "E. Noether"), ("Bo Li",), PEOPLE, PEOPLE[:5]]),
)


@given(any_papers, any_papers)
def test_who_is_asked_first_makes_no_difference(a: Paper, b: Paper) -> None:
    reason = same_work(a, b)

    assert reason == same_work(b, a)
    assert reason != ""


@given(any_papers, any_papers)
def test_the_same_people_on_both_never_part_what_their_abstracts_joined(a: Paper, b: Paper) -> None:
    if "alike" in (same_work(a, b) or "") and a.authors:
        assert same_work(a, replace(b, authors=a.authors)) is not None
