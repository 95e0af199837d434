"""How well papers that nobody saved yet are put before who will save them: citeulike-t, from the papers' words alone.

A cold start: every fifth paper is new (those whose number is divisible by five), the others are old. A reader counts
who saved five old papers or more, and at least one new one. All new papers are ranked by what the reader saved of the
old ones: all of it, or five or one of them by lot, the same ones for every way of ranking. The figure is nDCG@10, where
each new paper that the reader saved is worth the same. What words say is counted in all papers of the set.

With all 3,849 readers, 0.199 with all likes, 0.156 with five and 0.083 with one; a plain centroid of the same likes has
0.178, 0.145 and 0.079.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from digest.core.ranking.relevance import EVENNESS, USUAL, Background, Space, Taste, usualness
from digest.core.words.word_counts import WordCounts
from digest.evaluation.figures import Figure, mean
from digest.evaluation.sets import Ratings, read_ratings

_FOLDER: Final = "ratings"
_FOLD: Final = 5
_ENOUGH: Final = 5
_DEPTH: Final = 10
_NUMBERS: Final = {"all likes": None, "five likes": 5, "one like": 1}
_EVERY: Final = 2
"""About a minute of the processor. Asking all of them takes twice as long and narrows the intervals by three tenths."""
_ABLATED: Final = 4
"""Of the readers, every which one is asked where one part is left out: their gains are compared, reader by reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One whose taste is known from old papers, and tested on new ones."""

    likes: tuple[int, ...]
    """Numbers of old papers, in an order that has nothing to do with their numbers."""
    saved: frozenset[int]
    """Numbers of new papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of ranking."""

    name: str = ""
    usual: float = USUAL
    evenness: float = EVENNESS
    whole: bool = False
    """Whether each text is divided by its whole length, however long it is."""
    bounded: bool = True
    """Whether a text fits no better than by what it has of the liked words."""


BASELINES: Final = (
    Way(name="plain centroid", usual=0.0, evenness=1.0, whole=True),
    Way(name="centroid less the mean", usual=1.0, evenness=1.0, whole=True, bounded=False),
)
ABLATIONS: Final = (
    Way(name="without taking off the usual", usual=0.0),
    Way(name="without evenness", evenness=1.0),
    Way(name="with texts divided by their whole length", whole=True),
    Way(name="without the bound by the liked words", bounded=False),
)


def measure(data: Path, *, every: int = _EVERY) -> tuple[Figure, ...]:
    """NDCG@10 with all likes, five and one: as it ships, and of plain ways beside it; and what each part of it brings.

    Args:
        every: Of the readers, every which one is asked.
    """
    if not (data / _FOLDER / "users.dat").exists():
        return ()
    ratings = read_ratings(data / _FOLDER)
    asked = readers(ratings)[::every]
    if not asked:
        return ()
    shelves = {whole: Shelf(ratings, whole=whole) for whole in (False, True)}
    figures: dict[str, Figure] = {}
    for name, likes in _NUMBERS.items():
        for way, found in gains(asked, shelves, (Way(), *BASELINES), likes=likes).items():
            label = ", ".join(filter(None, (name, way.name)))
            figures[label] = _figure(label, found)
    some = gains(asked[::_ABLATED], shelves, (Way(), *ABLATIONS))
    for way in ABLATIONS:
        lost = [full - part for full, part in zip(some[Way()], some[way], strict=True)]
        label = f"lost {way.name}"
        figures[label] = replace(_figure(label, lost), higher_is_better=None)
    return tuple(figures.values())


def readers(ratings: Ratings) -> tuple[Reader, ...]:
    """Those whose taste can be tested, in the set's order."""
    found: list[Reader] = []
    for number, likes in enumerate(ratings.likes):
        old = [paper for paper in likes if paper % _FOLD]
        new = frozenset(likes) - set(old)
        if len(old) >= _ENOUGH and new:
            random.Random(number).shuffle(old)  # noqa: S311 -- sampling, not security
            found.append(Reader(likes=tuple(old), saved=new))
    return tuple(found)


def ndcg(ranked: Sequence[int], relevant: frozenset[int]) -> float:
    """How much of what the ten best could show they do show, the first ones counting most; 0 to 1."""
    gain = sum(1 / math.log2(place + 2) for place, paper in enumerate(ranked[:_DEPTH]) if paper in relevant)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(_DEPTH, len(relevant))))
    return gain / ideal if ideal else 0.0


class Shelf:
    """All papers of the set as vectors, and the new ones among them by the words they have."""

    def __init__(self, ratings: Ratings, *, whole: bool = False) -> None:
        """Read the papers; see `Way.whole`."""
        papers: list[WordCounts] = [{str(word): n for word, n in paper.items()} for paper in ratings.papers]
        counts = Counter(word for one in papers for word in one)
        rough = Space(Background(papers=len(papers), counts=counts))
        lengths = [math.hypot(*((1 + math.log(n)) * rough.rarity(word) for word, n in one.items())) for one in papers]
        self.space = Space(Background(papers=len(papers), counts=counts, length=mean(lengths)))
        self.vectors = tuple(map(self.space.vector, papers))
        if whole:
            self.vectors = tuple(replace(v, strength=1.0 if v.weights else 0.0) for v in self.vectors)
        new = self.vectors[::_FOLD]
        self.usualness = [usualness(v, self.space) for v in new]
        self._having: dict[str, tuple[list[int], list[float]]] = {}
        for number, vector in enumerate(new):
            for word, weight in vector.weights.items():
                numbers, weights = self._having.setdefault(word, ([], []))
                numbers.append(number)
                weights.append(vector.strength * weight)

    def liked(self, taste: Taste) -> list[float]:
        """What each new paper has of the words that a taste likes, in order."""
        found = [0.0] * len(self.usualness)
        for word, worth in taste.words.items():
            for number, weight in zip(*self._having.get(word, ((), ())), strict=True):
                found[number] += worth * weight
        return found


def gains(
    asked: Sequence[Reader], shelves: Mapping[bool, Shelf], ways: Sequence[Way], *, likes: int | None = None
) -> dict[Way, list[float]]:
    """NDCG@10 of each reader, in every way.

    Args:
        shelves: By `Way.whole`.
        likes: How many papers each reader liked; None for all.
    """
    found: dict[Way, list[float]] = {way: [] for way in ways}
    for reader in asked:
        of_likes: dict[tuple[bool, float], list[float]] = {}
        for way in ways:
            shelf = shelves[way.whole]
            liked = [(shelf.vectors[i], 1.0) for i in reader.likes[:likes]]
            taste = Taste(shelf.space, liked, usual=way.usual, evenness=way.evenness, bounded=way.bounded)
            # What is usual is taken off afterwards: ways that differ in that alone share the costly part.
            key = way.whole, way.evenness
            if key not in of_likes:
                of_likes[key] = shelf.liked(taste)
            fits = taste.fits(of_likes[key], shelf.usualness)
            found[way].append(ndcg([_FOLD * n for n in _best(fits)], reader.saved))
    return found


def _best(fits: Sequence[float]) -> list[int]:
    """The places of the ten largest, the largest first; of equal ones the first."""
    least = heapq.nlargest(_DEPTH, fits)[-1] if fits else 0.0
    return sorted((n for n, fit in enumerate(fits) if fit >= least), key=lambda n: (-fits[n], n))[:_DEPTH]


def _figure(name: str, gains: Sequence[float]) -> Figure:
    value = mean(gains)
    # Resampling thousands of readers takes longer than asking them, and of a mean it says the same.
    apart = 1.96 * math.sqrt(mean([(gain - value) ** 2 for gain in gains]) / max(1, len(gains)))
    return Figure(
        part="ranking",
        data=_FOLDER,
        name=f"nDCG@{_DEPTH}, {name}",
        value=value,
        low=value - apart,
        high=value + apart,
        of=len(gains),
    )
