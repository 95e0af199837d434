"""What is reserved before a request goes out, and what is booked of it after."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from digest.core.models import Batch, Completion, Prompt
from digest.core.summaries.ledger import Ceilings, Reservation
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarize import RequestLog
from digest.llm.prices import Price
from digest.store import SqlStore
from digest.summarizers.budget import Budget
from tests.conftest import NOON
from tests.fakes.llm import FakeLLM, studies

PRICE = Price(input=1.0, cached_input=0.1, output=10.0, batch=0.5)


@pytest.fixture
def store() -> Iterator[SqlStore]:
    with SqlStore.open("sqlite://") as store:
        yield store


def budget(store: SqlStore, **changes: Any) -> Budget:
    options: dict[str, Any] = {
        "store": lambda: store,
        "clock": lambda: NOON,
        "llm": FakeLLM(),
        "price": PRICE,
        "ceilings": Ceilings,
        "run": "1",
        "edition": "daily",
        "prompt": "p",
    }
    return Budget(**{**options, **changes})


def asked(papers: int = 3) -> Prompt:
    return prompt_for(Batch(papers=tuple(studies(papers))), system="Sum up.", nonce="ABCD")


def booked(mine: Budget, prompt: Prompt) -> Reservation:
    reservation = mine.reserve(prompt)
    assert reservation is not None
    return reservation


def most(prompt: Prompt) -> float:
    return (len(prompt.system) + len(prompt.user) + 10 * prompt.max_output_tokens) / 1e6


ANSWER = Completion(text="", input_tokens=1000, cached_tokens=400, output_tokens=100)
COST = (600 + 40 + 1000) / 1e6


def test_a_plan_says_who_asks_whom_what_for_and_at_what_price_at_the_most(store: SqlStore) -> None:
    prompt = asked()

    plan = budget(store, purpose="overview", mode="batch").plan(prompt)

    assert (plan.at, plan.run, plan.edition, plan.client, plan.model) == (NOON, "1", "daily", "openai", "fake-1")
    assert (plan.prompt, plan.purpose, plan.mode, plan.papers) == ("p", "overview", "batch", 3)
    assert plan.most_usd == pytest.approx(most(prompt) / 2)
    assert budget(store).plan(prompt).most_usd == pytest.approx(most(prompt))
    assert (budget(store).plan(prompt).purpose, budget(store).plan(prompt).mode) == ("summaries", "direct")
    assert budget(store, price=None).plan(prompt).most_usd is None


def test_what_is_reserved_is_booked_until_it_is_settled_at_what_it_cost(store: SqlStore) -> None:
    mine, prompt = budget(store), asked()

    reservation = booked(mine, prompt)
    reserved = store.spent_usd(NOON)
    mine.settle(reservation, RequestLog(prompt=prompt, completion=ANSWER, outcome="ok", summaries=3))

    assert reserved == pytest.approx(most(prompt), abs=1e-9)
    assert store.spent_usd(NOON) == pytest.approx(COST, abs=1e-9)
    assert reservation.most_usd == pytest.approx(most(prompt))
    assert (mine.usage.cost_usd, mine.usage.in_doubt_usd) == (pytest.approx(COST), 0.0)
    assert (mine.usage.requests, mine.usage.input_tokens, mine.usage.output_tokens) == (1, 1000, 100)


def test_several_requests_are_summed_and_each_settles_its_own(store: SqlStore) -> None:
    mine, prompts = budget(store), [asked(n) for n in (1, 2, 3)]
    reservations = [booked(mine, prompt) for prompt in prompts]
    for n in (1, 0):
        mine.settle(reservations[n], RequestLog(prompt=prompts[n], completion=ANSWER, outcome="ok"))

    assert mine.usage.cost_usd == pytest.approx(2 * COST)
    assert store.spent_usd(NOON) == pytest.approx(2 * COST + most(prompts[2]), abs=1e-8)


def test_equal_requests_that_are_under_way_together_are_settled_one_by_one(store: SqlStore) -> None:
    mine, prompts = budget(store), [asked() for _ in range(40)]
    answers = [replace(ANSWER, output_tokens=n) for n in range(len(prompts))]

    def ask(n: int) -> None:
        mine.settle(booked(mine, prompts[n]), RequestLog(prompt=prompts[n], completion=answers[n], outcome=f"{n}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(len(prompts))))

    assert (mine.usage.requests, mine.usage.output_tokens) == (40, sum(range(40)))
    assert store.spent_usd(NOON) == pytest.approx(mine.usage.cost_usd, abs=1e-7)


def test_what_the_budget_does_not_reach_is_not_reserved(store: SqlStore) -> None:
    prompt = asked()
    mine = budget(store, ceilings=lambda: Ceilings(run_usd=1.5 * most(prompt)))

    assert mine.reserve(prompt) is not None
    assert mine.reserve(asked()) is None
    assert store.spent_usd(NOON) == pytest.approx(most(prompt), abs=1e-9)


def test_without_an_answer_the_reservation_stays_only_if_it_may_have_been_billed(store: SqlStore) -> None:
    mine, billed, free = budget(store), asked(2), asked(3)
    first, second = booked(mine, billed), booked(mine, free)

    mine.settle(first, RequestLog(prompt=billed, completion=None, outcome="no answer", may_be_billed=True))
    mine.settle(second, RequestLog(prompt=free, completion=None, outcome="HTTP 503"))

    assert (mine.usage.cost_usd, mine.usage.in_doubt_usd) == (0.0, pytest.approx(most(billed)))
    assert store.spent_usd(NOON) == pytest.approx(most(billed), abs=1e-9)


def test_without_a_price_nothing_is_known_of_the_cost_but_the_tokens_are(store: SqlStore) -> None:
    mine, prompt, lost = budget(store, price=None), asked(), asked()
    first, second = booked(mine, prompt), booked(mine, lost)
    mine.settle(first, RequestLog(prompt=prompt, completion=ANSWER, outcome="ok", summaries=2, failed={"missing": 1}))
    mine.settle(second, RequestLog(prompt=lost, completion=None, outcome="HTTP 503", may_be_billed=True))

    assert (mine.usage.cost_usd, mine.usage.in_doubt_usd) == (0.0, 0.0)
    assert [(c.check, c.failed, c.asked) for c in store.checks(NOON)] == [("missing", 1, 3)]
    assert mine.result(None, outcome="HTTP 503").cost_usd is None


def test_what_a_request_would_cost_is_reckoned_and_not_booked(store: SqlStore) -> None:
    prompt = asked()
    given = len(prompt.system) + len(prompt.user)

    found = budget(store).reckon(prompt, output_tokens=300)

    assert (found.input_tokens, found.most_usd) == (given, pytest.approx(most(prompt)))
    assert found.likely_usd == pytest.approx((given + 10 * 300) / 1e6)
    assert budget(store, price=None).reckon(prompt, output_tokens=300).likely_usd is None
    flexible = budget(store, price=replace(PRICE, flex=0.5), tier="flex").reckon(prompt, output_tokens=300)
    assert flexible.likely_usd == pytest.approx(found.likely_usd / 2)
    assert store.spent_usd(NOON) == 0.0


def test_a_result_holds_what_the_server_counted(store: SqlStore) -> None:
    result = budget(store).result(ANSWER, outcome="2 missing")

    assert (result.input_tokens, result.cached_tokens, result.output_tokens) == (1000, 400, 100)
    assert (result.outcome, result.cost_usd) == ("2 missing", pytest.approx(COST))
    assert budget(store, mode="batch").result(ANSWER, outcome="ok").cost_usd == pytest.approx(COST / 2)


@pytest.mark.parametrize(("may_be_billed", "cost"), [(True, None), (False, 0.0)])
def test_a_result_without_an_answer_costs_nothing_or_nobody_knows(
    store: SqlStore, may_be_billed: bool, cost: float | None
) -> None:
    result = budget(store).result(None, outcome="no answer", may_be_billed=may_be_billed)

    assert (result.cost_usd, result.outcome) == (cost, "no answer")
    assert (result.input_tokens, result.cached_tokens, result.output_tokens) == (0, 0, 0)


def test_a_failure_is_not_billed_unless_it_is_said(store: SqlStore) -> None:
    assert budget(store).result(None, outcome="HTTP 503").cost_usd == 0.0
