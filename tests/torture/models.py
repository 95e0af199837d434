"""Model servers as they are, one after another: what they know, how they answer, when they refuse, how much they see.

For each: papers with the model's summary, requests, and papers that stood in more than one charged request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from digest.core.models import Paper
from digest.llm.openai import DEFAULTS, Options
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.servers.flaky_llm.dialects import THOUGHTS
from tests.torture.asking import Asked, ask
from tests.torture.figures import Figure, at_most, equal
from tests.torture.works import work


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server, and what may come of a day at it."""

    rules: Sequence[Rule]
    options: Options = DEFAULTS
    further: int = 0
    """Requests at the most, besides those that a server with no fault gets."""
    twice: bool = False
    """Papers are paid for twice, for what was seen of them the first time was too little."""
    none: bool = False
    """It answers nothing for as long as the run waits."""
    long: bool = False
    """It is asked about papers whose abstracts are long."""


def _says(status: int, said: Mapping[str, Any] | list[Any], *, first_n: int | None = None, until_s: int = 0) -> Rule:
    until_ms = until_s * 1000 or None
    return Rule("status", status=status, what="none", body=json.dumps(said), first_n=first_n, until_ms=until_ms)


_QUOTA: Final = "You exceeded your current quota, please check your plan and billing details."
_GEMINI: Final = [
    {
        "error": {
            "code": 429,
            "message": f"{_QUOTA} Please retry in 21.3s.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}],
        }
    }
]
_LOADING: Final = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
FLEX: Final = Options(service_tier="flex")

SERVERS: Final[Mapping[str, Server]] = {
    "no fault": Server(rules=()),
    **{f"thinks: {what}": Server(rules=(Rule("think", what=what),)) for what in THOUGHTS},
    "no system role": Server(rules=(Rule("dialect", what="no system role"),), further=4),
    "roles must alternate": Server(rules=(Rule("dialect", what="roles must alternate"),), further=4),
    "max_tokens up to 2048": Server(rules=(Rule("dialect", what="range of max_tokens", at=2048),), further=4),
    "max_tokens too large": Server(rules=(Rule("dialect", what="max_tokens too large", at=4096),), further=4),
    "only streams": Server(rules=(Rule("dialect", what="stream only"),), further=4),
    "only streams, without usage": Server(rules=(Rule("dialect", what="stream without usage"),), further=8),
    "knows no effort": Server(rules=(Rule("dialect", what="no effort"),), options=Options(effort="none"), further=4),
    "has no flex": Server(rules=(Rule("dialect", what="no flex"),), options=FLEX, further=4),
    "flex is full": Server(rules=(Rule("dialect", what="flex is full"),), options=FLEX, further=8),
    "a minute's quota, twice": Server(rules=(_says(429, _GEMINI, first_n=2),), further=4),
    "a minute's quota, for 5 minutes": Server(rules=(_says(429, _GEMINI, until_s=300),), further=40),
    "loads its model for a minute": Server(rules=(_says(503, _LOADING, until_s=60),), further=20),
    "loads its model for ten minutes": Server(rules=(_says(503, _LOADING, until_s=600),), further=40),
    "loads its model for ever": Server(rules=(_says(503, _LOADING),), further=60, none=True),
    "context of 4,096, half is kept": Server(
        rules=(Rule("window", what="half", at=4096),), further=36, twice=True, long=True
    ),
    "context of 3,000, the fixed part is lost": Server(
        rules=(Rule("window", at=3000),), further=36, twice=True, long=True
    ),
    "context of 4,096, as configured": Server(
        rules=(Rule("window", what="half", at=4096),), options=Options(context_tokens=4096), further=24, long=True
    ),
}


def models(folder: Path, *, names: Sequence[str] = tuple(SERVERS), papers: int = 60) -> Iterator[Figure]:
    """Whatever a server is like, all papers have its summary, and none is paid for twice that was not cut."""
    short, long = [work(n) for n in range(papers)], [_long(n) for n in range(papers)]
    with FlakyLLM() as server:
        usual = len(ask(server, short).journal)
    for name in names:
        said = SERVERS[name]
        works = long if said.long else short
        with FlakyLLM(*said.rules) as server:
            asked = ask(server, works, options=said.options)
            twice = len(server.bill().papers_twice)
        yield equal(f"{name}: papers with the model's summary", asked.by_model, 0 if said.none else papers)
        yield equal(f"{name}: on the wrong paper", asked.wrong, [])
        yield at_most(f"{name}: requests", len(asked.journal), usual + said.further)
        yield at_most(f"{name}: papers paid for twice", twice, papers if said.twice else 0)
        yield at_most(f"{name}: seconds", asked.took_s, 900)
        yield equal(f"{name}: drafts printed", _drafts(asked), 0)


def _long(n: int) -> Paper:
    """A work of some 400 tokens, as many papers of medicine are."""
    own = work(n)
    more = " ".join(f"In a further part, number {k}, we look at what else this may be good for." for k in range(14))
    return replace(own, abstract=f"{own.abstract} {more}")


def _drafts(asked: Asked) -> int:
    """Summaries that are what the model thought first, and not what it settled on: those have no points."""
    return sum(s.fell_back is None and not s.points for s in asked.outcome.summaries.values())
