"""The stage `deliver`: mails that are put off, domains left alone, readers who stop, and several connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, PutOffError, RefusedError
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail, Waiting
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.stages.deliver import MAILS_EACH, SUPERSEDED, Delivered, Delivering, Round, Rules
from digest.stages.pacing import PAUSE, Pacing
from digest.store import SqlStore, tables
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.fakes.mailer import FakeMailer
from tests.support.store_values import DAY, publish

GREYLISTED = PutOffError("not taken now: 450 4.7.1 greylisted")
FULL = PutOffError("not taken now: 452 4.2.2 mailbox full")
TOO_MANY = PutOffError("not taken now: 421 4.7.28 unusual rate", slows_down=True)
UNKNOWN = RefusedError("refused: 550 5.1.1 no such user", code="RCPT 550 5.1.1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[SqlStore]:
    with SqlStore.open("sqlite://", clock=clock) as opened:
        yield opened


def edition(store: SqlStore, *addresses: str, day: date = DAY) -> Edition:
    """An issue that is due to these addresses, and its edition."""
    n = (day - date(2026, 1, 1)).days
    publish(store, paper(n), day=day, deliveries={a: f"<{a}.{day}>" for a in addresses})
    return Edition(name="daily", title="Daily", sources=(), recipients=addresses)


def subscribe(store: SqlStore, address: str, **values: Any) -> Subscription:
    """A reader with a subscription, which all deliveries to the address name from now on."""
    known = parse_address(address)
    reader, _ = store.save_subscriber(known, origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=NOON)
    one = store.save_subscription(reader.pk, "daily", at=NOON, confirmed_at=NOON, **values)
    with store._write() as connection:
        connection.execute(
            tables.delivery.update().where(tables.delivery.c.recipient == address).values(subscription_pk=one.pk)
        )
    return one


def letter(_: Issue, delivery: Delivery, __: object) -> Mail:
    return Mail(sender="d@x.org", recipient=delivery.recipient, message_id=delivery.message_id, content=b"")


def run(
    store: SqlStore,
    of: Edition,
    *mailers: FakeMailer | Any,
    day: date = DAY,
    rules: Rules | None = None,
    pacing: Pacing | None = None,
    **changes: Any,
) -> Delivered:
    turn = Delivering(
        store=store,
        clock=store._clock,
        edition=of,
        day=day,
        compose=letter,
        mailers=mailers or [FakeMailer()],
        met=Round(),
        pacing=pacing or Pacing(store=store, clock=store._clock, sleep=lambda _: None),
        rules=rules or Rules(),
        chance=Random(1),
        **changes,
    )
    return turn.deliver(only=False)


def states(store: SqlStore, day: date = DAY) -> str:
    return "".join(
        d.state.value[0] if d.state is not DeliveryState.SKIPPED else "-" for d in store.deliveries("daily", day)
    )


def delivery(store: SqlStore, n: int = 0, day: date = DAY) -> Delivery:
    return store.deliveries("daily", day)[n]


# -- what the server takes later


def test_a_mail_that_is_put_off_is_not_tried_before_a_minute_is_over_and_then_goes_out(
    store: SqlStore, clock: FakeClock
) -> None:
    of, mailer = edition(store, "ada@x.org"), FakeMailer({"ada": GREYLISTED})

    first = run(store, of, mailer)
    clock.advance(seconds=59)
    run(store, of, mailer)
    tried_at_once = len(mailer.tried)
    clock.advance(seconds=20)
    mailer.failures.clear()
    last = run(store, of, mailer)

    assert first.waiting.put_off == 1
    assert first.waiting.next_at is not None
    assert timedelta(minutes=1) <= first.waiting.next_at - NOON <= timedelta(seconds=75)
    assert "450 4.7.1 greylisted; it is tried again from 12:01 on" in first.warnings[0]
    assert (tried_at_once, len(mailer.tried), states(store), last.waiting) == (1, 2, "s", Waiting())


def test_each_further_try_waits_twice_as_long_up_to_an_hour_and_in_the_end_it_is_given_up(
    store: SqlStore, clock: FakeClock
) -> None:
    of, mailer = edition(store, "ada@x.org"), FakeMailer({"ada": GREYLISTED})
    waits = []

    while states(store) == "d":
        done = run(store, of, mailer)
        if (at := done.waiting.next_at) is not None:
            waits.append((at - clock()) / timedelta(minutes=1))
            clock.at = at

    assert [w >= least for w, least in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60), strict=False)] == [True] * 8
    assert all(w <= 75 for w in waits)
    assert clock() - NOON <= timedelta(hours=20)
    assert done.skipped == 1
    assert delivery(store).error == "not taken now: 450 4.7.1 greylisted; given up after 20 hours"


def test_a_mail_that_is_put_off_is_given_up_when_its_recipient_has_a_newer_issue(store: SqlStore) -> None:
    of = edition(store, "ada@x.org", "bob@x.org")
    run(store, of, FakeMailer({"ada": GREYLISTED, "bob": DeliveryError("the line broke")}))
    tomorrow = DAY + timedelta(days=1)
    edition(store, "ada@x.org", "bob@x.org", day=tomorrow)

    done = run(store, of, FakeMailer(), day=tomorrow)

    assert (states(store), states(store, tomorrow), done.skipped) == ("-s", "ss", 1)
    assert delivery(store).error == f"{SUPERSEDED}: not taken now: 450 4.7.1 greylisted"


def test_twenty_in_a_row_that_are_put_off_end_the_run_and_nineteen_do_not(store: SqlStore) -> None:
    of = edition(store, *(f"p{n:02}@x.org" for n in range(30)))
    all_of_them, some = FakeMailer({"*": GREYLISTED}), FakeMailer({f"p{n:02}": GREYLISTED for n in range(19)})

    run(store, of, all_of_them)
    store.retry_deliveries("daily", since=DAY, until=DAY, states=[DeliveryState.DUE])
    run(store, of, some)

    assert len(all_of_them.tried) == 20
    assert len(some.taken) == 11


def test_a_person_may_let_what_was_put_off_be_tried_at_once_and_not_what_waits_for_its_morning(
    store: SqlStore,
) -> None:
    of = edition(store, "ada@x.org", "bob@x.org")
    store.return_deliveries([store.claim_deliveries("daily", DAY, limit=2)[1].id], due_at=NOON + timedelta(hours=9))
    store.return_deliveries([delivery(store).id])
    run(store, of, FakeMailer({"ada": GREYLISTED}))

    again = store.retry_deliveries("daily", since=DAY, until=DAY, states=[DeliveryState.DUE])

    assert [d.recipient for d in again] == ["ada@x.org"]
    assert store.waiting("daily", since=DAY, until=DAY) == Waiting(now=1, later=1, next_at=NOON + timedelta(hours=9))


# -- domains


def test_a_domain_that_says_too_many_is_left_alone_for_ten_minutes_and_then_gets_one_mail_at_a_time(
    store: SqlStore, clock: FakeClock
) -> None:
    of = edition(store, "a@gmail.com", "b@gmail.com", "c@x.org", "d@gmail.com")
    mailer = FakeMailer({"a": TOO_MANY})

    run(store, of, mailer)
    clock.advance(minutes=9)
    run(store, of, mailer)
    during = list(mailer.tried)
    clock.advance(minutes=3)
    mailer.failures.clear()
    run(store, of, mailer)

    assert during == ["a", "c"]
    assert mailer.tried == ["a", "c", "b", "d", "a"]
    assert [d.attempts for d in store.deliveries("daily", DAY)] == [2, 1, 1, 1]


def test_after_the_pause_a_domain_has_one_mail_at_once_and_one_more_with_each_minute(
    store: SqlStore, clock: FakeClock
) -> None:
    mine, other = (Pacing(store=store, clock=clock, sleep=clock.sleep) for _ in range(2))

    until = mine.pause("gmail.com", "421 4.7.28")
    other.look()
    paused = other.paused_until("gmail.com")
    clock.at = until
    at_once = [other.enter("gmail.com") for _ in range(2)]
    clock.advance(minutes=2)
    later = [other.enter("gmail.com") for _ in range(3)]

    assert until - NOON == PAUSE
    assert paused == until
    assert other.paused_until("gmail.com") is None
    assert (at_once, later) == ([True, False], [True, True, False])
    assert other.enter("x.org")


@dataclass
class _Rate:
    per_minute: int | None = None
    connections: int | None = None


def test_rates_hold_for_all_who_share_a_store(store: SqlStore, clock: FakeClock) -> None:
    paces = [
        Pacing(store=store, clock=clock, sleep=clock.sleep, per_minute=60, domains={"slow.org": _Rate(per_minute=6)})
        for _ in range(2)
    ]

    moments = []
    for n, domain in enumerate(("x.org", "slow.org", "x.org", "slow.org", "x.org")):
        paces[n % 2].wait(domain)
        moments.append(round((clock() - NOON).total_seconds()))

    assert moments == [0, 1, 2, 11, 12]


def test_without_rates_nothing_is_asked_of_the_store(store: SqlStore) -> None:
    class Deaf:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    Pacing(store=Deaf(), clock=store._clock, sleep=lambda _: None).wait("x.org")  # type: ignore[arg-type]  # on purpose


# -- readers who stop while their mail is on its way


def _unsubscribe(store: SqlStore, one: Subscription) -> None:
    store.stop_subscription(one.pk, at=NOON)


def _pause(store: SqlStore, one: Subscription) -> None:
    store.change_subscription(one.pk, paused_until=DAY + timedelta(days=9))


def _complain(store: SqlStore, one: Subscription) -> None:
    store.set_subscriber_state(one.subscriber.pk, SubscriberState.COMPLAINED, at=NOON)


def _be_forgotten(store: SqlStore, one: Subscription) -> None:
    store.forget_subscriber(parse_address(one.subscriber.address), on=DAY, secret=b"s")


STOPS = (_unsubscribe, _pause, _complain, _be_forgotten)


@pytest.mark.parametrize("stop", STOPS)
def test_who_stops_before_the_mail_is_begun_gets_none(
    store: SqlStore, stop: Callable[[SqlStore, Subscription], None]
) -> None:
    of = edition(store, "ada@x.org", "bob@x.org")
    one, mailer = subscribe(store, "bob@x.org"), FakeMailer()

    stop(store, one)
    done = run(store, of, mailer)

    assert (mailer.tried, states(store)) == (["ada"], "s-")
    assert (done.trouble, done.warnings) == (False, ())
    assert "before it was sent" in (delivery(store, 1).error or "") or "unwanted" in (delivery(store, 1).error or "")


@pytest.mark.parametrize("stop", STOPS)
def test_who_stops_while_the_mail_is_in_hand_gets_none_and_the_others_theirs(
    store: SqlStore, stop: Callable[[SqlStore, Subscription], None]
) -> None:
    of = edition(store, "ada@x.org", "bob@x.org", "cleo@x.org")
    one = subscribe(store, "bob@x.org")
    mailer = FakeMailer(before={"bob": lambda: stop(store, one)})

    done = run(store, of, mailer)

    assert (mailer.taken, states(store)) == (["ada", "cleo"], "s-s")
    assert (done.sent, done.withdrawn, done.trouble) == (2, 1, False)


def test_a_pause_ends_on_the_readers_own_date(store: SqlStore, clock: FakeClock) -> None:
    clock.at = datetime(2026, 6, 3, 20, 0, tzinfo=UTC)
    of = edition(store, "ada@x.org", "bob@x.org")
    subscribe(store, "ada@x.org", paused_until=DAY + timedelta(days=1), zone="Asia/Tokyo")
    subscribe(store, "bob@x.org", paused_until=DAY + timedelta(days=1))

    run(store, of, FakeMailer())

    assert states(store) == "s-"


def test_a_reader_needs_no_place_among_the_configs_recipients(store: SqlStore) -> None:
    edition(store, "ada@x.org")
    subscribe(store, "ada@x.org")
    nobodys = Edition(name="daily", title="Daily", sources=())

    assert run(store, nobodys, FakeMailer()).sent == 1


def test_of_a_forgotten_reader_nothing_is_kept_that_a_server_said(store: SqlStore) -> None:
    of = edition(store, "ada@x.org", "bob@x.org")
    one = subscribe(store, "bob@x.org")
    refusal = RefusedError("refused: 550 5.1.1 <bob@x.org> unknown", code="RCPT 550 5.1.1")

    run(store, of, FakeMailer({"bob": refusal}, before={"bob": lambda: _be_forgotten(store, one)}))

    assert "bob" not in repr(delivery(store, 1))


# -- mails that come back at once


def test_a_mailbox_that_does_not_exist_gets_no_more(store: SqlStore) -> None:
    of = edition(store, "ada@x.org", "bob@x.org")
    subscribe(store, "bob@x.org")

    done = run(store, of, FakeMailer({"bob": UNKNOWN}))

    found = store.subscriber(parse_address("bob@x.org"))
    assert found is not None
    assert (found.state, states(store)) == (SubscriberState.BOUNCED, "sf")
    assert done.warnings[-1] == "bob@x.org gets no more mails, for there is no such mailbox"


def _three_days(store: SqlStore, clock: FakeClock, failures: tuple[DeliveryError | None, ...]) -> SubscriberState:
    """What became of Bob after so many issues, which his server answered so until it was given up."""
    of = edition(store, "ada@x.org", "bob@x.org")
    for n, failure in enumerate(failures):
        day = DAY + timedelta(days=n)
        if n:
            edition(store, "ada@x.org", "bob@x.org", day=day)
        subscribe(store, "bob@x.org")
        run(store, of, FakeMailer({"bob": failure} if failure else {}), day=day)
        clock.advance(days=1)
    run(store, of, FakeMailer({"bob": GREYLISTED}), day=day)
    found = store.subscriber(parse_address("bob@x.org"))
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("failures", "state"),
    [
        ((FULL, FULL, FULL, FULL), SubscriberState.BOUNCED),
        ((FULL, FULL, None, FULL, FULL), SubscriberState.CONFIRMED),
        ((GREYLISTED, GREYLISTED, GREYLISTED, GREYLISTED), SubscriberState.CONFIRMED),
    ],
)
def test_a_mailbox_that_takes_three_issues_in_a_row_not_gets_no_more(
    store: SqlStore, clock: FakeClock, failures: tuple[DeliveryError | None, ...], state: SubscriberState
) -> None:
    assert _three_days(store, clock, failures) is state


# -- doubt


def test_a_mail_in_doubt_is_sent_again_under_the_same_id_where_that_is_wished(
    store: SqlStore, clock: FakeClock
) -> None:
    of = edition(store, "ada@x.org")
    before = delivery(store).message_id

    run(store, of, FakeMailer({"ada": InDoubtError("it hung up")}), rules=Rules(resend=True))
    in_between = (states(store), delivery(store).error)
    clock.advance(minutes=2)
    run(store, of, FakeMailer(), rules=Rules(resend=True))

    assert in_between == ("d", "it hung up")
    assert (states(store), delivery(store).message_id) == ("s", before)


def test_with_a_key_a_mail_in_doubt_is_sent_again_as_long_as_providers_know_the_key(
    store: SqlStore, clock: FakeClock
) -> None:
    of, keyed = edition(store, "ada@x.org"), Rules(has_key=True)
    mailer = FakeMailer({"ada": InDoubtError("it hung up")})

    while states(store) == "d":
        run(store, of, mailer, rules=keyed)
        clock.advance(minutes=11)

    assert states(store) == "u"
    assert 2 <= len(mailer.tried) <= 3


@pytest.mark.parametrize(
    ("rules", "minutes", "state"),
    [
        (Rules(), 1, "u"),
        (Rules(resend=True), 1, "s"),
        (Rules(resend=True), 999, "s"),
        (Rules(has_key=True), 14, "s"),
        (Rules(has_key=True), 16, "u"),
    ],
)
def test_what_a_dead_process_left_at_the_dot_is_sent_again_or_listed(
    store: SqlStore, clock: FakeClock, rules: Rules, minutes: int, state: str
) -> None:
    of = edition(store, "ada@x.org")
    with SqlStore(store._engine, clock=clock) as dead:
        [one] = dead.claim_deliveries("daily", DAY, limit=1)
        dead.mark_delivery(one.id, DeliveryState.DOT)
        clock.advance(minutes=minutes)

        run(store, of, FakeMailer(), rules=rules)

        assert states(store) == state


# -- several connections


@dataclass
class Together(FakeMailer):
    """A connection that meets the others in the middle of a mail."""

    meet: threading.Barrier | None = None
    threads: set[int] = field(default_factory=set)

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        self.threads.add(threading.get_ident())
        if self.meet is not None and self.tried:
            self.meet.wait(20)
        super().send(mail, before_dot=before_dot)


def test_with_the_first_mail_that_is_taken_all_connections_send(store: SqlStore) -> None:
    of = edition(store, *(f"p{n:03}@x.org" for n in range(4 * MAILS_EACH)))
    mailers = [FakeMailer() for _ in range(4)]
    first_alone = []
    mailers[0].before = {"p000": lambda: first_alone.append(sum(len(m.tried) for m in mailers))}

    done = run(store, of, *mailers)

    assert first_alone == [1]
    assert done.sent == 4 * MAILS_EACH
    assert sorted(name for m in mailers for name in m.taken) == [f"p{n:03}" for n in range(4 * MAILS_EACH)]
    assert states(store) == "s" * 4 * MAILS_EACH


def test_a_few_mails_go_over_one_connection(store: SqlStore) -> None:
    of = edition(store, *(f"p{n:03}@x.org" for n in range(2 * MAILS_EACH - 1)))
    mailers = [FakeMailer() for _ in range(4)]

    run(store, of, *mailers)

    assert [len(m.taken) for m in mailers] == [2 * MAILS_EACH - 1, 0, 0, 0]


def test_a_wrong_password_is_wrong_once_however_many_connections_there_are(store: SqlStore) -> None:
    of = edition(store, *(f"p{n:03}@x.org" for n in range(40)))
    mailers = [FakeMailer({"*": MailUnavailable("refused the login")}) for _ in range(4)]

    run(store, of, *mailers)

    assert sum(len(m.tried) for m in mailers) == 1
    assert states(store) == "d" * 40


def test_one_dead_connection_of_several_does_not_end_the_delivery(store: SqlStore) -> None:
    of = edition(store, *(f"p{n:03}@x.org" for n in range(40)))

    def broken() -> None:
        raise DeliveryError("the line broke")

    mailers = [FakeMailer(), FakeMailer(before={"p005": broken}), FakeMailer(), FakeMailer(before={"p011": broken})]

    run(store, of, *mailers)

    assert states(store).count("s") >= 38


@pytest.mark.parametrize("error", [KeyboardInterrupt, LookupError])
def test_a_mistake_in_one_thread_ends_all_and_gives_back_what_was_claimed(
    store: SqlStore, error: type[BaseException]
) -> None:
    of = edition(store, *(f"p{n:03}@x.org" for n in range(60)))

    def fail() -> None:
        raise error

    with pytest.raises(error):
        run(store, of, *(FakeMailer(before={"p020": fail}) for _ in range(4)))

    found = states(store)
    assert set(found) == {"s", "d"}
    assert found[20] == "d"
    assert all(d.attempts == (1 if d.state is DeliveryState.SENT else 0) for d in store.deliveries("daily", DAY))


def test_a_domain_has_no_more_mails_at_once_than_it_may(store: SqlStore, clock: FakeClock) -> None:
    of = edition(store, *(f"p{n:03}@{'slow' if n % 2 else 'x'}.org" for n in range(60)))
    at_once, most, lock = 0, 0, threading.Lock()

    class Slow(FakeMailer):
        def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
            nonlocal at_once, most
            is_slow = mail.recipient.endswith("slow.org")
            with lock:
                at_once += is_slow
                most = max(most, at_once)
            try:
                super().send(mail, before_dot=before_dot)
            finally:
                with lock:
                    at_once -= is_slow

    pacing = Pacing(store=store, clock=clock, sleep=lambda _: None, domains={"slow.org": _Rate(connections=1)})

    done = run(store, of, *(Slow() for _ in range(4)), pacing=pacing)

    assert (done.sent, most) == (60, 1)


# -- each in one state


def test_after_a_run_each_is_sent_failed_unknown_skipped_or_due_with_its_next_try(store: SqlStore) -> None:
    failures: dict[str, DeliveryError | None] = {
        "greylisted": GREYLISTED,
        "full": FULL,
        "quota": TOO_MANY,
        "nobody": UNKNOWN,
        "doubtful": InDoubtError("it hung up"),
        "taken": None,
        "broken": DeliveryError("the line broke"),
        "big": RefusedError("refused: 552 5.3.4", code="DATA 552 5.3.4", names_recipient=False),
    }
    kinds = [*failures, "stopped", "forgotten", "paused"]
    of = edition(store, *(f"{kind}@{kind}.org" for kind in ["first", *kinds, "last"]))
    for kind, stop in (("stopped", _unsubscribe), ("forgotten", _be_forgotten), ("paused", _pause)):
        stop(store, subscribe(store, f"{kind}@{kind}.org"))

    run(store, of, FakeMailer({name: failure for name, failure in failures.items() if failure}))

    found = {d.recipient.partition("@")[0]: d for d in store.deliveries("daily", DAY)}
    ends = {name: d.state.value for name, d in found.items() if not name.startswith("forgotten ")}
    assert ends == {
        "first": "sent",
        "greylisted": "due",
        "full": "due",
        "quota": "due",
        "nobody": "failed",
        "doubtful": "unknown",
        "taken": "sent",
        "broken": "due",
        "big": "failed",
        "stopped": "skipped",
        "paused": "skipped",
        "last": "sent",
    }
    assert [d.state for name, d in found.items() if name.startswith("forgotten ")] == [DeliveryState.SKIPPED]
    assert all(d.error for d in found.values() if d.state is not DeliveryState.SENT)
    assert all(found[kind].due_at for kind in ("greylisted", "full", "quota"))
