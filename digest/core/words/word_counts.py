"""Split text into folded words, in order or counted as a bag of words.

    "α-Synuclein fibrils"    →  alpha synuclein fibril
    "Schrödinger's equations"  →  schrodinger s equation
    "TNFα", "TNF-alpha"      →  tnf alpha
    "fungi", "CO₂"           →  fungus, co2

Folded are capitals, plurals (those of Latin and Greek too), hyphens, Greek letters by their names, marks over and
through Latin letters, and lowered digits.
"""

from __future__ import annotations

import re
import unicodedata
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
_LATIN: Final = range(0xC0, 0x250), range(0x1E00, 0x1F00)
"""Blocks of Latin letters with marks: Latin-1, Extended-A and -B, Extended Additional."""
_STROKED: Final = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ð": "d", "þ": "th"}
_UNMARKED: Final[Mapping[int, str]] = {
    **{ord(c): unicodedata.normalize("NFD", c)[0] for block in _LATIN for c in map(chr, block)},
    **{ord(letter): said for letter, said in _STROKED.items()},
    **{ord(letter): said for letter, said in (("æ", "ae"), ("Æ", "Ae"), ("œ", "oe"), ("Œ", "Oe"))},
    **{ord("₀") + n: str(n) for n in range(10)},
    **dict.fromkeys(map(ord, "⍺ɑ"), "α"),
}
"""Letters without their marks, what is taken for an alpha, and subscript digits as plain ones: CO₂ becomes CO2."""
_GREEK: Final[Mapping[str, str]] = {
    letter: unicodedata.name(letter).rpartition(" ")[2].replace("LAMDA", "LAMBDA").lower()
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}
_WORD: Final = re.compile(r"[^\W_\u0370-\u03ff\u1f00-\u1fff\u00b5]+|[\u0370-\u03ff\u1f00-\u1fff\u00b5]+")
"""A word; a Greek letter is one by itself, also in the midst of a Latin word, and words of Greek are whole."""
_SINGULARS: Final[Mapping[str, str]] = {
    plural: singular
    for singulars, ending, plurals in (
        ("fung nucle loc stimul radi foc bacill thall cact alumn calcul", "us", "i"),
        ("bacteri strat spectr ov quant moment flagell cili millenni maxim minim optim curricul", "um", "a"),
        ("mitochondri criteri phenomen tax", "on", "a"),
        ("alg larv pup antenn nebul supernov formul vertebr", "a", "ae"),
        ("matr append", "ix", "ices"),
        ("vert cort ap simpl", "ex", "ices"),
        ("analys hypothes synthes diagnos prognos metastas cris parenthes", "is", "es"),
        ("m l", "ouse", "ice"),
        ("phyl", "um", "a"),
        ("w", "oman", "omen"),
    )
    for stem in singulars.split()
    for singular, plural in [(stem + ending, stem + plurals)]
} | {
    "genera": "genus",
    "indices": "index",
    "species": "species",
    "series": "series",
    "systematics": "systematics",
    "children": "child",
}


def words(text: str) -> list[str]:
    """The words of a text in order, folded so that plurals, hyphens, marks of letters and Greek letters make no
    difference."""
    return [_folded(w) for w in _WORD.findall(text.translate(_UNMARKED))]


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
        folded = _folded(written.translate(_UNMARKED))
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
            yield (_folded(one[0].translate(_UNMARKED)), _folded(other[0].translate(_UNMARKED))), written


@lru_cache(maxsize=65_536)
def _folded(word: str) -> str:
    word = word.casefold()
    if len(word) == 1:
        return _GREEK.get(word, word)
    if singular := _SINGULARS.get(word):
        return singular
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
