"""One line of a summary: a sentence of at most 25 words, for the entries of an issue that are not shown in full."""

from __future__ import annotations

import re
from typing import Final

from digest.core.extracts.cues import wide_signs
from digest.core.extracts.trimming import clause_ends, variants, word_ends
from digest.core.words.sentences import split

WORDS: Final = 25
"""Words of a line at most."""
_FEW: Final = 10
"""Words from which a clause says enough to stand alone."""
_READ_AT_MOST: Final = 2_000
"""Letters of a summary that are looked at; a sentence is shorter."""
_STEPS: Final = re.compile(
    r"\s(?=(?:which|that|where|while|whereas|by|using|through|via|with|without|for|from|across|when|if|under|to"
    r"|in order|and|or|but|so|as|because|based|enabling|allowing|achieving|outperforming|improving|reducing|showing)\s)"
)
"""Places within a clause where a sentence may pause."""

_HANGING: Final = re.compile(
    r"(?:[\s,;:]+(?:a|an|the|of|and|or|but|to|in|on|for|with|by|from|that|which|as|at|its|their|our|both|is|are|while))+$",
    re.IGNORECASE,
)
"""Words at the end of what is left that ask for another."""


def one_line_of(summary: str, at_most: int = WORDS) -> str:
    """Return the first sentence of *summary* in at most *at_most* words, its words unchanged; empty for none.

    What stands in brackets or before the claim goes first. If that is not enough, the end is left off behind a clause,
    else behind a part of one, and "…" says so: what limits the claim may have stood there. Neither a formula nor a
    bracket is cut in two; a sentence that cannot be cut within the limit stays whole.
    """
    head = summary[:_READ_AT_MOST].strip()
    first = next(iter(split(head)), head)
    if _fits(first, at_most):
        return first
    shorter = sorted((v.text for v in variants(first)), key=_words, reverse=True)
    fitting = [text for text in shorter if _fits(text, at_most)]
    if fitting:
        return fitting[0]
    text = shorter[-1]
    least = min(_FEW, at_most // 2)
    for places in (clause_ends(text), _paused(text), word_ends(text)):
        for place in reversed(places):
            said = _HANGING.sub("", text[:place]).rstrip(" ,;:–—")
            if least <= _words(said) <= at_most:
                return f"{said}…"
    return first


def _paused(text: str) -> list[int]:
    ends = set(word_ends(text))
    return [match.start() for match in _STEPS.finditer(text) if match.start() in ends]


def _fits(text: str, at_most: int) -> bool:
    return _words(text) <= at_most


def _words(text: str) -> int:
    """Return how many words a text has; two Chinese, Japanese or Korean characters count as one."""
    return len(text.split()) + wide_signs(text) // 2
