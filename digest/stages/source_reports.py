"""Source reports: how the sources of an edition stand on a day, for issues and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from digest.core.lists.freshness import CATCH_UP, PastReading, missing_days
from digest.core.models import Edition, PastList, SourceReport, SourceState
from digest.core.ports import Source


class Store(Protocol):
    """The part of the store that source reports need."""

    def source_reports(self, edition: str, sources: Sequence[str], day: date) -> tuple[SourceReport, ...]: ...

    def past_lists(self, edition: str, sources: Sequence[str], day: date) -> dict[str, tuple[PastList, ...]]: ...

    def past_readings(self, source: str, *, since: date, before: date) -> dict[date, PastReading]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReports:
    """Makes the source reports of editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    sources: Mapping[str, Source]

    def of(self, edition: str, day: date) -> tuple[SourceReport, ...]:
        """How each source stands on *day*, with the earlier lists that papers come from and those that are missing."""
        named = self.editions[edition].sources
        past = self.store.past_lists(edition, named, day)
        found = self.store.source_reports(edition, named, day)
        return tuple(replace(r, past=past.get(r.name, ()), missing=self._missing(r.name, day)) for r in found)

    def _missing(self, name: str, day: date) -> tuple[date, ...]:
        readings = self.store.past_readings(name, since=day - CATCH_UP, before=day)
        return missing_days(self.sources[name].calendar, readings, day)


def covered_days(sources: Sequence[SourceReport], day: date) -> tuple[date, ...]:
    """The days whose lists an issue covers. A few late papers of another day don't make it one of them."""
    missed = {p.day for s in sources for p in s.past if 2 * p.new >= p.listed}
    return tuple(sorted(missed | {day for s in sources if s.new and s.state is SourceState.FRESH}))
