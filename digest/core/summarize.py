"""Papers → checked summaries, through a model that may fail in any way.

    papers ──► batches ──► prompt ──► completion ──► answers ──► checked summaries
                  ▲                                     │
                  └──── asked again: what is missing, together; what a check refused, alone; what failed, in halves

Every paper that goes in comes out exactly once: with the model's summary, or with the fallback and the reason why. The
number of requests is bounded by three per paper, and far lower than that unless the model fails all the time, for then
it is not asked any more.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Final

from digest.core.answers import Answer, read_answers
from digest.core.batching import pack
from digest.core.errors import LLMError, LLMUnavailable
from digest.core.grounding import check
from digest.core.models import Batch, Completion, Paper, PaperId, Prompt, Summary, Usage
from digest.core.ports import LLM
from digest.core.text import one_line, strip_invisible

ANSWER_TOKENS: Final = 200
"""What the answer on one paper is reckoned at: a sentence, three points, topics, and the JSON around them."""
_FENCE_TOKENS: Final = 8
"""The line that opens a paper's block, and its line ends."""
_POINTS: Final = 3
_TOPICS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """One request and what came of it, for the store and for the purse."""

    prompt: Prompt
    """The very one that `may_spend` was asked about."""
    completion: Completion | None
    """None: it failed without an answer; whether it was billed is not known."""
    outcome: str
    """ "ok", or what was wrong, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the papers."""

    summaries: Mapping[PaperId, Summary]
    """One for each paper, in the order of the papers."""
    usage: Usage
    """`cost_usd` is 0: what a token costs is known to who keeps the prices, and gets each request's log."""
    warnings: tuple[str, ...] = ()
    """How many papers fell back, by reason, in words."""


# --- papers → prompt --------------------------------------------------------------------------------------------------


def block(paper: Paper) -> str:
    """What a model is told of *paper*: a line with the title, a line with the abstract."""
    return f"{_line(paper.title)}\n{_line(paper.abstract)}"


def _line(text: str) -> str:
    line = one_line(strip_invisible(text))
    # No line but ours begins with "#".
    return f" {line}" if line.startswith("#") else line


def prompt_for(batch: Batch, *, system: str, nonce: str, answer_tokens: int = ANSWER_TOKENS) -> Prompt:
    """The request for *batch*: each paper in a block that nothing in its own text can open or close.

    Args:
        nonce: Four random letters, drawn for this request.
        answer_tokens: Reckoned for each paper's answer.
    """
    blocks = [f"#{place} {nonce}\n{block(paper)}\n" for place, paper in enumerate(batch.papers, 1)]
    return Prompt(
        system=system,
        user=f"{''.join(blocks)}#end {nonce}",
        batch=batch,
        nonce=nonce,
        # A limit and no estimate: other languages take more tokens, and some models think before they answer.
        max_output_tokens=2 * answer_tokens * len(batch.papers) + 1024,
    )


# --- the run ----------------------------------------------------------------------------------------------------------


def summarize(
    papers: Iterable[Paper],
    *,
    llm: LLM,
    system: str,
    fold_topics: Callable[[Iterable[str]], tuple[tuple[str, ...], tuple[str, ...]]],
    fallback: Callable[[Paper], Summary],
    make_nonce: Callable[[], str],
    batch_tokens: int,
    language: str,
    max_papers_per_request: int = 20,
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
        may_spend: Asked before each request, in the calling thread; what it refuses falls back.
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
    batches = pack(
        [paper for paper in unique.values() if paper.abstract.strip()],
        budget=batch_tokens,
        cost=lambda paper: llm.count_tokens(block(paper)) + _FENCE_TOKENS + ANSWER_TOKENS,
        max_papers=max_papers_per_request,
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
    last: bool = False
    """A check refused what came; whatever comes now, there is no third time."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """What happens to requests, decided in one thread: the calling one."""

    llm: LLM
    system: str
    fold_topics: Callable[[Iterable[str]], tuple[tuple[str, ...], tuple[str, ...]]]
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
        prompt = prompt_for(Batch(papers=ask.papers), system=self.system, nonce=self.make_nonce())
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
            return RequestLog(prompt=prompt, completion=None, outcome=str(error))
        self.input_tokens += completion.input_tokens
        self.output_tokens += completion.output_tokens
        outcome = self._take(ask, prompt, completion)
        return RequestLog(prompt=prompt, completion=completion, outcome=outcome)

    def _take(self, ask: _Ask, prompt: Prompt, completion: Completion) -> str:
        answers: dict[str, list[Answer]] = {}
        for answer in read_answers(completion.text):
            answers.setdefault(answer.id, []).append(answer)
        missing: list[Paper] = []
        refusals: list[str] = []
        for place, paper in enumerate(prompt.batch.papers, 1):
            if not (on_it := answers.get(str(place))):
                missing.append(paper)
            elif refusal := self._accept(paper, on_it, prompt, completion):
                refusals.append(refusal)
                self._refused(paper, refusal, ask)
        cut = _ENDS.get(completion.finish_reason, completion.finish_reason)
        if len(missing) == len(ask.papers):
            reason = f"the model's answer was {cut}" if cut else "the model's answer had no summary in it"
            self._failed(missing, reason, ask=ask)
            return reason
        self.barren = 0
        if missing and (cut or ask.again):
            self._halve(missing)
        elif missing:
            self.queue.append(_Ask(papers=tuple(missing), again=True))
        faults = [cut, f"{len(missing)} missing" if missing else "", *(f"refused, {refusal}" for refusal in refusals)]
        return "; ".join(filter(None, faults)) or "ok"

    def _accept(self, paper: Paper, answers: Sequence[Answer], prompt: Prompt, completion: Completion) -> str | None:
        """Keep the first of *answers* that passes all checks; otherwise say what the last one failed."""
        refusal = None
        for answer in answers:
            summary = self._summary(answer, completion)
            passed, refusal = check(summary, paper, prompt.batch.papers)
            if not refusal:
                self.done[paper.id] = replace(summary, checked=passed)
                break
        return refusal

    def _summary(self, answer: Answer, completion: Completion) -> Summary:
        topics, proposed = self.fold_topics(answer.topics[:_TOPICS])
        return Summary(
            tldr=_plain(answer.tldr),
            points=tuple(point for point in map(_plain, answer.points) if any(map(str.isalnum, point)))[:_POINTS],
            topics=topics,
            proposed=proposed,
            client=self.llm.client,
            model=completion.model or self.llm.model or None,
            language=self.language,
        )

    def _refused(self, paper: Paper, refusal: str, ask: _Ask) -> None:
        if ask.last:
            self._give_up([paper], f"the model's summary failed the check “{refusal.partition(':')[0]}”")
        else:
            self.queue.append(_Ask(papers=(paper,), again=True, last=True))

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
            fell_back=sum(self.reasons.values()),
        )


_ENDS: Final = {"stop": "", "length": "cut off", "content_filter": "filtered by its provider", "refusal": "a refusal"}
"""Words for what a server says of the end of an answer."""
_LIST_MARK: Final = re.compile(r"^(?:[-*•–]|\(?\d{1,2}[.)])\s+")


def _plain(said: str) -> str:
    """A model's sentence on one line, without what nobody sees and without the mark of a list."""
    return _LIST_MARK.sub("", one_line(strip_invisible(said)), count=1)
