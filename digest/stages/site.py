"""The stage `site`: pages of the archive that are out of date are drawn.

The archive lies in one folder, so one process at a time draws into it; another one waits, and then finds less to do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from digest.core.errors import DigestError
from digest.core.walls import wall


class Archive(Protocol):
    """What of the site drawing needs."""

    def stale(self, editions: Sequence[str], *, accept: Collection[str] = ()) -> tuple[str, ...]: ...

    def draw(
        self, editions: Sequence[str], *, paths: Collection[str] | None = None, accept: Collection[str] = ()
    ) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Draws the archive."""

    archive: Archive
    editions: Sequence[str]
    """All configured ones, in their order."""
    lease: Callable[[str], AbstractContextManager[None]]
    """Keeps others from drawing meanwhile."""
    progress: Callable[[str], None]

    def stale(self) -> tuple[str, ...]:
        """The paths of all pages and other files of the archive that are out of date, in the order of drawing."""
        return self.archive.stale(self.editions)

    def draw(self, paths: Collection[str] | None = None, *, accepted: Collection[str] = ()) -> str | None:
        """Bring these pages up to date with the stored issues; one that is up to date is left alone.

        A page that cannot be written keeps no mail from going out.

        Args:
            paths: As `stale` gives them; None: all.
            accepted: Editions of which a person said that the store need not have what the archive has.

        Returns:
            Why they could not be drawn; None if they were.
        """
        self.progress("drawing the archive")
        try:
            with self.lease("site"), wall(DigestError):
                self.archive.draw(self.editions, paths=paths, accept=accepted)
        except DigestError as error:
            return str(error)
        return None
