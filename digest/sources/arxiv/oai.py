"""arXiv over OAI-PMH: whole sets by the day of their last change, and single records.

Both of arXiv's own formats are read. `arXivRaw` has the dates of all versions, so that it tells a new paper from a
changed one; `arXiv` has the authors apart, but its `created` is, since 2025, the date of the latest version. What arXiv
writes is in arXiv/oaipmh, oaipmh/templates, and in https://info.arxiv.org/help/oa/index.html. A page of the service
before 2025 and a single record of the one since then were at hand; the rest is written from its source.

A record's day (`datestamp`, UTC) is that of its last change, whatever that was: a paper carries the day on which it was
announced (in the evening, US Eastern, which is the next day in UTC) until it is replaced, cross-listed, or somebody
adds a DOI.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.items.kinds import classified
from digest.core.models import Announcement, Link, Paper, Parsed, Record, Rejected
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_line,
    clean_text,
    comment_says_withdrawn,
    excerpt,
    one_line,
    people,
    says_withdrawn,
    split_authors,
    title_says_withdrawn,
)
from digest.sources.arxiv.xml import Fields, is_of_the_month, local, month_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_GROUPS: Final = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})
"""Archives that are a group of their own; all others belong to physics."""
_FORMATS: Final = ("arxiv", "arxivraw")
_LONGEST_TOKEN: Final = 1_000
_WITHDRAWN: Final = "I"
"""arXivRaw's `source_type` of a version that withdraws the paper."""
_EVENING: Final = 1
"""A list is announced, and its ids are given, on the evening before its day: that may be in another month."""


def set_of(category: str) -> str:
    """The set of a category or archive: `cs.LG` → `cs:cs:LG`, `hep-th` → `physics:hep-th`, `cs` → `cs`."""
    archive, _, subject = category.partition(".")
    if archive in _GROUPS:
        return f"{archive}:{archive}:{subject}" if subject else archive
    return f"physics:{archive}:{subject}" if subject else f"physics:{archive}"


def covers(set_spec: str, category: str) -> bool:
    """Whether the papers of *category* are in a set."""
    return f"{set_of(category)}:".startswith(f"{set_spec}:")


def request_of(root: _Element, url: str) -> Mapping[str, str]:
    """Return the request's parameters, from the URL, the resumption token in it, and the answer's own copy."""
    asked = dict(parse_qsl(urlsplit(url).query))
    # Since 2025 a token is the request itself, quoted once more, with the number of records to skip.
    token = dict(parse_qsl(unquote(asked.get("resumptionToken", ""))))
    fields = Fields(root)
    repeated = fields.first("request").element.attrib if "request" in fields else {}
    return {**{str(k): str(v) for k, v in repeated.items()}, **token, **asked}


def read_oai(root: _Element, url: str, *, sets: Sequence[str]) -> Parsed:
    """Read one answer.

    Args:
        sets: Whose papers are `new`; those of other sets are `cross`. Empty: those of all.

    Raises:
        SourceError: arXiv answered with an error, or to another question than for records.
    """
    fields = Fields(root)
    if "error" in fields:
        return _error(fields.first("error").element, url)
    verb = next((v for v in ("listrecords", "getrecord") if v in fields), None)
    if verb is None:
        others = ", ".join(local(child) for child in root if local(child) not in ("responsedate", "request", ""))
        raise SourceError(
            f"answers another question of OAI-PMH ({others or 'nothing'}); ask for ListRecords or GetRecord", url=url
        )
    body = fields.first(verb)
    outcomes = [_read(Fields(e), sets, is_list=verb == "listrecords", url=url) for e in body.all("record")]
    token = Fields(body.first("resumptiontoken").element) if "resumptiontoken" in body else None
    size = str(token.element.get("completeListSize") or "") if token else ""
    return Parsed(
        records=tuple(o for o in outcomes if isinstance(o, Record)),
        rejected=tuple(o for o in outcomes if isinstance(o, Rejected)),
        expected=int(size) if size.isdecimal() and len(size) < 10 else None,
        next_url=_resume(url, one_line(body.text("resumptiontoken"))),
    )


def _error(error: _Element, url: str) -> Parsed:
    code, words = str(error.get("code") or "no code"), excerpt("".join(str(t) for t in error.itertext()))
    match code:
        case "noRecordsMatch":
            return Parsed()
        case "badResumptionToken":
            # Tokens live until midnight, UTC.
            raise SourceError(
                "was read too slowly: arXiv has forgotten where its list went on (badResumptionToken); "
                "it is read from its beginning the next time",
                url=url,
            )
        case _:
            raise SourceError(f"arXiv's OAI-PMH answered {excerpt(code)}: {words}", url=url)


def _resume(url: str, token: str) -> str | None:
    parts = urlsplit(url)
    if not token or parts.scheme not in ("http", "https"):
        return None
    if len(token) > _LONGEST_TOKEN:
        raise SourceError(f"goes on at a resumption token of {len(token):,} characters, which is none", url=url)
    return parts._replace(query=urlencode({"verb": "ListRecords", "resumptionToken": token})).geturl()


def _read(record: Fields, sets: Sequence[str], *, is_list: bool, url: str) -> Record | Rejected:
    header = record.first("header") if "header" in record else record
    identifier = one_line(header.text("identifier"))
    if header.element.get("status") == "deleted":
        return Rejected(reason="deleted by arXiv", excerpt=excerpt(identifier))
    metadata = record.first("metadata").element if "metadata" in record else None
    body = next((e for e in metadata if local(e)), None) if metadata is not None else None
    if body is None:
        return Rejected(reason="no metadata", excerpt=excerpt(identifier))
    if local(body) not in _FORMATS:
        raise SourceError(
            f"holds records in the format {local(body)}; ask for metadataPrefix=arXivRaw or arXiv", url=url
        )
    fields = Fields(body)
    title = clean_line(fields.text("title"))
    found = arxiv_id(fields.text("id")) or arxiv_id(identifier)
    if not title:
        return Rejected(reason="no title", excerpt=excerpt(identifier))
    if found is None:
        return Rejected(reason="no arXiv id", excerpt=excerpt(title))
    number = found[0]
    abstract = clean_text(fields.text("abstract"))
    italics = italic_phrases((fields.text("title"), fields.text("abstract")), (title, abstract))
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=number, doi=fields.text("doi"))
    versions = _versions(fields)
    published, updated = _dates(fields, versions, number)
    categories = tuple(dict.fromkeys(fields.text("categories").split()))
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract=abstract,
        italics=italics,
        authors=_authors(fields),
        url=f"https://arxiv.org/abs/{number}",
        links=(Link(rel="pdf", url=f"https://arxiv.org/pdf/{number}"),),
        published=published,
        updated=updated,
        version=max(versions, default=None),
        categories=categories,
        withdrawn=says_withdrawn(abstract)
        or title_says_withdrawn(title)
        or comment_says_withdrawn(fields.text("comments"), fields.text("journal-ref"))
        or _is_withdrawn(fields),
    )
    changed = moment(header.text("datestamp"))
    return Record(
        paper=classified(paper), announcement=_announcement(paper, number, changed, sets) if is_list else None
    )


def _announcement(paper: Paper, number: str, changed: datetime | None, sets: Sequence[str]) -> Announcement:
    """Return what the last change of a record was, as far as the record tells.

    A first version with an id of this month is new, or was new a few days ago and is known from those days' lists. All
    else is an update: a later version, a DOI; or a cross-list of an older paper, which cannot be told from these.
    """
    is_own = not sets or not paper.categories or any(covers(s, paper.categories[0]) for s in sets)
    is_first = (paper.version or 1) == 1
    if is_first and changed is not None and is_of_the_month(number, changed.date(), slack_days=_EVENING):
        return Announcement.NEW if is_own else Announcement.CROSS
    return Announcement.REPLACE if is_own else Announcement.REPLACE_CROSS


def _versions(fields: Fields) -> Mapping[int, Fields]:
    """Return the versions in an arXivRaw record by their numbers; empty for the format `arXiv`."""
    numbered = ((str(e.get("version") or "").removeprefix("v"), Fields(e)) for e in fields.all("version"))
    return {int(number): version for number, version in numbered if re.fullmatch(r"[1-9]\d{0,2}", number, re.ASCII)}


def _dates(fields: Fields, versions: Mapping[int, Fields], number: str) -> tuple[datetime | None, datetime | None]:
    """When the first version and this one were submitted."""
    if versions:
        first = moment(versions[1].text("date")) if 1 in versions else None
        return first, moment(versions[max(versions)].text("date"))
    created = moment(fields.text("created"))
    updated = moment(fields.text("updated")) or created
    # A date that is later than the id is not that of the first version.
    return (created if created and created.strftime("%Y%m") <= month_of(number) else None), updated


def _authors(fields: Fields) -> tuple[str, ...]:
    """Return the authors: elements in the format `arXiv`, one string with affiliations in `arXivRaw`."""
    authors = [Fields(e) for e in fields.first("authors").all("author")] if "authors" in fields else []
    if not authors:
        return split_authors(clean_line(fields.text("authors")))
    names = (" ".join(p.text(part) for part in ("forenames", "keyname", "suffix")) for p in authors)
    return people(map(clean_line, names))


def _is_withdrawn(fields: Fields) -> bool:
    versions = _versions(fields)
    return bool(versions) and _WITHDRAWN in versions[max(versions)].text("source_type")
