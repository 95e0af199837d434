"""`digest subscribers`: what the operator does with readers: add, list, show, remove, export.

Whom the operator adds is confirmed, for the operator answers for the consent. Who stopped, complained, or whose mails
came back is brought back by nobody but themselves: by the link in a mail that asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from digest.core.errors import AddressError, ConfigError, NotFoundError, SourceError, WishError
from digest.core.models import Delivery
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.notices import NoticeKind
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.core.subscribers.table import in_one_cell
from digest.core.subscribers.wishes import LARGEST_LIBRARY, MOST_LIBRARIES, check_both
from digest.core.walls import reason_of
from digest.publish.phrasing import count
from digest.store.subscribers import Library

if TYPE_CHECKING:
    from digest.config.settings import Config
    from digest.store import Mark
    from digest.store.people import KeptBounce, KeptNotice

Outcome = Literal["added", "changed", "unchanged", "asked", "removed", "refused"]
_PAGE: Final = 2000
"""Subscribers that are read at once."""
_GONE: Final[Mapping[SubscriberState, str]] = {
    SubscriberState.UNSUBSCRIBED: "unsubscribed",
    SubscriberState.BOUNCED: "no longer takes mails: they came back",
    SubscriberState.COMPLAINED: "reported a mail as unwanted",
}


class Store(Protocol):
    """The part of the store that keeps subscribers."""

    def hash_secret(self) -> bytes: ...

    def subscriber(self, address: Address) -> Subscriber | None: ...

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]: ...

    def subscriptions_of_each(self, subscribers: Collection[int]) -> dict[int, tuple[Subscription, ...]]: ...

    def subscribers(self, *, after: int = ..., limit: int = ...) -> tuple[Subscriber, ...]: ...

    def save_subscriber(
        self, address: Address, *, origin: Origin, state: SubscriberState, at: datetime
    ) -> tuple[Subscriber, bool]: ...

    def save_subscription(self, subscriber: int, edition: str, *, at: datetime, **values: Any) -> Subscription: ...

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool: ...

    def stop_subscriptions(self, pks: Collection[int], *, at: datetime) -> frozenset[int]: ...

    def save_library(self, subscription: int, library: Library, *, at: datetime) -> None: ...

    def libraries_of(self, subscription: int) -> tuple[Library, ...]: ...

    def forgotten_since(self, address: Address, *, secret: bytes) -> date | None: ...

    def add_notice(
        self, kind: str, recipient: str, about: Mapping[str, Any], subscription: int | None, at: datetime
    ) -> int: ...

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> tuple[Mark, ...]: ...

    def deliveries_to(self, address: Address, subscriptions: Collection[int] = ()) -> tuple[Delivery, ...]: ...

    def notices_to(self, address: Address, subscriptions: Collection[int] = ()) -> tuple[KeptNotice, ...]: ...

    def bounces_of(self, subscriber: int) -> tuple[KeptBounce, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one address, for one edition."""

    email: str
    edition: str
    """Empty where it is about none."""
    outcome: Outcome
    said: str = ""
    """What is to be known of it: what changed, or why it was refused."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscriber with their subscriptions."""

    subscriber: Subscriber
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All that is kept of one address."""

    email: str
    subscriber: Subscriber | None
    """None for one who only got mails as a recipient of config.toml, or is forgotten."""
    subscriptions: tuple[Subscription, ...] = ()
    libraries: Mapping[int, tuple[Library, ...]] = field(default_factory=dict)
    """By the key of their subscription."""
    marks: tuple[Mark, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    notices: tuple[KeptNotice, ...] = ()
    bounces: tuple[KeptBounce, ...] = ()
    forgotten_since: date | None = None
    recipient_of: tuple[str, ...] = ()
    """The editions whose `recipients` in config.toml name the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberDesk:
    """Does what the operator wants with subscribers."""

    store: Store
    config: Config
    clock: Callable[[], datetime]

    # -- add

    def add(
        self,
        emails: Sequence[str],
        editions: Sequence[str],
        wishes: Mapping[str, Any],
        *,
        libraries: Sequence[Library] = (),
        confirmed: bool = True,
    ) -> list[Done]:
        """Subscribe addresses to editions; of one that is subscribed already, what is given in *wishes* is changed.

        Args:
            editions: None named: the only one there is.
            wishes: Fields of `Subscription`, checked.
            confirmed: The operator answers for the consent; otherwise each gets a mail that asks.

        Raises:
            ConfigError: There is no such edition, or several may be meant.
        """
        names = self.editions_meant(editions)
        done = []
        for email in emails:
            try:
                address = parse_address(email)
            except AddressError as exc:
                done.append(Done(email=email, edition="", outcome="refused", said=str(exc)))
                continue
            found = [self._add(address, name, wishes, libraries, confirmed=confirmed) for name in names]
            asked = [pk for one, pk in found if one.outcome == "asked"]
            if asked:
                self.store.add_notice(
                    NoticeKind.CONFIRM, address.text, {"subscriptions": asked}, asked[0], self.clock()
                )
            done += [one for one, _ in found]
        return done

    def editions_meant(self, names: Sequence[str]) -> list[str]:
        """The names of editions; none given: the only one there is.

        Raises:
            ConfigError: There is no such edition, or several may be meant.
        """
        found = [edition.name for edition in self.config.editions_named(names)]
        if not names and len(found) > 1:
            raise ConfigError(f"say which edition is meant: --edition {found[0]} (there are {', '.join(found)})")
        return found

    def _add(
        self,
        address: Address,
        edition: str,
        wishes: Mapping[str, Any],
        libraries: Sequence[Library],
        *,
        confirmed: bool,
    ) -> tuple[Done, int]:
        """What became of it, and the key of the subscription; 0 if it was refused."""
        now = self.clock()
        known = self.store.subscriber(address)
        before = None
        if known is not None:
            before = next((one for one in self.store.subscriptions_of(known.pk) if one.edition == edition), None)
        reason = self._why_not(address, known, before)
        try:
            interests = wishes.get("interests", before.interests if before else ())
            check_both(interests, wishes.get("avoid", before.avoid if before else ()))
            _check_libraries(before, libraries)
        except WishError as exc:
            return Done(email=address.text, edition=edition, outcome="refused", said=str(exc)), 0
        if reason and confirmed:
            said = f"{reason}; only they themselves can come back: --unconfirmed mails them a link for it"
            return Done(email=address.text, edition=edition, outcome="refused", said=said), 0
        state = SubscriberState.CONFIRMED if confirmed else SubscriberState.PENDING
        subscriber, _ = self.store.save_subscriber(address, origin=Origin.OPERATOR, state=state, at=now)
        is_asked = not confirmed and not (before is not None and before.is_active)
        first = {"confirmed_at": now} if confirmed and (before is None or before.confirmed_at is None) else {}
        after = self.store.save_subscription(subscriber.pk, edition, at=now, **wishes, **first)
        if confirmed:
            self.store.set_subscriber_state(subscriber.pk, SubscriberState.CONFIRMED, at=now)
        for library in libraries:
            self.store.save_library(after.pk, library, at=now)
        changes = (*_changes(before, after), *(f"library {one.name}" for one in libraries))
        outcome: Outcome = "added"
        if is_asked:
            outcome = "asked"
        elif before is not None and not first:
            outcome = "changed" if changes else "unchanged"
        said = wishes_in_words(after) if outcome == "unchanged" else "; ".join(changes)
        return Done(email=address.text, edition=edition, outcome=outcome, said=said), after.pk

    def _why_not(self, address: Address, known: Subscriber | None, before: Subscription | None) -> str:
        """Why the operator may not bring an address in; empty if nothing speaks against it."""
        if known is None:
            since = self.store.forgotten_since(address, secret=self.store.hash_secret())
            return f"wanted to be forgotten on {since}" if since else ""
        if known.state in _GONE:
            return f"{_GONE[known.state]} ({known.since:%Y-%m-%d})"
        if before is not None and before.stopped_at is not None:
            return f"stopped {before.edition} on {before.stopped_at:%Y-%m-%d}"
        return ""

    # -- list and show

    def listed(self, *, editions: Collection[str] = (), states: Collection[SubscriberState] = ()) -> Iterator[Listed]:
        """The subscribers with their subscriptions, in the order in which they came.

        Args:
            editions: Only subscriptions of these, and who has one; none: all.
            states: Only subscribers in one of these; none: in any.
        """
        after = 0
        while page := self.store.subscribers(after=after, limit=_PAGE):
            after = page[-1].pk
            chosen = [one for one in page if not states or one.state in states]
            each = self.store.subscriptions_of_each([one.pk for one in chosen])
            for one in chosen:
                found = tuple(s for s in each.get(one.pk, ()) if not editions or s.edition in editions)
                if found or not editions:
                    yield Listed(one, found)

    def person(self, email: str) -> Person:
        """All that is kept of one address.

        Raises:
            AddressError: It is none.
            NotFoundError: Nothing is kept of it.
        """
        address = parse_address(email)
        subscriber = self.store.subscriber(address)
        subscriptions = self.store.subscriptions_of(subscriber.pk) if subscriber else ()
        pks = [one.pk for one in subscriptions]
        person = Person(
            email=subscriber.address if subscriber else address.text,
            subscriber=subscriber,
            subscriptions=subscriptions,
            libraries={one.pk: self.store.libraries_of(one.pk) for one in subscriptions},
            marks=self.store.marks(readers=[one.reader for one in subscriptions]) if subscriptions else (),
            deliveries=self.store.deliveries_to(address, pks),
            notices=self.store.notices_to(address, pks),
            bounces=self.store.bounces_of(subscriber.pk) if subscriber else (),
            forgotten_since=self.store.forgotten_since(address, secret=self.store.hash_secret()),
            recipient_of=self.recipient_of(address),
        )
        if not (subscriber or person.deliveries or person.notices or person.forgotten_since or person.recipient_of):
            raise NotFoundError(f"nothing is known of {address.text}")
        return person

    def recipient_of(self, address: Address) -> tuple[str, ...]:
        """The editions whose `recipients` in config.toml name an address."""
        return tuple(e.name for e in self.config.editions if any(_is(address, one) for one in e.recipients))

    # -- remove

    def remove(self, emails: Sequence[str], editions: Sequence[str] = ()) -> list[Done]:
        """Unsubscribe addresses; their rows stay, so that no import brings them back.

        Args:
            editions: Only from these; none: from all.

        Raises:
            ConfigError: There is no such edition in the config, nor among the subscriptions of any address.
        """
        return [done for email in emails for done in self._remove(email, editions)]

    def _remove(self, email: str, editions: Sequence[str]) -> list[Done]:
        try:
            address = parse_address(email)
        except AddressError as exc:
            return [Done(email=email, edition="", outcome="refused", said=str(exc))]
        subscriber = self.store.subscriber(address)
        of_config = self.recipient_of(address)
        hint = f"; recipients of {', '.join(of_config)} in config.toml still name it" if of_config else ""
        if subscriber is None:
            return [
                Done(email=address.text, edition="", outcome="refused", said=f"is not subscribed to anything{hint}")
            ]
        now, done = self.clock(), []
        wanted = [one for one in self.store.subscriptions_of(subscriber.pk) if not editions or one.edition in editions]
        stopped = self.store.stop_subscriptions([one.pk for one in wanted], at=now)
        for one in wanted:
            is_new = one.pk in stopped
            said = "" if is_new else f"was stopped before, on {one.stopped_at:%Y-%m-%d}"
            outcome: Outcome = "removed" if is_new else "unchanged"
            done.append(Done(email=subscriber.address, edition=one.edition, outcome=outcome, said=said))
        for name in editions:
            if name not in {one.edition for one in wanted}:
                done.append(
                    Done(email=subscriber.address, edition=name, outcome="refused", said=f"is not subscribed to {name}")
                )
        if not editions and subscriber.state in (SubscriberState.CONFIRMED, SubscriberState.PENDING):
            self.store.set_subscriber_state(subscriber.pk, SubscriberState.UNSUBSCRIBED, at=now)
            if not wanted:
                done.append(Done(email=subscriber.address, edition="", outcome="removed"))
        return done or [Done(email=subscriber.address, edition="", outcome="unchanged", said="had stopped before")]

    # -- export

    def exported(self, *, editions: Collection[str] = ()) -> Iterator[dict[str, str]]:
        """A row for each subscription, with the columns of `digest.core.subscribers.table.COLUMNS`."""
        for one in self.listed(editions=editions):
            for subscription in one.subscriptions:
                yield {
                    "email": one.subscriber.address,
                    "edition": subscription.edition,
                    "state": state_in_words(subscription),
                    **exported_wishes(subscription),
                }


def _is(address: Address, recipient: str) -> bool:
    try:
        return parse_address(recipient).key == address.key
    except AddressError:
        return False


# -- libraries


def read_libraries(files: Sequence[Path]) -> tuple[Library, ...]:
    """The files of papers at these paths, each checked to hold some.

    Raises:
        ConfigError: One cannot be read, is too large, or holds no paper.
    """
    from digest.core.ranking.interests import LIBRARIES
    from digest.sources.libraries.library import read_library

    found = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise ConfigError(f"{path}: cannot be read: {reason_of(exc)}") from exc
        if not path.name.lower().endswith(LIBRARIES):
            raise ConfigError(f"{path}: is no library of a known kind: {', '.join(LIBRARIES)}")
        if len(content) > LARGEST_LIBRARY:
            raise ConfigError(f"{path}: is larger than {LARGEST_LIBRARY // 1_000_000} MB")
        try:
            papers = len(read_library(content, name=path.name).records)
        except SourceError as exc:
            raise ConfigError(f"{path}: {str(exc).removeprefix(f'{path.name}: ')}") from exc
        found.append(Library(name=path.name, content=content, papers=papers))
    return tuple(found)


def _check_libraries(before: Subscription | None, libraries: Sequence[Library]) -> None:
    names = {*(before.libraries if before else ()), *(one.name for one in libraries)}
    if len(names) > MOST_LIBRARIES:
        raise WishError(f"{len(names)} libraries are too many: {MOST_LIBRARIES} are the most")


# -- in words


def state_in_words(subscription: Subscription) -> str:
    """How a subscription stands: the state of its subscriber or, if that is confirmed, its own."""
    state = subscription.subscriber.state
    if state is not SubscriberState.CONFIRMED:
        return state.value
    if subscription.stopped_at is not None:
        return SubscriberState.UNSUBSCRIBED.value
    return SubscriberState.PENDING.value if subscription.confirmed_at is None else state.value


def exported_wishes(subscription: Subscription) -> dict[str, str]:
    """The wishes of a subscription as cells of a table."""
    return {
        "cadence": subscription.cadence,
        "paused_until": str(subscription.paused_until or ""),
        "interests": in_one_cell(subscription.interests),
        "avoid": in_one_cell(subscription.avoid),
        "lead": "" if subscription.lead is None else str(subscription.lead),
        "max_papers": "" if subscription.max_papers is None else str(subscription.max_papers),
        "language": subscription.language,
        "zone": subscription.zone,
    }


def wishes_in_words(subscription: Subscription) -> str:
    """What a subscription has of its own, beside the edition: `weekly:fri, paused until 2026-06-20, 3 interests`."""
    s = subscription
    return ", ".join(
        text
        for text in (
            s.cadence,
            f"paused until {s.paused_until}" if s.paused_until else "",
            count(len(s.interests), "interest") if s.interests else "",
            f"avoids {len(s.avoid)}" if s.avoid else "",
            count(len(s.libraries), "library", "libraries") if s.libraries else "",
            f"{s.max_papers} papers" if s.max_papers is not None else "",
            f"{s.lead} first" if s.lead is not None else "",
            f"in {s.language}" if s.language else "",
            s.zone,
        )
        if text
    )


def _changes(before: Subscription | None, after: Subscription) -> tuple[str, ...]:
    """What was changed, a clause for each field."""
    old, new = exported_wishes(before) if before else {}, exported_wishes(after)
    return tuple(
        f"{name.replace('_', ' ')} {value or 'as the edition has it'}"
        + (f" (was {old[name]})" if before is not None and old[name] else "")
        for name, value in new.items()
        if value != old.get(name, "daily" if name == "cadence" else "")
    )
