"""Measure extractive summaries: their sentence by ROUGE against summaries that people wrote of the same papers, and
sentence and points by the grades of the sentences they were made from, in abstracts of all fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.extracts.extractive import Extractor
from digest.evaluation import abstracts
from digest.evaluation.abstracts import Summarize
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.rouge import Rouge, best
from digest.evaluation.sets import TldrPaper, files, name_of, read_tldrs

PART: Final = "summaries"


def measure(data: Path, summarize: Summarize | None = None) -> tuple[Figure, ...]:
    """ROUGE and length on every part of SciTLDR in *data* but the training one; shares of good leads and points.

    Empty where there is neither SciTLDR nor any text of the graded abstracts.

    Args:
        summarize: What is measured; by default the extract with the weights that ship.
    """
    write = summarize or Extractor.parse(assets.trained_text("summaries.toml")).summarize
    found: list[Figure] = []
    for path in files(data, "scitldr/*.jsonl", but="*train*"):
        papers = read_tldrs(path)
        sentences = [write(paper.title, paper.abstract)[0] for paper in papers]
        found += figures(papers, sentences, data=name_of(path, data))
    for name, values in abstracts.shares(abstracts.read(data, "test"), write):
        found.append(_figure("abstracts", name, values))
    return tuple(found)


def figures(papers: Sequence[TldrPaper], sentences: Sequence[str], *, data: str) -> tuple[Figure, ...]:
    """The figures of *sentences*, one for each of *papers*; *data* is the name of the set."""
    rouges = [best(said, paper.references) for paper, said in zip(papers, sentences, strict=True)]
    values: tuple[tuple[str, Callable[[Rouge], float]], ...] = (
        ("ROUGE-1", lambda r: r.r1),
        ("ROUGE-2", lambda r: r.r2),
        ("ROUGE-L", lambda r: r.rl),
    )
    found = [_figure(data, name, [value(r) for r in rouges]) for name, value in values]
    return (*found, _figure(data, "words", [float(len(s.split())) for s in sentences], higher_is_better=None))


def _figure(data: str, name: str, values: Sequence[float], *, higher_is_better: bool | None = True) -> Figure:
    low, high = interval(values, mean)
    return Figure(
        part=PART,
        data=data,
        name=name,
        value=mean(values),
        low=low,
        high=high,
        of=len(values),
        higher_is_better=higher_is_better,
    )
