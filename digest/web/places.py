"""Places: addresses of the site, each with what answers a GET and what answers a POST."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.core.errors import ConfigError, DigestError, StoreError
from digest.web.visits import Visit, read_visit

if TYPE_CHECKING:
    from digest.web.pages import Pages

Handler: TypeAlias = Callable[[Visit], Response]

FORM_BYTES: Final = 64_000
"""The largest body of a form without a file."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address of the site."""

    path: str
    """A pattern as Starlette has them: `/confirm/{token}`. It stands in metrics and logs, and no real path does."""
    get: Handler
    """Changes nothing, whoever follows the link: scanners follow all that are in a mail."""
    post: Handler | None = None
    most_bytes: int = FORM_BYTES

    def route(self, pages: Pages) -> Route:
        """The place for Starlette's router, which answers 405 to what it does not take."""
        methods = ["GET", "POST"] if self.post else ["GET"]
        return Route(self.path, partial(_answer, self, pages), methods=methods)


async def _answer(place: Place, pages: Pages, request: Request) -> Response:
    request.scope["digest.place"] = place.path
    visit = await read_visit(request, most_bytes=place.most_bytes)
    handler = place.post if place.post and visit.method == "POST" else place.get
    return await run_in_threadpool(_answered, handler, pages, place, visit)


def _answered(handler: Handler, pages: Pages, place: Place, visit: Visit) -> Response:
    try:
        return handler(visit)
    except StoreError as error:
        log.error("%s %s: %s", visit.method, place.path, error)
        return pages.unavailable(visit)
    except DigestError as error:
        # What it says may quote the visitor; a mistake in the config does not.
        said = str(error) if isinstance(error, ConfigError) else type(error).__name__
        log.error("%s %s: %s", visit.method, place.path, said)
        return pages.broken(visit)
