"""When a request goes out again, when it waits, and when nothing is asked any more. No test waits itself."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from digest.core.errors import LLMUnavailable
from digest.core.models import Completion, Paper, Prompt, Summary
from digest.core.summaries.asking import NO_BUDGET, RequestLog
from digest.core.summaries.batching import Batching
from digest.core.summaries.ledger import Reservation
from digest.core.summaries.summarize import Outcome, summarize
from tests.fakes.llm import Behaviour, FakeLLM, answer, fail, items_of, obedient, studies, study, without

BUSY = fail("HTTP 503", again=True)
TIMED_OUT = fail("no answer within 120 s", again=True, may_be_billed=True)


def run(papers: list[Paper], llm: FakeLLM, **changes: Any) -> Outcome:
    options: dict[str, Any] = {
        "system": "Sum up.",
        "fold_topics": lambda words: (tuple(words), ()),
        "fallback": lambda paper: Summary(tldr=paper.abstract, client="extractive"),
        "make_nonce": lambda: "abcd",
        "batching": Batching(
            tokens=changes.pop("batch_tokens", 100_000), max_papers=changes.pop("max_papers_per_request", 20)
        ),
        "language": "en",
        "now": llm.clock.now,
        "sleep": llm.clock.sleep,
    }
    return summarize(papers, llm=llm, **{**options, **changes})


def reasons(outcome: Outcome) -> Counter[str | None]:
    return Counter(summary.fell_back for summary in outcome.summaries.values())


def most_for_one_paper(llm: FakeLLM) -> int:
    """In how many requests the paper was that was in most."""
    return max(Counter(p.id for prompt in llm.prompts for p in prompt.batch.papers).values())


# --- again ------------------------------------------------------------------------------------------------------------


def test_what_failed_because_of_the_server_goes_out_again_as_it_was_after_growing_waits() -> None:
    llm = FakeLLM(BUSY, BUSY, obedient)

    outcome = run(studies(4), llm)

    assert llm.sizes == [4, 4, 4]
    assert llm.at == [0, 1, 3]
    assert outcome.usage.fell_back == 0


def test_what_failed_three_times_goes_out_in_halves_which_have_one_attempt_each() -> None:
    llm = FakeLLM(*[BUSY] * 4, obedient)

    outcome = run(studies(4), llm, max_papers_per_request=4)

    assert llm.sizes == [4, 4, 4, 2, 1, 1, 2]
    assert outcome.usage.fell_back == 0


def test_others_go_on_while_one_request_waits() -> None:
    llm = FakeLLM(BUSY, obedient)

    run(studies(6), llm, max_papers_per_request=2)

    assert [prompt.batch.papers[0].id for prompt in llm.prompts] == [study(n).id for n in (0, 2, 4, 0)]
    assert llm.at == [0, 0, 0, 1]


def test_what_lies_with_the_request_goes_out_in_halves_at_once() -> None:
    llm = FakeLLM(fail("HTTP 413"), obedient)

    run(studies(6), llm)

    assert llm.sizes == [6, 3, 3]
    assert llm.clock.slept == []


@pytest.mark.parametrize("retry_after_s", [0.5, 30.0])
def test_nothing_goes_out_before_the_server_said(retry_after_s: float) -> None:
    llm = FakeLLM(obedient, fail("HTTP 429", again=True, retry_after_s=retry_after_s), obedient)

    outcome = run(studies(8), llm, max_papers_per_request=2)

    assert llm.at[:2] == [0, 0]
    assert min(llm.at[2:]) == retry_after_s
    assert outcome.usage.fell_back == 0


def test_a_server_that_says_when_to_come_again_is_asked_more_than_three_times() -> None:
    llm = FakeLLM(*[obedient, fail("HTTP 429", again=True, retry_after_s=20)] * 5, obedient)

    outcome = run(studies(12), llm, max_papers_per_request=2)

    assert outcome.usage.fell_back == 0
    assert set(llm.sizes) == {2}


def test_a_long_wait_that_the_server_asked_for_is_no_silence() -> None:
    busy = fail("HTTP 429", again=True, retry_after_s=90)
    llm = FakeLLM(*[busy] * 10, obedient, concurrency=8)

    outcome = run(studies(400), llm)

    assert outcome.usage.fell_back == 0
    assert not any(0 < at < 90 for at in llm.at)


def test_a_server_that_wants_to_be_left_alone_for_longer_than_the_run_is_not_asked_again() -> None:
    llm = FakeLLM(fail("HTTP 429", again=True, retry_after_s=3600))

    outcome = run(studies(40), llm)

    assert len(llm.prompts) == 1
    assert llm.clock.slept == []
    assert reasons(outcome) == {"HTTP 429; it asks to be left alone for 3600 s, longer than a run may wait": 40}


def test_what_may_have_been_paid_for_goes_out_once_more_and_in_halves() -> None:
    llm = FakeLLM(TIMED_OUT, obedient)

    outcome = run(studies(6), llm)

    assert llm.sizes == [6, 3, 3]
    assert outcome.usage.fell_back == 0


def test_no_paper_may_be_paid_for_a_third_time_without_an_answer() -> None:
    llm = FakeLLM(TIMED_OUT)

    outcome = run(studies(6), llm, max_papers_per_request=3)

    assert most_for_one_paper(llm) == 2
    assert reasons(outcome) == {"no answer within 120 s": 6}


def test_one_paper_whose_request_may_have_been_paid_for_is_asked_for_once_more() -> None:
    llm = FakeLLM(TIMED_OUT, obedient)

    assert run(studies(1), llm).usage.fell_back == 0
    assert llm.sizes == [1, 1]


def test_papers_that_failed_go_before_papers_of_lower_rank() -> None:
    llm = FakeLLM(fail(), obedient)

    run(studies(6), llm, max_papers_per_request=2)

    assert [prompt.batch.papers[0].id for prompt in llm.prompts] == [study(n).id for n in (0, 0, 1, 2, 4)]


# --- giving up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [fail("HTTP 400"), lambda _: Completion(text="No.")])
@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("count", [5, 600])
def test_a_model_that_answers_nothing_of_use_is_soon_given_up(failure: Behaviour, concurrency: int, count: int) -> None:
    llm = FakeLLM(failure, concurrency=concurrency)

    outcome = run(studies(count), llm)

    assert len(llm.prompts) <= concurrency + 6
    assert llm.clock.now() < 30
    assert outcome.usage.fell_back == count


NAMES_A_PAUSE = fail("HTTP 429", again=True, retry_after_s=20.0)
NAMES_A_MOMENT = fail("HTTP 429", again=True, retry_after_s=0.001)


@pytest.mark.parametrize("failure", [BUSY, NAMES_A_PAUSE, NAMES_A_MOMENT])
@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("count", [1, 5, 600])
def test_a_server_that_never_serves_is_asked_ever_more_seldom_to_the_end_of_the_time(
    failure: Behaviour, concurrency: int, count: int
) -> None:
    llm = FakeLLM(failure, concurrency=concurrency)

    outcome = run(studies(count), llm, time_limit_s=900)

    assert 850 < llm.clock.now() <= 900
    assert len(llm.prompts) <= concurrency + 60
    assert [later - sooner for sooner, later in pairwise(llm.at)][-1] >= 20
    assert outcome.usage.fell_back == count


@pytest.mark.parametrize("failure", [BUSY, NAMES_A_PAUSE, NAMES_A_MOMENT])
@pytest.mark.parametrize("loading_s", [60, 300, 800])
@pytest.mark.parametrize(("count", "concurrency"), [(1, 1), (20, 1), (600, 8)])
def test_a_model_that_is_loading_is_waited_for_as_long_as_the_run_may_wait(
    failure: Behaviour, loading_s: int, count: int, concurrency: int
) -> None:
    def load(prompt: Prompt) -> Completion:
        return obedient(prompt) if llm.clock.now() >= loading_s else failure(prompt)

    llm = FakeLLM(load, concurrency=concurrency)

    outcome = run(studies(count), llm, time_limit_s=900)

    assert reasons(outcome) == {None: count}
    assert llm.clock.now() <= loading_s + 31


@pytest.mark.parametrize(
    ("count", "at"),
    [
        (1, [0, 1, 3, 7.1, 15.2, 23.3, 39.4, 69.5, 99.6, 129.7, 159.8]),
        (5, [0, 1, 3, 7, 11, 19, 35, 65, 95, 125, 155]),
    ],
)
def test_pauses_double_up_to_half_a_minute(count: int, at: list[float]) -> None:
    llm = FakeLLM(BUSY)

    run(studies(count), llm, time_limit_s=180)

    assert [round(moment, 1) for moment in llm.at] == at


@pytest.mark.parametrize(("pause_s", "asked"), [(0.99, 11), (1.0, 14)])
def test_a_paper_that_is_put_off_by_name_is_not_given_up_for_others_that_are_served(pause_s: float, asked: int) -> None:
    busy = fail("HTTP 429", again=True, retry_after_s=pause_s)
    llm = FakeLLM(lambda prompt: (busy if study(1) in prompt.batch.papers else obedient)(prompt))

    outcome = run(studies(2), llm, max_papers_per_request=1, time_limit_s=240)

    assert outcome.usage.fell_back == 1
    assert len(llm.prompts) == asked


def test_a_server_that_restarts_in_the_middle_costs_no_summary() -> None:
    def restart(prompt: Prompt) -> Completion:
        return BUSY(prompt) if len(llm.prompts) >= 2 and llm.clock.now() < 400 else obedient(prompt)

    llm = FakeLLM(restart)

    assert run(studies(80), llm, max_papers_per_request=20).usage.fell_back == 0


@pytest.mark.parametrize("place", [0, 11, 39])
def test_a_paper_at_which_the_server_breaks_down_is_given_up_and_no_other(place: int) -> None:
    def break_down(prompt: Prompt) -> Completion:
        return (BUSY if study(place) in prompt.batch.papers else obedient)(prompt)

    llm = FakeLLM(break_down)

    outcome = run(studies(40), llm, max_papers_per_request=20)

    assert [i for i, s in outcome.summaries.items() if s.fell_back] == [study(place).id]
    assert len(llm.prompts) <= 15
    assert llm.clock.now() < 30


def test_what_does_not_fit_into_the_models_context_goes_out_in_halves_and_alone_if_need_be() -> None:
    llm = FakeLLM()
    llm.window = 2 * len(study(0).abstract) + 120

    outcome = run([*studies(4), study(4, abstract=study(4).abstract * 5)], llm)

    assert llm.sizes == [2, 1, 1, 1]
    assert outcome.usage.fell_back == 0


def test_a_server_that_takes_everything_and_never_answers_is_given_up_before_the_second_wave_is_over() -> None:
    def hang(prompt: Prompt) -> Completion:
        llm.clock.reach(llm.clock.now() + 120)
        return TIMED_OUT(prompt)

    llm = FakeLLM(hang, concurrency=8)

    outcome = run(studies(400), llm)

    assert len(llm.prompts) < 16
    assert outcome.usage.fell_back == 400
    assert "in a row: no answer within 120 s" in outcome.warnings[-1]


@pytest.mark.parametrize("concurrency", [1, 8, 32])
def test_a_bad_moment_of_twenty_seconds_costs_no_summary(concurrency: int) -> None:
    def restart(prompt: Prompt) -> Completion:
        return obedient(prompt) if llm.clock.now() >= 20 else BUSY(prompt)

    llm = FakeLLM(restart, concurrency=concurrency)

    assert run(studies(600), llm).usage.fell_back == 0


@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("seed", range(4))
def test_one_failure_in_five_costs_no_summary(concurrency: int, seed: int) -> None:
    llm = FakeLLM(now_and_then(random.Random(seed)), concurrency=concurrency)

    outcome = run(studies(500), llm)

    assert reasons(outcome) == {None: 500}
    assert llm.most_often_asked <= 4


def now_and_then(rnd: random.Random) -> Behaviour:
    """One request in five fails, in one of many ways."""
    ways: list[Behaviour] = [
        BUSY,
        fail("HTTP 429", again=True, retry_after_s=2),
        fail("HTTP 400"),
        without(1, 5, 9),
        lambda _: Completion(text="I'd rather not.", finish_reason="content_filter"),
        lambda _: Completion(text="<html>"),
        lambda prompt: Completion(text=obedient(prompt).text[:400], finish_reason="length"),
    ]
    lock = threading.Lock()

    def behave(prompt: Prompt) -> Completion:
        with lock:
            way = rnd.choice(ways) if len(prompt.batch.papers) > 1 and rnd.random() < 0.2 else obedient
        return way(prompt)

    return behave


def test_what_is_under_way_when_the_model_is_given_up_is_still_taken() -> None:
    def refuse(prompt: Prompt) -> Completion:
        both.wait()
        raise LLMUnavailable("the quota is used up")

    def late(prompt: Prompt) -> Completion:
        both.wait()
        settled.wait(10)
        return obedient(prompt)

    both, settled = threading.Barrier(2, timeout=10), threading.Event()
    llm = FakeLLM(refuse, late, concurrency=2)

    outcome = run(studies(8), llm, max_papers_per_request=2, settle=lambda *_: settled.set())

    assert len(llm.prompts) == 2
    assert reasons(outcome) == {None: 2, "the quota is used up": 6}


# --- the provider's limits --------------------------------------------------------------------------------------------


def test_a_request_waits_for_the_providers_limits() -> None:
    llm = FakeLLM()
    llm.delays = [0.0, 7.5, 0.25]

    run(studies(6), llm, max_papers_per_request=2)

    assert llm.at == [0, 7.75, 7.75]


def test_limits_that_leave_no_time_end_the_asking_at_once() -> None:
    llm = FakeLLM()
    llm.delays = [0.0, 1000.0]

    outcome = run(studies(6), llm, max_papers_per_request=2, time_limit_s=900)

    assert len(llm.prompts) == 1
    assert llm.clock.slept == []
    assert outcome.usage.fell_back == 4
    assert "limits of the model's provider" in outcome.warnings[0]


# --- the time limit ---------------------------------------------------------------------------------------------------


def lasting(llm: Callable[[], FakeLLM], seconds: float) -> Behaviour:
    def behave(prompt: Prompt) -> Completion:
        llm().clock.sleep(seconds)
        return obedient(prompt)

    return behave


def test_nothing_is_sent_after_the_time_limit() -> None:
    llm = FakeLLM(lasting(lambda: llm, 40))

    outcome = run(studies(10), llm, max_papers_per_request=2, time_limit_s=100)

    assert llm.at == [0, 40, 80]
    assert outcome.usage.fell_back >= 4
    assert outcome.warnings[0].endswith("the model took longer than a run waits for it")


def test_a_request_that_never_ends_does_not_hold_the_issue() -> None:
    def hang(prompt: Prompt) -> Completion:
        llm.clock.sleep(950)
        over.wait(30)
        return obedient(prompt)

    over = threading.Event()
    llm = FakeLLM(obedient, hang, concurrency=1)
    logs: list[RequestLog] = []

    outcome = run(studies(6), llm, max_papers_per_request=2, settle=lambda _, log: logs.append(log))
    over.set()

    assert len(llm.prompts) == 2
    assert outcome.usage.fell_back == 4
    assert [(log.outcome, log.may_be_billed) for log in logs] == [
        ("ok", False),
        ("no answer within the time limit", True),
    ]


def test_the_process_ends_though_a_request_does_not() -> None:
    code = """
import threading, time
from tests.core.test_asking import run
from tests.fakes.llm import FakeLLM, studies

llm = FakeLLM(lambda prompt: threading.Event().wait())
print(run(studies(3), llm, now=time.monotonic, sleep=time.sleep, time_limit_s=0.2).usage.fell_back)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout == "3\n"


# --- the budget -------------------------------------------------------------------------------------------------------


class Wallet:
    """Reserves a coin for each paper before a request and gives all but a tenth back after it."""

    def __init__(self, coins: float) -> None:
        self.coins = coins
        self.asked: list[int] = []
        self.logs: list[RequestLog] = []

    def reserve(self, prompt: Prompt) -> Reservation | None:
        size = len(prompt.batch.papers)
        self.asked.append(size)
        if size > self.coins:
            return None
        self.coins -= size
        return Reservation(number=len(self.asked), most_usd=size)

    def settle(self, reservation: Reservation, log: RequestLog) -> None:
        assert reservation.most_usd == len(log.prompt.batch.papers)
        self.logs.append(log)
        self.coins += 0.9 * len(log.prompt.batch.papers)


def test_a_request_waits_for_the_money_that_those_under_way_do_not_use() -> None:
    wallet = Wallet(8)
    llm = FakeLLM(concurrency=8)

    outcome = run(studies(32), llm, max_papers_per_request=4, reserve=wallet.reserve, settle=wallet.settle)

    assert outcome.usage.fell_back == 0
    assert set(llm.sizes) == {4}
    assert len(wallet.asked) <= 2 * len(llm.prompts)


def test_what_the_budget_does_not_reach_is_tried_in_smaller_parts() -> None:
    wallet = Wallet(3)
    llm = FakeLLM()

    outcome = run(studies(8), llm, max_papers_per_request=8, reserve=wallet.reserve, settle=wallet.settle)

    assert llm.sizes == [2, 2, 2, 2]
    assert outcome.usage.fell_back == 0


def test_when_it_does_not_reach_for_one_paper_no_other_is_tried() -> None:
    wallet = Wallet(5)
    llm = FakeLLM()

    outcome = run(studies(500), llm, max_papers_per_request=4, reserve=wallet.reserve)

    assert llm.sizes == [4, 1]
    assert wallet.asked[:4] == [4, 4, 2, 1]
    assert set(wallet.asked[4:]) == {1}
    assert len(wallet.asked) <= 6
    assert reasons(outcome) == {None: 5, NO_BUDGET: 495}


def test_without_any_money_the_ledger_is_asked_a_few_times() -> None:
    wallet = Wallet(0)
    llm = FakeLLM()

    outcome = run(studies(500), llm, reserve=wallet.reserve)

    assert wallet.asked == [20, 10, 5, 3, 2, 1]
    assert outcome.warnings == (f"500 papers have an extractive summary: {NO_BUDGET}",)


def test_the_best_papers_are_served_first() -> None:
    wallet = Wallet(8)
    llm = FakeLLM()

    outcome = run(studies(40), llm, max_papers_per_request=4, reserve=wallet.reserve)

    assert [i for i, s in outcome.summaries.items() if s.fell_back is None] == [study(n).id for n in range(8)]


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_summaries_are_handed_over_before_their_request_is_booked() -> None:
    events: list[str] = []

    run(
        studies(4),
        FakeLLM(),
        max_papers_per_request=2,
        on_done=lambda done: events.append(f"{len(done)} summaries"),
        settle=lambda _, log: events.append(log.outcome),
    )

    assert events == ["2 summaries", "ok", "2 summaries", "ok"]


def test_every_request_that_was_reserved_is_settled_once() -> None:
    reserved: list[Prompt] = []
    settled: list[tuple[int, Prompt]] = []
    rnd = random.Random(7)
    llm = FakeLLM(now_and_then(rnd), concurrency=4)

    def reserve(prompt: Prompt) -> Reservation:
        reserved.append(prompt)
        return Reservation(number=len(reserved) - 1, most_usd=None)

    run(studies(200), llm, reserve=reserve, settle=lambda one, log: settled.append((one.number, log.prompt)))

    assert sorted(map(id, reserved)) == sorted(map(id, llm.prompts))
    assert sorted(number for number, _ in settled) == list(range(len(reserved)))
    assert all(prompt is reserved[number] for number, prompt in settled)


def test_an_interrupted_run_settles_nothing_that_is_under_way() -> None:
    def interrupt(prompt: Prompt) -> Reservation:
        if llm.prompts:
            raise KeyboardInterrupt
        return Reservation(number=0, most_usd=None)

    def hang(prompt: Prompt) -> Completion:
        over.wait(30)
        return obedient(prompt)

    over = threading.Event()
    logs: list[RequestLog] = []
    llm = FakeLLM(hang, concurrency=1)
    llm.concurrency = 2

    with pytest.raises(KeyboardInterrupt):
        run(studies(4), llm, max_papers_per_request=2, reserve=interrupt, settle=lambda _, log: logs.append(log))
    over.set()

    assert logs == []


def test_a_bug_is_not_taken_for_a_bad_model() -> None:
    def bug(prompt: Prompt) -> Completion:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run([study(1)], FakeLLM(bug))


# --- what bad answers cost --------------------------------------------------------------------------------------------


def long_study(n: int) -> Paper:
    """As long as abstracts are."""
    return replace(
        study(n), abstract=f"{study(n).abstract} {'All of it was done with much care by many people. ' * 25}"
    )


def short_items(prompt: Prompt) -> list[dict[str, Any]]:
    return [{**item, "points": item["points"][:1]} for item in items_of(prompt)]


Items = list[dict[str, Any]]
FAULTS: dict[str, Callable[[Items], Items]] = {
    "missing": lambda items: items[:7] + items[8:13] + items[14:],
    "extra": lambda items: [*items, {**items[0], "id": "21"}, {**items[1], "id": "0"}],
    "duplicated": lambda items: [*items, *items[3:6]],
    "swapped": lambda items: [{**items[1], "id": "1"}, {**items[0], "id": "2"}, *items[2:]],
    "invented": lambda items: [
        *items[:10],
        {"id": "x7", "tldr": "We invent.", "points": [], "topics": []},
        *items[10:],
    ],
    "re-cased": lambda items: [{"ID": f"#{item['id']} ABCD", "TLDR": item["tldr"], "Points": []} for item in items],
    "in another order": lambda items: items[::-1],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_ids_gone_wrong_cost_a_quarter_more_at_most_and_put_no_summary_on_the_wrong_paper(fault: str) -> None:
    texts: list[str] = []

    def behave(prompt: Prompt) -> Completion:
        items = short_items(prompt)
        completion = answer(FAULTS[fault](items) if len(items) == 20 else items)
        texts.append(completion.text)
        return completion

    llm = FakeLLM(behave)
    papers = [long_study(n) for n in range(20)]

    outcome = run(papers, llm, system="A word of the fixed part. " * 40)

    assert all(
        summary.tldr == f"{p.abstract.split('. ')[0]}."
        for p, summary in zip(papers, outcome.summaries.values(), strict=True)
    )
    asked = [p.id for prompt in llm.prompts[1:] for p in prompt.batch.papers]
    assert len(asked) == len(set(asked)) <= 2
    first, *later = [len(prompt.system) + len(prompt.user) for prompt in llm.prompts]
    assert sum(later) <= 0.25 * first
    assert sum(map(len, texts[1:])) <= 0.25 * len(texts[0])


@pytest.mark.parametrize("where", ["20 x 0", *(f"{share} %" for share in range(1, 100, 2))])
def test_an_answer_cut_anywhere_is_never_asked_for_as_it_was(where: str) -> None:
    def cut(prompt: Prompt) -> Completion:
        whole = obedient(prompt)
        if len(prompt.batch.papers) == 1:
            return whole
        place = 0 if where == "20 x 0" else len(whole.text) * int(where.split()[0]) // 100
        return replace(whole, text=whole.text[:place], finish_reason="length")

    llm = FakeLLM(cut, concurrency=64)

    outcome = run(studies(20), llm)

    assert llm.most_often_asked == 1
    assert outcome.usage.fell_back == 0
    assert rounds(llm) <= 6


def rounds(llm: FakeLLM) -> int:
    """In how many requests, one after the other, a paper was."""
    return most_for_one_paper(llm)


def test_one_paper_that_is_cut_off_is_not_asked_for_again() -> None:
    llm = FakeLLM(lambda prompt: replace(obedient(prompt), text='{"papers": [{"id": "1", "tl', finish_reason="length"))

    outcome = run([study(1)], llm)

    assert llm.sizes == [1]
    assert reasons(outcome) == {"the model's answer was cut off": 1}


@pytest.mark.parametrize("culprit", range(20))
@pytest.mark.parametrize(
    "refusal",
    [
        lambda _: Completion(text="I'm sorry, I can't help with that."),
        lambda _: Completion(text="", finish_reason="content_filter"),
        fail("HTTP 400 (content_policy_violation)"),
    ],
)
def test_one_paper_that_is_refused_costs_ten_requests_and_no_other_paper(culprit: int, refusal: Behaviour) -> None:
    def refuse(prompt: Prompt) -> Completion:
        return (refusal if study(culprit) in prompt.batch.papers else obedient)(prompt)

    llm = FakeLLM(refuse)

    outcome = run(studies(20), llm)

    assert len(llm.prompts) - 1 <= 10
    assert [i for i, s in outcome.summaries.items() if s.fell_back] == [study(culprit).id]
