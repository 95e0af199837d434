"""One request over a connection of its own, for a limited time, with an answer of limited size.

The HTTP library's time-outs are for one read each, so a server that drips a byte a second never runs into them; here
a timer cuts the connection. Connections are not kept: one that the server has closed meanwhile looks like one that
broke after the request was sent, and then nobody knows whether it is billed.

Imported with the first request: httpx2 is a heavy import.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

MOST_BYTES: Final = 16_000_000
"""Of an answer, unpacked; a thousand times what one takes."""
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that are no longer true of an answer that was read."""
_CHARSET: Final = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


class TooLargeError(httpx2.TransportError):
    """An answer was larger than any answer is."""


class Wire(httpx2.BaseTransport):
    """Sends each request once and reads its answer to the end. Thread-safe."""

    def __init__(self, inner: httpx2.BaseTransport, *, timeout_s: float, most_bytes: int = MOST_BYTES) -> None:
        """Wrap *inner*, which is closed with this.

        Args:
            timeout_s: From before the connection is made until the last byte of the answer.
        """
        self._inner = inner
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*; the response is complete.

        Raises:
            httpx2.ReadTimeout: The time was up after the request was sent.
            TooLargeError: There was no end to the answer.
            httpx2.RequestError: What else goes wrong on the way.
        """
        line = _Line()
        request.extensions["trace"] = line.watch
        timer = threading.Timer(self._timeout_s, line.cut)
        timer.daemon = True
        timer.start()
        try:
            answer = self._answer(request)
            if line.is_cut:  # a body without a stated length ends where the connection does
                raise httpx2.ReadTimeout("the answer was not complete in time")
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
        """Close what sends."""
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
"""What is raised while the server does not have the whole request."""


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


class _Line:
    """The connection of one request, so that another thread can cut it."""

    def __init__(self) -> None:
        self.is_cut = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by the HTTP library what it does; see `trace` among its extensions."""
        if not event.endswith("connect_tcp.complete"):
            return
        opened = info["return_value"].get_extra_info("socket")
        if not isinstance(opened, socket.socket):
            return
        with self._lock:
            # A handle of our own: TLS takes the library's apart and makes another of it.
            self._socket = opened.dup()
            if self.is_cut:
                self._shut()

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            self._shut()

    def close(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _shut(self) -> None:
        # Closing alone would not wake a thread that waits for the next byte.
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def open_wire(base_url: str, *, timeout_s: float) -> Wire:
    """The way to *base_url*, through the proxy that the environment names for it."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = None if proxy_bypass(parts.netloc) else proxies.get(parts.scheme) or proxies.get("all")
    inner = httpx2.HTTPTransport(proxy=proxy, limits=httpx2.Limits(max_keepalive_connections=0))
    return Wire(inner, timeout_s=timeout_s)
