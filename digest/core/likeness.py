"""When two records are one work although no id says so.

    same_work()  two papers → why they are one, in words for people, or None

How two such records find each other among a million is `sketch.py`'s business.

A wrong join loses a paper, a missed one only shows a paper twice: in doubt, two papers stay two. So titles count as
nearly equal only where spelling, small words or a subtitle differ. No measure of likeness over the whole title tells
"Nemotron 3 Super" from "Nemotron 3 Ultra" (97 of 100 letters alike, 338 authors in common), or "Part I" from "Part II".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from digest.core.identity import (
    SHORT_TITLE,
    has_strong_id,
    ids_of,
    preprint_server,
    scheme,
    title_key,
    title_words,
    values,
    versionless,
)
from digest.core.models import Paper

_SHINGLE: Final = 5
"""Words in a shingle of an abstract."""
_ALIKE: Final = 0.5
"""Share of shingles in common that supports an equal or nearly equal title. Two papers of one team can share 0.43."""
_VERY_ALIKE: Final = 0.75
"""The same where titles differ. Of 74 million pairs of real papers, different works of one team come to 0.67."""
_ALMOST_EQUAL: Final = 0.9
"""The same where there are no authors to compare either."""
_ENOUGH: Final = 40
"""Shingles that an abstract must have to speak for itself: shorter ones are often a form that was filled in."""

_SMALL_WORDS: Final = frozenset(
    "a an and as at by for from in into is its of on or s the their through to toward towards using via with".split()
)
_COUNTS: Final = frozenset(
    "one two three four five six seven eight nine ten first second third fourth fifth sixth seventh eighth ninth tenth "
    "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv b c d e f g h".split()
)
"""Words that number the works of a series, as digits do."""
_MARKS: Final = frozenset(
    "addendum appendix code comment comments commentary corrigendum correction corrections data dataset demo "
    "discussion editorial erratum part perspective podcast poster protocol rejoinder reply response responses "
    "retraction review reviewed slides software supplement supplementary tutorial video viewpoint volume".split()
)
"""Words that, before or behind a title, make another work of it."""
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
"""Title keys that any number of works have."""
_OPPOSITES: Final = (("micro", "macro"), ("inter", "intra"), ("hyper", "hypo"), ("adsor", "absor"), ("endo", "exo"))
"""Words that differ by two letters and mean the contrary; those that differ in the first letter are never one."""
_STATE: Final = re.compile(
    r"\[version \d+[;:].*?\]|^\W*(?:withdrawn|retracted)(?: (?:article|paper))?\W*:", re.IGNORECASE
)
"""What publishers write into the title of the work itself: how far its review is, or that it was taken back."""
_WORD: Final = re.compile(r"\w+")
_SUBTITLE: Final = re.compile(r"\s*[:;?!.([\u2014\u2013]\s*|\s-+\s")

_TITLE_LETTERS: Final = 24
"""Letters that a title must have to be known for one with a subtitle behind it; fewer would not tell it from others."""


# -- deciding


def same_work(a: Paper, b: Paper) -> str | None:
    """Why two papers are one work by what they say, for people; None if that is not enough.

    Two that have different arXiv ids, or different DOIs and no other id, are two works whatever they say: parts,
    versions of a talk and corrections often share a title. Does not depend on order.
    """
    if conflicting(a, b):
        return None
    if title_key(a.title) == title_key(b.title):
        return _by_equal_title(a, b)
    if _are_listed_apart(a, b):
        return None
    difference = _title_difference(a.title, b.title)
    return _by_near_title(a, b, difference) if difference else _by_abstract(a, b)


def is_generic(title: str) -> bool:
    """Whether any number of works have this title: "Editorial", "Introduction to the special issue on …"."""
    return bool(_GENERIC.fullmatch(title_key(title)))


def conflicting(a: Paper, b: Paper) -> bool:
    """True if their ids say that they are different works."""
    ids_a, ids_b = ids_of(a), ids_of(b)
    arxiv_a, arxiv_b = values(ids_a, "arxiv"), values(ids_b, "arxiv")
    if arxiv_a and arxiv_b:
        return not arxiv_a & arxiv_b
    if arxiv_a or arxiv_b:
        return False
    dois_a, dois_b = ({versionless(i) for i in values(ids, "doi")} for ids in (ids_a, ids_b))
    if not dois_a or not dois_b or dois_a & dois_b:
        return False
    # A preprint's DOI beside a journal's, or another server's, is no contradiction.
    servers_a, servers_b = ({preprint_server(i) for i in dois} for dois in (dois_a, dois_b))
    return bool(servers_a & servers_b)


def _are_listed_apart(a: Paper, b: Paper) -> bool:
    """Whether one site gives them two pages, or two publishers' DOIs: only an equal title then tells otherwise."""
    published_a, published_b = ({i for i in values(ids_of(p), "doi") if not preprint_server(i)} for p in (a, b))
    if published_a and published_b:
        return not published_a & published_b
    return scheme(a.id) == scheme(b.id) == "url" and a.id != b.id and _site(a) == _site(b)


def _site(paper: Paper) -> str:
    return paper.id.split("/")[2]


def _by_equal_title(a: Paper, b: Paper) -> str | None:
    apart = _are_listed_apart(a, b)
    alike = _abstract_likeness(a, b, at_least=_ENOUGH if apart else 1)
    if alike is not None and alike >= _ALIKE:
        return f"same title, {_percent(alike)}{_and_authors(a, b)}"
    key = title_key(a.title)
    if is_generic(a.title) or (apart and alike is None):
        return None
    if len(key) >= SHORT_TITLE and any(scheme(p.id) == "title" and not has_strong_id(p) for p in (a, b)):
        return "same title, and the record had no other id"
    common = authors_in_common(a.authors, b.authors)
    if common >= 2 or (_have_one_team(a, b, common) and (len(key) >= SHORT_TITLE or alike is None)):
        return f"same title, {_authors(common)}"
    return None


def _by_near_title(a: Paper, b: Paper, difference: str) -> str | None:
    alike = _abstract_likeness(a, b)
    common = authors_in_common(a.authors, b.authors)
    if not common and (alike is None or (a.authors and b.authors)):
        return None
    if alike is not None:
        if alike < (_ALIKE if common else _VERY_ALIKE):
            return None
        return f"{difference}, {_percent(alike)}{_and_authors(a, b)}"
    return f"{difference}, {_authors(common)}" if common >= 2 or _have_one_team(a, b, common) else None


def _have_one_team(a: Paper, b: Paper, common: int) -> bool:
    """Whether one author in common is enough: of two at most, or the first of both, for lists are cut behind the first.

    The editor of a column stands beside other people every time; and where abstracts differ, the first says little.
    """
    if 2 * common >= max(len(a.authors), len(b.authors)):
        return common > 0
    return _abstract_likeness(a, b) is None and authors_in_common(a.authors[:1], b.authors[:1]) > 0


def _by_abstract(a: Paper, b: Paper) -> str | None:
    """The same abstract under another title: a preprint that was renamed when it was published."""
    common = authors_in_common(a.authors, b.authors)
    enough = common >= 2 or (common and common == len(a.authors) == len(b.authors))
    if not enough and a.authors and b.authors:
        return None
    alike = _abstract_likeness(a, b)
    if alike is None or alike < (_VERY_ALIKE if enough else _ALMOST_EQUAL) or _are_of_a_series(a.title, b.title):
        return None
    return f"{_percent(alike)}{_and_authors(a, b)}"


def _authors(n: int) -> str:
    return "an author in common" if n == 1 else f"{n} authors in common"


def _and_authors(a: Paper, b: Paper) -> str:
    common = authors_in_common(a.authors, b.authors)
    return f", {_authors(common)}" if common else ""


def _percent(alike: float) -> str:
    return f"abstract {int(alike * 100)} % alike"


# -- authors


def authors_in_common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many people of one list may well be in the other: "J. A. Smith" is "John Smith", "Wang Wei" is "Wei Wang"."""
    # The same lists in the other order give the same number.
    names_a, names_b = sorted((Counter(filter(None, map(_name_parts, names))) for names in (a, b)), key=_in_order)
    certain = (names_a & names_b).total()
    left, by_part = names_b - names_a, defaultdict(list)
    for name in _in_order(left):
        for part in name:
            by_part[part].append(name)
    possible = 0
    for name in _in_order(names_a - names_b):
        others = (other for part in name if len(part) > 1 for other in by_part[part])
        match = next((o for o in others if left[frozenset(o)] and _may_be_one(frozenset(name), frozenset(o))), None)
        if match is not None:
            left[frozenset(match)] -= 1
            possible += 1
    return certain + possible


def _in_order(names: Counter[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(name) for name in names.elements())


def _name_parts(name: str) -> frozenset[str]:
    """The words of a name: no case, no accents, no hyphens; initials written together, as PubMed's "Doe AB", apart."""
    words = name.replace(".", " ").split()
    if not name.isupper():
        words = [part for w in words for part in (w if w.isupper() and len(w) <= 3 else (w,))]
    return frozenset(filter(None, map(title_key, words)))


def _may_be_one(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether all parts of the shorter name are in the longer, or are short for parts that are."""
    if len(a) > len(b):
        a, b = b, a
    rest_b = b - a
    for part in a - b:
        other = next((o for o in sorted(rest_b) if _is_short_for(*sorted((part, o), key=len))), None)
        if other is None:
            return False
        rest_b -= {other}
    return True


def _is_short_for(a: str, b: str) -> bool:
    """Whether *a* may stand for *b*: "T" and "Tim" for "Timothy", but not "Chen" for "Cheng"."""
    return b.startswith(a) and (len(a) == 1 or (len(a) >= 3 and len(b) >= 6))


# -- titles


def _title_difference(a: str, b: str) -> str | None:
    """How two titles differ, if that is only in spelling, in small words or by a subtitle; else None."""
    words_a, words_b = _words(a), _words(b)
    left, right = _content(words_a), _content(words_b)
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


def _words(title: str) -> tuple[str, ...]:
    return tuple(title_words(_STATE.sub(" ", title) if "[" in title or ":" in title else title))


def _content(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _SMALL_WORDS)


def _edits_of_words(left: Sequence[str], right: Sequence[str]) -> int | None:
    """Letters to be changed that turn one list of words into the other, if they are misspellings; else None."""
    if len(left) != len(right):
        return 0 if "".join(left) == "".join(right) else None
    total = 0
    for a, b in zip(left, right, strict=True):
        if a == b:
            continue
        edits = _misspelling(a, b)
        if edits is None:
            return None
        total += edits
    return total if total <= 3 else None


def _misspelling(a: str, b: str) -> int | None:
    """How many letters two words differ by, if they are likely to be one word; else None."""
    if len(a) > len(b):
        a, b = b, a
    if not (a.isalpha() and b.isalpha()) or a[0] != b[0] or {a, b} <= _COUNTS | _MARKS:
        return None
    if a.upper() == a:
        return None  # a script without capitals, as Chinese: one sign is a word
    if any((x in a and y in b) or (y in a and x in b) for x, y in _OPPOSITES):
        return None
    if b == f"{a}s" and len(a) >= 3:
        return 1
    limit = 0 if len(a) < 5 else 1 if len(a) < 8 else 2
    edits = _distance(a, b) if len(b) - len(a) <= limit else limit + 1
    return edits if edits <= limit else None


def _distance(a: str, b: str) -> int:
    """Letters inserted, left out, replaced, or exchanged with their neighbour."""
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
    """Whether *longer* is *shorter* with a subtitle behind it, or a name before it, that makes no other work of it."""
    part = _words(shorter)
    if len("".join(_content(part))) < _TITLE_LETTERS:
        return False
    for mark in _SUBTITLE.finditer(longer):
        before, behind = _words(longer[: mark.start()]), _words(longer[mark.end() :])
        more = behind if before == part else before if behind == part and len(before) == 1 else ()
        if more:
            return not _numbers(more) and not set(more) & _MARKS
    return False


def _numbers(words: Iterable[str]) -> Counter[str]:
    return Counter(w for w in words if w in _COUNTS or any(c.isdigit() for c in w))


def _are_of_a_series(a: str, b: str) -> bool:
    """Whether two titles are of works that belong together: "Part I" and "Part II", a paper and its correction."""
    if bool(_SPEAKS_OF.match(a)) != bool(_SPEAKS_OF.match(b)):
        return True
    words_a, words_b = _words(a), _words(b)
    numbers_a, numbers_b = _numbers(words_a), _numbers(words_b)
    plain_a, plain_b = set(words_a) - set(numbers_a), set(words_b) - set(numbers_b)
    return numbers_a != numbers_b and 2 * len(plain_a & plain_b) >= len(plain_a | plain_b)


# -- abstracts


def likeness(a: str, b: str) -> float:
    """The share of the shorter text's five-word shingles that the longer has too; 0 to 1."""
    return _share(_shingles(a), _shingles(b))


def _abstract_likeness(a: Paper, b: Paper, *, at_least: int = _ENOUGH) -> float | None:
    """How like two abstracts are; None where one of them is too short to tell."""
    shingles_a, shingles_b = _shingles(a.abstract), _shingles(b.abstract)
    return _share(shingles_a, shingles_b) if min(len(shingles_a), len(shingles_b)) >= at_least else None


def _share(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0


@lru_cache(maxsize=256)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    if len(words) < _SHINGLE:
        return frozenset([tuple(words)] if words else ())
    return frozenset(zip(*(words[i:] for i in range(_SHINGLE)), strict=False))
