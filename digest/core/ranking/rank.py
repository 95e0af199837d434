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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from digest.core.identity.people import authors_in_common
from digest.core.identity.titles import is_generic, words_of
from digest.core.models import Candidate, Paper, PaperId, Ranked
from digest.core.ranking import reasons
from digest.core.ranking.phrases import Phrase, Text, fit, phrase, read, shared
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.reasons import MATCHES, Fit, Kind
from digest.core.ranking.relevance import Background, Nearest, Space, Taste, Vector
from digest.core.ranking.variety import Stranger, Told, explore, places
from digest.core.words.text import clipped, quoted
from digest.core.words.word_counts import forms, word_counts, word_counts_of

_RELEVANCE: Final = 0.65
_VOTES: Final = 0.25
_COMPANY: Final = 0.10
_STALE: Final = 0.15
"""What a paper loses that resembles one printed lately as far as two papers can."""
_MANY_VOTES: Final = 100
"""Upvotes that count in full; one paper in a hundred of Hugging Face's daily list gets there within its first day."""
_STARS_PER_VOTE: Final = 10
"""A star of a repository costs less than a vote for a paper, and repositories are older than papers."""
_SENTENCE: Final = 5
"""Words that say something, from which an interest is a sentence: no paper has its very words."""
_AS_NEAR: Final = 0.25
"""Cosine to an interest in a sentence that counts as 1; few papers come as near."""
_CLOSE: Final = 0.16
"""Cosine from which a paper is said to be close to a single other; of a day's papers a quarter have such a one."""
_HALF_NEAR: Final = 4.5
"""Nearness to a taste (`Taste.fit`) that counts as a half: a paper or two in a hundred reach it, whatever the taste."""
_STEEPNESS: Final = 2.0
"""How fast it counts for more from there."""
_SEVERAL: Final = 3
"""Liked papers from which what is near to all and close to none may be said to be close to them together."""
_SPARED: Final = 0.2
"""What is left of a score whatever else a paper has that is to be avoided."""
_BY_AUTHOR: Final = 0.9
"""Relevance of a paper by somebody whom the reader named."""
_NAME: Final = 60
"""Letters of an interest that a reason quotes."""
_TITLE: Final = 80
"""Letters of a title that a reason quotes."""
_BECAUSE: Final = 3
"""Words that a reason names where a paper is near another."""
_SHARED: Final = 30
"""Words that two papers share, of which those that tell something are named."""


def rank(candidates: Sequence[Candidate], profile: Profile, background: Background | None = None) -> tuple[Ranked, ...]:
    """Score the day's candidates, best first.

    Of equal scores a paper with an abstract comes first, then the sources' own order counts. The result does not depend
    on the order of *candidates*.

    Args:
        background: What words say apart from this day; without it, the day and the profile alone tell.
    """
    scored, _ = _scored(candidates, profile, background or Background())
    return tuple(s.ranked() for s in scored)


def nearest(paper: Paper, profile: Profile, background: Background | None = None) -> Fit | None:
    """What of the interests *paper* comes nearest to, however far off that is; None where nothing is asked for."""
    text = read(paper)
    space = Space(background or Background(), [text.word_counts])
    interests = _interests_of(space, profile)
    return max(interests.fits(paper, text, space.vector(text.word_counts)), key=lambda f: f.fit, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    candidate: Candidate
    vector: Vector
    score: float
    score_if_new: float
    """What it would be, had nothing like it been printed lately."""
    relevance: float
    avoided: float
    votes: float
    fits: Callable[[], tuple[list[Fit], list[Fit]]]
    """What of the interests it fits, and what of that to be avoided. A function, for only what is printed is asked."""

    def ranked(self, *because: str, is_off: bool = False) -> Ranked:
        """The candidate with its reason.

        Args:
            because: What else is to be said.
            is_off: Whether it is here for being off the interests, which then have nothing to say.
        """
        of_interests = [reasons.OFF] if is_off else reasons.of_interests(*self.fits())
        of_others = reasons.of_others(self.candidate, risen=has_risen(self.candidate))
        return self.unexplained(reasons.joined([*of_interests, *of_others, *because]))

    def unexplained(self, reason: str = "") -> Ranked:
        """The candidate, where nobody asks why."""
        return Ranked(candidate=self.candidate, score=self.score, reason=reason)


def _scored(
    candidates: Sequence[Candidate], profile: Profile, background: Background
) -> tuple[tuple[_Scored, ...], Told]:
    """The candidates with their scores, best first; and what was printed lately, to hold them against."""
    texts = {c.paper.id: read(c.paper) for c in candidates}
    counts = {paper_id: text.word_counts for paper_id, text in texts.items()}
    space = Space(background, counts.values())
    interests = _interests_of(space, profile)
    avoid = _Interests(
        space, profile.avoid_words, profile.avoid_authors, profile.disliked, profile.liked, "one that you avoid"
    )
    lately = Told([(p, space.vector(word_counts_of(p))) for p in profile.seen])
    found: list[_Scored] = []
    for candidate in candidates:
        text, vector = texts[candidate.paper.id], space.vector(counts[candidate.paper.id])
        paper = candidate.paper
        relevance = _together(interests.weigh(paper, text, vector))
        against = _together(f for f in avoid.weigh(paper, text, vector) if f >= MATCHES)
        votes = _votes(candidate)
        company = min(1.0, (len(candidate.sources) - 1) / 2)
        if profile.has_interests:
            score = _RELEVANCE * relevance + _VOTES * votes + _COMPANY * company
        else:
            score = (1 - _COMPANY) * votes + _COMPANY * company
        score *= 1 - (1 - _SPARED) * against
        found.append(
            _Scored(
                candidate=candidate,
                vector=vector,
                score=round(score * (1 - _STALE * lately.nearness(vector)), 4),
                score_if_new=round(score, 4),
                relevance=relevance,
                avoided=against,
                votes=votes,
                fits=partial(_fits, interests, avoid, paper, text, vector),
            )
        )
    return tuple(sorted(found, key=_best_first)), lately


def _interests_of(space: Space, profile: Profile) -> _Interests:
    return _Interests(space, profile.words, profile.authors, profile.liked, profile.disliked, "one of your papers")


def _softened(fit: float) -> float:
    """A fit, of which less counts than there is where it is no match.

    Half of an interest is not half as good: "test" and "time" are everywhere, and a reader would rather see what many
    others voted for.
    """
    return fit if fit >= MATCHES else fit * fit / MATCHES


def _graded(nearness: float) -> float:
    """Nearness without bounds → 0 to 1, so that of two papers off a taste the nearer still comes first."""
    beyond = (nearness - _HALF_NEAR) / _STEEPNESS
    # No exponential: rounded to four places, it would put all that are very near on a level.
    return 0.5 + 0.5 * beyond / math.sqrt(1 + beyond * beyond)


def _best_first(scored: _Scored) -> tuple[float, float, bool, int, str]:
    candidate = scored.candidate
    # Where nothing speaks for a paper, what speaks against it has nothing to be taken off.
    return -scored.score, scored.avoided, not candidate.paper.abstract, candidate.position, candidate.paper.id


def _together(fits: Iterable[float]) -> float:
    """One relevance of all: the best fit; a second one that is there too says a little more."""
    values = sorted(fits, reverse=True)
    if not values:
        return 0.0
    return min(1.0, values[0] + 0.1 * sum(f for f in values[1:] if f >= MATCHES))


def _votes(candidate: Candidate) -> float:
    signals = candidate.signals
    votes = (signals.upvotes or 0) + (signals.comments or 0) + (signals.stars or 0) / _STARS_PER_VOTE
    return min(1.0, math.log1p(max(0.0, votes)) / math.log1p(_MANY_VOTES))


class _Interests:
    """Interests, or what is to be avoided, held against papers."""

    def __init__(
        self,
        space: Space,
        texts: Sequence[str],
        authors: Sequence[str],
        liked: Sequence[Liked],
        disliked: Sequence[Liked],
        own: str,
    ) -> None:
        """Read them.

        Args:
            own: What a reason calls a paper that is *liked* itself.
        """
        self._space, self._authors, self._own = space, authors, own
        self._ids = frozenset(one.paper.id for one in liked)
        self._titles = frozenset(words_of(one.paper.title) for one in liked if not is_generic(one.paper.title))
        self._phrases = [phrase(text) for text in texts]
        self._sentences = {
            p.text: space.vector(word_counts(p.text)) for p in self._phrases if len(p.terms) >= _SENTENCE
        }
        self._liked = [(one, space.vector(word_counts_of(one.paper))) for one in liked]
        self._taste: Taste | None = None
        if liked:
            against = [(space.vector(word_counts_of(one.paper)), one.weight) for one in disliked]
            self._taste = Taste(space, [(v, one.weight) for one, v in self._liked], against)
        self._are_several = len(liked) >= _SEVERAL
        self._nearest = Nearest(((one, v), v) for one, v in self._liked)

    def weigh(self, paper: Paper, text: Text, vector: Vector) -> list[float]:
        """How well a paper fits each part of it, 0 to 1."""
        by_authors = [_BY_AUTHOR] * len(self._signed(paper.authors))
        by_taste = [] if self._taste is None else [self._fit_of_taste(paper, vector, self._taste)]
        return [*by_authors, *(self._matches(text, vector, p) for p in self._phrases), *by_taste]

    def fits(self, paper: Paper, text: Text, vector: Vector) -> list[Fit]:
        """The same, with what a reason needs to name it."""
        found = [Fit(kind=Kind.AUTHOR, name=name, fit=_BY_AUTHOR) for name in self._signed(paper.authors)]
        found += [
            Fit(
                kind=Kind.WORDS,
                name=clipped(p.text, _NAME),
                fit=self._matches(text, vector, p),
                because=shared(text, p, self._space.rarity, _BECAUSE),
                telling=shared(text, p, self._space.rarity, _BECAUSE, tells=self._space.tells),
            )
            for p in self._phrases
        ]
        if self._taste is not None:
            found.append(self._near(paper, vector, self._taste))
        return found

    def _matches(self, text: Text, vector: Vector, interest: Phrase) -> float:
        by_words = fit(text, interest, self._space.rarity)
        sentence = self._sentences.get(interest.text)
        if sentence is not None:
            by_words = max(by_words, min(1.0, vector.cosine(sentence) / _AS_NEAR))
        return _softened(by_words)

    def _near(self, paper: Paper, vector: Vector, taste: Taste) -> Fit:
        near = self._fit_of_taste(paper, vector, taste)
        if self._is_own(paper):
            return Fit(kind=Kind.SELF, name=self._own, fit=near)
        found = self._nearest.find(vector)
        if found is None and len(self._liked) == 1:
            found = self._liked[0], vector.cosine(self._liked[0][1])
        if found is not None and (near < MATCHES or found[1] >= _CLOSE or not self._are_several):
            (liked, theirs), cosine = found
            telling = tuple(filter(self._space.tells, vector.shared(theirs, _SHARED)))[:_BECAUSE]
            if telling or cosine >= _CLOSE:
                because = _as_written(telling, paper)
                is_close = cosine >= _CLOSE
                return Fit(
                    kind=Kind.PAPER, name=liked.name, fit=near, is_close=is_close, because=because, telling=because
                )
        because = _as_written(taste.shared(vector, _BECAUSE), paper)
        is_close = self._are_several
        return Fit(kind=Kind.PAPERS, name="likes", fit=near, is_close=is_close, because=because, telling=because)

    def _fit_of_taste(self, paper: Paper, vector: Vector, taste: Taste) -> float:
        """How well a paper fits what was liked, 0 to 1; 0 where it has no word that tells of it."""
        if self._is_own(paper):
            return 1.0
        return _softened(_graded(taste.fit(vector))) if taste.is_met(vector) else 0.0

    def _is_own(self, paper: Paper) -> bool:
        return paper.id in self._ids or words_of(paper.title) in self._titles

    def _signed(self, authors: Sequence[str]) -> list[str]:
        if not self._authors or not authors_in_common(self._authors, authors):
            return []
        return [name for name in self._authors if authors_in_common((name,), authors)]


def _fits(
    interests: _Interests, avoid: _Interests, paper: Paper, text: Text, vector: Vector
) -> tuple[list[Fit], list[Fit]]:
    return interests.fits(paper, text, vector), avoid.fits(paper, text, vector)


def _as_written(words: Iterable[str], paper: Paper) -> tuple[str, ...]:
    written = forms(" ".join((paper.title, paper.abstract, *paper.keywords)))
    return tuple(written[word] for word in words)


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

    They stay eligible for some days. Nobody asks why they were considered: they have no `reason`.
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
        exploration: Share of the places that go to papers off the interests, see
            `digest.core.ranking.variety.places`. Where nobody has interests, or all papers have room, there is nothing
            to be off from, and no such places.
        seed: By which chance decides between strangers; that of an edition and a day, to be the same all day.
        background: See `rank`.
    """
    considered = [c for c in candidates if c.cut_at is None or has_risen(c)]
    scored, told = _scored(considered, profile, background or Background())
    choice = _Choice(scored, told)
    if profile.has_interests and len(scored) > max_papers:
        apart = places(exploration, max_papers)
        choice.take_best(max_papers - apart)
        choice.take_unusual(apart, seed)
    choice.take_best(max_papers)
    return choice.selection()


class _Choice:
    """An issue being chosen."""

    def __init__(self, scored: Sequence[_Scored], told: Told) -> None:
        """Begin with nothing."""
        self._scored, self._told = scored, told
        self._best: list[_Scored] = []
        self._unusual: list[_Scored] = []
        self._taken: set[PaperId] = set()
        self._same: dict[PaperId, Paper] = {}
        """Paper → the one that is told and says nearly the same."""

    def take_best(self, until: int) -> None:
        """Take the best of what is left, until *until* are taken."""
        for one in self._scored:
            if len(self._taken) >= until:
                return
            if self._is_free(one):
                self._take(one)
                self._best.append(one)

    def take_unusual(self, places: int, seed: str) -> None:
        """Take up to *places* of those that no interest asks for."""
        free = [s for s in self._scored if s.relevance < MATCHES and not s.avoided and self._is_free(s)]
        by_id = {s.candidate.paper.id: s for s in free}
        found = explore(
            [Stranger(paper=s.candidate.paper, vector=s.vector, votes=s.votes) for s in free],
            places=places,
            beside=self._told,
            categories=frozenset(c for s in self._best for c in s.candidate.paper.categories[:1]),
            seed=seed,
        )
        for paper_id in found:
            one = by_id[paper_id]
            if self._is_free(one):
                self._take(one)
                self._unusual.append(one)

    def selection(self) -> Selection:
        """What was taken, and what was left."""
        said = {s.candidate.paper.id: s.ranked(is_off=True) for s in self._unusual}
        said |= {s.candidate.paper.id: self._with_reason(s) for s in self._best}
        return Selection(
            chosen=tuple(said[i] for s in self._scored if (i := s.candidate.paper.id) in said),
            cut=tuple(
                self._with_why(s.unexplained())
                for s in self._scored
                if s.candidate.paper.id not in said and s.candidate.cut_at is None
            ),
        )

    def _with_reason(self, one: _Scored) -> Ranked:
        return one.ranked(*([reasons.UNLIKE] if one.candidate.paper.id in self._for_being_new else []))

    @cached_property
    def _for_being_new(self) -> frozenset[PaperId]:
        """Those that would have had no place if what resembles printed ones lost nothing by it."""
        fair = [
            s
            for s in self._scored
            if s.candidate.paper.id not in self._same.keys() | {u.candidate.paper.id for u in self._unusual}
        ]
        fair.sort(key=lambda s: -s.score_if_new)
        return frozenset(s.candidate.paper.id for s in fair[len(self._best) :])

    def _is_free(self, one: _Scored) -> bool:
        paper = one.candidate.paper
        if paper.id in self._taken or paper.id in self._same:
            return False
        if (same := self._told.said(paper, one.vector)) is not None:
            self._same[paper.id] = same
        return same is None

    def _take(self, one: _Scored) -> None:
        self._taken.add(one.candidate.paper.id)
        self._told.add(one.candidate.paper, one.vector)

    def _with_why(self, ranked: Ranked) -> Ranked:
        same = self._same.get(ranked.candidate.paper.id)
        if same is None:
            return ranked
        return replace(ranked, left_out=f"says nearly the same as {quoted(same.title, _TITLE)}")
