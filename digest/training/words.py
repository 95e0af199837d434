"""Counts in how many of many papers each word stands: what a word says, before any paper of the day is read.

Trained on the titles and abstracts of arXiv papers of all fields, `topics/arxiv-before-2310.jsonl`.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from pathlib import Path
from typing import Final

from digest.core.ranking.relevance import Background, Space
from digest.core.words.word_counts import word_counts
from digest.evaluation.sets import read_categories

_SET: Final = "topics/arxiv-before-2310.jsonl"
_LEAST: Final = 3
"""Papers that a word must stand in: of what is rarer, most are names and misspellings."""
_NOTE: Final = """\
# In how many papers each word stands (folded as core.words.word_counts does; a count, then the words that have it).
# Counted in titles and abstracts of {papers:,} arXiv papers of all fields, submitted before 2023-10:
# {data}.
#     python -m digest.training words --data FOLDER
# Words of fewer than {least} papers are left out. `length` is the mean length of a paper's weights.
"""


def train(data: Path) -> bytes:
    """The content of `words.txt`, from the labelled sets in *data*.

    Raises:
        ConfigError: The set is not there, or broken.
    """
    papers = [word_counts(f"{paper.title} {paper.abstract}") for paper in read_categories(data / _SET)]
    counts = Counter(word for one in papers for word in one)
    kept = {word: count for word, count in counts.items() if count >= _LEAST}
    space = Space(Background(papers=len(papers), counts=kept))
    lengths = [
        math.sqrt(math.fsum(((1 + math.log(n)) * space.rarity(word)) ** 2 for word, n in one.items())) for one in papers
    ]
    by_count: dict[int, list[str]] = {}
    for word, count in kept.items():
        by_count.setdefault(count, []).append(word)
    lines = [f"papers {len(papers)}", f"length {math.fsum(lengths) / max(1, len(papers)):.1f}"]
    for count in sorted(by_count, reverse=True):
        said = " ".join(sorted(by_count[count]))
        wrapped = textwrap.wrap(said, 110, break_long_words=False, break_on_hyphens=False)
        lines.extend(f"{count} {words}" for words in wrapped)
    note = _NOTE.format(papers=len(papers), data=_SET, least=_LEAST)
    return (note + "\n".join(lines) + "\n").encode()
