"""Six recipients, three runs, and a server that answers oddly at one step: who got the mail how often?

The judge is the server's own record. Where a reply behind the dot leaves open whether the server has the mail, both are
tried: that it has, and that it has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.deliver.smtp import SmtpMailer
from digest.stages.deliver import Delivering, Round
from digest.stages.pacing import Pacing
from digest.store import SqlStore
from tests.conftest import paper
from tests.fakes.clock import FakeClock
from tests.servers.flaky_smtp import REPLIES, Act, FlakySmtp, Rule
from tests.servers.flaky_smtp.server import Step
from tests.support.store_values import DAY, publish
from tests.torture.figures import Figure, at_least, equal

NAMES: Final = ("ada", "bob", "cleo", "dan", "emmy", "fay")
RECIPIENTS: Final = tuple(f"{name}@example.org" for name in NAMES)
HIT: Final = frozenset(RECIPIENTS[1::2])
"""Every second one, for whom the server has its odd answer."""
STEPS: Final[tuple[Step, ...]] = ("RCPT", "DATA", "DOT")
RUNS: Final = 3
_CLEAR: Final = re.compile(rb"(?:([245]\d\d)-.*\r\n)*(?(1)\1|[245]\d\d)(?: .*)?\r?\n")
_LETTERS: Final = {"sent": "s", "due": "d", "failed": "f", "unknown": "?", "skipped": "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the six after three runs."""

    reply: str
    step: Step
    case: str
    """`every second`: each time, for three of the six. `all, once`: for all six, in the first run."""
    states: tuple[DeliveryState, ...]
    taken: tuple[int, ...]
    """How many mails the server took for each."""

    def __str__(self) -> str:
        return " ".join(f"{n}{_LETTERS[state]}" for n, state in zip(self.taken, self.states, strict=True))

    @property
    def twice(self) -> int:
        return sum(n > 1 for n in self.taken)

    @property
    def lost(self) -> int:
        """Called sent, and the server has none; or the other way round."""
        return sum(
            (state is DeliveryState.SENT and not n) or (state in (DeliveryState.DUE, DeliveryState.FAILED) and n > 0)
            for n, state in zip(self.taken, self.states, strict=True)
        )

    @property
    def open(self) -> int:
        """Neither sent nor unknown."""
        return sum(state not in (DeliveryState.SENT, DeliveryState.UNKNOWN) for state in self.states)


def six(store: SqlStore, name: str = "daily") -> Edition:
    """An issue in *store* that is due to all six, and its edition."""
    publish(store, paper(1), edition=name, deliveries={r: f"<{name}.{r}>" for r in RECIPIENTS})
    return Edition(name=name, title="Daily", sources=(), recipients=RECIPIENTS)


def one_run(store: SqlStore, edition: Edition, port: int, *, timeout_s: float = 20.0) -> tuple[str, ...]:
    """One run's deliveries; its warnings."""

    def letter(_: Issue, delivery: Delivery, __: object) -> Mail:
        content = f"Message-ID: {delivery.message_id}\r\n\r\nHello\r\n".encode()
        return Mail(
            sender="digest@example.org",
            recipient=delivery.recipient,
            message_id=delivery.message_id,
            content=content,
        )

    with SmtpMailer(host="127.0.0.1", port=port, security="none", timeout_s=timeout_s, after_dot_s=timeout_s) as mailer:
        turn = Delivering(
            store=store,
            clock=store._clock,
            edition=edition,
            day=DAY,
            compose=letter,
            mailers=[mailer],
            met=Round(),
            pacing=Pacing(store=store, clock=store._clock, sleep=lambda _: None),
        )
        return turn.deliver(only=False).warnings


def outcome(store: SqlStore, clock: FakeClock, reply: str, step: Step, act: Act, *, once: bool = False) -> Outcome:
    """Three runs against a server that answers so at *step*.

    Args:
        store: Any; each outcome has an edition of its own.
        clock: The store's.
        once: To all, in the first run alone; otherwise to every second one, each time.
    """
    rule = Rule(step, act, recipients=() if once else HIT)
    # Who waits for an answer that never comes need not do so for long; the others get all the time they need.
    timeout_s = 0.15 if act.then == "stall" else 20.0
    with FlakySmtp([rule]) as server:
        edition = six(store, f"{step} {reply} {once}")
        for _ in range(RUNS):
            one_run(store, edition, server.port, timeout_s=timeout_s)
            # What was put off is due again by the next run.
            clock.advance(hours=2)
            if once:
                server.rules.clear()
        found = {d.recipient: d.state for d in store.deliveries(edition.name, DAY)}
        return Outcome(
            reply=reply,
            step=step,
            case="all, once" if once else "every second",
            states=tuple(found[r] for r in RECIPIENTS),
            taken=tuple(server.taken(r) for r in RECIPIENTS),
        )


def cases(step: Step) -> Iterator[tuple[str, Act]]:
    """All replies at *step*; behind the dot those that leave it open twice."""
    for name, act in REPLIES.items():
        if step != "DOT" or _CLEAR.fullmatch(act.say):
            yield name, act
        else:
            yield f"{name} (taken)", replace(act, takes=True)
            yield f"{name} (not taken)", replace(act, takes=False)


def outcomes(steps: Iterable[Step] = STEPS) -> Iterator[Outcome]:
    """The whole table."""
    clock = FakeClock()
    with SqlStore.open("sqlite://", clock=clock) as store:
        for step in steps:
            for name, act in cases(step):
                for once in (False, True):
                    yield outcome(store, clock, name, step, act, once=once)


def mails(_: Path) -> Iterator[Figure]:
    """The table as lines, and its sums."""
    found = list(outcomes())
    print("mails taken by the server, and: s sent, d due, f failed, ? unknown; " + ", ".join(NAMES))
    for case in ("every second", "all, once"):
        for step in STEPS:
            for one in found:
                if (one.case, one.step) == (case, step):
                    print(f"  {case:<13} {step:<5} {one.reply:<46} {one}")
    yield at_least("replies tried at each step", len(REPLIES), 40)
    yield equal("mails that arrived twice", sum(one.twice for one in found), 0)
    yield equal("mails lost without a word", sum(one.lost for one in found), 0)
    left_out = sum(one.open > 0 for one in found if one.case == "all, once")
    yield equal("replies to all, once, that left somebody out", left_out, 0)
