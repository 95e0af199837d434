"""Topics of papers, with categories, with a guess at them, and without either."""

from __future__ import annotations

import pytest

from digest import assets
from digest.core.topics.classifier import Classifier
from digest.core.topics.fold import Taxonomy
from digest.core.topics.tagging import Tagger
from tests.conftest import paper
from tests.core.test_fold import SHIPPED, SMALL
from tests.fakes.classifier import FakeClassifier


@pytest.fixture
def small() -> Taxonomy:
    return Taxonomy.parse(SMALL)


def test_without_a_classifier_a_paper_is_judged_by_its_words(small: Taxonomy) -> None:
    assert Tagger(small).topics(
        paper(title="Attention", abstract="A DDPM needs attention to attention.", categories=())
    ) == ("Transformers",)


def test_known_categories_need_no_guess(small: Taxonomy) -> None:
    guessing = FakeClassifier(("astro-ph.GA", 0.9))

    topics = Tagger(small, guessing).topics(paper(title="Attention", abstract="In networks.", categories=("cs.LG",)))

    assert topics == ("Transformers",)
    assert guessing.asked == 0


@pytest.mark.parametrize("categories", [(), ("Research Article",)])
def test_a_guess_vouches_for_weak_words(small: Taxonomy, categories: tuple[str, ...]) -> None:
    attention = paper(
        title="Attention", abstract="We pay attention to attention, and attention.", categories=categories
    )

    assert Tagger(small).topics(attention) == ()
    assert Tagger(small, FakeClassifier(("cs.LG", 0.3))).topics(attention) == ("Transformers",)
    assert Tagger(small, FakeClassifier(("cs.LG", 0.1))).topics(attention) == ()
    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.3))).topics(attention) == ()


def test_a_guess_takes_nothing_from_what_neighbours_vouch_for(small: Taxonomy) -> None:
    tagger = Tagger(small, FakeClassifier(("astro-ph.GA", 0.3)))

    text = "Attention and all attention pays attention to attention and more attention, attention."
    assert "Transformers" in tagger.topics(paper(title="Attention and a DDPM", abstract=text, categories=()))


def test_a_guess_breaks_a_tie(small: Taxonomy) -> None:
    known = ("astro-ph.GA", "cs.LG")
    tied = paper(title="A DDPM of the galaxy", abstract="Both.", categories=())

    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.4), known=known)).topics(tied)[0] == "Galaxies"
    assert Tagger(small, FakeClassifier(("cs.LG", 0.4), known=known)).topics(tied)[0] == "Diffusion models"


def test_a_sure_guess_gives_a_topic_to_a_text_that_names_none(small: Taxonomy) -> None:
    dust = paper(title="On dust", abstract="Dust is dusty.", categories=())

    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.6))).topics(dust) == ("Galaxies",)
    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.4))).topics(dust) == ()


def test_a_guess_that_is_nearly_sure_gives_the_first_topic(small: Taxonomy) -> None:
    ddpm = paper(title="A DDPM", abstract="Dust is dusty.", categories=())

    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.9))).topics(ddpm) == ("Galaxies", "Diffusion models")
    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.7))).topics(ddpm) == ("Diffusion models",)


def test_a_title_alone_is_no_ground_for_a_guess(small: Taxonomy) -> None:
    dust = paper(title="On dust", abstract="", categories=())

    assert Tagger(small, FakeClassifier(("astro-ph.GA", 0.9))).topics(dust) == ()


def test_the_shipped_classifier_tells_what_words_leave_open() -> None:
    shipped = Taxonomy.parse(SHIPPED)
    tagger = Tagger(shipped, Classifier.parse(assets.trained("topics.bin")))
    title = "Frames that matter"
    abstract = (
        "We propose a convolutional architecture that picks pixels in images and masks of objects, trained on ImageNet "
        "and COCO, and improve the accuracy of boxes and of masks over strong baselines on images of scenes."
    )

    assert shipped.field(tagger.topics(paper(title=title, abstract=abstract, categories=()))[0]) == "Vision"
