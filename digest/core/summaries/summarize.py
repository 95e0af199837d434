"""Papers → checked summaries, through a model that may fail in any way.

    papers ──► batches ──► prompt ──► completion ──► answers ──► checked summaries
                  ▲                                     │
                  └──── asked again: what is missing, together; what a check refused, alone; what failed, in halves

Every paper that goes in comes out exactly once: with the model's summary, or with the fallback and the reason why.
When a request goes out, and what an error of the server means, is decided in `digest.core.summaries.asking`;
here, what an answer is good for, and what has to be asked because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from digest.core.models import Batch, Completion, Paper, PaperId, Prompt, Summary, Usage
from digest.core.ports import LLM
from digest.core.summaries.accept import Accepted, Fold, accept
from digest.core.summaries.asking import Ask, Asker, RequestLog, Taken
from digest.core.summaries.batching import Batching, plan
from digest.core.summaries.ledger import Reservation
from digest.core.summaries.prompts import prompt_for

__all__ = ["TIME_LIMIT_S", "Outcome", "RequestLog", "plan", "summarize"]

TIME_LIMIT_S: Final = 900.0
"""How long a run may wait for its model in all; what is not there by then has an extract."""


_UNBOOKED: Final = Reservation(number=0, most_usd=None)
"""Where nobody keeps a ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the papers."""

    summaries: Mapping[PaperId, Summary]
    """One for each paper, in the order of the papers."""
    usage: Usage
    """`cost_usd` is 0: what a token costs is known to who keeps the prices, and gets each request's log."""
    warnings: tuple[str, ...] = ()
    """How many papers fell back, by reason, in words."""


def summarize(
    papers: Iterable[Paper],
    *,
    llm: LLM,
    system: str,
    fold_topics: Fold,
    fallback: Callable[[Paper], Summary],
    make_nonce: Callable[[], str],
    batching: Batching,
    language: str,
    brief: Collection[PaperId] = (),
    brief_system: str = "",
    now: Callable[[], float],
    sleep: Callable[[float], None],
    time_limit_s: float = TIME_LIMIT_S,
    on_done: Callable[[Mapping[PaperId, Summary]], None] = lambda _: None,
    reserve: Callable[[Prompt], Reservation | None] = lambda _: _UNBOOKED,
    settle: Callable[[Reservation, RequestLog], None] = lambda _reservation, _log: None,
) -> Outcome:
    """Summarize *papers* in batches, up to `llm.concurrency` side by side. Never raises on what a model does.

    A paper without an abstract is not sent; its fallback is its summary, and stands in for nothing.

    Args:
        system: The fixed part of the prompt.
        fold_topics: A model's words → topics of the taxonomy, and the words that are none.
        fallback: The summary that needs no model; `fell_back` is set here.
        batching: How large a request may be.
        brief: Papers that are asked for in a sentence, without points; in requests of their own, behind the others.
        brief_system: The fixed part of the prompt for them.
        on_done: Gets summaries as soon as they are there, in the calling thread, each paper once.
        reserve: Asked before each request, in the calling thread; what it refuses waits for those that are under
            way, for what they do not use is free again, then is tried in smaller parts, and then falls back.
        settle: Gets each request when it is over, with what `reserve` gave for it, in the calling thread; after its
            summaries were handed over.
        now: Seconds of a clock that only goes forward.
        sleep: Waits that many seconds.
        time_limit_s: How long all of this may take; what is not there by then falls back.
    """
    unique = {paper.id: paper for paper in papers}
    run = _Run(
        llm=llm,
        system=system,
        brief_system=brief_system,
        fold_topics=fold_topics,
        fallback=fallback,
        make_nonce=make_nonce,
        language=language,
        on_done=on_done,
    )
    run.hand_over({paper.id: fallback(paper) for paper in unique.values() if not paper.abstract.strip()})
    in_full = plan((p for i, p in unique.items() if i not in brief), llm=llm, system=system, batching=batching)
    in_brief = plan(
        (p for i, p in unique.items() if i in brief), llm=llm, system=brief_system, batching=batching, is_brief=True
    )
    batches = [*((batch, False) for batch in in_full), *((batch, True) for batch in in_brief)]
    asker = Asker(
        llm=llm,
        make_prompt=run.make_prompt,
        take=run.take,
        give_up=run.give_up,
        reserve=reserve,
        settle=settle,
        now=now,
        sleep=sleep,
        time_limit_s=time_limit_s,
        queue=[
            Ask(papers=batch.papers, place=place, is_brief=is_brief) for place, (batch, is_brief) in enumerate(batches)
        ],
    )
    asker.work()
    return Outcome(
        summaries={paper_id: run.summaries[paper_id] for paper_id in unique},
        usage=replace(run.usage, requests=asker.requests, fell_back=run.reasons.total()),
        warnings=tuple(
            f"{count} {'paper has' if count == 1 else 'papers have'} an extractive summary: {reason}"
            for reason, count in sorted(run.reasons.items())
        ),
    )


@dataclass(slots=True, kw_only=True)
class _Run:
    """The papers of one run, and what has become of them so far."""

    llm: LLM
    system: str
    brief_system: str
    fold_topics: Fold
    fallback: Callable[[Paper], Summary]
    make_nonce: Callable[[], str]
    language: str
    on_done: Callable[[Mapping[PaperId, Summary]], None]
    summaries: dict[PaperId, Summary] = field(default_factory=dict)
    """Handed over."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why papers fell back."""
    usage: Usage = field(init=False)

    def __post_init__(self) -> None:
        self.usage = Usage(client=self.llm.client, model=self.llm.model or None)

    def hand_over(self, done: Mapping[PaperId, Summary]) -> None:
        """These papers are finished."""
        if done:
            self.summaries.update(done)
            self.on_done(done)

    def give_up(self, papers: Sequence[Paper], reason: str) -> None:
        """See `digest.core.summaries.asking.Asker`."""
        self.reasons[reason] += len(papers)
        self.hand_over({paper.id: replace(self.fallback(paper), fell_back=reason) for paper in papers})

    def make_prompt(self, ask: Ask) -> Prompt:
        """See `digest.core.summaries.asking.Asker`."""
        batch = Batch(papers=ask.papers)
        system = self.brief_system if ask.is_brief else self.system
        return prompt_for(batch, system=system, nonce=self.make_nonce(), is_brief=ask.is_brief, refused=ask.refused)

    def take(self, ask: Ask, prompt: Prompt, completion: Completion) -> Taken:
        """See `digest.core.summaries.asking.Asker`."""
        self.usage += Usage(
            client=self.llm.client,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            cached_tokens=completion.cached_tokens,
        )
        took = accept(prompt, completion, fold_topics=self.fold_topics, client=self.llm.client, language=self.language)
        named = {i: replace(s, model=s.model or self.llm.model or None) for i, s in took.summaries.items()}
        self.hand_over(named)
        cut = _ENDS.get(completion.finish_reason, completion.finish_reason)
        again = (*self._ask_refused(ask, took), *self._ask_missing(ask, took, cut))
        barren = _no_summary(cut) if len(took.missing) == len(ask.papers) else ""
        refused = (f"refused, {refusal}" for refusal in took.refused.values())
        faults = [barren] if barren else [cut, f"{len(took.missing)} missing" if took.missing else "", *refused]
        log = RequestLog(
            prompt=prompt,
            completion=completion,
            outcome="; ".join(filter(None, faults)) or "ok",
            summaries=len(took.summaries),
            failed=took.failed,
        )
        return Taken(log=log, again=again, barren=barren)

    def _ask_refused(self, ask: Ask, took: Accepted) -> tuple[Ask, ...]:
        """What a check refused is asked for alone, once, with the reason."""
        again: list[Ask] = []
        for paper in ask.papers:
            refusal = took.refused.get(paper.id)
            if refusal is None:
                continue
            if ask.refused is None:
                again.append(replace(_afresh(ask), papers=(paper,), refused=refusal))
            else:
                self.give_up([paper], f"the model's summary failed the check “{refusal.partition(':')[0]}”")
        return tuple(again)

    def _ask_missing(self, ask: Ask, took: Accepted, cut: str) -> tuple[Ask, ...]:
        """What is missing is asked for together, once; in halves if that, too, had gaps, was cut off, or had nothing.

        So no request goes out a second time as it was.
        """
        if not took.missing:
            return ()
        if len(ask.papers) == 1:
            self.give_up(took.missing, _no_summary(cut))
            return ()
        rest = replace(_afresh(ask), papers=took.missing)
        is_all = len(took.missing) == len(ask.papers)
        return rest.halves() or (rest,) if cut or ask.again or is_all else (rest,)


def _afresh(ask: Ask) -> Ask:
    """*ask* after an answer: whatever is asked now is another request."""
    return replace(ask, again=True, attempts=0)


def _no_summary(cut: str) -> str:
    return f"the model's answer was {cut}" if cut else "the model's answer had no summary in it"


_ENDS: Final = {"stop": "", "length": "cut off", "content_filter": "filtered by its provider", "refusal": "a refusal"}
"""Words for what a server says of the end of an answer."""
