"""A day's candidates, prepared once for all who choose from them: editions, readers, a preview.

candidates ──► Day ──┬── index       which papers an interest in words finds
(once a day)         ├── nearness    how near papers are to a taste, by postings of words
                     ├── votes, company of sources
                     └── topics      worked out when something is to be avoided by topic
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from digest.core.identity.ids import title_words
from digest.core.identity.titles import words_of
from digest.core.models import Candidate, Paper
from digest.core.ranking.index import CandidateIndex
from digest.core.ranking.relevance import Background, Space, Taste, Vector, usualness
from digest.core.ranking.variety import Told
from digest.core.words.word_counts import word_counts_of

_MANY_VOTES: Final = 100
"""Upvotes that count in full; one paper in a hundred of Hugging Face's daily list gets there within its first day."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""
_KEPT: Final = 4
"""Results for liked papers, and for what was printed lately, that a day keeps."""


def has_risen(candidate: Candidate) -> bool:
    """Whether a paper that was left out for want of room has clearly more votes since."""
    return candidate.cut_at is not None and rose(candidate.cut_at.upvotes, candidate.signals.upvotes)


def rose(then: int | None, now: int | None) -> bool:
    """Whether votes have clearly grown: by half, and by five."""
    before, after = then or 0, now or 0
    return after >= before + 5 and after >= 1.5 * before


def votes_of(candidate: Candidate) -> float:
    """Return how many votes a paper has elsewhere, on a scale from 0 to 1 that is logarithmic."""
    signals = candidate.signals
    votes = (signals.upvotes or 0) + (signals.comments or 0) + (signals.stars or 0) / _STARS_PER_VOTE
    return min(1.0, math.log1p(max(0.0, votes)) / math.log1p(_MANY_VOTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What the day's papers have in common with papers printed lately."""

    nearness: Sequence[float]
    """For each paper the cosine to the most similar printed one."""
    said: Mapping[int, Paper]
    """Position of a paper that says nearly the same as a printed one → that one."""


class Day:
    """The papers that may be printed on a day, each with a position, from 0, and what all who choose need of them.

    Papers that were left out earlier and have not risen since are not among them: yesterday's second best is not news.
    Threads can share a day: what it works out later is the same whoever asks first.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        background: Background | None = None,
        *,
        topics_of: Callable[[Paper], Collection[str]] = lambda _: (),
    ) -> None:
        """Prepare *candidates*.

        Args:
            background: How common words are in general; without it, only the day's papers tell.
            topics_of: Gives the topics of a paper; asked only where topics are to be avoided.
        """
        considered = (c for c in candidates if c.cut_at is None or has_risen(c))
        self.candidates = tuple(sorted(considered, key=lambda c: (c.position, c.paper.id)))
        self.index = CandidateIndex([c.paper for c in self.candidates], background or Background())
        self.votes = tuple(map(votes_of, self.candidates))
        self.company = tuple(min(1.0, (len(c.sources) - 1) / 2) for c in self.candidates)
        self._topics_of = topics_of
        self._lately: dict[tuple[Paper, ...], Lately] = {}

    @property
    def space(self) -> Space:
        """How much each word says."""
        return self.index.space

    @property
    def vectors(self) -> Sequence[Vector]:
        """The words of each paper."""
        return self.index.vectors

    def vector_of(self, paper: Paper) -> Vector:
        """The words of any paper, to be compared with the day's."""
        return self.space.vector(word_counts_of(paper))

    def nearness(self, taste: Taste) -> dict[int, float]:
        """Return how near papers are to a taste, as `Taste.fit` does: position → nearness, of those that have a telling
        word of it."""
        sums = [0.0] * len(self.candidates)
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

    def signed_by(self, names: Sequence[str]) -> list[int]:
        """Return the positions of papers that may be signed by one of *names*: those with a part of it in common."""
        wanted = {part for name in names for part in title_words(name) if len(part) > 1}
        return sorted({position for part in wanted for position in self._signed.get(part, ())})

    @cached_property
    def titles(self) -> tuple[tuple[str, ...], ...]:
        """The words of each title, by which a paper is known that has no id in common."""
        return tuple(words_of(c.paper.title) for c in self.candidates)

    @cached_property
    def topics(self) -> tuple[frozenset[str], ...]:
        """The topics of each paper."""
        return tuple(frozenset(self._topics_of(c.paper)) for c in self.candidates)

    def lately(self, printed: tuple[Paper, ...]) -> Lately:
        """Return what the day's papers have in common with *printed*, worked out once for the same ones."""
        if printed not in self._lately:
            told = Told([(paper, self.vector_of(paper)) for paper in printed])
            said = {
                n: same
                for n, (c, v) in enumerate(zip(self.candidates, self.vectors, strict=True))
                if (same := told.said(c.paper, v)) is not None
            }
            near = tuple(map(told.nearness, self.vectors)) if printed else (0.0,) * len(self.candidates)
            self._lately = dict([*self._lately.items(), (printed, Lately(nearness=near, said=said))][-_KEPT:])
        return self._lately[printed]

    @cached_property
    def _having(self) -> dict[str, tuple[array[int], array[float]]]:
        """Word → positions of the papers that have it, with their weights times the papers' strength."""
        found: dict[str, tuple[array[int], array[float]]] = {}
        for position, vector in enumerate(self.vectors):
            for word, weight in vector.weights.items():
                positions, weights = found.setdefault(word, (array("i"), array("d")))
                positions.append(position)
                weights.append(vector.strength * weight)
        return found

    @cached_property
    def _usualness(self) -> tuple[float, ...]:
        return tuple(usualness(vector, self.space) for vector in self.vectors)

    @cached_property
    def _signed(self) -> dict[str, list[int]]:
        """Part of a name → positions of the papers that an author of that name signed."""
        found: dict[str, dict[int, None]] = {}
        for position, candidate in enumerate(self.candidates):
            for name in candidate.paper.authors:
                for part in title_words(name):
                    found.setdefault(part, {})[position] = None
        return {part: list(positions) for part, positions in found.items()}
