"""`digest serve` as a process: it answers, sends what forms ask for, and ends when it is told."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import httpx2
import pytest

from tests.support.desk import CONFIG, Desk
from tests.support.serving import serving
from tests.support.visiting import SERVED

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]
PATIENCE_S = 30.0


def test_it_answers_mails_what_a_form_asked_for_and_ends_when_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + SERVED)
    with serving(desk) as (process, address):
        assert httpx2.get(f"{address}/healthz").text == "ok\n"
        httpx2.post(f"{address}/subscribe", data={"email": "ada@example.org"})
        until = time.monotonic() + PATIENCE_S
        while not desk.outbox and time.monotonic() < until:
            time.sleep(0.05)
        assert b"https://digest.example.org/confirm/" in desk.outbox[0].read_bytes().replace(b"=\r\n", b"")

        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, said) == (0, "")


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving(desk, "--port", port) as (process, _):
            _, said = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 2
    assert said.splitlines()[-1].startswith(f"digest: 127.0.0.1 port {port} cannot be listened on: ")


def test_without_an_address_for_the_world_it_serves_and_says_what_is_missing(tmp_path: Path) -> None:
    with serving(Desk(tmp_path, CONFIG)) as (process, address):
        assert httpx2.get(address).status_code == 200
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "[serve] base_url is not set" in said
