r"""Read the numbers of a text, with units and neighbouring words, and find those of a summary that its abstract lacks.

    read("cuts latency by 3.5\% on 1{,}000 images")
        3.5   %   latency cuts
        1000      images

A summary may spell a number in its own way ("3.5 percent", "1k", "one thousand"). It may not compute: 0.035 in the
abstract is no 3.5 % in the summary. And a number is not known because its digits stand somewhere: "83 %" is only known
where the abstract has 83 and a percent sign, and "5 datasets" is not where it has 5 baselines and 3 datasets. So a
number has to stand where it stands in the abstract: none of the others there may fit its place better, by the words
around it and the numbers beside it.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from digest.core.words.sentences import formulas


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number at one place of a text, with its unit and the words and numbers around it."""

    text: str
    """The number as it is written, for people."""
    readings: frozenset[tuple[Decimal, str]]
    """Pairs of value and unit; unit "" is none. More than one where a list or a range shares its unit: "7 to 13B" has 7
    and 7B.
    """
    company: frozenset[str]
    """Stems of the nearest words on both sides, within the same part of the sentence."""
    is_word: bool = False
    """Whether the number is written out: "three"."""
    is_letter: bool = False
    """Whether it is a 2 that stands for "to": seq2seq."""
    name: str = ""
    """The letters that its digits are attached to, in lower case: "gpt" of GPT-4. Empty if none."""
    word_before: str = ""
    """The word directly before the number, in lower case: "gps" of GPS 7."""
    counts: str = ""
    """Stem of the first word after the number that is no stop word: what it counts."""
    beside: frozenset[Decimal] = frozenset()
    """The values of neighbouring numbers: "11" has 2 in "2–11 components"."""
    repeats: bool = False
    """Whether the number before it in a list or range is the same: "3x3"."""
    is_low: bool = False
    """Whether it is the lower end of a range."""
    is_most: bool = False
    """Whether it is a maximum: "up to" stands before it."""

    @property
    def values(self) -> frozenset[Decimal]:
        """The values of all readings, without their units."""
        return frozenset(value for value, _ in self.readings)


# --- text → plain text ------------------------------------------------------------------------------------------------

_TEX: Final = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"(?<=\d)(?:\{,\}|\\,|[\u00a0\u2009\u202f])(?=\d{3})", ","),
        (r"\\%", "%"),
        # ½ is written as a fraction, so that 1 and 2 are not read as 12.
        (r"\\[cdt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}", r" \1/\2"),
        (r"\\[cdt]?frac\s?(\d)\s?(\d)", r" \1/\2"),
        (r"\}\s?\{", "} {"),
        (r"\\(?:times|cdot)(?![A-Za-z])", "×"),
        (r"\^\s?\{\s?([+−-]?\d+)\s?\}", r"^\1"),
        (r"\^\s?\{?\\circ\}?|\\degree", "°"),
        (r"\\(?:text|mathrm|mathbf|textbf|mathit|operatorname|mbox)\s?\{([^{}]*)\}", r"\1"),
        (r"\\ell(?![A-Za-z])", "l"),
        (r"\\[A-Za-z]+|\\[,;:! ]", " "),
        (r"[{}]", ""),
    )
)
_RAISED: Final = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FRACTION: Final = re.compile("(?<=\\d)(?=[¼-¾⅐-⅞])")
_LOWERED: Final = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
_GROUP_BLANK: Final = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
_DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")


def _plain(text: str, *, decimal_comma: bool) -> str:
    """Return *text* without TeX, and with superscript and subscript digits written as ^5 and _5."""
    if "$" in text or "\\" in text or "^{" in text:
        pieces, last = [], 0
        for start, end in formulas(text):
            pieces += [text[last:start], text[start:end].replace("$", " ")]
            last = end
        text = "".join((*pieces, text[last:]))
        for pattern, new in _TEX:
            text = pattern.sub(new, text)
    if not text.isascii():
        text = _RAISED.sub(lambda m: "^" + unicodedata.normalize("NFKC", m[0]).replace("−", "-"), text)
        text = _LOWERED.sub(lambda m: "_" + unicodedata.normalize("NFKC", m[0]), text)
        text = _FRACTION.sub(" ", text)
        text = re.sub("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))", ",", text)
        text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return _GROUP_BLANK.sub(",", _DECIMAL_COMMA.sub(".", text)) if decimal_comma else text


_DASHES: Final = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "—": ";", "’": "'", "⁄": "/"})

# --- a number ---------------------------------------------------------------------------------------------------------

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS: Final = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_WORDS: Final = {
    **{word: Decimal(value) for value, word in enumerate(_UNITS)},
    **{word: Decimal(10 * value) for value, word in enumerate(_TENS, 2)},
    **{word: Decimal(value) for value, word in enumerate(_ORDINALS, 1)},
}
_POWERS: Final = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12} | {
    "k": 3,
    "m": 6,
    "mn": 6,
    "b": 9,
    "bn": 9,
    "t": 12,
    "mio": 6,
    "millionen": 6,
    "millones": 6,
    "milliard": 9,
    "milliarden": 9,
    "mrd": 9,
    "千": 3,
    "万": 4,
    "萬": 4,
    "亿": 8,
    "億": 8,
}
_NUMBER: Final = re.compile(
    r"""
      (?P<digits> \d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)? | \d+(?:\.\d+)? | (?<![\d.])\.\d+ )
      (?: e(?P<e>[+-]?\d{1,3})(?!\w) | \s?[×x*·]\s?10\^(?P<times>[+-]?\d{1,3}) | \^(?P<power>[+-]?\d{1,3})(?![\d.]) )?
    | \b(?=[efnostzEFNOSTZ])(?i: (?P<tens>TENS)\b(?:[ -](?P<ones>ONES)\b)? | (?P<word>WORDS)\b )
    """.replace("TENS", "|".join(_TENS))
    .replace("ONES", "|".join(_UNITS[1:10]))
    .replace("WORDS", "|".join((*_UNITS, *_ORDINALS[2:]))),
    re.VERBOSE,
)
_LARGE: Final = re.compile(
    r"\s?(?P<letter>[KkMBbT]|[bm]n)(?![A-Za-z\d])|(?P<sign>[千万萬亿億])|(?i:[ -]?(?P<word>hundred|thousand|"
    r"millionen|million|millones|billion|trillion|milliarden|milliard|mio|mrd)s?\b)"
)
_TO: Final = re.compile(r"[a-z]2[a-z]{2}")
# "GPT-4", "x_1" and "v2" are names, "top-5" and "depth-3" are not.
# Chinese and Japanese have no blank before a number.
_NAME: Final = re.compile("([A-Za-z\u00c0-\u024f\u0370-\u03ff]+)_?\\Z|((?=[a-z]*[A-Z])[A-Za-z]+)-\\Z")

# The unit behind a number, by a name that all its spellings share.
_UNIT_WORDS: Final = {
    "%": "%|percents?|per cent|pct|prozent|pour cent|por ciento|per cento|procent",
    "points": r"(?:(?:%|percent|percentage|absolute|accuracy|f1|bleu)[ -])?(?:points?|pts?)|pp|p\.p\.",
    "x": "x|×|times|folds?",
    "ms": "ms|milliseconds?|msec",
    "s": "s|secs?|seconds?",
    "min": "mins?|minutes?",
    "h": "h|hrs?|hours?",
    "d": "days?",
    "w": "weeks?",
    "mo": "months?",
    "y": "yrs?|years?",
    "kB": "kb|kib|kilobytes?",
    "MB": "mb|mib|megabytes?",
    "GB": "gb|gib|gigabytes?",
    "TB": "tb|tib|terabytes?",
    "Hz": "hz|hertz",
    "kHz": "khz",
    "MHz": "mhz",
    "GHz": "ghz",
    "dB": "db|decibels?",
    "°": r"°|\^ ?circ|degrees?|deg",
    "fps": "fps|frames?(?: per |/ ?)s(?:ec(?:ond)?)?",
    "p": "p",
    "mm": "mm|millimet(?:er|re)s?",
    "cm": "cm|centimet(?:er|re)s?",
    "km": "km|kilomet(?:er|re)s?",
    "mg": "mg",
    "kg": "kg|kilograms?",
    "bit": "bits?",
    "$": "dollars?|usd",
    "€": "euros?|eur",
    "D": "d|dimensional|dims?",
    "th": "st|nd|rd|th",
}
_UNIT: Final = re.compile(
    r"[\s-]{0,2}(?i:"
    + "|".join(f"(?P<u{place}>{words})" for place, words in reversed([*enumerate(_UNIT_WORDS.values())]))
    + r")(?![A-Za-z])"
)
_UNIT_NAMES: Final = tuple(_UNIT_WORDS)


def _unit(before: str, after: str) -> tuple[str, int]:
    """Return the unit of a number that stands between *before* and *after*, and its length in *after*."""
    if before.endswith(("$", "€")):
        return before[-1], 0
    if (match := _UNIT.match(after)) and match.lastgroup:
        name = _UNIT_NAMES[int(match.lastgroup[1:])]
        if name == "%" and (points := re.match(r"[\s-]?points?\b", after[match.end() :])):
            return "points", match.end() + points.end()
        # "3 x 4" and "3x3" are sizes, and "3 times 4" a sum.
        if name != "x" or not re.match(r"\s?\d", after[match.end() :]):
            return name, match.end()
    if re.search(r"(?:\bfactors? of(?: about| roughly| up to| around| ~)?\s?|(?<![\w)])[×x]\s?)\Z", before):
        return "x", 0
    return "", 0


_MOST_DIGITS: Final = 60
"""Digits of a number that are compared. Arithmetic with longer numbers takes more than proportionally longer."""


def _value(match: re.Match[str]) -> Decimal:
    if not match["digits"]:
        return sum((_WORDS[word.lower()] for word in match.group("tens", "ones", "word") if word), Decimal(0))
    value = Decimal(match["digits"].replace(",", "")[:_MOST_DIGITS])
    if exponent := match["e"] or match["times"]:
        return value.scaleb(int(exponent))
    if match["power"] and value <= 1000 and abs(int(match["power"])) <= 100:
        return value ** int(match["power"])
    return value


# --- its company ------------------------------------------------------------------------------------------------------

_STEM: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]+")
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_BORDER: Final = re.compile(
    r"[,;:.!?()\[\]\n/|=]+|\d|\b(?:and|or|while|but|versus|vs|than|whereas|with|compared|respectively)\b"
)
_SILENT: Final = frozenset(
    "the a an of by to from at in on for up over about around more most less least nearly almost only just as its our "
    "their is are was were be been has have had we it this that these those which who using use used via per each all "
    "both into under between across within approximately roughly new different various average respectively total "
    "times best other another some any such than through without during while when where can also after before".split()
)
_REACH: Final = 3
# Characters between two numbers that know of each other.
_NEXT_TO: Final = 30
_LOOK: Final = 100


def _nearest(words: Iterable[str]) -> Iterator[str]:
    """Yield the stems of the first few words that are no stop words."""
    found = 0
    for word in words:
        if word not in _SILENT and len(word) > 1:
            yield word[:_STEM]
            found += 1
            if found == _REACH:
                return


def _left(before: str) -> frozenset[str]:
    return frozenset(_nearest(reversed(_WORD.findall(_BORDER.split(_BRACKETS.sub(" ", before))[-1]))))


def _right(after: str) -> tuple[str, ...]:
    return tuple(_nearest(_WORD.findall(_BORDER.split(_BRACKETS.sub(" ", after), maxsplit=1)[0])))


# --- text → numbers ---------------------------------------------------------------------------------------------------

_LIST_MARK: Final = re.compile(r"\(\d\)|(?<!\S)\d\)")
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+)[\s-]?\Z")
_MOST: Final = re.compile(
    r"\b(?:up to|at most|as (?:much|many|high|large) as|(?:a )?maximum of)(?: an?)?\s?[$€~+]?\Z", re.IGNORECASE
)
_JOINS: Final = re.compile(
    r"(?:-(?= ))?\s?(?:-|~|/|,|to|and|or|vs\.?|versus|→|->|±|, and|, or|×|x|\+/-)\s?(?:[$€~]|up to )?", re.IGNORECASE
)
_RANGE: Final = re.compile(r"\s?(?:-|~|to)\s?[$€~+]?", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class _Place:
    """A number with its place in the text, needed until it has been compared with its neighbours."""

    number: Number
    before: frozenset[str]
    """Stems of the words on its left."""
    after: frozenset[str]
    unit: str
    power: int
    start: int
    end: int


@lru_cache(maxsize=512)
def read(text: str, *, decimal_comma: bool = False) -> tuple[Number, ...]:
    """Return every number in *text*, in order. Any text is allowed.

    Args:
        decimal_comma: The comma is the decimal point (3,5) and a blank divides thousands (10 000).
    """
    plain = _plain(text, decimal_comma=decimal_comma)
    plain = _LIST_MARK.sub(lambda m: m[0] if _is_within_brackets(plain, m) else " ", plain)
    places: list[_Place] = []
    for match in _NUMBER.finditer(plain):
        begin = places[-1].end if places else 0
        # Where nothing parts two numbers, what stands between them belongs to the first.
        taken = places[-1].after if places and not _BORDER.search(plain, begin, match.start()) else frozenset()
        places.append(_place(plain, match, begin, taken))
    for place, after in itertools.pairwise(places):
        _set_beside(place, after, plain)
    for place, after in reversed([*itertools.pairwise(places)]):
        if _is_joined(place, after, plain):
            _share(place, after)
    return tuple(place.number for place in places)


def _is_within_brackets(plain: str, mark: re.Match[str]) -> bool:
    """Whether the bracket of what looks like a list mark, "1)", closes one opened before it: "(Task 1)"."""
    begin = max(0, mark.start() - _LOOK)
    return plain.rfind("(", begin, mark.start()) > plain.rfind(")", begin, mark.start())


def _place(plain: str, match: re.Match[str], begin: int, taken: frozenset[str]) -> _Place:
    """Read the number at *match*.

    Args:
        begin: Where the number before it ends.
        taken: Stems that the number before it counts, which therefore are not this number's neighbours."""
    before = plain[max(begin, match.start() - _LOOK) : match.start()]
    end, power = match.end(), 0
    if large := _LARGE.match(plain, end):
        end, power = large.end(), _POWERS[large[large.lastgroup or 0].lower()]
    # In "3x4" the letter belongs to both numbers, and says neither how many times nor what anything is called.
    is_factor = begin > 0 and before.strip().lower() in ("x", "×")
    unit, length = _unit("" if is_factor else before, plain[end : end + _LOOK])
    if match["word"] and match["word"].lower() in _ORDINALS:
        unit, length = "th", 0
    end += length
    left, right = _left(before.lower()) - taken, _right(plain[end : end + _LOOK].lower())
    word_before = _WORD_BEFORE.search(before)
    named = _NAME.search(before) if match["digits"] and not is_factor else None
    if named and unit == "D" and not named[0].isalpha():
        named = None
    number = Number(
        text=plain[match.start() : end].strip(),
        readings=frozenset({(_value(match).scaleb(power), unit)}),
        company=left.union(right),
        is_word=not match["digits"],
        is_letter=match[0] == "2" and bool(_TO.fullmatch(plain[max(0, match.start() - 1) : end + 2])),
        name=named.group(named.lastindex or 0).lower() if named else "",
        word_before=word_before[1].lower() if word_before else "",
        counts=right[0] if right else "",
        is_most=bool(_MOST.search(before)),
    )
    return _Place(
        number=number, before=left, after=frozenset(right), unit=unit, power=power, start=match.start(), end=end
    )


def _set_beside(place: _Place, following: _Place, plain: str) -> None:
    """Note for each of two neighbouring numbers the value of the other."""
    left, right, between = place.number, following.number, plain[place.end : following.start]
    if _is_joined(place, following, plain):
        is_range = bool(_RANGE.fullmatch(between)) and max(left.values) < max(right.values)
        left = replace(left, is_low=is_range)
        right = replace(right, company=right.company | place.before, repeats=left.values == right.values)
    if len(between) <= _NEXT_TO:
        place.number = replace(left, beside=left.beside | right.values)
        following.number = replace(right, beside=right.beside | left.values)
    else:
        place.number, following.number = left, right


def _is_joined(place: _Place, following: _Place, plain: str) -> bool:
    """Whether two numbers stand in one list or range, whose unit and noun follow only the last number."""
    between = plain[place.end : following.start]
    return (not place.unit or place.unit == following.unit) and bool(_JOINS.fullmatch(between))


def _share(place: _Place, following: _Place) -> None:
    """Give a number the unit and noun of the next one: "7 to 13B" has 7B, and in "2, 4 and 8 GPUs" all count GPUs."""
    power = 0 if place.power else following.power
    readings = {(value.scaleb(power), following.unit) for value, _ in place.number.readings}
    place.number = replace(
        place.number,
        readings=place.number.readings | readings,
        company=place.number.company | following.number.company,
        counts=place.number.counts or following.number.counts,
    )
    place.unit, place.power = following.unit, place.power or following.power


# --- one text against another -----------------------------------------------------------------------------------------

# "Two methods" is said of what an abstract names and does not count, by more than twice as many people as "three".
_COUNTED_FROM: Final = 3
# Each number of a summary is held against each of an abstract, of which the richest has fewer than a hundred.
_MOST_KNOWN: Final = 500


def unknown(said: Iterable[Number], known: Sequence[Number], *, foreign: bool = False) -> Number | None:
    """Return the first number of a summary that its abstract lacks, or has at another place; None if there is none.

    Args:
        said: The numbers of the summary.
        known: The numbers of the abstract.
        foreign: The two texts are in different languages: then a unit may be spelled in words that are not known here.
    """
    places: defaultdict[Decimal, set[int]] = defaultdict(set)
    for place, number in enumerate(known):
        for value in number.values:
            if len(places[value]) < 2:
                places[value].add(place)
    known = list(dict.fromkeys(known))[:_MOST_KNOWN]
    by_value: dict[Decimal, list[Number]] = {}
    for number in known:
        for value in number.values:
            by_value.setdefault(value, []).append(number)
    repeated = {value for number in known if number.repeats for value in number.values}
    last: Number | None = None
    for number in said:
        # "From 70 to 70 %": one number stands in for another.
        doubled = last is not None and last.readings & number.readings and not number.name and not number.is_word
        if doubled and len(set().union(*(places[value] for value in number.values))) < 2:
            return number
        last = number
        if number.repeats and not number.values & repeated:
            return number
        if (number.is_word and max(number.values) < _COUNTED_FROM) or number.is_letter:
            continue
        same = [
            each for value in number.values for each in by_value.get(value, ()) if _agree(number, each, foreign=foreign)
        ]
        if not same or _is_taken(number, same, known):
            return number
        if number.is_most and not number.is_low and all(each.is_low for each in same):
            return number
    return None


def _agree(said: Number, known: Number, *, foreign: bool) -> bool:
    if said.name or known.name:
        return _is_one_name(said, known)
    return any(v == w and (t == u or (foreign and not t)) for v, t in said.readings for w, u in known.readings)


def _is_one_name(said: Number, known: Number) -> bool:
    """Whether two numbers are spellings of one name, as GPS-7 and GPS 7."""
    return (said.name or said.word_before) == (known.name or known.word_before)


def _is_taken(number: Number, same: Sequence[Number], known: Iterable[Number]) -> bool:
    """Whether another number of the abstract fits the place of *number* in the summary better than *number* itself."""
    units = {unit for _, unit in number.readings}
    others = (
        each
        for each in known
        if each.name == number.name
        and not each.values & number.values
        and not (each.is_word and max(each.values) < _COUNTED_FROM)
        and units & {unit for _, unit in each.readings}
        and (number.name or number.company & each.company)
    )
    # Where nothing is known of what it counts, one thing in common is no proof that it is another.
    own = max(_fit(number, each) + (not each.company and not each.name) for each in same)
    return max((_fit(number, each) for each in others), default=0) > own


def _fit(said: Number, known: Number) -> int:
    """Count the words and numbers that a number of the summary and one of the abstract have around them in common."""
    counted = said.counts == known.counts != ""
    named = bool(said.name or known.name) and _is_one_name(said, known)
    return len(said.company & known.company) + counted + named + len(said.beside & known.beside)
