"""Interests and signals → score, with the reason in words; and what of a day's papers an issue takes.

    candidates ──► text relevance ──┐
    profile    ──►  words           ├──► one score ──► rank ──► select ──► chosen, with places for the unusual
                    papers          │    a reason                     └──► cut; of two that say the same, one
                    people          │
    votes, company of sources ──────┤
    what was printed lately ────────┘

What the interests ask for decides most, how many people elsewhere voted for a paper comes next. What is to be avoided
takes from all of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from digest.core.bags import bag, bag_of
from digest.core.models import Candidate, Paper, PaperId, Ranked
from digest.core.people import authors_in_common
from digest.core.phrases import Phrase, Text, fit, phrase, read
from digest.core.profile import Liked, Profile
from digest.core.relevance import Background, Nearest, Space, Taste, Vector
from digest.core.variety import Stranger, Told, explore, places, quoted

_RELEVANCE: Final = 0.65
_VOTES: Final = 0.25
_COMPANY: Final = 0.10
_STALE: Final = 0.15
"""What a paper loses that resembles one printed lately as far as two papers can."""
_MANY_VOTES: Final = 100
"""Upvotes that count in full; one paper in a hundred of Hugging Face's daily list gets there within its first day."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""
_MATCHES: Final = 0.45
"""Relevance from which the reason says "matches …" or "close to …"."""
_SENTENCE: Final = 5
"""Words that say something, from which an interest is a sentence: no paper has its very words."""
_AS_NEAR: Final = 0.25
"""Cosine to an interest in a sentence that counts as 1; few papers come as near."""
_CLOSE: Final = 0.16
"""Cosine from which a paper is said to be close to a single other; of a day's papers a quarter have such a one."""
_HALF_NEAR: Final = 0.7
"""Nearness to a taste (`Taste.fit`) that counts as a half, and how fast it gets more from there."""
_STEEPNESS: Final = 0.4
_SPARED: Final = 0.2
"""What is left of a score whatever else a paper has that is to be avoided."""
_BY_AUTHOR: Final = 0.9
"""Relevance of a paper by somebody whom the reader named."""


def rank(candidates: Sequence[Candidate], profile: Profile, background: Background | None = None) -> tuple[Ranked, ...]:
    """Score the day's candidates, best first.

    Of equal scores a paper with an abstract comes first, then the sources' own order counts. The result does not depend
    on the order of *candidates*.

    Args:
        background: What words say apart from this day; without it, the day and the profile alone tell.
    """
    scored, _ = _scored(candidates, profile, background or Background())
    return tuple(s.ranked for s in scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    ranked: Ranked
    vector: Vector
    relevance: float
    avoided: float
    votes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """How well a paper fits one thing that was asked for, 0 to 1, and how a reason says so."""

    fit: float
    kind: str
    """`by`, `matches` or `close to`."""
    name: str
    """Empty where it fits all of them together, and none that could be named."""


def _scored(
    candidates: Sequence[Candidate], profile: Profile, background: Background
) -> tuple[tuple[_Scored, ...], Told]:
    """The candidates with their scores, best first; and what was printed lately, to hold them against."""
    bags = {c.paper.id: bag_of(c.paper) for c in candidates}
    space = Space(background, bags.values())
    wanted = _Wants(space, profile.words, profile.authors, liked=profile.liked, disliked=profile.disliked)
    avoided = _Wants(space, profile.avoid_words, profile.avoid_authors, liked=profile.disliked, disliked=profile.liked)
    lately = Told([(p, space.vector(bag_of(p))) for p in profile.seen])
    found: list[_Scored] = []
    for candidate in candidates:
        vector = space.vector(bags[candidate.paper.id])
        text = read(candidate.paper) if profile.words or profile.avoid_words else None
        wants, avoids = wanted.fits(candidate, text, vector), avoided.fits(candidate, text, vector)
        relevance, against = _together(wants), _together(f for f in avoids if f.fit >= _MATCHES)
        votes = _votes(candidate)
        company = min(1.0, (len(candidate.sources) - 1) / 2)
        if profile.wants_something:
            score = _RELEVANCE * relevance + _VOTES * votes + _COMPANY * company
        else:
            score = (1 - _COMPANY) * votes + _COMPANY * company
        score *= (1 - (1 - _SPARED) * against) * (1 - _STALE * lately.nearness(vector))
        ranked = Ranked(candidate=candidate, score=round(score, 4), reason=_reason(candidate, wants, avoids))
        found.append(_Scored(ranked=ranked, vector=vector, relevance=relevance, avoided=against, votes=votes))
    return tuple(sorted(found, key=_best_first)), lately


def _graded(nearness: float) -> float:
    """Nearness without bounds → 0 to 1, so that of two papers off a taste the nearer still comes first."""
    beyond = (nearness - _HALF_NEAR) / _STEEPNESS
    # No exponential: rounded to four places, it would put all that are very near on a level.
    return 0.5 + 0.5 * beyond / math.sqrt(1 + beyond * beyond)


def _best_first(scored: _Scored) -> tuple[float, float, bool, int, str]:
    candidate = scored.ranked.candidate
    # Where nothing speaks for a paper, what speaks against it has nothing to be taken off.
    return -scored.ranked.score, scored.avoided, not candidate.paper.abstract, candidate.position, candidate.paper.id


def _together(fits: Iterable[_Fit]) -> float:
    """One relevance of all: the best fit; a second one that is there too says a little more."""
    values = sorted((f.fit for f in fits), reverse=True)
    if not values:
        return 0.0
    return min(1.0, values[0] + 0.1 * sum(f for f in values[1:] if f >= _MATCHES))


def _votes(candidate: Candidate) -> float:
    signals = candidate.signals
    votes = (signals.upvotes or 0) + (signals.comments or 0) + (signals.stars or 0) / _STARS_PER_VOTE
    return min(1.0, math.log1p(max(0.0, votes)) / math.log1p(_MANY_VOTES))


class _Wants:
    """What is wanted, or what is to be avoided, held against papers."""

    def __init__(
        self,
        space: Space,
        texts: Sequence[str],
        authors: Sequence[str],
        *,
        liked: Sequence[Liked],
        disliked: Sequence[Liked],
    ) -> None:
        self._space, self._authors = space, authors
        self._phrases = [phrase(text) for text in texts]
        self._sentences = {p.text: space.vector(bag(p.text)) for p in self._phrases if len(p.terms) >= _SENTENCE}
        vectors = [(one, space.vector(bag_of(one.paper))) for one in liked]
        self._taste: Taste | None = None
        if liked:
            against = [(space.vector(bag_of(one.paper)), one.weight) for one in disliked]
            self._taste = Taste(space, [(v, one.weight) for one, v in vectors], against)
        self._nearest = Nearest((one.name, v) for one, v in vectors)

    def fits(self, candidate: Candidate, text: Text | None, vector: Vector) -> list[_Fit]:
        """What of it a paper fits, each part above 0."""
        found = [_Fit(fit=_BY_AUTHOR, kind="by", name=name) for name in self._signed(candidate.paper.authors)]
        if text is not None:
            found += [_Fit(fit=self._matches(text, vector, p), kind="matches", name=p.text) for p in self._phrases]
        if self._taste is not None and (nearest := self._nearest.find(vector)) is not None:
            name, cosine = nearest
            name = f"your {name}" if cosine >= _CLOSE else ""
            found.append(_Fit(fit=_graded(self._taste.fit(vector)), kind="close to", name=name))
        return [f for f in found if f.fit > 0]

    def _matches(self, text: Text, vector: Vector, interest: Phrase) -> float:
        by_words = fit(text, interest, self._space.rarity)
        sentence = self._sentences.get(interest.text)
        return by_words if sentence is None else max(by_words, min(1.0, vector.cosine(sentence) / _AS_NEAR))

    def _signed(self, authors: Sequence[str]) -> list[str]:
        if not self._authors or not authors_in_common(self._authors, authors):
            return []
        return [name for name in self._authors if authors_in_common((name,), authors)]


def _reason(candidate: Candidate, wants: Sequence[_Fit], avoids: Sequence[_Fit]) -> str:
    parts = [said for kind in ("by", "matches", "close to") if (said := _said(kind, wants))]
    upvotes, stars = candidate.signals.upvotes, candidate.signals.stars
    if has_risen(candidate) and candidate.cut_at is not None and candidate.cut_on is not None:
        before = candidate.cut_at.upvotes
        rose_from = "drew" if before is None else f"rose from {before} to"
        parts.append(f"{rose_from} {upvotes} upvotes since {_day(candidate.cut_on)}")
    elif upvotes:
        parts.append(f"{upvotes} upvote{'s' if upvotes != 1 else ''}")
    elif stars and stars >= _STARS_PER_VOTE:
        parts.append(f"{stars:,} stars")
    if len(candidate.sources) > 1:
        parts.append(f"listed by {', '.join(candidate.sources[:-1])} and {candidate.sources[-1]}")
    if against := [said for kind in ("by", "matches", "close to") if (said := _said(kind, avoids))]:
        parts.append(f"though {'it is ' if not against[0].startswith('matches') else 'it '}{against[0]}")
    return "; ".join(parts)


def _said(kind: str, fits: Sequence[_Fit]) -> str:
    """What the two best of a kind of fits say; empty where none fits well."""
    best = sorted((f for f in fits if f.kind == kind and f.name and f.fit >= _MATCHES), key=lambda f: -f.fit)
    return f"{kind} {' and '.join(f.name for f in best[:2])}" if best else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def has_risen(candidate: Candidate) -> bool:
    """A paper that was left out for want of room has drawn clearly more votes since."""
    return candidate.cut_at is not None and rose(candidate.cut_at.upvotes, candidate.signals.upvotes)


def rose(then: int | None, now: int | None) -> bool:
    """Whether votes have clearly grown: by half, and by five."""
    before, after = then or 0, now or 0
    return after >= before + 5 and after >= 1.5 * before


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an issue takes of the day's candidates."""

    chosen: tuple[Ranked, ...]
    """Best first, at most `max_papers`."""
    cut: tuple[Ranked, ...]
    """Papers considered for the first time and left out, for want of room or as `left_out` says; best first.

    They stay eligible for some days.
    """


def select(
    candidates: Sequence[Candidate],
    profile: Profile,
    *,
    max_papers: int,
    exploration: float = 0.1,
    seed: str = "",
    background: Background | None = None,
) -> Selection:
    """Choose the best *max_papers* of what is new, together with those cut earlier that have risen since.

    A paper cut earlier that has not risen is not considered, and a day with nothing new chooses nothing: yesterday's
    second best is not news. Of two that say nearly the same the better one is taken; of one that says what was printed
    lately, none.

    Args:
        exploration: Share of the places that go to papers off the interests, see `digest.core.variety.places`. Where
            nobody has interests, or all papers have room, there is nothing to be off from, and no such places.
        seed: By which chance decides between strangers; that of an edition and a day, to be the same all day.
        background: See `rank`.
    """
    considered = [c for c in candidates if c.cut_at is None or has_risen(c)]
    scored, told = _scored(considered, profile, background or Background())
    choice = _Choice(scored, told)
    if profile.wants_something and len(scored) > max_papers:
        apart = places(exploration, max_papers)
        choice.take_best(max_papers - apart)
        choice.take_unusual(apart, seed)
    choice.take_best(max_papers)
    return choice.selection()


class _Choice:
    """An issue being chosen."""

    def __init__(self, scored: Sequence[_Scored], told: Told) -> None:
        self._scored, self._told = scored, told
        self._taken: dict[PaperId, Ranked] = {}
        self._same: dict[PaperId, Paper] = {}
        """Paper → the one that is told and says nearly the same."""

    def take_best(self, until: int) -> None:
        """Take the best of what is left, until *until* are taken."""
        for one in self._scored:
            if len(self._taken) >= until:
                return
            if self._is_free(one):
                self._take(one, one.ranked)

    def take_unusual(self, places: int, seed: str) -> None:
        """Take up to *places* of those that no interest asks for."""
        free = [s for s in self._scored if s.relevance < _MATCHES and not s.avoided and self._is_free(s)]
        by_id = {s.ranked.candidate.paper.id: s for s in free}
        found = explore(
            [Stranger(paper=s.ranked.candidate.paper, vector=s.vector, votes=s.votes) for s in free],
            places=places,
            beside=self._told,
            categories=frozenset(c for r in self._taken.values() for c in r.candidate.paper.categories[:1]),
            seed=seed,
        )
        for paper_id in found:
            one = by_id[paper_id]
            if self._is_free(one):
                reason = "; ".join(filter(None, ("off your interests", one.ranked.reason)))
                self._take(one, replace(one.ranked, reason=reason))

    def selection(self) -> Selection:
        """What was taken, and what was left."""
        ranked = [s.ranked for s in self._scored]
        return Selection(
            chosen=tuple(self._taken[i] for r in ranked if (i := r.candidate.paper.id) in self._taken),
            cut=tuple(
                self._with_why(r)
                for r in ranked
                if r.candidate.paper.id not in self._taken and r.candidate.cut_at is None
            ),
        )

    def _is_free(self, one: _Scored) -> bool:
        paper = one.ranked.candidate.paper
        if paper.id in self._taken or paper.id in self._same:
            return False
        if (same := self._told.said(paper, one.vector)) is not None:
            self._same[paper.id] = same
        return same is None

    def _take(self, one: _Scored, ranked: Ranked) -> None:
        paper = one.ranked.candidate.paper
        self._taken[paper.id] = ranked
        self._told.add(paper, one.vector)

    def _with_why(self, ranked: Ranked) -> Ranked:
        same = self._same.get(ranked.candidate.paper.id)
        return ranked if same is None else replace(ranked, left_out=f"says nearly the same as {quoted(same.title)}")
