"""Notices in the store: queued by forms and commands, claimed and sent like deliveries, deleted when they are old.

due ──claim──► sending ──► dot ──► sent, failed, or unknown
 ▲                │
 └── put off, or its owner died
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, delete, func, or_, select, update

from digest.core.errors import ClaimLostError
from digest.core.models import DeliveryState
from digest.core.subscribers.limits import Limit
from digest.core.subscribers.notices import Notice, NoticeKind
from digest.core.subscribers.subscriber import SubscriberState
from digest.store import tables
from digest.store.attempts import allowed, forget_attempts
from digest.store.database import AnyRow, chunks, insert_one
from digest.store.leases import Leases

_n = tables.notice.c
_ENDED: Final = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SKIPPED)
_KEPT: Final = timedelta(days=30)
"""How long a notice stays that has ended, and an address whose owner never confirmed it."""
_ATTEMPTS_KEPT: Final = timedelta(days=1)


class Notices(Leases):
    """The part of the store that keeps notices."""

    def add_notice(
        self,
        kind: str,
        recipient: str,
        about: Mapping[str, Any],
        subscription: int | None,
        at: datetime,
    ) -> int:
        """Queue a notice, due at once; its key.

        Args:
            kind: A `NoticeKind`.
            about: What its text names; see there.
        """
        with self._write() as connection:
            return insert_one(connection, tables.notice, _row(kind, recipient, about, subscription, at))

    def ask(
        self, kind: str, recipient: str, about: Mapping[str, Any], *, limits: Sequence[Limit], at: datetime
    ) -> bool:
        """Queue what a stranger asked for on a form, if no limit is reached; whether it was queued.

        Nothing is looked up that depends on the address but how often it was asked for lately.
        """
        with self._write("subscribers") as connection:
            if not allowed(connection, limits, at=at):
                return False
            insert_one(connection, tables.notice, _row(kind, recipient, about, None, at))
        return True

    def has_notices(self) -> bool:
        """Whether a notice is due, so that somebody is to send it."""
        with self._read() as connection:
            due = and_(_n.state == DeliveryState.DUE, _is_time(self._clock()))
            left = _n.state.in_((DeliveryState.SENDING, DeliveryState.DOT))
            return connection.scalar(select(_n.pk).where(or_(due, left)).limit(1)) is not None

    def claim_notices(self, *, limit: int) -> tuple[Notice, ...]:
        """Claim the next notices that are due, or that a dead owner left at `sending`, in the order of their keys.

        What a dead owner left at the dot becomes `unknown`: its mail may be out.
        """
        with self._write() as connection:
            self._keep_alive(connection)
            is_left = ~self._is_live(_n.claimed_by)
            doubt = "the program ended while the mail was being taken: it may have been delivered"
            connection.execute(
                update(tables.notice)
                .where(_n.state == DeliveryState.DOT, is_left)
                .values(state=DeliveryState.UNKNOWN, error=doubt)
            )
            free = or_(
                and_(_n.state == DeliveryState.DUE, _is_time(self._clock())),
                and_(_n.state == DeliveryState.SENDING, is_left),
            )
            query = select(_n.pk).where(free).order_by(_n.pk).limit(limit)
            pks = list(connection.scalars(query.with_for_update(skip_locked=True)))
            claim = {"state": DeliveryState.SENDING, "claimed_by": self.owner, "claimed_at": self._clock()}
            for some in chunks(pks):
                connection.execute(
                    update(tables.notice).where(_n.pk.in_(some)).values(attempts=_n.attempts + 1, **claim)
                )
            rows = [
                row
                for some in chunks(pks)
                for row in connection.execute(select(tables.notice).where(_n.pk.in_(some)).order_by(_n.pk))
            ]
        return tuple(map(_notice, rows))

    def mark_notice(
        self, pk: int, state: DeliveryState, *, error: str | None = None, due_at: datetime | None = None
    ) -> None:
        """Write down how far a notice has come that this store has claimed.

        Raises:
            ClaimLostError: Another owner has claimed it, or it is deleted; before the dot its mail must not go out.
        """
        values: dict[str, Any] = {"state": state, "error": error, "due_at": due_at}
        if state is DeliveryState.SENT:
            values["claimed_at"] = self._clock()
        allowed_from = (DeliveryState.SENDING,) if state is DeliveryState.DOT else tuple(DeliveryState)
        mine = and_(_n.pk == pk, _n.claimed_by == self.owner, _n.state.in_(allowed_from))
        with self._write() as connection:
            if not connection.execute(update(tables.notice).where(mine).values(values)).rowcount:
                raise ClaimLostError(f"notice {pk} is in the hands of another process, or was deleted")

    def turn_notice(self, pk: int, kind: NoticeKind, *, subscription: int, about: Mapping[str, Any]) -> Notice:
        """Make what somebody asked for the mail that answers it.

        Raises:
            ClaimLostError: It is not this store's any more.
        """
        mine = and_(_n.pk == pk, _n.claimed_by == self.owner)
        values = {"kind": kind, "subscription_pk": subscription, "about": dict(about)}
        with self._write() as connection:
            if not connection.execute(update(tables.notice).where(mine).values(values)).rowcount:
                raise ClaimLostError(f"notice {pk} is in the hands of another process, or was deleted")
            return _notice(connection.execute(select(tables.notice).where(_n.pk == pk)).one())

    def drop_notice(self, pk: int) -> None:
        """Delete a notice that is not sent, with the address in it."""
        with self._write() as connection:
            connection.execute(delete(tables.notice).where(_n.pk == pk))

    def return_notices(self) -> None:
        """Give back what this store has claimed and did not come to; only when it sends none at the moment."""
        mine = and_(_n.claimed_by == self.owner, _n.state == DeliveryState.SENDING)
        back = {"state": DeliveryState.DUE, "claimed_by": None, "claimed_at": None}
        with self._write() as connection:
            connection.execute(update(tables.notice).where(mine).values(back))

    def asked_with(self, subscription: int, *, since: datetime) -> frozenset[int]:
        """The keys of subscriptions that one mail asked about together with this one, itself included."""
        query = select(_n.about).where(
            _n.subscription_pk == subscription, _n.kind == NoticeKind.CONFIRM, _n.queued_at >= since
        )
        with self._read() as connection:
            found = [pk for about in connection.scalars(query) for pk in about.get("subscriptions", ())]
        return frozenset({subscription, *found})

    def count_notices(self) -> dict[DeliveryState, int]:
        """State → number of notices; states without any are left out."""
        query = select(_n.state, func.count().label("number")).group_by(_n.state)
        with self._read() as connection:
            return {DeliveryState(row.state): row.number for row in connection.execute(query)}

    def sweep_notices(self) -> None:
        """Delete what is no longer needed: old notices, counts of attempts, and addresses nobody ever confirmed."""
        now = self._clock()
        s, one = tables.subscriber.c, tables.subscription.c
        with self._write("subscribers") as connection:
            connection.execute(delete(tables.notice).where(_n.state.in_(_ENDED), _n.queued_at < now - _KEPT))
            forget_attempts(connection, before=now - _ATTEMPTS_KEPT)
            old = select(s.pk).where(s.state == SubscriberState.PENDING, s.since < now - _KEPT)
            for some in chunks(connection.scalars(old).all()):
                of_them = select(one.pk).where(one.subscriber_pk.in_(some))
                # Who was confirmed once is not pending; but what points at a subscription would keep it.
                library = tables.subscription_library
                connection.execute(delete(tables.notice).where(_n.subscription_pk.in_(of_them)))
                connection.execute(delete(library).where(library.c.subscription_pk.in_(of_them)))
                connection.execute(delete(tables.subscription).where(one.subscriber_pk.in_(some)))
                connection.execute(
                    update(tables.bounce).where(tables.bounce.c.subscriber_pk.in_(some)).values(subscriber_pk=None)
                )
                connection.execute(delete(tables.subscriber).where(s.pk.in_(some)))


def _is_time(now: datetime) -> Any:
    return or_(_n.due_at.is_(None), _n.due_at <= now)


def _row(kind: str, recipient: str, about: Mapping[str, Any], subscription: int | None, at: datetime) -> dict[str, Any]:
    return {
        "kind": NoticeKind(kind),
        "recipient": recipient,
        "subscription_pk": subscription,
        "about": dict(about),
        "state": DeliveryState.DUE,
        "message_id": secrets.token_hex(16),
        "queued_at": at,
        "attempts": 0,
    }


def _notice(row: AnyRow) -> Notice:
    return Notice(
        pk=row.pk,
        kind=NoticeKind(row.kind),
        recipient=row.recipient,
        subscription=row.subscription_pk,
        about=row.about,
        state=DeliveryState(row.state),
        token=row.message_id,
        queued_at=row.queued_at,
        attempts=row.attempts,
    )
