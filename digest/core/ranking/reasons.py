"""Why a paper is in an issue, in words: which interests it fits and how well, who voted, who lists it.

Graded, so that nothing is claimed that is not so:

    matches “gravel bed rivers”               the phrase stands there, or nearly all of its words together
    touches on “gravel bed rivers” (rivers)   most of them; these
    mentions gravel, rivers                   some of them, or all, but far apart
    one of your papers                        a liked paper itself
    close to your 2401.01234                  a paper very like it
    close to your likes (gravel, silt)        like several of them, and like none of them very much
    near your 2401.01234 (gravel, silt)       a paper that shares words that say something; these

Where nothing of this is so and nobody voted, the reason is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from digest.core.models import Candidate


class Kind(StrEnum):
    """What a paper can fit; a reason names them in this order."""

    AUTHOR = "by"
    WORDS = "words"
    PAPERS = "papers"
    """All that were liked, together."""
    PAPER = "paper"
    SELF = "self"
    """A paper of the reader's own choice, listed again."""


MATCHES: Final = 0.45
"""Relevance from which the reason says "matches …" or "close to …"."""
_TOUCHES: Final = 0.13
"""Relevance from which it says "touches on …" or "near …"."""
_MENTIONS: Final = 0.05
"""Relevance from which it says which words are shared; what is less is chance."""
OFF: Final = "off your interests, for a change"
UNLIKE: Final = "unlike what was printed lately"
_VERBS: Final = {Kind.AUTHOR: "by", Kind.WORDS: "matches", Kind.PAPER: "close to your"}
_NAMED: Final = 2
"""Things of one kind that a reason names."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a paper fits one thing that was asked for."""

    kind: Kind
    name: str
    fit: float
    """What it counts for, 0 to 1."""
    is_close: bool = True
    """Whether it fits well by itself, and is not only nearer than all others."""
    because: Sequence[str] = ()
    """The words that bring them together."""
    telling: Sequence[str] = ()
    """Those of them that say something even where the thing is not named."""


def of_interests(interests: Sequence[Fit], avoid: Sequence[Fit] = ()) -> list[str]:
    """What was asked for that a paper fits, and what was to be avoided."""
    said = _well(interests)
    if not said and interests:
        said = _partly(max(interests, key=lambda f: f.fit))
    if against := _well(avoid):
        said.append(f"though it {against[0] if against[0].startswith('matches ') else f'is {against[0]}'}")
    return said


def of_others(candidate: Candidate, *, risen: bool) -> list[str]:
    """Votes, and who lists the paper.

    Args:
        risen: Whether it has drawn clearly more votes since it was left out.
    """
    said = []
    upvotes, stars = candidate.signals.upvotes, candidate.signals.stars
    if risen and candidate.cut_at is not None and candidate.cut_on is not None:
        before = candidate.cut_at.upvotes
        rose_from = "drew" if before is None else f"rose from {before} to"
        said.append(f"{rose_from} {upvotes} upvotes since {_day(candidate.cut_on)}")
    elif upvotes:
        said.append(f"{upvotes} upvote{'s' if upvotes != 1 else ''}")
    if stars and stars / _STARS_PER_VOTE > max(1, upvotes or 0):
        said.append(f"{stars:,} stars")
    if len(candidate.sources) > 1:
        said.append(f"listed by {', '.join(candidate.sources[:-1])} and {candidate.sources[-1]}")
    return said


def joined(parts: Iterable[str]) -> str:
    """One reason of all."""
    return "; ".join(parts)


def _well(fits: Iterable[Fit]) -> list[str]:
    """What is said of what fits well."""
    best = sorted((f for f in fits if f.fit >= MATCHES), key=lambda f: -f.fit)
    said = []
    for kind, verb in _VERBS.items():
        if names := [_named(f) for f in best if f.kind is kind and f.is_close][:_NAMED]:
            said.append(f"{verb} {' and '.join(names)}")
    said += [f.name for f in best if f.kind is Kind.SELF]
    said += [
        f"close to your likes ({', '.join(f.because)})"
        for f in best
        if f.kind is Kind.PAPERS and f.is_close and f.because
    ]
    return said or [part for f in best[:1] for part in _partly(f)]


def _partly(fit: Fit) -> list[str]:
    if fit.fit < _MENTIONS:
        return []
    is_paper = fit.kind in (Kind.PAPER, Kind.PAPERS)
    if fit.fit >= _TOUCHES and (words := ", ".join(fit.because)):
        return [f"near your {fit.name} ({words})" if is_paper else f"touches on {_named(fit)} ({words})"]
    if words := ", ".join(fit.telling):
        return [f"shares {words} with your {fit.name}" if is_paper else f"mentions {words}"]
    return []


def _named(fit: Fit) -> str:
    """A thing as a reason names it: several words of the reader's own in quotation marks."""
    return f"“{fit.name}”" if fit.kind is Kind.WORDS and len(fit.name.split()) > 1 else fit.name


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
