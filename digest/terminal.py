"""What people and programs read on stdout: reports, issues, papers, in words or as JSON.

The order is that of the page and the mail. Text goes to a pipe as it is; bold and dim only to a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from digest.core.models import Issue, Paper
from digest.core.pipeline import Report, Stage
from digest.publish.formulas import to_unicode
from digest.publish.issue_json import source_json
from digest.publish.views import Links, completeness, count, issue_view, long_day, some_authors

if TYPE_CHECKING:
    from digest.doctor import Finding, StatusReport
    from digest.ondemand import Answer
    from digest.publish.render import Templates

_WIDTH = 80


def _console() -> Console:
    # Piped, a line is as long as it is: a program reads it.
    return Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, soft_wrap=not sys.stdout.isatty())


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """One paragraph; nothing in it is taken for markup."""
    width = min(_WIDTH, console.width) if console.is_terminal else None
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False), width=width)


# -- run


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
            "output_tokens": usage.output_tokens,
            "cost_usd": round(usage.cost_usd, 6),
            "from_cache": usage.from_cache,
            "fell_back": usage.fell_back,
        },
        "issue": None
        if issue is None
        else {"id": issue.id, "papers": len(issue.entries), "left_out": len(issue.left_out), "html": page},
        "deliveries": dict(report.deliveries),
        "warnings": list(report.warnings),
    }


def print_reports(reports: Sequence[Report], pages: Mapping[str, str], *, data_dir: Path, outbox: bool) -> None:
    """What a run did, for people."""
    console = _console()
    for report in reports:
        _line(console, f"{report.edition} · {long_day(report.date)}", "bold")
        if report.sources:
            _line(console, completeness(report.sources), indent=2)
        _line(console, _what_came_of_it(report), indent=2)
        if report.usage.requests:
            _line(console, _spent(report), indent=2)
        if report.edition in pages and report.until.reaches(Stage.SITE):
            _line(console, f"page  {pages[report.edition]}", indent=2)
        if sum(report.deliveries.values()):
            states = " · ".join(f"{n} {state}" for state, n in report.deliveries.items() if n)
            place = f" (files below {_near(data_dir / 'outbox')})" if outbox and report.deliveries.get("sent") else ""
            _line(console, f"mail  {states}{place}", indent=2)
        for warning in report.warnings:
            if warning != (report.issue and report.issue.why_empty):
                _line(console, f"! {warning}" if report.status != "done" else warning, indent=2)


def _what_came_of_it(report: Report) -> str:
    issue = report.issue
    if issue is None:
        return "no issue yet" if not report.until.reaches(Stage.PUBLISH) else "nothing new today"
    left = f", {len(issue.left_out)} left out ({issue.left_out[0].reason})" if issue.left_out else ""
    updates = sum(s.updates for s in report.sources)
    known = sum(s.seen_before for s in report.sources) - updates
    seen = f", {known} already considered for earlier issues" if known else ""
    later = f", {count(updates, 'later version')} of known papers" if updates else ""
    return f"{count(len(issue.entries), 'paper')} in the issue{left}{seen}{later}"


def _spent(report: Report) -> str:
    usage = report.usage
    tokens = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    stand_ins = f" · {usage.fell_back} with an extract instead" if usage.fell_back else ""
    return (
        f"{usage.model or usage.client}: {count(usage.requests, 'request')}, {tokens}, ${usage.cost_usd:.4f}{stand_ins}"
    )


def _near(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# -- issues


def print_issue(issue: Issue, *, templates: Templates, site_url: str | None) -> None:
    """An issue: with bold and dim for a terminal, as plain text for a pipe."""
    if not sys.stdout.isatty():
        from digest.publish.text import issue_text

        sys.stdout.write(issue_text(issue, templates=templates, site_url=site_url))
        return
    console = _console()
    view = issue_view(issue, links=Links(root=None))
    _line(console, f"{issue.title}, {long_day(issue.date)}", "bold")
    for text in (issue.overview, issue.why_empty or "", completeness(issue.sources)):
        if text:
            console.print()
            _line(console, to_unicode(text), "dim" if text == completeness(issue.sources) else "")
    for section in view.sections:
        console.print()
        _line(console, f"{section.topic} ({len(section.entries)})", "bold underline")
        for entry in section.entries:
            console.print()
            _line(console, entry.title, "bold", 2)
            if entry.tldr:
                _line(console, entry.tldr, "", 2)
            for point in entry.points:
                _line(console, f"– {point}", "", 4)
            _line(console, " · ".join(w.text for w in entry.facts), "dim", 2)
            for text in (entry.reason, entry.url):
                if text:
                    _line(console, text, "dim", 2)
    if issue.left_out:
        console.print()
        _line(console, f"Left out: {count(len(issue.left_out), 'paper')}, {issue.left_out[0].reason}.", "dim")


# -- papers


def paper_json(paper: Paper) -> dict[str, Any]:
    """A paper of the store."""
    return {
        "id": paper.id,
        "aliases": list(paper.aliases),
        "title": paper.title,
        "authors": list(paper.authors),
        "abstract": paper.abstract,
        "url": paper.url,
        "published": paper.published.isoformat() if paper.published else None,
        "version": paper.version,
        "categories": list(paper.categories),
    }


def print_papers(papers: Sequence[Paper], *, query: str) -> None:
    """What a search found."""
    console = _console()
    for paper in papers:
        _line(console, to_unicode(paper.title), "bold")
        facts = [
            some_authors(paper.authors),
            f"{paper.published:%Y-%m-%d}" if paper.published else "",
            paper.url or paper.id,
        ]
        _line(console, " · ".join(f for f in facts if f), "dim", 2)
    if not papers:
        _line(console, f"No paper in the store has all of these words: {query}")


def answer_json(answer: Answer) -> dict[str, Any]:
    """One paper that was summarized on demand."""
    if answer.summary is None:
        return {"id": answer.id, "summary": None, "topics": [], "error": answer.error}
    summary = answer.summary
    document: dict[str, Any] = {
        "id": answer.id,
        "summary": {
            "tldr": summary.tldr,
            "points": list(summary.points),
            "client": summary.client,
            "model": summary.model,
            "checked": list(summary.checked),
            "fell_back": summary.fell_back,
        },
        "topics": list(summary.topics),
    }
    if answer.paper is not None and not answer.in_lines:
        document |= {"title": answer.paper.title, "authors": list(answer.paper.authors), "url": answer.paper.url}
    return document


def print_answers(answers: Sequence[Answer]) -> None:
    """Papers that were summarized on demand."""
    console = _console()
    for n, answer in enumerate(answers):
        if n:
            console.print()
        if answer.paper is None or answer.summary is None:
            _line(console, f"! {answer.error}")
            continue
        _line(console, to_unicode(answer.paper.title), "bold")
        _line(console, to_unicode(answer.summary.tldr) or "The source has no abstract to summarize.", indent=2)
        for point in answer.summary.points:
            _line(console, f"– {to_unicode(point)}", indent=4)
        facts = [some_authors(answer.paper.authors), ", ".join(answer.summary.topics), answer.paper.url]
        _line(console, " · ".join(f for f in facts if f), "dim", 2)
        if answer.summary.fell_back:
            _line(console, f"An extract of the abstract: {answer.summary.fell_back}.", "dim", 2)


# -- status and doctor


def status_json(found: StatusReport) -> dict[str, Any]:
    store = found.store
    return {
        "database": store.place,
        "size_bytes": store.size_bytes,
        "schema": store.schema,
        "papers": store.papers,
        "issues": store.issues,
        "sources": [
            {
                "name": r.source,
                "date": r.day.isoformat(),
                "at": r.at.isoformat(),
                "state": r.state.value,
                "listed": r.listed,
                "error": r.error,
            }
            for r in store.readings
        ],
        "editions": [
            {
                "name": e.name,
                "newest": e.newest.isoformat() if e.newest else None,
                "papers": e.papers,
                "next": e.next.isoformat() if e.next else None,
            }
            for e in found.editions
        ],
        "deliveries": {state.value: n for state, n in store.deliveries},
        "requests_this_month": store.requests,
        "cost_usd_this_month": round(store.cost_usd, 6),
    }


def print_status(found: StatusReport) -> None:
    console = _console()
    store = found.store
    _line(
        console,
        f"{store.papers:,} papers, {count(store.issues, 'issue')}, {store.size_bytes / 1e6:.1f} MB in {store.place}",
    )
    for edition in found.editions:
        newest = (
            f"newest of {edition.newest} with {count(edition.papers, 'paper')}" if edition.newest else "no issue yet"
        )
        due = f"; next at {edition.next:%A %Y-%m-%d %H:%M}" if edition.next else ""
        _line(console, f"{edition.name}: {newest}{due}", indent=2)
    for r in store.readings:
        said = f"{r.listed} papers" if r.error is None else r.error
        _line(console, f"{r.source}: {r.state} on {r.day}, {said}", indent=2)
    if store.deliveries:
        _line(console, "mail: " + ", ".join(f"{n} {state}" for state, n in store.deliveries), indent=2)
    if store.requests:
        _line(console, f"model: {count(store.requests, 'request')} this month, ${store.cost_usd:.4f}", indent=2)


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"subject": finding.subject, "level": finding.level, "said": finding.said}


def print_findings(findings: Sequence[Finding]) -> None:
    console = _console()
    marks = {"good": "ok   ", "doubtful": "check", "wrong": "WRONG"}
    for finding in findings:
        style = {"good": "", "doubtful": "yellow", "wrong": "bold red"}[finding.level]
        _line(console, f"{marks[finding.level]}  {finding.subject}: {finding.said}", style)
