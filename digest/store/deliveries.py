"""The outbox: one delivery for each issue and recipient, claimed by one owner at a time.

                                       ┌──────────► failed
    due ──claim──► sending ──► dot ────┼──────────► sent
     ▲ │              │         │      │
     │ └► skipped ◄───┤         └─ died ──────────► unknown, or due again
     └──── died ──────┘

A claim names its owner and holds as long as the owner's heartbeat is renewed (`leases.py`). Mails are claimed in
chunks, and each goes to `dot` by itself, where its claim must still hold and its reader still want it. So an owner that
was only slow, and whose claim was taken meanwhile, is stopped before the final dot, and the mail goes out once; and a
reader who stopped while the mail was in hand gets none. `dot` and `sent` are a transaction of their own for each mail:
joined with those of others they would cost less, and a crash would leave more mails in doubt.

What is due has a moment before which it is not claimed (`due_at`): of a mail that the server takes later its next try,
of a reader in another time zone the morning there. Other channels than mail have the same states (`channel`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from digest.core.errors import ClaimLostError, NotFoundError, WithdrawnError
from digest.core.models import Delivery, DeliveryState, Waiting
from digest.core.subscribers.subscriber import SubscriberState
from digest.store import tables
from digest.store.database import AnyRow, chunks, upsert
from digest.store.leases import Leases

_IN_HAND: Final = (DeliveryState.SENDING, DeliveryState.DOT)
ON_THEIR_WAY: Final = (DeliveryState.DUE, *_IN_HAND)
_DIED_AT_DOT: Final = "a run ended while the mail was being taken: it may have been delivered, so it is not sent again"
_SENT_AGAIN: Final = "a run ended while the mail was being taken: it is sent again, and may arrive twice"
_WITHDRAWN: Final = "the reader stopped before it was sent"
MAIL: Final = "mail"
"""The channel of mails."""
FEED: Final = "feed"
"""That of readers without mails, to whom nothing is sent."""
_d = tables.delivery.c
_l = tables.lease.c
_pace = tables.pace.c
_LONGEST_QUEUE: Final = timedelta(hours=1)
_n = tables.subscription.c
_s = tables.subscriber.c
_WANTED: Final = (
    select(1)
    .join_from(tables.subscription, tables.subscriber)
    .where(
        _n.pk == _d.subscription_pk,
        _n.confirmed_at.is_not(None),
        _n.stopped_at.is_(None),
        _s.state == SubscriberState.CONFIRMED,
        or_(_n.paused_until.is_(None), _n.paused_until <= bindparam("on")),
    )
    .correlate(tables.delivery)
    .exists()
)
"""Whether a delivery's subscription still wants it, as `Subscription.silence` has it."""
_BEATS: Final = (
    select(1)
    .where(_l.name == bindparam("heartbeat"), _l.until > bindparam("moment"), _l.until <= bindparam("latest"))
    .exists()
)
# Made once: for a statement of this size SQLAlchemy takes longer than SQLite.
_TO_DOT: Final = (
    update(tables.delivery)
    .where(
        _d.id == bindparam("which"),
        _d.state == DeliveryState.SENDING,
        _d.claimed_by == bindparam("owner"),
        _BEATS,
        or_(_d.subscription_pk.is_(None), _WANTED),
    )
    .values(state=DeliveryState.DOT, error=None, claimed_at=bindparam("moment"))
)
_TO_SENT: Final = (
    update(tables.delivery)
    .where(_d.id == bindparam("which"), or_(_d.claimed_by.is_(None), _d.claimed_by == bindparam("owner")))
    .values(state=DeliveryState.SENT, error=None, claimed_at=bindparam("moment"))
)


class Deliveries(Leases):
    """The part of the store that the stage `deliver` talks to."""

    def deliveries(
        self,
        edition: str,
        day: date,
        *,
        states: Collection[DeliveryState] = tuple(DeliveryState),
        channel: str = MAIL,
    ) -> tuple[Delivery, ...]:
        """The deliveries of an issue that are in one of *states*, sorted by id."""
        query = select(tables.delivery).where(_of(edition, day, channel), _d.state.in_(states)).order_by(_d.id)
        with self._read() as connection:
            return tuple(delivery_of(row) for row in connection.execute(query))

    def count_deliveries(
        self, edition: str, *, since: date, until: date, channel: str = MAIL
    ) -> dict[DeliveryState, int]:
        """State → number of deliveries of the edition's issues *since* … *until*; states without any are left out."""
        query = (
            select(_d.state, func.count().label("number"))
            .where(_d.edition == edition, _d.date.between(since, until), _d.channel == channel)
            .group_by(_d.state)
        )
        with self._read() as connection:
            return {DeliveryState(row.state): row.number for row in connection.execute(query)}

    def waiting(self, edition: str, *, since: date, until: date, channel: str = MAIL) -> Waiting:
        """How many of the edition's deliveries *since* … *until* are due, by when, and when the next one is."""
        now = self._clock()
        is_later = and_(_d.state == DeliveryState.DUE, _d.due_at > now)
        query = select(
            func.count().label("number"),
            func.count(case((is_later, 1))).label("ahead"),
            func.count(case((and_(is_later, _d.error.is_not(None)), 1))).label("put_off"),
            func.min(case((is_later, _d.due_at))).label("next_at"),
        ).where(_d.edition == edition, _d.date.between(since, until), _d.state.in_(ON_THEIR_WAY), _d.channel == channel)
        with self._read() as connection:
            row = connection.execute(query).one()
        return Waiting(
            now=row.number - row.ahead, put_off=row.put_off, later=row.ahead - row.put_off, next_at=row.next_at
        )

    def sent_at(self, edition: str, day: date, n: int) -> datetime | None:
        """When the *n*-th mail of an issue was sent, counted from 1; None if fewer were."""
        if n < 1:
            return None
        query = (
            select(_d.claimed_at)
            .where(_of(edition, day, MAIL), _d.state == DeliveryState.SENT)
            .order_by(_d.claimed_at)
            .offset(n - 1)
            .limit(1)
        )
        with self._read() as connection:
            found: datetime | None = connection.scalar(query)
            return found

    def undelivered(self, edition: str, *, since: date, until: date, channel: str = MAIL) -> tuple[date, ...]:
        """The days of the edition's issues that have deliveries due by now, sending or at the dot, sorted."""
        on_their_way = or_(_d.state.in_(_IN_HAND), and_(_d.state == DeliveryState.DUE, self._is_time()))
        query = select(_d.date).where(
            _d.edition == edition, _d.date.between(since, until), _d.channel == channel, on_their_way
        )
        with self._read() as connection:
            return tuple(sorted(connection.scalars(query.distinct())))

    def claim_deliveries(
        self, edition: str, day: date, *, limit: int, ids: Collection[int] | None = None, channel: str = MAIL
    ) -> tuple[Delivery, ...]:
        """Claim the next deliveries that are due, or were left at `sending` by a dead owner, and mark them `sending`.

        At most *limit*; empty if none is left whose time has come. Those tried least often come first, so that
        addresses which are never accepted don't hold up the others. An attempt that was not finished is not counted.
        Processes that claim at the same time get different deliveries.
        """
        # Three queries, each in the order of the index, for a sort of all that is due would be made for every few
        # mails; and each database has its own mind of where nulls belong.
        these = _of(edition, day, channel) if ids is None else and_(_of(edition, day, channel), _d.id.in_(ids))
        due = and_(these, _d.state == DeliveryState.DUE)
        with self._write() as connection:
            self._keep_alive(connection)
            # Only now: by a moment before the wait for the database all heartbeats since would lie too far ahead.
            left = and_(these, _d.state == DeliveryState.SENDING, ~self._is_live(_d.claimed_by))
            free = [
                row
                for which in (and_(due, _d.due_at.is_(None)), and_(due, _d.due_at <= self._clock()), left)
                for row in connection.execute(
                    select(tables.delivery)
                    .where(which)
                    .order_by(_d.due_at, _d.attempts, _d.id)
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

    def due_deliveries(self, edition: str, day: date, *, channel: str = MAIL) -> tuple[int, ...]:
        """The ids of an issue's deliveries that are due by now or were left at `sending`, in the order they are sent
        in."""
        waiting = or_(_d.state == DeliveryState.SENDING, and_(_d.state == DeliveryState.DUE, self._is_time()))
        query = select(_d.id).where(_of(edition, day, channel), waiting).order_by(_d.attempts, _d.id)
        with self._read() as connection:
            return tuple(connection.scalars(query))

    def return_deliveries(self, ids: Sequence[int], *, due_at: datetime | None = None) -> None:
        """Give claimed deliveries back, due as before; those that are not ours or not at `sending` are left alone.

        Args:
            due_at: Before this nobody is to claim them; None: that stays as it is.
        """
        mine = and_(_d.state == DeliveryState.SENDING, _d.claimed_by == self.owner)
        back: dict[str, Any] = {
            "state": DeliveryState.DUE,
            "attempts": _d.attempts - 1,
            "claimed_by": None,
            "claimed_at": None,
        }
        if due_at is not None:
            back["due_at"] = due_at
        with self._write() as connection:
            for some in chunks(ids):
                connection.execute(update(tables.delivery).where(_d.id.in_(some), mine).values(back))

    def mark_delivery(
        self, delivery_id: int, state: DeliveryState, *, error: str | None = None, on: date | None = None
    ) -> None:
        """Write a delivery's new state down.

        What became of a mail is written down unless another owner has claimed it since. For `dot` the claim of this
        store must hold, and the subscription must still want it: a claim that has run out, and that no other owner
        took, is renewed first.

        Args:
            on: For `dot`: the reader's own date, by which a pause ends.

        Raises:
            ClaimLostError: Another owner has claimed it; for `dot` also if nobody has. The mail must not go out.
            WithdrawnError: Its reader stopped, paused or was forgotten; it is `skipped` now, and must not go out.
            NotFoundError: There is no such delivery.
        """
        if state is DeliveryState.DOT:
            self._reach_dot(delivery_id, on=on or date.max)
            return
        # Whoever claimed it last says what became of it: one who claimed it after us may have sent it.
        mine = {"which": delivery_id, "owner": self.owner}
        is_sent = state is DeliveryState.SENT and error is None
        if is_sent and self._write_quickly(_TO_SENT, {**mine, "moment": self._clock()}):
            return
        with self._write() as connection:
            if is_sent:
                # When it went out, for whoever asks.
                changed = connection.execute(_TO_SENT, {**mine, "moment": self._clock()})
            else:
                # Of a forgotten reader nothing is kept that a server said: it may name the address.
                kept = None if error is None else case((_d.message_id == "", None), else_=literal(error))
                values: dict[str, Any] = {"state": state, "error": kept}
                if state is DeliveryState.SENDING:
                    values |= {"claimed_by": self.owner, "claimed_at": self._clock()}
                elif state is DeliveryState.DUE:
                    values["due_at"] = None
                allowed = or_(_d.claimed_by.is_(None), _d.claimed_by == self.owner)
                changed = connection.execute(
                    update(tables.delivery).where(_d.id == delivery_id, allowed).values(values)
                )
            if changed.rowcount == 1:
                return
            if connection.scalar(select(_d.id).where(_d.id == delivery_id)) is None:
                raise NotFoundError(f"there is no delivery {delivery_id}")
        raise ClaimLostError(_in_other_hands(delivery_id))

    def _reach_dot(self, delivery_id: int, *, on: date) -> None:
        withdrawn = ""
        if self._write_quickly(_TO_DOT, self._dot(delivery_id, on)):
            return
        with self._write() as connection:
            if connection.execute(_TO_DOT, self._dot(delivery_id, on)).rowcount:
                return
            if not connection.scalar(select(self._is_live(literal(self.owner)))):
                self._keep_alive(connection)
                if connection.execute(_TO_DOT, self._dot(delivery_id, on)).rowcount:
                    return
            row = connection.execute(select(tables.delivery).where(_d.id == delivery_id)).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no delivery {delivery_id}")
            is_mine = row.claimed_by == self.owner
            if is_mine and row.state == DeliveryState.SENDING:
                withdrawn = _WITHDRAWN
                skipped = update(tables.delivery).where(_d.id == delivery_id)
                connection.execute(skipped.values(state=DeliveryState.SKIPPED, error=withdrawn))
            elif is_mine and row.state == DeliveryState.SKIPPED:
                withdrawn = row.error or _WITHDRAWN
        if withdrawn:
            raise WithdrawnError(f"{withdrawn}, so nothing was sent")
        raise ClaimLostError(_in_other_hands(delivery_id))

    def _dot(self, delivery_id: int, on: date) -> dict[str, Any]:
        now = self._clock()
        return {
            "which": delivery_id,
            "owner": self.owner,
            "heartbeat": self.heartbeat,
            "moment": now,
            "latest": now + 2 * self._lasts,
            "on": on,
        }

    def put_off(self, delivery_id: int, *, error: str, due_at: datetime) -> None:
        """Let a delivery in hand be due again at a later moment, because the server asked for that or is in doubt.

        One that its reader stopped meanwhile stays `skipped`.

        Raises:
            ClaimLostError: Another owner has claimed it.
        """
        again = (
            update(tables.delivery)
            .where(_d.id == delivery_id, _d.claimed_by == self.owner, _d.state.in_(_IN_HAND), _d.message_id != "")
            .values(
                state=DeliveryState.DUE,
                error=error,
                due_at=due_at,
                put_off_since=func.coalesce(_d.put_off_since, literal(self._clock(), _d.put_off_since.type)),
            )
        )
        with self._write() as connection:
            if connection.execute(again).rowcount:
                return
            owner = connection.scalar(select(_d.claimed_by).where(_d.id == delivery_id))
        if owner != self.owner:
            raise ClaimLostError(_in_other_hands(delivery_id))

    def doubt_deliveries(
        self, edition: str, day: date, *, but_within: timedelta | None = None, channel: str = MAIL
    ) -> int:
        """Turn deliveries that dead owners left at `dot` into `unknown`; returns how many there were.

        Args:
            but_within: Not those that came to the dot at most so long ago: `resend_deliveries` has them.
        """
        with self._write("issue") as connection:
            left = self._left_at_dot(edition, day, channel)
            if but_within is not None:
                left = and_(left, _d.claimed_at < self._clock() - but_within)
            doubt = update(tables.delivery).where(left)
            return connection.execute(doubt.values(state=DeliveryState.UNKNOWN, error=_DIED_AT_DOT)).rowcount

    def resend_deliveries(self, edition: str, day: date, *, within: timedelta | None) -> int:
        """Make mails that dead owners left at `dot` due again, under the same Message-ID; returns how many there were.

        Args:
            within: Only those that came to the dot at most so long ago; None: all.
        """
        with self._write("issue") as connection:
            now = self._clock()
            left = and_(self._left_at_dot(edition, day, MAIL), _d.message_id != "")
            if within is not None:
                left = and_(left, _d.claimed_at >= now - within)
            since = func.coalesce(_d.put_off_since, literal(now, _d.put_off_since.type))
            again = update(tables.delivery).where(left)
            values = {"state": DeliveryState.DUE, "error": _SENT_AGAIN, "put_off_since": since}
            return connection.execute(again.values(values)).rowcount

    def _left_at_dot(self, edition: str, day: date, channel: str) -> ColumnElement[bool]:
        return and_(_of(edition, day, channel), _d.state == DeliveryState.DOT, ~self._is_live(_d.claimed_by))

    def supersede_deliveries(self, edition: str, *, since: date, until: date, reason: str) -> tuple[Delivery, ...]:
        """Give up mails that were put off and whose recipient has a later issue of the edition; as they were before.

        Args:
            reason: What stands before the last reply of the server.
        """
        later = tables.delivery.alias("later")
        newer = (
            select(1)
            .where(later.c.edition == edition, later.c.recipient == _d.recipient, later.c.date > _d.date)
            .correlate(tables.delivery)
            .exists()
        )
        put_off = and_(
            _d.edition == edition,
            _d.date.between(since, until),
            _d.state == DeliveryState.DUE,
            _d.channel == MAIL,
            _d.put_off_since.is_not(None),
            newer,
        )
        with self._write("issue") as connection:
            rows = connection.execute(select(tables.delivery).where(put_off).order_by(_d.id).with_for_update()).all()
            for row in rows:
                said = f"{reason}: {row.error}" if row.error else reason
                gone = update(tables.delivery).where(_d.id == row.id)
                connection.execute(gone.values(state=DeliveryState.SKIPPED, error=said))
        return tuple(map(delivery_of, rows))

    def skip_deliveries(
        self, edition: str, *, before: date | None, reason: str, channel: str = MAIL
    ) -> Mapping[date, int]:
        """Give up deliveries on their way of issues before *before* (None: of all days), but none that others claimed.

        They become `skipped`; those that may have been delivered become `unknown` instead.

        Returns:
            How many were given up, by the day of their issue, sorted.
        """
        of_it = and_(_d.edition == edition, _d.channel == channel)
        if before is not None:
            of_it = and_(of_it, _d.date < before)
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
                given_up = update(tables.delivery).where(_of(edition, day, channel), idle)
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
        errors: Collection[str] = (),
        channel: str | None = MAIL,
    ) -> tuple[Delivery, ...]:
        """Make deliveries in one of *states* due at once; as they were before, sorted by id.

        Of those that are due already these are the ones that were put off: a reader's own time is kept. What belonged
        to a reader who was forgotten is nobody's.

        Args:
            recipients: Only of these, whatever their case; none: of all.
            errors: Only those with one of these; none: all.
            channel: None: mails and posts.
        """
        query = select(tables.delivery).where(
            _d.edition == edition,
            _d.date.between(since, until),
            _d.state.in_(states),
            _of_channel(channel),
            _d.message_id != "",
            or_(_d.state != DeliveryState.DUE, _d.error.is_not(None)),
        )
        if errors:
            query = query.where(_d.error.in_(errors))
        wanted = {r.lower() for r in recipients}
        with self._write("issue") as connection:
            rows = connection.execute(query.order_by(_d.id).with_for_update()).all()
            # Not in SQL: SQLite knows the small letters of ASCII alone.
            chosen = [row for row in rows if not wanted or row.recipient.lower() in wanted]
            for some in chunks(row.id for row in chosen):
                again = update(tables.delivery).where(_d.id.in_(some))
                connection.execute(again.values(state=DeliveryState.DUE, error=None, due_at=None, put_off_since=None))
        return tuple(map(delivery_of, chosen))

    def editions_on_their_way(self, *, channel: str = MAIL) -> tuple[str, ...]:
        """Names of editions that have deliveries on their way, sorted."""
        on_their_way = and_(_d.state.in_(ON_THEIR_WAY), _d.channel == channel)
        with self._read() as connection:
            names = connection.scalars(select(_d.edition).where(on_their_way).distinct())
            return tuple(sorted(names))

    def deliveries_in(
        self, states: Collection[DeliveryState], *, since: date | None = None, channel: str | None = MAIL
    ) -> tuple[Delivery, ...]:
        """All deliveries in one of *states*, the newest issue's first, and by recipient.

        Args:
            since: Only of issues of this day and later; None: of all.
            channel: None: mails and posts.
        """
        query = select(tables.delivery).where(_d.state.in_(states), _of_channel(channel))
        if since is not None:
            query = query.where(_d.date >= since)
        with self._read() as connection:
            found = [delivery_of(row) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda d: (-d.date.toordinal(), d.edition, d.recipient)))

    def _is_time(self) -> ColumnElement[bool]:
        return or_(_d.due_at.is_(None), _d.due_at <= self._clock())

    # -- how fast domains are written to

    def pauses(self) -> dict[str, datetime]:
        """Domain → until when nothing goes there, or went there lately, because it asked for that."""
        query = select(_pace.domain, _pace.not_before).where(_pace.not_before.is_not(None))
        with self._read() as connection:
            return {row.domain: row.not_before for row in connection.execute(query)}

    def pause_domain(self, domain: str, *, until: datetime, reason: str) -> None:
        """Let no process send anything to *domain* for a while."""
        row = {"domain": domain, "not_before": until, "reason": reason}
        with self._write() as connection:
            upsert(connection, tables.pace, [row], update=("not_before", "reason"))

    def reserve_slots(self, gaps: Mapping[str, timedelta]) -> datetime:
        """Reserve the moment at which the next mail may go out, by the rates of all that *gaps* names.

        Args:
            gaps: Domain, or the empty text for all together → time between two mails.
        """
        with self._write() as connection:
            upsert(connection, tables.pace, [{"domain": name} for name in sorted(gaps)])
            rows = connection.execute(
                select(_pace.domain, _pace.next_at)
                .where(_pace.domain.in_(gaps))
                .order_by(_pace.domain)
                .with_for_update()
            ).all()
            now = self._clock()
            # What lies further ahead than a queue of mails can be was written by a wrong clock.
            ahead = [row.next_at for row in rows if row.next_at is not None and row.next_at < now + _LONGEST_QUEUE]
            moment: datetime = max([now, *ahead])
            for name, gap in gaps.items():
                connection.execute(update(tables.pace).where(_pace.domain == name).values(next_at=moment + gap))
        return moment


def _in_other_hands(delivery_id: int) -> str:
    return f"delivery {delivery_id} is in the hands of another process, which will finish it"


def _of_channel(channel: str | None) -> ColumnElement[bool]:
    """Of one channel; None: of all over which something is sent."""
    return _d.channel != FEED if channel is None else _d.channel == channel


def _of(edition: str, day: date, channel: str) -> ColumnElement[bool]:
    return and_(_d.edition == edition, _d.date == day, _d.channel == channel)


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
        put_off_since=row.put_off_since,
    )
