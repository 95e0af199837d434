"""Handovers: requests given to the provider's Batch API hours before an issue is due, to be collected later.

They cost half the price. A handover goes through these steps:

    hand over    write it down, reserving its cost  ──►  submit  ──►  mark it open
    collect      find it  ──►  poll  ──►  check and keep the summaries, settle each request  ──►  mark it over
    end          cancel  ──►  collect, for a moment

A run may die between any two of these steps: the next run goes on from what is written down. No issue depends on a
handover: papers that still lack a summary when their issue is due are asked for directly.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Edition, Paper, PaperId, Prompt, Summary, SummaryKey, Usage
from digest.core.ports import BatchLLM, Clock, HandoverAnswer
from digest.core.summaries import handover as rules
from digest.core.summaries.handover import Haste
from digest.core.summaries.ledger import Ceilings, Handover, HandoverState, RequestPlan, Reservation
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarize import plan
from digest.core.summaries.summarizer import Sums, Writing, key_of, keys_of, nothing
from digest.stages.ask import Claims, claimed
from digest.stages.choose import ToSummarize
from digest.summarizers.budget import Ledger
from digest.summarizers.model import ModelSummarizer, ModelWriting, make_nonce

if TYPE_CHECKING:
    from digest.llm.prices import Price

END_S: Final = 60.0
"""How long a run that goes on to print waits for the handovers that it cancelled, in seconds."""
_PAUSE_S: Final = 5.0
_FAILURES: Final = 3
"""After so many failed looks at cancelled handovers they are not waited for any longer."""
_REFUSED_FOR: Final = timedelta(hours=1)
"""How long a provider that takes no handovers is left alone."""
_PAID_TWICE: Final = "{papers} asked for directly before the provider had ended their job: they may be paid for twice"


class Store(Ledger, Claims, Protocol):
    """The part of the store that handovers need: the handovers themselves, summaries, claims and the ledger."""

    def open_handovers(self) -> tuple[Handover, ...]: ...

    def asked_in_handovers(self, day: date) -> frozenset[SummaryKey]: ...

    def save_handover(
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
    ) -> Handover | None: ...

    def mark_handover(self, handover: int, state: HandoverState, *, provider_id: str | None = None) -> None: ...

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]: ...

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None: ...


class Direct(Protocol):
    """Asks a model directly, for an edition by its name; see `digest.stages.summarize`."""

    def lacking(
        self, edition: str, day: date, papers: Sequence[PaperId], *, brief: Collection[PaperId] = ()
    ) -> tuple[Paper, ...]: ...

    def summarize(
        self,
        edition: str,
        day: date,
        papers: Sequence[PaperId],
        *,
        writing: Writing,
        brief: Collection[PaperId] = (),
    ) -> Sums: ...


@dataclass(slots=True)
class Rest:
    """Until when a provider that took no handover is left alone; all runs of a process share it."""

    until: datetime | None = None
    """None: it may be asked now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handovers:
    """The handovers of a model's provider. What belongs to one run is in the `HandoverRun` that `begin` gives."""

    store: Store
    clock: Clock
    batch: BatchLLM
    writer: ModelSummarizer
    """The summarizer whose prompt, model and price the requests have."""
    direct: Direct
    """Asks directly for the papers whose summary no handover brings."""
    progress: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rest: Rest = field(default_factory=Rest)

    def begin(self, run: str) -> HandoverRun:
        """Begin a run; it shares the budget of the summarizer's runs of the same name."""
        return HandoverRun(handovers=self, writing=self.writer.begin(run))


@dataclass(slots=True, kw_only=True)
class HandoverRun:
    """What one run does with handovers: hands over, collects, cancels, asks directly. For one thread."""

    handovers: Handovers
    writing: ModelWriting
    """The summarizer as this run uses it, for direct requests on the same budget."""
    _sums: dict[str, Sums] = field(default_factory=dict)
    """What handovers brought and has not been reported yet, by edition."""

    # -- a run

    def summarize(self, edition: Edition, day: date, wanted: ToSummarize, *, haste: Haste, at: datetime) -> Sums:
        """Hand over, await or ask directly for the summaries of an issue's papers, as *haste* says.

        Call `collect` before, once for all editions. The sums are of this call and of what handovers brought for the
        edition since the last; their warnings say what is awaited and what could not be handed over.

        Args:
            at: When the issue is due, in the zone that people live in.
        """
        direct, papers, brief = self.handovers.direct, wanted.papers, wanted.brief
        lacking = direct.lacking(edition.name, day, papers, brief=brief)
        if haste is Haste.LATER:
            said = self._hand_over(edition, day, lacking, brief)
            sums, until = nothing(self.handovers.writer), rules.last_call(at)
            awaited = self._awaited(lacking, edition, brief)
        else:
            if held := self._holding(lacking, edition, brief):
                self._end(held, haste)
                lacking = direct.lacking(edition.name, day, papers, brief=brief)
            awaited = self._awaited(lacking, edition, brief)
            said = [_PAID_TWICE.format(papers=_papers(len(awaited)))] if awaited and haste is Haste.NOW else []
            left = [i for i in papers if haste is not Haste.SOON or i not in awaited]
            sums, until = direct.summarize(edition.name, day, left, writing=self.writing, brief=brief), at
        if awaited and haste is not Haste.NOW:
            local = until.astimezone(at.tzinfo)
            said.append(f"{_papers(len(awaited))} handed over; the answers are awaited until {local:%H:%M}")
        sums = sums.and_then(self._reported(edition.name))
        return replace(sums, warnings=(*sums.warnings, *said))

    def collect(self) -> None:
        """Store what open handovers have brought. One that can't be asked about makes a warning of its edition."""
        for handover in self.handovers.store.open_handovers():
            try:
                self._look(handover)
            except LLMError as error:
                self._note(handover, f"could not be asked about: {error}")

    # -- handing over

    def _hand_over(
        self, edition: Edition, day: date, lacking: Sequence[Paper], brief: Collection[PaperId]
    ) -> list[str]:
        """Hand over those of *lacking* that are in no handover, open or over; warnings of what prevented it."""
        taken, rest = (
            rules.keys(self.handovers.store.open_handovers()) | self.handovers.store.asked_in_handovers(day),
            self.handovers.rest.until,
        )
        papers = [p for p in lacking if p.abstract.strip() and taken.isdisjoint(self._keys(p, edition, p.id in brief))]
        if not papers or (rest is not None and self.handovers.clock() < rest):
            return []
        keys = {p.id: key_of(self.handovers.writer, p, edition.language, is_brief=p.id in brief) for p in papers}
        with claimed(self.handovers.store, keys.values()) as mine:
            # Another process may have claimed and handed over some of them since `taken` was read.
            free = mine - rules.keys(self.handovers.store.open_handovers())
            ours = [p for p in papers if keys[p.id] in free]
            # A handover is of one prompt. Where one could not be made, the other would fare no better.
            return self._hand_over_all(
                edition, day, [p for p in ours if p.id not in brief], is_brief=False
            ) or self._hand_over_all(edition, day, [p for p in ours if p.id in brief], is_brief=True)

    def _hand_over_all(self, edition: Edition, day: date, papers: Sequence[Paper], *, is_brief: bool) -> list[str]:
        if not papers:
            return []
        writer = self.handovers.writer
        system = writer.system_of(edition.language, is_brief=is_brief)
        batching = writer.batching(edition.language)
        batches = plan(papers, llm=writer.llm, system=system, batching=batching, is_brief=is_brief)
        prompts = [prompt_for(b, system=system, nonce=make_nonce(), is_brief=is_brief) for b in batches]
        self.handovers.progress(f"handing over {len(papers)} papers for {edition.name}")
        for start in range(0, len(prompts), rules.MOST_REQUESTS):
            if said := self._submit(edition, day, prompts[start : start + rules.MOST_REQUESTS]):
                return [said]
        return []

    def _submit(self, edition: Edition, day: date, prompts: Sequence[Prompt]) -> str:
        """Hand *prompts* over as one handover; a warning of what prevented it, or empty."""
        papers = sum(len(prompt.batch.papers) for prompt in prompts)
        handover = self._write_down(edition, day, prompts)
        if handover is None:
            return f"{_papers(papers)} not handed over: the budget for the model does not reach that far"
        try:
            provider_id = self.handovers.batch.submit(handover.name, handover.prompts)
        except LLMError as error:
            if error.may_be_billed:
                # The provider may have it all the same: the next look searches for it there.
                return f"the provider did not say whether it took a job: {error}"
            self.handovers.store.mark_handover(handover.pk, HandoverState.LOST)
            if isinstance(error, LLMUnavailable):
                self.handovers.rest.until = self.handovers.clock() + _REFUSED_FOR
            return f"{_papers(papers)} not handed over: {error}"
        self.handovers.store.mark_handover(handover.pk, HandoverState.OPEN, provider_id=provider_id)
        return ""

    def _write_down(self, edition: Edition, day: date, prompts: Sequence[Prompt]) -> Handover | None:
        """Save as many of *prompts* as the budget allows, trying all, half, a quarter …; None if it allows none."""
        budget = self.writing.budget(edition.name, mode="batch")
        plans = [budget.plan(prompt) for prompt in prompts]
        count = len(prompts)
        while count:
            handover = self.handovers.store.save_handover(
                name=f"digest-{secrets.token_urlsafe(18)}",
                edition=edition.name,
                day=day,
                language=edition.language,
                prompts=prompts[:count],
                plans=plans[:count],
                ceilings=budget.ceilings(),
                at=self.handovers.clock(),
            )
            if handover is not None:
                return handover
            count //= 2
        return None

    # -- collecting

    def _look(self, handover: Handover) -> Handover | None:
        """Ask how *handover* stands and, if it is over or given up, store what it brought.

        Gives the handover while its answers are still awaited, otherwise None.

        Raises:
            LLMError: It could not be asked about.
        """
        try:
            found = handover.provider_id or self.handovers.batch.find(handover.name)
            if found is None:
                if not rules.never_came(handover, self.handovers.clock()):
                    return handover
                self.handovers.store.mark_handover(handover.pk, HandoverState.LOST)
                return None
            if handover.provider_id is None:
                self.handovers.store.mark_handover(handover.pk, HandoverState.OPEN, provider_id=found)
                handover = replace(handover, state=HandoverState.OPEN, provider_id=found)
            answer = self.handovers.batch.poll(found)
        except LLMError as error:
            if not rules.is_given_up(handover, self.handovers.clock()):
                raise
            answer = HandoverAnswer(is_over=False, completions={}, said=str(error))
        if not answer.is_over and rules.is_given_up(handover, self.handovers.clock()):
            self._cancel(handover)
            self._take(handover, answer)
            return None
        if answer.is_over:
            self._take(handover, answer)
            return None
        if "cancel" not in answer.said and self._is_unwanted(handover):
            self._cancel(handover)
        return handover

    def _take(self, handover: Handover, answer: HandoverAnswer) -> None:
        """Store what a handover brought, request by request. Repeated after a crash, it gives the same result."""
        budget = self.writing.budget(handover.edition, mode="batch")
        budget.price, budget.store = self._price(handover), lambda: self.handovers.store
        answer = self._counted(handover, answer)
        for number, (prompt, row) in enumerate(zip(handover.prompts, handover.requests, strict=True)):
            taken = rules.take(handover, number, answer, fold_topics=self.handovers.writer.extracts.taxonomy.fold)
            papers = {p.id: p for p in prompt.batch.papers}
            self.handovers.store.save_summaries(
                {
                    rules.key(handover, papers[i]): self.handovers.writer.with_topics(summary, papers[i])
                    for i, summary in taken.summaries.items()
                }
            )
            budget.settle(Reservation(number=row, most_usd=budget.plan(prompt).most_usd), taken.log)
        self.handovers.store.mark_handover(handover.pk, rules.last_state(answer))
        self._add(handover.edition, Sums(usage=replace(budget.usage, client=handover.client, model=handover.model)))
        if not answer.completions:
            self._note(handover, f"brought nothing ({answer.said})")

    def _counted(self, handover: Handover, answer: HandoverAnswer) -> HandoverAnswer:
        """The answer, with upper bounds for tokens where the server did not count them."""
        llm, completions = self.handovers.writer.llm, dict(answer.completions)
        for number, prompt in enumerate(handover.prompts):
            came = completions.get(number)
            if isinstance(came, Completion):
                completions[number] = replace(
                    came,
                    input_tokens=came.input_tokens or llm.most_input_tokens(prompt),
                    output_tokens=came.output_tokens or llm.count_tokens(came.text),
                )
        return replace(answer, completions=completions)

    # -- ending

    def _end(self, handovers: Sequence[Handover], haste: Haste) -> None:
        """Cancel *handovers* and store what they bring; with `Haste.NOW`, wait for them, at most `END_S` seconds."""
        if not handovers:
            return
        for handover in handovers:
            self._cancel(handover)
        self.handovers.progress("waiting for what was handed over")
        until = self.handovers.now() + (END_S if haste is Haste.NOW else 0.0)
        left, failures = list(handovers), 0
        while left:
            for handover in tuple(left):
                try:
                    found = self._look(handover)
                except LLMError:
                    # `collect` has already warned of a handover that can't be asked about.
                    failures += 1
                    continue
                left.remove(handover)
                left += [found] if found else []
            if not left or self.handovers.now() + _PAUSE_S > until or failures >= _FAILURES:
                return
            self.handovers.sleep(_PAUSE_S)

    def _cancel(self, handover: Handover) -> None:
        if handover.provider_id is None:
            return
        # `_look` finds out whether it is over already or can't be asked about.
        with suppress(LLMError):
            self.handovers.batch.cancel(handover.provider_id)

    # -- who holds what

    def _keys(self, paper: Paper, edition: Edition, is_brief: bool) -> tuple[SummaryKey, ...]:
        """The keys of summaries of *paper* that will do."""
        return keys_of(self.handovers.writer, paper, edition.language, is_brief=is_brief)

    def _holding(self, papers: Iterable[Paper], edition: Edition, brief: Collection[PaperId]) -> list[Handover]:
        """The open handovers that ask for a summary of one of *papers*, for whichever edition they were made."""
        wanted = {key for p in papers for key in self._keys(p, edition, p.id in brief)}
        return [handover for handover in self.handovers.store.open_handovers() if wanted & rules.keys([handover])]

    def _awaited(self, lacking: Iterable[Paper], edition: Edition, brief: Collection[PaperId]) -> frozenset[PaperId]:
        """The ids of those of *lacking* that are in an open handover."""
        held = rules.keys(self.handovers.store.open_handovers())
        return frozenset(p.id for p in lacking if not held.isdisjoint(self._keys(p, edition, p.id in brief)))

    def _is_unwanted(self, handover: Handover) -> bool:
        """Whether all papers of *handover* have their summaries by now, for they were asked for directly."""
        asked = rules.keys([handover])
        return len(self.handovers.store.summaries(asked)) == len(asked)

    # -- telling

    def _price(self, handover: Handover) -> Price | None:
        from digest.llm.prices import price_of

        return price_of(handover.model, self.handovers.writer.config.llm.prices)

    def _note(self, handover: Handover, said: str) -> None:
        local = handover.submitted_at.astimezone(self.handovers.writer.config.timezone)
        papers = sum(len(prompt.batch.papers) for prompt in handover.prompts)
        warning = f"what was handed over on {local:%Y-%m-%d at %H:%M} ({papers} papers) {said}"
        self._add(
            handover.edition, Sums(usage=Usage(client=handover.client, model=handover.model), warnings=(warning,))
        )

    def _add(self, edition: str, sums: Sums) -> None:
        self._sums[edition] = self._sums[edition].and_then(sums) if edition in self._sums else sums

    def _reported(self, edition: str) -> Sums:
        """What handovers brought for *edition* since the last call."""
        return self._sums.pop(edition, None) or Sums(
            usage=Usage(client=self.handovers.writer.client, model=self.handovers.writer.model)
        )


def _papers(count: int) -> str:
    return "1 paper was" if count == 1 else f"{count} papers were"
