"""`digest serve`: the site on a port, and the notices that its forms ask for, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from digest.core.errors import ConfigError, DigestError, StoreError
from digest.core.walls import reason_of
from digest.web.site import make_app

if TYPE_CHECKING:
    from digest.app.app import App

_HEAD_S: Final = 20.0
"""How long the head of a request may take; uvicorn itself waits for ever."""
_CONNECTIONS: Final = 500
_FAREWELL_S: Final = 10
"""How long an answer that is under way may take when the server is to end."""
_GLANCE_S: Final = 2.0
"""How long a notice waits at most. No form wakes the sender: its answer would tell what it finds to do."""
_TROUBLE_S: Final = 60.0

log = logging.getLogger(__name__)


class _Impatient(H11Protocol):
    """Cuts connections on which no request arrives: each would hold its place for nothing."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._cut is None:
            self._cut = self.loop.call_later(_HEAD_S, self._give_up)

    def _unwatch(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    def _give_up(self) -> None:
        self._cut = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def serve(app: App, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until a signal comes, which lets answers under way be finished.

    Args:
        port: 0 for any that is free.
        ready: Called with the address, once connections are taken.

    Raises:
        ConfigError: The address cannot be had.
    """
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    stop = threading.Event()
    sender = threading.Thread(target=send_notices, args=(app, stop), name="notices", daemon=True)
    try:
        sender.start()
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        make_server(app).run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn raises a signal again that it has ended for: to end is what was asked for.
        pass
    finally:
        stop.set()
        listener.close()
        sender.join(app.config.mail.timeout_s)


def make_server(app: App) -> Server:
    """The server of the site; it listens nowhere yet."""
    config = Config(
        make_app(app),
        http=_Impatient,
        ws="none",
        lifespan="on",
        # Paths have tokens in them, and a visitor's address is nobody's business.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_FAREWELL_S,
    )
    return Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: The address cannot be had.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
    except OSError as exc:
        raise ConfigError(
            f"{host} port {port} cannot be listened on: {reason_of(exc)}; name another with --host and --port"
        ) from exc


def send_notices(app: App, stop: threading.Event) -> None:
    """Send notices whenever some are due, until *stop* is set. What goes wrong is tried again a little later."""
    wait: float = _GLANCE_S
    while not stop.wait(wait):
        wait = _GLANCE_S
        try:
            app.noticing.send()
        except StoreError as error:
            log.error("notices wait: %s", error)
            wait = _TROUBLE_S
        except DigestError as error:
            # Its words may quote whom it was for.
            log.error("notices wait: %s", type(error).__name__)
            wait = _TROUBLE_S
