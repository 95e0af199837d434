"""Read a library of papers, as reference managers export it; the file's ending tells the format.

.bib    BibTeX, BibLaTeX                 .json   CSL-JSON, Better BibTeX JSON, Zotero's own
.ris    RIS                              .jsonl  one object a line, as sources of the kind `jsonl`
.rdf    Zotero RDF, Bibliontology RDF    .csv    Zotero CSV, or any with a column "title"
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from digest.core.errors import SourceError
from digest.core.models import Parsed, Rejected
from digest.core.words.text import excerpt, split_authors
from digest.sources import guard
from digest.sources.libraries.citation import Citation, read_citations

_RIS_LINE: Final = re.compile(r"([A-Z][A-Z0-9])  ?- ?(.*)")
_RIS_CONTENT: Final = frozenset({"TI", "T1", "CT", "AB", "N2", "AU", "A1", "DO"})
"""Tags of RIS with content; an entry has at least one of them."""
_NO_PAPERS: Final = frozenset({"attachment", "note", "annotation"})
_WRITES: Final = frozenset({"author", "podcaster", "presenter", "programmer", "inventor", "artist"})
"""Zotero's kinds of creators that count as authors."""
_LONGEST_CELL: Final = 10_000_000
_ABOVE_HEADINGS: Final = 10
_END: Final = "end of the library"
_COLUMNS: Final = {
    "title": ("title", "article title", "document title"),
    "abstract": ("abstract note", "abstract", "abstractnote"),
    "authors": ("author", "authors"),
    "doi": ("doi",),
    "url": ("url", "link"),
    "hints": ("extra", "archive id", "archive location", "number", "arxiv id", "eprint", "publication title"),
    "key": ("key", "item key", "id"),
    "type": ("item type",),
}
"""Headings of each column of a CSV file, best first, by our name of the column."""


def read_library(content: bytes, *, name: str) -> Parsed:
    """The papers of a library, each once and in its order, and the entries that could not be read.

    Args:
        name: The file's name; its ending is one of `digest.core.ranking.interests.LIBRARIES`.

    Raises:
        SourceError: The file has another format than its ending says, or holds no paper.
    """
    ending = name.rpartition(".")[2].lower()
    if ending == "rdf":
        from digest.sources.libraries.zotero_rdf import read_rdf

        parsed = read_rdf(content, name=name)
    elif ending == "jsonl":
        from digest.sources.jsonl import JsonlSource

        parsed = JsonlSource(name, url=name).parse(content, url=name)
    else:
        parsed = _read_text(_decoded(content), ending, name)
    if not parsed.records:
        raise SourceError(f"{name}: holds no paper that can be read; export the library again")
    return parsed


def _read_text(text: str, ending: str, name: str) -> Parsed:
    if ending == "bib":
        from digest.sources.libraries.bibtex import read_bibtex

        return read_bibtex(text)
    if ending == "ris":
        return read_citations(_ris(text))
    if ending == "csv":
        return read_citations(_csv(text, name))
    return _json(text, name)


def _decoded(content: bytes) -> str:
    return guard.decoded(content, max_bytes=guard.MAX_FILE_BYTES) if content.strip() else ""


# -- RIS: https://en.wikipedia.org/wiki/RIS_(file_format)


_RisFields: TypeAlias = "dict[str, list[list[str]]]"


def _ris(text: str) -> Iterator[Citation]:
    """One citation for each entry; a line without a tag goes on with the line before.

    An entry ends at its `ER`, wherever in it `TY` stands: some exporters put other lines before it. Where `ER` is
    missing it ends at the next `TY`, or at the blank line before the lines that come before that. What is no entry
    (the exporter's header, the query between two entries, an `ER` too many) is passed over.
    """
    entry: _RisFields = {}
    # What follows the last blank line within an entry: the rest of it, unless a TY comes.
    after: _RisFields | None = None
    last = ""
    for line in text.splitlines():
        match = _RIS_LINE.match(line)
        tag, value = (match[1], match[2].strip()) if match else (last, line.strip())
        if match and tag == "ER":
            yield from _ris_entry(_ris_joined(entry, after))
            entry, after, last = {}, None, ""
        elif match:
            if tag == "TY" and (after or "TY" in entry):
                yield from _ris_entry(entry)
                entry, after = after or {}, None
            (entry if after is None else after).setdefault(tag, []).append([value])
            last = tag
        elif last and value:
            (after if after and last in after else entry)[last][-1].append(value)
        elif not value and "TY" in entry:
            entry, after = _ris_joined(entry, after), {}
    yield from _ris_entry(_ris_joined(entry, after))


def _ris_joined(entry: _RisFields, after: _RisFields | None) -> _RisFields:
    for tag, values in (after or {}).items():
        entry.setdefault(tag, []).extend(values)
    return entry


def _ris_entry(fields: _RisFields) -> Iterator[Citation]:
    if "TY" in fields or not _RIS_CONTENT.isdisjoint(fields):
        yield _ris_citation(fields)


def _ris_citation(lines: Mapping[str, list[list[str]]]) -> Citation:
    fields = {tag: [" ".join(value) for value in values] for tag, values in lines.items()}

    def first(*tags: str) -> str:
        return next((fields[tag][0] for tag in tags if tag in fields), "")

    return Citation(
        title=first("TI", "T1", "CT"),
        abstract=first("AB", "N2"),
        authors=tuple(_turned(name) for tag in ("AU", "A1") for name in fields.get(tag, ())),
        doi=first("DO"),
        urls=tuple(fields.get("UR", ())),
        hints=tuple(value for tag in ("M1", "M3", "AN", "JO", "T2", "N1", "UR") for value in fields.get(tag, ())),
        key=first("ID", "TI", "T1"),
    )


def _turned(name: str) -> str:
    """Move a suffix behind the name, as in "King, Martin Luther, Jr.", where it is not taken for a given name."""
    surname, _, rest = name.partition(",")
    given, _, suffix = rest.partition(",")
    return f"{given.strip()} {surname.strip()} {suffix.strip()}".strip() if suffix.strip() else name


# -- JSON


def _json(text: str, name: str) -> Parsed:
    """A list of items, or an object that holds one: as CSL, as Better BibTeX, as Zotero's API."""
    items = _items(_document(text, name))
    if items is None:
        raise SourceError(f"{name}: holds no list of items; export the library as CSL JSON")
    good = [item.get("data", item) if isinstance(item, dict) else item for item in items]
    bad = [Rejected(reason="is no object", excerpt=excerpt(json.dumps(i))) for i in good if not isinstance(i, dict)]
    return read_citations((_json_citation(i) for i in good if isinstance(i, dict) and _may_be_paper(i)), bad)


def _document(text: str, name: str) -> Any:
    """Return the JSON value of the text; a list if it has one object a line."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as exc:
        try:
            return [json.loads(line, strict=False) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise SourceError(f"{name}: is not JSON ({excerpt(str(exc))})") from exc


def _items(document: Any) -> list[Any] | None:
    """Return the list of items from the places where exporters put it; None if there is none."""
    if not isinstance(document, dict):
        return document if isinstance(document, list) else None
    if isinstance(document.get("items"), list):
        return list(document["items"])
    if isinstance(document.get("title"), str):
        return [document]
    if isinstance(document.get("message"), dict):  # as Crossref's API answers
        return _items(document["message"])
    lists = [v for v in document.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v)]
    if len(lists) == 1:
        return lists[0]
    keyed = [item for item in document.values() if isinstance(item, dict) and "title" in item]
    return keyed if keyed and len(keyed) == len(document) else None


def _may_be_paper(item: Mapping[str, Any]) -> bool:
    return item.get("itemType") not in _NO_PAPERS


def _json_citation(item: Mapping[str, Any]) -> Citation:
    def said(*names: str) -> str:
        return next((value for name in names if isinstance(value := item.get(name), str) and value.strip()), "")

    hints = (
        said("archiveID"),
        said("arxiv", "eprint"),
        said("number"),
        said("note", "extra"),
        said("archive_location"),
    )
    return Citation(
        title=said("title"),
        abstract=said("abstract", "abstractNote"),
        authors=tuple(filter(None, map(_json_name, _people(item)))),
        doi=said("DOI", "doi"),
        urls=(said("URL", "url"),),
        hints=(*hints, said("URL", "url"), said("container-title", "publicationTitle")),
        key=said("citation-key", "citationKey", "id", "key", "DOI"),
    )


def _people(item: Mapping[str, Any]) -> Iterable[Any]:
    people = item.get("author", item.get("authors", item.get("creators")))
    if isinstance(people, str):
        return split_authors(people)
    return people if isinstance(people, list) else ([people] if isinstance(people, dict) else ())


def _json_name(person: Any) -> str:
    if isinstance(person, str):
        return person
    if not isinstance(person, dict) or person.get("creatorType", "author") not in _WRITES:
        return ""
    named = [person.get(part) for part in ("given", "firstName", "non-dropping-particle", "family", "lastName")]
    name = " ".join(part for part in named if isinstance(part, str) and part.strip())
    whole = person.get("literal") or person.get("name")
    return name or (whole if isinstance(whole, str) else "")


# -- CSV


def _csv(text: str, name: str) -> Iterator[Citation]:
    csv.field_size_limit(_LONGEST_CELL)  # Zotero puts all notes of an item into one cell
    above = text.splitlines()[:_ABOVE_HEADINGS]
    header = next((line for line in above if "title" in line.lower() and any(map(line.count, ",;\t"))), text[:1000])
    delimiter = max(",;\t", key=header.count)
    # Behind a quote that nothing closes all is one cell: a line of our own shows whether the end was met.
    rows = csv.reader(io.StringIO(f"{text}\n{_END}\n", newline=""), delimiter=delimiter)
    try:
        columns = _columns(rows)
        if not any(title in columns for title in _COLUMNS["title"]):
            raise SourceError(f'{name}: has no column "Title"; export the library as CSV with a line of headings')
        began = ended = rows.line_num
        for row in rows:
            if row == [_END]:
                return
            citation = _csv_citation(row, columns)
            if citation is not None:
                yield citation
            began, ended = ended, rows.line_num
        raise SourceError(f"{name}: a quotation mark that opens in line {began + 1} or behind it is never closed")
    except csv.Error as exc:
        raise SourceError(f"{name}: is no CSV that can be read ({exc})") from exc


def _columns(rows: Iterator[list[str]]) -> dict[str, int]:
    """Heading → its place; some programs write lines of their own above the headings."""
    for row in islice(rows, _ABOVE_HEADINGS):
        columns: dict[str, int] = {}
        for place, heading in enumerate(row):
            columns.setdefault(heading.strip().lower(), place)
        if any(title in columns for title in _COLUMNS["title"]):
            return columns
    return {}


def _csv_citation(row: Sequence[str], columns: Mapping[str, int]) -> Citation | None:
    def said(of: str) -> list[str]:
        places = (columns[column] for column in _COLUMNS[of] if column in columns)
        return [row[place].strip() for place in places if place < len(row) and row[place].strip()]

    def first(of: str) -> str:
        return next(iter(said(of)), "")

    if first("type") in _NO_PAPERS or not any(row):
        return None
    authors = first("authors")
    return Citation(
        title=first("title"),
        abstract=first("abstract"),
        authors=tuple(part.strip() for part in (authors.split(";") if ";" in authors else [authors])),
        doi=first("doi"),
        urls=(first("url"),),
        hints=(*said("hints"), first("url")),
        key=first("key"),
    )
