"""Make the reason of an entry in words: which interests the paper fits, and whether it rose since it was left out.

    matches “gravel bed rivers”               the paper is about an interest, which is named as it was written
    by Ada Lovelace                           an author whom the reader named
    like RiverNet (gravel beds, silt)         a paper very similar to a liked one, with the terms they share
    one of your papers                        a liked paper itself
    off your interests                        on one of the places for such papers
    on “medical imaging”, but 120 votes       to be avoided, and brought back by its votes

Where a paper fits nothing well, the reason is empty: votes and sources stand beside it anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from digest.core.models import Candidate
from digest.core.words.text import clipped


class Kind(StrEnum):
    """The kinds of interest that a paper can fit; a reason names them in this order."""

    AUTHOR = "by"
    WORDS = "words"
    PAPER = "paper"
    """A liked paper, or one of a library."""
    SELF = "self"
    """A paper of the reader's own choice, listed again."""


MATCHES: Final = 0.45
"""Relevance from which the reason says "matches …" or "like …"."""
OFF: Final = "off your interests"
_NAMED: Final = 2
"""Interests of one kind that a reason names at most."""
_NAME: Final = 60
"""Letters of an interest that a reason quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a paper fits one interest: words, a liked paper, or an author."""

    kind: Kind
    name: str
    fit: float
    """The relevance, 0 to 1."""
    because: Sequence[str] = ()
    """The terms that the paper and the interest share."""


def of_interests(interests: Sequence[Fit]) -> list[str]:
    """Return the clauses on the interests that a paper fits well; none where it fits none."""
    best = sorted((f for f in interests if f.fit >= MATCHES), key=lambda f: -f.fit)
    said = []
    if names := [f.name for f in best if f.kind is Kind.AUTHOR][:_NAMED]:
        said.append(f"by {' and '.join(names)}")
    if names := [quoted_interest(f.name) for f in best if f.kind is Kind.WORDS][:_NAMED]:
        said.append(f"matches {' and '.join(names)}")
    liked = [f for f in best if f.kind is Kind.PAPER]
    # One liked paper is enough beside other reasons.
    for fit in liked[:1]:
        terms = f" ({', '.join(fit.because)})" if fit.because else ""
        said.append(f"like {fit.name}{terms}")
    said += [f.name for f in best if f.kind is Kind.SELF][:1]
    return said


def of_avoided(what: str, votes: int | None = None) -> str:
    """Return why a paper is left out that is to be avoided; with *votes*, why it is not.

    Args:
        what: What it is about, in quotation marks, or by whom it is.
    """
    return f"{what}, which you avoid" if votes is None else f"{what}, but {votes} votes"


def of_avoided_fit(fit: Fit) -> str:
    """Return in words what of a paper is to be avoided: `on “medical imaging”`."""
    return f"by {fit.name}" if fit.kind is Kind.AUTHOR else f"on {quoted_interest(fit.name)}"


def of_rise(candidate: Candidate) -> str:
    """Return how many votes a paper has drawn since it was left out."""
    if candidate.cut_at is None or candidate.cut_on is None:
        return ""
    before, now = candidate.cut_at.upvotes, candidate.signals.upvotes
    rose_from = "drew" if before is None else f"rose from {before} to"
    return f"{rose_from} {now} upvotes since {candidate.cut_on.day} {candidate.cut_on:%B}"


def quoted_interest(name: str) -> str:
    """Return an interest in words in quotation marks, cut behind a word if it is long."""
    return f"“{clipped(name, _NAME)}”"


def joined(parts: Iterable[str]) -> str:
    """Join clauses to one reason."""
    return "; ".join(filter(None, parts))
