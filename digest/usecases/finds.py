"""Count which papers of the last days each interest of an edition finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from digest.core.items.aside import is_of
from digest.core.models import Candidate, Edition, Paper, PaperId, PaperKind
from digest.core.ranking.day import Day
from digest.core.ranking.finds import finds
from digest.core.ranking.relevance import Background
from digest.usecases.interests import WrittenInterest

_WEEK: Final = timedelta(days=6)
"""From the first day of a week to its last."""


class Store(Protocol):
    """The part of the store that has the lists of the last days."""

    def news(self, sources: Sequence[str], *, since: date, until: date) -> Mapping[date, tuple[Paper, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestFinds:
    """What one interest found."""

    interest: WrittenInterest
    of_day: int
    """Papers of the last day with lists."""
    of_week: int
    """Papers of the week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finds:
    """What the interests of an edition found within the last week."""

    edition: str
    today: date
    day: date | None
    """The last day with lists; None if there is none."""
    papers: int
    """Listed on that day."""
    days: int
    """Days with lists."""
    interests: tuple[InterestFinds, ...]
    """In the order in which they are written; without papers that are not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    days: Mapping[PaperId, date]
    """The day that listed each paper first."""
    papers: Day
    """All of them, ready to be matched with interests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Counts for one edition after the other; editions with the same sources share what was prepared of the week."""

    store: Store
    interests: Callable[[Edition], Sequence[WrittenInterest]]
    """Resolves the interests of an edition, one by one."""
    background: Callable[[], Background]
    today: date
    _weeks: dict[tuple[tuple[str, ...], tuple[PaperKind, ...]], _Week] = field(default_factory=dict, repr=False)
    """By sources and kinds."""

    def of(self, edition: Edition) -> Finds:
        """What the interests of *edition* found.

        Raises:
            ConfigError: A library cannot be read.
        """
        week = self._week(tuple(sorted(edition.sources)), edition.kinds)
        last = max(week.days.values(), default=None)
        found = []
        for interest in self.interests(edition):
            if interest.is_known:
                papers = finds(week.papers, interest.profile)
                of_day = sum(week.days[paper] == last for paper in papers)
                found.append(InterestFinds(interest=interest, of_day=of_day, of_week=len(papers)))
        return Finds(
            edition=edition.name,
            today=self.today,
            day=last,
            papers=list(week.days.values()).count(last) if last else 0,
            days=len(set(week.days.values())),
            interests=tuple(found),
        )

    def _week(self, sources: tuple[str, ...], kinds: tuple[PaperKind, ...]) -> _Week:
        key = sources, kinds
        if key not in self._weeks:
            news = self.store.news(sources, since=self.today - _WEEK, until=self.today)
            listed = [(day, paper) for day, papers in news.items() for paper in papers if is_of(paper, kinds)]
            candidates = [
                Candidate(paper=paper, sources=sources[:1], position=n, listed_on=day)
                for n, (day, paper) in enumerate(listed)
            ]
            days = {paper.id: day for day, paper in listed}
            self._weeks[key] = _Week(days=days, papers=Day(candidates, self.background()))
        return self._weeks[key]
