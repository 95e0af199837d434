"""Convert formulas between `$`: to MathML for pages, to an approximation in Unicode for plain text.

    "solved in $\\mathcal{O}(n^3)$"   ──to_mathml──►   solved in <math>…</math>      (everything else escaped)
                                    ──to_unicode──►  solved in O(n³)

Both take a whole title, abstract or sentence, and leave prices ("$5 and $10") as they are.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from digest.core.words.italics import pieces_of
from digest.core.words.macros import standard_tex

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

MAX_FORMULA = 400
"""Characters. A longer one is shown as it was written: what is that long is hardly ever a formula."""
_WIDE, _LONG = 24, 60
"""Letters of a formula from which a phone, and from which any page, may be too narrow: browsers don't break formulas.
"""
_MAX_SIDESETS = 3
"""latex2mathml sets each one twice, with all that is in it."""
# Expanded like the "billion laughs" of XML; no formula of an abstract has macros of its own.
_DEFINES_MACROS = re.compile(r"\\(?:def|newcommand|newenvironment|DeclareMathOperator)(?![A-Za-z])")

# As pandoc reads them: the opening $ stands before ink, the closing one after ink.
_FORMULA = re.compile(r"(?<![\\$])(\$\$?)(?![\s$])((?:\\.|[^\\$])+)(?<!\s)\1(?!\$)", re.DOTALL)
_TEX = re.compile(r"[\\^_{]")
_TEXT_IN_FORMULA = re.compile(r"\\(?:text\w*|mathrm|mbox|operatorname\*?)\s*\{[^{}]*\}|\\[A-Za-z]+")
_PROSE = re.compile(r"(?:^|\s)[A-Za-z]{2,}\s")
_SIGN_ALONE = re.compile(r"[-−+±<>=×·~]")
_OPEN_END = re.compile(r"[/,;:(–—-]$")

_ELEMENTS = frozenset(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts"
    " mprescripts none mtable mtr mtd mpadded mphantom menclose mstyle".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop"
    " linethickness lspace mathvariant maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel"
    " separator stretchy symmetric width".split()
)
_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "msubsup": 3, "munderover": 3}
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


@lru_cache(maxsize=4096)
def to_mathml(text: str, italics: tuple[str, ...] = ()) -> Markup:
    """Return *text* as HTML with formulas in MathML, and outside them each of the phrases *italics* in `<i>`.

    A formula that cannot be converted is shown as code, as written.
    """
    return Markup("").join(
        _mathml(part, display=display) if is_formula else to_italics(part, italics)
        for part, is_formula, display in _parts(text)
    )


def to_italics(text: str, italics: Sequence[str]) -> Markup:
    """Return plain *text* as HTML, each of the phrases *italics* in `<i>`. The only tags in it are ours."""
    return Markup("").join(
        Markup("<i>{}</i>").format(piece) if is_italic else escape(piece)
        for piece, is_italic in pieces_of(text, italics)
    )


@lru_cache(maxsize=4096)
def to_unicode(text: str, _italics: tuple[str, ...] = ()) -> str:
    """Return *text* as plain text with formulas approximated in Unicode. Plain text has no italics."""
    return "".join(_unicode(part) if is_formula else part for part, is_formula, _ in _parts(text))


def _parts(text: str) -> list[tuple[str, bool, bool]]:
    """Split *text* into pieces: (piece, whether it is a formula, whether it stood between double dollars)."""
    parts = []
    end = at = 0
    while match := _FORMULA.search(text, at):
        at = match.start() + 1
        if _is_formula(match[2], after=text[match.end() : match.end() + 1]):
            parts += [(_plain(text[end : match.start()]), False, False), (match[2].strip(), True, len(match[1]) == 2)]
            end = at = match.end()
    return [*parts, (_plain(text[end:]), False, False)]


def _plain(text: str) -> str:
    r"""Replace `\$`, TeX's dollar outside a formula, by a dollar."""
    return text.replace("\\$", "$")


def _is_formula(tex: str, *, after: str) -> bool:
    """Whether *tex* is a formula and not prose between two prices: "$5k and 10$", "$3/$", "$5-$10"."""
    if _SIGN_ALONE.fullmatch(tex):
        return True
    if after.isdigit() and not _TEX.search(tex):
        return False
    if _PROSE.search(_TEXT_IN_FORMULA.sub("", tex)):
        return False
    return not (tex[0].isdigit() and _OPEN_END.search(tex))


def _code(tex: str) -> Markup:
    return Markup("<code>{}</code>").format(tex)


def _mathml(tex: str, *, display: bool) -> Markup:
    from latex2mathml import converter, exceptions
    from lxml import etree

    if len(tex) > MAX_FORMULA or _DEFINES_MACROS.search(tex) or tex.count("\\sideset") > _MAX_SIDESETS:
        return _code(tex)
    # latex2mathml has no base class for its errors, and others escape from it on broken input.
    errors: tuple[type[Exception], ...] = (
        *(error for error in vars(exceptions).values() if isinstance(error, type) and issubclass(error, Exception)),
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        RuntimeError,
        StopIteration,
        TypeError,
        ValueError,
    )
    try:
        markup = converter.convert(_escape_percent(standard_tex(tex)), display="block" if display else "inline")
        root = etree.fromstring(markup, etree.XMLParser(resolve_entities=False, no_network=True))
    except (*errors, etree.XMLSyntaxError):
        return _code(tex)
    if not _purify(root):
        return _code(tex)
    letters = len("".join(root.itertext()))
    if letters > _WIDE:
        root.set("class", "long" if letters > _LONG else "wide")
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 -- allow-listed


def _purify(root: Any) -> bool:
    """Drop attributes that are not presentation; False where an element is foreign or the formula was not understood.

    latex2mathml passes `\\text{<script>}`, `\\href` and `\\style` through as they are.
    """
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag.removeprefix(_NAMESPACE) not in _ELEMENTS:
            return False
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if (element.text or "").startswith("\\") and not _name_macro(element):
            return False
        if len(element) != _CHILDREN.get(element.tag, len(element)):
            return False
        for name in element.attrib:
            if name not in _ATTRIBUTES:
                del element.attrib[name]
    from lxml import etree

    etree.cleanup_namespaces(root)
    _space_functions(root)
    return bool("".join(root.itertext()).strip())


def _name_macro(element: Any) -> bool:
    """Set an author's macro that nothing explains as its name; False for a command of TeX, which stands wrong there."""
    name = element.text.removeprefix("\\")
    if element.tag != "mi" or not (name.isascii() and name.isalpha()) or _is_known(name):
        return False
    element.text = name
    element.set("mathvariant", "normal")
    return True


def _space_functions(root: Any) -> None:
    """Set `n log n` with thin spaces, as TeX does; latex2mathml runs the three together."""
    for name in [element for element in root.iter("mi") if len(element.text or "") > 1 and element.text.isalpha()]:
        for neighbour, add in ((name.getprevious(), name.addprevious), (name.getnext(), name.addnext)):
            if name.getparent().tag == "mrow" and neighbour is not None and neighbour.tag not in ("mo", "mspace"):
                add(name.makeelement("mspace", {"width": "0.17em"}))


# -- Unicode

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθφχ*∗′⊤∘",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᵠᵡ**′ᵀ°",
        strict=True,
    )
)
_SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_DECIMAL = re.compile(r"\d+\.\d+")
_WORD = re.compile(r"[A-Za-z]{4,}")
"""A word is hard to read in small letters, which many fonts have not all of: f_train, not f with five of them."""
_SCRIPT = re.compile(
    r"(?<!\\)(\\[A-Za-z]+)?\s*([\^_])\s*"
    r"(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\\[A-Za-z]+(?:\s*\{[^{}]*\})*|[^\s\\{}])"
)
_OVER = re.compile(r"\{([^{}\\]*)\\over(?![A-Za-z])([^{}]*)\}")
_OVER_SIGN = re.compile(r"\\over(?![A-Za-z])")
_UPPER_FIRST = re.compile(
    r"(?<!\\)\^\s*(?!\{[+-])(\{[^{}]*\}|\\[A-Za-z]+|[^\s\\{}])\s*_\s*(\{[^{}]*\}|\\[A-Za-z]+(?!\s*\{)|[^\s\\{}])"
)
_SAME = {
    "texttt": "text",
    "textsc": "text",
    "textsf": "text",
    "mathtt": "text",
    "operatorname": "text",
    "mathop": "text",
    "mathnormal": "text",
    "boldsymbol": "text",
    "bm": "text",
    "pmb": "text",
    "scr": "text",
    "mathscr": "text",
    "mathcal": "text",
    "mathfrak": "text",
    "widetilde": "tilde",
    "Tilde": "tilde",
    "widehat": "hat",
    "Hat": "hat",
    "overline": "bar",
    "Bar": "bar",
    "dfrac": "frac",
    "tfrac": "frac",
    "cfrac": "frac",
    "lVert": "‖",
    "rVert": "‖",
    "Vert": "‖",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "mathds": "mathbb",
    "mathbbm": "mathbb",
    "Re": "Re",
    "Im": "Im",
    "ell": "ℓ",
    "lesssim": "≲",
    "gtrsim": "≳",
    "coloneqq": ":=",
    "colon": ": ",
}
_FUNCTION = re.compile(
    r"(\w)?\s*\\(arg|cos|deg|det|dim|exp|gcd|inf|ker|lim|ln|log|max|min|Pr|sin|sup|tan|tanh)(?![A-Za-z])\s*(?=([\w\\])?)"
)
# A command swallows the blank behind it: "x ∈S" was written with two.
_OPERATOR = re.compile(r"(?<=\s)([±×·∪∩⊎⊕⊗∧∨∘])(?=\S)")
_RELATION = re.compile(r"(?<=\S)\s*([=<>≤≥≈≠≡≪≫≲≳∈∉∋⊂⊆⊃⊇→←↔⇒⇔↦∼∝⟂])\s*(?=\S)")
_SPACED = re.compile(
    r"\s(?:[=<>]|\\(?:approx|equiv|geq?|gg|in|leftarrow|leq?|ll|mapsto|neq?|ni|notin|propto|rightarrow|sim|simeq|subset|subseteq"
    r"|supset|supseteq|to)(?![A-Za-z]))"
)
"""A relation that its author set off. Between two of them all are, as `a \\leq b \\leq c`."""
_IN_LETTERS = re.compile(r"[A-Za-z0-9Α-ωℓ]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_COMMAND = re.compile(r"\\(" + "|".join(_SAME) + r")(?:(?<=operatorname)\*)?(?![A-Za-z])(\s*)")
# What only says how large or in which letters something is set.
_LOOK = re.compile(
    r"\\(?:(?:left|right|middle|[Bb]igg?[lrm]?)(?![A-Za-z])\s*(?:\.(?!\d))?"
    r"|(?:rm|bf|it|sf|tt|cal|mit|sl|em|small|tiny|large|normalsize|footnotesize|displaystyle|textstyle|scriptstyle|limits"
    r"|nolimits|allowbreak|nonumber|ensuremath|xspace|nobreakdash)(?![A-Za-z])\s*|[!/])"
)
_BARS = re.compile(r"\\\|")
_CODE_POINT = re.compile(r"\\unicode\s?\{x([0-9A-Fa-f]{2,5})\}")
_NEEDLESS = re.compile(r"(?<![A-Za-z]{2}) (?![A-Za-z]{2})")
"""A blank within a script that divides no words, as in "n log n"."""
_INSIDE = re.compile(r"(?<=[(\[⟨])\s+|\s+(?=[)\]⟩])")
_STACKED = re.compile(r"\\(overset|stackrel|underset)\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_MODULO = re.compile(r"\\pmod\s*\{([^{}]*)\}")
_UNKNOWN = re.compile(r"\\([A-Za-z]+)\s*((?:\{[^{}]*\})+)?")
_SHORT_ROOT = re.compile(r"([√∛∜])\((\w)\)(?![\w(√])")
_LETTERS = str.maketrans("ℬℰℱℋℐℒℳℛℯℊℴℭℌℑℜℨℎϵ\u0305", "BEFHILMRegoCHIRZhε\u0304")
"""Letters of a script or Fraktur that Unicode has elsewhere; ℝ and ℓ are no such letters. And ϵ, which is ε to all; and
the stroke over a letter that fonts set best."""


def _unicode(tex: str) -> str:
    if len(tex) > MAX_FORMULA:
        return tex
    from pylatexenc.latexwalker import LatexWalkerError

    try:
        text = _approximate(_escape_percent(_FUNCTION.sub(_function, _prepared(tex))))
    # pylatexenc's own replacement rules index arguments that a broken formula does not have.
    except (LatexWalkerError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return tex
    # Mathematical letters (𝒪, 𝐱) have holes in many fonts and are no use to a search.
    plain = "".join(unicodedata.normalize("NFKC", c) if "\U0001d400" <= c <= "\U0001d7ff" else c for c in text)
    plain = _SHORT_ROOT.sub(r"\1\2", unicodedata.normalize("NFC", plain.translate(_LETTERS)))
    plain = _INSIDE.sub("", plain)
    plain = _OPERATOR.sub(r"\1 ", plain)
    if _SPACED.search(tex):
        plain = _RELATION.sub(r" \1 ", plain)
    return tex if "%s" in plain else " ".join(plain.split()) or tex


def _prepared(tex: str) -> str:
    """Return *tex* with fewer kinds of commands."""
    tex = _CODE_POINT.sub(lambda m: chr(int(m[1], 16)), standard_tex(tex))
    tex = _STACKED.sub(_stacked, _MODULO.sub(r" \\text{(mod} \1)", tex))
    tex = _OVER_SIGN.sub("/", _OVER.sub(r"\\frac{\1}{\2}", tex))
    tex = _UPPER_FIRST.sub(r"_\2^\1", tex)
    return _BARS.sub("‖", _COMMAND.sub(_plain_command, _LOOK.sub("", tex)))


def _stacked(match: re.Match[str]) -> str:
    return f"{match[3]}{'_' if match[1] == 'underset' else '^'}{{{match[2]}}}"


def _plain_command(match: re.Match[str]) -> str:
    name, blank = _SAME[match[1]], match[2]
    if name in ("text", "tilde", "hat", "bar", "frac", "mathbb"):
        return f"\\{name}{blank}"
    return f"{{{name}}}{blank if name.isalpha() else ''}"


def _function(match: re.Match[str]) -> str:
    """`n\\log n` → n log n, but `\\log(n)` → log(n)."""
    return f"{match[1] + ' ' if match[1] else ''}{match[2]}{' ' if match[3] else ''}"


def _approximate(tex: str) -> str:
    r"""Raises: LatexWalkerError, where a brace, an environment or an argument is missing.

    Where it is told to tolerate that, pylatexenc reads anew what it took for the arguments, and in them the same again:
    24 times `\sqrt[`, `\frac{` or `\cite[` take two to the power of 24 readings.
    """
    if len(tex) > MAX_FORMULA:
        return tex
    said = _UNKNOWN.sub(_unknown, _SCRIPT.sub(_script, tex))
    return _set_apart(str(_converter().latex_to_text(said, tolerant_parsing=False)))


def _unknown(match: re.Match[str]) -> str:
    r"""`\pref{a}{b}` → pref(a, b), where nothing knows the macro."""
    name, arguments = match[1], match[2]
    if _is_known(name):
        return match[0]
    before = " " if match.start() and match.string[match.start() - 1].isalnum() else ""
    if not arguments:
        return f"{before}{name} "
    return f"{before}{name}({', '.join(arguments[1:-1].split('}{'))})"


@lru_cache(maxsize=2048)
def _is_known(name: str) -> bool:
    return name in ("begin", "end") or bool(_converter().latex_context.get_macro_spec(name).macroname)


def _script(match: re.Match[str]) -> str:
    """`^{-3}` → ⁻³, `_{i,j}` → _(i,j), `_{CE}` → _CE."""
    command, mark, tex = match[1], match[2], match[3]
    text = _approximate(tex.removeprefix("{").removesuffix("}") if tex.startswith("{") else tex)
    # A small letter is a letter: "\\alphaᵢ" would be a command of that name.
    return (f"{command}{{}}" if command else "") + _set_off(mark, _NEEDLESS.sub("", text))


def _set_off(mark: str, text: str) -> str:
    """Return *text* as superscript or subscript, in Unicode's own characters if it has all of them."""
    table = _SUPERSCRIPTS if mark == "^" else _SUBSCRIPTS
    if text and all(character in table for character in text) and not _WORD.search(text):
        return "".join(table[character] for character in text)
    if mark == "_" and _DECIMAL.fullmatch(text):  # PM₂.₅
        return "".join(table.get(character, character) for character in text)
    is_closed = _IN_LETTERS.fullmatch(text) or len(text) == 1 or _IN_BRACKETS.fullmatch(text)
    return f"{mark}{text}" if is_closed else f"{mark}({text})"


_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
# Of one factor, or in brackets of its own, so that nothing beside a stroke can be taken for another part.
_IS_FACTOR = re.compile(r"[^\s+\-−±/,=<>·×()|]*|[√∛∜]?\([^()]*\)")
_APART = "\x01"
r"""Between what would be read as one if it stood together: 3\frac{1}{2} is not 31/2, 2\sqrt[n]{x} no power of 2."""
_TOGETHER = re.compile(f"(?<=[\\w)]){_APART}+(?=[\\w√∛∜^(∑∏∫])")


def _root(node: Any, l2tobj: LatexNodes2Text) -> str:
    r"""`\sqrt[3]{x}` → ∛(x), `\sqrt[n]{x}` → ⁿ√(x)."""
    degree = "".join(l2tobj.node_arg_to_text(node, 0).split())
    root = _ROOTS.get(degree) or f"{_APART}{_set_off('^', degree)}√"
    return f"{root}({l2tobj.node_arg_to_text(node, 1)})"


def _fraction(node: Any, l2tobj: LatexNodes2Text) -> str:
    r"""`\frac{1}{2}` → 1/2, `\frac{a+1}{b}` → (a+1)/b."""
    above, below = (l2tobj.node_arg_to_text(node, place).strip() for place in (0, 1))
    below = f"({below})" if re.match(r"\d+[^\W\d]", below) else _factor(below)
    return f"{_APART}{_factor(above)}/{below}{_APART}"


def _factor(text: str) -> str:
    return text if _IS_FACTOR.fullmatch(text.strip(_APART)) else f"({text})"


def _set_apart(text: str) -> str:
    """*text* with a blank where one is needed."""
    return _TOGETHER.sub(" ", text).replace(_APART, "")


@lru_cache(maxsize=1)
def _converter() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    # It warns of every broken formula; the formula is shown as it was written instead.
    logging.getLogger("pylatexenc").setLevel(logging.ERROR)
    context = get_default_latex_context_db()
    # Without this an unknown command vanishes without a trace.
    own = [MacroTextSpec("sqrt", _root), MacroTextSpec("frac", _fraction)]
    context.add_context_category("own", macros=own, prepend=True)
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=lambda node: node.latex_verbatim()))
    return LatexNodes2Text(latex_context=context, math_mode="text", strict_latex_spaces=False)


def _escape_percent(tex: str) -> str:
    """A bare % in an abstract is a percent sign, and would be read as the start of a comment."""
    return re.sub(r"(?<!\\)%", r"\\%", tex)
