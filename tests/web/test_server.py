"""The server around the site: slow and broken requests cost nobody but who sends them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.web import server
from tests.support.desk import CONFIG, Desk
from tests.support.visiting import SERVED

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """That of a running server, which waits a moment for what others wait long for."""
    monkeypatch.setattr(server, "_HEAD_S", 0.2)
    monkeypatch.setattr("digest.web.visits._BODY_S", 0.2)
    with Desk(tmp_path, CONFIG + SERVED).app() as app, server.listen("127.0.0.1", 0) as listener:
        app.store.ping()
        running = server.make_server(app)
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join()


def said(port: int, *pieces: bytes) -> bytes:
    """All that the server answers, until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        found = b""
        while got := connection.recv(65536):
            found += got
    return found


def test_a_connection_on_which_no_request_comes_is_cut(port: int) -> None:
    assert said(port) == b""
    assert said(port, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""


def test_a_form_that_does_not_arrive_is_given_up(port: int) -> None:
    answer = said(port, b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nConnection: close\r\n\r\nemail=")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"nothing was changed" in answer


def test_a_second_request_on_the_same_connection_is_waited_for_as_the_first_was(port: int) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    answer = said(port, whole + whole + b"GET /healthz HTTP/1.1\r\n")

    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_what_is_no_http_is_answered_and_forgotten(port: int) -> None:
    assert said(port, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400 ")
