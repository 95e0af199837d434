"""Count which papers of the last days each interest of an edition finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from digest.core.models import Edition, Paper
from digest.core.ranking.day import Day
from digest.core.ranking.finds import Interest, day_of, finds
from digest.core.ranking.relevance import Background

_WEEK: Final = timedelta(days=6)
"""From the first day of a week to its last."""


class Store(Protocol):
    """The part of the store that has the lists of the last days."""

    def news(self, sources: Sequence[str], *, since: date, until: date) -> Mapping[date, tuple[Paper, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestFinds:
    """What one interest found."""

    interest: Interest
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
class Counting:
    """Counts for one edition after the other; editions with the same sources share the week's index."""

    store: Store
    interests: Callable[[Edition], Sequence[Interest]]
    """Resolves the interests of an edition, one by one."""
    background: Callable[[], Background]
    today: date
    _weeks: dict[tuple[str, ...], tuple[list[date], Day]] = field(default_factory=dict, repr=False)
    """Sources → the index of their papers, and the day of each."""

    def of(self, edition: Edition) -> Finds:
        """What the interests of *edition* found.

        Raises:
            ConfigError: A library cannot be read.
        """
        days, index = self._week(edition.sources)
        last = max(days, default=None)
        found = []
        for interest in self.interests(edition):
            if interest.words or interest.author or interest.papers:
                places = finds(index, interest)
                of_day = sum(days[n] == last for n in places)
                found.append(InterestFinds(interest=interest, of_day=of_day, of_week=len(places)))
        return Finds(
            edition=edition.name,
            today=self.today,
            day=last,
            papers=days.count(last) if last else 0,
            days=len(set(days)),
            interests=tuple(found),
        )

    def _week(self, sources: tuple[str, ...]) -> tuple[list[date], Day]:
        key = tuple(sorted(sources))
        if key not in self._weeks:
            news = self.store.news(sources, since=self.today - _WEEK, until=self.today)
            days = [day for day, papers in news.items() for _ in papers]
            index = day_of([paper for papers in news.values() for paper in papers], self.background())
            self._weeks[key] = days, index
        return self._weeks[key]
