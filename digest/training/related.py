"""Learn which words name the same thing, and which stand near each other, for finding the papers of an interest.

Names of one thing are those that papers explain, "automatic speech recognition (ASR)" (Schwartz and Hearst 2003).
Words are near each other if they stand in the same papers, or in papers like these: the cosine of their vectors in the
latent semantic space (LSA) of words and pairs of words. Trained on the lists of arXiv of one month, and on the older
papers of all fields that `digest.training.words` counts; not on the papers by which phrases are measured. Words that
are more at home in the bags of words of `ratings/`, most of which are of biology and medicine, are learnt from these.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest import assets
from digest.core.errors import ConfigError
from digest.core.ranking.relevance import Background, Space
from digest.core.words.abbreviations import abbreviations
from digest.core.words.stemming import light_stem
from digest.core.words.word_counts import STOPWORDS, words
from digest.evaluation import sets
from digest.training.words import train as train_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SET: Final = "topics/arxiv-before-2310.jsonl"
_DAYS: Final = "arxiv-days"
"""The folder of recorded lists, beside that of the labelled sets."""
_RATINGS: Final = "ratings"
"""The folder of bags of words, which may be missing."""
_DIMENSIONS: Final = 256
_LEAST: Final = 12
"""Papers that a word must stand in."""
_LEAST_PAIR: Final = 16
_PAIR: Final = 0.7
"""Weight of a pair of words, of 1 for a word."""
_MOST: Final = 6
"""Related words that are kept."""
_NEAR: Final = 0.5
"""Cosine from which words are related."""
_COMMON: Final = 0.2
"""Share of papers from which a word is too common to have related words."""
_BAG: Final = 8
"""Words of a bag that is learnt from."""
_LEAST_BAGS: Final = 20
"""Bags that a word must stand in."""
_AT_HOME: Final = 2.0
"""How much larger a word's share of the bags is than of the texts for it to be learnt from the bags."""
_EXPLAINED: Final = 3
"""Papers that explain an abbreviation alike for it to be kept."""
_USUALLY: Final = 0.4
"""Share of the papers explaining an abbreviation in which it stands for the same."""
_NOTE: Final = """\
# Names of one thing (behind "="), and the words that stand near a word or a pair of words, as stems with weights in
# hundredths: see digest.core.ranking.lexicon. Learnt from titles and abstracts of {papers:,} arXiv papers:
# {data}, and the lists of {days} days of {first} to {last};
# and from {bags:,} bags of words: ratings/.
#     python -m digest.training related --data FOLDER
"""


def train(data: Path) -> bytes:
    """Return the content of `related.txt`, from the labelled sets in *data* and the recorded lists beside it.

    Raises:
        ConfigError: The sets are not there, or broken.
    """
    older = sets.read_categories(data / _SET)
    days = sets.files(data.parent / _DAYS, "*.jsonl")
    if not days:
        raise ConfigError(f"there is no {data.parent / _DAYS}: related words are learnt from its lists")
    texts = {paper.id: (paper.title, paper.abstract) for day in days for paper in sets.read_listing(day)}
    texts |= {paper.id: (paper.title, paper.abstract) for paper in older}
    space = Space(Background.parse(train_words(data).decode()))
    bags, spelled = _bags(data / _RATINGS)
    note = _NOTE.format(
        papers=len(texts), data=_SET, days=len(days), first=days[0].stem, last=days[-1].stem, bags=len(bags)
    )
    lines = [*explained(f"{title}. {abstract}" for title, abstract in texts.values())]
    papers = [Counter(term for text in both for term in _terms(text)) for both in texts.values()]
    at_home = _at_home(bags, papers)
    lines += _related(papers, _forms(texts.values()), space, but=at_home)
    lines += _related(bags, spelled, space, only=at_home, least=_LEAST_BAGS)
    return (note + "\n".join(lines) + f"\n{assets.END}").encode()


def explained(texts: Iterable[str]) -> list[str]:
    """Return abbreviations that several of *texts* explain alike, as lines: "= asr = automatic speech recognition"."""
    found: dict[str, Counter[str]] = {}
    for text in texts:
        for short, long in set(abbreviations(text)):
            found.setdefault(short, Counter())[long] += 1
    return [
        f"= {short} = {long}"
        for short, longs in sorted(found.items())
        for long, n in sorted(longs.items())
        if n >= _EXPLAINED and n >= _USUALLY * longs.total() and short not in STOPWORDS
    ]


def _bags(folder: Path) -> tuple[list[Counter[str]], dict[str, str]]:
    """Return the bags of stems in *folder*, and a word for each stem; none where there are no bags."""
    if not folder.is_dir():
        return [], {}
    ratings = sets.read_ratings(folder)
    folded = [words(word) for word in ratings.words]
    forms: dict[str, str] = {}
    for word in sorted({word for some in folded for word in some}):
        forms.setdefault(light_stem(word), word)
    stems = [tuple(map(light_stem, some)) for some in folded]
    bags = [Counter(stem for word in bag for stem in stems[word]) for bag in ratings.papers]
    return [bag for bag in bags if len(bag) >= _BAG], forms


def _at_home(bags: Sequence[Counter[str]], papers: Sequence[Counter[str]]) -> frozenset[str]:
    """Return the stems that are more frequent in *bags* than in *papers*, for their numbers."""
    here = Counter(stem for bag in bags for stem in bag)
    there = Counter(term for paper in papers for term in paper)
    return frozenset(
        stem
        for stem, n in here.items()
        if n >= _LEAST_BAGS
        and n * len(papers) > _AT_HOME * there[stem] * len(bags)
        and stem.isalpha()
        and len(stem) > 2
    )


def _related(
    papers: Sequence[Counter[str]],
    forms: dict[str, str],
    space: Space,
    *,
    only: Set[str] | None = None,
    but: Set[str] = frozenset(),
    least: int = _LEAST,
) -> list[str]:
    """Return lines of the terms that stand near each other in *papers*.

    Args:
        forms: A word for each stem.
        only: The terms that get a line; None: all but those of *but*.
        least: Papers that a word must stand in.
    """
    import numpy as np

    having = Counter(term for paper in papers for term in paper)
    terms = sorted(t for t, n in having.items() if n >= (_LEAST_PAIR if " " in t else least) and len(t) > 1)
    if not terms:
        return []
    vectors = _vectors(papers, having, terms)
    telling = [n for n, term in enumerate(terms) if all(space.tells(forms[stem]) for stem in term.split(" "))]
    asked = [
        n
        for n, term in enumerate(terms)
        if (term in only if only is not None else term not in but)
        and _is_subject(term, forms, space)
        and having[term] < _COMMON * len(papers)
    ]
    lines = []
    for start in range(0, len(asked), 500):
        some = asked[start : start + 500]
        cosines = np.matmul(vectors[some], vectors[telling].T)
        for row, n in zip(cosines, some, strict=True):
            near = np.argsort(-np.round(row, 6), kind="stable")[:60]
            kept = _kept(terms[n], [(terms[telling[i]], float(row[i])) for i in near])
            if kept:
                lines.append(f"{_joined(terms[n])} {' '.join(f'{_joined(t)}:{round(100 * c * c)}' for t, c in kept)}")
    return lines


def _terms(text: str) -> Iterable[str]:
    stems = [light_stem(word) for word in words(text) if word not in STOPWORDS]
    yield from stems
    yield from map(" ".join, pairwise(stems))


def _forms(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map each stem to the word that most often has it."""
    found: dict[str, Counter[str]] = {}
    for both in texts:
        for word in words(" ".join(both)):
            found.setdefault(light_stem(word), Counter())[word] += 1
    return {stem: min(forms, key=lambda word: (-forms[word], word)) for stem, forms in found.items()}


def _is_subject(term: str, forms: dict[str, str], space: Space) -> bool:
    """Whether a word, or one of two and the other at least no number, tells what a paper is about."""
    said = [forms[stem] for stem in term.split(" ")]
    return any(map(space.tells, said)) and not any(word.isdigit() or len(word) < 2 for word in said)


def _kept(term: str, near: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the nearest terms that bring another word, the nearest first."""
    own = set(term.split(" "))
    kept = [(other, cosine) for other, cosine in near if cosine >= _NEAR and not own.issuperset(other.split(" "))]
    return kept[:_MOST]


def _joined(term: str) -> str:
    return term.replace(" ", "_")


def _vectors(papers: Sequence[Counter[str]], having: Counter[str], terms: Sequence[str]) -> NDArray[np.float64]:
    """Return a vector of length 1 for each of *terms*."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    numbers = {term: n for n, term in enumerate(terms)}
    rows, columns, values = [], [], []
    for row, paper in enumerate(papers):
        weights = {
            numbers[t]: (1 + math.log(n)) * math.log(len(papers) / having[t]) * (_PAIR if " " in t else 1.0)
            for t, n in paper.items()
            if t in numbers
        }
        length = math.sqrt(math.fsum(w * w for w in weights.values())) or 1.0
        for column, weight in weights.items():
            rows.append(row)
            columns.append(column)
            values.append(weight / length)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(papers), len(terms)))
    dimensions = min(_DIMENSIONS, min(matrix.shape) - 1)
    _, strengths, right = svds(matrix, k=dimensions, random_state=0)
    vectors: NDArray[np.float64] = np.asarray(right.T * np.sqrt(strengths), dtype=np.float64)
    lengths = np.sqrt(np.sum(vectors**2, axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, 1e-12))
