"""What gets the documents of one source during one run: through the door, with the source's key, until a deadline."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from digest.core.errors import SourceError
from digest.core.models import Document
from digest.core.ports import Source
from digest.core.private import without_password
from digest.sources.door.request import same_server
from digest.sources.door.statuses import of_key
from digest.sources.kind import Credentials, Get

if TYPE_CHECKING:
    from digest.sources.door.deadline import Deadline
    from digest.sources.door.http import Door

_PER_PAGE_S: Final = 20.0
"""More time for a source that has just given a page."""
_ALL_PAGES_S: Final = 600.0
"""All that pages can add: a server that is slow on each of a thousand is given up in the end."""


class Documents(Protocol):
    """What came from an address the last time."""

    def cached(self, url: str) -> Document | None:
        """The document as it was; None where nothing is kept."""
        ...


def fetcher(
    source: Source,
    *,
    url: str | None,
    dated: bool,
    door: Door,
    documents: Documents,
    credentials: Credentials,
    today: date,
    deadline: Deadline,
) -> Get:
    """What gets the documents of *source* during one run; all of them together have one deadline.

    A source that keeps giving pages is alive, and gets a little more time for each, up to ten minutes.

    Args:
        url: As the config gives it; None where the source has an address of its own.
        dated: The address that is read has the day in it, so that what is missing is not out yet.
        today: The day of the run. What the source reads first on it is trusted, and with it its server.
    """
    own, folder, added_s = source.url_for(today), _lasting_folder(url or ""), 0.0

    def get(address: str) -> Document:
        nonlocal added_s
        # A page names the next one: what it names elsewhere gets neither the key nor the way to the operator's network.
        trusted = (
            address == own
            or same_server(own, address)
            or not _is_web(own)
            or (_is_of_arxiv(own) and _is_of_arxiv(address))
        )
        if not trusted and not _is_web(address):
            raise SourceError(f"goes on at {without_password(address)[:100]}, which is no web address", url=own)
        try:
            document = door.get(
                address,
                cached=documents.cached(address),
                dated=dated,
                folder=folder,
                trusted=trusted,
                headers=credentials.headers if trusted else {},
                secret_query=credentials.parameters if trusted else {},
                deadline=deadline,
            )
        except SourceError as error:
            if not credentials.variable or not trusted:
                raise
            raise of_key(error, credentials.variable) from error
        if added_s < _ALL_PAGES_S:
            deadline.extend(_PER_PAGE_S)
            added_s += _PER_PAGE_S
        return document

    return get


def _is_of_arxiv(url: str) -> bool:
    """Whether it is one of the several servers of arXiv, over https."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname or ''}".endswith(".arxiv.org")


def _lasting_folder(url: str) -> str | None:
    """The folder of a dated path that is there whatever the day; None where there is no such path."""
    before, mark, _ = url.partition("{date}")
    return before.rpartition("/")[0] if mark and not _is_web(url) else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))
