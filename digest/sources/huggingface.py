"""Hugging Face Daily Papers: `/api/daily_papers`, in every shape it has had since 2024-05.

Its parameters are in huggingface_hub, hf_api.py. The outer `publishedAt` is hours off, or the time of submission; the
paper's own is used. The site's own machine-made summary is left alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from digest.core.errors import NotYetError, SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.items.kinds import classified
from digest.core.lists.calendar import ANY_DAY, Calendar, weekdays
from digest.core.models import Link, Paper, Parsed, Record, Rejected, Signals
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import clean_line, clean_text, excerpt, people, web_url
from digest.sources import guard
from digest.sources.kind import Key, KeyType, Kind
from digest.sources.outcomes import divided

_SITE: Final = "https://huggingface.co"
_API: Final = f"{_SITE}/api/daily_papers"
_DEFAULT_LIMIT: Final = 50
"""Of the API, where the address names none; the fullest days have just that many papers."""
_PERIOD_PARAMETERS: Final = {"day": "date={date}", "week": "week={week}", "month": "month={month}"}
_LONGEST_REPR: Final = 200_000
_LONGEST_ID: Final = 100


class HuggingFaceSource:
    """The papers that people submitted to Hugging Face on one day, with their votes."""

    kind = "huggingface"
    witness: Witness | None = None

    def __init__(
        self, name: str, *, url: str | None = None, period: str = "day", calendar: Calendar | None = None
    ) -> None:
        """Read *url*, or the site's own list.

        Args:
            period: `day`, or `week` or `month` for the list of the week or month that the day is in.
        """
        self.name = name
        self._url = url or f"{_API}?{_PERIOD_PARAMETERS[period]}&limit=100"
        self.calendar = calendar or (weekdays() if period == "day" else ANY_DAY)
        # Papers are added to a list for days, and most of their votes come later.
        self.rereads: tuple[int, ...] = (1, 3, 7) if "{date}" in self._url else ()

    def url_for(self, day: date) -> str:
        """The first page of the list that holds *day*."""
        year, week, _ = day.isocalendar()
        return (
            self._url.replace("{date}", day.isoformat())
            .replace("{week}", f"{year}-W{week:02d}")
            .replace("{month}", f"{day:%Y-%m}")
        )

    def past_url(self, day: date) -> str | None:
        """Return the address of a past day's list, if the day is in the address; else None.

        Old lists stay available.
        """
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read one page of the list."""
        items, expected = _items(guard.json(content, url=url), url)
        records, rejected = divided(_read(item) for item in items)
        written = sum(isinstance(item, str) for item in items)
        return Parsed(
            records=records,
            rejected=rejected,
            note=f"the file is damaged: {written} of {len(items)} items are text and no JSON objects"
            if written
            else None,
            expected=expected,
            next_url=_next_url(url, len(items)),
        )


KIND: Final = Kind(
    names=("huggingface",),
    line="Hugging Face's Daily Papers of the day, with upvotes, code and project links",
    about="""\
Lists grow for days, so each is read again after one, three and seven days: late papers go into the next issue, and a
paper whose votes have grown by half, and by five, since you saw it is said to be rising. The list of a week or month
is read once a day and promises nothing.""",
    keys=(
        Key(
            name="period",
            type=KeyType.CHOICE,
            help="whose list is read: that of the day, or of the week or month that the day is in",
            default="day",
            choices=tuple(_PERIOD_PARAMETERS),
        ),
    ),
    url="another address of the API, or a saved answer, in place of the site's own list",
    example="""\
[[source]]
name = "Hugging Face"
kind = "huggingface"
""",
    calendar="weekdays",
    own_address_is_dated=True,
    make=lambda config, _: HuggingFaceSource(config.name, url=config.url, **config.options),
)


def _items(value: Any, url: str) -> tuple[list[Any], int | None]:
    """Return the list in a document, and the length that the document states, if any."""
    if isinstance(value, list):
        return value, None
    if isinstance(value, dict) and isinstance(value.get("error"), str):
        message = excerpt(value["error"])
        if guard.says_not_yet(message):
            raise NotYetError(f"Hugging Face has no list of this day yet ({message})", url=url)
        raise SourceError(f"Hugging Face answered: {message}", url=url)
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        return value["data"], _count(value.get("count"))
    raise SourceError(f"holds no list of papers but {excerpt(repr(value)[:60])}", url=url)


def _read(item: Any) -> Record | Rejected:
    if isinstance(item, str):  # some archives wrote Python's repr() of each item
        item = _literal(item)
    if not isinstance(item, Mapping):
        return Rejected(reason="is no object", excerpt=excerpt(str(item)[:200]))
    paper = item.get("paper")
    if not isinstance(paper, Mapping):
        return Rejected(reason="has no paper", excerpt=excerpt(str(dict(item))[:200]))
    raw_title = _string(paper.get("title")) or _string(item.get("title"))
    title = clean_line(raw_title)
    number = _string(paper.get("id")).strip()
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(number or str(dict(item))[:200]))
    if not number or len(number) > _LONGEST_ID:
        return Rejected(reason="no id", excerpt=excerpt(title))
    raw_abstract = _string(paper.get("summary")) or _string(item.get("summary"))
    abstract = clean_text(raw_abstract)
    found = arxiv_id(number)
    page = f"{_SITE}/papers/{quote(number, safe='')}"
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=found[0] if found else None, urls=[page])
    return Record(
        paper=classified(
            Paper(
                id=paper_id,
                aliases=aliases,
                title=title,
                abstract=abstract,
                italics=italic_phrases((raw_title, raw_abstract), (title, abstract)),
                authors=_authors(paper.get("authors")),
                url=f"https://arxiv.org/abs/{found[0]}" if found else page,
                links=_links(paper, found[0] if found else None, page),
                published=moment(paper.get("publishedAt")),
                keywords=_keywords(paper.get("ai_keywords")),
                withdrawn=bool(paper.get("withdrawnAt")),
            )
        ),
        signals=Signals(
            upvotes=_count(paper.get("upvotes")),
            comments=_count(item.get("numComments")),
            stars=_count(paper.get("githubStars")),
        ),
    )


def _literal(text: str) -> Any:
    """Return the value of a Python literal, or the text itself if it is incomplete."""
    if len(text) > _LONGEST_REPR or not text.startswith("{"):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _authors(value: Any) -> tuple[str, ...]:
    """Return the authors' names in order, without those that the site marks as hidden."""
    authors = [a for a in value if isinstance(a, Mapping)] if isinstance(value, list) else []
    return people(clean_line(_string(author.get("name"))) for author in authors if not author.get("hidden"))


def _links(paper: Mapping[str, Any], number: str | None, page: str) -> tuple[Link, ...]:
    found = (
        ("code", web_url(_string(paper.get("githubRepo")))),
        ("discussion", page),
        ("pdf", f"https://arxiv.org/pdf/{number}" if number else None),
        ("project", web_url(_string(paper.get("projectPage")))),
    )
    return tuple(Link(rel=rel, url=url) for rel, url in found if url)


def _keywords(value: Any) -> tuple[str, ...]:
    words = (clean_line(word) for word in value if isinstance(word, str)) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(word for word in words if word))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    # What is larger is no count, and no database could hold it.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _next_url(url: str, count: int) -> str | None:
    """The next page, if this one was full. The server may give fewer than were asked for, but not fewer than 50."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    limit = query.get("limit", "")
    full = int(limit) if re.fullmatch(r"[1-9]\d{0,3}", limit) else _DEFAULT_LIMIT
    if parts.scheme not in ("http", "https") or count < min(full, _DEFAULT_LIMIT):
        return None
    page = query.get("p", "0")
    query["p"] = str(int(page) + 1 if re.fullmatch(r"\d{1,4}", page) else 1)
    return parts._replace(query=urlencode(query)).geturl()
