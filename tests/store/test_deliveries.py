"""The outbox: each delivery in one pair of hands, and nothing forgotten when they die."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from digest.core.errors import ClaimLostError, NotFoundError, WithdrawnError
from digest.core.models import DeliveryState, Waiting
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.store import SqlStore, tables
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.support.store_values import DAY, claim, publish

pytest_plugins = ("tests.support.store_fixtures",)


@pytest.fixture
def due(store: SqlStore) -> SqlStore:
    """A store with an issue and three due deliveries."""
    publish(store, paper(1), deliveries={f"{name}@example.org": f"<{name}@x>" for name in ("ada", "emmy", "sofia")})
    return store


def states(store: SqlStore) -> list[str]:
    return [d.state for d in store.deliveries("daily", DAY)]


def test_deliveries_are_claimed_one_after_another(due: SqlStore) -> None:
    claimed = [claim(due) for _ in range(4)]

    assert [d and d.recipient for d in claimed] == ["ada@example.org", "emmy@example.org", "sofia@example.org", None]
    assert [d.attempts for d in due.deliveries("daily", DAY)] == [1, 1, 1]
    assert states(due) == ["sending"] * 3


def test_a_delivery_goes_its_way_and_keeps_its_error(due: SqlStore) -> None:
    first, second, third = claim(due), claim(due), claim(due)
    assert first
    assert second
    assert third

    due.mark_delivery(first.id, DeliveryState.DOT)
    due.mark_delivery(first.id, DeliveryState.SENT)
    due.mark_delivery(second.id, DeliveryState.FAILED, error="550 no such user")
    due.mark_delivery(third.id, DeliveryState.DUE, error="450 try later")

    found = [(d.state, d.error) for d in due.deliveries("daily", DAY)]
    assert found == [("sent", None), ("failed", "550 no such user"), ("due", "450 try later")]
    again = claim(due)
    assert again
    assert (again.id, again.attempts) == (third.id, 2)


def test_some_are_claimed_at_once_in_their_order_and_the_rest_given_back_as_it_was(due: SqlStore) -> None:
    late = claim(due)
    assert late
    due.mark_delivery(late.id, DeliveryState.DUE, error="452 mailbox full")

    chunk = due.claim_deliveries("daily", DAY, limit=3)
    due.mark_delivery(chunk[0].id, DeliveryState.DOT)
    due.return_deliveries([d.id for d in chunk])

    assert [(d.recipient, d.attempts) for d in chunk] == [
        ("emmy@example.org", 1),
        ("sofia@example.org", 1),
        ("ada@example.org", 2),
    ]
    assert [(d.state, d.attempts, d.error) for d in due.deliveries("daily", DAY)] == [
        ("due", 1, "452 mailbox full"),
        ("dot", 1, None),
        ("due", 0, None),
    ]


def test_what_another_has_in_hand_is_not_given_back(due: SqlStore, url: str, clock: FakeClock) -> None:
    mine = claim(due)
    assert mine
    with SqlStore.open(url, clock=clock) as other:
        theirs = claim(other)
        assert theirs

        due.return_deliveries([mine.id, theirs.id])

        assert states(due) == ["due", "sending", "due"]


def test_how_many_are_in_which_state_is_counted_over_days(due: SqlStore, clock: FakeClock) -> None:
    publish(due, paper(2), day=DAY + timedelta(days=1), deliveries={"ada@example.org": "<2@x>"})
    publish(due, paper(3), day=DAY + timedelta(days=2), deliveries={"ada@example.org": "<3@x>"})
    for _ in range(2):
        sent = claim(due)
        assert sent
        clock.advance(minutes=1)
        due.mark_delivery(sent.id, DeliveryState.SENT)

    counted = due.count_deliveries("daily", since=DAY, until=DAY + timedelta(days=1))

    assert counted == {DeliveryState.DUE: 2, DeliveryState.SENT: 2}
    assert due.count_deliveries("other", since=DAY, until=DAY) == {}
    assert [due.sent_at("daily", DAY, n) for n in range(4)] == [
        None,
        NOON + timedelta(minutes=1),
        NOON + timedelta(minutes=2),
        None,
    ]
    assert [d.recipient for d in due.deliveries("daily", DAY, states=[DeliveryState.DUE])] == ["sofia@example.org"]


def test_what_another_store_has_in_hand_is_not_taken(due: SqlStore, url: str, clock: FakeClock) -> None:
    claim(due)

    with SqlStore.open(url, clock=clock) as other:
        assert [d and d.recipient for d in (claim(other), claim(other), claim(other))] == [
            "emmy@example.org",
            "sofia@example.org",
            None,
        ]


def test_what_a_closed_store_left_behind_is_taken_up(due: SqlStore, url: str, clock: FakeClock) -> None:
    with SqlStore.open(url, clock=clock) as other:
        left = claim(other)
        unsure = claim(other)
        assert unsure
        other.mark_delivery(unsure.id, DeliveryState.DOT)

    assert due.doubt_deliveries("daily", DAY) == 1
    taken = claim(due)

    assert taken
    assert left
    assert (taken.id, taken.attempts, taken.message_id) == (left.id, 2, left.message_id)
    assert states(due) == ["sending", "unknown", "due"]


def test_a_sender_that_was_too_slow_is_stopped_before_the_final_dot(due: SqlStore, url: str, clock: FakeClock) -> None:
    slow = claim(due)
    clock.advance(minutes=16)
    with SqlStore.open(url, clock=clock) as other:
        taken = claim(other)
        assert taken
        assert slow
        assert taken.id == slow.id

        with pytest.raises(ClaimLostError, match="in the hands of another process"):
            due.mark_delivery(slow.id, DeliveryState.DOT)
        with pytest.raises(ClaimLostError, match="in the hands of another process"):
            due.mark_delivery(slow.id, DeliveryState.FAILED, error="stopped")
        other.mark_delivery(taken.id, DeliveryState.DOT)
        other.mark_delivery(taken.id, DeliveryState.SENT)

    assert states(due) == ["sent", "due", "due"]


def test_a_mail_that_another_sent_meanwhile_is_not_made_due_again(due: SqlStore, url: str, clock: FakeClock) -> None:
    """A laptop sleeps with a mail that was put off; another machine sends it, and the laptop wakes."""
    [put_off] = due.claim_deliveries("daily", DAY, limit=1)
    clock.advance(minutes=5)
    with SqlStore.open(url, clock=clock) as other:
        [taken] = other.claim_deliveries("daily", DAY, limit=1)
        other.mark_delivery(taken.id, DeliveryState.DOT)
        other.mark_delivery(taken.id, DeliveryState.SENT)

        with pytest.raises(ClaimLostError):
            due.mark_delivery(put_off.id, DeliveryState.DUE, error="put off")

        assert (taken.id, other.deliveries("daily", DAY)[0].state) == (put_off.id, DeliveryState.SENT)


def test_only_a_claimed_delivery_reaches_the_dot(due: SqlStore) -> None:
    unclaimed = due.deliveries("daily", DAY)[0]

    with pytest.raises(ClaimLostError):
        due.mark_delivery(unclaimed.id, DeliveryState.DOT)
    with pytest.raises(NotFoundError):
        due.mark_delivery(10_000, DeliveryState.SENT)

    assert states(due) == ["due"] * 3


def test_a_person_may_send_what_is_in_doubt_again(due: SqlStore) -> None:
    unsure = claim(due)
    assert unsure
    due.mark_delivery(unsure.id, DeliveryState.DOT)
    due.mark_delivery(unsure.id, DeliveryState.UNKNOWN)

    due.mark_delivery(unsure.id, DeliveryState.DUE)

    again = [claim(due) for _ in range(3)]
    assert [d.message_id for d in again if d and d.id == unsure.id] == [unsure.message_id]


def test_many_who_claim_at_once_never_get_the_same(store: SqlStore, url: str, clock: FakeClock) -> None:
    publish(store, paper(1), deliveries={f"{n}@example.org": f"<{n}@x>" for n in range(40)})
    claimed: list[int] = []

    def work() -> None:
        with SqlStore.open(url, clock=clock) as own:
            while delivery := claim(own):
                own.mark_delivery(delivery.id, DeliveryState.DOT)
                own.mark_delivery(delivery.id, DeliveryState.SENT)
                claimed.append(delivery.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(claimed) == sorted(d.id for d in store.deliveries("daily", DAY))
    assert [d.attempts for d in store.deliveries("daily", DAY)] == [1] * 40
    assert store.status(since=NOON).deliveries == ((DeliveryState.SENT, 40),)


def test_an_address_that_is_never_taken_keeps_nobody_waiting_behind_it(due: SqlStore) -> None:
    first = claim(due)
    assert first
    due.mark_delivery(first.id, DeliveryState.DUE, error="452 mailbox full")

    following = [claim(due) for _ in range(3)]

    assert [d and d.recipient for d in following] == ["emmy@example.org", "sofia@example.org", "ada@example.org"]


def test_when_a_mail_was_sent_is_known_and_of_no_other(due: SqlStore, clock: FakeClock) -> None:
    first, second = claim(due), claim(due)
    assert first
    assert second
    clock.advance(seconds=3)
    due.mark_delivery(first.id, DeliveryState.DOT)
    clock.advance(seconds=2)
    due.mark_delivery(first.id, DeliveryState.SENT)
    due.mark_delivery(second.id, DeliveryState.FAILED, error="550")
    clock.advance(seconds=9)

    assert [d.sent_at for d in due.deliveries("daily", DAY)] == [NOON + timedelta(seconds=5), None, None]


def test_days_with_mails_on_their_way_are_those_of_the_edition_and_the_span(due: SqlStore) -> None:
    day_after, later, sent = (DAY + timedelta(days=n) for n in (1, 3, 2))
    for n, day in enumerate((DAY - timedelta(days=1), day_after, later, sent)):
        publish(due, paper(n + 2), day=day, deliveries={"ada@example.org": f"<{n}@x>"})
    publish(due, paper(9), day=sent, edition="other", deliveries={"ada@example.org": "<o@x>"})
    gone = claim(due, day=sent)
    assert gone
    due.mark_delivery(gone.id, DeliveryState.SENT)

    assert due.undelivered("daily", since=DAY, until=sent) == (DAY, day_after)
    assert due.undelivered("other", since=DAY, until=later) == (sent,)


def test_a_closed_store_holds_no_connection(due: SqlStore) -> None:
    before = due._engine.pool.checkedin()  # type: ignore[attr-defined]  # of the pool that both databases have

    due.close()

    assert before > 0
    assert due._engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # as above


def test_what_is_given_up_has_its_reason_and_is_on_its_way_no_more(due: SqlStore) -> None:
    sent = claim(due)
    assert sent
    due.mark_delivery(sent.id, DeliveryState.SENT)

    skipped = due.skip_deliveries("daily", before=None, reason="too old")

    assert skipped == {DAY: 2}
    assert states(due) == ["sent", "skipped", "skipped"]
    assert [d.error for d in due.deliveries("daily", DAY)] == [None, "too old", "too old"]
    assert due.undelivered("daily", since=DAY, until=DAY) == ()
    assert due.editions_on_their_way() == ()


def test_only_what_is_older_and_of_this_edition_is_given_up(due: SqlStore) -> None:
    later = DAY + timedelta(days=1)
    publish(due, paper(2), day=later, deliveries={"ada@example.org": "<2@x>"})
    publish(due, paper(3), edition="other", deliveries={"ada@example.org": "<3@x>"})

    skipped = due.skip_deliveries("daily", before=later, reason="too old")

    assert skipped == {DAY: 3}
    assert [d.state for d in due.deliveries("daily", later)] == ["due"]
    assert due.editions_on_their_way() == ("daily", "other")


def test_what_somebody_has_in_hand_is_not_given_up(due: SqlStore) -> None:
    sending, dot = claim(due), claim(due)
    assert sending
    assert dot
    due.mark_delivery(dot.id, DeliveryState.DOT)

    assert due.skip_deliveries("daily", before=None, reason="too old") == {DAY: 1}
    assert states(due) == ["sending", "dot", "skipped"]


def test_what_the_dead_left_is_given_up_but_for_what_may_have_arrived(due: SqlStore, clock: FakeClock) -> None:
    sending, dot = claim(due), claim(due)
    assert sending
    assert dot
    due.mark_delivery(dot.id, DeliveryState.DOT)
    clock.advance(minutes=16)

    skipped = due.skip_deliveries("daily", before=None, reason="too old")

    assert skipped == {DAY: 2}
    assert states(due) == ["skipped", "unknown", "skipped"]
    assert "may have been delivered" in (due.deliveries("daily", DAY)[1].error or "")


@pytest.fixture
def ended(due: SqlStore) -> SqlStore:
    """Failed, unknown and sent, in this order."""
    ends = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SENT)
    for delivery, state in zip([claim(due) for _ in range(3)], ends, strict=True):
        assert delivery
        due.mark_delivery(delivery.id, state, error=None if state is DeliveryState.SENT else f"it is {state}")
    return due


def retry(store: SqlStore, *wanted: DeliveryState, **changes: Any) -> list[str]:
    span = {"since": DAY, "until": DAY, **changes}
    return [d.recipient for d in store.retry_deliveries("daily", states=wanted, **span)]


def test_what_failed_is_due_again_without_its_reason(ended: SqlStore) -> None:
    assert retry(ended, DeliveryState.FAILED) == ["ada@example.org"]
    assert states(ended) == ["due", "unknown", "sent"]
    assert [d.error for d in ended.deliveries("daily", DAY)] == [None, "it is unknown", None]


def test_only_named_recipients_are_due_again_however_they_are_written(ended: SqlStore) -> None:
    both = (DeliveryState.FAILED, DeliveryState.UNKNOWN)

    assert retry(ended, *both, recipients=["EMMY@example.org"]) == ["emmy@example.org"]
    assert states(ended) == ["failed", "due", "sent"]


def test_only_what_has_the_same_reason_day_and_edition_is_due_again(ended: SqlStore) -> None:
    failed = DeliveryState.FAILED

    assert retry(ended, failed, errors=["it is unknown"]) == []
    assert retry(ended, failed, since=DAY + timedelta(days=1), until=DAY + timedelta(days=9)) == []
    assert retry(ended, failed, since=DAY - timedelta(days=9), until=DAY - timedelta(days=1)) == []
    assert ended.retry_deliveries("other", since=DAY, until=DAY, states=[failed]) == ()
    assert retry(ended, failed, errors=["it is failed", "x"]) == ["ada@example.org"]


def test_what_ended_badly_is_listed_the_newest_issue_first(ended: SqlStore) -> None:
    later = DAY + timedelta(days=1)
    publish(
        ended, paper(2), day=later, edition="b", deliveries={"zoe@example.org": "<2@x>", "bob@example.org": "<3@x>"}
    )
    while delivery := claim(ended, "b", later):
        ended.mark_delivery(delivery.id, DeliveryState.FAILED)

    found = ended.deliveries_in([DeliveryState.FAILED, DeliveryState.UNKNOWN])

    assert [(d.edition, d.recipient[:3]) for d in found] == [
        ("b", "bob"),
        ("b", "zoe"),
        ("daily", "ada"),
        ("daily", "emm"),
    ]


# -- moments


def test_what_is_due_later_is_claimed_when_its_time_has_come(due: SqlStore, clock: FakeClock) -> None:
    first = claim(due)
    assert first
    due.put_off(first.id, error="450 later", due_at=NOON + timedelta(minutes=1))

    early = [claim(due) for _ in range(3)]
    clock.advance(minutes=1)
    late = claim(due)

    assert [d and d.recipient for d in early] == ["emmy@example.org", "sofia@example.org", None]
    assert late
    assert (late.id, late.attempts, late.put_off_since) == (first.id, 2, NOON)


def test_what_waits_is_counted_by_when_it_is_due(due: SqlStore) -> None:
    first, second = claim(due), claim(due)
    assert first
    assert second
    due.put_off(first.id, error="450 later", due_at=NOON + timedelta(minutes=2))
    due.return_deliveries([second.id], due_at=NOON + timedelta(minutes=9))

    assert due.waiting("daily", since=DAY, until=DAY) == Waiting(
        now=1, put_off=1, later=1, next_at=NOON + timedelta(minutes=2)
    )
    assert due.waiting("other", since=DAY, until=DAY) == Waiting()


def test_a_day_whose_mails_are_all_due_later_is_not_on_its_way(due: SqlStore, clock: FakeClock) -> None:
    chunk = due.claim_deliveries("daily", DAY, limit=3)
    due.return_deliveries([d.id for d in chunk], due_at=NOON + timedelta(minutes=9))

    before = due.undelivered("daily", since=DAY, until=DAY)
    clock.advance(minutes=9)

    assert (before, due.undelivered("daily", since=DAY, until=DAY)) == ((), (DAY,))


def test_only_deliveries_of_a_channel_are_claimed_and_counted(due: SqlStore) -> None:
    with due._write() as connection:
        is_adas = tables.delivery.c.recipient == "ada@example.org"
        connection.execute(tables.delivery.update().where(is_adas).values(channel="slack"))

    hooks = due.claim_deliveries("daily", DAY, limit=9, channel="slack")
    mails = due.claim_deliveries("daily", DAY, limit=9)

    assert [d.recipient for d in hooks] == ["ada@example.org"]
    assert [d.recipient for d in mails] == ["emmy@example.org", "sofia@example.org"]
    assert due.count_deliveries("daily", since=DAY, until=DAY) == {DeliveryState.SENDING: 2}
    assert due.count_deliveries("daily", since=DAY, until=DAY, channel="slack") == {DeliveryState.SENDING: 1}


# -- readers


def _subscribed(store: SqlStore, address: str) -> Subscription:
    reader, _ = store.save_subscriber(
        parse_address(address), origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=NOON
    )
    one = store.save_subscription(reader.pk, "daily", at=NOON, confirmed_at=NOON)
    with store._write() as connection:
        is_hers = tables.delivery.c.recipient == address
        connection.execute(tables.delivery.update().where(is_hers).values(subscription_pk=one.pk))
    return one


def test_who_stops_while_somebody_has_the_mail_in_hand_gets_none(due: SqlStore, url: str, clock: FakeClock) -> None:
    one = _subscribed(due, "ada@example.org")
    mine = claim(due)
    assert mine

    with SqlStore.open(url, clock=clock) as web:
        web.stop_subscription(one.pk, at=NOON)

    with pytest.raises(WithdrawnError, match="the reader unsubscribed before it was sent, so nothing was sent"):
        due.mark_delivery(mine.id, DeliveryState.DOT)
    assert states(due) == ["skipped", "due", "due"]


@pytest.mark.parametrize(("day", "state"), [(DAY, "skipped"), (DAY + timedelta(days=2), "dot")])
def test_a_pause_holds_a_mail_back_at_the_dot_until_the_readers_day(due: SqlStore, day: date, state: str) -> None:
    one = _subscribed(due, "ada@example.org")
    mine = claim(due)
    assert mine
    due.change_subscription(one.pk, paused_until=DAY + timedelta(days=2))

    with suppress(WithdrawnError):
        due.mark_delivery(mine.id, DeliveryState.DOT, on=day)

    assert states(due)[0] == state


def test_what_a_forgotten_reader_would_have_got_is_not_due_again(due: SqlStore) -> None:
    one = _subscribed(due, "ada@example.org")
    mine = claim(due)
    assert mine
    due.forget_subscriber(parse_address(one.subscriber.address), on=DAY, secret=b"s")

    due.put_off(mine.id, error="450 <ada@example.org> later", due_at=NOON)
    again = due.retry_deliveries("daily", since=DAY, until=DAY, states=[DeliveryState.SKIPPED])

    assert again == ()
    assert states(due)[0] == "skipped"
    assert "ada@" not in repr(due.deliveries("daily", DAY))


# -- pace


def test_a_pause_of_a_domain_is_known_to_all(store: SqlStore, url: str, clock: FakeClock) -> None:
    until = NOON + timedelta(minutes=10)

    store.pause_domain("gmail.com", until=until, reason="421 4.7.28")
    store.reserve_slots({"x.org": timedelta(seconds=1)})

    with SqlStore.open(url, clock=clock) as other:
        assert other.pauses() == {"gmail.com": until}


def test_each_who_reserves_a_moment_gets_one_of_his_own(store: SqlStore, url: str, clock: FakeClock) -> None:
    second, ten = timedelta(seconds=1), timedelta(seconds=10)
    with SqlStore.open(url, clock=clock) as other:
        found = [
            store.reserve_slots({"": second}),
            other.reserve_slots({"": second, "slow.org": ten}),
            store.reserve_slots({"": second, "slow.org": ten}),
            other.reserve_slots({"": second}),
        ]

    assert [int((at - NOON).total_seconds()) for at in found] == [0, 1, 11, 12]


def test_what_a_wrong_clock_reserved_far_ahead_stops_nobody(store: SqlStore, clock: FakeClock) -> None:
    clock.advance(days=400)
    store.reserve_slots({"": timedelta(seconds=1)})
    clock.advance(days=-400)

    assert store.reserve_slots({"": timedelta(seconds=1)}) == NOON
