"""OpenReview: the submissions of a venue, from its API.

Written from the documentation; no answer was at hand. https://docs.openreview.net/reference/api-v2/openapi-definition
has the parameters and the answer, https://docs.openreview.net/reference/api-v2/entities/note/fields the dates, which
are in milliseconds. Version 2 wraps what a note says, `{"title": {"value": "…"}}`; older venues have it plain.

A venue's notes are made while the deadline is open and become public weeks later, so a list of what was made lately
would miss them all. What becomes public is modified by that: each run reads what was modified in the last days, last
first. A paper that is modified again is the same paper, and no news.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import identify
from digest.core.items.kinds import classified
from digest.core.items.venues import venue_of
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Link, Paper, Parsed, Record, Rejected
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import clean_line, clean_text, excerpt, people, says_withdrawn, web_url
from digest.sources import guard
from digest.sources.kind import Access, Key, KeyType, Kind, days_key
from digest.sources.outcomes import divided

_API: Final = "https://api2.openreview.net/notes"
_DAYS: Final = 7
_SITE: Final = "https://openreview.net"
_LIMIT: Final = 1000
"""Notes of one answer, at most; also what the API gives where none is asked for."""
_FIELDS: Final = (
    "id,forum,replyto,invitation,cdate,tcdate,mdate,tmdate,odate,pdate,content.title,content.abstract,"
    "content.authors,content.keywords,content.primary_area,content.venue,content.venueid,content.pdf,content.html,"
    "content.code"
)
"""The fields that are asked for; a whole note is several times as long, and an answer may have no more than 10 MB."""

_NOTE_ID: Final = re.compile(r"[\w-]{6,40}")
_GONE: Final = re.compile(r"withdrawn|desk[\s_-]*reject", re.IGNORECASE)
_NOBODY: Final = re.compile(r"anonymous(?: authors?)?", re.IGNORECASE)


class OpenReviewSource:
    """Submissions to one venue that became public, or changed, in the last days."""

    kind = "openreview"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    witness: Witness | None = None

    def __init__(self, name: str, *, venue: str = "", days: int = _DAYS, url: str | None = None) -> None:
        """Read one venue.

        Args:
            venue: Its id as in the address of its page, `ICLR.cc/2027/Conference`; or the whole invitation, if its
                submissions are not called `Submission`: `ICLR.cc/2018/Conference/-/Blind_Submission`.
            days: How far back each run looks. What is missed while no run takes place for longer is lost.
            url: Instead of the API's address: another query, or a saved answer; `{date}` stands for the day.

        Raises:
            ConfigError: Neither a venue nor an address, or days that reach nowhere.
        """
        if not venue.strip(" /") and not url:
            raise ConfigError("venue: is missing; it is in the address of the venue's page, openreview.net/group?id=…")
        if days < 1:
            raise ConfigError(f"days: {days} is too few; at least 1")
        self.name = name
        self._invitation = venue.strip(" /") if "/-/" in venue else f"{venue.strip(' /')}/-/Submission"
        self._days = days
        self._url = url

    def url_for(self, day: date) -> str:
        """The first page of what was modified in the days up to *day*, the last first."""
        if self._url:
            return self._url.replace("{date}", day.isoformat())
        since = datetime.combine(day, time(), UTC) - timedelta(days=self._days)
        query = {
            "invitation": self._invitation,
            "mintmdate": int(since.timestamp()) * 1000,
            "sort": "tmdate:desc",
            "select": _FIELDS,
            "count": "true",
            "limit": _LIMIT,
            "offset": 0,
        }
        return f"{_API}?{urlencode(query, safe=':/,')}"

    def past_url(self, day: date) -> str | None:
        """None: a later change takes a note out of the list of *day*, and today's list reaches back over a week."""
        return self.url_for(day) if self._url and "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read one page of notes."""
        value = guard.json(content, url=url)
        notes, count = _notes(value, url), _count(value.get("count"))
        records, rejected = divided(_read(note) for note in notes)
        return Parsed(records=records, rejected=rejected, expected=count, next_url=_next_url(url, len(notes), count))


KIND: Final = Kind(
    names=("openreview",),
    line="the submissions to a venue on OpenReview that became public or changed lately",
    about="""\
Reads what was modified in the last days, for a venue's submissions are made weeks before they become public. Authors
are missing while the review is blind; withdrawn and desk-rejected papers are marked. OpenReview may refuse programs
that are not signed in: then put a token into the variable that api_key_env names.""",
    keys=(
        Key(
            name="venue",
            type=KeyType.TEXT,
            help="the id in the address of the venue's page, openreview.net/group?id=…; if its submissions are not "
            "called Submission, the whole invitation, as in ICLR.cc/2018/Conference/-/Blind_Submission",
        ),
        days_key(_DAYS, "how many days back each run looks; what is missed while none runs for longer is lost"),
    ),
    url="another query of the API, or a saved answer",
    needs=("venue", "url"),
    needs_as_in='venue = "ICLR.cc/2027/Conference"',
    example="""\
[[source]]
name = "ICLR"
kind = "openreview"
venue = "ICLR.cc/2027/Conference"
""",
    access=Access(variable="OPENREVIEW_TOKEN", header="Authorization", scheme="Bearer"),
    make=lambda config, _: OpenReviewSource(config.name, url=config.url, **config.options),
)


def _notes(value: Any, url: str) -> Sequence[Any]:
    if isinstance(value, dict) and isinstance(value.get("notes"), list):
        notes: list[Any] = value["notes"]
        return notes
    name, message = _error(value)
    if "challenge" in name.lower():
        raise SourceError(
            "OpenReview wants to see a person in a browser before it answers; it answers programs that are signed in",
            url=url,
        )
    if name or message:
        raise SourceError(f"OpenReview answered: {excerpt(': '.join(filter(None, (name, message))))}", url=url)
    raise SourceError(f"holds no list of notes but {excerpt(repr(value)[:60])}", url=url)


def _error(value: Any) -> tuple[str, str]:
    """Name and message of an error: version 2 has them in the answer, version 1 in a list of errors."""
    if not isinstance(value, Mapping):
        return "", ""
    errors = value.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else value
    if isinstance(first, str):
        return "", first
    if not isinstance(first, Mapping):
        return "", ""
    return _string(first.get("name")) or _string(first.get("type")), _string(first.get("message"))


def _read(note: Any) -> Record | Rejected:
    if not isinstance(note, Mapping):
        return Rejected(reason="is no object", excerpt=excerpt(str(note)[:200]))
    number = _string(note.get("id")).strip()
    raw = note.get("content")
    says = {key: _value(one) for key, one in raw.items()} if isinstance(raw, Mapping) else {}
    title = clean_line(_string(says.get("title")))
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(number or str(dict(note))[:200]))
    if not _NOTE_ID.fullmatch(number):
        return Rejected(reason="no id", excerpt=excerpt(title))
    if _string(note.get("replyto")) or _string(note.get("forum")) not in ("", number):
        return Rejected(reason="a reply to a paper, such as a review", excerpt=excerpt(title))
    return Record(paper=classified(_paper(note, says, title, number)))


def _paper(note: Mapping[str, Any], says: Mapping[str, Any], title: str, number: str) -> Paper:
    abstract = clean_text(_string(says.get("abstract")))
    forum = f"{_SITE}/forum?id={quote(number)}"
    # OpenReview keeps the file, or knows where else it is: of papers it took over from elsewhere.
    pdf = _address(_string(says.get("pdf")).strip())
    elsewhere = [u for u in (pdf, web_url(_string(says.get("html")))) if u and not u.startswith(_SITE)]
    paper_id, aliases = identify(title=title, abstract=abstract, openreview=number, urls=[forum, *elsewhere])
    if pdf and pdf.startswith(_SITE):
        pdf = f"{_SITE}/pdf?id={quote(number)}"
    links = (("code", web_url(_string(says.get("code")))), ("pdf", pdf))
    return Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases(map(_string, (says.get("title"), says.get("abstract"))), (title, abstract)),
        authors=_authors(says.get("authors")),
        url=forum,
        links=tuple(Link(rel=rel, url=link) for rel, link in links if link),
        # When it became public; or was published; or, of a note that does not say, was made.
        published=_first_moment(note, "odate", "pdate", "cdate", "tcdate"),
        updated=_first_moment(note, "mdate", "tmdate"),
        keywords=_words(says.get("keywords"), says.get("primary_area")),
        withdrawn=_is_withdrawn(note, says) or says_withdrawn(abstract),
        venue=venue_of(_string(says.get("venue"))),
    )


def _address(path: str) -> str | None:
    """The address of a file, which may be written as a path on the site."""
    try:
        return web_url(urljoin(_SITE, path)) if path else None
    except ValueError:  # "http://[": no address at all
        return None


def _value(field: Any) -> Any:
    """Return the value of a field: version 2 wraps it, and leaves it out if the reader may not see it."""
    if isinstance(field, Mapping):
        return field.get("value")
    return field


def _is_withdrawn(note: Mapping[str, Any], says: Mapping[str, Any]) -> bool:
    """Whether a note is now among the withdrawn or desk-rejected submissions, `…/Withdrawn_Submission`.

    Version 2 says so in the venue; its list of invitations also has those whose effect was undone since.
    """
    places = [place for place in (says.get("venueid"), says.get("venue")) if isinstance(place, str)]
    return any(_GONE.search(place) for place in places or [_string(note.get("invitation"))])


def _authors(value: Any) -> tuple[str, ...]:
    """Names in order; none while the review is blind. Some venues give an object for each person."""
    names = (
        clean_line(_string(one.get("fullname") or one.get("name")) if isinstance(one, Mapping) else _string(one))
        for one in (value if isinstance(value, list) else [])
    )
    return tuple(name for name in people(names) if not _NOBODY.fullmatch(name))


def _words(*values: Any) -> tuple[str, ...]:
    """Keywords: a list, or one string with commas or semicolons."""
    found: dict[str, None] = {}
    for value in values:
        words = re.split(r"[,;]", value) if isinstance(value, str) else value if isinstance(value, list) else []
        found.update(dict.fromkeys(clean_line(word) for word in words if isinstance(word, str)))
    return tuple(word for word in found if word)


def _first_moment(note: Mapping[str, Any], *names: str) -> datetime | None:
    return next((found for found in (moment(note.get(name)) for name in names) if found), None)


def _next_url(url: str, listed: int, count: int | None) -> str | None:
    """Return the next page, if there is one by the API's count or, without a count, if this page is full."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    limit, start = query.get("limit", ""), query.get("offset", "")
    full = min(int(limit), _LIMIT) if re.fullmatch(r"[1-9]\d{0,5}", limit) else _LIMIT
    end = listed + (int(start) if re.fullmatch(r"\d{1,7}", start) else 0)
    goes_on = end < count if count is not None else listed >= full
    if parts.scheme not in ("http", "https") or not listed or not goes_on:
        return None
    return parts._replace(query=urlencode({**query, "offset": str(end)}, safe=":/,")).geturl()


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
