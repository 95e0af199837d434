"""The sources of an issue in words: what was read of each, and what failed, is late or incomplete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from digest.core.issues.issue import source_name
from digest.core.models import SourceReport, SourceState
from digest.publish.phrasing import count, short_day

_MANY: Final = 12
"""Sources from which on the quiet ones are not named one by one."""


def completeness(reports: Sequence[SourceReport]) -> str:
    """Return one line on how many papers each source gave; of many sources, those without remarks are summed up."""
    plain = [r for r in reports if not _remarks(r)] if len(reports) > _MANY else []
    fresh = [r for r in plain if r.state is SourceState.FRESH and r.listed == r.expected]
    quiet = [r for r in plain if r.state is SourceState.QUIET]
    grouped = [group for group in (fresh, quiet) if len(group) > _MANY // 2]
    named = [r for r in reports if not any(r in group for group in grouped)]
    said = [f"{source_name(r.name)} {_state(r)}" for r in named]
    if fresh in grouped:
        said.append(f"{len(fresh)} {'others' if named else 'sources'} with {sum(r.listed for r in fresh):,} papers")
    if quiet in grouped:
        said.append(f"{len(quiet)} {'others' if said else 'sources'} with nothing new")
    return " · ".join(said)


def sources_line(reports: Sequence[SourceReport]) -> str:
    """Return one line on the sources that failed, are late, or gave less than they have; empty if all is as usual."""
    return " · ".join(f"{source_name(r.name)} {_state(r)}" for r in reports if _is_to_be_told(r))


def _is_to_be_told(report: SourceReport) -> bool:
    is_late = report.state in (SourceState.FAILED, SourceState.STALLED, SourceState.WAITING)
    is_short = report.expected is not None and report.listed < report.expected
    return bool(is_late or is_short or report.rejected or report.gap or report.is_partial or report.missing)


def _state(report: SourceReport) -> str:
    listed = f"{report.listed:,} of {report.expected:,}" if report.expected is not None else f"{report.listed:,}"
    match report.state:
        case SourceState.FRESH:
            said = f"{report.listed:,}, list still open" if report.is_open and not report.gap else listed
        case SourceState.QUIET:
            none = "nothing yet, list still open" if report.is_open else "has no list today"
            said = f"{listed}, nothing new" if report.listed else none
        case SourceState.WAITING:
            said = "still shows an earlier list" if report.listed else "not out yet"
        case SourceState.STALLED:
            said = "overdue, still shows an earlier list" if report.listed else "overdue"
        case SourceState.FAILED:
            said = "failed" + _since(report)
    return ", ".join([said, *_remarks(report)])


def _remarks(report: SourceReport) -> list[str]:
    """Return the remarks on a source whose day was not an ordinary one."""
    said = []
    if report.rejected:
        said.append(f"{report.rejected:,} unreadable")
    if report.gap:
        said.append(f"{report.gap:,} not found")
    if report.note:
        said.append(report.note)
    if report.back_after:
        said.append(f"back after failing on {count(report.back_after, 'day')}")
    if report.past:
        lists = f"the list of {short_day(report.past[0].day, year=False)}"
        lists = lists if len(report.past) == 1 else f"{len(report.past)} earlier lists"
        partly = ", a part of which is still missing" if any(p.is_partial for p in report.past) else ""
        said.append(f"and {sum(p.new for p in report.past):,} more from {lists}{partly}")
    if report.missing:
        of = " and ".join(short_day(day, year=False) for day in report.missing)
        if len(report.missing) > 2:
            first, last = report.missing[0], report.missing[-1]
            of = f"{len(report.missing)} lists of {short_day(first, year=False)} to {short_day(last, year=False)}"
        said.append(f"{of} still missing")
    return said


def _since(report: SourceReport) -> str:
    return f", {_ordinal(report.days_failing)} day" if report.days_failing > 1 else ""


def _ordinal(n: int) -> str:
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def trouble(report: SourceReport) -> str:
    """Return the error of a source as a sentence."""
    name, error = source_name(report.name), (report.error or "").strip().rstrip(".")
    said = error if error.lower().startswith((name.lower(), report.name.lower())) else f"{name}: {error}"
    return said if said.endswith("?") else f"{said}."
