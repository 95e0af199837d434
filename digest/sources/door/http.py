"""The one door to the network and to files: limits, conditional requests, retries, politeness.

    Door.get(url)  ──►  a path or file:   read below the base folder, with the same cap
                   ──►  http(s):          turn of the host → request → redirects by hand → capped body → Document

    request     what was asked, and what of it is secret
    politeness  one request at a time for each host, arXiv's three seconds apart
    pauses      what a server asked for by Retry-After
    network     connections, to public addresses only unless the operator wrote the address himself
    statuses    what a status means, for people

The environment's HTTP_PROXY and its like are not read: a proxy is a setting. Everything that goes wrong is a
`SourceError` with a sentence for the person who configured the source.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from digest import __version__
from digest.core.errors import NotYetError, SourceError
from digest.core.models import Document
from digest.core.pauses import retry_after
from digest.sources import guard
from digest.sources.door import statuses
from digest.sources.door.addresses import PrivateAddressError
from digest.sources.door.deadline import Deadline
from digest.sources.door.pauses import Pauses, until
from digest.sources.door.politeness import HostPoliteness, Politeness, queue_of
from digest.sources.door.request import NOTHING, Request, shown
from digest.sources.door.unpack import unpacker

if TYPE_CHECKING:
    import httpx2

    from digest.sources.door.network import Connect, Resolve

MAX_REDIRECTS: Final = 5
RETRIES: Final = 2
BACKOFF_S: Final = 1.0
MAX_RETRY_AFTER_S: Final = 30.0
"""A server that asks for more patience than this is asked again by a later run."""
USER_AGENT: Final = f"research-digest/{__version__} (digest of new papers for subscribers; Python)"
_ERROR_BODY: Final = 65_536
"""So much of an error page is read for what it says."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = frozenset({301, 308})
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A response, read as far as it is of use."""

    status: int
    headers: httpx2.Headers
    content: bytes
    retry_after_s: float | None


class _TryAgain(Exception):  # noqa: N818 -- control flow within this file
    """A failure that may pass; *error* is for when it does not."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(str(error))
        self.error = error


class Door:
    """Fetches documents. Thread-safe; close it, or use it as a context."""

    def __init__(
        self,
        *,
        base: Path | None = None,
        politeness: Politeness | None = None,
        proxy: str | None = None,
        ca_file: Path | None = None,
        private_hosts: Iterable[str] = (),
        transport: httpx2.BaseTransport | None = None,
        resolve: Resolve | None = None,
        connect: Connect | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_bytes: int = guard.MAX_BYTES,
        max_file_bytes: int = guard.MAX_FILE_BYTES,
    ) -> None:
        """Open nothing yet.

        Args:
            base: The folder that relative paths start from: the one of config.toml.
            politeness: In the place of `HostPoliteness`, where several processes are to keep it together.
            proxy: `http://[user:password@]host:port`; trusted. Addresses of this machine are asked without it.
            ca_file: Certificate authorities besides those of the system, as PEM.
            private_hosts: Hosts that redirects and addresses out of feeds may lead to although they are private.
            transport: In the place of the network, for tests.
            resolve: In the place of the name service, for tests.
            connect: In the place of opening a socket, for tests.
            now: Only for a `Retry-After` that names a moment.
        """
        self._base = base or Path()
        self._politeness = politeness or HostPoliteness(monotonic=monotonic, sleep=sleep)
        self._proxy = proxy
        self._ca_file = ca_file
        self._private_hosts = tuple(private_hosts)
        self._transport = transport
        self._resolve = resolve
        self._connect = connect
        self._monotonic = monotonic
        self._sleep = sleep
        self._now = now
        self._max_bytes = max_bytes
        self._max_file_bytes = max_file_bytes
        self._pauses = Pauses(monotonic)
        self._moved: dict[str, str] = {}
        self._wire: httpx2.BaseTransport | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what was opened."""
        with self._lock:
            if self._wire is not None:
                self._wire.close()
                self._wire = None

    def get(
        self,
        url: str,
        *,
        cached: Document | None = None,
        dated: bool = False,
        folder: str | None = None,
        trusted: bool = False,
        headers: Mapping[str, str] = NOTHING,
        secret_query: Mapping[str, str] = NOTHING,
        deadline: Deadline | None = None,
    ) -> Document:
        """Fetch an address, or read a path.

        Args:
            cached: What came from here the last time: if nothing changed, it comes back, marked so.
            dated: The configured address has the day in it, so that a missing document is one that is not out yet.
            folder: Of a dated path, the folder that has no day in it: where that is missing, no document will come.
            trusted: The operator wrote this address himself, so that it may be of this machine or a private network.
            headers: Sent to this host and no other, wherever it redirects to; they may hold keys.
            secret_query: Parameters that are added to the address on its way to this host and seen nowhere else.
            deadline: The end of all patience; its own of `DEADLINE_S` where none is given.

        Raises:
            NotYetError: *dated*, and there is none.
            SourceError: Everything else that goes wrong.
            ConfigError: The proxy or the file of certificates cannot be used.
        """
        scheme = _SCHEME.match(url)
        kind = scheme[1].lower() if scheme else "file"
        if kind == "file":
            return self._read_file(url, dated=dated, folder=folder)
        if kind not in ("http", "https"):
            raise SourceError(f"cannot read {kind}: addresses; use http, https or a path", url=url)
        request = Request.to(
            url,
            cached=cached,
            dated=dated,
            trusted=trusted,
            headers=headers,
            secret_query=secret_query,
            deadline=deadline or Deadline(self._monotonic),
        )
        return self._fetch(request)

    def moved_to(self, url: str) -> str | None:
        """Where *url* is now for good, as its server said when it was last fetched; None if it did not move."""
        return self._moved.get(url)

    # -- files

    def _read_file(self, url: str, *, dated: bool, folder: str | None) -> Document:
        try:
            path = self._path(url)
        except RuntimeError as exc:  # "~somebody/…"
            raise SourceError(f"cannot read {url}: {exc}", url=url) from exc
        try:
            if path.is_dir():
                raise SourceError(f"{path} is a folder; name the file in it", url=url)
            if not path.exists() and folder is not None and not self._path(folder).is_dir():
                raise SourceError(
                    f"there is no folder {folder or self._base}, where {url} should come; is the path right?", url=url
                )
            if not path.exists():
                problem = NotYetError if dated else SourceError
                raise problem(f"there is no file {url}" + (" yet" if dated else ""), url=url)
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
            raise SourceError(f"file: addresses are of this machine, not of {parts.netloc.rpartition('@')[2]}", url=url)
        return self._base / unquote(parts.path)

    # -- the network

    def _fetch(self, request: Request) -> Document:
        for attempt in range(RETRIES + 1):
            try:
                return self._document(request, self._follow(request))
            except _TryAgain as exc:
                asked = exc.error.retry_after_s
                wait = BACKOFF_S * 2**attempt if asked is None else asked
                hopeless = wait > MAX_RETRY_AFTER_S or wait >= request.deadline.remaining()
                if attempt == RETRIES or hopeless:
                    raise exc.error from exc
                if asked is None:  # else the wait is at the host's own door, where all others wait too
                    self._sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _follow(self, request: Request) -> _Answer:
        """Send the request, and again to where the answer points."""
        import httpx2

        current, for_good = request.start, True
        cookies = httpx2.Cookies()  # publishers send round a loop to see whether one keeps a cookie
        sent = set()
        for _ in range(MAX_REDIRECTS + 1):
            wire_request = self._wire_request(request, current)
            cookies.set_cookie_header(wire_request)
            if (seen := (wire_request.url.copy_with(fragment=None), wire_request.headers.get("cookie"))) in sent:
                raise request.error(f"redirects in a circle, back to {shown(str(current))}")
            sent.add(seen)
            answer = self._in_turn(request, wire_request, cookies)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target:
                self._note_move(request, current if for_good and answer.status in (200, 304) else request.start)
                return answer
            for_good = for_good and answer.status in _FOR_GOOD
            current = request.following(current, target)
            self._heed(request, answer)
        raise request.error(f"redirects more than {MAX_REDIRECTS} times, at last to {shown(str(current))}")

    def _wire_request(self, request: Request, address: httpx2.URL) -> httpx2.Request:
        import httpx2

        from digest.sources.door.network import Passage

        headers = httpx2.Headers(
            [
                (b"User-Agent", USER_AGENT.encode("ascii")),
                (b"Accept", b"*/*"),
                (b"Accept-Encoding", b"gzip, deflate"),
                (b"Connection", b"close"),
            ]
        )
        if request.is_own(address):
            address = request.with_secrets(address)
            for name, value in request.headers.items():
                headers[name] = value.strip()  # keys out of files end with a newline
        raw = headers.raw
        # As bytes: what goes back must be what came.
        if request.cached is not None and request.cached.etag:
            raw.append((b"If-None-Match", request.cached.etag.encode("latin-1", "replace")))
        if request.cached is not None and request.cached.last_modified:
            raw.append((b"If-Modified-Since", request.cached.last_modified.encode("latin-1", "replace")))
        passage = Passage(deadline=request.deadline, trusted=request.trusted and request.starts_at(address))
        return httpx2.Request("GET", address, headers=raw, extensions={"passage": passage})

    def _in_turn(self, request: Request, wire_request: httpx2.Request, cookies: httpx2.Cookies) -> _Answer:
        """Send one request when it is this host's turn, and not before it wants to be asked."""
        host = wire_request.url.host
        name = queue_of(host) or wire_request.url.netloc.decode("ascii")
        queued = self._monotonic()
        with self._politeness(host):
            request.deadline.extend(self._monotonic() - queued)  # waiting for a turn is not the server's slowness
            while (pause := self._pauses.remaining(name)) > 0:
                if pause > MAX_RETRY_AFTER_S or pause >= request.deadline.remaining():
                    raise request.error(
                        f"{host} asked for a pause, and is not asked again before {until(self._now(), pause)}",
                        status=429,
                        retry_after_s=pause,
                    )
                self._sleep(pause)
            answer = self._send(request, wire_request, cookies)
            if answer.status >= 400 and answer.retry_after_s is not None:
                self._pauses.ask(name, answer.retry_after_s)
            return answer

    def _send(self, request: Request, wire_request: httpx2.Request, cookies: httpx2.Cookies) -> _Answer:
        if request.deadline.remaining() <= 0:
            raise request.error(f"was not through after {request.deadline.seconds:.0f} seconds")
        with _failures(request, wire_request.url):
            response = self._opened().handle_request(wire_request)
            try:
                response.request = wire_request
                cookies.extract_cookies(response)
                return self._received(request, response)
            finally:
                response.close()

    def _received(self, request: Request, response: httpx2.Response) -> _Answer:
        import httpx2

        content = b""
        if response.status_code == 200:
            content = self._body(request, response, self._max_bytes)
        elif response.status_code >= 400:
            try:
                content = self._body(request, response, _ERROR_BODY)
            except (SourceError, _TryAgain, httpx2.TimeoutException):  # what an error page says is a bonus
                content = b""
        return _Answer(
            status=response.status_code,
            headers=response.headers,
            content=content,
            retry_after_s=retry_after(response.headers.get("retry-after", ""), self._now()),
        )

    def _body(self, request: Request, response: httpx2.Response, cap: int) -> bytes:
        """Read and unpack, never holding more than *cap*: `iter_bytes` would hand over 33 MB of a bomb in one piece."""
        import httpx2

        unpack = unpacker(response.headers.get("content-encoding", ""), request.url)
        received = 0
        out = bytearray()
        try:
            for raw in _raw(response):
                received += len(raw)
                for piece in unpack.feed(raw):
                    out += piece
                    if len(out) > cap:
                        raise request.error(f"is larger than {cap / 1_000_000:g} MB")
                if received > cap + _ERROR_BODY:  # packed air: it never unpacks to anything
                    raise request.error(f"is larger than {cap / 1_000_000:g} MB")
                if request.deadline.remaining() < 0:
                    raise request.error(f"was not through after {request.deadline.seconds:.0f} seconds")
            length = response.headers.get("content-length", "")
            cut = (length.isdigit() and received < int(length)) or not unpack.complete
        except (httpx2.RemoteProtocolError, httpx2.ReadError):
            cut = True
        if cut:
            raise _TryAgain(request.error("was cut off on the way; it is asked again later"))
        return bytes(out)

    def _heed(self, request: Request, answer: _Answer) -> None:
        """Wait before following a redirect if it asks for that."""
        wait = answer.retry_after_s
        if wait is None:
            return
        if wait > MAX_RETRY_AFTER_S or wait >= request.deadline.remaining():
            raise request.error(
                f"redirects, but asks not to follow before {until(self._now(), wait)}",
                status=answer.status,
                retry_after_s=wait,
            )
        self._sleep(wait)

    def _note_move(self, request: Request, address: httpx2.URL) -> None:
        if address != request.start:
            self._moved[request.url] = str(address)
        else:
            self._moved.pop(request.url, None)

    def _document(self, request: Request, answer: _Answer) -> Document:
        url, cached = request.url, request.cached
        etag, modified = _as_sent(answer.headers, b"etag"), _as_sent(answer.headers, b"last-modified")
        if answer.status == 200:
            content = guard.in_utf8(request.without_secrets(answer.content), answer.headers.get("content-type", ""))
            return Document(url=url, content=content, etag=etag, last_modified=modified)
        if answer.status == 304 and cached is not None:
            return Document(
                url=url,
                content=cached.content,
                etag=etag or cached.etag,
                last_modified=modified or cached.last_modified,
                unchanged=True,
            )
        words = statuses.words(answer.content)
        if request.dated and (answer.status == 404 or guard.says_not_yet(words)):
            said = statuses.said(answer.status, words)
            raise request.not_yet(f"has no document of this day yet ({said})", status=answer.status)
        sentence = statuses.sentence(answer.status, words)
        after_s = answer.retry_after_s
        if after_s is not None:
            sentence += f"; it asks to wait until {until(self._now(), after_s)}"
        error = request.error(sentence, status=answer.status, retry_after_s=after_s)
        if answer.status in _TRY_AGAIN:
            raise _TryAgain(error)
        raise error

    def _opened(self) -> httpx2.BaseTransport:
        from digest.sources.door.network import Wire

        with self._lock:
            if self._wire is None:
                self._wire = self._transport or Wire(
                    proxy=self._proxy,
                    ca_file=self._ca_file,
                    private_hosts=self._private_hosts,
                    resolve=self._resolve,
                    connect=self._connect,
                )
            return self._wire


@contextmanager
def _failures(request: Request, address: httpx2.URL) -> Iterator[None]:
    """Errors on the way, as sentences."""
    import httpx2

    from digest.sources.door.network import CertificateError, UnresolvedError

    host = address.host
    try:
        yield
    except PrivateAddressError as exc:
        where = host if exc.address == host else f"{host} is at {exc.address}"
        what = "is on" if request.starts_at(address) else "redirects to a place on"
        raise request.error(
            f"{what} a private network ({where}), where only addresses of the config itself may lead;"
            f' if that is meant, add "{host}" to [network] private_hosts'
        ) from exc
    except CertificateError as exc:
        raise request.error(f"{host} {exc}") from exc
    except UnresolvedError as exc:
        raise request.error(
            f"{host} cannot be found ({exc}); where only the proxy knows it, add it to [network] private_hosts"
        ) from exc
    except httpx2.ProxyError as exc:
        sentence = f"the proxy of [network] proxy did not let it through to {host} ({exc})"
        if str(exc).startswith("407"):
            raise request.error(f"{sentence}; write it as http://user:password@host:port") from exc
        raise _TryAgain(request.error(sentence)) from exc
    except httpx2.TimeoutException as exc:
        within = f" ({request.deadline.seconds:.0f} seconds in all)" if request.deadline.remaining() <= 0 else ""
        sentence = f"{host} did not answer in time{within}; it is asked again later"
        raise _TryAgain(request.error(sentence)) from exc
    except httpx2.LocalProtocolError as exc:  # its own words would repeat a key
        raise request.error("a header of this source cannot be sent; is there a line break in its key?") from exc
    except httpx2.TransportError as exc:
        sentence = f"the connection to {host} failed ({exc}); is the address right, the network up?"
        raise _TryAgain(request.error(sentence)) from exc


def _raw(response: httpx2.Response) -> Iterator[bytes]:
    """The body as it comes. Not `iter_raw`: that refuses an answer made whole, as transports in tests make it."""
    if not isinstance(response.stream, Iterable):
        raise TypeError("an asynchronous transport cannot be used here")
    return iter(response.stream)


def _as_sent(headers: httpx2.Headers, name: bytes) -> str | None:
    """A header byte for byte: what is sent back must be what came."""
    return next((value.decode("latin-1") for key, value in headers.raw if key.lower() == name), None)
