"""What is kept of a person, wherever it stands, and how a person is forgotten.

An address stands in `subscriber`, in deliveries and in notices, and nowhere else in the database. All else of a reader
hangs on the keys of their subscriptions: marks, libraries, picks, returned mails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    Connection,
    Table,
    Text,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import DBAPIError

from digest.core.errors import AddressError
from digest.core.models import Delivery, DeliveryState
from digest.core.subscribers.addresses import Address, ascii_domain, parse_address
from digest.core.subscribers.subscriber import reader_of
from digest.store import tables
from digest.store.database import Database, chunks, is_busy, upsert
from digest.store.deliveries import delivery_of

_d = tables.delivery.c
_FORGOTTEN: Final = "the reader was forgotten before it was sent"
_TO_BE_SWEPT: Final = "to be swept"
"""The key of the row of `meta` that says that somebody was forgotten, and since when."""
_SWEPT: Final = (
    tables.delivery,
    tables.notice,
    tables.feedback,
    tables.picks,
    tables.subscription_library,
    tables.subscription,
    tables.subscriber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNotice:
    """A mail about a subscription itself, as far as a person is told of it."""

    kind: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBounce:
    """A mail that came back, or was reported as unwanted."""

    kind: str
    code: str
    at: datetime
    edition: str | None
    date: date | None


class People(Database):
    """The part of the store that tells and forgets what is kept of a person."""

    # -- telling

    def deliveries_to(self, address: Address, subscriptions: Collection[int] = ()) -> tuple[Delivery, ...]:
        """All deliveries to an address, the newest issue's first: of its subscriptions, and as a mere recipient."""
        with self._read() as connection:
            ids = _deliveries(connection, address, subscriptions)
            rows = [
                row
                for some in chunks(ids)
                for row in connection.execute(select(tables.delivery).where(_d.id.in_(some)))
            ]
        return tuple(sorted(map(delivery_of, rows), key=lambda one: (-one.date.toordinal(), one.edition, one.id)))

    def notices_to(self, address: Address, subscriptions: Collection[int] = ()) -> tuple[KeptNotice, ...]:
        """The mails about their subscriptions that an address was sent, or is to be sent, in their order."""
        n = tables.notice.c
        with self._read() as connection:
            pks = _notices(connection, address, subscriptions)
            query = select(n.kind, n.state, n.queued_at).where(n.pk.in_(pks)).order_by(n.pk)
            return tuple(KeptNotice(kind=r.kind, state=r.state, at=r.queued_at) for r in connection.execute(query))

    def bounces_of(self, subscriber: int) -> tuple[KeptBounce, ...]:
        """The reports of mails to a subscriber that came back, in their order."""
        b = tables.bounce.c
        query = select(tables.bounce).where(b.subscriber_pk == subscriber).order_by(b.at, b.hash)
        with self._read() as connection:
            return tuple(
                KeptBounce(kind=r.kind, code=r.code, at=r.at, edition=r.edition, date=r.date)
                for r in connection.execute(query)
            )

    # -- forgetting

    def forget_subscriber(self, address: Address, *, on: date, secret: bytes) -> bool:
        """Delete an address with all that belongs to it; whether there was anything.

        What stays is a keyed hash that keeps it from being imported again, and of deliveries that one was made: to
        whom is gone. What is due to it is given up; what is just being sent ends before the final dot, unless that is
        out.
        """
        s, n = tables.subscriber.c, tables.subscription.c
        with self._write("papers", "subscribers", "issue") as connection:
            upsert(connection, tables.forgotten, [{"hash": address.hashed(secret), "since": on}])
            upsert(connection, tables.meta, [{"key": _TO_BE_SWEPT, "value": str(on)}])
            pk = connection.scalar(select(s.pk).where(s.key == address.key))
            pks = list(connection.scalars(select(n.pk).where(n.subscriber_pk == pk))) if pk is not None else []
            # Somebody may have got mails as a recipient of the config without having been a subscriber.
            deliveries = _deliveries(connection, address, pks)
            notices = _notices(connection, address, pks)
            _anonymize(connection, deliveries)
            connection.execute(delete(tables.notice).where(tables.notice.c.pk.in_(notices)))
            readers = [reader_of(one) for one in pks]
            connection.execute(delete(tables.feedback).where(tables.feedback.c.reader.in_(readers)))
            library = tables.subscription_library
            connection.execute(delete(library).where(library.c.subscription_pk.in_(pks)))
            bounce = tables.bounce.c
            connection.execute(update(tables.bounce).where(bounce.subscriber_pk == pk).values(subscriber_pk=None))
            connection.execute(delete(tables.subscription).where(n.subscriber_pk == pk))
            connection.execute(delete(tables.subscriber).where(s.pk == pk))
        return pk is not None or bool(deliveries) or bool(notices)

    def sweep(self) -> bool:
        """Take what was deleted out of the database's files too, if anybody was forgotten since the last time.

        It writes a database of SQLite anew, and others wait meanwhile. Postgres lets go of deleted rows by a VACUUM;
        what its write-ahead log and its backups hold is the business of who runs it.

        Returns:
            Whether nothing is left to be swept; not, if others are reading or writing just now.
        """
        meta = tables.meta.c
        with self._outside_transactions() as connection:
            if connection.scalar(select(meta.value).where(meta.key == _TO_BE_SWEPT)) is None:
                return True
            if connection.dialect.name == "sqlite":
                # Overwriting what is deleted (`secure_delete`) is not enough: when pages are split and joined, copies
                # of rows stay behind in them, one address in 180 in a trial. And the write-ahead log has all former
                # pages until it is begun anew, which waits for whoever reads from it.
                if not _vacuum(connection):
                    return False
            else:
                connection.execute(text(f"VACUUM {', '.join(table.name for table in _SWEPT)}"))
            connection.execute(delete(tables.meta).where(meta.key == _TO_BE_SWEPT))
            return True

    def forgotten_since(self, address: Address, *, secret: bytes) -> date | None:
        """Since when an address is forgotten; None if it is not."""
        return self.forgotten_among([address], secret=secret).get(address.key)

    def forgotten_among(self, addresses: Iterable[Address], *, secret: bytes) -> dict[str, date]:
        """Key → since when it is forgotten, for those of *addresses* that are."""
        f = tables.forgotten.c
        with self._read() as connection:
            if connection.scalar(select(f.since).limit(1)) is None:
                return {}
            keys = {address.hashed(secret): address.key for address in addresses}
            return {
                keys[row.hash]: row.since
                for some in chunks(sorted(keys))
                for row in connection.execute(select(f.hash, f.since).where(f.hash.in_(some)))
            }

    def remember(self, address: Address, *, secret: bytes) -> None:
        """Take back that an address is forgotten, for its owner has confirmed it anew."""
        with self._write("subscribers") as connection:
            connection.execute(delete(tables.forgotten).where(tables.forgotten.c.hash == address.hashed(secret)))


def _vacuum(connection: Connection) -> bool:
    """Write a database of SQLite anew; whether that was possible."""
    try:
        connection.exec_driver_sql("VACUUM")
    except DBAPIError as exc:
        if is_busy(exc):
            return False
        raise
    busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def _deliveries(connection: Connection, address: Address, subscriptions: Collection[int]) -> list[int]:
    """Ids of the deliveries to an address, sorted."""
    found = set(_written_to(connection, tables.delivery, address, without_subscription=True))
    for some in chunks(sorted(subscriptions)):
        found.update(connection.scalars(select(_d.id).where(_d.subscription_pk.in_(some))))
    return sorted(found)


def _notices(connection: Connection, address: Address, subscriptions: Collection[int]) -> list[int]:
    """Keys of the notices to an address, and of those that name it, sorted."""
    n = tables.notice.c
    found = set(_written_to(connection, tables.notice, address))
    found.update(connection.scalars(select(n.pk).where(n.subscription_pk.in_(list(subscriptions)))))
    named = (address.text.casefold(), address.key)
    for pk, about in connection.execute(select(n.pk, type_coerce(n.about, Text))):
        if any(one in about.casefold() for one in named):
            found.add(pk)
    return sorted(found)


def _written_to(
    connection: Connection, table: Table, address: Address, *, without_subscription: bool = False
) -> list[int]:
    """Keys of a table's rows whose recipient is *address*, however it was spelled in the config of that day."""
    recipient, [key] = table.c.recipient, table.primary_key.columns
    # Not in SQL alone: SQLite knows the small letters of ASCII only, and a domain may stand there in ASCII.
    ends = {_ascii_end(address.text), _ascii_end(f"@{ascii_domain(address.text)}")}
    query = select(key, recipient).where(
        or_(*(func.lower(recipient).endswith(end, autoescape=True) for end in sorted(ends)))
    )
    if without_subscription:
        query = query.where(table.c.subscription_pk.is_(None))
    return [pk for pk, one in connection.execute(query) if _is(address, one)]


def _ascii_end(address: str) -> str:
    """The end of an address from the `@` on, as far as it is in ASCII."""
    domain = f"@{address.rpartition('@')[2]}"
    return domain[max((n + 1 for n, c in enumerate(domain) if not c.isascii()), default=0) :]


def _is(address: Address, recipient: str) -> bool:
    try:
        return parse_address(recipient).key == address.key
    except AddressError:
        return False


def _anonymize(connection: Connection, ids: Sequence[int]) -> None:
    """Take the address out of deliveries, and the picks that nobody else has; their ids keep deliveries apart."""
    picks: set[int] = set()
    for some in chunks(ids):
        picks.update(connection.scalars(select(_d.picks_pk).where(_d.id.in_(some), _d.picks_pk.is_not(None))))
        connection.execute(
            update(tables.delivery)
            .where(_d.id.in_(some))
            .values(
                recipient=literal("forgotten ").concat(cast(_d.id, Text)),
                subscription_pk=None,
                picks_pk=None,
                error=None,
                message_id="",
            )
        )
        given_up = _d.state.in_((DeliveryState.DUE, DeliveryState.SENDING))
        connection.execute(
            update(tables.delivery)
            .where(_d.id.in_(some), given_up)
            .values(state=DeliveryState.SKIPPED, error=_FORGOTTEN)
        )
    p = tables.picks.c
    for some in chunks(sorted(picks)):
        left = exists().where(_d.picks_pk == p.pk)
        connection.execute(delete(tables.picks).where(p.pk.in_(some), ~left))
