"""How long reading may take, in all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

DEADLINE_S: Final = 50.0
"""For a document with its redirects and retries, or for all pages of a source together.

So one slow source makes a run longer by less than a minute.
"""


class Deadline:
    """The end of somebody's patience. Pass one to several calls and they share it."""

    def __init__(self, monotonic: Callable[[], float], seconds: float = DEADLINE_S) -> None:
        self.seconds = seconds
        """As it was set, for messages."""
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def remaining(self) -> float:
        """Seconds; negative when they are over."""
        return self._at - self._monotonic()

    def extend(self, seconds: float) -> None:
        """Move the end: for waiting that is nobody's slowness."""
        self._at += seconds
