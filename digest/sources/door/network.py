"""Connections: to addresses that were looked at, and never for longer than the deadline.

    Wire.handle_request ──► a connection of its own for each request, straight or through the proxy
        _Dialler        ──► resolve the name once → drop private addresses → connect to one that is left
        _Stream         ──► every handshake, write and read gets what is left of the deadline

Nothing is kept open in between: a request of the operator's own and one that a feed asked for never share a
connection, and what a server sent beyond the end of its answer is never taken for the next one.

Imported by the door when it is first opened: httpx2 is a heavy import.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpcore2
import httpx2

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import ConfigError
from digest.sources.door.addresses import PrivateAddressError, is_loopback, is_public, literal
from digest.sources.door.deadline import Deadline

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its IP addresses as text, best first. Raises OSError."""
Connect = Callable[[str, int, float], httpcore2.NetworkStream]
"""(IP address, port, seconds to wait) → a connection."""

CONNECT_S: Final = 5.0
READ_S: Final = 20.0


class CertificateError(Exception):
    """A server's certificate is not trusted; the message says why, and what to do."""


class UnresolvedError(Exception):
    """A name that has no address here, where one is needed to look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What a request may do. It travels in the request's extensions under `passage`."""

    deadline: Deadline
    trusted: bool
    """It may go to private addresses."""


class Wire(httpx2.BaseTransport):
    """The network as a transport. Thread-safe."""

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ca_file: Path | None = None,
        private_hosts: Iterable[str] = (),
        resolve: Resolve | None = None,
        connect: Connect | None = None,
    ) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigError: *proxy* cannot be used.
        """
        self._proxy = proxy_of(proxy)
        self._ca_file = ca_file
        self._private_hosts = frozenset(_plain(host) for host in private_hosts)
        self._resolve = resolve or _resolve
        self._connect = connect or _connect

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request over a connection of its own.

        Raises:
            PrivateAddressError: The host is at a private address, and the request may not go there.
            CertificateError: Whoever answered could not show that he is the host.
            UnresolvedError: Only the proxy knows the name, and the request may not go just anywhere.
            ConfigError: The file of certificates cannot be used.
            httpx2.TransportError: Everything else that goes wrong on the way.
        """
        passage: Passage = request.extensions["passage"]
        host = _plain(request.url.host)
        trusted = passage.trusted or host in self._private_hosts
        proxy = None if is_loopback(host) else self._proxy  # a proxy's 127.0.0.1 is another machine
        dialler = _Dialler(
            resolve=self._resolve,
            connect=self._connect,
            deadline=passage.deadline,
            trusted=trusted or proxy is not None,
            to_proxy=proxy is not None,
        )
        pool = httpcore2.ConnectionPool(
            ssl_context=self._tls if request.url.scheme == "https" else None,
            proxy=proxy,
            max_keepalive_connections=0,
            network_backend=dialler,
        )
        with _as_httpx2():
            if proxy is not None and not trusted:
                dialler.look_at(host, request.url.port or 0)
            try:
                response = pool.handle_request(_request(request))
            except BaseException:
                pool.close()
                raise
        return httpx2.Response(
            response.status, headers=response.headers, stream=_Body(response, pool), extensions=response.extensions
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's authorities (or those of SSL_CERT_FILE), and besides them the operator's own."""
        try:
            context = httpx2.create_ssl_context()
        except OSError as exc:
            raise ConfigError(
                f"the certificates of the variable SSL_CERT_FILE cannot be used: {exc.strerror or exc}"
            ) from exc
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as exc:  # ssl.SSLError is one: a file without certificates
                raise ConfigError(f"[network] ca_file: cannot use {self._ca_file}: {exc.strerror or exc}") from exc
        return context


class _Dialler(httpcore2.NetworkBackend):
    """Opens the connections of one request."""

    def __init__(
        self, *, resolve: Resolve, connect: Connect, deadline: Deadline, trusted: bool, to_proxy: bool
    ) -> None:
        self._resolve = resolve
        self._connect = connect
        self._deadline = deadline
        self._trusted = trusted
        self._to_proxy = to_proxy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 -- httpcore2's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 -- httpcore2's signature
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of *host* that may be connected to and answers."""
        try:
            return self._connected(host, port, timeout)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
            if self._to_proxy:
                raise httpcore2.ProxyError(f"cannot be reached: {exc}") from exc
            raise

    def _connected(self, host: str, port: int, timeout: float | None) -> httpcore2.NetworkStream:
        addresses = self._addresses(host, port)
        allowed = addresses if self._trusted else [a for a in addresses if is_public(a)]
        if not allowed:
            raise PrivateAddressError(host, addresses[0])
        problem: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in allowed:
            patience = _patience(self._deadline, timeout, httpcore2.ConnectTimeout)
            try:
                return _Stream(self._connect(address, port, patience), self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                problem = exc
        raise problem or httpcore2.ConnectError(f"{host} has no address")

    def look_at(self, host: str, port: int) -> None:
        """Refuse a host of which any address is private: which of them a proxy connects to is not known here."""
        try:
            addresses = self._addresses(host, port)
        except httpcore2.ConnectError as exc:
            raise UnresolvedError(str(exc)) from exc
        for address in addresses:
            if not is_public(address):
                raise PrivateAddressError(host, address)

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of *host*. In a thread, for resolvers take no time limit and may need half a minute."""
        if (address := literal(host)) is not None:
            return [address]
        answer: Future[Sequence[str]] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._resolve(host, port))
            except (OSError, ValueError) as exc:  # ValueError: a label too long for a name
                answer.set_exception(exc)

        threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
        try:
            addresses = answer.result(_patience(self._deadline, READ_S, httpcore2.ConnectTimeout))
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout(f"the address of {host} is not to be had in time") from exc
        except (OSError, ValueError) as exc:
            raise httpcore2.ConnectError(getattr(exc, "strerror", None) or str(exc)) from exc
        if not addresses:
            raise httpcore2.ConnectError(f"{host} has no address")
        return addresses


class _Stream(httpcore2.NetworkStream):
    """A connection that minds the deadline: a server that drips a byte a second never runs into a read's own limit."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _patience(self._deadline, timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _patience(self._deadline, timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            patience = _patience(self._deadline, timeout, httpcore2.ConnectTimeout)
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, patience), self._deadline)
        except httpcore2.ConnectError as exc:
            if (fault := certificate_error(exc)) is not None:
                raise CertificateError(certificate_fault(fault, setting="[network] ca_file")) from exc
            raise
        except httpcore2.ConnectTimeout:
            self.close()
            raise
        except ValueError as exc:  # a host that no certificate can name: ".example"
            self.close()
            raise httpcore2.ConnectError(str(exc)) from exc

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Body(httpx2.SyncByteStream):
    """The body of an answer; closing it closes the connection."""

    def __init__(self, response: httpcore2.Response, pool: httpcore2.ConnectionPool) -> None:
        self._response = response
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()
        self._pool.close()


def proxy_of(url: str | None) -> httpcore2.Proxy | None:
    """A proxy as it is written in the config.

    Raises:
        ConfigError: It is no address of a proxy that can be used.
    """
    if url is None:
        return None
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError):
        parsed = httpx2.URL()
    if parsed.scheme != "http" or not parsed.host:
        # Not shown: there may be a password in it. TLS to the proxy itself, and SOCKS, are not supported.
        raise ConfigError("[network] proxy: must be http://host:port or http://user:password@host:port")
    return httpcore2.Proxy(
        httpcore2.URL(scheme=b"http", host=parsed.raw_host, port=parsed.port or 80, target=b"/"),
        auth=(parsed.username.encode(), parsed.password.encode()) if parsed.userinfo else None,
    )


def _plain(host: str) -> str:
    """A host as it is compared: lower case, without brackets and final dot, and an umlaut as it goes over the wire."""
    bare = host.strip().strip("[]").rstrip(".").lower()
    if bare.isascii():
        return literal(bare) or bare
    try:
        return httpx2.URL(scheme="http", host=bare).raw_host.decode("ascii")
    except (httpx2.InvalidURL, UnicodeError):
        return bare


def _request(request: httpx2.Request) -> httpcore2.Request:
    limits = {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": None}
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        extensions={"timeout": limits},
    )


@contextmanager
def _as_httpx2() -> Iterator[None]:
    """Errors of httpcore2 under the same names of httpx2, as its own transport does it."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as exc:
        named: type[httpx2.TransportError] = getattr(httpx2, type(exc).__name__)
        raise named(str(exc)) from exc


def _patience(deadline: Deadline, most: float | None, over: type[httpcore2.TimeoutException]) -> float:
    """How long one step may take: *most*, but never beyond the deadline."""
    remaining = deadline.remaining()
    if remaining <= 0:
        raise over("the deadline is over")
    return remaining if most is None else min(most, remaining)


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _connect(address: str, port: int, timeout: float) -> httpcore2.NetworkStream:
    """To an address, not a name: nothing is resolved a second time."""
    return httpcore2.SyncBackend().connect_tcp(address, port, timeout)
