"""Several who deliver one issue: each mail once, whoever is slow, asleep or killed; and many mails cost as few each."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from digest.core.errors import MailUnavailable
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.deliver.smtp import SmtpMailer
from digest.stages.deliver import AT_ONCE, Delivered, Delivering, Round
from digest.stages.pacing import Pacing
from digest.store import SqlStore
from tests.conftest import ROOT, paper
from tests.fakes.clock import FakeClock
from tests.fakes.mailer import FakeMailer
from tests.servers.flaky_smtp import FlakySmtp
from tests.support.desk import CONFIG, Desk, line
from tests.support.store_values import DAY, publish, start

pytest_plugins = ("tests.support.store_fixtures",)

PATIENCE_S = 60.0
NAMES = ("ada", "bob", "cleo", "dan", "emmy", "fay")
WORKER = """
import sys, time
from datetime import date, timedelta
from digest.stages.deliver import Delivering, Round
from digest.stages.pacing import Pacing
from digest.core.models import Edition, Mail
from digest.store import SqlStore

url, number, seconds, lasts = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), timedelta(seconds=int(sys.argv[4]))
recipients = tuple(f"{n}@x.org" for n in range(number))

class Printer:
    def send(self, mail, *, before_dot):
        time.sleep(seconds)
        before_dot()
        print(mail.recipient, flush=True)

def letter(issue, delivery, subscription):
    return Mail(sender="d@x.org", recipient=delivery.recipient, message_id=delivery.message_id, content=b"")

with SqlStore.open(url, lease=lasts) as store:
    edition = Edition(name="daily", title="Daily", sources=(), recipients=recipients)
    print("ready", flush=True)
    sys.stdin.readline()
    turn = Delivering(
        store=store, clock=store._clock, edition=edition, day=date(2026, 6, 3), compose=letter, mailers=[Printer()],
        met=Round(), pacing=Pacing(store=store, clock=store._clock, sleep=time.sleep),
    )
    done = turn.deliver(only=True)
    print(list(done.warnings), flush=True)
"""


def letter(_: Issue, delivery: Delivery, __: object) -> Mail:
    content = f"Message-ID: {delivery.message_id}\r\n\r\nHello\r\n".encode()
    return Mail(sender="d@x.org", recipient=delivery.recipient, message_id=delivery.message_id, content=content)


def issue(store: SqlStore, *names: str) -> Edition:
    """An issue that is due to these people, and its edition."""
    publish(store, paper(1), deliveries={f"{name}@x.org": f"<{name}@x>" for name in names})
    return Edition(name="daily", title="Daily", sources=(), recipients=tuple(f"{name}@x.org" for name in names))


def run(store: SqlStore, edition: Edition, mailer: Any, **changes: Any) -> Delivered:
    arguments: dict[str, Any] = {"clock": store._clock, "edition": edition, "day": DAY, "compose": letter}
    pacing = Pacing(store=store, clock=store._clock, sleep=time.sleep)
    turn = Delivering(store=store, mailers=[mailer], met=Round(), pacing=pacing, **{**arguments, **changes})
    return turn.deliver(only=True)


def states(store: SqlStore) -> str:
    """The first letters of all states, in the order of the recipients."""
    return "".join(d.state.value[0] for d in store.deliveries("daily", DAY))


# -- processes


def workers(url: str, number: int, *seconds: float, lease_s: int = 1) -> list[subprocess.Popen[str]]:
    """Processes that deliver one issue, which began together, with so many seconds for each mail."""
    found = [start(WORKER, url, str(number), str(each), str(lease_s)) for each in seconds]
    for process in found:
        assert process.stdout
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in found:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return found


def said(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    """Whom it sent mails to, and its warnings."""
    out, errors = process.communicate(timeout=PATIENCE_S)
    *recipients, warnings = out.splitlines()
    assert warnings.startswith("["), errors
    return recipients, warnings


def test_two_processes_deliver_an_issue_together_and_each_mail_goes_out_once(url: str) -> None:
    number = 5 * AT_ONCE
    with SqlStore.open(url) as store:
        issue(store, *map(str, range(number)))

        found = [said(process) for process in workers(url, number, 0.001, 0.001, lease_s=30)]

        taken = Counter(recipient for recipients, _ in found for recipient in recipients)
        assert taken == dict.fromkeys((f"{n}@x.org" for n in range(number)), 1)
        assert all(recipients for recipients, _ in found)
        assert [warnings for _, warnings in found] == ["[]"] * 2
        assert store.count_deliveries("daily", since=DAY, until=DAY) == {DeliveryState.SENT: number}
        assert {d.attempts for d in store.deliveries("daily", DAY)} == {1}


def test_what_a_killed_process_had_in_hand_is_sent_by_another_and_nothing_twice(url: str) -> None:
    number = 3 * AT_ONCE
    with SqlStore.open(url) as store:
        issue(store, *map(str, range(number)))
        [doomed, other] = workers(url, number, 0.02, 0.001)
        assert doomed.stdout
        first = doomed.stdout.readline()
        doomed.kill()
        out, _ = doomed.communicate()
        beside, _ = said(other)
        time.sleep(1.1)  # its lease
        [last] = workers(url, number, 0)
        rest, _ = said(last)

        states_of = {d.recipient: d.state for d in store.deliveries("daily", DAY)}
    taken = Counter([*(first + out).split(), *beside, *rest])
    assert set(taken.values()) == {1}
    # One may have been killed between the dot and the receipt, which nobody can tell from before the dot.
    unsure = [recipient for recipient, state in states_of.items() if state is DeliveryState.UNKNOWN]
    assert len(unsure) <= 1
    assert taken.keys() | set(unsure) == states_of.keys()


# -- a lease taken away in the middle


def asleep(clock: FakeClock, other: SqlStore, keeps: str) -> Callable[[], None]:
    """This process sleeps until its lease has run out, and *other* takes over the mail of this name alone."""

    def sleep() -> None:
        clock.advance(seconds=31)
        chunk = other.claim_deliveries("daily", DAY, limit=AT_ONCE)
        assert f"{keeps}@x.org" in {d.recipient for d in chunk}
        other.return_deliveries([d.id for d in chunk if d.recipient != f"{keeps}@x.org"])

    return sleep


def test_a_lease_lost_while_a_mail_is_sent_skips_that_one_and_the_others_go_on(
    store: SqlStore, url: str, clock: FakeClock
) -> None:
    edition = issue(store, *NAMES)
    with SqlStore.open(url, clock=clock) as other:
        mailer = FakeMailer(before={"bob": asleep(clock, other, "bob")})

        done = run(store, edition, mailer)

        assert mailer.taken == ["ada", "cleo", "dan", "emmy", "fay"]
        held = store.deliveries("daily", DAY, states=[DeliveryState.SENDING])
        assert ([d.recipient for d in held], done.sent) == (["bob@x.org"], 5)
        assert [w.partition(":")[0] for w in done.warnings] == ["bob@x.org"]
        assert "in the hands of another process, which will finish it" in done.warnings[0]


@pytest.mark.enable_socket
def test_the_mail_under_way_is_not_completed_by_the_next_one(store: SqlStore, url: str, clock: FakeClock) -> None:
    edition = issue(store, *NAMES)
    with SqlStore.open(url, clock=clock) as other, FlakySmtp([]) as server:
        with SmtpMailer(host="127.0.0.1", port=server.port, security="none") as mailer:
            sleep = asleep(clock, other, "bob")

            class Slow:
                def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
                    def before() -> None:
                        if mail.recipient == "bob@x.org":
                            sleep()
                        before_dot()

                    mailer.send(mail, before_dot=before)

            run(store, edition, Slow())
        first = {name: server.taken(f"{name}@x.org") for name in NAMES}
        [theirs] = store.deliveries("daily", DAY, states=[DeliveryState.SENDING])
        other.mark_delivery(theirs.id, DeliveryState.DOT)
        other.mark_delivery(theirs.id, DeliveryState.SENT)

    assert first == {**dict.fromkeys(NAMES, 1), "bob": 0}


def test_a_lease_lost_at_the_dot_leaves_the_mail_sent_for_so_it_was(
    store: SqlStore, url: str, clock: FakeClock
) -> None:
    edition = issue(store, *NAMES)
    with SqlStore.open(url, clock=clock) as other:

        def sleep() -> None:
            clock.advance(seconds=31)
            assert other.doubt_deliveries("daily", DAY) == 1

        mailer = FakeMailer(behind={"bob": sleep})

        done = run(store, edition, mailer)

    assert mailer.taken == list(NAMES)
    assert (states(store), done.sent, done.warnings) == ("ssssss", 6, ())


def test_a_mail_in_doubt_that_a_person_sends_again_is_left_to_the_one_who_does(
    store: SqlStore, url: str, clock: FakeClock
) -> None:
    edition = issue(store, *NAMES)
    with SqlStore.open(url, clock=clock) as other:

        def sleep() -> None:
            clock.advance(seconds=31)
            assert other.doubt_deliveries("daily", DAY) == 1
            [again] = other.retry_deliveries("daily", since=DAY, until=DAY, states=[DeliveryState.UNKNOWN])
            asleep(clock, other, again.recipient.partition("@")[0])()

        mailer = FakeMailer(behind={"bob": sleep})

        done = run(store, edition, mailer)

        assert mailer.taken == list(NAMES)
        assert [d.recipient for d in store.deliveries("daily", DAY, states=[DeliveryState.SENDING])] == ["bob@x.org"]
    assert [w.partition(":")[0] for w in done.warnings] == ["bob@x.org"]


def test_who_oversleeps_every_mail_still_sends_those_that_nobody_took(store: SqlStore, clock: FakeClock) -> None:
    edition = issue(store, *NAMES)
    mailer = FakeMailer(before=dict.fromkeys(NAMES, lambda: clock.advance(seconds=31)))

    done = run(store, edition, mailer)

    assert (mailer.taken, done.warnings) == (list(NAMES), ())


# -- what is not come to


def test_what_a_run_does_not_come_to_is_due_as_before_for_others_at_once(
    store: SqlStore, url: str, clock: FakeClock
) -> None:
    edition = issue(store, *NAMES)

    run(store, edition, FakeMailer({"cleo": MailUnavailable("the server is closed")}))

    assert states(store) == "ssdddd"
    assert [d.attempts for d in store.deliveries("daily", DAY)] == [1, 1, 1, 0, 0, 0]
    with SqlStore.open(url, clock=clock) as other:
        found = other.claim_deliveries("daily", DAY, limit=9)
    assert [d.recipient for d in found] == ["dan@x.org", "emmy@x.org", "fay@x.org", "cleo@x.org"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, LookupError])
def test_a_stop_or_a_mistake_gives_back_what_was_claimed(store: SqlStore, error: type[BaseException]) -> None:
    edition = issue(store, *NAMES)

    def stop() -> None:
        raise error

    with pytest.raises(error):
        run(store, edition, FakeMailer(before={"bob": stop}))

    assert states(store) == "sddddd"
    assert [d.attempts for d in store.deliveries("daily", DAY)] == [1, 0, 0, 0, 0, 0]


def test_more_than_are_claimed_at_once_go_out_in_their_order(store: SqlStore) -> None:
    names = [f"{n:04}" for n in range(2 * AT_ONCE + 1)]
    edition = issue(store, *names)
    mailer = FakeMailer()

    assert run(store, edition, mailer).sent == len(names)
    assert mailer.taken == names


# -- whole runs


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, CONFIG)
    desk.feed(DAY, [line(paper(1))])
    return desk


def digest(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.short_lease", "-v", *arguments],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


HOLD = """
import sys
from datetime import timedelta
from digest.store import SqlStore
with SqlStore.open(sys.argv[1], lease=timedelta(seconds=1)) as store, store.lease("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lease of a run."""
    with start(HOLD, f"sqlite:///{desk.folder}/var/digest.db") as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_waits_for_the_first_and_then_does_its_work(desk: Desk, holder: subprocess.Popen[str]) -> None:
    with digest(desk, "run", "--date", str(DAY)) as second:
        assert second.stderr
        while "waiting for another run to end" not in second.stderr.readline():
            assert second.poll() is None
        time.sleep(2)  # longer than a lease that nobody renews
        assert second.poll() is None
        holder.communicate()
        second.communicate(timeout=PATIENCE_S)

    assert second.returncode == 0
    assert len(desk.outbox) == 1


def test_a_run_behind_one_that_was_killed_waits_no_longer_than_a_lease_and_says_so(
    desk: Desk, holder: subprocess.Popen[str]
) -> None:
    os.kill(holder.pid, signal.SIGTERM)
    holder.wait()

    with digest(desk, "run", "--date", str(DAY)) as second:
        _, said = second.communicate(timeout=PATIENCE_S)

    assert second.returncode == 0
    assert "the run before was cut off; going on from there" in said
    assert len(desk.outbox) == 1


# -- how much a mail costs


def cost(number: int, folder: Path) -> tuple[float, float]:
    """Statements, and hundreds of steps of SQLite's machine, for each of so many mails."""
    statements = steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    def execute(*_: object) -> None:
        nonlocal statements
        statements += 1

    with SqlStore.open(f"sqlite:///{folder}/{number}.db") as store:
        edition = issue(store, *(f"{n:06}" for n in range(number)))

        @event.listens_for(store._engine, "checkout")
        def watch(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA synchronous = OFF")  # a disk's time is not what is counted
            connection.set_progress_handler(step, 100)

        event.listen(store._engine, "before_cursor_execute", execute)
        assert run(store, edition, FakeMailer()).sent == number
    return statements / number, steps / number


def test_each_of_many_mails_costs_as_little_as_each_of_a_few(tmp_path: Path) -> None:
    few, many = cost(200, tmp_path), cost(2000, tmp_path)

    assert many[0] <= few[0]
    assert many[1] < 1.3 * few[1]


def test_who_is_a_recipient_is_looked_up_and_not_searched_for(store: SqlStore) -> None:
    class Counted(tuple[str, ...]):
        walks = 0

        def __iter__(self) -> Iterator[str]:
            Counted.walks += 1
            return super().__iter__()

    edition = issue(store, *NAMES)
    edition = Edition(name="daily", title="Daily", sources=(), recipients=Counted(edition.recipients))

    run(store, edition, FakeMailer())

    assert Counted.walks == 1
