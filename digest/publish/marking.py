"""Mark in an abstract the sentences that an extract chose of it, so that none is printed twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.words.sentences import split

_ALIKE: Final = 0.8
"""Share of a chosen text's words that a sentence must have to be the one it was chosen from."""
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an abstract."""

    text: str
    is_chosen: bool = False


def plain(paragraphs: Sequence[str], say: Callable[[str], str]) -> tuple[tuple[Part, ...], ...]:
    """Return paragraphs of one part each."""
    return tuple((Part(text=say(paragraph)),) for paragraph in paragraphs)


def marked(
    paragraphs: Sequence[str], chosen: Sequence[str], say: Callable[[str], str]
) -> tuple[tuple[Part, ...], ...] | None:
    """Return paragraphs in parts, those marked that *chosen* texts were made of; None if one of these is not found.

    Args:
        chosen: Sentences of the paragraphs, with words left out.
        say: Converts text that may hold formulas.
    """
    sentences = [(n, text) for n, paragraph in enumerate(paragraphs) for text in split(paragraph)]
    counted = [Counter(_words(text)) for _, text in sentences]
    found: set[int] = set()
    for text in filter(None, chosen):
        for piece in text.split("; ") if _place(text, counted) is None else (text,):
            place = _place(piece, counted)
            if place is None:
                return None
            found.add(place)
    if not found:
        return None
    parts: list[list[Part]] = [[] for _ in paragraphs]
    for n, (paragraph, text) in enumerate(sentences):
        is_chosen = n in found
        before = parts[paragraph]
        if before and before[-1].is_chosen == is_chosen and not is_chosen:
            before[-1] = Part(text=f"{before[-1].text} {text}")
        else:
            before.append(Part(text=text, is_chosen=is_chosen))
    return tuple(tuple(Part(text=say(p.text), is_chosen=p.is_chosen) for p in some) for some in parts if some)


def _place(text: str, sentences: Sequence[Counter[str]]) -> int | None:
    """Return the sentence that has most of the words of *text*; None if none has nearly all."""
    wanted = Counter(_words(text))
    if not wanted:
        return None
    shares = [(wanted & there).total() / wanted.total() for there in sentences]
    best = max(range(len(shares)), key=lambda n: (shares[n], -sentences[n].total(), -n), default=None)
    return best if best is not None and shares[best] >= _ALIKE else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
