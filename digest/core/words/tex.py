r"""TeX in running text → Unicode; formulas stay as they are.

    Rodr\'iguez-G\'alvez uses \textbf{Mat\'ern} kernels~\cite{x} with $\nu=3/2$, 96.8\% of the time
    Rodríguez-Gálvez uses Matérn kernels with $\nu=3/2$, 96.8% of the time

Abstracts are not TeX documents: they hold Windows paths, prices, sets in braces and macros that only their author's
preamble knows. So nothing is *parsed*; constructs that can only be TeX are found and replaced, and everything else
stays. What an accent or a letter macro looks like is asked of pylatexenc.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from digest.core.words.macros import meaning_of, plain_quantities, without_definitions, without_inner_dollars

if TYPE_CHECKING:
    from pylatexenc.macrospec import LatexContextDb

_HAS_TEX: Final = re.compile(r"[\\~`{]|--|''")

_PASSES: Final = 24
"""Nested macros are resolved from the inside out, one level a pass; text that needs more is hostile and left alone."""

# What may stand between the braces of a macro: no further macro with braces of its own (it is resolved first, and the
# outer one in the next pass), but formulas and one level of plain braces.
_ARG: Final = r"(?:[^{}$\\]|\\.|\$(?:\\.|[^$\\])*\$|\{[^{}$\\]*\})*+"

_LETTER: Final = r"(?:\{\s*(?:\\[ij]|[^\W\d_])\s*\}|\\[ij](?![A-Za-z])(?:\{\})?|[A-Za-z])"
_ACCENT: Final = (
    # "it\'s", "we\'re": an apostrophe that some program escaped, not ś and not ŕ.
    r"(?!\\'(?:s|t|re|ll|d|ve|m)\b)"
    rf"\\(?:['`^\"~=.]{_LETTER}|[uvHcdbkr]\{{\s*(?:\\[ij]|[^\W\d_])\s*\}}|(?<=[a-z]\\)[cvukH]\s{{1,3}}[a-z]|[cvH]\s{{1,3}}[A-Z])"
)
_NAMED: Final = r"\\(?:o|O|l|L|ss|ae|AE|oe|OE|aa|AA|i|j|dh|DH|th|TH|dj|DJ|ng|NG)(?![A-Za-z])"
_SYMBOLS: Final = {
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "copyright": "©",
    "dots": "…",
    "ldots": "…",
    "pounds": "£",
    "textasciicircum": "^",
    "textasciitilde": "~",
    "textbar": "|",
    "textbullet": "•",
    "textdegree": "°",
    "textemdash": "—",
    "textendash": "–",
    "texteuro": "€",
    "textgreater": ">",
    "textleftarrow": "←",
    "textless": "<",
    "textmu": "µ",
    "textpm": "±",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textregistered": "®",
    "textrightarrow": "→",
    "texttimes": "×",
    "texttrademark": "™",
    "textunderscore": "_",
}
_SHORT_FORMS: Final = {
    "aka": "a.k.a.",
    "cf": "cf.",
    "eg": "e.g.",
    "Eg": "E.g.",
    "etal": "et al.",
    "etc": "etc.",
    "ie": "i.e.",
    "Ie": "I.e.",
    "iid": "i.i.d.",
    "st": "s.t.",
    "viz": "viz.",
    "vs": "vs.",
    "wrt": "w.r.t.",
}
_NO_TEXT: Final = "ref|eqref|autoref|[cC]ref|label|vspace|hspace|index|thanks|footnotemark"
"""Commands without text: what stands in their braces is none either."""
_SET_ONLY: Final = frozenset(
    "noindent par newline linebreak centering xspace protect maketitle nobreakdash hfill smallskip medskip"
    " bigskip".split()
)
"""Commands that only set other text."""
_SIGNS: Final = {"deg": "°", "degree": "°", "degrees": "°", "celsius": "°C", "micro": "µ", "ohm": "Ω", "percent": "%"}
_IN_MATHS: Final = (
    "mathcal|mathbb|mathbf|mathrm|mathsf|mathscr|mathfrak|boldsymbol|bm|sqrt|tilde"
    "|widetilde|hat|widehat|bar|overline|vec"
)
_SCRIPTS: Final = rf"(?:[_^](?:[A-Za-z0-9]|\{{{_ARG}\}})){{0,2}}"
_EQUATION: Final = "(?:equation|align|eqnarray|gather|multline|displaymath|math)"
_FORMAT: Final = (
    "text|textbf|textit|emph|textsc|texttt|textsf|textrm|textsl|textmd|textup|textnormal|underline|mbox|uline"
)
_SWITCH: Final = "bf|it|em|tt|sc|sf|rm|sl|small|large|footnotesize|bfseries|itshape|ttfamily|scshape|sffamily"

_TOKEN: Final = re.compile(
    rf"""
    (?=[\\$~`'/{{_^-]|[ ]\\(?:cite|[a-zA-Z]*ref))  # nothing else begins one: most letters are passed by
    (?:
    (?P<formula> \$\$[^$]+\$\$ | \$(?:\\.|[^$\\])++\$ )
  # A body never passes over another opening, so that many that are not closed cost no more than their length.
  | (?P<round> \\\( (?P<round_body> (?:[^\\$]|\\[^()\\]|\\\\(?![()]))*+ ) \\\) )
  | (?P<square> \\\[ (?P<square_body> (?:[^\\$]|\\[^\[\]\\]|\\\\(?![\[\]]))*+ ) \\\] )
  | (?P<home> /\\~ )                                             # http://example.edu/\~user
  | \{{ (?P<accent_in_braces> {_ACCENT} | \\[uvHcdbkr]\s{{1,3}}[A-Za-z] ) \}} | (?P<accent> {_ACCENT} )
  | \{{ (?P<named_in_braces> {_NAMED} ) \}}
  | (?P<named> {_NAMED} ) (?: \{{\}} | [ ]++(?=[^\W\d_]) )?
  | (?P<open>\{{)? \\ (?P<symbol> {"|".join(_SYMBOLS)} ) (?![A-Za-z]) (?: \{{\}} | [ ]++(?=\w) )? (?(open)\}})
  | (?P<section> \\S(?=[ ~]?\d) ) [ ~]?
  | \\ (?P<escaped> [&%#_${{}}] )
  | (?P<comma> (?<=\d)\{{,\}}(?=\d) )                            # 9{{,}}600: no blank after the comma
  | (?P<blank> (?<=\S)\\[,; ] | (?<=\s)\\\\(?=\s|\Z) )
  | (?P<nothing> [ ~]?\\(?:{_NO_TEXT})\*?\{{[^{{}}]*\}}
      | (?<=\S)\\@ | (?<=[a-z])\\-(?=[a-z]) | [ ~]?\\cite[a-z]*\*?(?:\[[^\[\]{{}}]*\])*\{{[^{{}}]*\}} )
  | \\(?:{_FORMAT})\s*\{{ (?P<format> {_ARG} ) \}}
  | \{{\\(?:{_SWITCH})(?![A-Za-z])\s* (?P<switch> {_ARG} ) \}}
  | \\textcolor\s*\{{[^{{}}]*\}}\s*\{{ (?P<coloured> {_ARG} ) \}}
  | \\textsuperscript\s*\{{ (?P<superscript> {_ARG} ) \}}
  | \\textsubscript\s*\{{ (?P<subscript> {_ARG} ) \}}
  | \\footnote\s*\{{ (?P<footnote> {_ARG} ) \}}
  | \\begin\s?\{{ {_EQUATION}\*? \}} (?P<equation> (?:[^\\$]|\\(?!begin|end)[^\n])*+ ) \\end\s?\{{ {_EQUATION}\*? \}}
  | (?P<list> \\(?:begin|end)\s?\{{[a-z]{{1,20}}\*?\}} ) | (?P<item> \\item(?![A-Za-z]) )
  | (?<![\\:$])
    (?P<maths> \\(?:(?:{_IN_MATHS})\s?\{{ {_ARG} \}}|[dt]?frac\s?\{{ {_ARG} \}}\s?\{{ {_ARG} \}}) {_SCRIPTS} )
  | (?<![\\:$]) (?P<scripted> \\[A-Za-z]{{2,20}}+ (?=[_^]) {_SCRIPTS} )
  | (?P<quantity> \\(?:SI|qty)\s?\{{[^{{}}$]*\}}\s?\{{[^{{}}$]*\}} | \\(?:si|unit)\s?\{{[^{{}}$]*\}} )
  | \\(?:enquote|gls|glspl|Gls|ac|acp|acs|acf|acl|texorpdfstring\{{ {_ARG} \}})\s?\{{ (?P<content> {_ARG} ) \}}
  | \{{ (?P<braced> \\[A-Za-z]{{2,30}}+ ) \s? \}}
  | (?P<power> (?<=[\w)\]])[_^]\{{ [^{{}}$\\\s]{{1,12}} \}} )
  | (?P<guard> \{{ [^{{}}$\\,;:="'\n]{{1,60}} \}} | \{{=\}} )
  | \\url\s*\{{ (?P<url> [^{{}}\s]* ) \}}
  | \\href\s*\{{ (?P<href> [^{{}}\s]* ) \}}\s*\{{ (?P<anchor> {_ARG} ) \}}
  | (?<![\\\w:]) \\(?!begin|end|newcommand|def)[A-Za-z]{{2,30}}+\{{ (?P<own> (?=[^{{}}]){_ARG} ) \}}
  | (?P<macro> (?<![\\:]) \\ [A-Za-z]{{2,30}}+ ) (?P<macro_braces> \{{\}} )?
  | (?P<tie> (?<=[\w.,;:)\]'’”%])~(?=[\w\\({{\[$“‘]) )
  | (?P<quote> (?<!`)``(?=[^\s`]) )
  | (?P<unquote> (?<=\S)''(?!') )
  | (?<![\w`])`(?P<single>[A-Za-z$\\][^`'\n]{{0,60}})'(?!\w)
  | (?P<em> (?<!-)---(?![->]) )
  | (?P<en> (?<=[^\s!-])--(?=[^\s>-]) | (?<=\s)--(?=\s) )
    )
    """,
    re.VERBOSE | re.DOTALL,
)

_SUPERSCRIPTS: Final = dict(zip("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ", strict=True))
_SUBSCRIPTS: Final = dict(zip("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎", strict=True))

_RAISED_LETTERS: Final = dict(
    zip(
        "abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδθφχ",
        "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿᵠᵡ",
        strict=True,
    )
)
_LOWERED_LETTERS: Final = dict(zip("aehijklmnoprstuvxβγρφχ", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))

_WORDS: Final = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}+\s++[A-Za-z]{2}")
_MATHS: Final = re.compile(r"[\\^_={}<>|]")
_PRICE: Final = re.compile(r"\d[\d.,]*+[kKMB]?\+?(?:\s+[a-z]{2,}\b|[.,;:)]*\s*\Z)")


def unicode_text(text: str) -> str:
    """Resolve accents, text macros, ties, quotes and dashes of TeX; leave formulas and unknown macros as they are.

    A formula between `\\(` and `\\)` gets `$` instead. Never raises; applying it again changes nothing.
    """
    if not _HAS_TEX.search(text):
        return text
    current = without_definitions(without_inner_dollars(text))
    for _ in range(_PASSES):
        following = _rewrite(current)
        if following == current:
            return current
        current = following
    return text


def superscript(text: str) -> str | None:
    """`-1` as `⁻¹`; None where Unicode has no such letters."""
    return _in(_SUPERSCRIPTS, text)


def subscript(text: str) -> str | None:
    """`2` as `₂`; None where Unicode has no such letters."""
    return _in(_SUBSCRIPTS, text)


def raised_letters(text: str) -> str | None:
    """`T` as `ᵀ`; None where Unicode has not all of the letters and figures."""
    return _in(_SUPERSCRIPTS | _RAISED_LETTERS, text)


def lowered_letters(text: str) -> str | None:
    """`in` as `ᵢₙ`; None where Unicode has not all of the letters and figures."""
    return _in(_SUBSCRIPTS | _LOWERED_LETTERS, text)


def _in(letters: Mapping[str, str], text: str) -> str | None:
    found = [letters.get(letter) for letter in text.strip()]
    return None if not found or None in found else "".join(filter(None, found))


def _rewrite(text: str) -> str:
    """Rewrite the TeX constructs of *text* once, from left to right."""
    # A closing quote of TeX is also a double prime (6'2''): it needs an opening one. And an escaped quote of JSON looks
    # like an umlaut until one of them closes.
    quoted = "``" in text or "“" in text
    umlauts = not re.search(r'\\"(?![A-Za-z{\\])', text)
    out: list[str] = []
    position = 0
    while match := _TOKEN.search(text, position):
        out.append(text[position : match.start()])
        if (match["formula"] and not _is_formula(match["formula"])) or (match["unquote"] and not quoted):
            out.append(text[match.start()])
            position = match.start() + 1
            continue
        position = match.end()
        accent = match["accent"] or match["accent_in_braces"]
        if accent and not umlauts and accent[1] == '"':
            out.append(match[0])
        else:
            out.append(_replacement(match))
    out.append(text[position:])
    return "".join(out)


def _is_formula(text: str) -> bool:
    """Whether *text* between two dollar signs is a formula and not prose between two prices, as in "$5 and $10"."""
    if text.startswith("$$"):
        return True
    body = text[1:-1]
    if not body.strip() or re.search(r"\n\s*\n", body) or _PRICE.match(body):
        return body.isdigit()  # "a grid of $2$": a number alone is set as one
    return bool(_MATHS.search(body)) or not _WORDS.search(body)


def _replacement(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    found = match[kind] if kind else ""
    if match["formula"]:
        return _trimmed(match)
    if match["macro"]:
        return _macro(match)
    if (write := _WRITTEN.get(kind)) is not None:
        return write(match)
    if accent := match["accent"] or match["accent_in_braces"]:
        return _letter(accent) or match[0]
    if named := match["named"] or match["named_in_braces"]:
        return _letter(named) or match[0]
    if match["symbol"]:
        return _SYMBOLS[match["symbol"]]
    if match["round"]:
        return f"${match['round_body']}$" if match["round_body"].strip() else match[0]
    if match["square"]:
        return f"$${match['square_body']}$$" if match["square_body"].strip() else match[0]
    if match["href"] is not None:
        return _link(match["href"], match["anchor"])
    if match["single"]:
        return f"‘{match['single']}’"
    if match["superscript"] is not None:
        return superscript(found) or found
    if match["subscript"] is not None:
        return subscript(found) or found
    if match["footnote"] is not None:
        return f" ({found})" if found.strip() else ""
    fixed = {
        "comma": ",",
        "list": " ",
        "item": "•",
        "section": "§",
        "home": "/~",
        "blank": " ",
        "nothing": "",
        "quote": "“",
        "unquote": "”",
        "em": "—",
        "en": "–",
    }
    if kind == "tie":
        return _tie(match)
    return fixed.get(kind, found)


def _trimmed(match: re.Match[str]) -> str:
    """Return a formula without blanks at its ends, where no reader would take it for one."""
    formula: str = match["formula"]
    dollars = "$$" if formula.startswith("$$") else "$"
    body = formula.removeprefix(dollars).removesuffix(dollars)
    inner = _TRAILING.sub("", body).strip()
    if inner == body or not inner or not (re.search(r"[\\^_]", body) or _SHORT_FORMULA.fullmatch(inner)):
        return formula
    before, after = (" " if neighbour.isalnum() else "" for neighbour in _neighbours(match))
    return f"{before}{dollars}{inner}{dollars}{after}"


def _macro(match: re.Match[str]) -> str:
    """Return what a command outside formulas says: its sign, or its name where it can only be the author's own."""
    name = match["macro"][1:]
    before, after = _neighbours(match)
    if after and after in "\\:{":
        return match[0]
    if name in _SHORT_FORMS:
        said = _SHORT_FORMS[name]
        return said.removesuffix(".") if after == "." else said
    if name in _SET_ONLY:
        return "" if match["macro_braces"] or before.isalnum() else " "
    if sign := _sign(name):
        return sign
    if "{" in (meaning := meaning_of(name) or ""):
        return f"${meaning}$"
    if before.isalnum() or before in ("_", "/") or after in ("_", "/"):
        return match[0]
    return name


def _neighbours(match: re.Match[str]) -> tuple[str, str]:
    return match.string[max(match.start() - 1, 0) : match.start()], match.string[match.end() : match.end() + 1]


def _guarded(match: re.Match[str]) -> str:
    """Return {E}nglish and {COVID-19} without the braces that keep capitals in BibTeX; "the set {a}" keeps its own."""
    before, after = _neighbours(match)
    inside = match["guard"][1:-1]
    joins = (before.isalpha() or after.isalpha()) and inside.isalpha()
    capital = any(map(str.isupper, inside)) and sum(map(str.isalpha, inside)) > 1
    is_quoted = before and before in '/$%#_^\\=&.@"“`{}'
    is_sign = len(inside) == 1 and inside in "=<>+-−±×~≤≥≈:"
    return inside if (joins or capital or is_sign) and not is_quoted else match[0]


def _power(match: re.Match[str]) -> str:
    mark, content = match["power"][0], match["power"][2:-1]
    found = superscript(content) if mark == "^" else subscript(content)
    return found or (f"{mark}{content}" if content.isalnum() else f"{mark}({content})")


def _in_formula(match: re.Match[str]) -> str:
    """Return maths that its author put outside of dollars as a formula."""
    if match["scripted"] and not _sign(re.split("[_^]", match["scripted"])[0][1:]):
        return match[0]
    return f"${match[0]}$"


@lru_cache(maxsize=1024)
def _sign(name: str) -> str:
    r"""The one sign or letter that `\name` stands for; empty if it stands for none."""
    if name in _SIGNS:
        return _SIGNS[name]
    meaning = meaning_of(name)
    if meaning is not None and not meaning.startswith("\\"):
        return meaning if meaning and not re.search(r"[\\^_{]", meaning) and not meaning.isascii() else ""
    spec = _signs().get_macro_spec((meaning or name).removeprefix("\\"))
    sign = spec.simplify_repl if spec else ""
    return sign if isinstance(sign, str) and len(sign) == 1 and not sign.isascii() else ""


@lru_cache(maxsize=1)
def _signs() -> LatexContextDb:
    from pylatexenc.latex2text import get_default_latex_context_db

    return get_default_latex_context_db()


_TRAILING: Final = re.compile(r"(?:\\[,;:! ]|[~\s]){1,9}\Z")
_SHORT_FORMULA: Final = re.compile(r"[A-Za-z]|[A-Z]{2,4}|[A-Za-z] ?[=<>] ?[\w.]{1,9}")


_WRITTEN: Final[dict[str, Callable[[re.Match[str]], str]]] = {
    "quantity": lambda match: plain_quantities(match[0]),
    "equation": lambda match: f" $${match['equation'].strip()}$$ " if match["equation"].strip() else " ",
    "braced": lambda match: _sign(match["braced"][1:]) or match["braced"][1:],
    "guard": _guarded,
    "power": _power,
    "maths": _in_formula,
    "scripted": _in_formula,
}


def _tie(match: re.Match[str]) -> str:
    """Return the replacement of a tie (`~`): a blank, but between digits `~` itself, as "1~5 frames" is a range."""
    before, after = match.string[match.start() - 1], match.string[match.end()]
    return "~" if before.isdigit() and after.isdigit() else " "


def _link(url: str, anchor: str) -> str:
    text = anchor.strip()
    if not text or "://" in text or text in url:
        return url
    return f"{text} ({url})"


@lru_cache(maxsize=1024)
def _letter(macro: str) -> str | None:
    """The one letter that an accent or letter macro stands for, or None if Unicode has no such letter."""
    from pylatexenc.latex2text import LatexNodes2Text

    letter = unicodedata.normalize("NFC", LatexNodes2Text().latex_to_text(macro)).strip()
    return letter if len(letter) == 1 and letter.isalpha() else None
