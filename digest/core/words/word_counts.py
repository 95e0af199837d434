"""Texts → folded words, in order or counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from digest.core.models import Paper

WordCounts: TypeAlias = Mapping[str, int]
"""Folded word → how often it stands in a text; without the words that say nothing."""

STOPWORDS: Final = frozenset(
    "a an and are as at be by can do for from has have how in into is it its of on or our that the their these this to "
    "using via we what when which with".split()
)
_LOWERED: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
"""CO₂ is CO2."""
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
    """Folded word → as it stands in *text*, in small letters if it ever does: people know "bias" and not "bia"."""
    found: dict[str, str] = {}
    for written in _WORD.findall(text):
        folded = _singular(written.casefold())
        if folded not in found or (written.islower() and not found[folded].islower()):
            found[folded] = written
    return found


@lru_cache(maxsize=65_536)
def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
