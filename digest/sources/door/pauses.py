"""Keeping to the pauses that servers ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta


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
