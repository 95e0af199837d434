"""Subscribing by oneself: sign up, confirm, have one's links mailed, pause and stop. No account, and no password.

What a form asks for is written down and nothing else (see `digest.core.subscribers.notices`): a stranger learns nothing
of an address, neither from the answer nor from how long it takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from digest.core.models import Edition
from digest.core.ports import Clock
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.limits import Limit, hashed
from digest.core.subscribers.notices import NoticeKind
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.core.subscribers.tokens import CONFIRM_DAYS, Purpose
from digest.core.subscribers.wishes import read_cadence
from digest.usecases.linking import Linking, Opened

_HOUR: Final = timedelta(hours=1)
_IN_ALL: Final = 1000
"""Forms an hour that lead to a mail, of the whole world: a flood from many networks is no good use of a mail server."""
PAUSES: Final = (7, 14, 30)
"""Days that a pause may be chosen from where one would stop."""


class Store(Protocol):
    """The part of the store that subscribing needs."""

    def hash_secret(self) -> bytes: ...

    def ask(
        self, kind: str, recipient: str, about: Mapping[str, Any], *, limits: Sequence[Limit], at: datetime
    ) -> bool: ...

    def asked_with(self, subscription: int, *, since: datetime) -> frozenset[int]: ...

    def subscriptions_by_pk(self, pks: Collection[int]) -> dict[int, Subscription]: ...

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]: ...

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool: ...

    def change_subscription(self, pk: int, **values: Any) -> Subscription: ...

    def stop_subscription(self, pk: int, *, at: datetime) -> bool: ...

    def remember(self, address: Address, *, secret: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """What readers do by themselves."""

    store: Store
    linking: Linking
    editions: Mapping[str, Edition]
    """All that are configured."""
    is_open: bool
    """Whether strangers may sign up at all."""
    per_network: int
    """Sign-ups an hour of one network that lead to a mail."""
    clock: Clock
    zone: ZoneInfo

    # -- forms of strangers

    def sign_up(self, email: str, editions: Sequence[str], cadence: str, *, network: str) -> None:
        """Write down that somebody gave an address, to get *editions*.

        Args:
            editions: Those that are not open, or unknown, are left out; none: the first open one.
            network: Where the form came from.

        Raises:
            AddressError: It is no address. Nothing else is ever told of it.
            WishError: The cadence is none.
        """
        address = parse_address(email)
        about = {"editions": self.chosen(editions), "cadence": read_cadence(cadence or "daily")}
        if about["editions"]:
            self._ask(NoticeKind.SIGN_UP, address, about, network)

    def mail_links(self, email: str, *, network: str) -> None:
        """Write down that somebody asked for the links of an address.

        Raises:
            AddressError: It is none.
        """
        self._ask(NoticeKind.LOST, parse_address(email), {}, network)

    def chosen(self, editions: Sequence[str]) -> list[str]:
        """Those of *editions* that strangers may sign up for; the first of all if none is named."""
        free = [name for name, edition in self.editions.items() if edition.open and self.is_open]
        return [name for name in free if name in editions] or (free[:1] if not editions else [])

    def _ask(self, kind: NoticeKind, address: Address, about: Mapping[str, Any], network: str) -> None:
        secret = self.store.hash_secret()
        limits = (
            Limit("notice of all", "", _IN_ALL, _HOUR),
            Limit("notice of a network", hashed(secret, network), self.per_network, _HOUR),
            # Also so that nobody's mailbox is filled by others.
            Limit("notice to an address", hashed(secret, address.key), 1, _HOUR),
        )
        self.store.ask(kind, address.text, about, limits=limits, at=self.clock())

    # -- links of readers

    def asked(self, token: str) -> tuple[Subscription, ...]:
        """What a link to confirm asks about, its own subscription first; empty if it does not hold."""
        opened = self.linking.open(Purpose.CONFIRM, token)
        if opened is None:
            return ()
        one = opened.subscription
        pks = self.store.asked_with(one.pk, since=self.clock() - timedelta(days=CONFIRM_DAYS))
        others = self.store.subscriptions_by_pk(pks - {one.pk}).values()
        # A row's key may be given anew when another is deleted.
        return (one, *(other for other in others if other.subscriber.pk == one.subscriber.pk))

    def confirm(self, token: str) -> tuple[Subscription, ...]:
        """Confirm what a link asks about, as it is then; empty if the link does not hold.

        A reader who stopped, or whose mails came back, is back; a second time does nothing.
        """
        asked, now = self.asked(token), self.clock()
        if not asked:
            return ()
        subscriber = asked[0].subscriber
        # Editions first: should this end in between, nothing is sent, and the link still confirms.
        for one in asked:
            if one.confirmed_at is None or one.stopped_at is not None:
                # What came out meanwhile is not made up for.
                yesterday = self.today_of(one) - timedelta(days=1)
                covered = max(one.covered_until, yesterday) if one.covered_until else None
                self.store.change_subscription(
                    one.pk, confirmed_at=now, stopped_at=None, paused_until=None, covered_until=covered
                )
        address = parse_address(subscriber.address)
        self.store.remember(address, secret=self.store.hash_secret())
        self.store.set_subscriber_state(subscriber.pk, SubscriberState.CONFIRMED, at=now)
        found = self.store.subscriptions_by_pk([one.pk for one in asked])
        return tuple(found[one.pk] for one in asked if one.pk in found)

    def leaving(self, token: str) -> Opened | None:
        """Whom a link to stop is about; None if it does not hold, or they are forgotten."""
        return self.linking.open(Purpose.UNSUBSCRIBE, token)

    def is_for_leaving(self, token: str) -> bool:
        """Whether a link to stop is one of ours, even where nobody is left behind it."""
        return self.linking.read(Purpose.UNSUBSCRIBE, token) is not None

    def stop(self, token: str, *, all_editions: bool = False) -> tuple[str, ...] | None:
        """Stop the edition of a link, or all of its reader; the names of those that ran. None if it does not hold."""
        opened = self.leaving(token)
        if opened is None:
            return None
        mine = (
            self.store.subscriptions_of(opened.subscription.subscriber.pk) if all_editions else (opened.subscription,)
        )
        return tuple(one.edition for one in mine if self.store.stop_subscription(one.pk, at=self.clock()))

    def pause(self, token: str, days: int) -> date | None:
        """Pause the edition of a link for *days*, one of `PAUSES`; the first day with an issue again.

        None if the link does not hold, or the edition was stopped.
        """
        opened = self.leaving(token)
        if opened is None or opened.subscription.stopped_at is not None:
            return None
        until = self.today_of(opened.subscription) + timedelta(days=days)
        self.store.change_subscription(opened.subscription.pk, paused_until=until)
        return until

    def today_of(self, subscription: Subscription) -> date:
        """The reader's own date."""
        zone = ZoneInfo(subscription.zone) if subscription.zone else self.zone
        return self.clock().astimezone(zone).date()
