"""The budget of requests to a model: reserves the most a request can cost before it is sent, and settles it after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.models import Completion, Prompt, Usage
from digest.core.ports import LLM, Clock
from digest.core.summaries.ledger import Ceilings, RequestPlan, RequestResult, Reservation
from digest.core.summaries.prompts import BRIEFS
from digest.core.summaries.summarize import RequestLog

if TYPE_CHECKING:
    from digest.llm.prices import Price

_BOUND: Final = 4
"""How many times too high tokens are counted without a vocabulary; see `digest.llm.tokens.at_most`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What a request would cost, without sending it."""

    input_tokens: int
    """The likely number; without a vocabulary a quarter of what would be reserved."""
    likely_usd: float | None
    """The likely cost in dollars; None: the model has no price."""
    most_usd: float | None
    """What would be reserved, in dollars; None: the model has no price."""


class Ledger(Protocol):
    """The part of the store that keeps the ledger of requests."""

    def reserve_request(self, plan: RequestPlan, ceilings: Ceilings) -> int | None: ...

    def settle_request(
        self, request: int, result: RequestResult, *, summaries: int = 0, failed: Mapping[str, int] = {}
    ) -> None: ...


@dataclass(slots=True, kw_only=True)
class Budget:
    """Reserves and settles the requests of one edition and one purpose. Thread-safe.

    Without a price or without a ceiling it refuses no request, but enters them in the ledger all the same.
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
    """Hash of the fixed part, as in `SummaryKey`."""
    brief_prompt: str = ""
    """The same for requests for brief summaries; empty where there are none."""
    purpose: str = "summaries"
    mode: str = "direct"
    tier: str | None = None
    """The provider's service tier that is asked for, such as `flex`; None: the standard one."""
    usage: Usage = field(init=False)
    """The sum of all settled requests."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.usage = Usage(client=self.llm.client, model=self.llm.model or None)

    def plan(self, prompt: Prompt) -> RequestPlan:
        """The ledger's entry for *prompt*, before it is sent."""
        most = None
        if self.price is not None:
            most = self.price.most_usd(self.llm.most_input_tokens(prompt), prompt.max_output_tokens, mode=self.mode)
        return RequestPlan(
            at=self.clock(),
            run=self.run,
            edition=self.edition,
            client=self.llm.client,
            model=self.llm.model,
            prompt=self.brief_prompt if prompt.form == BRIEFS else self.prompt,
            purpose=self.purpose,
            mode=self.mode,
            papers=len(prompt.batch.papers),
            most_usd=most,
        )

    def reckon(self, prompt: Prompt, *, output_tokens: int) -> Reckoning:
        """What *prompt* would cost with an answer of *output_tokens*; nothing is entered in the ledger."""
        given = self.llm.count_tokens(prompt.system) + self.llm.count_tokens(prompt.user)
        counter = getattr(self.llm, "counter", None)
        if counter is not None and counter.is_bound:
            given //= _BOUND
        answer = Completion(text="", input_tokens=given, output_tokens=output_tokens, tier=self.tier)
        return Reckoning(
            input_tokens=given,
            likely_usd=None if self.price is None else self.price.cost_usd(answer, mode=self.mode),
            most_usd=self.plan(prompt).most_usd,
        )

    def reserve(self, prompt: Prompt) -> Reservation | None:
        """Reserve the most that *prompt* can cost; None if that could break a ceiling."""
        plan = self.plan(prompt)
        number = self.store().reserve_request(plan, self.ceilings())
        return None if number is None else Reservation(number=number, most_usd=plan.most_usd)

    def settle(self, reservation: Reservation, log: RequestLog) -> None:
        """Enter what a request cost; if it may have been billed without an answer, its reservation stays."""
        result = self.result(log.completion, outcome=log.outcome, may_be_billed=log.may_be_billed)
        is_in_doubt = result.cost_usd is None and log.completion is None
        spent = Usage(
            client=self.llm.client,
            requests=1,
            input_tokens=result.input_tokens,
            output_tokens=result.output_tokens,
            cached_tokens=result.cached_tokens,
            cost_usd=result.cost_usd or 0.0,
            in_doubt_usd=(reservation.most_usd or 0.0) if is_in_doubt else 0.0,
        )
        with self._lock:
            self.usage += spent
        self.store().settle_request(reservation.number, result, summaries=log.summaries, failed=log.failed)

    def result(self, answer: Completion | None, *, outcome: str, may_be_billed: bool = False) -> RequestResult:
        """The ledger's entry for a request that is over, with its cost; *answer* is None if it got none."""
        if answer is None:
            return RequestResult(cost_usd=None if may_be_billed or self.price is None else 0.0, outcome=outcome)
        return RequestResult(
            input_tokens=answer.input_tokens,
            cached_tokens=answer.cached_tokens,
            output_tokens=answer.output_tokens,
            cost_usd=None if self.price is None else self.price.cost_usd(answer, mode=self.mode),
            outcome=outcome,
        )
