"""The stage `fetch`: reads every list of the sources that is due, and stores how each reading went.

    source ──► its days that are due ──► pages of each list ──► does a witness know more? ──► the store
               (today, missed, growing)   (one thread a source)                                (in the config's order)

A source that fails stops no other. A failure is stored with its reason, and the list is read again: by the next run of
the day or, once the day is over, from where the source still offers past lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from digest.core.abreast import abreast
from digest.core.errors import NotYetError, SourceError
from digest.core.identity.ids import merge_announcements
from digest.core.lists.bounds import within_bounds
from digest.core.lists.calendar import Calendar
from digest.core.lists.freshness import (
    CATCH_UP,
    Backoff,
    PastReading,
    Seen,
    Verdict,
    after_failure,
    due_days,
    repeats_news,
    silence,
    stale_categories,
    verdict,
)
from digest.core.models import Document, Edition, PaperId, Parsed, Record, Rejected, SourceState
from digest.core.ports import Clock, Source
from digest.core.private import without_password
from digest.core.walls import wall

_PAGES: Final = 50
"""Most pages of one list that are followed; a list with more never ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One list as it was read."""

    day: date
    documents: tuple[Document, ...] = ()
    result: Parsed | SourceError | None = None
    """None: it did not change since *unchanged_since*, and was not parsed again."""
    unchanged_since: date | None = None
    gap: int = 0
    note: str | None = None
    trouble: SourceError | None = None
    """Why a later page could not be read."""

    @property
    def refusal(self) -> SourceError | None:
        """The error that the server answered with instead of the list, or of one of its pages; None if it gave none."""
        error = self.result if isinstance(self.result, SourceError) else self.trouble
        return error if error and error.status is not None and not isinstance(error, NotYetError) else None


class Store(Protocol):
    """The part of the store that reading needs."""

    def register_edition(self, name: str, day: date) -> None: ...

    def unsettled(self, sources: Sequence[str], day: date) -> tuple[str, ...]: ...

    def save_reading(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        read_on: date,
        documents: Sequence[Document],
        parsed: Parsed,
        judge: Callable[[Seen], Verdict],
        gap: int = 0,
        is_open: bool = False,
    ) -> None: ...

    def last_list(self, source: str, document: Document) -> date | None: ...

    def repeat_reading(
        self, source: str, day: date, *, of: date, at: datetime, read_on: date, judge: Callable[[Seen], Verdict]
    ) -> None: ...

    def save_failure(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        read_on: date,
        state: SourceState,
        error: str,
        documents: Sequence[Document] = (),
    ) -> None: ...

    def past_readings(self, source: str, *, since: date, before: date) -> dict[date, PastReading]: ...

    def backoffs(self, sources: Sequence[str]) -> dict[str, Backoff]: ...

    def save_backoff(self, source: str, backoff: Backoff | None) -> None: ...


def moment_of(day: date, *, now: datetime, zone: ZoneInfo, at: time) -> datetime:
    """The moment of a run of *day*: now or, for a day that is replayed, the hour *at* which it would have run.

    Args:
        zone: Where *day* and *at* are.
    """
    return now if now.astimezone(zone).date() == day else datetime.combine(day, at, tzinfo=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads lists that are due and stores the results. Sources and editions are given by name."""

    store: Store
    sources: Mapping[str, Source]
    """In the order of the config: readings are stored in it, whatever order the network answers in."""
    editions: Mapping[str, Edition]
    zone: ZoneInfo
    """The time zone in which days begin."""
    fetcher: Callable[[Source], Callable[[str], Document]]
    """Gives a function that fetches the documents of one source; it raises `SourceError`."""
    clock: Clock
    progress: Callable[[str], None]
    concurrency: int
    """How many sources are read at once; at least 1."""

    def fetch(self, source: str, day: date) -> None:
        """Read every list of *source* that is due on *day*: the day's own, missed ones, and those that grow.

        The editions that use it are registered as existing from that day on.
        """
        takers = [edition for edition in self.editions.values() if source in edition.sources]
        at = min((edition.at for edition in takers), default=time())
        self._fetch([source], takers, day, moment_of(day, now=self.clock(), zone=self.zone, at=at))

    def fetch_all(self, editions: Sequence[str], day: date) -> None:
        """Read every list that is due on *day* of all sources of *editions*, several sources at once.

        Papers that come after the day's issue was printed go into the next one.
        """
        takers = [self.editions[name] for name in editions]
        wanted = {name for edition in takers for name in edition.sources}
        at = min((edition.at for edition in takers), default=time())
        moment = moment_of(day, now=self.clock(), zone=self.zone, at=at)
        self._fetch([name for name in self.sources if name in wanted], takers, day, moment)

    def _fetch(self, sources: Sequence[str], takers: Iterable[Edition], day: date, now: datetime) -> None:
        for edition in takers:
            self.store.register_edition(edition.name, day)
        self.read([self.sources[name] for name in sources], day, now)

    def read(self, sources: Sequence[Source], today: date, now: datetime) -> None:
        """Read every list of *sources* that is due on *today*.

        Args:
            sources: In the order in which they are stored, whatever order the network answers in.
            now: The moment of the run; for a day that is replayed, one of that day.
        """
        backoffs = self._backoffs(sources)
        due = self._due(sources, today, now, backoffs)
        if not due:
            return
        by_name = {source.name: source for source in sources}
        work = {name: partial(self._read, by_name[name], days, today, now) for name, days in due.items()}
        readings = abreast(work, width=self.concurrency)
        kept = list(readings)
        try:
            for _ in self._told(readings):
                # Each as soon as all before it are there: who stops the run loses little, and the order stays.
                while kept and readings[kept[0]].done():
                    name = kept.pop(0)
                    lists = readings[name].result()
                    for one in lists:
                        self._keep(by_name[name], one, today, now - (today - one.day))
                    self._remember(by_name[name], lists, backoffs.get(name))
        finally:
            for reading in readings.values():
                reading.cancel()

    def _told(self, readings: Mapping[str, Future[list[_List]]]) -> Iterator[None]:
        """Wait for all *readings*: yield after each that ends, and report how far it is, for people who wait."""
        waiting = list(readings)
        self.progress(_progress(0, waiting))
        names = {future: name for name, future in readings.items()}
        for done, future in enumerate(as_completed(names), 1):
            waiting.remove(names[future])
            yield
            if waiting:
                self.progress(_progress(done, waiting))

    # -- what is due

    def _backoffs(self, sources: Sequence[Source]) -> dict[str, Backoff]:
        """Source → its backoff, for those whose address is still the one that failed."""
        found = self.store.backoffs([source.name for source in sources])
        addresses = {source.name: _address(source) for source in sources}
        return {name: backoff for name, backoff in found.items() if backoff.address == addresses[name]}

    def _due(
        self, sources: Sequence[Source], today: date, now: datetime, backoffs: Mapping[str, Backoff]
    ) -> dict[str, tuple[date, ...]]:
        """By source, the days whose lists are to be read, today's first; sources with none are left out."""
        unsettled = set(self.store.unsettled([source.name for source in sources], today))
        due: dict[str, tuple[date, ...]] = {}
        for source in sources:
            backoff = backoffs.get(source.name)
            if backoff is not None and backoff.rests(self.clock()):
                if source.name in unsettled:
                    self._rest(source, backoff, today)
                continue
            days: tuple[date, ...] = (today,) if source.name in unsettled else ()
            if source.past_url(today) is not None:
                readings = self.store.past_readings(source.name, since=today - CATCH_UP, before=today)
                calendars = (source.calendar, _as_seen_from_here(source, today, now))
                past = {day for c in calendars for day in due_days(c, source.rereads, readings, today)}
                days += tuple(sorted(past | _overtaken(source, readings, today, now)))
            if days:
                due[source.name] = days
        return due

    def _rest(self, source: Source, backoff: Backoff, today: date) -> None:
        """Store that a source was not asked, because its server asked for that or answers with errors."""
        self.store.save_failure(
            source.name,
            today,
            at=self.clock(),
            read_on=today,
            state=SourceState.FAILED,
            error=_resting(backoff),
        )

    # -- reading

    def _read(self, source: Source, days: Sequence[date], today: date, now: datetime) -> list[_List]:
        """Read the lists of *source* that are due, oldest first. Errors are returned as values."""
        get, found = self.fetcher(source), list[_List]()
        for day in days:
            moment = now - (today - day)
            found.append(self._read_list(source, day, moment, get, is_past=day != today))
            failed = isinstance(found[-1].result, SourceError) and not isinstance(found[-1].result, NotYetError)
            if failed or found[-1].refusal:
                break  # what does not answer is not asked for more
        return sorted(found, key=lambda one: one.day)

    def _read_list(
        self, source: Source, day: date, moment: datetime, get: Callable[[str], Document], *, is_past: bool
    ) -> _List:
        """Read the list that a run at *moment* found, or would have found."""
        # Where the present list is, there is none of a day that is replayed.
        calendar = source.calendar
        is_over = is_past or self.clock() - moment > timedelta(days=1)
        is_over = is_over or (calendar.promises and calendar.newest(moment) != calendar.newest(self.clock()))
        url = source.past_url(_named_after(source, day, moment)) if is_over else None
        url = url or source.url_for(day)
        documents: list[Document] = []
        pages: list[Parsed] = []
        trouble: SourceError | None = None
        try:
            while url and len(documents) < _PAGES:
                with _walled(url):
                    documents.append(get(url))
                # A witness may know more than a feed that did not change.
                unchanged = self._unchanged(source, documents) if not is_past and source.witness is None else None
                if unchanged is not None:
                    return _List(day=day, documents=tuple(documents), unchanged_since=unchanged)
                with _walled(url):
                    parsed = source.parse(documents[-1].content, url=url)
                pages.append(within_bounds(parsed, now=self.clock()))
                url = pages[-1].next_url
                if url in {d.url for d in documents}:
                    break
        except SourceError as error:
            if not any(p.records or p.rejected for p in pages):
                return _List(day=day, documents=tuple(documents), result=error)
            trouble = error
        joined = _joined(pages, url if trouble is None else None)
        if joined.rejected and not joined.records:
            # A format that changed must not look like a quiet day.
            of = f"its {len(joined.rejected):,} items" if len(joined.rejected) > 1 else "its only item"
            sentence = f"none of {of} could be read: {joined.rejected[0].reason} ({joined.rejected[0].excerpt})"
            return _List(day=day, documents=tuple(documents), result=SourceError(sentence, url=source.url_for(day)))
        read = _List(day=day, documents=tuple(documents), result=joined)
        if trouble is not None:
            read = replace(read, note=f"page {len(pages) + 1} could not be read: {trouble}", trouble=trouble)
        if is_past or trouble is not None:
            return _counted(read)
        return self._witnessed(source, read, moment, get)

    def _unchanged(self, source: Source, documents: Sequence[Document]) -> date | None:
        """The day of the stored list that the server says is unchanged; None if there is none."""
        first = len(documents) == 1 and documents[0].unchanged
        return self.store.last_list(source.name, documents[0]) if first else None

    def _witnessed(self, source: Source, read: _List, moment: datetime, get: Callable[[str], Document]) -> _List:
        """Ask the source's witness, if it has one, and fill in what the list lacks."""
        parsed = read.result
        if source.witness is None or not isinstance(parsed, Parsed):
            return _counted(read)
        shown: dict[PaperId, Record] = {}
        unheard = list(source.witness.urls(read.day))
        try:
            for url in tuple(unheard):
                with _walled(url):
                    census = source.witness.parse(get(url).content, url=url)
                if census.day == _named_after(source, read.day, moment):
                    unheard.remove(url)
                    shown_here = within_bounds(Parsed(records=census.records), now=self.clock())
                    for record in _news(shown_here.records):
                        shown[record.paper.id] = _newest(record, shown.get(record.paper.id))
        except SourceError as error:
            # The list stands as it is: what could not be asked proves nothing.
            self.progress(f"{source.name} is not compared with {source.witness.name}: {error}")
            read = replace(read, note=f"not compared with {source.witness.name}")
        return _counted(_filled(read, parsed, shown, source.witness.name, is_whole=not unheard))

    # -- writing down

    def _keep(self, source: Source, read: _List, today: date, now: datetime) -> None:
        """Store the result of reading one list; *now* is the moment of a run on its own day."""
        is_past = read.day != today
        if isinstance(read.result, NotYetError) and source.calendar.promises and not source.calendar.lists_on(read.day):
            # A day without a list needs no document that says so.
            read = replace(read, result=Parsed())
        if isinstance(read.result, SourceError):
            self._keep_failure(source, read, read.result, today, now)
            return
        if isinstance(read.result, Parsed):
            parsed = read.result
            self.store.save_reading(
                source.name,
                read.day,
                at=self.clock(),
                read_on=today,
                documents=read.documents,
                parsed=parsed,
                judge=lambda seen: _judge(source, read, parsed, seen, now, is_past=is_past),
                gap=read.gap,
                is_open=not is_past and source.calendar.lists_on(read.day) and source.calendar.is_open(read.day, now),
            )
        elif read.unchanged_since is not None:
            self.store.repeat_reading(
                source.name,
                read.day,
                of=read.unchanged_since,
                at=self.clock(),
                read_on=today,
                judge=lambda seen: _judge(source, read, Parsed(), seen, now, is_past=is_past),
            )

    def _remember(self, source: Source, lists: Sequence[_List], before: Backoff | None) -> None:
        """Store whether the source answers with errors. After its first error a run asks it nothing more."""
        answers = any(not isinstance(one.result, SourceError) for one in lists)
        error = next((one.refusal for one in lists if one.refusal), None)
        if error is not None:
            backoff = after_failure(
                None if answers else before,
                address=_address(source),
                error=str(error),
                is_gone=error.gone,
                retry_after=None if error.retry_after_s is None else timedelta(seconds=error.retry_after_s),
                now=self.clock(),
            )
            self.store.save_backoff(source.name, backoff)
        elif answers and before is not None:
            self.store.save_backoff(source.name, None)

    def _keep_failure(self, source: Source, read: _List, error: SourceError, today: date, now: datetime) -> None:
        state = SourceState.FAILED
        if isinstance(error, NotYetError):
            calendar = source.calendar
            overdue = calendar.is_overdue(read.day, now) if read.day == today else calendar.lists_on(read.day)
            state = SourceState.STALLED if overdue else SourceState.WAITING
        self.store.save_failure(
            source.name,
            read.day,
            at=self.clock(),
            read_on=today,
            state=state,
            error=str(error),
            documents=read.documents,
        )


def _walled(url: str) -> AbstractContextManager[None]:
    """A wall around a source's parser: a document that breaks its library fails that source, and no other."""
    return wall(lambda said: SourceError(f"cannot be read: {said}", url=url))


def _named_after(source: Source, day: date, moment: datetime) -> date:
    """The day a list carries in its name; not the reader's own where the source lives in another time zone."""
    is_dated = source.url_for(day) != source.url_for(day - timedelta(days=1))
    return day if is_dated or not source.calendar.promises else source.calendar.newest(moment)


def _brings_another(source: Source, day: date, moment: datetime) -> bool:
    """Whether a run at *moment* of *day* can find another list than one at the same hour of the day before."""
    before = timedelta(days=1)
    return _named_after(source, day, moment) != _named_after(source, day - before, moment - before)


def _overtaken(source: Source, readings: Mapping[date, PastReading], today: date, now: datetime) -> frozenset[date]:
    """The last day that was read, if by this hour a later list was out that day than the one read then; else empty.

    In Tokyo a run at seven finds the list of the day before, and one at three that of the day: if the one comes after
    the other, a list lies between them that neither finds.
    """
    read = [one for one in readings.values() if one.state.is_settled]
    if not read or (last := max(read, key=lambda one: one.day)).read_on >= today:
        return frozenset()
    had = _named_after(source, last.day, last.at - (last.read_on - last.day))
    return frozenset({last.day} if _named_after(source, last.day, now - (today - last.day)) > had else ())


def _as_seen_from_here(source: Source, today: date, now: datetime) -> Calendar:
    """The source's calendar, with each list on the day on which a run at this hour finds it.

    On a Monday morning in Tokyo it is Sunday in the east: Monday's list is found on Tuesday, and Friday's on Saturday.
    """
    calendar = source.calendar
    if not calendar.promises or source.url_for(today) != source.url_for(today - timedelta(days=1)):
        return calendar
    there = now.astimezone(calendar.zone)
    later = there.date() - today - timedelta(days=there.time() < calendar.out_at)
    return replace(
        calendar,
        weekdays=frozenset((day - later.days) % 7 for day in calendar.weekdays),
        holidays=frozenset(day - later for day in calendar.holidays),
    )


def _news(records: Iterable[Record]) -> Iterable[Record]:
    return (r for r in records if r.announcement is None or r.announcement.is_news)


def _newest(record: Record, other: Record | None) -> Record:
    """The record of the two that counts: what is new on one page and a cross-list on another is new."""
    if other is None:
        return record
    return replace(record, announcement=merge_announcements(record.announcement, other.announcement))


def _filled(read: _List, parsed: Parsed, shown: Mapping[PaperId, Record], witness: str, *, is_whole: bool) -> _List:
    """The list with the papers that only the witness shows, or the witness's own list in its place.

    It is replaced if the witness was read whole and shows less than half of its news: then the list is an earlier one.
    """
    known = {i for r in parsed.records for i in (r.paper.id, *r.paper.aliases)}
    more = tuple(record for i, record in shown.items() if i not in known)
    if not more:
        return read
    news = list(_news(parsed.records))
    stays = sum(not {r.paper.id, *r.paper.aliases}.isdisjoint(shown) for r in news)
    # One paper can stand on two lists in a row, where a second category lists it a day later.
    if is_whole and more and news and 2 * stays < len(news):
        note = f"read from {witness}, for it still shows an earlier list"
        return replace(read, result=replace(parsed, records=tuple(shown.values())), note=note)
    note = f"{len(more)} of them only on {witness}"
    return replace(read, result=replace(parsed, records=(*parsed.records, *more)), note=note)


def _joined(pages: Sequence[Parsed], unread: str | None) -> Parsed:
    """The pages of a list joined into one result."""
    reason = f"the list goes on after {_PAGES} pages"
    if len(pages) < _PAGES:
        reason = "the list leads back to a page that was read"
    left = [Rejected(reason=reason, excerpt=unread[:120])] if unread else []
    return Parsed(
        records=tuple(r for p in pages for r in p.records),
        rejected=(*(r for p in pages for r in p.rejected), *left),
        categories=pages[0].categories if pages else (),
        note=next((p.note for p in pages if p.note), None),
        expected=next((p.expected for p in pages if p.expected is not None), None),
    )


def _counted(read: _List) -> _List:
    """*read*, with the gap between the papers found and the number that the source gives."""
    if not isinstance(read.result, Parsed) or read.result.expected is None:
        return read
    records = read.result.records
    # What moves from one page to the next while they are read comes twice, and something else not at all.
    different = len({r.paper.id for r in records}) if len(read.documents) > 1 else len(records)
    found = different + len(read.result.rejected)
    return replace(read, gap=max(0, read.result.expected - found))


def _judge(source: Source, read: _List, parsed: Parsed, seen: Seen, now: datetime, *, is_past: bool) -> Verdict:
    if seen.unseen and not is_past and repeats_news(parsed.records, seen.unseen):
        seen = replace(seen, unseen=frozenset(), repeats=True)
    found = verdict(source.calendar, read.day, now, seen, is_past=is_past)
    if found.state is SourceState.STALLED and not _brings_another(source, read.day, now):
        # Nothing else was to come by the reader's clock.
        found = replace(found, state=SourceState.QUIET if is_past else SourceState.WAITING)
    if parsed.expected == 0 and source.calendar.closes_after:
        # It says itself that there is nothing; an empty feed says nothing.
        found = replace(found, state=SourceState.QUIET)
    stale = () if is_past else stale_categories(parsed.records, seen.unseen, parsed.categories)
    if stale and source.calendar.lists_on(read.day):
        said = f"{' and '.join(stale)} still {'shows' if len(stale) == 1 else 'show'} an earlier list"
        return replace(found, note=said, is_partial=True)
    note = read.note or parsed.note
    if note is None and seen.repeats and found.state is SourceState.QUIET and source.past_url(read.day) is not None:
        note = "the same list as before"
    if note is None and found.state is SourceState.QUIET:
        note = silence(source.calendar, read.day, seen)
    return replace(found, note=note, is_partial=read.trouble is not None)


def _address(source: Source) -> str:
    """The configured address of a source, the same on every day."""
    return without_password(source.url_for(date(2000, 1, 1)))


def _resting(backoff: Backoff) -> str:
    if backoff.is_gone or backoff.not_before is None:
        return backoff.error
    if " UTC" in backoff.error:  # it says until when by itself
        return backoff.error
    return f"{backoff.error}; not asked again before {backoff.not_before:%Y-%m-%d %H:%M} UTC"


def _progress(done: int, waiting: Sequence[str]) -> str:
    named = ", ".join(waiting[:3]) + (f" and {len(waiting) - 3} more" if len(waiting) > 3 else "")
    return f"reading {named}" if not done else f"{done} of {done + len(waiting)} sources read, waiting for {named}"
