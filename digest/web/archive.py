"""The archive's files over HTTP: those of the folder, and nothing beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Final

from starlette.responses import RedirectResponse, Response

from digest.core.errors import DigestError
from digest.core.walls import reason_of
from digest.web.pages import Pages
from digest.web.visits import Visit

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_NAMED: Final = {"feed.xml": "application/atom+xml; charset=utf-8", "feed.json": "application/feed+json"}
_SHEETS: Final = ("style.css", "forms.css")
"""Always those of the templates: pages that are drawn now need them, also before there is an archive."""


class Archive:
    """Answers for the files below one folder."""

    def __init__(self, folder: Path, pages: Pages) -> None:
        self._folder = folder
        self._pages = pages

    def get(self, visit: Visit) -> Response:
        """The file at the visit's path; of a folder its `index.html`.

        Raises:
            DigestError: It is there and cannot be read.
        """
        path = visit.path.removeprefix("/")
        if path in _SHEETS:
            return Response(
                self._pages.file(path), media_type=_TYPES[".css"], headers={"Cache-Control": "max-age=3600"}
            )
        found = self._find(path)
        if found is None:
            return self._none(visit)
        if found.is_dir():
            if not path or path.endswith("/"):
                found = self._find(f"{path}index.html")
            else:
                # Links on the page are relative to its folder. Only the last name is sent: what is before it is the
                # browser's, whatever a proxy made of it.
                return RedirectResponse(f"./{path.rpartition('/')[2]}/", status_code=308)
        elif path.endswith("/"):
            found = None
        if found is None or not found.is_file():
            return self._none(visit)
        return self._file(visit, found)

    def _none(self, visit: Visit) -> Response:
        if visit.path == "/":
            return self._pages.said(visit, "No issue yet", "The archive begins with the first issue.")
        return self._pages.not_found(visit)

    def _find(self, path: str) -> Path | None:
        """The file or folder at *path*; None for what is not there, hidden, or outside."""
        names = [name for name in path.split("/") if name]
        if any(name.startswith(".") or "\\" in name or "\0" in name or ":" in name for name in names):
            return None
        try:
            root = self._folder.resolve(strict=True)
            found = root.joinpath(*names).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # not there, a circle of links, or no name of a file at all
            return None
        # A link inside the folder may lead anywhere.
        return found if found.is_relative_to(root) else None

    def _file(self, visit: Visit, path: Path) -> Response:
        try:
            with path.open("rb") as file:
                known = _Version.of(file.fileno())
                headers = {**known.headers, "Cache-Control": "no-cache"}
                if known.is_known_to(visit):
                    return Response(status_code=304, headers=headers)
                content = file.read()
        except FileNotFoundError:
            return self._none(visit)
        except OSError as exc:
            raise DigestError(f"{path}: cannot be read: {reason_of(exc)}") from exc
        kind = _NAMED.get(path.name) or _TYPES.get(path.suffix.lower(), "application/octet-stream")
        return Response(content, media_type=kind, headers=headers)


@dataclass(frozen=True, slots=True)
class _Version:
    """By what a browser says which version of a file it has."""

    tag: str
    modified: datetime

    @classmethod
    def of(cls, descriptor: int) -> _Version:
        found = os.stat(descriptor)
        # Whole seconds, as the header has them.
        return cls(f'"{found.st_mtime_ns:x}-{found.st_size:x}"', datetime.fromtimestamp(int(found.st_mtime), UTC))

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": self.tag, "Last-Modified": format_datetime(self.modified, usegmt=True)}

    def is_known_to(self, visit: Visit) -> bool:
        if tags := visit.headers.get("if-none-match"):
            return tags.strip() == "*" or self.tag in (one.strip().removeprefix("W/") for one in tags.split(","))
        try:
            since = parsedate_to_datetime(visit.headers.get("if-modified-since", ""))
            return self.modified <= (since if since.tzinfo else since.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return False
