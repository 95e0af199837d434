"""Cache the choice of an edition's papers, so that several stages can ask for it and it is worked out once.

Each stage asks anew which papers an issue takes. All arguments of the choice are compared with those of the remembered
one, so a remembered choice is never used for other arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.core.models import Candidate
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection, select
from digest.core.ranking.relevance import Background


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All arguments of a choice; see `digest.core.ranking.rank.select`."""

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
        """Return the result of `select` for *question*.

        Args:
            edition: The edition under which the choice is remembered; it does not change what is chosen.
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
