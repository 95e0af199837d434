"""What a request costs, and what it may cost at most."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from digest.config.read import load
from digest.core.errors import ConfigError
from digest.core.models import Completion
from digest.llm.prices import Price, price_of, read_prices


def test_the_table_has_a_date_and_sensible_prices() -> None:
    prices = read_prices()

    assert prices.date >= date(2026, 10, 27)
    assert len(prices.models) >= 20
    for price in prices.models.values():
        assert 0 < price.cached_input <= price.input / 2
        assert 4 * price.input <= price.output <= 10 * price.input
        assert price.cache_write in (None, pytest.approx(1.25 * price.input))
        assert price.batch == 0.5


def test_models_that_charge_for_their_cache_have_a_price_for_it() -> None:
    # Since GPT-5.6: https://developers.openai.com/api/docs/guides/prompt-caching
    for name, price in read_prices().models.items():
        assert (price.cache_write is not None) is name.startswith(("gpt-5.6", "gpt-6")), name


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


@pytest.mark.parametrize(
    ("price", "tier", "mode", "share"),
    [
        (Price(input=1, cached_input=1, output=2, batch=0.5), "flex", "direct", 0.5),
        (Price(input=1, cached_input=1, output=2, batch=0.5, flex=0.75), "flex", "direct", 0.75),
        (Price(input=1, cached_input=1, output=2), "flex", "direct", 1.0),
        (Price(input=1, cached_input=1, output=2, batch=0.5), "default", "direct", 1.0),
        (Price(input=1, cached_input=1, output=2, batch=0.5), None, "direct", 1.0),
        (Price(input=1, cached_input=1, output=2, batch=0.5), "flex", "batch", 0.5),
        (Price(input=1, cached_input=1, output=2, batch=0.5, flex=0.1), "flex", "batch", 0.5),
    ],
)
def test_an_answer_costs_what_the_tier_does_that_served_it(
    price: Price, tier: str | None, mode: str, share: float
) -> None:
    answer = Completion(text="", input_tokens=1_000_000, output_tokens=500_000, tier=tier)

    assert price.cost_usd(answer, mode=mode) == pytest.approx(2.0 * share)
    assert price.most_usd(1_000_000, 500_000, mode=mode) == pytest.approx(2.0 * (0.5 if mode == "batch" else 1.0))


@pytest.mark.parametrize("model", ["gpt-5-mini-2025-08-07", "gpt-5-mini-latest"])
def test_a_dated_version_costs_what_its_model_does(model: str) -> None:
    assert price_of(model) == price_of("gpt-5-mini")


@pytest.mark.parametrize("model", ["gpt-5-pro", "gpt-5-mini-search", "ft:gpt-4o-mini:me::x", "llama-3", "gpt", ""])
def test_a_model_that_is_not_in_the_table_has_no_price(model: str) -> None:
    assert price_of(model) is None


def test_a_price_of_ones_own_goes_before_the_table() -> None:
    own = Price(input=1.0, cached_input=0.5, output=3.0)

    assert price_of("gpt-5-mini-2025-08-07", {"gpt-5-mini": own}) == own


def test_input_that_is_written_to_the_cache_costs_what_that_costs() -> None:
    price = Price(input=2.0, cached_input=0.2, cache_write=2.5, output=10.0)

    answer = Completion(text="", input_tokens=1_000_000, cached_tokens=100_000, cache_write_tokens=600_000)
    assert price.cost_usd(answer) == pytest.approx(0.3 * 2.0 + 0.1 * 0.2 + 0.6 * 2.5)
    assert price.most_usd(1_000_000, 0) == 2.5


def test_a_handover_costs_its_share() -> None:
    price = Price(input=1.0, cached_input=0.5, output=3.0, batch=0.5)

    assert price.most_usd(1_000_000, 1_000_000, mode="batch") == 2.0
    assert price.most_usd(1_000_000, 1_000_000) == 4.0


# --- [llm.prices] -----------------------------------------------------------------------------------------------------


def configured(folder: Path, table: str) -> dict[str, Price]:
    text = f"""
        [[source]]
        name = "a"
        kind = "jsonl"
        url = "a.jsonl"
        [[edition]]
        name = "daily"
        [llm.prices."my-model"]
        {table}
    """
    (folder / "config.toml").write_text(text)
    return dict(load(folder / "config.toml").llm.prices)


@pytest.mark.parametrize(
    ("table", "price"),
    [
        ("input = 1\noutput = 3", Price(input=1.0, cached_input=1.0, output=3.0)),
        (
            "input = 1\ncached_input = 0.1\ncache_write = 1.25\noutput = 3\nbatch = 0.5",
            Price(input=1.0, cached_input=0.1, cache_write=1.25, output=3.0, batch=0.5),
        ),
        ("input = 0\noutput = 0", Price(input=0.0, cached_input=0.0, output=0.0)),
    ],
)
def test_prices_are_read_from_the_config(table: str, price: Price, tmp_path: Path) -> None:
    assert configured(tmp_path, table) == {"my-model": price}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("input = 1", "output is missing"),
        ("output = 1", "input is missing"),
        ("input = 1\noutput = 1\nbatch = 50", "batch is a share"),
        ("input = 1\noutput = -1", "output must not be negative"),
        ("input = 1\noutput = 1\nchached_input = 1", "did you mean cached_input"),
    ],
)
def test_a_price_that_is_none_is_refused(table: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[llm.prices") as caught:
        configured(tmp_path, table)

    assert says in str(caught.value).replace(":", "")
