"""How well the day's papers fit each interest of a profile: phrases, people, liked papers, libraries and marks.

    Profile ──interests_of──► Interest, Interest, …   each with its own order of the day
                                 │
                                 └── fit_of(position) ──► Fit, which a reason is made of

A paper that is named as an interest is one by itself. Those of a library are a few clusters, and those that readers
marked are one or more of their own, which weigh the more the more marks there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from digest.core.identity.people import authors_in_common
from digest.core.models import Paper
from digest.core.ranking.day import Day
from digest.core.ranking.libraries import Libraries, LikedGroup, groups
from digest.core.ranking.profile import MARKS, Liked, Profile
from digest.core.ranking.reasons import MATCHES, Fit, Kind
from digest.core.ranking.relevance import is_prose
from digest.core.words.word_counts import forms, neighbours

PAPERS: Final = "papers "
"""How the label of an interest begins that is in papers."""
_HALF_NEAR: Final = 4.5
"""Nearness to a taste (`Taste.fit`) that counts as a half: a paper or two in a hundred reach it, whatever the taste."""
_FEWEST_NEAR: Final = 3
_SHARE_NEAR: Final = 0.01
"""Papers of a day that may be like a liked one: this share of them, but no fewer than three."""
_STEEPNESS: Final = 2.0
"""How steeply relevance grows around `_HALF_NEAR`."""
_BY_AUTHOR: Final = 0.9
"""Relevance of a paper by an author whom the reader named."""
_CLOSE: Final = 0.16
"""Cosine from which a paper is called like a liked paper; a quarter of a day's papers have another as close."""
_MARKS_OF_ONE: Final = 3
"""Marks that weigh together as much as one interest in words."""
_NAMED: Final = 8
"""Papers named one by one up to which each is an interest; more are clusters, as a library is."""
_BECAUSE: Final = 2
"""Shared terms that a reason names."""
_SHARED: Final = 30
"""Shared words of two papers that are looked at; the telling ones among them are named."""
_TERMS_OF: Final = 1000
"""Papers whose terms are remembered: many readers are told of the same ones."""
_COMMON: Final = 0.03
"""Share of papers from which a word tells too little to be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One interest, with how well the day's papers fit it."""

    kind: Kind
    label: str
    """What it is called: the phrase, the person, `papers like …`, the file."""
    fits: Mapping[int, float]
    """Position of a paper → how well it fits, 0 to 1; papers that do not fit at all are left out."""
    weight: float = 1.0
    """How much it counts beside the others."""
    explain: Callable[[int], Fit] = field(repr=False)
    """Gives what a reason needs to say of a paper that fits."""


def interests_of(day: Day, profile: Profile, libraries: Libraries) -> tuple[Interest, ...]:
    """Return the interests of a profile, matched against the day; phrases first."""
    return (
        *(_phrase(day, text) for text in profile.words),
        *(_author(day, name) for name in profile.authors),
        *_liked(day, profile.liked, profile.disliked, libraries, own="one of your papers"),
    )


def avoided_of(day: Day, profile: Profile) -> tuple[Interest, ...]:
    """Return what a profile avoids in words and people, matched against the day."""
    return (
        *(_phrase(day, text) for text in profile.avoid_words),
        *(_author(day, name) for name in profile.avoid_authors),
    )


def disliked_of(day: Day, profile: Profile, libraries: Libraries) -> tuple[Interest, ...]:
    """Return the papers that a profile avoids, matched against the day."""
    return tuple(_liked(day, profile.disliked, profile.liked, libraries, own="one that you avoid"))


def with_terms(day: Day, position: int, fit: Fit) -> Fit:
    """Return the fit of a paper to words with those of them that it has: a reason repeats the words as a whole."""
    return replace(fit, because=day.terms(fit.name, position, _BECAUSE)) if fit.kind is Kind.WORDS else fit


def softened(fit: float) -> float:
    """Return the relevance for a fit; a fit that is no match counts less than its value.

    Half of an interest is not half as good: "test" and "time" are everywhere, and votes are then a better guide.
    """
    return fit if fit >= MATCHES else fit * fit / MATCHES


def graded(nearness: float, half: float = _HALF_NEAR) -> float:
    """Map an unbounded nearness to 0 to 1, strictly growing, so that of two papers the nearer always comes first.

    Args:
        half: The nearness that counts as a half.
    """
    beyond = (nearness - half) / _STEEPNESS
    # No exponential: rounded to four places, it would put all that are very near on a level.
    return 0.5 + 0.5 * beyond / math.sqrt(1 + beyond * beyond)


def _half_near(nearness: Iterable[float], papers: int) -> float:
    """Return the nearness to a taste that counts as a half: what few of the day's papers reach, and no less than usual.

    A paper from the middle of a field has many near to it, one from its edge none: both have as many matches.
    """
    few = max(_FEWEST_NEAR, math.ceil(_SHARE_NEAR * papers))
    nearest = sorted(nearness, reverse=True)[:few]
    return max(_HALF_NEAR, nearest[-1]) if len(nearest) == few else _HALF_NEAR


def _phrase(day: Day, text: str) -> Interest:
    fits = {position: softened(fit) for position, fit in day.match(text).items()}

    return Interest(
        kind=Kind.WORDS,
        label=text,
        fits=fits,
        explain=lambda position: Fit(kind=Kind.WORDS, name=text, fit=fits.get(position, 0.0)),
    )


def _author(day: Day, name: str) -> Interest:
    candidates = day.candidates
    signed = [p for p in day.signed_by(name) if authors_in_common((name,), candidates[p].paper.authors)]
    fits = dict.fromkeys(signed, _BY_AUTHOR)
    return Interest(
        kind=Kind.AUTHOR,
        label=name,
        fits=fits,
        explain=lambda position: Fit(kind=Kind.AUTHOR, name=name, fit=fits.get(position, 0.0)),
    )


def _liked(
    day: Day, liked: Sequence[Liked], against: Sequence[Liked], libraries: Libraries, *, own: str
) -> Iterable[Interest]:
    """Return the interests that liked papers are.

    Args:
        against: Papers of the other side: what resembles them resembles the liked ones less.
        own: How a reason calls a paper that is liked itself.
    """
    of: dict[str, list[Liked]] = {}
    for one in liked:
        of.setdefault(one.of, []).append(one)
    disliked = tuple(sorted(against, key=lambda one: one.paper.id))
    for name, some in of.items():
        papers = tuple(sorted(some, key=lambda one: one.paper.id))
        if name not in ("", MARKS):
            found = libraries.clusters(papers, disliked, day.space)
        else:
            found = groups(day.space, papers, disliked, apart=name == "" and len(papers) <= _NAMED)
        weight = 1.0
        if name == MARKS and len(found) == 1:
            # The first mark moves a place or two; three weigh as much as a phrase, and are not divided further.
            weight = min(1.0, sum(one.weight for one in papers) / _MARKS_OF_ONE)
        for group in found:
            yield _taste(day, group, label=_label(name, group.liked), weight=weight, own=own)


def _label(name: str, papers: Sequence[Liked]) -> str:
    if name == MARKS:
        return f"{PAPERS}that you marked"
    return f"{PAPERS}in {name}" if name else f"{PAPERS}like {papers[0].name}"


def _taste(day: Day, group: LikedGroup, *, label: str, weight: float, own: str) -> Interest:
    liked = group.liked
    near = day.nearness(group.taste)
    half = _half_near(near.values(), len(day.candidates))
    least = half - _STEEPNESS
    fits = {position: softened(graded(value, half)) for position, value in near.items() if value > least}
    selves = day.selves(group.known)
    fits |= dict.fromkeys(selves, 1.0)

    def explain(position: int) -> Fit:
        fit = fits.get(position, 0.0)
        if position in selves:
            return Fit(kind=Kind.SELF, name=own, fit=fit)
        vector, paper = day.vectors[position], day.candidates[position].paper
        found = group.nearest.find(vector)
        if found is None or (len(liked) > 1 and found[1] < _CLOSE):
            # Near to all of them together, and to none by itself.
            return Fit(kind=Kind.PAPER, name=liked[0].name if len(liked) == 1 else label, fit=fit)
        (one, theirs), _ = found
        telling = tuple(word for word in vector.shared(theirs, _SHARED) if day.space.share(word) < _COMMON)
        because = _terms(telling, paper, one.paper)
        return Fit(kind=Kind.PAPER, name=one.name, fit=fit, because=because)

    return Interest(kind=Kind.PAPER, label=label, fits=fits, weight=weight, explain=explain)


def _terms(telling: Sequence[str], paper: Paper, liked: Paper) -> tuple[str, ...]:
    """Return up to two terms that two papers share, as *paper* writes them.

    Pairs of words that stand together in both tell more than single ones; of these only names are named, as MLLM or
    LoRA, for any other says little by itself.
    """
    here, there = _terms_of(paper), _terms_of(liked)
    place = {word: n for n, word in enumerate(telling)}
    pairs = [
        pair
        for pair in here.pairs
        if pair in there.pairs and (place.keys() >= set(pair) or pair in here.named or pair in there.named)
        if not place.keys().isdisjoint(pair)
    ]
    pairs.sort(key=lambda pair: min(place.get(word, len(telling)) for word in pair))
    said: list[str] = []
    used: set[str] = set()
    for pair in pairs:
        if len(said) < _BECAUSE and used.isdisjoint(pair):
            said.append(here.pairs[pair])
            used.update(pair)
    for word in telling:
        if len(said) < _BECAUSE and word not in used and _is_name(here.heads.get(word, "")) and word in there.heads:
            said.append(here.heads[word])
            used.add(word)
    return tuple(said)


def _is_name(word: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in word[1:])


@lru_cache(maxsize=_TERMS_OF)
def _terms_of(paper: Paper) -> _Terms:
    return _Terms(paper)


class _Terms:
    """The words of a paper that may be named: pairs anywhere, and single words of title and keywords."""

    def __init__(self, paper: Paper) -> None:
        self.pairs: dict[tuple[str, str], str] = {}
        """Two folded words that stand together → as they are written."""
        self.heads = forms(" ".join((paper.title, *paper.keywords)))
        """Folded word → as it is written."""
        self.named = frozenset(pair for text in (paper.title, *paper.keywords) for pair, _ in neighbours(text))
        """The pairs of title and keywords."""
        for text in (paper.title, *paper.keywords, paper.abstract):
            for (a, b), written in neighbours(text):
                # As it stands in running text, if it does: titles write all words with capitals.
                if not is_prose(a) and not is_prose(b) and not self.pairs.get((a, b), "").islower():
                    self.pairs[a, b] = written
