"""Signed links: tokens that say whose link it is and what for, and that nobody else can make.

    token = base64url( key number · body ‖ HMAC-SHA256(key of the purpose, number · body)[:16] )

Each purpose has a key of its own, derived from a secret of the store, so that a link to confirm is never one to
unsubscribe. Secrets are numbered: the newest one signs, and all that are kept verify, so that a secret can be renewed
while mails with older links lie in mailboxes. A token carries numbers of rows only, never an address.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

CONFIRM_DAYS: Final = 7
"""How long a link to confirm holds."""
_MAC: Final = 16
_BODY: Final = struct.Struct(">BQHIQ")
"""Key number, subscription, number of the reader's links, day of the issue or minute of expiry, paper."""
_LENGTH: Final = (_BODY.size + _MAC + 2) // 3 * 4
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


class Purpose(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    FEEDBACK = "feedback"
    ISSUE = "issue"
    FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a valid token says."""

    subscription: int
    """The key of its row."""
    links: int = 0
    """`Subscriber.links` when it was made; of a feed, `Subscription.feed`. The caller compares it where it counts."""
    day: date | None = None
    """The day of the issue it is about; None where it is about none."""
    paper: int = 0
    """`paper_number` of the paper it is about; 0 for none."""


def paper_number(paper_id: str) -> int:
    """A number by which a paper is found again among those of an issue; never 0."""
    return int.from_bytes(hashlib.sha256(paper_id.encode()).digest()[:8], "big") or 1


class LinkKeys:
    """The secrets that sign and verify links."""

    def __init__(self, secrets: Mapping[int, bytes]) -> None:
        """Take the secrets by number, 0 to 255; the highest number signs.

        Raises:
            ValueError: There is none, or a number out of range.
        """
        if not secrets or not all(0 <= number < 256 for number in secrets):
            raise ValueError("links need secrets, numbered from 0 to 255")
        self._newest = max(secrets)
        self._keys = {
            (number, purpose): hmac.digest(secret, f"digest link: {purpose.value}".encode(), "sha256")
            for number, secret in secrets.items()
            for purpose in Purpose
        }

    def token(self, purpose: Purpose, link: Link, *, now: datetime | None = None) -> str:
        """The token of a link; the same arguments give the same one.

        Args:
            now: For a link to confirm, which expires, when it is made.
        """
        if purpose is Purpose.CONFIRM:
            if now is None:
                raise ValueError("a link to confirm expires, so it must be known when it is made")
            moment = int((now - _EPOCH + timedelta(days=CONFIRM_DAYS)) / timedelta(minutes=1))
        else:
            moment = link.day.toordinal() if link.day else 0
        body = _BODY.pack(self._newest, link.subscription, link.links % 65_536, moment, link.paper)
        return urlsafe_b64encode(body + self._mac(self._newest, purpose, body)).rstrip(b"=").decode()

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> Link | None:
        """What a token says; None for one that is forged, altered, made for another purpose, or expired."""
        if not token.isascii() or len(token) > _LENGTH:
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (Error, ValueError):
            return None
        # One spelling only: bits behind the last byte, or letters that a decoder skips, make no second valid link.
        if len(raw) != _BODY.size + _MAC or urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        number, subscription, links, moment, paper = _BODY.unpack(body)
        if (number, purpose) not in self._keys or not hmac.compare_digest(mac, self._mac(number, purpose, body)):
            return None
        if purpose is Purpose.CONFIRM:
            if now > _EPOCH + timedelta(minutes=moment):
                return None
            return Link(subscription=subscription, links=links)
        return Link(
            subscription=subscription, links=links, day=date.fromordinal(moment) if moment else None, paper=paper
        )

    def _mac(self, number: int, purpose: Purpose, body: bytes) -> bytes:
        return hmac.digest(self._keys[number, purpose], body, "sha256")[:_MAC]
