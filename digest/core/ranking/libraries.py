"""Prepare liked papers for matching: as one taste each, or, a library of them, as a few clusters.

Preparing a library of thousands takes a second or so and does not depend on the day, so it is done once and kept as
long as the library stays the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from digest.core.identity.titles import is_generic, words_of
from digest.core.ranking.clusters import clusters
from digest.core.ranking.profile import Liked
from digest.core.ranking.relevance import Background, Nearest, Space, Taste, Vector
from digest.core.words.word_counts import word_counts_of

_KEPT: Final = 8
"""Libraries that are kept; one of 2,000 papers takes some 20 MB."""
_WORDS_OF_TASTE: Final = 300
"""Words by which a cluster of many papers is known."""

Known: TypeAlias = tuple[str, tuple[str, ...] | None]
"""The id of a paper, and the words of its title; None if that is one that many papers have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikedGroup:
    """Liked papers that are one interest together."""

    liked: tuple[Liked, ...]
    taste: Taste
    nearest: Nearest[tuple[Liked, Vector]]
    """Finds the liked paper that a text is nearest to."""
    known: tuple[Known, ...]
    """By what the papers themselves are recognized."""


def group(space: Space, liked: Sequence[tuple[Liked, Vector]], against: Sequence[tuple[Vector, float]]) -> LikedGroup:
    """Prepare papers as one interest.

    Args:
        against: Disliked papers, each with its weight.
    """
    return LikedGroup(
        liked=tuple(one for one, _ in liked),
        taste=Taste(space, [(vector, one.weight) for one, vector in liked], against, words=_WORDS_OF_TASTE),
        nearest=Nearest(((one, vector), vector) for one, vector in liked),
        known=tuple(
            (one.paper.id, None if is_generic(one.paper.title) else words_of(one.paper.title)) for one, _ in liked
        ),
    )


def groups(space: Space, liked: Sequence[Liked], against: Sequence[Liked], *, apart: bool) -> tuple[LikedGroup, ...]:
    """Prepare papers, each as an interest of its own, or in clusters.

    Args:
        against: Disliked papers.
        apart: Whether each is an interest of its own.
    """
    vectors = [space.vector(word_counts_of(one.paper)) for one in liked]
    disliked = [(space.vector(word_counts_of(one.paper)), one.weight) for one in against]
    found = [(n,) for n in range(len(liked))] if apart else clusters(vectors)
    return tuple(group(space, [(liked[i], vectors[i]) for i in some], disliked) for some in found)


class Libraries:
    """Keeps the clusters of the libraries that were asked for last."""

    def __init__(self, background: Background | None = None) -> None:
        """Begin with none.

        Args:
            background: How common words are; libraries are kept only where it tells.
        """
        self._space = Space(background) if background is not None and background.papers else None
        self._kept: deque[tuple[tuple[Liked, ...], tuple[Liked, ...], tuple[LikedGroup, ...]]] = deque(maxlen=_KEPT)

    def clusters(self, liked: tuple[Liked, ...], against: tuple[Liked, ...], space: Space) -> tuple[LikedGroup, ...]:
        """Return the clusters of a library, the largest first.

        Args:
            space: Used where there is no background.
        """
        if self._space is None:
            return groups(space, liked, against, apart=False)
        found = next((made for one, other, made in self._kept if one == liked and other == against), None)
        if found is None:
            found = groups(self._space, liked, against, apart=False)
            self._kept.append((liked, against, found))
        return found
