"""The stage `summarize`: asks for the summaries that papers lack, and stores each as soon as it comes.

A stored summary is not asked for again, so a run that died loses nothing that was paid for. A summary that another
machine asks for at the same moment is waited for (`digest.stages.ask`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from digest.core.models import Edition, Paper, PaperId, Summary
from digest.core.summaries.summarizer import Summarizer, Sums, Writing
from digest.stages.ask import Summaries, Writer


class Store(Summaries, Protocol):
    """The part of the store that summarizing needs."""

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarizing:
    """Has papers summarized for editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    summarizer: Summarizer
    sleep: Callable[[float], None]
    """Waits that many seconds."""
    progress: Callable[[str], None]
    """Takes a few words on what is being done, for people who wait."""

    def summarize(
        self,
        edition: str,
        day: date,
        papers: Sequence[PaperId],
        *,
        writing: Writing | None = None,
        brief: Collection[PaperId] = (),
        language: str | None = None,
    ) -> Sums:
        """Give each of *papers* a summary, unless the store has one.

        Args:
            papers: Ids of papers; those that the store does not know are left out.
            writing: The run that this is a part of; None: one of its own, on the budget of the runs of *day*.
            brief: Those for which a sentence is enough, without points.
            language: That of the summaries; None: the edition's.
        """
        asked = self._writer(edition, day, brief, language).ask(
            self._papers(papers),
            writing=writing or self.summarizer.begin(day.isoformat()),
            edition=edition,
            on_missing=lambda count: self.progress(f"summarizing {count} papers for {edition}"),
        )
        return asked.sums

    def lacking(
        self, edition: str, day: date, papers: Sequence[PaperId], *, brief: Collection[PaperId] = ()
    ) -> tuple[Paper, ...]:
        """Those of *papers*, in their order, that have no stored summary that will do.

        Args:
            brief: Those for which one without points will do.
        """
        found = self._papers(papers)
        have = self.stored(edition, day, found, brief=brief)
        return tuple(p for p in found if p.id not in have)

    def stored(
        self,
        edition: str,
        day: date,
        papers: Sequence[Paper],
        *,
        brief: Collection[PaperId] = (),
        language: str | None = None,
    ) -> dict[PaperId, Summary]:
        """The stored summaries of *papers*: a model's, or the extract that stands in for it on *day*.

        Args:
            brief: Those for which one without points will do.
            language: That of the summaries; None: the edition's.
        """
        return self._writer(edition, day, brief, language).stored(papers)

    def _papers(self, ids: Sequence[PaperId]) -> list[Paper]:
        known = self.store.papers_known(ids)
        return [known[i] for i in dict.fromkeys(ids) if i in known]

    def _writer(self, edition: str, day: date, brief: Collection[PaperId], language: str | None = None) -> Writer:
        return Writer(
            summarizer=self.summarizer,
            language=language or self.editions[edition].language,
            store=self.store,
            sleep=self.sleep,
            progress=self.progress,
            # A stand-in is kept for its own day alone: tomorrow the model is asked again.
            stand_in_day=day,
            brief=frozenset(brief),
        )
