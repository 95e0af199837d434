"""How two records that share no id find each other: a few numbers out of their words.

    sketch()     a paper → a few numbers; two that are one by their words share at least one, with few exceptions

The numbers are stored, so what they are made of stands here alone: the decision in `likeness.py` may learn, and what it
is asked about stays the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from zlib import crc32

from digest.core.identity import SHORT_TITLE, title_words
from digest.core.models import Paper

TOO_COMMON: Final = 10
"""Papers that share a number of a sketch, above which it tells nothing ("code is available at https").

Of 110,000 numbers of real papers 1 % are shared; every pair that can be joined also shares one that no other paper has.
"""
_SHINGLE: Final = 5
"""Words in a shingle of an abstract."""
_ENOUGH: Final = 40
"""Words that an abstract must have to speak for itself: shorter ones are often a form that was filled in."""
_ABSTRACT_KEYS: Final = 6
_TITLE_LETTERS: Final = 24
"""Letters at the beginning and the end of a title by which it is found; fewer would not tell it from others."""
_SMALL_WORDS: Final = frozenset(
    "a an and as at by for from in into is its of on or s the their through to toward towards using via with".split()
)
_STATE: Final = re.compile(
    r"\[version \d+[;:].*?\]|^\W*(?:withdrawn|retracted)(?: (?:article|paper))?\W*:", re.IGNORECASE
)
"""What publishers write into the title of the work itself: how far its review is, or that it was taken back."""
_WORD: Final = re.compile(r"\w+")


def sketch(paper: Paper) -> frozenset[int]:
    """Up to ten numbers of 48 bits, by which papers with like words find each other; see `sketch_of`."""
    return sketch_of(paper.title, paper.abstract)


@lru_cache(maxsize=4096)
def sketch_of(title: str, abstract: str) -> frozenset[int]:
    """Four hashes of the title and six of the abstract; texts that are too short have fewer.

    Of the title without its small words: every second word, and the others, of which a misspelling changes only one;
    its beginning and its end, of which a subtitle changes only one. Of the abstract those shingles that have the
    smallest checksums, so that like texts choose the same ones.

    Who looks up leaves out hashes that more than `TOO_COMMON` papers have. They are stored: whoever changes this adds
    a migration that makes them anew.
    """
    if "[" in title or ":" in title:
        title = _STATE.sub(" ", title)
    content = [word for word in title_words(title) if word not in _SMALL_WORDS]
    letters = "".join(content)
    texts: set[bytes] = set()
    if len(letters) >= SHORT_TITLE:
        halves = "".join(content[::2]), "".join(content[1::2])
        ends = f"<{letters[:_TITLE_LETTERS]}", f"{letters[-_TITLE_LETTERS:]}>"
        texts.update(text.encode() for text in (*halves, *ends) if text)
    words = [word.encode() for word in _WORD.findall(abstract.casefold())]
    if len(words) >= _ENOUGH:
        shingles = set(map(b" ".join, zip(*(words[i:] for i in range(_SHINGLE)), strict=False)))
        texts.update(sorted(shingles, key=crc32)[:_ABSTRACT_KEYS])
    return frozenset(int.from_bytes(blake2b(text, digest_size=6).digest(), "big") for text in texts)
