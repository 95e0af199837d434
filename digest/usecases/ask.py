"""Summaries of any papers: the store's where it has them, and the others asked for once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from digest.core.models import Paper, PaperId, Summary, SummaryKey
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, key_of, nothing


class Summaries(Protocol):
    """The store, as far as it keeps summaries."""

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]: ...

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Summaries of papers, and what they took."""

    summaries: Mapping[PaperId, Summary]
    """One of each paper."""
    sums: Sums
    """What the summarizer did; `from_cache` counts those that the store had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A summarizer, and the store that keeps what it wrote."""

    summarizer: Summarizer
    language: str
    store: Summaries | None
    """None: nothing is kept. Extracts never are: they cost nothing, and the rules may have changed."""

    def ask(
        self,
        papers: Sequence[Paper],
        *,
        writing: Writing,
        edition: str,
        on_missing: Callable[[int], None] = lambda _: None,
    ) -> Asked:
        """Have *papers*, whose ids are all different, summarized within one run.

        Two papers with the same words are paid for once. What a model could not do has an extract, which is not kept.

        Args:
            writing: The summarizer at work for that run.
            edition: Under what the ledger has the requests.
            on_missing: Told how many papers are to be asked for, before the first is; not called if none is.
        """
        done, missing = self.divide(papers)
        from_cache = len(done)
        keys = self._keys(papers)
        first_of = {keys[paper.id]: paper.id for paper in missing}

        def keep(new: Mapping[PaperId, Summary]) -> None:
            done.update(new)
            if self._kept is not None:
                self._kept.save_summaries({keys[i]: summary for i, summary in new.items() if summary.fell_back is None})

        sums = nothing(self.summarizer)
        if missing:
            on_missing(len(missing))
            sums = writing.summarize(missing, language=self.language, edition=edition, on_done=keep)
        return Asked(
            summaries={paper.id: done.get(paper.id) or done[first_of[keys[paper.id]]] for paper in papers},
            sums=replace(sums, usage=replace(sums.usage, from_cache=from_cache)),
        )

    def divide(self, papers: Sequence[Paper]) -> tuple[dict[PaperId, Summary], list[Paper]]:
        """The summaries of *papers* that the store has, and the papers that are to be asked for.

        Of papers with the same words only the first is asked for; but each, where an extract is made, for the topics of
        an extract depend on more than the words.
        """
        keys = self._keys(papers)
        found = self._kept.summaries(keys.values()) if self._kept is not None else {}
        done = {paper_id: found[key] for paper_id, key in keys.items() if key in found}
        missing = [paper for paper in papers if paper.id not in done]
        if self.summarizer.model:
            firsts = {keys[paper.id]: paper for paper in reversed(missing)}
            missing = [paper for paper in missing if firsts[keys[paper.id]] is paper]
        return done, missing

    def _keys(self, papers: Sequence[Paper]) -> dict[PaperId, SummaryKey]:
        return {paper.id: key_of(self.summarizer, paper, self.language) for paper in papers}

    @property
    def _kept(self) -> Summaries | None:
        return self.store if self.summarizer.model else None
