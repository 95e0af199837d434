"""The name that a title gives its work, by which readers and other papers call it: `RationalRewards: …`."""

from __future__ import annotations

import re
from typing import Final

from digest.core.extracts.trimming import word_ends

_NAME: Final = re.compile(r"([^\s:–—]+(?: [^\s:–—]+){0,2}?)\s?(?::(?=\s\S|[A-Z][a-z])|\s[–—]\s\S)")
_FRONT: Final = re.compile(r"[^:]+?(?=\s?:\s\S)")
_FEWEST_IN_FRONT: Final = 3
"""Words from which what stands before a colon is a short title: `Carry the Gradient Home`."""
_LONGEST: Final = 32
_TITLE: Final = 70
"""Letters of a title that stands for a name."""
_KINDS: Final = frozenset(
    "abstract addendum comment commentary correction corrigendum editorial erratum foreword introduction letter news "
    "note perspective position preface preprint reply report response retraction review study survey tutorial "
    "viewpoint workshop part chapter beyond towards toward".split()
)
"""Words before a colon that say what kind of text follows."""


def name_of_work(title: str) -> str:
    """Return the name before the colon of *title*; empty if what stands there is none, or there is no colon.

    A name has at most three words, and looks like one: a single word, or a capital, digit or sign within a word.
    """
    found = _NAME.match(title[: 2 * _LONGEST])
    if not found or len(found[1]) > _LONGEST:
        return ""
    words = found[1].split()
    if any(word.lower().strip("().") in _KINDS for word in words):
        return ""
    is_odd = any(any(c.isupper() or c.isdigit() for c in word[1:]) or not word.isalnum() for word in words)
    return found[1] if is_odd or (len(words) == 1 and words[0][0].isupper()) else ""


def short_title(title: str, at_most: int) -> str:
    """Return *title* in at most *at_most* letters: cut before its colon, else behind a word, else within one."""
    if len(title) <= at_most:
        return title
    front = _FRONT.match(title[: at_most + 2])
    if front and len(front[0].split()) >= _FEWEST_IN_FRONT and len(front[0]) <= at_most:
        return front[0]
    ends = [end for end in word_ends(title[: 4 * at_most]) if at_most // 3 < end < at_most]
    return f"{title[: ends[-1] if ends else at_most - 1].rstrip(' ,;:–—')}…"


def short_name(title: str) -> str:
    """Return how a sentence calls a work: by its name, else by its title in “…”, cut if it is long."""
    return name_of_work(title) or f"“{short_title(title, _TITLE)}”"
