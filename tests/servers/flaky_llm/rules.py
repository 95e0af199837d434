"""Which requests are answered in which wrong way.

As JSON: `{"action": "status", "match": "a phrase", "status": 429, "first_n": 2}`. The first rule that applies decides.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with which requests."""

    action: str
    """Name of a function in `replies.ACTIONS`; at the endpoints of handovers, of one in `handovers`."""
    first_n: int | None = None
    """Applies to so many matching requests and no more."""
    probability: float = 1.0
    contains: str = ""
    """Applies to requests whose user message has this in it."""
    asks: str = ""
    """Applies to requests whose other parts have this in them: `json_schema`, `max_completion_tokens`."""
    status: int = 500
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    share: float = 1 / 3
    """Of the ids that are dropped, the text that is left, a second that is waited, or a handover that is answered."""
    what: str = ""
    """The variant of the action: the name of a fault of JSON, ids, content or usage, of a way to write Retry-After."""
    on: str = "completion"
    """`completion` (direct or in a handover), `direct`, `handover`; of the endpoints of handovers `upload`, `submit`,
    `poll`, `list`, `content`, `cancel`."""
    seconds: float = 0.0
    """Of a Retry-After, or of a delay."""
    at: int | None = None
    """Characters of the answer, or bytes of the body, after which something happens; tokens of a model's context, or of
    the longest answer."""
    until_ms: int | None = None
    """Applies for so long, by the server's clock, from when the rule was made."""


GOOD: Final = Rule("well")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a rule is chosen by."""

    on: str
    """`direct`, `handover`, or the endpoint of handovers."""
    user: str = ""
    rest: str = ""

    def fits(self, rule: Rule) -> bool:
        where = rule.on == self.on or (rule.on == "completion" and self.on in ("direct", "handover"))
        return where and rule.contains in self.user and rule.asks in self.rest


class Rulebook:
    """The rules in force, and how often each has been used. Thread-safe."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self.replace(rules, now_ms=0)

    def replace(self, rules: Iterable[Rule], *, now_ms: float) -> None:
        """Let these rules be the only ones, as if new."""
        with self._lock:
            self._rules: Sequence[Rule] = tuple(rules)
            self._used = [0] * len(self._rules)
            self._since_ms = now_ms

    def decide(self, occasion: Occasion, rnd: random.Random, *, now_ms: float) -> Rule:
        """The rule for one request, which counts as used."""
        with self._lock:
            for place, rule in enumerate(self._rules):
                if rule.first_n is not None and self._used[place] >= rule.first_n:
                    continue
                if rule.until_ms is not None and now_ms - self._since_ms > rule.until_ms:
                    continue
                if occasion.fits(rule) and rnd.random() < rule.probability:
                    self._used[place] += 1
                    return rule
            return GOOD


def from_json(values: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules as the control port and the command line take them; `match` is another word for `contains`."""
    return tuple(Rule(**{"contains" if k == "match" else k: v for k, v in value.items()}) for value in values)
