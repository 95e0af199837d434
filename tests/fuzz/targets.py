"""The parsers, each with documents to begin with and the changes that suit its format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from digest.core.models import Parsed
from tests.conftest import REAL_DATA, ROOT
from tests.fuzz import mutate

WEB: Final = "https://feeds.example.org/list"
NOW: Final = datetime(2026, 6, 3, 12, tzinfo=UTC)
_ITEMS: Final = frozenset({"item", "entry", "record", "outline", "PubmedArticle"})
_FEW: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser."""

    make: Callable[[], Callable[[bytes], Parsed | None]]
    """Imports the parser, which is why it is a function, and gives what reads a document with it."""
    mutator: mutate.Mutator
    seeds: tuple[str, ...]
    """Globs below tests/data and the folder of recorded feeds."""
    url: str = WEB
    own: Callable[[], Iterable[bytes]] = tuple
    """Documents written for the tests, for where nothing is recorded."""


def begin_with(target: Target) -> Iterator[bytes]:
    """Documents to begin with, cut down to a few items: a small input is run more often."""
    yield from target.own()
    for pattern in target.seeds:
        for folder in (ROOT / "tests" / "data", REAL_DATA):
            for file in sorted(folder.glob(pattern)):
                if file.is_file():
                    yield few(file.read_bytes())


def few(content: bytes) -> bytes:
    """The document with its first items only; one that is neither XML nor JSON is cut."""
    from lxml import etree

    start = content.lstrip()[:1]
    if len(content) < 8_000:
        return content
    if start == b"<":
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
        root = etree.fromstring(content, parser)
        if root is None:
            return content[:20_000]
        seen = 0
        for element in list(root.iter()):
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in _ITEMS:
                seen += 1
                if seen > _FEW and (parent := element.getparent()) is not None:
                    parent.remove(element)
        return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
    if start in (b"[", b"{"):
        with suppress(ValueError):
            return json.dumps(_short(json.loads(content)), ensure_ascii=False).encode()
    return content[: content.rfind(b"\n", 0, 20_000) + 1] or content[:20_000]


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(v) for v in value[:_FEW]]
    return {k: _short(v) for k, v in value.items()} if isinstance(value, dict) else value


def _arxiv() -> Callable[[bytes], Parsed]:
    from digest.sources.arxiv.source import ArxivSource

    source = ArxivSource("fuzz")
    return lambda content: source.parse(content, url=WEB)


def _feed() -> Callable[[bytes], Parsed]:
    from digest.sources.feed import FeedSource

    source = FeedSource("fuzz", url=WEB, clock=lambda: NOW)
    return lambda content: source.parse(content, url=WEB)


def _huggingface() -> Callable[[bytes], Parsed]:
    from digest.sources.huggingface import HuggingFaceSource

    source = HuggingFaceSource("fuzz")
    return lambda content: source.parse(content, url=HUGGINGFACE)


def _listing() -> Callable[[bytes], Parsed]:
    from digest.sources.listing import ListingSource

    source = ListingSource("fuzz", url="page.txt")
    return lambda content: source.parse(content, url="page.txt")


def _jsonl() -> Callable[[bytes], Parsed]:
    from digest.sources.jsonl import JsonlSource

    lines = JsonlSource("fuzz", url="f", fields={"abstract": "summary", "published": "paper.publishedAt"})
    plain, one = JsonlSource("fuzz", url="f"), JsonlSource("fuzz", url="f", items="papers")

    def read(content: bytes) -> Parsed:
        source = (lines, plain, one)[len(content) % 3]
        return source.parse(content, url="f")

    return read


def _page() -> Callable[[bytes], Parsed]:
    from digest.sources.page import parse_page

    return lambda content: Parsed(records=(parse_page(content, url="https://journal.example.org/article/1"),))


def _plain() -> Callable[[bytes], Parsed]:
    from digest.sources.page import parse_text

    return lambda content: Parsed(records=(parse_text(content.decode("utf-8", "replace"), name="notes.txt"),))


def _pdf() -> Callable[[bytes], Parsed]:
    from digest.sources import pdf, pdf_text

    return lambda content: Parsed(records=(pdf.paper_of(pdf_text.read(content), name="paper.pdf"),))


def _text() -> Callable[[bytes], None]:
    from digest.core.words import text
    from digest.core.words.names import split_authors
    from digest.sources.abstracts import tell_apart

    def read(content: bytes) -> None:
        raw = content.decode("utf-8", "replace")
        once = text.unicode_text(raw)
        if text.unicode_text(once) != once:
            raise AssertionError(f"unicode_text changes its own answer {once!r:.300}")
        for clean in (text.clean_line, text.clean_text, text.clean_html):
            cleaned = clean(raw)
            if text.strip_invisible(cleaned) != cleaned:
                raise AssertionError(f"{clean.__name__} leaves {cleaned!r:.300}")
        if "\n" in text.clean_line(raw) or len(text.excerpt(raw)) > 120:
            raise AssertionError(f"more than one line, or too long: {raw!r:.300}")
        if any(not n.strip() or "\n" in n for n in split_authors(text.clean_line(raw))):
            raise AssertionError(f"an author without a name in {raw!r:.300}")
        tell_apart(text.clean_line(raw[:50]), text.clean_html(raw))
        text.says_withdrawn(raw)
        text.web_url(raw)

    return read


def _dates() -> Callable[[bytes], None]:
    from datetime import timedelta

    from digest.core.words.dates import moment, not_after

    def read(content: bytes) -> None:
        raw = content.decode("utf-8", "replace")
        values: list[object] = [raw]
        with suppress(ValueError, RecursionError):
            values.append(json.loads(raw))
        for value in values:
            found = moment(value)
            if found is not None and found.utcoffset() != timedelta(0):
                raise AssertionError(f"{value!r:.100} is {found!r}")
            not_after(found, NOW)

    return read


def _arxiv_listing() -> Callable[[bytes], Parsed]:
    from digest.sources.arxiv.listing import ArxivListing

    witness = ArxivListing(["cs.LG"])

    def read(content: bytes) -> Parsed:
        census = witness.parse(content, url=WEB)
        if census.total is not None and census.total < 0:
            raise AssertionError(f"a list of {census.total}")
        return Parsed(records=census.records)

    return read


def _biorxiv() -> Callable[[bytes], Parsed]:
    from digest.sources.biorxiv import BiorxivSource

    of_one, of_all = BiorxivSource("fuzz", subjects=["plant biology"]), BiorxivSource("fuzz")
    return lambda content: (of_all if len(content) % 2 else of_one).parse(content, url=BIORXIV)


def _openalex() -> Callable[[bytes], Parsed]:
    from digest.sources.openalex import OpenAlexSource

    source = OpenAlexSource("fuzz", search="x")
    return lambda content: source.parse(content, url=OPENALEX)


def _openreview() -> Callable[[bytes], Parsed]:
    from digest.sources.openreview import OpenReviewSource

    source = OpenReviewSource("fuzz", venue="ICLR.cc/2027/Conference")
    return lambda content: source.parse(content, url=OPENREVIEW)


def _semanticscholar() -> Callable[[bytes], Parsed]:
    from digest.sources.semanticscholar import SemanticScholarSource

    source = SemanticScholarSource("fuzz", query="x")
    return lambda content: source.parse(content, url=SEMANTICSCHOLAR)


def _pubmed() -> Callable[[bytes], Parsed]:
    from digest.sources.pubmed import PubMedSource

    source = PubMedSource("fuzz", query="x")
    search = source.url_for(NOW.date())
    return lambda content: source.parse(content, url=EFETCH if content.lstrip()[:1] == b"<" else search)


def _command() -> Callable[[bytes], Parsed]:
    from digest.sources.command import CommandSource

    source = CommandSource("fuzz", command=["./papers"])
    return lambda content: source.parse(content, url="command:./papers")


def _opml() -> Callable[[bytes], None]:
    import tomllib

    from digest.sources.libraries.opml import as_config, parse_opml

    def read(content: bytes) -> None:
        outlines = parse_opml(content, url="mine.opml").feeds
        tables = tomllib.loads(as_config(outlines, taken_names=["a"], known_urls=["http://a.org/feed"]))
        names = [table["name"] for table in tables.get("source", [])]
        if len(set(names)) != len(names):
            raise AssertionError(f"one name twice: {names}")

    return read


BIORXIV: Final = "https://api.biorxiv.org/details/biorxiv/2026-03-02/2026-03-02/0/json"
OPENALEX: Final = "https://api.openalex.org/works?filter=type:article&per_page=100&cursor=*"
OPENREVIEW: Final = "https://api2.openreview.net/notes?invitation=V/-/Submission&limit=1000&offset=0"
SEMANTICSCHOLAR: Final = "https://api.semanticscholar.org/graph/v1/paper/search/bulk?query=x"
EFETCH: Final = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retstart=0&retmax=200&id=1"
HUGGINGFACE: Final = "https://huggingface.co/api/daily_papers?date=2026-06-03&limit=3"
_ITEM: Final = b'{"id": "https://x.org/1", "title": "T &amp; <i>U</i>", "content_html": "<p>A<sub>2</sub></p>", '
_JSON_FEED: Final = (
    b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "feed_url": "https://x.org/f.json", "items": ['
    + _ITEM
    + b'"url": "/a", "authors": [{"name": "Ada Lovelace"}], "date_published": "2026-06-02T10:00:00Z", "tags": ["x"]}]}'
)
_DAILY_PAPERS: Final = (
    b'[{"title": "A\\nTitle", "publishedAt": "2026-06-02T20:00:00.000Z", "numComments": 2, '
    b'"paper": {"id": "2606.00001", "authors": [{"name": "Ada Lovelace", "hidden": false}], '
    b'"publishedAt": "2026-06-01T00:00:00.000Z", "title": "A Title", "summary": "Things\\nare.", "upvotes": 9, '
    b'"githubRepo": "https://github.com/a/b", "githubStars": 3, "ai_keywords": ["things"]}}]'
)
_LISTING: Final = (
    b"new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nMar 11\n\nDeep Nets\n\n"
    + b"Deep learning is studied here in great depth. " * 10
    + b"\n\n12\n\nWide Nets of the Second Kind\n\n"
    + b"Transformers transform what was not transformed before. " * 8
)
_LINE: Final = (
    b'{"id": "2603.00001v2", "title": "A $x$ Title", "summary": "<p>Things</p>", "abstract": "Things are.", '
    b'"authors": ["Ada Lovelace", {"given": "Emmy", "family": "Noether"}], "categories": "cs.LG stat.ML", '
    b'"url": "https://arxiv.org/abs/2603.00001", "doi": "10.1000/x", "published": "2026-03-01", "upvotes": 3}'
)
_PAGE: Final = (
    b"<!doctype html><html><head><title>[2403.15527] A Page</title><meta name='citation_title' content='A Page'>"
    b"<meta name='citation_author' content='Noether, Emmy'><meta name='citation_doi' content='10.1000/y'>"
    b"<meta name='citation_publication_date' content='2026/03/01'><meta name='citation_pdf_url' content='/a.pdf'>"
    b"</head><body><h1>A Page</h1><h2>Abstract</h2><p>Things are everywhere.</p><h2>1 Introduction</h2><p>x</p>"
    b"<blockquote class='abstract'>Abstract: y</blockquote></body></html>"
)
_PDF_OBJECTS: Final = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding "
    b">> >> >> >>",
    b"<< /Length 121 >>\nstream\nBT /F1 12 Tf 14 TL 50 800 Td (A Paper on Things) Tj T* "
    b"(Abstract) Tj T* (We show \\(x\\) 9.) Tj T* [(a) -300 (b)] TJ ET      \nendstream",
    b"<< /Title (A Paper on Things) /Author (Ada) >>",
)


def a_pdf() -> bytes:
    """One page of text."""
    out = b"%PDF-1.4\n"
    places = []
    for n, body in enumerate(_PDF_OBJECTS, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 6 /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


_TEX: Final = (
    rb"Rodr\'iguez-G\'alvez uses \textbf{Mat\'ern} kernels~\cite{x} with $\nu=3/2$, 96.8\% of ``all'' -- 9{,}600",
    b"A, B (LAAS, CNRS), C and D; E et al. (909 additional authors not shown)",
    b"<p>We <sub>2</sub> &amp; 10<sup>5</sup><!-- x --> $x<y$</p><![CDATA[z]]>",
)
_DATES: Final = (
    b"Tue, 26 Mar 2024 04:00:03 +0000",
    b"2024-12-08T20:00:00.000Z",
    b"2021-12-14T02:38:52+0900",
    b"26 Mar 24 04:00 EST",
    b"1717400000000",
)


def _of_arxiv_listing() -> Iterator[bytes]:
    from tests.sources import test_arxiv_listing as written

    yield written.WHOLE
    yield written.page(written.section("New", [written.entry(1, title=r"$x$ and Poincar\'e")]), total=1)


def _of_biorxiv() -> Iterator[bytes]:
    from tests.sources import test_biorxiv as written

    items = [written.item(1), written.item(2, version="2", published="10.1038/s41586-026-0001-1", type="withdrawn")]
    yield json.dumps({"messages": [_BIORXIV_SAYS], "collection": items}).encode()
    yield b'{"messages": [{"status": "no posts found"}], "collection": []}'


def _of_openalex() -> Iterator[bytes]:
    from tests.sources import test_openalex as written

    yield written.answer(written.work(1), written.work(2, is_retracted=True, doi=None), count=3, cursor="abc")


def _of_openreview() -> Iterator[bytes]:
    from tests.sources import test_openreview as written

    yield json.dumps(
        {"notes": [written.note(1), written.note(2, authors=None, venue="withdrawn")], "count": 2}
    ).encode()
    yield json.dumps({"notes": [{**written.note(3), "content": {"title": "Old", "abstract": "x"}}]}).encode()


def _of_semanticscholar() -> Iterator[bytes]:
    from tests.sources import test_semanticscholar as written

    yield json.dumps({"total": 2, "token": "t", "data": [written.item(), written.item(externalIds=None)]}).encode()


def _of_pubmed() -> Iterator[bytes]:
    result = {"count": "2", "retmax": "2", "retstart": "0", "querykey": "1", "webenv": "MCID_x", "idlist": ["1", "2"]}
    yield json.dumps({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}).encode()


def _of_opml() -> Iterator[bytes]:
    from tests.sources import test_opml as written

    yield written.NESTED.encode()


_BIORXIV_SAYS: Final = {"status": "ok", "interval": "x", "cursor": 0, "count": 2, "count_new_papers": "1", "total": "9"}

TARGETS: Final[dict[str, Target]] = {
    "arxiv": Target(
        make=_arxiv,
        mutator=mutate.xml,
        seeds=(
            "arxiv-*.xml",
            "arxiv-old.rdf",
            "arxiv-rss/*",
            "arxiv-rss1/*",
            "arxiv-api/**/*.xml",
            "arxiv-oai*.xml",
            "arxiv-oai/*.xml",
        ),
    ),
    "feed": Target(
        make=_feed,
        mutator=mutate.xml,
        seeds=("arxiv-*", "biorxiv/*", "journals/**/*", "corpora/**/*.xml", "corpora/**/*.rss", "corpora/**/*.atom"),
    ),
    "jsonfeed": Target(
        make=_feed, mutator=mutate.json_document, seeds=("corpora/**/*.json",), own=lambda: [_JSON_FEED]
    ),
    "huggingface": Target(
        make=_huggingface,
        mutator=mutate.json_document,
        seeds=("huggingface-daily/*.json",),
        url=HUGGINGFACE,
        own=lambda: [_DAILY_PAPERS],
    ),
    "listing": Target(make=_listing, mutator=mutate.text, seeds=("huggingface-listing/*",), own=lambda: [_LISTING]),
    "jsonl": Target(
        make=_jsonl,
        mutator=mutate.json_lines,
        seeds=("arxiv-days/*-0[1-3].jsonl", "arxiv-announce/*"),
        url="f",
        own=lambda: [_LINE, _LINE + b"\n" + _LINE],
    ),
    "arxiv-listing": Target(make=_arxiv_listing, mutator=mutate.xml, seeds=(), own=_of_arxiv_listing),
    "biorxiv": Target(make=_biorxiv, mutator=mutate.xml_or_json, seeds=("biorxiv/*",), url=BIORXIV, own=_of_biorxiv),
    "openalex": Target(make=_openalex, mutator=mutate.json_document, seeds=(), url=OPENALEX, own=_of_openalex),
    "openreview": Target(make=_openreview, mutator=mutate.json_document, seeds=(), url=OPENREVIEW, own=_of_openreview),
    "semanticscholar": Target(
        make=_semanticscholar, mutator=mutate.json_document, seeds=(), url=SEMANTICSCHOLAR, own=_of_semanticscholar
    ),
    "pubmed": Target(
        make=_pubmed,
        mutator=mutate.xml_or_json,
        seeds=("pubmed*.xml", "journals/*/pubmed-article.xml"),
        url=EFETCH,
        own=_of_pubmed,
    ),
    "opml": Target(make=_opml, mutator=mutate.xml, seeds=("corpora/**/*.opml", "corpora/**/opml*.xml"), own=_of_opml),
    "command": Target(
        make=_command, mutator=mutate.json_lines, seeds=("arxiv-days/*-01.jsonl",), own=lambda: [_JSON_FEED]
    ),
    "page": Target(make=_page, mutator=mutate.xml, seeds=("corpora/**/*.html",), own=lambda: [_PAGE]),
    "plain": Target(make=_plain, mutator=mutate.text, seeds=("huggingface-listing/*",), own=lambda: _TEX),
    "pdf": Target(make=_pdf, mutator=mutate.text, seeds=(), own=lambda: [a_pdf()]),
    "text": Target(make=_text, mutator=mutate.text, seeds=(), own=lambda: _TEX),
    "dates": Target(make=_dates, mutator=mutate.text, seeds=(), own=lambda: _DATES),
}
