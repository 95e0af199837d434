"""Convert an issue to JSON for scripts: `issue.json` in the archive, and the commands' `--json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from digest.core.identity.ids import names_of
from digest.core.models import Entry, Issue, Overview, Paper, SourceReport


def issue_json(issue: Issue) -> dict[str, Any]:
    """Return *issue* as JSON values, in a fixed order. Text is Unicode; formulas stay as TeX between `$`."""
    return {
        "edition": issue.edition,
        "date": issue.date.isoformat(),
        "title": issue.title,
        "language": issue.language,
        "overview": issue.overview,
        "overview_by": _overview_json(issue.told) if issue.told else None,
        "why_empty": issue.why_empty,
        "covers": [day.isoformat() for day in issue.covers],
        "leads": list(issue.leads),
        "sections": [
            {"topic": section.topic, "entries": [entry_json(entry) for entry in section.entries]}
            for section in issue.sections
        ],
        "sources": [source_json(report) for report in issue.sources],
        "left_out": [
            {
                "id": paper.id,
                "title": paper.title,
                "url": paper.url,
                "reason": paper.reason,
                "score": paper.score,
                "aside": paper.is_aside,
                "corrects": list(paper.corrects),
            }
            for paper in issue.left_out
        ],
        "changes": [
            {
                "id": change.id,
                "title": change.title,
                "url": change.url,
                "what": change.what,
                "printed_on": change.printed_on.isoformat(),
                "version": change.version,
                "upvotes": list(change.upvotes),
            }
            for change in issue.changes
        ],
        "llm": {
            "client": issue.usage.client,
            "model": issue.usage.model,
            "fell_back": issue.usage.fell_back,
        },
    }


def _overview_json(told: Overview) -> dict[str, Any]:
    """Return who wrote the overview, and its sentences with the papers each refers to."""
    return {
        "client": told.client,
        "model": told.model,
        "sentences": [{"text": sentence.text, "papers": list(sentence.papers)} for sentence in told.sentences],
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return one entry as JSON values: the paper, its summary, and the reason why it was chosen."""
    paper, summary, signals = entry.paper, entry.summary, entry.signals
    return {
        "id": paper.id,
        "aliases": list(names_of(paper)[1:]),
        "title": paper.title,
        "authors": list(paper.authors),
        "url": paper.url,
        "links": [{"rel": link.rel, "url": link.url} for link in paper.links],
        "published": _moment(paper.published),
        "updated": _moment(paper.updated),
        "version": paper.version,
        "withdrawn": paper.withdrawn,
        "language": paper.language,
        "kind": paper.kind.value,
        "corrects": list(paper.corrects),
        "categories": list(paper.categories),
        "topics": list(summary.topics),
        "summary": {
            "tldr": summary.tldr,
            "points": list(summary.points),
            "client": summary.client,
            "model": summary.model,
            "language": summary.language,
            "checked": list(summary.checked),
            "fell_back": summary.fell_back,
        },
        "sources": list(entry.sources),
        "announcement": entry.announcement.value if entry.announcement else None,
        "reason": entry.reason,
        "interests": list(entry.interests),
        "score": entry.score,
        "signals": {"upvotes": signals.upvotes, "comments": signals.comments, "stars": signals.stars},
    }


def source_json(report: SourceReport) -> dict[str, Any]:
    """Return the report on one source as JSON values."""
    return {
        "name": report.name,
        "state": report.state.value,
        "listed": report.listed,
        "expected": report.expected,
        "new": report.new,
        "seen_before": report.seen_before,
        "rejected": report.rejected,
        "updates": report.updates,
        "error": report.error,
        "days_failing": report.days_failing,
        "back_after": report.back_after,
        "gap": report.gap,
        "open": report.is_open,
        "note": report.note,
        "past": [{"date": p.day.isoformat(), "listed": p.listed, "new": p.new} for p in report.past],
        "missing": [day.isoformat() for day in report.missing],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def paper_json(paper: Paper) -> dict[str, Any]:
    """A paper of the store; what `digest search --json` has a list of."""
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
