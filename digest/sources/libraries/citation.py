"""Convert the entries of a reference library, of any format, into papers.

bibtex.py  zotero_rdf.py  library.py  ──►  Citation  ──►  Record or Rejected
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from digest.core.identity.ids import arxiv_id, identify, merge
from digest.core.models import Paper, PaperId, Parsed, Record, Rejected
from digest.core.words.italics import italic_phrases
from digest.core.words.text import (
    clean_line,
    clean_mixed,
    clean_mixed_line,
    escaped,
    excerpt,
    one_line,
    people,
    web_url,
)

_NO_ABSTRACT: Final = re.compile(r"\W*+(?:no abstract(?: available)?|abstract|n/?a)?\W*+", re.IGNORECASE)
_ABSTRACT_HEADING: Final = re.compile(r"\A\W*abstract\b[\s:.—–-]*(?=\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The fields of an entry of a library, as they are written there."""

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    """"Surname, Given" or "Given Surname"."""
    doi: str = ""
    urls: tuple[str, ...] = ()
    """Addresses of the paper itself."""
    hints: tuple[str, ...] = ()
    """Fields in which an arXiv id may stand: "arXiv preprint arXiv:1706.03762", "arXiv:2401.01234 [cs]"."""
    key: str = ""
    """The library's key of the entry, for messages."""


def read_citations(citations: Iterable[Citation], rejected: Iterable[Rejected] = ()) -> Parsed:
    """Return the papers of a library, each once, in its order; entries without a title are rejected."""
    found: dict[PaperId, Record] = {}
    bad = list(rejected)
    for one in citations:
        paper = _paper(one)
        if paper is None:
            bad.append(Rejected(reason="no title", excerpt=excerpt(one.key or one.doi or one_line(repr(one)))))
        else:
            known = found.get(paper.id)
            found[paper.id] = Record(paper=merge(known.paper, paper) if known else paper)
    return Parsed(records=tuple(found.values()), rejected=tuple(bad))


def _paper(citation: Citation) -> Paper | None:
    title = clean_mixed_line(citation.title)
    if not any(c.isalnum() for c in title):
        return None
    abstract = _ABSTRACT_HEADING.sub("", clean_mixed(citation.abstract))
    arxiv = next((hint for hint in citation.hints if arxiv_id(hint)), None)
    urls = tuple(url for one in citation.urls if (url := web_url(escaped(one))))
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=arxiv, doi=citation.doi, urls=urls)
    return Paper(
        id=paper_id,
        aliases=aliases,
        title=title,
        abstract="" if _NO_ABSTRACT.fullmatch(abstract) else abstract,
        italics=italic_phrases((citation.title, citation.abstract), (title, abstract)),
        authors=people(map(clean_line, citation.authors)),
        url=urls[0] if urls else "",
    )
