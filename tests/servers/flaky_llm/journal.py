"""What the server saw, in order and for good, and what it would have charged."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

Entry = dict[str, Any]
"""Of a completion: action, status, papers (how many), keys (which), tokens, billed, body, headers; of a call of the
endpoints of handovers: endpoint and status. `event` tells which."""

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """US dollars per million tokens, as exact as they are written."""

    input: Decimal = Decimal("0.25")
    cached_input: Decimal = Decimal("0.025")
    output: Decimal = Decimal(2)
    handover: Decimal = Decimal("0.5")
    """What is charged in a handover, as a share of the same request sent directly."""
    flex: Decimal = Decimal("0.5")
    """The same in the flex tier."""

    def cost_usd(self, entry: Mapping[str, Any]) -> Decimal:
        if not entry["billed"]:
            return Decimal(0)
        cached: int = entry["cached_tokens"]
        fresh, output = entry["input_tokens"] - cached, entry["output_tokens"]
        total: Decimal = fresh * self.input + cached * self.cached_input + output * self.output
        share = self.handover if entry["mode"] == "handover" else self.flex if entry.get("tier") == "flex" else 1
        return total * share / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What was charged, and for what more than once."""

    cost_usd: Decimal
    requests: int
    """That were charged."""
    input_tokens: int
    output_tokens: int
    papers: Mapping[str, int]
    """Key of a paper → in how many charged requests it stood."""
    identical: Mapping[str, int]
    """Fingerprint of requests that came more than once, charged or not → how often."""

    @property
    def papers_twice(self) -> tuple[str, ...]:
        """Papers that stood in more than one charged request."""
        return tuple(sorted(key for key, times in self.papers.items() if times > 1))


def bill(entries: Iterable[Mapping[str, Any]], tariff: Tariff | None = None) -> Bill:
    """The bill for the completions of a journal."""
    asked = [entry for entry in entries if entry["event"] == "completion"]
    charged = [entry for entry in asked if entry["billed"]]
    fingerprints = Counter(entry["fingerprint"] for entry in asked)
    return Bill(
        cost_usd=sum((entry_cost(entry, tariff) for entry in charged), Decimal(0)),
        requests=len(charged),
        input_tokens=sum(entry["input_tokens"] for entry in charged),
        output_tokens=sum(entry["output_tokens"] for entry in charged),
        papers=Counter(key for entry in charged for key in entry["keys"]),
        identical={which: times for which, times in fingerprints.items() if times > 1},
    )


def entry_cost(entry: Mapping[str, Any], tariff: Tariff | None = None) -> Decimal:
    """What one request was charged."""
    return (tariff or Tariff()).cost_usd(entry)


def read_journal(path: Path) -> list[Entry]:
    """The entries of a journal's file; a server that was killed may have left half a line."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


class Journal:
    """Append-only, with a file of JSON lines beside it if wanted. Thread-safe."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._path = path
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def elapsed_s(self) -> float:
        """Real seconds since it was begun: the server's clock can be set, and gaps must not change with it."""
        return round(time.monotonic() - self._began, 6)

    def write(self, event: str, **values: Any) -> Entry:
        """Append an entry."""
        with self._lock:
            entry = {"n": len(self.entries), "event": event, "t": self.elapsed_s(), **values}
            self.entries.append(entry)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            return entry

    def of(self, event: str) -> list[Entry]:
        with self._lock:
            return [entry for entry in self.entries if entry["event"] == event]
