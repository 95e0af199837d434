"""A server that takes connections and says nothing, ever."""

from __future__ import annotations

import socket


class SilentServer:
    """Takes connections on loopback and says nothing."""

    def __init__(self, patience_s: float = 60.0) -> None:
        """Wait for a visitor, and for what it says, no longer than *patience_s*."""
        self._patience_s = patience_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(self._patience_s)
        self._visitors: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def visitor(self) -> socket.socket:
        """The next one that came."""
        connection, _ = self._listener.accept()
        connection.settimeout(self._patience_s)
        self._visitors.append(connection)
        return connection

    def close(self) -> None:
        for each in (self._listener, *self._visitors):
            each.close()
