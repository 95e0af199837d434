"""Personal issues: readers' picks, the papers of a day as they are printed, and the deliveries that go with them.

Picks and picked papers are written once and never changed. They are stored in one transaction with the deliveries and
the day that is covered by them, so that a run that dies loses no reader's issue and makes none twice; of two that make
it at once, the unique keys decide.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, or_, select, update

from digest.core.issues.personal import Pick, Picks
from digest.core.models import DeliveryState, Entry, NewDelivery, PaperId
from digest.core.subscribers.subscriber import SubscriberState
from digest.store import tables
from digest.store.database import Database, chunks, insert_ignored, upsert
from digest.store.serialize import dump, load

_d = tables.delivery.c
_issue = tables.issue.c
_n = tables.subscription.c
_picked = tables.picked.c
_picks = tables.picks.c
_s = tables.subscriber.c
_NOT_SHOWN: Final = (DeliveryState.SKIPPED, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One issue that was made for a subscription."""

    subscription: int
    date: date
    picks: int | None
    """The key of its picks; None where it is the edition's own issue, or where it is not shown."""
    at: datetime
    """When the delivery was made."""
    is_shown: bool
    """Whether the reader has it, or is to get it: not if it was given up, or refused by the reader's server."""


class PersonalIssues(Database):
    """The part of the store that keeps what readers get."""

    # -- drawing

    def picks(self, pk: int) -> Picks | None:
        """The picks with this key; None if there are none."""
        return self.picks_by_pk([pk]).get(pk)

    def picks_by_pk(self, pks: Collection[int]) -> dict[int, Picks]:
        """Key → picks, of those that exist."""
        found: dict[int, Picks] = {}
        with self._read() as connection:
            for some in chunks(sorted(pks)):
                rows = connection.execute(select(tables.picks).where(_picks.pk.in_(some)))
                found.update((row.pk, _load(row)) for row in rows)
        return found

    def picked(
        self, edition: str, day: date, language: str, *, ids: Collection[PaperId] | None = None
    ) -> dict[PaperId, Entry]:
        """The papers of a day's picks, as they are printed; with *ids*, only these.

        Reason and score are not among what is the same for all readers: they stand in the picks.
        """
        of_it = and_(_picked.edition == edition, _picked.date == day, _picked.language == language)
        query = select(_picked.paper_id, _picked.body).where(of_it)
        found: dict[PaperId, Entry] = {}
        with self._read() as connection:
            for some in [None] if ids is None else chunks(sorted(ids)):
                rows = connection.execute(query if some is None else query.where(_picked.paper_id.in_(some)))
                found.update((PaperId(row.paper_id), load(Entry, row.body)) for row in rows)
        return found

    # -- choosing

    def profiles_with_picks(self, edition: str, day: date, profiles: Collection[str]) -> frozenset[str]:
        """Those of *profiles* for which picks of that day are stored."""
        found: set[str] = set()
        with self._read() as connection:
            for some in chunks(sorted(profiles)):
                found.update(connection.scalars(select(_picks.profile).where(_of_profiles(edition, day, some))))
        return frozenset(found)

    def received_by(self, subscriptions: Collection[int], *, edition: str, since: date, before: date) -> list[Received]:
        """What was made for *subscriptions* of an edition, of days from *since* until before *before*."""
        query = select(_d.subscription_pk, _d.date, _d.picks_pk, _d.queued_at, _d.state)
        in_span = and_(_d.date >= since, _d.date < before, _d.edition == edition)
        found: list[Received] = []
        with self._read() as connection:
            for some in chunks(sorted(subscriptions)):
                rows = connection.execute(query.where(_d.subscription_pk.in_(some), in_span).order_by(_d.date, _d.id))
                found += [
                    Received(
                        subscription=row.subscription_pk,
                        date=row.date,
                        picks=row.picks_pk,
                        at=row.queued_at,
                        is_shown=row.state not in _NOT_SHOWN,
                    )
                    for row in rows
                ]
        return found

    def recipients_among(self, edition: str, day: date, recipients: Collection[str]) -> frozenset[str]:
        """Those of *recipients* that have a delivery of an issue."""
        with self._read() as connection:
            return frozenset(_recipients(connection, edition, day, recipients))

    # -- which issues are whole

    def issues_built(self, edition: str, *, since: date, until: date) -> dict[date, tuple[datetime, int]]:
        """Day → when the edition's issue was built, and its number of entries; of the days in the span."""
        query = select(_issue.date, _issue.built_at, _issue.entries)
        with self._read() as connection:
            rows = connection.execute(query.where(_issue.edition == edition, _issue.date.between(since, until)))
            return {row.date: (row.built_at, row.entries) for row in rows}

    def without_readers(self, edition: str, *, since: date, until: date) -> tuple[date, ...]:
        """The days in the span whose issue is stored, but not yet all that readers get of it; sorted."""
        query = select(_issue.date).where(
            _issue.edition == edition, _issue.date.between(since, until), _issue.readers_at.is_(None)
        )
        with self._read() as connection:
            return tuple(connection.scalars(query.order_by(_issue.date)))

    def finish_readers(self, edition: str, day: date, *, built_at: datetime, at: datetime) -> None:
        """Write down that all readers' issues of a day are made, unless the edition's was built anew meanwhile."""
        it = and_(_issue.edition == edition, _issue.date == day, _issue.built_at == built_at)
        with self._write() as connection:
            connection.execute(update(tables.issue).where(it).values(readers_at=at))

    # -- writing

    def save_readers(
        self,
        edition: str,
        day: date,
        deliveries: Sequence[NewDelivery],
        *,
        picks: Mapping[str, Picks],
        entries: Mapping[str, Mapping[PaperId, Entry]],
        at: datetime,
    ) -> tuple[NewDelivery, ...]:
        """Store deliveries to readers with their picks, in one transaction; those that were stored.

        Left out is a reader who stopped, paused or changed the address meanwhile, and one whose issue of that day
        another process has made.

        Args:
            deliveries: Each names its subscription.
            picks: By profile; for profiles that the store has picks of, none is needed.
            entries: Language → the papers that the picks name, those that are stored already may be left out.
        """
        with self._write("issue", "subscribers") as connection:
            kept = still_wanted(connection, deliveries)
            wanted = {d.profile for d in kept if d.profile}
            new = [picks[profile] for profile in sorted(wanted & picks.keys())]
            _save_picked(connection, edition, day, new, entries)
            insert_ignored(connection, tables.picks, [_row(one) for one in new], ("edition", "date", "profile"))
            pks = {
                row.profile: row.pk
                for some in chunks(sorted(wanted))
                for row in connection.execute(select(_picks.profile, _picks.pk).where(_of_profiles(edition, day, some)))
            }
            there = _recipients(connection, edition, day, [d.recipient for d in kept])
            stored = [d for d in kept if d.recipient not in there]
            insert_deliveries(connection, edition, day, stored, picks=pks, at=at)
        return tuple(stored)


def insert_deliveries(
    connection: Connection,
    edition: str,
    day: date,
    deliveries: Sequence[NewDelivery],
    *,
    at: datetime,
    picks: Mapping[str, int] | None = None,
) -> None:
    """Insert deliveries, and write down the days that are covered by them.

    Args:
        picks: Profile → key of its picks.
    """
    if not deliveries:
        return
    rows = [
        {
            "edition": edition,
            "date": day,
            "recipient": d.recipient,
            "state": d.state,
            "message_id": d.message_id,
            # The mail is dated so, on each attempt: for a reader in another zone by their morning.
            "queued_at": max(at, d.due_at or at),
            "attempts": 0,
            "error": d.error,
            "claimed_at": at if d.state is DeliveryState.SENT else None,
            "channel": d.channel,
            "subscription_pk": d.subscription,
            "picks_pk": (picks or {})[d.profile] if d.profile else None,
            "due_at": d.due_at,
        }
        for d in deliveries
    ]
    connection.execute(insert(tables.delivery), rows)
    for d in deliveries:
        if d.subscription is not None and d.covers_until is not None:
            earlier = or_(_n.covered_until.is_(None), _n.covered_until < d.covers_until)
            covered = update(tables.subscription).where(_n.pk == d.subscription, earlier)
            connection.execute(covered.values(covered_until=d.covers_until))


def still_wanted(
    connection: Connection, deliveries: Iterable[NewDelivery], *, is_first: bool = True
) -> list[NewDelivery]:
    """Those of *deliveries* whose subscription is active, not paused, and at the same address; and those without one.

    Args:
        is_first: Whether one is left out, too, whose reader was served since they were found to be due.
    """
    given = list(deliveries)
    found: dict[int, Any] = {}
    query = select(_n.pk, _n.covered_until, _n.paused_until, _s.address).join_from(
        tables.subscription, tables.subscriber
    )
    active = and_(_n.stopped_at.is_(None), _n.confirmed_at.is_not(None), _s.state == SubscriberState.CONFIRMED)
    for some in chunks(d.subscription for d in given if d.subscription is not None):
        found.update((row.pk, row) for row in connection.execute(query.where(_n.pk.in_(some), active)))
    kept = []
    for d in given:
        row = None if d.subscription is None else found.get(d.subscription)
        if d.subscription is None or (row is not None and _is_wanted(d, row, is_first=is_first)):
            kept.append(d)
    return kept


def _is_wanted(delivery: NewDelivery, row: Any, *, is_first: bool) -> bool:
    if row.address != delivery.recipient or (is_first and row.covered_until != delivery.covered_before):
        return False
    until = delivery.covers_until
    return row.paused_until is None or until is None or row.paused_until <= until


def _recipients(connection: Connection, edition: str, day: date, recipients: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(recipients):
        query = select(_d.recipient).where(_d.edition == edition, _d.date == day, _d.recipient.in_(some))
        found.update(connection.scalars(query))
    return found


def _save_picked(
    connection: Connection,
    edition: str,
    day: date,
    picks: Iterable[Picks],
    entries: Mapping[str, Mapping[PaperId, Entry]],
) -> None:
    wanted = {(one.language, paper) for one in picks for paper in one.papers}
    for language in sorted({language for language, _ in wanted}):
        there: set[str] = set()
        ids = sorted(paper for of, paper in wanted if of == language)
        for some in chunks(ids):
            query = select(_picked.paper_id).where(
                _picked.edition == edition,
                _picked.date == day,
                _picked.language == language,
                _picked.paper_id.in_(some),
            )
            there.update(connection.scalars(query))
        rows = [
            {
                "edition": edition,
                "date": day,
                "language": language,
                "paper_id": paper,
                "body": dump(entries[language][paper]),
            }
            for paper in ids
            if paper not in there
        ]
        upsert(connection, tables.picked, rows)


def _of_profiles(edition: str, day: date, profiles: Collection[str]) -> Any:
    return and_(_picks.edition == edition, _picks.date == day, _picks.profile.in_(profiles))


def _row(picks: Picks) -> dict[str, Any]:
    place = {paper: n for n, paper in enumerate(picks.papers)}
    body = {
        "since": picks.covers_since.isoformat(),
        "considered": picks.considered,
        "leads": [place[paper] for paper in picks.leads],
        "picks": [[p.paper, p.reason, p.score, p.interests, int(p.is_off)] for p in picks.picks],
    }
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "edition": picks.edition,
        "date": picks.day,
        "profile": picks.profile,
        "language": picks.language,
        "papers": len(picks.picks),
        "body": zlib.compress(content),
    }


def _load(row: Any) -> Picks:
    body = json.loads(zlib.decompress(row.body))
    chosen = tuple(
        Pick(paper=PaperId(paper), reason=reason, score=score, interests=tuple(interests), is_off=bool(is_off))
        for paper, reason, score, interests, is_off in body["picks"]
    )
    return Picks(
        pk=row.pk,
        edition=row.edition,
        day=row.date,
        language=row.language,
        profile=row.profile,
        picks=chosen,
        leads=tuple(chosen[n].paper for n in body["leads"]),
        covers_since=date.fromisoformat(body["since"]),
        considered=body["considered"],
    )
