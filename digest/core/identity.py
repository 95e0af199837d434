"""One identity per paper: canonical ids, and when two records are one work.

    identify()   what a record says of itself → its canonical id and the other ids
    merge()      two records of one work → one paper; commutative, associative, idempotent
    resolve()    the records of a reading + what the store knows → papers, with the reason of every join

Ids are strong (arXiv, DOI, OpenReview) or weak (a URL, a title key). Strong ids join without a further question, except
that two different arXiv ids are never one paper: proceedings give one DOI to many papers. Weak ids join only where the
rest agrees: some feeds link all their items to one page, and "Editorial" is the title of many papers.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from digest.core.models import Announcement, Paper, PaperId, Record, Signals

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.number since 2007, archive(.SUBJECT)/YYMMNNN before.
_NEW_STYLE: Final = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_STYLE: Final = r"[a-z][a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ARXIV_ID: Final = rf"(?P<id>{_NEW_STYLE}|{_OLD_STYLE})(?:v(?P<version>[1-9]\d{{0,2}}))?"
_ARXIV_BARE: Final = re.compile(rf"(?:arxiv:\s*)?{_ARXIV_ID}", re.IGNORECASE)
_ARXIV_WITHIN: Final = re.compile(
    r"(?:oai:arxiv\.org:|arxiv:\s*|10\.48550/arxiv\.|(?:^|[/.])arxiv\.org/(?:abs|pdf|html|ps|format)/"
    rf"|huggingface\.co/papers/|hf\.co/papers/|alphaxiv\.org/(?:abs|overview)/){_ARXIV_ID}(?![\d])",
    re.IGNORECASE,
)
_DOI: Final = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>?#]+)", re.IGNORECASE)
# bioRxiv and medRxiv write the version into the address of a page, behind the DOI.
_PREPRINT_VERSION: Final = re.compile(r"^(10\.(?:1101|64898)/[\d.]+?)v(\d+)(?:\..*)?$")
_BIORXIV_SHORT: Final = re.compile(r"(?:bio|med)rxiv\.org/cgi/content/(?:short|abstract|full)/(\d{6,})(?:v\d+)?")
_OPENREVIEW: Final = re.compile(r"openreview\.net/(?:forum|pdf)\?(?:.*&)?id=([\w-]{6,})")
_NOISE_PARAMETERS: Final = re.compile(r"^(?:utm_\w+|rss|fbclid|gclid|mc_\w+|ref|source)$")
_NOISE_OF_PUBMED: Final = frozenset({"fc", "ff", "v"})
"""When and with what a feed was fetched; elsewhere `v` may well name the article."""

_SCHEMES: Final = ("arxiv", "doi", "openreview", "url", "title")
"""Best first: the canonical id of a paper is the best of all its ids."""
_STRONG: Final = frozenset({"arxiv", "doi", "openreview"})
_PREPRINT_PREFIXES: Final = ("10.1101/", "10.64898/", "10.21203/", "10.31234/", "10.31219/", "10.20944/", "10.26434/")
"""bioRxiv and medRxiv (old and new), Research Square, PsyArXiv, OSF, Preprints.org, ChemRxiv."""
_SHORT_TITLE: Final = 16
"""Letters and digits below which a title alone says too little ("Editorial", "0")."""


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Find an arXiv id and its version in an id, an address, a guid or a DOI.

    Returns:
        `("2403.15527", 1)` for `oai:arXiv.org:2403.15527v1`; the version is None where it is not written;
        None if there is no arXiv id.
    """
    match = _ARXIV_BARE.fullmatch(text.strip()) or _ARXIV_WITHIN.search(text)
    if match is None:
        return None
    version = match["version"]
    return match["id"].lower() if "/" not in match["id"] else _old_style(match["id"]), int(version) if version else None


def _old_style(text: str) -> str:
    """`math.GT/0309136` and `math/0309136` are one paper: the subject class is not part of the id."""
    archive, number = text.split("/")
    return f"{archive.split('.')[0].lower()}/{number}"


def doi(text: str) -> str | None:
    """Find a DOI, in lower case and without a preprint's version; None where there is none or it wraps an arXiv id."""
    match = _DOI.search(text)
    if match is None:
        short = _BIORXIV_SHORT.search(text)
        return f"10.1101/{short[1]}" if short else None
    found = match[1].rstrip(".,;:)]}'").lower()
    found = re.sub(r"/(?:abstract|full|pdf|epdf|meta)$", "", found)
    versioned = _PREPRINT_VERSION.match(found)
    if versioned:
        found = versioned[1]
    return None if found.startswith("10.48550/arxiv.") else found


def doi_version(text: str) -> int | None:
    """The version that bioRxiv and medRxiv write behind a DOI (`10.1101/743294v2`) or None."""
    match = _DOI.search(text)
    versioned = _PREPRINT_VERSION.match(match[1].lower()) if match else None
    return int(versioned[2]) if versioned else None


def canonical_url(url: str) -> str | None:
    """One spelling for addresses of the same page: https, no `www.`, no fragment, no tracking parameters."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    noise = _NOISE_OF_PUBMED if host.startswith("pubmed.") else frozenset()
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in noise and not _NOISE_PARAMETERS.match(name.lower())
    )
    path = parts.path.rstrip("/")
    return f"https://{host}{port}{path}" + (f"?{urlencode(query)}" if query else "")


def title_key(title: str) -> str:
    """A title reduced to what all spellings of it share: letters and digits, no case, no accents, no TeX.

    Greek letters count by name, for one source writes `$\\Omega$` and another Ω.
    """
    decomposed = unicodedata.normalize("NFKD", re.sub(r"\\(?:mathcal|mathbf|mathrm|mathbb|text\w*|emph)\b", "", title))
    letters = (_letter(c) for c in decomposed.casefold() if c.isalnum())
    return "".join(letters)


def _letter(character: str) -> str:
    if "α" <= character <= "ω":
        return unicodedata.name(character).rsplit(" ", 1)[-1].lower()
    return character


def content_hash(title: str, abstract: str) -> str:
    """A fingerprint of what a summary is made from; blanks and line breaks do not count."""
    text = " ".join(title.split()) + "\n" + " ".join(abstract.split())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def title_id(title: str, abstract: str = "") -> PaperId:
    """The id of a record that has nothing but its text. Long keys are cut and get a hash, so that an id stays an id."""
    key = title_key(title)
    if len(key) < _SHORT_TITLE:
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
        arxiv: Anything that holds an arXiv id; so for `doi`. Neither is trusted to be well-formed.
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
        found.setdefault("doi", of_doi)
        return
    note = _OPENREVIEW.search(text)
    if note:
        found.setdefault("openreview", note[1])
        return
    page = canonical_url(text)
    if page:
        found.setdefault("url", page)


def scheme(paper_id: PaperId) -> str:
    """`arxiv` for `arxiv:2603.01234`."""
    return paper_id.partition(":")[0]


def _rank(paper_id: PaperId) -> tuple[int, str]:
    name = scheme(paper_id)
    return (_SCHEMES.index(name) if name in _SCHEMES else len(_SCHEMES), paper_id)


# -- merging


def merge(a: Paper, b: Paper) -> Paper:
    """Join two records of one work. Does not depend on order or grouping; merging a paper with itself changes nothing.

    Title, abstract and version come together from the better record: one with an abstract before one without, then
    the later version, then the longer abstract. Everything else is the fullest that either has.
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
        categories=max(a.categories, b.categories, key=lambda names: (len(names), names)),
        keywords=tuple(sorted({*a.keywords, *b.keywords})),
        withdrawn=a.withdrawn or b.withdrawn,
    )


def _content_order(paper: Paper) -> tuple[bool, int, int, str, str]:
    return bool(paper.abstract), paper.version or 0, len(paper.abstract), paper.abstract, paper.title


def _url_order(url: str) -> tuple[bool, bool, int, str]:
    return "arxiv.org/" not in url, "doi.org/" not in url, len(url), url


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


# -- deciding


def same_work(a: Paper, b: Paper) -> str | None:
    """Why two papers with equal title keys are one work; None if that is not enough.

    Two that have different arXiv ids, or different DOIs and no other id, are two works: parts, versions of a talk,
    corrections often share a title.
    """
    if conflicting(a, b):
        return None
    if not _has_strong_id(a) or not _has_strong_id(b):
        weak = a if not _has_strong_id(a) else b
        if scheme(weak.id) == "title" and len(title_key(weak.title)) >= _SHORT_TITLE:
            return "same title, and the record had no other id"
    if surnames(a) & surnames(b):
        return "same title and a common author"
    if a.abstract and b.abstract and likeness(a.abstract, b.abstract) >= 0.5:
        return "same title and nearly the same abstract"
    return None


def conflicting(a: Paper, b: Paper) -> bool:
    """True if their ids say that they are different works."""
    ids_a, ids_b = {a.id, *a.aliases}, {b.id, *b.aliases}
    arxiv_a, arxiv_b = _of_scheme(ids_a, "arxiv"), _of_scheme(ids_b, "arxiv")
    if arxiv_a and arxiv_b:
        return arxiv_a != arxiv_b
    doi_a, doi_b = _published_dois(ids_a), _published_dois(ids_b)
    return bool(doi_a and doi_b and not doi_a & doi_b and not arxiv_a and not arxiv_b)


def _published_dois(ids: Iterable[PaperId]) -> frozenset[PaperId]:
    """A preprint's DOI beside a journal's is no contradiction: the preprint was published."""
    return frozenset(i for i in _of_scheme(ids, "doi") if not i.removeprefix("doi:").startswith(_PREPRINT_PREFIXES))


def _of_scheme(ids: Iterable[PaperId], name: str) -> frozenset[PaperId]:
    return frozenset(i for i in ids if scheme(i) == name)


def _has_strong_id(paper: Paper) -> bool:
    return any(scheme(i) in _STRONG for i in (paper.id, *paper.aliases))


def surnames(paper: Paper) -> frozenset[str]:
    """The authors' last names as title keys: "Rodríguez-Gálvez" and "Rodriguez-Galvez" are one."""
    return frozenset(title_key(name.split()[-1]) for name in paper.authors if name.split()) - {""}


def likeness(a: str, b: str) -> float:
    """The share of the shorter text's five-word shingles that the longer has too; 0 to 1."""
    shingles_a, shingles_b = _shingles(a), _shingles(b)
    smaller = min(len(shingles_a), len(shingles_b))
    return len(shingles_a & shingles_b) / smaller if smaller else 0.0


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))) if words else frozenset()


def _alike_titles(a: str, b: str) -> bool:
    words_a, words_b = (frozenset(re.findall(r"\w+", t.casefold())) for t in (a, b))
    union = words_a | words_b
    return not union or len(words_a & words_b) / len(union) >= 0.5


# -- resolving


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A paper the store has."""

    pk: int
    paper: Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """One paper of a reading, and what the store must do with it."""

    pk: int | None
    """The store's key; None for a paper never seen."""
    paper: Paper
    """Merged out of what was known and all records of the reading, with all aliases."""
    joined: tuple[int, ...] = ()
    """Keys of other known papers that turn out to be this one and are to be folded into it."""
    record: Record
    """What the source says of it in this reading; doubles joined."""
    position: int
    """The first place in the reading where it stands, from 0."""
    reasons: tuple[tuple[PaperId, str], ...] = ()
    """(id, why it is this paper) for each id that is new to the store, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    papers: tuple[Resolved, ...]
    """In the reading's order, each paper once."""


@dataclass(slots=True, eq=False)
class _Work:
    """A paper while it is being put together."""

    paper: Paper
    pks: list[int] = field(default_factory=list)
    record: Record | None = None
    position: int = 0
    reasons: dict[PaperId, str] = field(default_factory=dict)


def lookup_keys(records: Iterable[Record]) -> tuple[frozenset[PaperId], frozenset[str]]:
    """The ids and title keys under which the store must look before `resolve` can decide."""
    papers = [r.paper for r in records]
    ids = frozenset(i for p in papers for i in (p.id, *p.aliases))
    # The id a title-only record of the same paper would have got.
    return ids | frozenset(title_id(p.title, p.abstract) for p in papers), frozenset(title_key(p.title) for p in papers)


def resolve(records: Sequence[Record], known: Iterable[Known]) -> Resolution:
    """Find out which papers the *records* of one reading are.

    Args:
        records: In the source's order.
        known: All papers of the store under the `lookup_keys` of *records*; more do no harm.
    """
    index = _Index()
    for k in sorted(known, key=lambda k: k.pk):
        index.add(_Work(paper=k.paper, pks=[k.pk]))
    for position, record in enumerate(records):
        index.place(record, position)
    listed = [(w.position, w, w.record) for w in index.works() if w.record is not None]
    listed.sort(key=lambda one: one[0])
    return Resolution(papers=tuple(_resolved(work, record) for _, work, record in listed))


def _resolved(work: _Work, record: Record) -> Resolved:
    keys = sorted(work.pks)
    return Resolved(
        pk=keys[0] if keys else None,
        paper=work.paper,
        joined=tuple(keys[1:]),
        record=replace(record, paper=work.paper),
        position=work.position,
        reasons=tuple(sorted(work.reasons.items())),
    )


class _Index:
    """Papers by id and by title key, while records are placed one after another."""

    def __init__(self) -> None:
        self._by_id: dict[PaperId, _Work] = {}
        self._by_title: dict[str, list[_Work]] = {}
        self._works: dict[int, _Work] = {}

    def works(self) -> Iterable[_Work]:
        return self._works.values()

    def add(self, work: _Work) -> None:
        self._works[id(work)] = work
        for i in (work.paper.id, *work.paper.aliases):
            self._by_id[i] = work
        works = self._by_title.setdefault(title_key(work.paper.title), [])
        if work not in works:
            works.append(work)

    def place(self, record: Record, position: int) -> None:
        record = self._unshared(record)
        paper = record.paper
        work: _Work | None = None
        for other, reason in self._matches(paper):
            if work is None:
                work = other
            elif other is not work and not conflicting(work.paper, other.paper):
                self._fold(work, other, reason)
        if work is None:
            paper = self._own_ids(paper, None)
            work = _Work(paper=paper, record=replace(record, paper=paper), position=position)
            work.reasons = dict.fromkeys((paper.id, *paper.aliases), "its own id")
        else:
            self._join(work, record, position)
        self.add(work)

    def _matches(self, paper: Paper) -> list[tuple[_Work, str]]:
        """Papers that *paper* is, each with the reason; those of its ids before those of its title."""
        found: dict[int, tuple[_Work, str]] = {}
        for i in (paper.id, *paper.aliases):
            work = self._by_id.get(i)
            if work and not conflicting(work.paper, paper):
                found.setdefault(id(work), (work, f"same id {i}"))
        alike = [(w, why) for w in self._by_title.get(title_key(paper.title), ()) if (why := same_work(w.paper, paper))]
        if scheme(paper.id) == "title" and not found:
            # A title may stand for several papers: take the likest one, and never fold those into each other.
            alike = sorted(alike, key=lambda m: (-likeness(m[0].paper.abstract, paper.abstract), m[0].paper.id))[:1]
        for work, why in alike:
            found.setdefault(id(work), (work, why))
        return list(found.values())

    def _unshared(self, record: Record) -> Record:
        """Take away an address that another paper has already: some feeds link all their items to one page."""
        paper = record.paper
        if scheme(paper.id) != "url":
            return record
        holder = self._by_id.get(paper.id)
        if holder is None or _alike_titles(holder.paper.title, paper.title):
            return record
        return replace(record, paper=replace(paper, id=title_id(paper.title, paper.abstract), aliases=()))

    def _join(self, work: _Work, record: Record, position: int) -> None:
        reason = next((why for w, why in self._matches(record.paper) if w is work), "same paper")
        before = {work.paper.id, *work.paper.aliases}
        work.paper = merge(work.paper, self._own_ids(record.paper, work))
        for i in {work.paper.id, *work.paper.aliases} - before:
            work.reasons.setdefault(i, reason)
        if work.record is None:
            work.record, work.position = record, position
            return
        work.record = Record(
            paper=work.paper,
            announcement=merge_announcements(work.record.announcement, record.announcement),
            signals=merge_signals(work.record.signals, record.signals),
        )

    def _own_ids(self, paper: Paper, work: _Work | None) -> Paper:
        """Drop ids that belong to a different paper (one DOI given to two arXiv papers): an id has one owner."""
        ids = [i for i in (paper.id, *paper.aliases) if self._by_id.get(i, work) is work]
        if work is not None and not ids:
            return replace(paper, id=work.paper.id, aliases=())
        return replace(paper, id=ids[0], aliases=tuple(sorted(ids[1:]))) if ids else paper

    def _fold(self, work: _Work, other: _Work, reason: str) -> None:
        """Two papers turn out to be one through a third record."""
        before = {work.paper.id, *work.paper.aliases}
        work.paper = merge(work.paper, other.paper)
        work.pks.extend(other.pks)
        work.reasons = {**other.reasons, **work.reasons}
        for i in {work.paper.id, *work.paper.aliases} - before:
            work.reasons[i] = reason
        if other.record is not None:
            if work.record is None:
                work.record, work.position = other.record, other.position
            else:
                work.record = Record(
                    paper=work.paper,
                    announcement=merge_announcements(work.record.announcement, other.record.announcement),
                    signals=merge_signals(work.record.signals, other.record.signals),
                )
                work.position = min(work.position, other.position)
        del self._works[id(other)]
        # Its title may have changed while it was put together: it stands under the old one too.
        for works in self._by_title.values():
            if other in works:
                works.remove(other)
