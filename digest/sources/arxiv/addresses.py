"""URLs of arXiv's lists: the feed, the query API, OAI-PMH.

https://info.arxiv.org/help/rss.html, api/user-manual.html and oa/index.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Final
from urllib.parse import quote, urlencode

from digest.core.lists.calendar import Calendar, arxiv_submissions

_FEEDS: Final = "https://rss.arxiv.org/rss/"
_QUERY: Final = "https://export.arxiv.org/api/query"
_OAI: Final = "https://oaipmh.arxiv.org/oai"

_PAGE: Final = 500
"""Results of the API at once, 1 MB: it allows 2,000, and asks for patience rather than for large pages."""
_SEARCH_BACK: Final = 10
"""Days that a search looks back. A paper is found once it is announced, which may be days after it was submitted."""
_ARCHIVES: Final = frozenset(
    {"astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"}
)
"""Archives that are divided into categories."""


def feed_url(categories: Sequence[str]) -> str:
    """The daily list of all *categories* together; a paper that is in several stands there once."""
    return _FEEDS + "+".join(quote(c, safe=".-") for c in categories)


def ids_url(ids: Iterable[str]) -> str:
    """The API's answer for these arXiv ids, with or without version; up to 2,000 of them."""
    wanted = list(ids)
    return f"{_QUERY}?{urlencode({'id_list': ','.join(wanted), 'max_results': max(1, len(wanted))}, safe=',/.')}"


def search_url(search: str, categories: Sequence[str], day: date) -> str:
    """What a search finds among the papers submitted up to *day*, newest first."""
    terms = [_either([search.strip()]), _in(categories)]
    if "submitteddate" not in search.lower():
        terms.append(_submitted(_day(day, -_SEARCH_BACK), _day(day, 1)))
    return _query(" AND ".join(filter(None, terms)), order="descending")


def submissions_query(categories: Sequence[str], calendar: Calendar, day: date) -> str:
    """The query for what was submitted in time for the list of *day*."""
    return f"{_in(categories)} AND {_submitted(*arxiv_submissions(calendar, day))}"


def submissions_url(categories: Sequence[str], calendar: Calendar, day: date) -> str:
    """The API's answer to `submissions_query`."""
    return _query(submissions_query(categories, calendar, day), order="ascending")


def oai_url(set_spec: str, day: date) -> str:
    """The records of a set that were changed last on *day*, UTC."""
    query = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": set_spec, "from": day, "until": day}
    return f"{_OAI}?{urlencode(query, safe=':')}"


def _query(search: str, *, order: str) -> str:
    query = {"search_query": search, "start": 0, "max_results": _PAGE, "sortBy": "submittedDate", "sortOrder": order}
    return f"{_QUERY}?{urlencode(query)}"


def _in(categories: Sequence[str]) -> str:
    return _either([f"cat:{c}.*" if c in _ARCHIVES else f"cat:{c}" for c in categories])


def _either(terms: Sequence[str]) -> str:
    return f"({' OR '.join(terms)})" if terms else ""


def _day(day: date, later: int) -> datetime:
    """Return midnight (UTC) of the day *later* days after *day*, within the range of `datetime`."""
    found = date.fromordinal(min(max(1, day.toordinal() + later), date.max.toordinal()))
    return datetime.combine(found, time(0), tzinfo=UTC)


def _submitted(begin: datetime, end: datetime) -> str:
    """Return the query for papers submitted from *begin* to *end*, both included, to the minute, in GMT."""
    return f"submittedDate:[{begin:%Y%m%d%H%M} TO {end:%Y%m%d%H%M}]"
