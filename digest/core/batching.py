"""Papers → batches that fit a token budget, in as few requests as that takes and all about the same size.

Near-equal batches matter because they run side by side: a run takes as long as its longest request, and a tiny last
batch pays for the fixed part of the prompt once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from digest.core.models import Batch, Paper


def pack(
    papers: Iterable[Paper], *, budget: int, cost: Callable[[Paper], int], max_papers: int = 20
) -> tuple[Batch, ...]:
    """Group papers, in order, into the fewest batches that cost at most *budget* tokens each.

    Of all ways to do so it takes one whose dearest batch is as cheap as can be. A paper that alone costs more gets a
    batch of its own: the model may still manage, and it must not be lost.

    Args:
        budget: Tokens for papers and answers together; the fixed part of the prompt is already taken off.
        cost: Tokens of one paper in the prompt plus those reserved for its answer. At least 0; asked once per paper.
        max_papers: Quality falls with the size of a batch. At least 1.
    """
    listed = tuple(papers)
    costs = [cost(paper) for paper in listed]
    fewest = len(_ends(costs, budget, max_papers))
    budget = _lowest(0, budget, lambda lower: len(_ends(costs, lower, max_papers)) == fewest)
    max_papers = _lowest(1, max_papers, lambda fewer: len(_ends(costs, budget, fewer)) == fewest)
    return tuple(Batch(papers=listed[start:end]) for start, end in pairwise((0, *_ends(costs, budget, max_papers))))


def _ends(costs: Sequence[int], budget: int, max_papers: int) -> list[int]:
    """Where each batch ends if every one is filled as far as it goes, which gives the fewest."""
    ends: list[int] = []
    start, total = 0, 0
    for place, cost in enumerate(costs):
        if place > start and (total + cost > budget or place - start == max_papers):
            ends.append(place)
            start, total = place, 0
        total += cost
    return [*ends, len(costs)] if costs else []


def _lowest(low: int, high: int, works: Callable[[int], bool]) -> int:
    """The lowest number from *low* to *high* that works; *high* does, and so does all above one that does."""
    while low < high:
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle + 1
    return high
