"""Summaries of papers, each asked for once: for a run, on demand, for a renewal and for an evaluation.

    papers ──► stored? ──► claimed ──► ask the model ──► keep
                  ▲           │
                  └── wait ◄──┘ others ask for it

A paper is claimed before it goes to a model. For a paper that another process has claimed, the store is looked at again
every second, and the paper is asked for here if that process releases the claim without a summary, or dies. Extracts
cost nothing, so they are neither claimed nor waited for.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol

from digest.core.models import Paper, PaperId, Summary, SummaryKey
from digest.core.summaries.summarizer import Signature, Summarizer, Sums, Writing, key_of, keys_of, nothing

_PAUSE_S: Final = 1.0
"""Seconds between two looks at the store for what other processes ask for."""


class Claims(Protocol):
    """The part of the store that keeps claims on summaries."""

    def claim_summaries(self, keys: Iterable[SummaryKey]) -> frozenset[SummaryKey]: ...

    def release_summaries(self, keys: Iterable[SummaryKey]) -> None: ...


class Stored(Protocol):
    """The part of the store that has summaries."""

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]: ...


class Summaries(Claims, Stored, Protocol):
    """The part of the store that keeps summaries and claims on them."""

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None: ...


def stored_summaries(
    store: Stored,
    signature: Signature,
    papers: Iterable[Paper],
    *,
    language: str,
    stand_in_day: date | None = None,
    brief: Collection[PaperId] = (),
) -> dict[PaperId, Summary]:
    """The stored summaries of *papers*: by the summarizer of that signature, else extracts that stand in for it.

    Args:
        stand_in_day: The day on which extracts may stand in; None: none may.
        brief: Papers for which a summary without points will do.
    """
    days = (None,) if stand_in_day is None else (None, stand_in_day)
    keys = {
        p.id: [
            replace(key, stood_in_on=day)
            for day in days
            for key in keys_of(signature, p, language, is_brief=p.id in brief)
        ]
        for p in papers
    }
    found = store.summaries(key for some in keys.values() for key in some)
    return {i: found[key] for i, some in keys.items() if (key := next((k for k in some if k in found), None))}


@contextmanager
def claimed(store: Claims, keys: Iterable[SummaryKey]) -> Iterator[frozenset[SummaryKey]]:
    """Claim those of *keys* that are free, which it yields; at the end, release those without a stored summary."""
    mine = store.claim_summaries(keys)
    try:
        yield mine
    finally:
        if mine:
            store.release_summaries(mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Summaries of papers, and the usage and warnings of asking for them."""

    summaries: Mapping[PaperId, Summary]
    """One for each paper."""
    sums: Sums
    """What the summarizer did; `from_cache` counts what did not have to be asked for here, `fell_back` all extracts in
    a model's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Gives summaries out of the store or, where there is none, asks a summarizer and stores its answer."""

    summarizer: Summarizer
    language: str
    store: Summaries | None
    """None: nothing is looked up, claimed or stored."""
    sleep: Callable[[float], None] = time.sleep
    progress: Callable[[str], None] = lambda _: None
    """Takes a few words on what is being done, for people who wait."""
    stand_in_day: date | None = None
    """The day for which extracts are kept in place of a model's summaries; None: they are not kept."""
    brief: Collection[PaperId] = ()
    """Papers that are asked for without points; a stored summary with points does for them all the same."""

    def stored(self, papers: Iterable[Paper]) -> dict[PaperId, Summary]:
        """The stored summaries of *papers*: by the summarizer or, on `stand_in_day`, extracts that stand in for it."""
        if self.store is None:
            return {}
        return stored_summaries(
            self.store,
            self.summarizer,
            papers,
            language=self.language,
            stand_in_day=self.stand_in_day,
            brief=self.brief,
        )

    def divide(self, papers: Sequence[Paper]) -> tuple[dict[PaperId, Summary], list[Paper]]:
        """The summaries of *papers* that the store has, and the papers that are to be asked for.

        Of papers with the same text only the first is asked for. Extracts are made of each, for their topics depend on
        more than the text.
        """
        have = self.stored(papers)
        same = self._same(papers, stored=have)
        return have, [p for p in papers if same.get(p.id) == p.id]

    def ask(
        self,
        papers: Sequence[Paper],
        *,
        writing: Writing,
        edition: str,
        on_missing: Callable[[int], None] = lambda _: None,
    ) -> Asked:
        """Have *papers*, whose ids are all different, summarized within one run.

        Two papers with the same text are paid for once, and so is one that another process asks for at the same time.

        Args:
            writing: The summarizer as that run uses it.
            edition: The edition that the ledger counts the requests for.
            on_missing: Takes the number of papers to be asked for, before the first is; not called for none.
        """
        have, left = self.divide(papers)
        same = self._same(papers, stored=have)
        done: dict[PaperId, Summary] = {}
        sums = nothing(self.summarizer)
        is_waiting = False
        if left:
            on_missing(len(left))
        while left:
            with self._claimed(left, writing) as ours:
                # What stands in for a summary is not claimed: it may have come just before the claim was given back.
                found = self.stored(ours) if is_waiting else {}
                have |= found
                if asked := [p for p in ours if p.id not in found]:
                    sums = _plus(sums, self._ask(asked, writing, edition, done))
            over = {p.id for p in ours}
            left = [p for p in left if p.id not in over]
            if not left:
                break
            if not ours and (pause_s := min(_PAUSE_S, writing.time_left_s())) > 0:
                if not is_waiting:
                    is_waiting = True
                    self.progress("waiting for summaries that somebody else is asking for")
                self.sleep(pause_s)
            found = self.stored(left)
            have |= found
            left = [p for p in left if p.id not in found]
        known = {**have, **done}
        summaries = {p.id: known[same.get(p.id, p.id)] for p in papers}
        from_cache = {i for i in summaries if same.get(i, i) in have}
        return Asked(summaries=summaries, sums=_with_stored(sums, [summaries[i] for i in from_cache]))

    def _same(self, papers: Sequence[Paper], *, stored: Mapping[PaperId, Summary]) -> dict[PaperId, PaperId]:
        """Id of each paper without a summary → id of the first one with the same text, which is asked for instead."""
        missing = [p for p in papers if p.id not in stored]
        if not self.summarizer.model:
            return {p.id: p.id for p in missing}
        # One that is asked for with points comes before those with the same text that need none.
        firsts: dict[SummaryKey, PaperId] = {}
        first = {
            p.id: firsts.setdefault(key_of(self.summarizer, p, self.language), p.id)
            for p in sorted(missing, key=lambda p: p.id in self.brief)
        }
        return {p.id: first[p.id] for p in missing}

    @contextmanager
    def _claimed(self, papers: Sequence[Paper], writing: Writing) -> Iterator[Sequence[Paper]]:
        """Claim and yield those of *papers* that are to be asked for now; all of them when the time is up."""
        if self.store is None or not self.summarizer.model:
            yield papers
            return
        keys = {p.id: self._key(p) for p in papers}
        with claimed(self.store, keys.values()) as mine:
            # After the time that a model is waited for, all get the extracts of a model that does not answer.
            is_late = not mine and writing.time_left_s() <= 0
            yield papers if is_late else [p for p in papers if keys[p.id] in mine]

    def _ask(self, papers: Sequence[Paper], writing: Writing, edition: str, done: dict[PaperId, Summary]) -> Sums:
        """Have *papers* summarized, and keep each summary in *done* and in the store as it comes."""
        keys = {p.id: self._key(p) for p in papers}

        def keep(new: Mapping[PaperId, Summary]) -> None:
            done.update(new)
            if self.store is None:
                return
            fell_back = {i for i, s in new.items() if s.fell_back is not None}
            kept = {keys[i]: s for i, s in new.items() if i not in fell_back}
            if self.stand_in_day is not None:
                kept |= {replace(keys[i], stood_in_on=self.stand_in_day): new[i] for i in fell_back}
            self.store.save_summaries(kept)
            if fell_back:
                self.store.release_summaries([keys[i] for i in fell_back])

        brief = frozenset(p.id for p in papers if p.id in self.brief)
        return writing.summarize(papers, language=self.language, edition=edition, on_done=keep, brief=brief)

    def _key(self, paper: Paper) -> SummaryKey:
        return key_of(self.summarizer, paper, self.language, is_brief=paper.id in self.brief)


def _plus(sums: Sums, more: Sums) -> Sums:
    """The sums of two requests for different papers."""
    return Sums(usage=sums.usage + more.usage, warnings=tuple(dict.fromkeys((*sums.warnings, *more.warnings))))


def _with_stored(sums: Sums, stored: Sequence[Summary]) -> Sums:
    """*sums* with the *stored* summaries, which were not asked for here; a warning for extracts among them."""
    stand_ins = Counter(s.fell_back for s in stored if s.fell_back is not None)
    said = (
        f"{n} {'paper has' if n == 1 else 'papers have'} an extractive summary from earlier today: {reason}"
        for reason, n in sorted(stand_ins.items())
    )
    usage = replace(sums.usage, from_cache=len(stored), fell_back=sums.usage.fell_back + stand_ins.total())
    return Sums(usage=usage, warnings=(*sums.warnings, *said))
