"""Find the sentences of an abstract that its extract was made of, so that they are marked and not printed twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from digest.core.words.sentences import split

_WORD: Final = re.compile(r"\w+")
_ENOUGH: Final = 0.85
"""Part of the words of an extract that a sentence has at least: extracts leave words out, and put a capital in front.
"""
_PIECES: Final = 16
"""Pieces of an extract that are looked for; it has at most one sentence and three points."""
_PIECE: Final = 600
"""Letters of a piece that are looked at."""


def marked(abstract: str, extract: Sequence[str]) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """Return the paragraphs of *abstract* as sentences, each with whether *extract* was taken from it.

    Nothing is marked if a part of the extract is not found: then it has to be read on its own.

    Args:
        extract: The sentences of the extract, of which words may have been left out.
    """
    paragraphs = [split(line) or (line,) for line in abstract.splitlines() if line.strip()]
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph]
    counted = [_words(sentence) for sentence in sentences]
    chosen: set[int] = set()
    for piece in _pieces(extract):
        found = [_best(_words(piece), counted)]
        if found == [None]:  # two sentences of the abstract may have been joined to one
            found = [_best(_words(part), counted) for part in piece.split("; ")]
        chosen.update(place for place in found if place is not None)
        if None in found:
            chosen.clear()
            break
    numbers = iter(range(len(sentences)))
    return tuple(tuple((sentence, next(numbers) in chosen) for sentence in paragraph) for paragraph in paragraphs)


def is_marked(paragraphs: Iterable[Iterable[tuple[str, bool]]]) -> bool:
    """Return whether a sentence is marked."""
    return any(chosen for paragraph in paragraphs for _, chosen in paragraph)


def _pieces(extract: Iterable[str]) -> list[str]:
    """Return the sentences of an extract."""
    sentences = (sentence for text in extract for sentence in split(text[:_PIECE]))
    return [sentence for sentence in sentences if _WORD.search(sentence)][:_PIECES]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _best(words: frozenset[str], sentences: Sequence[frozenset[str]]) -> int | None:
    """Return the first of the sentences that have most of *words*; None if none has enough of them."""
    shared = [len(words & sentence) for sentence in sentences]
    most = max(shared, default=0)
    return shared.index(most) if words and most >= _ENOUGH * len(words) else None
