"""Score a day's papers by interests and votes, with the reason in words, and select the papers of an issue.

    Day, Profile ──► interests, each with its own order ──► shares of the places ──┐
                 ──► what is to be avoided ──► barred                              ├──► Selection
                 ──► votes, company of sources ──► one score ──► the rest ─────────┤
                 ──► what was printed lately ──► said already                      │
                                                   the unusual ────────────────────┘

Relevance to the interests counts most for the score, then the votes that a paper has elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from digest.core.items.aside import Aside
from digest.core.models import Candidate, Paper, Ranked
from digest.core.ranking import reasons
from digest.core.ranking.day import Day, has_risen
from digest.core.ranking.libraries import Libraries
from digest.core.ranking.matching import avoided_of, disliked_of, interests_of, with_terms
from digest.core.ranking.profile import Profile
from digest.core.ranking.reasons import MATCHES, Fit
from digest.core.ranking.relevance import Background
from digest.core.ranking.shares import Order, share
from digest.core.ranking.variety import chances, explore, places, worth
from digest.core.words.text import quoted

_RELEVANCE: Final = 0.65
_VOTES: Final = 0.25
_COMPANY: Final = 0.10
_STALE: Final = 0.15
"""Score that a paper loses if it is as similar as possible to a paper printed lately."""
_SPARED: Final = 0.2
"""Share of the score that remains however near a paper is to disliked ones."""
_VERY_CLOSE: Final = 0.35
"""Cosine to a disliked paper from which a paper is left out; about one of a thousand has another as close."""
_WEIGHT_OF_VOTES: Final = 0.5
"""How much the votes of others count beside one interest of the reader's."""
_VOTED: Final = 0.6
"""Votes, on their scale, from which a paper may get a place for them: some 15 upvotes."""
_EXPLAINED: Final = 4
"""Interests among which those are that a reason names."""
_TITLE: Final = 80
"""Letters of a title that a reason quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an issue takes of the day's candidates."""

    chosen: tuple[Ranked, ...]
    """Best first, at most `max_papers`."""
    cut: tuple[Ranked, ...]
    """Papers considered for the first time and left out, for want of room or as `left_out` says; best first.

    They stay eligible for some days. They have no `reason`.
    """
    aside: tuple[Aside, ...] = ()
    """What is new and that the edition does not print; in the sources' order."""


def rank(day: Day, profile: Profile, *, libraries: Libraries | None = None) -> tuple[Ranked, ...]:
    """Score the day's papers, best first; what is to be avoided is among them, with the reason in `left_out`.

    Of equal scores a paper with an abstract comes first, then the sources' own order counts. The result does not depend
    on the order of the candidates.

    Args:
        libraries: Keeps what libraries are prepared to; None: they are prepared for this once.
    """
    scores = _Scores(day, profile, libraries or Libraries(day.background))
    return tuple(scores.ranked(position) for position in scores.order)


def nearest(paper: Paper, profile: Profile, background: Background | None = None) -> Fit | None:
    """Return the interest that *paper* is nearest to, however far it is; None for a profile without interests."""
    day = Day((Candidate(paper=paper, sources=("",), position=0, listed_on=date.min),), background)
    fits = (interest.explain(0) for interest in interests_of(day, profile, Libraries(background)))
    best = max(fits, key=lambda f: f.fit, default=None)
    return None if best is None else with_terms(day, 0, best)


def select(
    day: Day,
    profile: Profile,
    *,
    max_papers: int,
    exploration: float = 0.1,
    seed: str = "",
    avoid_unless_upvotes: int | None = None,
    libraries: Libraries | None = None,
) -> Selection:
    """Choose *max_papers* of what is new, together with those cut earlier that have risen since.

    Each interest has its share of the places (`digest.core.ranking.shares`), and so have votes; what is left goes to
    the best papers. Of two that say nearly the same the better one is taken; of one that says what was printed lately,
    none. What is to be avoided is left out.

    Args:
        exploration: Share of the places that go to papers off the interests, see
            `digest.core.ranking.variety.places`. Where nobody has interests, or all papers have room, there is nothing
            to be off from, and no such places.
        seed: Seed of the random choice among papers off the interests: edition and day, so that it stays all day.
        avoid_unless_upvotes: Upvotes that bring in what is to be avoided; None: however many, they do not.
        libraries: See `rank`.
    """
    scores = _Scores(day, profile, libraries or Libraries(day.background), avoid_unless_upvotes=avoid_unless_upvotes)
    choice = _Choice(scores)
    choice.take(max_papers, exploration=exploration, seed=seed)
    return choice.selection()


def pick(
    day: Day,
    profile: Profile,
    *,
    max_papers: int,
    shown: Collection[int] = (),
    exploration: float = 0.1,
    seed: str = "",
    avoid_unless_upvotes: int | None = None,
    libraries: Libraries | None = None,
) -> tuple[Ranked, ...]:
    """Choose as `select` does, for one reader of many: best first, without saying what was left out.

    Args:
        shown: Positions of papers that this reader was shown before; they are not chosen again.
    """
    scores = _Scores(day, profile, libraries or Libraries(day.background), avoid_unless_upvotes=avoid_unless_upvotes)
    choice = _Choice(scores, shown)
    choice.take(max_papers, exploration=exploration, seed=seed)
    return choice.chosen()


class _Scores:
    """The day's papers with their scores for one profile."""

    def __init__(
        self, day: Day, profile: Profile, libraries: Libraries, *, avoid_unless_upvotes: int | None = None
    ) -> None:
        self.day, self.profile = day, profile
        self.interests = interests_of(day, profile, libraries)
        self.lately = day.lately(profile.seen)
        self.barred: dict[int, str] = {}
        """Position of a paper that is to be avoided → why it is left out."""
        self.brought_back: dict[int, str] = {}
        """Position of a paper that is to be avoided and comes for its votes → the reason."""
        for position, what in _avoided(day, profile).items():
            upvotes = day.candidates[position].signals.upvotes or 0
            if avoid_unless_upvotes is not None and upvotes >= avoid_unless_upvotes:
                self.brought_back[position] = reasons.of_avoided(what, upvotes)
            else:
                self.barred[position] = reasons.of_avoided(what)
        self.relevance = _together(i.fits for i in self.interests)
        self.disliked = _together(i.fits for i in disliked_of(day, profile, libraries))
        self.score = self._all_scores()
        against, ties, score = self.disliked, day.ties, self.score
        # Without relevance to an interest there is nothing to be lowered.
        keys = [(-score[n], against.get(n, 0.0) >= MATCHES, tie) for n, tie in enumerate(ties)]
        self.order = sorted(range(len(ties)), key=keys.__getitem__)
        """Positions of the papers, best first."""
        self.place = [0] * len(self.order)
        """The place in `order` of each paper, by position."""
        for n, position in enumerate(self.order):
            self.place[position] = n

    def _all_scores(self) -> list[float]:
        """Return the score of each paper; most fit no interest, and theirs depends on the day alone."""
        day, near = self.day, self.lately.nearness
        weight = _VOTES if self.profile.has_interests else 1 - _COMPANY
        found = [weight * votes + _COMPANY * company for votes, company in zip(day.votes, day.company, strict=True)]
        for position, relevance in self.relevance.items():
            found[position] += _RELEVANCE * relevance
        for position, against in self.disliked.items():
            if against >= MATCHES:
                found[position] *= 1 - (1 - _SPARED) * against
        for position, nearness in near.items():
            found[position] *= 1 - _STALE * nearness
        return [round(score, 4) for score in found]

    def is_off(self, position: int) -> bool:
        """Whether a paper fits none of the interests well, where there are any."""
        return self.profile.has_interests and self.relevance.get(position, 0.0) < MATCHES

    def ranked(self, position: int, *, is_off: bool = False) -> Ranked:
        """A paper with its reason.

        Args:
            is_off: Whether it is there for being off the interests.
        """
        candidate = self.day.candidates[position]
        near = sorted(
            (i for i in self.interests if i.fits.get(position, 0.0) >= MATCHES),
            key=lambda i: (-round(i.fits[position], 4), i.label),
        )
        said = [] if is_off else [interest.explain(position) for interest in near[:_EXPLAINED]]
        risen = reasons.of_rise(candidate) if has_risen(candidate) else ""
        return Ranked(
            candidate=candidate,
            score=self.score[position],
            reason=reasons.joined(
                [*([reasons.OFF] if is_off else reasons.of_interests(said)), self.brought_back.get(position, ""), risen]
            ),
            interests=tuple(dict.fromkeys(i.label for i in near)),
            is_off=is_off or self.is_off(position),
            left_out=self.barred.get(position, ""),
        )


def _avoided(day: Day, profile: Profile) -> dict[int, str]:
    """Return the papers that are to be avoided: position → what of it, in words."""
    found: dict[int, str] = {}
    for interest in avoided_of(day, profile):
        for position, fit in interest.fits.items():
            if fit >= MATCHES:
                found.setdefault(position, reasons.of_avoided_fit(interest.explain(position)))
    for disliked in sorted(profile.disliked, key=lambda one: one.paper.id):
        for position, cosine in day.near(disliked.paper):
            if cosine >= _VERY_CLOSE:
                found.setdefault(position, f"like {disliked.name}")
    for text, names in profile.avoid_topics:
        for position, topics in enumerate(day.topics):
            if not topics.isdisjoint(names):
                found.setdefault(position, f"on {reasons.quoted_interest(text)}")
    return found


def _together(fits: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """Combine the fits of several interests to one relevance: the best fit, raised a little by other matches."""
    best: dict[int, float] = {}
    others: dict[int, float] = {}
    for one in fits:
        for position, fit in one.items():
            before = best.get(position, 0.0)
            less = min(before, fit)
            best[position] = max(before, fit)
            if less >= MATCHES:
                others[position] = others.get(position, 0.0) + less
    return {position: min(1.0, fit + 0.1 * others.get(position, 0.0)) for position, fit in best.items()}


class _Choice:
    """The choice of an issue's papers while it is being made."""

    def __init__(self, scores: _Scores, shown: Collection[int] = ()) -> None:
        """Begin with no paper taken.

        Args:
            shown: Positions of papers that are not to be taken.
        """
        self._scores, self._day = scores, scores.day
        self._shown = frozenset(shown)
        self._taken: dict[int, None] = {}
        self._unusual: set[int] = set()
        self._same: dict[int, Paper] = dict(scores.lately.said)
        """Position of a paper → the one that is told and says nearly the same."""

    def take(self, number: int, *, exploration: float, seed: str) -> None:
        """Take *number* papers; see `select`."""
        if self._scores.profile.has_interests and len(self._scores.order) - len(self._shown) > number:
            apart = places(exploration, number)
            self.take_shares(number - apart)
            self.take_best(number - apart)
            self.take_unusual(apart, seed)
        self.take_best(number)

    def take_shares(self, number: int) -> None:
        """Take up to *number* papers, each interest its share of them, and votes theirs."""
        orders = [Order(fits=i.fits, weight=i.weight) for i in sorted(self._scores.interests, key=lambda i: i.label)]
        voted = {p: votes for p, votes in enumerate(self._day.votes) if votes >= _VOTED}
        share([*orders, Order(fits=voted, weight=_WEIGHT_OF_VOTES)], self._scores.place, number, self._take)

    def take_best(self, until: int) -> None:
        """Take the best remaining papers, until *until* papers are taken in all."""
        for position in self._scores.order:
            if len(self._taken) >= until:
                return
            self._take(position)

    def take_unusual(self, number: int, seed: str) -> None:
        """Take up to *number* papers that no interest asks for, and that none avoids."""
        scores, day, papers = self._scores, self._day, self._day.papers
        asked = {p for fits in (scores.relevance, scores.disliked) for p, fit in fits.items() if fit >= MATCHES}
        barred = {*asked, *scores.brought_back, *scores.barred, *self._taken, *self._same, *self._shown}
        free = [p for p in range(len(papers)) if p not in barred and (p not in day.same or self._is_free(p))]
        chance = chances((day.lots[p] for p in free), seed)
        found = explore(
            {p: worth(day.votes[p], day.novelty[p], of) for p, of in zip(free, chance, strict=True)},
            papers,
            places=number,
            categories=frozenset(c for p in self._taken for c in papers[p].categories[:1]),
        )
        for position in found:
            if self._take(position):
                self._unusual.add(position)

    def chosen(self) -> tuple[Ranked, ...]:
        """Return the papers taken, best first."""
        place = self._scores.place
        return tuple(
            self._scores.ranked(p, is_off=p in self._unusual) for p in sorted(self._taken, key=place.__getitem__)
        )

    def selection(self) -> Selection:
        """Return the papers taken, and those left out."""
        order = self._scores.order
        return Selection(
            chosen=self.chosen(),
            cut=tuple(
                self._left_out(p) for p in order if p not in self._taken and self._day.candidates[p].cut_at is None
            ),
        )

    def _is_free(self, position: int) -> bool:
        if (
            position in self._taken
            or position in self._shown
            or position in self._same
            or position in self._scores.barred
        ):
            return False
        same = next((other for other in self._day.same.get(position, ()) if other in self._taken), None)
        if same is None:
            return True
        self._same[position] = self._day.candidates[same].paper
        return False

    def _take(self, position: int) -> bool:
        """Take a paper, if it is free; whether it was."""
        if not self._is_free(position):
            return False
        self._taken[position] = None
        return True

    def _left_out(self, position: int) -> Ranked:
        """A paper that is left out: scored, without a reason to be printed."""
        why = self._scores.barred.get(position, "")
        if not why and (same := self._same.get(position)) is not None:
            why = f"says nearly the same as {quoted(same.title, _TITLE)}"
        return self._day.left_out(position, self._scores.score[position], why)
