"""Measure whether each interest gets its share of an issue, on Hugging Face's Daily Papers.

A reader asks for three keywords as phrases and names one liked paper; the issue has 20 places for what three days in a
row list. Keywords are kept out of what is ranked, and every keyword that is asked belongs to two papers or more of
those days. Readers, and the papers they like, from other days, are drawn by a seed.

    phrases served        of how many of the phrases two papers of their own are printed; and of those alone whose words
                          stand in two of their papers, which words can find at all
    places by a mark      how many of the 20 places change when the reader marks a paper of other days, on average

Days of before 2026-06 were looked at while the shares were made, and only later ones are measured; where a folder has
none, all are.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.models import Candidate, Paper, PaperId
from digest.core.ranking.day import Day
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.profile import MARKS, Liked, Profile
from digest.core.ranking.rank import select
from digest.core.ranking.relevance import Background
from digest.core.words.word_counts import words
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.sets import ListedPaper, keyword_days

_SOURCE: Final = "huggingface"
_FROM: Final = "2026-06"
_SEED: Final = 12
_DAYS: Final = 3
_READERS: Final = 12
"""Readers of each three days."""
_PHRASES: Final = 3
_PLACES: Final = 20
_OWN: Final = 2
"""Papers of its own that a phrase is to bring in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A reader with phrases and one liked paper."""

    phrases: tuple[str, ...]
    liked: Paper
    marked: Paper
    """The paper that the reader then marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A few days in a row."""

    papers: tuple[ListedPaper, ...]
    having: Mapping[str, frozenset[PaperId]]
    """Each keyword that may be asked → the papers that have it."""
    standing: frozenset[str]
    """Those of them whose words stand in two of their papers."""


def measure(data: Path) -> tuple[Figure, ...]:
    """How many phrases are served, and how many places one mark moves."""
    name, days = keyword_days(data, since=_FROM)
    listings = [_listing(days[n : n + _DAYS]) for n in range(0, len(days) - _DAYS + 1, _DAYS)]
    if len(listings) < 2:
        return ()
    background = Background.parse(
        assets.trained_text("words.txt"),
        Lexicon.parse(assets.shipped("synonyms.txt").read_text("utf-8"), assets.trained_text("related.txt")),
    )
    served: list[float] = []
    could: list[float] = []
    moved: list[float] = []
    for number, listing in enumerate(listings):
        others = [paper for other in listings if other is not listing for paper in other.papers]
        day = Day(candidates(listing.papers), background)
        for reader in readers(listing, others, seed=number):
            chosen = printed(day, reader)
            for text in reader.phrases:
                is_served = float(len(listing.having[text] & chosen) >= _OWN)
                served.append(is_served)
                if text in listing.standing:
                    could.append(is_served)
            moved.append(float(len(printed(day, reader, with_mark=True) - chosen)))
    return (
        _figure(name, f"phrases with {_OWN} papers in {_PLACES}", served),
        _figure(name, f"phrases with {_OWN} papers in {_PLACES}, whose words stand there", could),
        replace(_figure(name, f"places of {_PLACES} moved by one mark", moved), higher_is_better=False),
    )


def candidates(papers: Sequence[ListedPaper]) -> tuple[Candidate, ...]:
    """Return papers as the candidates of a day, without their keywords."""
    day = date(2026, 6, 1)
    return tuple(
        Candidate(paper=_paper(one), sources=(_SOURCE,), position=n, listed_on=day) for n, one in enumerate(papers)
    )


def readers(listing: Listing, others: Sequence[ListedPaper], *, seed: int) -> tuple[Reader, ...]:
    """Draw readers of a listing; their liked papers are among *others*. Fewer if there are not enough keywords."""
    draw = random.Random(_SEED + seed)  # noqa: S311 -- sampling, not security
    keywords = sorted(listing.having)
    if len(keywords) < _PHRASES:
        return ()
    found = []
    for _ in range(_READERS):
        liked, marked = draw.sample(others, 2)
        phrases = tuple(draw.sample(keywords, _PHRASES))
        found.append(Reader(phrases=phrases, liked=_paper(liked), marked=_paper(marked)))
    return tuple(found)


def printed(day: Day, reader: Reader, *, with_mark: bool = False) -> frozenset[PaperId]:
    """Return the papers of an issue for a reader."""
    liked = [Liked(paper=reader.liked, name=reader.liked.title)]
    if with_mark:
        liked.append(Liked(paper=reader.marked, name=reader.marked.title, of=MARKS))
    selection = select(day, Profile(words=reader.phrases, liked=tuple(liked)), max_papers=_PLACES, seed="shares")
    return frozenset(ranked.candidate.paper.id for ranked in selection.chosen)


def _listing(days: Sequence[Sequence[ListedPaper]]) -> Listing:
    papers = {paper.id: paper for day in days for paper in day}
    having: dict[str, set[PaperId]] = {}
    texts: dict[PaperId, frozenset[str]] = {}
    for paper in papers.values():
        texts[_id(paper)] = frozenset(words(f"{paper.title} {paper.abstract}"))
        for keyword in paper.keywords:
            having.setdefault(" ".join(words(keyword)), set()).add(_id(paper))
    shared = {keyword: frozenset(ids) for keyword, ids in having.items() if keyword and len(ids) >= _OWN}
    standing = {k for k, ids in shared.items() if sum(texts[i].issuperset(k.split()) for i in ids) >= _OWN}
    return Listing(papers=tuple(papers.values()), having=shared, standing=frozenset(standing))


def _id(paper: ListedPaper) -> PaperId:
    return PaperId(f"arxiv:{paper.id}")


def _paper(one: ListedPaper) -> Paper:
    return Paper(id=_id(one), title=one.title, abstract=one.abstract)


def _figure(data: str, name: str, values: Sequence[float]) -> Figure:
    low, high = interval(values, mean)
    return Figure(part="shares", data=data, name=name, value=mean(values), low=low, high=high, of=len(values))
