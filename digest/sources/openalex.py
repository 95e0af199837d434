"""OpenAlex: works published lately that match a search or a filter.

Written from the documentation; no answer was at hand. https://developers.openalex.org/: /api-reference/works has fields
and filters, /guides/page-through-results the paging (100 works a page at most, and a cursor), /api-reference/errors the
errors, /api-reference/authentication the key: it is free, and without one a day's worth is soon used up.

A work is found days after it was published, and the date on it may lie ahead: each run reads the works whose date is
in the last days, up to its own.

OpenAlex gives no abstract but the places of its words, `{"We": [0, 7], "study": [1]}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import arxiv_id, doi, doi_url, identify
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Link, Paper, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.language import language_code
from digest.core.words.text import (
    clean_html,
    clean_line,
    excerpt,
    one_line,
    people,
    says_withdrawn,
    title_says_withdrawn,
    web_url,
)
from digest.sources import guard
from digest.sources.kind import Access, Key, KeyType, Kind, days_key
from digest.sources.outcomes import divided

_API: Final = "https://api.openalex.org/works"
_DAYS: Final = 14
_PER_PAGE: Final = 100
_FIELDS: Final = (
    "id,doi,ids,title,display_name,publication_date,type,is_retracted,is_paratext,abstract_inverted_index,authorships,"
    "primary_location,best_oa_location,locations,keywords,topics"
)
_SAFE: Final = ":,*!"

# "Abstract interpretation is …" is no heading: the word behind it tells.
_HEADING: Final = re.compile(
    r"(?:Abstract|ABSTRACT|Summary|SUMMARY)(?:\s*[:.]\s+|\s*\n)|(?:Abstract|ABSTRACT)\s+(?=(?:A|Aims?|An|As|Background"
    r"|For|Here|In|Introduction|It|Methods?|Objectives?|On|Our|Purpose|Recent|The|There|These|This|To|We|While|With)\b)"
)
_CURSOR: Final = re.compile(r"[!-~]{1,4000}")
_SMALL_CAPITALS: Final = re.compile(r"</?scp>", re.IGNORECASE)
_LONGEST_ABSTRACT: Final = 20_000
"""Words; a longer abstract is the whole text of a book."""


class OpenAlexSource:
    """Works of the last days, the newest first."""

    kind = "openalex"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    witness: Witness | None = None

    def __init__(
        self,
        name: str,
        *,
        search: str = "",
        filter: str = "",  # noqa: A002 -- OpenAlex's own name of it, and the config's
        days: int = _DAYS,
        url: str | None = None,
    ) -> None:
        """Read one search.

        Args:
            search: Words in title, abstract or full text, as the site takes them.
            filter: As the API takes it: `primary_topic.field.id:17,type:article|preprint`.
            days: How far back the dates of publication may lie. Works come in days late; what comes later is missed.
            url: Instead of the API's address: another query, or a saved answer; `{date}` stands for the day.

        Raises:
            ConfigError: Nothing narrows the list, which has twenty thousand works a day; or days that reach nowhere.
        """
        if not (search.strip() or filter.strip(" ,") or url):
            raise ConfigError("search: is missing, and so is filter; all of OpenAlex is too much to read")
        if days < 1:
            raise ConfigError(f"days: {days} is too few; at least 1")
        self.name = name
        self._search = search.strip()
        self._filter = filter.strip(" ,")
        self._days = days
        self._url = url

    def url_for(self, day: date) -> str:
        """The first page of the works that were published in the days up to *day*."""
        if self._url:
            return self._url.replace("{date}", day.isoformat())
        since = day - timedelta(days=self._days)
        own = f"from_publication_date:{since},to_publication_date:{day},is_paratext:false"
        query = {
            "filter": f"{own},{self._filter}" if self._filter else own,
            **({"search": self._search} if self._search else {}),
            "sort": "publication_date:desc",
            "select": _FIELDS,
            "per_page": str(_PER_PAGE),
            "cursor": "*",
        }
        return f"{_API}?{urlencode(query, safe=_SAFE, quote_via=quote)}"

    def past_url(self, day: date) -> str | None:
        """None: today's list reaches back over the days before."""
        return self.url_for(day) if self._url and "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read one page of works."""
        works, meta = _works(guard.json(content, url=url), url)
        records, rejected = divided(_read(work) for work in works)
        return Parsed(
            records=records,
            rejected=rejected,
            expected=_count(meta.get("count")),
            # The end is told by an empty page, too: the last one still names a next.
            next_url=_next_url(url, _string(meta.get("next_cursor"))) if works else None,
        )


KIND: Final = Kind(
    names=("openalex",),
    line="the works that OpenAlex found lately and that match a search, a filter or both, newest first",
    about="""\
Reads the works that were published in the last days: two weeks, because OpenAlex finds works days after they appear.
Narrow it to fewer than 5,000. Cover pages and tables of contents are left out, retracted works are marked. A key is
free, and without one it answers little.""",
    keys=(
        Key(name="search", type=KeyType.TEXT, help="words in title, abstract or full text, as the site takes them"),
        Key(
            name="filter",
            type=KeyType.TEXT,
            help='as the API takes it: "primary_topic.field.id:17,type:article|preprint,language:en"',
        ),
        days_key(_DAYS, "how many days back the date of publication may lie"),
    ),
    url="another query of the API, or a saved answer",
    needs=("search", "filter", "url"),
    needs_as_in='search = "graph neural networks"',
    example="""\
[[source]]
name = "OpenAlex"
kind = "openalex"
search = "graph neural networks"
filter = "type:article|preprint,language:en"
api_key_env = "OPENALEX_API_KEY"
""",
    access=Access(variable="OPENALEX_API_KEY", parameter="api_key"),
    make=lambda config, _: OpenAlexSource(config.name, url=config.url, **config.options),
)


def _works(value: Any, url: str) -> tuple[Sequence[Any], Mapping[str, Any]]:
    if isinstance(value, dict) and isinstance(value.get("results"), list) and isinstance(value.get("meta"), dict):
        return value["results"], value["meta"]
    if isinstance(value, dict) and (value.get("error") or value.get("message")):
        said = ": ".join(one for one in (_string(value.get("error")), _string(value.get("message"))) if one)
        raise SourceError(f"OpenAlex answered: {excerpt(said) or 'an error'}", url=url)
    raise SourceError(f"holds no list of works but {excerpt(repr(value)[:60])}", url=url)


def _read(work: Any) -> Record | Rejected:
    if not isinstance(work, Mapping):
        return Rejected(reason="is no object", excerpt=excerpt(str(work)[:200]))
    title = one_line(_clean(_title(work)))
    name = excerpt(title or _string(work.get("doi")) or _string(work.get("id")) or str(dict(work))[:200])
    if not title:
        return Rejected(reason="no title", excerpt=name)
    if work.get("is_paratext") is True or work.get("type") == "paratext":
        return Rejected(reason="paratext: about a journal, and no paper", excerpt=name)
    # What OpenAlex and Crossref call a work: "article", "erratum", "journal-article".
    types = (_string(work.get(key)) for key in ("type", "type_crossref"))
    return Record(paper=classified(_paper(work, title), types=filter(None, types)))


def _paper(work: Mapping[str, Any], title: str) -> Paper:
    raw = _in_order(work.get("abstract_inverted_index"))
    abstract = _abstract(raw)
    places = [p for p in (work.get("primary_location"), *_list(work.get("locations"))) if isinstance(p, Mapping)]
    pages = [page for page in (web_url(_string(place.get("landing_page_url"))) for place in places) if page]
    ids = work.get("ids")
    pubmed = web_url(_string(ids.get("pmid"))) if isinstance(ids, Mapping) else None
    own_doi = _string(work.get("doi")) or next(filter(None, map(doi, pages[:1])), "")
    # Pages of other places may be of another version; but an arXiv id among them is that of the preprint.
    number = next((found[0] for found in map(arxiv_id, (own_doi, *pages)) if found), None)
    itself = web_url(_string(work.get("id")))
    paper_id, aliases = identify(
        title=title,
        abstract=abstract,
        arxiv=number,
        doi=own_doi,
        urls=[page for page in (pubmed, *pages[:1], itself) if page],
    )
    found_doi = doi(own_doi)
    landing = (doi_url(found_doi) if found_doi else None, *pages[:1], pubmed, itself)
    pdf = next(filter(None, map(_pdf, (work.get("best_oa_location"), *places))), None)
    journal = _journal(places)
    return Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases((_title(work), raw), (title, abstract)),
        authors=_authors(work.get("authorships")),
        url=f"https://arxiv.org/abs/{number}" if number else next(filter(None, landing), ""),
        links=(Link(rel="pdf", url=pdf),) if pdf else (),
        published=moment(work.get("publication_date")),
        keywords=tuple(dict.fromkeys((*_names(work.get("keywords")), *_names(work.get("topics"))))),
        language=language_code(_string(work.get("language"))),
        withdrawn=work.get("is_retracted") is True or says_withdrawn(abstract) or title_says_withdrawn(title),
        venue=venue_of(_string(journal.get("display_name"))),
        issn=issns(map(_string, _list(journal.get("issn")))),
    )


def _journal(places: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the journal, series or conference of the work's first place; empty for a repository."""
    source = places[0].get("source") if places else None
    return source if isinstance(source, Mapping) and source.get("type") != "repository" else {}


def _title(work: Mapping[str, Any]) -> str:
    return _string(work.get("title")) or _string(work.get("display_name"))


def _in_order(index: Any) -> str:
    """Return the abstract, as the journal marked it up, from the positions of its words.

    Two words at one position follow each other; gaps are closed.
    """
    if not isinstance(index, Mapping):
        return ""
    placed = [
        (place, word)
        for word, found in index.items()
        for place in _list(found)
        if isinstance(place, int) and not isinstance(place, bool)
    ]
    # By the place alone: words of one place stay as they came.
    placed.sort(key=lambda one: one[0])
    return " ".join(word for _, word in placed[:_LONGEST_ABSTRACT])


def _abstract(raw: str) -> str:
    text = _clean(raw)
    heading = _HEADING.match(text)
    return text[heading.end() :] if heading else text


def _clean(text: str) -> str:
    return clean_html(_SMALL_CAPITALS.sub("", text))


def _authors(value: Any) -> tuple[str, ...]:
    """Return the authors in the paper's order, by OpenAlex's spelling of the name, or else the paper's."""
    names = []
    for one in _list(value):
        if isinstance(one, Mapping):
            author = one.get("author")
            name = _string(author.get("display_name")) if isinstance(author, Mapping) else ""
            names.append(clean_line(name or _string(one.get("raw_author_name"))))
    return people(names)


def _names(value: Any) -> Iterator[str]:
    """Yield the names of keywords or topics in the given order, the most fitting first."""
    for one in _list(value):
        name = clean_line(_string(one.get("display_name"))) if isinstance(one, Mapping) else ""
        if name:
            yield name


def _pdf(place: Any) -> str | None:
    return web_url(_string(place.get("pdf_url"))) if isinstance(place, Mapping) else None


def _next_url(url: str, cursor: str) -> str | None:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in ("http", "https") or not _CURSOR.fullmatch(cursor) or cursor == query.get("cursor"):
        return None
    query["cursor"] = cursor
    return parts._replace(query=urlencode(query, safe=_SAFE, quote_via=quote)).geturl()


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
