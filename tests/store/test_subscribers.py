"""Subscribers in the store: kept, changed, stopped, forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.core.errors import NotFoundError
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.store import SqlStore
from digest.store.subscribers import Library, NewSubscription
from tests.conftest import NOON

pytest_plugins = ("tests.support.store_fixtures",)

ADA = parse_address("ada@example.org")


def subscribed(
    store: SqlStore, text: str = "ada@example.org", edition: str = "daily", **values: object
) -> Subscription:
    one, _ = store.save_subscriber(
        parse_address(text), origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=NOON
    )
    return store.save_subscription(one.pk, edition, at=NOON, confirmed_at=NOON, **values)


def test_an_address_is_one_subscriber_however_it_is_spelled(store: SqlStore) -> None:
    first, is_new = store.save_subscriber(ADA, origin=Origin.FORM, state=SubscriberState.PENDING, at=NOON)
    again, is_new_again = store.save_subscriber(
        parse_address("ADA@example.org"), origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=NOON
    )

    assert (is_new, is_new_again) == (True, False)
    assert again == first


def test_a_subscription_comes_out_as_it_went_in(store: SqlStore) -> None:
    one = subscribed(
        store, interests=("robots", "2606.00001"), avoid=("audio",), cadence="weekly:fri", zone="Asia/Tokyo"
    )

    assert store.subscription(one.pk) == one
    assert (one.interests, one.avoid, one.cadence) == (("robots", "2606.00001"), ("audio",), "weekly:fri")
    assert one.is_active


def test_only_active_subscriptions_are_listed(store: SqlStore) -> None:
    one, stopped, other = (subscribed(store, f"{n}@example.org") for n in ("a", "b", "c"))
    subscribed(store, "d@example.org", edition="weekly")
    store.stop_subscription(stopped.pk, at=NOON)
    store.set_subscriber_state(other.subscriber.pk, SubscriberState.BOUNCED, at=NOON)

    assert [s.pk for part in store.active_subscriptions("daily") for s in part] == [one.pk]


def test_who_stops_the_last_edition_is_unsubscribed(store: SqlStore) -> None:
    daily, weekly = subscribed(store), subscribed(store, edition="weekly")

    assert store.stop_subscription(daily.pk, at=NOON)
    assert not store.stop_subscription(daily.pk, at=NOON)
    assert store.subscriber(ADA).state is SubscriberState.CONFIRMED
    store.stop_subscription(weekly.pk, at=NOON)
    assert store.subscriber(ADA).state is SubscriberState.UNSUBSCRIBED


def test_a_field_that_does_not_exist_cannot_be_set(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="address"):
        store.change_subscription(subscribed(store).pk, address="x@example.org")
    with pytest.raises(NotFoundError):
        store.change_subscription(99, cadence="daily")


def test_libraries_are_kept_with_their_subscription(store: SqlStore) -> None:
    one = subscribed(store)
    store.save_library(one.pk, Library(name="mine.bib", content=b"@article{}", papers=1), at=NOON)

    assert store.subscription(one.pk).libraries == ("mine.bib",)
    assert store.libraries_of(one.pk)[0].content == b"@article{}"
    assert store.remove_library(one.pk, "mine.bib")
    assert not store.remove_library(one.pk, "mine.bib")


def test_links_get_a_secret_with_the_first_question_and_keep_it(store: SqlStore) -> None:
    first = store.link_secrets()

    assert store.link_secrets() == first
    assert list(first) == [0]
    assert store.renew_link_secret() == 1
    assert sorted(store.link_secrets()) == [0, 1]
    assert store.renew_link_secret(drop=True) == 2
    assert list(store.link_secrets()) == [2]


def test_what_hashes_addresses_stays_when_links_get_another_secret(store: SqlStore) -> None:
    secret = store.hash_secret()
    store.forget_subscriber(ADA, on=NOON.date(), secret=secret)

    store.renew_link_secret(drop=True)

    assert len(secret) == 32
    assert store.hash_secret() == secret
    assert store.forgotten_since(ADA, secret=store.hash_secret()) == NOON.date()


def test_confirming_forgets_former_bounces(store: SqlStore) -> None:
    one = subscribed(store)
    store.set_subscriber_state(one.subscriber.pk, SubscriberState.BOUNCED, at=NOON)

    assert store.set_subscriber_state(one.subscriber.pk, SubscriberState.CONFIRMED, at=NOON + timedelta(days=1))
    assert not store.set_subscriber_state(one.subscriber.pk, SubscriberState.CONFIRMED, at=NOON + timedelta(days=2))
    assert store.subscriber(ADA).since == NOON + timedelta(days=1)


def new(text: str, edition: str = "daily", state: SubscriberState = SubscriberState.CONFIRMED) -> NewSubscription:
    return NewSubscription(
        address=parse_address(text),
        state=state,
        edition=edition,
        values={"confirmed_at": NOON, "interests": ("robots",)},
    )


def test_many_are_kept_at_once_and_none_twice(store: SqlStore) -> None:
    subscribed(store, "bob@example.org")
    rows = [new("ada@example.org"), new("ADA@example.org"), new("ada@example.org", "weekly"), new("bob@example.org")]

    kept = store.save_subscriptions(rows, origin=Origin.OPERATOR, at=NOON)

    assert kept == {("ada@example.org", "daily"), ("ada@example.org", "weekly")}
    known = store.known_subscribers([ADA, parse_address("nobody@example.org")])
    assert [one.edition for one in known["ada@example.org"][1]] == ["daily", "weekly"]
    assert known["ada@example.org"][1][0].interests == ("robots",)
    assert known.keys() == {"ada@example.org"}


def test_who_came_into_another_state_meanwhile_is_left_alone(store: SqlStore) -> None:
    one = subscribed(store)
    store.stop_subscription(one.pk, at=NOON)

    assert store.save_subscriptions([new("ada@example.org", "weekly")], origin=Origin.OPERATOR, at=NOON) == frozenset()
    assert [s.edition for s in store.subscriptions_of(one.subscriber.pk)] == ["daily"]


def test_many_are_stopped_at_once(store: SqlStore) -> None:
    one, two, other = (subscribed(store, f"{n}@example.org") for n in ("a", "b", "c"))
    weekly = subscribed(store, "b@example.org", edition="weekly")
    store.stop_subscription(one.pk, at=NOON)

    assert store.stop_subscriptions([one.pk, two.pk], at=NOON) == {two.pk}
    states = {s.address: s.state for s in store.subscribers()}
    assert states["a@example.org"] is SubscriberState.UNSUBSCRIBED
    assert states["b@example.org"] is states["c@example.org"] is SubscriberState.CONFIRMED
    assert store.set_subscriber_states([two.subscriber.pk, other.subscriber.pk], SubscriberState.BOUNCED, at=NOON) == 2
    assert store.subscriptions_of_each([two.subscriber.pk])[two.subscriber.pk][1].pk == weekly.pk
