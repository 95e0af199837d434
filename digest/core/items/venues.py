"""Find the name and the ISSNs of the journal that a paper appeared in, in what sources write of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from digest.core.words.text import clean_line

_LONGEST: Final = 300
"""Characters of a journal's name with what stands around it."""
_ISSN: Final = re.compile(r"(?<![\dXx-])(\d{4})-?(\d{3}[\dXx])(?![\dXx-])")
# What stands behind the name in `dc:source`: "Nature, Published online: …", "Measurement, Volume 12, Issue 3".
_BEHIND: Final = re.compile(
    r"\s*[,;|]\s*(?:published online|volume|vol\.|issue|no\.|pages?|pp\.|doi)\b.*", re.IGNORECASE
)
# "ScienceDirect Publication: Measurement", "Wiley: Measurement: Table of Contents", "Latest Articles from Measurement".
_FRONT: Final = re.compile(
    r"(?:sciencedirect publication|wiley|tandf|sage publications(?: inc| ltd)?|acs|mdpi|iop(?:science)?)\s*:\s*"
    r"|(?:latest|newest|new|recent|current) (?:articles?|issue|papers?|results?|content)"
    r" (?:from|of|in|for) (?:the )?|(?:articles|table of contents) (?:for|of|from|in) ",
    re.IGNORECASE,
)
_END: Final = re.compile(
    r"(?:\s*[:,–-]\s*|\s+)(?:(?:current|latest) (?:issue|articles)|table of contents|advance (?:access|articles)"
    r"|early view|articles in press|online first|cnki)\Z",
    re.IGNORECASE,
)
_FEED: Final = re.compile(r"\s+(?:rss|atom)(?: feed)?\Z", re.IGNORECASE)
_CHINESE: Final = re.compile(r"《([^《》]{2,40})》")


def venue_of(text: str) -> str:
    """Return the name of a journal or conference out of a field for it, without volume and date; empty for none."""
    name = _BEHIND.sub("", clean_line(text[:_LONGEST]))
    return "" if name.lower().startswith(("doi:", "http")) else name


def venue_of_feed(title: str, *, is_journal: bool = False) -> str:
    """Return the name of the journal whose feed has this *title*; empty if it may be no journal's.

    Args:
        is_journal: Whether something else about the feed says that it is one. Otherwise only titles that a publisher's
            software words are taken: "ScienceDirect Publication: …", "… Current Issue".
    """
    line = _FEED.sub("", clean_line(title[:_LONGEST]))
    chinese = _CHINESE.search(line)
    if chinese:
        return chinese[1]
    bare = _END.sub("", _FRONT.sub("", line, count=1) if _FRONT.match(line) else line)
    return bare if is_journal or bare != line else ""


def issns(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the ISSNs in *texts* as `1234-567X`, sorted; those with a wrong check digit are left out."""
    found = {f"{one[1]}-{one[2].upper()}" for text in texts for one in _ISSN.finditer(text[:_LONGEST])}
    return tuple(sorted(filter(_is_sound, found)))


def _is_sound(issn: str) -> bool:
    # ISO 3297: the digits, weighted 8 to 2, and the last one make a multiple of 11.
    digits = issn.replace("-", "")
    total = sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), digits, strict=False))
    return (11 - total % 11) % 11 == (10 if digits[7] == "X" else int(digits[7]))
