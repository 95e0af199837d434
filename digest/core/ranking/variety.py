"""Variety of an issue: near-duplicates in content are left out, and some places go to papers off the interests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from digest.core.models import Paper, PaperId

SAME: Final = 0.6
"""Cosine from which two papers say nearly the same.

Among 4,980 papers of a month there is one such pair, two halves of one result; at 0.50, reports of two contests too.
"""
TOLD: Final = 30
"""Different words that a text needs to be compared with another: two titles alone are not enough."""
_NEW_CATEGORY: Final = 0.1
_FEWEST_PLACES: Final = 5
"""An issue of fewer papers has no places for papers off the interests."""


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
    novelty: float
    """How unlike it is to the other papers of the day, 0 to 1."""
    votes: float
    """0 to 1."""


def explore(strangers: Sequence[Stranger], *, places: int, categories: Set[str], seed: str) -> tuple[PaperId, ...]:
    """Choose which of *strangers* get the *places*: papers with votes, novel papers, and papers of new categories.

    Among the rest the choice is random, and the same for the same *seed* in whatever order they come.

    Args:
        categories: The categories of the papers that the issue has already.
    """
    worth = {s.paper.id: _worth(s, seed) for s in strangers}
    # Who could not catch up by a new category need not be looked at.
    least = sorted(worth.values())[-places] - _NEW_CATEGORY if 0 < places < len(worth) else 0.0
    left, here = {s.paper.id: s for s in strangers if worth[s.paper.id] >= least}, set(categories)
    chosen: list[PaperId] = []
    while left and len(chosen) < places:
        best = max(left.values(), key=lambda s: (_with_category(worth, s.paper, here), s.paper.id))
        chosen.append(best.paper.id)
        here.update(best.paper.categories[:1])
        del left[best.paper.id]
    return tuple(chosen)


def _worth(stranger: Stranger, seed: str) -> float:
    chance = int.from_bytes(blake2b(f"{seed}\n{stranger.paper.id}".encode(), digest_size=4).digest(), "big") / 2**32
    return 0.5 * stranger.votes + 0.1 * stranger.novelty + 0.3 * chance


def _with_category(worth: Mapping[PaperId, float], paper: Paper, here: Set[str]) -> float:
    is_new = bool(paper.categories) and paper.categories[0] not in here
    return worth[paper.id] + (_NEW_CATEGORY if is_new else 0.0)
