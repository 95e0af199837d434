"""Abbreviations that a text explains: "automatic speech recognition (ASR)"."""

from __future__ import annotations

import re
from typing import Final

from digest.core.words.word_counts import words

_BRACKETED: Final = re.compile(r"\(([A-Za-z][\w-]{1,9})\)")
_BEFORE: Final = 120
"""Letters before an abbreviation that are looked at."""
_WORD: Final = re.compile(r"[^\W_]+")


def abbreviations(text: str) -> list[tuple[str, str]]:
    """Return the abbreviations that *text* explains, with what they stand for; folded.

    The letters must be the initials of as many words before.
    """
    found = []
    for match in _BRACKETED.finditer(text):
        short = match[1]
        if sum(map(str.isupper, short)) < 2:
            continue
        letters = [letter for letter in short.removesuffix("s").casefold() if letter.isalnum()]
        before = _WORD.findall(text[max(0, match.start() - _BEFORE) : match.start()])[-len(letters) :]
        if len(letters) > 1 and [word[0].casefold() for word in before] == letters:
            found.append((" ".join(words(short.removesuffix("s"))), " ".join(words(" ".join(before)))))
    return found
