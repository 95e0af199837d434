"""What the model cost, what it is allowed to, and what a run would cost before it is run.

books ──bill──► Bill          lists ──estimate──► Estimate (nothing is sent)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from digest.core.models import Batch, Edition, Entry, Paper, Prompt, Ranked, Summary, SummaryKey
from digest.core.summaries.asking import Ask
from digest.core.summaries.batching import plan
from digest.core.summaries.ledger import Spending
from digest.core.summaries.overview import FEWEST_ENTRIES, tellable
from digest.core.summaries.overview import prompt_for as overview_prompt_for
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarizer import key_of
from digest.stages.report import Stage

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.config.settings import LLMConfig
    from digest.summarizers.budget import Purse
    from digest.summarizers.model import ModelSummarizer

OUTPUT_PER_PAPER: Final = 110
"""Tokens of one summary as models write them, where the books know nothing of this one yet."""
_TLDR_CHARACTERS: Final = 200
_OVERVIEW_TOKENS: Final = 200
"""Of four or five sentences."""
_NONCE: Final = "AAAA"
_PAST: Final = timedelta(days=90)
"""How far back a model's habits are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A ceiling, and how near it is."""

    spent_usd: float
    """With all that is in doubt."""
    ceiling_usd: float | None
    """None: there is none."""

    @property
    def left_usd(self) -> float | None:
        """What may still be spent, never below 0; None if there is no ceiling."""
        return None if self.ceiling_usd is None else max(0.0, self.ceiling_usd - self.spent_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """What a model's tokens cost, in US dollars per million."""

    model: str
    input: float
    cached_input: float
    output: float
    of: date | None
    """When it was read from the provider; None: it stands in the config."""
    flex: float | None = None
    """What the flex tier costs, as a share of that; None: it is not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the model cost over some days."""

    since: date
    until: date
    """The last day of it."""
    today: date
    client: str
    """Of the config, as it is now."""
    rows: tuple[Spending, ...]
    """By day, client, model and mode; days without requests have none."""
    month: date
    """The first day of the month that the budget is told of."""
    of_month: Budget
    of_run: Budget | None
    """Today's runs; None for a bill that today is not in."""
    price: PriceList | None
    """Of the config's model; None if it has none, or there is no model."""

    @property
    def unpriced(self) -> tuple[tuple[str, int], ...]:
        """Models whose requests have no price, and how many these are."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.model] = counts.get(row.model, 0) + row.unpriced
        return tuple((model, n) for model, n in sorted(counts.items()) if n)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionEstimate:
    """What one edition's issue would cost."""

    edition: str
    is_out: bool = False
    """Today's issue is there already: nothing is asked for it."""
    papers: int = 0
    """In the issue."""
    stored: int = 0
    """Papers whose summary is there already, or would be by an edition before this one."""
    requests: int = 0
    input_tokens: int = 0
    """As many as there are likely to be; without a vocabulary that is a quarter of what is reserved."""
    output_tokens: int = 0
    """As many as this model wrote for so many papers so far."""
    likely_usd: float | None = 0.0
    """None: the model has no price."""
    most_usd: float | None = 0.0
    """What would be reserved if all of it went out at once."""
    beyond: int = 0
    """Papers that the budgets would not reach: they would get extracts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would cost."""

    day: date
    client: str
    model: str
    editions: tuple[EditionEstimate, ...]
    of_run: Budget
    of_month: Budget
    batch_share: float | None = None
    """Of what a direct request costs, where papers are handed over beforehand; None: they are not."""
    flex_share: float | None = None
    """Of what a request costs in the usual tier, where the flex tier is asked for; None: it is not."""
    warnings: tuple[str, ...] = ()
    """What could not be read."""

    @property
    def likely_usd(self) -> float | None:
        return _sum(e.likely_usd for e in self.editions)

    @property
    def most_usd(self) -> float | None:
        return _sum(e.most_usd for e in self.editions)


# -- what it cost


def bill(app: App, *, days: int = 30, month: date | None = None) -> Bill:
    """What the model cost in the last *days*, today included, or in *month*."""
    today = app.today()
    since, until = today - timedelta(days=days - 1), today
    if month is not None:
        since, until = month.replace(day=1), _next_month(month) - timedelta(days=1)
    shown = until.replace(day=1)
    llm = app.config.llm
    return Bill(
        since=since,
        until=until,
        today=today,
        client=llm.client,
        rows=_spending(app, since, until + timedelta(days=1)),
        month=shown,
        of_month=Budget(
            spent_usd=_spent(together(_spending(app, shown, _next_month(shown)))), ceiling_usd=llm.budget_usd_per_month
        ),
        of_run=_of_run(app, today) if since <= today <= until else None,
        price=price_list(llm),
    )


def price_list(llm: LLMConfig) -> PriceList | None:
    """What the model of the config costs, and since when that is known."""
    from digest.llm.prices import price_of, read_prices

    price = price_of(llm.model, llm.prices) if llm.client == "openai" else None
    if price is None:
        return None
    is_own = price_of(llm.model) != price
    return PriceList(
        model=llm.model,
        input=price.input,
        cached_input=price.cached_input,
        output=price.output,
        of=None if is_own else read_prices().date,
        flex=price.share("flex") if llm.service_tier == "flex" else None,
    )


def together(rows: Iterable[Spending]) -> Spending | None:
    """The sums of *rows*, under the day and the names of the last of them; None for none."""
    total: Spending | None = None
    for row in rows:
        total = row if total is None else _plus(total, row)
    return total


def _plus(total: Spending, row: Spending) -> Spending:
    return replace(
        row,
        requests=total.requests + row.requests,
        failed=total.failed + row.failed,
        papers=total.papers + row.papers,
        summaries=total.summaries + row.summaries,
        input_tokens=total.input_tokens + row.input_tokens,
        cached_tokens=total.cached_tokens + row.cached_tokens,
        output_tokens=total.output_tokens + row.output_tokens,
        cost_usd=total.cost_usd + row.cost_usd,
        in_doubt_usd=total.in_doubt_usd + row.in_doubt_usd,
        unpriced=total.unpriced + row.unpriced,
    )


def usd_per_summary(app: App) -> float | None:
    """What a summary of the config's model cost lately; None if nobody knows."""
    past = _past(app)
    return past.cost_usd / past.summaries if past and past.summaries and past.cost_usd else None


def _past(app: App) -> Spending | None:
    today, llm = app.today(), app.config.llm
    rows = _spending(app, today - _PAST, today + timedelta(days=1))
    return together(row for row in rows if (row.client, row.model) == (llm.client, llm.model))


def _spending(app: App, since: date, until: date) -> tuple[Spending, ...]:
    zone = app.config.timezone
    return app.store.spending(_midnight(since, app), _midnight(until, app), zone=zone)


def _midnight(day: date, app: App) -> datetime:
    return datetime.combine(day, time(), tzinfo=app.config.timezone)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _spent(row: Spending | None) -> float:
    return row.cost_usd + row.in_doubt_usd if row else 0.0


def _of_run(app: App, day: date) -> Budget:
    spent = app.store.spent_usd(_midnight(day, app), run=day.isoformat())
    return Budget(spent_usd=spent, ceiling_usd=app.config.llm.budget_usd_per_run)


def _of_month(app: App) -> Budget:
    spent = app.store.spent_usd(_midnight(app.today().replace(day=1), app))
    return Budget(spent_usd=spent, ceiling_usd=app.config.llm.budget_usd_per_month)


# -- what it would cost


def estimate(app: App, editions: Sequence[Edition], day: date) -> Estimate:
    """What a run of *day* would cost. The lists are read, as the run would; no request goes out, no issue is made."""
    from digest.summarizers.model import ModelSummarizer

    reports = app.run(editions, day, until=Stage.FETCH, send=False)
    summarizer, of_run, of_month = app.summarizer, _of_run(app, day), _of_month(app)
    purses = [b.left_usd for b in (of_run, of_month) if b.left_usd is not None]
    model = summarizer if isinstance(summarizer, ModelSummarizer) else None
    price = model.price() if model and app.config.llm.mode == "batch" else None
    reckoner = _Reckoner(
        app=app, model=model, left_usd=min(purses, default=None), output_per_paper=_output_per_paper(app)
    )
    return Estimate(
        day=day,
        client=summarizer.client,
        model=summarizer.model,
        editions=tuple(reckoner.edition(edition, day) for edition in editions),
        of_run=of_run,
        of_month=of_month,
        batch_share=price.batch if price else None,
        flex_share=_flex_share(model, app.config.llm),
        warnings=tuple(dict.fromkeys(w for report in reports for w in report.warnings)),
    )


def _flex_share(model: ModelSummarizer | None, llm: LLMConfig) -> float | None:
    price = model.price() if model and llm.service_tier == "flex" else None
    return price.share("flex") if price else None


def _output_per_paper(app: App) -> float:
    past = _past(app)
    return past.output_tokens / past.summaries if past and past.summaries and past.output_tokens else OUTPUT_PER_PAPER


@dataclass(slots=True, kw_only=True)
class _Reckoner:
    """Goes through the editions as a run would, with a purse of its own."""

    app: App
    model: ModelSummarizer | None
    """None: extracts, which cost nothing."""
    left_usd: float | None
    """Of the tighter budget; None: there is none."""
    output_per_paper: float
    asked: set[SummaryKey] = field(default_factory=set)
    """By the editions so far."""

    def edition(self, edition: Edition, day: date) -> EditionEstimate:
        stored = self.app.store.issue(edition.name, day)
        if stored is not None and stored.entries:
            return EditionEstimate(edition=edition.name, is_out=True, papers=len(stored.entries))
        pipeline, summarizer = self.app.pipeline, self.app.summarizer
        chosen = pipeline.select(edition, day).chosen
        keys = {p: key_of(summarizer, p, edition.language) for p in pipeline.lacking(edition, day)}
        asked = [paper for paper, key in keys.items() if key not in self.asked]
        self.asked.update(keys.values())
        found = EditionEstimate(edition=edition.name, papers=len(chosen), stored=len(chosen) - len(asked))
        if self.model is None:
            return found
        found = self._summaries(found, asked, edition, self.model)
        return self._overview(found, chosen, edition, self.model)

    def _summaries(
        self, found: EditionEstimate, papers: Sequence[Paper], edition: Edition, model: ModelSummarizer
    ) -> EditionEstimate:
        """What the budget does not reach is tried in smaller parts, as in `digest.core.summaries.asking`, and then not at all."""
        system, purse = model.systems[edition.language], model.purse(edition.name)
        batches = plan(papers, llm=model.llm, system=system, batching=model.batching(edition.language))
        queue = deque(Ask(papers=batch.papers, place=place) for place, batch in enumerate(batches))
        while queue:
            ask = queue.popleft()
            prompt = prompt_for(Batch(papers=ask.papers), system=system, nonce=_NONCE)
            if (more := self._with(found, prompt, purse, round(self.output_per_paper * len(ask.papers)))) is not None:
                found = more
            elif halves := ask.halves():
                queue.extendleft(reversed(halves))
            else:
                return replace(found, beyond=len(ask.papers) + sum(len(later.papers) for later in queue))
        return found

    def _overview(
        self, found: EditionEstimate, chosen: Sequence[Ranked], edition: Edition, model: ModelSummarizer
    ) -> EditionEstimate:
        if not self.app.config.llm.overview or len(chosen) < FEWEST_ENTRIES:
            return found
        prompt = overview_prompt_for(
            tellable([_entry_of(ranked) for ranked in chosen]),
            system=model.overview_systems[edition.language],
            nonce=_NONCE,
        )
        purse = model.purse(edition.name, purpose="overview")
        return self._with(found, prompt, purse, _OVERVIEW_TOKENS) or found

    def _with(self, found: EditionEstimate, prompt: Prompt, purse: Purse, output_tokens: int) -> EditionEstimate | None:
        """One more request; None if the budget does not reach for it, once those before it are settled."""
        one = purse.reckon(prompt, output_tokens=output_tokens)
        if one.most_usd is not None and self.left_usd is not None and one.most_usd > self.left_usd:
            return None
        if one.likely_usd is not None and self.left_usd is not None:
            self.left_usd -= one.likely_usd
        return replace(
            found,
            requests=found.requests + 1,
            input_tokens=found.input_tokens + one.input_tokens,
            output_tokens=found.output_tokens + output_tokens,
            likely_usd=_sum((found.likely_usd, one.likely_usd)),
            most_usd=_sum((found.most_usd, one.most_usd)),
        )


def _entry_of(ranked: Ranked) -> Entry:
    """An entry as long as it will be: the first words of the abstract in place of a summary that is not written yet."""
    paper = ranked.candidate.paper
    return Entry(
        paper=paper,
        summary=Summary(tldr=paper.abstract[:_TLDR_CHARACTERS], client="", checked=("length",)),
        sources=(),
        reason="",
        score=ranked.score,
        signals=ranked.candidate.signals,
    )


def _sum(costs: Iterable[float | None]) -> float | None:
    known = list(costs)
    return None if None in known else sum(cost for cost in known if cost is not None)
