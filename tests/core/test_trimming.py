"""What may be left out of a sentence, and what may not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.extracts.trimming import shorten, trim, variants

PIECES = st.sampled_from(
    "We |propose |show that |networks |learn |it works|, which |, achieving |, and show that | (GAN)| (only if X)|; |: "
    "| -- |, called Thinger, |by doing |Using labels, we |To learn, we propose |$a, which b$|but |.|such as "
    "|in order to |a method for things that move ".split("|")
)


def texts(sentence: str) -> set[str]:
    return {variant.text for variant in variants(sentence)}


@pytest.mark.parametrize(
    ("sentence", "trimmed"),
    [
        ("In this paper, we propose X for things.", "We propose X for things."),
        ("In this short paper we propose X for things.", "We propose X for things."),
        ("To address this gap, we therefore present X.", "We present X."),
        ("To address the first challenge, we present a way.", "We present a way."),
        ("Furthermore, to overcome these limits, we also present X.", "We present X."),
        ("However, k-means is slower by far.", "k-means is slower by far."),
        ("Here, we show that it works (Smith et al., 2020; Jones, 2021).", "We show that it works."),
        ("We follow earlier work [12, 13] on this (see Section 3).", "We follow earlier work on this."),
        ("2) We prove a bound for it.", "We prove a bound for it."),
        ("In this work of art nobody laughs.", "In this work of art nobody laughs."),
        ("To show that models fail, we build X.", "To show that models fail, we build X."),
        ("Values lie in the interval [1, 5] for it.", "Values lie in the interval [1, 5] for it."),
        ("It solves the contest (IMO 2025) in part.", "It solves the contest (IMO 2025) in part."),
        ("We bound $f(x)[1]$ for all of them.", "We bound $f(x)[1]$ for all of them."),
        ("Methods – such as these – often fail.", "Methods – such as these – often fail."),
        ("Instead, wait.", "Instead, wait."),
    ],
)
def test_only_what_says_nothing_is_cut_off_a_sentence(sentence: str, trimmed: str) -> None:
    assert trim(sentence) == trimmed


def test_a_long_sentence_is_cut_at_the_end_of_a_clause() -> None:
    text = f"We show things, which (as, said) are ${'x,'.join('ab' * 20)}$ fine, and {'more ' * 40}things"

    cut = shorten(text, 200)

    assert cut.endswith("fine…")
    assert shorten(text, len(text)) == text
    assert shorten("x" * 500, 400) == ""


@pytest.mark.parametrize(
    ("sentence", "shorter"),
    [
        (
            "We propose generative adversarial networks (GANs) for the translation of images.",
            "We propose generative adversarial networks for the translation of images.",
        ),
        ("We show that wide networks generalize better to new tasks.", "Wide networks generalize better to new tasks."),
        ("To learn with few labels, we propose a simple loss.", "We propose a simple loss."),
    ],
)
def test_a_clause_that_may_go_is_left_out_of_a_variant(sentence: str, shorter: str) -> None:
    assert shorter in texts(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The new method for graphs is much faster than all the earlier ones, but only if the graph is small.",
        "We propose a new method for the fast search of large graphs, which may fail on the sparse ones.",
        "We propose a new method for the fast search of large graphs, using no more than ten labels.",
        "The new method for graphs is faster on all of the large ones by using more memory than the others.",
        "We argue that the very deep and very wide neural networks, which have many layers, learn quickly.",
        "For convex losses, we propose a method.",
        "Using ten labels, we reach the accuracy of all.",
        "As the number of samples grows, we propose less.",
        "If losses are convex, we propose a method.",
        "We show in theory alone that it holds (under mild assumptions).",
        "We may show that networks learn things well.",
        "We argue that networks learn things well.",
        "We introduce Thinger, an online environment that is large.",
        "We propose a new method for the fast search of large graphs, which runs on any computer.",
        "We propose a new method for the fast search of large graphs, achieving a new record.",
        "We introduce a system for long tasks, called Seeker, built on a simple principle: keep the state.",
    ],
)
def test_what_limits_a_claim_or_carries_the_sentence_stays(sentence: str) -> None:
    assert texts(sentence) == {sentence}


def test_the_whole_sentence_is_always_among_the_variants() -> None:
    sentence = "We show that networks (GANs) learn, which is new, and show that it is fast."

    assert any(variant.text == sentence and variant.cut == () for variant in variants(sentence))


@settings(deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=30).map("".join))
def test_a_variant_has_the_words_of_its_sentence_in_their_order(sentence: str) -> None:
    said = re.findall(r"\w+", sentence.casefold())

    for variant in variants(sentence):
        rest = iter(said)
        assert all(word in rest for word in re.findall(r"\w+", variant.text.casefold()))
        assert variant.text.count("$") % 2 == sentence.count("$") % 2


@settings(deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=30).map("".join))
def test_what_limits_a_claim_is_in_every_variant(sentence: str) -> None:
    limits = re.findall(r"\b(?:but|only|if)\b", sentence.lower())

    for variant in variants(sentence):
        assert re.findall(r"\b(?:but|only|if)\b", variant.text.lower()) == limits


def test_the_first_item_of_a_list_is_no_lead_in() -> None:
    listed = "Based on these results, their shape, and the months in which they flower, we find two species."

    assert trim(listed) == listed
    assert trim("Based on these results, we find two species here.") == "We find two species here."
