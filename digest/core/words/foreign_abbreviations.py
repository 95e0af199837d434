"""Abbreviations of other languages than English, whose full stop does not end a sentence.

Apart by language, so that each can be read by who knows it, and without what is a word of English ("art", "cap").
Those behind which a sentence often does end ("usw.", "и др.") are not among them: a small letter behind them tells
already that it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "de": "abb abschn anm aufl bzw ders dgl evtl ggf hrsg inkl insb insbes jh kap mio mrd nr sog u.a usf verf vgl "
    "z.b d.h zit zzgl",
    "fr": "éd env p.ex",
    "es": "apdo dra núm núms p.ej pág págs prov sra srta sta uds",
    "pt": "p.ex séc",
    "it": "dott pag pagg",
    "ru": "акад англ гл им напр обл проф рис см ср табл т.е т.к т.н ул",
}
_ALL: Final = frozenset(word for words in _WORDS.values() for word in words.split())
# Those with a blank inside, up to the full stop in question. A year or century that one stands behind ends like a word.
_PAIRS: Final = re.compile(
    r"(?:^|[\s(])(?:[zZ]|[zZ]\. ?[BT]|[dD]\. ?h|[uU]\. ?[aUÄä]|i\. ?d|i\. ?d\. ?R|o\. ?[gä]|[vn]|s\. ?[uo]|EE"  # German
    r"|p\. ?e[jx]|ad es"  # Spanish, Portuguese, French, Italian
    r"|[тТ]\. ?[екн]|(?<!\d )[гГ])\Z"  # Russian; "г. Москва", but "в 2020 г."
)
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\Z")
# German writes an ordinal with a full stop, and what follows with a capital letter.
_COUNTED: Final = re.compile(
    r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Tag|Tage|Woche|Monat|Jahr"
    r"|Auflage|Klasse|Semester|Quartal|Kapitel|Jh\.|Jahrhundert\w*|Lebens\w+|Weltkrieg\w*|Schwangerschafts\w+)(?!\w)"
)

_ALONE: Final = {
    "z": re.compile(r"[BT]\."),
    "Z": re.compile(r"[BT]\."),
    "v": re.compile("Chr"),
    "n": re.compile("Chr"),
    "EE": re.compile("UU"),
}
"""Single letters that abbreviate only before certain others: "z. B.", "v. Chr."."""


def goes_on(before: str, word: str, after: str) -> bool:
    """Whether a full stop belongs to an abbreviation or ordinal of another language than English.

    Args:
        before: The few characters before it.
        word: The last word of these.
        after: The few characters after it, without blanks at their front.
    """
    if word.lower() in _ALL:
        return True
    if _ORDINAL.search(before):
        return _COUNTED.match(after) is not None
    found = _PAIRS.search(before[-8:])
    if found is None:
        return False
    alone = _ALONE.get(found[0].strip(" ("))
    return alone is None or alone.match(after) is not None
