"""RDF as Zotero exports it: "Zotero RDF" and "Bibliontology RDF".

The first keeps everything of an item inside its element; the second keeps people apart, under ids of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from digest.core.errors import SourceError
from digest.core.models import Parsed
from digest.core.words.text import excerpt, one_line
from digest.sources import guard
from digest.sources.libraries.citation import Citation, read_citations

if TYPE_CHECKING:
    from lxml.etree import _Element

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_TERMS: Final = "{http://purl.org/dc/terms/}"
_BIB: Final = "{http://purl.org/net/biblio#}"
_BIBO: Final = "{http://purl.org/ontology/bibo/}"
_FOAF: Final = "{http://xmlns.com/foaf/0.1/}"
_Z: Final = "{http://www.zotero.org/namespaces/export#}"
_NO_PAPERS: Final = frozenset({"attachment", "note", "annotation"})
_MAX_TAGS: Final = 10_000_000
"""A paper with notes and attachments has about a hundred."""


def read_rdf(content: bytes, *, name: str) -> Parsed:
    """The papers of an RDF file.

    Raises:
        SourceError: It is no RDF, or has entities or a document type of its own.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        checked = guard.xml(content, max_bytes=guard.MAX_FILE_BYTES, max_tags=_MAX_TAGS)
        root = etree.fromstring(checked, parser)
    except SourceError as exc:
        raise SourceError(f"{name}: {exc}; export the library as Zotero RDF") from exc
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise SourceError(f"{name}: is no XML that can be read ({excerpt(str(exc))})") from exc
    if root.tag != f"{_RDF}RDF":
        raise SourceError(f"{name}: is no RDF; export the library as Zotero RDF")
    people = {node: e for e in root if (node := e.get(f"{_RDF}nodeID"))}
    return read_citations(_citation(item, people) for item in root if _is_paper(item))


def _is_paper(item: _Element) -> bool:
    if not isinstance(item.tag, str):  # a comment
        return False
    if item.tag.startswith(_BIBO):
        return item.find(f"{_TERMS}creator") is not None or item.find(f"{_TERMS}abstract") is not None
    return _said(item, f"{_Z}itemType") not in ("", *_NO_PAPERS)


def _citation(item: _Element, people: dict[str, _Element]) -> Citation:
    about = item.get(f"{_RDF}about", "")
    identifiers = [_all_text(e) for e in item.findall(f"{_DC}identifier")]
    of_journal = [_all_text(e) for e in item.findall(f"{_TERMS}isPartOf/*/{_DC}identifier")]
    dois = [one for one in (*identifiers, *of_journal) if one.upper().startswith("DOI")]
    uris = [one for one in identifiers if one.startswith("http")]
    extra = _said(item, f"{_DC}description") or _said(item, f"{_Z}extra")
    return Citation(
        title=_said(item, f"{_DC}title") or _said(item, f"{_TERMS}title"),
        abstract=_said(item, f"{_TERMS}abstract"),
        authors=tuple(_authors(item, people)),
        doi=next(iter(dois), "") or _said(item, f"{_BIBO}doi"),
        urls=tuple(uris or ([about] if about.startswith("http") else [])),
        hints=(extra, *(_all_text(e) for e in item.findall(f"{_Z}archiveID")), *uris, about),
        key=about,
    )


def _authors(item: _Element, people: dict[str, _Element]) -> Iterator[str]:
    for place in (*item.findall(f"{_BIB}authors"), *item.findall(f"{_BIBO}authorList")):
        for entry in place.iter(f"{_RDF}li"):
            person = people.get(entry.get(f"{_RDF}nodeID", ""))
            person = person if person is not None else next(iter(entry), None)
            if person is None:
                continue
            surname, given = _said(person, f"{_FOAF}surname"), _said(person, f"{_FOAF}givenName")
            # One that has a comma of its own is an institution, and no name turned round.
            name = f"{given} {surname}" if given else (surname or _said(person, f"{_FOAF}name"))
            yield name.replace(",", "").strip()


def _said(element: _Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _all_text(element: _Element) -> str:
    return one_line(" ".join(str(text) for text in element.itertext()))
