"""What a server means by `Retry-After`, and keeping to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 86_400.0
"""No server gets more patience than a day: "ten years" is a mistake."""


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header: a number, or a moment. None where it says nothing of use."""
    text = text.strip()[:100]
    if re.fullmatch(r"[0-9]+", text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    return min(seconds, LONGEST_S) if seconds > 0 else None


def until(now: datetime, seconds: float) -> str:
    """The moment that is so many seconds ahead, for people."""
    return f"{now + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} UTC"


class Pauses:
    """Which hosts asked to be left alone, and for how long yet. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def ask(self, host: str, seconds: float) -> None:
        """Note that *host* asked for so much; a longer pause it asked for before stays."""
        with self._lock:
            self._ends[host] = max(self._ends.get(host, 0.0), self._monotonic() + seconds)

    def remaining(self, host: str) -> float:
        """Seconds until *host* may be asked again; 0 or less: now."""
        with self._lock:
            return self._ends.get(host, 0.0) - self._monotonic()
