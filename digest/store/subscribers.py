"""Subscribers and their subscriptions: kept, changed, listed. How they are forgotten is in `people.py`."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from digest.core.errors import NotFoundError
from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import Address
from digest.core.subscribers.returns import SOFT_IN_A_ROW
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.store import tables
from digest.store.database import AnyRow, Database, chunks, insert_one, upsert

_s = tables.subscriber.c
_n = tables.subscription.c
_library = tables.subscription_library.c
_PAGE: Final = 500
"""Subscriptions that are read at once."""
_LINK_SECRET: Final = "link secret "  # noqa: S105 -- the name of a row, not a secret
"""What the keys of the rows of `meta` begin with that hold secrets of links, before their number."""
_HASH_SECRET: Final = "hash secret"  # noqa: S105 -- the name of a row, not a secret
_CHANGEABLE: Final = frozenset(
    {
        "cadence",
        "confirmed_at",
        "stopped_at",
        "paused_until",
        "interests",
        "avoid",
        "lead",
        "max_papers",
        "language",
        "zone",
        "feed",
        "covered_until",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A file of papers that a reader uploaded."""

    name: str
    content: bytes
    papers: int
    """Papers in it that could be read."""

    @property
    def sha256(self) -> str:
        """The hash of its content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A subscription that is to be kept, with its subscriber where that is new too."""

    address: Address
    state: SubscriberState
    """The subscriber's first; of one that is known, the state that they must still be in."""
    edition: str
    values: Mapping[str, Any]
    """Fields of `Subscription` that are set."""


class Subscribers(Database):
    """The part of the store that keeps subscribers."""

    # -- one

    def subscriber(self, address: Address) -> Subscriber | None:
        """The subscriber with this address, however it is spelled; None if there is none."""
        with self._read() as connection:
            row = connection.execute(select(tables.subscriber).where(_s.key == address.key)).one_or_none()
        return None if row is None else _subscriber(row)

    def subscription(self, pk: int) -> Subscription | None:
        """The subscription with this key; None if there is none (any more)."""
        found = self.subscriptions_by_pk([pk])
        return found.get(pk)

    def subscriptions_by_pk(self, pks: Collection[int]) -> dict[int, Subscription]:
        """Key → subscription, of those that exist."""
        with self._read() as connection:
            return {
                one.pk: one for some in chunks(sorted(pks)) for one in _load(connection, _n.pk.in_(some), limit=None)
            }

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]:
        """All subscriptions of a subscriber, stopped ones too, sorted by edition."""
        with self._read() as connection:
            found = _load(connection, _n.subscriber_pk == subscriber, limit=None)
        return tuple(sorted(found, key=lambda one: one.edition))

    # -- many

    def known_subscribers(self, addresses: Iterable[Address]) -> dict[str, tuple[Subscriber, tuple[Subscription, ...]]]:
        """Key of the address → its subscriber, with all subscriptions, for those of *addresses* that are known."""
        keys = sorted({address.key for address in addresses})
        with self._read() as connection:
            found = {
                row.key: _subscriber(row)
                for some in chunks(keys)
                for row in connection.execute(select(tables.subscriber).where(_s.key.in_(some)))
            }
            each = _load_each(connection, [one.pk for one in found.values()])
        return {key: (one, each.get(one.pk, ())) for key, one in found.items()}

    def subscriptions_of_each(self, subscribers: Collection[int]) -> dict[int, tuple[Subscription, ...]]:
        """Key of a subscriber → all subscriptions, sorted by edition; who has none is left out."""
        with self._read() as connection:
            return _load_each(connection, subscribers)

    def subscribers(self, *, after: int = 0, limit: int = _PAGE) -> tuple[Subscriber, ...]:
        """The next subscribers behind the key *after*, in the order of their keys; empty at the end."""
        query = select(tables.subscriber).where(_s.pk > after).order_by(_s.pk).limit(limit)
        with self._read() as connection:
            return tuple(map(_subscriber, connection.execute(query)))

    def count_subscribers(self) -> dict[SubscriberState, int]:
        """State → number of subscribers; states without any are left out."""
        query = select(_s.state, func.count().label("number")).group_by(_s.state)
        with self._read() as connection:
            return {SubscriberState(row.state): row.number for row in connection.execute(query)}

    def count_readers(self) -> dict[str, int]:
        """Edition → number of its active subscriptions that are not in the config alone, sorted by edition."""
        active = and_(_n.confirmed_at.is_not(None), _n.stopped_at.is_(None), _s.state == SubscriberState.CONFIRMED)
        query = (
            select(_n.edition, func.count().label("number"))
            .join_from(tables.subscription, tables.subscriber)
            .where(active, ~_n.is_listed)
            .group_by(_n.edition)
            .order_by(_n.edition)
        )
        with self._read() as connection:
            return {row.edition: row.number for row in connection.execute(query)}

    def active_subscriptions(self, edition: str) -> Iterator[tuple[Subscription, ...]]:
        """The active subscriptions of an edition, some hundred at a time, in the order of their keys."""
        after = 0
        while True:
            active = and_(
                _n.edition == edition,
                _n.pk > after,
                _n.confirmed_at.is_not(None),
                _n.stopped_at.is_(None),
                _s.state == SubscriberState.CONFIRMED,
            )
            with self._read() as connection:
                found = _load(connection, active, limit=_PAGE)
            if not found:
                return
            yield tuple(found)
            after = found[-1].pk

    def wishes_written(self, editions: Collection[str]) -> Iterator[tuple[str, ...]]:
        """The interests and things to avoid of each active subscription of *editions* that has any."""
        after = 0
        query = (
            select(_n.pk, _n.interests, _n.avoid)
            .where(
                _n.edition.in_(editions),
                _n.confirmed_at.is_not(None),
                _n.stopped_at.is_(None),
                or_(_n.interests != (), _n.avoid != ()),
            )
            .order_by(_n.pk)
            .limit(_PAGE)
        )
        while True:
            with self._read() as connection:
                rows = connection.execute(query.where(_n.pk > after)).all()
            if not rows:
                return
            yield from ((*row.interests, *row.avoid) for row in rows)
            after = rows[-1].pk

    # -- changes

    def save_subscriptions(
        self, new: Sequence[NewSubscription], *, origin: Origin, at: datetime
    ) -> frozenset[tuple[str, str]]:
        """Keep many subscriptions, and the subscribers of those whose address is new, in one transaction.

        Left out are those that somebody made meanwhile, and those of subscribers who came into another state.

        Returns:
            Key of the address and edition of each that was kept.
        """
        kept = {}
        with self._write("subscribers") as connection:
            there = _states(connection, new)
            firsts: dict[str, NewSubscription] = {}
            for one in new:
                if one.address.key not in there:
                    firsts.setdefault(one.address.key, one)
            people = [_new_subscriber(one.address, origin=origin, state=one.state, at=at) for one in firsts.values()]
            if people:
                connection.execute(insert(tables.subscriber), people)
            there = _states(connection, new)
            taken = {
                (row.subscriber_pk, row.edition)
                for some in chunks(sorted({pk for pk, _ in there.values()}))
                for row in connection.execute(select(_n.subscriber_pk, _n.edition).where(_n.subscriber_pk.in_(some)))
            }
            for one in new:
                pk, state = there[one.address.key]
                if state is one.state and (pk, one.edition) not in taken:
                    taken.add((pk, one.edition))
                    kept[one.address.key, one.edition] = _new_subscription(
                        pk, one.edition, at=at, values=_checked(one.values)
                    )
            if kept:
                connection.execute(insert(tables.subscription), list(kept.values()))
        return frozenset(kept)

    def save_subscriber(
        self, address: Address, *, origin: Origin, state: SubscriberState, at: datetime
    ) -> tuple[Subscriber, bool]:
        """Keep an address; the subscriber, and whether it is new. One that is known stays as it is."""
        with self._write("subscribers") as connection:
            row = connection.execute(select(tables.subscriber).where(_s.key == address.key)).one_or_none()
            if row is not None:
                return _subscriber(row), False
            values = _new_subscriber(address, origin=origin, state=state, at=at)
            pk = insert_one(connection, tables.subscriber, values)
            row = connection.execute(select(tables.subscriber).where(_s.pk == pk)).one()
        return _subscriber(row), True

    def save_subscription(self, subscriber: int, edition: str, *, at: datetime, **values: Any) -> Subscription:
        """Keep a subscription of an edition, or change the one that is there.

        Args:
            values: Fields of `Subscription` that are set; the others are as they are, of a new one as by default.
        """
        values = _checked(values)
        with self._write("subscribers") as connection:
            pk = connection.scalar(select(_n.pk).where(_n.subscriber_pk == subscriber, _n.edition == edition))
            if pk is None:
                new = _new_subscription(subscriber, edition, at=at, values=values)
                pk = insert_one(connection, tables.subscription, new)
            elif values:
                connection.execute(update(tables.subscription).where(_n.pk == pk).values(values))
            return _load(connection, _n.pk == pk, limit=None)[0]

    def change_subscription(self, pk: int, **values: Any) -> Subscription:
        """Set fields of a subscription, by their names in `Subscription`.

        Raises:
            NotFoundError: It does not exist (any more).
        """
        values = _checked(values)
        with self._write("subscribers") as connection:
            connection.execute(update(tables.subscription).where(_n.pk == pk).values(values))
            found = _load(connection, _n.pk == pk, limit=None)
        if not found:
            raise NotFoundError("there is no such subscription any more")
        return found[0]

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool:
        """Bring a subscriber into a state; whether it was in another. Confirming forgets former bounces."""
        return bool(self.set_subscriber_states([pk], state, at=at))

    def set_subscriber_states(self, pks: Collection[int], state: SubscriberState, *, at: datetime) -> int:
        """Bring many into a state, as `set_subscriber_state` does; how many were in another."""
        values: dict[str, Any] = {"state": state, "since": at}
        if state is SubscriberState.CONFIRMED:
            values |= {"soft_bounces": 0, "soft_on": None}
        changed = 0
        with self._write("subscribers") as connection:
            for some in chunks(sorted(pks)):
                others = update(tables.subscriber).where(_s.pk.in_(some), _s.state != state)
                changed += connection.execute(others.values(values)).rowcount
        return changed

    def count_soft_bounce(self, subscriber: int, edition: str, day: date) -> bool:
        """Count an issue that a mailbox did not take for now; whether it bounced for that, the third in a row.

        An issue is counted once, and one before the last that was counted is not. An issue of the edition between the
        two that was sent and did not come back begins the row anew. So nothing has to be written when a mail is sent,
        and a mail that a relay took, and that came back a day later, counts as well as one that was never taken.
        """
        d = tables.delivery.c
        with self._write("subscribers") as connection:
            row = connection.execute(select(tables.subscriber).where(_s.pk == subscriber).with_for_update()).first()
            if row is None or (row.soft_on is not None and day <= row.soft_on):
                return False
            number = 1
            if row.soft_on is not None:
                own = select(_n.pk).where(_n.subscriber_pk == subscriber)
                taken = select(d.id).where(
                    d.subscription_pk.in_(own),
                    d.edition == edition,
                    d.date > row.soft_on,
                    d.date < day,
                    d.state == DeliveryState.SENT,
                    d.error.is_(None),
                )
                number = 1 if connection.scalar(taken.limit(1)) is not None else row.soft_bounces + 1
            bounced = number >= SOFT_IN_A_ROW and row.state == SubscriberState.CONFIRMED
            values: dict[str, Any] = {"soft_bounces": number, "soft_on": day}
            if bounced:
                values |= {"state": SubscriberState.BOUNCED, "since": self._clock()}
            connection.execute(update(tables.subscriber).where(_s.pk == subscriber).values(values))
        return bounced

    def stop_subscription(self, pk: int, *, at: datetime) -> bool:
        """Stop one edition for a reader, and give up its mails that are due; the subscriber whose last one this was
        is unsubscribed. Whether it ran until now."""
        return bool(self.stop_subscriptions([pk], at=at))

    def stop_subscriptions(self, pks: Collection[int], *, at: datetime) -> frozenset[int]:
        """Stop many in one transaction, as `stop_subscription` does; the keys of those that ran until now."""
        stopped: set[int] = set()
        with self._write("subscribers", "issue") as connection:
            for some in chunks(sorted(pks)):
                running = and_(_n.pk.in_(some), _n.stopped_at.is_(None))
                rows = connection.execute(select(_n.pk, _n.subscriber_pk).where(running)).all()
                these = [row.pk for row in rows]
                connection.execute(update(tables.subscription).where(_n.pk.in_(these)).values(stopped_at=at))
                left = select(_n.subscriber_pk).where(_n.stopped_at.is_(None), _n.confirmed_at.is_not(None))
                gone = update(tables.subscriber).where(
                    _s.pk.in_({row.subscriber_pk for row in rows}),
                    _s.state == SubscriberState.CONFIRMED,
                    _s.pk.not_in(left.where(_n.subscriber_pk == _s.pk)),
                )
                connection.execute(gone.values(state=SubscriberState.UNSUBSCRIBED, since=at))
                _give_up(connection, these, "the reader unsubscribed before it was sent")
                stopped.update(these)
        return frozenset(stopped)

    def renew_links(self, subscriber: int) -> None:
        """Make all links void that were mailed to a subscriber until now, but those that unsubscribe."""
        with self._write("subscribers") as connection:
            connection.execute(update(tables.subscriber).where(_s.pk == subscriber).values(links=_s.links + 1))

    # -- libraries

    def save_library(self, subscription: int, library: Library, *, at: datetime) -> None:
        """Keep a file of papers that a reader uploaded; one of the same name is replaced."""
        row = {
            "subscription_pk": subscription,
            "name": library.name,
            "content": zlib.compress(library.content),
            "sha256": library.sha256,
            "papers": library.papers,
            "at": at,
        }
        with self._write("subscribers") as connection:
            upsert(connection, tables.subscription_library, [row], update=("content", "sha256", "papers", "at"))

    def remove_library(self, subscription: int, name: str) -> bool:
        """Delete a file that a reader uploaded; whether there was one."""
        with self._write("subscribers") as connection:
            gone = delete(tables.subscription_library).where(
                _library.subscription_pk == subscription, _library.name == name
            )
            return bool(connection.execute(gone).rowcount)

    def libraries_of(self, subscription: int) -> tuple[Library, ...]:
        """The files that a reader uploaded, by name."""
        query = select(tables.subscription_library).where(_library.subscription_pk == subscription)
        with self._read() as connection:
            rows = connection.execute(query.order_by(_library.name)).all()
        return tuple(Library(name=r.name, content=zlib.decompress(r.content), papers=r.papers) for r in rows)

    def library_hashes(self, subscriptions: Collection[int]) -> dict[int, tuple[tuple[str, str], ...]]:
        """Subscription → name and hash of each file that the reader uploaded, by name; of those who have any."""
        query = select(_library.subscription_pk, _library.name, _library.sha256)
        found: dict[int, list[tuple[str, str]]] = {}
        with self._read() as connection:
            for some in chunks(sorted(subscriptions)):
                rows = connection.execute(query.where(_library.subscription_pk.in_(some)).order_by(_library.name))
                for row in rows:
                    found.setdefault(row.subscription_pk, []).append((row.name, row.sha256))
        return {pk: tuple(libraries) for pk, libraries in found.items()}

    # -- recipients of config.toml

    def ensure_recipients(
        self, edition: str, addresses: Sequence[Address], *, at: datetime, secret: bytes
    ) -> tuple[Subscription, ...]:
        """The subscriptions of an edition's configured recipients, who get one where they have none.

        The operator confirms them. Who stopped, bounced or complained stays so, and who is forgotten gets none: they
        are missing in the result where there is no subscription, and not active in it else.
        """
        by_key = {address.key: address for address in addresses}
        found: dict[str, AnyRow] = {}
        forgotten: set[str] = set()
        pks: list[int] = []
        with self._write("subscribers") as connection:
            for some in chunks(by_key):
                query = select(tables.subscriber).where(_s.key.in_(some))
                found.update((row.key, row) for row in connection.execute(query))
            new = {key: address for key, address in by_key.items() if key not in found}
            for hashes in chunks(address.hashed(secret) for address in new.values()):
                query = select(tables.forgotten.c.hash).where(tables.forgotten.c.hash.in_(hashes))
                forgotten.update(connection.scalars(query))
            kept = [address for address in new.values() if address.hashed(secret) not in forgotten]
            if kept:
                connection.execute(
                    insert(tables.subscriber),
                    [
                        {
                            "address": address.text,
                            "key": address.key,
                            "state": SubscriberState.CONFIRMED,
                            "since": at,
                            "origin": Origin.OPERATOR,
                            "links": 0,
                            "soft_bounces": 0,
                        }
                        for address in kept
                    ],
                )
            for some in chunks(by_key):
                of_them = select(_s.pk).where(_s.key.in_(some))
                pending = and_(_s.key.in_(some), _s.state == SubscriberState.PENDING)
                connection.execute(
                    update(tables.subscriber).where(pending).values(state=SubscriberState.CONFIRMED, since=at)
                )
                confirmed = of_them.where(_s.state == SubscriberState.CONFIRMED)
                there = and_(_n.subscriber_pk.in_(confirmed), _n.edition == edition)
                unconfirmed = and_(there, _n.confirmed_at.is_(None), _n.stopped_at.is_(None))
                connection.execute(
                    update(tables.subscription).where(unconfirmed).values(confirmed_at=at, is_listed=True)
                )
                have = set(connection.scalars(select(_n.subscriber_pk).where(there)))
                lacking = [pk for pk in connection.scalars(confirmed.order_by(_s.pk)) if pk not in have]
                if lacking:
                    rows = [
                        {**_new_subscription(pk, edition, at=at, values={"confirmed_at": at}), "is_listed": True}
                        for pk in lacking
                    ]
                    connection.execute(insert(tables.subscription), rows)
                all_of_them = and_(_n.subscriber_pk.in_(of_them), _n.edition == edition)
                pks += connection.scalars(select(_n.pk).where(all_of_them))
            return tuple(one for some in chunks(sorted(pks)) for one in _load(connection, _n.pk.in_(some), limit=None))

    # -- secrets

    def hash_secret(self) -> bytes:
        """The secret that addresses are hashed with. It is never renewed: what it hashed could not be known again."""
        meta = tables.meta.c
        query = select(meta.value).where(meta.key == _HASH_SECRET)
        with self._read() as connection:
            found = connection.scalar(query)
        if found is None:
            with self._write() as connection:
                upsert(connection, tables.meta, [{"key": _HASH_SECRET, "value": secrets.token_hex(32)}])
            with self._read() as connection:
                found = connection.scalar(query)
        return bytes.fromhex(str(found))

    def link_secrets(self) -> Mapping[int, bytes]:
        """The secrets that sign links, by number; the highest is the newest. They are made with the first question."""
        meta = tables.meta.c
        query = select(meta.key, meta.value).where(meta.key.startswith(_LINK_SECRET))
        with self._read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            with self._write() as connection:
                upsert(connection, tables.meta, [{"key": f"{_LINK_SECRET}0", "value": secrets.token_hex(32)}])
            with self._read() as connection:
                rows = connection.execute(query).all()
        return {int(row.key.removeprefix(_LINK_SECRET)): bytes.fromhex(row.value) for row in rows}

    def renew_link_secret(self, *, drop: bool = False) -> int:
        """Make a new secret that signs links from now on; its number.

        Args:
            drop: Forget the earlier ones, so that no link that was mailed before holds, not even those that
                unsubscribe: only for a secret that became known.
        """
        number = max(self.link_secrets()) + 1
        if number > 255:
            raise ValueError("links have had 256 secrets")
        meta = tables.meta.c
        with self._write() as connection:
            if drop:
                connection.execute(delete(tables.meta).where(meta.key.startswith(_LINK_SECRET)))
            upsert(connection, tables.meta, [{"key": f"{_LINK_SECRET}{number}", "value": secrets.token_hex(32)}])
        return number


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - _CHANGEABLE:
        raise ValueError(f"a subscription has no {', '.join(sorted(unknown))} that can be set")
    # Who is confirmed otherwise than by config.toml stays, also when that lists the address no more.
    return {**values, "is_listed": False} if values.get("confirmed_at") else dict(values)


def _new_subscriber(address: Address, *, origin: Origin, state: SubscriberState, at: datetime) -> dict[str, Any]:
    return {
        "address": address.text,
        "key": address.key,
        "state": state,
        "since": at,
        "origin": origin,
        "links": 0,
        "soft_bounces": 0,
    }


def _new_subscription(subscriber: int, edition: str, *, at: datetime, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "subscriber_pk": subscriber,
        "edition": edition,
        "cadence": "daily",
        "since": at,
        "confirmed_at": None,
        "stopped_at": None,
        "paused_until": None,
        "interests": (),
        "avoid": (),
        "lead": None,
        "max_papers": None,
        "language": "",
        "zone": "",
        "feed": 0,
        "is_listed": False,
        **values,
    }


def _states(connection: Connection, new: Sequence[NewSubscription]) -> dict[str, tuple[int, SubscriberState]]:
    """Key of the address → primary key and state, of subscribers that are there."""
    return {
        row.key: (row.pk, SubscriberState(row.state))
        for some in chunks(sorted({one.address.key for one in new}))
        for row in connection.execute(select(_s.key, _s.pk, _s.state).where(_s.key.in_(some)))
    }


def _give_up(connection: Connection, subscriptions: Sequence[int], reason: str) -> None:
    """Skip what is due to subscriptions, also what somebody has in hand and that has not come to the final dot.

    Who has it in hand is stopped there, for it is not at `sending` any more; one transaction is before the other.
    """
    d = tables.delivery.c
    due = and_(d.subscription_pk.in_(subscriptions), d.state.in_((DeliveryState.DUE, DeliveryState.SENDING)))
    connection.execute(update(tables.delivery).where(due).values(state=DeliveryState.SKIPPED, error=reason))


def _load_each(connection: Connection, subscribers: Collection[int]) -> dict[int, tuple[Subscription, ...]]:
    found: dict[int, list[Subscription]] = {}
    for some in chunks(sorted(subscribers)):
        for one in _load(connection, _n.subscriber_pk.in_(some), limit=None):
            found.setdefault(one.subscriber.pk, []).append(one)
    return {pk: tuple(sorted(each, key=lambda one: one.edition)) for pk, each in found.items()}


def _load(connection: Connection, which: ColumnElement[bool], *, limit: int | None) -> list[Subscription]:
    query = (
        select(tables.subscription, *[c.label(f"s_{c.name}") for c in tables.subscriber.columns])
        .join_from(tables.subscription, tables.subscriber)
        .where(which)
        .order_by(_n.pk)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    libraries: dict[int, list[str]] = {}
    for some in chunks(row.pk for row in rows):
        named = select(_library.subscription_pk, _library.name).where(_library.subscription_pk.in_(some))
        for pk, name in connection.execute(named.order_by(_library.name)):
            libraries.setdefault(pk, []).append(name)
    return [_subscription(row, tuple(libraries.get(row.pk, ()))) for row in rows]


def _subscription(row: AnyRow, libraries: tuple[str, ...]) -> Subscription:
    return Subscription(
        pk=row.pk,
        subscriber=Subscriber(
            pk=row.s_pk,
            address=row.s_address,
            state=SubscriberState(row.s_state),
            since=row.s_since,
            origin=Origin(row.s_origin),
            links=row.s_links,
            soft_bounces=row.s_soft_bounces,
        ),
        edition=row.edition,
        cadence=row.cadence,
        confirmed_at=row.confirmed_at,
        stopped_at=row.stopped_at,
        paused_until=row.paused_until,
        interests=tuple(row.interests),
        avoid=tuple(row.avoid),
        libraries=libraries,
        lead=row.lead,
        max_papers=row.max_papers,
        language=row.language,
        zone=row.zone,
        feed=row.feed,
        covered_until=row.covered_until,
        is_listed=bool(row.is_listed),
    )


def _subscriber(row: AnyRow) -> Subscriber:
    return Subscriber(
        pk=row.pk,
        address=row.address,
        state=SubscriberState(row.state),
        since=row.since,
        origin=Origin(row.origin),
        links=row.links,
        soft_bounces=row.soft_bounces,
    )
