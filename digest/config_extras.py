"""The tables below [llm]: prices of one's own, and what a server wants besides, passed through as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from digest.config_table import Table
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

    Raises:
        ConfigError: It would change what digest itself says, or cannot be sent as JSON.
    """
    extra = table.table("extra_body")
    for name in extra:
        if name in _OURS:
            instead = f"; set {_OURS[name]} instead" if _OURS[name] else ""
            raise table.wrong("extra_body", f"{name!r} is set by digest itself{instead}")
    try:
        json.dumps(extra, allow_nan=False)
    except (TypeError, ValueError) as exc:
        raise table.wrong("extra_body", f"cannot be sent as JSON: {exc}") from exc
    return dict(extra)


def read_own_prices(table: Table) -> Mapping[str, Price]:
    """What [llm.prices."MODEL"] says that models cost.

    Raises:
        ConfigError: A price is missing, or is none.
    """
    prices = {}
    for model, data in table.table("prices").items():
        one = Table(table.file, f'[llm.prices."{model}"]', data)
        names = ("input", "cached_input", "cache_write", "output", "batch", "flex")
        given = {name: number for name in names if (number := one.number(name, None)) is not None}
        one.close()
        for name in ("input", "output"):
            if name not in given:
                raise one.wrong(name, "is missing: USD per million tokens")
        for share in ("batch", "flex"):
            if given.get(share, 1.0) > 1:
                raise one.wrong(share, "is a share of what the same request costs directly, as in 0.5")
        prices[model] = Price(**{"cached_input": given["input"], **given})
    return prices
