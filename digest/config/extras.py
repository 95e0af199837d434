"""The tables below [llm]: prices of one's own, and what a server wants besides, passed through as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from digest.config.table import Table
from digest.llm.prices import Price

_OURS: Final[Mapping[str, str]] = {
    "model": "[llm] model",
    "messages": "prompts/",
    "max_tokens": "[llm] max_papers_per_request",
    "max_completion_tokens": "[llm] max_papers_per_request",
    "reasoning_effort": "[llm] effort",
    "service_tier": "[llm] service_tier",
    "response_format": "",
    "stream": "",
    "stream_options": "",
    "prompt_cache_options": "",
    "n": "",
    "tools": "",
    "functions": "",
}
"""What digest says itself, and where that is set; nothing: it finds it out, or it would be paid for in vain."""


def read_extra_body(table: Table) -> Mapping[str, Any]:
    """What [llm.extra_body] adds to each request.

    What would change what digest itself says, or cannot be sent as JSON, is blamed and left out.
    """
    extra = {}
    for name, value in table.table("extra_body").items():
        if name in _OURS:
            instead = f"; set {_OURS[name]} instead" if _OURS[name] else ""
            table.blame("extra_body", f"{name!r} is set by digest itself{instead}")
            continue
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as exc:
            table.blame("extra_body", f"{name!r} cannot be sent as JSON: {exc}")
            continue
        extra[name] = value
    return extra


def read_own_prices(table: Table) -> Mapping[str, Price]:
    """What [llm.prices."MODEL"] says that models cost.

    A model of which a price is missing, or is none, is blamed and left out.
    """
    prices = {}
    for model, data in table.table("prices").items():
        one = table.below(f'[llm.prices."{model}"]', data)
        names = ("input", "cached_input", "cache_write", "output", "batch", "flex")
        given = {name: number for name in names if (number := one.number(name, None)) is not None}
        one.close()
        for name in ("input", "output"):
            if name not in given and not one.is_blamed(name):
                one.blame(name, "is missing: USD per million tokens")
        for share in ("batch", "flex"):
            if given.get(share, 1.0) > 1:
                one.blame(share, "is a share of what the same request costs directly, as in 0.5")
        if "input" in given and "output" in given:
            prices[model] = Price(**{"cached_input": given["input"], **given})
    return prices
