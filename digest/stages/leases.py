"""Leases with a name, as stages and use cases take them: who does a thing, and who waits until it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


class Store(Protocol):
    """What of the store leases need."""

    def lease(self, name: str, *, waiting: Callable[[], None]) -> AbstractContextManager[bool]:
        """Hold the lease of that name; whether its last holder died. *waiting* is called if somebody else has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """Takes leases, and tells whoever waits at a terminal what they wait for."""

    store: Callable[[], Store]
    progress: Callable[[str], None]

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Keep others that want the same lease waiting until this is over, wherever they were started.

        Args:
            name: `run`: a second run would do no harm, but stand in line for the same work; `site`: into one folder
                one process draws at a time.
        """
        said = "waiting for another run to end" if name == "run" else f"waiting for the {name}"
        with self.store().lease(name, waiting=lambda: self.progress(said)) as was_left:
            if was_left and name == "run":
                self.progress("the run before was cut off; going on from there")
            yield
