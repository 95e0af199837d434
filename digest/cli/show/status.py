"""What happened last, what is due and what it cost, as text and JSON: `digest status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import put, screen, were
from digest.cli.show.deliveries import waiting_json, waiting_words
from digest.cli.show.money import checks_lines
from digest.core.models import DeliveryState, Waiting
from digest.core.summaries.ledger import HandoverState
from digest.publish.amounts import usd
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.usecases.status import StatusReport

_SOME: Final = 50
"""Of a long list of mails that did not go out."""


def status_json(found: StatusReport) -> dict[str, Any]:
    """`digest status --json`."""
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
                "waiting": waiting_json(e.waiting),
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
        "returned": [
            {
                "edition": mail.edition,
                "date": mail.date.isoformat() if mail.date else None,
                "recipient": mail.recipient,
                "reason": mail.returned,
            }
            for mail in found.returned
        ],
        "listed": [
            {
                "edition": d.edition,
                "date": d.date.isoformat(),
                "recipient": d.recipient,
                "state": d.state.value,
                "attempts": d.attempts,
                "reason": d.error,
                "due_at": d.due_at.isoformat() if d.due_at and d.state is DeliveryState.DUE else None,
            }
            for d in found.listed
        ],
        "requests_this_month": store.requests,
        "cost_usd_this_month": round(store.cost_usd, 6),
        "awaited_usd_this_month": round(store.awaited_usd, 6),
        "in_doubt_usd_this_month": round(store.in_doubt_usd, 6),
        "checks_this_month": [asdict(c) for c in found.checks],
        "jobs": [
            {
                "name": handover.name,
                "state": handover.state.value,
                "edition": handover.edition,
                "date": handover.date.isoformat(),
                "papers": handover.papers,
                "submitted_at": handover.submitted_at.isoformat(),
            }
            for handover in found.handovers
        ],
        "outdated_summaries": found.outdated,
    }


def print_status(found: StatusReport) -> None:
    """What the store holds, and for each edition, source, mail, request and handover how it stands."""
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
        if edition.waiting != Waiting():
            now = [f"{edition.waiting.now} due"] if edition.waiting.now else []
            put_off = [f"{edition.waiting.put_off} put off"] if edition.waiting.put_off else []
            put(
                console, "mails: " + ", ".join(filter(None, [*now, *put_off, waiting_words(edition.waiting)])), indent=4
            )
    for r in store.readings:
        said = count(r.listed, "paper") if r.error is None else r.error
        put(console, f"source {r.source}: {r.state} on {r.day}, {said}", indent=2)
    if store.deliveries:
        put(console, "mail: " + ", ".join(f"{n} {state}" for state, n in store.deliveries), indent=2)
    for d in found.undelivered[:_SOME]:
        put(console, f"{d.state} {d.edition} {d.date}, {d.recipient}: {d.error or 'no reason is known'}", indent=4)
    if (more := len(found.undelivered) - _SOME) > 0:
        put(console, f"and {more:,} more; `digest status --json` has them all", indent=4)
    for d in found.listed:
        when = f", from {d.due_at:%Y-%m-%d %H:%M} UTC on" if d.due_at and d.state is DeliveryState.DUE else ""
        reason = f": {d.error}" if d.error else ""
        put(console, f"{d.state} {d.edition} {d.date}, {d.recipient}{when}{reason}", indent=4)
    for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        if any(d.state is state for d in found.undelivered):
            twice = "; they may arrive twice" if state is DeliveryState.UNKNOWN else ""
            put(console, f"`digest deliver --retry {state}` sends what is {state} again{twice}", indent=4)
    for mail in found.returned[:_SOME]:
        put(console, f"came back {mail.edition} {mail.date}, {mail.recipient}: {mail.returned}", indent=4)
    if (more := len(found.returned) - _SOME) > 0:
        put(console, f"and {more:,} more came back; `digest status --json` has them all", indent=4)
    if store.requests:
        cost = f", {usd(store.cost_usd)}" if store.cost_usd else ""
        awaited = f", {usd(store.awaited_usd)} of it reserved for open jobs" if store.awaited_usd else ""
        doubt = f", {usd(store.in_doubt_usd)} of it in doubt" if store.in_doubt_usd else ""
        put(console, f"model: {count(store.requests, 'request')} this month{cost}{awaited}{doubt}", indent=2)
    for refused in checks_lines(found.checks):
        put(console, f"refused: {refused}", indent=2)
    for handover in found.handovers:
        how = "handed over" if handover.state is HandoverState.OPEN else "written down"
        since = f"{how} {handover.submitted_at:%Y-%m-%d %H:%M}"
        put(
            console, f"job: {count(handover.papers, 'paper')} for {handover.edition} {handover.date}, {since}", indent=2
        )
    if found.outdated:
        put(console, _renewable(found), indent=2)


def _renewable(found: StatusReport) -> str:
    some = min(found.outdated, 100)
    cost = f", for about {usd(some * found.usd_per_summary)}" if found.usd_per_summary else ""
    them = "renews them" if some == found.outdated else "renews the newest"
    written = were(found.outdated, "summary", "summaries")
    return f"{written} written under an earlier prompt; `digest summarize --stale --limit {some}` {them}{cost}"
