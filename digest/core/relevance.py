"""How near papers are to each other, and to what a reader liked, by their words alone.

    bags ──► Space ──► Vector ──┬──► Taste    how well a paper fits all that was liked, and not
             (how much          └──► Nearest  which single paper it is nearest to
              each word says)

Taste is a centroid (Rocchio) with three changes, each of which was measured to help (`digest.evaluation.ranking`):
long texts are not divided by their whole length, words that one liked paper alone has are not left behind those that
many have, and what is usual anywhere is taken off.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Self, TypeVar

from digest.core.bags import Bag
from digest.core.errors import ConfigError

K = TypeVar("K")

_SLOPE: Final = 0.8
"""How much of a text's length its weights are divided by; of the rest, the usual length. 1 favours scraps of text."""
_EVENNESS: Final = 0.75
"""Power on a taste's words: below 1, a word of one liked paper counts beside one of all."""
_USUAL: Final = 3.0
"""How often what is usual anywhere is taken off a taste."""
_DISLIKED: Final = 0.5
"""How much what was disliked weighs against what was liked."""
_REPEATED: Final = 1.3
"""A word's mean weight within a paper that has it, of 1 for a word that stands there once."""
_TELLING: Final = 24
"""Words of a paper by which others find it; the rest only decide how near it is."""
_LOOKED_AT: Final = 4
"""How many of those found are compared word by word."""
_NO_LENGTH: Final = 30.0
"""The length of a paper's weights where no background says; that of an abstract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """In how many papers of a large collection each word stands."""

    papers: int = 0
    length: float = _NO_LENGTH
    """The mean length of its papers' weights."""
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `words.txt`: notes behind `#`, `papers N`, `length X`, then a count and the words that have it.

        Raises:
            ConfigError: A line is none of these.
        """
        papers, length, counts = 0, _NO_LENGTH, dict[str, int]()
        for number, line in enumerate(text.splitlines(), start=1):
            first, *rest = line.split() or ["#"]
            try:
                if first == "papers":
                    papers = int(rest[0])
                elif first == "length":
                    length = float(rest[0])
                elif not first.startswith("#"):
                    counts.update(dict.fromkeys(rest, int(first)))
            except (ValueError, IndexError) as exc:
                raise ConfigError(f"words.txt, line {number}: {line[:60]!r} has no number; train it again") from exc
        return cls(papers=papers, length=length, counts=counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A text as weights of its words."""

    weights: Mapping[str, float]
    """Of length 1, or empty."""
    strength: float
    """About 1, more for a long text: by how much its weights count when it is held against a taste."""

    def cosine(self, other: Vector) -> float:
        """How near two texts are: 1 for the same words as often, 0 for none in common."""
        few, many = sorted((self.weights, other.weights), key=len)
        return sum(weight * many[word] for word, weight in few.items() if word in many)


class Space:
    """How much each word says: a rare one much, one that all papers have nearly nothing."""

    def __init__(self, background: Background, bags: Iterable[Bag] = ()) -> None:
        """Count words in *background* and in *bags*: each once, in any order."""
        self._background = background
        self._counts: Counter[str] = Counter()
        self._papers = background.papers
        for one in bags:
            self._counts.update(one.keys())
            self._papers += 1

    def share(self, word: str) -> float:
        """The share of papers that have *word*, a little less than 1 at most."""
        return (self._background.counts.get(word, 0) + self._counts[word] + 0.5) / (self._papers + 1)

    def rarity(self, word: str) -> float:
        """How much it says that a paper has *word*; more than 0."""
        return -math.log(self.share(word))

    def usual(self, word: str) -> float:
        """The weight that *word* has in a paper of which nothing is known."""
        share = self.share(word)
        return share * -math.log(share) * _REPEATED / self._background.length

    def vector(self, bag: Bag) -> Vector:
        """The weights of a text."""
        weights = {word: (1 + math.log(count)) * self.rarity(word) for word, count in bag.items()}
        length = math.sqrt(sum(w * w for w in weights.values()))
        if not length:
            return Vector(weights={}, strength=0.0)
        usual = _SLOPE * length + (1 - _SLOPE) * self._background.length
        return Vector(weights={word: w / length for word, w in weights.items()}, strength=length / usual)


class Taste:
    """What a reader likes, as weights of words."""

    def __init__(
        self,
        space: Space,
        liked: Sequence[tuple[Vector, float]],
        disliked: Sequence[tuple[Vector, float]] = (),
        *,
        evenness: float = _EVENNESS,
        usual: float = _USUAL,
    ) -> None:
        """Learn from vectors, each with its weight, more than 0.

        What is disliked counts in full from five papers on: one mark is no taste.

        Args:
            evenness: See `_EVENNESS`; 1 gives a plain centroid.
            usual: See `_USUAL`; 0 takes nothing off.
        """
        self._space, self._usual = space, usual
        weights = _centroid(liked)
        against = _DISLIKED * min(1.0, sum(weight for _, weight in disliked) / 5)
        for word, weight in _centroid(disliked).items():
            weights[word] = weights.get(word, 0.0) - against * weight
        total = sum(w for w in weights.values() if w > 0)
        powers = {word: math.copysign(abs(w) ** evenness, w) for word, w in weights.items()}
        scale = total / (sum(w for w in powers.values() if w > 0) or 1.0)
        self._weights = {word: w * scale - usual * space.usual(word) for word, w in powers.items()}
        self._length = math.sqrt(sum((w * scale) ** 2 for w in powers.values())) or 1.0
        self._elsewhere: dict[str, float] = {}

    def fit(self, vector: Vector) -> float:
        """How well a text fits: about 0 for one that has nothing to do with it, and seldom more than 0.5."""
        return vector.strength * sum(w * self._weight(word) for word, w in vector.weights.items()) / self._length

    def _weight(self, word: str) -> float:
        known = self._weights.get(word)
        if known is None:
            known = self._elsewhere.get(word)
        if known is None:
            known = self._elsewhere[word] = -self._usual * self._space.usual(word)
        return known


def _centroid(marked: Sequence[tuple[Vector, float]]) -> dict[str, float]:
    total = sum(weight for _, weight in marked)
    weights: dict[str, float] = {}
    for vector, weight in marked:
        factor = vector.strength * weight / total
        for word, w in vector.weights.items():
            weights[word] = weights.get(word, 0.0) + factor * w
    return weights


class Nearest(Generic[K]):
    """Finds the nearest of many texts without comparing with each: by the words that say most."""

    def __init__(self, texts: Iterable[tuple[K, Vector]] = ()) -> None:
        """Put *texts* in, each under its key."""
        self._texts: list[tuple[K, Vector]] = []
        self._having: dict[str, list[tuple[int, float]]] = {}
        for key, vector in texts:
            self.add(key, vector)

    def add(self, key: K, vector: Vector) -> None:
        """Put one more text in."""
        for word, weight in _telling(vector):
            self._having.setdefault(word, []).append((len(self._texts), weight))
        self._texts.append((key, vector))

    def find(self, vector: Vector) -> tuple[K, float] | None:
        """The key of the nearest text, and how near it is; None where none shares a word that says much.

        Of equally near ones the first that was put in.
        """
        found: dict[int, float] = {}
        for word, weight in _telling(vector):
            for number, other in self._having.get(word, ()):
                found[number] = found.get(number, 0.0) + weight * other
        likely = heapq.nsmallest(_LOOKED_AT, found.items(), key=lambda item: (-item[1], item[0]))
        if not likely:
            return None
        number, cosine = max(
            ((n, vector.cosine(self._texts[n][1])) for n, _ in likely), key=lambda item: (item[1], -item[0])
        )
        return self._texts[number][0], cosine


def _telling(vector: Vector) -> list[tuple[str, float]]:
    return heapq.nsmallest(_TELLING, vector.weights.items(), key=lambda item: (-item[1], item[0]))
