"""Visits: what a place of the site gets of a request, read and bounded before anything acts on it.

A handler is a plain function of a `Visit` that runs in a thread: what it asks, store and templates, is not async.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

_FIELDS: Final = 200
_FILES: Final = 3
_BODY_S: Final = 20.0
"""How long a body may take; what takes longer is no form that somebody sent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    """As the visitor's machine calls it; never a path of this one."""
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request."""

    method: str = "GET"
    path: str = "/"
    """Below the site's own path, decoded; it begins with a slash."""
    token: str = ""
    """The signed part of the path, where the place has one."""
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in small letters."""
    network: str = ""
    """Where it came from, /24 or /48: for limits, never for a log."""

    @property
    def root(self) -> str:
        """The way from this address to the site's first page: `../` for each folder that it lies in."""
        return "../" * (self.path.count("/") - 1)

    def value(self, name: str) -> str:
        """The field of this name in the form, without blanks around it; empty if there is none."""
        found = self.form.get(name, ())
        return found[-1].strip() if found else ""

    def asked(self, name: str) -> str:
        """The same of the query, `?name=…`."""
        found = self.query.get(name, ())
        return found[-1].strip() if found else ""


async def read_visit(request: Request, *, most_bytes: int) -> Visit:
    """Read a request.

    Raises:
        HTTPException: Its body is too large (413), too slow (408) or no form (400).
    """
    body = b""
    form: dict[str, tuple[str, ...]] = {}
    uploads: dict[str, Upload] = {}
    if request.method == "POST":
        body = await _body(request, most_bytes)
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            form, uploads = await _multipart(request, body, most_bytes)
        else:
            form = _fields(body.decode("utf-8", "replace"))
    return Visit(
        method=request.method,
        path=request.scope["path"],
        token=request.path_params.get("token", ""),
        query=_fields(request.url.query),
        form=form,
        uploads=uploads,
        headers={name.lower(): value for name, value in request.headers.items()},
        network=request.scope.get("digest.network", ""),
    )


async def _body(request: Request, most_bytes: int) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise HTTPException(413)
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                found += chunk
                if len(found) > most_bytes:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    return bytes(found)


def _fields(text: str) -> dict[str, tuple[str, ...]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS, errors="replace")
    except ValueError:
        raise HTTPException(400) from None
    return _gathered(pairs)


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        # No text of ours has a NUL, and Postgres keeps none.
        found[name] = (*found.get(name, ()), value.replace("\0", ""))
    return found


async def _multipart(
    request: Request, body: bytes, most_bytes: int
) -> tuple[dict[str, tuple[str, ...]], dict[str, Upload]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = MultiPartParser(request.headers, stream(), max_files=_FILES, max_fields=_FIELDS, max_part_size=most_bytes)
    try:
        parsed = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise HTTPException(400) from None
    pairs, uploads = [], {}
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = Upload(value.filename or "", await value.read())
        else:
            pairs.append((name, value))
    await parsed.close()
    return _gathered(pairs), uploads
