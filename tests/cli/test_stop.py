"""Ctrl-C and SIGTERM end a run at once, wherever it is; the next run goes on from there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import pytest

from digest.cli.interrupts import Interrupts
from digest.core.abreast import abreast
from digest.core.errors import SourceError
from digest.core.models import DeliveryState
from digest.sources.command import Children, run_command
from digest.store import SqlStore
from tests.conftest import ROOT, paper
from tests.servers.silent import SilentServer
from tests.servers.smtp import SlowSink
from tests.support.desk import CONFIG, Desk

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's"),
]

DAY = date(2026, 6, 3)
PATIENCE_S = 15.0
"""For what takes a moment; what a stop comes between would go on for longer by itself."""
STOPS = [signal.SIGINT, signal.SIGTERM]
GOES_ON = "digest: stopped; what was done is kept, and the next run goes on from there"
SLOW = CONFIG.replace("[[edition]]", '[[source]]\nname = "Slow"\n{slow}\n\n[[edition]]')


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer(4 * PATIENCE_S)
    yield server
    server.close()


@contextmanager
def started(desk: Desk, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from digest.cli.main import main; main()", *arguments],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """What became of *process* after a signal: its status, and what it said on stderr."""
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def wait_for(line: str, stream: IO[str] | None) -> None:
    assert stream is not None
    for got in stream:
        if line in got:
            return
    raise AssertionError(f"it ended without saying {line!r}")


def slow_desk(folder: Path, slow: str, more: str = "") -> Desk:
    desk = Desk(folder, SLOW.replace("{slow}", slow) + more)
    desk.feed(DAY, [paper(n) for n in range(1, 4)])
    return desk


# -- sources


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_while_a_source_is_silent_ends_the_run_and_says_how_to_go_on(
    number: int, silent: SilentServer, tmp_path: Path
) -> None:
    desk = slow_desk(tmp_path, f'kind = "feed"\nurl = "http://127.0.0.1:{silent.port}/feed"')

    with started(desk, "run", "--date", str(DAY)) as run:
        silent.visitor()
        status, said = stopped(run, number)

    assert status == 130
    assert said.strip() == GOES_ON


def test_what_was_read_before_the_stop_is_kept(silent: SilentServer, tmp_path: Path) -> None:
    desk = slow_desk(tmp_path, f'kind = "feed"\nurl = "http://127.0.0.1:{silent.port}/feed"')
    with started(desk, "-v", "run", "--date", str(DAY)) as run:
        silent.visitor()
        wait_for("1 of 2 sources read", run.stderr)
        stopped(run, signal.SIGINT)

    with desk.app() as app:
        assert app.store.status(since=desk.now).papers == 3


# A process of its own, and one that it started; both hold the connection, so that it ends with the last of them.
CHILD = """
import os, signal, socket, sys, time
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
connection.sendall(b"x")
time.sleep(600)
"""


def child_of(folder: Path, port: int) -> list[str]:
    (folder / "child.py").write_text(CHILD, encoding="utf-8")
    return [sys.executable, "child.py", str(port)]


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_takes_along_what_a_command_source_started(number: int, silent: SilentServer, tmp_path: Path) -> None:
    argv = child_of(tmp_path, silent.port)
    desk = slow_desk(tmp_path, f'kind = "command"\ncommand = {argv!r}\ntimeout_s = 600')

    with started(desk, "run", "--date", str(DAY)) as run:
        connection = silent.visitor()
        while len(connection.recv(2, socket.MSG_PEEK)) < 2:  # both are there
            pass
        connection.recv(2)
        status, _ = stopped(run, number)

    assert status == 130
    assert connection.recv(1) == b""


def test_a_program_that_ends_when_it_is_asked_to_may_tidy_up(tmp_path: Path) -> None:
    script = "trap 'touch tidied; exit 7' TERM; touch ready; sleep 600 & wait"
    with Children(grace_s=PATIENCE_S) as children:
        reading = abreast({"one": lambda: run_it(["sh", "-c", script], tmp_path, children)}, width=1)["one"]
        while not (tmp_path / "ready").exists():
            assert not reading.done()
        children.close()

        with pytest.raises(SourceError, match="status 7"):
            reading.result(PATIENCE_S)

    assert (tmp_path / "tidied").exists()


def test_behind_the_stop_no_program_is_started(tmp_path: Path) -> None:
    children = Children()
    children.close()

    with pytest.raises(SourceError, match="stopped"):
        run_it(["touch", "started"], tmp_path, children)

    assert not (tmp_path / "started").exists()


def run_it(argv: list[str], folder: Path, children: Children) -> bytes:
    return run_command(argv, cwd=folder, environment=dict(os.environ), timeout_s=600, max_bytes=1000, children=children)


# -- the model, the lock, the schedule


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_while_the_model_is_asked_leaves_the_request_booked(
    number: int, silent: SilentServer, tmp_path: Path
) -> None:
    desk = Desk(
        tmp_path,
        CONFIG + f'\n[llm]\nclient = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:{silent.port}/v1"\n'
        "timeout_s = 600\ntime_limit_s = 3600\nbudget_usd_per_month = 10.0\n"
        "[llm.prices.m]\ninput = 100.0\noutput = 100.0\n",
    )
    desk.feed(DAY, [paper(n) for n in range(1, 4)])

    with started(desk, "run", "--date", str(DAY)) as run:
        silent.visitor()
        status, said = stopped(run, number)

    assert (status, said.strip()) == (130, GOES_ON)
    with desk.app() as app:
        now = app.host.clock()
        [spent] = app.store.spending(now.replace(year=2000), now.replace(year=9000), zone=UTC)
    assert spent.requests == 1
    assert spent.in_doubt_usd > 0


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_while_another_run_is_waited_for(number: int, tmp_path: Path) -> None:
    desk = slow_desk(tmp_path, 'kind = "jsonl"\nurl = "arxiv-{date}.jsonl"')
    url = f"sqlite:///{tmp_path}/var/digest.db"
    with SqlStore.open(url) as other, other.lease("run"), started(desk, "-v", "run", "--date", str(DAY)) as run:
        wait_for("waiting for another run to end", run.stderr)
        began = time.monotonic()
        status, said = stopped(run, number)
        took_s = time.monotonic() - began

    assert status == 130
    assert said.strip().endswith(GOES_ON)
    assert took_s < PATIENCE_S


@pytest.mark.parametrize("number", STOPS)
def test_a_schedule_that_waits_ends_well(number: int, tmp_path: Path) -> None:
    in_three_days = "mon tue wed thu fri sat sun".split()[(datetime.now(UTC).weekday() + 3) % 7]
    desk = Desk(tmp_path, CONFIG + f'days = "{in_three_days}"\n')

    with started(desk, "schedule") as run:
        wait_for("Ctrl-C stops", run.stdout)
        status, said = stopped(run, number)

    assert (status, said) == (0, "")


def test_a_schedule_that_is_in_a_run_ends_as_a_run_does(silent: SilentServer, tmp_path: Path) -> None:
    slow = f'kind = "feed"\nurl = "http://127.0.0.1:{silent.port}/feed"'
    desk = slow_desk(tmp_path, slow, more='at = "00:00"\ndays = "daily"\n')

    with started(desk, "schedule") as run:
        silent.visitor()
        status, said = stopped(run, signal.SIGTERM)

    assert (status, said.strip()) == (130, GOES_ON)


def test_with_json_there_is_a_document_all_the_same(silent: SilentServer, tmp_path: Path) -> None:
    desk = slow_desk(tmp_path, f'kind = "feed"\nurl = "http://127.0.0.1:{silent.port}/feed"')

    with started(desk, "run", "--json", "--date", str(DAY)) as run:
        silent.visitor()
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=PATIENCE_S)

    assert run.returncode == 130
    assert '"error": "stopped; the next run goes on from there"' in out


# -- mails


def test_a_stop_between_a_mail_and_its_receipt_waits_for_the_receipt(tmp_path: Path) -> None:
    sink = SlowSink(4 * PATIENCE_S)
    mail = (
        f'\n[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\nfrom = "d@x.org"\n'
    )
    desk = Desk(tmp_path, CONFIG.replace('"ada@', '"eve@example.org", "ada@') + mail)
    desk.feed(DAY, [paper(1)])

    with started(desk, "run", "--date", str(DAY)) as run:
        assert sink.at_the_dot.wait(4 * PATIENCE_S)
        run.send_signal(signal.SIGTERM)
        sink.may_answer.set()
        _, said = run.communicate(timeout=PATIENCE_S)

    assert (run.returncode, said.strip()) == (130, GOES_ON)
    assert sink.taken == 1
    with desk.app() as app:
        states = [d.state for d in app.store.deliveries("daily", DAY)]
    assert sorted(states) == sorted([DeliveryState.SENT, DeliveryState.DUE])


# -- the parts


def test_a_stop_is_put_off_and_comes_when_what_it_must_not_break_is_over() -> None:
    done = []

    def hold(interrupts: Interrupts) -> None:
        with interrupts.held():
            with interrupts.held():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("behind")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        hold(interrupts)

    assert done == ["inner", "outer"]


def test_a_second_stop_is_not_put_off() -> None:
    done = []

    def hold(interrupts: Interrupts) -> None:
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("first")
            os.kill(os.getpid(), signal.SIGINT)
            done.append("second")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        hold(interrupts)

    assert done == ["first"]


def test_a_signal_that_is_ignored_stays_ignored_and_handlers_are_given_back() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    terms = signal.getsignal(signal.SIGTERM)
    try:
        with Interrupts():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) != terms
    finally:
        signal.signal(signal.SIGHUP, before)

    assert signal.getsignal(signal.SIGTERM) == terms


def test_work_is_done_side_by_side_in_order_and_no_wider_than_allowed() -> None:
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def job(n: int) -> Callable[[], int]:
        def do() -> int:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running == 3:
                    go.set()
            assert go.wait(PATIENCE_S)
            with lock:
                running -= 1
            return n

        return do

    futures = abreast({str(n): job(n) for n in range(9)}, width=3)

    assert [futures[str(n)].result(PATIENCE_S) for n in range(9)] == list(range(9))
    assert most == 3


def test_what_has_not_begun_can_be_cancelled_and_what_fails_says_so() -> None:
    began, go = threading.Event(), threading.Event()

    def first() -> None:
        began.set()
        go.wait(PATIENCE_S)
        raise ValueError("first")

    futures = abreast({"first": first, "second": lambda: None}, width=1)
    assert began.wait(PATIENCE_S)
    assert futures["second"].cancel()
    go.set()

    with pytest.raises(ValueError, match="first"):
        futures["first"].result(PATIENCE_S)
    assert futures["second"].cancelled()
