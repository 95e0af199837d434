"""The folder of the archive: files are written atomically, and only if they changed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from digest.core.errors import DigestError
from digest.core.walls import reason_of


class Folder:
    """A folder of files; `written` counts those that were new or different."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.written = 0

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at *path* below the folder; None if it is not there."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise self._error(path, "read", exc) from exc

    def write(self, path: str, content: bytes) -> None:
        """Make the file at *path* hold *content*. A reader sees the old file or the new one, also after a crash."""
        if self.read(path) == content:
            return
        target = self._root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, content)
        except OSError as exc:
            raise self._error(path, "written", exc) from exc
        self.written += 1

    def remove(self, path: str) -> None:
        """Remove the file at *path*, and its folder if nothing else is in it."""
        target = self._root / path
        try:
            target.unlink(missing_ok=True)
        except OSError as exc:
            raise self._error(path, "removed", exc) from exc
        with suppress(OSError):
            target.parent.rmdir()

    def names(self, path: str) -> frozenset[str]:
        """The names in the folder at *path*; none if it is not there."""
        try:
            return frozenset(entry.name for entry in (self._root / path).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except OSError as exc:
            raise self._error(path, "read", exc) from exc

    def _error(self, path: str, what: str, exc: OSError) -> DigestError:
        return DigestError(
            f"{self._root / path}: cannot be {what}: {reason_of(exc)}. The pages are drawn again by the next run."
        )


def _replace(target: Path, content: bytes) -> None:
    # Always the same name, so that a file left by a killed run is overwritten by the next run.
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
