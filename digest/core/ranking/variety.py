"""Variety of an issue: near-duplicates in content are left out, and some places go to papers off the interests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from digest.core.identity.titles import are_of_a_series
from digest.core.models import Paper, PaperId
from digest.core.ranking.relevance import Nearest, Vector

_SAME: Final = 0.6
"""Cosine from which two papers say nearly the same.

Among 4,980 papers of a month there is one such pair, two halves of one result; at 0.50, reports of two contests too.
"""
_TOLD: Final = 30
"""Different words that a text needs to be compared with another: two titles alone are not enough."""
_FEWEST_PLACES: Final = 5
"""An issue of fewer papers has no places for papers off the interests."""


class Told:
    """The papers already printed, in this issue or lately, to compare others with."""

    def __init__(self, papers: Sequence[tuple[Paper, Vector]] = ()) -> None:
        """Begin with *papers*."""
        self._papers: Nearest[Paper] = Nearest()
        for paper, vector in papers:
            self.add(paper, vector)

    def add(self, paper: Paper, vector: Vector) -> None:
        """Add one more paper."""
        if len(vector.weights) >= _TOLD:
            self._papers.add(paper, vector)

    def nearness(self, vector: Vector) -> float:
        """Return the cosine to the most similar printed paper; 0 to 1."""
        found = self._papers.find(vector)
        return found[1] if found else 0.0

    def said(self, paper: Paper, vector: Vector) -> Paper | None:
        """Return a printed paper that says nearly the same as *paper*, or None; parts of a series are not the same."""
        found = self._papers.find(vector) if len(vector.weights) >= _TOLD else None
        if found is None or found[1] < _SAME or are_of_a_series(paper.title, found[0].title):
            return None
        return found[0]


def places(share: float, max_papers: int) -> int:
    """Return how many of an issue's places go to papers off the interests: *share* of them, rounded, a half upwards.

    0 in an issue of fewer than five papers, and never all places unless *share* is 1.
    """
    if max_papers < _FEWEST_PLACES:
        return 0
    found = math.floor(share * max_papers + 0.5)
    return min(found, max_papers - 1) if share < 1 else max_papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A paper off the interests, which may get one of the places for such papers."""

    paper: Paper
    vector: Vector
    votes: float
    """0 to 1."""


def explore(
    strangers: Sequence[Stranger], *, places: int, beside: Told, categories: Set[str], seed: str
) -> tuple[PaperId, ...]:
    """Choose which of *strangers* get the *places*: papers with votes, novel papers, and papers of new categories.

    Among the rest the choice is random, and the same for the same *seed* in whatever order they come.

    Args:
        beside: The papers that the issue has already.
        categories: The categories of those papers.
    """
    worth = {s.paper.id: _worth(s, beside, seed) for s in strangers}
    left, here = {s.paper.id: s for s in strangers}, set(categories)
    chosen: list[PaperId] = []
    while left and len(chosen) < places:
        best = max(left.values(), key=lambda s: (_with_category(worth, s.paper, here), s.paper.id))
        chosen.append(best.paper.id)
        here.update(best.paper.categories[:1])
        del left[best.paper.id]
    return tuple(chosen)


def _worth(stranger: Stranger, beside: Told, seed: str) -> float:
    chance = int.from_bytes(blake2b(f"{seed}\n{stranger.paper.id}".encode(), digest_size=4).digest(), "big") / 2**32
    # A paper with little text is unlike all others only because of that.
    novelty = 1 - beside.nearness(stranger.vector) if len(stranger.vector.weights) >= _TOLD else 0.0
    return 0.5 * stranger.votes + 0.1 * novelty + 0.3 * chance


def _with_category(worth: Mapping[PaperId, float], paper: Paper, here: Set[str]) -> float:
    is_new = bool(paper.categories) and paper.categories[0] not in here
    return worth[paper.id] + (0.1 if is_new else 0.0)
