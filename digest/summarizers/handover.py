"""Papers that are handed to the model's provider hours before an issue is due, and answered at half the price.

    hand over    write it down, reserving its cost  ──►  submit  ──►  mark it open
    collect      find it  ──►  poll  ──►  check and keep the summaries, settle each request  ──►  mark it over
    end          cancel  ──►  collect, for a moment

Between any two of these steps a run may die: the next one goes on from what is written down. No issue depends on a job
either, for what the store has no summary of is asked directly when the issue is due.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Edition, Paper, PaperId, Prompt, SummaryKey, Usage
from digest.core.ports import BatchLLM, Clock, JobAnswer
from digest.core.summaries import handover as rules
from digest.core.summaries.handover import Haste
from digest.core.summaries.ledger import Job, JobState, Reservation
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarize import plan
from digest.core.summaries.summarizer import Sums, key_of
from digest.stages.pipeline import Pipeline
from digest.stages.store import Store
from digest.stages.summarize import claimed
from digest.summarizers.model import ModelSummarizer, make_nonce

if TYPE_CHECKING:
    from digest.llm.prices import Price

END_S: Final = 60.0
"""How long a run that goes on to print waits for the jobs that it cancelled."""
_PAUSE_S: Final = 5.0
_FAILURES: Final = 3
"""Times that a job may not be asked about until it is not waited for any longer."""
_REFUSED_FOR: Final = timedelta(hours=1)
"""How long a provider that takes no jobs is left alone."""
_PAID_TWICE: Final = "{papers} asked for directly before the provider had ended their job: they may be paid for twice"


@dataclass(slots=True, kw_only=True)
class Jobs:
    """The jobs of a model's provider. Of one thread."""

    store: Store
    clock: Clock
    batch: BatchLLM
    writer: ModelSummarizer
    """Whose prompt, model and price are used."""
    progress: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _asked: set[SummaryKey] = field(default_factory=set)
    """What a job that is over was asked for: what it did not bring is asked directly, and not by another job."""
    _not_before: datetime | None = None
    """When the provider may be offered the next job."""
    _sums: dict[str, Sums] = field(default_factory=dict)
    """What jobs brought since it was last reported, by edition."""

    # -- a run

    def summarize(self, pipeline: Pipeline, edition: Edition, day: date, *, haste: Haste, at: datetime) -> Sums:
        """Do what there is time for. `collect` goes before, once for all editions.

        Args:
            at: When the issue is due, in the zone that people live in.
        """
        lacking = pipeline.lacking(edition, day)
        if haste is Haste.LATER:
            said = self._hand_over(edition, day, lacking)
            sums, until = pipeline.nothing(), rules.last_call(at)
            awaited = self._awaited(lacking, edition)
        else:
            if held := self._holding(lacking, edition):
                self._end(held, haste)
                lacking = pipeline.lacking(edition, day)
            awaited = self._awaited(lacking, edition)
            said = [_PAID_TWICE.format(papers=_papers(len(awaited)))] if awaited and haste is Haste.NOW else []
            sums, until = pipeline.summarize(edition, day, later=awaited if haste is Haste.SOON else ()), at
        if awaited and haste is not Haste.NOW:
            local = until.astimezone(at.tzinfo)
            said.append(f"{_papers(len(awaited))} handed over; the answers are awaited until {local:%H:%M}")
        sums = sums.and_then(self._reported(edition.name))
        return replace(sums, warnings=(*sums.warnings, *said))

    def collect(self) -> None:
        """Take what the open jobs have brought."""
        for job in self.store.open_jobs():
            try:
                self._look(job)
            except LLMError as error:
                self._note(job, f"could not be asked about: {error}")

    # -- handing over

    def _hand_over(self, edition: Edition, day: date, lacking: Sequence[Paper]) -> list[str]:
        """Hand over what no job holds and none was asked for; what stood in the way, in words."""
        taken = rules.keys(self.store.open_jobs()) | self._asked
        papers = [p for p in lacking if p.abstract.strip() and self._key(p, edition) not in taken]
        if not papers or (self._not_before is not None and self.clock() < self._not_before):
            return []
        with claimed(self.store, [self._key(p, edition) for p in papers]) as mine:
            # Somebody else may have handed some of them over until now, and had the claims on them meanwhile.
            free = mine - rules.keys(self.store.open_jobs())
            return self._hand_over_all(edition, day, [p for p in papers if self._key(p, edition) in free])

    def _hand_over_all(self, edition: Edition, day: date, papers: Sequence[Paper]) -> list[str]:
        if not papers:
            return []
        system = self.writer.systems[edition.language]
        batches = plan(papers, llm=self.writer.llm, system=system, batching=self.writer.batching(edition.language))
        prompts = [prompt_for(b, system=system, nonce=make_nonce()) for b in batches]
        self.progress(f"handing over {len(papers)} papers for {edition.name}")
        for start in range(0, len(prompts), rules.MOST_REQUESTS):
            if said := self._submit(edition, day, prompts[start : start + rules.MOST_REQUESTS]):
                return [said]
        return []

    def _submit(self, edition: Edition, day: date, prompts: Sequence[Prompt]) -> str:
        """Hand *prompts* over as one job; what stood in the way, in words."""
        papers = sum(len(prompt.batch.papers) for prompt in prompts)
        job = self._write_down(edition, day, prompts)
        if job is None:
            return f"{_papers(papers)} not handed over: the budget for the model does not reach that far"
        try:
            provider_id = self.batch.submit(job.name, job.prompts)
        except LLMError as error:
            if error.may_be_billed:
                # It may be there all the same: it is looked for before anything else is done.
                return f"the provider did not say whether it took a job: {error}"
            self.store.mark_job(job.pk, JobState.LOST)
            if isinstance(error, LLMUnavailable):
                self._not_before = self.clock() + _REFUSED_FOR
            return f"{_papers(papers)} not handed over: {error}"
        self.store.mark_job(job.pk, JobState.OPEN, provider_id=provider_id)
        return ""

    def _write_down(self, edition: Edition, day: date, prompts: Sequence[Prompt]) -> Job | None:
        """As many of *prompts* as the budget reaches for, by halves; None if it reaches for none."""
        purse = self.writer.purse(edition.name, mode="batch")
        plans = [purse.plan(prompt) for prompt in prompts]
        count = len(prompts)
        while count:
            job = self.store.save_job(
                name=f"digest-{secrets.token_urlsafe(18)}",
                edition=edition.name,
                day=day,
                language=edition.language,
                prompts=prompts[:count],
                plans=plans[:count],
                ceilings=purse.ceilings(),
                at=self.clock(),
            )
            if job is not None:
                return job
            count //= 2
        return None

    # -- collecting

    def _look(self, job: Job) -> Job | None:
        """Ask how *job* stands and, if it is over, take what it brought; the job if it is not.

        Raises:
            LLMError: It could not be asked about.
        """
        try:
            found = job.provider_id or self.batch.find(job.name)
            if found is None:
                if not rules.never_came(job, self.clock()):
                    return job
                self.store.mark_job(job.pk, JobState.LOST)
                return None
            if job.provider_id is None:
                self.store.mark_job(job.pk, JobState.OPEN, provider_id=found)
                job = replace(job, state=JobState.OPEN, provider_id=found)
            answer = self.batch.poll(found)
        except LLMError as error:
            if not rules.is_given_up(job, self.clock()):
                raise
            answer = JobAnswer(is_over=False, completions={}, said=str(error))
        if not answer.is_over and rules.is_given_up(job, self.clock()):
            self._cancel(job)
            self._take(job, answer)
            return None
        if answer.is_over:
            self._take(job, answer)
            return None
        if "cancel" not in answer.said and self._is_unwanted(job):
            self._cancel(job)
        return job

    def _take(self, job: Job, answer: JobAnswer) -> None:
        """Keep what a job brought, request by request; done again after a crash, it comes to the same."""
        purse = self.writer.purse(job.edition, mode="batch")
        purse.price, purse.store = self._price(job), lambda: self.store
        answer = self._counted(job, answer)
        for number, (prompt, row) in enumerate(zip(job.prompts, job.requests, strict=True)):
            taken = rules.take(job, number, answer, fold_topics=self.writer.extracts.taxonomy.fold)
            papers = {p.id: p for p in prompt.batch.papers}
            self.store.save_summaries(
                {
                    rules.key(job, papers[i]): self.writer.with_topics(summary, papers[i])
                    for i, summary in taken.summaries.items()
                }
            )
            purse.settle(Reservation(number=row, most_usd=purse.plan(prompt).most_usd), taken.log)
        self.store.mark_job(job.pk, rules.last_state(answer))
        self._asked |= rules.keys([job])
        self._add(job.edition, Sums(usage=replace(purse.usage, client=job.client, model=job.model)))
        if not answer.completions:
            self._note(job, f"brought nothing ({answer.said})")

    def _counted(self, job: Job, answer: JobAnswer) -> JobAnswer:
        """The answer, with the tokens that its server did not count."""
        llm, completions = self.writer.llm, dict(answer.completions)
        for number, prompt in enumerate(job.prompts):
            came = completions.get(number)
            if isinstance(came, Completion):
                completions[number] = replace(
                    came,
                    input_tokens=came.input_tokens or llm.most_input_tokens(prompt),
                    output_tokens=came.output_tokens or llm.count_tokens(came.text),
                )
        return replace(answer, completions=completions)

    # -- ending

    def _end(self, jobs: Sequence[Job], haste: Haste) -> None:
        """Ask for an early end of *jobs* and take what they bring; wait a little if it is wanted now."""
        if not jobs:
            return
        for job in jobs:
            self._cancel(job)
        self.progress("waiting for what was handed over")
        until = self.now() + (END_S if haste is Haste.NOW else 0.0)
        left, failures = list(jobs), 0
        while left:
            for job in tuple(left):
                try:
                    found = self._look(job)
                except LLMError:
                    # Whoever is waited for was asked about a moment ago, and that was told.
                    failures += 1
                    continue
                left.remove(job)
                left += [found] if found else []
            if not left or self.now() + _PAUSE_S > until or failures >= _FAILURES:
                return
            self.sleep(_PAUSE_S)

    def _cancel(self, job: Job) -> None:
        if job.provider_id is None:
            return
        # That it is over already, or cannot be asked, shows when it is looked at.
        with suppress(LLMError):
            self.batch.cancel(job.provider_id)

    # -- who holds what

    def _key(self, paper: Paper, edition: Edition) -> SummaryKey:
        return key_of(self.writer, paper, edition.language)

    def _holding(self, papers: Iterable[Paper], edition: Edition) -> list[Job]:
        """The open jobs that hold one of *papers*, whichever edition they were made for."""
        wanted = {self._key(p, edition) for p in papers}
        return [job for job in self.store.open_jobs() if wanted & rules.keys([job])]

    def _awaited(self, lacking: Iterable[Paper], edition: Edition) -> frozenset[PaperId]:
        """Those of the papers without a summary that an open job holds."""
        held = rules.keys(self.store.open_jobs())
        return frozenset(p.id for p in lacking if self._key(p, edition) in held)

    def _is_unwanted(self, job: Job) -> bool:
        """Whether all its papers have their summaries by now."""
        asked = rules.keys([job])
        return len(self.store.summaries(asked)) == len(asked)

    # -- telling

    def _price(self, job: Job) -> Price | None:
        from digest.llm.prices import price_of

        return price_of(job.model, self.writer.config.llm.prices)

    def _note(self, job: Job, said: str) -> None:
        local = job.submitted_at.astimezone(self.writer.config.timezone)
        papers = sum(len(prompt.batch.papers) for prompt in job.prompts)
        warning = f"what was handed over on {local:%Y-%m-%d at %H:%M} ({papers} papers) {said}"
        self._add(job.edition, Sums(usage=Usage(client=job.client, model=job.model), warnings=(warning,)))

    def _add(self, edition: str, sums: Sums) -> None:
        self._sums[edition] = self._sums[edition].and_then(sums) if edition in self._sums else sums

    def _reported(self, edition: str) -> Sums:
        """What jobs brought for *edition* since this was last asked."""
        return self._sums.pop(edition, None) or Sums(usage=Usage(client=self.writer.client, model=self.writer.model))


def _papers(count: int) -> str:
    return "1 paper was" if count == 1 else f"{count} papers were"
