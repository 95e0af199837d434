"""Read BibTeX and BibLaTeX, written by hand or exported by Zotero, JabRef and Google Scholar.

bibtexparser finds the entries: it knows macros, parentheses for braces, and goes on behind an entry that is broken.
What the fields mean is decided here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from digest.core.errors import SourceError
from digest.core.identity.dois import resolved
from digest.core.models import Parsed, Rejected
from digest.core.walls import foreign
from digest.core.words.text import excerpt, unicode_text
from digest.sources.libraries.citation import Citation, read_citations

if TYPE_CHECKING:
    from bibtexparser.model import Block, Entry

_HINTS: Final = ("eprint", "arxivid", "arxiv", "journal", "journaltitle", "note", "howpublished", "number", "url")
"""Where arXiv ids stand: arXiv's own export, Mendeley's, Google Scholar's "arXiv preprint arXiv:1706.03762"."""
# Looking back at one blank only: a run of a hundred thousand of them must not be tried from each.
_AND: Final = re.compile(r"(?<=\s)and(?=\s)|[{}]", re.IGNORECASE)
_MARKS: Final = re.compile(r"[{}\\]")
# A formula stays as it is; a brace elsewhere only protects capitals. One behind a backslash was resolved before.
_BRACES: Final = re.compile(r"(\$(?:\\.|[^$\\])+\$)|[{}]")


def read_bibtex(text: str) -> Parsed:
    """Return the papers of a .bib file; broken entries are rejected, and the entries behind them are read."""
    from bibtexparser.entrypoint import parse_string

    log = logging.getLogger("bibtexparser")
    level = log.level
    # It warns of each broken entry by itself; they are counted and told together.
    log.setLevel(logging.CRITICAL)
    try:
        with foreign("bibtexparser", lambda said: SourceError(f"cannot be read: {said}")):
            blocks = parse_string(text).blocks
    finally:
        log.setLevel(level)
    rejected = [r for block in blocks if (r := _rejected(block)) is not None]
    return read_citations((_citation(entry) for entry in _entries(blocks)), rejected)


def _entries(blocks: list[Block]) -> Iterator[Entry]:
    """Yield every readable entry, also those with a duplicate key or field."""
    from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry

    for block in blocks:
        inner = block
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            inner = block.ignore_error_block or block
        if isinstance(inner, Entry):
            yield inner


def _rejected(block: Block) -> Rejected | None:
    from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock

    if not isinstance(block, ParsingFailedBlock) or isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
        return None
    line = "" if block.start_line is None else f"line {block.start_line + 1}: "
    return Rejected(reason=f"{line}broken entry", excerpt=excerpt(block.raw or ""))


def _citation(entry: Entry) -> Citation:
    fields = {field.key.lower(): str(field.value) for field in entry.fields}
    is_elsewhere = fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).strip("{}").lower() != "arxiv"
    if is_elsewhere:
        fields.pop("eprint", None)
    return Citation(
        title=_text(fields.get("title", "")),
        abstract=_text(fields.get("abstract", "")),
        authors=tuple(_names(fields.get("author", ""))),
        doi=_bare(fields.get("doi", "")),
        urls=(_bare(fields.get("url", "")),),
        hints=tuple(_bare(fields[name]) for name in _HINTS if name in fields),
        key=entry.key,
    )


def _text(value: str) -> str:
    """Return a field as plain text: accents and text macros resolved, and no braces except in formulas."""
    return _BRACES.sub(lambda match: match[1] or "", unicode_text(value))


def _bare(value: str) -> str:
    """Return an id or URL without TeX's escapes and macros."""
    return _MARKS.sub("", resolved(value)).strip()


def _names(value: str) -> Iterator[str]:
    for name in _divided(value):
        parts = [_text(part).strip() for part in name.split(",")]
        if name.startswith("{") and name.endswith("}") and name.count("{") == 1:
            yield _text(name).replace(",", "")  # {The CMS Collaboration}: one name, however it looks
        elif len(parts) == 3:  # "von Last, Jr, First"
            yield f"{parts[2]} {parts[0]} {parts[1]}"
        elif parts[0] and parts[0].lower() != "others":
            yield ", ".join(parts)


def _divided(value: str) -> Iterator[str]:
    """Split a list of names at the word "and" outside of braces."""
    start = depth = 0
    for match in _AND.finditer(value):
        if match[0] in "{}":
            depth += 1 if match[0] == "{" else -1
        elif depth == 0:
            yield value[start : match.start()].strip()
            start = match.end()
    yield value[start:].strip()
