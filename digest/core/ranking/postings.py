"""Postings: which papers have a word or two words side by side, and how much each says of the paper.

Weights are those of BM25F: a word in the title counts more than one in the abstract, a second mention less than the
first, and a mention in a long text less than one in a short text. One mention in an abstract of usual length weighs 1.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

Runs: TypeAlias = Sequence[tuple[float, Sequence[str]]]
"""A paper as runs of folded words, each with the weight of one mention in it; no pair reaches over two runs."""

_K1: Final = 0.5
"""How slowly further mentions add weight (BM25's k1); without end, a word weighs 1.5."""
_B: Final = 0.5
"""How much a long text lowers the weight of its words (BM25's b)."""
_USUAL_LENGTH: Final = 120.0
"""Telling words of a usual title and abstract. Fixed, so that a paper's weights do not depend on the day's others."""


class _Having:
    """The papers that have one word, and those in which another follows it."""

    __slots__ = ("following", "following_weights", "positions", "weights")

    def __init__(self) -> None:
        self.positions = array("I")
        self.weights = array("f")
        self.following = array("Q")
        """Number of the word that follows, times the number of papers, plus the position of the paper."""
        self.following_weights = array("f")


class Postings:
    """The words of papers, and their pairs of neighbours."""

    def __init__(self, papers: int) -> None:
        """Begin an index of that many *papers*: `add` each, then `close`."""
        self._papers = papers
        self._added = 0
        self._numbers: dict[str, int] = {}
        self._having: list[_Having] = []

    def add(self, runs: Runs) -> None:
        """Index one more paper; the first has position 0."""
        position = self._added
        self._added += 1
        words: dict[int, float] = {}
        pairs: dict[tuple[int, int], float] = {}
        length = 0.0
        for weight, run in runs:
            numbers = [self._add_word(word) for word in run]
            length += weight * len(numbers)
            for number in numbers:
                words[number] = words.get(number, 0.0) + weight
            for pair in pairwise(numbers):
                pairs[pair] = pairs.get(pair, 0.0) + weight
        norm = _K1 * (1 - _B + _B * length / _USUAL_LENGTH)
        for number, n in words.items():
            having = self._having[number]
            having.positions.append(position)
            having.weights.append(n * (_K1 + 1) / (n + norm))
        for (first, second), n in pairs.items():
            having = self._having[first]
            having.following.append(second * self._papers + position)
            having.following_weights.append(n * (_K1 + 1) / (n + norm))

    def close(self) -> None:
        """Make ready what was indexed, to be looked up."""
        for having in self._having:
            _sort(having)

    def _add_word(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._having)
            self._having.append(_Having())
        return number

    def words(self) -> Iterable[str]:
        """All words, each once."""
        return self._numbers.keys()

    def __getitem__(self, word: str) -> int:
        """The number of a word that a paper has."""
        return self._numbers[word]

    def number(self, word: str) -> int | None:
        """The number under which a text's words are kept; None for a word that no paper has."""
        return self._numbers.get(word)

    def having(self, word: str) -> Iterator[tuple[int, float]]:
        """The positions of the papers that have *word*, in order, each with the word's weight there."""
        number = self._numbers.get(word)
        if number is None:
            return iter(())
        having = self._having[number]
        return zip(having.positions, having.weights, strict=True)

    def side_by_side(self, first: str, second: str) -> Iterator[tuple[int, float]]:
        """The positions of the papers in which *second* follows *first*, in order, each with the weight of the pair."""
        numbers = self._numbers.get(first), self._numbers.get(second)
        if numbers[0] is None or numbers[1] is None:
            return
        having, base = self._having[numbers[0]], numbers[1] * self._papers
        start = bisect_left(having.following, base)
        for at in range(start, bisect_left(having.following, base + self._papers, start)):
            yield having.following[at] - base, having.following_weights[at]


def _sort(having: _Having) -> None:
    if len(having.following) > 1:
        order = sorted(range(len(having.following)), key=having.following.__getitem__)
        having.following = array("Q", [having.following[n] for n in order])
        having.following_weights = array("f", [having.following_weights[n] for n in order])
