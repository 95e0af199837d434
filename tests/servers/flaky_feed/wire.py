"""HTTP/1.1 by hand, for a server library would repair what is meant to be broken."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tests.servers.flaky_feed.replies import Reply

_PIECE: Final = 65_536
_MOMENT_S: Final = 0.05
"""How often a server that waits looks whether the client is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a request."""

    method: str
    host: str
    path: str
    target: str
    """Path and query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case, values as they came, latin-1."""

    @property
    def keeps_open(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"

    @property
    def is_conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next request on a connection, also as a proxy is asked; None where there is none, or no HTTP."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        return None
    first, *lines = text.rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    parts = urlsplit(words[1])
    return Head(
        method=words[0],
        host=parts.netloc or headers.get("host", ""),
        path=parts.path,
        target=parts.path + (f"?{parts.query}" if parts.query else ""),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
    )


class Gone(Exception):  # noqa: N818 -- the client, in the middle of a reply
    """The client went away."""


class Line:
    """One connection, written to at the pace that a reply asks for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        # `drain` then waits until the kernel has all of it, so that the journal knows what went out. Not 0: over TLS
        # asyncio would wait for less than nothing.
        writer.transport.set_write_buffer_limits(high=1, low=0)

    async def send(self, reply: Reply, *, keeps_open: bool) -> tuple[int, bool]:
        """Send *reply*; how many bytes of its body went out, and whether the connection may go on.

        Raises:
            Gone: The client has closed the connection.
        """
        await self._wait(reply.wait_s)
        if reply.status == 0:
            self.end(resets=reply.resets)
            return 0, False
        head = _head(reply, keeps_open=keeps_open and reply.stop_at is None)
        await self._write(head, reply.pause_s if reply.drips_head else 0.0)
        sent = 0
        if reply.status not in (204, 304):
            for piece in _pieces(reply):
                wire = b"%x\r\n%b\r\n" % (len(piece), piece) if reply.is_chunked else piece
                await self._write(wire, reply.pause_s)
                sent += len(piece)
        if reply.stop_at is not None:
            self.end(resets=reply.resets)
            return sent, False
        if reply.is_chunked:
            await self._write(b"0\r\n\r\n", 0.0)
        # Behind a length that lies, the next reply would be read as the end of this one.
        return sent, keeps_open and reply.length is None

    def end(self, *, resets: bool = False) -> None:
        """Close the connection, in good order or with a reset."""
        sock = self._writer.get_extra_info("socket")
        if resets and sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        self._writer.close()

    async def _write(self, data: bytes, pause_s: float) -> None:
        try:
            if not pause_s:
                self._writer.write(data)
                await self._writer.drain()
                return
            for n in range(len(data)):
                self._writer.write(data[n : n + 1])
                await self._writer.drain()
                await self._wait(pause_s)
        except OSError as exc:
            raise Gone from exc

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            if self._reader.at_eof() or self._writer.is_closing():
                raise Gone
            await asyncio.sleep(min(left, _MOMENT_S))


def _head(reply: Reply, *, keeps_open: bool) -> bytes:
    known = {s.value: s.phrase for s in HTTPStatus}
    lines = [f"HTTP/1.1 {reply.status} {known.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.is_chunked:
        lines.append("Transfer-Encoding: chunked")
    elif reply.status not in (204, 304):
        lines.append(f"Content-Length: {len(reply.body) if reply.length is None else reply.length}")
    lines.append(f"Connection: {'keep-alive' if keeps_open else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _pieces(reply: Reply) -> Iterable[bytes]:
    body = reply.body if reply.stop_at is None else reply.body[: reply.stop_at]
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]
    yield from reply.more
