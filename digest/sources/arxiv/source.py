"""arXiv: what it announces each weekday, a search of one's own, or a whole set.

    categories   today: the feed            a day that is over: the query API, then OAI-PMH, one after the other
    search       the query API, the last ten days of submissions
    set          OAI-PMH, the records changed on the day
    url          any document of these kinds, a file too; which kind it is, it says itself

**A day that is over.** The feed has only today's list. The query API finds what was submitted in time for the list of a
day, and says how many these are; it does not find what a moderator had held back: of 405 papers that the computer
science of one day had received, 22 were announced one or two lists later than their time of submission promises.
OAI-PMH has these, for a record carries the day of its announcement; but only until something changes in it, and of a
list of last week the first replacements have gone to other days. Each finds what the other misses, so both are asked,
and papers found twice are joined. The API's total is then the least that the list must have.

What both miss is a cross-list of an older paper, which OAI-PMH cannot tell from a corrected DOI.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from digest.core.lists.calendar import ANY_DAY, Calendar, arxiv, arxiv_list_after
from digest.core.models import Announcement, Parsed, Record
from digest.core.ports import Clock, Witness
from digest.core.words.dates import moment
from digest.sources.arxiv import addresses as addresses
from digest.sources.arxiv.addresses import ids_url as query_url
from digest.sources.arxiv.feed import read_feed
from digest.sources.arxiv.listing import ArxivListing
from digest.sources.arxiv.oai import covers, read_oai, request_of, set_of
from digest.sources.arxiv.xml import local, tree
from digest.sources.kind import Key, KeyType, Kind, SourceConfig

__all__ = ["ArxivListing", "ArxivSource", "query_url"]

_DEFAULT_CATEGORIES: Final = ("cs.LG", "cs.CL")
_UNTIL: Final = re.compile(r"submittedDate:\[\d{12} TO (\d{4})(\d\d)(\d\d)(\d\d)(\d\d)\]")


class ArxivSource:
    """A source of arXiv's papers: daily lists of categories, a search, or a set."""

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
        """Read the first of *url*, *search* and *set_* that is given; else the daily list of *categories*.

        Args:
            categories: `cs.LG`, or an archive such as `cs`. With *search* they narrow it; with *url* they say which
                lists stand in it.
            search: A query in the API's language: `ti:"state space" AND cat:cs.CL`.
            set_: A set of OAI-PMH: `cs`, `cs:cs:LG`, `physics:hep-th`.
            witness: Whether arXiv's listing is asked if the list is whole; only for lists of categories.
            calendar: arXiv's own if None. A search promises nothing: that nothing new matches is no news.
        """
        self.name = name
        named = tuple(dict.fromkeys(c.strip() for c in categories if c.strip()))
        self._url = url
        self._search = search if not url else ""
        self._set = set_ if not (url or search) else ""
        self._is_daily_list = not (url or search or set_)
        self._within = named if named or not self._is_daily_list else _DEFAULT_CATEGORIES
        self.calendar: Calendar = calendar or (ANY_DAY if self._search else arxiv())
        self.rereads: tuple[int, ...] = ()
        self.witness: Witness | None = ArxivListing(self._within) if witness and self._is_daily_list else None

    def url_for(self, day: date) -> str:
        """Where the list of *day* is; of its daily lists arXiv's feed has only today's."""
        if self._url:
            return self._url.replace("{date}", day.isoformat())
        if self._search:
            return addresses.search_url(self._search, self._within, day)
        return addresses.oai_url(self._set, day) if self._set else addresses.feed_url(self._within)

    def past_url(self, day: date) -> str | None:
        """Return the first address for the list of a past *day*; None if one address serves all days.

        The calendar decides which days had a list; for a day of a weekend, these are its papers on Monday's list.
        """
        if self._url:
            return self.url_for(day) if "{date}" in self._url else None
        if self._search:
            return None  # today's list reaches back over the days before
        if self._set:
            return self.url_for(day)
        return addresses.submissions_url(self._within, self.calendar, day) if self.calendar.promises else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read a daily list, an answer of the API or of OAI-PMH. An empty list is a weekend, not an error."""
        root = tree(content, url)
        if local(root) == "oai-pmh":
            request = request_of(root, url)
            own = [self._set] if self._set else [set_of(c) for c in self._within]
            parsed = read_oai(root, url, sets=own or [s for s in (request.get("set"),) if s])
            return replace(parsed, next_url=parsed.next_url or self._after_set(request, url))
        parsed = read_feed(root, url)
        day = self._past_day(url)
        if day is None:
            is_daily_list = any(r.announcement for r in parsed.records)
            return replace(parsed, categories=self._within) if is_daily_list else parsed
        records = tuple(self._as_announced(record) for record in parsed.records)
        return replace(
            parsed, records=records, next_url=parsed.next_url or addresses.oai_url(set_of(self._within[0]), day)
        )

    # -- a day that is over

    def _past_day(self, url: str) -> date | None:
        """The day whose list was asked for with `past_url`, if *url* is that or a further page of it."""
        asked = dict(parse_qsl(urlsplit(url).query)).get("search_query", "")
        until = _UNTIL.search(asked)
        if not self._is_daily_list or until is None:
            return None
        deadline = moment("{}-{}-{}T{}:{}".format(*until.groups()))
        day = arxiv_list_after(self.calendar, deadline) if deadline else None
        return day if day and addresses.submissions_query(self._within, self.calendar, day) == asked else None

    def _after_set(self, request: Mapping[str, str], url: str) -> str | None:
        """Return the next set to read for the list of a past day, after one set was read; None after the last."""
        if not self._is_daily_list or urlsplit(url).scheme not in ("http", "https"):
            return None
        sets = [set_of(c) for c in self._within]
        day = moment(request.get("from"))
        if day is None or request.get("set") not in sets[:-1] or request.get("from") != request.get("until"):
            return None
        return addresses.oai_url(sets[sets.index(request["set"]) + 1], day.date())

    def _as_announced(self, record: Record) -> Record:
        """Return *record* as announced on the past list, new or cross-listed, whatever version it has by now."""
        primary = next(iter(record.paper.categories), "")
        is_own = any(covers(set_of(c), primary) for c in self._within)
        return replace(record, announcement=Announcement.NEW if is_own else Announcement.CROSS)


def _wrong_category(text: str) -> str:
    """Return why *text* can be no category of arXiv; empty if it may be one."""
    is_one = re.fullmatch(r"[a-z-]+(?:\.[A-Za-z-]+)?", text)
    return "" if is_one else f"{text!r} is not an arXiv category such as cs.LG"


def _make(config: SourceConfig, _: Clock) -> ArxivSource:
    given = config.options
    return ArxivSource(
        config.name,
        categories=given["categories"],
        search=given["search"],
        set_=given["set"],
        url=config.url,
        witness=given["compare"],
    )


KIND: Final = Kind(
    names=("arxiv",),
    line="what arXiv announces each weekday in your categories, a search of arXiv, or one of its sets",
    about="""\
New papers and cross-lists are news; replacements are updates of known papers. arXiv's listing pages are a second
witness: what the feed lacks is filled in from them. One category that still shows yesterday's list is named and asked
again. A day that was missed is read later from the query API and over OAI-PMH: what had been submitted in time for
it, and what moderators had held back.

A search reads the last ten days of submissions and promises nothing: that nothing new matches is no news. arXiv is
asked once in three seconds over one connection, by all programs of yours together. Its holidays are known for 2024 to
2026; on one that is not known, the old list reads as overdue.""",
    keys=(
        Key(
            name="categories",
            type=KeyType.TEXTS,
            help='the categories that are read, as in ["cs.LG", "cs.CL"], or whole archives, as in ["cs"]; with search '
            "they narrow it",
            check=_wrong_category,
        ),
        Key(
            name="search",
            type=KeyType.TEXT,
            help="a query in arXiv's own language, as in 'abs:\"state space\" AND cat:cs.CL', in place of daily lists",
        ),
        Key(
            name="set",
            type=KeyType.TEXT,
            help='a set that is read over OAI-PMH, in place of daily lists: "cs", "cs:cs:LG", "physics:hep-th"',
        ),
        Key(
            name="compare",
            type=KeyType.FLAG,
            help="ask arXiv's listing pages whether the list of the categories is whole",
            default=True,
        ),
    ),
    url="any of arXiv's documents (RSS, Atom, an answer of the query API or of OAI-PMH, RDF from before 2024)",
    needs=("categories", "search", "set", "url"),
    needs_as_in='categories = ["cs.LG", "cs.CL"]',
    example="""\
[[source]]
name = "arXiv"
kind = "arxiv"
categories = ["cs.LG", "cs.CL"]

[[source]]
name = "state space models"
kind = "arxiv"
search = 'abs:"state space" AND cat:cs.CL'    # arXiv's own language; the last ten days of submissions

[[source]]
name = "all of computer science"
kind = "arxiv"
set = "cs"                                    # a whole set, over OAI-PMH
""",
    calendar="arxiv",
    make=_make,
)
