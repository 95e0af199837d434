"""PubMed: the papers that match a query and came into PubMed on the last days, through NCBI's E-utilities.

    esearch  ──►  how many there are, and the name under which NCBI keeps the search (WebEnv, query_key)
    efetch   ──►  the records, a hundred a page, until there are so many

To the pipeline both are pages of one list, the first without papers. Written from the documentation; of real answers a
single record was at hand to try it on, and none of esearch:
https://www.ncbi.nlm.nih.gov/books/NBK25499/ (the utilities)
https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html (the elements)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import identify
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of
from digest.core.lists.calendar import Calendar, daily
from digest.core.models import Paper, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.language import language_code
from digest.core.words.text import clean_html, clean_line, clean_title, excerpt, one_line, says_withdrawn
from digest.sources import guard
from digest.sources.kind import Access, Key, KeyType, Kind, days_key
from digest.sources.outcomes import divided

if TYPE_CHECKING:
    from lxml.etree import _Element

_SEARCH: Final = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/esearch.fcgi"
_DAYS: Final = 2
_TOOL: Final = "research-digest"
"""NCBI asks programs to name themselves: https://www.ncbi.nlm.nih.gov/books/NBK25497/"""
_PAGE: Final = 100
"""Records of one page. One with its references is some 15 kB and 1,000 tags; more would pass the guard's limits."""

_FORGOTTEN: Final = re.compile(r"unable to obtain query|history data|webenv", re.IGNORECASE)
_MATH_PREFIX: Final = re.compile(rb"(</?)mml:")
_TRANSLATED: Final = re.compile(r"\[([^\[\]]+?)\.?\]\.?")
_NO_TITLE: Final = re.compile(r"\W*not available\W*", re.IGNORECASE)
_RETRACTED_TITLE: Final = re.compile(r"(?:retracted|withdrawn)(?: (?:article|chapter|paper))?\s*:", re.IGNORECASE)
_ON_OTHERS: Final = {
    "CommentOn": "comment",
    "ErratumFor": "published erratum",
    "ExpressionOfConcernFor": "expression of concern",
    "RetractionOf": "retraction notice",
}
"""How a record refers to the paper that it is about → the publication type of such a record."""
_TYPES: Final = ("PublicationTypeList/PublicationType", "PublicationType")
"""Of an article, and of a book."""
_ISSNS: Final = ("Article/Journal/ISSN", "MedlineJournalInfo/ISSNLinking")
_NO_LABEL: Final = frozenset({"", "UNLABELLED", "UNASSIGNED"})
_NO_KEYWORD: Final = re.compile(r"journal article|research support\b.*|english abstract", re.IGNORECASE)
_APPEARED: Final = frozenset({"aheadofprint", "ecollection", "entrez", "epublish", "ppublish", "pubmed"})
"""Of the dates in a record's history; others are of the manuscript: received, accepted."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class PubMedSource:
    """What a query finds among the papers that are new in PubMed."""

    kind = "pubmed"
    calendar: Calendar
    # A day is over in the United States after it is here: what came in its evening is read the day after.
    rereads: tuple[int, ...] = (1,)
    witness: Witness | None = None

    def __init__(self, name: str, *, query: str, days: int = _DAYS, url: str | None = None) -> None:
        """Search for *query*.

        Args:
            query: As in PubMed's search box, with its field tags: `crispr[tiab] AND review[pt]`.
            days: The list of a day holds what came in on so many days up to it. Two, for most of the first day the
                United States still sleep.
            url: Read this instead, an esearch of one's own or a saved answer of efetch; `{date}` stands for the day.

        Raises:
            ConfigError: There is neither query nor url, or *days* is less than 1.
        """
        if not query.strip() and not url:
            raise ConfigError('query: is missing: what to search for, as in "crispr[tiab] AND review[pt]"')
        if days < 1:
            raise ConfigError(f"days: must be 1 or more, not {days}")
        self.name = name
        self.calendar = daily()
        self._query = query.strip()
        self._days = days
        self._url = url

    def url_for(self, day: date) -> str:
        """The search; the records are on the pages behind it."""
        if self._url:
            return self._url.replace("{date}", day.isoformat())
        query = {
            "db": "pubmed",
            "term": self._query,
            "datetype": "edat",
            "mindate": f"{day - timedelta(days=self._days - 1):%Y/%m/%d}",
            "maxdate": f"{day:%Y/%m/%d}",
            "usehistory": "y",
            "retmax": "0",
            "retmode": "json",
            "tool": _TOOL,
        }
        return f"{_SEARCH}?{urlencode(query, safe='/')}"

    def past_url(self, day: date) -> str | None:
        """Return the search for a past *day*: PubMed stores the day on which each paper came in."""
        return self.url_for(day) if not self._url or "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read an answer of esearch or one of efetch."""
        if guard.decoded(content, url=url).lstrip().startswith("<"):
            return _fetched(content, url)
        return _searched(content, url)


KIND: Final = Kind(
    names=("pubmed",),
    line="the papers that came into PubMed lately and match a search",
    about="""\
The list says how many there are; yesterday's is read again, for a day is over in the United States after it is over
here. Retracted papers count as withdrawn.""",
    keys=(
        Key(
            name="search",
            type=KeyType.TEXT,
            help='written as in its search box, with field tags: "crispr[tiab] AND review[pt]"',
        ),
        days_key(_DAYS, "a list holds what came in on so many days up to its own"),
    ),
    url="an esearch of your own, or a saved answer of efetch",
    needs=("search", "url"),
    needs_as_in='search = "crispr[tiab]"',
    example="""\
[[source]]
name = "CRISPR reviews"
kind = "pubmed"
search = "crispr[tiab] AND review[pt]"
""",
    calendar="daily",
    access=Access(variable="NCBI_API_KEY", parameter="api_key"),
    make=lambda config, _: PubMedSource(
        config.name, query=config.options["search"], days=config.options["days"], url=config.url
    ),
)


# -- esearch


def _searched(content: bytes, url: str) -> Parsed:
    value = guard.json(content, url=url)
    answer = value if isinstance(value, Mapping) else {}
    result = answer.get("esearchresult")
    result = result if isinstance(result, Mapping) else {}
    said = _string(answer.get("error")) or _string(result.get("ERROR"))
    if said:
        raise _refusal(said, url)
    problems = result.get("errorlist")
    unknown = problems.get("fieldsnotfound") if isinstance(problems, Mapping) else None
    if isinstance(unknown, list) and unknown:
        raise SourceError(f"PubMed knows no field {excerpt(str(unknown[0]))} that the query names", url=url)
    count = _number(_string(result.get("count")))
    if count is None:
        raise SourceError(f"holds no result of a search but {excerpt(repr(value)[:60])}", url=url)
    ignored = problems.get("phrasesnotfound") if isinstance(problems, Mapping) else None
    # Where nothing came in, it names every phrase so.
    note = f"PubMed ignored “{excerpt(str(ignored[0]))}”" if count and isinstance(ignored, list) and ignored else None
    return Parsed(expected=count, next_url=_first_page(result, count, url) if count else None, note=note)


def _first_page(result: Mapping[str, Any], count: int, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.path.endswith("/esearch.fcgi"):
        raise SourceError("is an answer of esearch, which holds no papers; save that of efetch", url=url)
    environment, key = _string(result.get("webenv")), _string(result.get("querykey"))
    if not environment or not key:
        raise SourceError("does not name the search (no webenv, no querykey); the address needs usehistory=y", url=url)
    asked = dict(parse_qsl(parts.query))
    query = {
        "db": "pubmed",
        "WebEnv": environment,
        "query_key": key,
        "retstart": "0",
        "retmax": str(_PAGE),
        "retmode": "xml",
    }
    query |= {name: asked[name] for name in ("tool", "email", "api_key") if name in asked}
    path = parts.path.removesuffix("esearch.fcgi") + "efetch.fcgi"
    # efetch does not say how many there are. A fragment is not sent, and comes back with the page's address.
    return parts._replace(path=path, query=urlencode(query), fragment=f"total={count}").geturl()


def _refusal(said: str, url: str) -> SourceError:
    if _FORGOTTEN.search(said):
        return SourceError(
            f"PubMed no longer knows the search it was asked for ({excerpt(said)}); the next reading makes it anew",
            url=url,
        )
    return SourceError(f"PubMed answered: {excerpt(said)}", url=url)


# -- efetch


def _fetched(content: bytes, url: str) -> Parsed:
    root = _tree(content, url)
    items = [e for e in root if isinstance(e.tag, str) and e.tag != "DeleteCitation"]
    records, rejected = divided(_read(item) for item in items)
    parts = urlsplit(url)
    total = _number(parse_qs(parts.fragment).get("total", [""])[0]) or 0
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    start, size = _number(query.get("retstart", "")) or 0, _number(query.get("retmax", "")) or _PAGE
    if not items and start < total:
        raise SourceError(f"PubMed gave no records from number {start + 1:,} on, although it found {total:,}", url=url)
    more = parts._replace(query=urlencode({**query, "retstart": str(start + size)})).geturl()
    return Parsed(
        records=records,
        rejected=rejected,
        next_url=more if start + size < total else None,
    )


def _tree(content: bytes, url: str) -> _Element:
    from lxml import etree

    # The guard has refused entities already; these options say it once more.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    # The prefix of formulas is declared in the document type, which is not read.
    checked = _MATH_PREFIX.sub(rb"\1", guard.xml(content, url=url))
    try:
        root = etree.fromstring(checked, parser)
    except etree.XMLSyntaxError as exc:
        raise guard.damaged(exc, url=url) from exc
    said = " ".join(_text(error) for error in root.iter("ERROR"))
    if said or root.tag in ("eFetchResult", "eSearchResult"):
        raise _refusal(said or f"<{root.tag}> without a record", url)
    if root.tag != "PubmedArticleSet":
        raise SourceError(f"is no list of PubMed but XML with the root <{str(root.tag)[:40]}>", url=url)
    return root


def _read(item: _Element) -> Record | Rejected:
    """One `<PubmedArticle>`, or a `<PubmedBookArticle>`: a chapter, or a whole book."""
    if item.tag not in ("PubmedArticle", "PubmedBookArticle"):
        return Rejected(reason=f"is no article but <{item.tag}>", excerpt=excerpt(_text(item)))
    head = item.find("MedlineCitation" if item.tag == "PubmedArticle" else "BookDocument")
    body = head.find("Article") if head is not None and head.tag == "MedlineCitation" else head
    if head is None or body is None:
        return Rejected(reason="has no article in it", excerpt=excerpt(_text(item)))
    number = (head.findtext("PMID") or "").strip()
    title = _title(body)
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(number or _text(item)))
    if not re.fullmatch(r"[1-9]\d{0,9}", number):
        return Rejected(reason="no PubMed id", excerpt=excerpt(title))
    data = item.find("PubmedData" if item.tag == "PubmedArticle" else "PubmedBookData")
    abstract = _abstract(body)
    page = f"https://pubmed.ncbi.nlm.nih.gov/{number}/"
    paper_id, aliases = identify(title=title, abstract=abstract, doi=_doi(body, data), urls=[page])
    types = [_plain(e) for place in _TYPES for e in body.findall(place)]
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases(map(_markup, _set_texts(body)), (title, abstract)),
        authors=_authors(body),
        url=page,
        published=_published(body, data),
        categories=_major_headings(head),
        keywords=_keywords(head, types),
        language=language_code(body.findtext("Language") or ""),
        withdrawn=_is_retracted(head, types) or bool(_RETRACTED_TITLE.match(title)) or says_withdrawn(abstract),
        venue=venue_of(body.findtext("Journal/Title") or body.findtext("Journal/ISOAbbreviation") or ""),
        issn=issns(e.text or "" for place in _ISSNS for e in head.findall(place)),
    )
    others = _references(head)
    types += [_ON_OTHERS[reference] for reference, _ in others if reference in _ON_OTHERS]
    about = [
        f"https://pubmed.ncbi.nlm.nih.gov/{other}/"
        for reference, other in others
        if reference in _ON_OTHERS and other.isdecimal()
    ]
    return Record(paper=classified(paper, types=types, about=about))


def _references(head: _Element) -> list[tuple[str, str]]:
    """Return how a record refers to other records, and their PubMed ids; an id may be missing."""
    found = head.findall("CommentsCorrectionsList/CommentsCorrections")
    return [(one.get("RefType") or "", (one.findtext("PMID") or "").strip()) for one in found]


_TITLES: Final = ("ArticleTitle", "VernacularTitle", "Book/BookTitle")


def _title(body: _Element) -> str:
    """The English title, else the original one, else the book's; without the full stop that PubMed puts behind each.

    A translated title stands in brackets.
    """
    for place in _TITLES:
        element = body.find(place)
        text = clean_title(_markup(element)) if element is not None else ""
        translated = _TRANSLATED.fullmatch(text)
        text = translated[1] if translated else text
        if text and not _NO_TITLE.fullmatch(text):
            return text if text.endswith("..") else text.removesuffix(".").rstrip()
    return ""


def _abstract(body: _Element) -> str:
    """A structured abstract has a paragraph for each part, which begins with its label."""
    parts = []
    for element in body.findall("Abstract/AbstractText"):
        text = one_line(clean_html(_markup(element)))
        label = clean_line(element.get("Label") or "").rstrip(" :.")
        if text:
            parts.append(text if label.upper() in _NO_LABEL else f"{label}: {text}")
    return "\n".join(parts)


def _set_texts(body: _Element) -> list[_Element]:
    """The elements that the title and the abstract were taken from."""
    return [e for place in (*_TITLES, "Abstract/AbstractText") for e in body.findall(place)]


def _authors(body: _Element) -> tuple[str, ...]:
    """People and groups in order. A chapter has its own; a book without chapters has those of the book."""
    lists = [e for e in body.findall("AuthorList") if e.get("Type") != "editors"]
    lists = lists or body.findall("Book/AuthorList")
    # What ValidYN marks is a misprint that was corrected by an entry of its own.
    people = (person for one in lists for person in one.findall("Author") if person.get("ValidYN") != "N")
    return tuple(dict.fromkeys(filter(None, map(_name, people))))


def _name(author: _Element) -> str:
    group = author.find("CollectiveName")
    if group is not None:
        return _plain(group).strip(" ,;.")
    given = author.findtext("ForeName") or author.findtext("Initials") or ""
    return clean_line(f"{given} {author.findtext('LastName') or ''} {author.findtext('Suffix') or ''}")


def _doi(body: _Element, data: _Element | None) -> str | None:
    own = [e for e in body.findall("ELocationID") if e.get("EIdType") == "doi" and e.get("ValidYN") != "N"]
    # Only its own list: the works it cites have such lists too.
    lists = [*body.findall("ArticleIdList"), *(data.findall("ArticleIdList") if data is not None else ())]
    own += [e for one in lists for e in one.findall("ArticleId") if e.get("IdType") == "doi"]
    return next(filter(None, map(_plain, own)), None)


def _published(body: _Element, data: _Element | None) -> datetime | None:
    """The first of the days on which it appeared somewhere: an issue is often dated ahead, or by the month alone."""
    dates: list[_Element] = [
        *body.findall("ArticleDate"),
        *body.findall("Journal/JournalIssue/PubDate"),
        *body.findall("ContributionDate"),
        *body.findall("Book/PubDate"),
    ]
    if data is not None:
        dates += [e for e in data.findall("History/PubMedPubDate") if e.get("PubStatus") in _APPEARED]
    return min(filter(None, map(_day, dates)), default=None)


def _day(element: _Element) -> datetime | None:
    """A date with year, month and day; the month as a number or a word."""
    year, month, day = ((element.findtext(name) or "").strip() for name in ("Year", "Month", "Day"))
    if month[:3].lower() in _MONTHS:
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    return moment(f"{year}-{month}-{day}") if day else None


def _keywords(head: _Element, types: Iterable[str]) -> tuple[str, ...]:
    """The authors' words, NLM's subject headings, and what kind of paper it is."""
    words = [_plain(e).rstrip(" .;,") for e in head.findall("KeywordList/Keyword")]
    words += [_plain(e) for e in head.findall("MeshHeadingList/MeshHeading/DescriptorName")]
    words += [kind for kind in types if not _NO_KEYWORD.fullmatch(kind)]
    return tuple(dict.fromkeys(filter(None, words)))


def _major_headings(head: _Element) -> tuple[str, ...]:
    """NLM's subject headings that the paper is mainly about, by themselves or in one of their aspects."""
    return tuple(
        _plain(heading[0])
        for heading in head.findall("MeshHeadingList/MeshHeading")
        if len(heading) and any(part.get("MajorTopicYN") == "Y" for part in heading)
    )


def _is_retracted(head: _Element, types: Iterable[str]) -> bool:
    """Whether the paper was retracted; the notice that says so is another record."""
    notices = {reference for reference, _ in _references(head)}
    return any(t.lower().startswith("retracted") for t in types) or "RetractionIn" in notices


def _markup(element: _Element) -> str:
    """What is inside an element, with its tags: `10<sup>5</sup>`."""
    from lxml import etree

    children = "".join(etree.tostring(child, encoding="unicode") for child in element)
    return escape(element.text or "", quote=False) + children


def _plain(element: _Element) -> str:
    return clean_title(_markup(element))


def _text(element: _Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None
