"""Does this summary belong to this paper, and is what it says there? Four checks, none of which asks a model again.

    length    a sentence's worth of each; first, so that no other check meets a text of a million characters
    plain     text and nothing else: no markup, no address, no invisible character
    numbers   every number of the summary stands in the title or the abstract
    belongs   its words fit this abstract at least as well as any other of the batch, and well enough at all

They are cheap because people who sum up papers keep to them: of 1,992 sentences that authors and reviewers wrote
(SciTLDR, train) fewer than one in a hundred is refused by any one of them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from digest.core import numbers
from digest.core.models import Paper, Summary
from digest.core.text import strip_invisible

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
_TAG: Final = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*=[^<>]*)?\s*/?>|<!--|&(?:#\w+|[a-z]{2,8});")
_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:javascript|mailto):|\bdata:\w+/|\S@\w[\w-]*\.\w", re.IGNORECASE
)
# Mail readers turn "name.tld" into a link by themselves.
_HOST: Final = re.compile(
    r"\b[\w-]+\.(?:com|org|net|io|ai|co|dev|app|edu|gov|info|xyz|ly|me|ru|cn)\b(?:/\S*)?", re.IGNORECASE
)


def _not_plain(summary: Summary, paper: Paper) -> str | None:
    said, source = _said(summary), _source(paper)
    if found := _ADDRESS.search(said):
        return f"an address in it ({found[0]!r})"
    for pattern, what in ((_TAG, "markup"), (_HOST, "an address")):
        # "<think>" and "Character.AI" are in order where the paper itself has them.
        if foreign := next((found[0] for found in pattern.finditer(said) if found[0] not in source), None):
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

_WHOLE_AS_DECIMAL: Final = re.compile(r"\d+\.0+\b")
_DIMENSION: Final = re.compile(r"\b\d-?[Dd]\b")


def _wrong_number(summary: Summary, paper: Paper) -> str | None:
    """A summary may spell a number in its own way; it may not compute: 0.035 in the abstract is no 3.5 % here."""
    source, said = _source(paper), _said(summary)
    if not _DIMENSION.search(source):
        # "2D" is no count but a kind: it may be said where the abstract speaks of images.
        said = _DIMENSION.sub(" ", said)
    foreign = summary.language != "en"
    if wrong := numbers.unknown(numbers.read(said, decimal_comma=foreign), numbers.read(source), foreign=foreign):
        return f"{wrong.text} is not in the abstract"
    if exact := next((m[0] for m in _WHOLE_AS_DECIMAL.finditer(said) if m[0] not in source), None):
        return f"{exact} is not in the abstract"
    return None


# --- belongs ----------------------------------------------------------------------------------------------------------

# Chosen on SciTLDR's training part: swaps in batches of 20 caught against people's own summaries refused.
_AS_GOOD_AS: Final = 0.7
_AT_LEAST: Final = 0.15
_WORD: Final = re.compile(r"[^\W_]+")
# English endings are cut off with everything else behind it.
_STEM: Final = 6
_COMMON: Final = frozenset(
    (
        "about above across after all also among and any are been being between both but can could did does each for "
        "from further given has have how however into its may more most new not one only other our out over own paper "
        "present propose result same several show some such than that the their them then there these they this those "
        "through thus two under use used using very via was well were when where whether which while who will with "
        "within without work would study approach method model problem"
    ).split()
)


def _foreign(summary: Summary, paper: Paper, others: Sequence[Paper]) -> str | None:
    own = _stems(_source(paper))
    batch = [own, *(_stems(_source(other)) for other in others)]
    for text in (summary.tldr, "\n".join(summary.points)):
        weights = {stem: _weight(sum(stem in words for words in batch), len(batch)) for stem in _stems(text)}
        if not weights:
            continue
        fits = [sum(weights[stem] for stem in weights.keys() & words) / sum(weights.values()) for words in batch]
        if fits[0] < _AS_GOOD_AS * max(fits):
            return f"it fits {others[fits.index(max(fits)) - 1].id} better"
        # A summary in another language shares names and figures alone with the abstract.
        if fits[0] < _AT_LEAST and summary.language == "en":
            return "it has next to no words in common with the abstract"
    return None


def _weight(abstracts: int, of: int) -> float:
    """How much a word tells that stands in so many of the batch's abstracts: little if it is in all of them."""
    return 0.1 + math.log((of + 1) / abstracts) if abstracts else 1.0


@lru_cache(maxsize=256)
def _stems(text: str) -> frozenset[str]:
    return frozenset(
        word[:_STEM]
        for word in _WORD.findall(text.lower())
        if (len(word) > 2 or not word.isascii() or word.isdigit()) and word not in _COMMON
    )
