"""Detect whether a text is plainly in another language than the one asked for.

Decided by the script and, for languages in Latin letters, by small words that every sentence has (stop words). Only
positive evidence counts: a text that is too short or made of names and figures passes, and so does any text if the
language is not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

# Words that nearly every text of a few sentences has, without those that English science has too.
_SMALL_WORDS: Final[Mapping[str, frozenset[str]]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "a the of and to for with that is by on from are which this as an be it can while their its we these has "
        "than into such through using was were our more between but both without",
        "fr": "le la les des du et une est pour dans par sur avec qui que plus aux au ce cette ces sont pas leur leurs "
        "sans entre permet ainsi mais ou cet elle il nous en un de chez",
        "de": "der die das und ist des dem den ein eine einer eines mit für von auf zu im wird werden durch sich nicht "
        "auch als bei aus nach zur zum sowie sind wie über unter ohne dass oder",
        "es": "el la los las del y que una es por para con se más como su sus al lo sin entre este esta estos son pero "
        "sobre mediante ha o también un de en",
        "it": "il lo gli della del dei delle dello di che una è per con si più come nel nella sono al alla dal dalla "
        "ed o senza tra questo questa anche un e le ma sui",
        "pt": "o os da do das dos que uma é para com não mais como em no na nos nas ao à por se são sem entre este "
        "esta pelo pela um e de também mas",
        "nl": "de het een en van dat is voor met op te die zijn wordt worden door niet ook aan om bij naar uit zoals "
        "maar deze dit over tussen zonder hun of als",
        "sv": "och att det som en ett på är för med av den till inte från har kan om vid eller genom utan mellan samt "
        "dessa denna de där men",
        "da": "og at det som en et på er for med af den til ikke fra har kan om ved eller gennem uden mellem samt "
        "disse denne de hvor men",
        "no": "og at det som en et på er for med av den til ikke fra har kan om ved eller gjennom uten mellom samt "
        "disse denne de der hvor men",
        "fi": "ja on että se ei ovat joka jotka myös sekä kuin mutta tai ne sen tämä voi sitä kun niiden avulla jossa "
        "ilman välillä olla",
        "pl": "i w na z do nie się jest że oraz przez dla od po jak które który która są o a za przy bez między lub "
        "ze także tym",
        "cs": "a v na s je se že do z pro které který která jsou o i od po k nebo při pomocí bez mezi jako ale také "
        "tak ve",
        "ro": "și în de la cu pe o un este care din pentru mai că sunt prin nu au ale al sau fără între acest această "
        "dar fi",
        "tr": "ve bir bu için ile da de olarak olan daha çok gibi ya hem en değil ancak sonra göre kadar üzerinde "
        "arasında tarafından veya",
        "hu": "a az és hogy egy nem is ez vagy mint van azt meg de amely között által során csak volt több",
    }.items()
}
_SCRIPTS: Final[Mapping[str, str]] = {
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "kana": "\u3040-\u30ff\uff66-\uff9f",
    "hangul": "\u1100-\u11ff\uac00-\ud7af",
    "cyrillic": "\u0400-\u052f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff",
    "hebrew": "\u0590-\u05ff",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "tamil": "\u0b80-\u0bff",
    "thai": "\u0e00-\u0e7f",
    "georgian": "\u10a0-\u10ff",
    "armenian": "\u0530-\u058f",
}
_SCRIPT_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": ("han",),
    "ja": ("han", "kana"),
    "ko": ("hangul",),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), ("cyrillic",)),
    "el": ("greek",),
    **dict.fromkeys(("ar", "fa", "ur"), ("arabic",)),
    "he": ("hebrew",),
    **dict.fromkeys(("hi", "mr", "ne"), ("devanagari",)),
    "bn": ("bengali",),
    "ta": ("tamil",),
    "th": ("thai",),
    "ka": ("georgian",),
    "hy": ("armenian",),
    **dict.fromkeys(_SMALL_WORDS, ()),
}
"""Language → its scripts; none: Latin letters."""
# Letters that one of two languages has in every other word and the other never.
_NEVER_IN: Final[Mapping[str, str]] = {"ru": "іїєґ", "uk": "ыэъё", "bg": "ыэіїє"}

_FEWEST_LETTERS: Final = 20
# A letter of Chinese or Korean says more than one of an alphabet.
_FEWEST_SIGNS: Final = 8
_LEAST_OWN: Final = 0.1
_MOST_FOREIGN: Final = 0.5
_FEWEST_SMALL_WORDS: Final = 3
_LEAST_SMALL_WORDS: Final = 0.12
_TIMES_AS_MANY: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+")
_COUNTS: Final = {name: re.compile(f"[{span}]") for name, span in _SCRIPTS.items()}


@lru_cache(maxsize=512)
def is_not_in(text: str, language: str) -> bool:
    """Whether *text* is plainly in another language than the one with the code *language* (`fr`, `pt-BR`)."""
    code = re.split("[-_]", language.lower())[0]
    scripts = _SCRIPT_OF.get(code)
    if scripts is None:
        return False
    words = _WORD.findall(text.lower())
    letters = sum(map(len, words))
    if letters < (_FEWEST_LETTERS if text.isascii() else _FEWEST_SIGNS):
        return False
    counts = Counter({} if text.isascii() else {name: len(one.findall(text)) for name, one in _COUNTS.items()})
    if not scripts:
        # Single Greek letters are signs: α, β.
        foreign = sum(count for name, count in counts.items() if name != "greek" or count > letters / 2)
        return foreign > _MOST_FOREIGN * letters or _is_in_another(words, code)
    if sum(counts[name] for name in scripts) < _LEAST_OWN * letters:
        return True
    kana, han = counts["kana"], counts["han"]
    return (
        (code == "zh" and kana > _LEAST_OWN * han + 2)
        or (code == "ja" and kana == 0 and han >= _FEWEST_LETTERS)
        or _has_letters_of_another(text.lower(), code)
    )


def _has_letters_of_another(text: str, code: str) -> bool:
    strange = sum(text.count(letter) for letter in _NEVER_IN.get(code, ""))
    return strange >= _FEWEST_SMALL_WORDS and strange > 0.02 * len(text)


def _is_in_another(words: list[str], code: str) -> bool:
    """Whether *words* have many more stop words of another language than of *code*, those of both left out."""
    own = _SMALL_WORDS[code]
    for other in _SMALL_WORDS.values():
        theirs = sum(word in other and word not in own for word in words)
        if theirs < max(_FEWEST_SMALL_WORDS, _LEAST_SMALL_WORDS * len(words)):
            continue
        if theirs > _TIMES_AS_MANY * sum(word in own and word not in other for word in words):
            return True
    return False
