r"""Convert MathML in HTML and XML to text: simple formulas to Unicode, others to TeX between `$`.

    <msup><mn>10</mn><mn>5</mn></msup>      10⁵        not 105
    <mfrac><mn>1</mn><mn>2</mn></mfrac>     1/2        not 12
    <mmultiscripts><mi>C</mi> <mprescripts/><none/><mn>14</mn></mmultiscripts>     ¹⁴C
    <msub><mi>x</mi><mi>i</mi></msub>       $x_{i}$

If a formula is not simple and its TeX stands beside it, as an annotation or alternative, that TeX is taken. Each
element is looked at once, from the inside out, so the time grows only with the length.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from digest.core.words.tex import subscript, superscript

_STRUCTURES: Final = frozenset(
    """math mrow msup msub msubsup mfrac msqrt mroot mover munder munderover mmultiscripts mfenced mtable semantics
    mstyle mpadded menclose alternatives tex-math""".split()
)
"""Elements with which a formula begins."""
_TOKENS: Final = frozenset({"mi", "mn", "mo", "ms", "mtext"})
_EMPTY: Final = frozenset({"none", "mprescripts", "mspace"})
_OTHERS: Final = _TOKENS | _EMPTY | {"mtr", "mlabeledtr", "mtd", "mphantom", "merror", "maction", "annotation"}
_SKIPPED: Final = frozenset({"annotation-xml"})
_NAMES: Final = _STRUCTURES | _OTHERS | _SKIPPED
_TAG: Final = re.compile(
    rf"<(?P<end>/)?(?:[A-Za-z][\w.-]{{0,20}}:)?(?P<name>{'|'.join(sorted(_NAMES))})"
    r"(?P<attributes>[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_ANY_TAG: Final = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"([\w:-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DEEPEST: Final = 200

_SIMPLE: Final = re.compile(r"[\w.,%′]+")
_ACCENTS: Final = {
    "¯": "bar",
    "‾": "bar",
    "ˉ": "bar",
    "̄": "bar",
    "_": "bar",
    "^": "hat",
    "ˆ": "hat",
    "̂": "hat",
    "~": "tilde",
    "˜": "tilde",
    "∼": "tilde",
    "̃": "tilde",
    "→": "vec",
    "⃗": "vec",
    "˙": "dot",
    ".": "dot",
    "̇": "dot",
    "¨": "ddot",
    "̈": "ddot",
    "˘": "breve",
    "ˇ": "check",
    "´": "acute",
    "`": "grave",
}
_OVER: Final = {"⏞": r"\overbrace", "⏜": r"\overparen", "⏟": r"\underbrace", "_": r"\underline", "¯": r"\underline"}
_LIMITS: Final = frozenset("∑∏∐∫∮⋃⋂⨁⨂") | {"lim", "max", "min", "sup", "inf", "argmax", "argmin", "arg max", "arg min"}
_RAISED_AS_IT_IS: Final = {"°": "°", "∘": "°", "º": "°", "′": "′", "'": "′", "″": "″", "*": "*", "∗": "*", "†": "†"}
_ROOTS: Final = {"2": "√", "3": "∛", "4": "∜"}
_SPECIAL: Final = str.maketrans(
    {**{c: f"\\{c}" for c in "#%&_{}$"}, "\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{}", "−": "-"}
)
_COMMANDS: Final = {"−": "-", "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ", "∞": r"\infty ", "√": r"\surd "}
_FUNCTIONS: Final = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim ln log max min sec sin sinh"
    " sup tan tanh".split()
)
_DOCUMENT: Final = re.compile(r"\\begin\{document\}(.*)\\end\{document\}", re.DOTALL)


@dataclass(slots=True)
class _Node:
    """An open element with the parts of it that have been read so far."""

    name: str
    attributes: str
    start: int
    children: list[_Piece] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a formula in both forms."""

    name: str
    tex: str
    plain: str | None
    """The formula in Unicode; None if it needs TeX."""


def without_mathml(markup: str, put: Callable[[str], str]) -> str:
    """Replace each MathML formula of *markup* by `put(text)`; a formula that is not closed stays."""
    if not _TAG.search(markup):
        return markup
    out: list[str] = []
    stack: list[_Node] = []
    position = done = 0  # up to where the text was taken, and up to where it was put out
    for tag in _TAG.finditer(markup):
        name = tag["name"].lower()
        if stack:
            stack[-1].text.append(markup[position : tag.start()])
        elif tag["end"] or name not in _STRUCTURES:
            continue
        position = tag.end()
        if tag["end"]:
            finished = _closed(stack, name)
        elif (tag["attributes"] or "").endswith("/") or name in _EMPTY or len(stack) >= _DEEPEST:
            finished = _added(stack, _Node(name, tag["attributes"] or "", tag.start()))
        else:
            stack.append(_Node(name, tag["attributes"] or "", tag.start()))
            continue
        if finished is not None:
            start, piece = finished
            out += (markup[done:start], put(_shown(piece)))
            done = position
    return "".join((*out, markup[done:]))


def _closed(stack: list[_Node], name: str) -> tuple[int, _Piece] | None:
    """Close the innermost element called *name* and those left open within; without such an element, close nothing."""
    if not any(node.name == name for node in stack):
        return None
    while True:
        node = stack.pop()
        finished = _added(stack, node)
        if node.name == name:
            return finished


def _added(stack: list[_Node], node: _Node) -> tuple[int, _Piece] | None:
    """Add the finished *node* to its parent; without a parent it is the whole formula, which is returned."""
    piece = _piece(node)
    if stack:
        stack[-1].children.append(piece)
        return None
    return node.start, piece


def _shown(piece: _Piece) -> str:
    if piece.plain is not None:
        return piece.plain
    tex = " ".join(piece.tex.split())
    return f"${tex}$" if tex else ""


def _piece(node: _Node) -> _Piece:
    if node.name in _TOKENS:
        return _token(node)
    if node.name in ("annotation", "tex-math"):
        tex = _annotation(node)
        return _Piece(node.name, tex, None if tex else "")
    if node.name in ("semantics", "alternatives"):
        return _best(node)
    if node.name == "mspace":
        return _Piece(node.name, " ", " ")
    if node.name in _SKIPPED or node.name == "mphantom":
        return _Piece(node.name, "", "")
    children = node.children
    if node.name == "maction":
        children = children[:1]
    build = _BUILT.get(node.name)
    if build is not None and len(children) == build[0]:
        tex, plain = build[1](children, node.attributes)
    elif node.name == "mmultiscripts":
        tex, plain = _multiscripts(children)
    elif node.name == "mfenced":
        tex, plain = _fenced(children, node.attributes)
    elif node.name == "mtable":
        tex, plain = r"\begin{matrix}" + r" \\ ".join(c.tex for c in children if c.tex) + r"\end{matrix}", None
    elif node.name in ("mtr", "mlabeledtr"):
        tex, plain = " & ".join(c.tex for c in children), None
    elif not children and (alternative := _attribute(node.attributes, "alttext")):
        tex, plain = _bare(alternative), None
    else:
        tex, plain = _row(children)
    if node.name == "msqrt":
        tex, plain = rf"\sqrt{{{tex}}}", f"√{plain}" if plain is not None and _SIMPLE.fullmatch(plain) else None
    return _Piece(node.name, tex, plain)


def _token(node: _Node) -> _Piece:
    # Text of a foreign tag within counts too: `<mn>1<span>0</span></mn>`.
    raw = html.unescape(_ANY_TAG.sub("", "".join(node.text)))
    text = "".join((raw, *(child.plain or "" for child in node.children)))
    # Invisible operators: a function before its argument, a product, a list of indices.
    text = text.replace("\u2061", " ").replace("\u2062", "").replace("\u2063", "").replace("\u2064", " ")
    plain = text.replace("\xa0", " ") if node.name == "mtext" else " ".join(text.split()) or (" " if text else "")
    if node.name in ("mi", "mtext", "ms") and len(plain.strip()) > 1:
        if plain.strip() in _FUNCTIONS:
            tex = f"\\{plain.strip()} "
        else:
            tex = rf"\{'mathrm' if plain.isalnum() else 'text'}{{{plain.translate(_SPECIAL)}}}"
    else:
        tex = _COMMANDS.get(plain) or plain.translate(_SPECIAL)
    return _Piece(node.name, tex, plain)


def _row(children: Sequence[_Piece]) -> tuple[str, str | None]:
    tex = "".join(child.tex for child in children)
    if any(child.plain is None for child in children):
        return tex, None
    out: list[str] = []
    for before, child in zip((None, *children), children, strict=False):
        plain = child.plain or ""
        if before is not None and out and _must_part(before, out[-1], child, plain):
            out.append(" ")
        if plain:
            out.append(plain)
    return tex, "".join(out)


def _must_part(before: _Piece, left: str, child: _Piece, right: str) -> bool:
    """Whether two neighbouring pieces need a blank between them, as 3 and 1/2, or "log" and "n"."""
    if not right or not (left[-1].isalnum() and right[0].isalnum()):
        return False
    is_word = (before.name == "mi" and len(left) > 1) or (child.name == "mi" and len(right) > 1)
    return "mfrac" in (before.name, child.name) or (is_word and (left.isalpha() or before.name == "mn"))


def _raised(base: _Piece, upper: _Piece) -> tuple[str, str | None]:
    tex = f"{_base(base.tex)}^{{{upper.tex}}}"
    if base.plain is None or upper.plain is None:
        return tex, None
    raised = _RAISED_AS_IT_IS.get(upper.plain.strip()) or superscript(upper.plain) or (None if upper.plain else "")
    return tex, None if raised is None or not _ends_as_one(base.plain) else base.plain + raised


def _lowered(base: _Piece, lower: _Piece) -> tuple[str, str | None]:
    tex = f"{_base(base.tex)}_{{{lower.tex}}}"
    if base.plain is None or lower.plain is None:
        return tex, None
    lowered = subscript(lower.plain) or (None if lower.plain else "")
    return tex, None if lowered is None or not _ends_as_one(base.plain) else base.plain + lowered


def _ends_as_one(text: str) -> bool:
    """Whether a script behind *text* is clear without brackets: for "3 × 10" and "(a+b)", but not for "a+b"."""
    return not text or text[-1] in ")]}|′" or bool(re.fullmatch(r"(?:[\d.,]+\s?[×·⋅]\s?)?[\w.,]*|\W", text))


def _base(tex: str) -> str:
    stripped = tex.strip()
    return stripped if len(stripped) == 1 or re.fullmatch(r"\\[A-Za-z]+|[\d.]+", stripped) else f"{{{stripped}}}"


def _msup(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    return _raised(children[0], children[1])


def _msub(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    return _lowered(children[0], children[1])


def _msubsup(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    base, lower, upper = children
    _, below = _lowered(base, lower)
    _, above = _raised(_Piece("", "", ""), upper)
    tex = f"{_base(base.tex)}_{{{lower.tex}}}^{{{upper.tex}}}"
    return tex, None if below is None or above is None else below + above


def _mfrac(children: Sequence[_Piece], attributes: str) -> tuple[str, str | None]:
    over, under = children
    if re.fullmatch(r"0(?:\.0*)?[a-z]*", _attribute(attributes, "linethickness").strip()):
        return rf"\binom{{{over.tex}}}{{{under.tex}}}", None
    tex = rf"\frac{{{over.tex}}}{{{under.tex}}}"
    parts = [child.plain.strip() if child.plain is not None else "" for child in children]
    return tex, "/".join(parts) if all(map(_SIMPLE.fullmatch, parts)) else None


def _mroot(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    base, index = children
    tex = rf"\sqrt[{index.tex}]{{{base.tex}}}"
    sign = _ROOTS.get((index.plain or "").strip())
    return tex, f"{sign}{base.plain}" if sign and base.plain and _SIMPLE.fullmatch(base.plain) else None


def _mover(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    base, over = children
    mark = (over.plain or "").strip()
    if mark in _ACCENTS:
        wide = {"bar": "overline", "hat": "widehat", "tilde": "widetilde"} if len(base.tex.strip()) > 1 else {}
        accent = _ACCENTS[mark]
        return rf"\{wide.get(accent, accent)}{{{base.tex}}}", None
    if mark in _OVER:
        return rf"{_OVER[mark]}{{{base.tex}}}", None
    if (base.plain or "").strip() in _LIMITS:
        return f"{_base(base.tex)}^{{{over.tex}}}", None
    return rf"\overset{{{over.tex}}}{{{base.tex}}}", None


def _munder(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    base, under = children
    mark = (under.plain or "").strip()
    if mark in _OVER:
        return rf"{_OVER[mark]}{{{base.tex}}}", None
    if (base.plain or "").strip() in _LIMITS:
        return f"{_base(base.tex)}_{{{under.tex}}}", None
    return rf"\underset{{{under.tex}}}{{{base.tex}}}", None


def _munderover(children: Sequence[_Piece], _: str) -> tuple[str, str | None]:
    base, under, over = children
    return f"{_base(base.tex)}_{{{under.tex}}}^{{{over.tex}}}", None


_Build = Callable[[Sequence[_Piece], str], tuple[str, str | None]]
_BUILT: Final[dict[str, tuple[int, _Build]]] = {
    "msup": (2, _msup),
    "msub": (2, _msub),
    "msubsup": (3, _msubsup),
    "mfrac": (2, _mfrac),
    "mroot": (2, _mroot),
    "mover": (2, _mover),
    "munder": (2, _munder),
    "munderover": (3, _munderover),
}
"""How many children each takes; with another number it is read as a row, and nothing is lost."""


def _multiscripts(children: Sequence[_Piece]) -> tuple[str, str | None]:
    """Set an `mmultiscripts`: the base, (lower, upper) scripts behind it, and after `mprescripts` those before it."""
    if not children:
        return "", ""
    names = [child.name for child in children]
    divide = names.index("mprescripts") if "mprescripts" in names else len(children)
    base = children[0]
    behind, before = _pairs(children[1:divide]), _pairs(children[divide + 1 :])
    tex = "".join((*map(_scripts, before), _base(base.tex), *map(_scripts, behind)))
    if before:
        tex = "{}" + tex
    parts = [*map(_plain_scripts, before), base.plain, *map(_plain_scripts, behind)]
    return tex, None if any(part is None for part in parts) else "".join(part or "" for part in parts)


def _pairs(scripts: Sequence[_Piece]) -> list[tuple[_Piece, _Piece]]:
    nothing = _Piece("none", "", "")
    return [(scripts[n], scripts[n + 1] if n + 1 < len(scripts) else nothing) for n in range(0, len(scripts), 2)]


def _scripts(pair: tuple[_Piece, _Piece]) -> str:
    lower, upper = pair
    return (f"^{{{upper.tex}}}" if upper.tex else "") + (f"_{{{lower.tex}}}" if lower.tex else "")


def _plain_scripts(pair: tuple[_Piece, _Piece]) -> str | None:
    nothing = _Piece("", "", "")
    _, below = _lowered(nothing, pair[0])
    _, above = _raised(nothing, pair[1])
    return None if below is None or above is None else above + below


def _fenced(children: Sequence[_Piece], attributes: str) -> tuple[str, str | None]:
    opening, closing = _attribute(attributes, "open", "("), _attribute(attributes, "close", ")")
    separators = "".join(_attribute(attributes, "separators", ",").split())
    joined: list[_Piece] = [_Piece("mo", opening.translate(_SPECIAL), opening)]
    for n, child in enumerate(children):
        if n and separators:
            mark = separators[min(n, len(separators)) - 1]
            joined.append(_Piece("mo", mark.translate(_SPECIAL), f"{mark} "))
        joined.append(child)
    return _row([*joined, _Piece("mo", closing.translate(_SPECIAL), closing)])


def _best(node: _Node) -> _Piece:
    """Choose between the forms of a formula: plain text if the formula is simple, else the TeX of its author."""
    tex = next((c.tex for c in node.children if c.name in ("annotation", "tex-math") and c.tex), "")
    drawn = next((c for c in node.children if c.name not in ("annotation", "tex-math", *_SKIPPED)), None)
    if drawn is not None and drawn.plain is not None and (drawn.plain.strip() or not tex):
        return _Piece(node.name, drawn.tex, drawn.plain)
    if not tex and drawn is not None:
        return _Piece(node.name, drawn.tex, drawn.plain)
    return _Piece(node.name, tex, None if tex else "")


def _annotation(node: _Node) -> str:
    """The TeX in an annotation; empty where it holds another language."""
    encoding = _attribute(node.attributes, "encoding").lower()
    if node.name == "annotation" and "tex" not in encoding:
        return ""
    return _bare(html.unescape(_ANY_TAG.sub("", "".join(node.text))))


def _bare(tex: str) -> str:
    """Return *tex* without the document environment and dollar signs around it."""
    document = _DOCUMENT.search(tex)
    tex = (document[1] if document else tex).strip().strip("$").strip()
    for opening, closing in ((r"\(", r"\)"), (r"\[", r"\]")):
        if tex.startswith(opening) and tex.endswith(closing):
            tex = tex[2:-2].strip()
    return tex.removeprefix(r"\displaystyle").strip().replace("$", r"\$")


def _attribute(attributes: str, name: str, missing: str = "") -> str:
    found: Iterable[re.Match[str]] = _ATTRIBUTE.finditer(attributes)
    return next((html.unescape(m[2] if m[2] is not None else m[3]) for m in found if m[1].lower() == name), missing)
