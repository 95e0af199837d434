"""ROUGE, held against the Perl script of its author and against Google's implementation of it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from digest.core.words.stemming import stem
from digest.evaluation.rouge import NONE, Rouge, best, rouge

# What ROUGE-1.5.5.pl says with `-c 95 -r 10 -n 2 -a -d -m`, each text cut into sentences at " . ".
FROM_THE_SCRIPT = [
    ("the cat sat on the mat", "the cat was on the mat", (0.83333, 0.6, 0.83333)),
    (
        "We propose adaptive loss scaling, a layer-wise method for mixed precision training.",
        "A method that adaptively scales losses layer-wise makes mixed-precision training easier.",
        (0.76923, 0.25, 0.53846),
    ),
    (
        "Generalizations of relational databases: conditional probabilities and their estimators",
        "A generalized relational database estimates conditional probability",
        (0.75, 0.28571, 0.625),
    ),
    (
        "Attention improves translation by 2.3 BLEU on WMT'14 (En-De).",
        "Attention-based translation gains 2.3 BLEU points on WMT14 English-German",
        (0.5, 0.18182, 0.5),
    ),
    ("naïve Bayes für Anfänger", "naive Bayes for beginners", (0.18182, 0.0, 0.18182)),
    ("word word word word", "word", (0.4, 0.0, 0.4)),
    ("one two three four . five six seven eight", "five six nine . three four one two", (0.8, 0.46154, 0.53333)),
    (
        "the model is small . the model is fast",
        "the model is fast . the model is small and fast",
        (0.88889, 0.75, 0.88889),
    ),
    ("Robots", "A very long reference that has nothing to do with it", (0.0, 0.0, 0.0)),
    (
        "measurement of the management environment and its replacement treatment",
        "measures managed environments replaced by treatments",
        (0.66667, 0.15385, 0.66667),
    ),
    (
        "operational rationality of electrical sensibilities: digitizers, analogies, radically hopefulness",
        "operation rational electricity sensible digitizer analogous radical hopeful",
        (0.94118, 0.8, 0.94118),
    ),
]

# Stems of the same script.
STEMS = {
    "yes": "ye",
    "yielding": "yield",
    "yearly": "yearli",
    "happily": "happili",
    "conflated": "conflat",
    "hopping": "hop",
    "filing": "file",
    "agreed": "agre",
    "feed": "feed",
    "controlling": "control",
    "replacement": "replac",
    "generalizations": "gener",
    "relational": "relat",
    "skies": "ski",
    "classes": "class",
    "adoption": "adopt",
    "as": "as",
}

VOCABULARY = "a the model models modelling of large language small results result on benchmark trained training".split()


@pytest.mark.parametrize(("candidate", "reference", "expected"), FROM_THE_SCRIPT)
def test_the_counts_are_those_of_the_script(
    candidate: str, reference: str, expected: tuple[float, float, float]
) -> None:
    found = rouge(candidate, reference)

    assert (found.r1, found.r2, found.rl) == pytest.approx([100 * f for f in expected], abs=0.001)


@pytest.mark.parametrize(("word", "expected"), STEMS.items())
def test_stems_are_those_of_the_script(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_google_s_implementation_counts_the_same() -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    chance = random.Random(7)
    for _ in range(300):
        a, b = (" ".join(chance.choices(VOCABULARY, k=chance.randint(1, 30))) for _ in range(2))

        ours, theirs = rouge(a, b), scorer.score(b, a)

        expected = [100 * theirs[kind].fmeasure for kind in ("rouge1", "rouge2", "rougeL")]
        assert [ours.r1, ours.r2, ours.rl] == pytest.approx(expected)


@given(st.text(max_size=80), st.text(max_size=80))
def test_it_does_not_matter_which_of_two_sentences_is_the_reference(a: str, b: str) -> None:
    one, other = rouge(a.replace(".", ""), b.replace(".", "")), rouge(b.replace(".", ""), a.replace(".", ""))

    assert one == other


@given(st.lists(st.sampled_from([*VOCABULARY, "."]), max_size=40), st.lists(st.sampled_from([*VOCABULARY, "."])))
def test_words_in_order_are_never_more_than_words(a: list[str], b: list[str]) -> None:
    found = rouge(" ".join(a), " ".join(b))

    assert 0 <= found.rl <= found.r1 <= 100


@given(st.lists(st.sampled_from(VOCABULARY), min_size=2, max_size=30))
def test_a_text_is_all_of_itself(words: list[str]) -> None:
    assert rouge(" ".join(words), " ".join(words)) == Rouge(100.0, 100.0, 100.0)


@pytest.mark.parametrize(("a", "b"), [("", ""), ("", "a word"), ("—", "…"), ("a word", "")])
def test_nothing_has_nothing_in_common(a: str, b: str) -> None:
    assert rouge(a, b) == NONE


def test_the_best_reference_is_the_one_with_the_most_words_in_common() -> None:
    # The second has fewer pairs in common, and counts all the same: SciTLDR's authors choose by ROUGE-1 alone.
    references = ["we train a model now", "model small a train we"]

    found = best("we train a small model", references)

    assert found == rouge("we train a small model", references[1])
    assert found.r2 < rouge("we train a small model", references[0]).r2


def test_without_a_reference_there_is_nothing_to_count() -> None:
    assert best("a summary", []) == NONE


def test_it_is_several_times_as_fast_as_google_s() -> None:
    """Training looks at every sentence of two thousand papers, many times."""
    import time

    chance = random.Random(7)
    pairs = [tuple(" ".join(chance.choices(VOCABULARY, k=25)) for _ in range(2)) for _ in range(200)]
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)

    began = time.perf_counter()
    for a, b in pairs:
        rouge(a, b)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    for a, b in pairs:
        scorer.score(b, a)
    theirs = time.perf_counter() - began

    assert ours < theirs / 3
