"""Join the lines of a printed document to running text, and decide which hyphens at line ends belong to the word.

    low-|dimensional   reconstruc-|tion   state-of-the-|art   Navier-|Stokes   pre-|and post-training
    low-dimensional    reconstruction     state-of-the-art    Navier-Stokes    pre- and post-training

First the rest of the document decides, because an author writes a word in one way; then a vocabulary; then a list of
words that mostly stand before a hyphen.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

from digest.core.words.word_counts import STOPWORDS, words

_LEFT: Final = re.compile(r"(\w[\w'’‐‑-]{0,60}|\w)[-‐‑]\Z")
_LONGEST_LEFT: Final = 80
_RIGHT: Final = re.compile(r"\w+")
_COMPOUND: Final = re.compile(r"\w+(?:[-‐‑]\w+)*")
_CONNECTORS: Final = frozenset("and or to und oder et ou y o e".split())
_SOFT: Final = "\xad"
"""The soft hyphen marks where a word may be broken; at the end of a line, it was broken there."""
_APART: Final = frozenset(
    "all cross eight ever few five first four full half high higher ill large left less long low lower many mid mixed"
    " more most much near nine non one open out own quasi real right second self semi seven short single six small soft"
    " state ten third three top two well wide zero".split()
)
"""Words that mostly keep their hyphen: "self-supervised", "non-convex", "one-shot"."""


def document_words(lines: Iterable[str]) -> frozenset[str]:
    """Return the words and compounds of a document that no line end breaks, in lower case."""
    found: list[str] = []
    is_broken = False
    for line in lines:
        text = line.strip()
        words = [word.replace("‐", "-").replace("‑", "-") for word in _COMPOUND.findall(text)]
        if is_broken:  # the halves are no words
            del words[:1]
        is_broken = text.endswith(("-", "‐", "‑", _SOFT))
        if is_broken:
            del words[-1:]
        found += words
    return frozenset(word.lower() for word in found)


def unwrapped(lines: Iterable[str], *, document: Container[str] = (), vocabulary: Container[str] = ()) -> str:
    """Join *lines* to one line of text, without the hyphens that only break a word.

    Args:
        document: The result of `document_words` for the whole document.
        vocabulary: Words of the language, folded as `digest.core.words.word_counts` does.
    """
    pieces: list[str] = []
    last = ""
    for line in filter(None, map(str.strip, lines)):
        left = _LEFT.search(last[-_LONGEST_LEFT:])
        right = _RIGHT.match(line)
        if last.endswith(_SOFT):
            pieces.append(last[:-1])
            last = line
        elif left and right:
            pieces.append(last[: len(last) - len(left[0])])
            last = _mended(left[1], right[0], document, vocabulary) + line[right.end() :]
        else:
            pieces.append(f"{last} " if last else "")
            last = line
    return "".join((*pieces, last)).replace(_SOFT, "")


def _mended(left: str, right: str, document: Container[str], vocabulary: Container[str]) -> str:
    kept, joined = f"{left}-{right}", f"{left}{right}"
    if right in _CONNECTORS:
        return f"{left}- {right}"
    part = re.split("[-‐‑]", left)[-1]
    if (not part[1:].islower() and len(part) > 1) or not part.isalpha() or not right.islower() or not right.isalpha():
        return kept  # Navier-Stokes, COVID-19, 3-dimensional
    if kept.lower() in document or f"{part}-{right}".lower() in document:
        return kept
    whole = (part + right).lower()
    if whole in document or _is_word(whole, (), vocabulary):
        return joined
    if part.lower() in _APART and len(right) > 2:
        return kept
    halves = (part.lower(), right.lower())
    is_compound = all(len(half) > 2 and _is_word(half, document, vocabulary) for half in halves)
    return kept if is_compound or ("-" in left and _is_word(halves[0], document, vocabulary)) else joined


def _is_word(word: str, document: Container[str], vocabulary: Container[str]) -> bool:
    return word in STOPWORDS or word in document or any(folded in vocabulary for folded in words(word))
