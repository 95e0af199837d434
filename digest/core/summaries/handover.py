"""Jobs: requests that were handed to a provider together and are answered later. What to do with one.

    SUBMITTING ──► OPEN ──► DONE   it brought something, and that was taken
         │           └────► LOST   it brought nothing, or there was no end of it
         └────────────────► LOST   it never arrived

A job is asked about by its own name before it is handed over again, and the one that never arrived is not handed over
again at all: its papers are chosen anew. So none is paid for twice, whenever a run dies.
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
from digest.core.ports import JobAnswer
from digest.core.summaries.accept import MISSING, Fold, accept
from digest.core.summaries.ledger import Job, JobState
from digest.core.summaries.summarize import RequestLog

ARRIVES: Final = timedelta(minutes=10)
"""How long a job may be under way to the provider, or missing from its list; one that is still not there never came."""
WINDOW: Final = timedelta(hours=25)
"""How long a provider may take: 24 hours, and one for itself. Whatever it says then, nobody waits any longer."""
LAST: Final = timedelta(minutes=10)
"""How long before an edition is due its jobs are ended. OpenAI takes up to ten minutes for that:
https://developers.openai.com/api/reference/resources/batches/methods/cancel"""
MOST_REQUESTS: Final = 250
"""In one job. Providers take many more, but what they answer has to be read in one piece, within a time limit."""


class Haste(StrEnum):
    """How much time there is for an answer."""

    LATER = "later"
    """Hours: papers are handed over, and only what a job failed at is asked directly."""
    SOON = "soon"
    """The edition is due within `LAST`: jobs are ended, and what is in none is asked directly."""
    NOW = "now"
    """Everything is asked directly."""


def haste(now: datetime, at: datetime, *, is_final: bool) -> Haste:
    """How much time a run has.

    Args:
        at: When the edition is due.
        is_final: The run goes on to print the issue.
    """
    if is_final or now >= at:
        return Haste.NOW
    return Haste.LATER if now < last_call(at) else Haste.SOON


def last_call(at: datetime) -> datetime:
    """When jobs are ended for an edition that is due *at*; in UTC, for clocks may change in between."""
    return at.astimezone(UTC) - LAST


def key(job: Job, paper: Paper) -> SummaryKey:
    """What a summary that *job* brings is stored under: what it was paid for, whatever the config says by now."""
    return SummaryKey(
        content=content_hash(paper.title, paper.abstract),
        client=job.client,
        model=job.model,
        prompt=job.prompt,
        language=job.language,
    )


def keys(jobs: Iterable[Job]) -> frozenset[SummaryKey]:
    """The summaries that *jobs* were asked for."""
    return frozenset(key(job, paper) for job in jobs for prompt in job.prompts for paper in prompt.batch.papers)


def never_came(job: Job, now: datetime) -> bool:
    """Whether a job that its provider does not know was not taken by it."""
    return _distance(job, now) >= ARRIVES


def is_given_up(job: Job, now: datetime) -> bool:
    """Whether nobody waits for the job any longer."""
    return _distance(job, now) >= WINDOW


def _distance(job: Job, now: datetime) -> timedelta:
    """How long ago a job was handed over; one that lies ahead was dated by a clock that was wrong, at some time."""
    return abs(now - job.submitted_at)


def last_state(answer: JobAnswer) -> JobState:
    """What becomes of a job after what it brought was taken."""
    return JobState.DONE if answer.is_over and answer.completions else JobState.LOST


# --- what it brought --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one request of a job brought."""

    summaries: Mapping[PaperId, Summary]
    log: RequestLog


def take(job: Job, number: int, answer: JobAnswer, *, fold_topics: Fold) -> Taken:
    """Check what came of the request *number* of *job*, as if it had been asked directly."""
    prompt, came = job.prompts[number], answer.completions.get(number)
    if came is None:
        return _nothing(prompt, f"not answered by its job ({answer.said})", in_doubt=_may_be_billed(answer))
    if isinstance(came, LLMError):
        return _nothing(prompt, str(came), in_doubt=came.may_be_billed)
    accepted = accept(prompt, came, fold_topics=fold_topics, client=job.client, language=job.language)
    summaries = {i: replace(s, model=s.model or job.model or None) for i, s in accepted.summaries.items()}
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


def _may_be_billed(answer: JobAnswer) -> bool:
    """Whether a request without an answer may have had one: the job goes on, or a line of its answers is damaged."""
    return not answer.is_over or bool(answer.unread)


def _nothing(prompt: Prompt, outcome: str, *, in_doubt: bool) -> Taken:
    failed = {} if in_doubt else {MISSING: len(prompt.batch.papers)}
    log = RequestLog(prompt=prompt, completion=None, outcome=outcome, may_be_billed=in_doubt, failed=failed)
    return Taken(summaries={}, log=log)
