"""Decide by titles, authors and years whether two papers are one work, where abstracts cannot decide.

    evidence()     two papers → named observations, each a number that a person can check
    likelihood()   two papers → how likely they are one work, by trained weights

Bibliographies misspell, cut off, glue words together and write the volume into the title, so that rules over two titles
miss half of the duplicates. Here each observation has a weight for or against, trained on pairs that people matched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from digest.core.identity.ids import ids_of, preprint_server, title_key, values
from digest.core.identity.titles import misspelling, words_of
from digest.core.models import Paper

Person: TypeAlias = tuple[str, str]
"""Initials and surname: `("kg", "kulkarni")`."""

_LONGEST: Final = 300
"""Letters of a title, and characters of a name, that are looked at: no honest one has more."""
_MOST: Final = 30
"""Authors that are looked at."""
_BRIEF: Final = 30
"""Letters below which a title counts as short; the fewer letters, the less an equal title says."""
_HOPELESS: Final = 0.4
"""Share of three-letter pieces in common below which two titles are never one work."""


LIKELY: Final = 0.5
"""From this likelihood on two citations are one work. In training, joining wrongly was as bad as missing five."""
WEIGHTS: Final[Mapping[str, float]] = {
    "a year apart": -2.61,
    "always": -16.91,
    "author in the title": 1.87,
    "authors of the longer list": 1.46,
    "authors of the shorter list": 0.34,
    "brief title": -1.92,
    "letters of both": 10.96,
    "letters of the shorter": 6.82,
    "no authors": 2.36,
    "no year": 0.52,
    "one begins the other": 2.09,
    "one within the other": -0.85,
    "same first author": 1.3,
    "same title": 0.52,
    "same title, another year": -3.02,
    "strangers": -0.71,
    "two authors in common": 0.76,
    "two years apart": -3.37,
    "years apart": -2.58,
}
"""How much each observation counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Citation:
    key: str
    words: tuple[str, ...]
    pieces: frozenset[str]
    """Every three letters that follow one another in `key`: they survive misspelling and gluing."""
    people: tuple[Person, ...]


def likelihood(a: Paper, b: Paper) -> float:
    """How likely two papers are one work by title, authors and year, 0 to 1. Does not depend on order."""
    first, second = _citation(a.title, a.authors), _citation(b.title, b.authors)
    if _share(first.pieces, second.pieces) < _HOPELESS:
        return 0.0
    score = sum(WEIGHTS[name] * value for name, value in evidence(a, b).items())
    return 1 / (1 + math.exp(-score))


def evidence(a: Paper, b: Paper) -> dict[str, float]:
    """Return all observations by name; one that is only true or false is 1.0 or missing. Does not depend on order."""
    # Misspelt words and names are matched one after another: the same ones, whoever comes first.
    first, second = sorted((_citation(p.title, p.authors) for p in (a, b)), key=lambda c: (c.words, c.people))
    title, people, years = _of_titles(first, second), _of_people(first, second), _of_years(a, b)
    # A paper and its extended version have one title, and even one team; a misspelt year comes with other faults.
    again = title["same title"] * (years["a year apart"] + years["two years apart"] + years["years apart"])
    return {"always": 1.0, **title, **people, **years, "same title, another year": again}


@lru_cache(maxsize=4096)
def _citation(title: str, authors: tuple[str, ...]) -> _Citation:
    words = words_of(title[:_LONGEST])
    key = "".join(words)
    return _Citation(
        key=key,
        words=words,
        pieces=frozenset(map("".join, zip(key, key[1:], key[2:], strict=False))),
        people=tuple(filter(None, map(_person, authors[:_MOST]))),
    )


# -- titles


def _of_titles(a: _Citation, b: _Citation) -> dict[str, float]:
    shorter, longer = sorted((a.key, b.key), key=lambda key: (len(key), key))
    is_within = shorter != longer and len(shorter) >= 10 and shorter in longer
    return {
        "same title": float(a.key == b.key),
        "one within the other": float(is_within),
        "one begins the other": float(is_within and longer.startswith(shorter)),
        "letters of both": 2 * len(a.pieces & b.pieces) / max(1, len(a.pieces) + len(b.pieces)),
        "letters of the shorter": _share(a.pieces, b.pieces),
        "brief title": max(0.0, 1 - len(shorter) / _BRIEF),
        "author in the title": float(_names_in(a, b) or _names_in(b, a)),
    }


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(1, min(len(a), len(b)))


def _names_in(a: _Citation, b: _Citation) -> bool:
    """Whether the title of one paper holds the name of an author of the other: "and J. Widom. View maintenance"."""
    return any(len(name) > 2 and name in a.words and name not in b.words for _, name in b.people)


# -- people


def _of_people(a: _Citation, b: _Citation) -> dict[str, float]:
    unknown = not a.people or not b.people
    shorter, longer = sorted((a.people, b.people), key=lambda people: (len(people), people))
    common = _in_common(shorter, longer)
    return {
        "no authors": float(unknown),
        "strangers": float(not unknown and not common),
        "authors of the shorter list": common / max(1, len(shorter)),
        "authors of the longer list": common / max(1, len(longer)),
        "same first author": 0.0 if unknown else _may_be_one(a.people[0], b.people[0]),
        "two authors in common": float(common >= 2),
    }


def _person(name: str) -> Person | None:
    """Return initials and surname; None for what is no name, as initials alone."""
    words = [key for word in name[:_LONGEST].replace(".", " ").split() if (key := title_key(word))]
    if not words or len(words[-1]) < 2:
        return None
    # "rh fagin" has two initials, "ronald fagin" one.
    return "".join(word if len(word) <= 2 else word[0] for word in words[:-1]), words[-1]


def _in_common(shorter: Sequence[Person], longer: Sequence[Person]) -> float:
    left, total = list(longer), 0.0
    for person in shorter:
        best = max(left, key=lambda other: _may_be_one(person, other), default=None)
        if best is not None and (likely := _may_be_one(person, best)):
            total += likely
            left.remove(best)
    return total


def _may_be_one(a: Person, b: Person) -> float:
    """Return 1 for one surname (or misspelt) with a common initial, 0.5 if given name and surname may be swapped."""
    (initials_a, name_a), (initials_b, name_b) = a, b
    if (not initials_a or not initials_b or set(initials_a) & set(initials_b)) and _is_spelling(name_a, name_b):
        return 1.0
    if initials_a and initials_b and name_a != name_b and initials_a[0] == name_b[0] and initials_b[0] == name_a[0]:
        return 0.5
    return 0.0


def _is_spelling(a: str, b: str) -> bool:
    a, b = sorted((a, b), key=len)
    return a == b or (len(a) >= 4 and (b.startswith(a) or misspelling(a, b) is not None))


# -- years


def _of_years(a: Paper, b: Paper) -> dict[str, float]:
    apart = years_apart(a, b)
    return {
        "no year": float(apart is None),
        "a year apart": float(apart == 1),
        "two years apart": float(apart == 2),
        "years apart": float(apart is not None and apart > 2),
    }


def years_apart(a: Paper, b: Paper) -> int | None:
    """Return the years between two publications; None without dates, or if one is a preprint, which may be years ahead.

    December and the January behind it are one year; so are a bare year, written as its first day, and all its days.
    """
    if a.published is None or b.published is None or _is_preprint(a) or _is_preprint(b):
        return None
    days = abs((a.published - b.published).days)
    return min(abs(a.published.year - b.published.year), round(days / 365.25))


def _is_preprint(paper: Paper) -> bool:
    ids = ids_of(paper)
    return bool(values(ids, "arxiv")) or any(map(preprint_server, values(ids, "doi")))
