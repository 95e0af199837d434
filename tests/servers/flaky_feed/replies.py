"""What a request is answered with: a good document, or one of the ways in which servers go wrong.

An action is a function from `Request` to `Reply`; a reply says exactly what goes over the wire, and how fast.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from tests.servers.flaky_feed.documents import DOCUMENTS, Material, captcha
from tests.servers.flaky_feed.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """The document that stands at an address when all is well."""

    content_type: str
    content: bytes
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, with all that an action needs to answer it."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    rule: Rule
    good: Good | None
    """None: nothing stands here."""
    material: Material
    now: datetime
    rnd: random.Random
    self_url: str
    """Scheme, host and port as the client wrote them."""
    other_url: str
    """The same server over http, for a redirect that gives up https."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes over the wire."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    more: Iterable[bytes] = ()
    """Goes on behind `body`, chunked; may never end."""
    is_chunked: bool = False
    length: int | None = None
    """What Content-Length says instead of the truth."""
    wait_s: float = 0.0
    """Before the first byte."""
    pause_s: float = 0.0
    """Between one byte and the next."""
    drips_head: bool = False
    """The pauses begin with the first byte of the status line, not of the body."""
    stop_at: int | None = None
    """Bytes of the body after which the connection ends."""
    resets: bool = False
    """It ends with a reset."""


Action = Callable[[Request], Reply]


def _page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status=status, headers={"Content-Type": "text/html", **(headers or {})}, body=body.encode())


# --- caching ----------------------------------------------------------------------------------------------------------


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _validators(request: Request, good: Good, mode: str) -> dict[str, str]:
    etag, modified = _etag(good.content), format_datetime(good.modified, usegmt=True)
    modes: Mapping[str, dict[str, str]] = {
        "both": {"ETag": etag, "Last-Modified": modified},
        "strong": {"ETag": etag},
        "weak": {"ETag": f"W/{etag}"},
        # What Apache makes of it behind mod_deflate, with a byte that is not ASCII.
        "odd": {"ETag": f'W/"{etag[1:-1]}-\xe9--gzip"', "Last-Modified": modified},
        "unquoted": {"ETag": etag.strip('"')},
        "modified": {"Last-Modified": modified},
        "bare": {"ETag": etag, "Last-Modified": modified},
        "deaf": {"ETag": etag, "Last-Modified": modified},
        "changing": {"ETag": f'"{request.rnd.getrandbits(64):016x}"'},
        "none": {},
        "expires": {"Expires": "0", "Cache-Control": "no-store, max-age=0, must-revalidate", "Pragma": "no-cache"},
        "fresh": {"ETag": etag, "Cache-Control": "public, max-age=86400"},
    }
    return modes[mode]


def _is_unchanged(request: Request, validators: Mapping[str, str]) -> bool:
    """RFC 9110, 13.1: an ETag decides alone where it is sent; both sides weak."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return asked.removeprefix("W/") == validators.get("ETag", "").removeprefix("W/")
    return request.headers.get("if-modified-since", "") == validators.get("Last-Modified", "nothing")


def cache(request: Request) -> Reply:
    """The good document, with validators as *what* says.

    both, strong, weak, odd, unquoted, modified: honoured. bare: the 304 repeats no header. deaf: sent, and never
    honoured. changing: another ETag each time. fresh: with an age. none, expires: without.
    """
    good = request.good
    if good is None:
        return _page(404, "404 Not Found")
    mode = request.rule.what or "both"
    validators = _validators(request, good, mode)
    if mode not in ("deaf", "changing") and validators and _is_unchanged(request, validators):
        return Reply(status=304, headers={} if mode == "bare" else validators)
    return Reply(headers={"Content-Type": good.content_type, **validators, **request.rule.headers}, body=good.content)


def _well(request: Request) -> Reply:
    """The document in full, whatever the client has of it: a fault is no fault where the answer is 304."""
    good = request.good
    if good is None:
        return _page(404, "404 Not Found")
    headers = {"Content-Type": good.content_type, **_validators(request, good, "both"), **request.rule.headers}
    return Reply(headers=headers, body=good.content)


# --- statuses ---------------------------------------------------------------------------------------------------------


def retry_after(what: str, now: datetime, seconds: float) -> str:
    """A Retry-After of that form; *seconds* from now where the form can say it."""
    forms = {
        "seconds": str(int(seconds)),
        "date": format_datetime(now + timedelta(seconds=seconds), usegmt=True),
        "rfc850": (now + timedelta(seconds=seconds)).strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        "past": format_datetime(now - timedelta(days=1), usegmt=True),
        "zero": "0",
        "negative": "-120",
        "fraction": "1.5",
        "garbage": "in a while",
        "years": str(10 * 365 * 86_400),
        "far": "Fri, 31 Dec 2999 23:59:59 GMT",
        "huge": "9" * 400,
        "empty": "",
    }
    return forms[what]


def status(request: Request) -> Reply:
    """The rule's status, with Retry-After in the form that *what* names."""
    rule = request.rule
    headers = dict(rule.headers)
    if rule.what:
        headers["Retry-After"] = retry_after(rule.what, request.now, rule.seconds)
    if rule.status in (204, 304):
        return Reply(status=rule.status, headers=headers)
    if rule.body:
        return Reply(status=rule.status, headers=headers, body=rule.body.encode())
    return _page(rule.status or 500, f"told to answer {rule.status or 500}", headers)


def challenge(request: Request) -> Reply:
    """A 403 as Cloudflare sends it to what it takes for a robot."""
    headers = {"Content-Type": "text/html", "cf-mitigated": "challenge", "Server": "cloudflare"}
    return Reply(status=403, headers=headers, body=captcha(request.material))


def login(request: Request) -> Reply:
    return _page(401, "401 Authorization Required", {"WWW-Authenticate": 'Basic realm="members"'})


def redirect(request: Request) -> Reply:
    """To `to`; or along `hops` addresses of this path, and then the document."""
    rule = request.rule
    if rule.to:
        return Reply(status=rule.status or 302, headers={"Location": rule.to})
    hop = int(request.query.get("hop", 0))
    if hop >= rule.hops:
        return cache(request)
    return Reply(status=rule.status or 302, headers={"Location": f"{request.path}?hop={hop + 1}"})


def loop(request: Request) -> Reply:
    """To and fro between two addresses."""
    there = request.path if request.query.get("side") == "b" else f"{request.path}?side=b"
    return Reply(status=request.rule.status or 301, headers={"Location": request.self_url + there})


def downgrade(request: Request) -> Reply:
    """From https to the same path over http."""
    if request.self_url.startswith("http:"):
        return cache(request)
    return Reply(status=301, headers={"Location": request.other_url + request.path})


# --- bodies -----------------------------------------------------------------------------------------------------------


def document(request: Request) -> Reply:
    """The document of `DOCUMENTS` that *what* names, as if it were a feed."""
    good = request.good
    kind = good.content_type if good else "application/rss+xml"
    return Reply(headers={"Content-Type": kind}, body=DOCUMENTS[request.rule.what](request.material))


def answer_body(request: Request) -> Reply:
    """The rule's own body with status 200."""
    return Reply(
        headers={"Content-Type": "application/rss+xml", **request.rule.headers}, body=request.rule.body.encode()
    )


_BOMB: Final = 200_000_000


@lru_cache(maxsize=8)
def packed_blanks(what: str) -> bytes:
    """200 MB of blanks, packed a piece at a time."""
    wbits = {"deflate": zlib.MAX_WBITS, "bare": -zlib.MAX_WBITS}.get(what, 16 + zlib.MAX_WBITS)
    packer, piece = zlib.compressobj(9, zlib.DEFLATED, wbits), b" " * 1_000_000
    body = b"".join(packer.compress(piece) for _ in range(_BOMB // len(piece))) + packer.flush()
    return gzip.compress(body) if what == "stacked" else body


def bomb(request: Request) -> Reply:
    """200 MB of blanks in 200 KB. *what*: gzip, deflate, bare, stacked (gzip in gzip), brotli (in name only)."""
    what = request.rule.what or "gzip"
    name = {"stacked": "gzip, gzip", "bare": "deflate", "brotli": "br"}.get(what, what)
    return Reply(headers={"Content-Type": "text/xml", "Content-Encoding": name}, body=packed_blanks(what))


def packed(request: Request) -> Reply:
    """The good document, packed. *what*: gzip, deflate, bare; or lying: `plain` is not packed, `garbage` no gzip."""
    what, well = request.rule.what or "gzip", _well(request)
    body = {
        "gzip": lambda: gzip.compress(well.body, mtime=0),
        "deflate": lambda: zlib.compress(well.body),
        "bare": lambda: zlib.compress(well.body)[2:-4],
        "plain": lambda: well.body,
        "garbage": lambda: b"\x1f\x8b\x08\x00" + request.rnd.randbytes(500),
    }[what]()
    name = {"bare": "deflate", "plain": "gzip", "garbage": "gzip"}.get(what, what)
    return replace(well, headers={**well.headers, "Content-Encoding": name}, body=body)


def cut(request: Request) -> Reply:
    """The connection ends after `at` bytes of a longer body, in good order."""
    return replace(_well(request), stop_at=request.rule.at)


def reset(request: Request) -> Reply:
    """The connection is reset after `at` bytes."""
    return replace(_well(request), stop_at=request.rule.at, resets=True)


def cut_whole(request: Request) -> Reply:
    """The document itself ends after `at` bytes, and the length says that this is all."""
    well = _well(request)
    return replace(well, body=well.body[: request.rule.at])


def cut_chunks(request: Request) -> Reply:
    """A chunked body whose last chunk never comes."""
    return replace(_well(request), is_chunked=True, stop_at=request.rule.at)


def long_length(request: Request) -> Reply:
    """Content-Length promises `at` bytes more than come."""
    well = _well(request)
    return replace(well, length=len(well.body) + request.rule.at, stop_at=len(well.body))


def short_length(request: Request) -> Reply:
    """Content-Length stops `at` bytes before the end of what comes."""
    well = _well(request)
    return replace(well, length=max(0, len(well.body) - request.rule.at))


def _blanks() -> Iterator[bytes]:
    while True:
        yield b" " * 65_536


def endless(request: Request) -> Reply:
    """A feed that begins and never ends."""
    well = _well(request)
    return replace(well, body=well.body[: request.rule.at], more=_blanks(), is_chunked=True)


def drip(request: Request) -> Reply:
    """A byte in each second, or however long `seconds` is."""
    return replace(_well(request), pause_s=request.rule.seconds or 1.0)


def drip_head(request: Request) -> Reply:
    """The status line already comes a byte at a time."""
    return replace(drip(request), drips_head=True)


def late(request: Request) -> Reply:
    """The first byte comes after `seconds`."""
    return replace(cache(request), wait_s=request.rule.seconds or 30.0)


def hang(request: Request) -> Reply:
    """No answer, ever; the connection stays open."""
    return Reply(wait_s=3_600.0)


def hang_up(request: Request) -> Reply:
    """The connection ends without an answer."""
    return Reply(status=0)


def hang_up_hard(request: Request) -> Reply:
    """The connection is reset without an answer."""
    return Reply(status=0, resets=True)


ACTIONS: Final[Mapping[str, Action]] = {
    "good": cache,
    **{
        action.__name__: action
        for action in (
            cache, status, challenge, login, redirect, loop, downgrade,
            document, bomb, packed, cut, reset, cut_whole, cut_chunks, long_length, short_length,
            endless, drip, drip_head, late, hang, hang_up, hang_up_hard,
        )
    },
    "body": answer_body,
}  # fmt: skip
