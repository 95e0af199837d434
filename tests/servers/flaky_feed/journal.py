"""What the server saw, in order and for good, and what it says about a client's manners."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]
"""`event` is `request` (written before a byte of its reply goes out), `sent` (it has ended), `canary` or `stalled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one host was treated."""

    requests: int
    unconditional: int
    most_at_once: int
    """Requests that were open at the same moment."""
    shortest_gap_s: float | None
    """From the end of a reply to the next request; None for a single request. Negative where two overlapped."""


class Journal:
    """An append-only list of entries, and a file of JSON lines beside it if wanted. Thread-safe."""

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._path = path
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def write(self, event: str, **values: Any) -> int:
        """Append an entry; its number is what comes back."""
        with self._lock:
            number = len(self._entries)
            # `t`: the server's clock can be set, and gaps must not change with it.
            entry = {"n": number, "event": event, "t": round(time.monotonic() - self._began, 6), **values}
            self._entries.append(entry)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            return number

    @property
    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries)

    def requests(self, path: str | None = None) -> list[Entry]:
        """The requests, in order; those for *path* alone, whatever their query, if it is given."""
        return [e for e in self.entries if e["event"] == "request" and (path is None or e["path"] == path)]

    def touches(self) -> list[Entry]:
        """Connections that were made to a canary."""
        return [e for e in self.entries if e["event"] == "canary"]

    def manners(self, group: Callable[[str], str] = lambda host: host) -> dict[str, Manners]:
        """How each host was treated, by what the `Host` header said."""
        return manners(self.entries, group)


def manners(entries: Iterable[Entry], group: Callable[[str], str] = lambda host: host) -> dict[str, Manners]:
    """Gaps and parallel requests for each host, out of a journal; hosts that *group* calls the same count as one."""
    hosts: dict[int, str] = {}
    asked: Counter[str] = Counter()
    bare: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    at_once: Counter[str] = Counter()
    ended: dict[str, float] = {}
    gaps: dict[str, float] = {}
    for entry in entries:
        if entry["event"] == "request":
            host = hosts[entry["n"]] = group(entry["host"])
            if asked[host]:
                gap = -1.0 if still_open[host] else entry["t"] - ended[host]
                gaps[host] = min(gap, gaps.get(host, gap))
            asked[host] += 1
            bare[host] += not entry["conditional"]
            still_open[host] += 1
            at_once[host] = max(at_once[host], still_open[host])
        elif entry["event"] == "sent":
            host = hosts[entry["of"]]
            still_open[host] -= 1
            ended[host] = entry["t"]
    return {
        host: Manners(
            requests=asked[host],
            unconditional=bare[host],
            most_at_once=at_once[host],
            shortest_gap_s=gaps.get(host),
        )
        for host in sorted(asked)
    }
