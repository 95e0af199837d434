"""HTML → text, for abstracts and titles that come with tags.

Not a browser: a scanner that knows the names of the tags that feeds use, looks at each character once, and takes
everything else for text. So `p<0.05`, `$2.6<\\eta<4$` and a model's `<think>` survive, which an HTML parser eats.
"""

from __future__ import annotations

import html
import re
from typing import Final

from digest.core.tex import subscript, superscript

_BLOCK: Final = frozenset(
    """address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section select summary table
    tbody tfoot thead tr ul title sec jats:p jats:title jats:sec jats:list-item""".split()
)
_CELL: Final = frozenset({"td", "th"})
_INLINE: Final = frozenset(
    """a abbr acronym area audio b base basefont bdi bdo big blink body button canvas cite code col colgroup data
    datalist del dfn em embed font html head i iframe img input ins kbd label link map mark marquee meta meter nobr
    object output param picture progress q rp rt ruby s samp small source span strike strong sub sup svg path time
    track tt u var video wbr italic bold sc underline xref ext-link inline-formula disp-formula
    math mrow mi mn mo ms mtext mspace msub msup msubsup mfrac msqrt mroot mstyle mover munder munderover mtable mtr
    mtd mpadded mphantom menclose semantics mfenced mmultiscripts mprescripts""".split()
)
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "annotation", "annotation-xml", "textarea"})
"""Dropped with what is between their tags."""

_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,30})(?:[\s/](?P<attributes>[^<>]*))?>")
_SCRIPT: Final = re.compile(r"<(su[bp])(?:\s[^<>]*)?>([^<>]{1,40})</su[bp]\s*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_WRAPPED: Final = re.compile(r"\n\s*")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[ \n]*")


def html_to_text(markup: str) -> str:
    """Drop the tags, decode entities once, and put each block on a line of its own. Blanks collapse. Never raises.

    Sub- and superscripts become Unicode where it has them (`10<sup>5</sup>` → 10⁵, S<sub>N</sub>2 → SN2).
    """
    # A line end in HTML is a blank; but feeds put plain text where HTML should be, and there an empty line divides.
    unwrapped = _WRAPPED.sub(lambda line_ends: "\n" if line_ends[0].count("\n") > 1 else " ", markup)
    if "<" not in unwrapped and "&" not in unwrapped:
        return _tidy(unwrapped)
    return _tidy("".join(_scan(_SCRIPT.sub(_script, unwrapped))))


def _scan(markup: str) -> list[str]:
    out: list[str] = []
    position = 0
    closers: dict[str, int] = {}  # where the next "-->" or "</script" is, so that each is looked for only once

    def find(needle: str, start: int) -> int:
        known = closers.get(needle)
        if known is None or -1 < known < start:
            known = lowered.find(needle, start)
            closers[needle] = known
        return known

    lowered = markup.lower()
    if len(lowered) != len(markup):  # a few letters grow when lowered (İ): then offsets would be wrong
        lowered = markup
    while (start := markup.find("<", position)) >= 0:
        out.append(_decoded(markup[position:start]))
        if markup.startswith("<!--", start):
            end = find("-->", start + 4)
            position = end + 3 if end >= 0 else len(markup)
            continue
        if markup.startswith("<![CDATA[", start):
            end = find("]]>", start + 9)
            out.append(markup[start + 9 : end if end >= 0 else len(markup)])
            position = end + 3 if end >= 0 else len(markup)
            continue
        tag = _TAG.match(markup, start)
        name = tag[1].lower() if tag else ""
        if tag is None or not _is_tag(name, tag["attributes"] or ""):
            out.append("<")
            position = start + 1
            continue
        position = tag.end()
        if name in _HIDDEN:
            if markup[start + 1] != "/" and not tag[0].endswith("/>"):
                end = find(f"</{name}", position)
                position = end if end >= 0 else len(markup)
        elif name in _BLOCK:
            out.append("\n")
        elif name in _CELL:
            out.append(" ")
    out.append(_decoded(markup[position:]))
    return out


def _is_tag(name: str, attributes: str) -> bool:
    """Whether `<name attributes>` is a tag and not text such as "a <b and c> d"."""
    if name not in _BLOCK and name not in _INLINE and name not in _CELL and name not in _HIDDEN:
        return bool(re.match(r"(?:jats|mml|m|xhtml|html|svg|o|w|v|st1):", name))
    return len(name) > 1 or "=" in attributes or not attributes.strip(" /")


def _script(match: re.Match[str]) -> str:
    content = _decoded(match[2])
    if match[1].lower() == "sub":
        return subscript(content) or match[2]
    raised = superscript(content)
    if raised:
        return raised
    # 10<sup>k</sup> must not read 10k; but several letters are an ordinal or a mark: 5<sup>th</sup>.
    before = match.string[match.start() - 1 : match.start()]
    return f"^{match[2]}" if before.isdigit() and len(content) == 1 and content.islower() else match[2]


def _decoded(text: str) -> str:
    """Decode entities that end in a semicolon: `&copy=2` in an address is none."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda m: html.unescape(m[0]), text)


def _tidy(text: str) -> str:
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
