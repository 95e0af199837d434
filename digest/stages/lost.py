"""Lost issues: the archive holds them and the database lacks them, so it is not the database they came from.

An older database was restored, the right one was lost, or another one is named by mistake. Making such an issue anew
would cost money, overwrite its last copy and mail it twice. So it waits until a person puts the right database back or
accepts this one (`digest run --accept-database`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Final, Protocol

from digest.core.errors import DigestError
from digest.publish.catalogue import IssueKey
from digest.publish.phrasing import short_day

_NAMED: Final = 5
"""Up to so many days are named one by one."""


class Archive(Protocol):
    """The part of the archive that tells which issues only it has."""

    def lost(self) -> dict[IssueKey, bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LostIssues:
    """The issues of each edition that the archive holds and the database lacks."""

    place: str = ""
    """What the database is called, for people."""
    days: Mapping[str, Sequence[date]] = field(default_factory=dict)
    """Edition → the days of all such issues, also of those accepted by an earlier run."""
    new: Mapping[str, Sequence[date]] = field(default_factory=dict)
    """Edition → those of the days that no run was told to accept."""

    def holds(self, edition: str, day: date) -> bool:
        """Whether the issue of *day* is lost, so that it must not be made anew unless a person accepts that."""
        return day in self.days.get(edition, ())

    def mails_wait_until(self, edition: str) -> date | None:
        """The last day whose mails wait, for an older database may not know that they were sent; None: none wait."""
        return max(self.new.get(edition, ()), default=None)

    def warnings(self, edition: str, day: date | None) -> tuple[str, ...]:
        """Warnings about lost issues of *edition*, for a run of *day*; None: for a command that runs nothing."""
        days = sorted({*self.new.get(edition, ()), *([day] if day and self.holds(edition, day) else ())})
        if not days:
            return ()
        held = (
            f"The issue of {short_day(day, year=False)} is not made and mailed again. " if day in days and day else ""
        )
        return (
            f"the archive holds {said_of(days)} that this database ({self.place}) lacks: was an older one put back, "
            f"or another one named? Their pages stay. {held}Put the right database in its place, or go on with "
            f"this one by digest run --edition {edition} --accept-database",
        )


def lost_issues(archive: Archive, place: str, accepted: Sequence[str] = ()) -> LostIssues:
    """Compare the archive with the database, before a run stores anything.

    Args:
        place: What the database is called, for people.
        accepted: Editions whose lost issues a person accepts now; they are left out.
    """
    try:
        lost = archive.lost()
    except DigestError:
        lost = {}  # nothing is known of it then, and drawing it will say so
    if not lost:
        return LostIssues()
    found = sorted(lost.items(), key=lambda item: (item[0].edition, item[0].day))
    open_ = [(key, was_accepted) for key, was_accepted in found if key.edition not in accepted]
    return LostIssues(
        place=place,
        days=_by_edition([(key.edition, key.day) for key, _ in open_]),
        new=_by_edition([(key.edition, key.day) for key, was_accepted in open_ if not was_accepted]),
    )


def said_of(days: Sequence[date]) -> str:
    """The days in words: `the issue of 3 June`, `issues of 2 and 3 June`, `12 issues of 30 May to 14 June`."""
    first, last = days[0], days[-1]
    with_year = first.year != last.year
    if len(days) == 1:
        return f"the issue of {short_day(first, year=False)}"
    if len(days) > _NAMED:
        return f"{len(days):,} issues of {short_day(first, year=with_year)} to {short_day(last, year=with_year)}"
    parts: list[str] = []
    for _, group in groupby(days, key=lambda day: (day.year, day.month)):
        *before, end = group
        parts += [*(str(day.day) for day in before), short_day(end, year=with_year)]
    return f"issues of {', '.join(parts[:-1])} and {parts[-1]}"


def _by_edition(found: Sequence[tuple[str, date]]) -> dict[str, tuple[date, ...]]:
    return {name: tuple(day for _, day in group) for name, group in groupby(found, key=lambda one: one[0])}
