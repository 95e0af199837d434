"""Any RSS, Atom, RDF or JSON Feed: journals, preprint servers, blogs.

feedparser reads the XML, with both of its rewriting options off: they turn `$x<y$ and $a>b$` into `$xb$`. It is handed
bytes that the guard has passed, never an address. If it fails on a broken entry or skips one, the document is
halved until that entry stands alone, so that only this entry is lost.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, doi, doi_url, doi_version, identify, leads_to
from digest.core.identity.items import named, says_nothing
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of, venue_of_feed
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Paper, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.private import without_password
from digest.core.walls import foreign
from digest.core.words.dates import moment, not_after
from digest.core.words.italics import italic_phrases
from digest.core.words.language import language_code
from digest.core.words.text import (
    clean_html,
    clean_line,
    clean_text,
    clean_title,
    escaped,
    excerpt,
    one_line,
    people,
    says_withdrawn,
    split_authors,
    strip_arxiv_prefix,
    strip_invisible,
    title_says_withdrawn,
    web_url,
)
from digest.sources import guard
from digest.sources.abstracts import tell_apart
from digest.sources.kind import Kind
from digest.sources.outcomes import divided

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_ENTRIES: Final = 5_000
_MAX_TAGS: Final = 80_000
"""Start and end tags; feedparser takes 12 µs for each. A day of arXiv, the largest list there is, has 60,000."""
_LONGEST_TEXT: Final = 200_000
"""What stands behind this much HTML is no abstract."""
_LONGEST_TITLE: Final = 1_000
_LONGEST_ID: Final = 2_000
_LONGEST_WORD: Final = 500
"""Characters in a row that an author's mail address could have."""
_WORD: Final = re.compile(r"[\w.+-]+", re.ASCII)
_MOST_TAGS: Final = 1_000
_ENTRY: Final = re.compile(rb"<(?:(?!content:)[\w.-]+:)?(?:item|entry)[\s>/]")
_OPAQUE: Final = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_CLOSING: Final = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*>", re.IGNORECASE)
_SELF_CLOSED: Final = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\b[^<>]*/>\s*\Z", re.IGNORECASE)

_TYPE_TEXT: Final = re.compile(rb"<(?:[\w.-]+:)?(?:title|summary|content)\s[^<>]*?\btype\s*=\s*[\"']text[\"']")
_PLAIN: Final = "text/plain"
_JSON_FEED: Final = re.compile(r"(?:https?://(?:www\.)?jsonfeed\.org/version/)?1(?:\.\d)?")
_PUBMED: Final = re.compile(r"pubmed:(\d{1,9})")
_PREPRINT_PAGE: Final = re.compile(r"https?://(?:www\.|connect\.)?(?:bio|med)rxiv\.org/", re.IGNORECASE)
_PAGE_VERSION: Final = re.compile(r"v(\d{1,3})(?:\.\w+)*(?:\?.*)?$")
_TRACKING: Final = re.compile(r"\?(?:rss=\d|af=R|dgcid=\w+|rft_dat=source%3Ddrss)$")
_ISSNS: Final = ("prism_issn", "prism_eissn")
# What journals alone are published with: Open Journal Systems, Silverchair, Atypon.
_JOURNAL_SOFTWARE: Final = re.compile(r"\bOJS\b|Open Journal Systems|Silverchair|Literatum", re.IGNORECASE)
_ARXIV_CATEGORY: Final = re.compile(r"[a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[A-Za-z-]{2,17})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """The fields of an entry of any format, not yet cleaned."""

    title: str
    texts: tuple[str, ...]
    """Summaries and contents, as HTML."""
    plain_title: bool = False
    """Whether the feed declares the title as plain text, so that "<table>" in it is a word."""
    plain_texts: tuple[str, ...] = ()
    """Contents that the feed declares as plain text."""
    authors: tuple[str, ...]
    guid: str
    links: tuple[str, ...]
    """Absolute, the landing page first."""
    ids: tuple[str, ...]
    """Fields in which a DOI may be."""
    published: datetime | None
    updated: datetime | None
    tags: tuple[str, ...]
    language: str
    """As the entry itself says. What a feed says of all its entries is often wrong: "zh-cn" of English ones."""
    venue: str = ""
    """The journal, as the item or its feed names it."""
    issn: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """What the feed calls it: `dc:type`, the section of the journal."""


class FeedSource:
    """A feed on the web or in a file."""

    kind = "feed"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    witness: Witness | None = None

    def __init__(
        self,
        name: str,
        *,
        url: str,
        calendar: Calendar | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read *url*.

        Args:
            calendar: When lists are promised; None: never.
            clock: Used only to drop dates in the future.
        """
        self.name = name
        self._url = url
        if calendar is not None:
            self.calendar = calendar
        self._clock = clock

    def url_for(self, day: date) -> str:
        """Return the feed's address; for any day the feed holds the newest entries."""
        return self._url.replace("{date}", day.isoformat())

    def past_url(self, day: date) -> str | None:
        """Return the address of a past day, if each day has its own; else None."""
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Parse the entries. The feed's link to older entries is not followed: these were read when they were new."""
        url = without_password(url)  # links are made with it
        text = guard.decoded(content, url=url)
        items = _json_items(content, url) if text.lstrip().startswith("{") else _xml_items(content, url)
        now = self._clock()
        read = [(_read(item, now), item.guid) if isinstance(item, _Item) else (item, "") for item in items]
        _, rejected = divided(outcome for outcome, _ in read)
        listed = [(outcome, _guid(guid)) for outcome, guid in read if isinstance(outcome, Record)]
        return Parsed(records=named(listed, source=self.name), rejected=rejected)


KIND: Final = Kind(
    names=("feed",),
    line="any RSS, Atom, RDF or JSON Feed: journals, Crossref, blogs",
    about="""\
Something comes when it comes, and its silence is no news. An item without an id is known by its link and by what the
feed calls it, or else by its title and text. `digest import FILE.opml` adds all that a feed reader subscribes to.""",
    url="the feed, of which pointers to older entries are not followed",
    needs=("url",),
    needs_as_in='url = "https://www.nature.com/nature.rss"',
    example="""\
[[source]]
name = "Nature"
kind = "feed"
url = "https://www.nature.com/nature.rss"
""",
    make=lambda config, clock: FeedSource(config.name, url=config.url or "", clock=clock),
)


def _read(item: _Item, now: datetime) -> Record | Rejected:
    clean = clean_line if item.plain_title else clean_title
    title = clean(item.title[:_LONGEST_TEXT])
    texts = [clean_html(strip_arxiv_prefix(text[:_LONGEST_TEXT])) for text in item.texts if text.strip()]
    texts += [clean_text(strip_arxiv_prefix(text[:_LONGEST_TEXT])) for text in item.plain_texts if text.strip()]
    found = [tell_apart(title, text) for text in texts]
    abstract = max((abstract for abstract, _ in found), key=len, default="")
    urls = [link for link in map(web_url, item.links) if link]
    guid = _guid(item.guid)
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(urls[0] if urls else guid or abstract))
    if len(title) > _LONGEST_TITLE:
        return Rejected(reason=f"title of more than {_LONGEST_TITLE:,} characters", excerpt=excerpt(title))
    if not urls and not item.guid.strip() and not abstract:
        return Rejected(reason="neither id nor link nor abstract", excerpt=excerpt(title))
    pubmed = _PUBMED.fullmatch(guid)
    if pubmed:
        # The links carry the reader's tracking and change at each reading.
        urls = [f"https://pubmed.ncbi.nlm.nih.gov/{pubmed[1]}/"]
    # Journals without a field for it write the DOI before the abstract: "DOI: 10.3897/…".
    places = (
        *(text[:_LONGEST_ID] for text in item.ids),
        guid,
        *urls,
        *(line for text in texts for line in text.split("\n")[:2] if len(line) < 200),
    )
    own_doi = next(filter(None, map(doi, places)), None)
    own_arxiv = next(filter(None, map(arxiv_id, (guid, *urls))), None)
    url, version = _landing_page(urls[0] if urls else "", own_doi)
    url = url or (doi_url(own_doi) if own_doi else "")
    set_texts = item.texts if item.plain_title else (item.title, *item.texts)
    paper_id, aliases = identify(
        title=title,
        abstract=abstract,
        arxiv=own_arxiv[0] if own_arxiv else None,
        doi=own_doi,
        urls=[url or escaped(guid)],
    )
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases(set_texts, (title, abstract)),
        authors=_authors(item.authors) or next((names for _, names in found if names), ()),
        url=f"https://arxiv.org/abs/{own_arxiv[0]}" if own_arxiv else url,
        published=not_after(item.published, now),
        updated=not_after(item.updated, now),
        version=(own_arxiv[1] if own_arxiv else None) or version or _doi_version(places),
        categories=tuple(tag for tag in item.tags if _is_arxiv_category(tag)),
        keywords=tuple(tag for tag in item.tags if not _is_arxiv_category(tag)),
        language=language_code(item.language),
        withdrawn=says_withdrawn(abstract) or title_says_withdrawn(title),
        venue=item.venue,
        issn=item.issn,
    )
    # What a journal puts an item under is a section; elsewhere a tag such as "news" or "software" may be its subject.
    return Record(paper=classified(paper, types=(*item.types, *(item.tags if item.venue else ()))))


def _guid(text: str) -> str:
    """Return the feed's id of an item; empty if it is only a placeholder."""
    guid = one_line(strip_invisible(text))[:_LONGEST_ID]
    return "" if says_nothing(guid) else guid


def _authors(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the authors. A single string may hold several people; of several strings each is one person."""
    if len(names) == 1:
        return split_authors(clean_line(names[0]))
    return people(map(clean_line, names))


def _landing_page(url: str, own_doi: str | None) -> tuple[str, int | None]:
    """Return the URL of the paper's page without version and tracking parameters, and the version that the URL had."""
    if _PREPRINT_PAGE.match(url):
        found = _PAGE_VERSION.search(url)
        return (doi_url(own_doi) if own_doi else url), int(found[1]) if found else None
    return _TRACKING.sub("", url), None


def _doi_version(places: Iterable[str]) -> int | None:
    return next(filter(None, map(doi_version, places)), None)


def _is_arxiv_category(tag: str) -> bool:
    return "." in tag and bool(_ARXIV_CATEGORY.fullmatch(tag))


def _xml_items(content: bytes, url: str) -> list[_Item | Rejected]:
    checked = guard.xml(content, url=url)
    markup = _OPAQUE.sub(b"", checked)
    if markup.count(b"<") + markup.count(b"/>") > _MAX_TAGS:
        raise SourceError(f"has more than {_MAX_TAGS:,} tags", url=url)
    there = len(_ENTRY.findall(markup))
    if there > MAX_ENTRIES:
        raise SourceError(f"has more than {MAX_ENTRIES:,} entries", url=url)
    feed = _understood(checked)
    items: list[_Item | Rejected] = []
    if feed is not None:
        if not feed.get("version") and not feed.entries:
            raise SourceError(guard.describe_page(checked[:50_000].decode("utf-8", "replace")), url=url)
        if feed.bozo and not _CLOSING.search(checked[-2_000:]) and not _SELF_CLOSED.search(checked[-2_000:]):
            raise SourceError(f"was cut off after {len(feed.entries)} entries", url=url)
        base = _joined(url, _string(feed.feed.get("link")))
        base = base if web_url(base) else url
        if b"xml:base" in checked and web_url(base):
            # Without an address to begin with, feedparser lets the base of one entry hold for all behind it.
            feed = _understood(checked, base) or feed
        items = _xml_entries(feed, base, says_text=_says_text(checked))
    if len(items) < there:
        items = max(items, _around_the_broken(checked, url), key=len)
    if feed is not None:
        items = _of_a_journal(items, feed)
    lost = there - len(items)
    return items + [Rejected(reason="is damaged, and ran into another", excerpt=f"{lost} of {there} entries")] * lost


def _of_a_journal(items: Sequence[_Item | Rejected], feed: Any) -> list[_Item | Rejected]:
    """Give items the journal that their feed names, where they name none themselves.

    Where the feed has a field for it, this goes first: Taylor & Francis write the article's title into the item's.
    """
    head = feed.feed
    name = venue_of(_string(head.get("prism_publicationname")))
    numbers = issns(_string(head.get(key)) for key in _ISSNS)
    is_journal = bool(numbers) or bool(_JOURNAL_SOFTWARE.search(_string(head.get("generator"))))
    title = venue_of_feed(_string(head.get("title")), is_journal=is_journal)
    return [
        replace(item, venue=name or item.venue or title, issn=item.issn or numbers) if isinstance(item, _Item) else item
        for item in items
    ]


@cache
def _feedparser() -> Any:
    """Import feedparser without two of its functions whose time grows faster than the feed.

    It looks for an address in what may be an author, anew from each letter, and compares each category of an entry with
    each other: 100,000 letters without a blank, and as many categories, take it minutes.
    """
    import feedparser
    from feedparser.mixin import _FeedParserMixin as Parser

    take_author, take_tag = Parser._sync_author_detail, Parser._add_tag

    def author(self: Any, key: str = "author") -> None:
        context = self._get_context()
        if any(len(word) > _LONGEST_WORD for word in _WORD.findall(_string(context.get(key)))):
            del context[key]
        take_author(self, key)

    def tag(self: Any, term: Any, scheme: Any, label: Any) -> None:
        if len(self._get_context().get("tags") or ()) < _MOST_TAGS:
            take_tag(self, term, scheme, label)

    Parser._sync_author_detail, Parser._add_tag = author, tag
    return feedparser


def _understood(checked: bytes, base: str = "") -> Any:
    """Return feedparser's result, or None if it fails."""
    headers = {"content-location": base} if base else {}
    try:
        with foreign("feedparser", SourceError):
            return _feedparser().parse(
                io.BytesIO(checked), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
    except SourceError:
        return None


def _says_text(checked: bytes) -> bool:
    """Whether the document says of a title or text that it is none of HTML; by default an Atom title is none too, but
    many that have tags in them do not say so."""
    return bool(_TYPE_TEXT.search(checked))


def _xml_entries(feed: Any, base: str, *, says_text: bool) -> list[_Item | Rejected]:
    dated_once = not feed.get("version", "").startswith("atom")
    # As plain dicts: feedparser's own invents a date of change where there is none.
    says_text = says_text and not dated_once
    return [_xml_item(dict(entry), base, dated_once, says_text) for entry in feed.entries]


def _around_the_broken(checked: bytes, url: str) -> list[_Item | Rejected]:
    """Read the entries without the head of the document, and without the entries on which feedparser fails."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(checked, parser)
    entries = [] if root is None else [e for e in root.iter("{*}item", "{*}entry") if e.getparent() is not None]
    if not entries:
        return []
    around = list(entries[0].iterancestors())
    for element in around:
        for child in list(element):
            if child not in around:
                element.remove(child)
    return _halved(around[0], entries, url)


def _halved(parent: _Element, entries: Sequence[_Element], url: str) -> list[_Item | Rejected]:
    """Read *entries* as the only ones below *parent*; if that fails, either half of them."""
    from lxml import etree

    parent.extend(entries)
    content = etree.tostring(parent.getroottree(), encoding="utf-8")
    for entry in entries:
        parent.remove(entry)
    feed = _understood(content, web_url(url) or "")
    if feed is not None:
        return _xml_entries(feed, url, says_text=_says_text(content))
    if len(entries) == 1:
        text = " ".join(str(part) for part in entries[0].itertext())
        return [Rejected(reason="is damaged and cannot be read", excerpt=excerpt(text))]
    middle = len(entries) // 2
    return _halved(parent, entries[:middle], url) + _halved(parent, entries[middle:], url)


def _xml_item(entry: Mapping[str, Any], base: str, dated_once: bool, says_text: bool) -> _Item:
    # As written, not as feedparser reads it: of 6,767 recorded dates it knows none that we don't, and guesses 25 wrong.
    published, updated = moment(entry.get("published")), moment(entry.get("updated"))
    if dated_once and published is None:
        # RSS and RDF have one date, and dc:date, which feedparser calls updated, is when the article appeared.
        published = updated
    # Behind these two is the paper; the link before it leads over somebody who counts.
    links = [_string(entry.get(key)) for key in ("feedburner_origlink", "pheedo_origlink", "link")]
    links += [_string(link.get("href")) for link in _mappings(entry.get("links")) if link.get("rel") == "alternate"]
    summary = {"value": entry.get("summary"), "type": _type(entry.get("summary_detail"))}
    texts: dict[bool, list[str]] = {True: [], False: []}
    for content in (summary, *_mappings(entry.get("content"))):
        texts[says_text and _type(content) == _PLAIN].append(_string(content.get("value")))
    names = [_string(author.get("name")) for author in _mappings(entry.get("authors"))]
    return _Item(
        title=_string(entry.get("title")),
        plain_title=says_text and _type(entry.get("title_detail")) == _PLAIN,
        texts=tuple(texts[False]),
        plain_texts=tuple(texts[True]),
        authors=tuple(name for name in names if name) or tuple(filter(None, [_string(entry.get("author"))])),
        guid=_string(entry.get("id")),
        links=_absolute(links, base),
        ids=tuple(_string(entry.get(key)) for key in ("prism_doi", "dc_identifier", "prism_url")),
        published=published,
        updated=updated,
        tags=_tags(_string(tag.get("term")) for tag in _mappings(entry.get("tags"))),
        language=_string(entry.get("language")),
        venue=_own_venue(entry),
        issn=issns(_string(entry.get(key)) for key in _ISSNS),
        types=tuple(filter(None, (_string(entry.get(key)) for key in ("dc_type", "prism_section", "prism_genre")))),
    )


def _own_venue(entry: Mapping[str, Any]) -> str:
    for key in ("prism_publicationtitle", "dc_source", "prism_publicationname"):
        name = venue_of(_string(entry.get(key)))
        if name and name != clean_line(_string(entry.get("title"))):
            return name
    return ""


def _type(detail: Any) -> str:
    return _string(detail.get("type")) if isinstance(detail, Mapping) else ""


def _json_items(content: bytes, url: str) -> list[_Item | Rejected]:
    feed = guard.json(content, url=url)
    version = feed.get("version")
    if not (isinstance(version, str) and _JSON_FEED.fullmatch(version) and isinstance(feed.get("items"), list)):
        raise SourceError("answered with JSON that is no JSON Feed", url=url)
    if len(feed["items"]) > MAX_ENTRIES:
        raise SourceError(f"has more than {MAX_ENTRIES:,} entries", url=url)
    base = web_url(_string(feed.get("feed_url"))) or web_url(_string(feed.get("home_page_url"))) or url
    of_feed = _people(feed)
    return [_json_item(item if isinstance(item, dict) else {}, base, of_feed) for item in feed["items"]]


def _people(where: Mapping[str, Any]) -> tuple[str, ...]:
    """The authors of an item or of the feed: a list, as it should be, or one object or name alone."""
    for key in ("authors", "author"):
        value = where.get(key)
        given = value if isinstance(value, list) else [value]
        names = (_string(one.get("name")) if isinstance(one, Mapping) else _string(one) for one in given)
        if found := tuple(filter(None, map(str.strip, names))):
            return found
    return ()


def _json_item(item: Mapping[str, Any], base: str, of_feed: tuple[str, ...]) -> _Item:
    """One item; an author of the feed is that of the items which name none."""
    own = _people(item)
    guid = item.get("id")
    tags = item.get("tags")
    return _Item(
        title=_string(item.get("title")),
        texts=(_string(item.get("summary")), _string(item.get("content_html"))),
        plain_texts=(_string(item.get("content_text")),),
        authors=own or of_feed,
        guid=_number(guid) if isinstance(guid, float) else str(guid) if isinstance(guid, str | int) else "",
        links=_absolute([_string(item.get("url")), _string(item.get("external_url"))], base),
        ids=(_string(item.get("external_url")),),
        published=moment(item.get("date_published")),
        updated=moment(item.get("date_modified")),
        tags=_tags(map(_string, tags if isinstance(tags, list) else [])),
        language=_string(item.get("language")),
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else str(value)


def _absolute(links: Iterable[str], base: str) -> tuple[str, ...]:
    """Join relative links to the feed's own address, and leave out what only stands where a link should.

    PubMed writes raw blanks into its links, others the `<` of a DOI.
    """
    found: dict[str, None] = {}
    for link in links:
        if says_nothing(link):
            continue
        found[_joined(base, link)] = None
    return tuple(filter(None, found))


def _joined(base: str, link: str) -> str:
    try:
        return leads_to(urljoin(base, escaped(link)))
    except ValueError:  # "http://[": no address at all
        return ""


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in map(clean_line, tags) if tag))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
