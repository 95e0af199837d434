"""arXiv's feeds: the daily list (RSS 2.0 or Atom, RDF before 2024-02) and the answers of the query API (Atom).

All are read by one small reader over lxml: feedparser joins affiliations to authors' names. What arXiv writes is in
arXiv/arxiv-feed, feed/serializers, and in https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.items.kinds import classified
from digest.core.models import Announcement, Link, Paper, Parsed, Record, Rejected
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_html,
    clean_line,
    clean_text,
    comment_says_withdrawn,
    excerpt,
    one_line,
    people,
    says_withdrawn,
    split_authors,
    strip_arxiv_prefix,
    title_says_withdrawn,
)
from digest.sources.arxiv.xml import Fields, is_of_the_month, local, text

if TYPE_CHECKING:
    from lxml.etree import _Element

API_LAST: Final = 30_000
"""The API gives no more than so many results of one query."""
_FEED_LAST: Final = 2_000
"""A feed holds no more items; those that are cut off are the oldest replacements, on a large day cross-lists too."""

_ANNOUNCE_TYPE: Final = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([\w-]+)", re.IGNORECASE)
_RDF_SUFFIX: Final = re.compile(
    r"\s*\(arXiv:(?P<id>\S+)\s+\[(?P<category>[^\]\s]+)\](?:\s+(?P<what>CROSS LISTED|UPDATED))?\)\s*$"
)
_RDF_WORDS: Final = {"": Announcement.NEW, "CROSS LISTED": Announcement.CROSS, "UPDATED": Announcement.REPLACE}


def read_feed(root: _Element, url: str) -> Parsed:
    """Read a daily list or a page of the API's answer. A list without papers is a weekend, not an error.

    Raises:
        SourceError: arXiv answered with an error, or with an empty page in the midst of a result.
    """
    fields = Fields(root)
    head = fields.first("channel") if "channel" in fields else fields
    title = one_line(head.text("title"))
    if title.lower().startswith("feed error"):
        raise SourceError(f"arXiv answered: {excerpt(title)}", url=url)
    announced = moment(head.text("pubdate") or head.text("date") or head.text("lastbuilddate"))
    records: list[Record] = []
    rejected: list[Rejected] = []
    for item in (e for e in root.iter() if local(e) in ("item", "entry")):
        outcome = _read(Fields(item), announced, url)
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            rejected.append(outcome)
    total = _number(head.text("totalresults"))
    first = _number(head.text("startindex")) or 0
    reached = first + len(records) + len(rejected)
    if total is not None and reached == first < min(total, API_LAST):
        # arXiv/arxiv.py calls it UnexpectedEmptyPageError; it is gone a few minutes later.
        raise SourceError(
            f"gave an empty page where result {first + 1:,} of {total:,} should be; ask again later", url=url
        )
    if total is not None and reached >= API_LAST < total:
        reason = f"arXiv's API gives no more than {API_LAST:,} results of one query: narrow it"
        rejected.append(Rejected(reason=reason, excerpt=f"{total - reached:,} more papers"))
    if total is None and reached == _FEED_LAST:
        reason = f"arXiv's feed ends after {_FEED_LAST:,} papers: name categories instead of a whole archive"
        rejected.append(Rejected(reason=reason, excerpt="what the list has beyond"))
    return Parsed(
        records=tuple(records), rejected=tuple(rejected), expected=total, next_url=_next_url(url, reached, total)
    )


def listed_dates(
    announcement: Announcement, number: str, version: int | None, listed: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """When the first version and this one appeared, as far as a daily list tells, which has only its own day.

    Args:
        listed: The day of the list.
    """
    if listed is None:
        return None, None
    if (version or 1) > 1 or not announcement.is_news:
        return None, None if announcement is Announcement.CROSS else listed
    # An old paper can be cross-listed years later: then the day of the list says nothing of the paper.
    return (listed, listed) if is_of_the_month(number, listed.date()) else (None, None)


def midnight(day: date) -> datetime:
    """The moment that arXiv's feeds give for the list of *day*."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


def _read(item: Fields, announced: datetime | None, url: str) -> Record | Rejected:
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
        return Rejected(reason="no title", excerpt=excerpt(found[0] if found else text(item.element)))
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
        italics=italic_phrases((raw_title, stripped), (title, abstract)),
        authors=_authors(item),
        url=f"https://arxiv.org/abs/{number}",
        links=(Link(rel="pdf", url=f"https://arxiv.org/pdf/{number}"),),
        published=published,
        updated=updated,
        version=version,
        categories=_categories(item, suffix),
        withdrawn=says_withdrawn(abstract)
        or title_says_withdrawn(title)
        or comment_says_withdrawn(item.text("comment"), item.text("journal_ref"), item.text("journal_reference")),
    )
    return Record(paper=classified(paper), announcement=announcement)


def _id(item: Fields, suffix: re.Match[str] | None) -> tuple[str, int | None] | None:
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
    item: Fields, abstract: str, suffix: re.Match[str] | None, version: int | None
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


def _authors(item: Fields) -> tuple[str, ...]:
    names = [clean_line(text(name)) for author in item.all("author") for name in Fields(author).all("name")]
    if names:
        return people(names)
    line = ", ".join(text(creator) for creator in item.all("creator"))
    return split_authors(one_line(clean_html(line)) if "<a " in line else clean_line(line))


def _categories(item: Fields, suffix: re.Match[str] | None) -> tuple[str, ...]:
    """Return the categories, the primary one first."""
    primary = [suffix["category"]] if suffix else [str(e.get("term") or "") for e in item.all("primary_category")]
    others = [str(e.get("term") or text(e)) for e in item.all("category")]
    return tuple(dict.fromkeys(c for c in map(clean_line, primary + others) if c))


def _dates(
    item: Fields, announcement: Announcement | None, number: str, version: int | None, announced: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """When the first version and this one appeared."""
    if announcement is None:
        return moment(item.text("published")), moment(item.text("updated"))
    listed = moment(item.text("pubdate") or item.text("published")) or announced
    return listed_dates(announcement, number, version, listed)


def _number(digits: str) -> int | None:
    return int(digits) if re.fullmatch(r"\s*\d{1,9}\s*", digits) else None


def _next_url(url: str, start: int, total: int | None) -> str | None:
    """The next page of a query, while there is one; the API calls them by `start`."""
    parts = urlsplit(url)
    if total is None or start >= min(total, API_LAST) or parts.scheme not in ("http", "https"):
        return None
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "start": str(start)}
    return parts._replace(query=urlencode(query)).geturl()
