"""Subscribers and their subscriptions: kept, changed, listed, and forgotten.

An address stands in `subscriber`, in deliveries and in notices, and nowhere else; `forget` takes it out of all of them.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, func, insert, literal, or_, select, update

from digest.core.errors import NotFoundError
from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import Address
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription, reader_of
from digest.store import tables
from digest.store.database import AnyRow, Database, chunks, insert_one, upsert

_s = tables.subscriber.c
_n = tables.subscription.c
_library = tables.subscription_library.c
_PAGE: Final = 500
"""Subscriptions that are read at once."""
_LINK_SECRET: Final = "link secret "  # noqa: S105 -- the name of a row, not a secret
"""What the keys of the rows of `meta` begin with that hold secrets of links, before their number."""
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

    # -- all

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

    def save_subscriber(
        self, address: Address, *, origin: Origin, state: SubscriberState, at: datetime
    ) -> tuple[Subscriber, bool]:
        """Keep an address; the subscriber, and whether it is new. One that is known stays as it is."""
        with self._write("subscribers") as connection:
            row = connection.execute(select(tables.subscriber).where(_s.key == address.key)).one_or_none()
            if row is not None:
                return _subscriber(row), False
            values = {
                "address": address.text,
                "key": address.key,
                "state": state,
                "since": at,
                "origin": origin,
                "links": 0,
                "soft_bounces": 0,
            }
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
                pk = insert_one(connection, tables.subscription, {**_new(subscriber, edition, at=at), **values})
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
        values: dict[str, Any] = {"state": state, "since": at}
        if state is SubscriberState.CONFIRMED:
            values |= {"soft_bounces": 0, "soft_on": None}
        with self._write("subscribers") as connection:
            changed = update(tables.subscriber).where(_s.pk == pk, _s.state != state).values(values)
            return bool(connection.execute(changed).rowcount)

    def stop_subscription(self, pk: int, *, at: datetime) -> bool:
        """Stop one edition for a reader, and give up its mails that are due; the subscriber whose last one this was
        is unsubscribed. Whether it ran until now."""
        with self._write("subscribers", "issue") as connection:
            running = and_(_n.pk == pk, _n.stopped_at.is_(None))
            if not connection.execute(update(tables.subscription).where(running).values(stopped_at=at)).rowcount:
                return False
            subscriber = connection.scalar(select(_n.subscriber_pk).where(_n.pk == pk))
            left = select(_n.pk).where(
                _n.subscriber_pk == subscriber, _n.stopped_at.is_(None), _n.confirmed_at.is_not(None)
            )
            if connection.scalar(left.limit(1)) is None:
                gone = update(tables.subscriber).where(_s.pk == subscriber, _s.state == SubscriberState.CONFIRMED)
                connection.execute(gone.values(state=SubscriberState.UNSUBSCRIBED, since=at))
            _give_up(connection, [pk], "the reader unsubscribed before it was sent")
        return True

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
                    rows = [{**_new(pk, edition, at=at), "confirmed_at": at, "is_listed": True} for pk in lacking]
                    connection.execute(insert(tables.subscription), rows)
                all_of_them = and_(_n.subscriber_pk.in_(of_them), _n.edition == edition)
                pks += connection.scalars(select(_n.pk).where(all_of_them))
            return tuple(one for some in chunks(sorted(pks)) for one in _load(connection, _n.pk.in_(some), limit=None))

    # -- forgetting

    def forget_subscriber(self, address: Address, *, on: date, secret: bytes) -> bool:
        """Delete an address with all that belongs to it; whether there was one.

        What stays is a keyed hash that keeps it from being imported again, and of deliveries that one was made: by
        whom it was received is gone.
        """
        with self._write("papers", "subscribers", "issue") as connection:
            upsert(connection, tables.forgotten, [{"hash": address.hashed(secret), "since": on}])
            pk = connection.scalar(select(_s.pk).where(_s.key == address.key))
            if pk is None:
                # It may have got mails as a recipient of the config, without having been a subscriber.
                return bool(_anonymize(connection, tables.delivery.c.recipient == address.text))
            pks = list(connection.scalars(select(_n.pk).where(_n.subscriber_pk == pk)))
            _give_up(connection, pks, "the reader was forgotten before it was sent")
            _anonymize(
                connection, or_(tables.delivery.c.subscription_pk.in_(pks), tables.delivery.c.recipient == address.text)
            )
            connection.execute(
                delete(tables.notice).where(
                    or_(tables.notice.c.subscription_pk.in_(pks), tables.notice.c.recipient == address.text)
                )
            )
            readers = [reader_of(one) for one in pks]
            connection.execute(delete(tables.feedback).where(tables.feedback.c.reader.in_(readers)))
            connection.execute(delete(tables.subscription_library).where(_library.subscription_pk.in_(pks)))
            connection.execute(
                update(tables.bounce).where(tables.bounce.c.subscriber_pk == pk).values(subscriber_pk=None)
            )
            connection.execute(delete(tables.subscription).where(_n.subscriber_pk == pk))
            connection.execute(delete(tables.subscriber).where(_s.pk == pk))
        return True

    def forgotten_since(self, address: Address, *, secret: bytes) -> date | None:
        """Since when an address is forgotten; None if it is not."""
        query = select(tables.forgotten.c.since).where(tables.forgotten.c.hash == address.hashed(secret))
        with self._read() as connection:
            found: date | None = connection.scalar(query)
            return found

    def remember(self, address: Address, *, secret: bytes) -> None:
        """Take back that an address is forgotten, for its owner has confirmed it anew."""
        with self._write("subscribers") as connection:
            connection.execute(delete(tables.forgotten).where(tables.forgotten.c.hash == address.hashed(secret)))

    # -- links

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


def _new(subscriber: int, edition: str, *, at: datetime) -> dict[str, Any]:
    """A new row of `subscription`."""
    return {
        "subscriber_pk": subscriber,
        "edition": edition,
        "cadence": "daily",
        "since": at,
        "interests": (),
        "avoid": (),
        "language": "",
        "zone": "",
        "feed": 0,
        "is_listed": False,
    }


def _give_up(connection: Connection, subscriptions: Sequence[int], reason: str) -> None:
    """Skip what is due to subscriptions; what is on its way is in its owner's hands, who looks again before the dot."""
    d = tables.delivery.c
    due = and_(d.subscription_pk.in_(subscriptions), d.state == DeliveryState.DUE)
    connection.execute(update(tables.delivery).where(due).values(state=DeliveryState.SKIPPED, error=reason))


def _anonymize(connection: Connection, which: ColumnElement[bool]) -> int:
    """Take addresses out of deliveries; how many. Their ids keep them apart."""
    d = tables.delivery.c
    ids = list(connection.scalars(select(d.id).where(which)))
    for some in chunks(ids):
        connection.execute(
            update(tables.delivery)
            .where(d.id.in_(some))
            .values(
                recipient=literal("forgotten ").concat(cast(d.id, Text)),
                subscription_pk=None,
                error=None,
                message_id="",
            )
        )
    return len(ids)


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
