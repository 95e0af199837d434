"""Classify a paper by title and abstract: its likely arXiv categories with their probabilities.

    words and pairs of words ──► a row of weights each ──► sum over the text ──► by its length and spread, probabilities

A linear model over tf-idf. It is trained by `digest.training.topics` and ships as one file:

    line 1    JSON: "format" (2), "note", what it was trained on and how well that went, and the numbers of `_Head`
    the rest  zlib of: the known words, sorted, one a line; an empty line; for each category, then for the length, one
              byte a word: its weight there, 128 for none

A word's bytes lie side by side in one long integer, 32 bits for each category. Adding up these integers adds up all
categories at once, which takes a third of the time of a loop over them.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

from digest.core.errors import ConfigError

FORMAT: Final = 2
TITLE_COUNTS: Final = 2
"""How often a word of the title is counted; a word of the abstract is counted once."""
MOST_WORDS: Final = 60_000
"""More could overflow a lane: 60,000 words × the highest weight (255) × the highest count (`tf(MOST_OFTEN)`) < 2³²."""
MOST_OFTEN: Final = 200
"""A word that stands more often in one text counts as this often."""

_LANE: Final = 4
_NO_WEIGHT: Final = 128
"""The byte of a word that tells nothing of a category."""
_TF: Final = (0, *(round(16 * (1 + math.log(count))) for count in range(1, MOST_OFTEN + 1)))
_WORD: Final = re.compile(r"[^\W_]+")
_PLURAL: Final = re.compile(r"s\b(?<=[a-z][a-hj-rtv-z]s)")
"""The s of "models", not that of "loss", "analysis" or "corpus". Looked for by the s first: five times as fast."""


def counts(title: str, abstract: str) -> Counter[str]:
    """Count each word and each pair of neighbouring words of a paper; plural and singular are one."""
    return Counter(_terms(abstract) + _terms(title) * TITLE_COUNTS)


def singular(word: str) -> str:
    """Return a word in small letters without the s of a plural, as `counts` has it."""
    return _PLURAL.sub("", word)


def _terms(text: str) -> list[str]:
    words = _WORD.findall(_PLURAL.sub("", text.lower()))
    return [*words, *map(" ".join, pairwise(words))]


def tf(count: int) -> int:
    """Return the weight of a word that stands *count* times in a text, 1 + ln(count), in sixteenths."""
    return _TF[min(count, MOST_OFTEN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A trained model, ready to use."""

    categories: tuple[str, ...]
    """The categories that the model knows, sorted: `cs.CL`."""
    about: dict[str, Any]
    """The file's first line: what it was trained on, and how that went."""
    rows: dict[str, int]
    """Word or pair of words → its weights: a lane for each category, above them the square of its idf."""
    intercepts: tuple[float, ...]
    """For each category, its score without any word."""
    weight_steps: tuple[float, ...]
    """For each category, the weight that 1 in its lane stands for."""
    length_step: float
    """The value that 1 in the topmost lane, that of the length, stands for."""
    sharpness: float
    """How much likelier a category is whose score stands one standard deviation higher: e to this power."""

    @classmethod
    def parse(cls, content: bytes) -> Classifier:
        """Read a trained file.

        Raises:
            ConfigError: It is damaged, or made for another version of the program.
        """
        line, _, packed = content.partition(b"\n")
        try:
            head = json.loads(line)
            form = head["format"]
        except (ValueError, RecursionError, TypeError, KeyError):
            raise ConfigError(
                "the classifier of topics is damaged: its first line is not what it was; install the package again"
            ) from None
        if form != FORMAT:
            raise ConfigError(f"the classifier of topics has format {form!r}, not {FORMAT}: train it again")
        try:
            return cls._read(head, zlib.decompress(packed))
        except (zlib.error, ArithmeticError, ValueError, TypeError, KeyError) as exc:
            raise ConfigError(f"the classifier of topics is damaged ({exc}): install the package again") from exc

    @classmethod
    def _read(cls, head: dict[str, Any], body: bytes) -> Classifier:
        categories = tuple(map(str, head["categories"]))
        intercepts = tuple(map(float, head["intercepts"]))
        text, _, weights = body.partition(b"\n\n")
        words = text.decode().split("\n")
        length_step, sharpness = (float(head[name]) for name in ("length_step", "sharpness"))
        weight_steps = tuple(map(float, head["weight_steps"]))
        steps = (length_step, sharpness, *weight_steps)
        if not all(map(math.isfinite, (*intercepts, *steps))) or min(steps) <= 0:
            raise ValueError("a number is not one")
        if not 0 < len(intercepts) == len(categories) == len(weight_steps) or not 0 < len(words) <= MOST_WORDS:
            raise ValueError(f"{len(words)} words, {len(categories)} categories, {len(intercepts)} intercepts")
        if len(weights) != len(words) * (len(categories) + 1):
            raise ValueError(f"{len(weights)} weights for {len(words)} words")
        width = _LANE * (len(categories) + 1)
        lanes = bytearray(width * len(words))
        for lane in range(len(categories) + 1):
            lanes[lane * _LANE :: width] = weights[lane * len(words) : (lane + 1) * len(words)]
        starts = range(0, len(lanes), width)
        return cls(
            categories=categories,
            about=head,
            rows={
                word: int.from_bytes(lanes[at : at + width], "little") for word, at in zip(words, starts, strict=True)
            },
            intercepts=intercepts,
            weight_steps=weight_steps,
            length_step=length_step,
            sharpness=sharpness,
        )

    def classify(self, title: str, abstract: str, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Return the *most* likely categories, likeliest first, each with its probability.

        The probabilities add up to 1 over the categories that the model knows: for a paper on another subject, or in
        another language, they say little. Empty for a text without any known word.
        """
        return self.classify_counts(counts(title, abstract), most)

    def classify_counts(self, found: Counter[str], most: int = 3) -> tuple[tuple[str, float], ...]:
        """Do as `classify` for words that are counted already, by `counts`."""
        known = found.keys() & self.rows.keys()
        if not known:
            return ()
        scores = self._scores(found, known)
        top, middle = max(scores), sum(scores) / len(scores)
        # By their spread: a long text full of known words scores higher in everything, but is no surer for it.
        spread = math.hypot(*(score - middle for score in scores)) / math.sqrt(len(scores)) or 1.0
        # Few words prove little. Measured on 9,000 titles and parts of abstracts: from one or two known words the best
        # sharpness is half of what it is from fifty, from three or four two thirds.
        sharpness = self.sharpness / spread * len(known) / (len(known) + 1)
        shares = [math.exp((score - top) * sharpness) for score in scores]
        whole = sum(shares)
        # The sort is stable: equals stay in the order of their names.
        likely = sorted(zip(shares, self.categories, strict=True), key=itemgetter(0), reverse=True)[:most]
        return tuple((name, round(share / whole, 4)) for share, name in likely)

    def _scores(self, found: Counter[str], known: Collection[str]) -> list[float]:
        """Return the score of each category from the *known* ones of the words *found*."""
        by_count: dict[int, int] = {}
        for word in known:
            by_count[found[word]] = by_count.get(found[word], 0) + self.rows[word]
        lanes = len(self.categories)
        top = 8 * _LANE * lanes
        # The topmost lane is summed apart: in the length the counts are squared.
        total, squares = 0, 0
        for count, row in by_count.items():
            weight = tf(count)
            squares += weight * weight * (row >> top)
            total += weight * (row & ((1 << top) - 1))
        nothing = _NO_WEIGHT * sum(map(tf, map(found.__getitem__, known)))
        length = math.sqrt(squares * self.length_step) or 1.0
        sums = struct.unpack(f"<{lanes}I", total.to_bytes(_LANE * lanes, "little"))
        return [
            (sum_ - nothing) * step / length + intercept
            for sum_, step, intercept in zip(sums, self.weight_steps, self.intercepts, strict=True)
        ]
