"""Convert HTML to text, for abstracts and titles that come with tags.

Not a browser: a scanner that knows the names of the tags that feeds use, looks at each character once, and takes
everything else for text. So `p<0.05`, `$2.6<\\eta<4$` and a model's `<think>` survive, which an HTML parser eats.

    html_to_text()    markup → text
    title_to_text()   markup of a title → text; there "<table>" alone is a word
    is_markup()       whether text of unknown kind holds tags
    decoded()         decode entities and leave tags alone
"""

from __future__ import annotations

import html
import re
from typing import Final

from digest.core.words.mathml import without_mathml
from digest.core.words.tex import lowered_letters, raised_letters, subscript, superscript

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
    alternatives tex-math math mrow mi mn mo ms mtext mspace msub msup msubsup mfrac msqrt mroot mstyle mover munder
    munderover mtable mtr mtd mpadded mphantom menclose semantics mfenced mmultiscripts mprescripts none""".split()
)
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "annotation", "annotation-xml", "textarea"})
"""Elements that are dropped with their content."""

_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,30})(?:[\s/](?P<attributes>[^<>]*))?>")
# What stands raised or lowered may be in italics: <sup><i>k</i></sup>.
_SCRIPT: Final = re.compile(
    r"<(?:[a-z]{1,9}:)?(?P<kind>su[bp]|inf)(?:\s[^<>]*)?>"
    r"(?P<content>(?:[^<>]|</?(?:[a-z]{1,9}:)?(?:i|b|u|em|strong|span|font|small|italic|bold|roman)(?:\s[^<>]*)?>){1,60})"
    r"</(?:[a-z]{1,9}:)?(?P=kind)\s*>",
    re.IGNORECASE,
)
_RAISED_SIGNS: Final = {
    "TM": "™",
    "SM": "℠",
    "®": "®",
    "™": "™",
    "o": "°",
    "º": "°",
    "∘": "°",
    "°": "°",
    "′": "′",
    "'": "′",
    "*": "*",
    "**": "**",
    "†": "†",
    "‡": "‡",
}
_ORDINAL: Final = re.compile(r"st|nd|rd|th|er|re|e|ème|eme|er|ª|a|os|as|o", re.IGNORECASE)
_FIGURES: Final = re.compile(r"[-+−\d]+(?:\s?[.,;:/–-]\s?[-+−\d]+)+")
_SIGNS: Final = re.compile(r"[-+−]/[-+−]")
_SHORT: Final = 3
"""Characters with letters among them that are raised or lowered at most: Kras<sup>G12D</sup> reads better as Kras^G12D.
"""
_NEAR: Final = 40
"""Characters before and behind a script in which tags are looked through."""
_NESTED: Final = re.compile(r"<[^<>]*>")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SINGLE: Final = re.compile(r"&(?!amp;(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_WRAPPED: Final = re.compile(r"\n\s*")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[ \n]*")


_ALONE: Final = frozenset({"br", "p", "hr", "img", "wbr"})
"""Tags that need no closing tag."""
_TIMES: Final = 3
"""How often entities are decoded at most: nobody encodes more often by mistake."""


def html_to_text(markup: str) -> str:
    """Drop the tags, decode entities, and put each block on a line of its own. Blanks collapse. Never raises.

    Sub- and superscripts become Unicode where it has them (`10<sup>5</sup>` → 10⁵, S<sub>N</sub>2 → SN2), formulas
    Unicode or TeX. What was encoded twice is decoded twice.
    """
    return _text(markup, is_title=False)


def title_to_text(markup: str) -> str:
    """Convert the HTML of a title to text. A tag that is never closed is kept as a word ("reads <area>")."""
    return _text(markup, is_title=True)


def is_markup(text: str) -> bool:
    """Whether *text* has a tag that is closed again, or one that needs no closing tag, as a line break."""
    return bool(_partners(text) or _has_alone(text))


def decoded(text: str) -> str:
    """Decode entities that end in a semicolon: `&copy=2` in an address is none."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda m: html.unescape(m[0]), text)


def _text(markup: str, *, is_title: bool) -> str:
    text = _once(markup, is_title=is_title)
    has_tags = any(_is_known(tag) for tag in _TAG.finditer(markup)) if "<" in markup else False
    for _ in range(_TIMES):
        if _is_still_markup(text, was_markup=has_tags):
            text = _once(text, is_title=is_title)
        elif _ENTITY.search(text) and not _SINGLE.search(markup):
            # Every entity had been encoded once more: "R&amp;amp;D".
            text = decoded(text)
        else:
            break
    return text


def _once(markup: str, *, is_title: bool) -> str:
    # A line end in HTML is a blank; but feeds put plain text where HTML should be, and there an empty line divides.
    unwrapped = _WRAPPED.sub(lambda line_ends: "\n" if line_ends[0].count("\n") > 1 else " ", markup)
    if "<" not in unwrapped and "&" not in unwrapped:
        return _tidy(unwrapped)
    without = without_mathml(_SCRIPT.sub(_script, unwrapped), lambda formula: html.escape(formula, quote=False))
    return _tidy("".join(_scan(without, _partners(without) if is_title else None)))


def _is_still_markup(text: str, *, was_markup: bool) -> bool:
    """Whether converted text is HTML again, because it had been encoded twice.

    If there were tags at first, the tags in the result were meant to be read, unless they enclose the whole text.
    """
    if "<" not in text:
        return False
    if not was_markup:
        return is_markup(text)
    first, last = _TAG.match(text), text.rfind("</")
    closing = _TAG.fullmatch(text, last) if last >= 0 else None
    return bool(first and closing and _is_known(first) and _is_known(closing))


def _partners(text: str) -> frozenset[str]:
    """Names of the tags that are opened and closed in *text*."""
    opened: set[str] = set()
    closed: set[str] = set()
    for tag in _TAG.finditer(text):
        if _is_known(tag):
            is_end = tag[0][1] == "/"
            if not is_end:
                opened.add(tag[1].lower())
            elif tag[1].lower() in opened:
                closed.add(tag[1].lower())
    return frozenset(closed)


def _has_alone(text: str) -> bool:
    return any(tag[1].lower() in _ALONE and _is_known(tag) for tag in _TAG.finditer(text))


def _is_known(tag: re.Match[str]) -> bool:
    return _is_tag(tag[1].lower(), tag["attributes"] or "")


def _scan(markup: str, partners: frozenset[str] | None) -> list[str]:
    """Return the text between the tags. If *partners* are given, other tags without attributes count as text."""
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
        out.append(decoded(markup[position:start]))
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
        if tag is None or not _is_known(tag) or (partners is not None and _is_word(tag, partners)):
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
    out.append(decoded(markup[position:]))
    return out


def _is_tag(name: str, attributes: str) -> bool:
    """Whether `<name attributes>` is a tag and not text such as "a <b and c> d"."""
    if name not in _BLOCK and name not in _INLINE and name not in _CELL and name not in _HIDDEN:
        return bool(re.match(r"(?:jats|mml|m|xhtml|html|svg|o|w|v|st1):", name))
    return len(name) > 1 or "=" in attributes or not attributes.strip(" /")


def _is_word(tag: re.Match[str], partners: frozenset[str]) -> bool:
    """Whether a tag in a title is a word of the title and not markup."""
    name, attributes = tag[1].lower(), tag["attributes"] or ""
    return name not in partners and name not in _ALONE and "=" not in attributes and not tag[0].endswith("/>")


def _script(match: re.Match[str]) -> str:
    """Set `10<sup>5</sup>` as 10⁵, `1A16257<sup>T</sup>` as 1A16257ᵀ, `T<sub>eff</sub>` as T_eff.

    Nothing that was raised or lowered may be read as part of what it stands behind.
    """
    content = decoded(_NESTED.sub("", match["content"]))
    is_lower = match["kind"].lower() != "sup"
    if not content.strip():
        return ""
    found = subscript(content) if is_lower else superscript(content)
    if not found:
        # Of <i>T</i><sub>c</sub> too what stands before is the T.
        before = _NESTED.sub("", match.string[max(match.start() - _NEAR, 0) : match.start()])[-1:]
        after = _NESTED.sub("", match.string[match.end() : match.end() + _NEAR])[:1]
        found = _lowered(content, before, after) if is_lower else _raised(content, before)
    # What was an entity must not become a tag by decoding it here.
    return html.escape(found, quote=False)


def _raised(content: str, before: str) -> str:
    text = content.strip()
    if text in _RAISED_SIGNS:
        return _RAISED_SIGNS[text]
    if before.isdigit() and _ORDINAL.fullmatch(text):
        return content
    # Notes, "as shown¹,²", and genotypes, "Trp53⁻/⁻".
    if _SIGNS.fullmatch(text) or (_FIGURES.fullmatch(text) and not before.isdigit()):
        return "".join(superscript(character) or character for character in text)
    # 10<sup>k</sup> must not read 10k. A letter alone is a note or names a type strain; more letters are a word.
    if before.isdigit() and len(text) == 1 and text.islower():
        return f"^{text}"
    if len(text) <= _SHORT and sum(map(str.isalpha, text)) < _SHORT and (found := raised_letters(text)):
        return found
    return _set_off("^", text) if before.isalnum() and any(map(str.isalnum, text)) else content


def _lowered(content: str, before: str, after: str) -> str:
    text = content.strip()
    if _FIGURES.fullmatch(text) and not before.isdigit():
        return "".join(subscript(character) or character for character in text)
    if len(text) <= _SHORT and (found := lowered_letters(text)):
        return found
    # Within a word, as in S<sub>N</sub>2 and T<sub>H</sub>17, it would seem to lower all that follows.
    return (
        content if after.isalnum() or not before.isalnum() or not any(map(str.isalnum, text)) else _set_off("_", text)
    )


def _set_off(mark: str, text: str) -> str:
    return f"{mark}{text}" if re.fullmatch(r"[+-]?[\w.]+", text) else f"{mark}({text})"


def _tidy(text: str) -> str:
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
