r"""Authors' own macros in formulas → standard TeX.

    \R^n, \cH, \bx, \Ombar, \eps        \mathbb{R}^n, \mathcal{H}, \mathbf{x}, \bar{\Omega}, \varepsilon
    \norm{u}, \ket{\psi}, \SI{5}{\nm}   \|u\|, |\psi\rangle, 5~nm

A preamble never comes with an abstract, but authors name their macros alike: letters in a script by one or two letters
before them, accents by a word behind or before a letter. What such a habit explains is written out; any other macro is
left alone. `\newcommand` within the text is believed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_GREEK: Final = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho"
    " sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
).split()
_SHORT_GREEK: Final = {
    "al": "alpha",
    "alp": "alpha",
    "bet": "beta",
    "ga": "gamma",
    "gam": "gamma",
    "de": "delta",
    "del": "delta",
    "dl": "delta",
    "ep": "epsilon",
    "eps": "varepsilon",
    "epsi": "varepsilon",
    "veps": "varepsilon",
    "vareps": "varepsilon",
    "vep": "varepsilon",
    "ve": "varepsilon",
    "ze": "zeta",
    "tht": "theta",
    "ka": "kappa",
    "kap": "kappa",
    "la": "lambda",
    "lam": "lambda",
    "lbd": "lambda",
    "lmd": "lambda",
    "sig": "sigma",
    "si": "sigma",
    "vp": "varphi",
    "vphi": "varphi",
    "vfi": "varphi",
    "om": "omega",
    "omg": "omega",
    "Ga": "Gamma",
    "Gam": "Gamma",
    "De": "Delta",
    "Del": "Delta",
    "Tht": "Theta",
    "La": "Lambda",
    "Lam": "Lambda",
    "Si": "Sigma",
    "Sig": "Sigma",
    "Om": "Omega",
    "Omg": "Omega",
}
_DOUBLE: Final = {letter: rf"\mathbb{{{letter}}}" for letter in "RNZQCEFKTPHS"}
_MACROS: Final = {
    **{short: rf"\{name}" for short, name in _SHORT_GREEK.items()},
    **_DOUBLE,
    **{letter * 2: double for letter, double in _DOUBLE.items() if letter not in "HTPS"},
    "O": r"\mathcal{O}",
    "Oh": r"\mathcal{O}",
    "bigO": r"\mathcal{O}",
    "BigO": r"\mathcal{O}",
    "bigOh": r"\mathcal{O}",
    "Otilde": r"\tilde{O}",
    "tO": r"\tilde{O}",
    "otilde": r"\tilde{O}",
    "softO": r"\tilde{O}",
    "one": "1",
    "ind": r"\mathbf{1}",
    "indic": r"\mathbf{1}",
    "half": r"\frac{1}{2}",
    "lap": r"\Delta",
    "Lap": r"\Delta",
    "laplace": r"\Delta",
    "grad": r"\nabla",
    "pd": r"\partial",
    "dd": "d",
    "ra": r"\rightarrow",
    "Ra": r"\Rightarrow",
    "lra": r"\longrightarrow",
    "wto": r"\rightharpoonup",
    "weakto": r"\rightharpoonup",
    "injto": r"\hookrightarrow",
    "eqdef": ":=",
    "defeq": ":=",
    "coloneqq": ":=",
    "iid": r"\text{i.i.d.}",
    "ttbar": r"t\bar{t}",
    "bbbar": r"b\bar{b}",
    "bbar": r"\bar{b}",
    "ccbar": r"c\bar{c}",
    "qqbar": r"q\bar{q}",
    "ppbar": r"p\bar{p}",
    "epem": "e^+e^-",
    "sqrts": r"\sqrt{s}",
    "sqs": r"\sqrt{s}",
    "snn": r"\sqrt{s_{NN}}",
    "sqrtsnn": r"\sqrt{s_{NN}}",
    "pt": "p_T",
    "pT": "p_T",
    "invfb": r"\text{fb}^{-1}",
    "fbinv": r"\text{fb}^{-1}",
    "invpb": r"\text{pb}^{-1}",
    "lsim": r"\lesssim",
    "gsim": r"\gtrsim",
    "simlt": r"\lesssim",
    "simgt": r"\gtrsim",
    "msun": r"M_\odot",
    "Msun": r"M_\odot",
    "Msol": r"M_\odot",
    "Msolar": r"M_\odot",
    "Lsun": r"L_\odot",
    "Rsun": r"R_\odot",
    "Zsun": r"Z_\odot",
    "kms": r"\text{km}\,\text{s}^{-1}",
    "arcsec": "″",
    "arcmin": "′",
    "degree": "°",
    "degr": "°",
    "micron": "µm",
    "um": "µm",
    "kB": "k_B",
    "kb": "k_B",
    "lcdm": r"\Lambda\text{CDM}",
    "LCDM": r"\Lambda\text{CDM}",
    "Lya": r"\text{Ly}\alpha",
    "lya": r"\text{Ly}\alpha",
    "Ha": r"\text{H}\alpha",
    "Halpha": r"\text{H}\alpha",
    "HI": r"\text{H I}",
    "HII": r"\text{H II}",
    "xspace": "",
    "ensuremath": "",
    "nolimits": "",
    "limits": "",
    "displaystyle": "",
    "textstyle": "",
    "scriptstyle": "",
    "nonumber": "",
}
"""Macros with one usual meaning, and what formulas don't need. In prose `\\P`, `\\O` and `\\H` are other signs."""

_SCRIPTS: Final = {
    "cal": "mathcal",
    "mc": "mathcal",
    "c": "mathcal",
    "g": "mathcal",
    "scr": "mathscr",
    "bb": "mathbb",
    "s": "mathbb",
    "frak": "mathfrak",
    "mf": "mathfrak",
    "f": "mathfrak",
    "bf": "mathbf",
    "bs": "mathbf",
    "bm": "mathbf",
    "b": "mathbf",
    "v": "mathbf",
    "m": "mathbf",
    "rm": "mathrm",
    "sf": "mathsf",
}
_SMALL_TOO: Final = frozenset({"frak", "mf", "bf", "bs", "bm", "b", "v", "rm", "sf", "f"})
"""Scripts that small letters are set in too."""
_ACCENTS: Final = {
    "bar": "bar",
    "ov": "bar",
    "hat": "hat",
    "wh": "hat",
    "tilde": "tilde",
    "til": "tilde",
    "tld": "tilde",
    "wt": "tilde",
    "dot": "dot",
    "vec": "vec",
    "Tilde": "tilde",
    "Bar": "bar",
    "Hat": "hat",
}
_KNOWN: Final = frozenset(
    "fi fl ff bar hbar hat tilde dot ddot cdot odot dots vec bf bm bs cal scr rm sf frak be ce ge me ne se sb sp sc"
    " sh vee ve mp mho mu mid max min mod mit cap cup cot cos csc cosh coth cong sec sin sinh sup sum sim succ gcd"
    " gets geq gg get bot big beth beta".split()
)
"""Standard commands that read like a script letter or an accent with a letter."""

_LETTER: Final = "|".join(sorted({*_GREEK, *_SHORT_GREEK, "[A-Za-z]"}, key=len, reverse=True))
_SCRIPT_NAME: Final = re.compile(
    f"({'|'.join(sorted(_SCRIPTS, key=len, reverse=True))})([A-Za-z])|(?:bf|bs|bm|b|v)({'|'.join(_GREEK)})"
)
_ACCENT_NAME: Final = re.compile(rf"({_LETTER})({'|'.join(_ACCENTS)})|({'|'.join(_ACCENTS)})({_LETTER})")
_NAME: Final = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])")

_ARGUMENT: Final = r"\s{0,3}\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}"
_WRAPPERS: Final = {
    "norm": (r"\|", r"\|"),
    "Norm": (r"\|", r"\|"),
    "nrm": (r"\|", r"\|"),
    "abs": ("|", "|"),
    "Abs": ("|", "|"),
    "card": ("|", "|"),
    "set": (r"\{", r"\}"),
    "Set": (r"\{", r"\}"),
    "bra": (r"\langle ", "|"),
    "ket": ("|", r"\rangle "),
    "Ket": ("|", r"\rangle "),
    "braket": (r"\langle ", r"\rangle "),
    "expval": (r"\langle ", r"\rangle "),
    "ev": (r"\langle ", r"\rangle "),
    "vev": (r"\langle ", r"\rangle "),
    "mean": (r"\langle ", r"\rangle "),
    "ceil": (r"\lceil ", r"\rceil "),
    "floor": (r"\lfloor ", r"\rfloor "),
    "paren": ("(", ")"),
    "parens": ("(", ")"),
    "enquote": ("“", "”"),
    "ensuremath": ("", ""),
    "num": ("", ""),
    "ang": ("", "°"),
    "ac": ("", ""),
    "gls": ("", ""),
}
"""Macros of one argument, by what stands before and behind it."""
_PAIRS: Final = {
    "inner": (r"\langle ", ",", r"\rangle "),
    "innerp": (r"\langle ", ",", r"\rangle "),
    "ip": (r"\langle ", ",", r"\rangle "),
    "dotp": (r"\langle ", ",", r"\rangle "),
    "ketbra": ("|", r"\rangle\langle ", "|"),
    "pdv": (r"\partial ", r"/\partial ", ""),
    "dv": ("d", "/d", ""),
    "nicefrac": ("", "/", ""),
    "sfrac": ("", "/", ""),
    "flatfrac": ("", "/", ""),
}
"""Macros of two arguments, by what stands before, between and behind them."""
_WRAPPED: Final = re.compile(rf"\\({'|'.join(_WRAPPERS)})\*?(?![A-Za-z]){_ARGUMENT}")
_PAIR: Final = re.compile(rf"\\({'|'.join(_PAIRS)})\*?(?![A-Za-z]){_ARGUMENT}{_ARGUMENT}")
_QUANTITY: Final = re.compile(
    r"\\(?:SI|qty)\s{0,3}(?:\[[^\[\]{}]*\])?\{([^{}]*)\}\s{0,3}\{([^{}]*)\}|\\(?:si|unit)\s{0,3}\{([^{}]*)\}"
)

_PREFIXES: Final = {
    "femto": "f",
    "pico": "p",
    "nano": "n",
    "micro": "µ",
    "milli": "m",
    "centi": "c",
    "deci": "d",
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "tera": "T",
    "peta": "P",
}
_UNITS: Final = {
    "metre": "m",
    "meter": "m",
    "gram": "g",
    "kg": "kg",
    "second": "s",
    "ampere": "A",
    "kelvin": "K",
    "mole": "mol",
    "molar": "M",
    "candela": "cd",
    "hertz": "Hz",
    "newton": "N",
    "pascal": "Pa",
    "joule": "J",
    "watt": "W",
    "coulomb": "C",
    "volt": "V",
    "farad": "F",
    "ohm": "Ω",
    "tesla": "T",
    "weber": "Wb",
    "henry": "H",
    "lumen": "lm",
    "lux": "lx",
    "becquerel": "Bq",
    "sievert": "Sv",
    "gray": "Gy",
    "celsius": "°C",
    "degreeCelsius": "°C",
    "degree": "°",
    "arcminute": "′",
    "arcsecond": "″",
    "percent": "%",
    "electronvolt": "eV",
    "eV": "eV",
    "bar": "bar",
    "litre": "L",
    "liter": "L",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "year": "yr",
    "parsec": "pc",
    "byte": "B",
    "bit": "bit",
    "decibel": "dB",
    "angstrom": "Å",
    "tonne": "t",
    "dalton": "Da",
    "squared": "²",
    "cubed": "³",
    "square": "",
    "per": "/",
}
_UNIT: Final = re.compile(r"\\([A-Za-z]+)\s*|[.~]|\s+")

_GLUED: Final = re.compile(r"(\\[A-Za-z]+)(?=[^\x00-\x7f])")
"""A command and a letter that was Greek's command before some program wrote it as Unicode: `\\boldsymbolρ`."""
_LINK: Final = re.compile(r"\\href\s?\{[^{}]*\}")
_BOLD: Final = re.compile(
    r"\\mbox\s?\{\s?\\boldmath\s?\$([^$]{1,80})\$\s?\}|\\mbox\s?\{\s?\\boldmath\s?\{\$([^$]{1,80})\$\}\s?\}"
)

_CHEMISTRY: Final = re.compile(r"\\ce\s?\{([^{}$\\]*)\}")
_ATOMS: Final = re.compile(r"[A-Za-z]+")
_COUNT: Final = re.compile(r"(?<=[})\]])(\d+)")
_CHARGE: Final = re.compile(r"\^(\d*[+-])")

_DEFINITION: Final = re.compile(
    r"\\(?:(?:re)?newcommand\*?|providecommand\*?|DeclareMathOperator\*?|def)\s?(?:\{\\([A-Za-z]{1,30})\}|\\([A-Za-z]{1,30}))"
    r"(?:\[[0-9]\])?\s?\{((?:[^{}]|\{[^{}]{0,100}\}){0,200})\}\s?"
)
_ONE: Final = re.compile(r"\\?[A-Za-z]{1,30}(?:\{[^{}]*\})?")
_MOST_DEFINITIONS: Final = 20


def standard_tex(tex: str) -> str:
    """Write macros of authors in a formula as standard TeX; standard commands and unknown macros stay. Never raises."""
    if "\\" not in tex:
        return tex
    tex = _CHEMISTRY.sub(_formula_of_chemistry, tex)
    tex = _QUANTITY.sub(_quantity, _LINK.sub("", _GLUED.sub(r"\1 ", tex)))
    tex = _PAIR.sub(lambda m: _enclosed(_PAIRS[m[1]], m[2], m[3]), tex)
    tex = _WRAPPED.sub(lambda m: _enclosed((_WRAPPERS[m[1]][0], "", _WRAPPERS[m[1]][1]), m[2], ""), tex)
    return _NAME.sub(_named, tex)


def without_inner_dollars(text: str) -> str:
    r"""Write `\mbox{\boldmath $x$}`, a formula within a formula, as `\boldsymbol{x}`."""
    return _BOLD.sub(lambda m: rf"\boldsymbol{{{m[1] or m[2]}}}", text) if "boldmath" in text else text


def without_definitions(text: str) -> str:
    r"""Take `\newcommand{\x}{…}` out of a text and write out each `\x`. A macro with arguments of its own stays."""
    if "command" not in text and "\\def" not in text and "DeclareMath" not in text:
        return text
    found: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        name, body = match[1] or match[2], match[3]
        if "#" in body or f"\\{name}" in body or len(found) >= _MOST_DEFINITIONS:
            return match[0]
        found[name] = rf"\operatorname{{{body}}}" if "DeclareMath" in match[0] else body
        return ""

    text = _DEFINITION.sub(take, text)
    # Once only: a definition made of definitions could grow without end.
    return _NAME.sub(lambda m: _grouped(found[m[1]]) if m[1] in found else m[0], text) if found else text


def _grouped(body: str) -> str:
    return body if _ONE.fullmatch(body) else f"{{{body}}}"


def _named(match: re.Match[str]) -> str:
    meaning = meaning_of(match[1])
    if meaning is None:
        return match[0]
    # "\eps n" ends where its letters end; what replaces it must end there too.
    following = match.string[match.end() : match.end() + 1]
    return f"{meaning} " if meaning[-1:].isalpha() and following.isalpha() else meaning


@lru_cache(maxsize=2048)
def meaning_of(name: str) -> str | None:
    """What the macro *name* stands for in standard TeX; None for a standard command and for an unknown one."""
    if name in _MACROS:
        return _MACROS[name]
    if name in _KNOWN or name in _GREEK:
        return None
    if script := _SCRIPT_NAME.fullmatch(name):
        if script[3]:
            return rf"\boldsymbol{{\{script[3]}}}"
        if script[2].isupper() or script[1] in _SMALL_TOO:
            return rf"\{_SCRIPTS[script[1]]}{{{script[2]}}}"
    if accented := _ACCENT_NAME.fullmatch(name):
        letter, accent = (accented[1], accented[2]) if accented[1] else (accented[4], accented[3])
        letter = _SHORT_GREEK.get(letter, letter)
        command = letter if len(letter) == 1 else f"\\{letter}"
        return rf"\{_ACCENTS[accent]}{{{command}}}"
    return None


def _enclosed(signs: tuple[str, str, str], first: str, second: str) -> str:
    before, between, behind = signs
    return f"{before}{first}{between}{second}{behind}"


def _formula_of_chemistry(match: re.Match[str]) -> str:
    r"""Write `\ce{SO4^2-}` as `\text{SO}_{4}^{2-}`; an arrow or a bond is left as it is."""
    return _CHARGE.sub(r"^{\1}", _COUNT.sub(r"_{\1}", _ATOMS.sub(r"\\text{\g<0>}", match[1])))


def plain_quantities(text: str) -> str:
    r"""Write `\SI{5}{\kilo\metre}` as "5 km"."""
    return _QUANTITY.sub(lambda match: " ".join(filter(None, _parts(match))).replace(" °", "°"), text)


def _quantity(match: re.Match[str]) -> str:
    number, unit = _parts(match)
    if not number or not unit or unit[0] in "°′″%":
        return f"{number}{unit}"
    return rf"{number}~\text{{{unit}}}"


def _parts(match: re.Match[str]) -> tuple[str, str]:
    number, unit = (match[1], match[2]) if match[1] is not None else ("", match[3])
    return number.strip(), _UNIT.sub(_unit, unit).strip()


def _unit(match: re.Match[str]) -> str:
    if match[1] is None:
        return " " if match[0] in ".~" else ""
    return _PREFIXES.get(match[1]) or _UNITS.get(match[1], match[1])
