"""Which papers of some days an interest finds, counted for a person who wonders whether it is written well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from digest.core.models import Candidate, Paper
from digest.core.ranking.day import Day
from digest.core.ranking.matching import interests_of
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.reasons import MATCHES
from digest.core.ranking.relevance import Background


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One text of `interests`, resolved. Exactly one of words, author and papers is there, or none is known."""

    text: str
    """As written in the config."""
    name: str
    """For people: words in quotes, a paper by its title, an author or a file by its name."""
    words: str = ""
    author: str = ""
    papers: tuple[Paper, ...] = ()
    """The paper of an id or an address, or those of a library; empty if it is not known yet."""


def day_of(papers: Sequence[Paper], background: Background) -> Day:
    """Return the day that *papers* make, each at its place among them."""
    listed = (Candidate(paper=p, sources=("",), position=n, listed_on=date.min) for n, p in enumerate(papers))
    return Day(tuple(listed), background)


def finds(day: Day, interest: Interest) -> frozenset[int]:
    """Return the positions of the papers of *day* that fit *interest* as well as a reason would say of an entry.

    A paper does not find itself.
    """
    profile = Profile(
        words=(interest.words,) if interest.words else (),
        authors=(interest.author,) if interest.author else (),
        liked=tuple(Liked(paper=paper, name=interest.name, of=interest.text) for paper in interest.papers),
    )
    own = {paper.id for paper in interest.papers}
    matched = (n for one in interests_of(day, profile) for n, fit in one.fits.items() if fit >= MATCHES)
    return frozenset(n for n in matched if day.candidates[n].paper.id not in own)
