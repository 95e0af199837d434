"""Limits: how often a stranger may ask for something."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be tried."""

    what: str
    who: str
    """A hash of an address or a network, never one itself; empty for all together."""
    most: int
    within: timedelta


def hashed(secret: bytes, who: str) -> str:
    """A keyed hash of an address or a network, by which its attempts are counted.

    Args:
        secret: The store's secret.
    """
    return hmac.new(secret, b"attempt\n" + who.encode(), hashlib.sha256).hexdigest()
