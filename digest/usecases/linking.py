"""Links of readers: made for mails and pages, and read again when somebody follows one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from digest.core.ports import Clock
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import Link, LinkKeys, Purpose

_KEPT: Final = timedelta(seconds=30)
"""How long the secrets are taken as they were: so soon a renewed one holds, and a dropped one no more."""


class Store(Protocol):
    """The part of the store that links need."""

    def link_secrets(self) -> Mapping[int, bytes]: ...

    def subscription(self, pk: int) -> Subscription | None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What stands behind a link that holds."""

    link: Link
    subscription: Subscription


@dataclass(slots=True, kw_only=True)
class Linking:
    """Makes and reads links. Threads can share it."""

    store: Store
    clock: Clock
    _keys: tuple[LinkKeys, datetime] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """Make the secrets, if there are none yet: no question is to write anything later."""
        self.keys  # noqa: B018 -- the store makes them with the first question

    @property
    def keys(self) -> LinkKeys:
        """The keys of all links."""
        with self._lock:
            now = self.clock()
            if self._keys is None or not self._keys[1] <= now < self._keys[1] + _KEPT:
                self._keys = LinkKeys(self.store.link_secrets()), now
            return self._keys[0]

    def read(self, purpose: Purpose, token: str) -> Link | None:
        """What a token says; None for one that is forged, altered, for another purpose, or expired."""
        return self.keys.read(purpose, token, now=self.clock())

    def open(self, purpose: Purpose, token: str) -> Opened | None:
        """What stands behind a token; None if it does not hold, was made void since, or the reader was forgotten."""
        link = self.read(purpose, token)
        subscription = self.store.subscription(link.subscription) if link else None
        if link is None or subscription is None:
            return None
        # Who wants no more mails is never asked for the newest link.
        current = subscription.feed if purpose is Purpose.FEED else subscription.subscriber.links
        if purpose is not Purpose.UNSUBSCRIBE and link.links != current % 65_536:
            return None
        return Opened(link, subscription)

    def of(self, subscription: Subscription, base_url: str) -> ReaderLinks:
        """The links of a subscription.

        Args:
            base_url: Where the site is reached, without a slash at the end; on its pages the way to its first one.
        """
        return ReaderLinks(keys=self.keys, base_url=base_url, subscription=subscription)
