"""Papers in other languages get topics by words of their languages, and none from what knows English alone."""

from __future__ import annotations

import pytest

from digest import assets
from digest.core.errors import ConfigError
from digest.core.topics.fold import Taxonomy
from digest.core.topics.foreign_words import ForeignWords
from digest.core.topics.tagging import Tagger
from tests.conftest import paper

SHIPPED = ForeignWords.parse(assets.shipped("words_of_fields.toml").read_text("utf-8"))
TAXONOMY = Taxonomy.parse(assets.shipped("taxonomy.toml").read_text("utf-8"))


def test_every_topic_of_the_table_that_ships_is_one_of_the_taxonomy() -> None:
    assert [topic for topic in SHIPPED.topics if TAXONOMY.current(topic) != topic or not TAXONOMY.field(topic)] == []


@pytest.mark.parametrize(
    ("title", "topics"),
    [
        ("基于深度学习的地震检测", ("Machine learning", "Earthquakes and geophysics")),
        ("深層学習を用いた診断", ("Machine learning",)),
        ("Langzeitarbeitslosigkeit in Ostdeutschland", ("Labor economics",)),
        ("Sur la cohomologie des variétés abéliennes", ("Algebraic geometry",)),
        ("Una nueva especie de rana del Perú", ("Systematics and new species", "Amphibians and reptiles")),
        ("Efeito da adubação sobre a produtividade do milho", ("Agriculture",)),
        ("О разрешимости одной краевой задачи", ("Partial differential equations",)),
        ("Vorwaldlich", ()),  # "wald" is no word of it
    ],
)
def test_a_title_names_its_topics(title: str, topics: tuple[str, ...]) -> None:
    assert SHIPPED.topics_of(title, "") == topics


def test_one_mention_in_the_abstract_is_not_enough() -> None:
    words = ForeignWords.parse('"Birds" = ["vogel*"]')

    assert words.topics_of("", "Ein Vogel sang.") == ()
    assert words.topics_of("", "Ein Vogel sang. Vögel und ein Vogelnest.") == ("Birds",)


def test_a_damaged_table_is_named() -> None:
    with pytest.raises(ConfigError, match="words of fields"):
        ForeignWords.parse("Birds = 3")


def test_what_knows_english_alone_is_not_asked_of_another_language() -> None:
    asked: list[str] = []

    class Guess:
        categories = ("cs.LG",)

        def classify(self, title: str, abstract: str, most: int = 3) -> tuple[tuple[str, float], ...]:
            asked.append(title)
            return (("cs.LG", 1.0),)

    for language, title in (("en", "On birds"), ("", "Aves"), ("de", "Über Vögel")):
        Tagger(TAXONOMY, Guess()).topics(paper(1, title=title, abstract="", language=language, categories=()))

    assert asked == ["On birds", "Aves"]
