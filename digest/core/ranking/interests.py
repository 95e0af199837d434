"""What the texts of `interests` and `avoid` mean: words, people, single papers, or a file with a library of them.

"test-time training"                                  words, a phrase or a sentence
"author: Ada Lovelace"                                whoever signs so
"2401.01234", "10.1101/743294", an address            one paper, by its id
"library.bib"                                         a file beside config.toml
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from digest.core.errors import ConfigError
from digest.core.identity.dois import is_part_of_doi
from digest.core.identity.ids import arxiv_id, identify, scheme
from digest.core.models import PaperId
from digest.core.words.text import clean_line, escaped

LIBRARIES: Final = (".bib", ".ris", ".json", ".jsonl", ".rdf", ".csv")
"""Endings of files that hold a library."""

_AUTHOR: Final = re.compile(r"authors?:\s*(.*)", re.IGNORECASE)
_OPENREVIEW: Final = re.compile(r"openreview:\s*([\w-]{6,40})", re.IGNORECASE)
_STORED: Final = re.compile(r"(?:url:https?://|title:)\S+")
_DOI: Final = re.compile(r"(?:doi:\s*|(?:dx\.)?doi\.org/)?10\.\d{4,9}(?:\.\d{1,9})*(?:/|%2F)\S+", re.IGNORECASE)
_ARXIV: Final = re.compile(r"arxiv:\s*\S+|\d{4}\.\d{4,6}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedInterests:
    """The texts of one list, sorted by what they are; each part in the list's order, without doubles."""

    words: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    papers: tuple[PaperId, ...] = ()
    files: tuple[str, ...] = ()
    """As written: relative to config.toml."""
    addresses: tuple[tuple[PaperId, str], ...] = field(default=(), compare=False)
    """Where those of `papers` can be read that were named by an address: as given, for an id made of it is none.
    Two lists that name the same papers are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What of an edition's interests could not be read, in words."""

    papers: tuple[str, ...] = ()
    """A sentence for each; it is said until they can be read."""
    libraries: str | None = None
    """On entries of its libraries; said once, until it changes. Empty: all could be read. None: nobody looked."""


def parse_interests(texts: Iterable[str]) -> ParsedInterests:
    """Sort *texts* by what they are.

    Raises:
        ConfigError: One looks like an id, an address or an author and is none; the message names it.
    """
    words: list[str] = []
    authors: list[str] = []
    papers: list[PaperId] = []
    files: list[str] = []
    addresses: dict[PaperId, str] = {}
    for text in texts:
        if author := _AUTHOR.fullmatch(text):
            authors.append(_author(author[1], text))
        elif is_file(text):
            files.append(text)
        elif paper := _paper(text):
            papers.append(paper)
            if _is_address(text):
                addresses.setdefault(paper, text)
        else:
            words.append(text)
    return ParsedInterests(
        words=tuple(dict.fromkeys(words)),
        authors=tuple(dict.fromkeys(authors)),
        papers=tuple(dict.fromkeys(papers)),
        files=tuple(dict.fromkeys(files)),
        addresses=tuple(addresses.items()),
    )


def is_file(text: str) -> bool:
    """Whether *text* names a file with a library, going by its ending."""
    return text.lower().endswith(LIBRARIES) and "://" not in text


def _is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _author(name: str, text: str) -> str:
    if not any(c.isalpha() for c in name):
        raise ConfigError(f"{text!r} names nobody; write it as in 'author: Ada Lovelace'")
    return clean_line(name)


def _paper(text: str) -> PaperId | None:
    if _is_address(text):
        found, _ = identify(title=text, urls=(escaped(text),))
        if scheme(found) == "title":
            raise ConfigError(f"{text!r} is not an address that can be read")
        return found
    if note := _OPENREVIEW.fullmatch(text):
        return PaperId(f"openreview:{note[1]}")
    if _STORED.fullmatch(text):
        return PaperId(text)
    if "://" in text or text.startswith("url:"):
        raise ConfigError(f"{text!r} is not an address that can be read; write https://…, or the name of a file alone")
    if _DOI.fullmatch(text):
        if is_part_of_doi(text):
            raise ConfigError(f"{text!r} is only a part of a DOI; copy the whole of it")
        found, _ = identify(title=text, arxiv=text, doi=text)
        return found
    if _ARXIV.fullmatch(text):
        number = arxiv_id(text)
        if number is None:
            raise ConfigError(f"{text!r} looks like an arXiv id and is none; they look like 2401.01234 or math/0309136")
        return PaperId(f"arxiv:{number[0]}")
    return None
