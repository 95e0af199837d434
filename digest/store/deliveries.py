"""The outbox: one delivery for each issue and recipient, claimed by one owner at a time.

                                       ┌──────────► failed
    due ──claim──► sending ──► dot ────┼──────────► sent
     ▲ │              │         │      │
     │ └► skipped     │         └─ died ──────────► unknown
     └──── died ──────┘

A claim names its owner and holds as long as the owner's heartbeat is renewed (`leases.py`). Mails are claimed in
chunks, and each goes to `dot` by itself, where its claim must still hold. So an owner that was only slow, and whose
claim was taken meanwhile, is stopped before the final dot, and the mail goes out once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update

from digest.core.errors import ClaimLostError, NotFoundError
from digest.core.models import Delivery, DeliveryState
from digest.store import tables
from digest.store.database import AnyRow, chunks
from digest.store.leases import Leases

_IN_HAND: Final = (DeliveryState.SENDING, DeliveryState.DOT)
ON_THEIR_WAY: Final = (DeliveryState.DUE, *_IN_HAND)
_DIED_AT_DOT: Final = "a run ended while the mail was being taken: it may have been delivered, so it is not sent again"
_d = tables.delivery.c


class Deliveries(Leases):
    """The part of the store that the stage `deliver` talks to."""

    def deliveries(
        self, edition: str, day: date, *, states: Collection[DeliveryState] = tuple(DeliveryState)
    ) -> tuple[Delivery, ...]:
        """The deliveries of an issue that are in one of *states*, sorted by id."""
        query = select(tables.delivery).where(_of(edition, day), _d.state.in_(states)).order_by(_d.id)
        with self._read() as connection:
            return tuple(delivery_of(row) for row in connection.execute(query))

    def count_deliveries(self, edition: str, *, since: date, until: date) -> dict[DeliveryState, int]:
        """State → number of deliveries of the edition's issues *since* … *until*; states without any are left out."""
        query = (
            select(_d.state, func.count().label("number"))
            .where(_d.edition == edition, _d.date.between(since, until))
            .group_by(_d.state)
        )
        with self._read() as connection:
            return {DeliveryState(row.state): row.number for row in connection.execute(query)}

    def sent_at(self, edition: str, day: date, n: int) -> datetime | None:
        """When the *n*-th mail of an issue was sent, counted from 1; None if fewer were."""
        if n < 1:
            return None
        query = (
            select(_d.claimed_at)
            .where(_of(edition, day), _d.state == DeliveryState.SENT)
            .order_by(_d.claimed_at)
            .offset(n - 1)
            .limit(1)
        )
        with self._read() as connection:
            found: datetime | None = connection.scalar(query)
            return found

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]:
        """The days of the edition's issues that have deliveries on their way (due, sending or at the dot), sorted."""
        query = select(_d.date).where(_d.edition == edition, _d.date.between(since, until), _d.state.in_(ON_THEIR_WAY))
        with self._read() as connection:
            return tuple(sorted(connection.scalars(query.distinct())))

    def claim_deliveries(
        self, edition: str, day: date, *, limit: int, ids: Collection[int] | None = None
    ) -> tuple[Delivery, ...]:
        """Claim the next deliveries that are due, or were left at `sending` by a dead owner, and mark them `sending`.

        At most *limit*; empty if none is left. Those tried least often come first, so that addresses which are never
        accepted don't hold up the others. An attempt that was not finished is not counted. Processes that claim at the
        same time get different deliveries.
        """
        # Two queries, each in the order of the index, for a sort of all that is due would be made for every few mails.
        these = _of(edition, day) if ids is None else and_(_of(edition, day), _d.id.in_(ids))
        due = and_(these, _d.state == DeliveryState.DUE)
        with self._write() as connection:
            self._keep_alive(connection)
            # Only now: by a moment before the wait for the database all heartbeats since would lie too far ahead.
            left = and_(these, _d.state == DeliveryState.SENDING, ~self._is_live(_d.claimed_by))
            free = [
                row
                for which in (due, left)
                for row in connection.execute(
                    select(tables.delivery)
                    .where(which)
                    .order_by(_d.attempts, _d.id)
                    .limit(limit)
                    .with_for_update(skip_locked=True, of=tables.delivery)
                )
            ]
            free.sort(key=lambda row: (row.attempts - (row.state == DeliveryState.SENDING), row.id))
            claimed = [row.id for row in free[:limit]]
            claim = {"state": DeliveryState.SENDING, "claimed_by": self.owner, "claimed_at": self._clock()}
            for some in chunks(claimed):
                connection.execute(
                    update(tables.delivery).where(_d.id.in_(some)).values(attempts=_d.attempts + 1, **claim)
                )
            rows = {
                row.id: row
                for some in chunks(claimed)
                for row in connection.execute(select(tables.delivery).where(_d.id.in_(some)))
            }
        return tuple(delivery_of(rows[i]) for i in claimed)

    def due_deliveries(self, edition: str, day: date) -> tuple[int, ...]:
        """The ids of an issue's deliveries that are due or were left at `sending`, in the order they are sent in."""
        waiting = (DeliveryState.DUE, DeliveryState.SENDING)
        query = select(_d.id).where(_of(edition, day), _d.state.in_(waiting)).order_by(_d.attempts, _d.id)
        with self._read() as connection:
            return tuple(connection.scalars(query))

    def return_deliveries(self, ids: Sequence[int]) -> None:
        """Give claimed deliveries back, due as before; those that are not ours or not at `sending` are left alone."""
        mine = and_(_d.state == DeliveryState.SENDING, _d.claimed_by == self.owner)
        back = {"state": DeliveryState.DUE, "attempts": _d.attempts - 1, "claimed_by": None, "claimed_at": None}
        with self._write() as connection:
            for some in chunks(ids):
                connection.execute(update(tables.delivery).where(_d.id.in_(some), mine).values(back))

    def mark_delivery(self, delivery_id: int, state: DeliveryState, *, error: str | None = None) -> None:
        """Write a delivery's new state down.

        What became of a mail is written down unless another owner has claimed it since. For `dot` the claim of this
        store must hold: one that has run out, and that no other owner took, is renewed first.

        Raises:
            ClaimLostError: Another owner has claimed it; for `dot` also if nobody has. The mail must not go out.
            NotFoundError: There is no such delivery.
        """
        mine = _d.claimed_by == self.owner
        is_at_dot = state is DeliveryState.DOT
        # Whoever claimed it last says what became of it: one who claimed it after us may have sent it.
        allowed = and_(_d.state == DeliveryState.SENDING, mine) if is_at_dot else or_(_d.claimed_by.is_(None), mine)
        values: dict[str, Any] = {"state": state, "error": error}
        if state in _IN_HAND:
            values |= {"claimed_by": self.owner, "claimed_at": self._clock()}
        elif state is DeliveryState.SENT:
            values |= {"claimed_at": self._clock()}  # when it went out, for whoever asks
        with self._write() as connection:
            if is_at_dot and not connection.scalar(select(self._is_live(literal(self.owner)))):
                self._keep_alive(connection)
            changed = connection.execute(update(tables.delivery).where(_d.id == delivery_id, allowed).values(values))
            if changed.rowcount == 1:
                return
            if connection.scalar(select(_d.id).where(_d.id == delivery_id)) is None:
                raise NotFoundError(f"there is no delivery {delivery_id}")
        raise ClaimLostError(f"delivery {delivery_id} is in the hands of another process, which will finish it")

    def doubt_deliveries(self, edition: str, day: date) -> int:
        """Turn deliveries that dead owners left at `dot` into `unknown`; returns how many there were."""
        with self._write("issue") as connection:
            left = and_(_of(edition, day), _d.state == DeliveryState.DOT, ~self._is_live(_d.claimed_by))
            doubt = update(tables.delivery).where(left).values(state=DeliveryState.UNKNOWN, error=_DIED_AT_DOT)
            return connection.execute(doubt).rowcount

    def skip_deliveries(self, edition: str, *, before: date | None, reason: str) -> Mapping[date, int]:
        """Give up deliveries on their way of issues before *before* (None: of all days), but none that others claimed.

        They become `skipped`; those that may have been delivered become `unknown` instead.

        Returns:
            How many were given up, by the day of their issue, sorted.
        """
        of_it = _d.edition == edition if before is None else and_(_d.edition == edition, _d.date < before)
        skipped = {}
        with self._write("issue") as connection:
            is_left = ~self._is_live(_d.claimed_by)
            at_dot = and_(of_it, _d.state == DeliveryState.DOT, is_left)
            idle = or_(_d.state == DeliveryState.DUE, and_(_d.state == DeliveryState.SENDING, is_left))
            days = sorted(connection.scalars(select(_d.date).where(of_it, _d.state.in_(ON_THEIR_WAY)).distinct()))
            if days:
                doubt = {"state": DeliveryState.UNKNOWN, "error": _DIED_AT_DOT}
                connection.execute(update(tables.delivery).where(at_dot).values(doubt))
            for day in days:
                given_up = update(tables.delivery).where(_of(edition, day), idle)
                if n := connection.execute(given_up.values(state=DeliveryState.SKIPPED, error=reason)).rowcount:
                    skipped[day] = n
        return skipped

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
        error: str | None = None,
    ) -> tuple[Delivery, ...]:
        """Make deliveries in one of *states* due again; as they were before, sorted by id.

        Args:
            recipients: Only of these, whatever their case; none: of all.
            error: Only those with this one.
        """
        query = select(tables.delivery).where(
            _d.edition == edition, _d.date.between(since, until), _d.state.in_(states)
        )
        if error is not None:
            query = query.where(_d.error == error)
        wanted = {r.lower() for r in recipients}
        with self._write("issue") as connection:
            rows = connection.execute(query.order_by(_d.id).with_for_update()).all()
            # Not in SQL: SQLite knows the small letters of ASCII alone.
            chosen = [row for row in rows if not wanted or row.recipient.lower() in wanted]
            for some in chunks(row.id for row in chosen):
                again = update(tables.delivery).where(_d.id.in_(some)).values(state=DeliveryState.DUE, error=None)
                connection.execute(again)
        return tuple(map(delivery_of, chosen))

    def editions_on_their_way(self) -> tuple[str, ...]:
        """Names of editions that have deliveries on their way, sorted."""
        with self._read() as connection:
            names = connection.scalars(select(_d.edition).where(_d.state.in_(ON_THEIR_WAY)).distinct())
            return tuple(sorted(names))

    def deliveries_in(self, states: Collection[DeliveryState]) -> tuple[Delivery, ...]:
        """All deliveries in one of *states*, the newest issue's first, and by recipient."""
        query = select(tables.delivery).where(_d.state.in_(states))
        with self._read() as connection:
            found = [delivery_of(row) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda d: (-d.date.toordinal(), d.edition, d.recipient)))


def _of(edition: str, day: date) -> ColumnElement[bool]:
    return and_(_d.edition == edition, _d.date == day)


def delivery_of(row: AnyRow) -> Delivery:
    """The delivery in a row of its table."""
    return Delivery(
        id=row.id,
        edition=row.edition,
        date=row.date,
        recipient=row.recipient,
        state=DeliveryState(row.state),
        message_id=row.message_id,
        queued_at=row.queued_at,
        attempts=row.attempts,
        error=row.error,
        sent_at=row.claimed_at if row.state == DeliveryState.SENT else None,
        channel=row.channel,
        subscription=row.subscription_pk,
        picks=row.picks_pk,
        due_at=row.due_at,
    )
