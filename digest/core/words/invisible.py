"""Remove invisible characters and terminal escape sequences from text."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Control characters; soft hyphen, grapheme joiner and other fillers; zero-width and bidi controls; variation selectors
# and the tags block, both used to hide text from people and show it to models; lone surrogates, which no file can hold.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_UNPRINTED: Final = re.compile(f"{_INVISIBLE.pattern}|[\x85\u2028\u2029]")
_ODD_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Colours and cursor moves (CSI); titles and links (OSC and its like), up to their end or that of the line; the short
# ones. Of the 8-bit forms too. What they hold is no text: "[31m" is not wanted where the escape character is not.
_COMMAND: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n\r]{0,400}(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]{0,8}[0-~]"
)


def strip_invisible(text: str) -> str:
    """Remove characters nobody sees and compose the rest (NFC). Line ends become a newline, tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _ODD_LINE_ENDS.sub("\n", text)))


def printable(text: str) -> str:
    """Return *text* safe for messages: without invisible characters and terminal escape sequences."""
    if text.isascii() and text.isprintable():
        return text
    return strip_invisible(_COMMAND.sub("", text))


def escaped(json_text: str) -> str:
    r"""Escape the invisible characters of a JSON document, as in `\u202e`: the values stay, and it is safe to print."""
    if json_text.isascii():
        return json_text
    return _UNPRINTED.sub(_escape, json_text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
