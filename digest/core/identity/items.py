"""Make aliases from the ids that a source gives its items (a guid, an Atom id, an `id` in JSON).

The link of an item may change at each reading (`?t=…`, `usg=…`), while its id stays. Without a useful id, the same
title with the same text is the same item. Such an alias holds within one source only, and joins only records that agree
in title or text, because some sources number their items from 1 every day.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from digest.core.identity.ids import SHORT_TITLE, content_hash, has_strong_id, scheme, title_key
from digest.core.identity.titles import is_generic
from digest.core.models import Paper, PaperId, Record
from digest.core.words.text import web_url

_NOTHING: Final = frozenset(
    "na none null nil nan undefined unknown tbd tba false true guid id link url notavailable nolink".split()
)
"""Placeholders that programs write instead of a missing id, without blanks and punctuation."""
_SHORTEST: Final = 4
"""Characters of an id; shorter ones are numbers of places in a list."""
_TELLING_TEXT: Final = 80
"""Letters of a text that tells one item from the others, whatever its title."""
_TELLING_TITLE: Final = 30
"""Letters of a title that tells an item from others where there is no text and only parameters of the link differ."""


def says_nothing(text: str) -> bool:
    """Whether *text* is a placeholder for a missing id or link: "N/A", "-", "0", "null"."""
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return not letters.strip("0") or letters in _NOTHING


def named(items: Sequence[tuple[Record, str]], *, source: str) -> tuple[Record, ...]:
    """Return the records of one document, each with an alias from the id that *source* gives it, if that is useful.

    Args:
        items: Each record with its id as the source writes it, which may be empty.
    """
    guids = [guid if len(guid) >= _SHORTEST and not says_nothing(guid) else "" for _, guid in items]
    guids = _only_once(guids, items)
    # An id that is an address may change as the link does.
    texts = [
        _text_key(record.paper) if not guid or web_url(guid) else ""
        for (record, _), guid in zip(items, guids, strict=True)
    ]
    texts = _only_once(texts, items)
    return tuple(
        _with(record, [_alias(source, name) for name in names if name])
        for (record, _), *names in zip(items, guids, texts, strict=True)
    )


def _only_once(names: Sequence[str], items: Sequence[tuple[Record, str]]) -> list[str]:
    """Return *names*, with "" in place of a name that several different items of the document have."""
    holders = Counter(name for name, _ in {(n, record.paper.id) for n, (record, _) in zip(names, items, strict=True)})
    return [name if holders[name] == 1 else "" for name in names]


def _text_key(paper: Paper) -> str:
    """Return a key made of an item's title and text; empty if others may share it, or if its id is made of them."""
    if scheme(paper.id) != "url":
        return ""
    letters = len(title_key(paper.title))
    tells = letters >= SHORT_TITLE and not is_generic(paper.title)
    if paper.abstract:
        is_telling = tells or len(paper.abstract) >= _TELLING_TEXT
        return f"text {content_hash(paper.title, paper.abstract)}" if is_telling else ""
    if not tells or letters < _TELLING_TITLE:
        return ""
    parts = urlsplit(paper.url)
    return f"title {content_hash(paper.title, '')} {paper.published} {parts.hostname}{parts.path}"


def _alias(source: str, name: str) -> PaperId:
    return PaperId(f"guid:{source}:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}")


def _with(record: Record, aliases: Sequence[PaperId]) -> Record:
    paper = record.paper
    if not aliases or has_strong_id(paper):
        return record
    return replace(record, paper=replace(paper, aliases=tuple(sorted({*paper.aliases, *aliases}))))
