"""The stage `summarize`: papers that lack a summary get one, and it is kept as soon as it is there.

What the store has is not asked for again, so a run that died loses nothing that was paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from digest.core.models import STOOD_IN, Edition, Paper, PaperId, Summary, SummaryKey, Usage
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, key_of


class Store(Protocol):
    """What of the store summarizing needs."""

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]: ...

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]: ...

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarizing:
    """Has papers summarized for editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    summarizer: Summarizer
    progress: Callable[[str], None]
    """Told what is being done, in a few words, for people who wait."""

    def summarize(self, edition: str, day: date, papers: Sequence[PaperId], *, writing: Writing | None = None) -> Sums:
        """Give each of *papers* a summary, unless the store has one.

        Args:
            papers: Ids of papers of the store; one that it does not know is left out.
            writing: The run that this is a part of; None: one of its own, on the budget of the runs of *day*.
        """
        return self._summarize(
            self.editions[edition], day, self._papers(papers), writing or self.summarizer.begin(day.isoformat())
        )

    def lacking(self, edition: str, day: date, papers: Sequence[PaperId]) -> tuple[Paper, ...]:
        """Those of *papers*, in their order, that the store has no summary of."""
        found = self._papers(papers)
        have = self.stored(edition, day, found)
        return tuple(p for p in found if p.id not in have)

    def stored(self, edition: str, day: date, papers: Sequence[Paper]) -> dict[PaperId, Summary]:
        """Summaries the store has: a model's, or the extract that stands in for it today."""
        return self._stored(self.editions[edition], day, papers)

    def _papers(self, ids: Sequence[PaperId]) -> list[Paper]:
        known = self.store.papers_known(ids)
        return [known[i] for i in dict.fromkeys(ids) if i in known]

    def _summarize(self, edition: Edition, day: date, papers: Sequence[Paper], writing: Writing) -> Sums:
        have = self._stored(edition, day, papers)
        missing = [p for p in papers if p.id not in have]
        # Of another edition, or of a run that ended before the issue was printed: who prints them says so.
        before = Counter(s.fell_back for s in have.values() if s.fell_back is not None)
        usage = Usage(
            client=self.summarizer.client,
            model=self.summarizer.model or None,
            from_cache=len(have),
            fell_back=before.total(),
        )
        said = tuple(
            f"{n} {'paper has' if n == 1 else 'papers have'} an extractive summary from earlier today: {reason}"
            for reason, n in sorted(before.items())
        )
        if not missing:
            return Sums(usage=usage, warnings=said)
        self.progress(f"summarizing {len(missing)} papers for {edition.name}")
        by_id = {p.id: p for p in missing}

        def keep(done: Mapping[PaperId, Summary]) -> None:
            self.store.save_summaries(
                {self._key(edition, day, by_id[i], fell_back=s.fell_back is not None): s for i, s in done.items()}
            )

        sums = writing.summarize(missing, language=edition.language, edition=edition.name, on_done=keep)
        fell_back = sums.usage.fell_back + before.total()
        return replace(
            sums,
            usage=replace(sums.usage, from_cache=len(have), fell_back=fell_back),
            warnings=(*sums.warnings, *said),
        )

    def _stored(self, edition: Edition, day: date, papers: Sequence[Paper]) -> dict[PaperId, Summary]:
        """Summaries the store has: a model's, or the extract that stands in for it today."""
        keys = {p.id: [self._key(edition, day, p, fell_back=f) for f in (False, True)] for p in papers}
        stored = self.store.summaries([k for pair in keys.values() for k in pair])
        return {i: stored[k] for i, pair in keys.items() for k in reversed(pair) if k in stored}

    def _key(self, edition: Edition, day: date, paper: Paper, *, fell_back: bool) -> SummaryKey:
        key = key_of(self.summarizer, paper, edition.language)
        # A stand-in is kept for its own day alone: tomorrow the model is asked again.
        return replace(key, prompt=f"{key.prompt}{STOOD_IN}{day}") if fell_back else key
