"""Papers as JSON from any other tool: one object a line, or one document with a list in it.

`fields` in the config gives the tool's names for our fields: `fields = {abstract = "summary", url = "abs"}`; a name
with dots leads into nested objects (`"paper.title"`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import arxiv_id, doi, doi_url, identify
from digest.core.identity.items import named
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Announcement, Link, Paper, Parsed, Record, Rejected, Signals
from digest.core.ports import Witness
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.language import language_code
from digest.core.words.text import (
    clean_line,
    clean_mixed,
    clean_mixed_line,
    comment_says_withdrawn,
    escaped,
    excerpt,
    people,
    says_withdrawn,
    split_authors,
    title_says_withdrawn,
    web_url,
)
from digest.sources import guard
from digest.sources.kind import Key, KeyType, Kind
from digest.sources.outcomes import divided

NAMES: Final = (
    "id",
    "title",
    "abstract",
    "authors",
    "url",
    "doi",
    "arxiv",
    "published",
    "updated",
    "version",
    "categories",
    "keywords",
    "language",
    "upvotes",
    "announce",
    "comment",
    "pdf",
    "code",
    "venue",
    "issn",
    "kind",
    "corrects",
)
"""Our names of fields: those that `fields` may map, and that are otherwise looked for by these names."""

_HEADING: Final = re.compile(r"\A(?:abstract|summary)\s*(?:[:.]\s*|\n)", re.IGNORECASE)
_NAME_KEYS: Final = ("name", "display_name", "fullname", "full_name", "author")


class JsonlSource:
    """A file or address with one JSON object a line."""

    kind = "jsonl"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    witness: Witness | None = None

    def __init__(
        self,
        name: str,
        *,
        url: str,
        fields: Mapping[str, str] | None = None,
        items: str | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        """Read *url*.

        Args:
            fields: Our name → theirs, for those that differ.
            items: The key of the list, where the file is one JSON document.
            calendar: When lists are promised; None: never.

        Raises:
            ConfigError: `fields` maps a name that is not ours.
        """
        unknown = sorted(set(fields or {}) - set(NAMES))
        if unknown:
            raise ConfigError(f"fields: unknown name {unknown[0]}; known are {', '.join(NAMES)}")
        self.name = name
        self._url = url
        self._paths = {ours: tuple((fields or {}).get(ours, ours).split(".")) for ours in NAMES}
        self._items = items
        if calendar is not None:
            self.calendar = calendar

    def url_for(self, day: date) -> str:
        """The file or address of *day*."""
        return self._url.replace("{date}", day.isoformat())

    def past_url(self, day: date) -> str | None:
        """Return the address of a past day, if each day has its own; else None."""
        return self.url_for(day) if "{date}" in self._url else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Parse each line, or each item of the list. Duplicates stay; they are joined later."""
        objects = self._document(content, url) if self._items else _lines(content, url)
        read = [(self._read(where, value), self._own_id(value)) for where, value in objects]
        records, rejected = divided(outcome for outcome, _ in read)
        if rejected and not records and all(r.reason.endswith(_NO_JSON) for r in rejected):
            raise SourceError(
                "has no JSON object on any line; if it is one document, set items to the key of its list", url=url
            )
        listed = [(outcome, own_id) for outcome, own_id in read if isinstance(outcome, Record)]
        return Parsed(records=named(listed, source=self.name), rejected=rejected)

    def _own_id(self, item: Any) -> str:
        return _string(_at(item, self._paths["id"])).strip()

    def _document(self, content: bytes, url: str) -> Iterator[tuple[str, Any]]:
        value = guard.json(content, url=url, max_bytes=guard.MAX_FILE_BYTES)
        for key in (self._items or "").split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, list):
            raise SourceError(f"has no list under the key {self._items}", url=url)
        return ((f"item {n}", item) for n, item in enumerate(value, 1))

    def _read(self, where: str, item: Any) -> Record | Rejected:
        if isinstance(item, _Broken):
            return Rejected(reason=f"{where}: {_NO_JSON}", excerpt=excerpt(item.text))
        if not isinstance(item, dict):
            return Rejected(reason=f"{where}: is no object", excerpt=excerpt(json.dumps(item)[:200]))
        value = {ours: _at(item, path) for ours, path in self._paths.items()}
        title = clean_mixed_line(_string(_first(value["title"])))
        if not title:
            return Rejected(reason=f"{where}: no title", excerpt=excerpt(json.dumps(item, ensure_ascii=False)[:500]))
        return _record(title, value)


FIELDS: Final = Key(
    name="fields",
    type=KeyType.NAMES,
    help='our name = its name, for those that differ: { abstract = "summary", url = "abs" }; a name with dots goes '
    'into objects ("paper.title")',
)
ITEMS: Final = Key(
    name="items",
    type=KeyType.TEXT,
    help="the key of the list, where all is one JSON document and not one object a line",
)
KIND: Final = Kind(
    names=("jsonl",),
    line="what another program writes: one JSON object a line, or one document with a list in it",
    about=f"""\
With {{date}} in its address, days that were missed are read later.

Our names are {", ".join(NAMES[:-1])} and {NAMES[-1]}. What has such a name by itself needs no entry in fields.""",
    keys=(FIELDS, ITEMS),
    url="the file or address",
    needs=("url",),
    needs_as_in='url = "papers/{date}.jsonl"',
    example="""\
[[source]]
name = "crawler"
kind = "jsonl"
url = "papers/{date}.jsonl"
fields = { abstract = "summary", url = "abs" }
""",
    make=lambda config, _: JsonlSource(
        config.name, url=config.url or "", fields=config.options["fields"], items=config.options["items"] or None
    ),
)


def _record(title: str, value: Mapping[str, Any]) -> Record:
    raw = _joined(value["abstract"])
    abstract = _HEADING.sub("", clean_mixed(raw))
    url, own_id = web_url(escaped(_string(_first(value["url"])))), _string(_first(value["id"]))
    texts = [t for t in (_string(_first(value["arxiv"])), own_id, url or "") if t]
    arxiv = next((found for found in map(arxiv_id, texts) if found), None)
    own_doi = doi(_string(_first(value["doi"]))) or doi(own_id)
    paper_id, aliases = identify(
        title=title,
        abstract=abstract,
        arxiv=arxiv[0] if arxiv else None,
        doi=_string(_first(value["doi"])) or own_doi,
        urls=[u for u in (url, web_url(own_id)) if u],
    )
    versions = (v for v in (_count(value["version"]), arxiv[1] if arxiv else None) if v)
    links = (("code", web_url(_string(value["code"]))), ("pdf", web_url(_string(value["pdf"]))))
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italic_phrases((_string(_first(value["title"])), raw), (title, abstract)),
        authors=_authors(value["authors"]),
        # The landing page has no version; other tools often give the page of one.
        url=f"https://arxiv.org/abs/{arxiv[0]}" if arxiv else url or (doi_url(own_doi) if own_doi else ""),
        links=tuple(Link(rel=rel, url=link) for rel, link in links if link),
        published=moment(_date(value["published"])),
        updated=moment(_date(value["updated"])),
        version=next(versions, None),
        categories=_words(value["categories"]),
        keywords=_words(value["keywords"]),
        language=language_code(_string(_first(value["language"]))),
        withdrawn=says_withdrawn(abstract)
        or title_says_withdrawn(title)
        or comment_says_withdrawn(_string(_first(value["comment"]))),
        venue=venue_of(_string(_first(value["venue"]))),
        issn=issns(map(_string, value["issn"] if isinstance(value["issn"], list) else [value["issn"]])),
    )
    word = _string(value["announce"]).strip().lower()
    related = value["corrects"] if isinstance(value["corrects"], list) else [value["corrects"]]
    # Crossref's `update-to` says of what kind the update is.
    types = (value["kind"], *(one.get("type") for one in related if isinstance(one, dict)))
    about = (one.get("DOI") if isinstance(one, dict) else one for one in related)
    return Record(
        paper=classified(paper, types=filter(None, map(_string, types)), about=filter(None, map(_string, about))),
        announcement=Announcement(word) if word in set(Announcement) else None,
        signals=Signals(upvotes=_count(value["upvotes"])),
    )


_NO_JSON: Final = "is no JSON"


class _Broken:
    """A line that could not be read."""

    def __init__(self, text: str) -> None:
        self.text = text


def _lines(content: bytes, url: str) -> Iterator[tuple[str, Any]]:
    text = guard.decoded(content, url=url, max_bytes=guard.MAX_FILE_BYTES)
    if text.lstrip().startswith("<"):
        raise SourceError(guard.describe_page(text, wanted="JSON lines"), url=url)
    if text.lstrip().startswith("["):
        value = guard.json(content, url=url, max_bytes=guard.MAX_FILE_BYTES)
        return ((f"item {n}", item) for n, item in enumerate(value, 1))
    # Not splitlines(): JSON may hold U+2028 as it is.
    numbered = enumerate(text.split("\n"), 1)
    return ((f"line {n}", _value(line)) for n, line in numbered if line.strip())


def _value(line: str) -> Any:
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return _Broken(line[:500])


def _at(item: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a dotted path; a key that itself has dots goes first."""
    if len(path) > 1 and isinstance(item, dict) and ".".join(path) in item:
        return item[".".join(path)]
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _authors(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return split_authors(clean_line(value))
    if not isinstance(value, list):
        return ()
    return people(clean_line(_name(person)) for person in value)


def _name(person: Any) -> str:
    """The name in a string or an object; arXiv's OAI calls its parts keyname and forenames."""
    if not isinstance(person, dict):
        return _string(person)
    for key in _NAME_KEYS:
        if isinstance(person.get(key), str | dict):
            return _name(person[key])
    given = _string(person.get("given") or person.get("forenames") or person.get("first") or person.get("firstName"))
    family = _string(person.get("family") or person.get("keyname") or person.get("last") or person.get("lastName"))
    return f"{given} {family}"


def _words(value: Any) -> tuple[str, ...]:
    """A list of words, or one string of them: arXiv divides categories by blanks, others by commas."""
    if isinstance(value, str):
        value = re.split(r"[,;]\s*" if re.search(r"[,;]", value) else r"\s+", value)
    words = (clean_line(word) for word in value if isinstance(word, str)) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(word for word in words if word))


def _first(value: Any) -> Any:
    """The only or first one of a list, as Crossref gives titles and arXiv's own tools DOIs."""
    return next((one for one in value if one), None) if isinstance(value, list) else value


def _joined(value: Any) -> str:
    """A text, or its paragraphs."""
    return "\n\n".join(map(_string, value)) if isinstance(value, list) else _string(value)


def _date(value: Any) -> Any:
    """A date as it is, or out of Crossref's `{"date-parts": [[2026, 11, 28]]}`."""
    if not isinstance(value, dict):
        return _first(value)
    parts = _first(value.get("date-parts"))
    if not isinstance(parts, list) or not parts or not all(isinstance(part, int) for part in parts[:3]):
        return value.get("date-time")
    return "-".join(f"{part:02}" for part in parts[:3])  # a year alone is no date


def _string(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"v?\d{1,9}", value.strip()):
        value = int(value.strip().removeprefix("v"))
    # What is larger is no count, and no database could hold it.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
