"""arXiv: the daily list (rss.arxiv.org as RSS 2.0 or Atom, RDF before 2024-02) and the query API (Atom).

All are read by one small reader over lxml, by local names: feedparser joins affiliations to authors' names, and copies
of these feeds have lost their namespaces. What arXiv writes is in arXiv/arxiv-feed, feed/serializers, and in
https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from digest.core.calendar import Calendar, arxiv
from digest.core.dates import moment
from digest.core.errors import SourceError
from digest.core.identity import arxiv_id, identify
from digest.core.models import Announcement, Link, Paper, Parsed, Record, Rejected
from digest.core.text import (
    clean_html,
    clean_line,
    clean_text,
    excerpt,
    one_line,
    says_withdrawn,
    split_authors,
    strip_arxiv_prefix,
)
from digest.sources import guard

if TYPE_CHECKING:
    from lxml.etree import _Element

    from digest.core.ports import Witness

_FEEDS: Final = "https://rss.arxiv.org/rss/"
_QUERY: Final = "https://export.arxiv.org/api/query"
_DEFAULT_CATEGORIES: Final = ("cs.LG", "cs.CL")
_API_LAST: Final = 30_000
"""The API gives no more than so many results of one query, by 2,000 at most."""

_ANNOUNCE_TYPE: Final = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([\w-]+)", re.IGNORECASE)
_RDF_SUFFIX: Final = re.compile(
    r"\s*\(arXiv:(?P<id>\S+)\s+\[(?P<category>[^\]\s]+)\](?:\s+(?P<what>CROSS LISTED|UPDATED))?\)\s*$"
)
_RDF_WORDS: Final = {"": Announcement.NEW, "CROSS LISTED": Announcement.CROSS, "UPDATED": Announcement.REPLACE}


class ArxivSource:
    """The papers that arXiv announces each weekday, or the answer to a query of its API."""

    kind = "arxiv"

    def __init__(
        self,
        name: str,
        *,
        categories: Sequence[str] = (),
        search: str = "",
        set_: str = "",
        url: str | None = None,
        witness: bool = True,
        calendar: Calendar | None = None,
    ) -> None:
        del search, set_, witness  # not yet
        self.name = name
        self.calendar: Calendar = calendar or arxiv()
        self.rereads: tuple[int, ...] = ()
        self.witness: Witness | None = None
        self._url = url or _FEEDS + "+".join(quote(c.strip(), safe=".-") for c in categories or _DEFAULT_CATEGORIES)

    def url_for(self, day: date) -> str:
        """Where the list of *day* is; arXiv itself has only today's."""
        return self._url.replace("{date}", day.isoformat())

    def past_url(self, day: date) -> str | None:
        """Where the list of *day*, which is over, can still be had; None if nowhere."""
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read a daily list or an answer of the API. A list without papers is a weekend, not an error."""
        root = _tree(content, url)
        fields = _Fields(root)
        head = _Fields(fields.first("channel")) if "channel" in fields else fields
        title = one_line(head.text("title"))
        if title.lower().startswith("feed error"):
            raise SourceError(f"arXiv answered: {excerpt(title)}", url=url)
        items = [e for e in root.iter() if _local(e) in ("item", "entry")]
        announced = moment(head.text("pubdate") or head.text("date") or head.text("lastbuilddate"))
        records: list[Record] = []
        rejected: list[Rejected] = []
        for item in items:
            outcome = _read(_Fields(item), announced, url)
            if isinstance(outcome, Record):
                records.append(outcome)
            else:
                rejected.append(outcome)
        total = _number(head.text("totalresults"))
        first = _number(head.text("startindex")) or 0
        return Parsed(
            records=tuple(records),
            rejected=tuple(rejected),
            expected=total,
            next_url=_next_url(url, first + len(items), total) if items else None,
        )


def query_url(ids: Iterable[str]) -> str:
    """The address of the API's answer for these arXiv ids, with or without version; up to 2,000 of them."""
    wanted = list(ids)
    return f"{_QUERY}?{urlencode({'id_list': ','.join(wanted), 'max_results': max(1, len(wanted))}, safe=',/.')}"


class _Fields:
    """The children of an element by local name in lower case: `arxiv:DOI`, `pubDate` and `pubdate` alike."""

    def __init__(self, element: _Element) -> None:
        self.element = element
        self._children: dict[str, list[_Element]] = {}
        for child in element:
            self._children.setdefault(_local(child), []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def all(self, name: str) -> list[_Element]:
        return self._children.get(name, [])

    def first(self, name: str) -> _Element:
        return self._children[name][0]

    def text(self, name: str) -> str:
        """The text of the first *name*; empty where there is none."""
        return _text(self._children[name][0]) if name in self._children else ""


def _tree(content: bytes, url: str) -> _Element:
    from lxml import etree

    # The guard has refused entities already; these options say it once more.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(guard.xml(content, url=url), parser)
    except etree.XMLSyntaxError as exc:
        raise SourceError(f"is damaged or was cut off ({exc.msg or 'no XML'})", url=url) from exc
    if _local(root) not in ("rss", "rdf", "feed"):
        raise SourceError(f"is no list of arXiv but XML with the root <{_local(root)}>", url=url)
    return root


def _local(element: _Element) -> str:
    # Comments and processing instructions have a function for a tag.
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _text(element: _Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _read(item: _Fields, announced: datetime | None, url: str) -> Record | Rejected:
    """One `<item>` or `<entry>` of any of the formats."""
    if item.text("title").strip() == "Error" and "/api/errors" in item.text("id"):
        raise SourceError(f"the API of arXiv answered: {excerpt(item.text('summary'))}", url=url)
    raw_title = one_line(item.text("title"))
    suffix = _RDF_SUFFIX.search(raw_title)
    if suffix:  # the RDF puts a full stop between title and suffix
        raw_title = raw_title[: suffix.start()].removesuffix(".")
    title = clean_line(raw_title)
    found = _id(item, suffix)
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(found[0] if found else _text(item.element)))
    if found is None:
        return Rejected(reason="no arXiv id", excerpt=excerpt(title))
    number, version = found
    raw_abstract = item.text("description") or item.text("summary")
    announcement = _announcement(item, raw_abstract, suffix, version)
    stripped = strip_arxiv_prefix(raw_abstract)
    abstract = clean_html(stripped) if suffix else clean_text(stripped)
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=number, doi=item.text("doi"))
    published, updated = _dates(item, announcement, number, version, announced)
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        authors=_authors(item),
        url=f"https://arxiv.org/abs/{number}",
        links=(Link(rel="pdf", url=f"https://arxiv.org/pdf/{number}"),),
        published=published,
        updated=updated,
        version=version,
        categories=_categories(item, suffix),
        withdrawn=says_withdrawn(abstract) or says_withdrawn(item.text("comment")),
    )
    return Record(paper=paper, announcement=announcement)


def _id(item: _Fields, suffix: re.Match[str] | None) -> tuple[str, int | None] | None:
    """The arXiv id, with the version where any of the places has it; the link has none, the guid has it."""
    places = [
        suffix["id"] if suffix else "",
        item.text("guid"),
        item.text("id"),
        item.text("link"),
        *(str(link.get("href") or "") for link in item.all("link")),
        *(str(value) for value in item.element.values()),  # rdf:about
    ]
    found = [f for f in map(arxiv_id, places) if f]
    return next((f for f in found if f[1]), found[0] if found else None)


def _announcement(
    item: _Fields, abstract: str, suffix: re.Match[str] | None, version: int | None
) -> Announcement | None:
    prefix = _ANNOUNCE_TYPE.match(abstract)
    word = one_line(item.text("announce_type")) or (prefix[1] if prefix else "")
    if word.lower() in set(Announcement):
        found = Announcement(word.lower())
    elif suffix:
        found = _RDF_WORDS[suffix["what"] or ""]
    else:
        return None
    # Some copies of the feed mark everything new; arXiv itself lists only first versions so.
    return Announcement.REPLACE if found is Announcement.NEW and (version or 1) > 1 else found


def _authors(item: _Fields) -> tuple[str, ...]:
    names = [clean_line(_text(name)) for author in item.all("author") for name in _Fields(author).all("name")]
    if names:
        return tuple(name for name in names if name)
    line = ", ".join(_text(creator) for creator in item.all("creator"))
    return split_authors(one_line(clean_html(line)) if "<a " in line else clean_line(line))


def _categories(item: _Fields, suffix: re.Match[str] | None) -> tuple[str, ...]:
    """Primary first."""
    primary = [suffix["category"]] if suffix else [str(e.get("term") or "") for e in item.all("primary_category")]
    others = [str(e.get("term") or _text(e)) for e in item.all("category")]
    return tuple(dict.fromkeys(c for c in map(clean_line, primary + others) if c))


def _dates(
    item: _Fields, announcement: Announcement | None, number: str, version: int | None, announced: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """When the first version and this one appeared. A daily list says only when it announced what it lists."""
    if announcement is None:
        return moment(item.text("published")), moment(item.text("updated"))
    listed = moment(item.text("pubdate") or item.text("published")) or announced
    if listed is None:
        return None, None
    if (version or 1) > 1:
        return None, None if announcement is Announcement.CROSS else listed
    # An old paper can be cross-listed years later: then the day of the list says nothing of the paper.
    return (listed, listed) if _is_of_the_month(number, listed) else (None, None)


def _is_of_the_month(number: str, day: datetime) -> bool:
    """Whether an id such as 2403.15527 was given in the month of *day* or the one before."""
    months = {(day - timedelta(days=d)).strftime("%y%m") for d in (0, 28)}
    return number.rpartition("/")[2][:4] in months


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*\d{1,9}\s*", text) else None


def _next_url(url: str, start: int, total: int | None) -> str | None:
    """The next page of a query, while there is one; the API calls them by `start`."""
    parts = urlsplit(url)
    if total is None or start >= min(total, _API_LAST) or parts.scheme not in ("http", "https"):
        return None
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "start": str(start)}
    return parts._replace(query=urlencode(query)).geturl()
