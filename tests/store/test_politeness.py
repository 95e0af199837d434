"""What machines that share a database owe to arXiv and to a model's provider together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.config.read import load
from digest.core.errors import SourceError, StoreError
from digest.core.models import Batch
from digest.core.summaries.prompts import prompt_for
from digest.llm.limits import Limits
from digest.sources.door.politeness import ARXIV, StoredPoliteness
from digest.store import SqlStore
from digest.summarizers.model import ModelSummarizer
from tests.fakes.clock import FakeClock
from tests.fakes.llm import studies
from tests.support.desk import CONFIG
from tests.support.store_values import start

if TYPE_CHECKING:
    from tests.support.store_fixtures import Server

pytest_plugins = ("tests.support.store_fixtures",)


@pytest.fixture
def other(url: str, clock: FakeClock, store: SqlStore) -> Iterator[SqlStore]:
    """The same database, as another machine has it open."""
    with SqlStore.open(url, clock=clock) as opened:
        yield opened


# -- politeness


def politeness(store: SqlStore, clock: FakeClock, waits: list[float]) -> StoredPoliteness:
    began = clock.at

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(seconds=seconds)

    return StoredPoliteness(lambda: store, monotonic=lambda: (clock.at - began).total_seconds(), sleep=sleep)


def test_a_machine_keeps_the_distance_to_what_another_asked(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    waits: list[float] = []

    with politeness(store, clock, waits)("export.arxiv.org"):
        clock.advance(seconds=10)
    clock.advance(seconds=1)
    with politeness(other, clock, waits)("rss.arxiv.org"):
        pass

    assert sum(waits) == pytest.approx(2)


def test_nobody_asks_while_another_does(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    assert store.take_turn(ARXIV, gap_s=3) == 0
    assert other.take_turn(ARXIV, gap_s=3) is None
    other.end_turn(ARXIV)  # it has none to give back
    assert other.take_turn(ARXIV, gap_s=3) is None
    assert other.take_turn("elsewhere.org", gap_s=3) == 0

    store.end_turn(ARXIV)

    assert other.take_turn(ARXIV, gap_s=3) == 3
    clock.advance(seconds=2)
    assert store.take_turn(ARXIV, gap_s=3) == 1
    clock.advance(seconds=1)
    assert other.take_turn(ARXIV, gap_s=3) == 0


def test_the_turn_of_one_that_died_is_free_after_the_usual_distance(
    store: SqlStore, other: SqlStore, clock: FakeClock
) -> None:
    store.take_turn(ARXIV, gap_s=3)
    clock.advance(minutes=2)

    assert other.take_turn(ARXIV, gap_s=3) == 3
    clock.advance(seconds=3)
    assert other.take_turn(ARXIV, gap_s=3) == 0


def test_a_turn_that_ended_tomorrow_keeps_nobody_out_for_a_day(
    store: SqlStore, other: SqlStore, clock: FakeClock
) -> None:
    clock.advance(days=1)
    store.take_turn(ARXIV, gap_s=3)
    store.end_turn(ARXIV)
    clock.advance(days=-1)

    assert other.take_turn(ARXIV, gap_s=3) == 3


def test_who_hangs_is_not_waited_for_without_end(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    store.take_turn(ARXIV, gap_s=3)
    mine = politeness(other, clock, [])

    def stay_alive(seconds: float) -> None:
        clock.advance(seconds=seconds)
        store.claim_summaries([])
        store.take_turn("a heartbeat", gap_s=0)

    mine._sleep = stay_alive
    with pytest.raises(SourceError, match="another machine has been asking arXiv for 15 minutes"), mine(ARXIV):
        raise AssertionError


def test_without_the_store_politeness_holds_in_the_process() -> None:
    def gone() -> SqlStore:
        raise StoreError("the database is gone")

    waits: list[float] = []
    mine = StoredPoliteness(gone, monotonic=lambda: sum(waits), sleep=waits.append)
    for _ in range(2):
        with mine(ARXIV):
            pass

    assert waits == [3.0]


ASK = """
import sys, time
from digest.sources.door.politeness import ARXIV, StoredPoliteness
from digest.store import SqlStore

with SqlStore.open(sys.argv[1]) as store:
    politeness = StoredPoliteness(lambda: store, gap_s=0.4)
    sys.stdin.readline()
    for _ in range(3):
        with politeness(ARXIV):
            began = time.time()
            time.sleep(0.05)
            print(began, time.time(), flush=True)
"""


def test_processes_with_one_database_keep_the_distance_between_them(url: str) -> None:
    processes = [start(ASK, url) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    said = [process.communicate(timeout=60) for process in processes]

    spans = sorted(tuple(map(float, line.split())) for out, _ in said for line in out.splitlines())
    assert len(spans) == 6, said
    # Clocks of two processes are one, but what is stored and what is printed is read a moment apart.
    assert min(after[0] - before[1] for before, after in pairwise(spans)) >= 0.39


# -- limits

FULL = {
    "x-ratelimit-limit-tokens": "6000",
    "x-ratelimit-remaining-tokens": "0",
    "x-ratelimit-reset-tokens": "60s",
}


def limits(store: SqlStore, clock: FakeClock) -> Limits:
    return Limits(now=clock, shared=lambda change: store.change_limits("a server", change))


def test_what_one_machine_was_told_the_other_keeps_to(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    ours, theirs = limits(store, clock), limits(other, clock)
    assert theirs.delay_s("b", 1000) == 0
    theirs.heard(theirs.begin("b", 1000), {})

    ours.heard(ours.begin("a", 6000), FULL)

    assert theirs.delay_s("c", 1000) == 10
    clock.advance(seconds=10)
    assert theirs.delay_s("c", 1000) == 0
    assert ours.delay_s("d", 1000) == 10  # the place is taken, though nothing went out yet
    theirs.begin("c", 1000)
    assert ours.delay_s("d", 1000) == 10


def test_a_pause_that_one_machine_was_asked_for_holds_for_all(
    store: SqlStore, other: SqlStore, clock: FakeClock
) -> None:
    limits(store, clock).pause(30)

    assert limits(other, clock).delay_s("a", 1) == 30
    clock.advance(seconds=30)
    assert limits(other, clock).delay_s("a", 1) == 0


def test_what_others_have_under_way_is_taken_off(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    ours, theirs = limits(store, clock), limits(other, clock)
    mine = ours.begin("a", 1000)
    theirs.begin("b", 3000)

    ours.heard(mine, {**FULL, "x-ratelimit-remaining-tokens": "5000", "x-ratelimit-reset-tokens": "10s"})

    assert ours.delay_s("c", 2000) == 0
    assert ours.delay_s("d", 100) == 1


def test_what_a_dead_machine_had_under_way_is_forgotten(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    limits(other, clock).begin("lost", 5000)
    clock.advance(hours=2)
    ours = limits(store, clock)
    for key in ("a", "b"):
        ours.heard(ours.begin(key, 1000), {**FULL, "x-ratelimit-remaining-tokens": "6000"})

    assert ours.delay_s("c", 6000) == 0


def test_limits_of_two_servers_are_two(store: SqlStore, clock: FakeClock) -> None:
    limits(store, clock).pause(30)

    another = Limits(now=clock, shared=lambda change: store.change_limits("another", change))

    assert another.delay_s("a", 1) == 0


def test_without_the_store_an_answer_is_not_lost_and_the_limits_hold_in_the_process(clock: FakeClock) -> None:
    def gone(change: object) -> None:
        raise StoreError("the database is gone")

    alone = Limits(now=clock, monotonic=lambda: clock.at.timestamp(), shared=gone)
    alone.heard(alone.begin("a", 6000), FULL)

    assert alone.delay_s("b", 1000) == 10


def test_many_machines_that_take_places_at_once_take_no_more_than_there_are(url: str, clock: FakeClock) -> None:
    stores = [SqlStore.open(url, clock=clock) for _ in range(4)]
    first = limits(stores[0], clock)
    first.heard(first.begin("first", 1), {**FULL, "x-ratelimit-remaining-tokens": "3000"})
    delays: list[float] = []

    def take(n: int) -> None:
        mine = limits(stores[n], clock)
        delays.extend([mine.delay_s(f"{n} {place}", 500) for place in range(4)])

    threads = [threading.Thread(target=take, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in stores:
        each.close()

    assert delays.count(0) == 6
    assert len(delays) == 16


# -- the whole


def test_on_a_server_both_are_kept_in_the_database_and_in_a_file_neither_is(tmp_path: Path, postgres: Server) -> None:
    prompt = prompt_for(Batch(papers=tuple(studies(2))), system="Sum up.", nonce="ABCD")
    model = '[llm]\nclient = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'

    def delays(folder: Path, database: str) -> tuple[str, float]:
        folder.mkdir()
        text = CONFIG.replace("[digest]\n", f"[digest]\n{database}\n") + model
        (folder / "config.toml").write_text(text, encoding="utf-8")
        config = load(folder / "config.toml")
        with App(config, Host(environment={})) as one, App(config, Host(environment={})) as two:
            first, second = one.summarizer, two.summarizer
            assert isinstance(first, ModelSummarizer)
            assert isinstance(second, ModelSummarizer)
            first.llm._limits.pause(600)  # type: ignore[attr-defined]
            return type(one.door._politeness).__name__, second.llm.delay_s(prompt)

    shared = delays(tmp_path / "a", f'database = "{postgres.new_database()}"')
    alone = delays(tmp_path / "b", "")

    assert (shared[0], shared[1] > 590) == ("StoredPoliteness", True)
    assert alone == ("SharedPoliteness", 0.0)


def test_a_turn_that_could_not_be_given_back_is_given_back_before_the_next(store: SqlStore, url: str) -> None:
    class Flaky(SqlStore):
        """The first turn cannot be given back."""

        failures = 1

        def end_turn(self, queue: str) -> None:
            if self.failures:
                self.failures -= 1
                raise StoreError("digest.db is held by another program")
            super().end_turn(queue)

    with Flaky.open(url) as flaky:
        polite = StoredPoliteness(lambda: flaky, gap_s=0.0)
        for _ in range(2):
            with polite("arxiv.org"):
                pass

    assert store.take_turn("arxiv.org", gap_s=0.0) == 0
