"""Cut an HTTP request off from another thread: a library's own time limit begins anew with each byte that comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


class Line:
    """The connection of one request, so that another thread can cut it."""

    def __init__(self) -> None:
        self.is_cut = False
        """Whether it was cut, so that an error of the library means that."""
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by the HTTP library what it does; see `trace` among its extensions."""
        if not event.endswith("connect_tcp.complete"):
            return
        opened = info["return_value"].get_extra_info("socket")
        if isinstance(opened, socket.socket):
            with self._lock:
                # A handle of our own: TLS takes the library's apart and makes another of it.
                self._socket = opened.dup()
                self._shut()

    def cut(self) -> None:
        """End the connection, or the next one as soon as it is there; whoever waits for a byte wakes up."""
        with self._lock:
            self.is_cut = True
            self._shut()

    def close(self) -> None:
        """Let go of the connection, which the library ends."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _shut(self) -> None:
        # Closing alone would not wake a thread that waits for the next byte.
        if self.is_cut and self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
