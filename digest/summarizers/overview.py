"""The overview of an issue by a model: asked for once, entered in the ledger and stored, within a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from digest.core.errors import LLMError
from digest.core.models import Completion, Entry, Overview, Prompt, SummaryKey, Usage
from digest.core.ports import LLM
from digest.core.summaries.asking import NO_BUDGET, RequestLog, send
from digest.core.summaries.ledger import Reservation
from digest.core.summaries.overview import FEWEST_ENTRIES, content_of, prompt_for, read_overview, tellable
from digest.core.summaries.summarizer import Sums
from digest.summarizers.budget import Budget

_NONCE: Final = "AAAA"
"""Marks the blocks of a prompt that is only measured, not sent."""
_ATTEMPTS: Final = 2
"""Most attempts that may have cost something."""
_PAUSE_S: Final = 1.0
"""Seconds before the second attempt, unless the server names a time; then twice as long, and so on."""
_LONGEST_PAUSE_S: Final = 30.0


class Overviews(Protocol):
    """The part of the store that keeps overviews."""

    def overview(self, key: SummaryKey) -> Overview | None: ...

    def save_overview(self, key: SummaryKey, overview: Overview) -> None: ...


def write_overview(
    entries: Sequence[Entry],
    *,
    llm: LLM,
    system: str,
    language: str,
    store: Overviews,
    budget: Budget,
    make_nonce: Callable[[], str],
    time_limit_s: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Overview | None, Sums]:
    """The model's overview of *entries*, and what it cost; None where there is none, and a warning says why.

    For the same entries the model is asked only once: then the store has the overview. A model's faults raise no error.

    Args:
        system: The fixed part of the prompt.
        budget: Its `prompt` is the hash of that part.
        time_limit_s: Seconds that the call may take.
    """
    nothing = Sums(usage=Usage(client=llm.client, model=llm.model or None))
    told = _told(entries, llm, system)
    if len(told) < FEWEST_ENTRIES:
        return None, nothing
    key = SummaryKey(
        content=content_of(told), client=llm.client, model=llm.model, prompt=budget.prompt, language=language
    )
    if stored := store.overview(key):
        return stored, nothing
    prompt = prompt_for(told, system=system, nonce=make_nonce())
    answer = _ask(prompt, llm=llm, budget=budget, end=now() + time_limit_s, now=now, sleep=sleep)
    overview: Overview | None = None
    if isinstance(answer, _Answered):
        completion = answer.completion
        overview, refused = read_overview(completion, told, client=llm.client, language=language)
        why_none = _why_none(completion, refused)
        outcome = "; ".join(f"refused, {complaint}" for complaint in refused) if overview else why_none
        log = RequestLog(prompt=prompt, completion=completion, outcome=outcome or "ok")
        budget.settle(answer.reservation, log)
    else:
        why_none = answer
    if overview is None:
        said = f"the overview says what stands out, without a model: {why_none}"
        return None, Sums(usage=budget.usage, warnings=(said,))
    overview = replace(overview, model=overview.model or llm.model or None)
    store.save_overview(key, overview)
    return overview, Sums(usage=budget.usage)


def _told(entries: Sequence[Entry], llm: LLM, system: str) -> tuple[Entry, ...]:
    """The first entries, as many as fit into the model's context."""
    told = tellable(entries)
    while len(told) > FEWEST_ENTRIES and not llm.fits(prompt_for(told, system=system, nonce=_NONCE)):
        told = tellable(entries, most=max(FEWEST_ENTRIES, len(told) * 3 // 4))
    return told


def _why_none(answer: Completion, refused: Sequence[str]) -> str:
    if refused:
        return f"of the model's sentences {len(refused)} failed a check, the last one {refused[-1]}"
    ended = "" if answer.finish_reason == "stop" else f" ({answer.finish_reason})"
    return f"the model's answer had no sentence on the papers in it{ended}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A model's answer, with the reservation for its request."""

    completion: Completion
    reservation: Reservation


def _ask(
    prompt: Prompt, *, llm: LLM, budget: Budget, end: float, now: Callable[[], float], sleep: Callable[[float], None]
) -> _Answered | str:
    """The model's answer, which is still to be settled, or the reason why there is none.

    Args:
        end: When the answer must be there, by *now*.
    """
    wait, failed, requests, in_vain = 0.0, "", 0, 0
    while in_vain < _ATTEMPTS:
        wait = max(wait, llm.delay_s(prompt))
        if now() + wait >= end:
            return failed or "the model takes no request in time"
        if wait:
            sleep(wait)
        reservation = budget.reserve(prompt)
        if reservation is None:
            return NO_BUDGET
        requests += 1
        try:
            return _Answered(completion=_complete(llm, prompt, end - now()), reservation=reservation)
        except LLMError as error:
            failed = str(error)
            log = RequestLog(prompt=prompt, completion=None, outcome=failed, may_be_billed=error.may_be_billed)
            budget.settle(reservation, log)
            if not error.again:
                return failed
            in_vain += error.may_be_billed
            wait = max(error.retry_after_s or 0.0, min(_PAUSE_S * 2.0 ** (requests - 1), _LONGEST_PAUSE_S))
    return failed


def _complete(llm: LLM, prompt: Prompt, seconds: float) -> Completion:
    """Send *prompt* once and wait at most *seconds*, however long its client takes."""
    try:
        return send(llm, prompt).result(timeout=seconds)
    except TimeoutError as error:
        raise LLMError(f"the model gave no answer within {seconds:.0f} s", may_be_billed=True) from error
