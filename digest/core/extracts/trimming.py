"""Shorten a sentence so that it still says what its authors claim.

    sentence ──► trim      remove what keeps it from standing alone: "In this paper, ", list marks, citations
             ──► variants  shorter versions, each with the names of what was cut
             ──► shorten   the front of a sentence that is too long, with "…"

Words are only ever left out, never changed, but for a capital at the front. What may go stands in brackets or before
the claim. What limits a claim stays: "but", "only", "if", "under", "may" are never cut, nor what they stand in. The end
of a sentence stays too: cut at ", which …" or " and show that …" it said less, and was no nearer to what people write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from digest.core.words.sentences import formulas

PAPER: Final = (
    r"(?:\w+ )?(?:paper|work|article|study|letter|report|thesis|survey|review|contribution|note|manuscript|chapter)"
)
_LEAD_IN: Final = re.compile(
    rf"(?:in (?:this|our|the (?:present|current)) {PAPER}(?:, | (?=(?:we|i|the authors?|it is)\b))"
    r"|here(?:in)?,? (?=we\b)"
    r"|(?:(?:to|in order to) (?:\w+ly )?(?:\w+ and )?\w+|(?:motivated|inspired|guided|driven|encouraged) by)"
    r" (?:this|these|those|the (?:above|first|second|third|former|latter))(?: [\w-]+){0,3}, (?=(?:we|i|our)\b)"
    r"|(?:based on (?:this|these)(?: [\w-]+){0,2}|to (?:this|that) end|for this (?:purpose|reason)|in response"
    r"|in this (?:context|regard|sense|setting|direction|way)|by (?:contrast|doing so)|as a (?:result|consequence)"
    r"|in (?:addition|particular|summary|conclusion|short|contrast|turn|fact|essence|doing so)"
    r"|on the (?:one|other) hand"
    r"|at the same time|more (?:specifically|precisely|concretely|importantly)|taken together|(?:al)?together"
    r"|therefore|thus|hence|so|consequently|accordingly|moreover|furthermore|further|additionally|besides|also|likewise"
    r"|similarly|specifically|concretely|conversely|instead|finally|lastly|overall|however|nevertheless|nonetheless"
    r"|interestingly|importantly|notably|surprisingly|remarkably|crucially|collectively|first(?:ly)?|second(?:ly)?"
    r"|third(?:ly)?"
    r"|then|next|meanwhile|still|yet), (?=\S)"
    r"|(?:therefore|thus|hence|moreover|furthermore|additionally|finally|then) (?=we\b))",
    re.IGNORECASE,
)
_LEFT_AT_LEAST: Final = 15
_ASIDE: Final = re.compile(r"(?<=\b[Ww]e )(?:therefore|thus|hence|also|further|additionally|then|here) (?=[a-z])")
_ITEM: Final = re.compile(r"(?:[•▪‣*-]|\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])\)|\d{1,2}\.) (?=\S)")

_SURNAME: Final = r"[A-Z][^\W\d_]*(?:[-’'][^\W\d_]+)*"
_WORK: Final = rf"{_SURNAME}(?:(?:, {_SURNAME}){{0,3}},? (?:and|&) {_SURNAME},?|,? et al\.?,?|,) (?:19|20)\d\d[a-z]?"
_CITATION: Final = re.compile(
    rf" ?\((?:see |e\.g\.,? |cf\. )?{_WORK}(?:[;,] (?:{_WORK}|(?:19|20)\d\d[a-z]?))*\)(?=[\s,.;:]|$)"
    r"| ?\((?:see |cf\. )?(?:Section|Sec\.|Sect\.|Figure|Fig\.|Table|Tab\.|Appendix|App\.|Equation|Eq\."
    r"|Supplementary \w+) ?\(?(?:\d[\d.]*[a-z]?|[A-Z])\)?\)(?=[\s,.;:]|$)"
)
# "(P < 0.05)" behind a claim tells less than the claim.
_BARE_P: Final = re.compile(r" ?\((?:all |both )?[pP](?:[- ]?values?)? ?[<>=≤≥]{1,2} ?0?[.·]\d{1,6}\)(?=[\s,.;:]|$)")
# "[1, 5]" may be an interval too: a reference stands behind a word that does not ask for a value.
_REFERENCE: Final = re.compile(r"(?<=[a-z]{3}) ?\[[1-9]\d{0,2}(?:(?:, ?|; ?|-|–)[1-9]\d{0,2})*\](?=[\s,.;:)]|$)")
_ASKS_FOR_VALUE: Final = re.compile(
    r"\b(?:intervals?|ranges?|from|over|within|between|into|sets?|window|list|vector|array|size|sequence|values?|scale"
    r"|positions?|indices|bounds?|domain|length|labels?|pages?)$"
)
# Not "mRNA", "p53" or "k-means", which keep their small letter.
_SMALL_OPENING: Final = re.compile(r"(?:a|[a-z]{2,}(?:-[a-z]{2,}|[’'][a-z]+)*)(?=[\s,;.]|$)")


# "Based on these phylogenies, morphology, and flowering periods, we find …": what stands before the comma is an item.
_LISTED: Final = re.compile(r"(?!(?:we|I|our)\b)(?:[^,.]{1,80}, ){1,4}and [^,.]{1,120}, (?:we|I)\b")


def trim(sentence: str) -> str:
    """Remove from *sentence* what keeps it from standing alone.

    "In this paper, ", "However, ", list marks, references.
    """
    text = _ITEM.sub("", sentence, count=1) if _ITEM.match(sentence) else sentence
    while (lead_in := _LEAD_IN.match(text)) and len(text) - lead_in.end() >= _LEFT_AT_LEAST:
        if lead_in[0].casefold().startswith("based on") and _LISTED.match(text, lead_in.end()):
            break
        text = text[lead_in.end() :]
    text = _ASIDE.sub("", text, count=1)
    if "[" in text or "(" in text:
        text = _without_references(text)
    return _capital(text)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] if _SMALL_OPENING.match(text) else text


def _without_references(text: str) -> str:
    parts, start = [], 0
    for begin, end in (*formulas(text), (len(text), len(text))):
        prose = _BARE_P.sub("", _CITATION.sub("", text[start:begin]))
        prose = _REFERENCE.sub(lambda m: m[0] if _ASKS_FOR_VALUE.search(m.string[: m.start()]) else "", prose)
        parts += [prose, text[begin:end]]
        start = end
    return "".join(parts)


# --- variants ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variant:
    """A sentence, whole or with parts left out."""

    text: str
    cut: tuple[str, ...] = ()
    """What was left out, by the names that the weights have: "brackets", "we show that"."""


# A longer text is no sentence, but could not be divided into sentences.
_VARIED_AT_MOST: Final = 1000
_WORDS_AT_LEAST: Final = 5

# What makes a claim smaller, or what it is measured by. A part with one of these in it is never left out.
_LIMITS: Final = re.compile(
    r"\b(?:but|however|only|except|unless|if|when|provided|providing|assum\w+|although|though|albeit|despite|whereas"
    r"|under|not|no|never|without|cannot|fail\w*|limit\w*|may|might|could|would|sometimes|often|mostly|usually|partly"
    r"|partially|subject to|conditional\w*|restricted|at the (?:cost|expense)|trade-?offs?|rather|instead|neither|nor"
    r"|CI|confidence interval|credible interval|interquartile"
    r"|at (?:most|least)|up to|approximately|than|compared|relative to|versus|vs)\b|n['’]t\b",
    re.IGNORECASE,
)

_SHOWN: Final = (
    r"(?:show(?:n|s|ed)?|demonstrat(?:e|es|ed)|prove[sdn]?|find|found|verif(?:y|ies|ied)|establish(?:es|ed)?)"
)
_WE: Final = (
    r"we(?: (?:\w+ly|also|then|further|first|hence|thus))*|(?:our|the|these)?(?: ?(?:extensive|experimental|empirical"
    r"|theoretical|numerical|comprehensive|main|key))*? ?(?:results|experiments|evaluations?|analys[ie]s|findings"
    r"|studies)"
)
_FRONTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    # Before a result the same words would be its condition: "Using ten labels, we reach 90 %".
    (
        "aim or ground",
        re.compile(
            r"(?:to|in order to|with the (?:aim|goal) of|motivated by|inspired by|guided by|driven by|based on"
            r"|building (?:up)?on|drawing (?:up)?on|by \w+ing|using|leveraging|utilizing|exploiting|through|via"
            r"|since|because|unlike|in contrast (?:to|with)|due to)\b [^;:]*?, "
            r"(?=(?:we|this (?:paper|work|study)) (?:\w+ly )?(?:propose|present|introduce|develop|design|describe|study"
            r"|studies|investigate|explore|examine|address|consider|build|create)s?\b)",
            re.IGNORECASE,
        ),
    ),
    ("we show that", re.compile(rf"(?:{_WE}) {_SHOWN}(?: \w+ly)? that (?=\S)", re.IGNORECASE)),
)
_BRACKET: Final = re.compile(r" ?\([^()]*\)(?=[\s,.;:]|$)")
_ITEM_MARK: Final = re.compile(r" ?\((?:[ivx]{1,4}|\d{1,2}|[a-h])\)")


def variants(text: str) -> tuple[Variant, ...]:
    """Return the variants of *text*, each once.

    First without brackets, then without other parts that may be left out.
    """
    if len(text) > _VARIED_AT_MOST:
        return (Variant(text),)
    found: dict[str, tuple[str, ...]] = {}
    for whole, bracket in _brackets(text):
        for front, fronted in _fronts(whole):
            found.setdefault(front, (*bracket, *fronted))
    return tuple(Variant(each, cut) for each, cut in found.items())


def _brackets(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield *text* without the brackets that do not limit its claim."""
    held = formulas(text)
    parts, start = [], 0
    for match in _BRACKET.finditer(text):
        within = any(begin < match.end() and match.start() < end for begin, end in held)
        if within or match.start() == 0 or _LIMITS.search(match[0]) or _ITEM_MARK.fullmatch(match[0]):
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    bare = "".join((*parts, text[start:]))
    if parts:
        yield bare, ("brackets",)
    yield text, ()


def _fronts(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield text, ()
    rest, cut = text, tuple[str, ...]()
    for name, pattern in _FRONTS:
        match = pattern.match(rest)
        if match and not _LIMITS.search(match[0]) and not _is_within(rest, match.end()):
            rest, cut = _capital(rest[match.end() :]), (*cut, name)
            if len(rest.split()) >= _WORDS_AT_LEAST:
                yield rest, cut


def _is_within(text: str, place: int) -> bool:
    """Whether *place* is within a formula or a bracket of *text*."""
    front = text[:place]
    return (
        front.count("(") > front.count(")")
        or front.count("[") > front.count("]")
        or any(start < place < end for start, end in formulas(text))
    )


# --- shorten ----------------------------------------------------------------------------------------------------------

# A figure is not cut from the interval behind it.
_INTERVAL: Final = r"(?!\s[(\[]?(?:9\d(?:\.\d)? ?% (?:CI|CrI|confidence)|CI\b|IQR\b|SD\b|±))"
_CLAUSE_END: Final = re.compile(rf"[,;:]{_INTERVAL}(?=\s)|(?=\s[(–—]){_INTERVAL}|[，；、：]")
_BLANK: Final = re.compile(rf"{_INTERVAL}\s")


def shorten(text: str, at_most: int) -> str:
    """*text*, or its front up to the end of a clause, or else of a word, with "…"; empty if it can't be cut.

    Neither a formula nor a bracket is cut in two.
    """
    if len(text) <= at_most:
        return text
    for pattern in (_CLAUSE_END, _BLANK):
        places = [match.start() for match in pattern.finditer(text, at_most // 3, at_most)]
        for place in reversed(places):
            if not _is_within(text, place):
                return text[:place].rstrip(" ,;:–—") + "…"
    return ""


def clause_ends(text: str) -> list[int]:
    """Return the places where a clause of *text* ends, in order; none within a formula or a bracket."""
    return _places(_CLAUSE_END, text)


def word_ends(text: str) -> list[int]:
    """Return the places behind words of *text*, in order; none within a formula or a bracket."""
    return _places(_BLANK, text)


def _places(pattern: re.Pattern[str], text: str) -> list[int]:
    found = [match.start() for match in pattern.finditer(text)]
    open_ones = list(accumulate(_DEPTH.get(c, 0) for c in text))
    held = bytearray(len(text) + 1)
    for start, end in formulas(text):
        held[start + 1 : end] = b"\1" * max(0, end - start - 1)
    return [place for place in found if not held[place] and (place == 0 or open_ones[place - 1] <= 0)]


_DEPTH: Final = {"(": 1, "[": 1, ")": -1, "]": -1}
