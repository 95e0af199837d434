"""Limits for parsed papers: length of title, abstract, names and keywords, number of authors, no date in the future.

Parsers check the form of what they read. The limits are checked here, once for all parsers, before any step whose time
grows with the length. The one such step that all papers need follows: finding their language.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from digest.core.models import Parsed, Record, Rejected
from digest.core.words.dates import not_after
from digest.core.words.language import language_of
from digest.core.words.text import clipped, excerpt

MAX_TITLE: Final = 1_000
"""Characters. The longest of 36,000 on arXiv has 216."""
_MAX_ABSTRACT: Final = 50_000
"""Characters; an abstract that is longer holds the paper itself."""
_MAX_AUTHORS: Final = 10_000
"""The longest list of authors there is, of two experiments at CERN together, has 5,154."""
_MAX_WORDS: Final = 200
"""Number of categories, and of keywords."""
_MAX_WORD: Final = 500
"""Characters of a category, a keyword or an author's name; a collaboration's name can have 200."""


def within_bounds(parsed: Parsed, *, now: datetime) -> Parsed:
    """Return *parsed* within the limits.

    A record with too long a title is rejected, all else is shortened or dropped. Each has its language: the one that
    title and abstract are plainly in, else the one that its source says.
    """
    measured = [measure(record, now=now) for record in parsed.records]
    return replace(
        parsed,
        records=tuple(one for one in measured if isinstance(one, Record)),
        rejected=(*parsed.rejected, *(one for one in measured if isinstance(one, Rejected))),
    )


def measure(record: Record, *, now: datetime) -> Record | Rejected:
    """Return *record* within the limits and with its language, or the reason for its rejection."""
    title = record.paper.title
    if len(title) > MAX_TITLE:
        return Rejected(reason=f"title of more than {MAX_TITLE:,} characters", excerpt=excerpt(title))
    return _measured(record, now)


def _measured(record: Record, now: datetime) -> Record:
    paper = record.paper
    measured = replace(
        paper,
        abstract=paper.abstract if len(paper.abstract) <= _MAX_ABSTRACT else _cut(paper.abstract),
        authors=_short(paper.authors[:_MAX_AUTHORS]),
        categories=_short(paper.categories[:_MAX_WORDS]),
        keywords=_short(paper.keywords[:_MAX_WORDS]),
        published=not_after(paper.published, now),
        updated=not_after(paper.updated, now),
        language=language_of(f"{paper.title}\n{paper.abstract}") or paper.language,
    )
    return record if measured == paper else replace(record, paper=measured)


def _short(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clipped(word, _MAX_WORD) for word in words)


def _cut(abstract: str) -> str:
    """Cut *abstract* to the limit, at the last blank if one is near."""
    cut = abstract[:_MAX_ABSTRACT]
    blank = cut.rfind(" ", _MAX_ABSTRACT - 100)
    return (cut[:blank] if blank > 0 else cut).rstrip() + " …"
