"""Clean text from sources: plain Unicode in one line or paragraphs, without invisible characters; and check addresses.

    clean_line(s)   a title or a name           strip_invisible → unicode_text → one_line
    clean_text(s)   an abstract of plain text   strip_invisible → unicode_text → paragraphs
    clean_html(s)   an abstract with tags       strip_invisible → html_to_text → unicode_text
    clean_title(s)  a title with tags
    clean_mixed(s)  an abstract, and clean_mixed_line(s) a title, with or without tags: not declared which

TeX is handled in `tex.py`, HTML in `markup.py`, author strings in `names.py`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from digest.core.words.invisible import printable, strip_invisible
from digest.core.words.markup import decoded, html_to_text, is_markup, title_to_text
from digest.core.words.names import author_name, people, split_authors
from digest.core.words.tex import unicode_text
from digest.core.words.withdrawals import comment_says_withdrawn, says_withdrawn, title_says_withdrawn

__all__ = [
    "author_name",
    "clean_html",
    "clean_line",
    "clean_mixed",
    "clean_mixed_line",
    "clean_text",
    "clean_title",
    "comment_says_withdrawn",
    "escaped",
    "excerpt",
    "html_to_text",
    "one_line",
    "paragraphs",
    "people",
    "plain_letters",
    "says_withdrawn",
    "split_authors",
    "strip_arxiv_prefix",
    "strip_invisible",
    "title_says_withdrawn",
    "unicode_text",
    "web_url",
]

_LIGATURES: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE: Final = re.compile("[ﬀ-ﬆ]")
_PARAGRAPH: Final = re.compile(r"\n(?:[^\S\n]*\n[\s]*|[^\S\n]{2,})")
_ARXIV_PREFIX: Final = re.compile(
    r"\s*arXiv:\S+\s+Announce Type:\s*[\w-]+\s*(?:Abstract:\s*)?|\s*Abstract:\s+", re.IGNORECASE
)
_HOST: Final = re.compile(r"[^\s\x00-\x20\"'<>\\^`{|}@%]+")
_LONGEST_URL: Final = 2000
_RAW: Final = re.compile('[ <>"]')


def one_line(text: str) -> str:
    """Replace every run of blanks and line ends by one blank, and strip both ends."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """Undo the wrapping of plain text; paragraphs are divided by one newline.

    A paragraph begins after an empty line, or, as arXiv writes it, with an indented line.
    """
    return "\n".join(filter(None, (one_line(p) for p in _PARAGRAPH.split(text))))


def plain_letters(text: str) -> str:
    """Replace ligatures by their letters, so that a search finds "eﬃcient". No other letter changes; 10² stays."""
    if text.isascii() or not _LIGATURE.search(text):
        return text
    return _LIGATURE.sub(lambda ligature: _LIGATURES[ligature[0]], text)


def clean_line(text: str) -> str:
    """Clean a title or name of plain text or TeX: one line of Unicode."""
    # Wraps are undone first: TeX's own blank is a backslash and a blank, not a backslash and a line end.
    return one_line(unicode_text(one_line(plain_letters(strip_invisible(text)))))


def clean_text(text: str) -> str:
    """Clean an abstract of plain text or TeX: Unicode, with paragraphs divided by a newline."""
    return paragraphs(unicode_text(plain_letters(strip_invisible(text))))


def clean_html(text: str) -> str:
    """Clean an abstract of HTML: Unicode, one line for each block."""
    return _clean_lines(html_to_text(strip_invisible(text)))


def clean_title(text: str) -> str:
    """Clean a title of HTML: one line of Unicode. A tag that is never closed is kept as a word of the title."""
    return one_line(_clean_lines(title_to_text(strip_invisible(text))))


def clean_mixed(text: str) -> str:
    """Clean an abstract of HTML, plain text or TeX; its tags decide which of them it is."""
    return clean_html(text) if is_markup(text) else clean_text(decoded(text))


def clean_mixed_line(text: str) -> str:
    """Clean a title of HTML, plain text or TeX; its tags decide which of them it is."""
    return clean_title(text) if is_markup(text) else clean_line(decoded(text))


def _clean_lines(text: str) -> str:
    # Entities can bring invisible characters back, so they are taken out behind the decoding too.
    lines = unicode_text(plain_letters(strip_invisible(text))).split("\n")
    return "\n".join(filter(None, map(one_line, lines)))


def excerpt(text: str) -> str:
    """Return up to 120 characters of *text* by which a person can find an item again."""
    line = one_line(printable(text[:1000]))
    return line if len(line) <= 120 else line[:119] + "…"


def strip_arxiv_prefix(text: str) -> str:
    """Take "arXiv:2403.15527v1 Announce Type: new Abstract:" off an abstract."""
    match = _ARXIV_PREFIX.match(text)
    return text[match.end() :] if match else text


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


def escaped(url: str) -> str:
    """Percent-encode characters that a URL may not hold and that often stand there: blanks, `<`, `>`, quotes."""
    return _RAW.sub(lambda match: f"%{ord(match[0]):02X}", url.strip())


def clipped(text: str, most: int) -> str:
    """Cut *text* after a word if it has more than *most* characters."""
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"


def quoted(title: str, most: int) -> str:
    """Put a title in quotation marks, cut after a word if it has more than *most* characters."""
    return f"“{clipped(title, most)}”"
