"""One paper's way through the program, in words for people, or as JSON: `digest show --why`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import put, put_facts, screen
from digest.core.ranking.reasons import Kind
from digest.core.words.text import quoted
from digest.publish.formulas import to_unicode
from digest.publish.issue_json import paper_json
from digest.publish.phrasing import some_authors

if TYPE_CHECKING:
    from rich.console import Console

    from digest.usecases.find import History, Rival, Standing

_TITLE: Final = 80
"""Letters of a title that is named beside others."""


def history_json(history: History) -> dict[str, Any]:
    """Show the history of a paper."""
    return {
        **paper_json(history.paper),
        "withdrawn": history.paper.withdrawn,
        "ids": [{"id": a.id, "reason": a.reason, "since": a.since.isoformat()} for a in history.aliases],
        "parts": [{"id": part.id, "title": part.title} for part in history.parts],
        "kept_apart_from": list(history.kept_from),
        "listed": [
            {
                "date": one.day.isoformat(),
                "source": one.source,
                "announcement": one.announcement.value if one.announcement else None,
                "version": one.version,
            }
            for one in history.listings
        ],
        "votes": [{"date": v.day.isoformat(), "source": v.source, "upvotes": v.upvotes} for v in history.votes],
        "issues": [
            {
                "edition": d.edition,
                "date": d.date.isoformat(),
                "decision": "printed" if d.is_printed else "left out",
                "reason": d.reason,
            }
            for d in history.decisions
        ],
        "standings": [_standing_json(one) for one in history.standings],
    }


def _standing_json(one: Standing) -> dict[str, Any]:
    """How a paper stood that was not printed."""
    near = one.nearest
    return {
        "edition": one.edition,
        "date": one.date.isoformat() if one.date else None,
        "score": one.score,
        "place": one.place or None,
        "of": one.of or None,
        "before": [_rival_json(rival) for rival in one.before],
        "last_printed": _rival_json(one.last_printed) if one.last_printed else None,
        "nearest_interest": {"interest": near.name, "fit": round(near.fit, 4), "words": list(near.because)}
        if near
        else None,
    }


def _rival_json(rival: Rival) -> dict[str, Any]:
    return {
        "id": rival.id,
        "title": rival.title,
        "score": rival.score,
        "decision": "printed" if rival.is_printed else "left out",
    }


def print_history(history: History) -> None:
    """Print a paper's history: its records, why they were joined, and what issues did with it."""
    console, paper = screen(), history.paper
    put(console, to_unicode(paper.title), "bold")
    facts = [some_authors(paper.authors), f"version {paper.version}" if paper.version else ""]
    put_facts(console, [*facts, "withdrawn" if paper.withdrawn else "", paper.url], 2)
    put(console, "Its ids, and why they are one paper", "bold", 2)
    for alias in history.aliases:
        put(console, f"{alias.id}  {alias.reason or 'its own id'}, since {alias.since}", indent=4)
    if history.parts:
        put(console, f"Joined out of these; `digest split {paper.id} ID` takes one out", "bold", 2)
        for part in history.parts:
            put(console, f"{part.id}  {to_unicode(part.title)}", indent=4)
    if history.kept_from:
        put(console, f"Taken apart from {', '.join(history.kept_from)}", "bold", 2)
    put(console, "Who listed it", "bold", 2)
    for one in history.listings:
        kind = one.announcement.value if one.announcement else ""
        words = (str(one.day), one.source, kind, f"v{one.version}" if one.version else "")
        put(console, "  ".join(filter(None, words)), indent=4)
    if history.votes:
        put(console, "Its upvotes", "bold", 2)
        for vote in history.votes:
            put(console, f"{vote.day}  {vote.source}  {vote.upvotes}", indent=4)
    put(console, "What issues made of it", "bold", 2)
    for decision in history.decisions:
        what = "printed" if decision.is_printed else "left out"
        said = f"{decision.date}  {decision.edition}  {what}"
        put(console, f"{said}: {decision.reason}" if decision.reason else said, indent=4)
        for standing in history.standings:
            if (standing.edition, standing.date) == (decision.edition, decision.date):
                _print_standing(console, standing)
    if not history.decisions:
        put(console, "No issue has considered it: an edition looks at what its sources listed as news.", indent=4)
    for standing in history.standings:
        if standing.date is None:
            put(console, f"{standing.edition}  has not weighed it, so it has no score there", indent=4)
            _print_standing(console, standing)


def _print_standing(console: Console, one: Standing) -> None:
    if one.place:
        score = "its score was not kept" if one.score is None else f"score {one.score:.4f}"
        last = f"; the last with a place was {_rival(one.last_printed)}" if one.last_printed else ""
        put(console, f"{score}, place {one.place:,} of {one.of:,}{last}", indent=8)
    if near := one.nearest:
        words = f", for {', '.join(near.because)}" if near.because else ""
        name = f"your {near.name}" if near.kind is Kind.PAPER else f"“{near.name}”"
        none = "" if near.fit > 0 else "; none of them is near"
        put(console, f"nearest interest: {name}, {near.fit:.2f} of 1{words}{none}", indent=8)
    elif one.place:
        put(console, "nearest interest: the edition has none, so votes decide", indent=8)
    if one.before:
        put(console, f"right before it: {'; '.join(map(_rival, one.before))}", indent=8)


def _rival(one: Rival) -> str:
    score = f" ({one.score:.4f})" if one.score is not None else ""
    return f"{quoted(to_unicode(one.title), _TITLE)}{score}"
