"""An HTTP proxy on loopback."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress

from tests.servers.loopback import says


class Proxy:
    """A proxy that knows names nobody else does, and what it was asked."""

    def __init__(self, ports: dict[str, int], password: str | None = None) -> None:
        self.ports = ports
        self.password = password

    def reply(self, connection: socket.socket, head: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        wanted = base64.b64encode(f"ada:{self.password}".encode())
        if self.password is not None and b"Basic " + wanted not in head:
            says(b"", status="407 Proxy Authentication Required")(connection, head)
            return
        host = target.partition("//")[2].partition("/")[0] if "//" in target else target
        port = self.ports.get(host.partition(":")[0])
        if port is None:
            says(b"", status="502 Bad Gateway")(connection, head)
            return
        with socket.create_connection(("127.0.0.1", port), 5) as there:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there.sendall(head)
            back = threading.Thread(target=_copy, args=(there, connection))
            back.start()
            _copy(connection, there)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
