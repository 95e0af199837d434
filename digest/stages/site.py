"""The stage `site`: draws the pages of the archive that are out of date.

The archive is one folder, so only one process at a time draws into it; others wait, and then find less to do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from digest.core.errors import DigestError
from digest.core.walls import wall


class Archive(Protocol):
    """The part of the archive that drawing needs."""

    def stale(self, editions: Sequence[str], *, accept: Collection[str] = ()) -> tuple[str, ...]: ...

    def draw(
        self, editions: Sequence[str], *, paths: Collection[str] | None = None, accept: Collection[str] = ()
    ) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Draws the archive."""

    archive: Archive
    editions: Sequence[str]
    """Names of all configured editions, in their order."""
    lease: Callable[[str], AbstractContextManager[None]]
    """Takes a lease by name, so that other processes don't draw meanwhile."""
    progress: Callable[[str], None]

    def stale(self) -> tuple[str, ...]:
        """The paths of all pages and other files of the archive that are out of date, in the order of drawing."""
        return self.archive.stale(self.editions)

    def draw(self, paths: Collection[str] | None = None, *, accepted: Collection[str] = ()) -> str | None:
        """Draw those of *paths* that are out of date with the stored issues.

        An error is returned, not raised: a page that can't be written must not keep mails from being sent.

        Args:
            paths: As `stale` gives them; None: all.
            accepted: Editions for which a person accepts that the store lacks issues of the archive.

        Returns:
            Why the pages could not be drawn; None if they were.
        """
        self.progress("drawing the archive")
        try:
            with self.lease("site"), wall(DigestError):
                self.archive.draw(self.editions, paths=paths, accept=accepted)
        except DigestError as error:
            return str(error)
        return None
