"""What the world around an app is: its clocks, its environment, and whoever is told what is going on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.core.ports import Clock


def now() -> datetime:
    """The present moment, in UTC: the clock of every real run."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What an app gets from outside: the real things from the command line, its own from a test."""

    environment: Mapping[str, str]
    clock: Clock = now
    progress: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    """Seconds of a clock that only goes forward: for how long to wait."""
    sleep: Callable[[float], None] = time.sleep
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around what must not be stopped in between; see `digest.cli.interrupts.Interrupts`."""
