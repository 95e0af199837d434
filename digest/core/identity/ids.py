"""The ids of papers: finding them, choosing the canonical one, and merging two records of one work.

    identify()   the fields of a record → its canonical id and its other ids
    merge()      two records of one work → one paper; commutative, associative, idempotent

Whether two records are one work is decided by their ids in `resolve.py`, and by their words in `likeness.py`.

Ids are strong (arXiv, DOI, OpenReview) or weak (a URL, a title key, what a source calls an item). Strong ids join
without a further question, except that two different arXiv ids are never one paper: proceedings give one DOI to many
papers. Weak ids join only where the rest agrees: some feeds link all their items to one page, others number them from 1
every day, and "Editorial" is the title of many papers. DOIs are read in `dois.py`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from digest.core.identity.dois import decoded, doi, doi_url, doi_version, preprint_server, versionless, work_of
from digest.core.models import Announcement, Paper, PaperId, PaperKind, Signals
from digest.core.words.text import web_url

__all__ = [
    "SHORT_TITLE",
    "arxiv_id",
    "canonical_url",
    "content_hash",
    "doi",
    "doi_url",
    "doi_version",
    "has_strong_id",
    "identify",
    "ids_of",
    "is_of_a_source",
    "known_by",
    "merge",
    "merge_announcements",
    "merge_signals",
    "names_of",
    "preprint_server",
    "scheme",
    "title_id",
    "title_key",
    "title_words",
    "values",
    "versionless",
    "work_of",
]

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.number since 2007, archive(.SUBJECT)/YYMMNNN before.
# The number has four digits until 2014 and five since: with four it would be one that was cut.
_MONTH: Final = "(?:0[1-9]|1[0-2])"
_NEW_STYLE: Final = rf"(?:(?:0[7-9]|1[0-4]){_MONTH}\.\d{{4}}|(?:1[5-9]|[2-9]\d){_MONTH}\.\d{{5}})(?!\d)"
_OLD_STYLE: Final = r"[a-z][a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ARXIV_ID: Final = rf"(?P<id>{_NEW_STYLE}|{_OLD_STYLE})(?:v(?P<version>[1-9]\d{{0,2}}))?"
_ARXIV_BARE: Final = re.compile(rf"(?:arxiv:\s*)?{_ARXIV_ID}(?:\.pdf)?", re.IGNORECASE)
_ARXIV_WITHIN: Final = re.compile(
    r"(?:oai:arxiv\.org:|arxiv:\s*|10\.48550/arxiv\.|(?<![\w-])arxiv\.org/(?:abs|pdf|html|ps|format|src|e-print|dvi)/"
    r"|huggingface\.co/papers/|hf\.co/papers/|alphaxiv\.org/(?:abs|overview|pdf)/|ar5iv\.org/(?:abs|html)/|/arxiv/)"
    rf"{_ARXIV_ID}(?!\d)",
    re.IGNORECASE,
)
_OPENREVIEW: Final = re.compile(
    r"openreview\.net/(?:forum|pdf|attachment)/?\?(?:[^?#\s]*&)?id=([\w-]{6,40})(?![\w-]|…|\.\.)"
)
_NOISE_PARAMETERS: Final = re.compile(r"^(?:utm_\w+|rss|fbclid|gclid|mc_\w+|ref|source)$")
_GOOGLE: Final = re.compile(r"google\.[a-z]{2,3}(?:\.[a-z]{2})?")
"""Google's hosts: their `/url` redirects elsewhere, with other parameters at each reading."""
_NOISE_OF_PUBMED: Final = frozenset({"fc", "ff", "v"})
"""Parameters of PubMed's URLs that say when and how a feed was fetched; elsewhere `v` may name the article."""

_TEX_FONT: Final = re.compile(r"\\(?:mathcal|mathbf|mathrm|mathbb|text\w*|emph)\b")
_APOSTROPHES: Final = re.compile("['`\u2018\u2019]")
_WORD: Final = re.compile(r"[^\W_]+")

_SCHEMES: Final = ("arxiv", "doi", "openreview", "url", "title")
"""Best first: the canonical id of a paper is the best of all its ids."""
_OF_A_SOURCE: Final = "guid"
"""The scheme of the id that a source gives an item: an alias within that source, never a canonical id."""
_STRONG: Final = frozenset({"arxiv", "doi", "openreview"})
SHORT_TITLE: Final = 16
"""Letters and digits below which a title alone says too little ("Editorial", "0")."""


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Find an arXiv id and its version in an id, an address, a guid or a DOI.

    Returns:
        `("2403.15527", 1)` for `oai:arXiv.org:2403.15527v1`; the version is None where it is not written;
        None if there is no arXiv id.
    """
    text = decoded(text)
    match = _ARXIV_BARE.fullmatch(text.strip()) or _ARXIV_WITHIN.search(text)
    if match is None:
        return None
    version = match["version"]
    return match["id"].lower() if "/" not in match["id"] else _old_style(match["id"]), int(version) if version else None


def _old_style(text: str) -> str:
    """`math.GT/0309136` and `math/0309136` are one paper: the subject class is not part of the id."""
    archive, number = text.split("/")
    return f"{archive.split('.')[0].lower()}/{number}"


def leads_to(url: str) -> str:
    """Return the target of one of Google's redirecting URLs; any other URL is returned unchanged."""
    parts = urlsplit(web_url(url) or "")
    if not _GOOGLE.fullmatch((parts.hostname or "").removeprefix("www.")) or parts.path != "/url":
        return url
    behind = next((value for name, value in parse_qsl(parts.query) if name in ("url", "q")), "")
    return behind if web_url(behind) else url


def canonical_url(url: str) -> str | None:
    """Return one spelling for all URLs of the same page: https, no `www.`, no fragment, no tracking parameters."""
    safe = web_url(url)
    if safe is None:
        return None
    parts = urlsplit(safe)
    host = (parts.hostname or "").removeprefix("www.")
    if (page := leads_to(safe)) != safe:
        return canonical_url(page)
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    noise = _NOISE_OF_PUBMED if host.startswith("pubmed.") else frozenset()
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in noise and not _NOISE_PARAMETERS.match(name.lower())
    )
    path = parts.path.rstrip("/")
    return f"https://{host}{port}{path}" + (f"?{urlencode(query)}" if query else "")


def title_words(title: str) -> list[str]:
    """Return the words of a title in a form that all spellings share: no case, accents or TeX, Greek letters by name.

    One source writes `$\\Omega$` and another Ω.
    """
    text = _TEX_FONT.sub("", title) if "\\" in title else title
    if text.isascii():
        return _WORD.findall(_APOSTROPHES.sub("", text.casefold()))
    text = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return ["".join(map(_letter, word)) for word in _WORD.findall(_APOSTROPHES.sub("", text))]


# Cached, because it is needed a dozen times for one record.
@lru_cache(maxsize=16_384)
def title_key(title: str) -> str:
    """Return a title reduced to its letters and digits, which all its spellings share."""
    return "".join(title_words(title))


def _letter(character: str) -> str:
    if "α" <= character <= "ω":
        return unicodedata.name(character).rsplit(" ", 1)[-1].lower()
    return character


def content_hash(title: str, abstract: str) -> str:
    """A fingerprint of what a summary is made from; blanks and line breaks do not count."""
    text = " ".join(title.split()) + "\n" + " ".join(abstract.split())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def title_id(title: str, abstract: str = "") -> PaperId:
    """Return the id of a record that has only its text. Long title keys are cut and get a hash."""
    key = title_key(title)
    if len(key) < SHORT_TITLE:
        return PaperId(f"title:{key}-{content_hash(title, abstract)[:12]}")
    if len(key) > 120:
        return PaperId(f"title:{key[:100]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}")
    return PaperId(f"title:{key}")


def identify(
    *,
    title: str,
    abstract: str = "",
    arxiv: str | None = None,
    doi: str | None = None,
    openreview: str | None = None,
    urls: Iterable[str] = (),
) -> tuple[PaperId, tuple[PaperId, ...]]:
    """Give a record its canonical id and its other ids, sorted.

    Args:
        arxiv: Any text that holds an arXiv id; it need not be well-formed.
        doi: Any text that holds a DOI; it need not be well-formed.
        urls: Addresses and guids, the paper's own only; each is searched for ids too.
    """
    found: dict[str, str] = {}
    for text in (arxiv, doi, *urls):
        _mine(text or "", found)
    if openreview:
        found.setdefault("openreview", openreview)
    ids = {PaperId(f"{scheme}:{value}") for scheme, value in found.items() if scheme != "url" or len(found) == 1}
    if not ids:
        ids = {title_id(title, abstract)}
    first, *rest = sorted(ids, key=_rank)
    return first, tuple(sorted(rest))


def _mine(text: str, found: dict[str, str]) -> None:
    """Put the ids in *text* into *found*; the first of each scheme stays."""
    if not text:
        return
    arxiv = arxiv_id(text)
    if arxiv:
        found.setdefault("arxiv", arxiv[0])
        return
    of_doi = doi(text)
    if of_doi:
        found.setdefault("doi", versionless(of_doi))
        return
    note = _OPENREVIEW.search(decoded(text))
    if note:
        found.setdefault("openreview", note[1])
        return
    page = canonical_url(text)
    if page:
        found.setdefault("url", page)


def scheme(paper_id: PaperId) -> str:
    """`arxiv` for `arxiv:2603.01234`."""
    return paper_id.partition(":")[0]


def ids_of(paper: Paper) -> tuple[PaperId, ...]:
    """All its ids, the canonical one first."""
    return (paper.id, *paper.aliases)


def values(ids: Iterable[PaperId], name: str) -> frozenset[str]:
    """Return the values of those *ids* that have the scheme *name*, without the scheme: `2603.01234` for `arxiv`."""
    return frozenset(i.partition(":")[2] for i in ids if scheme(i) == name)


def is_of_a_source(paper_id: PaperId) -> bool:
    """Whether an id is one that a source gives its items: useful within that source only, and not shown to people."""
    return scheme(paper_id) == _OF_A_SOURCE


def names_of(paper: Paper) -> tuple[PaperId, ...]:
    """Return a paper's ids to be shown to people: the canonical one first, without ids that hold in one source only."""
    return tuple(i for i in ids_of(paper) if not is_of_a_source(i))


def known_by(paper: Paper, ids: Iterable[PaperId]) -> Paper:
    """Return *paper* with *ids*, the canonical one first; with the id of its title if none of them can be canonical."""
    all_of_them = tuple(ids)
    names = [i for i in all_of_them if not is_of_a_source(i)]
    first = names[0] if names else title_id(paper.title, paper.abstract)
    return replace(paper, id=first, aliases=tuple(sorted({*all_of_them} - {first})))


def has_strong_id(paper: Paper) -> bool:
    """Whether a paper has an id stronger than a URL or its title: arXiv, DOI or OpenReview."""
    return any(scheme(i) in _STRONG for i in ids_of(paper))


def _rank(paper_id: PaperId) -> tuple[int, str]:
    name = scheme(paper_id)
    return (_SCHEMES.index(name) if name in _SCHEMES else len(_SCHEMES), paper_id)


# -- merging


def merge(a: Paper, b: Paper) -> Paper:
    """Join two records of one work. Does not depend on order or grouping; merging a paper with itself changes nothing.

    Title, abstract, language and version come together from the better record: one with an abstract before one without,
    then the later version, then the longer abstract. Everything else is the fullest that either has.
    """
    best = max(a, b, key=_content_order)
    ids = sorted({a.id, b.id, *a.aliases, *b.aliases}, key=_rank)
    published = [p for p in (a.published, b.published) if p]
    updated = [u for u in (a.updated, b.updated) if u]
    return replace(
        best,
        id=ids[0],
        aliases=tuple(sorted(ids[1:])),
        authors=max(a.authors, b.authors, key=lambda names: (len(names), sum(map(len, names)), names)),
        url=min((u for u in (a.url, b.url) if u), key=_url_order, default=""),
        links=tuple(sorted({*a.links, *b.links}, key=lambda link: (link.rel, link.url))),
        published=min(published) if published else None,
        updated=max(updated) if updated else None,
        categories=max(a.categories, b.categories, key=_categories_order),
        keywords=tuple(sorted({*a.keywords, *b.keywords})),
        withdrawn=a.withdrawn or b.withdrawn,
        kind=max(a.kind, b.kind, key=_KINDS.index),
        corrects=tuple(sorted({*a.corrects, *b.corrects})),
        venue=max(a.venue, b.venue, key=lambda name: (len(name), name)),
        issn=tuple(sorted({*a.issn, *b.issn})),
        italics=tuple(sorted({*a.italics, *b.italics})),
    )


_KINDS: Final = tuple(PaperKind)
"""A source that says nothing of an item's kind calls it research: any other kind goes before that."""


def _categories_order(categories: tuple[str, ...]) -> tuple[bool, int, tuple[str, ...]]:
    # Those of arXiv and bioRxiv, which are few and chosen by the authors, before PubMed's many headings.
    return any(name[:1].islower() for name in categories[:1]), len(categories), categories


def _content_order(paper: Paper) -> tuple[bool, int, int, str, str, str]:
    return bool(paper.abstract), paper.version or 0, len(paper.abstract), paper.abstract, paper.title, paper.language


def _url_order(url: str) -> tuple[bool, bool, int, str]:
    # A DOI that was cut off has no page.
    return "arxiv.org/" not in url, "doi.org/" not in url or doi(url) is None, len(url), url


def merge_signals(a: Signals, b: Signals) -> Signals:
    """The higher of each count; votes are rarely taken back, and the later of two readings is not always known."""

    def higher(x: int | None, y: int | None) -> int | None:
        return max((v for v in (x, y) if v is not None), default=None)

    return Signals(
        upvotes=higher(a.upvotes, b.upvotes), comments=higher(a.comments, b.comments), stars=higher(a.stars, b.stars)
    )


_NEWEST_FIRST: Final = (
    Announcement.NEW,
    Announcement.CROSS,
    None,
    Announcement.REPLACE,
    Announcement.REPLACE_CROSS,
)


def merge_announcements(a: Announcement | None, b: Announcement | None) -> Announcement | None:
    """What is news in one list of a source is news: a paper is `new` in one category and `cross` in another."""
    return min(a, b, key=_NEWEST_FIRST.index)
