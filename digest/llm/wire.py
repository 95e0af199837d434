"""One request over a connection of its own, for a limited time, with an answer of limited size.

The HTTP library's time-outs are for one read each, so a server that drips a byte a second never runs into them; here
a timer cuts the connection. Connections are not kept: one that the server has closed meanwhile looks like one that
broke after the request was sent, and then nobody knows whether it is billed.

Imported with the first request: httpx2 is a heavy import.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from os import environ
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2

from digest.core.certificates import certificate_error
from digest.cutting import Line

MOST_BYTES: Final = 16_000_000
"""Largest size of an unpacked answer: a thousand times a usual one."""
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that no longer hold for an answer that was read and unpacked."""
_CHARSET: Final = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


class TooLargeError(httpx2.TransportError):
    """An answer was larger than `MOST_BYTES`."""


class UnusableError(Exception):
    """A proxy or certificates cannot be used; the message says which setting or variable is wrong."""


class Wire(httpx2.BaseTransport):
    """Sends each request once and reads its answer to the end. Thread-safe."""

    def __init__(
        self, inner: httpx2.BaseTransport, *, timeout_s: float, most_bytes: int = MOST_BYTES, proxy: str = ""
    ) -> None:
        """Wrap *inner*, which is closed with this.

        Args:
            timeout_s: Seconds from before the connection is made until the last byte of the answer.
            proxy: The setting or variable that names *inner*'s proxy; empty if it uses none.
        """
        self._inner = inner
        self._proxy = proxy
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*; the response is complete.

        Raises:
            httpx2.ReadTimeout: The time was up after the request was sent.
            TooLargeError: There was no end to the answer.
            httpx2.RequestError: What else goes wrong on the way.
        """
        line = Line()
        request.extensions["trace"] = line.watch
        timer = threading.Timer(self._timeout_s, line.cut)
        timer.daemon = True
        timer.start()
        try:
            answer = self._answer(request)
            if line.is_cut:  # a body without a stated length ends where the connection does
                raise httpx2.ReadTimeout("the answer was not complete in time")
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            if not self._proxy or certificate_error(error) is not None:
                raise
            raise httpx2.ProxyError(f"the proxy that {self._proxy} names ({error})") from error
        except _UNSENT:
            raise
        except httpx2.RequestError as error:
            if line.is_cut:
                raise httpx2.ReadTimeout("no answer in time") from error
            raise
        finally:
            timer.cancel()
            line.close()
        return answer

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        response.request = request
        content = bytearray()
        try:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > self._most_bytes:
                    raise TooLargeError(f"the answer is larger than {self._most_bytes // 1_000_000} MB")
        finally:
            response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _UNPACKED]
        if _is_utf8(content):
            # JSON is UTF-8 (RFC 8259), whatever charset the header of a proxy claims.
            headers = [(n, _CHARSET.sub("", v) if n.lower() == "content-type" else v) for n, v in headers]
        return httpx2.Response(response.status_code, headers=headers, content=bytes(content))

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


_UNSENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.WriteError,
    httpx2.WriteTimeout,
)
"""Exceptions that are raised before the server has the whole request."""


def _is_utf8(content: bytes | bytearray) -> bool:
    """Whether *content* can be read as UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def was_sent(error: BaseException | None) -> bool:
    """Whether the server may have had the whole request when *error* came."""
    return not isinstance(error, _UNSENT)


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a server: directly or through a proxy."""

    proxy: str | None = None
    """The proxy's URL; None: directly."""
    named_by: str = ""
    """The setting or variable that names the proxy, for people."""


def way_to(base_url: str, *, proxy: str | None = None, environment: Mapping[str, str] | None = None) -> Way:
    """Choose the way to a server: directly to private hosts, to others through the proxy of the config or environment.

    Args:
        proxy: `[network] proxy`.
        environment: Holds `HTTPS_PROXY` and its like; `NO_PROXY` names what is reached straight.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    variables = environ if environment is None else environment
    if _is_own(host) or _is_excepted(host, parts.port, _variable(variables, "no_proxy")[1]):
        return Way()
    if proxy is not None:
        return Way(proxy, "[network] proxy")
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        named_by, value = _variable(variables, name)
        if value:
            return Way(value if "://" in value else f"http://{value}", f"the variable {named_by}")
    return Way()


def open_wire(base_url: str, *, timeout_s: float, proxy: str | None = None, ca_file: Path | None = None) -> Wire:
    """Open the way to *base_url*; see `way_to`.

    Args:
        ca_file: Certificate authorities besides those of the system, as PEM.

    Raises:
        UnusableError: The proxy or the certificates cannot be used.
    """
    way = way_to(base_url, proxy=proxy)
    limits = httpx2.Limits(max_keepalive_connections=0)
    try:
        inner = httpx2.HTTPTransport(proxy=_proxy(way), limits=limits, verify=_tls(ca_file), trust_env=False)
    except ImportError as exc:
        raise UnusableError(f"{way.named_by} names a proxy of a kind that needs another package: {exc}") from exc
    return Wire(inner, timeout_s=timeout_s, proxy=way.named_by)


def _proxy(way: Way) -> httpx2.Proxy | None:
    if way.proxy is None:
        return None
    try:
        proxy = httpx2.Proxy(way.proxy)
        if not proxy.url.host:
            raise ValueError("names no host")
    except (ValueError, httpx2.InvalidURL) as exc:
        # Not shown: there may be a password in it.
        sentence = f"{way.named_by} names no proxy that can be used; it must look like http://host:port"
        raise UnusableError(sentence) from exc
    return proxy


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context with the system's authorities (or SSL_CERT_FILE and SSL_CERT_DIR), and with *ca_file*."""
    try:
        context = httpx2.create_ssl_context()
    except OSError as exc:
        raise UnusableError(
            f"the certificates of the variable SSL_CERT_FILE cannot be used: {exc.strerror or exc}"
        ) from exc
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as exc:  # ssl.SSLError is one: a file without certificates
            raise UnusableError(f"[network] ca_file: cannot use {ca_file}: {exc.strerror or exc}") from exc
    return context


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """A variable by either spelling, with the one that it has; the small one goes first, as in curl."""
    for spelling in (name, name.upper()):
        # A web server puts a visitor's header "Proxy" there: https://httpoxy.org
        if spelling == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
            continue
        if value := environment.get(spelling, "").strip():
            return spelling, value
    return name, ""


def _is_own(host: str) -> bool:
    """Whether *host* is this machine or an address of a private network, to which no proxy leads."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether NO_PROXY names *host*: a name stands for all below it too, `*` for all there is."""
    for entry in (part.strip().lower() for part in exceptions.split(",")):
        name, _, of_port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
        if of_port and of_port != str(port):
            continue
        bare = name.lstrip("*").lstrip(".")
        if name == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
            return True
    return False
