"""Measure how well duplicates are recognised, on pairs of records and citations that people have matched.

duplicates/dblp-*.txt    pairs of records, each judged by itself
duplicates/cora.csv      citations, of which every two are a pair; what does not share enough to be compared is missed
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Final

from digest.core.identity.ids import title_id, title_key
from digest.core.identity.likeness import same_work
from digest.core.identity.sketch import sketch
from digest.core.models import Paper
from digest.core.words.names import split_authors
from digest.evaluation import sets
from digest.evaluation.figures import Figure, interval

_PART: Final = "duplicates"
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_ENTITY: Final = re.compile(r"(?:(?<=\w) )?(&#\d+;) ?")
"""A letter as ACM's catalogue writes it, parted from the rest of its word: `kr &#228; mer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Counts of pairs joined rightly, joined wrongly and missed; pairs that rightly stay two works are not counted."""

    right: int = 0
    wrong: int = 0
    missed: int = 0


def measure(data: Path) -> tuple[Figure, ...]:
    """Precision, recall and F1 on each set that nothing was trained on; empty where *data* has none."""
    figures: list[Figure] = []
    for path in sets.files(data, "duplicates/*.txt", but="*-train.txt"):
        pairs = read_pairs(path)
        # Thousands of pairs that are two works and stay two change no figure.
        outcomes = [o for o in judge_pairs(pairs) if o != Outcome()]
        figures += _figures(sets.name_of(path, data), outcomes, len(pairs))
    for path in sets.files(data, "duplicates/cora.csv"):
        citations = read_works(path)
        figures += _figures(sets.name_of(path, data), judge_works(citations), len(citations))
    return tuple(figures)


def read_pairs(path: Path) -> tuple[tuple[Paper, Paper, bool], ...]:
    """Pairs of records as papers, with whether they are one work."""
    return tuple((_paper(p.first, " , "), _paper(p.second, " , "), p.is_one) for p in sets.read_pairs(path))


def read_works(path: Path) -> tuple[tuple[str, Paper], ...]:
    """Citations as papers, each with the work it is of."""
    return tuple((c.work, _paper(c.record)) for c in sets.read_citations(path))


def _paper(record: sets.Record, divider: str = "") -> Paper:
    """A record as a source would hand it on: no id but its title, and a bare year as that year's first day."""
    title, authors = (_ENTITY.sub(lambda m: unescape(m[1]), text) for text in (record.title, record.authors))
    title = " ".join(title.split()).strip(" ,.'\"") or "untitled"
    names = authors.split(divider) if divider else split_authors(authors)
    year = _YEAR.search(record.year)
    return Paper(
        id=title_id(title),
        title=title,
        authors=tuple(name for n in names if (name := " ".join(n.split()))),
        published=datetime(int(year[0]), 1, 1, tzinfo=UTC) if year else None,
    )


def judge_pairs(pairs: Iterable[tuple[Paper, Paper, bool]]) -> tuple[Outcome, ...]:
    """Return the outcome of each pair: whether the program joins it, and whether that is right."""
    return tuple(_outcome(is_one, same_work(a, b) is not None) for a, b, is_one in pairs)


def _outcome(is_one: bool, is_joined: bool) -> Outcome:
    return Outcome(right=is_one and is_joined, wrong=is_joined and not is_one, missed=is_one and not is_joined)


def judge_works(citations: Sequence[tuple[str, Paper]]) -> tuple[Outcome, ...]:
    """Return the outcomes of all compared pairs of citations, by work: pairs of one work are not independent."""
    holders: defaultdict[object, list[int]] = defaultdict(list)
    for n, (_, paper) in enumerate(citations):
        for key in (title_key(paper.title), *sketch(paper).kept):
            holders[key].append(n)
    found: set[tuple[int, int]] = set()
    for n, (_, paper) in enumerate(citations):
        for key in (title_key(paper.title), *sketch(paper).sought):
            found.update((n, other) for other in holders.get(key, ()) if n < other)
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for a, b in sorted(found):
        (work, one), (other, two) = citations[a], citations[b]
        if same_work(one, two):
            (right if work == other else wrong)[work] += 1
    sizes = Counter(work for work, _ in citations)
    return tuple(
        Outcome(right=right[work], wrong=wrong[work], missed=size * (size - 1) // 2 - right[work])
        for work, size in sorted(sizes.items())
    )


def precision_recall_f1(outcomes: Iterable[Outcome]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of joining pairs; 0 if undefined."""
    right = wrong = missed = 0
    for o in outcomes:
        right, wrong, missed = right + o.right, wrong + o.wrong, missed + o.missed
    return right / max(1, right + wrong), right / max(1, right + missed), 2 * right / max(1, 2 * right + wrong + missed)


def _figures(name: str, outcomes: Sequence[Outcome], of: int) -> list[Figure]:
    """The interval of F1 is over pairs, or over works where those were judged together."""
    values = precision_recall_f1(outcomes)
    figures = []
    for which, what in enumerate(("precision", "recall", "F1")):
        low, high = interval(outcomes, partial(_one_of, which))
        figures.append(Figure(part=_PART, data=name, name=what, value=values[which], low=low, high=high, of=of))
    return figures


def _one_of(which: int, outcomes: Sequence[Outcome]) -> float:
    return precision_recall_f1(outcomes)[which]
