"""Does this summary belong to this paper, and is what it says there? Five checks, none of which asks a model again.

    length    a sentence's worth of each; first, so that no other check meets a text of a million characters
    plain     text and nothing else: no markup, no address, no invisible character
    language  as asked for, as far as can be told
    numbers   every number of the summary stands in the title or the abstract
    belongs   its words fit this abstract at least as well as any other of the batch, and well enough at all

They are cheap because honest summaries keep to them: of 1,448 that a model wrote (Hugging Face) fewer than one in a
hundred is refused by any one of them. `python -m tests.bench.checks` measures what they catch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from digest.core.models import Paper, Summary
from digest.core.summaries import belonging
from digest.core.words import numbers
from digest.core.words.language import is_not_in
from digest.core.words.text import strip_invisible

TLDR_CHARACTERS: Final = (15, 500)
POINT_CHARACTERS: Final = (5, 500)


def check(summary: Summary, paper: Paper, others: Iterable[Paper] = ()) -> tuple[tuple[str, ...], str | None]:
    """Names of the checks that *summary* passed, and what the first one it failed has to say, as `name: reason`.

    Args:
        others: The papers that went out in the same request; *paper* itself may be among them.
    """
    batch = [other for other in others if other.id != paper.id]
    checks: tuple[tuple[str, Callable[[], str | None]], ...] = (
        ("length", lambda: _wrong_length(summary)),
        ("plain", lambda: _not_plain(summary, paper)),
        ("language", lambda: _other_language(summary)),
        ("numbers", lambda: _wrong_number(summary, paper)),
        ("belongs", lambda: _foreign(summary, paper, batch)),
    )
    for place, (name, complaint) in enumerate(checks):
        if failed := complaint():
            return tuple(name for name, _ in checks[:place]), f"{name}: {failed}"
    return tuple(name for name, _ in checks), None


def _said(summary: Summary) -> str:
    return "\n".join((summary.tldr, *summary.points))


def _source(paper: Paper) -> str:
    return f"{paper.title}\n{paper.abstract}"


# --- plain ------------------------------------------------------------------------------------------------------------

# An attribute needs its equals sign: "$a<b and c>d$" is a formula.
_TAG: Final = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>=]*+=[^<>]*+)?+\s*/?>|<!--|&(?:#\w+|[a-z]{2,8});")
_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://|\bwww\.|\b(?:javascript|mailto):|\bdata:\w+/|\S@\w[\w-]*\.\w", re.IGNORECASE
)
_MARKDOWN: Final = re.compile(r"!?\[[^\[\]]*\]\([^()]*\)|\*\*[^*\n]+\*\*|(?<!\w)__[^_\n]+__(?!\w)|```|(?m:^#{1,6} )")
# Mail readers turn "name.tld" into a link by themselves.
_HOST: Final = re.compile(
    r"(?<![\w-])[\w-]++\.(?:com|org|net|io|ai|co|dev|app|edu|gov|info|xyz|ly|me|ru|cn|shop|site|online|tech|store|link|biz|top|club|"
    r"page|gg|tv|eu|uk|example)\b(?:/\S*)?|\bdoi:\s?\S+|\b10\.\d{4,9}/\S+",
    re.IGNORECASE,
)


def _not_plain(summary: Summary, paper: Paper) -> str | None:
    said, source = _said(summary), _source(paper)
    if found := _ADDRESS.search(said):
        return f"an address in it ({found[0]!r})"
    for pattern, what in ((_TAG, "markup"), (_MARKDOWN, "markup"), (_HOST, "an address")):
        # "<think>" and "Character.AI" are in order where the paper itself has them.
        # Each spelling is looked for once, however often it is said.
        spellings = dict.fromkeys(found[0] for found in pattern.finditer(said))
        if foreign := next((found for found in spellings if found not in source), None):
            return f"{what} in it ({foreign!r})"
    if strip_invisible(said) != unicodedata.normalize("NFC", said):
        return "an invisible character in it"
    return None


# --- length -----------------------------------------------------------------------------------------------------------


def _wrong_length(summary: Summary) -> str | None:
    for text, (least, most) in (
        (summary.tldr, TLDR_CHARACTERS),
        *((point, POINT_CHARACTERS) for point in summary.points),
    ):
        if not least <= len(text) <= most:
            return f"{len(text)} characters where {least} to {most} are in order"
    return None


# --- numbers ----------------------------------------------------------------------------------------------------------

# A value alone does not tell 3.0 from 3, or 01 from 1.
_EXACT: Final = re.compile(r"(?<!\d)\d++\.0++\b|(?<![\d.,:-])0\d+\b")
_DIMENSION: Final = re.compile(r"\b\d-?[Dd]\b")
_FLAT_OR_SOLID: Final = re.compile(r"\b[23]-?[Dd]\b")


def _wrong_number(summary: Summary, paper: Paper) -> str | None:
    """A summary may spell a number in its own way; it may not compute: 0.035 in the abstract is no 3.5 % here."""
    source, said = _source(paper), _said(summary)
    if not _DIMENSION.search(source):
        # These are no counts but kinds: "2D" may be said where the abstract speaks of images.
        said = _FLAT_OR_SOLID.sub(" ", said)
    foreign, known = _is_foreign(summary, paper), numbers.read(source)
    # Each by itself: a sentence and a point may well say the same figure, which the abstract has once.
    for text in said.split("\n"):
        found = numbers.read(text, decimal_comma=summary.language != "en")
        if wrong := numbers.unknown(found, known, foreign=foreign):
            return f"{wrong.text} is not in the abstract"
    if exact := next((n for n in dict.fromkeys(m[0] for m in _EXACT.finditer(said)) if n not in source), None):
        return f"{exact} is not in the abstract"
    return None


# --- language ---------------------------------------------------------------------------------------------------------


def _other_language(summary: Summary) -> str | None:
    """The sentence and the points each by itself: a model may begin well and go on in English."""
    parts = (summary.tldr, "\n".join(summary.points))
    return f"it is not in the language “{summary.language}”" if _any_not_in(parts, summary.language) else None


def _any_not_in(texts: Iterable[str], language: str) -> bool:
    return any(is_not_in(text, language) for text in texts)


# --- belongs ----------------------------------------------------------------------------------------------------------


def _foreign(summary: Summary, paper: Paper, others: Sequence[Paper]) -> str | None:
    found = belonging.complaint(
        summary.tldr,
        summary.points,
        _source(paper),
        [_source(other) for other in others],
        is_foreign=_is_foreign(summary, paper),
    )
    if found is None:
        return None
    place, reason = found
    return f"it fits {others[place].id} better" if place is not None else reason


def _is_foreign(summary: Summary, paper: Paper) -> bool:
    """Is the summary in another language than the abstract, or could it be?"""
    return summary.language != "en" or is_not_in(paper.abstract, "en")
