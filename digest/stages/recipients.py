"""Recipients: the addresses that config.toml lists, when an issue reaches a reader, and the Message-ID of each mail."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.core.errors import AddressError
from digest.core.models import Edition
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.cadence import arrives_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When an issue reaches a reader."""

    local: date
    """The reader's date."""
    zone: ZoneInfo
    due_at: datetime | None
    """Not before; None in the edition's own time zone: at once."""


def arrival(edition: Edition, day: date, *, zone: ZoneInfo, reader_zone: ZoneInfo) -> Arrival:
    """When the issue of *day* reaches a reader.

    Args:
        zone: The time zone in which the editions' days begin.
    """
    at = arrives_at(day, edition.at, zone, reader_zone)
    local = at.astimezone(reader_zone).date()
    return Arrival(local=local, zone=reader_zone, due_at=None if reader_zone.key == zone.key else at)


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of that name; None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def addresses_of(recipients: Iterable[str]) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """The addresses of *recipients*, each once; and those that are none of the world's, as `ada@localhost`.

    Who has such an address gets the mails of the config's editions, and no links to pages.
    """
    found: dict[str, Address] = {}
    others: list[str] = []
    for text in recipients:
        try:
            address = parse_address(text)
        except AddressError:
            others.append(text)
        else:
            found.setdefault(address.key, address)
    return tuple(found.values()), tuple(others)


def message_id(issue_id: str, recipient: str, secret: bytes, domain: str) -> str:
    """The Message-ID for an issue and a recipient: the same on every attempt, and not to be guessed by others."""
    digest = hmac.new(secret, f"{issue_id}\n{recipient.lower()}".encode(), hashlib.sha256).hexdigest()
    return f"<{digest[:32]}@{domain}>"
