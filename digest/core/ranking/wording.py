"""Read an interest in words as what must come together: its parts, each with the wordings that will do.

    "agents that use tools and computers"  →  agent   with   use tool, or use computer
    "retrieval for long documents"         →  retrieval   with   long document
    "elliptic and parabolic equations"     →  elliptic equation, or parabolic equation
    "mechanism design and auctions"        →  mechanism design, or mechanism auction, or auction

Words like "that" and "for" divide the parts; "and", "or" and commas divide wordings of one part. An interest of one
part with several wordings is as many interests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.ranking.lexicon import Run
from digest.core.ranking.relevance import is_prose
from digest.core.words.word_counts import STOPWORDS, words

_TOKEN: Final = re.compile(r"[^\W_]+|[,;/&+]")
_COMPOUND: Final = re.compile(rf"(?<=[^\W_])[-‐–](?:(?:{'|'.join(sorted(STOPWORDS))})[-‐–])+(?=[^\W_])")
"""What stands between the words of a compound: they are one run, as in "difference-in-differences"."""
_ARTICLES: Final = frozenset("the a an".split())
_EITHER: Final = frozenset(",;/&+") | {"and", "or"}
_FILLERS: Final = frozenset(
    "about all any anything application applied approach area based especially everything general interest "
    "interested latest like method new novel paper particular recent related research study such technique than "
    "topic toward towards various work".split()
)
"""Words of an interest that say nothing of its subject, if it has others."""
_NEW: Final = frozenset({"new", "novel"})
_DESCRIBED: Final = frozenset("species subspecies genus taxon combination record particle element".split())
"""What is new is itself the subject: "new species of orchids"."""
_WEAK: Final = frozenset("effect impact influence role understanding use".split())
"""Words that are no part by themselves, as in "effects of drought", and tell within one: "video understanding"."""
_QUESTIONS: Final = frozenset(
    "how why where who whose between into through without within under over not affect help interact".split()
)
"""Further words that divide the parts."""
_DOING: Final = frozenset("solving studying making exploring analysing analyzing investigating improving".split())
"""Words that tell nothing where a part begins with them: "for solving equations", but "problem solving"."""
_ALONE: Final = 0.45
"""Weight of C by itself in "A B and C", where "A C" may be meant."""
_KIND: Final = 0.6
"""Weight of A by itself in "A and B C", where "A C" may be meant: what kind of C it is says more than C."""
_USE: Final = "use"
_USED: Final = 0.75
"""Weight of what is used by itself: "tool" for "use tools", as in "tool-using"."""
_LONGEST: Final = 40
"""Telling words of an interest that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an interest: any of its wordings will do."""

    wordings: tuple[tuple[Run, float], ...]
    """Folded words, with a weight of at most 1; the first weighs 1."""


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
    tokens = [word for token in _TOKEN.findall(_COMPOUND.sub(" ", text.casefold())) for word in _folded(token)]
    fillers = [
        token in _FILLERS and not (token in _NEW and tokens[n + 1 : n + 2] and tokens[n + 1] in _DESCRIBED)
        for n, token in enumerate(tokens)
    ]
    telling = [t for t, is_filler in zip(tokens, fillers, strict=True) if not _divides(t) and not is_filler]
    groups = _groups(tokens[: 4 * _LONGEST], fillers) if telling else []
    if not groups:
        telling = telling or [t for t in tokens if t not in _EITHER or t.isalpha()]
        return Wording(parts=(Part(wordings=((tuple(telling[:_LONGEST]), 1.0),)),) if telling else ())
    told = [group for group in groups if not all(_is_weak(word) for run in group for word in run)] or groups
    return Wording(parts=tuple(Part(wordings=_wordings(group, is_whole=len(told) == 1)) for group in told[:_LONGEST]))


def _groups(tokens: Sequence[str], fillers: Sequence[bool]) -> list[list[list[str]]]:
    """Return the parts of an interest, each as the runs of words that "and" stands between."""
    groups: list[list[list[str]]] = []
    is_new, is_either = True, False
    for token, is_filler in zip(tokens, fillers, strict=False):
        if token in _EITHER:
            is_either = True
        elif is_either and token in _ARTICLES:
            continue
        elif _divides(token):
            is_new, is_either = True, False
        elif not is_filler and not (is_new and token in _DOING):
            if is_either and groups and not is_new:
                groups[-1].append([token])
            elif is_new or not groups:
                groups.append([[token]])
            else:
                groups[-1][-1].append(token)
            is_new = is_either = False
    return _joined(groups)


def _joined(groups: list[list[list[str]]]) -> list[list[list[str]]]:
    """Return parts with equal neighbours joined to one: "difference in differences"."""
    joined: list[list[list[str]]] = []
    for group in groups:
        if joined and group == joined[-1] and len(group) == 1:
            joined[-1] = [[*joined[-1][0], *group[0]]]
        else:
            joined.append(group)
    return joined


def _folded(token: str) -> list[str]:
    return [token] if token in _EITHER else words(token) or [token]


def _divides(token: str) -> bool:
    return token in STOPWORDS or token in _QUESTIONS or token in _EITHER


def _is_weak(word: str) -> bool:
    return word in _WEAK or is_prose(word)


def _wordings(group: Sequence[Sequence[str]], *, is_whole: bool) -> tuple[tuple[Run, float], ...]:
    """Return the wordings of a part: "A B and C" is A B or A C, "A and B C" is A C or B C; for less, what stands alone.

    Args:
        is_whole: Whether the interest has no other part.
    """
    runs = [tuple(run) for run in group]
    first, last = runs[0], runs[-1]
    found: dict[Run, float] = {}
    for n, run in enumerate(runs):
        if len(run) == 1 and n > 0 and len(first) > 1:
            found.setdefault((*first[:-1], *run), 1.0)
        elif len(run) == 1 and n < len(runs) - 1 and len(last) > 1:
            found.setdefault((*run, *last[1:]), 1.0)
        else:
            found.setdefault(run, 1.0)
    for run in runs:
        if not all(map(_is_weak, run)):
            found.setdefault(run, _ALONE if len(first) > 1 else _KIND)
    if first[0] == _USE and len(first) > 1 and not is_whole:
        found.setdefault(first[1:], _USED)
    return tuple(found.items())
