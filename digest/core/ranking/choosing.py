"""Cache the choice of an edition's papers, and the days that choices are made from.

Each stage asks anew which papers an issue takes. All arguments of the choice are compared with those of the remembered
one, so a remembered choice is never used for other arguments. Editions that have the same candidates share the day that
was prepared of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.models import Candidate, Paper, Ranked
from digest.core.ranking.day import Day
from digest.core.ranking.libraries import Libraries
from digest.core.ranking.listed import ListedPapers
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection, pick, select
from digest.core.ranking.relevance import Background

_DAYS: Final = 4
"""Days, and lists of new papers, that are kept."""
_EDITIONS: Final = 100
"""Editions whose last choice is remembered; one over 5,000 papers takes some 100 kB."""


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
    """Remembers the last choice for each of the last editions, and the last days."""

    def __init__(
        self,
        background: Background | None = None,
        topics_of: Callable[[Paper], Collection[str]] = lambda _: (),
    ) -> None:
        """Take what days are prepared with; see `digest.core.ranking.day.Day`."""
        self._background, self._topics_of = background, topics_of
        self._libraries = Libraries(background)
        self._last: dict[str, tuple[Question, Selection]] = {}
        self._days: deque[tuple[tuple[Candidate, ...], Day]] = deque(maxlen=_DAYS)
        self._listed: deque[ListedPapers] = deque(maxlen=_DAYS)

    def day(self, candidates: tuple[Candidate, ...]) -> Day:
        """Return the day prepared of *candidates*, which all who ask with the same ones share."""
        found = next((day for same, day in self._days if same == candidates), None)
        if found is None:
            found = Day(candidates, self._background, prepare=self._prepared, topics_of=self._topics_of)
            self._days.append((candidates, found))
        return found

    def pick(
        self,
        day: Day,
        profile: Profile,
        *,
        max_papers: int,
        exploration: float,
        seed: str,
        avoid_unless_upvotes: int | None = None,
        shown: Collection[int] = (),
    ) -> tuple[Ranked, ...]:
        """Return the result of `digest.core.ranking.rank.pick`, which is not remembered: readers are many."""
        return pick(
            day,
            profile,
            libraries=self._libraries,
            max_papers=max_papers,
            exploration=exploration,
            seed=seed,
            avoid_unless_upvotes=avoid_unless_upvotes,
            shown=shown,
        )

    def _prepared(self, papers: Sequence[Paper]) -> ListedPapers:
        """Return *papers*, prepared once for all days that have the same new ones."""
        wanted = tuple(sorted(papers, key=lambda paper: paper.id))
        found = next((listed for listed in self._listed if listed.papers == wanted), None)
        if found is None:
            found = ListedPapers(wanted, self._background, topics_of=self._topics_of)
            self._listed.append(found)
        return found

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
            libraries=self._libraries,
            max_papers=question.max_papers,
            exploration=question.exploration,
            seed=question.seed,
            avoid_unless_upvotes=question.avoid_unless_upvotes,
        )
        self._last.pop(edition, None)
        self._last[edition] = question, selection
        if len(self._last) > _EDITIONS:
            del self._last[next(iter(self._last))]
        return selection
