"""Readers' issues, the second half of the stage `publish`: who of an edition's readers is due, and what each gets.

    active subscriptions ──► due on the reader's own date? ──┬── plain ─────► delivery of the edition's issue
      (some hundred at                                       └── personal ──► picks ──► summaries ──► delivery of picks
       a time)                                                                (equal profiles share them)

Each part is stored in one transaction: picks, the papers they name as they are printed, deliveries, and the reader's
day that is covered by them. So a run that dies loses nobody and mails nobody twice: the next one goes on with who is
left, also after midnight. What candidates, summaries and similar papers cost is paid once, however many readers there
are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from digest.core.issues.issue import tied
from digest.core.issues.leads import choose_leads
from digest.core.issues.personal import NOTHING_FOUND, Pick, Picks
from digest.core.issues.sections import sections
from digest.core.items.kinds import ABOUT_OTHERS
from digest.core.models import (
    DeliveryState,
    Edition,
    Entry,
    Issue,
    NewDelivery,
    Paper,
    PaperId,
    Ranked,
    Subject,
    Summary,
)
from digest.core.ports import Clock
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection
from digest.core.subscribers.cadence import Cadence, covers_since, is_due
from digest.core.subscribers.profile import (
    Choice,
    has_own_interests,
    is_personal,
    language_of,
    lead_of,
    max_papers_of,
    profile_of,
)
from digest.core.subscribers.subscriber import Subscription
from digest.core.summaries.summarizer import Sums, Writing, nothing
from digest.stages.choose import Choosing
from digest.stages.recipients import addresses_of, arrival, message_id, zone_named
from digest.stages.summarize import Summarizing

SEEN: Final = timedelta(days=14)
"""How far back what a reader was shown makes what resembles it less new; and at least how far back nothing is shown
again."""
_LEFT: Final = timedelta(days=7)
"""How old an issue may be whose readers are still made theirs: as old as one that is still mailed."""
_PICKS_KEPT: Final = 2_000
"""Picks whose papers are remembered while readers' histories are read."""
_PAPERS_KEPT: Final = 20_000
"""Papers that readers were shown, likewise."""


class Mark(Protocol):
    """A reader's word on one paper."""

    @property
    def reader(self) -> str: ...

    @property
    def paper(self) -> Paper: ...

    @property
    def value(self) -> int: ...

    @property
    def at(self) -> datetime: ...


class Wishes(Protocol):
    """All that one reader wishes."""

    @property
    def subscription(self) -> Subscription: ...

    @property
    def marks(self) -> Sequence[Mark]: ...

    @property
    def libraries(self) -> Sequence[tuple[str, str]]: ...


W = TypeVar("W", bound=Wishes)
M = TypeVar("M", bound=Mark)


class Interests(Protocol[W, M]):
    """The part of `digest.usecases.reader_interests` that resolves what readers wish."""

    def wishes(self, edition: str, subscriptions: Sequence[Subscription]) -> Mapping[int, W]: ...

    def operator_marks(self, edition: str) -> Sequence[M]: ...

    def profiles(
        self,
        edition: Edition,
        day: date,
        wishes: Sequence[W],
        *,
        seen: Mapping[int, Sequence[Paper]],
        operator: Sequence[M] = (),
    ) -> Mapping[int, Profile]: ...


class Received(Protocol):
    """One issue that was made for a subscription."""

    @property
    def subscription(self) -> int: ...

    @property
    def date(self) -> date: ...

    @property
    def picks(self) -> int | None: ...

    @property
    def at(self) -> datetime: ...

    @property
    def is_shown(self) -> bool: ...


class Store(Protocol):
    """The part of the store that readers' issues need."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def issues_built(self, edition: str, *, since: date, until: date) -> Mapping[date, tuple[datetime, int]]: ...

    def without_readers(self, edition: str, *, since: date, until: date) -> tuple[date, ...]: ...

    def finish_readers(self, edition: str, day: date, *, built_at: datetime, at: datetime) -> None: ...

    def active_subscriptions(self, edition: str) -> Iterator[tuple[Subscription, ...]]: ...

    def received_by(
        self, subscriptions: Collection[int], *, edition: str, since: date, before: date
    ) -> Sequence[Received]: ...

    def recipients_among(self, edition: str, day: date, recipients: Collection[str]) -> frozenset[str]: ...

    def picks_by_pk(self, pks: Collection[int]) -> Mapping[int, Picks]: ...

    def picked(
        self, edition: str, day: date, language: str, *, ids: Collection[PaperId] | None = None
    ) -> Mapping[PaperId, Entry]: ...

    def papers_known(self, ids: Iterable[PaperId]) -> Mapping[PaperId, Paper]: ...

    def profiles_with_picks(self, edition: str, day: date, profiles: Collection[str]) -> frozenset[str]: ...

    def subjects(self, edition: str, papers: Sequence[Paper], day: date) -> Mapping[PaperId, tuple[Subject, ...]]: ...

    def save_readers(
        self,
        edition: str,
        day: date,
        deliveries: Sequence[NewDelivery],
        *,
        picks: Mapping[str, Picks],
        entries: Mapping[str, Mapping[PaperId, Entry]],
        at: datetime,
    ) -> Sequence[NewDelivery]: ...

    def secret(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made for the readers of one edition."""

    sums: Sums
    readers: int = 0
    """Issues that were made for readers, skipped ones included."""
    personal: int = 0
    """Those among them that have picks."""
    shared: int = 0
    """Those among the personal ones whose picks another reader has too."""
    skipped: int = 0
    """Those for which no paper was found."""
    warnings: tuple[str, ...] = ()

    def and_then(self, other: Made) -> Made:
        """Both together."""
        return Made(
            sums=self.sums.and_then(other.sums),
            readers=self.readers + other.readers,
            personal=self.personal + other.personal,
            shared=self.shared + other.shared,
            skipped=self.skipped + other.skipped,
            warnings=(*self.warnings, *other.warnings),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers(Generic[W, M]):
    """Makes the issues of editions' readers; editions are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    choosing: Choosing
    interests: Interests[W, M]
    summarizing: Summarizing
    field_of: Callable[[str], str]
    """Gives the field that a topic belongs to."""
    clock: Clock
    zone: ZoneInfo
    """In which the editions' days begin."""
    mail_domain: str
    """The right part of Message-IDs."""
    progress: Callable[[str], None]

    def make(self, edition: str, day: date, *, writing: Writing | None = None) -> Made:
        """Make what readers of *edition* lack of the issue of *day*, and of earlier ones that a run did not finish.

        The edition's own issue of the day is stored before. Doing it again makes nothing twice.

        Args:
            writing: The run that this is a part of; None: one of its own, on the budget of the runs of *day*.
        """
        made = Made(sums=nothing(self.summarizing.summarizer))
        for one in self.store.without_readers(edition, since=_before(day, _LEFT), until=day):
            base = self.store.issue(edition, one)
            if base is not None:
                writing = writing or self.summarizing.summarizer.begin(day.isoformat())
                made = made.and_then(_Making(self, self.editions[edition], base, writing).make())
        return made

    def would_be(
        self, wishes: W, day: date, *, seen: Sequence[Paper] = (), shown: Collection[PaperId] = ()
    ) -> tuple[Ranked, ...]:
        """What an issue of one day would be with *wishes*, best first; nothing is stored.

        Args:
            wishes: Need not be as they are stored: what a reader tries is shown before it holds.
            seen: Papers that what resembles them is less new for.
            shown: Papers that are left out.
        """
        edition = self.editions[wishes.subscription.edition]
        pk = wishes.subscription.pk
        operator = self.interests.operator_marks(edition.name)
        profile = self.interests.profiles(edition, day, [wishes], seen={pk: seen}, operator=operator)[pk]
        return self.choosing.of_reader(
            edition,
            day,
            self.choosing.of_span(edition, day, day),
            profile,
            max_papers=max_papers_of(wishes.subscription, edition),
            shown=shown,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A reader to whom an issue is due."""

    subscription: Subscription
    cadence: Cadence
    local: date
    """The reader's date on which it arrives."""
    since: date
    """The first day whose papers it may have."""
    due_at: datetime | None

    @property
    def pk(self) -> int:
        return self.subscription.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A choice that is not stored yet, for the first of those who share it."""

    profile: str
    subscription: Subscription
    since: date
    ranked: tuple[Ranked, ...]
    considered: int
    leads: tuple[PaperId, ...] | None
    """The leads, where they are chosen before there are summaries."""


class _Making(Generic[W, M]):
    """The issues of an edition's readers of one day, while they are made."""

    def __init__(self, readers: Readers[W, M], edition: Edition, base: Issue, writing: Writing) -> None:
        self._of, self._store = readers, readers.store
        self._edition, self._base, self._day, self._writing = edition, base, base.date, writing
        built = self._store.issues_built(edition.name, since=_before(self._day, SEEN), until=self._day)
        self._built_at = built[self._day][0]
        self._built = {day: at for day, (at, _) in built.items()}
        self._printed_on = sorted(day for day, (_, entries) in built.items() if entries and day < self._day)
        self._listed = frozenset(address.key for address in addresses_of(edition.recipients)[0])
        self._secret = self._store.secret()
        self._operator = readers.interests.operator_marks(edition.name)
        self._spans: dict[date, Day] = {}
        self._picked: dict[str, dict[PaperId, Entry]] = {}
        """Language → the papers of the day as they are printed, as far as somebody gets them."""
        self._papers_of: dict[int | date, tuple[PaperId, ...]] = {}
        """Key of picks, or the day of an edition's own issue → its papers."""
        self._papers: dict[PaperId, Paper] = {}
        self._trouble: Counter[str] = Counter()
        self._sums = nothing(readers.summarizing.summarizer)

    def make(self) -> Made:
        """Make all that readers lack of it."""
        made = Made(sums=self._sums)
        for some in self._store.active_subscriptions(self._edition.name):
            if due := self._due(some):
                made = made.and_then(self._make(due))
                self._of.progress(f"{made.readers:,} readers of {self._base.id} have their issue")
        self._store.finish_readers(self._edition.name, self._day, built_at=self._built_at, at=self._of.clock())
        return replace(made, sums=self._sums, warnings=tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        for what, n in sorted(self._trouble.items()):
            yield f"{n} {'subscription' if n == 1 else 'subscriptions'} of {self._edition.name}: {what}"

    # -- who is due

    def _due(self, subscriptions: Iterable[Subscription]) -> list[_Due]:
        found = (self._due_to(one) for one in subscriptions if self._is_of_it(one))
        due = self._without_served([one for one in found if one is not None])
        # A weekly issue of a morning without lists may have been made before the edition's own had papers after all.
        latest = self._latest([one.pk for one in due if one.cadence.covers > 1])
        due = [self._from_issue(one, latest.get(one.pk)) for one in due]
        # On a day without papers of its own there is nothing to be had but what earlier days brought.
        return due if self._base.entries else [one for one in due if one.since < self._day]

    def _is_of_it(self, one: Subscription) -> bool:
        """Whether a subscription was there when the issue was built, and is still wanted by whoever made it."""
        if one.confirmed_at is None or one.confirmed_at > self._built_at:
            return False
        return not one.is_listed or one.subscriber.address.casefold() in self._listed

    def _due_to(self, one: Subscription) -> _Due | None:
        try:
            cadence = Cadence.parse(one.cadence)
        except ValueError as exc:
            self._trouble[f"nothing is made for it, for {exc}"] += 1
            return None
        zone = self._zone(one.zone)
        arriving = arrival(self._edition, self._day, zone=self._of.zone, reader_zone=zone)
        local, began = arriving.local, (one.confirmed_at or self._built_at).astimezone(zone).date()
        covered = one.covered_until
        if cadence.covers == 1 and covered == local:
            # Two issues can arrive on one date: where clocks changed in between, or of a day that was caught up with.
            covered = local - timedelta(days=1)
        if not is_due(cadence, local, covered_until=covered, paused_until=one.paused_until, began=began):
            return None
        # What was covered is counted in the reader's dates, and lists in the edition's.
        since = covers_since(cadence, local, covered_until=one.covered_until) - (local - self._day)
        return _Due(
            subscription=one,
            cadence=cadence,
            local=local,
            since=since,
            due_at=arriving.due_at,
        )

    def _without_served(self, due: list[_Due]) -> list[_Due]:
        """*due* without those who have this issue already."""
        covered = [one.subscription.subscriber.address for one in due if one.subscription.covered_until == one.local]
        if not covered:
            return due
        served = self._store.recipients_among(self._edition.name, self._day, covered)
        return [one for one in due if one.subscription.subscriber.address not in served]

    def _zone(self, name: str) -> ZoneInfo:
        if not name:
            return self._of.zone
        zone = zone_named(name)
        if zone is None:
            self._trouble[f"there is no time zone {name!r}, so that of the config holds"] += 1
        return zone or self._of.zone

    def _latest(self, pks: Collection[int]) -> dict[int, Received]:
        """The last issue that was made for each reader."""
        if not pks:
            return {}
        since = _before(self._day, SEEN)
        received = self._store.received_by(pks, edition=self._edition.name, since=since, before=self._day)
        return {one.subscription: one for one in received}

    def _from_issue(self, one: _Due, last: Received | None) -> _Due:
        """A due reader with the day of the first issue since *since* that had papers, or of this one."""
        since = one.since
        if last is not None and last.date < since and self._built.get(last.date, last.at) > last.at:
            since = last.date
        elif last is not None and (self._day - last.date).days == one.cadence.covers + 1:
            # Clocks changed in between, so that two issues came on the same date of the reader's.
            since = min(since, last.date + timedelta(days=1))
        return replace(one, since=next((day for day in self._printed_on if day >= since), self._day))

    # -- what they get

    def _make(self, due: Sequence[_Due]) -> Made:
        """Make the issues of some readers, and store them."""
        wishes = self._of.interests.wishes(self._edition.name, [one.subscription for one in due])
        personal = [
            one
            for one in due
            if one.since < self._day
            or is_personal(one.subscription, self._edition, has_marks=bool(wishes[one.pk].marks))
        ]
        history = self._history(personal)
        profiles = {one.pk: self._profile(one, wishes[one.pk], history.get(one.pk, ())) for one in personal}
        there = self._store.profiles_with_picks(self._edition.name, self._day, set(profiles.values()))
        new: dict[str, _Due] = {}
        for one in personal:
            if profiles[one.pk] not in there:
                new.setdefault(profiles[one.pk], one)
        picks = self._picks(self._choose(new, wishes, history))
        found = there | picks.keys()
        deliveries = [self._delivery(one, profiles.get(one.pk), found) for one in due]
        stored = self._store.save_readers(
            self._edition.name, self._day, deliveries, picks=picks, entries=self._picked, at=self._of.clock()
        )
        with_picks = [one.profile for one in stored if one.profile]
        return Made(
            sums=nothing(self._of.summarizing.summarizer),
            readers=len(stored),
            personal=len(with_picks),
            shared=len(with_picks) - len(set(with_picks) & picks.keys()),
            skipped=sum(one.state is DeliveryState.SKIPPED for one in stored),
        )

    def _profile(self, one: _Due, wishes: W, history: Sequence[Received]) -> str:
        marks = [(mark.paper.id, mark.value, mark.at) for mark in wishes.marks]
        if not has_own_interests(one.subscription):
            marks += [(mark.paper.id, mark.value, mark.at) for mark in self._operator]
        choice = Choice(
            since=one.since,
            marks=marks,
            libraries=[f"{name} {sha256}" for name, sha256 in wishes.libraries],
            history=[(received.date, received.picks or 0) for received in history],
        )
        return profile_of(one.subscription, self._edition, choice)

    def _delivery(self, one: _Due, profile: str | None, found: Collection[str]) -> NewDelivery:
        recipient = one.subscription.subscriber.address
        is_empty = profile is not None and profile not in found
        state = DeliveryState.DUE if one.cadence.is_mailed else DeliveryState.SENT
        return NewDelivery(
            recipient=recipient,
            message_id=message_id(self._base.id, recipient, self._secret, self._of.mail_domain),
            state=DeliveryState.SKIPPED if is_empty else state,
            error=NOTHING_FOUND if is_empty else None,
            channel="mail" if one.cadence.is_mailed else "feed",
            subscription=one.pk,
            profile="" if is_empty else profile or "",
            due_at=one.due_at if one.cadence.is_mailed else None,
            covers_until=one.local,
            covered_before=one.subscription.covered_until,
        )

    # -- what they were shown

    def _history(self, due: Sequence[_Due]) -> dict[int, list[Received]]:
        """What each reader was shown lately, and so is not shown again."""
        if not due:
            return {}
        earliest = min(one.since for one in due) - timedelta(days=self._edition.carry_days)
        since = min(_before(self._day, SEEN), earliest)
        found: dict[int, list[Received]] = {}
        received = self._store.received_by(
            [one.pk for one in due], edition=self._edition.name, since=since, before=self._day
        )
        for one in received:
            if one.is_shown:
                found.setdefault(one.subscription, []).append(one)
        return found

    def _read_history(self, received: Iterable[Received]) -> None:
        """Have the papers of all issues in *received* at hand."""
        if len(self._papers_of) > _PICKS_KEPT:
            self._papers_of.clear()
        if len(self._papers) > _PAPERS_KEPT:
            self._papers.clear()
        wanted = {one.picks or one.date for one in received} - self._papers_of.keys()
        picks = self._store.picks_by_pk([key for key in wanted if isinstance(key, int)])
        for key in wanted:
            if isinstance(key, int):
                self._papers_of[key] = picks[key].papers if key in picks else ()
            else:
                issue = self._store.issue(self._edition.name, key)
                self._papers_of[key] = tuple(entry.paper.id for entry in issue.entries) if issue else ()
        ids = {i for one in received for i in self._papers_of[one.picks or one.date]}
        self._papers |= self._store.papers_known(ids - self._papers.keys())

    def _shown(self, received: Iterable[Received]) -> tuple[Paper, ...]:
        """The papers of some issues, as they are known now, the newest issue's first; see `_read_history`."""
        # What was joined with another paper since has another id now.
        ids = dict.fromkeys(
            i
            for one in sorted(received, key=lambda one: one.date, reverse=True)
            for i in self._papers_of[one.picks or one.date]
        )
        return tuple({paper.id: paper for i in ids if (paper := self._papers.get(i)) is not None}.values())

    # -- choosing

    def _choose(
        self, new: Mapping[str, _Due], wishes: Mapping[int, W], history: Mapping[int, Sequence[Received]]
    ) -> list[_Chosen]:
        """Choose for each new profile; those for which nothing was found are left out."""
        if not new:
            return []
        self._read_history([received for one in new.values() for received in history.get(one.pk, ())])
        shown = {one.pk: self._shown(history.get(one.pk, ())) for one in new.values()}
        profiles = self._of.interests.profiles(
            self._edition, self._day, [wishes[one.pk] for one in new.values()], seen=shown, operator=self._operator
        )
        return [
            chosen
            for profile, one in new.items()
            if (chosen := self._choice(profile, one, profiles[one.pk], shown[one.pk])) is not None
        ]

    def _choice(self, profile: str, one: _Due, wished: Profile, shown: Sequence[Paper]) -> _Chosen | None:
        papers = self._spans.get(one.since)
        if papers is None:
            papers = self._spans[one.since] = self._of.choosing.of_span(self._edition, self._day, one.since)
        ids = [paper.id for paper in shown]
        ranked = self._of.choosing.of_reader(
            self._edition,
            self._day,
            papers,
            wished,
            max_papers=max_papers_of(one.subscription, self._edition),
            shown=ids,
        )
        if not ranked:
            return None
        leading = replace(self._edition, lead=lead_of(one.subscription, self._edition))
        return _Chosen(
            profile=profile,
            subscription=one.subscription,
            since=one.since,
            ranked=ranked,
            considered=len(papers.candidates) - len(papers.positions(ids)),
            leads=self._of.choosing.leads(leading, Selection(chosen=ranked, cut=())),
        )

    # -- summaries

    def _picks(self, chosen: Sequence[_Chosen]) -> dict[str, Picks]:
        """Profile → picks; what they name is in `_picked` from now on."""
        languages: dict[str, list[_Chosen]] = {}
        for one in chosen:
            languages.setdefault(language_of(one.subscription, self._edition), []).append(one)
        for language, some in languages.items():
            self._complete(language, some)
        return {one.profile: picks for one in chosen if (picks := self._pick(one)).picks}

    def _complete(self, language: str, chosen: Sequence[_Chosen]) -> None:
        """Have all papers that were chosen as they are printed: as the edition has them, or with a new summary."""
        if language not in self._picked:
            base = self._base.entries if language == self._base.language else ()
            self._picked[language] = {entry.paper.id: entry for entry in self._tied(map(_common, base))}
        entries = self._picked[language]
        # Those that most readers get come first, for the budget may not last for all.
        wanted = Counter(r.candidate.paper.id for one in chosen for r in one.ranked)
        first = {r.candidate.paper.id: r for one in chosen for r in one.ranked}
        lacking = sorted(wanted.keys() - entries.keys(), key=lambda i: (-wanted[i], i))
        if not lacking:
            return
        entries |= self._store.picked(self._edition.name, self._day, language, ids=lacking)
        papers = [first[i].candidate.paper for i in lacking if i not in entries]
        made = []
        for paper, summary in self._summarized(language, papers, chosen):
            of = first[paper.id].candidate
            made.append(
                Entry(
                    paper=paper,
                    summary=summary,
                    sources=of.sources,
                    reason="",
                    score=0.0,
                    signals=of.signals,
                    announcement=of.announcement,
                )
            )
        entries |= {entry.paper.id: entry for entry in self._tied(made)}

    def _tied(self, entries: Iterable[Entry]) -> list[Entry]:
        """*entries*, of which each says which paper it is about, if it is a correction or the like."""
        found = list(entries)
        others = [entry.paper for entry in found if entry.paper.kind in ABOUT_OTHERS]
        about = self._store.subjects(self._edition.name, others, self._day) if others else {}
        return [tied(entry, about.get(entry.paper.id, ()), self._day) for entry in found]

    def _summarized(
        self, language: str, papers: Sequence[Paper], chosen: Sequence[_Chosen]
    ) -> Iterator[tuple[Paper, Summary]]:
        """Each of *papers* with its summary; a model is asked only for those that have none at all."""
        name, day = self._edition.name, self._day
        # Whatever summary there is will do: nothing is asked for twice because another reader has it among the leads.
        brief = frozenset(paper.id for paper in papers)
        have = self._of.summarizing.stored(name, day, papers, brief=brief, language=language)
        yield from ((paper, have[paper.id]) for paper in papers if paper.id in have)
        lacking = [paper.id for paper in papers if paper.id not in have]
        if not lacking:
            return
        leads = {i for one in chosen for i in one.leads or ()}
        is_brief = brief - leads if any(one.leads is not None for one in chosen) else frozenset()
        sums = self._of.summarizing.summarize(
            name, day, lacking, writing=self._writing, brief=is_brief, language=language
        )
        self._sums = self._sums.and_then(sums)
        # As they are now: another machine that reads a source may have changed a paper's text meanwhile.
        known = self._store.papers_known(lacking)
        asked = [known[i] for i in lacking if i in known]
        made = self._of.summarizing.stored(name, day, asked, brief=brief, language=language)
        yield from ((paper, made[paper.id]) for paper in asked if paper.id in made)

    def _pick(self, one: _Chosen) -> Picks:
        language = language_of(one.subscription, self._edition)
        entries = self._picked[language]
        picks, drawn = [], []
        for ranked in one.ranked:
            entry = entries.get(ranked.candidate.paper.id)
            # It was joined with another paper, or its text changed, at the moment at which it was summarized.
            if entry is None:
                continue
            reason = "; ".join(filter(None, (ranked.reason, entry.reason)))
            pick = Pick(
                paper=entry.paper.id,
                reason=reason,
                score=ranked.score,
                interests=ranked.interests,
                is_off=ranked.is_off,
            )
            picks.append(pick)
            drawn.append(replace(entry, interests=ranked.interests, is_off=ranked.is_off, score=ranked.score))
        leads = one.leads
        if leads is None:
            lead = lead_of(one.subscription, self._edition)
            leads = choose_leads(drawn, sections(drawn, self._of.field_of), lead)
        named = {pick.paper for pick in picks}
        return Picks(
            edition=self._edition.name,
            day=self._day,
            language=language,
            profile=one.profile,
            picks=tuple(picks),
            leads=tuple(i for i in leads if i in named),
            covers_since=one.since,
            considered=one.considered,
        )


def _common(entry: Entry) -> Entry:
    """An entry of the edition's issue without what is said of it for the edition's interests alone."""
    return replace(entry, reason="", score=0.0, interests=(), is_off=False)


def _before(day: date, span: timedelta) -> date:
    return date.fromordinal(max(1, day.toordinal() - span.days))
