"""Find for each paper of an issue those of the same issue that are most like it, by the words that few of them have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

_LEAST: Final = 0.12
"""Likeness below which a paper is not named."""


def alike(words: Sequence[frozenset[str]], *, at_most: int) -> list[list[int]]:
    """Return for each of some papers the places of those that are most like it, the most like first.

    Args:
        words: The words of each paper.
    """
    papers = len(words)
    counted = Counter(word for one in words for word in one)
    # A word that every third paper has says nothing; one that no other has, nothing either.
    weight = {
        word: math.log(papers / n) ** 2 for word, n in counted.items() if 1 < n < papers and n <= max(2, papers / 3)
    }
    norms = [math.sqrt(sum(weight[word] for word in sorted(one & weight.keys()))) for one in words]
    having: dict[str, list[int]] = {}
    for n, one in enumerate(words):
        for word in one & weight.keys():
            having.setdefault(word, []).append(n)
    found = []
    for n, one in enumerate(words):
        # Sorted: the sum of floats must not depend on the order of a set.
        shared: dict[int, float] = {}
        for word in sorted(one & weight.keys()):
            for other in having[word]:
                shared[other] = shared.get(other, 0.0) + weight[word]
        scored = [(round(value / (norms[n] * norms[other]), 4), other) for other, value in shared.items() if other != n]
        best = sorted((one for one in scored if one[0] >= _LEAST), key=lambda one: (-one[0], one[1]))
        found.append([other for _, other in best[:at_most]])
    return found
