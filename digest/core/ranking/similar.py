"""Which papers are most like one: by the words they share, the rare ones counting most, and which words those are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from digest.core.models import Paper
from digest.core.ranking.relevance import Space, Vector
from digest.core.words.word_counts import forms, word_counts_of

_BECAUSE: Final = 5
"""Shared words that are named."""
_LEAST: Final = 0.05
"""Likeness below which two papers share no more than a way of writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A paper, and how like another it is."""

    paper: Paper
    likeness: float
    """0 to 1, rounded to four places."""
    because: tuple[str, ...]
    """The words that both have and that say most, the most telling first, as they stand in the other paper."""


def telling_words(paper: Paper, space: Space, *, most: int) -> tuple[str, ...]:
    """The words by which papers like this one are found, the most telling first; folded."""
    weights = space.vector(word_counts_of(paper)).weights
    return tuple(sorted(weights, key=lambda word: (-weights[word], word))[:most])


def most_similar(paper: Paper, others: Iterable[Paper], space: Space, *, limit: int) -> tuple[Similar, ...]:
    """Those of *others* that are most like *paper*, the nearest first; never the paper itself."""
    vector = space.vector(word_counts_of(paper))
    near = [(vector.cosine(theirs), other, theirs) for other, theirs in _vectors(others, space) if other.id != paper.id]
    best = sorted(((near, other, theirs) for near, other, theirs in near if near >= _LEAST), key=_nearest_first)
    written = forms(f"{paper.title} {paper.abstract}")
    return tuple(
        Similar(
            paper=other,
            likeness=min(1.0, round(near, 4)),
            because=tuple(written.get(word, word) for word in vector.shared(theirs, _BECAUSE)),
        )
        for near, other, theirs in best[:limit]
    )


def _vectors(papers: Iterable[Paper], space: Space) -> Iterable[tuple[Paper, Vector]]:
    return ((paper, space.vector(word_counts_of(paper))) for paper in papers)


def _nearest_first(one: tuple[float, Paper, Vector]) -> tuple[float, str]:
    return -round(one[0], 4), one[1].id
