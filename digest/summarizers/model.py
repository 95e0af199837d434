"""The summarizer that asks a model: its prompts, price and ceilings, and its part in one run."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from digest.config.settings import Config
from digest.core.errors import LLMError
from digest.core.models import Batch, Entry, Overview, Paper, PaperId, Prompt, Summary
from digest.core.ports import LLM, Clock
from digest.core.private import without_password
from digest.core.summaries.batching import Batching
from digest.core.summaries.ledger import Ceilings
from digest.core.summaries.summarize import RequestLog, summarize
from digest.core.summaries.summarizer import Sums, nothing
from digest.summarizers.budget import Budget, Ledger
from digest.summarizers.extract import Extracts
from digest.summarizers.overview import Overviews, write_overview
from digest.summarizers.prompts import prompt_hash

if TYPE_CHECKING:
    from digest.llm.prices import Price

_OTHERS = 1.2
"""By how much other makers' models count more tokens, as a rule."""
_ENVELOPE = 64
"""Tokens of a request besides the fixed part of its prompt, its papers and its answer."""


@runtime_checkable
class Closing(Protocol):
    """A client that holds connections."""

    def close(self) -> None: ...


class Store(Ledger, Overviews, Protocol):
    """The part of the store that a model's requests need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummarizer:
    """A model with its prompts and prices. What belongs to one run is in the `ModelWriting` that `begin` gives."""

    config: Config
    llm: LLM
    extracts: Extracts
    store: Callable[[], Store]
    clock: Clock
    systems: Mapping[str, str]
    """Language → the fixed part of the prompt."""
    overview_systems: Mapping[str, str]
    """The same for the overview of a day."""
    brief_systems: Mapping[str, str]
    """The same for brief summaries."""
    prompt: str
    """See `digest.core.summaries.summarizer.Signature`. A summary's key has its language beside it."""
    brief_prompt: str
    """See `digest.core.summaries.summarizer.Signature`."""
    notes: tuple[str, ...] = ()
    """Remarks on the model that every run reports."""
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def client(self) -> str:
        """The name of the model's client: `openai` or `replay`."""
        return self.llm.client

    @property
    def model(self) -> str:
        """The name of the model, as its provider calls it."""
        return self.llm.model

    def begin(self, run: str) -> ModelWriting:
        """See `digest.core.summaries.summarizer.Summarizer`."""
        return ModelWriting(model=self, run=run)

    def close(self) -> None:
        """See `digest.core.summaries.summarizer.Summarizer`."""
        if isinstance(self.llm, Closing):
            self.llm.close()

    def system_of(self, language: str, *, is_brief: bool) -> str:
        """The fixed part of the prompt: of the brief one, for summaries without points."""
        return (self.brief_systems if is_brief else self.systems)[language]

    def batching(self, language: str) -> Batching:
        """How large a request may be: at most the context of the model, as far as that is known."""
        llm, window = self.config.llm, context_of(self.llm)
        tokens = llm.batch_tokens
        if window is not None:
            # A request of one paper goes out whatever it takes.
            seen = int(window / _OTHERS) - self.llm.count_tokens(self.systems[language]) - _ENVELOPE
            tokens = max(1, min(tokens, seen))
        return Batching(tokens=tokens, max_papers=llm.max_papers_per_request)

    def with_topics(self, summary: Summary, paper: Paper) -> Summary:
        """*summary*; if the model named no known topic, with the topics that the taxonomy's tagger gives *paper*."""
        return summary if summary.topics else replace(summary, topics=self.extracts.topics(paper))

    def price(self) -> Price | None:
        """The price of the model's tokens; None if it is not known."""
        from digest.llm.prices import FREE, price_of

        # An answer out of a recording costs nothing, whoever gave it once.
        return FREE if self.client == "replay" else price_of(self.model, self.config.llm.prices)

    def ceilings(self) -> Ceilings:
        """The ceilings of the config, with the start of the present month."""
        llm = self.config.llm
        local = self.clock().astimezone(self.config.timezone)
        return Ceilings(
            run_usd=llm.budget_usd_per_run,
            month_usd=llm.budget_usd_per_month,
            month_start=local.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
        )

    def remarks(self) -> tuple[str, ...]:
        """Remarks after the model was asked: `notes`, uncertain token counts, unknown prices, cut prompts."""
        return (*self.notes, *self._miscounted(), *self._unpriced(), *self._cut())

    def _miscounted(self) -> tuple[str, ...]:
        """A warning if tokens can't be counted, with what to do. The first count may fetch a vocabulary."""
        counter = getattr(self.llm, "counter", None)
        return (counter.describe(),) if counter is not None and counter.is_bound else ()

    def _cut(self) -> tuple[str, ...]:
        """A warning if the server cuts prompts without an error, with what to do."""
        cut = getattr(self.llm, "cut", None)
        if cut is None:
            return ()
        where = self.config.llm.base_url or "OpenAI"
        return (
            f"{without_password(where).partition('?')[0]} cut a prompt of about {cut.tokens:,} tokens to {cut.seen:,}, "
            f"so smaller requests are sent; give the model a larger context (num_ctx, or OLLAMA_CONTEXT_LENGTH), and "
            f"set [llm] context_tokens to it",
        )

    def _unpriced(self) -> tuple[str, ...]:
        ceilings = self.ceilings()
        if (ceilings.run_usd is None and ceilings.month_usd is None) or self.price() is not None:
            return ()
        return (f"no price is known for {self.model}, so the budget could not be held; give it under [llm.prices]",)


@dataclass(slots=True, kw_only=True)
class ModelWriting:
    """One run of the summarizer: asks the model in batches, within the budget; each request is in the ledger."""

    model: ModelSummarizer
    run: str
    """The name under which the budget per run counts requests together."""
    _until: float | None = None
    """When the run stops waiting for the model, by the summarizer's `now`; None before the first request."""

    def summarize(
        self,
        papers: Sequence[Paper],
        *,
        language: str,
        edition: str,
        on_done: Callable[[Mapping[PaperId, Summary]], None],
        brief: Collection[PaperId] = (),
    ) -> Sums:
        """See `digest.core.summaries.summarizer.Writing`."""
        model, by_id = self.model, {p.id: p for p in papers}
        budget = self.budget(edition)
        outcome = summarize(
            papers,
            llm=model.llm,
            system=model.systems[language],
            fold_topics=model.extracts.taxonomy.fold,
            fallback=lambda p: model.extracts.summary(p, language),
            make_nonce=make_nonce,
            batching=model.batching(language),
            language=language,
            brief=brief,
            brief_system=model.brief_systems[language],
            time_limit_s=self.time_left_s(),
            now=model.now,
            sleep=model.sleep,
            on_done=lambda done: on_done({i: model.with_topics(s, by_id[i]) for i, s in done.items()}),
            reserve=budget.reserve,
            settle=budget.settle,
        )
        spent = budget.usage
        usage = replace(outcome.usage, cost_usd=spent.cost_usd, in_doubt_usd=spent.in_doubt_usd)
        return Sums(usage=usage, warnings=(*model.remarks(), *outcome.warnings))

    def overview(self, entries: Sequence[Entry], *, language: str, edition: str) -> tuple[Overview | None, Sums]:
        """See `digest.core.summaries.summarizer.Writing`."""
        model = self.model
        if not model.config.llm.overview:
            return None, nothing(model)
        system = model.overview_systems[language]
        budget = self.budget(edition, purpose="overview")
        budget.prompt = prompt_hash(system)
        return write_overview(
            entries,
            llm=model.llm,
            system=system,
            language=language,
            store=model.store(),
            budget=budget,
            make_nonce=make_nonce,
            time_limit_s=min(model.config.llm.timeout_s, self.time_left_s()),
            now=model.now,
            sleep=model.sleep,
        )

    def budget(self, edition: str, *, purpose: str = "summaries", mode: str = "direct") -> Budget:
        """The budget of this run's requests for *edition*."""
        model = self.model
        return Budget(
            store=model.store,
            clock=model.clock,
            llm=model.llm,
            price=model.price(),
            ceilings=model.ceilings,
            run=self.run,
            edition=edition,
            prompt=model.prompt,
            brief_prompt=model.brief_prompt,
            purpose=purpose,
            mode=mode,
            tier=model.config.llm.service_tier or None,
        )

    def time_left_s(self) -> float:
        """Seconds that this run still waits for its model; all its editions share one time limit."""
        if self._until is None:
            self._until = self.model.now() + self.model.config.llm.time_limit_s
        return max(0.0, self._until - self.model.now())


def context_of(llm: LLM) -> int | None:
    """The context of a model in tokens; None if it is not known."""
    window: int | None = getattr(llm, "context_tokens", None)
    return window


def make_nonce() -> str:
    """Four random letters that mark a prompt's blocks: an abstract can't know them, so it can't forge a block."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(4))


def probe(writer: ModelSummarizer) -> str | None:
    """Send the model's server a tiny request; None if even that would break the budget.

    Raises:
        LLMError: What is wrong, and what to do.
    """
    paper = Paper(id=PaperId("title:probe"), title="A probe", abstract="We probe.")
    prompt = Prompt(
        system="Answer with the JSON object {}.",
        user="{}",
        batch=Batch(papers=(paper,)),
        nonce="AAAA",
        max_output_tokens=64,
    )
    budget = writer.begin(f"doctor {secrets.token_hex(8)}").budget("doctor", purpose="probe")
    reservation = budget.reserve(prompt)
    if reservation is None:
        return None
    try:
        answer = writer.llm.complete(prompt)
    except LLMError as error:
        billed = error.may_be_billed
        log = RequestLog(prompt=prompt, completion=None, outcome=str(error), may_be_billed=billed)
        budget.settle(reservation, log)
        raise
    budget.settle(reservation, RequestLog(prompt=prompt, completion=answer, outcome="ok"))
    return f"{writer.model} answers ({answer.input_tokens} + {answer.output_tokens} tokens)"
