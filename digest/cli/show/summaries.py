"""Summaries that were asked for on demand, and renewed ones, as text and JSON: `digest summarize`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import complain, print_json, print_json_lines, put, put_facts, screen, were
from digest.publish.amounts import usd
from digest.publish.formulas import to_unicode
from digest.publish.phrasing import some_authors

if TYPE_CHECKING:
    from digest.usecases.renew import Renewal
    from digest.usecases.summarize import Answer


# -- on demand


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


def print_answers_json(answers: Sequence[Answer]) -> None:
    """`digest summarize TARGET… --json`: JSON lines if all that went in were JSON lines, else one list."""
    documents = [answer_json(answer) for answer in answers]
    if all(answer.in_lines for answer in answers):
        print_json_lines(documents)
    else:
        print_json(documents)


def print_warnings(warnings: Sequence[str]) -> None:
    """What is to be known beside the summaries, on stderr."""
    for warning in warnings:
        complain(f"! {warning}")


# -- renewal


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
    put(console, f"{were(done.renewed, 'summary', 'summaries')} renewed{cost}{left}")
    for warning in dict.fromkeys(warning for s in done.sums for warning in s.warnings):
        put(console, f"! {warning}", indent=2)
