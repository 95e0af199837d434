"""One paper out of a document that somebody points at: a web page, a text, a PDF.

Publishers name a page's paper in `citation_…` or Dublin Core tags, for Google Scholar reads them; where they are
missing, the heading "Abstract" and what stands below it is taken.
https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from digest.core.dates import moment
from digest.core.errors import SourceError
from digest.core.identity import arxiv_id, identify
from digest.core.models import Link, Paper, Record
from digest.core.text import (
    author_name,
    clean_html,
    clean_line,
    clean_text,
    clean_title,
    clipped,
    excerpt,
    one_line,
    split_authors,
    web_url,
)
from digest.sources import guard

_ABSTRACT_HEADING: Final = re.compile(r"^\W*(?:abstract|summary)\b\W{0,3}", re.IGNORECASE)
_NEXT_HEADING: Final = re.compile(
    r"^\W*(?:(?:1|I)\.?\s+)?(?:introduction|background|keywords?|key words|index terms|ccs concepts|contents)\b",
    re.IGNORECASE,
)
_LONGEST_ABSTRACT: Final = 6000
"""Characters; longer ones are the paper itself, of which the beginning says what it is about."""
_LONGEST_TITLE: Final = 300
_PDF_PAGES: Final = 2
_TRIPS: Final = (LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError, RecursionError)
"""What pypdf raises, besides its own, over documents that its authors did not think of."""


def parse_page(content: bytes, *, url: str) -> Record:
    """The paper that a web page is about.

    Raises:
        SourceError: The page is empty, or neither title nor text can be found on it.
    """
    from lxml import etree, html

    try:
        text = guard.decoded(content, url=url, max_bytes=guard.MAX_FILE_BYTES).encode("utf-8", "replace")
        root = html.document_fromstring(text, parser=html.HTMLParser(encoding="utf-8", huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError) as exc:
        raise SourceError(f"{url}: is not a page that can be read ({excerpt(str(exc))})", url=url) from exc
    meta = _meta(root)
    title = _first(meta, "citation_title", "dc.title", "og:title", "twitter:title") or _first_of(root, "//h1|//title")
    title = re.sub(r"^\[\d{4}\.\d{4,5}\]\s*", "", clean_title(title))
    abstract = _abstract(root, meta)
    if not title:
        raise SourceError(f"{url}: has no title to go by", url=url)
    arxiv = clean_line(_first(meta, "citation_arxiv_id")) or (url if arxiv_id(url) else "")
    of_doi = _first(meta, "citation_doi", "dc.identifier", "prism.doi")
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=arxiv, doi=of_doi, urls=[url])
    pdf = web_url(_first(meta, "citation_pdf_url"))
    return Record(
        paper=Paper(
            id=paper_id,
            aliases=aliases,
            title=title[:_LONGEST_TITLE].rstrip(),
            abstract=abstract,
            authors=_authors(meta),
            url=web_url(url) or "",
            links=(Link(rel="pdf", url=pdf),) if pdf else (),
            published=moment(_first(meta, "citation_publication_date", "citation_date", "dc.date").replace("/", "-")),
        )
    )


def _meta(root: Any) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for tag in root.iter("meta"):
        name, value = tag.get("name") or tag.get("property"), tag.get("content")
        if name and value:
            found.setdefault(name.lower(), []).append(value)
    return found


def _first(meta: Mapping[str, Sequence[str]], *names: str) -> str:
    return next((meta[n][0] for n in names if n in meta), "")


def _first_of(root: Any, path: str) -> str:
    nodes = root.xpath(path)
    return _markup(nodes[0]) if nodes else ""


def _markup(node: Any) -> str:
    """An element with its tags: its text alone would turn 10<sup>5</sup> into 105."""
    from lxml import etree

    return str(etree.tostring(node, encoding="unicode", method="html", with_tail=False))


def _authors(meta: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = meta.get("citation_author") or meta.get("dc.creator") or ()
    if len(names) == 1 and names[0].count(",") != 1:
        return split_authors(clean_line(names[0]))
    return tuple(name for name in map(_given_first, names) if name)


def _given_first(name: str) -> str:
    surname, comma, given = clean_line(name).partition(", ")
    return author_name(f"{given} {surname}" if comma else surname)


def _abstract(root: Any, meta: Mapping[str, Sequence[str]]) -> str:
    """Out of its tags, else below its heading, else the first paragraphs of the text."""
    tagged = _first(meta, "citation_abstract")
    marked = root.xpath(
        "//blockquote[contains(@class,'abstract')] | //*[@id='abstract' or @id='Abs1'] | //section[@class='abstract']"
    )
    if not tagged and marked:
        tagged = _markup(marked[0])
    if not tagged:
        tagged = max(_first(meta, "dc.description"), _first(meta, "og:description", "description"), key=len)
    blocks = [one_line(clean_html(_markup(b))) for b in root.iter("h1", "h2", "h3", "h4", "p")]
    below = _below_heading([b for b in blocks if b])
    found = _ABSTRACT_HEADING.sub("", clean_text(clean_html(tagged)))
    return max(found, below, key=len)[:_LONGEST_ABSTRACT] if below else found or _opening(blocks)


def _below_heading(blocks: Sequence[str]) -> str:
    for n, block in enumerate(blocks):
        if _ABSTRACT_HEADING.match(block) and (len(block) < 20 or len(_ABSTRACT_HEADING.sub("", block)) > 200):
            first = _ABSTRACT_HEADING.sub("", block)
            rest: list[str] = []
            for other in blocks[n + 1 :]:
                if _NEXT_HEADING.match(other) or (len(other) < 40 and rest):
                    break
                rest.append(other)
                if first or sum(map(len, rest)) > 1200:
                    break
            return clean_text("\n\n".join(filter(None, [first] if first else rest)))
    return ""


def _opening(blocks: Sequence[str]) -> str:
    """The first paragraphs that are prose and not furniture."""
    prose = [b for b in blocks if len(b) > 120]
    return clean_text("\n\n".join(prose[:3]))[:_LONGEST_ABSTRACT]


def parse_text(text: str, *, name: str) -> Record:
    """The paper that a plain text is: its first line the title, then the abstract.

    Raises:
        SourceError: There is nothing but blanks.
    """
    blocks = [clean_line(b) for b in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())]
    first, _, rest = text.strip().partition("\n")
    title = clean_line(first)
    if not title:
        raise SourceError(f"{name}: is empty")
    if len(title) > _LONGEST_TITLE:
        # No title, just text: its beginning stands in for one.
        abstract, title = clean_text(text), clipped(title, 80)
    else:
        abstract = _below_heading(blocks) or clean_text(rest)
    abstract = abstract[:_LONGEST_ABSTRACT]
    paper_id, aliases = identify(title=title, abstract=abstract)
    return Record(paper=Paper(id=paper_id, aliases=aliases, title=title, abstract=abstract))


def parse_pdf(content: bytes, *, name: str) -> Record:
    """The paper that a PDF is, out of the text of its first pages.

    Raises:
        SourceError: It is no PDF, has no text (a scan), or pypdf is not installed.
    """
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError as exc:
        raise SourceError(f"{name}: PDFs need one more package: pip install 'research-digest[pdf]'") from exc
    # It tells of each repair, by the dozen; what came of them is said below.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        pages = [page.extract_text() or "" for page in reader.pages[:_PDF_PAGES]]
        titled = str(reader.metadata.title or "") if reader.metadata else ""
    except (PyPdfError, *_TRIPS) as exc:
        why = excerpt(str(exc)) or type(exc).__name__
        raise SourceError(f"{name}: is not a PDF that can be read ({why})") from exc
    lines = [line for page in pages for line in page.split("\n") if line.strip()]
    if not lines:
        raise SourceError(f"{name}: holds no text, only pictures of it")
    title = clean_line(titled) if len(titled) > 15 else clean_line(lines[0])
    abstract = _pdf_abstract(lines)
    stamp = arxiv_id(next((line for line in lines if re.search(r"arXiv:\d{4}\.\d{4,5}", line)), ""))
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=stamp[0] if stamp else None)
    return Record(paper=Paper(id=paper_id, aliases=aliases, title=title[:_LONGEST_TITLE].rstrip(), abstract=abstract))


def _pdf_abstract(lines: Sequence[str]) -> str:
    start = next((n for n, line in enumerate(lines) if _ABSTRACT_HEADING.match(line)), None)
    if start is None:
        return clean_text(_unwrapped(lines[1:60]))[:_LONGEST_ABSTRACT]
    first = _ABSTRACT_HEADING.sub("", lines[start])
    end = next((n for n in range(start + 1, len(lines)) if _NEXT_HEADING.match(lines[n])), min(len(lines), start + 60))
    return clean_text(_unwrapped([first, *lines[start + 1 : end]]))[:_LONGEST_ABSTRACT]


def _unwrapped(lines: Sequence[str]) -> str:
    """Undo the hyphens at line ends."""
    return re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", "\n".join(line.strip() for line in lines)).replace("\n", " ")
