"""What requests cost, from a dated table."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from digest.core.models import Completion

TABLE: Final = Path(__file__).with_name("prices.toml")
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    input: float
    cached_input: float
    """For the part of the input that the provider's prompt cache served."""
    output: float
    batch: float = 1.0
    """What a request of a batch job costs, as a share of the same one sent directly."""

    def cost_usd(self, completion: Completion, *, mode: str = "direct") -> float:
        """What an answer cost, by the tokens that the server counted."""
        fresh = max(0, completion.input_tokens - completion.cached_tokens)
        cached = completion.cached_tokens * self.cached_input
        total = (fresh * self.input + cached + completion.output_tokens * self.output) / _MILLION
        return total * self.batch if mode == "batch" else total

    def most_usd(self, input_tokens: int, max_output_tokens: int, *, mode: str = "direct") -> float:
        """The most a request can cost: nothing of it cached, and all of the room for the answer used."""
        total = (input_tokens * max(self.input, self.cached_input) + max_output_tokens * self.output) / _MILLION
        return total * self.batch if mode == "batch" else total


FREE: Final = Price(input=0.0, cached_input=0.0, output=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A price list."""

    date: date
    """When these prices were read."""
    models: Mapping[str, Price]


@lru_cache
def read_prices(path: Path = TABLE) -> Prices:
    """Read a table in the form of `prices.toml`."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Prices(date=table["date"], models={name: Price(**price) for name, price in table["models"].items()})


def price_of(model: str, known: Mapping[str, tuple[float, float, float]] | None = None) -> Price | None:
    """The price of *model*, under its own name or that of which it is a dated version. None: it is not known.

    `gpt-5-mini-2025-08-07` costs what `gpt-5-mini` does; `gpt-5-pro` does not cost what `gpt-5` does.

    Args:
        known: Input, cached input and output of further models, in USD per million tokens; they go before the table.
    """
    own = {name: Price(input=i, cached_input=c, output=o) for name, (i, c, o) in (known or {}).items()}
    prices = {**read_prices().models, **own}
    return prices.get(model) or prices.get(_DATED.sub("", model))


_DATED: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|latest)$")
