"""Papers → checked summaries, through a model that may fail in any way.

    papers ──► batches ──► prompt ──► completion ──► answers ──► checked summaries
                  ▲                                     │
                  └──── asked again: what is missing, together; what a check refused, alone; what failed, in halves

Every paper that goes in comes out exactly once: with the model's summary, or with the fallback and the reason why. The
number of requests is bounded by three per paper, and far lower than that unless the model fails all the time, for then
it is not asked any more.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Final

from digest.core.accept import Fold, accept
from digest.core.batching import pack
from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Batch, Completion, Paper, PaperId, Prompt, Summary, Usage
from digest.core.ports import LLM
from digest.core.prompts import ANSWER_TOKENS, FENCE_TOKENS, block, prompt_for

TIME_LIMIT_S: Final = 900.0
"""How long a run may wait for its model in all; what is not there by then has an extract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """One request and what came of it, for the store and for the purse."""

    prompt: Prompt
    """The very one that `may_spend` was asked about."""
    completion: Completion | None
    """None: it failed without an answer; whether it was billed is not known."""
    outcome: str
    """ "ok", or what was wrong, in a few words."""
    may_be_billed: bool = False
    """There is no completion, but the server may have worked on it."""
    summaries: int = 0
    """Papers that got their summary by it."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """See `digest.core.accept.Accepted.failed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the papers."""

    summaries: Mapping[PaperId, Summary]
    """One for each paper, in the order of the papers."""
    usage: Usage
    """`cost_usd` is 0: what a token costs is known to who keeps the prices, and gets each request's log."""
    warnings: tuple[str, ...] = ()
    """How many papers fell back, by reason, in words."""


def plan(
    papers: Iterable[Paper], *, llm: LLM, system: str, batch_tokens: int, max_papers_per_request: int
) -> tuple[Batch, ...]:
    """How *papers* go out if nothing goes wrong; those without an abstract do not."""
    return pack(
        [paper for paper in papers if paper.abstract.strip()],
        budget=batch_tokens,
        cost=lambda paper: llm.count_tokens(block(paper)) + FENCE_TOKENS + ANSWER_TOKENS,
        max_papers=max_papers_per_request,
    )


# --- the run ----------------------------------------------------------------------------------------------------------


def summarize(
    papers: Iterable[Paper],
    *,
    llm: LLM,
    system: str,
    fold_topics: Fold,
    fallback: Callable[[Paper], Summary],
    make_nonce: Callable[[], str],
    batch_tokens: int,
    language: str,
    now: Callable[[], float],
    sleep: Callable[[float], None],
    max_papers_per_request: int = 20,
    time_limit_s: float = TIME_LIMIT_S,
    on_done: Callable[[Mapping[PaperId, Summary]], None] = lambda _: None,
    on_request: Callable[[RequestLog], None] = lambda _: None,
    may_spend: Callable[[Prompt], bool] = lambda _: True,
) -> Outcome:
    """Summarize *papers* in batches, up to `llm.concurrency` side by side. Never raises on what a model does.

    A paper without an abstract is not sent; its fallback is its summary, and stands in for nothing.

    Args:
        system: The fixed part of the prompt.
        fold_topics: A model's words → topics of the taxonomy, and the words that are none.
        fallback: The summary that needs no model; `fell_back` is set here.
        batch_tokens: Tokens of papers and answers in one request.
        on_done: Gets summaries as soon as they are there, in the calling thread, each paper once.
        on_request: Gets each request when it is over, in the calling thread.
        may_spend: Asked before each request, in the calling thread; what it refuses waits for those that are under
            way, for what they do not use is free again, and then falls back.
        now: Seconds of a clock that only goes forward.
        sleep: Waits that many seconds.
        time_limit_s: How long all of this may take; what is not there by then falls back.
    """
    unique = {paper.id: paper for paper in papers}
    run = _Run(
        llm=llm,
        system=system,
        fold_topics=fold_topics,
        fallback=fallback,
        make_nonce=make_nonce,
        language=language,
        on_done=on_done,
        on_request=on_request,
        may_spend=may_spend,
    )
    run.done.update({paper.id: fallback(paper) for paper in unique.values() if not paper.abstract.strip()})
    batches = plan(
        unique.values(),
        llm=llm,
        system=system,
        batch_tokens=batch_tokens,
        max_papers_per_request=max_papers_per_request,
    )
    run.queue.extend(_Ask(papers=batch.papers) for batch in batches)
    run.work()
    return Outcome(
        summaries={paper_id: run.summaries[paper_id] for paper_id in unique},
        usage=run.usage(),
        warnings=tuple(
            f"{count} {'paper has' if count == 1 else 'papers have'} an extractive summary: {reason}"
            for reason, count in sorted(run.reasons.items())
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """Papers that wait to go out together."""

    papers: tuple[Paper, ...]
    again: bool = False
    """Some of them went out before."""
    refused: str | None = None
    """Why a check refused what came; whatever comes now, there is no third time."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """What happens to requests, decided in one thread: the calling one."""

    llm: LLM
    system: str
    fold_topics: Fold
    fallback: Callable[[Paper], Summary]
    make_nonce: Callable[[], str]
    language: str
    on_done: Callable[[Mapping[PaperId, Summary]], None]
    on_request: Callable[[RequestLog], None]
    may_spend: Callable[[Prompt], bool]
    queue: deque[_Ask] = field(default_factory=deque)
    running: dict[Future[Completion], tuple[_Ask, Prompt]] = field(default_factory=dict)
    done: dict[PaperId, Summary] = field(default_factory=dict)
    """Finished and not yet handed over."""
    summaries: dict[PaperId, Summary] = field(default_factory=dict)
    """Handed over."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why papers fell back."""
    stopped: str = ""
    """Why nothing is asked any more."""
    barren: int = 0
    """Requests in a row that brought no answer at all."""
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0

    @property
    def patience(self) -> int:
        """How many barren requests in a row mean that the model is down.

        One paper that no model takes makes a chain of halves, most of which succeed; and a whole wave of requests may
        fall into one bad moment of the server.
        """
        return 4 + self.llm.concurrency

    def work(self) -> None:
        """Ask until nothing waits and nothing runs.

        A request is made when there is room for it, not before: only then is it known what is left of the budget.
        """
        at_once = max(1, self.llm.concurrency)
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            while self.queue or self.running:
                while self.queue and len(self.running) < at_once:
                    self._start(self.queue.popleft(), pool)
                self._hand_over()
                for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                    self.on_request(self._settle(*self.running.pop(future), future))
                    self._hand_over()
        self._hand_over()

    def _start(self, ask: _Ask, pool: ThreadPoolExecutor) -> None:
        if self.stopped:
            self._give_up(ask.papers, self.stopped)
            return
        prompt = prompt_for(Batch(papers=ask.papers), system=self.system, nonce=self.make_nonce(), refused=ask.refused)
        if not self.may_spend(prompt):
            self._give_up(ask.papers, "the budget for the model is used up")
            return
        self.requests += 1
        self.running[pool.submit(self.llm.complete, prompt)] = ask, prompt

    def _hand_over(self) -> None:
        if self.done:
            self.summaries.update(self.done)
            self.on_done(dict(self.done))
            self.done.clear()

    def _give_up(self, papers: Sequence[Paper], reason: str) -> None:
        self.reasons[reason] += len(papers)
        self.done.update({paper.id: replace(self.fallback(paper), fell_back=reason) for paper in papers})

    def _settle(self, ask: _Ask, prompt: Prompt, future: Future[Completion]) -> RequestLog:
        """Take what a request brought, and put back into the queue what it did not."""
        try:
            completion = future.result()
        except LLMUnavailable as error:
            self.stopped = self.stopped or str(error)
            self._give_up(ask.papers, str(error))
            return RequestLog(prompt=prompt, completion=None, outcome=str(error))
        except LLMError as error:
            self._failed(ask.papers, str(error), ask=ask)
            return RequestLog(prompt=prompt, completion=None, outcome=str(error), may_be_billed=error.may_be_billed)
        self.input_tokens += completion.input_tokens
        self.output_tokens += completion.output_tokens
        self.cached_tokens += completion.cached_tokens
        return self._take(ask, prompt, completion)

    def _take(self, ask: _Ask, prompt: Prompt, completion: Completion) -> RequestLog:
        took = accept(
            prompt,
            completion,
            fold_topics=self.fold_topics,
            client=self.llm.client,
            language=self.language,
        )
        self.done.update({i: replace(s, model=s.model or self.llm.model or None) for i, s in took.summaries.items()})
        by_id = {paper.id: paper for paper in ask.papers}
        for paper_id, refusal in took.refused.items():
            self._refused(by_id[paper_id], refusal, ask)
        missing = took.missing
        cut = _ENDS.get(completion.finish_reason, completion.finish_reason)
        log = RequestLog(
            prompt=prompt, completion=completion, outcome="", summaries=len(took.summaries), failed=took.failed
        )
        if len(missing) == len(ask.papers):
            reason = f"the model's answer was {cut}" if cut else "the model's answer had no summary in it"
            self._failed(missing, reason, ask=ask)
            return replace(log, outcome=reason)
        self.barren = 0
        if missing and (cut or ask.again):
            self._halve(missing)
        elif missing:
            self.queue.append(_Ask(papers=missing, again=True))
        refused = (f"refused, {refusal}" for refusal in took.refused.values())
        faults = [cut, f"{len(missing)} missing" if missing else "", *refused]
        return replace(log, outcome="; ".join(filter(None, faults)) or "ok")

    def _refused(self, paper: Paper, refusal: str, ask: _Ask) -> None:
        if ask.refused is not None:
            self._give_up([paper], f"the model's summary failed the check “{refusal.partition(':')[0]}”")
        else:
            self.queue.append(_Ask(papers=(paper,), again=True, refused=refusal))

    def _failed(self, papers: Sequence[Paper], reason: str, *, ask: _Ask) -> None:
        """Nothing came of a request: its halves are asked, unless it was one paper, or nothing comes of any."""
        self.barren += 1
        if len(ask.papers) == 1:
            self._give_up(papers, reason)
        else:
            self._halve(papers)
        if self.barren >= self.patience:
            self.stopped = self.stopped or f"the model was given up after {self.barren} failures in a row: {reason}"

    def _halve(self, papers: Sequence[Paper]) -> None:
        middle = (len(papers) + 1) // 2
        self.queue.extend(_Ask(papers=tuple(half), again=True) for half in (papers[:middle], papers[middle:]) if half)

    def usage(self) -> Usage:
        return Usage(
            client=self.llm.client,
            model=self.llm.model or None,
            requests=self.requests,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
            fell_back=sum(self.reasons.values()),
        )


_ENDS: Final = {"stop": "", "length": "cut off", "content_filter": "filtered by its provider", "refusal": "a refusal"}
"""Words for what a server says of the end of an answer."""
