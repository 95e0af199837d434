"""Read one paper from a document that a user names: a web page or a text; PDFs are read in `pdf.py`.

Publishers name a page's paper in `citation_…` or Dublin Core tags, for Google Scholar reads them; where they are
missing, the heading "Abstract" and what stands below it is taken.
https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.items.kinds import classified
from digest.core.items.venues import issns, venue_of
from digest.core.models import Link, Paper, Record
from digest.core.words.dates import moment
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_html,
    clean_line,
    clean_text,
    clean_title,
    clipped,
    excerpt,
    one_line,
    people,
    split_authors,
    web_url,
)
from digest.sources import guard

ABSTRACT_HEADING: Final = re.compile(r"^\W*(?:abstract|summary)\b\W{0,3}", re.IGNORECASE)
NEXT_HEADING: Final = re.compile(
    r"^\W*(?:(?:1|I)\.?\s+)?(?:introduction|background|keywords?|key words|index terms|ccs concepts|contents)\b",
    re.IGNORECASE,
)
LONGEST_ABSTRACT: Final = 6000
"""Characters; longer ones are the paper itself, of which the beginning says what it is about."""
LONGEST_TITLE: Final = 300


def parse_page(content: bytes, *, url: str) -> Record:
    """Return the paper that a web page is about.

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
    paper = Paper(
        id=paper_id,
        aliases=aliases,
        title=title[:LONGEST_TITLE].rstrip(),
        abstract=abstract,
        italics=italic_phrases(map(_markup, root.iter("h1", "p", "blockquote")), (title, abstract)),
        authors=_authors(meta),
        url=web_url(url) or "",
        links=(Link(rel="pdf", url=pdf),) if pdf else (),
        published=moment(_first(meta, "citation_publication_date", "citation_date", "dc.date").replace("/", "-")),
        venue=venue_of(_first(meta, "citation_journal_title", "citation_conference_title", "prism.publicationname")),
        issn=issns(meta.get("citation_issn", ())),
    )
    return Record(paper=classified(paper, types=[one for name in _TYPES for one in meta.get(name, ())]))


_TYPES: Final = ("citation_article_type", "dc.type", "prism.section")


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
    """Return an element with its tags: its text alone would turn 10<sup>5</sup> into 105."""
    from lxml import etree

    return str(etree.tostring(node, encoding="unicode", method="html", with_tail=False))


def _authors(meta: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = meta.get("citation_author") or meta.get("dc.creator") or ()
    if len(names) == 1:
        return split_authors(clean_line(names[0]))
    return people(map(clean_line, names))


def _abstract(root: Any, meta: Mapping[str, Sequence[str]]) -> str:
    """Return the abstract: from the page's meta tags, else below its heading, else the first paragraphs."""
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
    found = ABSTRACT_HEADING.sub("", clean_text(clean_html(tagged)))
    return max(found, below, key=len)[:LONGEST_ABSTRACT] if below else found or _opening(blocks)


def _below_heading(blocks: Sequence[str]) -> str:
    for n, block in enumerate(blocks):
        if ABSTRACT_HEADING.match(block) and (len(block) < 20 or len(ABSTRACT_HEADING.sub("", block)) > 200):
            first = ABSTRACT_HEADING.sub("", block)
            rest: list[str] = []
            for other in blocks[n + 1 :]:
                if NEXT_HEADING.match(other) or (len(other) < 40 and rest):
                    break
                rest.append(other)
                if first or sum(map(len, rest)) > 1200:
                    break
            return clean_text("\n\n".join(filter(None, [first] if first else rest)))
    return ""


def _opening(blocks: Sequence[str]) -> str:
    """Return the first paragraphs that are prose and not the page's menus and notices."""
    prose = [b for b in blocks if len(b) > 120]
    return clean_text("\n\n".join(prose[:3]))[:LONGEST_ABSTRACT]


def parse_text(text: str, *, name: str) -> Record:
    """Return the paper in a plain text: the first line is the title, the rest the abstract.

    Raises:
        SourceError: The text is empty.
    """
    blocks = [clean_line(b) for b in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())]
    first, _, rest = text.strip().partition("\n")
    title = clean_line(first)
    if not title:
        raise SourceError(f"{name}: is empty")
    if len(title) > LONGEST_TITLE:
        # No title, just text: its beginning stands in for one.
        abstract, title = clean_text(text), clipped(title, 80)
    else:
        abstract = _below_heading(blocks) or clean_text(rest)
    abstract = abstract[:LONGEST_ABSTRACT]
    paper_id, aliases = identify(title=title, abstract=abstract)
    return Record(paper=Paper(id=paper_id, aliases=aliases, title=title, abstract=abstract))
