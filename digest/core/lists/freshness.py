"""Decide the state of a source's list (fresh, waiting, quiet, stalled, failed), and which days' lists to read.

    a calendar + what was seen before ──► verdict()     one of the five states
    a calendar + the readings so far  ──► due_days()    today's list, days that were missed, lists that grow
    failures so far                   ──► after_failure() when a server that answers with errors is asked again

Freshness is decided by ids, never by a feed's dates: arXiv's feed can carry yesterday's list under today's date, and
journals rewrite their dates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from digest.core.lists.calendar import Calendar
from digest.core.models import Announcement, PaperId, Record, SourceState

CATCH_UP: Final = timedelta(days=31)
"""How far back the list of a missed day is read; an edition looks no further back for papers either."""
_RECENT: Final = timedelta(days=7)
"""How long an unpromised list is looked for after its day, and a promised list is named as missing."""
FIRST_WAIT: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(hours=24)
_ENOUGH_DAYS: Final = 5
"""Days with new papers that are needed to know how often a source brings some."""
_LONG_SILENCE: Final = 14
"""Days without new papers that are never remarked on."""
_SEVERAL: Final = 2
"""Papers of a category that must all be known before it is said to repeat its last list; one may be chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A list compared with the papers known before: how many are new, and whether it repeats an earlier list."""

    listed: int
    """Number of papers in the list, duplicates joined."""
    unseen: frozenset[PaperId]
    """Canonical ids of the papers that no earlier day's list of any source had."""
    repeats: bool
    """Whether the list is not empty and all its papers were in the same source's newest earlier list."""
    fresh_on: tuple[date, ...] = ()
    """The days of the last half year on which the source had something new, this one included; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of a list that could be read, with a remark."""

    state: SourceState
    note: str | None = None
    """A remark on the list, as a clause: "cs.AI still shows an earlier list". None if there is none."""
    is_partial: bool = False
    """Whether part of it is an earlier list, so that the source is asked again today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReading:
    """The stored state of the reading of one source's list of one day."""

    day: date
    at: datetime
    """When it was last read."""
    read_on: date
    """The day of the run that read it last."""
    state: SourceState
    listed: int = 0
    unseen: int = 0
    gap: int = 0
    is_partial: bool = False
    """Whether part of the list could not be read, or was an earlier list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The backoff of a source that answers with errors: how often it failed, and until when it is left alone."""

    address: str
    """The source's address as configured; the backoff ends when the address is changed."""
    failures: int
    """Number of failures in a row."""
    not_before: datetime | None
    """When the source may be asked again; None: now."""
    is_gone: bool
    """The server said 410: it is not asked again at this address."""
    error: str

    def rests(self, now: datetime) -> bool:
        """Whether the source must not be asked at *now*."""
        # A pause is a day at most: what lies further ahead was written by a clock that was wrong.
        return self.is_gone or (self.not_before is not None and now < self.not_before <= now + LONGEST_WAIT)


def verdict(calendar: Calendar, day: date, now: datetime, seen: Seen, *, is_past: bool) -> Verdict:
    """Return the state of a list that could be read.

    Args:
        day: The list's; today's or, with *is_past*, of a day that is over.
        now: The moment of the run.
    """
    if seen.unseen:
        return Verdict(state=SourceState.FRESH)
    if not calendar.lists_on(day):
        return Verdict(state=SourceState.QUIET)
    overdue = is_past or calendar.is_overdue(day, now)
    if seen.repeats:
        return Verdict(state=SourceState.STALLED if overdue else SourceState.WAITING)
    if not seen.listed and not overdue:
        return Verdict(state=SourceState.WAITING)
    # An empty list of a day that is over is the answer; nothing but replacements, or papers another source had first.
    return Verdict(state=SourceState.QUIET if is_past or seen.listed else SourceState.STALLED)


def silence(calendar: Calendar, day: date, seen: Seen) -> str | None:
    """Return a remark on a source without a calendar that has been silent for longer than ever before; else None.

    A feed can die without an error: it is there, it can be read, and nothing comes any more.
    """
    if calendar.promises or len(seen.fresh_on) < _ENOUGH_DAYS:
        return None
    silent = (day - seen.fresh_on[-1]).days
    longest = max((b - a).days for a, b in pairwise(seen.fresh_on))
    if silent <= max(_LONG_SILENCE, 2 * longest):
        return None
    return f"silent for {silent} days, its longest pause before was {longest}"


def repeats_news(records: Iterable[Record], unseen: Collection[PaperId]) -> bool:
    """Whether all papers that a list announces as new are known, so that it is an earlier list.

    Cross-listed papers do not count: if the earlier list was missed and filled in from elsewhere, they may be unknown.
    """
    news = [record.paper for record in records if record.announcement is Announcement.NEW]
    return len(news) >= _SEVERAL and not any(i in unseen for paper in news for i in (paper.id, *paper.aliases))


def stale_categories(
    records: Iterable[Record], unseen: Collection[PaperId], categories: Sequence[str]
) -> tuple[str, ...]:
    """Return the *categories* whose new papers are all known, while other categories bring unknown ones.

    One address of arXiv can hold several lists, and one of them may still be the last one. A paper that stands on two
    of them proves nothing, for it came with either.
    """
    own: dict[str, list[bool]] = {}
    asked = set(categories)
    for record in records:
        if record.announcement is Announcement.NEW and len(asked.intersection(record.paper.categories)) == 1:
            ids = (record.paper.id, *record.paper.aliases)
            own.setdefault(record.paper.categories[0], []).append(any(i in unseen for i in ids))
    fresh = {category for category, news in own.items() if any(news)}
    if not fresh:
        return ()
    return tuple(c for c in categories if len(own.get(c, ())) >= _SEVERAL and c not in fresh)


def due_days(
    calendar: Calendar, rereads: Sequence[int], readings: Mapping[date, PastReading], today: date
) -> tuple[date, ...]:
    """Return the days before *today* whose lists are to be read now, oldest first, for a source with past lists.

    Args:
        readings: The readings so far, by day. No day before the first of them is returned.
    """
    return tuple(d for d in _days(readings, today) if _is_due(calendar, rereads, readings.get(d), d, today))


def missing_days(calendar: Calendar, readings: Mapping[date, PastReading], today: date) -> tuple[date, ...]:
    """Return the days of the last week whose lists should be out and were never read, oldest first."""
    recent = (d for d in _days(readings, today) if d >= today - _RECENT and calendar.lists_on(d))
    return tuple(d for d in recent if d not in readings or not readings[d].state.is_settled)


def _days(readings: Mapping[date, PastReading], today: date) -> Iterable[date]:
    first = max(min(readings, default=today), today - CATCH_UP)
    return (first + timedelta(days=n) for n in range((today - first).days))


def _is_due(calendar: Calendar, rereads: Sequence[int], reading: PastReading | None, day: date, today: date) -> bool:
    is_recent = calendar.promises or day >= today - _RECENT
    may_list = is_recent and (calendar.lists_on(day) or not calendar.promises)
    if reading is None:
        return may_list
    if reading.read_on >= today:
        return False
    if not reading.state.is_settled:
        return may_list
    if reading.is_partial:
        return is_recent
    ages = set(rereads)
    # A list that could not be found may have come since, and an earlier list may have been replaced by that of the day.
    if reading.gap or (may_list and reading.state is SourceState.QUIET and reading.listed):
        ages.add(1)
    return any(reading.read_on < day + timedelta(days=age) <= today for age in ages)


def after_failure(
    before: Backoff | None,
    *,
    address: str,
    error: str,
    is_gone: bool,
    retry_after: timedelta | None,
    now: datetime,
) -> Backoff:
    """Return the backoff after an error: a pause doubled at each failure, or a longer `Retry-After`; a day at most.
    The first failure causes no pause, so that a person who repairs the source can see at once that it works.
    """
    failures = (before.failures if before else 0) + 1
    own = FIRST_WAIT * 2 ** min(failures - 2, 10) if failures > 1 else timedelta()
    wait = min(LONGEST_WAIT, max(own, retry_after or timedelta()))
    return Backoff(
        address=address,
        failures=failures,
        not_before=now + wait if wait else None,
        is_gone=is_gone,
        error=error,
    )
