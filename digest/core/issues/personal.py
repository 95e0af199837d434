"""Personal issues: what one reader gets of an edition's candidates, and how that becomes an issue again.

    candidates ──choose──► Picks (paper, reason, score) ──┐
                                                          ├── personal_issue ──► Issue ──► mail, page, feed
    picked papers of the day (Entry, each once) ──────────┤
    the edition's issue (sources, changes) ───────────────┘

Picks and picked papers are stored once and never changed, so that whatever is drawn of them is drawn again to the same
bytes, also when a paper, its votes or its summary have changed since. Readers with equal profiles share their picks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from digest.core.issues.highlights import TODAY, highlights
from digest.core.issues.sections import sections
from digest.core.models import Entry, Issue, PaperId

NOTHING_FOUND: Final = "no paper was found for this reader that they were not shown before"
"""Why a delivery is skipped that has no picks: there is nothing to send, then or later."""
_A_WEEK: Final = 5
"""Days from which on an issue is called that of a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A paper of a personal issue, with what is said of it to this reader alone."""

    paper: PaperId
    reason: str
    score: float
    interests: tuple[str, ...] = ()
    """See `digest.core.models.Ranked.interests`."""
    is_off: bool = False
    """See `digest.core.models.Ranked.is_off`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """A personal issue as it is stored."""

    pk: int = 0
    """The key of its row; 0 as long as it is not stored."""
    edition: str
    day: date
    language: str
    profile: str
    """A hash of all that the choice depends on: readers who have the same one share the picks."""
    picks: tuple[Pick, ...]
    """Best first; never empty."""
    leads: tuple[PaperId, ...] = ()
    """Those that are shown first and in full, best first."""
    covers_since: date
    """The first day whose papers could be chosen; that of the issue for one of a single day."""
    considered: int = 0
    """How many papers it was chosen from, itself included; those that the reader had been shown are not counted."""

    @property
    def papers(self) -> tuple[PaperId, ...]:
        """The papers, best first."""
        return tuple(pick.paper for pick in self.picks)


def personal_issue(
    base: Issue, picks: Picks, entries: Mapping[PaperId, Entry], field_of: Callable[[str], str]
) -> Issue:
    """Return the issue that *picks* are. The same arguments give the same issue.

    Args:
        base: The edition's own issue of the day, which may be empty; what it says of sources and changes holds here.
        entries: The day's picked papers as they were stored, in the language of the picks.
        field_of: The field that a topic belongs to.
    """
    chosen = [
        replace(entries[pick.paper], reason=pick.reason, score=pick.score, interests=pick.interests, is_off=pick.is_off)
        for pick in picks.picks
    ]
    days = {picks.covers_since + timedelta(days=n) for n in range((picks.day - picks.covers_since).days + 1)}
    said = highlights(chosen, leads=picks.leads, changes=base.changes, when=when(picks))
    return replace(
        base,
        language=picks.language,
        overview=" ".join(sentence.text for sentence in said),
        highlights=said,
        told=None,
        sections=sections(chosen, field_of),
        leads=picks.leads,
        left_out=(),
        considered=picks.considered,
        usage=replace(base.usage, fell_back=sum(entry.summary.fell_back is not None for entry in chosen)),
        covers=tuple(sorted(days.union(base.covers))) if days - {picks.day} else base.covers,
        why_empty=None,
    )


def when(picks: Picks) -> str:
    """Say for which days a personal issue is, as a sentence names them: "today", "since Saturday", "this week"."""
    days = (picks.day - picks.covers_since).days + 1
    if days <= 1:
        return TODAY
    return "this week" if days >= _A_WEEK else f"since {picks.covers_since:%A}"
