"""Chooses for every stage that asks, and works it out once.

Stages do not trust each other, so each asks anew what an issue takes. What they ask with is compared in full, so the
answer is never that to another question.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.core.models import Candidate
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection, select
from digest.core.ranking.relevance import Background


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a choice depends on; see `digest.core.ranking.rank.select`."""

    candidates: tuple[Candidate, ...]
    profile: Profile
    max_papers: int
    exploration: float
    seed: str
    background: Background | None


class Chooser:
    """Remembers the last choice for each edition."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Question, Selection]] = {}

    def choose(self, edition: str, question: Question) -> Selection:
        """What `select` gives for *question*.

        Args:
            edition: Whose last choice is remembered; it makes no difference to what is chosen.
        """
        last = self._last.get(edition)
        if last is not None and last[0] == question:
            return last[1]
        selection = select(
            question.candidates,
            question.profile,
            max_papers=question.max_papers,
            exploration=question.exploration,
            seed=question.seed,
            background=question.background,
        )
        self._last[edition] = question, selection
        return selection
