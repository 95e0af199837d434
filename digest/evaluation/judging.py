"""Measure the summaries and topics that a writer (extract or model) gave labelled papers, and compare two writers.

The same measures for every writer. Two writers are compared paper by paper: on the same papers their figures rise and
fall together, so that a difference is surer than the intervals of the two figures would make it seem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.models import Paper, PaperId, Summary, Usage
from digest.core.summaries.grounding import check
from digest.evaluation.figures import Figure, interval
from digest.evaluation.rouge import best
from digest.evaluation.sets import LabelledPaper

PART: Final = "papers"
_CHECKS: Final = ("length", "plain", "language", "numbers", "belongs", "repeated")
_FAILED: Final = re.compile("failed the check “(\\w+)”")

Counts = tuple[float, ...]
Fold = Callable[[Sequence[str]], tuple[tuple[str, ...], tuple[str, ...]]]
"""Words → topics of the taxonomy, and words that are none: labels and topics are compared as topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure: a value for every paper, and the figure over many papers."""

    name: str
    examples: tuple[Counts, ...]
    """The counts of the papers that it applies to, in order; which papers these are depends on the labels, not on the
    writer.
    """
    statistic: Callable[[Sequence[Counts]], float]
    higher_is_better: bool | None = True

    def figure(self, data: str) -> Figure:
        """The cell of the table; *data* is the name of the set."""
        low, high = interval(self.examples, self.statistic)
        return Figure(
            part=PART,
            data=data,
            name=self.name,
            value=self.statistic(self.examples),
            low=low,
            high=high,
            of=len(self.examples),
            higher_is_better=self.higher_is_better,
        )

    def over(self, other: Measure) -> tuple[float, float]:
        """Return the 95 % interval of how much higher this is than *other*, the same measure of another writer."""
        pairs = list(zip(self.examples, other.examples, strict=True))

        def difference(some: Sequence[tuple[Counts, Counts]]) -> float:
            return self.statistic([ours for ours, _ in some]) - self.statistic([theirs for _, theirs in some])

        return interval(pairs, difference)


def measures(papers: Sequence[LabelledPaper], summaries: Mapping[str, Summary], fold: Fold) -> tuple[Measure, ...]:
    """Return all measures except the cost, without those that no paper has a label for.

    Args:
        summaries: By the id of the paper, one for each.
    """
    return tuple(
        measure
        for measure in (
            *_rouge(papers, summaries),
            *_checked(papers, summaries),
            _words(papers, summaries),
            *_topics(papers, summaries, fold),
        )
        if measure.examples
    )


def _mean(examples: Sequence[Counts]) -> float:
    return sum(value for (value,) in examples) / len(examples) if examples else 0.0


def _rouge(papers: Sequence[LabelledPaper], summaries: Mapping[str, Summary]) -> tuple[Measure, ...]:
    found = [best(summaries[p.id].tldr, p.summaries) for p in papers if p.summaries]
    return (
        Measure(name="ROUGE-1", examples=tuple((one.r1,) for one in found), statistic=_mean),
        Measure(name="ROUGE-2", examples=tuple((one.r2,) for one in found), statistic=_mean),
        Measure(name="ROUGE-L", examples=tuple((one.rl,) for one in found), statistic=_mean),
    )


def _checked(papers: Sequence[LabelledPaper], summaries: Mapping[str, Summary]) -> tuple[Measure, ...]:
    """Shares of papers; the first is of those that have a summary of this writer's own, and no stand-in."""
    own = tuple((float(summaries[p.id].fell_back is None),) for p in papers)
    failed = [_failed_check(p, summaries[p.id]) for p in papers]
    return (
        Measure(name="written", examples=own, statistic=_mean),
        *(
            Measure(name=f"passed {name}", examples=tuple((float(one != name),) for one in failed), statistic=_mean)
            for name in _CHECKS
        ),
    )


def _failed_check(paper: LabelledPaper, summary: Summary) -> str:
    """The check that the writer's summary failed in the end; empty if it passed all, or was never there."""
    if summary.fell_back is not None:
        found = _FAILED.search(summary.fell_back)
        return found[1] if found else ""
    if not summary.tldr:
        return ""
    _, complaint = check(summary, Paper(id=PaperId(paper.id), title=paper.title, abstract=paper.abstract))
    return (complaint or "").partition(":")[0]


def _words(papers: Sequence[LabelledPaper], summaries: Mapping[str, Summary]) -> Measure:
    lengths = tuple((float(len(summaries[p.id].tldr.split())),) for p in papers)
    return Measure(name="words in the summary", examples=lengths, statistic=_mean, higher_is_better=None)


def _topics(papers: Sequence[LabelledPaper], summaries: Mapping[str, Summary], fold: Fold) -> tuple[Measure, ...]:
    """Over all topics of all papers. Labels that are no topic of the taxonomy are passed over."""
    compared: list[Counts] = []
    for paper in papers:
        if wanted := set(fold(paper.topics)[0]):
            given = set(summaries[paper.id].topics)
            compared.append((len(wanted & given), len(given), len(wanted)))
    examples = tuple(compared)
    return (
        Measure(name="topics, precision", examples=examples, statistic=_precision),
        Measure(name="topics, recall", examples=examples, statistic=_recall),
        Measure(name="topics, F1", examples=examples, statistic=_f1),
    )


def _precision(compared: Sequence[Counts]) -> float:
    return _share(sum(hits for hits, _, _ in compared), sum(given for _, given, _ in compared))


def _recall(compared: Sequence[Counts]) -> float:
    return _share(sum(hits for hits, _, _ in compared), sum(wanted for _, _, wanted in compared))


def _f1(compared: Sequence[Counts]) -> float:
    return _share(2 * sum(hits for hits, _, _ in compared), sum(given + wanted for _, given, wanted in compared))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def costs(papers: Sequence[LabelledPaper], usage: Usage, *, data: str) -> tuple[Figure, ...]:
    """Return figures on cost and tokens of the model's requests made now; stored summaries cost nothing."""
    asked = len(papers) - usage.from_cache

    def figure(name: str, value: float, unit: str = "") -> Figure:
        return Figure(part=PART, data=data, name=name, value=value, unit=unit, of=asked, higher_is_better=None)

    return (
        figure("from the store", float(usage.from_cache)),
        figure("requests", float(usage.requests)),
        figure("input tokens", float(usage.input_tokens)),
        figure("output tokens", float(usage.output_tokens)),
        figure("cost", usage.cost_usd, "USD"),
        figure("cost a paper", usage.cost_usd / asked if asked else 0.0, "USD"),
    )
