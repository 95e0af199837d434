"""A summary in the paper's own words, without a model: the sentence that says what it does, and two or three more.

    abstract ──► sentences, trimmed of lead-ins and citations ──► features × weights ──► the best one is the tldr
                                                              └─► method, result, limitation ──► the points

Words are only ever left out, never changed: but for a capital at the front and a "…" at the end, what comes out stands
in the abstract. From what does not read like prose nothing comes: journals send "Volume 56, Issue 3" for an abstract.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Final

from digest.core import cues
from digest.core.cues import Sentence
from digest.core.sentences import formulas, split

VERSION: Final = "1"
"""Part of the key under which a summary is stored: raise it with every change that alters what comes out."""

_TLDR_AT_MOST: Final = 400
_POINT_AT_MOST: Final = 300
_POINTS: Final = 3
_STRONG_RESULT: Final = 3.0
"""A result so telling that it may be a third point."""
# Longer texts are not abstracts; what a paper does stands at the front of them.
_READ_AT_MOST: Final = 12_000
_LETTERS_AT_LEAST: Final = 6


def summarize(title: str, abstract: str) -> tuple[str, tuple[str, ...]]:
    """One sentence that says what the paper does, and up to three further ones in the abstract's order.

    `("", ())` for an abstract that has no sentence: an empty one, formulas alone, or a volume and its page numbers.
    """
    sentences = read(title, abstract)
    if not sentences:
        return "", ()
    scores = [cues.score(s) for s in sentences]
    if _is_english(abstract):
        chosen = max(sentences, key=lambda s: (scores[s.place], -s.place))
    else:  # The cues are English words: without them, what a paper is about stands at the front.
        chosen = next((s for s in sentences if 60 <= cues.width(s.text) <= _TLDR_AT_MOST), sentences[0])
    return shorten(chosen.text, _TLDR_AT_MOST), _points(sentences, chosen, scores)


def _points(sentences: tuple[Sentence, ...], chosen: Sentence, scores: list[float]) -> tuple[str, ...]:
    """Result, limitation and method where they are told, else what else follows the news; in the abstract's order."""
    free = [s for s in sentences if s is not chosen and _may_be_point(s, chosen)]
    results = {s.place: cues.tells_result(s) for s in free}
    picked: list[Sentence] = []
    for role in (cues.tells_result, cues.tells_limitation, cues.tells_method):
        value, _, best = max(((role(s), -s.place, s) for s in free), key=itemgetter(0, 1), default=(0.0, 0, chosen))
        if value >= 1:
            picked.append(best)
            free.remove(best)
    for s in sorted(free, key=lambda s: (-results[s.place] - scores[s.place], s.place)):
        if len(picked) < (_POINTS if results[s.place] >= _STRONG_RESULT else _POINTS - 1):
            picked.append(s)
    return tuple(shorten(s.text, _POINT_AT_MOST) for s in sorted(picked, key=lambda s: s.place))


def _may_be_point(s: Sentence, chosen: Sentence) -> bool:
    """Background, pointers to code, questions and openings of lists say nothing by themselves."""
    if cues.is_on_code(s) or cues.asks(s) or cues.leads_nowhere(s) or cues.is_cut_off(s):
        return False
    news = min(chosen.place, s.first_announced) if s.first_announced >= 0 else chosen.place
    return (s.place > news or cues.speaks_up(s.low)) and bool(shorten(s.text, _POINT_AT_MOST))


# What publishers put in front of an abstract, or in its place.
_FRONT_MATTER: Final = re.compile(
    r"(?:[^.;\n]{0,120}?\bPublished online: [^;\n]{0,40}; *doi: ?\S+"  # Nature
    r"|Publication date: .{0,300}?\bAuthor\(s\): .*"  # Elsevier
    # Taylor & Francis, Wiley
    r"|[^.;\n]{0,120}?\bVolume \d+\w*,? (?:Issue|Number|No\.?|Pages?|Article)\b[^\n]{0,120}?(?:\.(?!\d)|$)"
    r"|[^.;\n]{0,80}?, (?:EarlyView|Ahead of Print)\b\.?"
    r"|.{0,1000}?\bAbstract: )",  # Pensoft: pages, DOI and authors first
    re.DOTALL,
)
_NO_CONTENT: Final = re.compile(
    r"(?:\S+ [\d.v]+; )?doi\b|IS[SB]N\b|Add to Selected Citations|©|Copyright (?:©|\(c\)|\d)"
    r"|\(?No abstract\b.{0,20}$|Abstract (?:is )?not available\b",
    re.IGNORECASE,
)
_LABEL: Final = (
    r"(?i:abstract|summary|background|introduction|context|motivation|significance|aims?|objectives?|purpose|goals?"
    r"|design|setting|participants|materials|methodology|approach|methods?|findings|results?|outcomes?|conclusions?"
    r"|discussion|interpretation|limitations?|implications|importance|availability)"
)
_HEADING: Final = re.compile(
    rf"(?:\d[.)] )?(?P<label>{_LABEL}(?:(?: and |/| & ){_LABEL})?)"
    r"(?:: ?|\. (?=[A-Z])|\s?[—–]\s?(?=[A-Z])|(?<=[A-Z]{5}) (?=[A-Z])|$)"
)
# One word, or a few that are not small: "OpenSkill: …", "Open Skill 2: …", but not "On the use of X: a study".
_TITLE_NAME: Final = re.compile(r"((?=\S*[^\Wa-z])\S+(?: [A-Z0-9]\S*){0,2}): ")
_SMALL_WORDS: Final = frozenset(
    """a an and are as at be by can do does for from how in into is it its of on or over that the their this to towards
    toward under up using via we what when where which who why with without""".split()
)
_BINDING: Final = frozenset("the of and to is are we with that this for by from our it which".split())


def read(title: str, abstract: str) -> tuple[Sentence, ...]:
    """The sentences of *abstract* that may be printed, in order."""
    head = abstract[:_READ_AT_MOST].strip()
    front = _FRONT_MATTER.match(head)
    texts: list[tuple[str, str, str]] = []
    label, title_words = "", cues.words(title)
    for raw in split(head[front.end() :] if front else head):
        heading = _HEADING.match(raw)
        label = heading["label"].lower() if heading else label
        text = trim(raw[heading.end() :] if heading else raw)
        if _is_prose(text) and cues.words(text) != title_words and shorten(text, _TLDR_AT_MOST):
            texts.append((text, raw, label))
    announced = next((n for n, (_, raw, _) in enumerate(texts) if cues.speaks_up(raw.lower())), -1)
    telling = frozenset(title_words) - _SMALL_WORDS
    named = _TITLE_NAME.match(title)
    return tuple(
        Sentence(
            text=text,
            raw=raw,
            low=raw.lower(),
            place=place,
            of=len(texts),
            label=label,
            title=telling,
            name=named[1].lower() if named else "",
            first_announced=announced,
        )
        for place, (text, raw, label) in enumerate(texts)
    )


def _is_prose(text: str) -> bool:
    """Enough letters outside formulas, and small words between the capital ones: a list of authors is none."""
    if _NO_CONTENT.match(text):
        return False
    prose = _prose(text)
    wide = cues.wide_signs(prose)
    words = [word.strip(".,;:()[]\"'“”‘’") for word in prose.split()]
    small = wide + sum(word.isalpha() and not word[0].isupper() for word in words)
    letters = sum(map(str.isalpha, prose)) + 2 * wide
    return letters >= _LETTERS_AT_LEAST and (prose.isupper() or small >= max(1, len(words) / 4))


def _prose(text: str) -> str:
    """*text* without its formulas."""
    for start, end in reversed(formulas(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _is_english(text: str) -> bool:
    """At least every 16th word is one that binds English sentences; in English text it is every fourth or fifth."""
    words = cues.words(_prose(text[:_READ_AT_MOST]))
    return 16 * sum(word in _BINDING for word in words) >= len(words)


_PAPER: Final = (
    r"(?:\w+ )?(?:paper|work|article|study|letter|report|thesis|survey|review|contribution|note|manuscript|chapter)"
)
_LEAD_IN: Final = re.compile(
    rf"(?:in (?:this|our|the (?:present|current)) {_PAPER}(?:, | (?=(?:we|i|the authors?|it is)\b))"
    r"|here(?:in)?,? (?=we\b)"
    r"|(?:(?:to|in order to) (?:\w+ly )?(?:\w+ and )?\w+|(?:motivated|inspired|guided|driven|encouraged) by)"
    r" (?:this|these|those|the above)(?: [\w-]+){0,3}, (?=(?:we|i|our)\b)"
    r"|(?:based on (?:this|these)(?: [\w-]+){0,2}|to (?:this|that) end|for this (?:purpose|reason)|in response"
    r"|in this (?:context|regard|sense|setting|direction|way)|by (?:contrast|doing so)|as a (?:result|consequence)"
    r"|in (?:addition|particular|summary|conclusion|short|contrast|turn|fact|essence|doing so)|on the other hand"
    r"|at the same time|more (?:specifically|precisely|concretely|importantly)|taken together|(?:al)?together"
    r"|therefore|thus|hence|so|consequently|accordingly|moreover|furthermore|further|additionally|besides|also|likewise"
    r"|similarly|specifically|concretely|conversely|instead|finally|lastly|overall|however|nevertheless|nonetheless"
    r"|interestingly|importantly|notably|surprisingly|remarkably|crucially|collectively|first(?:ly)?|second(?:ly)?|third(?:ly)?"
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
# "[1, 5]" may be an interval too: a reference stands behind a word that does not ask for a value.
_REFERENCE: Final = re.compile(r"(?<=[a-z]{3}) ?\[[1-9]\d{0,2}(?:(?:, ?|; ?|-|–)[1-9]\d{0,2})*\](?=[\s,.;:)]|$)")
_ASKS_FOR_VALUE: Final = re.compile(
    r"\b(?:intervals?|ranges?|from|over|within|between|into|sets?|window|list|vector|array|size|sequence|values?|scale"
    r"|positions?|indices|bounds?|domain|length|labels?|pages?)$"
)
# Not "mRNA", "p53" or "k-means", which keep their small letter.
_SMALL_OPENING: Final = re.compile(r"(?:a|[a-z]{2,}(?:-[a-z]{2,}|[’'][a-z]+)*)(?=[\s,;.]|$)")


def trim(sentence: str) -> str:
    """*sentence* as it can stand alone: without "In this paper, ", "However, ", list marks and references."""
    text = _ITEM.sub("", sentence, count=1) if _ITEM.match(sentence) else sentence
    while (lead_in := _LEAD_IN.match(text)) and len(text) - lead_in.end() >= _LEFT_AT_LEAST:
        text = text[lead_in.end() :]
    text = _ASIDE.sub("", text, count=1)
    if "[" in text or "(" in text:
        text = _without_references(text)
    return text[0].upper() + text[1:] if _SMALL_OPENING.match(text) else text


def _without_references(text: str) -> str:
    parts, start = [], 0
    for begin, end in (*formulas(text), (len(text), len(text))):
        prose = _CITATION.sub("", text[start:begin])
        prose = _REFERENCE.sub(lambda m: m[0] if _ASKS_FOR_VALUE.search(m.string[: m.start()]) else "", prose)
        parts += [prose, text[begin:end]]
        start = end
    return "".join(parts)


_CLAUSE_END: Final = re.compile(r"[,;:](?=\s)|(?=\s[(–—])|[，；、：]")
_BLANK: Final = re.compile(r"\s")


def shorten(text: str, at_most: int) -> str:
    """*text*, or its front up to the end of a clause, or else of a word, with "…"; empty if it can't be cut.

    Neither a formula nor a bracket is cut in two.
    """
    if len(text) <= at_most:
        return text
    for pattern in (_CLAUSE_END, _BLANK):
        places = [match.start() for match in pattern.finditer(text, at_most // 3, at_most)]
        for place in reversed(places):
            if not _is_inside(text, place):
                return text[:place].rstrip(" ,;:–—") + "…"
    return ""


def _is_inside(text: str, place: int) -> bool:
    """Is *place* within a formula or a bracket of *text*?"""
    front = text[:place]
    return (
        front.count("(") > front.count(")")
        or front.count("[") > front.count("]")
        or any(start < place < end for start, end in formulas(text))
    )
