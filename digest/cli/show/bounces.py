"""What came of mails that came back, as text and JSON: `digest bounces`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import put, screen
from digest.publish.phrasing import count
from digest.usecases.bounces import What

if TYPE_CHECKING:
    from digest.usecases.bounces import Outcome, Reading

_WORDS: Final = {
    What.BOUNCED: "no more mails, for they come back",
    What.COMPLAINED: "no more mails, for they complained",
    What.UNSUBSCRIBED: "unsubscribed",
    What.SOFT: "not taken for now",
    What.ABOUT_US: "refused for our sake; nobody was suppressed",
    What.IGNORED: "nothing to do",
    What.KNOWN: "read before",
    What.STRANGER: "about nobody who gets mails from here",
    What.UNREADABLE: "reports that could not be understood, left unread; read them yourself",
    What.LETTER: "letters, left unread; somebody wrote to you",
}
_COUNTED_ONLY: Final = frozenset({What.IGNORED, What.KNOWN})
_SOME: Final = 50
"""Of one thing that happened often."""


def reading_json(found: Reading) -> dict[str, Any]:
    """`digest bounces --json`."""
    return {
        "counts": {what.value: n for what, n in found.counts.items()},
        "reports": [
            {"what": one.what.value, "mail": one.place, "address": one.address, "reason": one.said}
            for one in found.outcomes
        ],
        "told": found.told or None,
    }


def print_reading(found: Reading) -> None:
    """What happened how often, and to whom."""
    console = screen()
    if not found.outcomes:
        put(console, "no unread mail")
    for what, n in found.counts.items():
        put(console, f"{n:,} {_WORDS[what]}")
        if what in _COUNTED_ONLY:
            continue
        of_it = [one for one in found.outcomes if one.what is what]
        for one in of_it[:_SOME]:
            put(console, _line(one), indent=2)
        if (more := n - _SOME) > 0:
            put(console, f"and {more:,} more; `--json` has them all", indent=2)
    if found.told:
        put(console, f"{found.told} is told by mail; `digest deliver` sends it")
    suppressed = sum(found.counts.get(what, 0) for what in (What.BOUNCED, What.COMPLAINED))
    if suppressed:
        put(console, f"{count(suppressed, 'reader')} can come back by confirming again")


def _line(one: Outcome) -> str:
    who = one.address or one.place
    return f"{who}: {one.said}" if one.said else who
