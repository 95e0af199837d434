"""An OpenAI-compatible server on loopback that misbehaves as told, for tests and for trying the product by hand.

    with FlakyLLM(Rule("status", status=500, first_n=2), Rule("ids", what="missing"), seed=7) as server:
        … base_url=server.base_url …
        server.journal, server.bill()

    reading   what stands in a request          answers     what can be said of the papers, well and wrongly
    rules     which requests get which action   replies     actions: a request → exactly what goes over the wire
    handovers the endpoints of the Batch API    obedience   a model that follows whatever an abstract tells it
    limits    requests and tokens per minute    journal     what was seen, and what it would have cost
    dialects  what servers do not know of a request, thinking models, contexts that are too small

The first rule that matches a request decides; without one it answers well: with sentences of the abstract itself. All
chance comes from the seed and the request, not from the order in which requests come in. Each request is in the journal
before its reply is on the wire, so that a client that is killed cannot hide what the server accepted. The clock is the
real one, and can be moved: `server.advance(600)`. By hand: `python -m tests.servers.flaky_llm --help`.
"""

from __future__ import annotations

from tests.servers.flaky_llm.answers import good_items
from tests.servers.flaky_llm.handovers import Pace
from tests.servers.flaky_llm.journal import Bill, Tariff, bill, read_journal
from tests.servers.flaky_llm.limits import Limiter
from tests.servers.flaky_llm.reading import Block, read_blocks
from tests.servers.flaky_llm.rules import Rule
from tests.servers.flaky_llm.server import FlakyLLM, Pause, count_tokens

__all__ = [
    "Bill",
    "Block",
    "FlakyLLM",
    "Limiter",
    "Pace",
    "Pause",
    "Rule",
    "Tariff",
    "bill",
    "count_tokens",
    "good_items",
    "read_blocks",
    "read_journal",
]
