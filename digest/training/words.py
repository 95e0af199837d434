"""Count in how many papers each word stands, for the background of ranking: of all fields, each with its share.

    topics/arxiv-before-2310.jsonl ──┐
    ../arxiv-oai ────────────────────┼──► papers by field ──► its share of words ──► 12,000 papers of all fields
    ../biorxiv, ../journals ─────────┤
    ratings/ (bags of words) ────────┘

What is recorded is nine tenths computing; a reader of botany would be told that "network" is common and "species" rare.
So fields are weighed, and not their papers. Of the bags only words are counted whose forms are all in the vocabulary,
which lacks the most usual words of biology.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.errors import SourceError
from digest.core.models import Paper
from digest.core.ranking.relevance import Background, Space
from digest.core.words.word_counts import STOPWORDS, WordCounts, word_counts, words
from digest.evaluation.sets import files, read_categories, read_ratings
from digest.sources.arxiv.source import ArxivSource
from digest.sources.feed import FeedSource

_SET: Final = "topics/arxiv-before-2310.jsonl"
_OAI: Final = ("arxiv-oai/listrecords*.xml",)
"""Recorded answers of arXiv in the folder beside that of the labelled sets."""
_FEEDS: Final = ("biorxiv/*.rdf", "journals/*/*")
"""Recorded feeds there, which are all of the life sciences, or of natural history."""
_PAPERS: Final = 12_000
"""Papers in which words are said to stand."""
_LEAST: Final = 3
"""Papers that a word must stand in to be kept; most rarer words are names and misspellings."""
_LEAST_LETTERS: Final = 200
"""Letters of an abstract that is counted: an item without one says little of how papers are written."""
_FIELDS: Final[Mapping[str, float]] = {
    "computing": 0.28,
    "statistics": 0.07,
    "mathematics": 0.10,
    "physics": 0.15,
    "economics": 0.10,
    "life": 0.30,
}
"""Share of each field in the background."""
_ARCHIVES: Final[Mapping[str, str]] = {
    "cs": "computing",
    "eess": "computing",
    "stat": "statistics",
    "math": "mathematics",
    "math-ph": "mathematics",
    "econ": "economics",
    "q-fin": "economics",
    "q-bio": "life",
}
"""ArXiv's archives; the others are physics."""
_BAGGED: Final = "life"
"""The field that the bags are counted to: most of them are of biology and medicine."""
_BAGS: Final = 0.8
"""Share of the bags in what is said of the life sciences."""
_NOTE: Final = """\
# In how many of {papers:,} papers of all fields each word stands (folded as core.words.word_counts does; a count, then
# the words that have it). Counted in titles and abstracts of {read:,} papers, and weighed so that
# {fields}:
# {data}.
#     python -m digest.training words --data FOLDER
# Words of fewer than {least} papers are left out. `length` is the mean length of a paper's weights.
"""


def train(data: Path) -> bytes:
    """The content of `words.txt`, from the labelled sets in *data*, and what is recorded beside it, as far as it is.

    Raises:
        ConfigError: The set of arXiv's papers is not there, or broken.
    """
    fields = _read(data)
    bags = _bags(data / "ratings")
    shares = _shares(fields, bags)
    kept = {word: max(1, round(_PAPERS * share)) for word, share in shares.items()}
    space = Space(Background(papers=_PAPERS, counts=kept))
    lengths = {name: math.fsum(_length(one, space) for one in some) / len(some) for name, some in fields.items()}
    length = math.fsum(_FIELDS[name] * lengths[name] for name in fields) / math.fsum(_FIELDS[name] for name in fields)
    by_count: dict[int, list[str]] = {}
    for word, count in kept.items():
        by_count.setdefault(count, []).append(word)
    lines = [f"papers {_PAPERS}", f"length {length:.1f}"]
    for count in sorted(by_count, reverse=True):
        said = " ".join(sorted(by_count[count]))
        wrapped = textwrap.wrap(said, 110, break_long_words=False, break_on_hyphens=False)
        lines.extend(f"{count} {words}" for words in wrapped)
    note = _NOTE.format(
        papers=_PAPERS,
        read=sum(map(len, fields.values())) + (bags.papers if bags else 0),
        fields=", ".join(f"{name} is {_FIELDS[name]:.0%}" for name in _FIELDS),
        data=", ".join((_SET, "ratings/", *(f"../{pattern}" for pattern in (*_OAI, *_FEEDS)))),
        least=_LEAST,
    )
    return (note + "\n".join(lines) + f"\n{assets.END}").encode()


def _read(data: Path) -> dict[str, list[WordCounts]]:
    """Return the words of the papers of each field."""
    found: dict[str, dict[str, WordCounts]] = {}

    def add(field: str, key: str, title: str, abstract: str) -> None:
        found.setdefault(field, {}).setdefault(key, word_counts(f"{title} {abstract}"))

    for one in read_categories(data / _SET):
        add(_field_of(one.category), f"arxiv:{one.id}", one.title, one.abstract)
    for paper in _recorded(data.parent, _OAI, ArxivSource("arXiv")):
        add(_field_of(paper.categories[0]) if paper.categories else "physics", paper.id, paper.title, paper.abstract)
    for paper in _recorded(data.parent, _FEEDS, FeedSource("feeds", url="")):
        add("life", paper.id, paper.title, paper.abstract)
    return {name: list(found[name].values()) for name in _FIELDS if name in found}


def _field_of(category: str) -> str:
    return _ARCHIVES.get(category.partition(".")[0], "physics")


def _recorded(folder: Path, patterns: Iterable[str], source: ArxivSource | FeedSource) -> Iterator[Paper]:
    """Yield the papers of recorded lists that have an abstract; a list that is damaged is passed over."""
    for path in files(folder, *patterns):
        try:
            records = source.parse(path.read_bytes(), url=path.name).records
        except SourceError:
            continue
        yield from (record.paper for record in records if len(record.paper.abstract) >= _LEAST_LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bags:
    """Bags of words of papers, of which the most usual words are missing."""

    papers: int
    counts: Mapping[str, int]
    """Folded word → bags that have it, for the words of which no form is missing."""
    distinct: float
    """Different words in a bag."""


def _bags(folder: Path) -> _Bags | None:
    """Return the bags in *folder*; None where there are none."""
    if not folder.is_dir():
        return None
    ratings = read_ratings(folder)
    forms = [tuple(words(word)) for word in ratings.words]
    known = {word for word in ratings.words if len(words(word)) == 1}
    whole = {form[0] for form in forms if len(form) == 1 and form[0] in known}
    bags = [{w for n in bag for w in forms[n] if w in whole} for bag in ratings.papers]
    counts = Counter(word for bag in bags for word in bag)
    return _Bags(papers=len(bags), counts=counts, distinct=counts.total() / max(1, len(bags)))


def _shares(fields: Mapping[str, Sequence[WordCounts]], bags: _Bags | None) -> dict[str, float]:
    """Return the share of all fields' papers in which each word stands that enough papers have."""
    counts = {name: Counter(word for one in some for word in one) for name, some in fields.items()}
    every: Counter[str] = Counter()
    for one in counts.values():
        every.update(one)
    told = bags.counts if bags else {}
    # A bag has fewer words than an abstract: what it lacks says less of the word than of the bag.
    usual = sum(n for word, n in every.items() if word in told) / sum(map(len, fields.values()))
    fuller = usual / bags.distinct if bags else 0.0
    whole = math.fsum(_FIELDS[name] for name in fields)
    found = {}
    for word in sorted(every.keys() | told.keys()):
        if every[word] + told.get(word, 0) < _LEAST or word in STOPWORDS:
            continue
        share = 0.0
        for name, some in fields.items():
            own = counts[name][word] / len(some)
            if name == _BAGGED and bags and word in told:
                own = (1 - _BAGS) * own + _BAGS * min(1.0, fuller * told[word] / bags.papers)
            share += _FIELDS[name] / whole * own
        found[word] = share
    return found


def _length(counts: WordCounts, space: Space) -> float:
    return math.sqrt(math.fsum(((1 + math.log(n)) * space.rarity(word)) ** 2 for word, n in counts.items()))
