"""Politeness: one request at a time for each host, and arXiv's apart from each other, whoever asks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from digest.core.errors import SourceError
from digest.sources.door import politeness
from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness, SharedPoliteness, queue_of
from tests.conftest import ROOT
from tests.fakes.clock import FakeClock
from tests.servers.loopback import says, serving

ASK = """
import sys
from pathlib import Path
import httpcore2
from digest.sources.door.http import Door
from digest.sources.door.politeness import SharedPoliteness

folder, gap, port, count = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

def connect(address, _, timeout):
    return httpcore2.SyncBackend().connect_tcp("127.0.0.1", port, timeout)

politeness = SharedPoliteness(folder, gap_s=gap)
with Door(politeness=politeness, resolve=lambda *_: ["93.184.216.34"], connect=connect) as door:
    print("ready", flush=True)
    for n in range(count):
        door.get(f"http://{'rss' if n % 2 else 'export'}.arxiv.org/{n}")
"""
"""A process that asks arXiv so many times; arXiv is a port of loopback."""


def asking(folder: Path, *, gap_s: float, port: int, count: int) -> subprocess.Popen[bytes]:
    arguments = [str(folder), str(gap_s), str(port), str(count)]
    return subprocess.Popen([sys.executable, "-c", ASK, *arguments], cwd=ROOT)


def shared(folder: Path, clock: FakeClock, *, gap_s: float = 3.0) -> SharedPoliteness:
    return SharedPoliteness(folder, gap_s=gap_s, monotonic=clock.now, sleep=clock.sleep, now=clock.now)


def stamp(folder: Path) -> Path:
    return folder / "arxiv.org.turn"


def most_at_once(url: str) -> int:
    """How many of six threads a host sees at the same time."""
    together, most = [0], [0]
    lock = threading.Lock()

    def handler(_: httpx2.Request) -> httpx2.Response:
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        time.sleep(0.02)
        with lock:
            together[0] -= 1
        return httpx2.Response(200, content=b"x")

    with Door(transport=httpx2.MockTransport(handler), politeness=HostPoliteness(gap_s=0.0)) as d:
        threads = [threading.Thread(target=d.get, args=(f"{url}/{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return most[0]


@pytest.mark.parametrize("host", ["export.arxiv.org", "feeds.example.org", "8.8.8.8"])
def test_threads_take_turns_at_a_host(host: str) -> None:
    assert most_at_once(f"http://{host}") == 1


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]", "192.168.0.9"])
def test_the_operators_own_machines_are_asked_by_all_at_once(host: str) -> None:
    assert most_at_once(f"http://{host}") > 1


def test_all_names_of_arxiv_stand_in_one_queue_and_look_alikes_do_not() -> None:
    assert {queue_of(h) for h in ("arxiv.org", "export.arxiv.org", "RSS.arXiv.org.", "oaipmh.arxiv.org")} == {
        "arxiv.org"
    }
    assert queue_of("notarxiv.org") == "notarxiv.org"
    assert queue_of("arxiv.org.example.net") == "arxiv.org.example.net"
    assert queue_of("127.0.0.1") is None


def test_different_hosts_do_not_wait_for_each_other() -> None:
    politeness = HostPoliteness()
    had: list[str] = []

    def take(host: str) -> None:
        with politeness(host):
            had.append(host)

    with politeness("a.example.org"):
        others = [threading.Thread(target=take, args=[h], daemon=True) for h in ("b.example.org", "arxiv.org")]
        for other in others:
            other.start()
        for other in others:
            other.join(10)

        assert sorted(had) == ["arxiv.org", "b.example.org"]


# -- among processes


def test_two_processes_share_arxivs_turn(tmp_path: Path) -> None:
    gap_s = 0.4
    spans: list[tuple[float, float]] = []

    def reply(connection: socket.socket, head: bytes) -> None:
        start = time.monotonic()
        time.sleep(0.05)
        spans.append((start, time.monotonic()))  # before the answer: after it, this thread may have to wait its turn
        says(b"x")(connection, head)

    with serving(reply) as server:
        processes = [asking(tmp_path, gap_s=gap_s, port=server.port, count=5) for _ in range(2)]
        assert [p.wait(60) for p in processes] == [0, 0]

    assert len(spans) == 10
    assert server.at_once == 1
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert min(gaps) >= gap_s


def test_a_killed_process_frees_the_turn_and_its_request_counts_as_one(tmp_path: Path) -> None:
    gap_s = 0.5
    held = threading.Event()

    def hang(connection: socket.socket, _: bytes) -> None:
        held.set()
        connection.recv(1)

    with serving(hang) as server:
        first = asking(tmp_path, gap_s=gap_s, port=server.port, count=1)
        assert held.wait(30)
        assert stamp(tmp_path).read_text().strip() == "running"
        server.reply = says(b"x")
        second = asking(tmp_path, gap_s=gap_s, port=server.port, count=1)
        time.sleep(1.0)
        before = len(server.heads)
        killed_at = time.monotonic()
        first.send_signal(signal.SIGKILL)
        first.wait(10)

        assert second.wait(30) == 0

    assert before == 1
    assert server.spans[-1][0] - killed_at >= gap_s


def test_a_restart_within_the_gap_waits_for_its_rest(tmp_path: Path) -> None:
    clock = FakeClock()
    with shared(tmp_path, clock)("export.arxiv.org"):
        clock.advance(seconds=0.25)
    clock.advance(seconds=1)

    with shared(tmp_path, clock)("rss.arxiv.org"):
        pass

    assert clock.slept == [2.0]


def test_the_first_request_ever_waits_for_nothing(tmp_path: Path) -> None:
    clock = FakeClock()

    with shared(tmp_path / "new" / "folder", clock)("arxiv.org"):
        pass

    assert clock.slept == []
    assert stamp(tmp_path / "new" / "folder").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["9999999999.0", "inf", "nan", "running", "�", "1e400", "-"])
def test_a_stamp_that_cannot_be_true_costs_one_gap_and_no_more(tmp_path: Path, text: str) -> None:
    clock = FakeClock()
    stamp(tmp_path).write_text(text)
    waiting = shared(tmp_path, clock)

    with waiting("arxiv.org"):
        pass

    assert sum(clock.slept) == pytest.approx(3.0)


def test_an_old_stamp_is_not_waited_for(tmp_path: Path) -> None:
    clock = FakeClock()
    stamp(tmp_path).write_text("-9999999999.0")

    with shared(tmp_path, clock)("arxiv.org"):
        pass

    assert clock.slept == []


def test_a_request_that_fails_counts_too(tmp_path: Path) -> None:
    clock = FakeClock()
    with pytest.raises(ZeroDivisionError), shared(tmp_path, clock)("arxiv.org"):
        _ = 1 / 0

    with shared(tmp_path, clock)("arxiv.org"):
        pass

    assert clock.slept == [3.0]


def test_other_hosts_touch_no_file(tmp_path: Path) -> None:
    with shared(tmp_path, FakeClock())("feeds.example.org"):
        pass

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("why", ["no folder", "no locks in this Python", "no locks in this file system"])
def test_without_a_file_politeness_holds_within_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    clock = FakeClock()
    folder = tmp_path
    if why == "no folder":
        (tmp_path / "file").write_text("")
        folder = tmp_path / "file" / "folder"
    elif why == "no locks in this Python":  # Windows
        monkeypatch.setattr(politeness, "fcntl", None)
    else:  # some network drives

        def refuse(*_: object) -> None:
            raise OSError(37, "No locks available")

        monkeypatch.setattr(politeness.fcntl, "flock", refuse)
    waiting = shared(folder, clock)

    for _ in range(3):
        with waiting("arxiv.org"):
            clock.advance(seconds=0.5)

    assert clock.slept == [3.0, 3.0]


def test_a_full_disk_does_not_stop_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)

    clock = FakeClock()
    politeness = shared(tmp_path, clock)
    had = 0
    for _ in range(2):
        with politeness("arxiv.org"):
            had += 1

    assert (had, clock.slept) == (2, [3.0])  # within the process the gap still holds


def test_a_process_that_holds_the_turn_without_end_is_named(tmp_path: Path) -> None:
    clock = FakeClock()
    waiting = shared(tmp_path, clock)

    with (
        shared(tmp_path, clock)("arxiv.org"),
        pytest.raises(SourceError, match="another process has been asking arXiv for 15 minutes"),
        waiting("arxiv.org"),
    ):
        pass

    assert 900 < clock.now() < 910


def test_waiting_for_another_process_is_not_taken_for_a_slow_server(tmp_path: Path) -> None:
    clock = FakeClock()
    stamp(tmp_path).write_text(str(clock.now()))
    handler = httpx2.MockTransport(lambda _: httpx2.Response(200, content=b"x"))

    with Door(
        transport=handler,
        politeness=shared(tmp_path, clock, gap_s=500),
        monotonic=clock.now,
        sleep=clock.sleep,
    ) as d:
        assert d.get("https://arxiv.org/x").content == b"x"
    assert clock.slept == [500.0]


def test_no_connection_to_arxiv_outlives_its_request(tmp_path: Path) -> None:
    def reply(connection: socket.socket, head: bytes) -> None:
        says(b"x")(connection, head)
        connection.settimeout(5)
        closed.append(connection.recv(1) == b"")

    closed: list[bool] = []
    with serving(reply) as server:
        asked = asking(tmp_path, gap_s=0.0, port=server.port, count=2)
        assert asked.wait(30) == 0
        headers = [server.header("Connection", n) for n in range(2)]

    assert headers == ["close", "close"]
    assert closed == [True, True]
    assert server.at_once == 1
