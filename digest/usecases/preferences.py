"""What readers set for themselves: read as it was typed, refused field by field in a sentence, and kept.

    form ──► Typed ──read──► values of a Subscription, or troubles by field ──► kept in the store, or only tried

Nothing that was typed is lost over a trouble: the form comes back as it was, and nothing of it is kept.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from digest.core.errors import SourceError, WishError
from digest.core.lists.bounds import within_bounds
from digest.core.models import Delivery, Edition
from digest.core.ports import Clock
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.core.subscribers.wishes import (
    LARGEST_LIBRARY,
    LONGEST_INTEREST,
    MOST_INTERESTS,
    MOST_LIBRARIES,
    check_both,
    library_name,
    read_cadence,
    read_interests,
    read_language,
    read_number,
    read_zone,
)
from digest.core.walls import wall
from digest.usecases.forgetting import Forgetting
from digest.usecases.interests import unreadable

if TYPE_CHECKING:
    from digest.store import Mark
    from digest.store.subscribers import Library

_LONGEST_PAUSE: Final = timedelta(days=732)
_LONGEST_TEXT: Final = 2 * MOST_INTERESTS * LONGEST_INTEREST
"""Letters of a field of interests that are looked at, blank lines and doubles too."""
_EXPORTED: Final = 100_000
"""Deliveries in an export; nobody gets so many."""


class Store(Protocol):
    """The part of the store that keeps what readers set."""

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]: ...

    def change_subscription(self, pk: int, **values: Any) -> Subscription: ...

    def save_subscription(self, subscriber: int, edition: str, *, at: datetime, **values: Any) -> Subscription: ...

    def stop_subscription(self, pk: int, *, at: datetime) -> bool: ...

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool: ...

    def save_library(self, subscription: int, library: Library, *, at: datetime) -> None: ...

    def remove_library(self, subscription: int, name: str) -> bool: ...

    def libraries_of(self, subscription: int) -> tuple[Library, ...]: ...

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> Sequence[Mark]: ...

    def received(self, subscription: int, *, most: int, day: date | None = None) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The fields of the form, as they stand in it."""

    cadence: str
    paused_until: str
    interests: str
    """One a line, and so is `avoid`."""
    avoid: str
    lead: str
    max_papers: str
    language: str
    zone: str


FIELDS: Final = tuple(one.name for one in fields(Typed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a form came to."""

    values: Mapping[str, Any]
    """Fields of `Subscription`; those in trouble are left out."""
    troubles: Mapping[str, str] = field(default_factory=dict)
    """Field → what is wrong with it, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another edition that the same reader may get."""

    edition: Edition
    subscription: Subscription | None
    """The reader's, also one that is stopped."""

    @property
    def is_running(self) -> bool:
        """Whether the reader gets it."""
        return self.subscription is not None and self.subscription.is_active


def typed_of(subscription: Subscription, *, today: date) -> Typed:
    """The form of a subscription as it is.

    Args:
        today: The reader's own date; a pause that is over is none.
    """
    until = subscription.paused_until
    return Typed(
        cadence=subscription.cadence,
        paused_until=until.isoformat() if until and until > today else "",
        interests="\n".join(subscription.interests),
        avoid="\n".join(subscription.avoid),
        lead="" if subscription.lead is None else str(subscription.lead),
        max_papers="" if subscription.max_papers is None else str(subscription.max_papers),
        language=subscription.language,
        zone=subscription.zone,
    )


def read(typed: Typed, edition: Edition | None, *, today: date) -> Read:
    """Read a form, each field for itself.

    Args:
        edition: The one it is about; None if the config has it no more.
        today: The reader's own date.
    """
    values: dict[str, Any] = {}
    troubles: dict[str, str] = {}

    def take(name: str, value: Callable[[], Any]) -> None:
        try:
            values[name] = value()
        except WishError as error:
            troubles[name] = f"{error}."

    take("cadence", lambda: read_cadence(typed.cadence))
    take("paused_until", lambda: _read_pause(typed.paused_until, today))
    take("interests", lambda: _read_lines(typed.interests))
    take("avoid", lambda: _read_avoid(typed.avoid, values.get("interests", ())))
    take("max_papers", lambda: read_number(typed.max_papers, least=1))
    take("lead", lambda: _read_lead(typed.lead, values.get("max_papers"), edition))
    take("language", lambda: read_language(typed.language))
    take("zone", lambda: read_zone(typed.zone))
    return Read(values=values, troubles=troubles)


def _read_lines(text: str) -> tuple[str, ...]:
    if len(text) > _LONGEST_TEXT:
        raise WishError(
            f"These are {len(text):,} letters: name {MOST_INTERESTS} at most, one a line; upload papers as a library"
        )
    return read_interests(text.splitlines())


def _read_avoid(text: str, interests: Sequence[str]) -> tuple[str, ...]:
    avoid = _read_lines(text)
    check_both(interests, avoid)
    return avoid


def _read_lead(text: str, max_papers: int | None, edition: Edition | None) -> int | None:
    lead = read_number(text, least=0)
    most = max_papers or (edition.max_papers if edition else None)
    if lead is not None and most is not None and lead > most:
        raise WishError(f"{lead} cannot be shown in full where an issue has {most} papers")
    return lead


def _read_pause(text: str, today: date) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        # The form of a date field, and no other: fromisoformat takes weeks and bare digits too.
        until = date.fromisoformat(text) if len(text) == len("2026-06-03") else None
    except ValueError:
        until = None
    if until is None or until.isoformat() != text:
        raise WishError(f"“{text[:20]}” is not a day such as {today + timedelta(days=14)}")
    if until <= today:
        raise WishError(f"{until} is not a day to come: a pause ends on one, the first with a mail again")
    if until - today > _LONGEST_PAUSE:
        raise WishError("a pause lasts two years at most: to stop for longer, stop, and come back when you like")
    return until


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Keeps what readers set. Threads can share it."""

    store: Store
    editions: Mapping[str, Edition]
    forgetting: Forgetting
    clock: Clock

    def others(self, subscription: Subscription, offered: Collection[str]) -> tuple[Other, ...]:
        """The other editions that a reader gets or may get, in the order of the config.

        Args:
            offered: Names of those that anybody may get.
        """
        have = {one.edition: one for one in self.store.subscriptions_of(subscription.subscriber.pk)}
        return tuple(
            Other(edition=edition, subscription=have.get(name))
            for name, edition in self.editions.items()
            if name != subscription.edition and (name in offered or name in have)
        )

    def save(self, subscription: Subscription, read: Read) -> Subscription:
        """Keep what a form came to, if nothing of it is in trouble.

        Raises:
            NotFoundError: The subscription is gone, for its reader was forgotten meanwhile.
        """
        if read.troubles:
            return subscription
        return self.store.change_subscription(subscription.pk, **read.values)

    def add_library(self, subscription: Subscription, given: str, content: bytes) -> tuple[str, int, str]:
        """Keep a file of papers.

        Args:
            given: The file's name, as the reader's machine calls it.

        Returns:
            Its name, how many papers it has, and which entries could not be read, in words; empty if all could.

        Raises:
            WishError: It is too large, no library, or one too many.
        """
        from digest.sources.libraries.library import read_library
        from digest.store.subscribers import Library

        name = library_name(given)
        if len(content) > LARGEST_LIBRARY:
            raise WishError(f"{name} is larger than {LARGEST_LIBRARY // 1_000_000} MB: divide it")
        have = {one.name for one in self.store.libraries_of(subscription.pk)}
        if name not in have and len(have) >= MOST_LIBRARIES:
            raise WishError(f"{MOST_LIBRARIES} files are the most: remove one first")
        try:
            with wall(lambda said: SourceError(f"{name}: cannot be read: {said}; export the library again")):
                parsed = within_bounds(read_library(content, name=name), now=self.clock())
        except SourceError as error:
            raise WishError(str(error)) from error
        library = Library(name=name, content=content, papers=len(parsed.records))
        self.store.save_library(subscription.pk, library, at=self.clock())
        return name, len(parsed.records), unreadable(name, parsed)

    def set_editions(
        self,
        subscription: Subscription,
        wanted: Collection[str],
        offered: Collection[str],
        *,
        is_all: bool,
        today: date,
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Begin and stop other editions for the same reader, who has shown by a signed link who they are.

        Args:
            wanted: Names of editions; those that are neither had nor offered are passed over.
            offered: Names of those that anybody may get.
            is_all: Whether those that are not wanted are to be stopped.
            today: The reader's own date.

        Returns:
            The names of those that begin now, and of those that are stopped.
        """
        now = self.clock()
        others = self.others(subscription, offered)
        begun = [one for one in others if one.edition.name in wanted and not one.is_running]
        stopped = [one.subscription for one in others if is_all and one.is_running and one.edition.name not in wanted]
        if begun and self.is_refused(subscription):
            begun = []
        for one in begun:
            values = _begun_again(one.subscription, now=now, today=today)
            self.store.save_subscription(subscription.subscriber.pk, one.edition.name, at=now, **values)
        if begun:
            self.store.set_subscriber_state(subscription.subscriber.pk, SubscriberState.CONFIRMED, at=now)
        for other in stopped:
            if other is not None:
                self.store.stop_subscription(other.pk, at=now)
        return tuple(one.edition.name for one in begun), tuple(one.edition for one in stopped if one)

    def is_refused(self, subscription: Subscription) -> bool:
        """Whether the reader comes back only by confirming the address anew: mails to it came back, or it is not
        confirmed yet."""
        state = subscription.subscriber.state
        return state not in (SubscriberState.CONFIRMED, SubscriberState.UNSUBSCRIBED)

    def stop(self, subscription: Subscription) -> bool:
        """Stop an edition for its reader; whether it ran until now."""
        return self.store.stop_subscription(subscription.pk, at=self.clock())

    def come_back(self, subscription: Subscription, *, today: date) -> bool:
        """Begin an edition again that its reader stopped; False where the address has to be confirmed anew."""
        if self.is_refused(subscription):
            return False
        now = self.clock()
        self.store.set_subscriber_state(subscription.subscriber.pk, SubscriberState.CONFIRMED, at=now)
        self.store.change_subscription(subscription.pk, **_begun_again(subscription, now=now, today=today))
        return True

    def renew_feed(self, subscription: Subscription) -> Subscription:
        """Give the private feed another address; the former one is void."""
        return self.store.change_subscription(subscription.pk, feed=subscription.feed + 1)

    def forget(self, subscription: Subscription, *, today: date) -> None:
        """Delete all that is known of a reader, with all subscriptions; a keyed hash stays."""
        self.forgetting.forget(parse_address(subscription.subscriber.address), on=today)

    def export(self, subscription: Subscription) -> dict[str, Any]:
        """All that is kept of a reader, to be written as JSON."""
        one = subscription.subscriber
        return {
            "email": one.address,
            "state": one.state.value,
            "since": one.since.isoformat(),
            "origin": one.origin.value,
            "subscriptions": [self._exported(sub) for sub in self.store.subscriptions_of(one.pk)],
        }

    def _exported(self, subscription: Subscription) -> dict[str, Any]:
        values = asdict(subscription)
        left = ("pk", "subscriber", "libraries", "feed")
        return {
            **{name: _plain(value) for name, value in values.items() if name not in left},
            "libraries": [
                {"name": one.name, "papers": one.papers, "content": base64.b64encode(one.content).decode()}
                for one in self.store.libraries_of(subscription.pk)
            ],
            "marks": [
                {"id": mark.paper.id, "title": mark.paper.title, "mark": mark.value, "at": mark.at.isoformat()}
                for mark in self.store.marks(subscription.edition, readers=[subscription.reader])
            ],
            "received": [
                {"date": one.date.isoformat(), "channel": one.channel, "state": one.state.value}
                for one in self.store.received(subscription.pk, most=_EXPORTED)
            ],
        }


def _begun_again(subscription: Subscription | None, *, now: datetime, today: date) -> dict[str, Any]:
    """What a subscription has that begins now; *subscription* is the former one. What came out meanwhile is past."""
    covered = subscription.covered_until if subscription else None
    return {
        "confirmed_at": now,
        "stopped_at": None,
        "paused_until": None,
        "covered_until": max(covered, today - timedelta(days=1)) if covered else None,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
