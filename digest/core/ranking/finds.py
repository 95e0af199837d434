"""Which papers of some days an interest finds, counted for a person who wonders whether it is written well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from digest.core.identity.people import authors_in_common
from digest.core.models import Paper
from digest.core.ranking.index import CandidateIndex
from digest.core.ranking.reasons import MATCHES
from digest.core.ranking.relevance import Taste
from digest.core.words.word_counts import word_counts_of

_CLOSE: Final = 0.16
"""Cosine from which a paper is called close to another."""
_NEAR: Final = 4.5
"""Nearness to a library (`Taste.fit`) from which a paper is found by it: a paper or two in a hundred reach it."""


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


def finds(index: CandidateIndex, interest: Interest) -> frozenset[int]:
    """The positions of the papers in *index* that fit *interest* as well as a reason would say of an entry.

    A paper does not find itself.
    """
    if interest.words:
        return frozenset(n for n, fit in index.match(interest.words).items() if fit >= MATCHES)
    if interest.author:
        return frozenset(n for n, p in enumerate(index.papers) if authors_in_common((interest.author,), p.authors))
    own = {paper.id for paper in interest.papers}
    vectors = [index.space.vector(word_counts_of(paper)) for paper in interest.papers]
    others = [n for n, paper in enumerate(index.papers) if paper.id not in own]
    if len(vectors) == 1:
        return frozenset(n for n in others if index.vectors[n].cosine(vectors[0]) >= _CLOSE)
    if not vectors:
        return frozenset()
    taste = Taste(index.space, [(vector, 1.0) for vector in vectors], ())
    return frozenset(n for n in others if taste.is_met(index.vectors[n]) and taste.fit(index.vectors[n]) >= _NEAR)
