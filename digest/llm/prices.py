"""Prices of models from a dated table, and what requests cost by them."""

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
    cache_write: float | None = None
    """For the part of the input that the provider wrote to that cache. None: as other input."""
    batch: float = 1.0
    """What a request of a handover (Batch API) costs, as a share of the same one sent directly."""
    flex: float | None = None
    """The same for one that the provider's flex tier served; None: as in a handover, which is OpenAI's rule."""

    @property
    def _written(self) -> float:
        return self.input if self.cache_write is None else self.cache_write

    def cost_usd(self, completion: Completion, *, mode: str = "direct") -> float:
        """Return what an answer cost in US dollars, by the server's counts of tokens and the tier that served it."""
        cached, written = completion.cached_tokens, completion.cache_write_tokens
        fresh = max(0, completion.input_tokens - cached - written)
        asked = fresh * self.input + cached * self.cached_input + written * self._written
        total = asked + completion.output_tokens * self.output
        return self._in_mode(total * (self.share(completion.tier) if mode == "direct" else 1.0), mode)

    def share(self, tier: str | None) -> float:
        """What a direct request costs in *tier*, as a share of what it costs in the usual one."""
        if tier != "flex":
            return 1.0
        return self.batch if self.flex is None else self.flex

    def most_usd(self, input_tokens: int, max_output_tokens: int, *, mode: str = "direct") -> float:
        """Return the most that a request can cost in US dollars: without cached input, with the whole room for the
        answer used, and not in a cheaper tier."""
        dearest = max(self.input, self.cached_input, self._written)
        return self._in_mode(input_tokens * dearest + max_output_tokens * self.output, mode)

    def _in_mode(self, total: float, mode: str) -> float:
        return total / _MILLION * (self.batch if mode == "batch" else 1.0)


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


def price_of(model: str, known: Mapping[str, Price] | None = None) -> Price | None:
    """The price of *model*, under its own name or that of which it is a dated version. None: it is not known.

    `gpt-5-mini-2025-08-07` costs what `gpt-5-mini` does; `gpt-5-pro` does not cost what `gpt-5` does.

    Args:
        known: Prices of the user's own; they go before the table.
    """
    prices = {**read_prices().models, **(known or {})}
    return prices.get(model) or prices.get(_DATED.sub("", model))


_DATED: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|latest)$")
