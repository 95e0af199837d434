"""Make the reason of an entry in words: which interests the paper fits and how well, who voted, who lists it.

The wording is graded by relevance, so that it claims no more than was found:

    matches “gravel bed rivers”               the phrase is in the paper, or nearly all of its words together
    touches on “gravel bed rivers” (rivers)   most words of the interest are; these are named
    mentions gravel, rivers                   some words of the interest, or all, but far apart
    one of your papers                        a liked paper itself
    close to your 2401.01234                  a paper very similar to a liked paper
    close to your likes (gravel, silt)        similar to several liked papers, and very similar to none
    near your 2401.01234 (gravel, silt)       shares telling words with a liked paper; these are named

If none of this holds and there are no votes, the reason is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from digest.core.models import Candidate


class Kind(StrEnum):
    """The kinds of interest that a paper can fit; a reason names them in this order."""

    AUTHOR = "by"
    WORDS = "words"
    PAPERS = "papers"
    """All liked papers together."""
    PAPER = "paper"
    SELF = "self"
    """A paper of the reader's own choice, listed again."""


MATCHES: Final = 0.45
"""Relevance from which the reason says "matches …" or "close to …"."""
_TOUCHES: Final = 0.13
"""Relevance from which the reason says "touches on …" or "near …"."""
_MENTIONS: Final = 0.05
"""Relevance from which the reason names shared words; less is chance."""
OFF: Final = "off your interests, for a change"
UNLIKE: Final = "unlike what was printed lately"
_VERBS: Final = {Kind.AUTHOR: "by", Kind.WORDS: "matches", Kind.PAPER: "close to your"}
_NAMED: Final = 2
"""Interests of one kind that a reason names at most."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a paper fits one interest: words, a liked paper, or an author."""

    kind: Kind
    name: str
    fit: float
    """The relevance, 0 to 1."""
    is_close: bool = True
    """Whether the paper fits well, and is not only the nearest of a day's papers."""
    because: Sequence[str] = ()
    """The words that the paper and the interest share."""
    telling: Sequence[str] = ()
    """Those of `because` that tell something even if the reason does not name the interest."""


def of_interests(interests: Sequence[Fit], avoid: Sequence[Fit] = ()) -> list[str]:
    """Return the clauses on the interests that a paper fits, and on those to be avoided."""
    said = _well(interests)
    if not said and interests:
        said = _partly(max(interests, key=lambda f: f.fit))
    if against := _well(avoid):
        said.append(f"though it {against[0] if against[0].startswith('matches ') else f'is {against[0]}'}")
    return said


def of_others(candidate: Candidate, *, risen: bool) -> list[str]:
    """Return the clauses on votes and on the sources that list the paper.

    Args:
        risen: Whether the paper has drawn clearly more votes since it was left out.
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
    """Join clauses to one reason."""
    return "; ".join(parts)


def _well(fits: Iterable[Fit]) -> list[str]:
    """Return the clauses on interests that fit well."""
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
    """Return an interest as a reason names it: in quotation marks if it is several words."""
    return f"“{fit.name}”" if fit.kind is Kind.WORDS and len(fit.name.split()) > 1 else fit.name


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
