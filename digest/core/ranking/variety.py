"""Variety of an issue: near-duplicates in content are left out, and some places go to papers off the interests."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
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
"""What a category that the issue does not have yet adds to the worth of a paper."""
_BITS: Final = 2**64 - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
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


def lot(paper_id: PaperId) -> int:
    """Return a number of 64 bits by which lots are drawn for a paper."""
    return int.from_bytes(blake2b(paper_id.encode(), digest_size=8).digest(), "big")


def chances(lots: Iterable[int], seed: str) -> list[float]:
    """Return a number from 0 to 1 for each lot; with another *seed*, others."""
    mask = int.from_bytes(blake2b(seed.encode(), digest_size=8).digest(), "big")
    # Multiplying spreads what differs in any bit over the highest (Knuth's multiplicative hashing).
    mixed = (((one ^ mask) * _GOLDEN) & _BITS for one in lots)
    return [(((one ^ (one >> 32)) * _GOLDEN) & _BITS) / 2**64 for one in mixed]


def worth(votes: float, novelty: float, chance: float) -> float:
    """Return what speaks for a paper off the interests.

    Args:
        votes: 0 to 1.
        novelty: How unlike it is to the other papers of the day, 0 to 1.
        chance: See `chances`.
    """
    return 0.5 * votes + 0.1 * novelty + 0.3 * chance


def explore(
    strangers: Mapping[int, float], papers: Sequence[Paper], *, places: int, categories: Set[str]
) -> tuple[int, ...]:
    """Choose which papers off the interests get the *places*: those worth most, and of new categories.

    Args:
        strangers: Position of a paper that may get one → its `worth`.
        papers: The day's papers.
        categories: The categories of the papers that the issue has already.
    """
    # Who could not catch up by a new category need not be looked at.
    least = sorted(strangers.values())[-places] - _NEW_CATEGORY if 0 < places < len(strangers) else 0.0
    left, here = {position for position, value in strangers.items() if value >= least}, set(categories)

    def wanted(position: int) -> tuple[float, PaperId]:
        paper = papers[position]
        is_new = bool(paper.categories) and paper.categories[0] not in here
        return strangers[position] + (_NEW_CATEGORY if is_new else 0.0), paper.id

    chosen: list[int] = []
    while left and len(chosen) < places:
        best = max(left, key=wanted)
        chosen.append(best)
        here.update(papers[best].categories[:1])
        left.remove(best)
    return tuple(chosen)
