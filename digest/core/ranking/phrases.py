"""Match an interest in words against a paper: by the phrase itself, or by its words, of which rare ones count most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from digest.core.models import Paper
from digest.core.words.word_counts import STOPWORDS, WordCounts, count, forms, words

_APART: Final = ("|",) * 40
"""Separator between keywords, so long that no phrase and no neighbourhood of words reaches over it."""
_OFTEN: Final = 50
"""Places of one word in a text that are looked at; more are not found in prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """An interest in words, as a reader wrote it, ready to be matched."""

    text: str
    """The interest as written."""
    folded: str
    """Its folded words, with a blank before and behind each."""
    terms: tuple[str, ...]
    """Its telling words, each once; all its words if none is telling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paper's folded words, made once for all interests."""

    title: Sequence[str]
    abstract: Sequence[str]
    keywords: Sequence[Sequence[str]]
    categories: Sequence[Sequence[str]]
    all: frozenset[str]

    @property
    def word_counts(self) -> WordCounts:
        """The words by which the paper is compared, as `digest.core.words.word_counts.word_counts_of` has them."""
        return count(chain(self.title, self.abstract, *self.keywords))

    def beside_title(self) -> list[str]:
        """The abstract's words, then keywords and categories, separated so that phrases do not reach over them."""
        return list(chain(self.abstract, *((*_APART, *listed) for listed in (*self.keywords, *self.categories))))


def phrase(text: str) -> Phrase:
    """Make the phrase of an interest."""
    folded = words(text)
    terms = tuple(dict.fromkeys(w for w in folded if w not in STOPWORDS)) or tuple(folded)
    return Phrase(text=text, folded=f" {' '.join(folded)} ", terms=terms)


def read(paper: Paper) -> Text:
    """Fold the words of a paper, so that phrases can be matched against it."""
    title, abstract = words(paper.title), words(paper.abstract)
    keywords, categories = [words(k) for k in paper.keywords], [words(c) for c in paper.categories]
    return Text(
        title=title,
        abstract=abstract,
        keywords=keywords,
        categories=categories,
        all=frozenset(chain(title, abstract, *keywords, *categories)),
    )


def shared(
    text: Text,
    interest: Phrase,
    rarity: Callable[[str], float],
    most: int,
    *,
    tells: Callable[[str], bool] | None = None,
) -> tuple[str, ...]:
    """Return the words of an interest that a paper has, as the reader wrote them, in the interest's order.

    Words that say little beside the others of the interest are left out.

    Args:
        rarity: How much a word says.
        most: How many words are returned at most: the rarest.
        tells: Whether a word says something by itself; if given, other words are left out.
    """
    written = forms(interest.text)
    little = max(map(rarity, interest.terms), default=0.0) / 2
    there = [term for term in interest.terms if term in text.all and rarity(term) >= little]
    if tells is not None:
        there = [term for term in there if tells(term)]
    best = sorted(there, key=lambda term: (-rarity(term), term))[:most]
    return tuple(written[term] for term in there if term in best)


def fit(text: Text, interest: Phrase, rarity: Callable[[str], float]) -> float:
    """Return how well a paper fits one interest, 0 to 1.

    Words that stand together say more than the same words anywhere: "causal attention" and "inference" three sentences
    later are not causal inference.
    """
    if text.all.isdisjoint(interest.terms):
        return 0.0
    beside = text.beside_title()
    if text.all.issuperset(interest.terms):
        if interest.folded in _run(text.title):
            return 1.0
        if interest.folded in _run(beside):
            return 0.85
    says = {t: rarity(t) for t in interest.terms}
    whole = sum(says.values())
    if not whole:
        return 0.0

    def share(terms: Iterable[str]) -> float:
        return sum(says[t] for t in dict.fromkeys(terms)) / whole

    in_title = [t for t in interest.terms if t in text.title]
    near = _together(beside, interest.terms)
    together = [t for t in interest.terms if t in near]
    anywhere = [t for t in interest.terms if t in text.all]
    covered = max(share(in_title), 0.85 * share(together), 0.7 * share([*in_title, *together]), 0.5 * share(anywhere))
    # Half of an interest's words is not half of the interest: "test" and "time" are everywhere.
    return 0.8 * covered**2


def _run(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "


def _together(words: Sequence[str], terms: Sequence[str]) -> frozenset[str]:
    """Return the largest set of *terms* that stand within a few words of each other."""
    width = 3 * len(terms) + 2
    wanted, met = frozenset(terms), Counter[str]()
    places: list[tuple[int, str]] = []
    for at, word in enumerate(words):
        if word in wanted and met[word] < _OFTEN:
            met[word] += 1
            places.append((at, word))
    windows = (frozenset(t for at, t in places[n:] if at - start < width) for n, (start, _) in enumerate(places))
    return max(windows, key=len, default=frozenset())
