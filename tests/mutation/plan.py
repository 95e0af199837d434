"""Which modules carry the promises, and the tests that have to notice when one of them is broken.

The tests of a module are those that were written for it; that some long run would notice too counts for nothing, for it
would not say where.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    # what is one paper
    "core/identity/ids": ("core/test_ids", "core/test_dois"),
    "core/identity/dois": ("core/test_dois", "core/test_ids"),
    "core/identity/items": ("core/test_items",),
    "core/identity/resolve": ("core/test_resolve", "core/test_items", "store/test_duplicates", "core/test_ids"),
    "core/identity/likeness": ("core/test_likeness", "core/test_evidence", "core/test_items"),
    "core/identity/evidence": ("core/test_evidence", "core/test_likeness"),
    "core/identity/titles": ("core/test_titles", "core/test_likeness"),
    "core/identity/people": ("core/test_likeness", "core/test_evidence"),
    "core/words/names": ("core/test_names",),
    # what is new
    "core/lists/freshness": ("core/test_freshness",),
    "core/lists/calendar": ("core/test_calendar", "core/test_freshness"),
    # what is true
    "core/summaries/accept": ("core/test_accept", "core/test_summarize"),
    "core/words/numbers": ("core/test_numbers", "core/test_grounding", "core/test_accept"),
    "core/summaries/grounding": ("core/test_grounding", "core/test_accept"),
    "core/summaries/belonging": ("core/test_belonging", "core/test_grounding", "core/test_accept"),
    "core/summaries/repeats": ("core/test_belonging", "core/test_accept"),
    "core/words/language": ("core/test_language", "core/test_accept"),
    "core/words/mathml": ("core/test_mathml",),
    "core/words/withdrawals": ("core/test_withdrawals",),
    # what is paid
    "core/summaries/asking": ("core/test_asking",),
    "core/summaries/batching": ("core/test_batching",),
    "core/summaries/ledger": ("core/test_ledger", "store/test_ledger"),
    "store/ledger": ("store/test_ledger",),
    "summarizers/budget": ("summarizers/test_budget",),
    "stages/ask": ("stages/test_ask",),
    # what is sent
    "stages/deliver": ("stages/test_deliver",),
    "deliver/replies": ("deliver/test_replies",),
    "deliver/smtp": ("deliver/test_smtp", "deliver/test_smtp_sessions"),
    "deliver/smtp_connection": ("deliver/test_smtp", "deliver/test_smtp_sessions"),
    "store/deliveries": ("store/test_deliveries",),
    "store/leases": ("store/test_leases", "store/test_deliveries"),
}
"""Module below `digest/` → test modules below `tests/`, the quickest to notice first."""
