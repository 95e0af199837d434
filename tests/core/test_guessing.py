"""Guessing categories in two steps, and guessing none."""

from __future__ import annotations

import pytest

from digest import assets
from digest.core.topics.guessing import Guesser


@pytest.fixture(scope="module")
def guesser() -> Guesser:
    return Guesser.parse(assets.trained("sciences.bin"), assets.trained("topics.bin"))


SALMON = (
    "A giant extinct salmon of the Miocene",
    "The spike-toothed salmon lived in rivers of western North America. We describe new fossil skulls, whose teeth "
    "point sideways, and discuss how males and females of this species fought over nests when they spawned.",
)
RECEPTOR = (
    "Stepwise activation of a metabotropic glutamate receptor",
    "Metabotropic glutamate receptors belong to a family of G protein-coupled receptors. Using single-molecule FRET "
    "and cryo-electron microscopy we follow conformational changes of the receptor upon binding of its ligand.",
)
NETWORK = (
    "Deep residual learning for image recognition",
    "Deeper neural networks are difficult to train. We present a residual learning framework to ease the training of "
    "convolutional networks, and evaluate it on ImageNet.",
)


@pytest.mark.parametrize("text", [SALMON, RECEPTOR])
def test_a_text_of_another_science_is_no_economics_and_no_machine_learning(
    guesser: Guesser, text: tuple[str, str]
) -> None:
    foreign = ("cs.", "econ.", "stat.", "eess.", "math.", "q-fin.")

    assert sum(p for name, p in guesser.classify(*text, most=40) if name.startswith(foreign)) < 0.1


def test_a_text_of_another_science_is_called_by_the_name_of_the_science(guesser: Guesser) -> None:
    leaf = (
        "Abscisic acid closes the stomata of leaves",
        "In Arabidopsis guard cells, light and drought act on one kinase.",
    )

    assert guesser.classify(*leaf)[0][0] == "plant biology"


def test_a_text_of_computing_is_guessed_as_by_the_classifier_of_categories_alone(guesser: Guesser) -> None:
    assert guesser.classify(*NETWORK, most=10) == guesser.subjects.classify(*NETWORK, most=10)


@pytest.mark.parametrize(
    "text",
    [
        ("", ""),
        ("Quorundam animalium", "Arma virumque cano Troiae qui primus ab oris Italiam fato profugus venit litora."),
        ("深度学习", "我们提出一种新的方法来训练神经网络。"),
    ],
)
def test_where_few_words_are_known_nothing_is_guessed(guesser: Guesser, text: tuple[str, str]) -> None:
    assert guesser.classify(*text) == ()
