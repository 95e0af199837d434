"""Build an issue out of what was chosen and summarized. Nothing is stored: `publish` does that, a preview does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from digest.core.issues import issue as issues
from digest.core.models import Change, Edition, Issue, Paper, PaperId, Ranked, Subject, Summary, Usage
from digest.core.ranking.rank import Selection
from digest.stages.source_reports import SourceReports, covered_days

_CHANGES: Final = 20
"""Most changes that one issue tells; later issues tell the rest."""


_EARLIER: Final = 8
"""Earlier issues that tell what is usual in an edition."""


class Store(Protocol):
    """The part of the store that building needs."""

    def last_issues(self, edition: str, *, before: date, most: int) -> tuple[Issue, ...]: ...

    def changes(
        self, edition: str, sources: Sequence[str], day: date, *, kinds: Sequence[str]
    ) -> tuple[Change, ...]: ...

    def subjects(self, edition: str, papers: Sequence[Paper], day: date) -> dict[PaperId, tuple[Subject, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """Builds issues."""

    store: Store
    source_reports: SourceReports
    field_of: Callable[[str], str]
    """Gives the field that a topic belongs to."""

    def build(
        self,
        edition: Edition,
        day: date,
        selection: Selection,
        summary_of: Callable[[Ranked], Summary],
        *,
        usage: Usage,
        leads: Sequence[PaperId] | None,
    ) -> Issue:
        """The issue of *day*, with the overview that needs no model.

        Args:
            usage: Who wrote the summaries; how many fell back is counted here.
            leads: The lead entries, where they are chosen before there are summaries; None: they are chosen here.
        """
        fell_back = sum(summary_of(r).fell_back is not None for r in selection.chosen)
        sources = self.source_reports.of(edition.name, day)
        candidates = [r.candidate for r in selection.chosen] + [one.candidate for one in selection.aside]
        return issues.build(
            edition=edition.name,
            day=day,
            title=edition.title,
            language=edition.language,
            selection=selection,
            summary_of=summary_of,
            field_of=self.field_of,
            sources=sources,
            changes=self.store.changes(edition.name, edition.sources, day, kinds=edition.changes)[:_CHANGES],
            about=self.store.subjects(edition.name, [one.paper for one in candidates], day),
            earlier=self.store.last_issues(edition.name, before=day, most=_EARLIER),
            max_papers=edition.max_papers,
            lead=edition.lead,
            # What a run cost is the run's, and another one that finishes it would have cost less: not in the issue.
            usage=Usage(client=usage.client, model=usage.model, fell_back=fell_back),
            covers=covered_days(sources, day),
            leads=leads,
        )
