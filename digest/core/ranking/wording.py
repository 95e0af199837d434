"""Read an interest in words as what must come together: its parts, each with the wordings that will do.

    "agents that use tools and computers"  →  agent   with   use tool, or use computer
    "retrieval for long documents"         →  retrieval   with   long document

Words like "that" and "for" divide the parts; "and", "or" and commas divide wordings of one part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.ranking.lexicon import Run
from digest.core.words.word_counts import STOPWORDS, words

_TOKEN: Final = re.compile(r"[^\W_]+|[,;/&+]")
_EITHER: Final = frozenset(",;/&+") | {"and", "or"}
_FILLERS: Final = frozenset(
    "about all any anything application applied approach area based especially everything general interest "
    "interested latest like method new novel paper particular recent related research study such technique than "
    "topic toward towards various work".split()
)
"""Words of an interest that say nothing of its subject, if it has others."""
_QUESTIONS: Final = frozenset("how why where who whose between into through without within under over not".split())
"""Further words that divide the parts."""
_ALONE: Final = 0.6
"""Weight of the second half of "A B and C" by itself, where "A C" may be meant."""
_USE: Final = "use"
_USED: Final = 0.75
"""Weight of what is used by itself: "tool" for "use tools", as in "tool-using"."""
_LONGEST: Final = 40
"""Telling words of an interest that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an interest: any of its wordings will do."""

    wordings: tuple[tuple[Run, float], ...]
    """Folded words, with a weight of at most 1; the first is as written and weighs 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """An interest in words, as its parts."""

    parts: tuple[Part, ...]
    """In the interest's order; empty if it has no words."""

    @property
    def words(self) -> tuple[str, ...]:
        """All folded words of the parts, each once, in order."""
        return tuple(dict.fromkeys(word for part in self.parts for run, _ in part.wordings for word in run))


def read_wording(text: str) -> Wording:
    """Read an interest in words."""
    tokens = [token if token in _EITHER else _folded(token) for token in _TOKEN.findall(text.casefold())]
    telling = [t for t in tokens if not _divides(t) and t not in _FILLERS]
    if not telling:
        telling = [t for t in tokens if t not in _EITHER or t.isalpha()]
        return Wording(parts=(Part(wordings=((tuple(telling[:_LONGEST]), 1.0),)),) if telling else ())
    groups: list[list[list[str]]] = []
    is_new, is_either = True, False
    for token in tokens[: 4 * _LONGEST]:
        if token in _EITHER:
            is_either = True
        elif _divides(token):
            is_new, is_either = True, False
        elif token not in _FILLERS:
            if is_either and groups and not is_new:
                groups[-1].append([token])
            elif is_new or not groups:
                groups.append([[token]])
            else:
                groups[-1][-1].append(token)
            is_new = is_either = False
    return Wording(parts=tuple(Part(wordings=_wordings(group)) for group in groups[:_LONGEST]))


def _folded(token: str) -> str:
    return next(iter(words(token)), token)


def _divides(token: str) -> bool:
    return token in STOPWORDS or token in _QUESTIONS or token in _EITHER


def _wordings(group: Sequence[Sequence[str]]) -> tuple[tuple[Run, float], ...]:
    first, *others = (tuple(run) for run in group)
    found: dict[Run, float] = {first: 1.0}
    for other in others:
        shared = (*first[:-1], *other) if len(first) > 1 and len(other) == 1 else None
        if shared:
            found.setdefault(shared, 1.0)
        found.setdefault(other, _ALONE if shared else 1.0)
    if first[0] == _USE and len(first) > 1:
        found.setdefault(first[1:], _USED)
    return tuple(found.items())
