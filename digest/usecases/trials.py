"""What an edition's last issue would have been for one reader: chosen with their wishes out of that day's papers.

    the edition's last day ──► Day, prepared once and kept ──┐
    a subscription, as it is or as it might be ──► Profile ──┴──► Trial ──► compared with another

Nothing is read, asked or written. The day is prepared by who asks first; after that an answer takes a fraction of a
second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from digest.core.identity.ids import ids_of
from digest.core.issues.personal import Picks
from digest.core.items.aside import set_aside
from digest.core.models import Candidate, Delivery, Edition, Paper, PaperId, Ranked
from digest.core.ports import Clock
from digest.core.ranking.day import Day
from digest.core.ranking.finds import finds
from digest.core.ranking.libraries import Libraries
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import pick
from digest.core.ranking.relevance import Background
from digest.core.ranking.shifts import with_mark
from digest.core.subscribers.subscriber import Subscription
from digest.usecases.interests import WrittenInterest
from digest.usecases.preview import InterestCount
from digest.usecases.reader_interests import ReaderInterests

_LATELY: Final = timedelta(days=14)
"""How far back what a reader was shown makes what resembles it less new."""
_KEPT: Final = timedelta(minutes=2)
"""How long a day counts as an edition's last one, before the store is asked again."""


class Store(Protocol):
    """The part of the store that has the papers of the last days."""

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]: ...

    def days_listed(self, sources: Sequence[str], *, until: date, most: int) -> tuple[date, ...]: ...

    def candidates(
        self, edition: str, sources: Sequence[str], day: date, *, carry_days: int, anew: date | None = None
    ) -> tuple[Candidate, ...]: ...


class Profiles(Protocol):
    """Resolves what readers wish."""

    def profile_of(self, subscription: Subscription, edition: Edition, day: date) -> Profile:
        """What the edition is to bring this reader on *day*; the subscription need not be as it is stored."""
        ...

    def each_of(self, subscription: Subscription, edition: Edition) -> Sequence[WrittenInterest]:
        """The interests that hold for this reader, one by one."""
        ...


class History(Protocol):
    """The part of the store that knows what a reader was shown."""

    def received(self, subscription: int, *, most: int, day: date | None = None) -> Sequence[Delivery]: ...

    def picks_by_pk(self, pks: Collection[int]) -> Mapping[int, Picks]: ...

    def papers_known(self, ids: Iterable[PaperId]) -> Mapping[PaperId, Paper]: ...

    def printed_lately(self, edition: str, *, since: date, before: date) -> Sequence[Paper]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderProfiles:
    """Resolves what readers wish as the stage that makes their issues does, one reader at a time."""

    store: History
    interests: ReaderInterests
    each: Callable[[Edition], Sequence[WrittenInterest]]
    """Resolves the interests of an edition, one by one."""

    def profile_of(self, subscription: Subscription, edition: Edition, day: date) -> Profile:
        """See `Profiles`."""
        pk = subscription.pk
        wishes = self.interests.wishes(edition.name, [subscription])
        operator = self.interests.operator_marks(edition.name)
        seen = self._seen(subscription, edition, day)
        return self.interests.profiles(edition, day, [wishes[pk]], seen={pk: seen}, operator=operator)[pk]

    def each_of(self, subscription: Subscription, edition: Edition) -> Sequence[WrittenInterest]:
        """See `Profiles`."""
        return self.each(replace(edition, interests=subscription.interests or edition.interests))

    def _seen(self, subscription: Subscription, edition: Edition, day: date) -> Sequence[Paper]:
        """What the reader was shown in the two weeks before *day*; who got nothing yet knows the edition."""
        since = day - _LATELY
        got = [one for one in self.store.received(subscription.pk, most=_LATELY.days) if since <= one.date < day]
        picks = self.store.picks_by_pk([one.picks for one in got if one.picks is not None])
        papers = list(self.store.papers_known({paper for one in picks.values() for paper in one.papers}).values())
        if not got or any(one.picks is None for one in got):
            papers += self.store.printed_lately(edition.name, since=since, before=day)
        return sorted({paper.id: paper for paper in papers}.values(), key=lambda paper: paper.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the issue of a day would have been for one reader."""

    day: date
    considered: int
    """Papers that it is chosen from."""
    chosen: tuple[Ranked, ...]
    """Best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """An edition's last day, prepared."""

    day: date
    candidates: tuple[Candidate, ...]
    prepared: Day
    looked_at: datetime


class Trials:
    """Makes trials. Threads can share it."""

    def __init__(
        self,
        *,
        store: Store,
        editions: Mapping[str, Edition],
        profiles: Profiles,
        background: Callable[[], Background],
        topics_of: Callable[[Paper], Collection[str]],
        clock: Clock,
        today: Callable[[], date],
    ) -> None:
        """Args:
        background: Gives how common words are in general.
        topics_of: Gives the topics of a paper.
        today: Gives the date in the config's time zone.
        """
        self._store, self._editions, self._profiles = store, editions, profiles
        self._background, self._topics_of = background, topics_of
        self._clock, self._today = clock, today
        self._libraries: Libraries | None = None
        self._last: dict[str, _Last] = {}
        # Days and libraries keep what they have worked out: one thread at a time adds to it.
        self._lock = threading.RLock()

    def choose(
        self, subscription: Subscription, *, mark: tuple[Paper, int] | None = None, without: Paper | None = None
    ) -> Trial | None:
        """What the last issue of the subscription's edition would have been; None if there is no edition, or nothing
        was read for it yet.

        Args:
            subscription: As it is stored, or as it might be.
            mark: A paper that the reader might mark, and how; see `digest.core.ranking.shifts.with_mark`.
            without: A paper that is not to be chosen, for the reader has seen it.
        """
        edition = self._editions.get(subscription.edition)
        if edition is None or (last := self._last_of(edition)) is None:
            return None
        with self._lock:
            profile = self._profiles.profile_of(subscription, edition, last.day)
            if mark is not None:
                profile = with_mark(profile, *mark)
            if self._libraries is None:
                self._libraries = Libraries(self._background())
            chosen = pick(
                last.prepared,
                profile,
                max_papers=subscription.max_papers or edition.max_papers,
                shown=_positions(last.prepared, without),
                exploration=edition.exploration,
                seed=f"{edition.name} {last.day}",
                avoid_unless_upvotes=edition.avoid_unless_upvotes,
                libraries=self._libraries,
            )
        return Trial(day=last.day, considered=len(last.prepared.candidates), chosen=chosen)

    def counted(self, subscription: Subscription, trial: Trial) -> tuple[InterestCount, ...]:
        """How many papers of the day each interest of a reader finds, in the order in which they are written.

        Args:
            trial: What these interests came to.
        """
        edition = self._editions.get(subscription.edition)
        if edition is None or (last := self._last_of(edition)) is None:
            return ()
        printed = {ranked.candidate.paper.id for ranked in trial.chosen}
        with self._lock:
            found = [(one, finds(last.prepared, one.profile)) for one in self._profiles.each_of(subscription, edition)]
        return tuple(
            InterestCount(interest=one, found=len(papers), printed=len(papers & printed)) for one, papers in found
        )

    def _last_of(self, edition: Edition) -> _Last | None:
        """The last day of an edition, prepared: that of its last issue with papers, else of the last lists."""
        now = self._clock()
        with self._lock:
            found = self._last.get(edition.name)
            if found is not None and found.looked_at <= now < found.looked_at + _KEPT:
                return found
            day = self._day(edition)
            if day is None:
                return None
            there = self._store.candidates(edition.name, edition.sources, day, carry_days=edition.carry_days, anew=day)
            candidates, _ = set_aside(there, edition.kinds, edition.languages)
            if found is not None and found.candidates == candidates:
                prepared = found.prepared
            else:
                prepared = Day(candidates, self._background(), topics_of=self._topics_of)
            made = _Last(day=day, candidates=candidates, prepared=prepared, looked_at=now)
            self._last[edition.name] = made
            return made

    def _day(self, edition: Edition) -> date | None:
        today = self._today()
        printed = [day for _, day, entries in self._store.issue_dates(edition.name) if entries and day <= today]
        listed = self._store.days_listed(edition.sources, until=today, most=1)
        return printed[-1] if printed else next(iter(listed), None)


def _positions(day: Day, paper: Paper | None) -> list[int]:
    """Where a paper stands among those of a day."""
    ids = set(ids_of(paper)) if paper else set()
    return [n for n, one in enumerate(day.candidates) if not ids.isdisjoint(ids_of(one.paper))]
