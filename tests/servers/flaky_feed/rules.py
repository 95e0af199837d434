"""Which requests are answered in which wrong way.

As JSON: `{"action": "status", "match": "/physics*", "status": 503, "first_n": 2}`. The first rule that applies decides.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with which requests."""

    action: str
    """Name of a function in `replies.ACTIONS`."""
    match: str = "*"
    """A pattern over path and query, or over `//host/path?query`."""
    first_n: int | None = None
    """Applies to so many matching requests and no more."""
    until_ms: int | None = None
    """Applies for so long, by the server's clock, from when the rule was made."""
    probability: float = 1.0
    what: str = ""
    """The variant of the action: the name of a document, of a packing, of a way to write Retry-After."""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    to: str = ""
    """Where a redirect points; empty: to the same path, until `hops` are made."""
    hops: int = 1
    at: int = 1_000
    """Bytes of the body after which something happens."""
    seconds: float = 0.0


GOOD: Final = Rule("good")


class Rulebook:
    """The rules in force, and how often each has been used. Thread-safe."""

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rnd = random.Random(f"rules {seed}")
        self.replace(rules, now_ms=0)

    def replace(self, rules: Iterable[Rule], *, now_ms: float) -> None:
        """Let these rules be the only ones, as if new."""
        with self._lock:
            self._rules: Sequence[Rule] = tuple(rules)
            self._used = [0] * len(self._rules)
            self._since_ms = now_ms

    def decide(self, host: str, target: str, *, now_ms: float) -> Rule:
        """The rule for one request, which counts as used."""
        with self._lock:
            for place, rule in enumerate(self._rules):
                if rule.first_n is not None and self._used[place] >= rule.first_n:
                    continue
                if rule.until_ms is not None and now_ms - self._since_ms > rule.until_ms:
                    continue
                subject = f"//{host}{target}" if rule.match.startswith("//") else target
                if fnmatchcase(subject, rule.match) and self._rnd.random() < rule.probability:
                    self._used[place] += 1
                    return rule
            return GOOD


def from_json(values: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules as the control port and the command line take them."""
    return tuple(Rule(**value) for value in values)
