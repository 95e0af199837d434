"""The outbox: one row for each issue and recipient, taken by one process at a time.

                                       ┌──────────► failed
    due ──claim──► sending ──► dot ────┼──────────► sent
     ▲ │              │         │      │
     │ └► skipped     │         └─ died ──────────► unknown
     └──── died ──────┘

A claim names the process that made it. It is void when that process is gone, which can be asked on the same machine,
or when it is older than `LEASE`, for one on another machine. A process that was only slow, and comes back to find its
claim taken, is stopped before the final dot: so the mail goes out once.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, and_, or_, select, update

from digest.core.errors import NotFoundError, StoreError
from digest.core.models import Delivery, DeliveryState
from digest.core.ports import Clock
from digest.store import tables
from digest.store.database import AnyRow, Database

LEASE: Final = timedelta(minutes=15)
"""More than the ten minutes that a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)."""

_IN_HAND: Final = (DeliveryState.SENDING, DeliveryState.DOT)
ON_THEIR_WAY: Final = (DeliveryState.DUE, *_IN_HAND)
_DIED_AT_DOT: Final = "a run ended while the mail was being taken: it may have been delivered, so it is not sent again"
_d = tables.delivery.c

_open_claimants: set[str] = set()
"""The stores this process has open; what a closed one left behind is abandoned."""


class Deliveries(Database):
    """The part of the store that the stage `deliver` talks to."""

    def __init__(self, engine: Engine, *, clock: Clock, lease: timedelta | None = None) -> None:
        super().__init__(engine, clock=clock, lease=lease)
        self._claimant = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        _open_claimants.add(self._claimant)

    def close(self) -> None:
        """Let go of all connections, and of the deliveries in hand."""
        _open_claimants.discard(self._claimant)
        super().close()

    def deliveries(self, edition: str, day: date) -> tuple[Delivery, ...]:
        """All deliveries of an issue, sorted by id."""
        query = select(tables.delivery).where(_of(edition, day)).order_by(_d.id)
        with self._read() as connection:
            return tuple(_delivery(row) for row in connection.execute(query))

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]:
        """Days of the edition's issues that have deliveries on their way: due, sending or at the dot; sorted."""
        query = select(_d.date).where(_d.edition == edition, _d.date.between(since, until), _d.state.in_(ON_THEIR_WAY))
        with self._read() as connection:
            return tuple(sorted(set(connection.scalars(query))))

    def claim_delivery(self, edition: str, day: date) -> Delivery | None:
        """Take the next delivery that is due, or was left at `sending` by a dead process, and mark it `sending`.

        Those tried least often come first: a few addresses that are never taken keep nobody waiting behind them. A try
        that did not come to its end is none.
        """
        with self._write() as connection:
            due = connection.execute(
                select(tables.delivery)
                .where(_of(edition, day), _d.state == DeliveryState.DUE)
                .order_by(_d.attempts, _d.id)
                .limit(1)
            ).one_or_none()
            sending = connection.execute(
                select(tables.delivery).where(_of(edition, day), _d.state == DeliveryState.SENDING)
            )
            free = [row for row in sending if self._is_abandoned(row)]
            if due is not None:
                free.append(due)
            if not free:
                return None
            row = min(free, key=lambda r: (r.attempts - (r.state == DeliveryState.SENDING), r.id))
            claim = {"state": DeliveryState.SENDING, "claimed_by": self._claimant, "claimed_at": self._clock()}
            connection.execute(
                update(tables.delivery).where(_d.id == row.id).values(attempts=row.attempts + 1, **claim)
            )
            return _delivery(connection.execute(select(tables.delivery).where(_d.id == row.id)).one())

    def mark_delivery(self, delivery_id: int, state: DeliveryState, *, error: str | None = None) -> None:
        """Write a delivery's new state down.

        Raises:
            StoreError: Another process has it in hand; for `dot` also if nobody has. The mail must not go out.
            NotFoundError: There is no such delivery.
        """
        mine = _d.claimed_by == self._claimant
        if state is DeliveryState.DOT:
            allowed = and_(_d.state == DeliveryState.SENDING, mine)
        else:
            allowed = or_(_d.state.not_in(_IN_HAND), mine)
        values: dict[str, Any] = {"state": state, "error": error}
        if state in _IN_HAND:
            values |= {"claimed_by": self._claimant, "claimed_at": self._clock()}
        elif state is DeliveryState.SENT:
            values |= {"claimed_at": self._clock()}  # when it went out, for whoever asks
        with self._write() as connection:
            changed = connection.execute(update(tables.delivery).where(_d.id == delivery_id, allowed).values(values))
            if changed.rowcount == 1:
                return
            if connection.scalar(select(_d.id).where(_d.id == delivery_id)) is None:
                raise NotFoundError(f"there is no delivery {delivery_id}")
        raise StoreError(f"delivery {delivery_id} is in the hands of another process, which will finish it")

    def doubt_deliveries(self, edition: str, day: date) -> int:
        """Turn deliveries left at `dot` by a dead process into `unknown`; how many there were."""
        with self._write() as connection:
            at_dot = connection.execute(select(tables.delivery).where(_of(edition, day), _d.state == DeliveryState.DOT))
            abandoned = [row.id for row in at_dot if self._is_abandoned(row)]
            for delivery_id in abandoned:
                connection.execute(
                    update(tables.delivery)
                    .where(_d.id == delivery_id)
                    .values(state=DeliveryState.UNKNOWN, error=_DIED_AT_DOT)
                )
        return len(abandoned)

    def skip_deliveries(self, edition: str, *, before: date | None, reason: str) -> tuple[Delivery, ...]:
        """Give up what is on its way and of a day before *before*, or all of it, but for what others have in hand.

        What comes back is what was given up, sorted by id. What may have been delivered becomes `unknown` instead.
        """
        query = select(tables.delivery).where(_d.edition == edition, _d.state.in_(ON_THEIR_WAY)).order_by(_d.id)
        if before is not None:
            query = query.where(_d.date < before)
        skipped = []
        with self._write() as connection:
            for row in connection.execute(query).all():
                if row.state != DeliveryState.DUE and not self._is_abandoned(row):
                    continue
                values = {"state": DeliveryState.SKIPPED, "error": reason}
                if row.state == DeliveryState.DOT:
                    values = {"state": DeliveryState.UNKNOWN, "error": _DIED_AT_DOT}
                else:
                    skipped.append(_delivery(row))
                connection.execute(update(tables.delivery).where(_d.id == row.id).values(values))
        return tuple(skipped)

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
            recipients: Only of these, however they write their capitals; none: of all.
            error: Only those with this one.
        """
        query = select(tables.delivery).where(
            _d.edition == edition, _d.date.between(since, until), _d.state.in_(states)
        )
        if error is not None:
            query = query.where(_d.error == error)
        wanted = {r.lower() for r in recipients}
        with self._write() as connection:
            rows = connection.execute(query.order_by(_d.id)).all()
            chosen = [row for row in rows if not wanted or row.recipient.lower() in wanted]
            for row in chosen:
                again = update(tables.delivery).where(_d.id == row.id).values(state=DeliveryState.DUE, error=None)
                connection.execute(again)
        return tuple(map(_delivery, chosen))

    def editions_on_their_way(self) -> tuple[str, ...]:
        """Names of editions that have deliveries on their way, sorted."""
        with self._read() as connection:
            names = connection.scalars(select(_d.edition).where(_d.state.in_(ON_THEIR_WAY)).distinct())
            return tuple(sorted(names))

    def deliveries_in(self, states: Collection[DeliveryState]) -> tuple[Delivery, ...]:
        """All deliveries in one of *states*, the newest issue's first, and by recipient."""
        query = select(tables.delivery).where(_d.state.in_(states))
        with self._read() as connection:
            found = [_delivery(row) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda d: (-d.date.toordinal(), d.edition, d.recipient)))

    def _is_abandoned(self, row: AnyRow) -> bool:
        claimed_at: datetime = row.claimed_at
        age = self._clock() - claimed_at
        if age > LEASE:
            return True
        host, pid, _ = str(row.claimed_by).rsplit("/", 2)
        if host != socket.gethostname():
            # One that lies ahead was dated by a clock that was wrong, and would hold for years.
            return age < -LEASE
        if int(pid) == os.getpid():
            return row.claimed_by not in _open_claimants
        return not _is_running(int(pid))


def _is_running(pid: int) -> bool:
    if os.name != "posix":
        return True  # There, signal 0 is not a question: it ends the process. The lease has to do.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def _of(edition: str, day: date) -> Any:
    return and_(_d.edition == edition, _d.date == day)


def _delivery(row: AnyRow) -> Delivery:
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
    )
