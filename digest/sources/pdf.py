"""One paper out of a PDF: its title, abstract and arXiv stamp, by the text of the first pages."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from digest.core.errors import SourceError
from digest.core.identity.ids import arxiv_id, identify
from digest.core.models import Paper, Record
from digest.core.words.hyphens import document_words, unwrapped
from digest.core.words.text import clean_line, clean_text, excerpt
from digest.sources.page import ABSTRACT_HEADING, LONGEST_ABSTRACT, LONGEST_TITLE, NEXT_HEADING

TIMEOUT_S: Final = 60.0
_INSTALL: Final = "pip install 'research-digest[pdf]'"
_ARXIV: Final = r"(?:\d{4}\.\d{4,5}|[a-z-]{2,8}(?:\.[A-Z]{2})?/\d{7})(?:v\d{1,3})?"
_DATE: Final = r"\d{1,2}\s+[A-Z][a-z]{2,8}\.?\s+\d{4}"
# Down the left side of the first page: "arXiv:hep-th/9408099v2  17 Aug 1994", "arXiv:2611.04242v2  [q-bio.QM]  17 Nov
# 2026". An id within a line of text is that of a paper which this one cites.
_STAMP: Final = re.compile(rf"arXiv:\s?({_ARXIV})(?:\s+\[[\w.-]+\])?(?:\s+{_DATE})?\s*\Z")
_OLD_NUMBER: Final = re.compile(r"(?:arXiv:\s?)?([a-z-]{2,8}(?:\.[A-Z]{2})?/\d{7}(?:v\d{1,3})?)\Z")
_NO_TITLE: Final = re.compile(
    r"(?:microsoft word|powerpoint|untitled|document\d*\b|main\b|paper\b|manuscript\b|title\b|arxiv|layout\b)"
    r"|\S*\.(?:pdf|tex|dvi|docx?|ps|indd|rtf)\s*\Z",
    re.IGNORECASE,
)
_FURNITURE: Final = re.compile(
    rf"\d{{1,4}}\Z|{_DATE}\Z|(?:published|accepted|presented|submitted|under review|preprint|to appear|workshop"
    r"|journal of|proceedings|vol(?:ume|\.)|doi:|https?://|issn|©|copyright|draft|technical report|research article"
    r"|article\b\W*\Z)",
    re.IGNORECASE,
)
_PLACES: Final = re.compile(
    r"@|\b(?:universit|institut|departm|laborator|school of|college|facult|academy|centre|center for|hospital|inc\.|ltd"
    r"|gmbh|research group|google|microsoft|meta ai|equal contribution|corresponding)",
    re.IGNORECASE,
)
_MARKS: Final = re.compile(r"(?<![\d*†‡§¶∗,])[\d*†‡§¶∗,]+\Z|[*†‡§¶∗]|(?<=\w)[⁰¹²³⁴-⁹]+")
_BETWEEN: Final = re.compile(r"(?: ?[,;&·] ?)+(?:and )?| and ")
_NAME: Final = re.compile(
    r"(?:[^\W\d_a-z][\w’'‐-]*\.?|(?:de|da|di|del|della|der|den|dos|du|el|al|bin|ibn|la|le|van|von|vom|zu|ter|ten|y))"
)
_JOINS_ON: Final = re.compile(
    r"(?:\b(?:a|an|and|as|at|between|by|for|from|in|into|is|of|on|or|over|the|to|toward|towards|under|using|via|with"
    r"|without|through|its|their|beyond)|[:,–—-])\Z",
    re.IGNORECASE,
)
_NO_NAME: Final = re.compile(
    r"\b(?:(?-i:a)|the|an|of|for|with|without|from|in|on|at|under|over|via|by|to|as|is|are|into|using|between|beyond|two"
    r"|new|across|among|against|during|through|after|before|towards?|how|why|what|when|can)\b",
    re.IGNORECASE,
)
_TITLE_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    """Of its letters; 0 where it is not known."""


def parse_pdf(content: bytes, *, name: str, vocabulary: Container[str] = (), timeout_s: float = TIMEOUT_S) -> Record:
    """The paper that a PDF is, out of the text of its first pages.

    Args:
        vocabulary: Words of the language, folded as `digest.core.words.word_counts` does; they tell which hyphens
            belong to a word.
        timeout_s: How long reading may take.

    Raises:
        SourceError: It is no PDF, has no text (a scan), needs a password, or pypdf is not installed.
    """
    return paper_of(_extracted(content, name, timeout_s=timeout_s), name=name, vocabulary=vocabulary)


def paper_of(found: Mapping[str, Any], *, name: str, vocabulary: Container[str] = ()) -> Record:
    """The paper in what `pdf_text` found; see `parse_pdf`."""
    if (error := found.get("error")) == "locked":
        raise SourceError(f"{name}: needs a password to be opened; save a copy without one")
    if error == "crypto":
        raise SourceError(f"{name}: is encrypted, and reading it needs one more package: {_INSTALL}")
    if error:
        raise SourceError(f"{name}: is not a PDF that can be read ({excerpt(found['why'])})")
    pages = [[_Line(text, size) for size, text in page] for page in found["pages"]]
    lines = [line for page in pages for line in page]
    if not lines:
        raise SourceError(f"{name}: holds no text, only pictures of it")
    stamp, lines = _stamp(lines, on_first=len(pages[0]))
    document = document_words(line.text for line in lines)
    title, behind = _title(lines, document, vocabulary, titled=clean_line(found["title"]))
    abstract = _abstract([line.text for line in lines], document, vocabulary, behind=behind)
    paper_id, aliases = identify(title=title, abstract=abstract, arxiv=stamp)
    return Record(paper=Paper(id=paper_id, aliases=aliases, title=title[:LONGEST_TITLE].rstrip(), abstract=abstract))


def _extracted(content: bytes, name: str, *, timeout_s: float) -> dict[str, Any]:
    """What `pdf_text` finds in its own process.

    Raises:
        SourceError: It found nothing.
    """
    if importlib.util.find_spec("pypdf") is None:
        raise SourceError(f"{name}: PDFs need one more package: {_INSTALL}")
    # No more of the environment than it takes to start: there are keys in it.
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR") if key in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "digest.sources.pdf_text"],
            input=content,
            capture_output=True,
            timeout=timeout_s,
            env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise SourceError(f"{name}: is a PDF that takes more than {timeout_s:.0f} seconds to read") from exc
    except OSError as exc:
        raise SourceError(f"{name}: a process to read PDFs in could not be started ({exc.strerror or exc})") from exc
    try:
        found = json.loads(done.stdout)
    except ValueError as exc:
        raise SourceError(f"{name}: is a PDF that takes more time or memory than any paper") from exc
    return dict(found)


def _stamp(lines: Sequence[_Line], *, on_first: int) -> tuple[str | None, list[_Line]]:
    """arXiv's id of the paper, and the lines without the stamp."""
    found = None
    kept = []
    for n, line in enumerate(lines):
        match = _STAMP.match(line.text) if n < on_first else None
        if match is None and n < 6:
            match = _OLD_NUMBER.match(line.text)
        number = arxiv_id(match[1]) if match else None
        if number is None:
            kept.append(line)
        elif found is None:
            found = number[0]
    return found, kept or list(lines)


def _title(
    lines: Sequence[_Line], document: Container[str], vocabulary: Container[str], *, titled: str
) -> tuple[str, int]:
    """What the file calls itself, else the first lines in the largest letters, else the lines above the names.

    Returns:
        The title, and how many lines end with it.
    """
    end = next((n for n, line in enumerate(lines) if n and ABSTRACT_HEADING.match(line.text)), None)
    head = list(lines[: end if end is not None else _TITLE_LINES])[:20]
    begin = next((n for n, line in enumerate(head) if not _FURNITURE.match(line.text)), 0)
    largest = max((line.size for line in head), default=0.0)
    if largest > min(line.size for line in head) * 1.05 and min(line.size for line in head) > 0:
        begin = next(n for n, line in enumerate(head) if line.size >= largest * 0.97)
    common = frozenset(word for line in lines for word in re.findall(r"\w{3,}", line.text) if word.islower())
    chosen = [head[begin]]
    for n, line in enumerate(head[begin + 1 : begin + _TITLE_LINES], start=begin + 1):
        following = head[n + 1].text if n + 1 < len(head) else ""
        if abs(line.size - chosen[0].size) > chosen[0].size * 0.05:
            break
        if not _goes_on(chosen[-1].text, line.text, following, common, is_prose=end is None):
            break
        chosen.append(line)
    behind = begin + len(chosen)
    if len(titled) > 15 and " " in titled and not _NO_TITLE.match(titled):
        return titled, behind
    return clean_line(unwrapped([line.text for line in chosen], document=document, vocabulary=vocabulary)), behind


def _goes_on(before: str, line: str, following: str, common: Container[str], *, is_prose: bool) -> bool:
    """Whether *line* belongs to the title whose last line is *before*, and not to the authors.

    Args:
        common: Words that the document has in small letters.
        is_prose: There is no heading above the abstract, so that *line* may be its first.
    """
    if _JOINS_ON.search(before) or (line[:1].islower() and not _PLACES.search(line)):
        return True
    if is_prose or _PLACES.search(line) or _FURNITURE.match(line) or re.search(r"\d{4}\b", line):
        return False
    people = _people(line)
    if people is None:
        return True
    # "Under Winter Conditions" looks like a name: but such words stand in the text too, and the names follow.
    words = [word.lower() for word in re.findall(r"\w{3,}", line)]
    are_common = len(words) > 1 and all(word in common for word in words)
    return people == 1 and (_people(following) or 0) > 0 and are_common


def _people(line: str) -> int | None:
    """How many people a line may name; None if it names none."""
    parts = [part for part in _BETWEEN.split(" ".join(line.split())) if part]
    if _JOINS_ON.search(line):
        return None
    names = 0
    for part in parts:
        words = [word for word in (_MARKS.sub("", word) for word in part.split()) if word]
        if not words:
            continue
        plain = sum(len(word) > 2 and word[0].isupper() for word in words)
        if not 2 <= len(words) <= 6 or plain > 4 or not all(map(_NAME.fullmatch, words)) or _NO_NAME.search(part):
            return None
        names += 1
    return names or None


def _abstract(lines: Sequence[str], document: Container[str], vocabulary: Container[str], *, behind: int) -> str:
    """What stands below its heading; where there is none, what stands behind the title."""
    start = next((n for n, line in enumerate(lines) if ABSTRACT_HEADING.match(line)), None)
    if start is None:
        chosen = list(lines[behind : behind + 60])
    else:
        first = ABSTRACT_HEADING.sub("", lines[start])
        least = min(len(lines), start + 60)
        end = next((n for n in range(start + 1, len(lines)) if NEXT_HEADING.match(lines[n])), least)
        chosen = [first, *lines[start + 1 : min(end, least)]]
    return clean_text(unwrapped(chosen, document=document, vocabulary=vocabulary))[:LONGEST_ABSTRACT]
