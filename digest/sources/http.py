"""The one door to the network and to files: limits, conditional requests, retries, politeness.

    Door.get(url)  ──►  a path or file:   read below the base folder, with the same cap
                   ──►  http(s):          turn of the host → request → redirects by hand → capped body → Document

Everything that goes wrong is a `SourceError` with a sentence for the person who configured the source.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from digest import __version__
from digest.core.errors import NotYetError, SourceError
from digest.core.models import Document
from digest.core.text import excerpt
from digest.sources import guard
from digest.sources.unpack import unpacker

if TYPE_CHECKING:
    import httpx2

CONNECT_S: Final = 5.0
READ_S: Final = 20.0
DEADLINE_S: Final = 60.0
"""For one document, with its redirects and retries."""
MAX_REDIRECTS: Final = 5
RETRIES: Final = 2
BACKOFF_S: Final = 1.0
MAX_RETRY_AFTER_S: Final = 30.0
"""A server that asks for more patience than this is asked again by a later run."""
USER_AGENT: Final = f"research-digest/{__version__} (digest of new papers for subscribers; Python)"
_CHUNK: Final = 65_536
_ERROR_BODY: Final = 65_536
"""So much of an error page is read for what it says."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})

Turns = Callable[[str], AbstractContextManager[None]]
"""Gives a host's turn to one request: waits before, keeps others out meanwhile."""


class HostTurns:
    """Turns within this process: arXiv gets one request at a time, three seconds apart; others come as they like.

    arXiv asks for that of all machines of one user together, for its feeds and its API alike:
    https://info.arxiv.org/help/api/tou.html
    """

    def __init__(
        self,
        *,
        gap_s: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_s = gap_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._last: float | None = None

    @contextmanager
    def __call__(self, host: str) -> Iterator[None]:
        if host != "arxiv.org" and not host.endswith(".arxiv.org"):
            yield
            return
        with self._lock:
            if self._last is not None:
                wait = self._last + self._gap_s - self._monotonic()
                if wait > 0:
                    self._sleep(wait)
            try:
                yield
            finally:
                self._last = self._monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A response, read as far as it is of use."""

    status: int
    headers: httpx2.Headers
    content: bytes


class _TryAgain(Exception):  # noqa: N818 -- control flow within this file
    """A failure that may pass; *sentence* is for when it does not."""

    def __init__(self, sentence: str, *, after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.after_s = after_s


class _Deadline:
    """How long one document may still take."""

    def __init__(self, monotonic: Callable[[], float], seconds: float) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def remaining(self) -> float:
        """Seconds; negative when they are over."""
        return self._at - self._monotonic()

    def extend(self, seconds: float) -> None:
        """Move the end."""
        self._at += seconds


class Door:
    """Fetches documents. Thread-safe; close it, or use it as a context."""

    def __init__(
        self,
        *,
        base: Path | None = None,
        transport: httpx2.BaseTransport | None = None,
        turns: Turns | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_bytes: int = guard.MAX_BYTES,
        max_file_bytes: int = guard.MAX_FILE_BYTES,
    ) -> None:
        """Open nothing yet.

        Args:
            base: The folder that relative paths start from: the one of config.toml.
            transport: In the place of the network, for tests.
            turns: In the place of `HostTurns`, for a politeness that several processes share.
            now: Only for a `Retry-After` that names a moment.
        """
        self._base = base or Path()
        self._transport = transport
        self._turns = turns or HostTurns(monotonic=monotonic, sleep=sleep)
        self._monotonic = monotonic
        self._sleep = sleep
        self._now = now
        self._max_bytes = max_bytes
        self._max_file_bytes = max_file_bytes
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def get(self, url: str, *, cached: Document | None = None, dated: bool = False) -> Document:
        """Fetch an address, or read a path.

        Args:
            cached: What came from here the last time: if nothing changed, it comes back, marked so.
            dated: The configured address has the day in it, so that a missing document is one that is not out yet.

        Raises:
            NotYetError: *dated*, and there is none.
            SourceError: Everything else that goes wrong.
        """
        scheme = _SCHEME.match(url)
        kind = scheme[1].lower() if scheme else "file"
        if kind == "file":
            return self._read_file(url, dated=dated)
        if kind not in ("http", "https"):
            raise SourceError(f"cannot read {kind}: addresses; use http, https or a path", url=url)
        return self._fetch(url, cached, dated=dated)

    # -- files

    def _read_file(self, url: str, *, dated: bool) -> Document:
        try:
            path = self._path(url)
        except RuntimeError as exc:  # "~somebody/…"
            raise SourceError(f"cannot read {url}: {exc}", url=url) from exc
        try:
            if path.is_dir():
                raise SourceError(f"{path} is a folder; name the file in it", url=url)
            if not path.exists():
                problem = NotYetError if dated else SourceError
                raise problem(f"there is no file {path}" + (" (yet)" if dated else ""), url=url)
            if not path.is_file():
                raise SourceError(f"{path} is no file", url=url)
            with path.open("rb") as file:
                content = file.read(self._max_file_bytes + 1)
        except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
            raise SourceError(f"cannot read {path}: {getattr(exc, 'strerror', None) or exc}", url=url) from exc
        if len(content) > self._max_file_bytes:
            raise SourceError(f"{path} is larger than {self._max_file_bytes // 1_000_000} MB", url=url)
        return Document(url=url, content=content)

    def _path(self, url: str) -> Path:
        if not url.lower().startswith("file:"):
            return self._base / Path(url).expanduser()
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise SourceError(f"file: addresses are of this machine, not of {parts.netloc}", url=url)
        return self._base / unquote(parts.path)

    # -- the network

    def _fetch(self, url: str, cached: Document | None, *, dated: bool) -> Document:
        deadline = _Deadline(self._monotonic, DEADLINE_S)
        for attempt in range(RETRIES + 1):
            try:
                answer = self._follow(url, cached, deadline)
                return self._document(url, answer, cached, dated=dated)
            except _TryAgain as exc:
                wait = BACKOFF_S * 2**attempt if exc.after_s is None else exc.after_s
                hopeless = wait > MAX_RETRY_AFTER_S or wait >= deadline.remaining()
                if attempt == RETRIES or hopeless:
                    raise SourceError(exc.sentence, url=url) from exc
                self._sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _follow(self, url: str, cached: Document | None, deadline: _Deadline) -> _Answer:
        """Send the request, and again to where the answer points."""
        current = url
        for _ in range(MAX_REDIRECTS + 1):
            host = _checked(current, url).lower()
            queued = self._monotonic()
            with self._turns(host):
                deadline.extend(self._monotonic() - queued)  # waiting for a turn is not the server's slowness
                answer = self._send(current, cached, deadline, url)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            try:
                following = urljoin(current, target)
            except ValueError as exc:
                raise SourceError(f"redirects to an address that is none ({target[:100]})", url=url) from exc
            if current.lower().startswith("https:") and not following.lower().startswith("https:"):
                raise SourceError(f"redirects from https to {_shown(following)}, which is not safe to follow", url=url)
            current = following
        raise SourceError(f"redirects more than {MAX_REDIRECTS} times, at last to {_shown(current)}", url=url)

    def _send(self, current: str, cached: Document | None, deadline: _Deadline, url: str) -> _Answer:
        import httpx2

        headers = {b"Accept-Encoding": b"gzip, deflate"}
        if cached is not None and cached.etag:
            headers[b"If-None-Match"] = cached.etag.encode("latin-1", "replace")
        if cached is not None and cached.last_modified:
            headers[b"If-Modified-Since"] = cached.last_modified.encode("latin-1", "replace")
        remaining = deadline.remaining()
        if remaining <= 0:
            raise SourceError(f"did not answer within {DEADLINE_S:.0f} seconds", url=url)
        timeout = httpx2.Timeout(min(READ_S, remaining), connect=min(CONNECT_S, remaining))
        try:
            with self._opened().stream("GET", current, headers=headers, timeout=timeout) as response:
                return self._received(response, deadline, url)
        except httpx2.TimeoutException as exc:
            raise _TryAgain(f"{_host(current)} did not answer in time; it is asked again by the next run") from exc
        except httpx2.UnsupportedProtocol as exc:
            raise SourceError(f"{_shown(current)} is no web address", url=url) from exc
        except httpx2.TransportError as exc:
            host = _host(current)
            raise _TryAgain(f"the connection to {host} failed ({exc}); is the address right, the network up?") from exc
        except (httpx2.InvalidURL, UnicodeError) as exc:
            raise SourceError(f"{_shown(current)} is no web address ({exc})", url=url) from exc

    def _received(self, response: httpx2.Response, deadline: _Deadline, url: str) -> _Answer:
        content = b""
        if response.status_code == 200:
            content = self._body(response, self._max_bytes, deadline, url)
        elif response.status_code >= 400:
            try:
                content = self._body(response, _ERROR_BODY, deadline, url)
            except SourceError:  # what an error page says is a bonus
                content = b""
        return _Answer(status=response.status_code, headers=response.headers, content=content)

    def _body(self, response: httpx2.Response, cap: int, deadline: _Deadline, url: str) -> bytes:
        """Read and unpack, never holding more than *cap*: `iter_bytes` would hand over 33 MB of a bomb in one piece."""
        unpack = unpacker(response.headers.get("content-encoding", ""), url)
        received = 0
        out = bytearray()
        for raw in _raw(response):
            received += len(raw)
            for piece in unpack.feed(raw):
                out += piece
                if len(out) > cap:
                    raise SourceError(f"is larger than {cap / 1_000_000:g} MB", url=url)
            if deadline.remaining() < 0:
                raise SourceError(f"was not through after {DEADLINE_S:.0f} seconds", url=url)
        length = response.headers.get("content-length", "")
        if (length.isdigit() and received < int(length)) or not unpack.complete:
            raise _TryAgain("was cut off on the way; it is asked again by the next run")
        return bytes(out)

    def _document(self, url: str, answer: _Answer, cached: Document | None, *, dated: bool) -> Document:
        etag, modified = _as_sent(answer.headers, b"etag"), _as_sent(answer.headers, b"last-modified")
        if answer.status == 200:
            return Document(url=url, content=answer.content, etag=etag, last_modified=modified)
        if answer.status == 304 and cached is not None:
            return Document(
                url=url,
                content=cached.content,
                etag=etag or cached.etag,
                last_modified=modified or cached.last_modified,
                unchanged=True,
            )
        words = _words(answer)
        if dated and (answer.status == 404 or guard.says_not_yet(words)):
            raise NotYetError(f"has no document of this day yet ({answer.status}{_said(words)})", url=url)
        sentence = _sentence(answer.status, words)
        if answer.status not in _TRY_AGAIN:
            raise SourceError(sentence, url=url)
        after_s = self._retry_after(answer.headers.get("retry-after", ""))
        if after_s is not None:
            sentence += f"; it asks to wait {after_s:,.0f} seconds"
        raise _TryAgain(sentence, after_s=after_s)

    def _retry_after(self, text: str) -> float | None:
        """Seconds to wait, from a number or a moment; None where it says nothing of use."""
        if re.fullmatch(r"\d{1,9}", text.strip()):
            return float(text) or None
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - self._now()).total_seconds()
        return seconds if seconds > 0 else None

    def _opened(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    transport=self._transport, headers={"User-Agent": USER_AGENT}, follow_redirects=False
                )
            return self._client


def _checked(current: str, url: str) -> str:
    """The host of an address that may be asked."""
    try:
        parts = urlsplit(current)
        host = parts.hostname
    except ValueError as exc:
        raise SourceError(f"{current[:200]} is no web address", url=url) from exc
    if parts.scheme.lower() not in ("http", "https"):
        raise SourceError(f"redirects to a {parts.scheme or 'nameless'}: address, which is not followed", url=url)
    if not host or re.search(r"\s", host):
        raise SourceError(f"{_shown(current)} names no host", url=url)
    if current != url and "@" in parts.netloc:
        raise SourceError(f"redirects to {_shown(current)} with a password, which is not followed", url=url)
    return host


def _shown(url: str) -> str:
    """An address fit for a message: without user and password, and not endless."""
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))[:200]
    except ValueError:
        return "an address that is none"


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the server"


def _raw(response: httpx2.Response) -> Iterator[bytes]:
    """The body as it comes. Not `iter_raw`: that refuses an answer made whole, as transports in tests make it."""
    if not isinstance(response.stream, Iterable):
        raise TypeError("an asynchronous transport cannot be used here")
    return iter(response.stream)


def _as_sent(headers: httpx2.Headers, name: bytes) -> str | None:
    """A header byte for byte: what is sent back must be what came."""
    return next((value.decode("latin-1") for key, value in headers.raw if key.lower() == name), None)


def _words(answer: _Answer) -> str:
    """What the server itself says of the error, in one line; empty where it says nothing."""
    if not answer.content:
        return ""
    try:
        text = guard.decoded(answer.content)
        if text.lstrip().startswith("{"):
            value = guard.json(answer.content)
            found = value.get("error") or value.get("message") if isinstance(value, dict) else None
            return excerpt(found) if isinstance(found, str) else ""
    except SourceError:
        return ""
    summary = re.search(r"<entry>.*?<title>Error</title>.*?<summary[^>]*>([^<]{1,300})", text, re.DOTALL)
    return excerpt(summary[1]) if summary else guard.page_title(text)


def _said(words: str) -> str:
    return f": “{words}”" if words else ""


def _sentence(status: int, words: str) -> str:
    """What happened and what to do."""
    said = f"{status}{_said(words)}"
    if status == 404:
        return f"is not there ({said}); check the address of this source"
    if status == 410:
        return f"is gone for good ({said}); take this source out of the config"
    if status in (401, 403):
        return f"refused to answer ({said}); open the address in a browser to see what it wants"
    if status == 429:
        return f"is asked too often ({said})"
    if status >= 500:
        return f"has trouble of its own ({said}); it is asked again by the next run"
    return f"answered with {said}, not with a document"
