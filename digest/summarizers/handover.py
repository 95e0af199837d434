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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Edition, Paper, PaperId, Prompt, Summary, SummaryKey, Usage
from digest.core.ports import BatchLLM, Clock, JobAnswer
from digest.core.summaries import handover as rules
from digest.core.summaries.handover import Haste
from digest.core.summaries.ledger import Ceilings, Job, JobState, RequestPlan, Reservation
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarize import plan
from digest.core.summaries.summarizer import Sums, Writing, key_of, nothing
from digest.stages.ask import Claims, claimed
from digest.summarizers.budget import Ledger
from digest.summarizers.model import ModelSummarizer, ModelWriting, make_nonce

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


class Store(Ledger, Claims, Protocol):
    """What of the store keeps the jobs, their summaries and their costs."""

    def open_jobs(self) -> tuple[Job, ...]: ...

    def asked_in_jobs(self, day: date) -> frozenset[SummaryKey]: ...

    def save_job(
        self,
        *,
        name: str,
        edition: str,
        day: date,
        language: str,
        prompts: Sequence[Prompt],
        plans: Sequence[RequestPlan],
        ceilings: Ceilings,
        at: datetime,
    ) -> Job | None: ...

    def mark_job(self, job: int, state: JobState, *, provider_id: str | None = None) -> None: ...

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]: ...

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None: ...


class Direct(Protocol):
    """What asks a model directly, for an edition by its name; see `digest.stages.summarize`."""

    def lacking(self, edition: str, day: date, papers: Sequence[PaperId]) -> tuple[Paper, ...]: ...

    def summarize(self, edition: str, day: date, papers: Sequence[PaperId], *, writing: Writing) -> Sums: ...


@dataclass(slots=True)
class Rest:
    """Until when a provider that takes no jobs is left alone: known of the provider, whichever run found it out."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The jobs of a model's provider. What belongs to one run is in the `Handing` that `begin` gives."""

    store: Store
    clock: Clock
    batch: BatchLLM
    writer: ModelSummarizer
    """Whose prompt, model and price are used."""
    direct: Direct
    progress: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rest: Rest = field(default_factory=Rest)

    def begin(self, run: str) -> Handing:
        """Begin a run; its budget is that of the summarizer's runs of the same name."""
        return Handing(jobs=self, writing=self.writer.begin(run))


@dataclass(slots=True, kw_only=True)
class Handing:
    """What one run does with jobs. Of one thread."""

    jobs: Jobs
    writing: ModelWriting
    """What the run asks directly, on the same budget."""
    _sums: dict[str, Sums] = field(default_factory=dict)
    """What jobs brought since it was last reported, by edition."""

    # -- a run

    def summarize(self, edition: Edition, day: date, papers: Sequence[PaperId], *, haste: Haste, at: datetime) -> Sums:
        """Do what there is time for, with the papers of an issue. `collect` goes before, once for all editions.

        Args:
            at: When the issue is due, in the zone that people live in.
        """
        direct = self.jobs.direct
        lacking = direct.lacking(edition.name, day, papers)
        if haste is Haste.LATER:
            said = self._hand_over(edition, day, lacking)
            sums, until = nothing(self.jobs.writer), rules.last_call(at)
            awaited = self._awaited(lacking, edition)
        else:
            if held := self._holding(lacking, edition):
                self._end(held, haste)
                lacking = direct.lacking(edition.name, day, papers)
            awaited = self._awaited(lacking, edition)
            said = [_PAID_TWICE.format(papers=_papers(len(awaited)))] if awaited and haste is Haste.NOW else []
            left = [i for i in papers if haste is not Haste.SOON or i not in awaited]
            sums, until = direct.summarize(edition.name, day, left, writing=self.writing), at
        if awaited and haste is not Haste.NOW:
            local = until.astimezone(at.tzinfo)
            said.append(f"{_papers(len(awaited))} handed over; the answers are awaited until {local:%H:%M}")
        sums = sums.and_then(self._reported(edition.name))
        return replace(sums, warnings=(*sums.warnings, *said))

    def collect(self) -> None:
        """Take what the open jobs have brought."""
        for job in self.jobs.store.open_jobs():
            try:
                self._look(job)
            except LLMError as error:
                self._note(job, f"could not be asked about: {error}")

    # -- handing over

    def _hand_over(self, edition: Edition, day: date, lacking: Sequence[Paper]) -> list[str]:
        """Hand over what no job holds and none was asked for; what stood in the way, in words."""
        taken, rest = rules.keys(self.jobs.store.open_jobs()) | self.jobs.store.asked_in_jobs(day), self.jobs.rest.until
        papers = [p for p in lacking if p.abstract.strip() and self._key(p, edition) not in taken]
        if not papers or (rest is not None and self.jobs.clock() < rest):
            return []
        with claimed(self.jobs.store, [self._key(p, edition) for p in papers]) as mine:
            # Somebody else may have handed some of them over until now, and had the claims on them meanwhile.
            free = mine - rules.keys(self.jobs.store.open_jobs())
            return self._hand_over_all(edition, day, [p for p in papers if self._key(p, edition) in free])

    def _hand_over_all(self, edition: Edition, day: date, papers: Sequence[Paper]) -> list[str]:
        if not papers:
            return []
        writer = self.jobs.writer
        system = writer.systems[edition.language]
        batches = plan(papers, llm=writer.llm, system=system, batching=writer.batching(edition.language))
        prompts = [prompt_for(b, system=system, nonce=make_nonce()) for b in batches]
        self.jobs.progress(f"handing over {len(papers)} papers for {edition.name}")
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
            provider_id = self.jobs.batch.submit(job.name, job.prompts)
        except LLMError as error:
            if error.may_be_billed:
                # It may be there all the same: it is looked for before anything else is done.
                return f"the provider did not say whether it took a job: {error}"
            self.jobs.store.mark_job(job.pk, JobState.LOST)
            if isinstance(error, LLMUnavailable):
                self.jobs.rest.until = self.jobs.clock() + _REFUSED_FOR
            return f"{_papers(papers)} not handed over: {error}"
        self.jobs.store.mark_job(job.pk, JobState.OPEN, provider_id=provider_id)
        return ""

    def _write_down(self, edition: Edition, day: date, prompts: Sequence[Prompt]) -> Job | None:
        """As many of *prompts* as the budget reaches for, by halves; None if it reaches for none."""
        budget = self.writing.budget(edition.name, mode="batch")
        plans = [budget.plan(prompt) for prompt in prompts]
        count = len(prompts)
        while count:
            job = self.jobs.store.save_job(
                name=f"digest-{secrets.token_urlsafe(18)}",
                edition=edition.name,
                day=day,
                language=edition.language,
                prompts=prompts[:count],
                plans=plans[:count],
                ceilings=budget.ceilings(),
                at=self.jobs.clock(),
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
            found = job.provider_id or self.jobs.batch.find(job.name)
            if found is None:
                if not rules.never_came(job, self.jobs.clock()):
                    return job
                self.jobs.store.mark_job(job.pk, JobState.LOST)
                return None
            if job.provider_id is None:
                self.jobs.store.mark_job(job.pk, JobState.OPEN, provider_id=found)
                job = replace(job, state=JobState.OPEN, provider_id=found)
            answer = self.jobs.batch.poll(found)
        except LLMError as error:
            if not rules.is_given_up(job, self.jobs.clock()):
                raise
            answer = JobAnswer(is_over=False, completions={}, said=str(error))
        if not answer.is_over and rules.is_given_up(job, self.jobs.clock()):
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
        budget = self.writing.budget(job.edition, mode="batch")
        budget.price, budget.store = self._price(job), lambda: self.jobs.store
        answer = self._counted(job, answer)
        for number, (prompt, row) in enumerate(zip(job.prompts, job.requests, strict=True)):
            taken = rules.take(job, number, answer, fold_topics=self.jobs.writer.extracts.taxonomy.fold)
            papers = {p.id: p for p in prompt.batch.papers}
            self.jobs.store.save_summaries(
                {
                    rules.key(job, papers[i]): self.jobs.writer.with_topics(summary, papers[i])
                    for i, summary in taken.summaries.items()
                }
            )
            budget.settle(Reservation(number=row, most_usd=budget.plan(prompt).most_usd), taken.log)
        self.jobs.store.mark_job(job.pk, rules.last_state(answer))
        self._add(job.edition, Sums(usage=replace(budget.usage, client=job.client, model=job.model)))
        if not answer.completions:
            self._note(job, f"brought nothing ({answer.said})")

    def _counted(self, job: Job, answer: JobAnswer) -> JobAnswer:
        """The answer, with the tokens that its server did not count."""
        llm, completions = self.jobs.writer.llm, dict(answer.completions)
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
        self.jobs.progress("waiting for what was handed over")
        until = self.jobs.now() + (END_S if haste is Haste.NOW else 0.0)
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
            if not left or self.jobs.now() + _PAUSE_S > until or failures >= _FAILURES:
                return
            self.jobs.sleep(_PAUSE_S)

    def _cancel(self, job: Job) -> None:
        if job.provider_id is None:
            return
        # That it is over already, or cannot be asked, shows when it is looked at.
        with suppress(LLMError):
            self.jobs.batch.cancel(job.provider_id)

    # -- who holds what

    def _key(self, paper: Paper, edition: Edition) -> SummaryKey:
        return key_of(self.jobs.writer, paper, edition.language)

    def _holding(self, papers: Iterable[Paper], edition: Edition) -> list[Job]:
        """The open jobs that hold one of *papers*, whichever edition they were made for."""
        wanted = {self._key(p, edition) for p in papers}
        return [job for job in self.jobs.store.open_jobs() if wanted & rules.keys([job])]

    def _awaited(self, lacking: Iterable[Paper], edition: Edition) -> frozenset[PaperId]:
        """Those of the papers without a summary that an open job holds."""
        held = rules.keys(self.jobs.store.open_jobs())
        return frozenset(p.id for p in lacking if self._key(p, edition) in held)

    def _is_unwanted(self, job: Job) -> bool:
        """Whether all its papers have their summaries by now."""
        asked = rules.keys([job])
        return len(self.jobs.store.summaries(asked)) == len(asked)

    # -- telling

    def _price(self, job: Job) -> Price | None:
        from digest.llm.prices import price_of

        return price_of(job.model, self.jobs.writer.config.llm.prices)

    def _note(self, job: Job, said: str) -> None:
        local = job.submitted_at.astimezone(self.jobs.writer.config.timezone)
        papers = sum(len(prompt.batch.papers) for prompt in job.prompts)
        warning = f"what was handed over on {local:%Y-%m-%d at %H:%M} ({papers} papers) {said}"
        self._add(job.edition, Sums(usage=Usage(client=job.client, model=job.model), warnings=(warning,)))

    def _add(self, edition: str, sums: Sums) -> None:
        self._sums[edition] = self._sums[edition].and_then(sums) if edition in self._sums else sums

    def _reported(self, edition: str) -> Sums:
        """What jobs brought for *edition* since this was last asked."""
        return self._sums.pop(edition, None) or Sums(
            usage=Usage(client=self.jobs.writer.client, model=self.jobs.writer.model)
        )


def _papers(count: int) -> str:
    return "1 paper was" if count == 1 else f"{count} papers were"
