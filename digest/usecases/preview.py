"""`digest preview`: what an issue would print and why, from what the store has. Nothing is read, asked or written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from digest.config.read import library_path
from digest.core.errors import ConfigError, NotFoundError
from digest.core.models import Edition, Issue, Paper, PaperId, Ranked, Summary, Usage
from digest.core.ranking.finds import Interest, day_of, finds
from digest.core.ranking.interests import parse_interests
from digest.core.ranking.rank import Selection
from digest.core.ranking.relevance import Background

if TYPE_CHECKING:
    from digest.config.settings import Config

_DAYS: Final = 5
"""Days with lists that an error names."""


class Store(Protocol):
    """The part of the store that a preview looks up days in."""

    def days_listed(self, sources: Sequence[str], *, until: date, most: int) -> tuple[date, ...]: ...

    def issue(self, edition: str, day: date) -> Issue | None: ...


class Choosing(Protocol):
    """The part of the stage `choose` that a preview uses."""

    def anew(self, edition: Edition, day: date) -> Selection: ...

    def brief(self, edition: Edition, selection: Selection) -> frozenset[PaperId]: ...

    def leads(self, edition: Edition, selection: Selection) -> tuple[PaperId, ...] | None: ...


class Building(Protocol):
    """The part of building issues that a preview uses; see `digest.stages.build`."""

    def build(
        self,
        edition: Edition,
        day: date,
        selection: Selection,
        summary_of: Callable[[Ranked], Summary],
        *,
        usage: Usage,
        leads: Sequence[PaperId] | None,
    ) -> Issue: ...


Stored = Callable[[Edition, date, Sequence[Paper], frozenset[PaperId]], Mapping[PaperId, Summary]]
"""Gives the stored summaries of papers for an edition's issue of a day; the last are those that need no points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is tried instead of what the config says of an edition; None or empty: what it says."""

    interests: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    max_papers: int | None = None
    lead: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestCount:
    """How many of the papers that were considered an interest finds."""

    interest: Interest
    found: int
    printed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an issue would be."""

    issue: Issue
    """As it would be printed; it is not stored."""
    considered: int
    """Papers that were considered for it."""
    interests: tuple[InterestCount, ...]
    """In the order in which they are written."""
    unknown: tuple[str, ...]
    """Papers that interests name and the store does not know, as they are written."""
    is_out: bool
    """Whether there is an issue of that day already, which stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing:
    """Makes previews."""

    store: Store
    config: Config
    today: date
    choosing: Choosing
    building: Building
    stored: Stored
    extract: Callable[[Paper, str], Summary]
    """Summarizes a paper without a model, for an edition in that language."""
    interests: Callable[[Edition], Sequence[Interest]]
    """Resolves the interests of an edition, one by one."""
    background: Callable[[], Background]

    def preview(self, name: str | None, day: date | None, tried: Tried) -> Preview:
        """What the issue of an edition would be.

        Args:
            name: By default the first edition.
            day: By default the newest one that there are lists of. The issue is made anew of what that day had to
                choose from, also where one is stored.

        Raises:
            ConfigError: There is no such edition, or its interests cannot be used.
            NotFoundError: No list of that day was read.
        """
        edition = self._changed(self.config.edition(name) if name else self.config.editions[0], tried)
        day = self._day(edition, day)
        interests = self.interests(edition)
        selection = self.choosing.anew(edition, day)
        papers = [ranked.candidate.paper for ranked in selection.chosen]
        summaries = dict(self.stored(edition, day, papers, self.choosing.brief(edition, selection)))
        for paper in papers:
            if paper.id not in summaries:
                summaries[paper.id] = self.extract(paper, edition.language)
        llm = self.config.llm
        issue = self.building.build(
            edition,
            day,
            selection,
            lambda ranked: summaries[ranked.candidate.paper.id],
            usage=Usage(client=llm.client, model=llm.model or None),
            leads=self.choosing.leads(edition, selection),
        )
        stored = self.store.issue(edition.name, day)
        return Preview(
            issue=issue,
            considered=len(selection.chosen) + len(selection.cut),
            interests=self._counted(interests, selection),
            unknown=tuple(i.text for i in interests if not (i.words or i.author or i.papers)),
            is_out=stored is not None and bool(stored.entries),
        )

    def _changed(self, edition: Edition, tried: Tried) -> Edition:
        """*edition* with what is tried instead of what is configured."""
        for option, texts in (("--interests", tried.interests), ("--avoid", tried.avoid)):
            try:
                files = parse_interests(texts).files
            except ConfigError as error:
                raise ConfigError(f"{option}: {error}") from error
            for file in files:
                if not library_path(self.config.base, file).is_file():
                    raise ConfigError(f"{option}: there is no file {file} beside {self.config.path.name}")
        interests, avoid = tried.interests or edition.interests, tried.avoid or edition.avoid
        max_papers = tried.max_papers or edition.max_papers
        return replace(
            edition,
            interests=interests,
            # What is tried as an interest is for this time not to be avoided, and the other way round.
            avoid=tuple(text for text in avoid if tried.avoid or text not in tried.interests),
            max_papers=max_papers,
            lead=min(edition.lead if tried.lead is None else tried.lead, max_papers),
        )

    def _day(self, edition: Edition, day: date | None) -> date:
        found = self.store.days_listed(edition.sources, until=day or self.today, most=1)
        if found and day in (None, *found):
            return found[0]
        days = self.store.days_listed(edition.sources, until=max(self.today, day or self.today), most=_DAYS + 1)
        if not days:
            raise NotFoundError(f"nothing was read for {edition.name} yet; `digest run` reads its sources")
        known = ", ".join(map(str, days[:_DAYS]))
        more = ", and of earlier days" if len(days) > _DAYS else ""
        raise NotFoundError(f"nothing was read for {edition.name} on {day}; there are lists of {known}{more}")

    def _counted(self, interests: Sequence[Interest], selection: Selection) -> tuple[InterestCount, ...]:
        papers = [ranked.candidate.paper for ranked in (*selection.chosen, *selection.cut)]
        index = day_of(papers, self.background())
        found = [finds(index, interest) for interest in interests]
        printed = range(len(selection.chosen))
        return tuple(
            InterestCount(interest=interest, found=len(places), printed=len(places.intersection(printed)))
            for interest, places in zip(interests, found, strict=True)
        )
