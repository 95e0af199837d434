"""Choose the lead entries of an issue: the few that it shows first and in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from digest.core.models import Entry, PaperId, Section

_OF_A_SECTION: Final = 2
"""Leads that one section has at most, as long as others have papers."""


def choose_leads(entries: Sequence[Entry], sections: Sequence[Section], number: int) -> tuple[PaperId, ...]:
    """Return the ids of the lead entries in the order in which they are shown, at most *number*.

    Args:
        entries: All entries, best first.
        sections: The sections that hold them: at most two leads are of one, as long as others have papers.
    """
    section_of = {entry.paper.id: n for n, section in enumerate(sections) for entry in section.entries}
    chosen: list[PaperId] = []
    taken: Counter[int] = Counter()
    for most in (_OF_A_SECTION, number):
        for entry in entries:
            place = section_of[entry.paper.id]
            if len(chosen) < number and entry.paper.id not in chosen and taken[place] < most:
                chosen.append(entry.paper.id)
                taken[place] += 1
    return tuple(chosen)
