"""The site that `digest serve` answers with.

request ──► Counting ──► Guard (headers) ──► Proxies (whence, below which path) ──► Place ──► handler in a thread

Addresses that are no place are the archive's files.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from digest.app.usecases import subscribing
from digest.web.archive import Archive
from digest.web.counting import Counting, Counts, Watching
from digest.web.front import Front
from digest.web.guard import Guard
from digest.web.pages import Pages
from digest.web.places import Place
from digest.web.proxies import Proxies
from digest.web.readers import readers_places
from digest.web.signing_up import SigningUp
from digest.web.visits import Visit

if TYPE_CHECKING:
    from digest.app.app import App

_THREADS: Final = 10
_SENTENCES: Final = {
    400: ("Not understood", "What was sent is no form of this site; nothing was changed."),
    405: ("Not here", "This address does not take that; nothing was changed."),
    408: ("Too slow", "The form did not arrive in time; nothing was changed. Send it again."),
    413: ("Too large", "What was sent is larger than this site takes; nothing was changed."),
}


def make_app(app: App) -> Starlette:
    """The site of one configuration, as an ASGI application. *app* must stay open while it is used."""
    serve = app.config.serve
    pages = Pages(app.templates, title=app.config.title)
    front = Front(app=app, pages=pages, linking=app.linking)
    front.linking.prepare()
    counts = Counts()
    made = Starlette(
        routes=[place.route(pages) for place in places(front, counts)],
        lifespan=_few_threads,
        middleware=[
            Middleware(Counting, counts=counts),
            Middleware(Guard, base_url=serve.base_url),
            Middleware(Proxies, base_url=serve.base_url, proxies=serve.proxies),
        ],
        exception_handlers={HTTPException: partial(_refuse, pages), 500: partial(_break, pages)},
    )
    # It would answer with an address made of the Host header, which anybody may write.
    made.router.redirect_slashes = False
    return made


@asynccontextmanager
async def _few_threads(_: Starlette) -> AsyncIterator[None]:
    """As many handlers at once as the store has connections; others wait, and none in vain for a connection."""
    current_default_thread_limiter().total_tokens = _THREADS
    yield


def places(front: Front, counts: Counts) -> list[Place]:
    """All places of the site; the archive is the last, for it takes every path that is left."""
    archive = Archive(front.app.config.data_dir / "site", front.pages)
    return [
        *Watching(front, counts).places(),
        *SigningUp(front=front, subscribing=subscribing(front.app)).places(),
        *readers_places(front),
        Place(path="/{path:path}", get=archive.get),
    ]


async def _refuse(pages: Pages, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- it is registered for these
    visit = Visit(path=request.scope["path"])
    if error.status_code == 404:
        return pages.not_found(visit)
    heading, sentence = _SENTENCES.get(error.status_code, ("Not understood", "Nothing was changed."))
    response = pages.said(visit, heading, sentence, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _break(pages: Pages, request: Request, error: Exception) -> Response:  # noqa: ARG001 -- the server logs it
    return pages.broken(Visit(path=request.scope["path"]))
