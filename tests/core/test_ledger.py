"""What is booked is said by name, stays as it was written down, and counts no tokens that nobody counted."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, astuple, fields
from datetime import date
from typing import Any

import pytest

from digest.core.summaries.ledger import (
    Ceilings,
    CheckCount,
    Handover,
    HandoverState,
    RequestPlan,
    RequestResult,
    Spending,
)
from tests.conftest import NOON

_MODEL: dict[str, Any] = {"client": "openai", "model": "m-1"}
_TOKENS: dict[str, Any] = {"input_tokens": 10, "cached_tokens": 1, "output_tokens": 5}
_PLAN: dict[str, Any] = {"at": NOON, "run": "1", "edition": "daily", "prompt": "p", "purpose": "summaries", "papers": 1}
_SPENT: dict[str, Any] = {
    "requests": 1,
    "failed": 0,
    "papers": 1,
    "summaries": 1,
    "cost_usd": 0.5,
    "in_doubt_usd": 0.0,
    "unpriced": 0,
}
_HANDOVER: dict[str, Any] = {
    "pk": 1,
    "name": "n",
    "provider_id": None,
    "state": HandoverState.OPEN,
    "edition": "daily",
    "language": "en",
}

BOOKED: list[Any] = [
    RequestPlan(**_MODEL, **_PLAN, most_usd=0.5),
    Ceilings(run_usd=0.5, month_usd=9.0),
    RequestResult(outcome="ok"),
    Spending(**_MODEL, **_TOKENS, **_SPENT, day=date(2026, 6, 3), mode="direct"),
    CheckCount(**_MODEL, prompt="p", check="missing", failed=1, asked=3),
    Handover(**_MODEL, **_HANDOVER, date=date(2026, 6, 3), prompt="p", submitted_at=NOON, prompts=(), requests=()),
]


@pytest.mark.parametrize("booked", BOOKED, ids=lambda one: type(one).__name__)
def test_what_was_booked_cannot_be_changed(booked: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(booked, fields(booked)[0].name, None)


@pytest.mark.parametrize("booked", BOOKED, ids=lambda one: type(one).__name__)
def test_no_sum_is_taken_for_another_by_its_place(booked: Any) -> None:
    with pytest.raises(TypeError, match="positional"):
        type(booked)(*astuple(booked))


def test_a_request_without_an_answer_counts_no_tokens() -> None:
    result = RequestResult(outcome="HTTP 503")

    assert (result.input_tokens, result.cached_tokens, result.output_tokens, result.cost_usd) == (0, 0, 0, None)


def test_what_may_be_spent_has_no_end_unless_one_is_given() -> None:
    assert Ceilings() == Ceilings(run_usd=None, month_usd=None, month_start=None)


def test_a_request_goes_out_directly_unless_it_is_said() -> None:
    assert BOOKED[0].mode == "direct"
