"""What people and programs read on stdout: reports, issues, papers, in words or as JSON.

The order is that of the page and the mail. Text goes to a pipe as it is; bold and dim only to a terminal.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from digest.bills import bill_lines, checks_lines, estimate_lines, usd
from digest.core.books import JobState
from digest.core.identity import names_of
from digest.core.invisible import printable
from digest.core.models import DeliveryState, Issue, Paper, SourceState
from digest.core.pipeline import Mailed, Report, Stage
from digest.publish.formulas import to_unicode
from digest.publish.issue_json import source_json
from digest.publish.views import EntryView, Links, completeness, count, issue_view, long_day, some_authors

if TYPE_CHECKING:
    from digest.cost import Bill, Estimate
    from digest.doctor import Finding, StatusReport
    from digest.mailing import Posted
    from digest.ondemand import Answer
    from digest.publish.render import Templates
    from digest.renewal import Renewal

_SOME: Final = 50
"""Of a long list of mails that did not go out."""
_PIPED: Final = 10_000
_COLUMN: Final = re.compile(r" *(?:(?:[\d,]+|\d{4}-\d\d-\d\d) {2,})?")
"""What a line begins with and the rest of it hangs beside: blanks, and a number or a day in a column of its own."""
_ALIKE: Final = "says nearly the same as "


def screen() -> Console:
    """What is printed to: a terminal, or a pipe."""
    # Piped, a line is as long as it is: a program reads it.
    return Console(width=None if sys.stdout.isatty() else _PIPED, highlight=False, soft_wrap=not sys.stdout.isatty())


def put(console: Console, text: str, style: str = "", indent: int = 0, bullet: str = "") -> None:
    """One paragraph; nothing in it is taken for markup. What follows *bullet* stays to the right of it."""
    words = Text(printable(text), style=style)
    lines: Iterable[Text] = [words]
    if console.is_terminal:
        # Half a link is none, however long it is.
        overflow: Literal["ignore", "fold"] = "ignore" if "://" in text else "fold"
        lines = words.wrap(console, _room(console) - indent - len(bullet), overflow=overflow)
    for n, line in enumerate(lines):
        line.rstrip()
        before = " " * indent + (" " * len(bullet) if n else bullet)
        console.print(Text.assemble(before, line), soft_wrap=True)


def put_facts(console: Console, facts: Iterable[str], indent: int = 0) -> None:
    """A quiet line of short facts, never broken before or after the dot between two."""
    shown = [" ".join(printable(fact).split()) for fact in facts if fact]
    if not console.is_terminal:
        shown, line = [], " · ".join(shown)
        console.print(Text.assemble(" " * indent, (line, "dim")), soft_wrap=True)
    line = ""
    for fact in shown:
        joined = f"{line} · {fact}" if line else fact
        if line and indent + cell_len(joined) > _room(console):
            put(console, line, "dim", indent)
            joined = fact
        line = joined
    if shown:
        put(console, line, "dim", indent)


def _room(console: Console) -> int:
    return console.width


def print_lines(lines: Iterable[str]) -> None:
    """Lines that are already in words; on a terminal each hangs beside what it begins with, blanks or a number."""
    console = screen()
    for line in lines:
        print_line(console, line)


def print_line(console: Console, line: str, style: str = "") -> None:
    """One of such lines."""
    match = _COLUMN.match(line)
    before = match[0] if match else ""
    put(console, line[len(before) :], style, bullet=before)


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
            "cached_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": round(usage.cost_usd, 6),
            "in_doubt_usd": round(usage.in_doubt_usd, 6),
            "from_cache": usage.from_cache,
            "fell_back": usage.fell_back,
        },
        "issue": None
        if issue is None
        else {"id": issue.id, "papers": len(issue.entries), "left_out": len(issue.left_out), "html": page},
        "late": report.late,
        "deliveries": dict(report.deliveries),
        "mail": _mailed_json(report.mail) if report.mail and report.until.reaches(Stage.DELIVER) else None,
        "warnings": list(report.warnings),
    }


def print_reports(reports: Sequence[Report], pages: Mapping[str, str], *, data_dir: Path, outbox: bool) -> None:
    """What a run did, for people."""
    console = screen()
    for report in reports:
        put(console, f"{report.edition} · {long_day(report.date)}", "bold")
        if report.sources:
            put(console, completeness(report.sources), indent=2)
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
    parts = [
        f"{mailed.sent} sent" if mailed.sent else "",
        *(f"{states[state]} {state}" for state in ("due", "unknown", "failed") if states.get(state)),
        f"{mailed.skipped} skipped" if mailed.skipped else "",
    ]
    others = [part for part in parts if part]
    if already:
        others.insert(1 if mailed.sent else 0, f"{mailed.already} {already}" if others else already)
    if not others and report.issue and not mailed.recipients and report.until.reaches(Stage.DELIVER):
        return f"to nobody: [[edition]] {report.edition} has no recipients"
    return " · ".join(others)


def outcome(report: Report) -> tuple[object, ...]:
    """What a report says, so that the same need not be said twice."""
    issue = report.issue.id if report.issue else None
    return report.date, issue, completeness(report.sources), dict(report.deliveries), report.warnings


def _what_came_of_it(report: Report) -> str:
    issue = report.issue
    if issue is None:
        if report.sources and all(s.state is SourceState.FAILED for s in report.sources):
            return "no issue: no source could be read"
        if report.is_held:
            return "no new issue: the archive has that of this day already"
        return "no issue yet" if not report.until.reaches(Stage.PUBLISH) else "nothing new today"
    left = f", {len(issue.left_out)} left out ({_why_left_out(issue)})" if issue.left_out else ""
    updates = sum(s.updates for s in report.sources)
    known = sum(s.seen_before for s in report.sources) - updates
    seen = f", {known} already considered for earlier issues" if known else ""
    later = f", {count(updates, 'later version')}, which {'is' if updates == 1 else 'are'} no news" if updates else ""
    late = f"; {report.late:,} more came after it was made, for the next one" if report.late else ""
    return f"{count(len(issue.entries), 'paper')} in the issue{left}{seen}{later}{late}"


def _why_left_out(issue: Issue) -> str:
    """The reason of all, or each with how many it is of; the page has the titles that are alike."""
    alike = sum(paper.reason.startswith(_ALIKE) for paper in issue.left_out)
    reasons = Counter(
        f"{_ALIKE.replace('says', 'say')}others" if alike > 1 and paper.reason.startswith(_ALIKE) else paper.reason
        for paper in issue.left_out
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
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# -- issues


def print_issue(issue: Issue, *, templates: Templates, site_url: str | None) -> None:
    """An issue: with bold and dim for a terminal, as plain text for a pipe."""
    if not sys.stdout.isatty():
        from digest.publish.text import issue_text

        sys.stdout.write(issue_text(issue, templates=templates, site_url=site_url))
        return
    console = screen()
    view = issue_view(issue, links=Links(root=None))
    put(console, f"{view.title}, {view.day}", "bold")
    for text in (view.why_empty or view.numbered, view.covers):
        if text:
            console.print()
            put(console, text)
    if view.completeness:
        console.print()
        put_facts(console, view.completeness.split(" · "))
    if len(view.contents) > 1:
        console.print()
        for section in view.contents:
            put(console, f"{section.count:>4}  {section.topic.text}", "dim")
    for section in view.sections:
        console.print()
        put(console, f"{section.topic.text} ({section.count})", "bold underline")
        for entry in section.entries:
            console.print()
            _print_entry(console, entry)
    if view.changes:
        console.print()
        put(console, "Changed since you saw them", "bold underline")
        console.print()
        for change in view.changes:
            put(console, change.title, "", 2)
            put(console, change.said, "dim", 2)
            if change.url:
                put(console, change.url, "dim", 2)
    if view.left_out:
        console.print()
        put(console, "Left out", "bold underline")
        console.print()
        for group in view.left_out:
            put(console, f"{len(group.papers):,} {group.reason}", "dim", 2)
    console.print()
    put(console, "About this issue", "bold underline")
    console.print()
    for text in (*view.troubles, " ".join(view.writers)):
        if text:
            put(console, text, "dim", 2)


def _print_entry(console: Console, entry: EntryView) -> None:
    put(console, f"{entry.number}. {entry.title}" if entry.number else entry.title, "bold", 2)
    if entry.url:
        put(console, entry.url, "dim", 2)
    put(console, entry.tldr, "", 2)
    for point in entry.points:
        put(console, point, "", 4, bullet="– ")
    if entry.mark:
        put(console, f"[{entry.mark}] {entry.mark_why}", "dim", 2)
    put_facts(console, [fact.text for fact in entry.facts], 2)
    for link in entry.links:
        put(console, f"{link.text}: {link.url}", "dim", 2)
    if entry.reason:
        put(console, f"Why here: {entry.reason}", "dim", 2)


# -- papers


def paper_json(paper: Paper) -> dict[str, Any]:
    """A paper of the store."""
    return {
        "id": paper.id,
        "aliases": list(names_of(paper)[1:]),
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
    console = screen()
    for paper in papers:
        put(console, to_unicode(paper.title), "bold")
        facts = [
            some_authors(paper.authors),
            f"{paper.published:%Y-%m-%d}" if paper.published else "",
            paper.url or paper.id,
        ]
        put_facts(console, facts, 2)
    if not papers:
        put(console, f"No paper in the store has all of these words: {query}")


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
    console = screen()
    for n, answer in enumerate(answers):
        if n:
            console.print()
        if answer.paper is None or answer.summary is None:
            put(console, f"! {answer.error}")
            continue
        put(console, to_unicode(answer.paper.title), "bold")
        put(console, to_unicode(answer.summary.tldr) or "The source has no abstract to summarize.", indent=2)
        for point in answer.summary.points:
            put(console, to_unicode(point), indent=4, bullet="– ")
        facts = [some_authors(answer.paper.authors), ", ".join(answer.summary.topics), answer.paper.url]
        put_facts(console, facts, 2)
        if answer.summary.fell_back:
            put(console, f"An extract of the abstract: {answer.summary.fell_back}.", "dim", 2)


# -- mails


def posted_json(posted: Posted) -> dict[str, Any]:
    """One edition of `digest deliver --json`."""
    return {
        "edition": posted.edition,
        "since": posted.since.isoformat(),
        "until": posted.until.isoformat(),
        "status": posted.status,
        "retried": [
            {"date": r.date.isoformat(), "recipient": r.recipient, "may_arrive_twice": r.may_arrive_twice}
            for r in posted.retried
        ],
        "sent": posted.delivered.sent,
        "skipped": posted.delivered.skipped,
        "deliveries": dict(posted.states),
        "warnings": list(posted.delivered.warnings),
    }


def print_posted(posted: Sequence[Posted], *, retry: str | None) -> None:
    """What `digest deliver` did, for people."""
    console = screen()
    for one in posted:
        days = str(one.until) if one.since == one.until else f"{one.since} to {one.until}"
        put(console, f"{one.edition} · issues of {days}", "bold")
        for r in one.retried:
            again = "may arrive twice, for it is not known whether it arrived" if r.may_arrive_twice else "is due again"
            put(console, f"{r.recipient}, issue of {r.date}: {again}", indent=2)
        if retry and not one.retried:
            put(console, f"no mail is {retry}", indent=2)
        left = [f"{one.states[state]} {state}" for state in ("due", "unknown", "failed") if one.states[state]]
        sent = f"{one.delivered.sent} sent" if one.delivered.sent else "none sent" if one.tried else "nothing was due"
        put(console, f"mail  {' · '.join([sent, *left])}", indent=2)
        for warning in one.delivered.warnings:
            put(console, f"! {warning}", indent=2)


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
        "undelivered": [
            {
                "edition": d.edition,
                "date": d.date.isoformat(),
                "recipient": d.recipient,
                "state": d.state.value,
                "reason": d.error,
            }
            for d in found.undelivered
        ],
        "requests_this_month": store.requests,
        "cost_usd_this_month": round(store.cost_usd, 6),
        "awaited_usd_this_month": round(store.awaited_usd, 6),
        "in_doubt_usd_this_month": round(store.in_doubt_usd, 6),
        "checks_this_month": [asdict(c) for c in found.checks],
        "jobs": [
            {
                "name": job.name,
                "state": job.state.value,
                "edition": job.edition,
                "date": job.date.isoformat(),
                "papers": job.papers,
                "submitted_at": job.submitted_at.isoformat(),
            }
            for job in found.jobs
        ],
        "outdated_summaries": found.outdated,
    }


def print_status(found: StatusReport) -> None:
    console = screen()
    store = found.store
    held = f"{count(store.papers, 'paper')}, {count(store.issues, 'issue')}"
    put(console, f"{held}, {store.size_bytes / 1e6:.1f} MB in {store.place}")
    for edition in found.editions:
        newest = (
            f"newest of {edition.newest} with {count(edition.papers, 'paper')}" if edition.newest else "no issue yet"
        )
        due = f"; next at {edition.next:%A %Y-%m-%d %H:%M}" if edition.next else ""
        put(console, f"edition {edition.name}: {newest}{due}", indent=2)
    for r in store.readings:
        said = count(r.listed, "paper") if r.error is None else r.error
        put(console, f"source {r.source}: {r.state} on {r.day}, {said}", indent=2)
    if store.deliveries:
        put(console, "mail: " + ", ".join(f"{n} {state}" for state, n in store.deliveries), indent=2)
    for d in found.undelivered[:_SOME]:
        put(console, f"{d.state} {d.edition} {d.date}, {d.recipient}: {d.error or 'no reason is known'}", indent=4)
    if (more := len(found.undelivered) - _SOME) > 0:
        put(console, f"and {more:,} more; `digest status --json` has them all", indent=4)
    for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        if any(d.state is state for d in found.undelivered):
            twice = "; they may arrive twice" if state is DeliveryState.UNKNOWN else ""
            put(console, f"`digest deliver --retry {state}` sends what is {state} again{twice}", indent=4)
    if store.requests:
        cost = f", {usd(store.cost_usd)}" if store.cost_usd else ""
        awaited = f", {usd(store.awaited_usd)} of it reserved for open jobs" if store.awaited_usd else ""
        doubt = f", {usd(store.in_doubt_usd)} of it in doubt" if store.in_doubt_usd else ""
        put(console, f"model: {count(store.requests, 'request')} this month{cost}{awaited}{doubt}", indent=2)
    for refused in checks_lines(found.checks):
        put(console, f"refused: {refused}", indent=2)
    for job in found.jobs:
        since = f"{'handed over' if job.state is JobState.OPEN else 'written down'} {job.submitted_at:%Y-%m-%d %H:%M}"
        put(console, f"job: {count(job.papers, 'paper')} for {job.edition} {job.date}, {since}", indent=2)
    if found.outdated:
        put(console, _renewable(found), indent=2)


def _renewable(found: StatusReport) -> str:
    some = min(found.outdated, 100)
    cost = f", for about {usd(some * found.usd_per_summary)}" if found.usd_per_summary else ""
    were = "1 summary was" if found.outdated == 1 else f"{found.outdated:,} summaries were"
    them = "renews them" if some == found.outdated else "renews the newest"
    return f"{were} written under an earlier prompt; `digest summarize --stale --limit {some}` {them}{cost}"


def print_bill(bill: Bill) -> None:
    """What the model cost."""
    print_lines(bill_lines(bill))


def print_estimate(found: Estimate) -> None:
    """What a run would cost."""
    print_lines(estimate_lines(found))


def renewal_json(done: Renewal) -> dict[str, Any]:
    """What `digest summarize --stale` did."""
    return {
        "renewed": done.renewed,
        "left": done.left,
        "requests": sum(s.usage.requests for s in done.sums),
        "cost_usd": round(sum(s.usage.cost_usd for s in done.sums), 6),
        "in_doubt_usd": round(sum(s.usage.in_doubt_usd for s in done.sums), 6),
        "warnings": [warning for s in done.sums for warning in s.warnings],
    }


def print_renewal(done: Renewal) -> None:
    """What `digest summarize --stale` did, for people."""
    console = screen()
    if not done.renewed and not done.left:
        put(console, "No printed paper has a summary of an earlier prompt alone: there is nothing to renew.")
        return
    spent = sum(s.usage.cost_usd for s in done.sums)
    cost = f", for {usd(spent)}" if spent else ""
    left = f"; {done.left:,} are still of an earlier prompt" if done.left else ""
    were = "1 summary was" if done.renewed == 1 else f"{done.renewed:,} summaries were"
    put(console, f"{were} renewed{cost}{left}")
    for warning in dict.fromkeys(warning for s in done.sums for warning in s.warnings):
        put(console, f"! {warning}", indent=2)


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"subject": finding.subject, "level": finding.level, "said": finding.said}


def print_findings(findings: Sequence[Finding]) -> None:
    console = screen()
    marks = {"good": "ok   ", "doubtful": "check", "wrong": "WRONG"}
    for finding in findings:
        style = {"good": "", "doubtful": "yellow", "wrong": "bold red"}[finding.level]
        put(console, f"{finding.subject}: {finding.said}", style, bullet=f"{marks[finding.level]}  ")
