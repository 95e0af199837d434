"""`Host`: what an app gets from outside: clocks, environment, and where progress is reported."""

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
    """What an app gets from outside; the command line gives the real things, a test its own."""

    environment: Mapping[str, str]
    """Variables of the process, for keys and folders."""
    clock: Clock = now
    progress: Callable[[str], None] = lambda _: None
    """Takes a few words on what is being done, for people who wait."""
    now: Callable[[], float] = time.monotonic
    """Seconds of a clock that only goes forward, to measure waits."""
    sleep: Callable[[float], None] = time.sleep
    """Waits that many seconds."""
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Context in which Ctrl-C and SIGTERM are held back until its end; see `digest.cli.interrupts.Interrupts`."""
