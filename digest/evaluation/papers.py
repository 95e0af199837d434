"""Has papers that a user labelled summarized, by the extract or by a model, to be judged.

    papers/*.jsonl ──► summaries and topics by the extract ──┐
                  └──► the same by the model of the config ──┴─► `judging`: side by side, with what the model cost

A model is asked as a run asks it: in checked batches, under the budgets of its config, every request in its ledger.
What it wrote is kept in the store of that config, under the content of the paper, the model and the prompt, so that
nothing is paid twice: not by a second evaluation, and not by a run that meets the same papers.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from digest.core.models import Paper, PaperId, Summary, Usage
from digest.evaluation.sets import LabelledPaper, TldrPaper
from digest.stages.ask import Writer
from digest.usecases.cost import OUTPUT_PER_PAPER, batches_of, prompt_of, sum_usd

if TYPE_CHECKING:
    from digest.summarizers.model import ModelSummarizer

_EDITION: Final = "evaluation"
"""Under what the ledger has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one writer made of the papers."""

    summaries: Mapping[str, Summary]
    """By the id of the labelled paper, one for each."""
    usage: Usage
    """Of what had to be asked now."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What asking a model would cost."""

    model: str
    papers: int
    """That have to be asked for."""
    stored: int
    """Whose summary is there already."""
    requests: int
    likely_usd: float | None
    """None: the model's price is not known."""
    most_usd: float | None


def labelled(papers: Sequence[TldrPaper]) -> tuple[LabelledPaper, ...]:
    """Papers of SciTLDR as if a user had labelled them."""
    return tuple(LabelledPaper(id=p.id, title=p.title, abstract=p.abstract, summaries=p.references) for p in papers)


def write(writer: Writer, papers: Sequence[LabelledPaper]) -> Written:
    """Have *writer* write the summaries of *papers*, those that its store does not have yet."""
    ours = _as_papers(papers)
    writing = writer.summarizer.begin(f"{_EDITION} {secrets.token_hex(8)}")
    asked = writer.ask(ours, writing=writing, edition=_EDITION)
    return Written(
        summaries={label.id: asked.summaries[paper.id] for label, paper in zip(papers, ours, strict=True)},
        usage=asked.sums.usage,
        warnings=asked.sums.warnings,
    )


def forecast(writer: Writer, papers: Sequence[LabelledPaper]) -> Forecast:
    """What it would cost to have *papers* summarized. Nothing is sent."""
    from digest.summarizers.model import ModelSummarizer

    summarizer = writer.summarizer
    stored, missing = writer.divide(_as_papers(papers))
    if not isinstance(summarizer, ModelSummarizer):
        return Forecast(
            model=summarizer.client, papers=len(missing), stored=0, requests=0, likely_usd=0.0, most_usd=0.0
        )
    requests, likely, most = _reckon(summarizer, missing, writer.language)
    return Forecast(
        model=summarizer.model,
        papers=len(missing),
        stored=len(stored),
        requests=requests,
        likely_usd=likely,
        most_usd=most,
    )


def _reckon(model: ModelSummarizer, papers: Sequence[Paper], language: str) -> tuple[int, float | None, float | None]:
    """Requests, and what they are likely to cost, and at most, if no answer has to be asked for again."""
    batches, budget = batches_of(papers, model, language), model.begin(_EDITION).budget(_EDITION)
    if budget.price is None:
        return len(batches), None, None
    each = [
        budget.reckon(prompt_of(batch.papers, model, language), output_tokens=OUTPUT_PER_PAPER * len(batch.papers))
        for batch in batches
    ]
    return len(batches), sum_usd(one.likely_usd for one in each), sum_usd(one.most_usd for one in each)


# -- papers as the summarizer takes them


def _as_papers(papers: Sequence[LabelledPaper]) -> list[Paper]:
    from digest.core.words.text import clean_line, clean_text

    return [
        Paper(
            id=PaperId(f"label:{n}"),
            title=clean_line(p.title),
            abstract=clean_text(p.abstract),
            categories=p.categories,
        )
        for n, p in enumerate(papers)
    ]
