"""arXiv's page of new papers, https://arxiv.org/list/CATEGORY/new: the witness for what its feed says.

The page is made from other data than the feed, states its day ("Showing new listings for Friday, 20 November 2026") and
its number of entries, and shows all of each entry except the version. No page was at hand when this was written: the
markup is that of arXiv/arxiv-browse, browse/templates/list/list_macros.html and new.html, and of pages that others
quote. So a page with inconsistent figures is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.items.kinds import classified
from digest.core.models import Announcement, Census, Link, Paper, Record
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_line,
    clean_text,
    comment_says_withdrawn,
    excerpt,
    one_line,
    people,
    says_withdrawn,
    split_authors,
    title_says_withdrawn,
)
from digest.sources import guard
from digest.sources.arxiv.feed import listed_dates, midnight
from digest.sources.arxiv.oai import covers, set_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SHOW: Final = 2_000
"""The most entries that arXiv puts on a page."""
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAY: Final = re.compile(r"Showing new listings for (?:\w+, )?(\d{1,2}) (\w+) (\d{4})\b")
_SECTION: Final = re.compile(
    r"(?P<kind>New|Cross|Replacement) submissions(?: for [^()]+)?"
    r" \((?:continued, )?showing (?:first |last )?(?P<shown>\d[\d,]{0,9}) of (?P<total>\d[\d,]{0,9}) entries ?\)"
)
_TOTAL: Final = re.compile(r"total of (\d[\d,]{0,9}) entries", re.IGNORECASE)
_NOTHING: Final = re.compile(r"No updates (?:today|for this time period)\.")
_ASKED: Final = re.compile(r"/list/([^/]+)/new")
_CATEGORY: Final = re.compile(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)\s*$")
_KINDS: Final = {"New": Announcement.NEW, "Cross": Announcement.CROSS, "Replacement": Announcement.REPLACE}


@dataclass(slots=True, kw_only=True)
class _Section:
    """One of the up to three parts of the page."""

    announcement: Announcement
    shown: int
    total: int
    entries: list[tuple[HtmlElement, HtmlElement]] = field(default_factory=list)
    """The entries as (dt, dd): the element with the id, and the one with the metadata."""


class ArxivListing:
    """The witness for arXiv's daily list: arXiv's own page of new papers."""

    name = "arXiv’s listing"

    def __init__(self, categories: Sequence[str]) -> None:
        self._categories = tuple(categories)

    def urls(self, day: date) -> tuple[str, ...]:  # noqa: ARG002 -- each category has one page, for the newest list
        """Return one page for each category; the pages state their day."""
        return tuple(f"https://arxiv.org/list/{quote(c, safe='.-')}/new?skip=0&show={_SHOW}" for c in self._categories)

    def parse(self, content: bytes, *, url: str) -> Census:
        """Count and read the entries of one category's page.

        Of a list of more than 2,000 entries the page shows the first 2,000; `total` says how many there are.
        """
        root = _page(content, url)
        day = _day(root, url)
        sections = list(_sections(root, url))
        total = _total(root, url, may_be_none=not sections)
        _check(sections, total, url)
        asked = _ASKED.search(unquote(urlsplit(url).path))
        category = asked[1] if asked else None
        listed = midnight(day)
        records = (_read(dt, dd, s.announcement, category, listed) for s in sections for dt, dd in s.entries)
        return Census(day=day, total=total, records=tuple(r for r in records if r))


def _page(content: bytes, url: str) -> HtmlElement:
    from lxml import etree, html

    text = guard.decoded(content, url=url)
    if "Showing new listings for" not in text:
        raise SourceError(guard.describe_page(text, wanted="arXiv's listing of new papers"), url=url)
    if "</html>" not in text[-1_000:].lower():
        raise SourceError("is a listing of arXiv that was cut off", url=url)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as exc:
        raise SourceError(f"is no page that can be read ({excerpt(str(exc))})", url=url) from exc


def _day(root: HtmlElement, url: str) -> date:
    """The day the page says its list has."""
    match = next(filter(None, (_DAY.match(one_line(e.text_content())) for e in root.iter("h3"))), None)
    if match and match[2].lower() in _MONTHS:
        try:
            return date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
        except ValueError:
            pass
    raise SourceError("is a listing of arXiv that does not say of which day", url=url)


def _total(root: HtmlElement, url: str, *, may_be_none: bool) -> int:
    """How many entries the page says its list has."""
    found = next(filter(None, (_TOTAL.match(one_line(e.text_content())) for e in _of_class(root, "paging"))), None)
    if found:
        return int(found[1].replace(",", ""))
    if may_be_none and any(_NOTHING.match(one_line(p.text_content())) for p in root.iter("p")):
        return 0
    raise SourceError("is a listing of arXiv that does not say how many entries it has", url=url)


def _sections(root: HtmlElement, url: str) -> Iterator[_Section]:
    section: _Section | None = None
    name: HtmlElement | None = None
    for element in root.iter("h3", "dt", "dd"):
        if element.tag == "h3":
            heading = _SECTION.match(one_line(element.text_content()))
            if heading:
                if section is not None:
                    yield section
                shown, total = (int(heading[part].replace(",", "")) for part in ("shown", "total"))
                section = _Section(announcement=_KINDS[heading["kind"]], shown=shown, total=total)
        elif section is None:
            raise SourceError("is a listing of arXiv with entries that stand under no heading", url=url)
        elif element.tag == "dt":
            name = element
        elif name is not None:
            section.entries.append((name, element))
            name = None
    if section is not None:
        yield section


def _check(sections: Sequence[_Section], total: int, url: str) -> None:
    """Check the page against its own figures: a page that was cut off or changed meanwhile must not be used."""
    for section in sections:
        if len(section.entries) != section.shown:
            raise SourceError(
                f"says that it shows {section.shown:,} entries as {section.announcement}"
                f" and shows {len(section.entries):,}; the page was cut off, or arXiv has changed it",
                url=url,
            )
    shown = sum(s.shown for s in sections)
    promised = sum(s.total for s in sections)
    if shown > total or promised > total or (shown < total and shown < _SHOW):
        raise SourceError(
            f"says that it has {total:,} entries and shows {shown:,} of {promised:,}; its figures do not add up",
            url=url,
        )


def _read(
    dt: HtmlElement, dd: HtmlElement, announcement: Announcement, category: str | None, listed: datetime
) -> Record | None:
    """Return the record of one entry; None without id or title, as it can fill no gap then."""
    links = (str(a.get("href") or "") for a in dt.iter("a"))
    found = next(filter(None, (arxiv_id(f"arxiv.org{link}") for link in links if link.startswith("/abs/"))), None)
    title = clean_line(_part(dd, "list-title"))
    if found is None or not title:
        return None
    number = found[0]
    raw = _text(p) if (p := next(dd.iter("p"), None)) is not None else ""
    abstract = clean_text(raw)
    doi = _part(dd, "list-doi")
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=number, doi=doi)
    categories = tuple(c[1] for part in _part(dd, "list-subjects").split(";") if (c := _CATEGORY.search(part)))
    if announcement is Announcement.REPLACE and category and categories and not covers(set_of(category), categories[0]):
        announcement = Announcement.REPLACE_CROSS
    version = 1 if announcement is Announcement.NEW else None
    published, updated = listed_dates(announcement, number, version, listed)
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases((_part(dd, "list-title"), raw), (title, abstract)),
        authors=_authors(dd),
        url=f"https://arxiv.org/abs/{number}",
        links=(Link(rel="pdf", url=f"https://arxiv.org/pdf/{number}"),),
        published=published,
        updated=updated,
        version=version,
        categories=categories,
        withdrawn=says_withdrawn(abstract)
        or title_says_withdrawn(title)
        or comment_says_withdrawn(_part(dd, "list-comments"), _part(dd, "list-journal-ref")),
    )
    return Record(paper=classified(paper), announcement=announcement)


def _authors(dd: HtmlElement) -> tuple[str, ...]:
    """Return the authors: each name is a link; the text between links is affiliations."""
    names = [
        clean_line(a.text_content()) for div in _of_class(dd, "list-authors") for a in div.iter("a") if a.get("href")
    ]
    return people(names) or split_authors(clean_line(_part(dd, "list-authors")))


def _part(dd: HtmlElement, name: str) -> str:
    """The text of the first element of a class, without its "Title:"."""
    for element in _of_class(dd, name):
        labels = {one_line(label.text_content()) for label in _of_class(element, "descriptor")}
        words = one_line(_text(element))
        return next((words.removeprefix(label).strip() for label in labels if words.startswith(label)), words)
    return ""


def _of_class(element: HtmlElement, name: str) -> Iterator[HtmlElement]:
    return (e for e in element.iter() if name in str(e.get("class") or "").split())


def _text(element: HtmlElement) -> str:
    """The text, with a paragraph for a `<br>`: arXiv writes one where the authors indented a line."""
    return "".join(node if isinstance(node, str) else "\n\n" for node in element.xpath(".//text() | .//br"))
