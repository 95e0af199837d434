"""What the model cost, what it is allowed to, and what a run would cost before it is run.

ledger ──cost_report──► CostReport     lists ──Estimator──► Estimate (nothing is sent)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.models import (
    Batch,
    Edition,
    Entry,
    Issue,
    Paper,
    PaperId,
    Prompt,
    Ranked,
    Summary,
    SummaryKey,
)
from digest.core.ranking.rank import Selection
from digest.core.summaries.asking import Ask
from digest.core.summaries.batching import plan
from digest.core.summaries.ledger import PriceList, Spending, together
from digest.core.summaries.overview import FEWEST_ENTRIES, tellable
from digest.core.summaries.overview import prompt_for as overview_prompt_for
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarizer import Summarizer, key_of, keys_of

if TYPE_CHECKING:
    from digest.config.settings import Config, LLMConfig
    from digest.summarizers.budget import Budget
    from digest.summarizers.model import ModelSummarizer

OUTPUT_PER_PAPER: Final = 110
"""Tokens of one summary as models write them, where the ledger knows nothing of this one yet."""
OUTPUT_PER_BRIEF: Final = 55
"""The same of a brief one, without points."""
_TLDR_CHARACTERS: Final = 200
_OVERVIEW_TOKENS: Final = 200
"""Of four or five sentences."""
_RUN: Final = "estimate"
"""A run by which nothing is booked."""
_NONCE: Final = "AAAA"
_PAST: Final = timedelta(days=90)
"""How far back a model's habits are looked for."""


class Ledger(Protocol):
    """The store, as far as it knows what requests cost."""

    def spending(self, since: datetime, until: datetime, *, zone: tzinfo) -> tuple[Spending, ...]: ...

    def spent_usd(self, since: datetime, *, run: str | None = None) -> float: ...


class Spent(Ledger, Protocol):
    """The store, as far as a run's costs are estimated from it."""

    def written(self, client: str, model: str, *, since: datetime) -> Mapping[str, tuple[int, int]]: ...

    def issue(self, edition: str, day: date) -> Issue | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
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
class CostReport:
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
    of_month: BudgetUse
    of_run: BudgetUse | None
    """Today's runs; None for a report that today is not in."""
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
    of_run: BudgetUse
    of_month: BudgetUse
    batch_share: float | None = None
    """Of what a direct request costs, where papers are handed over beforehand; None: they are not."""
    flex_share: float | None = None
    """Of what a request costs in the usual tier, where the flex tier is asked for; None: it is not."""
    warnings: tuple[str, ...] = ()
    """What could not be read."""

    @property
    def likely_usd(self) -> float | None:
        """The likely cost of all editions, in US dollars; None if the price is not known."""
        return sum_usd(e.likely_usd for e in self.editions)

    @property
    def most_usd(self) -> float | None:
        """The highest cost of all editions, in US dollars; None if the price is not known."""
        return sum_usd(e.most_usd for e in self.editions)


# -- what it cost


def cost_report(store: Ledger, config: Config, *, today: date, days: int = 30, month: date | None = None) -> CostReport:
    """What the model cost in the last *days*, today included, or in *month*."""
    since, until = today - timedelta(days=days - 1), today
    if month is not None:
        since, until = month.replace(day=1), _next_month(month) - timedelta(days=1)
    shown = until.replace(day=1)
    of_month = together(_spending(store, config, shown, _next_month(shown)))
    return CostReport(
        since=since,
        until=until,
        today=today,
        client=config.llm.client,
        rows=_spending(store, config, since, until + timedelta(days=1)),
        month=shown,
        of_month=BudgetUse(
            spent_usd=of_month.spent_usd if of_month else 0.0, ceiling_usd=config.llm.budget_usd_per_month
        ),
        of_run=_of_run(store, config, today) if since <= today <= until else None,
        price=price_list(config.llm),
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


def usd_per_summary(store: Ledger, config: Config, *, today: date) -> float | None:
    """What a summary of the config's model cost lately; None if nobody knows."""
    past = _past(store, config, today)
    return (past.usd_per_summary or None) if past else None


def _past(store: Ledger, config: Config, today: date) -> Spending | None:
    llm = config.llm
    rows = _spending(store, config, today - _PAST, today + timedelta(days=1))
    return together(row for row in rows if (row.client, row.model) == (llm.client, llm.model))


def _spending(store: Ledger, config: Config, since: date, until: date) -> tuple[Spending, ...]:
    return store.spending(_midnight(since, config), _midnight(until, config), zone=config.timezone)


def _midnight(day: date, config: Config) -> datetime:
    return datetime.combine(day, time(), tzinfo=config.timezone)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _of_run(store: Ledger, config: Config, day: date) -> BudgetUse:
    spent = store.spent_usd(_midnight(day, config), run=day.isoformat())
    return BudgetUse(spent_usd=spent, ceiling_usd=config.llm.budget_usd_per_run)


def _of_month(store: Ledger, config: Config, today: date) -> BudgetUse:
    spent = store.spent_usd(_midnight(today.replace(day=1), config))
    return BudgetUse(spent_usd=spent, ceiling_usd=config.llm.budget_usd_per_month)


# -- what it would cost


def batches_of(
    papers: Sequence[Paper], model: ModelSummarizer, language: str, *, is_brief: bool = False
) -> tuple[Batch, ...]:
    """The batches in which *papers* would go to *model*, if each request were answered.

    Args:
        is_brief: Whether they are asked for without points.
    """
    return tuple(
        plan(
            papers,
            llm=model.llm,
            system=model.system_of(language, is_brief=is_brief),
            batching=model.batching(language),
            is_brief=is_brief,
        )
    )


def prompt_of(papers: tuple[Paper, ...], model: ModelSummarizer, language: str, *, is_brief: bool = False) -> Prompt:
    """What would be sent for one batch, but for the letters that are drawn for each request."""
    system = model.system_of(language, is_brief=is_brief)
    return prompt_for(Batch(papers=papers), system=system, nonce=_NONCE, is_brief=is_brief)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """Says what a run would cost. The lists are read, as the run would; no request goes out, no issue is made."""

    store: Spent
    config: Config
    today: date
    summarizer: Callable[[], Summarizer]
    read: Callable[[Sequence[Edition], date], Iterable[str]]
    """Reads the lists of editions on a day; what could not be read, in words."""
    choose: Callable[[str, date], Selection]
    """What the issue of an edition, which is given by name, takes on a day."""
    brief: Callable[[Edition, Selection], Collection[PaperId]]
    """Those papers of it that are asked for without points."""
    lacking: Callable[[str, date, Sequence[PaperId], Collection[PaperId]], Sequence[Paper]]
    """Those papers of it that the store has no summary of that will do; takes those that need no points too."""

    def estimate(self, editions: Sequence[Edition], day: date) -> Estimate:
        """What a run of *day* would cost."""
        from digest.summarizers.model import ModelSummarizer

        warnings = dict.fromkeys(self.read(editions, day))
        llm, summarizer = self.config.llm, self.summarizer()
        of_run, of_month = _of_run(self.store, self.config, day), _of_month(self.store, self.config, self.today)
        lefts = [b.left_usd for b in (of_run, of_month) if b.left_usd is not None]
        model = summarizer if isinstance(summarizer, ModelSummarizer) else None
        price = model.price() if model and llm.mode == "batch" else None
        output_per_paper, output_per_brief = self._outputs(summarizer)
        reckoner = _Reckoner(
            needs=self,
            summarizer=summarizer,
            model=model,
            left_usd=min(lefts, default=None),
            output_per_paper=output_per_paper,
            output_per_brief=output_per_brief,
        )
        return Estimate(
            day=day,
            client=summarizer.client,
            model=summarizer.model,
            editions=tuple(reckoner.edition(edition, day) for edition in editions),
            of_run=of_run,
            of_month=of_month,
            batch_share=price.batch if price else None,
            flex_share=_flex_share(model, llm),
            warnings=tuple(warnings),
        )

    def _outputs(self, summarizer: Summarizer) -> tuple[float, float]:
        """Tokens of a summary with points and of a brief one, as this model wrote them lately."""
        since = _midnight(self.today - _PAST, self.config)
        written = dict(self.store.written(summarizer.client, summarizer.model, since=since))
        in_brief = written.pop(summarizer.brief_prompt, (0, 0))
        # Where none was written under the present prompt, those under earlier ones tell.
        in_full = written.get(summarizer.prompt) or tuple(map(sum, zip((0, 0), *written.values(), strict=True)))
        return _per_summary(*in_full) or OUTPUT_PER_PAPER, _per_summary(*in_brief) or OUTPUT_PER_BRIEF


def _per_summary(summaries: int, output_tokens: int) -> float:
    return output_tokens / summaries if summaries else 0.0


def _flex_share(model: ModelSummarizer | None, llm: LLMConfig) -> float | None:
    price = model.price() if model and llm.service_tier == "flex" else None
    return price.share("flex") if price else None


@dataclass(slots=True, kw_only=True)
class _Reckoner:
    """Goes through the editions as a run would, with a budget of its own."""

    needs: Estimator
    summarizer: Summarizer
    model: ModelSummarizer | None
    """None: extracts, which cost nothing."""
    left_usd: float | None
    """Of the tighter budget; None: there is none."""
    output_per_paper: float
    output_per_brief: float
    asked: set[SummaryKey] = field(default_factory=set)
    """By the editions so far."""

    def edition(self, edition: Edition, day: date) -> EditionEstimate:
        stored = self.needs.store.issue(edition.name, day)
        if stored is not None and stored.entries:
            return EditionEstimate(edition=edition.name, is_out=True, papers=len(stored.entries))
        selection = self.needs.choose(edition.name, day)
        chosen, brief = selection.chosen, self.needs.brief(edition, selection)
        lacking = self.needs.lacking(edition.name, day, [ranked.candidate.paper.id for ranked in chosen], brief)
        asked = []
        for paper in lacking:
            is_brief = paper.id in brief
            if self.asked.isdisjoint(keys_of(self.summarizer, paper, edition.language, is_brief=is_brief)):
                asked.append(paper)
                self.asked.add(key_of(self.summarizer, paper, edition.language, is_brief=is_brief))
        found = EditionEstimate(edition=edition.name, papers=len(chosen), stored=len(chosen) - len(asked))
        if self.model is None:
            return found
        found = self._summaries(found, asked, brief, edition, self.model)
        return self._overview(found, chosen, edition, self.model)

    def _summaries(
        self,
        found: EditionEstimate,
        papers: Sequence[Paper],
        brief: Collection[PaperId],
        edition: Edition,
        model: ModelSummarizer,
    ) -> EditionEstimate:
        """What the budget does not reach is tried in smaller parts, as `core.summaries.asking` does, then given up."""
        budget = model.begin(_RUN).budget(edition.name)
        queue = deque(
            Ask(papers=batch.papers, is_brief=is_brief)
            for is_brief in (False, True)
            for batch in batches_of(
                [p for p in papers if (p.id in brief) is is_brief], model, edition.language, is_brief=is_brief
            )
        )
        while queue:
            ask = queue.popleft()
            prompt = prompt_of(ask.papers, model, edition.language, is_brief=ask.is_brief)
            each = self.output_per_brief if ask.is_brief else self.output_per_paper
            if (more := self._with(found, prompt, budget, round(each * len(ask.papers)))) is not None:
                found = more
            elif halves := ask.halves():
                queue.extendleft(reversed(halves))
            else:
                return replace(found, beyond=len(ask.papers) + sum(len(later.papers) for later in queue))
        return found

    def _overview(
        self, found: EditionEstimate, chosen: Sequence[Ranked], edition: Edition, model: ModelSummarizer
    ) -> EditionEstimate:
        if not self.needs.config.llm.overview or len(chosen) < FEWEST_ENTRIES:
            return found
        prompt = overview_prompt_for(
            tellable([_entry_of(ranked) for ranked in chosen]),
            system=model.overview_systems[edition.language],
            nonce=_NONCE,
        )
        budget = model.begin(_RUN).budget(edition.name, purpose="overview")
        return self._with(found, prompt, budget, _OVERVIEW_TOKENS) or found

    def _with(
        self, found: EditionEstimate, prompt: Prompt, budget: Budget, output_tokens: int
    ) -> EditionEstimate | None:
        """One more request; None if the budget does not reach for it, once those before it are settled."""
        one = budget.reckon(prompt, output_tokens=output_tokens)
        if one.most_usd is not None and self.left_usd is not None and one.most_usd > self.left_usd:
            return None
        if one.likely_usd is not None and self.left_usd is not None:
            self.left_usd -= one.likely_usd
        return replace(
            found,
            requests=found.requests + 1,
            input_tokens=found.input_tokens + one.input_tokens,
            output_tokens=found.output_tokens + output_tokens,
            likely_usd=sum_usd((found.likely_usd, one.likely_usd)),
            most_usd=sum_usd((found.most_usd, one.most_usd)),
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


def sum_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of *costs*; None where one of them is not known."""
    known = list(costs)
    return None if None in known else sum(cost for cost in known if cost is not None)
