"""bioRxiv and medRxiv: what was posted on a day, from their API, or a feed of theirs.

Written from the documentation, https://api.biorxiv.org/ and https://api.biorxiv.org/details/medrxiv/help; no answer of
the API was at hand. Where the documentation and others' reports disagree, the answer decides: a page has 100 items by
the documentation and 30 in fact, so the next page begins after the items received; `total` can be too high.

    {"messages": [{"status": "ok", "interval": "…", "cursor": 0, "count": 30, "total": "212"}],
     "collection": [{"doi", "title", "authors": "Kaur, M.; Shukla, A.", "date", "version", "type", "category",
                     "abstract", "published": "NA", …}]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import doi, doi_url, identify
from digest.core.items.kinds import classified
from digest.core.lists.calendar import ANY_DAY, Calendar, daily
from digest.core.models import Announcement, Link, Paper, PaperId, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import clean_html, clean_line, clean_title, excerpt, says_withdrawn, split_authors
from digest.sources import guard
from digest.sources.abstracts import with_parts
from digest.sources.feed import FeedSource
from digest.sources.kind import Key, KeyType, Kind

SERVERS: Final = ("biorxiv", "medrxiv")
_API: Final = "https://api.biorxiv.org/details/{server}/{day}/{day}/0/json"
_DAY: Final = r"\d{4}-\d\d-\d\d"
_PAGE: Final = re.compile(rf"(?P<list>/details/\w+/{_DAY}/{_DAY})/(?P<start>\d{{1,7}})(?P<format>/json)?")
_NOTHING: Final = re.compile(r"no (?:posts|articles) found", re.IGNORECASE)

_NO_TEXT: Final = frozenset({"", "Abstract", "Summary", "Abstract/Summary"})
_WITHDRAWN: Final = re.compile(r"\s*(?:the authors? ha(?:ve|s) withdrawn\b|withdrawn\s*:)", re.IGNORECASE)


class BiorxivSource:
    """The preprints that one of the two servers posted on a day, new and revised."""

    rereads: tuple[int, ...] = (1, 3)
    """A day ends on the American west coast, and what was posted late in it is listed later still."""
    witness: Witness | None = None

    def __init__(
        self, name: str, *, server: str = "biorxiv", subjects: Sequence[str] = (), url: str | None = None
    ) -> None:
        """Read one server.

        Args:
            server: `biorxiv` or `medrxiv`.
            subjects: Categories as the server names them ("cell biology"), in any case, with blanks, `_` or `-`; all
                if there are none.
            url: Instead of the API: a feed of the server, or a saved answer; `{date}` stands for the day.

        Raises:
            ConfigError: There is no such server.
        """
        if server not in SERVERS:
            raise ConfigError(f"server: unknown name {server}; known are {' and '.join(SERVERS)}")
        self.name = name
        self.kind = server
        self._url = url or _API.replace("{server}", server).replace("{day}", "{date}")
        self._subjects = frozenset(map(_subject, subjects))
        # A feed holds the newest thirty, whatever the day: nothing is promised, and yesterday's is nowhere.
        self.calendar: Calendar = daily() if "{date}" in self._url else ANY_DAY

    def url_for(self, day: date) -> str:
        """The first page of *day*."""
        return self._url.replace("{date}", day.isoformat())

    def past_url(self, day: date) -> str | None:
        """Return the first page of a past *day*: the API has every day. None for a feed."""
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Parse one page of the API's list, or a feed. Items of other subjects are skipped."""
        if guard.decoded(content, url=url).lstrip().startswith("<"):
            return self._feed(content, url)
        message, items = _answer(guard.json(content, url=url), url)
        page = _PAGE.search(urlsplit(url).path)
        start = int(page["start"]) if page else 0
        total = _count(message.get("total"))
        if total is None and items and page:
            raise SourceError("its API no longer says how many items there are; it may have changed", url=url)
        if not items:
            total = total or 0
        records: list[Record] = []
        rejected: list[Rejected] = []
        for item in items:
            outcome = self._read(item)
            if isinstance(outcome, Record):
                records.append(outcome)
            elif outcome:
                rejected.append(outcome)
        if self._subjects and not items and (start or total):
            # Without subjects the numbers tell; with them there is no number to compare with.
            reason = f"its API promised more than the {start} items it gave"
            rejected.append(Rejected(reason=reason, excerpt=excerpt(url)))
        end = start + len(items)
        return Parsed(
            records=tuple(records),
            rejected=tuple(rejected),
            # How many of a subject there are is not said, and the number of all would look like a loss.
            expected=None if self._subjects else total,
            next_url=_next_url(url, page, end) if items and end < (total or 0) else None,
        )

    def _feed(self, content: bytes, url: str) -> Parsed:
        parsed = FeedSource(self.name, url=url).parse(content, url=url)
        if self._subjects:
            raise SourceError(
                "is a feed, which does not say what subject its items are of; leave subjects out, and take the"
                f" feed of the subject (https://connect.{self.kind}.org/{self.kind}_xml.php?subject=…)",
                url=url,
            )
        records = (replace(record, announcement=_announced(record.paper.version)) for record in parsed.records)
        return replace(parsed, records=tuple(records))

    def _read(self, item: Any) -> Record | Rejected | None:
        """Return the record of an item, or why it is rejected; None for an item of another subject."""
        if not isinstance(item, Mapping):
            return Rejected(reason="is no object", excerpt=excerpt(str(item)[:200]))
        title = clean_title(_string(item.get("title")))
        own_doi = doi(_string(item.get("doi")))
        category = clean_line(_string(item.get("category")))
        name = excerpt(title or _string(item.get("doi")) or str(dict(item))[:200])
        if self._subjects and not category:
            return Rejected(reason="no category, so that its subject is unknown", excerpt=name)
        if self._subjects and _subject(category) not in self._subjects:
            return None
        if not title:
            return Rejected(reason="no title", excerpt=name)
        if own_doi is None:
            return Rejected(reason="no DOI", excerpt=name)
        return _record(item, title, own_doi, category, self.kind)


KIND: Final = Kind(
    names=SERVERS,
    line="the preprints that bioRxiv or medRxiv posted on a day, new and revised",
    about="""\
Reads the server's API, with as many items as it says there are. Each day is read again after one and three days, for
posts of a late evening are listed later. A first version is news, a later one an update; the DOI of the journal
version is another id of the same paper.""",
    keys=(
        Key(
            name="subjects",
            type=KeyType.TEXTS,
            help='only these categories, as the server names them: ["neuroscience", "cell biology"]; all where it is '
            "not set",
        ),
    ),
    url="a feed of the server, which holds only the newest items and knows no subjects, or a saved answer",
    example="""\
[[source]]
name = "bioRxiv"
kind = "biorxiv"                              # or medrxiv
subjects = ["neuroscience", "cell biology"]
""",
    calendar="daily",
    make=lambda config, _: BiorxivSource(config.name, server=config.kind, url=config.url, **config.options),
)


def _record(item: Mapping[str, Any], title: str, own_doi: str, category: str, server: str) -> Record:
    abstract = _abstract(_string(item.get("abstract")))
    paper_id, aliases = identify(title=title, abstract=abstract, doi=own_doi)
    journal_doi = doi(_string(item.get("published")))
    if journal_doi:
        aliases = tuple(sorted({*aliases, PaperId(f"doi:{journal_doi}")} - {paper_id}))
    version, posted = _count(item.get("version")) or None, moment(item.get("date"))
    pdf = f"https://www.{server}.org/content/{own_doi}v{version}.full.pdf" if version else None
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases((_string(item.get("title")), _string(item.get("abstract"))), (title, abstract)),
        authors=split_authors(clean_line(_string(item.get("authors")))),
        url=doi_url(own_doi),
        links=(Link(rel="pdf", url=pdf),) if pdf else (),
        # The date is that of the version: of a later one it does not say when the paper appeared.
        published=posted if version == 1 else None,
        updated=posted,
        version=version,
        categories=(category,) if category else (),
        withdrawn=_is_withdrawn(_string(item.get("type")), title, abstract),
    )
    return Record(paper=classified(paper), announcement=_announced(version))


def _answer(value: Any, url: str) -> tuple[Mapping[str, Any], Sequence[Any]]:
    """Return the API's message on its list, and the list."""
    messages = value.get("messages") if isinstance(value, dict) else None
    message = messages[0] if isinstance(messages, list) and messages else None
    if not isinstance(message, Mapping):
        raise SourceError(f"is no answer of the bioRxiv API, but {excerpt(repr(value)[:60])}", url=url)
    status = _string(message.get("status")).strip()
    if _NOTHING.search(status):
        return {}, ()
    if status.lower() != "ok":
        raise SourceError(f"its API answered: {excerpt(status) or 'nothing that is known'}", url=url)
    items = value.get("collection")
    if not isinstance(items, list):
        raise SourceError("its API answered without a collection; it may have changed", url=url)
    return message, items


def _next_url(url: str, page: re.Match[str] | None, start: int) -> str | None:
    """The page that begins at *start*; None for a saved answer."""
    parts = urlsplit(url)
    if page is None or parts.scheme not in ("http", "https"):
        return None
    path = parts.path[: page.start()] + f"{page['list']}/{start}{page['format'] or ''}" + parts.path[page.end() :]
    return parts._replace(path=path).geturl()


def _abstract(text: str) -> str:
    """The abstract, without what the conversion from the full text left in it."""
    lines = with_parts(clean_html(text)).split("\n")
    return "\n".join(line for line in lines if line.rstrip(": ") not in _NO_TEXT)


def _is_withdrawn(kind: str, title: str, abstract: str) -> bool:
    """Whether a preprint was withdrawn, by its type, its title or the text in place of the abstract."""
    if "withdraw" in kind.lower() or _WITHDRAWN.match(title):
        return True
    return says_withdrawn(abstract) or bool(_WITHDRAWN.match(abstract))


def _announced(version: int | None) -> Announcement | None:
    if version is None:
        return None
    return Announcement.NEW if version == 1 else Announcement.REPLACE


def _subject(text: str) -> str:
    return " ".join(re.sub(r"[_-]", " ", text).casefold().split())


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    """Return a number that the API writes sometimes as a number and sometimes as a string; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
