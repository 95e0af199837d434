"""Which modules carry the promises, and the tests that have to notice when one of them is broken.

The tests of a module are those that were written for it; that some long run would notice too counts for nothing, for it
would not say where.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    # what is one paper
    "core/identity": ("test_identity", "test_dois"),
    "core/dois": ("test_dois", "test_identity"),
    "core/items": ("test_items",),
    "core/resolve": ("test_resolve", "test_items", "test_duplicates", "test_identity"),
    "core/likeness": ("test_likeness", "test_evidence", "test_items"),
    "core/evidence": ("test_evidence", "test_likeness"),
    "core/titles": ("test_titles", "test_likeness"),
    "core/people": ("test_likeness", "test_evidence"),
    "core/names": ("test_names",),
    # what is new
    "core/freshness": ("test_freshness",),
    "core/calendar": ("test_calendar", "test_freshness"),
    # what is true
    "core/accept": ("test_accept", "test_summarize"),
    "core/numbers": ("test_numbers", "test_grounding", "test_accept"),
    "core/grounding": ("test_grounding", "test_accept"),
    "core/belonging": ("test_belonging", "test_grounding", "test_accept"),
    "core/repeats": ("test_belonging", "test_accept"),
    "core/language": ("test_language", "test_accept"),
    "core/mathml": ("test_mathml",),
    "core/withdrawals": ("test_withdrawals",),
    # what is paid
    "core/asking": ("test_asking",),
    "core/batching": ("test_batching",),
    "core/summarizing": ("test_summarizing",),
    "core/books": ("test_books", "test_store_books"),
    "store/books": ("test_store_books",),
    "purse": ("test_purse",),
    # what is sent
    "core/delivery": ("test_delivery",),
    "deliver/replies": ("test_replies",),
    "deliver/smtp": ("test_smtp", "test_deliver"),
    "deliver/smtp_connection": ("test_smtp", "test_deliver"),
    "store/deliveries": ("test_store_deliveries",),
}
"""Module below `digest/` → test modules below `tests/`, the quickest to notice first."""
