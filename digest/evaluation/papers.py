"""Has papers that a user labelled summarized, by the extract or by a model, to be judged.

    papers/*.jsonl ──► summaries and topics by the extract ──┐
                  └──► the same by the model of the config ──┴─► `judging`: side by side, with what the model cost

A model is asked as a run asks it: in checked batches, under the budgets of its config, with every request in its books.
What it wrote is kept in the store of that config, under the content of the paper, the model and the prompt, so that
nothing is paid twice: not by a second evaluation, and not by a run that meets the same papers.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from digest.config.settings import LLMConfig
from digest.core.models import Paper, PaperId, Summary, Usage
from digest.core.summaries.batching import plan
from digest.core.summaries.prompts import prompt_for
from digest.evaluation.sets import LabelledPaper, TldrPaper
from digest.stages.summarize import Summarizing
from digest.usecases.cost import OUTPUT_PER_PAPER

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.summarizers.model import ModelSummarizer

_EDITION: Final = "evaluation"
"""Under what the books have it."""
_NONCE: Final = "AAAA"


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


def write(app: App, papers: Sequence[LabelledPaper]) -> Written:
    """Have the summarizer of *app* write the summaries of *papers*, those that the store does not have yet.

    Raises:
        ConfigError: A key, a price or a recording is missing.
    """
    ours, summarizing = _as_papers(papers), _summarizing(app)
    done = summarizing.summarize(
        ours,
        language=app.config.editions[0].language,
        edition=_EDITION,
        on_missing=lambda _: summarizing.summarizer.begin_run(f"{_EDITION} {secrets.token_hex(8)}"),
    )
    return Written(
        summaries={label.id: done.summaries[paper.id] for label, paper in zip(papers, ours, strict=True)},
        usage=done.sums.usage,
        warnings=done.sums.warnings,
    )


def forecast(app: App, papers: Sequence[LabelledPaper]) -> Forecast:
    """What it would cost to have *papers* summarized. Nothing is sent."""
    from digest.summarizers.model import ModelSummarizer

    ours, summarizing, language = _as_papers(papers), _summarizing(app), app.config.editions[0].language
    summarizer = summarizing.summarizer
    stored = summarizing.stored(ours, language=language)
    missing = summarizing.missing(ours, language=language, stored=stored)
    if not isinstance(summarizer, ModelSummarizer):
        return Forecast(
            model=summarizer.client, papers=len(missing), stored=0, requests=0, likely_usd=0.0, most_usd=0.0
        )
    requests, likely, most = _reckon(summarizer, missing, language)
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
    system, purse = model.systems[language], model.purse(_EDITION)
    batches = plan(papers, llm=model.llm, system=system, batching=model.batching(language))
    if purse.price is None:
        return len(batches), None, None
    reckoned = [
        purse.reckon(prompt_for(batch, system=system, nonce=_NONCE), output_tokens=OUTPUT_PER_PAPER * len(batch.papers))
        for batch in batches
    ]
    return len(batches), sum(one.likely_usd or 0.0 for one in reckoned), sum(one.most_usd or 0.0 for one in reckoned)


def extracting(app: App) -> App:
    """The same configuration, without its model."""
    from digest.app.app import App

    return App(replace(app.config, llm=LLMConfig()), app.host)


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


def _summarizing(app: App) -> Summarizing:
    """Extracts are made anew: they cost nothing, and the rules may have changed."""
    return Summarizing(
        summarizer=app.summarizer,
        store=app.store if app.summarizer.model else None,
        sleep=app.host.sleep,
        progress=app.host.progress,
    )
