"""The stage `choose`: the papers of an edition's issue of a day, out of all that its sources list as news.

The choice depends only on the store, the libraries that interests name, and the date. As long as these are the same,
every machine makes the same choice, so it is not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from digest.core.items.aside import set_aside
from digest.core.models import Candidate, Edition, Issue, PaperId, Ranked
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection

LeadsOf = Callable[[Edition, Selection], tuple[PaperId, ...]]
"""Gives the lead entries of an issue out of its selection, before there are summaries."""


class Store(Protocol):
    """The part of the store that choosing needs."""

    def candidates(
        self, edition: str, sources: Sequence[str], day: date, *, carry_days: int, anew: date | None = None
    ) -> tuple[Candidate, ...]: ...

    def issue(self, edition: str, day: date) -> Issue | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSummarize:
    """The papers of an issue, and how much is to be said of each."""

    papers: tuple[PaperId, ...]
    """Best first."""
    brief: frozenset[PaperId] = frozenset()
    """Those for which a sentence is enough, without points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Chooses papers for editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    profile_of: Callable[[Edition, date], Profile]
    """Gives the profile of an edition's interests on a day; it depends only on the store and the date."""
    chooser: Chooser = field(default_factory=Chooser)
    """Prepares the day's candidates, once for all editions that share them, and chooses."""
    leads_of: LeadsOf | None = None
    """Where only lead entries get points, chooses them; None: all entries get points."""

    def choose(self, edition: str, day: date) -> Selection:
        """The selection for the issue of *day*; it changes only with the store."""
        return self._chosen(self.editions[edition], day)

    def anew(self, edition: Edition, day: date) -> Selection:
        """The selection for an issue of *day* if *edition* had made none of that day or a later one.

        Args:
            edition: Need not be as it is configured: a preview has other interests.
        """
        return self._chosen(edition, day, anew=day)

    def of_span(self, edition: Edition, day: date, since: date) -> Day:
        """The day prepared of all that an issue of *day* could take if *edition* had made none since *since*."""
        there = self.store.candidates(edition.name, edition.sources, day, carry_days=edition.carry_days, anew=since)
        candidates, _ = set_aside(there, edition.kinds, edition.languages)
        return self.chooser.day(candidates)

    def of_reader(
        self, edition: Edition, day: date, papers: Day, profile: Profile, *, max_papers: int, shown: Collection[PaperId]
    ) -> tuple[Ranked, ...]:
        """The papers of one reader's issue of *day*, best first.

        Args:
            papers: See `of_span`.
            shown: Papers that the reader was shown before.
        """
        return self.chooser.pick(
            papers,
            profile,
            max_papers=max_papers,
            exploration=edition.exploration,
            seed=_seed(edition, day),
            avoid_unless_upvotes=edition.avoid_unless_upvotes,
            shown=papers.positions(shown),
        )

    def _chosen(self, of: Edition, day: date, *, anew: date | None = None) -> Selection:
        there = self.store.candidates(of.name, of.sources, day, carry_days=of.carry_days, anew=anew)
        candidates, aside = set_aside(there, of.kinds, of.languages)
        question = Question(
            candidates=candidates,
            profile=self.profile_of(of, day),
            max_papers=of.max_papers,
            exploration=of.exploration,
            seed=_seed(of, day),
            avoid_unless_upvotes=of.avoid_unless_upvotes,
        )
        return replace(self.chooser.choose(of.name, question), aside=aside)

    def to_summarize(self, edition: str, day: date) -> ToSummarize:
        """The papers for the issue of *day*; none once it is printed."""
        stored = self.store.issue(edition, day)
        if stored is not None and stored.entries:
            return ToSummarize(papers=())
        selection = self.choose(edition, day)
        return ToSummarize(
            papers=tuple(ranked.candidate.paper.id for ranked in selection.chosen),
            brief=self.brief(self.editions[edition], selection),
        )

    def brief(self, edition: Edition, selection: Selection) -> frozenset[PaperId]:
        """Those papers of *selection* for which a sentence is enough, without points."""
        leads = self.leads(edition, selection)
        if leads is None:
            return frozenset()
        return frozenset(ranked.candidate.paper.id for ranked in selection.chosen).difference(leads)

    def leads(self, edition: Edition, selection: Selection) -> tuple[PaperId, ...] | None:
        """The lead entries, where they are chosen before there are summaries; None where they are chosen after."""
        return None if self.leads_of is None else self.leads_of(edition, selection)


def _seed(edition: Edition, day: date) -> str:
    """The seed of what is drawn by lot: the same for an edition and its readers, all day long."""
    return f"{edition.name} {day}"
