"""`digest subscribers import`: subscribers out of a table, of this program or of another newsletter tool.

Nobody is brought back by an import, and nobody is mailed because of one: who stopped there is kept as stopped, who
stopped here stays so. Each row that is not taken as it is gets a line that says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Final, Literal, Protocol

from digest.core.errors import AddressError, WishError
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.core.subscribers.table import Row, Table, several, state_of
from digest.core.subscribers.wishes import (
    check_both,
    read_cadence,
    read_interests,
    read_language,
    read_number,
    read_zone,
)
from digest.store.subscribers import NewSubscription

Became = Literal["added", "pending", "stopped", "refused"]
BECAME: Final[tuple[Became, ...]] = ("added", "pending", "stopped", "refused")
"""What can become of a row: it gets issues; it is kept and gets none until it is confirmed, or for good; nothing."""
_AT_ONCE: Final = 5000
"""People who are written in one transaction."""
_NO_MAILS: Final = (SubscriberState.UNSUBSCRIBED, SubscriberState.BOUNCED, SubscriberState.COMPLAINED)


class Store(Protocol):
    """The part of the store that an import needs."""

    def hash_secret(self) -> bytes: ...

    def known_subscribers(
        self, addresses: Iterable[Address]
    ) -> dict[str, tuple[Subscriber, tuple[Subscription, ...]]]: ...

    def forgotten_among(self, addresses: Iterable[Address], *, secret: bytes) -> dict[str, date]: ...

    def save_subscriptions(
        self, new: Sequence[NewSubscription], *, origin: Origin, at: datetime
    ) -> frozenset[tuple[str, str]]: ...

    def set_subscriber_states(self, pks: Collection[int], state: SubscriberState, *, at: datetime) -> int: ...

    def stop_subscriptions(self, pks: Collection[int], *, at: datetime) -> frozenset[int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of a row that was not simply added."""

    row: int
    email: str
    """As it stands in the table."""
    edition: str
    became: Became
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSubscribers:
    """The result of an import."""

    counts: Mapping[Became, int]
    """Of all of `BECAME`."""
    lines: tuple[Line, ...]
    """Of the rows of which something is to be said, in their order."""
    ignored: tuple[str, ...]
    """Headings of columns that were not read."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that was understood."""

    row: Row
    address: Address
    edition: str
    state: SubscriberState
    wishes: Mapping[str, Any]
    left_out: tuple[str, ...]
    """Wishes that were not understood, and why."""

    def became(self, became: Became, *said: str) -> Line:
        """The line for it."""
        return _line(self.row, self.edition, became, "; ".join((*said, *self.left_out)))


@dataclass(frozen=True, slots=True)
class _Writes:
    """What is to be written of some rows."""

    new: dict[int, NewSubscription]
    """By the number of their row."""
    stopped: list[int]
    gone: dict[SubscriberState, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberImport:
    """Takes over a table of subscribers."""

    store: Store
    editions: Collection[str]
    """The names of those that are configured."""
    default_edition: str
    """Of rows that name none; empty: those are refused."""
    clock: Callable[[], datetime]

    def take(self, table: Table, *, write: bool = True) -> ImportedSubscribers:
        """Take over the rows of *table*.

        Args:
            write: False: only say what would become of them.

        Raises:
            ConfigError: The table cannot be read to its end; then nothing is written.
        """
        lines: list[Line] = []
        people: dict[str, dict[str, _Read]] = {}
        for row in table.rows:
            try:
                one = self._read(row)
                first = people.setdefault(one.address.key, {}).setdefault(one.edition, one)
                if first is not one:
                    raise WishError(f"stands in row {first.row.number} already")
            except (AddressError, WishError) as exc:
                lines.append(_line(row, row.cells.get("edition", self.default_edition), "refused", str(exc)))
        secret, each = self.store.hash_secret(), iter(people.values())
        while some := [list(rows.values()) for rows in islice(each, _AT_ONCE)]:
            lines += self._some(some, secret, write=write)
        lines.sort(key=lambda line: line.row)
        counts = Counter(line.became for line in lines)
        return ImportedSubscribers(
            counts={became: counts[became] for became in BECAME},
            lines=tuple(line for line in lines if line.said),
            ignored=table.ignored,
        )

    def _read(self, row: Row) -> _Read:
        """A row, understood.

        Raises:
            AddressError: Its address is none.
            WishError: Anything else of it is not understood that must be.
        """
        cells = row.cells
        if "email" not in cells:
            raise AddressError("has no address")
        address = parse_address(cells["email"])
        edition = cells.get("edition", self.default_edition)
        if not edition:
            raise WishError("names no edition: --edition says which one is meant")
        if edition not in self.editions:
            raise WishError(f"there is no edition “{edition[:60]}”")
        wishes, left_out = _wishes(cells)
        return _Read(row, address, edition, state_of(row), wishes, left_out)

    def _some(self, people: Sequence[Sequence[_Read]], secret: bytes, *, write: bool) -> list[Line]:
        """A line for each row of some people, who are written in one transaction."""
        addresses = [rows[0].address for rows in people]
        known = self.store.known_subscribers(addresses)
        forgotten = self.store.forgotten_among((a for a in addresses if a.key not in known), secret=secret)
        now, lines, writes = self.clock(), list[Line](), _Writes({}, [], {})
        for rows in people:
            key = rows[0].address.key
            if since := forgotten.get(key):
                said = f"wanted to be forgotten on {since}: only they themselves can come back"
                lines += [one.became("refused", said) for one in rows]
            elif key in known:
                lines += [_of_known(one, *known[key], writes, now) for one in rows]
            else:
                lines += _of_new(rows, writes, now)
        return self._written(lines, writes, now) if write else lines

    def _written(self, lines: list[Line], writes: _Writes, now: datetime) -> list[Line]:
        """The lines, once all is written; what somebody else was quicker to do is refused."""
        kept = self.store.save_subscriptions(list(writes.new.values()), origin=Origin.OPERATOR, at=now)
        for state, pks in writes.gone.items():
            self.store.set_subscriber_states(pks, state, at=now)
        self.store.stop_subscriptions(writes.stopped, at=now)
        late = {n for n, one in writes.new.items() if (one.address.key, one.edition) not in kept}
        said = "was changed by somebody else meanwhile: import the table again"
        return [replace(line, became="refused", said=said) if line.row in late else line for line in lines]


def _line(row: Row, edition: str, became: Became, said: str) -> Line:
    return Line(row=row.number, email=row.cells.get("email", ""), edition=edition, became=became, said=said)


def _wishes(cells: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Fields of `Subscription` out of a row's cells, and those that were left out, with the reason.

    What other tools know of a person's language and zone is no wish made here: what of it is not understood is left
    out. The rest is this program's own, and must be right.

    Raises:
        WishError: Something of it is not.
    """
    found: dict[str, Any] = {}
    left_out = []
    for name, read in _WISHES.items():
        if name in cells:
            try:
                found[name] = read(cells[name])
            except WishError as exc:
                raise WishError(f"{name}: {exc}") from exc
    for name, read in _KNOWN_ELSEWHERE.items():
        if name in cells:
            try:
                found[name] = read(cells[name])
            except WishError as exc:
                left_out.append(f"without its {name}: {str(exc).partition(':')[0]}")
    check_both(found.get("interests", ()), found.get("avoid", ()))
    return found, tuple(left_out)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as exc:
        raise WishError(f"“{text[:20]}” is not a date such as 2026-06-03") from exc


_WISHES: Final[Mapping[str, Callable[[str], Any]]] = {
    "cadence": lru_cache(read_cadence),
    "paused_until": _day,
    "interests": lambda cell: read_interests(several(cell)),
    "avoid": lambda cell: read_interests(several(cell)),
    "lead": partial(read_number, least=0),
    "max_papers": partial(read_number, least=1),
}
_KNOWN_ELSEWHERE: Final[Mapping[str, Callable[[str], Any]]] = {
    # "en_US", "pt-BR"
    "language": lru_cache(lambda cell: read_language(cell.replace("_", "-").partition("-")[0])),
    "zone": lru_cache(read_zone),
}


# -- who is new


def _of_new(rows: Sequence[_Read], writes: _Writes, now: datetime) -> list[Line]:
    """The lines of an address that nobody here knows."""
    said = {one.state for one in rows}
    # A mailbox that takes nothing takes no edition; one that takes some is confirmed.
    state = next(one for one in _FIRST if one in said)
    for one in rows:
        writes.new[one.row.number] = _new(one, state, now)
    return [_of_stopped(one, state) or _of_wanted(one, state) for one in rows]


_FIRST: Final = (
    SubscriberState.COMPLAINED,
    SubscriberState.BOUNCED,
    SubscriberState.CONFIRMED,
    SubscriberState.PENDING,
    SubscriberState.UNSUBSCRIBED,
)


def _new(one: _Read, state: SubscriberState, now: datetime) -> NewSubscription:
    values = {
        **one.wishes,
        "confirmed_at": None if one.state is SubscriberState.PENDING else now,
        "stopped_at": now if one.state is SubscriberState.UNSUBSCRIBED else None,
    }
    return NewSubscription(address=one.address, state=state, edition=one.edition, values=values)


def _of_stopped(one: _Read, state: SubscriberState) -> Line | None:
    if one.state in _NO_MAILS:
        return one.became("stopped", f"{one.state.value} there: kept so, and not mailed")
    if state in _NO_MAILS:
        return one.became("stopped", f"another row says {state.value}: kept so, and not mailed")
    return None


def _of_wanted(one: _Read, state: SubscriberState) -> Line:
    if SubscriberState.PENDING in (one.state, state):
        return one.became("pending", "not confirmed there: kept, and gets nothing until it is")
    return one.became("added")


# -- who is known


def _of_known(
    one: _Read, subscriber: Subscriber, subscriptions: Sequence[Subscription], writes: _Writes, now: datetime
) -> Line:
    """The line of an address that is known here. Whatever stops mails is taken over, and nothing that would bring
    somebody back."""
    there = next((s for s in subscriptions if s.edition == one.edition), None)
    if subscriber.state in _NO_MAILS:
        back = "" if one.state in _NO_MAILS else ": only they themselves can come back"
        return one.became("refused", f"{subscriber.state.value} here since {subscriber.since:%Y-%m-%d}{back}")
    if one.state in (SubscriberState.BOUNCED, SubscriberState.COMPLAINED):
        writes.gone.setdefault(one.state, []).append(subscriber.pk)
        return one.became("stopped", f"{one.state.value} there: gets no mails here either")
    if there is not None and there.stopped_at is not None:
        back = "" if one.state in _NO_MAILS else ": only they themselves can come back"
        return one.became("refused", f"stopped {one.edition} here on {there.stopped_at:%Y-%m-%d}{back}")
    if one.state is SubscriberState.UNSUBSCRIBED and there is not None:
        writes.stopped.append(there.pk)
        return one.became("stopped", "unsubscribed there: gets no mails here either")
    if there is not None and there.is_active:
        return one.became("refused", "is subscribed already")
    if there is not None or subscriber.state is SubscriberState.PENDING:
        return one.became("refused", "was asked to confirm: `digest subscribers add` does it for them")
    writes.new[one.row.number] = _new(one, subscriber.state, now)
    return _of_stopped(one, subscriber.state) or _of_wanted(one, subscriber.state)
