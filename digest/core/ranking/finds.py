"""Which papers of some days an interest finds, counted for a person who wonders whether it is written well."""

from __future__ import annotations

from digest.core.models import PaperId
from digest.core.ranking.day import Day
from digest.core.ranking.libraries import Libraries
from digest.core.ranking.matching import interests_of
from digest.core.ranking.profile import Profile
from digest.core.ranking.reasons import MATCHES


def finds(day: Day, profile: Profile) -> frozenset[PaperId]:
    """The papers of *day* that fit any interest of *profile* as well as the reason of an entry would say.

    A paper that is an interest does not find itself.
    """
    interests = interests_of(day, profile, Libraries(day.background))
    own = {liked.paper.id for liked in profile.liked}
    found = {position for one in interests for position, fit in one.fits.items() if fit >= MATCHES}
    return frozenset(day.candidates[position].paper.id for position in found) - own
