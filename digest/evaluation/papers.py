"""Measures who writes the summaries, the extract or a model, on papers that a user has labelled.

    papers/*.jsonl ──► summaries and topics by the extract ──► figures ─┐
                  └──► the same by the model of the config ──► figures ─┴─► side by side, with what the model cost

A model is asked as a run asks it: in checked batches, under the budgets of its config, with every request in its books.
What it wrote is kept in the store of that config, under the content of the paper, the model and the prompt, so that
nothing is paid twice: not by a second evaluation, and not by a run that meets the same papers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from digest.config import LLMConfig
from digest.core.batching import plan
from digest.core.grounding import check
from digest.core.models import Batch, Completion, Paper, PaperId, Summary, SummaryKey, Usage
from digest.core.pipeline import Summarizer, Sums, key_of
from digest.core.prompts import prompt_for
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.rouge import Rouge, best
from digest.evaluation.sets import LabelledPaper, TldrPaper

if TYPE_CHECKING:
    from digest.app import App
    from digest.summarizers import ModelSummarizer

PART: Final = "papers"
_EDITION: Final = "evaluation"
"""Under what the books have it."""
_CHECKS: Final = ("length", "plain", "language", "numbers", "belongs", "repeated")
_FAILED: Final = re.compile("failed the check “(\\w+)”")
_OUTPUT_PER_PAPER: Final = 110
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
    summarizer, language = app.summarizer, app.config.editions[0].language
    ours = _as_papers(papers)
    keys = {paper.id: key_of(summarizer, paper, language) for paper in ours}
    done = _stored(app, summarizer, keys)
    from_store = len(done)

    def keep(new: Mapping[PaperId, Summary]) -> None:
        done.update(new)
        if summarizer.model:
            app.store.save_summaries({keys[i]: s for i, s in new.items() if s.fell_back is None})

    missing = _missing(ours, keys, done)
    sums = Sums(usage=Usage(client=summarizer.client, model=summarizer.model or None))
    if missing:
        summarizer.begin_run(f"{_EDITION} {secrets.token_hex(8)}")
        sums = summarizer.summarize(missing, language=language, edition=_EDITION, on_done=keep)
    by_key = {keys[paper_id]: summary for paper_id, summary in done.items()}
    return Written(
        summaries={label.id: by_key[keys[paper.id]] for label, paper in zip(papers, ours, strict=True)},
        usage=replace(sums.usage, from_cache=from_store),
        warnings=sums.warnings,
    )


def forecast(app: App, papers: Sequence[LabelledPaper]) -> Forecast:
    """What it would cost to have *papers* summarized. Nothing is sent."""
    from digest.summarizers import ModelSummarizer

    summarizer, language = app.summarizer, app.config.editions[0].language
    ours = _as_papers(papers)
    keys = {paper.id: key_of(summarizer, paper, language) for paper in ours}
    stored = _stored(app, summarizer, keys)
    missing = _missing(ours, keys, stored)
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
    settings, system, price = model.config.llm, model.systems[language], model.price()
    batches = plan(
        papers,
        llm=model.llm,
        system=system,
        batch_tokens=settings.batch_tokens,
        max_papers_per_request=settings.max_papers_per_request,
    )
    if price is None:
        return len(batches), None, None
    likely = most = 0.0
    purse = model.purse(_EDITION)
    for batch in batches:
        prompt = prompt_for(Batch(papers=batch.papers), system=system, nonce=_NONCE)
        given = model.llm.count_tokens(prompt.system) + model.llm.count_tokens(prompt.user)
        written = _OUTPUT_PER_PAPER * len(batch.papers)
        likely += price.cost_usd(Completion(text="", input_tokens=given, output_tokens=written))
        most += purse.plan(prompt).most_usd or 0.0
    return len(batches), likely, most


def extracting(app: App) -> App:
    """The same configuration, without its model."""
    from digest.app import App

    return App(replace(app.config, llm=LLMConfig()), app.host)


# -- figures


def figures_of(
    papers: Sequence[LabelledPaper],
    written: Written,
    *,
    data: str,
    fold: Callable[[Sequence[str]], tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[Figure, ...]:
    """What there is to say of what one writer wrote; the same rows for every writer, but for what a model costs.

    Args:
        data: How the set is called.
        fold: Words → topics of the taxonomy, and words that are none: labels and topics are compared as topics.
    """
    return (
        *_rouge_figures(papers, written, data),
        *_check_figures(papers, written, data),
        *_length_figures(papers, written, data),
        *_topic_figures(papers, written, data, fold),
        *_cost_figures(papers, written, data),
    )


def _rouge_figures(papers: Sequence[LabelledPaper], written: Written, data: str) -> tuple[Figure, ...]:
    found = [best(written.summaries[p.id].tldr, p.summaries) for p in papers if p.summaries]
    if not found:
        return ()

    def figure(name: str, of: Callable[[Rouge], float]) -> Figure:
        return _mean_figure(data, name, [of(one) for one in found])

    return (
        figure("ROUGE-1", lambda one: one.r1),
        figure("ROUGE-2", lambda one: one.r2),
        figure("ROUGE-L", lambda one: one.rl),
    )


def _check_figures(papers: Sequence[LabelledPaper], written: Written, data: str) -> tuple[Figure, ...]:
    """Shares of papers; the first is of those that have a summary of this writer's own."""
    own = [float(written.summaries[p.id].fell_back is None) for p in papers]
    failed = [_failed_check(p, written.summaries[p.id]) for p in papers]
    return (
        _mean_figure(data, "written", own),
        *(_mean_figure(data, f"passed {name}", [float(one != name) for one in failed]) for name in _CHECKS),
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


def _length_figures(papers: Sequence[LabelledPaper], written: Written, data: str) -> tuple[Figure, ...]:
    lengths = [float(len(written.summaries[p.id].tldr.split())) for p in papers]
    return (_mean_figure(data, "words in the summary", lengths, higher_is_better=None),)


def _topic_figures(
    papers: Sequence[LabelledPaper],
    written: Written,
    data: str,
    fold: Callable[[Sequence[str]], tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[Figure, ...]:
    """Over all topics of all papers. Labels that are no topic of the taxonomy are passed over."""
    compared = []
    for paper in papers:
        if wanted := set(fold(paper.topics)[0]):
            given = set(written.summaries[paper.id].topics)
            compared.append((len(wanted & given), len(given), len(wanted)))
    if not compared:
        return ()

    def figure(name: str, statistic: Callable[[Sequence[tuple[int, int, int]]], float]) -> Figure:
        low, high = interval(compared, statistic)
        return Figure(part=PART, data=data, name=name, value=statistic(compared), low=low, high=high, of=len(compared))

    return (
        figure("topics, precision", _precision),
        figure("topics, recall", _recall),
        figure("topics, F1", _f1),
    )


def _precision(compared: Sequence[tuple[int, int, int]]) -> float:
    return _share(sum(hits for hits, _, _ in compared), sum(given for _, given, _ in compared))


def _recall(compared: Sequence[tuple[int, int, int]]) -> float:
    return _share(sum(hits for hits, _, _ in compared), sum(wanted for _, _, wanted in compared))


def _f1(compared: Sequence[tuple[int, int, int]]) -> float:
    return _share(2 * sum(hits for hits, _, _ in compared), sum(given + wanted for _, given, wanted in compared))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cost_figures(papers: Sequence[LabelledPaper], written: Written, data: str) -> tuple[Figure, ...]:
    """Of what was asked now; a summary out of the store cost nothing this time."""
    usage = written.usage
    if usage.model is None:
        return ()
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


def _mean_figure(data: str, name: str, values: Sequence[float], *, higher_is_better: bool | None = True) -> Figure:
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


# -- papers as the summarizer takes them


def _as_papers(papers: Sequence[LabelledPaper]) -> list[Paper]:
    from digest.core.text import clean_line, clean_text

    return [
        Paper(
            id=PaperId(f"label:{n}"),
            title=clean_line(p.title),
            abstract=clean_text(p.abstract),
            categories=p.categories,
        )
        for n, p in enumerate(papers)
    ]


def _stored(app: App, summarizer: Summarizer, keys: Mapping[PaperId, SummaryKey]) -> dict[PaperId, Summary]:
    """Extracts are made anew: they cost nothing, and the rules may have changed."""
    if not summarizer.model:
        return {}
    found = app.store.summaries(keys.values())
    return {paper_id: found[key] for paper_id, key in keys.items() if key in found}


def _missing(
    papers: Sequence[Paper], keys: Mapping[PaperId, SummaryKey], done: Mapping[PaperId, Summary]
) -> list[Paper]:
    """What is to be asked for; what stands there twice, once."""
    firsts = {keys[paper.id]: paper for paper in reversed(papers) if paper.id not in done}
    return list(reversed(firsts.values()))
