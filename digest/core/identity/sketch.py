"""Sketches of papers: a few checksums of title and abstract by which duplicates without a common id are looked up.

    sketch()     a paper → the numbers under which it is stored, and those under which its duplicates are looked up

A sketch is made of every record that no id identifies, so it has to be fast: no step looks at single words of an
abstract. The numbers are stored, so everything they are computed from stands in this file; `likeness.py`, which decides
about the papers found, can change without them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final
from zlib import crc32

from digest.core.identity.ids import SHORT_TITLE, title_words
from digest.core.models import Paper

_TOO_COMMON: Final = 10
"""Papers that share a shingle, above which it tells nothing ("for the first time to")."""
_TOO_COMMON_IN_TITLES: Final = 3
"""Papers that share a part of a title, above which it tells nothing: many titles of different works begin alike."""
_BESIDE_ABSTRACT: Final = 1 << 32
"""Marks numbers of titles of papers that have an abstract."""
_ALONE: Final = 2 << 32
"""Marks numbers of titles of papers that have no abstract, or a short one."""
_ABSTRACT_KEYS: Final = 6
_FEW: Final = 4
"""Shingles at anchors, below which any word may be an anchor: names in other scripts, abstracts of a few lines."""
_ENOUGH: Final = 40
"""Words that an abstract must have to speak for itself: shorter ones are often a form that was filled in."""
_SHINGLE: Final = 5
"""Words in a shingle of an abstract."""
_ANCHORED: Final = re.compile(rb" ([fgjkqvxyz][^ ]*(?: [^ ]+){4})")
"""A shingle that begins at an anchor, a word with a rare first letter: a twelfth of all words, found without splitting.

Words that stand in nearly every abstract begin otherwise, but for "for" and "from".
"""
_SPEAKS: Final = 60
"""Words from which on an abstract is long enough for `likeness.py` to decide; below, papers are looked up by title too.
"""
_TITLE_LETTERS: Final = 24
"""Letters at the beginning and the end of a title by which it is found; fewer would not tell it from others."""
_LONG_WORDS: Final = 4
"""Words of a title by which it is found if all of them but one are there: the longest, for they are the rarest."""
_SMALL_WORDS: Final = frozenset(
    "a an and as at by for from in into is its of on or s the their through to toward towards using via with".split()
)
_STATE: Final = re.compile(
    r"\[version \d+[;:].*?\]|^\W*(?:withdrawn|retracted)(?: (?:article|paper))?\W*:", re.IGNORECASE
)
"""What publishers write into the title of the work itself: how far its review is, or that it was taken back."""
_OTHER_SIGNS: Final = re.compile(r"[^\w\s\x00-\x7f]+")
"""Punctuation and symbols beyond ASCII; those of ASCII are removed as bytes."""
_SMALL_LETTERS: Final = bytes.maketrans(bytes(range(0x41, 0x5B)) + b"\t\n\v\f\r", bytes(range(0x61, 0x7B)) + b"     ")
_ASCII_SIGNS: Final = bytes(c for c in range(128) if not chr(c).isalnum() and not chr(c).isspace())
_WORDS_OF_A_NAME: Final = 20
"""Words of a name that are compared. Each is compared with each other, and no person has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """The numbers of a paper. Of two papers of one work, one is kept under a number that the other seeks."""

    kept: frozenset[int]
    """Numbers under which the paper is stored: at most twelve of 34 bits; empty if it has too little text."""
    sought: frozenset[int]
    """Numbers under which other papers that may be the same work are looked up."""


def sketch(paper: Paper) -> Sketch:
    """The sketch of a paper; see `sketch_of`."""
    return sketch_of(paper.title, paper.abstract)


# A record's is asked for when the store is searched, when the record is placed, and when it is saved.
@lru_cache(maxsize=16_384)
def sketch_of(title: str, abstract: str) -> Sketch:
    """Checksums of six shingles of the abstract, at anchors, and of six parts of the title.

    Of the shingles those that have the smallest checksums, so that like texts choose the same ones. Of the title,
    without its small words: beginning and end, of which a subtitle changes only one, and its four longest words less
    one of them, of which a misspelling leaves one.

    Two papers whose abstracts are both long are one only if these are alike. So titles of papers without abstract have
    numbers of their own: few papers are kept under them, and most records need no others but their abstract's.

    Two different texts among a million papers have one checksum now and then; the decision tells them apart. Who looks
    up leaves out numbers that more papers have than `tells_up_to`. They are stored: whoever changes this adds a
    migration that makes them anew.
    """
    text = _plain(abstract)
    words = text.count(b" ") + 1
    shingles = _of_abstract(text) if words >= _ENOUGH else []
    of_title = _of_title(title)
    beside_nothing = [_ALONE | key for key in of_title]
    if words >= _SPEAKS:
        beside_abstract = [_BESIDE_ABSTRACT | key for key in of_title]
        return Sketch(kept=frozenset(shingles + beside_abstract), sought=frozenset(shingles + beside_nothing))
    sought = [*shingles, *beside_nothing, *(_BESIDE_ABSTRACT | key for key in of_title)]
    return Sketch(kept=frozenset(shingles + beside_nothing), sought=frozenset(sought))


def tells_up_to(number: int) -> int:
    """Return the most papers that may be stored under *number*; a number shared by more tells nothing."""
    return _TOO_COMMON if number < _BESIDE_ABSTRACT else _TOO_COMMON_IN_TITLES


def are_strangers(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether no author of one list can be in the other; such papers are not joined by title and abstract alone."""
    return bool(a and b) and _people(a).isdisjoint(_people(b))


@lru_cache(maxsize=4096)
def _people(names: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Return each word of a name paired with the first letter of each other word.

    Surnames alone are shared by too many.
    """
    people: set[tuple[str, str]] = set()
    for name in names:
        words = title_words(name)[:_WORDS_OF_A_NAME]
        people.update((word, other[0]) for word in words if len(word) > 1 for other in words if other is not word)
        if len(words) == 1:
            people.add((words[0], ""))
    return frozenset(people)


def _of_title(title: str) -> list[int]:
    if "[" in title or ":" in title:
        title = _STATE.sub(" ", title)
    content = [word for word in title_words(title) if word not in _SMALL_WORDS]
    letters = "".join(content)
    if len(letters) < SHORT_TITLE:
        return []
    ends = f"<{letters[:_TITLE_LETTERS]}", f"{letters[-_TITLE_LETTERS:]}>"
    longest = sorted(sorted(set(content), key=lambda word: (-len(word), word))[:_LONG_WORDS])
    all_but_one = map("+".join, combinations(longest, len(longest) - 1)) if len(longest) > 1 else ()
    return [crc32(_bytes(text)) for text in (*ends, *all_but_one)]


def _plain(text: str) -> bytes:
    """Return *text* in lower case with single blanks and without punctuation."""
    if not text.isascii():
        text = _OTHER_SIGNS.sub("", text.casefold())
    plain = _bytes(text).translate(_SMALL_LETTERS, _ASCII_SIGNS)
    return b" ".join(plain.split()) if b"  " in plain else plain


def _of_abstract(text: bytes) -> list[int]:
    shingles = set(_ANCHORED.findall(text))
    if len(shingles) < _FEW:
        words = text.split()
        anchors = sorted(set(words), key=crc32)[:_ABSTRACT_KEYS]
        shingles.update(b" ".join(words[(n := words.index(anchor)) : n + _SHINGLE]) for anchor in anchors)
    return sorted(map(crc32, shingles))[:_ABSTRACT_KEYS]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
