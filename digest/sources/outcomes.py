"""What a parser makes of the items of a list."""

from __future__ import annotations

from collections.abc import Iterable

from digest.core.models import Record, Rejected


def divided(outcomes: Iterable[Record | Rejected]) -> tuple[tuple[Record, ...], tuple[Rejected, ...]]:
    """The items that became papers and those that could not, each in the list's order; none is lost in between."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for outcome in outcomes:
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            rejected.append(outcome)
    return tuple(records), tuple(rejected)
