"""Interests and signals → score, with the reason in words; and what of a day's papers an issue takes.

Two things speak for a paper: how well its text fits what readers said they care about, and how many people elsewhere
voted for it. Words that few of the day's papers have count more than words that all have (inverse document frequency).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from digest.core.models import Candidate, Paper, Ranked

_RELEVANCE: Final = 0.65
_VOTES: Final = 0.25
_COMPANY: Final = 0.10
_MANY_VOTES: Final = 100
"""Upvotes that count in full; one paper in a hundred of Hugging Face's daily list gets there within its first day."""
_MATCHES: Final = 0.45
"""Relevance from which the reason says "matches …"."""
_APART: Final = ("|",) * 40
"""What divides keywords, so that no phrase and no neighbourhood reaches over it."""
_OFTEN: Final = 50
"""Places of one word that are looked at; an abstract that repeats it more often is not prose."""
_STOPWORDS: Final = frozenset(
    "a an and are as at be by can do for from has have how in into is it its of on or our that the their these this to "
    "using via we what when which with".split()
)


def words(text: str) -> list[str]:
    """The words of a text in order, folded so that plurals and hyphens make no difference."""
    return [_singular(w) for w in re.findall(r"[^\W_]+", text.casefold())]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interest:
    text: str
    phrase: str
    """Its folded words between blanks, as they stand in a text."""
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A paper's words, once."""

    title: str
    abstract: str
    title_words: frozenset[str]
    abstract_words: Mapping[str, tuple[int, ...]]
    """Word → the places where it stands in the abstract, sorted."""


def _read(paper: Paper) -> _Text:
    title, abstract = words(paper.title), words(paper.abstract)
    # Keywords stand far from the abstract and from each other: they are no sentence.
    listed = [word for keyword in (*paper.keywords, *paper.categories) for word in (*words(keyword), *_APART)]
    places: dict[str, list[int]] = {}
    for place, word in enumerate([*abstract, *_APART, *listed]):
        places.setdefault(word, []).append(place)
    return _Text(
        title=f" {' '.join(title)} ",
        abstract=f" {' '.join(abstract)} {' '.join(listed)} ",
        title_words=frozenset(title),
        abstract_words={word: tuple(at) for word, at in places.items()},
    )


def rank(candidates: Sequence[Candidate], interests: Sequence[str]) -> tuple[Ranked, ...]:
    """Score the day's candidates, best first.

    Of equal scores a paper with an abstract comes first, then the sources' own order counts. The result does not depend
    on the order of *candidates*.
    """
    wanted = [_interest(i) for i in interests]
    texts = {c.paper.id: _read(c.paper) for c in candidates}
    rarity = _rarity(wanted, list(texts.values()))
    ranked = [_score(c, texts[c.paper.id], wanted, rarity) for c in candidates]
    return tuple(sorted(ranked, key=_best_first))


def _best_first(ranked: Ranked) -> tuple[float, bool, int, str]:
    candidate = ranked.candidate
    return -ranked.score, not candidate.paper.abstract, candidate.position, candidate.paper.id


def _interest(text: str) -> _Interest:
    folded = words(text)
    terms = tuple(dict.fromkeys(w for w in folded if w not in _STOPWORDS)) or tuple(folded)
    return _Interest(text=text, phrase=f" {' '.join(folded)} ", terms=terms)


def _rarity(wanted: Sequence[_Interest], texts: Sequence[_Text]) -> dict[str, float]:
    terms = {t for i in wanted for t in i.terms}
    total = len(texts)
    return {
        term: math.log(1 + (total + 1) / (1 + sum(term in t.title_words or term in t.abstract_words for t in texts)))
        for term in terms
    }


def _score(candidate: Candidate, text: _Text, wanted: Sequence[_Interest], rarity: Mapping[str, float]) -> Ranked:
    fits = [(_relevance(text, i, rarity), i.text) for i in wanted]
    relevance = max((f for f, _ in fits), default=0.0)
    # A second interest that fits too says a little more.
    relevance = min(1.0, relevance + 0.1 * sum(f for f, _ in fits if f >= _MATCHES and f < relevance))
    votes = min(1.0, math.log1p(candidate.signals.upvotes or 0) / math.log1p(_MANY_VOTES))
    company = min(1.0, (len(candidate.sources) - 1) / 2)
    if wanted:
        score = _RELEVANCE * relevance + _VOTES * votes + _COMPANY * company
    else:
        score = (1 - _COMPANY) * votes + _COMPANY * company
    return Ranked(candidate=candidate, score=round(score, 4), reason=_reason(candidate, fits))


def _relevance(text: _Text, interest: _Interest, rarity: Mapping[str, float]) -> float:
    """How well a paper fits one interest, 0 to 1: the phrase itself, or else its words, the rare ones counting most.

    Words that stand together say more than the same words anywhere: "causal attention" and "inference" three sentences
    later are not causal inference.
    """
    if interest.phrase in text.title:
        return 1.0
    if interest.phrase in text.abstract:
        return 0.85
    whole = sum(rarity[t] for t in interest.terms)
    if not whole:
        return 0.0

    def share(terms: Iterable[str]) -> float:
        return sum(rarity[t] for t in set(terms)) / whole

    in_title = [t for t in interest.terms if t in text.title_words]
    anywhere = [t for t in interest.terms if t in text.title_words or t in text.abstract_words]
    together = _together(text, interest.terms)
    covered = max(share(in_title), 0.85 * share(together), 0.7 * share([*in_title, *together]), 0.5 * share(anywhere))
    # Half of an interest's words is not half of the interest: "test" and "time" are everywhere.
    return 0.8 * covered**2


def _together(text: _Text, terms: Sequence[str]) -> frozenset[str]:
    """The most of *terms* that stand within a few words of each other in the abstract."""
    width = 3 * len(terms) + 2
    places = sorted((at, t) for t in terms for at in text.abstract_words.get(t, ())[:_OFTEN])
    windows = (frozenset(t for at, t in places[n:] if at - start < width) for n, (start, _) in enumerate(places))
    return max(windows, key=len, default=frozenset())


def _reason(candidate: Candidate, fits: Sequence[tuple[float, str]]) -> str:
    matched = [name for fit, name in sorted(fits, key=lambda f: -f[0]) if fit >= _MATCHES]
    parts = [f"matches {' and '.join(matched[:2])}"] if matched else []
    upvotes = candidate.signals.upvotes
    if has_risen(candidate) and candidate.cut_at is not None and candidate.cut_on is not None:
        before = candidate.cut_at.upvotes
        rose_from = "drew" if before is None else f"rose from {before} to"
        parts.append(f"{rose_from} {upvotes} upvotes since {_day(candidate.cut_on)}")
    elif upvotes:
        parts.append(f"{upvotes} upvote{'s' if upvotes != 1 else ''}")
    if len(candidate.sources) > 1:
        parts.append(f"listed by {', '.join(candidate.sources[:-1])} and {candidate.sources[-1]}")
    return "; ".join(parts)


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
    """Papers considered for the first time and left out for want of room; they stay eligible for some days."""


def select(candidates: Sequence[Candidate], interests: Sequence[str], *, max_papers: int) -> Selection:
    """Choose the best *max_papers* of what is new, together with those cut earlier that have risen since.

    A paper cut earlier that has not risen is not considered, and a day with nothing new chooses nothing: yesterday's
    second best is not news.
    """
    considered = [c for c in candidates if c.cut_at is None or has_risen(c)]
    ranked = rank(considered, interests)
    return Selection(
        chosen=ranked[:max_papers],
        cut=tuple(r for r in ranked[max_papers:] if r.candidate.cut_at is None),
    )
