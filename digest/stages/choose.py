"""The stage `choose`: the papers of an edition's issue of a day, out of all that its sources list as news.

The choice depends only on the store, the libraries that interests name, and the date. As long as these are the same,
every machine makes the same choice, so it is not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from digest.core.models import Candidate, Edition, Issue, PaperId
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection


class Store(Protocol):
    """The part of the store that choosing needs."""

    def candidates(
        self, edition: str, sources: Sequence[str], day: date, *, carry_days: int
    ) -> tuple[Candidate, ...]: ...

    def issue(self, edition: str, day: date) -> Issue | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Chooses papers for editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    profile_of: Callable[[Edition, date], Profile]
    """Gives the profile of an edition's interests on a day; it depends only on the store and the date."""
    chooser: Chooser = field(default_factory=Chooser)
    """Prepares the day's candidates, once for all editions that share them, and chooses."""

    def choose(self, edition: str, day: date) -> Selection:
        """The selection for the issue of *day*; it changes only with the store."""
        of = self.editions[edition]
        question = Question(
            candidates=self.store.candidates(of.name, of.sources, day, carry_days=of.carry_days),
            profile=self.profile_of(of, day),
            max_papers=of.max_papers,
            exploration=of.exploration,
            seed=f"{of.name} {day}",
            avoid_unless_upvotes=of.avoid_unless_upvotes,
        )
        return self.chooser.choose(of.name, question)

    def papers(self, edition: str, day: date) -> tuple[PaperId, ...]:
        """Ids of the papers for the issue of *day*, best first; empty once it is printed."""
        stored = self.store.issue(edition, day)
        if stored is not None and stored.entries:
            return ()
        return tuple(ranked.candidate.paper.id for ranked in self.choose(edition, day).chosen)
