"""Named leases for stages and use cases: one process at a time does a thing, and others wait until it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


class Store(Protocol):
    """The part of the store that holds leases."""

    def lease(self, name: str, *, waiting: Callable[[], None]) -> AbstractContextManager[bool]:
        """Hold the lease *name*; yields whether its last holder died. *waiting* is called if another owner has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """Takes leases, and reports to the terminal what is waited for."""

    store: Callable[[], Store]
    progress: Callable[[str], None]

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Hold the lease *name*: other processes that want it, on any machine, wait until the context ends.

        Args:
            name: `run`, so that two runs don't wait for each other's every step; `site`, because only one process at a
                time may draw into the archive's folder.
        """
        said = "waiting for another run to end" if name == "run" else f"waiting for the {name}"
        with self.store().lease(name, waiting=lambda: self.progress(said)) as was_left:
            if was_left and name == "run":
                self.progress("the run before was cut off; going on from there")
            yield
