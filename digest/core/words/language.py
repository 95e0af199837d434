"""Find the language of a text, and detect whether it is plainly in another one than was asked for.

Decided by the script and, for languages in Latin letters, by small words that every sentence has (stop words), by
letters and by endings. Only positive evidence counts: a text that is too short or made of names and figures passes, and
so does any text if the language is not known here.

By rules of our own and not by a library, after a comparison on the 103 titles and sentences of
tests/data/languages.tsv, of which 25 are English ones that look foreign ("Les Houches lectures on topological phases"):

                  right    wrong    wrong of the English    ms a text    size
    ours             90       0               0               0.1        21 kB
    py3langid        88      15              14               0.25       5 MB, and numpy
    langdetect       93      10               8               4.7        1 MB
    lingua           90      13              11              52          96 MB

Libraries always name a language. Ours says "" for some short titles (13 here), and then the reader loses nothing. Its
words and thresholds were set with a look at this set, so a fresh one may treat it worse. On 275 sentences of 28
languages (spaCy's examples, half of them of five words or fewer) it has 203 right, 1 wrong; of 4,179 titles from arXiv,
bioRxiv and journals it takes two English ones for another language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from digest.core.words.language_marks import (
    ENDINGS,
    LANGUAGES,
    LETTERS,
    MORE_SMALL_WORDS,
    OF_THREE_LETTERS,
    SMALL_WORDS,
)

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
    **dict.fromkeys(SMALL_WORDS, ()),
}
"""Language → its scripts; none: Latin letters."""
# Letters that one of two languages has in every other word and the other never.
_NEVER_IN: Final[Mapping[str, str]] = {"ru": "іїєґ", "uk": "ыэъё", "bg": "ыэіїє"}

# Letters that Persian and Urdu have beside those of Arabic, and those that Urdu alone has.
_PERSIAN: Final = re.compile("[پچژگکی]")
_ARABIC: Final = re.compile("[كيىةإأؤئ]")
_URDU: Final = re.compile("[ٹڈڑںےھہ]")

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


_LATIN: Final = {**SMALL_WORDS, **MORE_SMALL_WORDS, "en": SMALL_WORDS["en"] | MORE_SMALL_WORDS["en"]}


def _evidence() -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return how much each small word, letter and ending speaks for which languages: less, the more have it."""

    def shared(table: Mapping[str, Iterable[str]], weight: float) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for code, signs in table.items():
            for sign in signs:
                found.setdefault(sign, {})[code] = 0.0
        return {sign: dict.fromkeys(codes, weight / len(codes) ** 0.5) for sign, codes in found.items()}

    endings = {code: frozenset(words.split()) for code, words in ENDINGS.items()}
    return shared(_LATIN, 1.0), shared(LETTERS, 0.9), shared(endings, 0.7)


_OF_WORD, _OF_LETTER, _OF_ENDING = _evidence()
_LONGEST_ENDING: Final = max(map(len, _OF_ENDING))
_ENOUGH: Final = 1.4
"""Evidence for a language that takes two words of its own or more; English is expected and needs less."""
_ENOUGH_ENGLISH: Final = 1.0
_ENOUGH_A_WORD: Final = 0.2
_READ_AT_MOST: Final = 800
_QUOTED: Final = re.compile('["“„«][^"“”„«»]{1,300}["“”»]')
_LATIN_WORD: Final = re.compile("[A-Za-z\u00c0-\u024f]{2,}")
_ANY_SCRIPT: Final = re.compile(f"[{''.join(_SCRIPTS.values())}]")
_SIGNS: Final = frozenset(("han", "kana", "hangul", "thai"))
_SIGNS_A_WORD: Final = 2
_LETTERS_A_WORD: Final = 5
_LEAST_FOREIGN_WORDS: Final = 1
_TIMES_ENGLISH: Final = 1.25
_OF_SCRIPT: Final = {
    "hangul": "ko",
    "greek": "el",
    "hebrew": "he",
    "devanagari": "hi",
    "bengali": "bn",
    "tamil": "ta",
    "thai": "th",
    "georgian": "ka",
    "armenian": "hy",
}
_BULGARIAN: Final = frozenset("се че са към със върху като през които който която".split())
_BULGARIAN_ENDS: Final = ("ът", "ата", "ето", "ите", "ният")
_LEAST_BULGARIAN: Final = 2
_RTL: Final = frozenset(("ar", "fa", "he", "ur"))


def language_name(code: str) -> str:
    """Return the English name of a language, or its code in quotation marks where it is none that is told here."""
    return LANGUAGES.get(code, f"“{code}”")


def is_right_to_left(language: str) -> bool:
    """Whether the language with the code *language* is written from right to left."""
    return language.partition("-")[0] in _RTL


def language_code(said: str) -> str:
    """Return the ISO 639-1 code of a language as sources write it: `en-US`, `eng`, `zh_CN`; empty for anything else."""
    code = re.split("[-_]", said.strip().lower())[0]
    code = OF_THREE_LETTERS.get(code, code)
    return code if re.fullmatch("[a-z]{2}", code) else ""


def language_of(text: str) -> str:
    """Return the code of the language of *text* (ISO 639-1: `en`, `zh`), by its first 800 characters.

    Empty where it is not plain: names, formulas, a title of three words. What stands in quotation marks, such as a
    title that is spoken of, counts only if there is nothing else.
    """
    text = text[:_READ_AT_MOST]
    return (not text.isascii() and _by_script(text)) or _by_words(text)


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
    own = SMALL_WORDS[code]
    for other in SMALL_WORDS.values():
        theirs = sum(word in other and word not in own for word in words)
        if theirs < max(_FEWEST_SMALL_WORDS, _LEAST_SMALL_WORDS * len(words)):
            continue
        if theirs > _TIMES_AS_MANY * sum(word in own and word not in other for word in words):
            return True
    return False


def _by_script(text: str) -> str:
    """Return the language that the script of most words tells; empty where most are in Latin letters."""
    if not _ANY_SCRIPT.search(text):
        return ""
    counts = {name: len(one.findall(text)) for name, one in _COUNTS.items()}
    # A word has some five letters of an alphabet, and two signs.
    words = {name: count / (_SIGNS_A_WORD if name in _SIGNS else _LETTERS_A_WORD) for name, count in counts.items()}
    han, kana = words.pop("han"), words.pop("kana")
    words["cjk"] = han + kana
    script = max(words, key=lambda name: words[name])
    if words[script] < _LEAST_FOREIGN_WORDS or words[script] < len(_LATIN_WORD.findall(text)):
        return ""
    if script == "cjk":
        return "ja" if kana > _LEAST_OWN * han else "zh"
    if script == "cyrillic":
        return _cyrillic(text.lower())
    if script == "arabic":
        if _URDU.search(text):
            return "ur"
        return "fa" if len(_PERSIAN.findall(text)) > len(_ARABIC.findall(text)) else "ar"
    return _OF_SCRIPT[script]


def _cyrillic(text: str) -> str:
    """Return the language of *text* in Cyrillic letters, by letters that only some have; empty where none tells."""
    if re.search("[ђћџљњј]", text):
        return "mk" if re.search("[ѓќѕ]", text) else "sr"
    if re.search("[їєґ]", text):
        return "uk"
    if "ў" in text:
        return "be"
    if re.search("[ыэё]", text):
        return "ru"
    bulgarian = sum(word in _BULGARIAN or word.endswith(_BULGARIAN_ENDS) for word in _WORD.findall(text))
    if bulgarian >= _LEAST_BULGARIAN:
        return "bg"
    return "uk" if "і" in text else "ru"


def _by_words(text: str) -> str:
    """Return the language that words in Latin letters tell, by small words, letters and endings."""
    spoken = _QUOTED.sub(" ", text)
    words = _WORD.findall(spoken) or _WORD.findall(text)
    found: dict[str, float] = {}
    capitals = text.isupper()
    for word in words:
        if len(word) > 1 and word.isupper() and not capitals:
            continue  # acronyms: "EM" is no Portuguese
        for code, weight in _of_word(word if not capitals else word.lower()).items():
            found[code] = found.get(code, 0.0) + weight
    if not found:
        return ""
    english = found.pop("en", 0.0)
    best, second = [*sorted(found.items(), key=lambda item: (-item[1], item[0])), ("", 0.0), ("", 0.0)][:2]
    if english >= best[1]:
        return "en" if english >= _ENOUGH_ENGLISH else ""
    plain = best[1] >= max(_ENOUGH, _ENOUGH_A_WORD * len(words)) and best[1] >= _TIMES_ENGLISH * english
    return best[0] if plain and best[1] > second[1] else ""


@lru_cache(maxsize=16_384)
def _of_word(word: str) -> Mapping[str, float]:
    """Return the languages that a word speaks for: a small word, else its letters, which names have too, and ending."""
    low = word.lower()
    if (small := _OF_WORD.get(low)) is not None:
        return small
    found: dict[str, float] = {}
    if not low.isascii() and word[0].islower():
        for letter in set(low):
            for code, weight in _OF_LETTER.get(letter, {}).items():
                found[code] = max(found.get(code, 0.0), weight)
    for length in range(min(_LONGEST_ENDING, len(low) - 3), 1, -1):
        if (ending := _OF_ENDING.get(low[-length:])) is not None:
            for code, weight in ending.items():
                found[code] = found.get(code, 0.0) + weight * (1.0 if length > 2 else 0.6)
            break
    return found
