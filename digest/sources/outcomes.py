"""Divide a parser's results into records and rejected items."""

from __future__ import annotations

from collections.abc import Iterable

from digest.core.models import Record, Rejected


def divided(outcomes: Iterable[Record | Rejected]) -> tuple[tuple[Record, ...], tuple[Rejected, ...]]:
    """Return the records and the rejected items among *outcomes*, each in the list's order."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for outcome in outcomes:
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            rejected.append(outcome)
    return tuple(records), tuple(rejected)
