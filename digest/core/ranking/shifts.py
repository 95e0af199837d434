"""What a reader's word changes in a choice of papers: a mark in a profile, and one choice compared with another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from digest.core.identity.ids import ids_of
from digest.core.issues.names import short_name
from digest.core.models import Paper, Ranked
from digest.core.ranking.profile import MARKS, Liked, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a choice of papers differs from an earlier one out of the same papers."""

    of: int
    """Papers of the new choice."""
    came: tuple[Ranked, ...]
    """Those that the earlier one has not, best first."""
    went: tuple[Ranked, ...]
    """Those that the new one has not, best first."""
    moved: int
    """Papers of both that stand higher or lower among those that stayed."""

    @classmethod
    def between(cls, before: Sequence[Ranked], after: Sequence[Ranked]) -> Self:
        """The shift from *before* to *after*, each best first."""
        had, has = {_id(one) for one in before}, {_id(one) for one in after}
        stayed = [[_id(one) for one in some if _id(one) in had & has] for some in (before, after)]
        return cls(
            of=len(after),
            came=tuple(one for one in after if _id(one) not in had),
            went=tuple(one for one in before if _id(one) not in has),
            moved=sum(one != other for one, other in zip(*stayed, strict=True)),
        )


def with_mark(profile: Profile, paper: Paper, value: int) -> Profile:
    """*profile* as if its reader had marked *paper* just now.

    Args:
        value: 1 for more like it, -1 for less, 0 for no mark: what the profile says of the paper without one stays.
    """
    ids = set(ids_of(paper))

    def kept(some: Sequence[Liked]) -> tuple[Liked, ...]:
        # A mark goes before what else is said of the paper; to take one back is to take back no more than that.
        return tuple(one for one in some if ids.isdisjoint(ids_of(one.paper)) or (not value and one.of != MARKS))

    liked, disliked = kept(profile.liked), kept(profile.disliked)
    mark = Liked(paper=paper, name=short_name(paper.title), of=MARKS)
    if value > 0:
        liked = (mark, *liked)
    elif value < 0:
        disliked = (mark, *disliked)
    return replace(profile, liked=liked, disliked=disliked)


def _id(ranked: Ranked) -> str:
    return ranked.candidate.paper.id
