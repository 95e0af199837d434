"""A place that issues are posted to, on loopback: records each request, and answers as a test tells it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server does with one request, once it has read it."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Says nothing until the server is closed."""
    drips: bool = False
    """Sends its answer byte by byte, without end."""
    resets: bool = False
    """Closes the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it came, whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HookServer:
    """Answers its requests in turn; behind the last answer all is well."""

    def __init__(self, *answers: Answer) -> None:
        self.posted: list[Posted] = []
        self._answers = list(answers)
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._serve(self)

            def do_PUT(self) -> None:
                outer._serve(self)

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer_next(self, answer: Answer) -> None:
        """Let *answer* be the next one."""
        self._answers.insert(0, answer)

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=30)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            handler.close_connection = True
            return
        named = {name.lower(): value for name, value in handler.headers.items()}
        self.posted.append(Posted(handler.command, handler.path, named, body))
        answer = self._answers.pop(0) if self._answers else Answer()
        with suppress(OSError):
            self._answer(handler, answer)

    def _answer(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer.hangs:
            self._closing.wait(60)
        if answer.hangs or answer.resets:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if answer.drips:
            while not self._closing.wait(0.05):
                handler.connection.sendall(b"H")
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)


Start = Callable[..., HookServer]
