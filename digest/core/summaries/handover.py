"""Handovers: requests given to a provider's Batch API together, to be collected later. What to do with one, and when.

    SUBMITTING ──► OPEN ──► DONE   it brought answers, and they were stored
         │           └────► LOST   it brought no answers, or did not end in time
         └────────────────► LOST   it never reached the provider

A handover that may have reached the provider is looked for there by its name, and never submitted again. If it is not
found, its papers are chosen anew. So no request is paid for twice, whenever a run dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from digest.core.errors import LLMError
from digest.core.identity.ids import content_hash
from digest.core.models import Paper, PaperId, Prompt, Summary, SummaryKey
from digest.core.ports import HandoverAnswer
from digest.core.summaries.accept import MISSING, Fold, accept
from digest.core.summaries.ledger import Handover, HandoverState
from digest.core.summaries.summarize import RequestLog

ARRIVES: Final = timedelta(minutes=10)
"""How long a handover may be missing from the provider's list; one that is still not there then never arrived."""
WINDOW: Final = timedelta(hours=25)
"""How long a handover is waited for: the provider's 24 hours and one more, whatever the provider says then."""
LAST: Final = timedelta(minutes=10)
"""How long before an edition is due its handovers are cancelled. OpenAI takes up to ten minutes for that:
https://developers.openai.com/api/reference/resources/batches/methods/cancel"""
MOST_REQUESTS: Final = 250
"""Requests in one handover. Providers take many more, but the answers have to be read in one piece, in limited time."""


class Haste(StrEnum):
    """How much time there is for an answer, and so how the model is asked."""

    LATER = "later"
    """Hours: papers are handed over. What a handover failed at is asked directly, but only at `SOON` or `NOW`."""
    SOON = "soon"
    """The edition is due within `LAST`: handovers are cancelled, and papers in none of them are asked for directly."""
    NOW = "now"
    """Every paper without a summary is asked for directly."""


def haste(now: datetime, at: datetime, *, is_final: bool) -> Haste:
    """How much time a run has for the answers of a model.

    Args:
        at: When the edition is due.
        is_final: The run goes on to print the issue.
    """
    if is_final or now >= at:
        return Haste.NOW
    return Haste.LATER if now < last_call(at) else Haste.SOON


def last_call(at: datetime) -> datetime:
    """When handovers are cancelled for an edition that is due *at*; in UTC, for clocks may change in between."""
    return at.astimezone(UTC) - LAST


def key(handover: Handover, paper: Paper) -> SummaryKey:
    """Under which key a summary of *paper* that *handover* brings is stored: with the model and prompt of the handover,
    whatever the config says by now.
    """
    return SummaryKey(
        content=content_hash(paper.title, paper.abstract),
        client=handover.client,
        model=handover.model,
        prompt=handover.prompt,
        language=handover.language,
    )


def keys(handovers: Iterable[Handover]) -> frozenset[SummaryKey]:
    """The keys of all summaries that *handovers* ask for; empty for no handovers."""
    return frozenset(
        key(handover, paper) for handover in handovers for prompt in handover.prompts for paper in prompt.batch.papers
    )


def never_came(handover: Handover, now: datetime) -> bool:
    """Whether a handover that its provider does not know is old enough (`ARRIVES`) to be taken as never arrived."""
    return _distance(handover, now) >= ARRIVES


def is_given_up(handover: Handover, now: datetime) -> bool:
    """Whether the handover is so old (`WINDOW`) that it is not waited for any longer."""
    return _distance(handover, now) >= WINDOW


def _distance(handover: Handover, now: datetime) -> timedelta:
    """The time between *now* and the submission, never negative: a date that lies ahead was set by a wrong clock."""
    return abs(now - handover.submitted_at)


def last_state(answer: HandoverAnswer) -> HandoverState:
    """The last state of a handover after its answers were stored: `DONE` if it is over and brought any, else `LOST`."""
    return HandoverState.DONE if answer.is_over and answer.completions else HandoverState.LOST


# --- what it brought --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one request of a handover brought."""

    summaries: Mapping[PaperId, Summary]
    """The accepted summaries; empty if the request was not answered, or no summary passed the checks."""
    log: RequestLog
    """The request for the ledger, with its outcome."""


def take(handover: Handover, number: int, answer: HandoverAnswer, *, fold_topics: Fold) -> Taken:
    """Check the answer to the request *number* of *handover*, in the same way as one that was asked for directly."""
    prompt, came = handover.prompts[number], answer.completions.get(number)
    if came is None:
        return _nothing(prompt, f"not answered by its handover ({answer.said})", in_doubt=_may_be_billed(answer))
    if isinstance(came, LLMError):
        return _nothing(prompt, str(came), in_doubt=came.may_be_billed)
    accepted = accept(prompt, came, fold_topics=fold_topics, client=handover.client, language=handover.language)
    summaries = {i: replace(s, model=s.model or handover.model or None) for i, s in accepted.summaries.items()}
    missing = accepted.failed.get(MISSING)
    faults = (f"{missing} missing" if missing else "", *(f"refused, {why}" for why in accepted.refused.values()))
    log = RequestLog(
        prompt=prompt,
        completion=came,
        outcome="; ".join(filter(None, faults)) or "ok",
        summaries=len(summaries),
        failed=accepted.failed,
    )
    return Taken(summaries=summaries, log=log)


def _may_be_billed(answer: HandoverAnswer) -> bool:
    """Whether a request without an answer may be billed: the handover goes on, or some of its answers are damaged."""
    return not answer.is_over or bool(answer.unread)


def _nothing(prompt: Prompt, outcome: str, *, in_doubt: bool) -> Taken:
    failed = {} if in_doubt else {MISSING: len(prompt.batch.papers)}
    log = RequestLog(prompt=prompt, completion=None, outcome=outcome, may_be_billed=in_doubt, failed=failed)
    return Taken(summaries={}, log=log)
