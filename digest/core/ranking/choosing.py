"""Cache the choice of an edition's papers, and the days that choices are made from.

Each stage asks anew which papers an issue takes. All arguments of the choice are compared with those of the remembered
one, so a remembered choice is never used for other arguments. Editions that have the same candidates share the day that
was prepared of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from digest.core.models import Candidate, Paper
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection, select
from digest.core.ranking.relevance import Background

_DAYS: Final = 3
"""Days that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All arguments of a choice; see `digest.core.ranking.rank.select`."""

    candidates: tuple[Candidate, ...]
    profile: Profile
    max_papers: int
    exploration: float
    seed: str
    avoid_unless_upvotes: int | None = None


class Chooser:
    """Remembers the last choice for each edition, and the last days."""

    def __init__(
        self,
        background: Background | None = None,
        topics_of: Callable[[Paper], Collection[str]] = lambda _: (),
    ) -> None:
        """Take what days are prepared with; see `digest.core.ranking.day.Day`."""
        self._background, self._topics_of = background, topics_of
        self._last: dict[str, tuple[Question, Selection]] = {}
        self._days: dict[tuple[Candidate, ...], Day] = {}

    def day(self, candidates: tuple[Candidate, ...]) -> Day:
        """Return the day prepared of *candidates*, which all who ask with the same ones share."""
        if candidates not in self._days:
            day = Day(candidates, self._background, topics_of=self._topics_of)
            self._days = dict([*self._days.items(), (candidates, day)][-_DAYS:])
        return self._days[candidates]

    def choose(self, edition: str, question: Question) -> Selection:
        """Return the result of `select` for *question*.

        Args:
            edition: The edition under which the choice is remembered; it does not change what is chosen.
        """
        last = self._last.get(edition)
        if last is not None and last[0] == question:
            return last[1]
        selection = select(
            self.day(question.candidates),
            question.profile,
            max_papers=question.max_papers,
            exploration=question.exploration,
            seed=question.seed,
            avoid_unless_upvotes=question.avoid_unless_upvotes,
        )
        self._last[edition] = question, selection
        return selection
