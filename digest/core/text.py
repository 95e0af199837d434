"""Source text → what a reader expects: Unicode, one line or clean paragraphs, no invisible characters, safe addresses.

    clean_line(s)   a title or a name           strip_invisible → unicode_text → one_line
    clean_text(s)   an abstract of plain text   strip_invisible → unicode_text → paragraphs
    clean_html(s)   an abstract with tags       strip_invisible → html_to_text → unicode_text

TeX is in `tex.py`, HTML in `markup.py`, author strings in `names.py`; they can be had from here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from digest.core.markup import html_to_text
from digest.core.names import author_name, split_authors
from digest.core.tex import unicode_text

__all__ = [
    "author_name",
    "clean_html",
    "clean_line",
    "clean_text",
    "excerpt",
    "html_to_text",
    "one_line",
    "paragraphs",
    "says_withdrawn",
    "split_authors",
    "strip_arxiv_prefix",
    "strip_invisible",
    "unicode_text",
    "web_url",
]

# Control characters; soft hyphen, grapheme joiner and other fillers; zero-width and bidi controls; variation selectors
# and the tags block, both used to hide text from people and show it to models; lone surrogates, which no file can hold.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_ODD_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_PARAGRAPH: Final = re.compile(r"\n(?:[^\S\n]*\n[\s]*|[^\S\n]{2,})")
_ARXIV_PREFIX: Final = re.compile(
    r"\s*arXiv:\S+\s+Announce Type:\s*[\w-]+\s*(?:Abstract:\s*)?|\s*Abstract:\s+", re.IGNORECASE
)
_WITHDRAWN: Final = re.compile(
    r"\s*(?:(?:this|the)\s+(?:\w+\s+)?(?:paper|submission|article|manuscript|work|preprint|version|report|note)"
    r"\s+(?:has been|is being|is|was)\s+(?:\w+\s+)?withdrawn\b"
    r"|withdrawn(?:\s*(?:[.,:;(]|\Z)|\s+(?:by|due|because|for|since|as)\b))",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"[^\s\x00-\x20\"'<>\\^`{|}@%]+")
_LONGEST_URL: Final = 2000


def strip_invisible(text: str) -> str:
    """Remove characters nobody sees and compose the rest (NFC). Line ends become a newline, tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _ODD_LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """Every run of blanks and line ends becomes one blank; none at the ends."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """Undo the wrapping of plain text; paragraphs are divided by one newline.

    A paragraph begins after an empty line, or, as arXiv writes it, with an indented line.
    """
    return "\n".join(filter(None, (one_line(p) for p in _PARAGRAPH.split(text))))


def clean_line(text: str) -> str:
    """A title or name of plain text or TeX, as a reader expects it."""
    # Wraps are undone first: TeX's own blank is a backslash and a blank, not a backslash and a line end.
    return one_line(unicode_text(one_line(strip_invisible(text))))


def clean_text(text: str) -> str:
    """An abstract of plain text or TeX, as a reader expects it."""
    return paragraphs(unicode_text(strip_invisible(text)))


def clean_html(text: str) -> str:
    """An abstract of HTML, as a reader expects it; one line for each block."""
    # Entities can bring invisible characters back, so they are taken out behind the decoding too.
    lines = unicode_text(strip_invisible(html_to_text(strip_invisible(text)))).split("\n")
    return "\n".join(filter(None, map(one_line, lines)))


def excerpt(text: str) -> str:
    """Up to 120 characters by which a person can find an item again."""
    line = one_line(strip_invisible(text[:1000]))
    return line if len(line) <= 120 else line[:119] + "…"


def strip_arxiv_prefix(text: str) -> str:
    """Take "arXiv:2403.15527v1 Announce Type: new Abstract:" off an abstract."""
    match = _ARXIV_PREFIX.match(text)
    return text[match.end() :] if match else text


def says_withdrawn(text: str) -> bool:
    """Whether an abstract or a comment opens with the words by which authors withdraw a paper."""
    return bool(_WITHDRAWN.match(text))


def web_url(text: str) -> str | None:
    """*text* if it is an address that is safe to link to, else None.

    That is: http or https, a host, no user and password, no blanks, control or invisible characters, no backslashes.
    """
    url = text.strip(" \t\r\n")
    if not url or len(url) > _LONGEST_URL or re.search(r"[\s\x00-\x20\\<>\"]", url) or strip_invisible(url) != url:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return url


def clipped(text: str, most: int) -> str:
    """*text*, cut behind a word where it has more than *most* letters."""
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"


def quoted(title: str, most: int) -> str:
    """A title in quotation marks, cut behind a word where it has more than *most* letters."""
    return f"“{clipped(title, most)}”"
