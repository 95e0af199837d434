"""A05, A06, A07: a server that puts off, slows down, knows nobody, or hangs up behind the dot. Its record is the judge.

put_off  unknown_mailboxes  hung_up
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

from digest.core.models import DeliveryState, Edition
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState
from digest.deliver.smtp import SmtpMailer
from digest.stages.deliver import Delivered, Delivering, Round, Rules
from digest.stages.pacing import Pacing
from digest.store import SqlStore, tables
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.servers.flaky_smtp import Act, FlakySmtp, Rule
from tests.support.store_values import DAY, publish
from tests.torture.figures import Figure, at_least, at_most, equal
from tests.torture.sending import CONNECTIONS, letter

_FIRST_AGAIN_S: Final = 60
_PAUSE_S: Final = 600


def _publish(store: SqlStore, addresses: Sequence[str], day: date = DAY) -> Edition:
    n = (day - DAY).days + 1
    publish(store, paper(n), day=day, deliveries={a: f"<{a}.{day}>" for a in addresses})
    return Edition(name="daily", title="Daily", sources=(), recipients=tuple(addresses))


def _run(
    store: SqlStore, clock: FakeClock, edition: Edition, port: int, *, day: date = DAY, rules: Rules | None = None
) -> Delivered:
    mailers = [SmtpMailer(host="127.0.0.1", port=port, security="none") for _ in range(CONNECTIONS)]
    turn = Delivering(
        store=store,
        clock=clock,
        edition=edition,
        day=day,
        compose=letter,
        mailers=mailers,
        met=Round(),
        pacing=Pacing(store=store, clock=clock, sleep=clock.sleep),
        rules=rules or Rules(),
        chance=Random(1),
    )
    try:
        return turn.deliver(only=False)
    finally:
        for mailer in mailers:
            mailer.close()


def put_off(folder: Path, *, mails: int = 1000) -> Iterator[Figure]:
    """A05: a third is put off for ten minutes, and Gmail takes some and then says that they are too many."""
    clock = FakeClock()
    gmail = mails // 10
    addresses = [f"{n}@{'gmail.com' if n % 10 == 0 else 'example.org'}" for n in range(mails)]
    later = Rule("RCPT", Act(say=b"451 4.3.0 try again later\r\n"), odds=0.3, until=600)
    with (
        SqlStore.open(f"sqlite:///{folder}/put-off.db", clock=clock) as store,
        FlakySmtp([later], clock=clock.now, quotas={"gmail.com": (max(1, gmail // 3), 590)}) as server,
    ):
        edition, runs = _publish(store, addresses), 0
        while True:
            runs += 1
            done = _run(store, clock, edition, server.port)
            if done.waiting.now:
                continue  # the run was ended by the server's moods; the next one goes on
            if done.waiting.next_at is None:
                break
            clock.advance(seconds=(done.waiting.next_at - clock()).total_seconds())
        taken = Counter(to for to, _ in server.record)
        yield equal("delivered", len(taken), mails)
        yield equal("delivered twice", sum(n - 1 for n in taken.values()), 0)
        visits: dict[str, list[float]] = {}
        for at, to, _ in server.visits:
            visits.setdefault(to, []).append(at)
        tries = [b - a for times in visits.values() for a, b in pairwise(times)]
        yield at_least("put off and tried again", len(tries), mails // 10)
        yield at_least("shortest time to the next try, s", min(tries), _FIRST_AGAIN_S)
        to_gmail = [(at, n) for at, to, n in server.visits if to.endswith("@gmail.com")]
        moments = sorted({at for at, _ in to_gmail})
        yield at_least("times that Gmail was asked in", len(moments), 3)
        yield at_least("shortest pause that Gmail had, s", min(b - a for a, b in pairwise(moments)), _PAUSE_S)
        yield equal("at once to Gmail after a pause", max(n for at, n in to_gmail if at > moments[0]), 1)
        print(f"  {runs} runs over {clock.now() / 60:.0f} minutes of the clock, {len(server.visits)} tries")


def unknown_mailboxes(folder: Path, *, mails: int = 1000, unknown: int = 20) -> Iterator[Figure]:
    """A06: mailboxes that do not exist are tried once and get no further issue; full ones after three."""
    clock = FakeClock()
    addresses = [f"{n}@example.org" for n in range(mails)]
    gone = frozenset(addresses[:: mails // unknown][:unknown])
    full = frozenset(addresses[1 :: mails // unknown][:unknown])
    rules = [
        Rule("RCPT", Act(say=b"550 5.1.1 no such user\r\n"), recipients=gone),
        Rule("RCPT", Act(say=b"452 4.2.2 mailbox full\r\n"), recipients=full),
    ]
    retry = Rules(retry=timedelta(minutes=3))
    with (
        SqlStore.open(f"sqlite:///{folder}/unknown.db", clock=clock) as store,
        FlakySmtp(rules, clock=clock.now) as server,
    ):
        pks = {}
        for address in addresses:
            known = parse_address(address)
            reader, _ = store.save_subscriber(known, origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=NOON)
            pks[address] = store.save_subscription(reader.pk, "daily", at=NOON, confirmed_at=NOON).pk
        sent, tries, off = [], [], []
        for n in range(5):
            day = DAY + timedelta(days=n)
            edition = _publish(store, addresses, day)
            with store._write() as connection:
                for address, pk in pks.items():
                    is_hers = tables.delivery.c.recipient == address
                    connection.execute(tables.delivery.update().where(is_hers).values(subscription_pk=pk))
            before = len(server.visits)
            while (done := _run(store, clock, edition, server.port, day=day, rules=retry)).waiting.next_at:
                clock.advance(seconds=(done.waiting.next_at - clock()).total_seconds())
            tries.append(sum(to in gone for _, to, _ in server.visits[before:]))
            off.append(len({to for _, to, _ in server.visits[before:]} & full))
            sent.append(store.count_deliveries("daily", since=day, until=day)[DeliveryState.SENT])
            clock.advance(days=1)
        yield equal("tries of mailboxes that do not exist, by day", tries, [unknown, 0, 0, 0, 0])
        yield equal("full mailboxes that were tried, by day", off, [unknown, unknown, unknown, 0, 0])
        yield equal("sent, by day", sent, [mails - 2 * unknown] * 5)
        counts = store.count_subscribers()
        yield equal("subscribers that bounced", counts[SubscriberState.BOUNCED], 2 * unknown)


def hung_up(folder: Path, *, mails: int = 1000) -> Iterator[Figure]:
    """A07: behind each tenth dot the server hangs up without a word; half of these mails it has."""
    addresses = [f"{n}@example.org" for n in range(mails)]
    has, has_not = frozenset(addresses[5::20]), frozenset(addresses[15::20])
    rules = [
        Rule("DOT", Act(then="hang up", takes=True), recipients=has, times=len(has)),
        Rule("DOT", Act(then="hang up", takes=False), recipients=has_not, times=len(has_not)),
    ]
    for name, chosen in (("hold", Rules()), ("resend", Rules(resend=True))):
        clock = FakeClock()
        with (
            SqlStore.open(f"sqlite:///{folder}/hung-up-{name}.db", clock=clock) as store,
            FlakySmtp(list(rules), clock=clock.now) as server,
        ):
            edition = _publish(store, addresses)
            while True:
                done = _run(store, clock, edition, server.port, rules=chosen)
                if not done.waiting.now and done.waiting.next_at is None:
                    break
                clock.advance(minutes=2)
            taken = Counter(to for to, _ in server.record)
            found = {d.recipient: d.state for d in store.deliveries("daily", DAY)}
        unknown = {to for to, state in found.items() if state is DeliveryState.UNKNOWN}
        others = {to for to, state in found.items() if state is DeliveryState.SENT}
        yield equal(f"{name}: each sent or unknown", len(unknown) + len(others), mails)
        if name == "hold":
            yield equal("hold: listed as unknown", len(unknown), len(has | has_not))
            yield equal("hold: listed, and not one of those", len(unknown - has - has_not), 0)
            yield equal("hold: received twice", sum(n - 1 for n in taken.values()), 0)
            yield equal("hold: not received, and not listed", len(set(addresses) - taken.keys() - unknown), 0)
            yield equal("hold: sent again in spite of the doubt", sum(taken[to] for to in has_not), 0)
        else:
            yield equal("resend: not received", mails - len(taken), 0)
            yield at_most("resend: received twice", sum(n - 1 for n in taken.values()), len(has))
            yield equal("resend: unknown", len(unknown), 0)
