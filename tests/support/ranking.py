"""Rank and select papers as of a day that is prepared for it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from digest.core.models import Candidate, Ranked
from digest.core.ranking import rank as ranking
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import Selection
from digest.core.ranking.relevance import Background


def rank(candidates: Sequence[Candidate], profile: Profile, background: Background | None = None) -> tuple[Ranked, ...]:
    """See `digest.core.ranking.rank.rank`."""
    return ranking.rank(Day(candidates, background), profile)


def select(
    candidates: Sequence[Candidate], profile: Profile, *, background: Background | None = None, **more: Any
) -> Selection:
    """See `digest.core.ranking.rank.select`."""
    return ranking.select(Day(candidates, background), profile, **more)
