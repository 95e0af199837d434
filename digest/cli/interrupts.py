"""Ctrl-C, and a container's or a service's stop: what a signal does to a command."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Self

STOPPED: Final = 130
"""What a shell says of a program that Ctrl-C ended; the same for every stop."""
_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""SIGHUP: the terminal was closed. `nohup` and a shell's `&` have some of them ignored, and they stay so."""


class Interrupts:
    """Ends the program at a signal, while it is a context in the main thread.

    A stop is Python's KeyboardInterrupt, whichever signal asked for it, so that every `with` on the way out lets go of
    what it holds. Threads that read or ask are daemons: nobody waits for them.
    """

    def __init__(self) -> None:
        self._held = 0
        self._is_asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put a stop off until this is over; a second one is not put off."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._is_asked and not self._held:
                raise KeyboardInterrupt

    def leave(self) -> None:
        """End the process now, also if threads are at work: some are in the middle of a line of the log, and Python
        would wait for its lock.
        """
        if threading.active_count() > 1:
            os._exit(STOPPED)
        raise SystemExit(STOPPED)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        is_first, self._is_asked = not self._is_asked, True
        if not (self._held and is_first):
            raise KeyboardInterrupt
