"""The ledger: what is reserved before a request goes out, and what it cost in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.errors import StoreError
from digest.core.models import Batch, Overview, OverviewSentence, Prompt, SummaryKey
from digest.core.summaries.ledger import Ceilings, HandoverState, RequestResult
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.support.store_values import DAY, plan, start

pytest_plugins = ("tests.support.store_fixtures",)

OK = RequestResult(input_tokens=1000, cached_tokens=200, output_tokens=300, cost_usd=0.01, outcome="ok")


def prompts(n: int) -> list[Prompt]:
    return [
        Prompt(system="Do.", user=f"#1 ABCD {i}", batch=Batch(papers=(paper(i),)), nonce="ABCD", max_output_tokens=9)
        for i in range(n)
    ]


def handover(store: SqlStore, n: int = 2, **changes: Any):  # type: ignore[no-untyped-def]
    arguments: dict[str, Any] = {
        "name": "digest-1",
        "edition": "daily",
        "day": DAY,
        "language": "en",
        "prompts": prompts(n),
        "plans": [plan(0.1, mode="batch")] * n,
        "ceilings": Ceilings(),
        "at": NOON,
    }
    return store.save_handover(**{**arguments, **changes})


# -- budgets


def test_what_is_reserved_counts_until_it_is_known_what_it_cost(store: SqlStore) -> None:
    number = store.reserve_request(plan(0.5), Ceilings())
    assert number is not None
    before = store.spent_usd(NOON)

    store.settle_request(number, OK)

    assert (before, store.spent_usd(NOON)) == (0.5, 0.01)


def test_a_request_that_may_have_been_billed_counts_in_full(store: SqlStore) -> None:
    number = store.reserve_request(plan(0.5), Ceilings())
    assert number is not None

    store.settle_request(number, RequestResult(outcome="no answer came in time"))

    assert store.spent_usd(NOON) == 0.5


@pytest.mark.parametrize("ceilings", [Ceilings(run_usd=0.3), Ceilings(month_usd=0.3)], ids=["run", "month"])
def test_a_budget_is_used_to_its_last_cent_and_no_further(store: SqlStore, ceilings: Ceilings) -> None:
    # As floats, 0.1 + 0.1 + 0.1 is more than 0.3.
    taken = [store.reserve_request(plan(0.1), ceilings) is not None for _ in range(4)]

    assert taken == [True, True, True, False]
    assert store.spent_usd(NOON) == 0.3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 0.4), max_size=12), st.floats(0, 1))
def test_no_sequence_of_requests_breaks_a_budget(costs: list[float], budget: float) -> None:
    with SqlStore.open("sqlite://") as store:
        for cost in costs:
            store.reserve_request(plan(cost), Ceilings(run_usd=budget))

        assert store.spent_usd(NOON) <= budget


def test_a_run_has_its_own_budget(store: SqlStore) -> None:
    ceilings = Ceilings(run_usd=0.1, month_usd=0.25, month_start=NOON)
    taken = [store.reserve_request(plan(0.1, run=run), ceilings) for run in ("1", "1", "2", "3")]

    assert [number is not None for number in taken] == [True, False, True, False]
    assert store.spent_usd(NOON, run="2") == 0.1


def test_last_months_requests_are_not_this_months(store: SqlStore) -> None:
    month = Ceilings(month_usd=0.1, month_start=NOON)
    store.reserve_request(plan(0.1, at=NOON - timedelta(seconds=1)), Ceilings())

    assert store.reserve_request(plan(0.1), month) is not None
    assert store.spent_usd(NOON) == 0.1
    assert store.spent_usd(NOON - timedelta(days=1)) == 0.2


def test_what_has_no_price_or_costs_nothing_is_booked_whatever_the_budget(store: SqlStore) -> None:
    store.reserve_request(plan(0.2), Ceilings())

    assert store.reserve_request(plan(None), Ceilings(run_usd=0.1)) is not None
    assert store.reserve_request(plan(0.0), Ceilings(run_usd=0.1)) is not None
    assert store.status(since=NOON).requests == 3


def test_what_a_handover_is_awaited_for_is_in_doubt_only_if_it_never_came(store: SqlStore) -> None:
    def told() -> tuple[float, float, float]:
        found = store.status(since=NOON)
        return found.cost_usd, found.awaited_usd, found.in_doubt_usd

    opened = handover(store)
    assert opened is not None
    store.reserve_request(plan(0.3), Ceilings())
    before = told()

    store.settle_request(opened.requests[0], OK)
    store.settle_request(opened.requests[1], RequestResult(outcome="not answered"))
    store.mark_handover(opened.pk, HandoverState.DONE)

    assert before == (0.5, 0.2, 0.3)
    assert told() == (0.41, 0.0, 0.4)


def test_less_than_a_billionth_of_a_dollar_is_not_lost(store: SqlStore) -> None:
    for _ in range(3):
        store.reserve_request(plan(1e-12), Ceilings())

    assert store.spent_usd(NOON) == 3e-9


def test_the_month_counts_from_its_first_moment_and_without_one_since_ever(store: SqlStore) -> None:
    store.reserve_request(plan(0.1), Ceilings())
    store.reserve_request(plan(0.1, at=NOON - timedelta(days=400)), Ceilings())

    assert store.reserve_request(plan(0.1), Ceilings(month_usd=0.19, month_start=NOON)) is None
    assert store.reserve_request(plan(0.1), Ceilings(month_usd=0.29)) is None
    assert store.reserve_request(plan(0.1), Ceilings(month_usd=0.2, month_start=NOON)) is not None


@pytest.mark.parametrize(
    ("cost", "budget", "taken"),
    [(0.1000000001, 0.1, False), (0.1, 0.1000000001, True), (0.1, 0.0999999999, False), (0.0999999999, 0.1, True)],
)
def test_a_cost_is_rounded_up_and_a_budget_down(store: SqlStore, cost: float, budget: float, taken: bool) -> None:
    assert (store.reserve_request(plan(cost), Ceilings(run_usd=budget)) is not None) is taken


def test_the_plans_of_a_handover_are_one_sum_and_those_without_a_price_are_not_in_it(store: SqlStore) -> None:
    plans = [plan(0.1, run="7"), plan(None, run="7"), plan(0.1, run="7")]

    assert handover(store, 3, plans=plans, ceilings=Ceilings(run_usd=0.19)) is None
    assert handover(store, 3, plans=plans, ceilings=Ceilings(run_usd=0.2)) is not None
    assert store.spent_usd(NOON, run="7") == 0.2


def test_the_budget_of_a_handovers_run_is_that_of_its_own_requests(store: SqlStore) -> None:
    store.reserve_request(plan(0.1, run="7"), Ceilings())

    assert handover(store, 1, plans=[plan(0.1, run="7")], ceilings=Ceilings(run_usd=0.15)) is None
    assert handover(store, 1, plans=[plan(0.1, run="8")], ceilings=Ceilings(run_usd=0.15)) is not None


# -- what is told of them


def settled(store: SqlStore, result: RequestResult | None = OK, *, summaries: int = 4, **changes: Any) -> None:
    """A request that may cost 0.5, and what came of it; None: it is under way."""
    number = store.reserve_request(plan(changes.pop("most_usd", 0.5), **changes), Ceilings())
    assert number is not None
    if result is not None:
        store.settle_request(number, result, summaries=summaries)


def told(store: SqlStore, since: timedelta = timedelta(), until: timedelta = timedelta(days=1)) -> Any:
    return store.spending(NOON + since, NOON + until, zone=UTC)


def test_the_sums_of_a_day_are_those_of_its_requests(store: SqlStore) -> None:
    settled(store)
    settled(store, replace(OK, input_tokens=7, cached_tokens=3, output_tokens=2, cost_usd=0.5), summaries=5)

    [row] = told(store)

    assert (row.day, row.client, row.model, row.mode) == (NOON.date(), "openai", "m", "direct")
    assert (row.requests, row.failed, row.papers, row.summaries) == (2, 0, 10, 9)
    assert (row.input_tokens, row.cached_tokens, row.output_tokens) == (1007, 203, 302)
    assert (row.cost_usd, row.in_doubt_usd, row.unpriced) == (0.51, 0.0, 0)


def test_what_is_under_way_is_in_doubt_and_has_not_failed(store: SqlStore) -> None:
    settled(store, None)

    [row] = told(store)

    assert (row.requests, row.failed, row.summaries) == (1, 0, 0)
    assert (row.input_tokens, row.cached_tokens, row.output_tokens) == (0, 0, 0)
    assert (row.cost_usd, row.in_doubt_usd, row.unpriced) == (0.0, 0.5, 0)


def test_what_may_have_been_billed_is_in_doubt_and_has_failed(store: SqlStore) -> None:
    settled(store, RequestResult(outcome="no answer"), summaries=0)
    settled(store)

    [row] = told(store)

    assert (row.requests, row.failed, row.cost_usd, row.in_doubt_usd) == (2, 1, 0.01, 0.5)


def test_what_cost_nothing_for_sure_is_not_in_doubt(store: SqlStore) -> None:
    settled(store, RequestResult(outcome="refused", cost_usd=0.0), summaries=0)

    [row] = told(store)

    assert (row.failed, row.cost_usd, row.in_doubt_usd, row.unpriced) == (1, 0.0, 0.0, 0)


def test_what_has_no_price_is_counted_and_not_summed(store: SqlStore) -> None:
    settled(store, replace(OK, cost_usd=None), most_usd=None)
    settled(store, None, most_usd=None)
    settled(store)

    [row] = told(store)

    assert (row.unpriced, row.cost_usd, row.in_doubt_usd) == (2, 0.01, 0.0)


def test_a_request_for_something_else_than_summaries_fails_if_it_brings_nothing(store: SqlStore) -> None:
    settled(store, purpose="overview", summaries=0)
    settled(store, replace(OK, output_tokens=0), purpose="overview", summaries=0)

    [row] = told(store)

    assert (row.requests, row.failed, row.papers, row.summaries) == (2, 1, 0, 0)


def test_days_models_and_modes_have_rows_of_their_own_in_order(store: SqlStore) -> None:
    settled(store, model="n")
    settled(store, mode="batch")
    settled(store, client="replay")
    settled(store)
    settled(store, at=NOON + timedelta(hours=13))

    rows = told(store)

    assert [(r.day - NOON.date(), r.client, r.model, r.mode) for r in rows] == [
        (timedelta(0), "openai", "m", "batch"),
        (timedelta(0), "openai", "m", "direct"),
        (timedelta(0), "openai", "n", "direct"),
        (timedelta(0), "replay", "m", "direct"),
        (timedelta(days=1), "openai", "m", "direct"),
    ]


def test_what_was_asked_at_the_first_moment_counts_and_at_the_last_does_not(store: SqlStore) -> None:
    settled(store)

    assert len(told(store)) == 1
    assert told(store, since=timedelta(seconds=1)) == ()
    assert told(store, since=timedelta(seconds=-1), until=timedelta()) == ()
    assert len(told(store, since=timedelta(seconds=-1), until=timedelta(seconds=1))) == 1


def test_a_request_brings_no_summary_unless_it_is_said(store: SqlStore) -> None:
    number = store.reserve_request(plan(0.5), Ceilings())
    assert number is not None
    store.settle_request(number, OK)

    [row] = told(store)

    assert (row.summaries, row.failed) == (0, 1)


def test_a_check_that_failed_no_paper_is_not_counted(store: SqlStore) -> None:
    number = store.reserve_request(plan(0.5), Ceilings())
    assert number is not None
    store.settle_request(number, OK, summaries=4, failed={"numbers": 0, "missing": 1})

    assert [(c.check, c.failed, c.asked) for c in store.checks(NOON)] == [("missing", 1, 5)]


def test_a_check_of_earlier_requests_is_not_counted(store: SqlStore) -> None:
    for at in (NOON - timedelta(seconds=1), NOON):
        number = store.reserve_request(plan(0.5, at=at), Ceilings())
        assert number is not None
        store.settle_request(number, OK, summaries=4, failed={"missing": 1})

    assert [(c.client, c.failed, c.asked) for c in store.checks(NOON)] == [("openai", 1, 5)]


def test_processes_at_once_never_overdraw(url: str) -> None:
    script = """
import sys
from datetime import UTC, datetime
from digest.core.summaries.ledger import Ceilings, RequestPlan
from digest.store import SqlStore
store = SqlStore.open(sys.argv[1])
plan = RequestPlan(at=datetime.now(UTC), run="1", edition="daily", client="openai", model="m", prompt="p",
                   purpose="summaries", papers=1, most_usd=0.01)
sys.stdin.readline()
print(sum(store.reserve_request(plan, Ceilings(run_usd=0.25)) is not None for _ in range(20)))
"""
    processes = [start(script, url) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    answers = [process.communicate(timeout=60) for process in processes]

    assert sum(int(taken) for taken, _ in answers) == 25, answers
    with SqlStore.open(url) as store:
        assert store.spent_usd(NOON - timedelta(days=365), run="1") == 0.25


def test_a_process_that_dies_leaves_what_it_reserved_booked(url: str) -> None:
    script = """
import os, sys
from datetime import UTC, datetime
from digest.core.summaries.ledger import Ceilings, RequestPlan
from digest.store import SqlStore
plan = RequestPlan(at=datetime.now(UTC), run="1", edition="daily", client="openai", model="m", prompt="p",
                   purpose="summaries", papers=1, most_usd=0.2)
SqlStore.open(sys.argv[1]).reserve_request(plan, Ceilings())
os.kill(os.getpid(), 9)
"""
    start(script, url).communicate(timeout=60)

    with SqlStore.open(url) as store:
        assert store.spent_usd(NOON, run="1") == 0.2
        assert store.reserve_request(plan(0.2), Ceilings(run_usd=0.3)) is None


# -- servers and overviews


def test_what_was_learned_of_a_server_is_remembered_for_a_month(store: SqlStore, clock: FakeClock) -> None:
    store.save_learned("http://127.0.0.1", {"schema": True})
    store.save_learned("http://127.0.0.1", {"schema": False, "limits": [1, None]})
    clock.advance(days=30)
    within = store.learned("http://127.0.0.1")
    clock.advance(seconds=1)

    assert within == {"schema": False, "limits": [1, None]}
    assert store.learned("http://127.0.0.1") == {}
    assert store.learned("http://example.org") == {}


def test_what_a_wrong_clock_learned_far_ahead_is_not_believed(store: SqlStore, clock: FakeClock) -> None:
    clock.advance(days=1400)
    store.save_learned("http://127.0.0.1", {"schema": False})
    clock.advance(days=-1400)

    assert store.learned("http://127.0.0.1") == {}


def test_an_overview_is_paid_for_once(store: SqlStore) -> None:
    key = SummaryKey(content="day", client="openai", model="m", prompt="p", language="en")
    first = Overview(sentences=(OverviewSentence(text="One.", papers=(paper(1).id,)),), client="openai", model="m")

    store.save_overview(key, first)
    store.save_overview(key, Overview(sentences=(), client="openai"))

    assert store.overview(key) == first
    assert store.overview(SummaryKey(content="day", client="openai", model="m", prompt="p", language="de")) is None


# -- handovers


def test_a_handover_is_found_again_as_it_was_written_down(store: SqlStore) -> None:
    saved = handover(store, 3)

    [found] = store.open_handovers()

    assert found == saved
    assert found.state is HandoverState.SUBMITTING
    assert found.prompts == tuple(prompts(3))
    assert len(set(found.requests)) == 3
    assert store.spent_usd(NOON) == pytest.approx(0.3)


def test_a_handover_that_could_break_a_budget_leaves_nothing(store: SqlStore) -> None:
    assert handover(store, 3, ceilings=Ceilings(run_usd=0.29)) is None

    assert store.open_handovers() == ()
    assert store.spent_usd(NOON) == 0


def test_an_open_handover_knows_its_provider_and_one_that_is_done_is_not_open(store: SqlStore) -> None:
    one, two = handover(store), handover(store, name="digest-2", at=NOON + timedelta(hours=1))

    store.mark_handover(two.pk, HandoverState.OPEN, provider_id="batch_2")
    store.mark_handover(one.pk, HandoverState.DONE)

    assert [(h.name, h.provider_id, h.state) for h in store.open_handovers()] == [
        ("digest-2", "batch_2", HandoverState.OPEN)
    ]


def test_a_lost_handover_costs_what_was_settled_of_it(store: SqlStore) -> None:
    lost = handover(store)
    store.settle_request(lost.requests[0], OK)

    store.mark_handover(lost.pk, HandoverState.LOST)

    assert store.spent_usd(NOON) == 0.01
    assert store.open_handovers() == ()


def test_two_handovers_have_two_names(store: SqlStore) -> None:
    handover(store)

    with pytest.raises(Exception, match=r"(?i)unique") as raised:
        handover(store)
    assert not isinstance(raised.value, StoreError)
    assert store.spent_usd(NOON) == pytest.approx(0.2)


# -- checks


def test_checks_are_counted_by_model_and_prompt_beside_what_was_asked(store: SqlStore) -> None:
    for prompt, summaries, failed in (("p", 4, {"numbers": 1}), ("p", 3, {"numbers": 1, "missing": 1}), ("q", 5, {})):
        number = store.reserve_request(plan(0.1, prompt=prompt), Ceilings())
        assert number is not None
        store.settle_request(number, OK, summaries=summaries, failed=failed)
    store.reserve_request(plan(0.1), Ceilings())  # under way: nothing was checked yet

    found = [(c.model, c.prompt, c.check, c.failed, c.asked) for c in store.checks(NOON)]

    assert found == [("m", "p", "missing", 1, 10), ("m", "p", "numbers", 2, 10)]
    assert store.checks(NOON + timedelta(seconds=1)) == ()


def test_a_request_that_is_settled_twice_counts_once(store: SqlStore) -> None:
    number = store.reserve_request(plan(0.1), Ceilings())
    assert number is not None
    for _ in range(2):
        store.settle_request(number, OK, summaries=4, failed={"numbers": 1})

    assert [(c.failed, c.asked) for c in store.checks(NOON)] == [(1, 5)]
    assert store.spent_usd(NOON) == 0.01
