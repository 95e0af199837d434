"""What is kept of readers, and what was done with them, as text and JSON: `digest subscribers`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import print_lines, print_many_lines, put, screen
from digest.publish.formulas import to_unicode
from digest.publish.phrasing import count
from digest.usecases.subscribers import state_in_words, wishes_in_words

if TYPE_CHECKING:
    from digest.core.subscribers.subscriber import Subscription
    from digest.usecases.forgetting import Forgotten
    from digest.usecases.import_subscribers import ImportedSubscribers
    from digest.usecases.subscribers import Done, Listed, Person

_BECAME = {
    "added": "get issues now",
    "pending": "are not confirmed, and get none until they are",
    "stopped": "are kept as stopped, and not mailed",
    "refused": "were refused",
}


# -- what was done


def print_done(done: Sequence[Done]) -> None:
    """What became of each address, a line for each."""
    print_lines(_done_line(one) for one in done)


def _done_line(one: Done) -> str:
    what = {
        "added": "is subscribed",
        "changed": "is changed",
        "unchanged": "stays as it was",
        "asked": "is mailed a link to confirm",
        "removed": "is unsubscribed",
        "refused": "is refused",
    }[one.outcome]
    return f"{one.email}: {f'{one.edition} ' if one.edition else ''}{what}{f': {one.said}' if one.said else ''}"


def done_json(done: Sequence[Done]) -> list[dict[str, Any]]:
    """`digest subscribers add --json`, and `remove --json`."""
    return [
        {"email": one.email, "edition": one.edition or None, "outcome": one.outcome, "said": one.said} for one in done
    ]


# -- list


def print_listed(found: Iterable[Listed]) -> None:
    """A line for each subscriber, and how many there are in which state."""
    counts: dict[str, int] = {}
    print_many_lines(_listed_lines(found, counts))
    said = ", ".join(f"{n:,} {state}" for state, n in sorted(counts.items()))
    put(screen(), said or "Nobody is subscribed yet; `digest subscribers add EMAIL` subscribes somebody.", "dim")


def _listed_lines(found: Iterable[Listed], counts: dict[str, int]) -> Iterator[str]:
    """The lines; how many stand in each state is counted meanwhile."""
    for one in found:
        state = one.subscriber.state.value
        counts[state] = counts.get(state, 0) + 1
        what = "; ".join(_subscription_line(s) for s in one.subscriptions)
        yield f"{one.subscriber.address}  {state}{f'  {what}' if what else ''}"


def _subscription_line(subscription: Subscription) -> str:
    state = state_in_words(subscription)
    differs = state != subscription.subscriber.state.value
    return f"{subscription.edition} ({f'{state}; ' if differs else ''}{wishes_in_words(subscription)})"


def listed_json(one: Listed) -> dict[str, Any]:
    """One subscriber of `digest subscribers list --json`."""
    return {
        "email": one.subscriber.address,
        "state": one.subscriber.state.value,
        "since": one.subscriber.since.isoformat(),
        "origin": one.subscriber.origin.value,
        "subscriptions": [subscription_json(s) for s in one.subscriptions],
    }


def subscription_json(s: Subscription) -> dict[str, Any]:
    """What a person gets of one edition."""
    return {
        "edition": s.edition,
        "state": state_in_words(s),
        "cadence": s.cadence,
        "paused_until": None if s.paused_until is None else s.paused_until.isoformat(),
        "interests": list(s.interests),
        "avoid": list(s.avoid),
        "libraries": list(s.libraries),
        "lead": s.lead,
        "max_papers": s.max_papers,
        "language": s.language or None,
        "zone": s.zone or None,
        "confirmed_at": None if s.confirmed_at is None else s.confirmed_at.isoformat(),
        "stopped_at": None if s.stopped_at is None else s.stopped_at.isoformat(),
    }


# -- show


def print_person(person: Person) -> None:
    """All that is kept of one person."""
    console = screen()
    put(console, person.email, "bold")
    print_lines(_person_lines(person))


def _person_lines(person: Person) -> Iterator[str]:
    if person.subscriber is not None:
        s = person.subscriber
        by = {"operator": "added by the operator", "form": "signed up on a page"}[s.origin.value]
        yield f"  {s.state.value} since {s.since:%Y-%m-%d %H:%M} UTC, {by}"
        if s.soft_bounces:
            yield f"  {count(s.soft_bounces, 'issue')} in a row could not be delivered for now"
    if person.forgotten_since is not None:
        yield f"  wanted to be forgotten on {person.forgotten_since}; a keyed hash of the address is kept"
    if person.recipient_of:
        yield f"  stands in recipients of {', '.join(person.recipient_of)} in config.toml"
    for one in person.subscriptions:
        yield f"  {one.edition}: {state_in_words(one)}, {wishes_in_words(one)}"
        yield from (f"    interest: {text}" for text in one.interests)
        yield from (f"    avoids: {text}" for text in one.avoid)
        yield from (
            f"    library: {library.name}, {count(library.papers, 'paper')}"
            for library in person.libraries.get(one.pk, ())
        )
    for mark in person.marks:
        which = "more" if mark.value > 0 else "less"
        yield f"  {mark.at:%Y-%m-%d}  {mark.edition}: {which} like “{to_unicode(mark.paper.title)}” ({mark.paper.id})"
    for d in person.deliveries:
        state = f"sent {d.sent_at:%Y-%m-%d %H:%M} UTC" if d.sent_at else d.state.value
        yield f"  {d.date}  {d.edition} by {d.channel}: {state}{f' ({d.error})' if d.error else ''}"
    for notice in person.notices:
        yield f"  {notice.at:%Y-%m-%d}  notice “{notice.kind}”: {notice.state}"
    for bounce in person.bounces:
        of = f" of {bounce.edition} {bounce.date}" if bounce.edition else ""
        yield f"  {bounce.at:%Y-%m-%d}  report{of}: {bounce.kind} {bounce.code}".rstrip()


def person_json(person: Person) -> dict[str, Any]:
    """`digest subscribers show --json`."""
    s = person.subscriber
    return {
        "email": person.email,
        "state": s.state.value if s else None,
        "since": s.since.isoformat() if s else None,
        "origin": s.origin.value if s else None,
        "soft_bounces": s.soft_bounces if s else 0,
        "forgotten_since": person.forgotten_since.isoformat() if person.forgotten_since else None,
        "recipient_of": list(person.recipient_of),
        "subscriptions": [
            {
                **subscription_json(one),
                "libraries": [{"name": b.name, "papers": b.papers} for b in person.libraries.get(one.pk, ())],
            }
            for one in person.subscriptions
        ],
        "marks": [
            {
                "edition": mark.edition,
                "paper": mark.paper.id,
                "title": mark.paper.title,
                "value": mark.value,
                "at": mark.at.isoformat(),
            }
            for mark in person.marks
        ],
        "deliveries": [
            {
                "edition": d.edition,
                "date": d.date.isoformat(),
                "channel": d.channel,
                "recipient": d.recipient,
                "state": d.state.value,
                "sent_at": d.sent_at.isoformat() if d.sent_at else None,
                "error": d.error,
            }
            for d in person.deliveries
        ],
        "notices": [{"kind": n.kind, "state": n.state, "at": n.at.isoformat()} for n in person.notices],
        "reports": [
            {
                "kind": b.kind,
                "code": b.code,
                "at": b.at.isoformat(),
                "edition": b.edition,
                "date": b.date.isoformat() if b.date else None,
            }
            for b in person.bounces
        ],
    }


# -- import and export


def print_imported(done: ImportedSubscribers, *, dry_run: bool) -> None:
    """A line for each row of which something is to be said, and how many became what."""
    print_many_lines(
        f"row {line.row}  {line.email or '–'}{f' ({line.edition})' if line.edition else ''}: {line.became}: {line.said}"
        for line in done.lines
    )
    console = screen()
    if done.ignored:
        put(console, f"columns that are not read: {', '.join(done.ignored)}", "dim")
    would = "nothing is written; of the rows" if dry_run else "of the rows"
    said = ", ".join(f"{n:,} {_BECAME[became]}" for became, n in done.counts.items() if n)
    put(console, f"{would} {said}" if said else "there is no row in it", "bold")


def imported_json(done: ImportedSubscribers, *, dry_run: bool) -> dict[str, Any]:
    """`digest subscribers import --json`."""
    return {
        "dry_run": dry_run,
        "counts": dict(done.counts),
        "rows": [
            {"row": one.row, "email": one.email, "edition": one.edition or None, "became": one.became, "said": one.said}
            for one in done.lines
        ],
        "ignored_columns": list(done.ignored),
    }


def print_exported(n: int, file: Path) -> None:
    """How many subscriptions were written where."""
    print_lines([f"{count(n, 'subscription')} written to {file}"])


# -- forget and rotate


def print_forgotten(forgotten: Sequence[Forgotten], *, is_swept: bool, named: Mapping[str, Sequence[str]]) -> None:
    """What was deleted, what stays, and what is to be done by hand.

    Args:
        is_swept: The database's files hold nothing of it any more.
        named: Address → editions whose recipients in config.toml name it.
    """
    print_lines(_forgotten_lines(forgotten, is_swept=is_swept, named=named))


def _forgotten_lines(
    forgotten: Sequence[Forgotten], *, is_swept: bool, named: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for one in forgotten:
        mails = f", with {count(one.mails, 'mail')} of the outbox" if one.mails else ""
        yield f"{one.address}: forgotten{mails}" if one.was_known else f"{one.address}: nothing was known of it{mails}"
    yield "A keyed hash of each is kept, so that no import brings it back. Backups that you made still hold it."
    if not is_swept:
        yield (
            "! The database is in use, and its file may still hold the address in free pages: run "
            "`digest subscribers forget` again when no other digest is running."
        )
    for address, editions in named.items():
        yield (
            f"! {address} stands in recipients of {', '.join(editions)} in config.toml; it gets nothing, but take it "
            "out there"
        )


def forgotten_json(
    forgotten: Sequence[Forgotten], *, is_swept: bool, named: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """`digest subscribers forget --json`."""
    return {
        "forgotten": [
            {
                "email": one.address,
                "was_known": one.was_known,
                "mails_deleted": one.mails,
                "recipient_of": list(named.get(one.address, ())),
            }
            for one in forgotten
        ],
        "database_written_anew": is_swept,
    }


def print_rotated(*, dropped: bool) -> None:
    """What holds from now on."""
    if dropped:
        said = "Links that were mailed before are void. Readers find new ones in the next mail, or have them mailed."
    else:
        said = "Links in mails are signed with a new secret from now on. Those that were mailed before still hold."
    print_lines([said])
