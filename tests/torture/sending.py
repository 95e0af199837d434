"""A process that sends one issue's mails, to be killed; and how its issue is made and judged.

The judge is the journal of the mail server, which is written before the server answers.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from digest.core.errors import StoreError
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.deliver.smtp import SmtpMailer
from digest.stages.deliver import Delivered, Delivering, Round, Rules
from digest.stages.pacing import Pacing
from digest.store import SqlStore
from tests.conftest import paper
from tests.support.store_values import DAY, publish

KEY: Final = "Resend-Idempotency-Key"
CONNECTIONS: Final = 4
LEASE: Final = timedelta(seconds=1)
"""Of trials: how soon what a killed process had in hand is free."""
_BODY: Final = b"Things.\r\n" * 200
_PATIENCE_S: Final = 120.0


def make_issue(store: SqlStore, mails: int, *, domain: str = "example.org") -> None:
    """An issue that is due to so many recipients."""
    publish(store, paper(1), deliveries={f"{n}@{domain}": f"<{n}@digest.example.org>" for n in range(mails)})


def letter(_: Issue, delivery: Delivery, __: object) -> Mail:
    """A mail of constant size, with the key by which a provider knows it again."""
    head = f"Message-ID: {delivery.message_id}\r\n{KEY}: {delivery.message_id}\r\nTo: {delivery.recipient}\r\n\r\n"
    return Mail(
        sender="digest@example.org",
        recipient=delivery.recipient,
        message_id=delivery.message_id,
        content=head.encode() + _BODY,
    )


def send(store: SqlStore, port: int, *, rules: Rules, connections: int = CONNECTIONS) -> Delivered:
    """One run's deliveries."""
    with ExitStack() as stack:
        mailers = [
            stack.enter_context(SmtpMailer(host="127.0.0.1", port=port, security="none")) for _ in range(connections)
        ]
        # Who gets an issue is in its deliveries; the edition's list is looked into once for each.
        recipients = tuple(d.recipient for d in store.deliveries("daily", DAY))
        turn = Delivering(
            store=store,
            clock=store._clock,
            edition=Edition(name="daily", title="Daily", sources=(), recipients=recipients),
            day=DAY,
            compose=letter,
            mailers=mailers,
            met=Round(),
            pacing=Pacing(store=store, clock=store._clock, sleep=time.sleep),
            rules=rules,
        )
        return turn.deliver(only=True)


def work(url: str, port: int, rules: Rules, said: Path, lease: timedelta = LEASE) -> None:
    """One run in a process of its own; what it cost goes into the file *said*."""
    began = time.perf_counter()
    try:
        with SqlStore.open(url, lease=lease) as store:
            done = send(store, port, rules=rules)
            sent, error = done.sent, list(done.warnings)[:3]
    except StoreError as failed:
        sent, error = 0, [str(failed)]
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "sent": sent,
        "wall_s": time.perf_counter() - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
        "said": error,
    }
    said.write_text(json.dumps(figures), encoding="utf-8")
    # The threads of a pool that broke down are daemons; nothing waits for them.
    os._exit(0)


def start(url: str, port: int, rules: Rules, said: Path, *, lease: timedelta = LEASE) -> BaseProcess:
    """Begin a run in a process of its own, which has all modules loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.torture.sending", "sqlalchemy.dialects.sqlite", "psycopg"])
    process = context.Process(target=work, args=(url, port, rules, said, lease), daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> bool:
    """End a process where it stands; whether it was still at work."""
    running = process.is_alive()
    if process.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    process.join(_PATIENCE_S)
    return running


def finish(store: SqlStore, url: str, port: int, rules: Rules, said: Path, *, runs: int = 60) -> None:
    """Run until nothing is on its way any more, as the next runs would."""
    for _ in range(runs):
        process = start(url, port, rules, said)
        process.join(_PATIENCE_S)
        if not store.undelivered("daily", since=DAY, until=DAY):
            return
        time.sleep(LEASE.total_seconds() / 4)
    raise AssertionError("mails are still on their way")


@dataclass(slots=True)
class Verdict:
    """What became of all mails, by the server's journal and by the store."""

    mails: int = 0
    kills: int = 0
    lost: int = 0
    """Neither taken by the server nor listed as unknown."""
    missing: int = 0
    """Not taken by the server; they are listed as unknown, or lost."""
    doubled: int = 0
    """Copies beyond the first."""
    most_doubled: int = 0
    """Of one issue."""
    unknown: int = 0
    other_ids: int = 0
    """Copies under another Message-ID than the delivery's."""
    wrong: int = 0
    """Called sent, and the server has none; or called failed or skipped."""
    broken: int = 0
    """Checks of the database's integrity that found something."""
    wall_s: float = 0.0
    said: list[str] = field(default_factory=list)

    def judge(self, store: SqlStore, journal: Path) -> None:
        """Add one issue that is over."""
        taken: Counter[str] = Counter()
        ids: dict[str, set[str]] = {}
        for line in journal.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry["taken"]:
                taken[entry["recipient"]] += 1
                ids.setdefault(entry["recipient"], set()).add(entry["message_id"])
        deliveries = store.deliveries("daily", DAY)
        self.mails += len(deliveries)
        doubled = sum(max(0, taken[d.recipient] - 1) for d in deliveries)
        self.doubled += doubled
        self.most_doubled = max(self.most_doubled, doubled)
        for d in deliveries:
            is_unknown = d.state is DeliveryState.UNKNOWN
            self.unknown += is_unknown
            self.missing += not taken[d.recipient]
            self.lost += not taken[d.recipient] and not is_unknown
            self.wrong += d.state not in (DeliveryState.SENT, DeliveryState.UNKNOWN)
            self.other_ids += len(ids.get(d.recipient, set()) - {d.message_id})

    def check(self, url: str) -> None:
        """Let SQLite check its file."""
        if url.startswith("sqlite:///"):
            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            try:
                [(found,)] = connection.execute("PRAGMA integrity_check").fetchall()
            finally:
                connection.close()
            self.broken += found != "ok"


def figures(processes: Sequence[Path]) -> dict[str, float]:
    """The sums of what processes said of themselves."""
    found = [json.loads(path.read_text("utf-8")) for path in processes if path.exists()]
    return {
        "sent": sum(one["sent"] for one in found),
        "cpu_s": sum(one["cpu_s"] for one in found),
        "wall_s": max((one["wall_s"] for one in found), default=0.0),
        "peak_mb": max((one["peak_mb"] for one in found), default=0.0),
    }


@contextmanager
def new_store(folder: Path, name: str, mails: int) -> Iterator[tuple[SqlStore, str]]:
    """A store in a file, with an issue that is due."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder}/{name}.db"
    with SqlStore.open(url, lease=LEASE) as store:
        make_issue(store, mails)
        yield store, url
