"""The guard: checks every document before a parser sees it, refuses hostile XML, and names what is no feed.

    xml()    bytes → XML without entities of its own, as UTF-8 with a declaration that says so
    json()   bytes → the JSON value

feedparser expands entities that a document declares: 34 KB become 100 MB, after expat itself has refused. And it
guesses encodings, so that a declaration can hide in UTF-7 or EBCDIC. Here the text is decoded once, checked as text,
and handed on in an encoding that leaves nothing to guess.
"""

from __future__ import annotations

import codecs
import html
import json as json_library
import re
from collections.abc import Sequence
from typing import Any, Final

from digest.core.errors import SourceError
from digest.core.words.text import excerpt, one_line

MAX_BYTES: Final = 10_000_000
"""Most bytes of a document from the network, unpacked. A whole day of arXiv is 2 MB."""
MAX_FILE_BYTES: Final = 50_000_000
"""Most bytes of a file of the operator's own; a month of all of arXiv's computer science is 19 MB of JSON lines."""
_MAX_TAGS: Final = 200_000
"""Start and end tags of a document, outside CDATA. A page of 3,500 records of arXiv's OAI-PMH comes near it."""
_MAX_TAG: Final = 100_000
"""Characters of one start tag: a million attributes take a parser seconds and gigabytes."""

_DECLARATION: Final = re.compile(r"<\?xml\s[^>]*?\?>\s*")
_DECLARED: Final = re.compile(rb"^\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_META: Final = re.compile(rb"<meta\b[^<>]*?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*([^;,\s]{1,42})", re.IGNORECASE)
_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ZEROS: Final = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
# As browsers do (https://encoding.spec.whatwg.org/): the label of the small set means the large one.
_LARGER: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "big5": "big5hkscs",
}
_ALIASES: Final = {"windows-31j": "cp932", "iso-8859-8-i": "iso8859-8"}
"""Labels that Python has no name for, besides those with `x-` in front and `windows-` for `cp`."""
_REFUSED_CODECS: Final = frozenset({"utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "charmap"})
# What XML may not hold, escaped or not: libxml2 stops at them, and some feeds have them inside an abstract.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE: Final = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_PROLOG: Final = re.compile(r"(?:\s++|<\?(?:[^?]|\?(?!>))*+\?>|<!--(?:[^-]|-(?!->))*+-->)*+")
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_DOCTYPE: Final = re.compile(r"<!DOCTYPE\s+([^\s>\[]+)((?:[^>\[\"']|\"[^\"]*\"|'[^']*')*+)([>\[]?)", re.IGNORECASE)
_OPAQUE: Final = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_LONG_TAG: Final = re.compile(rf"<[A-Za-z_][^<>]{{{_MAX_TAG}}}")
_FEED_ROOT: Final = re.compile(r"<\?xml\b|<(?:rss|feed|rdf:RDF|RDF|atom:feed|channel|opml)\b")
_TITLE: Final = re.compile(r"<title\b[^>]*>([^<]{0,300})", re.IGNORECASE)


def xml(content: bytes, *, url: str = "", max_bytes: int = MAX_BYTES, max_tags: int = _MAX_TAGS) -> bytes:
    """Check that *content* is XML that is safe to parse, and return it as UTF-8.

    A plain DOCTYPE, as in RSS 0.91, and stray control characters are removed.

    Raises:
        SourceError: Empty, too large, a web page, no XML at all, or with entities of its own.
    """
    text = _FORBIDDEN.sub("", decoded(content, url=url, max_bytes=max_bytes))
    text = _REFERENCE.sub(_allowed, text) if "&#" in text else text
    text = _from_the_root(text, url)
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    doctype = _DOCTYPE.match(text, start)
    if doctype and doctype[1].lower() == "html":
        raise SourceError(describe_page(text), url=url)
    if text[start : start + 9].upper() == "<!DOCTYPE":
        if doctype is None or doctype[3] != ">":
            raise SourceError(
                "declares a document type of its own (DOCTYPE with a subset), which no feed or library needs", url=url
            )
        text = text[:start] + text[doctype.end() :]
    root = _ROOT.search(text, start)
    if root and root[1].lower() == "html":
        raise SourceError(describe_page(text), url=url)
    markup = _OPAQUE.sub("", text) if "<!" in text else text
    if "<!" in markup and re.search(r"<!(?:ENTITY|DOCTYPE|ELEMENT|ATTLIST)", markup, re.IGNORECASE):
        raise SourceError("declares entities or a document type of its own, which no feed or library needs", url=url)
    if markup.count("<") > max_tags:
        raise SourceError(f"has more than {max_tags:,} tags", url=url)
    if _LONG_TAG.search(markup):
        raise SourceError(f"has a tag of more than {_MAX_TAG:,} characters", url=url)
    declaration = _DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body.encode("utf-8")


def json(content: bytes, *, url: str = "", max_bytes: int = MAX_BYTES) -> Any:
    """Read one JSON document.

    Raises:
        SourceError: Empty, too large, a web page, no JSON, or cut off.
    """
    text = decoded(content, url=url, max_bytes=max_bytes)
    try:
        # Not strict: a raw tab or line end within a string is a fault that every writer of JSON by hand makes.
        return json_library.loads(text, strict=False)
    except RecursionError as exc:
        raise SourceError("holds JSON that is nested too deeply", url=url) from exc
    except ValueError as exc:
        if text.lstrip().startswith("<"):
            raise SourceError(describe_page(text, wanted="JSON"), url=url) from exc
        where = f" (line {exc.lineno}: {exc.msg})" if isinstance(exc, json_library.JSONDecodeError) else ""
        raise SourceError(f"is no JSON, or was cut off{where}", url=url) from exc


def decoded(content: bytes, *, url: str = "", max_bytes: int = MAX_BYTES) -> str:
    """Decode a document: by its byte order mark, XML declaration or `<meta>`, else as UTF-8, else as Windows-1252.

    Raises:
        SourceError: Empty or too large.
    """
    if len(content) > max_bytes:
        raise SourceError(f"is larger than {max_bytes // 1_000_000} MB", url=url)
    text = _decode(content)
    if not text.strip(" \t\r\n\x00\ufeff"):
        raise SourceError("is empty", url=url)
    return text.lstrip("\ufeff")


def in_utf8(content: bytes, content_type: str) -> bytes:
    """Return a document whose encoding only its `Content-Type` tells as UTF-8 with a mark; others unchanged.

    As in RFC 7303 a byte order mark comes first, then the header, then the document's own declaration. But a header
    that says ASCII or Latin-1 is mostly the server's default, one that does not fit the bytes is wrong, and no text in
    another alphabet is valid UTF-8 by chance: in these cases the header is ignored.
    """
    label = _CHARSET.search(content_type)
    codec = _header_codec(label[1]) if label else None
    if (
        codec is None
        or codec == "cp1252"
        or b"%PDF" in content[:1024]
        or content.startswith(tuple(bom for bom, _ in _BOMS))
    ):
        return content
    declared = _DECLARED.match(content[:1000]) or _META.search(content[:2000])
    own = _codec(declared[1].decode("ascii")) if declared else None
    fits_utf8 = not content.isascii() and _is_utf8(content)
    if codec == "utf-8":
        return codecs.BOM_UTF8 + content if fits_utf8 and own not in (None, "utf-8") else content
    if fits_utf8 and (own == "utf-8" or _has_one_byte_letters(codec)):
        return content
    if codec.startswith(("utf-16", "utf-32")) and b"\0" not in content[:100]:
        return content
    try:
        written = content.decode(codec).encode("utf-8")
    except UnicodeError:
        return content
    return content if written == content else codecs.BOM_UTF8 + written


def describe_page(text: str, *, wanted: str = "a feed") -> str:
    """Return a clause on a web page in place of a feed: `answered with a web page titled '…', not a feed`."""
    title = page_title(text)
    called = f" titled '{title}'" if title else ""
    if "<html" in text[:5000].lower() or "<!doctype html" in text[:5000].lower():
        return f"answered with a web page{called}, not {wanted}"
    prolog = _PROLOG.match(text)
    root = _ROOT.search(text, prolog.end() if prolog else 0)
    if root and root[1].lower() == "opml":
        return f"is a list of feeds (OPML){called}, not {wanted}"
    return f"answered with XML{f' (<{root[1][:40]}>)' if root else ''}{called}, not {wanted}"


def damaged(error: SyntaxError, *, url: str = "") -> SourceError:
    """Return the error for a document that lxml can't parse; lxml's message is cut, as it may quote all of it."""
    return SourceError(f"is damaged or was cut off ({excerpt(error.msg or 'no XML')})", url=url)


def page_title(text: str) -> str:
    """Return the title of a web page, or of an error in the form of a feed; empty if there is none."""
    title = _TITLE.search(text[:50_000])
    return excerpt(one_line(html.unescape(title[1]))) if title else ""


def says_not_yet(message: str) -> bool:
    """Whether a server's message means that the requested day lies in its future, as Hugging Face's does."""
    return "less than or equal to" in message


def _decode(content: bytes) -> str:
    for bom, codec in _BOMS:
        if content.startswith(bom):
            return content[len(bom) :].decode(codec, "replace")
    # Without a mark: where the zeros are beside the first two characters tells, for they are ASCII.
    zeros = tuple(byte == 0 for byte in content[:4])
    if zeros in _ZEROS:
        return content.decode(_ZEROS[zeros], "replace")
    declared = _DECLARED.match(content[:1000])
    label = _codec(declared[1].decode("ascii")) if declared else None
    if declared is None and (meta := _META.search(content[:2000])):
        # Pages that were turned into UTF-8 often keep the word for what they were.
        return _first_that_fits(content, ("utf-8", _codec(meta[1].decode("ascii")) or "utf-8"))
    # Text in another alphabet of 256 letters is never UTF-8 by chance: then the label is what is wrong.
    order = (label, "utf-8") if label and not _has_one_byte_letters(label) else ("utf-8", label or "utf-8")
    return _first_that_fits(content, order)


def _first_that_fits(content: bytes, order: Sequence[str]) -> str:
    for name in order:
        try:
            return content.decode(name)
        except UnicodeError:
            continue
    # A single damaged byte must not turn every accent of a UTF-8 document into two letters.
    repaired = content.decode("utf-8", "replace")
    foreign = sum(character > "\x7f" for character in repaired)
    return repaired if repaired.count("\ufffd") * 2 < foreign else content.decode("cp1252", "replace")


def _codec(label: str) -> str | None:
    """Return the codec of a declared encoding, if it agrees with ASCII, in which the declaration itself is written."""
    label = _ALIASES.get(label.lower(), label.lower())
    names = (label, label.removeprefix("x-"), label.removeprefix("x-").replace("windows-", "cp"))
    known = next(filter(None, map(_known, names)), None)
    if known is None:
        return None
    name = _LARGER.get(known, known)
    if name in _REFUSED_CODECS or name.startswith(("utf-16", "utf-32")):
        return None
    try:
        return name if b"<?xml <!ENTITY &".decode(name) == "<?xml <!ENTITY &" else None
    except (LookupError, ValueError):  # codecs such as base64 are no text encodings
        return None


def _header_codec(label: str) -> str | None:
    """Return the codec of a charset in a header, which may also be UTF-16."""
    name = _known(label.strip("\"' "))
    return name if name and name.startswith(("utf-16", "utf-32")) else _codec(label.strip("\"' "))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _known(label: str) -> str | None:
    try:
        return str(codecs.lookup(label).name)
    except LookupError:
        return None


def _has_one_byte_letters(codec: str) -> bool:
    upper = bytes(range(0x80, 0x100)).decode(codec, "replace")
    return len(upper) == 0x80 and upper.count("\ufffd") < 0x40


def _allowed(reference: re.Match[str]) -> str:
    """The reference to a character, unless it is to one that XML may not hold."""
    digits = (reference[1] or reference[2]).lstrip("0")
    number = int(digits or "0", 16 if reference[1] else 10) if len(digits) < 8 else 0x110000
    return "" if number > 0x10FFFF or _FORBIDDEN.match(chr(number)) else reference[0]


def _from_the_root(text: str, url: str) -> str:
    """Drop what stands before the XML (a blank line, a warning of PHP)."""
    text = text.lstrip()
    if text.startswith("<"):
        return text
    start = _FEED_ROOT.search(text[:3000])
    if start is None:
        raise SourceError(f"is no XML; it begins with “{excerpt(text[:40])}”", url=url)
    return text[start.start() :]
