"""Divide many liked papers into a few clusters of similar ones, so that a library counts as a few interests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from digest.core.ranking.relevance import Vector

MOST: Final = 6
"""Clusters of one library at most."""
_PAPERS_OF_ONE: Final = 8
"""Papers up to which a library is one cluster."""
_ROUNDS: Final = 5
_SAMPLE: Final = 400
"""Papers that centers are learned from; the others only join the nearest."""
_WORDS: Final = 60
"""Words by which a center is known."""


def clusters(vectors: Sequence[Vector], most: int = MOST) -> tuple[tuple[int, ...], ...]:
    """Return the positions of each cluster (spherical k-means), the largest cluster first; none is empty.

    The number of clusters grows with the number of papers, up to *most*. It is the same for the same papers in the same
    order.
    """
    if not vectors:
        return ()
    number = min(most, max(1, round(math.sqrt(len(vectors) / _PAPERS_OF_ONE))))
    if number == 1:
        return (tuple(range(len(vectors))),)
    step = max(1, len(vectors) // _SAMPLE)
    sample = vectors[::step]
    centers = _first_centers(sample, number)
    for _ in range(_ROUNDS):
        groups = _joined(sample, centers)
        centers = [
            _center([sample[i] for i in group]) if group else center
            for group, center in zip(groups, centers, strict=True)
        ]
    groups = [group for group in _joined(vectors, centers) if group]
    return tuple(sorted((tuple(group) for group in groups), key=lambda group: (-len(group), group)))


def _first_centers(vectors: Sequence[Vector], number: int) -> list[Mapping[str, float]]:
    """Return centers that are far from each other, beginning with the first paper."""
    chosen = [0]
    near = [0.0] * len(vectors)
    while len(chosen) < number:
        last = vectors[chosen[-1]]
        near = [max(before, last.cosine(v)) for before, v in zip(near, vectors, strict=True)]
        chosen.append(min(range(len(vectors)), key=lambda i: (round(near[i], 6), i)))
    return [vectors[i].weights for i in chosen]


def _joined(vectors: Sequence[Vector], centers: Sequence[Mapping[str, float]]) -> list[list[int]]:
    """Return the positions of the papers nearest to each center; of equally near ones, the first."""
    having: dict[str, list[tuple[int, float]]] = {}
    for number, center in enumerate(centers):
        for word, weight in center.items():
            having.setdefault(word, []).append((number, weight))
    groups: list[list[int]] = [[] for _ in centers]
    for position, vector in enumerate(vectors):
        near = [0.0] * len(centers)
        for word, weight in vector.weights.items():
            for number, other in having.get(word, ()):
                near[number] += weight * other
        groups[max(range(len(centers)), key=lambda n: (round(near[n], 6), -n))].append(position)
    return groups


def _center(vectors: Sequence[Vector]) -> Mapping[str, float]:
    """Return the mean of papers by its heaviest words, with length 1."""
    total: dict[str, float] = {}
    for vector in vectors:
        for word, weight in vector.weights.items():
            total[word] = total.get(word, 0.0) + weight
    heaviest = sorted(total.items(), key=lambda item: (-round(item[1], 9), item[0]))[:_WORDS]
    length = math.sqrt(sum(weight * weight for _, weight in heaviest)) or 1.0
    return {word: weight / length for word, weight in heaviest}
