"""Share the places of an issue between interests, like seats between the members of a table.

Each interest has an order of its own over the day's papers. Places are given one by one to the interest that has had
least for its weight, and goes to its best paper that is left; a paper that fits several interests counts for each of
them. An interest whose next paper hardly fits waits longer, and one that has no paper left leaves the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.ranking.reasons import MATCHES

LEAST: Final = 0.2
"""Fit below which a paper gets no place for an interest: that much is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One interest's order of the day's papers."""

    fits: Mapping[int, float]
    """Position of a paper → how well it fits, 0 to 1."""
    weight: float = 1.0
    """How much it counts beside the others; more than 0."""


def share(orders: Sequence[Order], rank: Sequence[int], places: int, take: Callable[[int], bool]) -> tuple[int, ...]:
    """Give *places* to papers of the orders; fewer if the orders have no more papers that fit.

    Args:
        rank: Place of each paper, by position, among all of the day, from 0: of papers that fit an interest equally
            well, the better one comes first.
        take: Takes a paper, by its position, and says whether it could be taken; one that could not is passed over.

    Returns:
        The positions taken, in this order.
    """
    queues = [
        sorted((p for p, fit in order.fits.items() if fit >= LEAST), key=lambda p: (-round(order.fits[p], 3), rank[p]))
        for order in orders
    ]
    heads = [0] * len(orders)
    had = [0.0] * len(orders)
    taken: dict[int, None] = {}
    passed: set[int] = set()
    while len(taken) < places:
        best, turn = 0.0, -1
        for n, order in enumerate(orders):
            queue = queues[n]
            while heads[n] < len(queue) and (queue[heads[n]] in taken or queue[heads[n]] in passed):
                heads[n] += 1
            if heads[n] < len(queue):
                claim = order.weight * _worth(order.fits[queue[heads[n]]]) / (1 + had[n])
                if claim > best:
                    best, turn = claim, n
        if turn < 0:
            break
        position = queues[turn][heads[turn]]
        if not take(position):
            passed.add(position)
            continue
        taken[position] = None
        for n, order in enumerate(orders):
            fit = order.fits.get(position, 0.0)
            if n == turn or fit >= MATCHES:
                had[n] += 1
    return tuple(taken)


def _worth(fit: float) -> float:
    """Return what a paper is worth to an interest: of those that match, the best is hardly worth more than the last."""
    return 0.8 + 0.2 * fit if fit >= MATCHES else 0.8 * fit
