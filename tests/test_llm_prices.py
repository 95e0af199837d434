"""What a request costs, and what it may cost at most."""

from __future__ import annotations

from datetime import date

import pytest

from digest.core.models import Completion
from digest.llm.prices import price_of, read_prices


def test_the_table_has_a_date_and_sensible_prices() -> None:
    prices = read_prices()

    assert prices.date >= date(2025, 9, 1)
    assert len(prices.models) >= 8
    assert all(0 < price.cached_input <= price.input < price.output for price in prices.models.values())


def test_cached_tokens_cost_what_cached_tokens_cost() -> None:
    price = price_of("gpt-5-mini")

    assert price is not None
    answer = Completion(text="", input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    assert price.cost_usd(answer) == pytest.approx(0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2.00)


def test_no_answer_within_its_limits_costs_more_than_the_most() -> None:
    price = price_of("gpt-4o")

    assert price is not None
    answer = Completion(text="", input_tokens=5000, cached_tokens=100, output_tokens=900)
    assert price.cost_usd(answer) < price.most_usd(5000, 900)


@pytest.mark.parametrize("model", ["gpt-5-mini-2025-08-07", "gpt-5-mini-latest"])
def test_a_dated_version_costs_what_its_model_does(model: str) -> None:
    assert price_of(model) == price_of("gpt-5-mini")


@pytest.mark.parametrize("model", ["gpt-5-pro", "gpt-5-mini-search", "ft:gpt-4o-mini:me::x", "llama-3", "gpt", ""])
def test_a_model_that_is_not_in_the_table_has_no_price(model: str) -> None:
    assert price_of(model) is None


def test_a_price_of_ones_own_goes_before_the_table() -> None:
    price = price_of("gpt-5-mini-2025-08-07", {"gpt-5-mini": (1.0, 0.5, 3.0)})

    assert price is not None
    assert price.most_usd(1_000_000, 1_000_000) == 4.0
