"""What journals and headings mean."""

from __future__ import annotations

import pytest

from digest import assets
from digest.core.errors import ConfigError
from digest.core.topics.fold import Taxonomy
from digest.core.topics.subjects import Subjects
from digest.core.topics.tagging import Tagger
from tests.conftest import paper
from tests.core.test_fold import SHIPPED, SMALL
from tests.fakes.classifier import FakeClassifier

STARS = Subjects.parse(
    """
[journals]
"Galaxies" = ["journal of galaxies & gas", "0028-0836"]
"Stars" = ["astronomy letters"]
[mesh]
"Galaxies" = ["galaxy"]
"Astronomy" = ["nebulae"]
"""
)


@pytest.fixture(scope="module")
def shipped() -> Subjects:
    return Subjects.parse(assets.shipped("subjects.toml").read_text(encoding="utf-8"))


def test_all_shipped_subjects_mean_topics_or_fields_of_the_taxonomy(shipped: Subjects) -> None:
    taxonomy = Taxonomy.parse(SHIPPED)
    known = {*taxonomy.names, *map(taxonomy.field, taxonomy.names)}

    assert {*shipped.journals.values(), *shipped.headings.values()} <= known


@pytest.mark.parametrize(
    "venue",
    [
        "Journal of Galaxies and Gas",
        "The journal of galaxies and gas : the official journal of gas",
        "Journal of Galaxies & Gas (Online)",
        "JOURNAL OF GALAXIES AND GAS",
    ],
)
def test_a_journal_is_known_by_any_spelling_of_its_title(venue: str) -> None:
    assert STARS.of(paper(venue=venue)) == ("Galaxies",)


def test_a_journal_is_known_by_its_issn() -> None:
    assert STARS.of(paper(venue="JGG", issn=("0028-0836",))) == ("Galaxies",)


@pytest.mark.parametrize("venue", ["Nature", "Science", "PLOS ONE", "Scientific Reports", "PeerJ", ""])
def test_a_general_journal_means_nothing(shipped: Subjects, venue: str) -> None:
    assert shipped.of(paper(venue=venue)) == ()


@pytest.mark.parametrize("heading", ["Galaxy", "Galaxy, Spiral", "Barred Spiral Galaxy"])
def test_a_heading_stands_for_narrower_ones(heading: str) -> None:
    assert STARS.of(paper(categories=(heading,))) == ("Galaxies",)


def test_two_headings_that_agree_go_before_the_journal() -> None:
    headings = ("Nebulae", "Nebulae, Dark")

    assert STARS.of(paper(categories=headings, venue="Journal of Galaxies and Gas")) == ("Astronomy", "Galaxies")
    assert STARS.of(paper(categories=headings[:1], venue="Journal of Galaxies and Gas")) == ("Galaxies", "Astronomy")


def test_a_journal_gives_its_topic_and_a_journal_of_a_whole_field_only_company() -> None:
    tagger = Tagger(Taxonomy.parse(SMALL), None, STARS)

    assert tagger.topics(paper(title="On dust", abstract="", categories=(), venue="Journal of Galaxies and Gas")) == (
        "Galaxies",
    )
    assert tagger.topics(paper(title="On dust", abstract="", categories=(), venue="Astronomy Letters")) == ()


def test_within_the_field_of_its_journal_a_topic_may_be_guessed_and_not_outside() -> None:
    stars = Subjects({"astronomy letters": "Stars"}, {})
    dust = paper(title="On dust", abstract="Dust is dusty.", categories=(), venue="Astronomy Letters")

    assert Tagger(Taxonomy.parse(SMALL), FakeClassifier(("astro-ph.GA", 0.9)), stars).topics(dust) == ("Galaxies",)
    assert Tagger(Taxonomy.parse(SMALL), FakeClassifier(("cs.LG", 0.9)), stars).topics(dust) == ()


def test_a_journal_in_no_table_may_name_its_field_in_its_title() -> None:
    dust = paper(title="On dust", abstract="Dust is dusty.", categories=(), venue="Transactions on Self-Attention")

    assert Tagger(Taxonomy.parse(SMALL), FakeClassifier(("astro-ph.GA", 0.9)), STARS).topics(dust) == ()


def test_headings_that_mean_nothing_hide_no_category() -> None:
    tagger = Tagger(Taxonomy.parse(SMALL), None, STARS)

    assert tagger.topics(paper(title="On dust", abstract="", categories=("Humans", "Galaxy"))) == ("Galaxies",)


def test_a_name_under_two_topics_is_an_error() -> None:
    with pytest.raises(ConfigError, match="stands under"):
        Subjects.parse('[mesh]\n"A" = ["birds"]\n"B" = ["Birds"]')
