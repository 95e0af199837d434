"""Choose the lead entries of an issue: the few that it shows first and in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from digest.core.models import Entry, PaperId, Section

_OF_A_SECTION: Final = 2
"""Leads that one section has at most, as long as others have papers."""
_FEWEST_WITH_OFF: Final = 3
"""Leads from which on one is off the interests."""


def choose_leads(entries: Sequence[Entry], sections: Sequence[Section], number: int) -> tuple[PaperId, ...]:
    """Return the ids of the lead entries, best first, at most *number*.

    Each interest that papers fit has one lead, as far as there are places, beginning with that of the best paper. One
    lead is the best paper off the interests, where there are papers on them too. The others are the best papers. At
    most two are of one section, unless the other sections have too few.

    Args:
        entries: All entries, best first.
        sections: The sections that hold them.
    """
    leads = _Leads(sections, number)
    strangers = [entry for entry in entries if entry.is_off]
    has_both = number >= _FEWEST_WITH_OFF and 0 < len(strangers) < len(entries)
    for interest in dict.fromkeys(name for entry in entries for name in entry.interests):
        if len(leads.chosen) < number - has_both and not leads.has(interest):
            leads.take([entry for entry in entries if interest in entry.interests], until=len(leads.chosen) + 1)
    leads.take(entries if not has_both else [e for e in entries if not e.is_off], until=number - has_both)
    leads.take(strangers, until=min(number, len(leads.chosen) + has_both))
    leads.take(entries, until=number)
    leads.take(entries, until=number, most=number)
    return tuple(entry.paper.id for entry in entries if entry.paper.id in leads.chosen)


class _Leads:
    """The leads of an issue while they are chosen."""

    def __init__(self, sections: Sequence[Section], number: int) -> None:
        self._section_of = {e.paper.id: n for n, section in enumerate(sections) for e in section.entries}
        self._of_section: Counter[int] = Counter()
        self._number = number
        self.chosen: dict[PaperId, Entry] = {}

    def has(self, interest: str) -> bool:
        """Whether a lead fits *interest* already."""
        return any(interest in entry.interests for entry in self.chosen.values())

    def take(self, entries: Iterable[Entry], *, until: int, most: int = _OF_A_SECTION) -> None:
        """Take the first of *entries* that are free, until there are *until* leads.

        Args:
            most: Leads that a section has at most.
        """
        for entry in entries:
            place = self._section_of[entry.paper.id]
            if len(self.chosen) < until and entry.paper.id not in self.chosen and self._of_section[place] < most:
                self.chosen[entry.paper.id] = entry
                self._of_section[place] += 1
