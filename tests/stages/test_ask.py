"""Papers that several ask for at once: each is paid for once, and all have its summary."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.app.usecases import on_demand
from digest.core.models import Paper, PaperId, Summary, SummaryKey, Usage
from digest.core.summaries.summarizer import key_of
from digest.stages.ask import Asked, Writer, claimed, stored_summaries
from digest.store import SqlStore
from digest.store.database import utc_now
from tests.end_to_end.test_run_llm import MONDAY, desk_with, on
from tests.fakes.clock import FakeClock
from tests.fakes.llm import studies, study
from tests.fakes.summarizer import FakeSummarizer
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.store_values import DAY, start

pytest_plugins = ("tests.support.store_fixtures",)


def writer(store: SqlStore | None, summarizer: FakeSummarizer, **changes: Any) -> Writer:
    options: dict[str, Any] = {"sleep": summarizer.clock.sleep, "progress": lambda _: None}
    return Writer(summarizer=summarizer, language="en", store=store, **{**options, **changes})


def ask(writer: Writer, papers: Sequence[Paper], *, edition: str, **options: Any) -> Asked:
    return writer.ask(papers, writing=writer.summarizer.begin("a run"), edition=edition, **options)


def keys(papers: Sequence[Paper]) -> list[SummaryKey]:
    return [key_of(FakeSummarizer(), paper, "en") for paper in papers]


@pytest.fixture
def other(url: str, clock: FakeClock, store: SqlStore) -> Iterator[SqlStore]:
    """The same database, as another machine has it open."""
    with SqlStore.open(url, clock=clock) as opened:
        yield opened


# -- claims


def test_a_claim_is_given_once_and_again_when_it_is_released(store: SqlStore, other: SqlStore) -> None:
    one, two, three = keys(studies(3))

    assert store.claim_summaries([one, two]) == {one, two}
    assert other.claim_summaries([two, three]) == {three}
    assert store.claim_summaries([one]) == frozenset()
    other.release_summaries([one, two])
    assert other.claim_summaries([one, two]) == frozenset()
    store.release_summaries([one, two])
    assert other.claim_summaries([one, two, three]) == {one, two}
    assert other.claim_summaries([]) == frozenset()


def test_a_claim_ends_when_its_summary_is_kept_and_what_is_kept_is_not_claimed(
    store: SqlStore, other: SqlStore
) -> None:
    one, two = keys(studies(2))
    store.claim_summaries([one])

    store.save_summaries({one: Summary(tldr="Said.", client="openai")})

    assert other.claim_summaries([one, two]) == {two}
    other.release_summaries([two])
    assert store.claim_summaries([one, two]) == {two}


def test_the_claims_of_one_that_died_are_free(store: SqlStore, other: SqlStore, clock: FakeClock) -> None:
    [one] = keys(studies(1))
    store.claim_summaries([one])

    clock.advance(seconds=20)
    assert other.claim_summaries([one]) == frozenset()
    clock.advance(seconds=20)
    assert other.claim_summaries([one]) == {one}
    store.release_summaries([one])
    assert store.claim_summaries([one]) == frozenset()


def test_the_claims_of_one_that_closed_are_free(url: str, store: SqlStore) -> None:
    [one] = keys(studies(1))
    with SqlStore.open(url) as gone:
        gone.claim_summaries([one])

    assert store.claim_summaries([one]) == {one}


def test_more_claims_than_a_query_may_name(store: SqlStore, other: SqlStore) -> None:
    many = [SummaryKey(content=f"{n}", client="c", model="m", prompt="p", language="en") for n in range(1050)]

    assert store.claim_summaries(many) == set(many)
    assert other.claim_summaries(many) == frozenset()


def test_of_many_who_claim_at_once_each_claim_has_one_owner(url: str, store: SqlStore) -> None:
    wanted = keys(studies(100))
    stores = [SqlStore.open(url) for _ in range(4)]

    def claim(n: int) -> frozenset[SummaryKey]:
        return stores[n % 4].claim_summaries(wanted[n : n + 40])

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(claim, range(60)))
    for each in stores:
        each.close()

    assert sum(map(len, taken)) == len(frozenset().union(*taken)) == 99


def test_who_keep_the_same_stand_ins_in_another_order_do_not_wait_for_each_other(
    store: SqlStore, other: SqlStore
) -> None:
    many = [replace(key, stood_in_on=DAY) for key in keys(studies(100))]
    said = Summary(tldr="An extract.", client="extractive")

    def save(one: SqlStore, wanted: Sequence[SummaryKey]) -> None:
        for _ in range(5):
            one.save_summaries(dict.fromkeys(wanted, said))

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(save, store, many), pool.submit(save, other, many[::-1])]

    assert [one.result() for one in done] == [None, None]
    assert len(store.summaries(many)) == 100


def test_claims_are_given_back_when_something_fails(store: SqlStore, other: SqlStore) -> None:
    wanted = keys(studies(2))

    def stopped() -> None:
        with claimed(store, wanted) as mine:
            assert mine == set(wanted)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert other.claim_summaries(wanted) == set(wanted)


# -- one who asks


def test_what_is_stored_is_not_asked_for(store: SqlStore) -> None:
    summarizer, papers, told = FakeSummarizer(), studies(5), list[int]()
    mine = writer(store, summarizer)
    ask(mine, papers[:2], edition="daily")

    done = ask(mine, papers, edition="daily", on_missing=told.append)

    assert (summarizer.asked, told) == ([p.id for p in papers], [3])
    assert list(done.summaries) == [p.id for p in papers]
    assert (done.sums.usage.from_cache, done.sums.usage.requests, done.sums.usage.fell_back) == (2, 1, 0)
    assert mine.stored(papers) == done.summaries


def test_the_same_text_is_asked_for_once_but_extracts_are_made_of_each(store: SqlStore) -> None:
    papers = [study(1), study(1, id=PaperId("arxiv:1")), study(2)]
    model, extract = FakeSummarizer(), FakeSummarizer(model="")

    of_model = ask(writer(store, model), papers, edition="daily")
    of_extract = ask(writer(None, extract), papers, edition="daily")

    assert model.asked == [study(1).id, study(2).id]
    assert extract.asked == [p.id for p in papers]
    assert of_model.summaries.keys() == of_extract.summaries.keys() == {p.id for p in papers}
    assert of_model.sums.usage.from_cache == 0


def test_what_stands_in_is_kept_for_its_day_alone(store: SqlStore, other: SqlStore) -> None:
    papers, failing = studies(2), FakeSummarizer(fails="HTTP 503")
    done = ask(writer(store, failing, stand_in_day=DAY), papers, edition="daily")
    again = ask(writer(store, failing, stand_in_day=DAY), papers, edition="weekly")

    assert (done.sums.usage.fell_back, done.sums.warnings) == (2, ("HTTP 503 for daily",))
    assert (again.sums.usage.requests, again.sums.usage.from_cache, again.sums.usage.fell_back) == (0, 2, 2)
    assert again.sums.warnings == ("2 papers have an extractive summary from earlier today: HTTP 503",)
    assert writer(store, failing).stored(papers) == {}
    later = writer(store, FakeSummarizer(), stand_in_day=DAY + timedelta(days=1))
    assert ask(later, papers, edition="daily").sums.usage.requests == 1
    today = writer(store, failing, stand_in_day=DAY).stored(papers)
    assert {s.fell_back for s in today.values()} == {None}  # the model's own goes before what stood in for it


def test_what_fails_is_not_kept_where_nothing_may_stand_in_and_is_free_for_others(
    store: SqlStore, other: SqlStore
) -> None:
    papers = studies(2)

    done = ask(writer(store, FakeSummarizer(fails="HTTP 503")), papers, edition="on demand")

    assert {s.fell_back for s in done.summaries.values()} == {"HTTP 503"}
    assert other.claim_summaries(keys(papers)) == set(keys(papers))
    assert store.summaries(keys(papers)) == {}


def test_nobody_is_told_of_papers_that_need_not_be_asked_for(store: SqlStore) -> None:
    told, mine = list[int](), writer(store, FakeSummarizer())

    for _ in range(2):
        ask(mine, studies(1), edition="daily", on_missing=told.append)
    nothing = ask(mine, [], edition="daily", on_missing=told.append)

    assert told == [1]
    assert (nothing.summaries, nothing.sums.usage.requests) == ({}, 0)


# -- several who ask


def test_what_another_asks_for_is_waited_for_and_what_nobody_does_is_asked_meanwhile(
    store: SqlStore, other: SqlStore
) -> None:
    papers, clock, said = studies(3), FakeClock(), list[str]()
    other.claim_summaries(keys(papers[:2]))

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 3:
            other.save_summaries({key: Summary(tldr="Theirs.", client="openai") for key in keys(papers[:2])})

    summarizer = FakeSummarizer(clock=clock)
    done = ask(writer(store, summarizer, sleep=sleep, progress=said.append), papers, edition="daily")

    assert summarizer.asked == [papers[2].id]
    assert [done.summaries[p.id].tldr for p in papers] == ["Theirs.", "Theirs.", papers[2].title]
    assert (done.sums.usage.from_cache, done.sums.usage.requests) == (2, 1)
    assert said == ["waiting for summaries that somebody else is asking for"]


def test_what_another_gave_back_without_a_summary_is_asked_for(store: SqlStore, other: SqlStore) -> None:
    papers, clock = studies(2), FakeClock()
    other.claim_summaries(keys(papers))

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        other.release_summaries(keys(papers))

    summarizer = FakeSummarizer(clock=clock)
    ask(writer(store, summarizer, sleep=sleep), papers, edition="daily")

    assert (summarizer.asked, len(clock.slept)) == ([p.id for p in papers], 1)


def test_what_stood_in_for_a_summary_elsewhere_today_stands_in_here(store: SqlStore, other: SqlStore) -> None:
    papers, clock = studies(2), FakeClock()
    there = writer(other, FakeSummarizer(fails="HTTP 503"), stand_in_day=DAY)
    other.claim_summaries(keys(papers))

    class Late(SqlStore):
        """The other machine gives up between a look at what is stored and the claim on it."""

        def claim_summaries(self, wanted: Iterable[SummaryKey]) -> frozenset[SummaryKey]:
            if clock.slept:
                other.release_summaries(keys(papers))
                ask(there, papers, edition="weekly")
            return super().claim_summaries(wanted)

    summarizer = FakeSummarizer(clock=clock)
    mine = Late(store._engine, clock=store._clock)
    done = ask(writer(mine, summarizer, stand_in_day=DAY), papers, edition="daily")
    mine.close()

    assert summarizer.asked == []
    assert (done.sums.usage.from_cache, done.sums.usage.fell_back) == (2, 2)


def test_nobody_waits_longer_than_for_a_model(store: SqlStore, other: SqlStore) -> None:
    papers, summarizer = studies(2), FakeSummarizer()
    other.claim_summaries(keys(papers[:1]))

    done = ask(writer(store, summarizer, stand_in_day=DAY), papers, edition="daily")

    assert summarizer.asked == [papers[1].id]
    assert [done.summaries[p.id].fell_back for p in papers] == ["it took too long", None]
    assert sum(summarizer.clock.slept) == pytest.approx(summarizer.limit_s)
    assert other.claim_summaries(keys(papers[:1])) == frozenset()  # it is theirs still


def test_an_extract_is_neither_claimed_nor_waited_for(store: SqlStore, other: SqlStore) -> None:
    summarizer, papers = FakeSummarizer(model=""), studies(2)
    other.claim_summaries([key_of(summarizer, p, "en") for p in papers])

    done = ask(writer(store, summarizer), papers, edition="daily")

    assert len(done.summaries) == 2
    assert summarizer.clock.slept == []


def test_two_machines_that_want_the_same_papers_ask_for_each_once(url: str) -> None:
    papers, both = studies(30), threading.Barrier(2)
    pause = threading.Event()

    def run(first: int, last: int) -> tuple[list[PaperId], Mapping[PaperId, Summary]]:
        with SqlStore.open(url) as store:
            both.wait(30)
            clock = FakeClock()
            summarizer = FakeSummarizer(clock=clock, meanwhile=lambda: pause.wait(0.2))
            mine = writer(store, summarizer, sleep=lambda _: pause.wait(0.02))
            return summarizer.asked, ask(mine, papers[first:last], edition="d").summaries

    with ThreadPoolExecutor(2) as pool:
        (asked_a, of_a), (asked_b, of_b) = pool.map(run, (0, 5), (25, 30))

    assert sorted(asked_a + asked_b) == sorted(p.id for p in papers)
    assert of_a.keys() == {p.id for p in papers[:25]}
    assert of_b.keys() == {p.id for p in papers[5:]}


ASK_AND_HANG = """
import sys, time
from tests.fakes.llm import studies
from tests.fakes.summarizer import FakeSummarizer
from tests.stages.test_ask import ask, writer
from digest.store import SqlStore

def hang():
    print("asking", flush=True)
    time.sleep(600)

with SqlStore.open(sys.argv[1]) as store:
    ask(writer(store, FakeSummarizer(meanwhile=hang)), studies(3), edition="daily")
"""


def test_what_a_killed_process_had_asked_for_is_asked_for_by_who_waits(url: str) -> None:
    process = start(ASK_AND_HANG, url)
    assert process.stdout
    assert process.stdout.readline() == "asking\n"
    ahead = timedelta()

    def clock() -> datetime:
        return utc_now() + ahead

    def sleep(seconds: float) -> None:
        nonlocal ahead
        waits.append(seconds)
        if len(waits) == 3:
            process.kill()
            process.communicate()
            ahead = timedelta(seconds=31)

    waits: list[float] = []
    summarizer = FakeSummarizer()
    with SqlStore.open(url, clock=clock) as store:
        done = ask(writer(store, summarizer, sleep=sleep), studies(4), edition="daily")

    assert summarizer.asked == [studies(4)[3].id, *(p.id for p in studies(3))]
    assert len(waits) == 3
    assert {s.fell_back for s in done.summaries.values()} == {None}


def test_a_process_that_waits_gets_what_the_other_asked_for(url: str) -> None:
    process = start(ASK_AND_HANG.replace("time.sleep(600)", "sys.stdin.readline()"), url)
    assert process.stdout
    assert process.stdin
    assert process.stdout.readline() == "asking\n"
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            process.communicate("\n", timeout=60)

    summarizer = FakeSummarizer()
    with SqlStore.open(url) as store:
        done = ask(writer(store, summarizer, sleep=sleep), studies(3), edition="daily")

    assert (summarizer.asked, len(waits)) == ([], 2)
    assert [s.tldr for s in done.summaries.values()] == [p.title for p in studies(3)]
    assert done.sums.usage == Usage(client="openai", model="m", from_cache=3)


# -- the whole


def test_a_run_and_a_summary_on_demand_at_once_pay_for_each_paper_once(tmp_path: Path) -> None:
    with FlakyLLM(Rule("late", seconds=0.5)) as server:
        desk_with(tmp_path, server, "overview = false\n")
        lines = [json.dumps({"id": n, "title": on(n).title, "abstract": on(n).abstract}) for n in range(20, 32)]
        (tmp_path / "mine.jsonl").write_text("\n".join(lines), encoding="utf-8")
        both = threading.Barrier(2)

        def host() -> Host:
            at = datetime(2026, 6, 1, 9, tzinfo=UTC)
            return Host(environment={}, clock=lambda: at, sleep=lambda seconds: time.sleep(min(seconds, 0.02)))

        def run() -> int:
            with App.from_file(tmp_path / "config.toml", host()) as app:
                both.wait(30)
                [report] = app.run((), MONDAY)
                return report.usage.fell_back

        def summarize() -> list[str | None]:
            with App.from_file(tmp_path / "config.toml", host()) as app:
                both.wait(30)
                done = on_demand(app).summarize([str(tmp_path / "mine.jsonl")])
                return [answer.summary.fell_back for answer in done.answers if answer.summary]

        with ThreadPoolExecutor(2) as pool:
            ran, asked = pool.submit(run), pool.submit(summarize)

        assert ran.result() == 0
        assert asked.result() == [None] * 12
        assert server.bill().papers_twice == ()
        assert len(server.bill().papers) == 32


# -- with points, and without


def test_of_two_papers_with_the_same_text_the_one_with_points_is_asked_for(store: SqlStore) -> None:
    brief, whole = study(1), study(1, id=PaperId("arxiv:2603.90001"))
    summarizer = FakeSummarizer()
    writer = Writer(summarizer=summarizer, language="en", store=store, brief=frozenset({brief.id}))

    asked = writer.ask([brief, whole], writing=summarizer.begin("r"), edition="daily")

    assert (summarizer.asked, summarizer.asked_briefly) == ([whole.id], [])
    assert set(asked.summaries) == {brief.id, whole.id}


def test_a_summary_with_points_does_for_both_and_a_brief_one_for_the_brief_alone(store: SqlStore) -> None:
    papers = studies(2)
    ids = frozenset(p.id for p in papers)
    whole, brief = (key_of(FakeSummarizer(), p, "en", is_brief=n == 1) for n, p in enumerate(papers))
    store.save_summaries({key: Summary(tldr="Said.", client="openai") for key in (whole, brief)})

    def stored(some: frozenset[PaperId]) -> set[PaperId]:
        return set(stored_summaries(store, FakeSummarizer(), papers, language="en", brief=some))

    assert stored(ids) == ids
    assert stored(frozenset()) == {papers[0].id}


def test_the_summary_with_points_goes_before_the_brief_one(store: SqlStore) -> None:
    [one] = studies(1)
    for is_brief, tldr in ((True, "Brief."), (False, "Whole.")):
        key = key_of(FakeSummarizer(), one, "en", is_brief=is_brief)
        store.save_summaries({key: Summary(tldr=tldr, client="openai")})

    found = stored_summaries(store, FakeSummarizer(), [one], language="en", brief={one.id})

    assert found[one.id].tldr == "Whole."
