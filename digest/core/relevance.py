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
from operator import mul
from typing import Final, Generic, Self, TypeVar

from digest.core.bags import Bag
from digest.core.errors import ConfigError

K = TypeVar("K")

_SLOPE: Final = 0.8
"""How much of a text's length its weights are divided by; of the rest, the usual length. 1 favours scraps of text."""
EVENNESS: Final = 0.75
"""Power on a taste's words: below 1, a word of one liked paper counts beside one of all."""
USUAL: Final = 3.0
"""How often what is usual anywhere is taken off a taste."""
_AS_NEAR: Final = 0.25
"""Nearness to a single liked paper that counts as 1: of a day's papers one in a thousand comes as near to another."""
_AT_ODDS: Final = 0.4
"""Length of the mean of liked papers below which they are not told apart from ones that have nothing in common."""
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
        self._rarity: dict[str, float] = {}
        self._usual: dict[str, float] = {}
        for one in bags:
            self._counts.update(one.keys())
            self._papers += 1

    def share(self, word: str) -> float:
        """The share of papers that have *word*, a little less than 1 at most."""
        return (self._background.counts.get(word, 0) + self._counts[word] + 0.5) / (self._papers + 1)

    def rarity(self, word: str) -> float:
        """How much it says that a paper has *word*; more than 0."""
        known = self._rarity.get(word)
        if known is None:
            known = self._rarity[word] = -math.log(self.share(word))
        return known

    def usual(self, word: str) -> float:
        """The weight that *word* has in a paper of which nothing is known."""
        known = self._usual.get(word)
        if known is None:
            known = self.share(word) * self.rarity(word) * _REPEATED / self._background.length
            self._usual[word] = known
        return known

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
        evenness: float = EVENNESS,
        usual: float = USUAL,
    ) -> None:
        """Learn from vectors, each with its weight, more than 0; at least one is liked.

        What is disliked counts in full from five papers on: one mark is no taste.

        Args:
            evenness: See `EVENNESS`; 1 gives a plain centroid.
            usual: See `USUAL`; 0 takes nothing off.
        """
        mean = _centroid(liked)
        even = {word: weight**evenness for word, weight in mean.items()}
        scale = sum(mean.values()) / (sum(even.values()) or 1.0)
        wanted = {word: weight * scale for word, weight in even.items()}
        against = _DISLIKED * min(1.0, sum(weight for _, weight in disliked) / 5)
        unwanted = {word: against * weight for word, weight in _centroid(disliked).items()}
        self._weights = _Weights(space, usual)
        for word in wanted | unwanted:
            self._weights[word] = wanted.get(word, 0.0) - unwanted.get(word, 0.0) - usual * space.usual(word)
        # What was liked has usual words too: only with more of them than that does a paper fall behind.
        self._allowed = usual * sum(weight * _usualness(v, space) for v, weight in liked) / sum(w for _, w in liked)
        # Of many liked papers that have little in common, none can be near to all.
        length = math.sqrt(sum(w * w for w in wanted.values()))
        self._as_near = _AS_NEAR * length * max(length, _AT_ODDS) or 1.0

    def fit(self, vector: Vector) -> float:
        """How well a text fits: below 0 for most that have nothing to do with it, 1 for one that is very near."""
        weights = map(self._weights.__getitem__, vector.weights)
        nearness: float = vector.strength * sum(map(mul, weights, vector.weights.values()))
        return (nearness + self._allowed) / self._as_near


class _Weights(dict[str, float]):
    """A taste's words, and what it makes of all others once they are met."""

    def __init__(self, space: Space, usual: float) -> None:
        super().__init__()
        self._space, self._usual = space, usual

    def __missing__(self, word: str) -> float:
        self[word] = weight = -self._usual * self._space.usual(word)
        return weight


def _usualness(vector: Vector, space: Space) -> float:
    return vector.strength * sum(w * space.usual(word) for word, w in vector.weights.items())


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
    return sorted(vector.weights.items(), key=lambda item: (-item[1], item[0]))[:_TELLING]
