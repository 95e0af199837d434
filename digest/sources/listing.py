"""A page of Hugging Face Papers saved as text: title and abstract in turn, with the page's furniture around them.

There are no ids and no marks, so a line is judged by its shape: an abstract is long or made of sentences, a title is
neither. Whatever does not fit the pattern *title, then abstract* is rejected with the reason: a title must never get
the abstract of its neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from digest.core.errors import SourceError
from digest.core.identity.ids import identify
from digest.core.items.kinds import classified
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Paper, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.words.text import clean_line, excerpt, one_line, strip_invisible
from digest.sources import guard
from digest.sources.kind import Kind

_ALWAYS_ABSTRACT: Final = 400
_LONG: Final = 220
"""The longest of 36,000 titles on arXiv has 216 characters."""
_SHORTEST_ABSTRACT: Final = 60

_MONTHS: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_FURNITURE: Final = re.compile(
    rf"""
    get\ trending\ papers\b.* | subscribe | new | hot | upvotes? | upvoted
  | by\s*\S*\ and\ the\ research\ community
  | (?:published\ on\ |submitted\ on\ )?{_MONTHS}\ \d{{1,2}}(?:,?\ \d{{4}})? | \d{{4}}-\d{{2}}-\d{{2}}
  | submitted\ by:?(?:\ @?\S+)?
  | [·•+\-–—|]?\ ?\d[\d.,]*\ ?[kKmM]? | [·•]?\ ?\d+\ (?:authors?|comments?|upvotes?|papers?|likes?)
  | (?:daily|trending|weekly|monthly|top|latest)?\ ?papers? | daily | weekly | monthly | hugging\ ?face(?:'s\ logo)?
  | models | datasets | spaces | buckets | community | docs | enterprise | pricing | log\ ?in | sign\ ?up | search
  | previous | next | load\ more | view\ all | back\ to\ articles | company | website | about | jobs | tos | privacy
  | (?:system\ )?theme | light | dark | github(?:\ [\d.,]+\ ?[kKmM]?)? | arxiv(?:\ page)? | pdf | video | project\ page
  | ©.* | copyright\b.{{0,80}}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SUBMITTED_BY: Final = re.compile(r"submitted by:?", re.IGNORECASE)
_GLUED: Final = re.compile(r"Subscribe(?=[A-Z0-9])")
_SENTENCE_END: Final = re.compile(r"[a-z0-9)\]%$][.!?][\"'”’)]*(?:\s+[A-Z(\"“]|\s*$)")
_NAMES: Final = re.compile(r"(?:[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){1,3}(?:, |$)){3,}")
_HTML: Final = re.compile(r"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


class ListingSource:
    """A saved page of Hugging Face Papers; its papers have no link until another source brings one."""

    kind = "listing"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    witness: Witness | None = None

    def __init__(self, name: str, *, url: str, calendar: Calendar | None = None) -> None:
        self.name = name
        self._url = url
        if calendar is not None:
            self.calendar = calendar

    def url_for(self, day: date) -> str:
        """The page saved for *day*, or the one page."""
        return self._url.replace("{date}", day.isoformat())

    def past_url(self, day: date) -> str | None:
        """Return the address of a past day's page, if each day has its own; else None."""
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Pair titles with abstracts."""
        text = guard.decoded(content, url=url)
        if _HTML.match(text):
            raise SourceError(guard.describe_page(text, wanted="a page saved as text"), url=url)
        if "\x00" in text:
            raise SourceError("is no text but a binary file", url=url)
        records: list[Record] = []
        rejected: list[Rejected] = []
        titles: list[str] = []  # the lines since the last abstract
        for line in _lines(text):
            if not _is_abstract(line, after_title=bool(titles)):
                titles.append(line)
                continue
            title = _title_of(titles)
            if title is not None:
                titles.pop()
                records.append(_record(title, line))
            rejected += [_without_abstract(t) for t in titles]
            if title is None:
                reason = "cannot tell which line is its title" if titles else "abstract without a title before it"
                rejected.append(Rejected(reason=reason, excerpt=excerpt(line)))
            titles = []
        rejected += [_without_abstract(t) for t in titles]
        if not records:
            raise SourceError("holds no title with an abstract; save a page of Hugging Face Papers as text", url=url)
        return Parsed(records=tuple(records), rejected=tuple(rejected))


KIND: Final = Kind(
    names=("listing",),
    line="a page of Hugging Face Papers saved as text, with titles and abstracts in turn",
    about="""\
Such papers have no address; they are joined with a better record when one comes. What does not fit the pattern of a
title and then its abstract is left out, with the reason: a title never gets the abstract of its neighbour.""",
    url="the saved page",
    needs=("url",),
    needs_as_in='url = "papers-{date}.txt"',
    example="""\
[[source]]
name = "saved pages"
kind = "listing"
url = "papers-{date}.txt"
""",
    make=lambda config, _: ListingSource(config.name, url=config.url or ""),
)


def _title_of(lines: list[str]) -> str | None:
    """Return the title among the lines before an abstract.

    The last, unless there are several and it looks like page furniture.
    """
    if not lines:
        return None
    last = lines[-1]
    if len(lines) > 1 and (len(last.split()) < 4 or _NAMES.fullmatch(last)):
        return None
    return last


def _without_abstract(title: str) -> Rejected:
    return Rejected(reason="title without an abstract", excerpt=excerpt(title))


def _record(title: str, abstract: str) -> Record:
    title, abstract = clean_line(title), clean_line(abstract)
    paper_id, aliases = identify(title=title, abstract=abstract)
    return Record(paper=classified(Paper(id=paper_id, aliases=aliases, title=title, abstract=abstract)))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that may be a title or an abstract."""
    in_header = True  # up to the first abstract: only there is "Subscribe" glued to what follows
    after_submitter = False
    for raw in strip_invisible(text).split("\n"):
        line = one_line(raw)
        if in_header:
            line = _GLUED.sub("", line, count=1) if _GLUED.match(line) else line
        if not line or not any(c.isalpha() for c in line):
            continue
        if _FURNITURE.fullmatch(line):
            after_submitter = bool(_SUBMITTED_BY.fullmatch(line))
            continue
        if after_submitter and " " not in line:  # the name of a user has no blank, nearly every title has one
            after_submitter = False
            continue
        after_submitter = False
        in_header = in_header and not _is_abstract(line, after_title=True)
        yield line


def _is_abstract(line: str, *, after_title: bool) -> bool:
    """Whether a line has the shape of an abstract.

    Directly after a title a shorter line counts, if it ends like a sentence.
    """
    if len(line) >= _ALWAYS_ABSTRACT:
        return True
    sentences = len(_SENTENCE_END.findall(line))
    if len(line) >= _LONG:
        return sentences >= 1
    if not after_title or len(line) < _SHORTEST_ABSTRACT:
        return False
    return sentences >= 2 or (sentences == 1 and line.rstrip("\"'”’)").endswith((".", "!")))
