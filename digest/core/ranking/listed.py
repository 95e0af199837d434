"""The papers that are listed on a day, prepared once for all editions and readers that choose from them.

    papers ──► ListedPapers ──┬── index        which papers an interest in words finds
    (once a day)              ├── nearness     how near papers are to a taste, by postings of words
                              ├── near         which papers are similar to a given one
                              ├── novelty      how unlike each paper is to the others
                              └── topics       worked out when something is to be avoided by topic

All of it depends on the papers and the background alone. Threads can share it: what is worked out later is the same
whoever asks first.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeAlias

from digest.core.identity.ids import title_words
from digest.core.identity.titles import words_of
from digest.core.models import Paper
from digest.core.ranking.index import CandidateIndex
from digest.core.ranking.relevance import Background, Space, Taste, Vector, usualness
from digest.core.ranking.variety import TOLD, lot
from digest.core.words.word_counts import word_counts_of

_SIMILAR: Final = 0.2
"""Cosine from which papers are called similar; a few of a hundred have another that is."""
_LIKELY: Final = 0.08
"""The part of the cosine that is due to the most telling words from which the whole of it is worked out."""
_REMEMBERED: Final = 20_000
"""Papers of other days for which similar ones are remembered, as many as are printed in two weeks; and reasons."""

Near: TypeAlias = tuple[tuple[int, float], ...]
"""Positions of similar papers with their cosines, the nearest first."""


class ListedPapers:
    """Papers, each with a position, from 0, in the order of their ids; and what all who choose need of them."""

    def __init__(
        self,
        papers: Iterable[Paper],
        background: Background | None = None,
        *,
        beside: Iterable[Paper] = (),
        topics_of: Callable[[Paper], Collection[str]] = lambda _: (),
    ) -> None:
        """Prepare *papers*, in whatever order.

        Args:
            background: How common words are in general; without it, only these papers tell.
            beside: See `digest.core.ranking.index.CandidateIndex`.
            topics_of: Gives the topics of a paper; asked only where topics are to be avoided.
        """
        self.papers = tuple(sorted(papers, key=lambda paper: paper.id))
        self.index = CandidateIndex(self.papers, background or Background(), beside=beside)
        self._topics_of = topics_of
        self._near: dict[str, tuple[Paper, Near]] = {}
        self._terms: dict[tuple[str, int, int], tuple[str, ...]] = {}

    @property
    def space(self) -> Space:
        """How much each word says."""
        return self.index.space

    @property
    def vectors(self) -> Sequence[Vector]:
        """The words of each paper."""
        return self.index.vectors

    def vector_of(self, paper: Paper) -> Vector:
        """The words of any paper, to be compared with these."""
        return self.space.vector(word_counts_of(paper))

    def nearness(self, taste: Taste) -> dict[int, float]:
        """Return how near papers are to a taste, as `Taste.fit` does: position → nearness, of those that have a telling
        word of it."""
        sums = [0.0] * len(self.papers)
        met: set[int] = set()
        for word, worth in taste.words.items():
            having = self._having.get(word)
            if having is None:
                continue
            positions, weights = having
            for position, weight in zip(positions, weights, strict=True):
                sums[position] += worth * weight
            if word in taste.telling:
                met.update(positions)
        ordered = sorted(met)
        fits = taste.fits([sums[p] for p in ordered], [self._usualness[p] for p in ordered])
        return dict(zip(ordered, fits, strict=True))

    def near(self, paper: Paper) -> Near:
        """Return the papers that are similar to any paper; what was asked once is remembered."""
        found = self._near.get(paper.id)
        if found is None or (found[0] is not paper and found[0] != paper):
            if len(self._near) >= _REMEMBERED:
                self._near.clear()
            found = self._near[paper.id] = paper, self._similar(self.vector_of(paper))
        return found[1]

    def terms(self, text: str, position: int, most: int) -> tuple[str, ...]:
        """See `digest.core.ranking.index.CandidateIndex.terms`; what was asked once is remembered."""
        key = text, position, most
        found = self._terms.get(key)
        if found is None:
            if len(self._terms) >= _REMEMBERED:
                self._terms.clear()
            found = self._terms[key] = self.index.terms(text, position, most)
        return found

    @cached_property
    def alike(self) -> tuple[Near, ...]:
        """For each paper, the others that are similar to it."""
        return tuple(
            tuple((other, cosine) for other, cosine in self._similar(vector) if other != position)
            for position, vector in enumerate(self.vectors)
        )

    @cached_property
    def novelty(self) -> tuple[float, ...]:
        """How unlike each paper is to all others, 0 to 1; 0 for a paper with little text, which only seems so."""
        return tuple(
            1 - near[0][1] if near else float(len(vector.weights) >= TOLD)
            for vector, near in zip(self.vectors, self.alike, strict=True)
        )

    @cached_property
    def lots(self) -> tuple[int, ...]:
        """See `digest.core.ranking.variety.lot`."""
        return tuple(lot(paper.id) for paper in self.papers)

    def _similar(self, vector: Vector) -> Near:
        if len(vector.weights) < TOLD:
            return ()
        likely: dict[int, float] = {}
        for word, weight in vector.telling:
            for position, other in self._telling.get(word, ()):
                likely[position] = likely.get(position, 0.0) + weight * other
        found = [
            (position, round(cosine, 6))
            for position, partial in likely.items()
            if partial >= _LIKELY and (cosine := vector.cosine(self.vectors[position])) >= _SIMILAR
        ]
        return tuple(sorted(found, key=lambda one: (-one[1], one[0])))

    def signed_by(self, name: str) -> list[int]:
        """Return the positions of papers that may be signed by someone: those with a part of the name in common."""
        wanted = {part for part in title_words(name) if len(part) > 1}
        return sorted({position for part in wanted for position in self._signed.get(part, ())})

    @cached_property
    def titles(self) -> Mapping[tuple[str, ...], list[int]]:
        """The words of a title, by which a paper is known that has no id in common → the papers that have it."""
        found: dict[tuple[str, ...], list[int]] = {}
        for position, paper in enumerate(self.papers):
            found.setdefault(words_of(paper.title), []).append(position)
        return found

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Id of a paper → its position."""
        return {paper.id: position for position, paper in enumerate(self.papers)}

    @cached_property
    def topics(self) -> tuple[frozenset[str], ...]:
        """The topics of each paper."""
        return tuple(frozenset(self._topics_of(paper)) for paper in self.papers)

    @cached_property
    def _having(self) -> dict[str, tuple[array[int], array[float]]]:
        """Word → positions of the papers that have it, with their weights times the papers' strength."""
        found: dict[str, tuple[array[int], array[float]]] = {}
        for position, vector in enumerate(self.vectors):
            for word, weight in vector.weights.items():
                positions, weights = found.setdefault(word, (array("i"), array("f")))
                positions.append(position)
                weights.append(vector.strength * weight)
        return found

    @cached_property
    def _telling(self) -> dict[str, list[tuple[int, float]]]:
        """Word → papers of which it is one of the most telling words, with its weight there."""
        found: dict[str, list[tuple[int, float]]] = {}
        for position, vector in enumerate(self.vectors):
            # Two titles alone are not enough to be compared.
            if len(vector.weights) >= TOLD:
                for word, weight in vector.telling:
                    found.setdefault(word, []).append((position, weight))
        return found

    @cached_property
    def _usualness(self) -> tuple[float, ...]:
        return tuple(usualness(vector, self.space) for vector in self.vectors)

    @cached_property
    def _signed(self) -> dict[str, list[int]]:
        """Part of a name → positions of the papers that an author of that name signed."""
        found: dict[str, dict[int, None]] = {}
        for position, paper in enumerate(self.papers):
            for name in paper.authors:
                for part in title_words(name):
                    found.setdefault(part, {})[position] = None
        return {part: list(positions) for part, positions in found.items()}
