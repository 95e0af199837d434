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
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_HAS_TEX: Final = re.compile(r"[\\~`]|--|''|\{,\}")

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
_FORMAT: Final = "textbf|textit|emph|textsc|texttt|textsf|textrm|textsl|textmd|textup|textnormal|underline|mbox|uline"
_SWITCH: Final = "bf|it|em|tt|sc|sf|rm|sl|small|large|footnotesize|bfseries|itshape|ttfamily|scshape|sffamily"

_TOKEN: Final = re.compile(
    rf"""
    (?=[\\$~`'/{{-]|[ ]\\cite)  # nothing else can begin a token: nearly all letters are passed by at once
    (?:
    (?P<formula> \$\$[^$]+\$\$ | \$(?:\\.|[^$\\])++\$ )
  # A body never passes over another opening, so that many that are not closed cost no more than their length.
  | (?P<round> \\\( (?P<round_body> (?:[^\\$]|\\[^()\\]|\\\\(?![()]))*+ ) \\\) )
  | (?P<square> \\\[ (?P<square_body> (?:[^\\$]|\\[^\[\]\\]|\\\\(?![\[\]]))*+ ) \\\] )
  | (?P<home> /\\~ )                                             # http://example.edu/\~user
  | \{{ (?P<accent_in_braces> {_ACCENT} ) \}} | (?P<accent> {_ACCENT} )
  | \{{ (?P<named_in_braces> {_NAMED} ) \}}
  | (?P<named> {_NAMED} ) (?: \{{\}} | [ ]++(?=[^\W\d_]) )?
  | (?P<open>\{{)? \\ (?P<symbol> {"|".join(_SYMBOLS)} ) (?![A-Za-z]) (?: \{{\}} | [ ]++(?=\w) )? (?(open)\}})
  | \\ (?P<escaped> [&%#_${{}}] )
  | (?P<comma> (?<=\d)\{{,\}}(?=\d) )                            # 9{{,}}600: no blank after the comma
  | (?P<blank> (?<=\S)\\[,; ] | (?<=\s)\\\\(?=\s|\Z) )
  | (?P<nothing> (?<=\S)\\@ | (?<=[a-z])\\-(?=[a-z]) | [ ~]?\\cite[a-z]*\*?(?:\[[^\[\]{{}}]*\])*\{{[^{{}}]*\}} )
  | \\(?:{_FORMAT})\s*\{{ (?P<format> {_ARG} ) \}}
  | \{{\\(?:{_SWITCH})(?![A-Za-z])\s* (?P<switch> {_ARG} ) \}}
  | \\textcolor\s*\{{[^{{}}]*\}}\s*\{{ (?P<coloured> {_ARG} ) \}}
  | \\textsuperscript\s*\{{ (?P<superscript> {_ARG} ) \}}
  | \\textsubscript\s*\{{ (?P<subscript> {_ARG} ) \}}
  | \\footnote\s*\{{ (?P<footnote> {_ARG} ) \}}
  | \\url\s*\{{ (?P<url> [^{{}}\s]* ) \}}
  | \\href\s*\{{ (?P<href> [^{{}}\s]* ) \}}\s*\{{ (?P<anchor> {_ARG} ) \}}
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
    current = text
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
