"""ROUGE as the script of its author counts it (1.5.5, `-m -n 2`), which the figures in papers come from.

C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004. Letters beyond ASCII part words, hyphens too;
words of more than three letters are stemmed; the F measure weighs precision and recall alike. For ROUGE-L a text is cut
into sentences at " . ", as the wrapper `files2rouge` cuts it, which the authors of SciTLDR ran.

Left out is the script's list of irregular forms (WordNet's: "shown" counts as "show"): over 1,344 pairs of sentences
and summaries of SciTLDR it moves the mean by less than 0.01. But for it, and for what stands behind a "<", where the
script's input ends, the counts of these pairs are the script's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeVar

from digest.core.words.stemming import stem

T = TypeVar("T")

_WORD: Final = re.compile("[A-Za-z0-9]+")
_STEMMED_FROM: Final = 4


@dataclass(frozen=True, slots=True, order=True)
class Rouge:
    """F measures, 0 to 100, as papers print them."""

    r1: float
    """Of single words."""
    r2: float
    """Of pairs of neighbours."""
    rl: float
    """Of the longest common subsequence."""


NONE: Final = Rouge(0.0, 0.0, 0.0)


def rouge(candidate: str, reference: str) -> Rouge:
    """How much of *reference* is in *candidate*, and the other way round."""
    ours, theirs = _read(candidate), _read(reference)
    return Rouge(
        _f(_common(ours.words, theirs.words), ours.size, theirs.size),
        _f(_common(ours.pairs, theirs.pairs), ours.size - 1, theirs.size - 1),
        _f(_in_order(ours, theirs), ours.size, theirs.size),
    )


def best(candidate: str, references: Iterable[str]) -> Rouge:
    """Against the reference it is closest to by ROUGE-1, the first of several: as SciTLDR's `cal-rouge.py` has it.

    Zeros for no references.
    """
    return max((rouge(candidate, reference) for reference in references), key=lambda found: found.r1, default=NONE)


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as the counts need it. Cached: one reference meets many candidates."""

    sentences: tuple[tuple[str, ...], ...]
    words: Counter[str]
    pairs: Counter[tuple[str, str]]
    size: int


@lru_cache(maxsize=10_000)
def _read(text: str) -> _Read:
    sentences = tuple(tuple(map(_form, _WORD.findall(part))) for part in " ".join(text.split()).split(" . "))
    words = [word for sentence in sentences for word in sentence]
    return _Read(sentences, Counter(words), Counter(pairwise(words)), len(words))


def _form(word: str) -> str:
    return stem(word.lower()) if len(word) >= _STEMMED_FROM else word.lower()


def _f(hits: int, ours: int, theirs: int) -> float:
    return 200 * hits / (ours + theirs) if hits else 0.0


def _common(ours: Counter[T], theirs: Counter[T]) -> int:
    few, many = (ours, theirs) if len(ours) < len(theirs) else (theirs, ours)
    return sum(min(n, many[what]) for what, n in few.items() if what in many)


def _in_order(ours: _Read, theirs: _Read) -> int:
    """How many words of the reference are in a longest common subsequence with some sentence of the candidate."""
    if len(ours.sentences) == len(theirs.sentences) == 1:
        return _lcs_length(ours.sentences[0], theirs.sentences[0])
    left, right = ours.words.copy(), theirs.words.copy()
    hits = 0
    for reference in theirs.sentences:
        hit = {i for candidate in ours.sentences for i in _lcs_places(reference, candidate)}
        for i in sorted(hit):
            # A word counts no more often than the candidate has it.
            if left[reference[i]] > 0 and right[reference[i]] > 0:
                left[reference[i]] -= 1
                right[reference[i]] -= 1
                hits += 1
    return hits


def _lcs_length(a: Sequence[str], b: Sequence[str]) -> int:
    """With one bit for each word of *a*: H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004."""
    places: dict[str, int] = {}
    for i, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << i
    every = (1 << len(a)) - 1
    row = every
    for word in b:
        matched = row & places.get(word, 0)
        row = (row + matched | row - matched) & every
    return len(a) - row.bit_count()


def _lcs_places(reference: Sequence[str], candidate: Sequence[str]) -> list[int]:
    """Which words of *reference* are in the longest common subsequence; of several, the one the script takes."""
    lengths = [[0] * (len(candidate) + 1)]
    for word in reference:
        above, row = lengths[-1], [0]
        for j, other in enumerate(candidate):
            row.append(above[j] + 1 if word == other else max(above[j + 1], row[j]))
        lengths.append(row)
    found = []
    i, j = len(reference), len(candidate)
    while i and j:
        if reference[i - 1] == candidate[j - 1]:
            i, j = i - 1, j - 1
            found.append(i)
        elif lengths[i - 1][j] >= lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return found
