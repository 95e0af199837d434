"""Pacing: how fast mails go to each domain, for all processes that share a store.

rate         mails a minute, of all and of a domain: each mail reserves its moment in the store
at once      mails to one domain that are under way, in this process
pause        a domain that said "too many": nothing for ten minutes, then one mail at a time, and one more at once
             with each minute that follows, as Google asks of senders (4.7.28)
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from digest.core.errors import AddressError
from digest.core.ports import Clock
from digest.core.subscribers.addresses import parse_address

PAUSE: Final = timedelta(minutes=10)
"""For how long a domain that said "too many" is left alone."""
STEP: Final = timedelta(minutes=1)
"""After the pause: with each of these one mail more at once."""


class Rate(Protocol):
    """How fast a domain may be written to; what is None is not limited."""

    @property
    def per_minute(self) -> int | None: ...

    @property
    def connections(self) -> int | None: ...


class Store(Protocol):
    """The part of the store that tells other processes of it."""

    def pauses(self) -> Mapping[str, datetime]: ...

    def pause_domain(self, domain: str, *, until: datetime, reason: str) -> None: ...

    def reserve_slots(self, gaps: Mapping[str, timedelta]) -> datetime: ...


@dataclass(slots=True, kw_only=True)
class Pacing:
    """The pace of one run; threads share it."""

    store: Store
    clock: Clock
    sleep: Callable[[float], None]
    per_minute: int | None = None
    """Mails at most, to all domains together."""
    domains: Mapping[str, Rate] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)
    _pauses: Mapping[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Ask the store which domains are paused."""
        self._pauses = self.store.pauses()

    def paused_until(self, domain: str) -> datetime | None:
        """Until when nothing goes to *domain*; None if something may."""
        until = self._pauses.get(domain)
        return until if until is not None and self.clock() < until else None

    def enter(self, domain: str) -> bool:
        """Begin a mail to *domain* if it may have one more at once; whether it may."""
        with self._lock:
            if self._under_way[domain] >= self._most(domain):
                return False
            self._under_way[domain] += 1
            return True

    def leave(self, domain: str) -> None:
        """End a mail that was begun."""
        with self._lock:
            self._under_way[domain] -= 1

    def wait(self, domain: str) -> None:
        """Wait until the rates allow another mail."""
        gaps = {}
        if self.per_minute is not None:
            gaps[""] = timedelta(minutes=1) / self.per_minute
        if (rate := self.domains.get(domain)) is not None and rate.per_minute is not None:
            gaps[domain] = timedelta(minutes=1) / rate.per_minute
        if gaps and (seconds := (self.store.reserve_slots(gaps) - self.clock()).total_seconds()) > 0:
            self.sleep(seconds)

    def pause(self, domain: str, reason: str) -> datetime:
        """Leave *domain* alone for a while; until when."""
        until = self.clock() + PAUSE
        self.store.pause_domain(domain, until=until, reason=reason)
        self._pauses = {**self._pauses, domain: until}
        return until

    def _most(self, domain: str) -> float:
        rate = self.domains.get(domain)
        most = float("inf") if rate is None or rate.connections is None else rate.connections
        if (until := self._pauses.get(domain)) is not None:
            most = min(most, 1 + max(0, (self.clock() - until) // STEP))
        return most


def domain_of(address: str) -> str:
    """The domain of an address as `[mail.domains]` names it: in small ASCII letters."""
    domain = address.rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return parse_address(address).domain
    except AddressError:
        return domain
