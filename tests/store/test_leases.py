"""Who has what in hand: for as long as they live, and no longer."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, func, select

from digest.core.errors import ClaimLostError, StoreError
from digest.core.models import DeliveryState
from digest.store import SqlStore, tables
from tests.conftest import paper
from tests.fakes.clock import FakeClock
from tests.support.store_values import DAY, claim, publish, start

pytest_plugins = ("tests.support.store_fixtures",)

SHORT = timedelta(seconds=1)
PATIENCE_S = 30.0
CLAIM = """
import sys
from datetime import date, timedelta
from digest.core.models import DeliveryState
from digest.store import SqlStore
store = SqlStore.open(sys.argv[1], lease=timedelta(seconds=1))
[delivery] = store.claim_deliveries("daily", date(2026, 6, 3), limit=1)
if sys.argv[2] == "dot":
    store.mark_delivery(delivery.id, DeliveryState.DOT)
print(delivery.id, flush=True)
sys.stdin.read()
"""
HOLD = """
import sys
from datetime import timedelta
from digest.store import SqlStore
with SqlStore.open(sys.argv[1], lease=timedelta(seconds=1)) as store, store.lease("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def due(store: SqlStore) -> SqlStore:
    """A store with an issue and three due deliveries."""
    publish(store, paper(1), deliveries={f"{name}@example.org": f"<{name}@x>" for name in ("ada", "emmy", "sofia")})
    return store


def states(store: SqlStore) -> list[str]:
    return [d.state for d in store.deliveries("daily", DAY)]


def leases(url: str) -> int:
    """How many leases there are, also such as have run out."""
    engine = create_engine(url)
    with engine.connect() as connection:
        number: int = connection.execute(select(func.count()).select_from(tables.lease)).scalar_one()
    engine.dispose()
    return number


def hearts() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "heartbeat"]


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


# -- claims


@pytest.mark.parametrize("state", ["sending", "dot"])
def test_what_a_killed_process_left_behind_is_free_when_its_lease_has_run_out(
    due: SqlStore, url: str, state: str
) -> None:
    process = start(CLAIM, url, state)
    assert process.stdout
    claimed = int(process.stdout.readline())
    with SqlStore.open(url, lease=SHORT) as mine:
        alive = (claim(mine), mine.doubt_deliveries("daily", DAY))
        time.sleep(2 * SHORT.total_seconds())  # its heart beats
        still_alive = (claim(mine), mine.doubt_deliveries("daily", DAY))
        kill(process)
        killed_at = time.monotonic()

        doubted, taken = 0, None
        # On a machine that stands still for a moment, the claims of this process run out too, and are taken again.
        while not (doubted or (taken and taken.id == claimed)) and time.monotonic() < killed_at + PATIENCE_S:
            doubted, taken = mine.doubt_deliveries("daily", DAY), claim(mine)

    assert alive[0]
    assert still_alive[0]
    assert (alive[0].recipient, still_alive[0].recipient) == ("emmy@example.org", "sofia@example.org")
    assert (alive[1], still_alive[1]) == (0, 0)
    is_taken = taken is not None and taken.id == claimed
    assert (doubted, is_taken) == ((0, True) if state == "sending" else (1, False))


def test_a_claim_holds_as_long_as_its_owners_heart_beats(due: SqlStore, url: str, clock: FakeClock) -> None:
    lasts = timedelta(seconds=0.3)
    with SqlStore.open(url, clock=clock, lease=lasts) as other, SqlStore.open(url, clock=clock, lease=lasts) as mine:
        assert claim(other)
        for _ in range(5):
            clock.advance(seconds=0.2)
            wait_for_heartbeat(other, clock.at + lasts)

        taken = claim(mine)

    assert taken
    assert taken.recipient == "emmy@example.org"


def wait_for_heartbeat(store: SqlStore, until: datetime) -> None:
    lease = tables.lease.c
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with store._read() as connection:
            if connection.scalar(select(lease.until).where(lease.name == f"owner:{store.owner}")) == until:
                return
        time.sleep(0.01)
    raise AssertionError("the heart does not beat")


def test_a_claim_runs_out_half_a_minute_after_the_last_sign_of_life(due: SqlStore, url: str, clock: FakeClock) -> None:
    with SqlStore.open(url, clock=clock) as other:
        left = claim(other)
        clock.advance(seconds=29)
        at_first = claim(due)
        clock.advance(seconds=1)
        later = claim(due)

    assert left
    assert at_first
    assert later
    assert (at_first.id > left.id, later.id) == (True, left.id)


def test_a_claim_that_a_wrong_clock_dated_ahead_does_not_hold(due: SqlStore, url: str, clock: FakeClock) -> None:
    in_2030 = FakeClock()
    in_2030.at = datetime(2030, 1, 1, tzinfo=UTC)
    with SqlStore.open(url, clock=in_2030) as other:
        left = claim(other)
        assert left

        taken = claim(due)

        assert taken
        assert (taken.id, taken.attempts) == (left.id, 2)
        with pytest.raises(ClaimLostError):
            other.mark_delivery(left.id, DeliveryState.DOT)
        due.mark_delivery(taken.id, DeliveryState.DOT)


def test_who_lives_in_2030_may_take_a_claim_and_the_mail_still_goes_out_once(due: SqlStore, url: str) -> None:
    in_2030 = FakeClock()
    in_2030.at = datetime(2030, 1, 1, tzinfo=UTC)
    mine = claim(due)
    assert mine
    with SqlStore.open(url, clock=in_2030) as other:
        taken = claim(other)
        assert taken
        assert taken.id == mine.id

        with pytest.raises(ClaimLostError):
            due.mark_delivery(mine.id, DeliveryState.DOT)
        other.mark_delivery(taken.id, DeliveryState.DOT)
        other.mark_delivery(taken.id, DeliveryState.SENT)

    assert states(due) == ["sent", "due", "due"]


def test_who_overslept_has_what_nobody_took_and_holds_it_again(due: SqlStore, url: str, clock: FakeClock) -> None:
    first, second = claim(due), claim(due)
    assert first
    assert second
    clock.advance(hours=8)
    with SqlStore.open(url, clock=clock) as other:
        taken = claim(other)
        assert taken
        assert taken.id == first.id

        due.mark_delivery(second.id, DeliveryState.DOT)
        with pytest.raises(ClaimLostError):
            due.mark_delivery(first.id, DeliveryState.DOT)

        assert other.doubt_deliveries("daily", DAY) == 0
        clock.advance(seconds=31)
        assert other.doubt_deliveries("daily", DAY) == 1


def test_clocks_may_differ_a_little(due: SqlStore, url: str, clock: FakeClock) -> None:
    ahead = FakeClock()
    ahead.advance(seconds=20)
    with SqlStore.open(url, clock=ahead) as other:
        assert claim(other)

        taken = claim(due)

    assert taken
    assert taken.recipient == "emmy@example.org"


# -- leases with a name


def test_a_lease_is_one_owners_until_it_is_given_back(store: SqlStore, url: str, clock: FakeClock) -> None:
    waited: list[str] = []
    with SqlStore.open(url, clock=clock) as other:
        with store.lease("run"):
            assert other._take("run") is None
            with other.lease("something else", waiting=lambda: waited.append("else")) as was_left:
                assert not was_left
        with pytest.raises(LookupError), other.lease("run", waiting=lambda: waited.append("run")):
            raise LookupError
        with store.lease("run", waiting=lambda: waited.append("run")) as was_left:
            assert not was_left

    assert waited == []


def test_who_waits_is_told_once_and_comes_next(store: SqlStore, url: str, clock: FakeClock) -> None:
    waiting = threading.Event()
    done: list[str] = []

    def work() -> None:
        with SqlStore.open(url, clock=clock) as other, other.lease("run", waiting=waiting.set) as was_left:
            done.append(f"second, {was_left}")

    with store.lease("run"):
        second = threading.Thread(target=work)
        second.start()
        assert waiting.wait(PATIENCE_S)
        time.sleep(0.5)
        done.append("first")
    second.join(PATIENCE_S)

    assert done == ["first", "second, False"]


def test_a_lease_of_a_killed_process_is_waited_for_as_long_as_it_lasts_and_who_comes_next_is_told(url: str) -> None:
    process = start(HOLD, url)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    kill(process)
    waited: list[bool] = []
    began = time.monotonic()

    with SqlStore.open(url, lease=SHORT) as mine, mine.lease("run", waiting=lambda: waited.append(True)) as was_left:
        took_s = time.monotonic() - began

    assert was_left
    assert len(waited) <= 1
    assert took_s < PATIENCE_S


def test_a_lease_dated_years_ahead_holds_nobody_up(store: SqlStore, url: str) -> None:
    in_2030 = FakeClock()
    in_2030.at = datetime(2030, 1, 1, tzinfo=UTC)
    with (
        SqlStore.open(url, clock=in_2030) as other,
        other.lease("run"),
        store.lease("run", waiting=lambda: pytest.fail("it waits")) as was_left,
    ):
        assert was_left


def test_of_many_who_want_a_lease_one_has_it_at_a_time(url: str, clock: FakeClock) -> None:
    SqlStore.open(url, clock=clock).close()
    inside: list[int] = []
    most: list[int] = []

    def work(n: int) -> None:
        with SqlStore.open(url, clock=clock) as own, own.lease("run"):
            inside.append(n)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(4 * PATIENCE_S)

    assert most == [1] * 5


# -- what is left


def test_a_closed_store_leaves_no_lease_and_no_heart(url: str, clock: FakeClock) -> None:
    before = len(hearts())
    with SqlStore.open(url, clock=clock) as store:
        assert len(hearts()) == before  # who only looks has none
        publish(store, paper(1), deliveries={"ada@example.org": "<1@x>"})
        claim(store)
        with store.lease("run"):
            assert (leases(url), len(hearts())) == (2, before + 1)
        assert leases(url) == 1

    assert (leases(url), len(hearts())) == (0, before)


def test_what_the_dead_left_is_forgotten_in_time(store: SqlStore, url: str, clock: FakeClock) -> None:
    dead = [SqlStore.open(url, clock=clock) for _ in range(3)]
    for one in dead:
        one._take(f"of {one.owner}")
    assert leases(url) == 6

    clock.advance(days=2)
    with store.lease("run"):
        assert leases(url) == 3 + 2  # a lease's name stays, so that who takes it can be told

    for one in dead:
        one.close()


def test_a_database_that_is_gone_keeps_no_store_from_closing(url: str, clock: FakeClock) -> None:
    before = len(hearts())
    with (
        SqlStore.open(url, clock=clock) as keeper,
        SqlStore.open(url, clock=clock, lease=timedelta(seconds=0.03)) as own,
    ):
        with own.lease("run"):
            rename(keeper, "lease", "lost")
            time.sleep(0.1)  # some heartbeats that do not come through
        own.close()
        rename(keeper, "lost", "lease")

    assert len(hearts()) == before


def rename(store: SqlStore, table: str, name: str) -> None:
    with store._write() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


# -- a database that does not answer once


class Flaky(SqlStore):
    """A store whose writes fail while `is_away` is set."""

    is_away = False

    @contextmanager
    def _write(self, *locks: str) -> Iterator[Connection]:
        if self.is_away:
            raise StoreError("digest.db is held by another program")
        with super()._write(*locks) as connection:
            yield connection


def test_a_lease_that_could_not_be_given_back_runs_out(url: str) -> None:
    with Flaky.open(url, lease=SHORT) as store:
        with store.lease("run"):
            claim(store)
            store.is_away = True
        store.is_away = False
        taken = threading.Event()

        def again() -> None:
            with store.lease("run"):
                taken.set()

        thread = threading.Thread(target=again)
        thread.start()

        assert taken.wait(PATIENCE_S)
        thread.join(PATIENCE_S)


def test_what_a_failed_write_left_in_hand_is_let_go_between_two_runs(due: SqlStore) -> None:
    at_dot, sending = claim(due), claim(due)
    assert at_dot
    assert sending
    due.mark_delivery(at_dot.id, DeliveryState.DOT)

    due.let_go()

    assert due.doubt_deliveries("daily", DAY) == 1
    assert {d.id for d in due.claim_deliveries("daily", DAY, limit=9)} >= {sending.id}


def test_a_heartbeat_that_another_machine_deleted_comes_back(due: SqlStore, url: str) -> None:
    def ahead() -> datetime:
        return datetime.now(UTC) + timedelta(days=2)

    with SqlStore.open(url, lease=SHORT) as store:
        mine = store.claim_deliveries("daily", DAY, limit=1)
        with SqlStore.open(url, lease=SHORT, clock=ahead) as wrong:
            wrong.take_turn("elsewhere", gap_s=0)
        time.sleep(2 * SHORT.total_seconds())

        with SqlStore.open(url, lease=SHORT) as other:
            theirs = other.claim_deliveries("daily", DAY, limit=9)

    assert {d.id for d in mine}.isdisjoint(d.id for d in theirs)


def test_a_claim_is_judged_by_the_moment_at_which_the_database_is_free(
    due: SqlStore, url: str, clock: FakeClock
) -> None:
    at_dot, sending = claim(due), claim(due)
    assert at_dot
    assert sending
    due.mark_delivery(at_dot.id, DeliveryState.DOT)

    class Late(SqlStore):
        """Waits a minute for the database, while the other one's heart beats."""

        @contextmanager
        def _write(self, *locks: str) -> Iterator[Connection]:
            clock.advance(seconds=61)
            with due._write() as connection:
                due._keep_alive(connection)
            with super()._write(*locks) as connection:
                yield connection

    with SqlStore.open(url, clock=clock) as opened:
        late = Late(opened._engine, clock=clock)
        doubted = late.doubt_deliveries("daily", DAY)
        taken = late.claim_deliveries("daily", DAY, limit=9)

    assert doubted == 0
    assert sending.id not in {d.id for d in taken}
