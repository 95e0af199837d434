"""A server on loopback that says what a test tells it to, byte for byte, and counts what it saw."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress

Reply = Callable[[socket.socket, bytes], None]
"""(connection, the request's head) → says what it likes."""


class Server:
    """One listener, and what became of it."""

    def __init__(self, reply: Reply, tls: ssl.SSLContext | None) -> None:
        self.reply = reply
        self.tls = tls
        self.touched = 0
        """Connections, also such as never said a word."""
        self.heads: list[bytes] = []
        self.spans: list[tuple[float, float]] = []
        """Of each request: when it was read, when its answer was out."""
        self.at_once = 0
        self._running = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def lines(self) -> list[str]:
        """The requests' first lines."""
        return [head.split(b"\r\n", 1)[0].decode("latin-1") for head in self.heads]

    def header(self, name: str, request: int = -1) -> str | None:
        """A header of a request as it came."""
        found = dict(line.split(b": ", 1) for line in self.heads[request].split(b"\r\n")[1:] if b": " in line)
        return next((v.decode("latin-1") for k, v in found.items() if k.decode().lower() == name.lower()), None)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody came for a while, or it is being closed
                continue
            self.touched += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the one who waits at it
        self._acceptor.join(5)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def stopping(self, seconds: float) -> bool:
        """Wait; True if the server is being closed."""
        return self._stop.wait(seconds)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError), closing(connection):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with closing(connection):
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65_536)
                    if not piece:
                        return
                    head += piece
                self._answer(connection, head)

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        start = time.monotonic()
        with self._lock:
            self.heads.append(head)
            self._running += 1
            self.at_once = max(self.at_once, self._running)
        try:
            self.reply(connection, head)
        finally:
            with self._lock:
                self._running -= 1
                self.spans.append((start, time.monotonic()))


@contextmanager
def serving(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a port of its own."""
    server = Server(reply, tls)
    try:
        yield server
    finally:
        server.close()


def says(
    body: bytes = b"<rss/>",
    *,
    status: str = "200 OK",
    headers: Mapping[str, str] | None = None,
    length: int | None = -1,
) -> Reply:
    """Always the same answer; *length* is another Content-Length than the true one, or None for no such header."""
    lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    whole = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def reply(connection: socket.socket, _: bytes) -> None:
        connection.sendall(whole)

    return reply


def redirects(location: str, status: str = "302 Found", headers: Mapping[str, str] | None = None) -> Reply:
    return says(b"", status=status, headers={"Location": location, **(headers or {})})
