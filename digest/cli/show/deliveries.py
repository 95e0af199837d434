"""What a delivery of mails did, as text and JSON: `digest deliver`, `digest send-test`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import put, screen

if TYPE_CHECKING:
    from digest.core.models import Waiting
    from digest.usecases.deliver import Posted
    from digest.usecases.send_test import SentTest


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
        "posted": posted.delivered.posted,
        "skipped": posted.delivered.skipped,
        "withdrawn": posted.delivered.withdrawn,
        "deliveries": dict(posted.states),
        "waiting": waiting_json(posted.delivered.waiting),
        "warnings": list(posted.delivered.warnings),
    }


def waiting_json(waiting: Waiting) -> dict[str, Any]:
    """What is due, by when."""
    return {
        "now": waiting.now,
        "put_off": waiting.put_off,
        "later": waiting.later,
        "next_at": waiting.next_at.isoformat() if waiting.next_at else None,
    }


def waiting_words(waiting: Waiting) -> str:
    """When what waits is due; empty if nothing waits for a moment."""
    if waiting.next_at is None:
        return ""
    some = [f"{waiting.later} later by their readers' clocks"] if waiting.later else []
    return ", ".join([*some, f"next {'try' if waiting.put_off else 'one'} at {waiting.next_at:%H:%M} UTC"])


def print_posted(posted: Sequence[Posted], *, retry: str | None) -> None:
    """What was sent of each edition, what is due again, and what is left.

    Args:
        retry: What mails were asked for again; None: none were.
    """
    console = screen()
    for one in posted:
        days = str(one.until) if one.since == one.until else f"{one.since} to {one.until}"
        put(console, f"{one.edition} · issues of {days}", "bold")
        for r in one.retried:
            again = "may arrive twice, for it is not known whether it arrived" if r.may_arrive_twice else "is due again"
            put(console, f"{r.recipient}, issue of {r.date}: {again}", indent=2)
        if retry and not one.retried:
            put(console, f"no mail is {retry}", indent=2)
        counts = {**one.states, "due": one.due}
        left = [f"{counts[state]} {state}" for state in ("due", "unknown", "failed") if counts[state]]
        left += [said] if (said := waiting_words(one.delivered.waiting)) else []
        sent = f"{one.delivered.sent} sent" if one.delivered.sent else "none sent" if one.tried else "nothing was due"
        put(console, f"mail  {' · '.join([sent, *left])}", indent=2)
        if one.delivered.posted:
            put(console, f"posts {one.delivered.posted} sent", indent=2)
        for warning in one.delivered.warnings:
            put(console, f"! {warning}", indent=2)


def sent_test_json(sent: SentTest) -> dict[str, Any]:
    """The mail of `digest send-test --json`."""
    return {
        "issue": sent.issue,
        "recipient": sent.recipient,
        "message_id": sent.message_id,
        "size_bytes": sent.size_bytes,
        "answer": sent.answer,
    }


def print_sent_test(sent: SentTest) -> None:
    """What was sent to whom, and what the server said."""
    console = screen()
    put(console, f"{sent.issue} to {sent.recipient}: {sent.size_bytes:,} bytes, {sent.message_id}")
    put(console, f"answer  {sent.answer}", indent=2)
