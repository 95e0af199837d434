"""How well a paper fits an interest in words: the phrase itself, or its words, the rare ones counting most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.bags import STOPWORDS, words
from digest.core.models import Paper

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
    """A paper's words, once."""

    title: str
    abstract: str
    title_words: frozenset[str]
    abstract_words: Mapping[str, tuple[int, ...]]
    """Word → the places where it stands in the abstract, sorted."""


def phrase(text: str) -> Phrase:
    """Read an interest."""
    folded = words(text)
    terms = tuple(dict.fromkeys(w for w in folded if w not in STOPWORDS)) or tuple(folded)
    return Phrase(text=text, folded=f" {' '.join(folded)} ", terms=terms)


def read(paper: Paper) -> Text:
    """Read a paper, to hold phrases against it."""
    title, abstract = words(paper.title), words(paper.abstract)
    # Keywords stand far from the abstract and from each other: they are no sentence.
    listed = [word for keyword in (*paper.keywords, *paper.categories) for word in (*words(keyword), *_APART)]
    places: dict[str, list[int]] = {}
    for place, word in enumerate([*abstract, *_APART, *listed]):
        places.setdefault(word, []).append(place)
    return Text(
        title=f" {' '.join(title)} ",
        abstract=f" {' '.join(abstract)} {' '.join(listed)} ",
        title_words=frozenset(title),
        abstract_words={word: tuple(at) for word, at in places.items()},
    )


def fit(text: Text, interest: Phrase, rarity: Callable[[str], float]) -> float:
    """How well a paper fits one interest, 0 to 1.

    Words that stand together say more than the same words anywhere: "causal attention" and "inference" three sentences
    later are not causal inference.
    """
    if interest.folded in text.title:
        return 1.0
    if interest.folded in text.abstract:
        return 0.85
    says = {t: rarity(t) for t in interest.terms}
    whole = sum(says.values())
    if not whole:
        return 0.0

    def share(terms: Iterable[str]) -> float:
        return sum(says[t] for t in dict.fromkeys(terms)) / whole

    in_title = [t for t in interest.terms if t in text.title_words]
    near = _together(text, interest.terms)
    together = [t for t in interest.terms if t in near]
    anywhere = [t for t in interest.terms if t in text.title_words or t in text.abstract_words]
    covered = max(share(in_title), 0.85 * share(together), 0.7 * share([*in_title, *together]), 0.5 * share(anywhere))
    # Half of an interest's words is not half of the interest: "test" and "time" are everywhere.
    return 0.8 * covered**2


def _together(text: Text, terms: Sequence[str]) -> frozenset[str]:
    """The most of *terms* that stand within a few words of each other in the abstract."""
    width = 3 * len(terms) + 2
    places = sorted((at, t) for t in terms for at in text.abstract_words.get(t, ())[:_OFTEN])
    windows = (frozenset(t for at, t in places[n:] if at - start < width) for n, (start, _) in enumerate(places))
    return max(windows, key=len, default=frozenset())
