"""Semantic Scholar: the papers that match a query and were published in the last days.

Written from its documentation, of which no answer was at hand to try it on:
https://api.semanticscholar.org/api-docs/graph#tag/Paper-Data/operation/get_graph_paper_bulk_search

The bulk search is used because it sorts by date and gives 1,000 papers a page; the next page is asked for with the
`token` of the one before. Any field may be null. A paper of which only the year is known counts as published on the
first of January.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import arxiv_id, doi, doi_url, identify
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Link, Paper, Parsed, Record, Rejected
from digest.core.ports import Clock, Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_line,
    clean_mixed,
    clean_mixed_line,
    excerpt,
    people,
    says_withdrawn,
    title_says_withdrawn,
    web_url,
)
from digest.sources import guard
from digest.sources.kind import Access, Key, KeyType, Kind, SourceConfig, days_key
from digest.sources.outcomes import divided

_SEARCH: Final = "https://api.semanticscholar.org/graph/v1/paper/search/bulk"
_DAYS: Final = 14
_FIELDS: Final = (
    "title,abstract,authors,externalIds,url,publicationDate,openAccessPdf,fieldsOfStudy,venue,publicationVenue,"
    "publicationTypes"
)
_PAPER_ID: Final = re.compile(r"[0-9a-f]{40}")


class SemanticScholarSource:
    """What a query finds among the papers of the last days."""

    kind = "semanticscholar"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    witness: Witness | None = None

    def __init__(
        self, name: str, *, query: str, fields_of_study: Sequence[str] = (), days: int = _DAYS, url: str | None = None
    ) -> None:
        """Search for *query*. A key goes into the header `x-api-key` of the request, which is not made here.

        Args:
            query: In the language of the bulk search: `+`, `|`, `-`, quoted phrases, `word*`, parentheses.
            fields_of_study: As the service names them, e.g. "Computer Science"; a paper in any of them is taken.
            days: How many days back from the day of the list; papers come into the index days after they appear.
            url: Read this instead; `{date}` in it stands for the day.

        Raises:
            ConfigError: There is neither query nor url, or *days* is less than 1.
        """
        if not query.strip() and not url:
            raise ConfigError('query: is missing: what to search for, as in "retrieval + \\"long context\\""')
        if days < 1:
            raise ConfigError(f"days: must be 1 or more, not {days}")
        self.name = name
        self._query = query.strip()
        self._fields_of_study = tuple(fields_of_study)
        self._days = days
        self._url = url

    def url_for(self, day: date) -> str:
        """The first page of the search."""
        if self._url:
            return self._url.replace("{date}", day.isoformat())
        since = day - timedelta(days=self._days - 1)
        query = {
            "query": self._query,
            "publicationDateOrYear": f"{since}:{day}",
            "sort": "publicationDate:desc",
            "fields": _FIELDS,
        }
        if self._fields_of_study:
            query["fieldsOfStudy"] = ",".join(self._fields_of_study)
        return f"{_SEARCH}?{urlencode(query, safe=':,')}"

    def past_url(self, day: date) -> str | None:
        """None: today's list reaches back over the days before."""
        return self.url_for(day) if self._url and "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read one page."""
        value = guard.json(content, url=url)
        items = _items(value, url)
        records, rejected = divided(_read(item) for item in items)
        return Parsed(
            records=records,
            rejected=rejected,
            # The total is an estimate, as its documentation says, and proves nothing but that there is none.
            expected=0 if value.get("total") == 0 else None,
            # A page without papers is the last one, whatever it says.
            next_url=_next_url(url, value.get("token")) if items else None,
        )


def _make(config: SourceConfig, _: Clock) -> SemanticScholarSource:
    given = config.options
    return SemanticScholarSource(
        config.name,
        query=given["search"],
        fields_of_study=given["fields_of_study"],
        days=given["days"],
        url=config.url,
    )


KIND: Final = Kind(
    names=("semanticscholar",),
    line="the papers of the last days that Semantic Scholar finds for a search",
    about="""\
Papers come into its index days after they appear, so each run looks back over two weeks. A paper of which only the
year is known counts as published on the first of January. Without a key you share one pool with everybody and may be
asked to wait.""",
    keys=(
        Key(
            name="search",
            type=KeyType.TEXT,
            help="in the language of its bulk search: +, |, -, quoted phrases, word*, parentheses",
        ),
        Key(
            name="fields_of_study",
            type=KeyType.TEXTS,
            help='only papers in any of these fields, as in ["Computer Science"]; all where it is not set',
        ),
        days_key(_DAYS, "how many days back from the day of the list the date of publication may lie"),
    ),
    url="another query of the API, or a saved answer",
    needs=("search", "url"),
    needs_as_in="search = 'retrieval + \"long context\"'",
    example="""\
[[source]]
name = "S2"
kind = "semanticscholar"
search = '"test-time training" | "test-time adaptation"'
fields_of_study = ["Computer Science"]
""",
    access=Access(variable="S2_API_KEY", header="x-api-key"),
    make=_make,
)


def _items(value: Any, url: str) -> list[Any]:
    if isinstance(value, Mapping):
        data = value.get("data")
        if isinstance(data, list):
            return data
        said = _string(value.get("error")) or _string(value.get("message"))
        if said:
            raise SourceError(f"Semantic Scholar answered: {excerpt(said)}", url=url)
        if data is None and value.get("total") == 0:
            return []
    raise SourceError(f"holds no list of papers but {excerpt(repr(value)[:60])}", url=url)


def _read(item: Any) -> Record | Rejected:
    if not isinstance(item, Mapping):
        return Rejected(reason="is no object", excerpt=excerpt(str(item)[:200]))
    page = _page(item)
    title = _line(item.get("title"))
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(page or str(dict(item))[:200]))
    ids = item.get("externalIds")
    ids = ids if isinstance(ids, Mapping) else {}
    own_doi = _string(ids.get("DOI"))
    pubmed = _string(ids.get("PubMed"))
    pages = [f"https://pubmed.ncbi.nlm.nih.gov/{pubmed}/" if pubmed.isdecimal() else "", page]
    places = [_string(ids.get("ArXiv")), own_doi, *filter(None, pages)]
    if not any(places):
        return Rejected(reason="no id", excerpt=excerpt(title))
    number = next((found[0] for found in map(arxiv_id, filter(None, places)) if found), None)
    abstract = _text(item.get("abstract"))
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=number, doi=own_doi, urls=pages)
    pdf = item.get("openAccessPdf")
    pdf_url = web_url(_string(pdf.get("url"))) if isinstance(pdf, Mapping) else None
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases(map(_string, (item.get("title"), item.get("abstract"))), (title, abstract)),
        authors=_authors(item.get("authors")),
        url=_landing_page(number, doi(own_doi)) or next(filter(None, pages), ""),
        links=(Link(rel="pdf", url=pdf_url),) if pdf_url else (),
        published=moment(item.get("publicationDate")),
        keywords=_words(item.get("fieldsOfStudy")),
        withdrawn=says_withdrawn(abstract) or title_says_withdrawn(title),
        venue=_venue(item),
        issn=issns(_issns_of(item.get("publicationVenue"))),
    )
    return Record(paper=classified(paper, types=_words(item.get("publicationTypes"))))


def _page(item: Mapping[str, Any]) -> str:
    """The paper's page on Semantic Scholar; empty if there is neither an address nor an id."""
    number = _string(item.get("paperId"))
    by_id = f"https://www.semanticscholar.org/paper/{number}" if _PAPER_ID.fullmatch(number) else ""
    return web_url(_string(item.get("url"))) or by_id


def _landing_page(number: str | None, own_doi: str | None) -> str:
    if number:
        return f"https://arxiv.org/abs/{number}"
    return doi_url(own_doi) if own_doi else ""


def _authors(value: Any) -> tuple[str, ...]:
    authors = [person for person in value if isinstance(person, Mapping)] if isinstance(value, list) else []
    return people(clean_line(_string(person.get("name"))) for person in authors)


def _venue(item: Mapping[str, Any]) -> str:
    """The journal or conference; empty for a repository of preprints."""
    name = venue_of(_string(item.get("venue")))
    return "" if name.lower() in ("arxiv.org", "arxiv") else name


def _issns_of(venue: Any) -> Iterator[str]:
    if isinstance(venue, Mapping):
        yield _string(venue.get("issn"))
        others = venue.get("alternate_issns")
        yield from map(_string, others if isinstance(others, list) else ())


def _words(value: Any) -> tuple[str, ...]:
    words = (clean_line(_string(word)) for word in value) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(word for word in words if word))


def _line(value: Any) -> str:
    return clean_mixed_line(_string(value))


def _text(value: Any) -> str:
    return clean_mixed(_string(value))


def _next_url(url: str, token: Any) -> str | None:
    parts = urlsplit(url)
    if not isinstance(token, str) or not token or parts.scheme not in ("http", "https"):
        return None
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "token": token}
    return parts._replace(query=urlencode(query, safe=":,")).geturl()


def _string(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
