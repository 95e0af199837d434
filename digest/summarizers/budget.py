"""The books of requests to a model: nothing goes out that could break a ceiling, and what it cost is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from digest.core.models import Completion, Prompt
from digest.core.ports import LLM, Clock
from digest.core.summaries.ledger import Ceilings, RequestPlan, RequestResult
from digest.core.summaries.summarize import RequestLog

if TYPE_CHECKING:
    from digest.llm.prices import Price


class Ledger(Protocol):
    """What of the store keeps the books of requests."""

    def reserve_request(self, plan: RequestPlan, ceilings: Ceilings) -> int | None: ...

    def settle_request(
        self, request: int, result: RequestResult, *, summaries: int = 0, failed: Mapping[str, int] = {}
    ) -> None: ...


@dataclass(slots=True, kw_only=True)
class Purse:
    """Reserves and settles the requests of one edition and one purpose. Asked and told in one thread.

    Without a price or without a ceiling it never says no, but keeps the books all the same.
    """

    store: Callable[[], Ledger]
    clock: Clock
    llm: LLM
    price: Price | None
    """None: not known."""
    ceilings: Callable[[], Ceilings]
    run: str
    edition: str
    prompt: str
    purpose: str = "summaries"
    mode: str = "direct"
    reserved: dict[int, tuple[int, float | None]] = field(default_factory=dict)
    """id of a prompt that is under way → its number in the books, and the most it can cost."""
    cost_usd: float = 0.0
    in_doubt_usd: float = 0.0

    def plan(self, prompt: Prompt) -> RequestPlan:
        """What is booked before *prompt* goes out."""
        most = None
        if self.price is not None:
            most = self.price.most_usd(self.llm.most_input_tokens(prompt), prompt.max_output_tokens, mode=self.mode)
        return RequestPlan(
            at=self.clock(),
            run=self.run,
            edition=self.edition,
            client=self.llm.client,
            model=self.llm.model,
            prompt=self.prompt,
            purpose=self.purpose,
            mode=self.mode,
            papers=len(prompt.batch.papers),
            most_usd=most,
        )

    def may_spend(self, prompt: Prompt) -> bool:
        """Reserve the most that *prompt* can cost, if there is that much."""
        plan = self.plan(prompt)
        number = self.store().reserve_request(plan, self.ceilings())
        if number is None:
            return False
        self.reserved[id(prompt)] = number, plan.most_usd
        return True

    def settle(self, log: RequestLog) -> None:
        """Book what a request cost; one that may have been billed without an answer keeps its reservation."""
        number, most = self.reserved.pop(id(log.prompt))
        result = self.result(log.completion, outcome=log.outcome, may_be_billed=log.may_be_billed)
        if result.cost_usd is not None:
            self.cost_usd += result.cost_usd
        elif log.completion is None:
            self.in_doubt_usd += most or 0.0
        self.store().settle_request(number, result, summaries=log.summaries, failed=log.failed)

    def result(self, answer: Completion | None, *, outcome: str, may_be_billed: bool = False) -> RequestResult:
        """What is booked after a request is over."""
        if answer is None:
            return RequestResult(cost_usd=None if may_be_billed or self.price is None else 0.0, outcome=outcome)
        return RequestResult(
            input_tokens=answer.input_tokens,
            cached_tokens=answer.cached_tokens,
            output_tokens=answer.output_tokens,
            cost_usd=None if self.price is None else self.price.cost_usd(answer, mode=self.mode),
            outcome=outcome,
        )
