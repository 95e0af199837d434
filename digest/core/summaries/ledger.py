"""What is booked of requests to a model: what they may cost, what they cost, and what is still awaited.

    RequestPlan ──reserve──► Reservation, with the request ──settle──► RequestResult     Spending, CheckCount: the sums

The most that a request can cost is booked before it is sent, and what it did cost in its place after the answer came.
What was sent and never answered stays booked: it may have been billed. So no sum of the ledger is ever too low.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from digest.core.models import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPlan:
    """A request that is about to go out, for the ledger."""

    at: datetime
    run: str
    """What the budget per run counts together: `2026-06-03` for all runs of that day, a name of its own on demand."""
    edition: str
    client: str
    model: str
    prompt: str
    """Hash of the fixed part, as in `SummaryKey`."""
    purpose: str
    """`summaries`, `overview`, or `probe`: the doctor asked whether the server answers."""
    mode: str = "direct"
    """`direct` or `batch`."""
    papers: int
    most_usd: float | None
    """The most it can cost; None if the model has no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A request that is booked and not settled. It goes with the request until it is over."""

    number: int
    """In the ledger."""
    most_usd: float | None
    """The most the request can cost; None if the model has no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What may be spent."""

    run_usd: float | None = None
    """By the requests of one `RequestPlan.run`. None: no ceiling."""
    month_usd: float | None = None
    month_start: datetime | None = None
    """Since when the month counts. None: since ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """What came of a request, for the ledger."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    """None: not known. Then the most it can have cost stays booked."""
    outcome: str
    """ "ok", or what was wrong, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What requests of one day, model and mode cost."""

    day: date
    """In the config's time zone."""
    client: str
    model: str
    mode: str
    requests: int
    failed: int
    """Requests without a usable answer."""
    papers: int
    """Papers in them; one that was asked again counts again."""
    summaries: int
    """Papers that got a summary."""
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
    in_doubt_usd: float
    """Reserved for requests whose answer never came, or is still awaited; the budgets count it as spent."""
    unpriced: int
    """Requests that have no price, for the model has none."""

    @property
    def spent_usd(self) -> float:
        """What the budgets count: with all that is in doubt."""
        return self.cost_usd + self.in_doubt_usd

    @property
    def usd_per_summary(self) -> float | None:
        """What a summary cost; None where there was none."""
        return self.cost_usd / self.summaries if self.summaries else None

    def __add__(self, later: Spending) -> Spending:
        """The sums of both, under the day and the names of the later."""
        return replace(
            later,
            requests=self.requests + later.requests,
            failed=self.failed + later.failed,
            papers=self.papers + later.papers,
            summaries=self.summaries + later.summaries,
            input_tokens=self.input_tokens + later.input_tokens,
            cached_tokens=self.cached_tokens + later.cached_tokens,
            output_tokens=self.output_tokens + later.output_tokens,
            cost_usd=self.cost_usd + later.cost_usd,
            in_doubt_usd=self.in_doubt_usd + later.in_doubt_usd,
            unpriced=self.unpriced + later.unpriced,
        )


def together(rows: Iterable[Spending]) -> Spending | None:
    """The sums of *rows*, under the day and the names of the last of them; None for none."""
    total: Spending | None = None
    for row in rows:
        total = row if total is None else total + row
    return total


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
class CheckCount:
    """How often a model's summaries failed a check."""

    client: str
    model: str
    prompt: str
    check: str
    """One of `digest.core.summaries.grounding`'s names, or `missing`: it was not in the answer."""
    failed: int
    asked: int
    """Summaries that were asked for with this model and prompt."""


class HandoverState(StrEnum):
    """How far a handover has come; see `digest.core.summaries.handover`."""

    SUBMITTING = "submitting"
    """Written down, perhaps not yet with the provider."""
    OPEN = "open"
    """With the provider."""
    DONE = "done"
    """Over, and the answers it brought are stored."""
    LOST = "lost"
    """Failed, expired or cancelled, or its provider does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Requests given to a provider's Batch API together, to be answered at half the price within a day."""

    pk: int
    """The handover's key in the store."""
    name: str
    """Our own name, unguessable; the handover is looked for at the provider by it."""
    provider_id: str | None
    """The provider's id; None as long as it is not known whether the handover arrived."""
    state: HandoverState
    edition: str
    date: date
    language: str
    client: str
    model: str
    prompt: str
    submitted_at: datetime
    prompts: tuple[Prompt, ...]
    """One for each request; a prompt's index is the number of its request."""
    requests: tuple[int, ...]
    """The numbers of the requests in the ledger, in the order of `prompts`."""
