"""The classifier: what it reads, what it says, and that nothing a feed can send upsets it."""

from __future__ import annotations

import json
import math
import random
import statistics
import zlib
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError
from digest.core.topics.classifier import FORMAT, MOST_OFTEN, MOST_WORDS, Classifier, counts, tf

WORDS = ("graph", "image", "image segmentation", "protein", "theorem", "word")
CATEGORIES = ("cs.CL", "cs.CV", "math.CO")
WEIGHTS = {  # for each category, one weight a word, 128 is nothing
    "cs.CL": (128, 100, 100, 128, 110, 200),
    "cs.CV": (128, 180, 220, 128, 100, 100),
    "math.CO": (190, 100, 100, 110, 220, 128),
}
SQUARES = (40, 40, 80, 90, 40, 20)


def made(body: bytes | None = None, **changes: Any) -> bytes:
    """A file as the training writes it, with one's own numbers."""
    head = {
        "note": "made by hand",
        "format": FORMAT,
        "categories": CATEGORIES,
        "intercepts": [0.1, 0.0, -0.1],
        "weight_steps": [0.05, 0.04, 0.05],
        "length_step": 0.25,
        "sharpness": 1.5,
        **changes,
    }
    if body is None:
        body = "\n".join(WORDS).encode() + b"\n\n" + b"".join(bytes(WEIGHTS[c]) for c in CATEGORIES) + bytes(SQUARES)
    return json.dumps(head).encode() + b"\n" + zlib.compress(body)


CLASSIFIER = Classifier.parse(made())


def plainly(title: str, abstract: str) -> dict[str, float]:
    """The same sums, one weight at a time."""
    known = {WORDS.index(word): tf(count) for word, count in counts(title, abstract).items() if word in WORDS}
    length = math.sqrt(sum(weight**2 * SQUARES[at] * 0.25 for at, weight in known.items()))
    steps = dict(zip(CATEGORIES, (0.05, 0.04, 0.05), strict=True))
    scores = {
        name: sum(weight * (WEIGHTS[name][at] - 128) * steps[name] for at, weight in known.items()) / length + intercept
        for name, intercept in zip(CATEGORIES, (0.1, 0.0, -0.1), strict=True)
    }
    spread = statistics.pstdev(scores.values())
    sharpness = 1.5 * len(known) / (len(known) + 1)
    parts = {name: math.exp(sharpness * (score - scores["cs.CL"]) / spread) for name, score in scores.items()}
    return {name: part / sum(parts.values()) for name, part in parts.items()}


def test_a_paper_about_images_is_one_of_computer_vision() -> None:
    found = CLASSIFIER.classify("Image segmentation", "We cut every image into parts.")

    assert found[0][0] == "cs.CV"
    assert [name for name, _ in found] == sorted(CATEGORIES, key=dict(found).get, reverse=True)  # type: ignore[arg-type]


def test_more_words_make_it_surer() -> None:
    one, two = CLASSIFIER.classify("", "image"), CLASSIFIER.classify("", "image segmentation")

    assert one[0][0] == two[0][0] == "cs.CV"
    assert one[0][1] < two[0][1]


def test_no_more_are_named_than_asked_for() -> None:
    assert [len(CLASSIFIER.classify("A theorem", "", most=most)) for most in (0, 1, 2, 9)] == [0, 1, 2, 3]


def test_without_a_known_word_nothing_is_said() -> None:
    assert CLASSIFIER.classify("", "") == ()
    assert CLASSIFIER.classify("量子計算", "Это не об этом.") == ()


def test_a_word_of_the_title_counts_as_two() -> None:
    assert counts("Graphs", "A graph is drawn.")["graph"] == 3


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("models", "model"),
        ("Networks'", "network"),
        ("loss", "loss"),
        ("analysis", "analysis"),
        ("corpus", "corpus"),
        ("GPUs", "gpus"),
        ("is", "is"),
    ],
)
def test_plurals_are_folded_and_words_that_only_look_like_them_are_not(text: str, folded: str) -> None:
    assert list(counts("", text)) == [folded]


def test_pairs_do_not_reach_from_the_title_into_the_abstract() -> None:
    assert "image segmentation" not in counts("One image", "segmentation of it")


text_of_known_words = st.lists(st.sampled_from([*WORDS, "unknown", "graphs"]), max_size=60).map(" ".join)


@given(title=text_of_known_words, abstract=text_of_known_words)
def test_the_long_integers_add_up_to_what_a_loop_does(title: str, abstract: str) -> None:
    found = CLASSIFIER.classify(title, abstract)

    if found:
        assert dict(found) == pytest.approx(plainly(title, abstract), abs=1e-4)
    else:
        assert not set(counts(title, abstract)) & set(WORDS)


@given(title=st.text(), abstract=st.text() | text_of_known_words, most=st.integers(0, 5))
def test_any_text_gets_probabilities_in_order(title: str, abstract: str, most: int) -> None:
    found = CLASSIFIER.classify(title, abstract, most)

    assert len(found) <= most
    assert all(0 <= probability <= 1 for _, probability in found)
    assert all(one[1] >= other[1] for one, other in pairwise(found))
    assert sum(probability for _, probability in found) <= 1 + 1e-3


def test_lone_surrogates_and_very_long_texts_are_only_texts() -> None:
    assert CLASSIFIER.classify("\ud800 image", "\udfff")[0][0] == "cs.CV"
    assert CLASSIFIER.classify("", "theorem " * 200_000)[0][0] == "math.CO"


def test_equals_stand_in_the_order_of_their_names() -> None:
    flat = b"word\n\n" + bytes([130, 130, 130, 9])
    classifier = Classifier.parse(made(flat, intercepts=[0.0, 0.0, 0.0], weight_steps=[0.05, 0.05, 0.05]))

    assert classifier.classify("word", "") == (("cs.CL", 0.3333), ("cs.CV", 0.3333), ("math.CO", 0.3333))


def test_the_highest_weights_of_all_words_do_not_run_over() -> None:
    words = [f"w{n:05}" for n in range(MOST_WORDS)]
    weights = bytes([255]) * MOST_WORDS + bytes([0]) * MOST_WORDS + bytes([255]) * MOST_WORDS
    body = "\n".join(words).encode() + b"\n\n" + weights + bytes([1]) * MOST_WORDS
    classifier = Classifier.parse(made(body, intercepts=[0, 0, 0]))

    scores = classifier._scores(Counter(dict.fromkeys(words, MOST_OFTEN + 1)), words)

    # Each word adds 127 or -128 (255 or 0, less the 128 of no weight) × its count; the length is that count ×
    # √(words × 0.25).
    longest = MOST_WORDS**0.5 / 0.5
    assert scores == pytest.approx([127 * 0.05 * longest, -128 * 0.04 * longest, 127 * 0.05 * longest])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"not JSON\n" + zlib.compress(b""),
        b"[1]\n",
        b"{}\n",
        made()[:-9],
        made().replace(b'"format": 2', b'"format": 3'),
        made(b"word"),
        made(b"word\n\n" + bytes(5)),
        made(b"\xff\n\n" + bytes(4)),
        made(intercepts=[0.1]),
        made(intercepts=["x", 0, 0]),
        made(categories=None),
        made(weight_steps=None),
        made(weight_steps=[0.05, -1, 0.05]),
        made(weight_steps=[0.05, 0.05]),
        made(intercepts=[0, 0, math.nan]),
        made(length_step=10**400),
        made(categories=[], intercepts=[]),
        made(length_step="wide"),
        made().partition(b"\n")[0] + b"\n" + random.Random(1).randbytes(300),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(content: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^the classifier of topics .*again|^the classifier of topics is damaged"):
        Classifier.parse(content)


@given(at=st.integers(min_value=0, max_value=len(made()) - 1), value=st.integers(0, 255))
def test_one_changed_byte_is_told_or_does_no_harm(at: int, value: int) -> None:
    content = bytearray(made())
    content[at] = value

    try:
        classifier = Classifier.parse(bytes(content))
    except ConfigError:
        return
    assert len(classifier.classify("image", "graph theorem")) <= 3
