"""What a mention counts: where it stands, how often, and in which company."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.topics import weighing
from digest.core.topics.fold import Taxonomy
from digest.core.topics.tagging import Tagger
from digest.core.topics.weighing import places
from tests.conftest import paper
from tests.core.test_fold import SHIPPED
from tests.fakes.classifier import FakeClassifier


@pytest.fixture(scope="module")
def shipped() -> Taxonomy:
    return Taxonomy.parse(SHIPPED)


CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.CY", "cs.IR", "cs.LG", "cs.RO", "cs.SD", "eess.AS", "q-bio.NC")


def tagged(taxonomy: Taxonomy, title: str, abstract: str, *likely: tuple[str, float]) -> tuple[str, ...]:
    tagger = Tagger(taxonomy, FakeClassifier(*likely, known=CATEGORIES))
    return tagger.topics(paper(title=title, abstract=abstract, categories=()))


def test_one_mention_in_passing_is_no_topic(shipped: Taxonomy) -> None:
    topics = tagged(
        shipped,
        "Cold-Start SFT for mathematical reasoning",
        "We propose a cold-start stage of supervised fine-tuning before mathematical reasoning is learned. "
        "Recommender systems do likewise. Supervised fine-tuning and chain-of-thought data "
        "matter, as mathematical reasoning shows.",
        ("cs.CL", 0.6),
        ("cs.LG", 0.3),
    )

    assert topics == ("Reasoning", "Fine-tuning and post-training")


def test_speech_recognition_has_its_topic(shipped: Taxonomy) -> None:
    abstract = "We present a streaming model for ASR. Its word error rate is low, even on whispered speech."

    assert tagged(shipped, "Streaming speech recognition", abstract, ("cs.SD", 0.5))[0] == "Speech recognition"


def test_drones_are_no_psychology(shipped: Taxonomy) -> None:
    topics = tagged(
        shipped,
        "Visual attention for UAV tracking",
        "We study UAVs that follow people. Visual attention and human behavior guide the UAV, and cognition helps.",
        ("cs.CV", 0.6),
        ("cs.RO", 0.3),
    )

    assert topics[0] == "Drones and aerial robots"
    assert "Psychology and cognition" not in topics


def test_what_is_named_for_goes_before_what_it_is_done_with(shipped: Taxonomy) -> None:
    both = "We combine federated learning and speech recognition."

    assert tagged(shipped, "Speech recognition via federated learning", both)[0] == "Speech recognition"
    assert tagged(shipped, "Federated learning by speech recognition", both)[0] == "Federated learning"
    assert tagged(shipped, "With federated learning for speech recognition", both)[0] == "Speech recognition"


def test_often_named_goes_before_named_once(shipped: Taxonomy) -> None:
    abstract = "We study federated learning. Federated learning is hard, and federated learning of music is harder."

    assert tagged(shipped, "A study", abstract) == ("Federated learning",)


def test_an_abbreviation_with_two_meanings_needs_company(shipped: Taxonomy) -> None:
    abstract = "We scale test-time compute. This TTS of reasoning models, and test-time compute at large, pays."

    assert tagged(shipped, "Test-time compute (TTS)", abstract, ("cs.CL", 0.9))[0] == "Test-time scaling"
    assert "Speech synthesis" not in tagged(shipped, "Test-time compute (TTS)", abstract, ("cs.CL", 0.9))


def test_a_long_list_of_keywords_weighs_less_than_a_short_one(shipped: Taxonomy) -> None:
    few = shipped.tag("On birds", "Birds sing.", (), ["music"])
    many = shipped.tag("On birds", "Birds sing.", (), ["music", *map(str, range(9))])

    assert (few, many) == (("Music",), ())


@pytest.mark.parametrize(
    ("abstract", "naming"),
    [
        ("Birds sing. We study why. It is late.", " We study why."),
        ("In this paper, we propose a bird. It sings.", "In this paper, we propose a bird."),
        (
            "Birds sing! This survey reviews 3.5 million songs (in part). All end.",
            " This survey reviews 3.5 million songs (in part).",
        ),
        ("Birds sing. They always did.", ""),
    ],
)
def test_the_naming_sentence_is_the_first_that_says_what_was_done(abstract: str, naming: str) -> None:
    found = [place.text for place in places("", abstract) if place.worth == weighing._IN_NAMING]

    assert "".join(found) == naming


@given(
    title=st.text(), abstract=st.text() | st.lists(st.sampled_from(["We study x.", "A b.", "It is", " "])).map(" ".join)
)
def test_each_word_stands_in_one_place(title: str, abstract: str) -> None:
    found = [place.text for place in places(title, abstract)]

    assert sorted("".join(found)) == sorted(title + abstract)
