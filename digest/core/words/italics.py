r"""Find what titles and abstracts set in italics, such as species, genes and variables.

    <i>Arabidopsis thaliana</i>, \emph{Rana temporaria}, {\it in vivo}     ──italic_phrases──►     the phrases

Text is kept plain, and the phrases beside it: pages and mails mark them wherever they print a title, a summary or an
abstract. So no markup of a source ever gets near a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from digest.core.words.markup import decoded, title_to_text
from digest.core.words.tex import unicode_text

MOST_PHRASES: Final = 40
LONGEST_PHRASE: Final = 100
"""Characters."""
_LONGEST_TEXT: Final = 50_000
"""Characters that are looked at."""
_TAG: Final = re.compile(r"<(/)?(?:[a-z]{1,9}:)?(?:i|em|italic)(?:\s[^<>]{0,200})?>", re.IGNORECASE)
_TEX: Final = re.compile(
    r"\\(?:textit|emph|textsl)\s?\{((?:[^{}]|\{[^{}]{0,100}\}){1,200})\}"
    r"|\{\\(?:it|em|itshape|sl)(?![A-Za-z])\s*((?:[^{}]|\{[^{}]{0,100}\}){1,200})\}"
)
_ENCODED: Final = re.compile(r"&lt;/?(?:i|em|italic)&gt;", re.IGNORECASE)
_EDGES: Final = " \t\n,;:.!?()[]“”\"'‘’–—"
_COMMON: Final = frozenset(
    "a an and are as at be but by can for from had has have how i if in is it its no not of on or our so than that the"
    " their then there these they this those to was we were what when which who why will with you abstract aim aims"
    " background conclusion conclusions introduction methods motivation objective objectives purpose results"
    " significance summary".split()
)
"""Words that are set in italics for stress or as headings; marked wherever they stand they would spoil a page."""


def italic_phrases(markup: Iterable[str], text: Iterable[str]) -> tuple[str, ...]:
    r"""Return the phrases that *markup* sets in italics and that stand as whole words in *text*; each once, sorted.

    A phrase that stands there more often upright than in italics is left out: it is a word of the language then.

    Args:
        markup: Titles and abstracts as the source gives them: HTML, JATS or TeX.
        text: The same, cleaned.
    """
    pieces = [piece[:_LONGEST_TEXT] for piece in markup]
    found = Counter(phrase for piece in pieces for phrase in _phrases(piece))
    if not found:
        return ()
    texts = list(text)
    whole = "\n".join(texts)
    kept = [phrase for phrase in found if phrase not in texts]
    standing = Counter(match[0] for match in _standing(kept).finditer(whole)) if kept else Counter()
    common = [phrase for phrase in standing if standing[phrase] <= 2 * found[phrase] or " " in phrase]
    return tuple(sorted(common[:MOST_PHRASES]))


def pieces_of(text: str, phrases: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Divide *text* at *phrases*, as (piece, whether it is one of them); of two that overlap the longer stands."""
    end = 0
    if phrases:
        for match in _standing(phrases).finditer(text):
            if match.start() > end:
                yield text[end : match.start()], False
            yield match[0], True
            end = match.end()
    if end < len(text):
        yield text[end:], False


def _standing(phrases: Iterable[str]) -> re.Pattern[str]:
    """Find the phrases where they stand as whole words."""
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _phrases(markup: str) -> Iterator[str]:
    if _ENCODED.search(markup) and not _TAG.search(markup):
        markup = decoded(markup)
    for raw in (*_in_tags(markup), *_in_tex(markup)):
        phrase = " ".join(unicode_text(title_to_text(raw)).split()).strip(_EDGES)
        # An abbreviated genus keeps its full stop only within: "E. coli".
        is_word = phrase.lower() not in _COMMON and any(map(str.isalpha, phrase)) and not raw.rstrip().endswith(":")
        if is_word and len(phrase) <= LONGEST_PHRASE and "$" not in phrase:
            yield phrase


def _in_tags(markup: str) -> Iterator[str]:
    depth = start = 0
    for tag in _TAG.finditer(markup):
        if not tag[1]:
            depth += 1
            start = tag.end() if depth == 1 else start
        elif depth:
            depth -= 1
            if not depth and tag.start() - start <= 3 * LONGEST_PHRASE:
                yield markup[start : tag.start()]


def _in_tex(markup: str) -> Iterator[str]:
    if "\\" in markup:
        yield from (match[1] or match[2] for match in _TEX.finditer(markup))
