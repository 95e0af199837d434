"""What a run did, as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from digest.cli.show.console import put, put_facts, screen
from digest.core.items.aside import counted
from digest.core.models import LeftOut, SourceState
from digest.publish.amounts import usd
from digest.publish.issue_json import source_json
from digest.publish.phrasing import count, long_day
from digest.publish.source_views import completeness
from digest.stages.mails import Mailed
from digest.stages.report import Report, Stage

_ALIKE: Final = "says nearly the same as "


def report_json(report: Report, page: str | None) -> dict[str, Any]:
    """One edition of `digest run --json`."""
    issue, usage = report.issue, report.usage
    return {
        "edition": report.edition,
        "date": report.date.isoformat(),
        "status": report.status,
        "sources": [source_json(s) for s in report.sources],
        "llm": {
            "client": usage.client,
            "model": usage.model,
            "requests": usage.requests,
            "input_tokens": usage.input_tokens,
            "cached_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": round(usage.cost_usd, 6),
            "in_doubt_usd": round(usage.in_doubt_usd, 6),
            "from_cache": usage.from_cache,
            "fell_back": usage.fell_back,
        },
        "issue": None
        if issue is None
        else {
            "id": issue.id,
            "papers": len(issue.entries),
            "left_out": sum(not paper.is_aside for paper in issue.left_out),
            "others": sum(paper.is_aside for paper in issue.left_out),
            "html": page,
        },
        "late": report.late,
        "deliveries": dict(report.deliveries),
        "readers": dict(report.readers),
        "mail": _mailed_json(report.mail) if report.mail and report.until.reaches(Stage.DELIVER) else None,
        "warnings": list(report.warnings),
    }


def pages_of(reports: Sequence[Report], page_of: Callable[[str, date], Path]) -> dict[str, str]:
    """Edition → where the page of its issue lies; without those that have no issue."""
    return {report.edition: _near(page_of(report.edition, report.date)) for report in reports if report.issue}


def print_reports(reports: Sequence[Report], pages: Mapping[str, str], *, data_dir: Path, outbox: bool) -> None:
    """What a run did for each edition: its sources, its issue, what the model cost, page, mails, warnings.

    Args:
        pages: Edition → where the page of its issue lies.
        outbox: Mails are files below *data_dir*, and are not sent.
    """
    console = screen()
    for report in reports:
        put(console, f"{report.edition} · {long_day(report.date)}", "bold")
        if report.sources:
            put_facts(console, completeness(report.sources).split(" · "), indent=2)
        put(console, _what_came_of_it(report), indent=2)
        if report.usage.requests:
            put(console, _spent(report), indent=2)
        if report.edition in pages and report.until.reaches(Stage.SITE):
            put(console, f"page  {pages[report.edition]}", indent=2)
        if mails := _what_became_of_mails(report):
            place = f" (files below {_near(data_dir / 'outbox')})" if outbox and report.deliveries.get("sent") else ""
            put(console, f"mail  {mails}{place}", indent=2)
        for warning in report.warnings:
            if warning != (report.issue and report.issue.why_empty):
                put(console, f"! {warning}" if report.status != "done" else warning, indent=2)


def _mailed_json(mailed: Mailed) -> dict[str, Any]:
    return {
        "sent": mailed.sent,
        "skipped": mailed.skipped,
        "already_sent": mailed.already,
        "already_sent_at": mailed.already_at.isoformat() if mailed.already_at else None,
        "later": mailed.later,
        "next_at": mailed.next_at.isoformat() if mailed.next_at else None,
        "recipients": mailed.recipients,
    }


def _what_became_of_mails(report: Report) -> str:
    """What this run did, what had been done before, and what is still to do."""
    mailed, states = report.mail, report.deliveries
    if mailed is None:
        return " · ".join(f"{n} {state}" for state, n in states.items() if n)
    already = ""
    if mailed.already and mailed.already_at:
        day = "" if mailed.already_at.date() == report.date else f"on {mailed.already_at:%Y-%m-%d} "
        already = f"already sent {day}at {mailed.already_at:%H:%M}"
    counts = {**states, "due": states.get("due", 0) - mailed.later}
    parts = [
        f"{mailed.sent} sent" if mailed.sent else "",
        *(f"{n} {state}" for state in ("due", "unknown", "failed") if (n := counts.get(state))),
        f"{mailed.skipped} skipped" if mailed.skipped else "",
        f"{mailed.later} later" if mailed.later else "",
        f"next at {mailed.next_at:%H:%M}" if mailed.next_at else "",
    ]
    others = [part for part in parts if part]
    if already:
        others.insert(1 if mailed.sent else 0, f"{mailed.already} {already}" if others else already)
    if not others and report.issue and not mailed.recipients and report.until.reaches(Stage.DELIVER):
        return f"to nobody: [[edition]] {report.edition} has no recipients"
    return " · ".join(others)


def _what_came_of_it(report: Report) -> str:
    issue = report.issue
    if issue is None:
        if report.sources and all(s.state is SourceState.FAILED for s in report.sources):
            return "no issue: no source could be read"
        if report.is_held:
            return "no new issue: the archive has that of this day already"
        return "no issue yet" if not report.until.reaches(Stage.PUBLISH) else "nothing new today"
    left = ""
    if considered := [paper for paper in issue.left_out if not paper.is_aside]:
        left = f", {len(considered)} left out ({_why_left_out(considered)})"
    if aside := [paper.reason for paper in issue.left_out if paper.is_aside]:
        left += f", {count(len(aside), 'other')} ({counted(aside)})"
    updates = sum(s.updates for s in report.sources)
    known = sum(s.seen_before for s in report.sources) - updates
    seen = f", {known} already considered for earlier issues" if known else ""
    later = f", {count(updates, 'later version')}, which {'is' if updates == 1 else 'are'} no news" if updates else ""
    late = f"; {report.late:,} more came after it was made, for the next one" if report.late else ""
    return f"{count(len(issue.entries), 'paper')} in the issue{left}{seen}{later}{late}"


def _why_left_out(papers: Sequence[LeftOut]) -> str:
    """The reason of all, or each with how many it is of; the page has the titles that are alike."""
    alike = sum(paper.reason.startswith(_ALIKE) for paper in papers)
    reasons = Counter(
        f"{_ALIKE.replace('says', 'say')}others" if alike > 1 and paper.reason.startswith(_ALIKE) else paper.reason
        for paper in papers
    ).most_common()
    return reasons[0][0] if len(reasons) == 1 else ", ".join(f"{n:,} {reason}" for reason, n in reasons)


def _spent(report: Report) -> str:
    usage = report.usage
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    came = usage.input_tokens or usage.output_tokens
    tokens = f"{usage.input_tokens:,}{cached} + {usage.output_tokens:,} tokens" if came else "no answer"
    # No price is known for every model; "$0.0000" would say that it was free.
    cost = f", {usd(usage.cost_usd)}" if usage.cost_usd else ""
    doubt = f", and up to {usd(usage.in_doubt_usd)} for answers that never came" if usage.in_doubt_usd else ""
    stand_ins = f" · {usage.fell_back} with an extract instead" if usage.fell_back else ""
    return f"{usage.model or usage.client}: {count(usage.requests, 'request')}, {tokens}{cost}{doubt}{stand_ins}"


def _near(path: Path) -> str:
    """A path as people would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
