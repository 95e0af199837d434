"""A day's candidates, prepared once for all who choose from them: editions, readers, a preview.

    candidates ──► Day ──┬── new papers    ListedPapers, shared by all editions with the same new papers
                         ├── risen papers  ListedPapers of the few that were left out and have risen since
                         └── votes, company of sources

Editions of the same sources have the same new papers, but left out different ones before: what each gets again is kept
apart, so that the large part is prepared once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol, TypeVar

from digest.core.identity.titles import are_of_a_series
from digest.core.models import Candidate, Paper, PaperId, Ranked
from digest.core.ranking.listed import ListedPapers
from digest.core.ranking.relevance import Background, Space, Taste, Vector
from digest.core.ranking.variety import SAME, TOLD

T = TypeVar("T")

_MANY_VOTES: Final = 100
"""Upvotes that count in full; one paper in a hundred of Hugging Face's daily list gets there within its first day."""
_FEW: Final = 100
"""New papers below which the papers left out earlier tell what is usual, too."""
_BESIDE: Final = 300
"""Papers left out earlier that are looked at for it."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""


def has_risen(candidate: Candidate) -> bool:
    """Whether a paper that was left out for want of room has clearly more votes since."""
    return candidate.cut_at is not None and rose(candidate.cut_at.upvotes, candidate.signals.upvotes)


def rose(then: int | None, now: int | None) -> bool:
    """Whether votes have clearly grown: by half, and by five."""
    before, after = then or 0, now or 0
    return after >= before + 5 and after >= 1.5 * before


def votes_of(candidate: Candidate) -> float:
    """Return how many votes a paper has elsewhere, on a scale from 0 to 1 that is logarithmic."""
    signals = candidate.signals
    votes = (signals.upvotes or 0) + (signals.comments or 0) + (signals.stars or 0) / _STARS_PER_VOTE
    return min(1.0, math.log1p(max(0.0, votes)) / math.log1p(_MANY_VOTES))


class Prepare(Protocol):
    """Prepares papers for a day, or gives what was prepared of the same ones before."""

    def __call__(self, papers: Sequence[Paper], /) -> ListedPapers: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What the day's papers have in common with papers printed lately."""

    nearness: Mapping[int, float]
    """Position of a paper that is similar to a printed one → the cosine to the most similar."""
    said: Mapping[int, Paper]
    """Position of a paper that says nearly the same as a printed one → that one."""


class Day:
    """The papers that may be printed on a day, each with a position, from 0, and what all who choose need of them.

    Papers that were left out earlier and have not risen since are not among them: yesterday's second best is not news.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        background: Background | None = None,
        *,
        prepare: Prepare | None = None,
        topics_of: Callable[[Paper], Collection[str]] = lambda _: (),
    ) -> None:
        """Prepare *candidates*, each paper once.

        Args:
            background: How common words are in general; without it, only the day's papers tell.
            prepare: Gives prepared papers, which days can share; None: they are prepared for this day alone.
            topics_of: Gives the topics of a paper; asked only where topics are to be avoided.
        """

        # A short list says little of what is usual in its sources, and what they had lately says more.
        earlier = {c.paper.id: c.paper for c in candidates if c.cut_at is not None and not has_risen(c)}
        beside = [earlier[paper_id] for paper_id in sorted(earlier)[-_BESIDE:]]

        def alone(papers: Sequence[Paper]) -> ListedPapers:
            return ListedPapers(papers, background, beside=beside, topics_of=topics_of)

        self.background = background or Background()
        new = {c.paper.id: c for c in candidates if c.cut_at is None}
        risen = {c.paper.id: c for c in candidates if has_risen(c)}
        self._parts: list[tuple[int, ListedPapers]] = []
        found: list[Candidate] = []
        shared = alone if prepare is None or (beside and len(new) < _FEW) else prepare
        for some, made in ((new, shared), (risen, alone)):
            if some:
                listed = made([c.paper for c in some.values()])
                self._parts.append((len(found), listed))
                found += [some[paper.id] for paper in listed.papers]
        self.candidates: tuple[Candidate, ...] = tuple(found)
        self.votes = tuple(map(votes_of, self.candidates))
        self._left_out: dict[int, Ranked] = {}
        self.company = tuple(min(1.0, (len(c.sources) - 1) / 2) for c in self.candidates)

    @cached_property
    def ties(self) -> Sequence[int]:
        """For each paper, its place, from 0, where nothing else decides: with an abstract first, then as listed."""

        def key(position: int) -> tuple[bool, int, str]:
            candidate = self.candidates[position]
            return not candidate.paper.abstract, candidate.position, candidate.paper.id

        found = [0] * len(self.candidates)
        for place, position in enumerate(sorted(range(len(found)), key=key)):
            found[position] = place
        return found

    def left_out(self, position: int, score: float, why: str = "") -> Ranked:
        """Return a paper that is left out, without a reason to be printed."""
        # Most have the same score for everybody.
        made = self._left_out.get(position)
        if made is None or made.score != score or made.left_out != why:
            made = Ranked(candidate=self.candidates[position], score=score, reason="", left_out=why)
            self._left_out[position] = made
        return made

    # -- of both parts

    @cached_property
    def space(self) -> Space:
        """How much each word says."""
        return self._parts[0][1].space if self._parts else Space(self.background)

    @cached_property
    def vectors(self) -> Sequence[Vector]:
        """The words of each paper."""
        return tuple(vector for _, part in self._parts for vector in part.vectors)

    @cached_property
    def novelty(self) -> Sequence[float]:
        """See `ListedPapers.novelty`."""
        return tuple(novelty for _, part in self._parts for novelty in part.novelty)

    @cached_property
    def lots(self) -> Sequence[int]:
        """See `digest.core.ranking.variety.lot`."""
        return tuple(one for _, part in self._parts for one in part.lots)

    @cached_property
    def papers(self) -> Sequence[Paper]:
        """The candidates' papers."""
        return tuple(candidate.paper for candidate in self.candidates)

    @cached_property
    def topics(self) -> Sequence[frozenset[str]]:
        """The topics of each paper."""
        return tuple(topics for _, part in self._parts for topics in part.topics)

    def match(self, text: str) -> Mapping[int, float]:
        """See `digest.core.ranking.index.CandidateIndex.match`."""
        return self._joined(lambda part: part.index.match(text))

    def terms(self, text: str, position: int, most: int) -> tuple[str, ...]:
        """See `digest.core.ranking.index.CandidateIndex.terms`."""
        start, part = self._part_of(position)
        return part.terms(text, position - start, most)

    def nearness(self, taste: Taste) -> Mapping[int, float]:
        """See `ListedPapers.nearness`."""
        return self._joined(lambda part: part.nearness(taste))

    def signed_by(self, name: str) -> list[int]:
        """See `ListedPapers.signed_by`."""
        return [start + position for start, part in self._parts for position in part.signed_by(name)]

    def selves(self, papers: Sequence[tuple[str, tuple[str, ...] | None]]) -> frozenset[int]:
        """Return the positions of papers that have one of some ids, or the words of one of some titles."""
        found: set[int] = set()
        for start, part in self._parts:
            for paper_id, title in papers:
                if (position := part.ids.get(paper_id)) is not None:
                    found.add(start + position)
                if title is not None:
                    found.update(start + position for position in part.titles.get(title, ()))
        return frozenset(found)

    def positions(self, ids: Iterable[PaperId]) -> frozenset[int]:
        """Return the positions of those papers that have one of *ids*."""
        found: set[int] = set()
        for start, part in self._parts:
            there = part.ids
            found.update(start + there[i] for i in ids if i in there)
        return frozenset(found)

    def vector_of(self, paper: Paper) -> Vector:
        """The words of any paper, to be compared with the day's."""
        return self._parts[0][1].vector_of(paper) if self._parts else Vector(weights={}, strength=0.0)

    def near(self, paper: Paper) -> Iterator[tuple[int, float]]:
        """Yield the papers that are similar to any paper, with their cosines."""
        for start, part in self._parts:
            for position, cosine in part.near(paper):
                yield start + position, cosine

    def lately(self, printed: Sequence[Paper]) -> Lately:
        """Return what the day's papers have in common with *printed*."""
        nearness: dict[int, float] = {}
        said: dict[int, tuple[float, str, Paper]] = {}
        for paper in printed:
            for position, cosine in self.near(paper):
                if cosine > nearness.get(position, 0.0):
                    nearness[position] = cosine
                if cosine >= SAME and not are_of_a_series(self.candidates[position].paper.title, paper.title):
                    one = (-cosine, paper.id, paper)
                    said[position] = min(said.get(position, one), one, key=lambda item: item[:2])
        return Lately(nearness=nearness, said={position: paper for position, (_, _, paper) in said.items()})

    @cached_property
    def same(self) -> Mapping[int, Sequence[int]]:
        """Position of a paper → those of the day that say nearly the same, the most similar first.

        Parts of a series are not the same.
        """
        pairs: dict[int, dict[int, float]] = {}

        def add(one: int, other: int, cosine: float) -> None:
            titles = (self.candidates[n].paper.title for n in (one, other))
            if cosine >= SAME and not are_of_a_series(*titles):
                pairs.setdefault(one, {})[other] = cosine
                pairs.setdefault(other, {})[one] = cosine

        for start, part in self._parts:
            for position, near in enumerate(part.alike):
                for other, cosine in near:
                    add(start + position, start + other, cosine)
        for start, part in self._parts[1:]:
            for position, paper in enumerate(part.papers):
                for other, cosine in self._parts[0][1].near(paper):
                    add(start + position, other, cosine)
        return {one: sorted(others, key=lambda n: (-others[n], n)) for one, others in pairs.items()}

    def is_told(self, position: int) -> bool:
        """Whether a paper has text enough to be compared with others."""
        return len(self.vectors[position].weights) >= TOLD

    def _joined(self, of: Callable[[ListedPapers], Mapping[int, T]]) -> Mapping[int, T]:
        if len(self._parts) == 1:
            return of(self._parts[0][1])
        return {start + position: value for start, part in self._parts for position, value in of(part).items()}

    def _part_of(self, position: int) -> tuple[int, ListedPapers]:
        return next((start, part) for start, part in reversed(self._parts) if position >= start)
