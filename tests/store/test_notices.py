"""Notices and attempts in the store: queued, claimed, counted, swept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from digest.core.errors import ClaimLostError
from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.limits import Limit
from digest.core.subscribers.notices import NoticeKind
from digest.core.subscribers.subscriber import Origin, SubscriberState
from digest.store import SqlStore
from tests.conftest import NOON
from tests.fakes.clock import FakeClock

pytest_plugins = ("tests.support.store_fixtures",)

HOUR = timedelta(hours=1)


def add(store: SqlStore, recipient: str = "ada@example.org", subscription: int | None = None) -> int:
    return store.add_notice("links", recipient, {"a": 1}, subscription, NOON)


def test_a_notice_comes_out_as_it_went_in_and_only_once(store: SqlStore) -> None:
    pk = add(store)

    (one,) = store.claim_notices(limit=9)

    assert (one.pk, one.kind, one.recipient, one.about) == (pk, NoticeKind.LINKS, "ada@example.org", {"a": 1})
    assert (one.state, one.attempts, one.queued_at) == (DeliveryState.SENDING, 1, NOON)
    assert store.claim_notices(limit=9) == ()


def test_a_notice_that_is_put_off_waits_until_its_time(store: SqlStore, clock: FakeClock) -> None:
    pk = add(store)
    store.claim_notices(limit=9)
    store.mark_notice(pk, DeliveryState.DUE, error="later", due_at=NOON + HOUR)

    assert not store.has_notices()
    assert store.claim_notices(limit=9) == ()
    clock.advance(hours=1)
    assert store.has_notices()
    assert [one.attempts for one in store.claim_notices(limit=9)] == [2]


def test_what_another_store_has_claimed_is_not_ours(new_url: str, clock: FakeClock) -> None:
    with SqlStore.open(new_url, clock=clock) as one, SqlStore.open(new_url, clock=clock) as other:
        pk = add(one)
        one.claim_notices(limit=9)

        assert other.claim_notices(limit=9) == ()
        with pytest.raises(ClaimLostError):
            other.mark_notice(pk, DeliveryState.DOT)
        one.mark_notice(pk, DeliveryState.DOT)
        with pytest.raises(ClaimLostError):
            one.mark_notice(pk, DeliveryState.DOT)


def test_what_a_dead_process_left_is_sent_unless_it_was_at_the_dot(new_url: str, clock: FakeClock) -> None:
    with SqlStore.open(new_url, clock=clock) as one:
        early, late = add(one), add(one)
        one.claim_notices(limit=9)
        one.mark_notice(late, DeliveryState.DOT)
    with SqlStore.open(new_url, clock=clock) as other:
        assert [notice.pk for notice in other.claim_notices(limit=9)] == [early]
        assert other.count_notices() == {DeliveryState.SENDING: 1, DeliveryState.UNKNOWN: 1}


def test_a_limit_holds_in_every_hour_whenever_it_begins(store: SqlStore, clock: FakeClock) -> None:
    limits = (Limit("x", "who", 2, HOUR),)

    def attempt(minute: int) -> bool:
        return store.attempt(limits, at=NOON + timedelta(minutes=minute))

    assert [attempt(50), attempt(55), attempt(65), attempt(109), attempt(110), attempt(111)] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert store.count_attempts("x", since=NOON) == 3
    assert store.count_attempts("x refused", since=NOON) == 3


def test_an_attempt_that_one_limit_refuses_counts_under_none(store: SqlStore) -> None:
    narrow, wide = Limit("narrow", "", 1, HOUR), Limit("wide", "", 5, HOUR)

    assert [store.attempt((wide, narrow), at=NOON) for _ in range(4)] == [True, False, False, False]
    assert store.count_attempts("wide", since=NOON) == 1


def test_what_is_asked_for_beyond_a_limit_is_not_queued(store: SqlStore) -> None:
    limits = (Limit("x", "", 1, HOUR),)

    asked = [store.ask("lost", f"{n}@example.org", {}, limits=limits, at=NOON) for n in range(3)]

    assert asked == [True, False, False]
    assert store.count_notices() == {DeliveryState.DUE: 1}


def test_subscriptions_that_one_mail_asked_about_are_found_by_the_first(store: SqlStore) -> None:
    person, _ = store.save_subscriber(
        parse_address("ada@example.org"), origin=Origin.FORM, state=SubscriberState.PENDING, at=NOON
    )
    first, second = (store.save_subscription(person.pk, name, at=NOON) for name in ("daily", "weekly"))
    store.add_notice("confirm", "ada@example.org", {"subscriptions": [first.pk, second.pk]}, first.pk, NOON)

    assert store.asked_with(first.pk, since=NOON) == {first.pk, second.pk}
    assert store.asked_with(first.pk, since=NOON + HOUR) == {first.pk}
    assert store.asked_with(second.pk, since=NOON) == {second.pk}


def test_an_address_that_nobody_confirmed_is_deleted_after_a_month(store: SqlStore, clock: FakeClock) -> None:
    pending, confirmed = (
        store.save_subscriber(parse_address(f"{state}@example.org"), origin=Origin.FORM, state=state, at=NOON)[0]
        for state in (SubscriberState.PENDING, SubscriberState.CONFIRMED)
    )
    for one in (pending, confirmed):
        subscription = store.save_subscription(one.pk, "daily", at=NOON)
        add(store, one.address, subscription.pk)
    for notice in store.claim_notices(limit=9):
        store.mark_notice(notice.pk, DeliveryState.SENT)

    clock.advance(days=29)
    store.sweep_notices()
    assert len(store.subscribers()) == 2
    clock.advance(days=2)
    store.sweep_notices()

    assert store.subscribers() == (confirmed,)
    assert store.count_notices() == {}


def test_a_notice_that_is_due_is_not_swept_however_old(store: SqlStore, clock: FakeClock) -> None:
    add(store)
    clock.advance(days=99)

    store.sweep_notices()

    assert store.has_notices()


def test_threads_that_write_at_once_all_get_their_turn(store: SqlStore) -> None:
    def write(n: int) -> None:
        for _ in range(10):
            add(store, f"reader{n}@example.org")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert store.count_notices() == {DeliveryState.DUE: 80}
