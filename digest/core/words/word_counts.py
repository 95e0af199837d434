"""Split text into folded words (lower case, singular, without hyphens), in order or counted as a bag of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from digest.core.models import Paper

WordCounts: TypeAlias = Mapping[str, int]
"""Folded word → how often it stands in a text; without the words that say nothing."""

STOPWORDS: Final = frozenset(
    "a an and are as at be by can do for from has have how in into is it its of on or our that the their these this to "
    "using via we what when which with".split()
)
_LOWERED: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
"""Subscript digits as plain ones: CO₂ becomes CO2."""
_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text in order, folded so that plurals, hyphens and lowered digits make no difference."""
    return [_singular(w) for w in _WORD.findall(text.translate(_LOWERED).casefold())]


def count(words: Iterable[str]) -> WordCounts:
    """How often each of some folded words stands among them; single letters, digits and stop words don't count."""
    counted = Counter(words)
    return {w: n for w, n in counted.items() if len(w) > 1 and w not in STOPWORDS and not w.isdigit()}


def word_counts(text: str) -> WordCounts:
    """The words of a text with how often each stands there."""
    return count(words(text))


def word_counts_of(paper: Paper) -> WordCounts:
    """The words by which a paper is compared: of title, abstract and keywords."""
    return word_counts(" ".join((paper.title, paper.abstract, *paper.keywords)))


def forms(text: str) -> dict[str, str]:
    """Map each folded word of *text* to its spelling there, in lower case if it ever is: "bia" to "bias"."""
    found: dict[str, str] = {}
    for written in _WORD.findall(text):
        folded = _singular(written.casefold())
        if folded not in found or (written.islower() and not found[folded].islower()):
            found[folded] = written
    return found


def neighbours(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each two words of *text* with nothing but a blank or a hyphen between them: folded, and as written there.

    Words that only open a sentence are written small, as within one.
    """
    found = list(_WORD.finditer(text))
    for one, other in pairwise(found):
        if text[one.end() : other.start()] in (" ", "-"):
            written = text[one.start() : other.end()]
            if one[0][:1].isupper() and one[0][1:].islower() and other[0].islower():
                written = written[0].lower() + written[1:]
            yield (_singular(one[0].casefold()), _singular(other[0].casefold())), written


@lru_cache(maxsize=65_536)
def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
