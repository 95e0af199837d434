"""Clocks for tests that never wait."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from tests.conftest import NOON


class FakeClock:
    """Both clocks of a `Host`: it stands still until somebody sleeps or moves it; many threads may use it.

    Called it gives the moment, at first noon of 3 June 2026; `now` gives seconds that only go forward, at first 0.
    """

    def __init__(self) -> None:
        self.at = NOON
        """The moment. To set it is to set a wrong clock right: `now` goes on as before."""
        self.slept: list[float] = []
        """How long each sleep was."""
        self._seconds = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self.at

    def now(self) -> float:
        """Seconds since it was made."""
        with self._lock:
            return self._seconds

    def sleep(self, seconds: float) -> None:
        """Move on by so much, and write it down."""
        assert 0 < seconds < float("inf")
        with self._lock:
            self.slept.append(seconds)
            self._move(seconds)

    def advance(self, **by: float) -> None:
        """Move on by a timedelta, as `advance(minutes=16)`."""
        with self._lock:
            self._move(timedelta(**by).total_seconds())

    def reach(self, seconds: float) -> None:
        """Let `now` be so many *seconds* at least: for what lasts beside something else."""
        with self._lock:
            self._move(max(0.0, seconds - self._seconds))
            self._seconds = max(self._seconds, seconds)

    def _move(self, seconds: float) -> None:
        self._seconds += seconds
        self.at += timedelta(seconds=seconds)


class FakeSleep:
    """Goes like the real clock, but for its own sleep, which takes no time."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def now(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic() + self.slept_s

    def sleep(self, seconds: float) -> None:
        """Let `now` be so much later at once."""
        self.slept_s += seconds
