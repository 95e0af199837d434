"""What holds for whatever a parser gives, however broken the document was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from digest.core.errors import SourceError
from digest.core.identity.ids import scheme
from digest.core.identity.resolve import lookup_keys, resolve
from digest.core.lists.bounds import within_bounds
from digest.core.models import Paper, Parsed, Record
from digest.core.words.text import one_line, strip_invisible, web_url
from tests.conftest import NOON

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""All but the newline that divides paragraphs."""
_LONGEST_ID = 2_100
"""An address has up to 2,000 characters; an index of Postgres takes 2,704 bytes."""
_RESOLVED = 200
"""Records that are also joined with each other: more would measure the joining."""


class BrokenLawError(AssertionError):
    """A law was broken; the message says which."""


def check(parsed: Parsed, *, url: str) -> None:
    """See that *parsed* can go on its way, by the measure of all papers, through identity, store, mail and pages.

    Raises:
        BrokenLawError: It can't.
    """
    for record in parsed.records:
        for complaint in _of_record(record):
            raise BrokenLawError(f"{complaint} in {record.paper!r:.500}")
    for item in parsed.rejected:
        if not item.reason or _unprintable(item.reason) or "\n" in item.reason:
            raise BrokenLawError(f"reason {item.reason!r}")
        if len(item.excerpt) > 120 or _unprintable(item.excerpt) or "\n" in item.excerpt:
            raise BrokenLawError(f"excerpt {item.excerpt!r}")
    if parsed.expected is not None and not 0 <= parsed.expected < 10**9:
        raise BrokenLawError(f"expected {parsed.expected}")
    if parsed.next_url is not None and (web_url(parsed.next_url[:2_000]) is None or parsed.next_url == url):
        raise BrokenLawError(f"goes on at {parsed.next_url!r}")
    some = within_bounds(parsed, now=NOON).records[:_RESOLVED]
    lookup_keys(some)
    placed = resolve(some, ()).papers
    if len({p.paper.id for p in placed}) != len(placed):
        raise BrokenLawError("two papers under one id")


def check_error(error: SourceError) -> None:
    """See that a refusal is one sentence for people.

    Raises:
        BrokenLawError: It is not.
    """
    said = str(error)
    if not said.strip() or len(said) > 500 or "\n" in said or _unprintable(said):
        raise BrokenLawError(f"refused with {said!r}")


def _of_record(record: Record) -> Iterator[str]:
    paper = record.paper
    yield from _of_ids(paper)
    if not paper.title or paper.title != one_line(paper.title):
        yield f"title {paper.title!r}"
    for name, text in _texts(paper):
        if _unprintable(text) or strip_invisible(text) != text:
            yield f"{name} {text!r:.200} has characters that nobody sees"
        if name != "abstract" and ("\n" in text or not text.strip()):
            yield f"{name} {text!r:.200}"
    if paper.url and web_url(paper.url) != paper.url:
        yield f"url {paper.url!r}"
    for link in paper.links:
        if web_url(link.url) != link.url or link.rel not in ("pdf", "code", "project", "discussion"):
            yield f"link {link!r}"
    for moment in (paper.published, paper.updated):
        if moment is not None and (not isinstance(moment, datetime) or moment.utcoffset() != timedelta(0)):
            yield f"moment {moment!r}"
    if paper.version is not None and not 1 <= paper.version < 10**9:
        yield f"version {paper.version}"
    signals = record.signals
    for count in (signals.upvotes, signals.comments, signals.stars):
        if count is not None and not 0 <= count < 10**9:
            yield f"signals {signals!r}"


def _of_ids(paper: Paper) -> Iterator[str]:
    if list(paper.aliases) != sorted(set(paper.aliases)) or paper.id in paper.aliases:
        yield f"aliases {paper.aliases!r}"
    for paper_id in (paper.id, *paper.aliases):
        name = scheme(paper_id)
        if not name or name == paper_id or not paper_id.removeprefix(f"{name}:"):
            yield f"id {paper_id!r}"
        if len(paper_id) > _LONGEST_ID or _unprintable(paper_id) or re.search(r"\s", paper_id):
            yield f"id {paper_id!r:.300}"


def _texts(paper: Paper) -> Iterator[tuple[str, str]]:
    yield "title", paper.title
    yield "abstract", paper.abstract
    for name, words in (("author", paper.authors), ("category", paper.categories), ("keyword", paper.keywords)):
        for word in words:
            yield name, word


def _unprintable(text: str) -> bool:
    return bool(_CONTROL.search(text))
