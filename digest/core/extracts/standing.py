"""Whether a sentence says something by itself, or hangs in the air without the one before it."""

from __future__ import annotations

import re
from typing import Final

from digest.core.extracts import claims
from digest.core.extracts.cues import (
    Sentence,
    gives_figures,
    names_itself,
    opens_with_its_name,
    proposes,
    speaks_up,
    words,
)
from digest.core.extracts.features import stem
from digest.core.words.sentences import formulas

_OURS: Final = frozenset(
    "paper work article study letter report thesis survey review contribution note manuscript chapter tutorial end way "
    "purpose reason year month week day time field area".split()
)
"""Nouns behind "this" that need no sentence before."""
_OPENS: Final = re.compile(
    r"(?:(?:this|these|that|those) (?:\w+ly )?(?:\w+s|\w+ed|is|are|was|were|can|may|will)"
    r" (?=that\b|the\b|a\b|us\b|to\b)"
    r"|it|they|its|their|he|she|both|neither|either|the (?:former|latter|two|three|other|others|second|third"
    r"|resulting|same|above)|the first (?:will|is|one|has)|that is|(?:we|i) do (?:so|this)"
    r"|(?:this|these) (?:can|could|may)|a further|another"
    r"|one of (?:them|these|those)|doing so|as such|here, (?:it|they))\b"
    r"(?! (?:is|was|has been) (?:\w+ )?(?:that|shown|proved|proven|found|demonstrated|possible|known|argued)\b)",
    re.IGNORECASE,
)
_LATER_PRONOUN: Final = re.compile(
    r"[^,;:]{0,80}, (?:it|they|he|she)\b|(?:to|by|for|in|with) \w+ (?:it|them|its|their)\b", re.IGNORECASE
)
_POINTS: Final = re.compile(r"\b(this|these|those|such)\b ?((?:[\w-]+ ?){0,3})", re.IGNORECASE)
_THAT: Final = re.compile(r"\bthat (?:gap|problem|challenge|limitation|shortcoming)\b", re.IGNORECASE)
_RELATIVE: Final = frozenset("of who that which in with as to a an for from where whose at on is are was were".split())
_EMPTY: Final = re.compile(
    r"we (?:\w+ly )?(?:tackle|address|identify|investigate|answer|study|consider|discuss|face|conduct|perform|provide"
    r"|present|offer) (?:the )?(?:two|three|four|five|several|many|various|key|extensive|comprehensive|detailed|open|"
    r"further|thorough)(?: [\w-]+){0,3} (?:challenges|questions|aspects|issues|problems|paradigms|experiments"
    r"|analys[ie]s|evaluations?|recommendations|directions)\b(?!.*[:(])",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    r"[^:;]{0,160} in (?:two|three|four|five|several) (?:\w+ )?(?:directions|ways|respects|aspects|steps|parts)\.?$",
    re.IGNORECASE,
)
"""What stands before a list of which the other sentences are the items."""
_KNOWN: Final = re.compile(r"it (?:has been|is) (?:\w+ )?(?:shown|known|established|believed)\b", re.IGNORECASE)
_HOPES: Final = re.compile(
    r"\bwe (?:consider|study|address|ask|answer) the following\b|\bwe (?:\w+ly )?(?:hope|believe|expect|anticipate"
    r"|plan|envision|encourage|look forward)\b"
    r"|\bconcludes? (?:by|with)\b"
    r"|^(?:this|our|the present) (?:\w+ )?(?:work|study|paper|results?|findings?) (?:also )?(?:suggest|pave|open"
    r"|highlight|point|underscore|call)s?\b|\bfuture (?:work|research|directions|studies)\b",
    re.IGNORECASE,
)
_GAP_OPENS: Final = re.compile(
    r"(?:however|but|yet|nevertheless|nonetheless|unfortunately|despite|although|while|though|existing|current|prior"
    r"|previous|traditional|most|many|recent)\b(?!.*\b(?:we|our|this (?:paper|work|study|article|survey))\b)",
    re.IGNORECASE,
)
_GAP: Final = re.compile(
    r"\b(?:remains?|is|are) (?:\w+ly |still )*(?:unclear|unexplored|underexplored|under-explored|unknown|unresolved"
    r"|open|challenging|limited|poorly understood|an open (?:question|problem))\b(?!.*\bwe\b)"
    r"|\blittle is known\b(?!.*\bwe\b)",
    re.IGNORECASE,
)
_OUTCOME: Final = re.compile(
    r"(?:(?:our|the|these|extensive|comprehensive|empirical|experimental|numerical|further|additional|thorough"
    r"|systematic|theoretical) )*(?:experiments?|results?|evaluations?|simulations?|ablations?|validation|analys[ie]s"
    r"|findings)\b(?! of\b)|our (?:\w+ )?(?:approach|method|model|framework|system|algorithm) (?:\w+ly )?"
    r"(?:produces?|achieves?|outperforms?|improves?|reaches|attains?|yields?|delivers?|surpass\w*|exceeds?|reduces?)\b",
    re.IGNORECASE,
)
_MACRO: Final = re.compile(r"\\[a-zA-Z]{4,}")
_LATER_ITEM: Final = re.compile(r"\((?:[2-9]|i[ivx]+|v|[b-h])\)")
_FIRST_ITEM: Final = re.compile(r"\((?:1|i|a)\)|(?:^|\s)1[.)]\s")
_ITEM_OPENS: Final = re.compile(r"(?:\(?(?:[2-9]|i[ivx]+|v|[b-h])\)|[2-9]\.) ", re.IGNORECASE)
_NEAR_FRONT: Final = 40
"""Letters within which "this" alone means something that was said before."""


def hangs(text: str) -> bool:
    """Whether *text* needs the sentence before it: "It reduces both", "we fill this gap", "(3) they are stable"."""
    return (
        opens_in_the_air(text)
        or bool(_THAT.search(text))
        or any(_needs_earlier(match, text) for match in _POINTS.finditer(text))
    )


def opens_in_the_air(text: str) -> bool:
    """Whether *text* opens with a word for what stands before it, or is a later item of a list."""
    # An item without the others is a part of a list too.
    is_item = bool(_LATER_ITEM.search(text)) != bool(_FIRST_ITEM.search(text))
    return is_item or bool(_OPENS.match(text) or _LATER_PRONOUN.match(text))


def _needs_earlier(match: re.Match[str], text: str) -> bool:
    behind = match[2].split()
    if match[1].lower() == "such" and (not behind or behind[0] in ("as", "that", "a", "an")):
        return False
    if not behind or behind[0].lower() in _RELATIVE:
        return match[1].lower() in ("this", "these") and match.start() < _NEAR_FRONT
    if _OURS.intersection(word.lower() for word in behind):
        return False
    before = {stem(word) for word in words(text[: match.start()])}
    return not before.intersection(stem(word) for word in words(" ".join(behind)))


def is_item(s: Sentence) -> bool:
    """Whether a sentence is a later item of a list: "(3) …"."""
    return bool(_ITEM_OPENS.match(s.raw))


def is_empty(text: str) -> bool:
    """Whether *text* only says that there is something: "We tackle two key challenges."."""
    return bool(_EMPTY.match(text) or _KNOWN.match(text) or _NUMBERED.match(text)) or is_damaged(text)


def is_damaged(text: str) -> bool:
    """Whether *text* has a macro of its authors outside a formula, which stands for a word that nobody knows."""
    found = [match.start() for match in _MACRO.finditer(text)]
    held = formulas(text) if found else []
    return any(not any(start <= place < end for start, end in held) for place in found)


def is_gap(s: Sentence) -> bool:
    """Whether a sentence says what others lack or what is not known: "Most methods forget …"."""
    return bool(_GAP_OPENS.match(s.text))


def is_poor_lead(s: Sentence) -> bool:
    """Whether a sentence says a hope, a gap or a bare outcome, and not what was done."""
    is_question = s.text.endswith("?") and not proposes(s)
    return is_question or bool(
        _HOPES.search(s.text) or is_gap(s) or _GAP.search(s.text) or _is_bare_outcome(s) or is_item(s)
    )


def _is_bare_outcome(s: Sentence) -> bool:
    """Whether a sentence opens with results, where another says what was done: else the results are the news."""
    return s.announced_by_us and bool(_OUTCOME.match(s.text))


def is_bare_figure(s: Sentence) -> bool:
    """Whether a sentence gives figures, and neither its authors nor their work: "Six systems answer 44%"."""
    speaks = speaks_up(s.low) or opens_with_its_name(s) or names_itself(s) or s.label
    speaks = speaks or claims.proves(s.low) or claims.names_taxa(s.low)
    return bool(gives_figures(s)) and not speaks
