"""Compare two titles: equal but for spelling or a subtitle, or titles of two works of a series.

title_difference()         two titles → how they differ, if they may still be of one work; else None
share_words()              whether two titles have a third of their words in common
are_of_a_series()          whether they are of two related works: parts, a paper and its correction
are_surely_of_a_series()   a stricter test, for papers that are alike in much else
are_of_other_kinds()       whether a word suggests two works, though that may be chance
are_told_apart()           whether a word tells two works apart, in titles with other text around them
is_generic()               whether a title is shared by many works, as "Editorial"
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from digest.core.identity.ids import title_key, title_words

SMALL_WORDS: Final = frozenset(
    "a an and as at by for from in into is its of on or s the their through to toward towards using via with".split()
)
COUNTS: Final = frozenset(
    "one two three four five six seven eight nine ten first second third fourth fifth sixth seventh eighth ninth tenth "
    "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv b c d e f g h".split()
)
"""Words that number the works of a series, as digits do."""
MARKS: Final = frozenset(
    "addendum appendix code comment comments commentary corrigendum correction corrections data dataset demo "
    "discussion editorial erratum part perspective podcast poster protocol rejoinder reply response responses "
    "retraction review reviewed slides software supplement supplementary tutorial video viewpoint volume".split()
)
"""Words that, before or behind a title, make another work of it."""
_OTHERS: Final = frozenset(
    "addendum appendix comment comments commentary corrigendum correction corrections dataset discussion erratum part "
    "rejoinder reply retraction review supplement supplementary".split()
)
"""Those of `MARKS` that do so at any place of a title; a citation's "tutorial" or "demo" may be the venue."""
_ABOUT: Final = (
    r"(?:addendum|comment(?:s|ary)?|correction|corrigend(?:um|a)|discussion|errat(?:um|a)|rejoinder|repl(?:y|ies)|response|"
    r"retraction(?: note)?|supplement(?:ary \w+)?)"
)
_SPEAKS_OF: Final = re.compile(
    rf"\W*(?:(?:author|publisher|editor)\S*\W+)?{_ABOUT}\s*(?::|(?:to|on|of|for)\b)"
    rf"|.*[:.(\u2014\u2013-]\s*(?:an? )?{_ABOUT}\W*$",
    re.IGNORECASE | re.DOTALL,
)
"""A title that begins or ends as that of a work about another work: "Reply to …", "Author Correction: …"."""
_GENERIC: Final = re.compile(
    r"(?:guest|invited)?editorials?|editorsnotes?|fromtheeditors?|preface|foreword|prologue|epilogue|abstracts?|index|"
    r"(?:editorial|guesteditors?)?introduction(?:to(?:the|this)?(?:special|theme)(?:issue|section|track).*)?|"
    r"a?special(?:issue|section)(?:on|of).*|(?:book|literature)reviews?(?:column)?|callforpapers|(?:tableof)?contents|"
    r"letters?(?:totheeditor)?|news(?:andviews)?|inthisissue|announcements?|obituar(?:y|ies)|inmemoriam.*|"
    r"(?:authors?)?(?:reply|response|comment|commentary)|(?:author|publisher)?correction|erratum|corrigendum|retraction|"
    r"acknowledge?ments?|(?:acknowledge?ments?(?:of|to))?reviewers|frontmatter|backmatter|masthead|issueinformation|"
    r"(?:front|back)?cover(?:image|picture|feature)?|highlights|panel(?:discussion)?|chairsmessage|"
    r"presidents(?:page|message)|conferencereports?|technicalreport|shortcommunications?|researchnotes?"
)
"""Title keys that many works share."""
_NOT: Final = frozenset(("un", "non", "anti", "dis"))
_OPPOSITES: Final = (("micro", "macro"), ("inter", "intra"), ("hyper", "hypo"), ("adsor", "absor"), ("endo", "exo"))
"""Pairs of opposites that differ by two letters. Words that differ in the first letter are never taken for one anyway.
"""
_STATE: Final = re.compile(
    r"\[version \d+[;:].*?\]|^\W*(?:withdrawn|retracted)(?: (?:article|paper))?\W*:", re.IGNORECASE
)
"""What publishers add to a title: the state of its review, or that the work was withdrawn."""
_DIGITS: Final = re.compile(r"\d+")
_NAME: Final = re.compile(r"(\D*)\d")
_HYPHEN_IN_A_NAME: Final = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=\d)")
_SUBTITLE: Final = re.compile(r"(?<!\s)\s*+[:;?!.([\u2014\u2013]\s*|\s-+\s")

_TITLE_LETTERS: Final = 24
"""Letters that a title needs to be recognized when the other title adds a subtitle."""
_LONGEST_WORD: Final = 64
"""Letters of a word that is checked for misspellings, whose time grows with the square of the length."""
_MOST_MARKS: Final = 20
"""Places where a subtitle may begin that are tried; a title with more is a list of something."""


def is_generic(title: str) -> bool:
    """Whether any number of works have this title: "Editorial", "Introduction to the special issue on …"."""
    return bool(_GENERIC.fullmatch(title_key(title)))


def title_difference(a: str, b: str) -> str | None:
    """Return how two titles differ, if only in spelling, small words or a subtitle; else None."""
    words_a, words_b = words_of(a), words_of(b)
    left, right = content(words_a), content(words_b)
    if "".join(words_a) == "".join(words_b):
        return "same title"
    if left == right and left:
        return "title differs by small words"
    edits = _edits_of_words(left, right)
    if edits is not None and left and right:
        return (
            f"title differs by {edits} {'letter' if edits == 1 else 'letters'}" if edits else "title differs by hyphens"
        )
    shorter, longer = sorted((a, b), key=lambda title: (len(title_key(title)), title))
    return "title with and without a subtitle" if _is_part(shorter, longer) else None


@lru_cache(maxsize=4096)
def words_of(title: str) -> tuple[str, ...]:
    """Return the words of a title, without what publishers add to it."""
    return tuple(title_words(_STATE.sub(" ", title) if "[" in title or ":" in title else title))


def content(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that are not small words (stop words), in order."""
    return tuple(word for word in words if word not in SMALL_WORDS)


def _edits_of_words(left: Sequence[str], right: Sequence[str]) -> int | None:
    """Return the number of letters that differ between two lists of words; None if these are no misspellings."""
    if len(left) != len(right):
        return 0 if "".join(left) == "".join(right) else None
    total = 0
    for a, b in zip(left, right, strict=True):
        if a == b:
            continue
        edits = misspelling(a, b)
        if edits is None:
            return None
        total += edits
    return total if total <= 3 else None


def misspelling(a: str, b: str) -> int | None:
    """Return the number of letters by which two words differ; None if neither is likely a misspelling of the other."""
    a, b = sorted((a, b), key=len)
    if not (a.isalpha() and b.isalpha()) or a[0] != b[0] or {a, b} <= COUNTS | MARKS:
        return None
    if a.upper() == a:
        return None  # a script without capitals, as Chinese: one sign is a word
    if any((x in a and y in b) or (y in a and x in b) for x, y in _OPPOSITES):
        return None
    if b == f"{a}s" and len(a) >= 3:
        return 1
    limit = 1 if len(a) < 8 else 2
    if len(a) < 5 or len(b) > _LONGEST_WORD or len(b) - len(a) > limit:
        return None
    edits = _distance(a, b)
    return edits if edits <= limit else None


def _distance(a: str, b: str) -> int:
    """Return the edit distance of two words: letters inserted, deleted, replaced or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        last, before, row = before, row, [i]
        for j, y in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _is_part(shorter: str, longer: str) -> bool:
    """Whether *longer* is *shorter* with a subtitle behind it or a name before it, and may be of the same work."""
    part = words_of(shorter)
    if len("".join(content(part))) < _TITLE_LETTERS:
        return False
    for mark in islice(_SUBTITLE.finditer(longer), _MOST_MARKS):
        before, behind = words_of(longer[: mark.start()]), words_of(longer[mark.end() :])
        more = behind if before == part else before if behind == part and len(before) == 1 else ()
        if more:
            return not numbers(more) and not set(more) & MARKS
    return False


def numbers(words: Iterable[str]) -> Counter[str]:
    """Count the words that may number a work of a series: digits, "two", "second"."""
    return Counter(w for w in words if w in COUNTS or any(c.isdigit() for c in w))


def are_of_a_series(a: str, b: str) -> bool:
    """Whether two titles are of works that belong together: "Part I" and "Part II", a paper and its correction."""
    if bool(_SPEAKS_OF.match(a)) != bool(_SPEAKS_OF.match(b)):
        return True
    words_a, words_b = words_of(a), words_of(b)
    numbers_a, numbers_b = numbers(words_a), numbers(words_b)
    plain_a, plain_b = set(words_a) - set(numbers_a), set(words_b) - set(numbers_b)
    return numbers_a != numbers_b and 2 * len(plain_a & plain_b) >= len(plain_a | plain_b)


def are_surely_of_a_series(a: str, b: str) -> bool:
    """Whether numbers tell two works of a series apart although abstracts or authors are alike.

    A renamed paper may have other numbers in its title, as of patients, and COVID-19 and SARS-CoV-2 are names. But a
    number in the place of another one, or that alone is added to a title, was put there to tell two works apart.
    """
    if bool(_SPEAKS_OF.match(a)) != bool(_SPEAKS_OF.match(b)):
        return True
    words_a, words_b = (Counter(words_of(_HYPHEN_IN_A_NAME.sub("", title))) for title in (a, b))
    more, less = words_a - words_b, words_b - words_a
    names, others = _numbered_names(more), _numbered_names(less)
    if names and others:
        return not names.isdisjoint(others)
    if others:
        names, less = others, more
    return bool(names) and names.issuperset(content([*less]))


def _numbered_names(words: Iterable[str]) -> set[str]:
    """Return the letters directly before the numbers of a title: "cov" for "cov2", nothing for "2" and "second"."""
    return {found[1] if (found := _NAME.match(number)) else "" for number in numbers(words)}


def share_words(a: str, b: str) -> bool:
    """Whether a third of the words of two titles are in both; small words aside."""
    words_a, words_b = set(content(words_of(a))), set(content(words_of(b)))
    return 3 * len(words_a & words_b) >= len(words_a | words_b) > 0


def are_of_other_kinds(a: str, b: str) -> bool:
    """Whether a word suggests two works: a protocol and its trial, supervised and unsupervised."""
    return are_told_apart(a, b) or not MARKS.isdisjoint({*words_of(a)} ^ {*words_of(b)})


def are_told_apart(a: str, b: str) -> bool:
    """Whether a word tells two works apart, in titles with other text around them, as in a citation.

    A number in only one title may be a page or a year; different numbers in both titles tell two works apart.
    """
    if bool(_SPEAKS_OF.match(a)) != bool(_SPEAKS_OF.match(b)):
        return True
    words_a, words_b = words_of(a), words_of(b)
    key_a, key_b = "".join(words_a), "".join(words_b)
    if any(word not in key_b for word in _OTHERS.intersection(words_a)):
        return True
    if any(word not in key_a for word in _OTHERS.intersection(words_b)):
        return True
    if any(_negates(x, y) for x in set(words_a) - set(words_b) for y in set(words_b) - set(words_a)):
        return True
    figures_a, figures_b = _figures(words_a), _figures(words_b)
    return bool(figures_a - figures_b and figures_b - figures_a)


def _negates(a: str, b: str) -> bool:
    shorter, longer = sorted((a, b), key=len)
    return longer.endswith(shorter) and longer.removesuffix(shorter) in _NOT


def _figures(words: Iterable[str]) -> Counter[str]:
    """Count digits and number words, also those written together with their neighbours: "O2" like "O 2"."""
    return Counter(figure for word in words for figure in (_DIGITS.findall(word) or ([word] if word in COUNTS else ())))
