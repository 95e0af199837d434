"""How well a paper fits an interest in words: the phrase itself, or its words, the rare ones counting most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from digest.core.models import Paper
from digest.core.words.word_counts import STOPWORDS, WordCounts, count, forms, words

_APART: Final = ("|",) * 40
"""What divides keywords, so that no phrase and no neighbourhood reaches over it."""
_OFTEN: Final = 50
"""Places of one word that are looked at; an abstract that repeats it more often is not prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that a reader is interested in."""

    text: str
    """As written."""
    folded: str
    """Its folded words between blanks, as they stand in a text."""
    terms: tuple[str, ...]
    """Those that say something, each once; all of them where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paper's folded words, once."""

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
        """The abstract, then keywords and categories, far from it and from each other: they are no sentence."""
        return list(chain(self.abstract, *((*_APART, *listed) for listed in (*self.keywords, *self.categories))))


def phrase(text: str) -> Phrase:
    """Read an interest."""
    folded = words(text)
    terms = tuple(dict.fromkeys(w for w in folded if w not in STOPWORDS)) or tuple(folded)
    return Phrase(text=text, folded=f" {' '.join(folded)} ", terms=terms)


def read(paper: Paper) -> Text:
    """Read a paper, to hold phrases against it."""
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
    """The words of an interest that a paper has, the *most* telling ones, in its order and as the reader wrote them.

    Words that say little beside the others of the interest are none of them.

    Args:
        tells: Which words say something by themselves, where only these are asked for.
    """
    written = forms(interest.text)
    little = max(map(rarity, interest.terms), default=0.0) / 2
    there = [term for term in interest.terms if term in text.all and rarity(term) >= little]
    if tells is not None:
        there = [term for term in there if tells(term)]
    best = sorted(there, key=lambda term: (-rarity(term), term))[:most]
    return tuple(written[term] for term in there if term in best)


def fit(text: Text, interest: Phrase, rarity: Callable[[str], float]) -> float:
    """How well a paper fits one interest, 0 to 1.

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
    """The most of *terms* that stand within a few words of each other."""
    width = 3 * len(terms) + 2
    wanted, met = frozenset(terms), Counter[str]()
    places: list[tuple[int, str]] = []
    for at, word in enumerate(words):
        if word in wanted and met[word] < _OFTEN:
            met[word] += 1
            places.append((at, word))
    windows = (frozenset(t for at, t in places[n:] if at - start < width) for n, (start, _) in enumerate(places))
    return max(windows, key=len, default=frozenset())
