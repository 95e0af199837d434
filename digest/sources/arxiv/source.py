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
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.sources.arxiv import addresses as addresses
from digest.sources.arxiv.addresses import ids_url as query_url
from digest.sources.arxiv.feed import read_feed
from digest.sources.arxiv.listing import ArxivListing
from digest.sources.arxiv.oai import covers, read_oai, request_of, set_of
from digest.sources.arxiv.xml import local, tree

__all__ = ["ArxivListing", "ArxivSource", "query_url"]

_DEFAULT_CATEGORIES: Final = ("cs.LG", "cs.CL")
_UNTIL: Final = re.compile(r"submittedDate:\[\d{12} TO (\d{4})(\d\d)(\d\d)(\d\d)(\d\d)\]")


class ArxivSource:
    """Papers of arXiv."""

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
        """Of *url*, *search* and *set_* the first that is given counts; else it is the list of *categories*.

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
        """Where the list of *day*, which is over, can be had; None if one address serves all days.

        Which days had a list is the calendar's to say; of a weekend it is what Monday's list had of it.
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
        """Where the list of a day that is over goes on behind one of its sets."""
        if not self._is_daily_list or urlsplit(url).scheme not in ("http", "https"):
            return None
        sets = [set_of(c) for c in self._within]
        day = moment(request.get("from"))
        if day is None or request.get("set") not in sets[:-1] or request.get("from") != request.get("until"):
            return None
        return addresses.oai_url(sets[sets.index(request["set"]) + 1], day.date())

    def _as_announced(self, record: Record) -> Record:
        """As the list had it: whatever version it has by now, its first one was news that day."""
        primary = next(iter(record.paper.categories), "")
        is_own = any(covers(set_of(c), primary) for c in self._within)
        return replace(record, announcement=Announcement.NEW if is_own else Announcement.CROSS)
