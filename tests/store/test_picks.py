"""Personal issues in the store: written once, with their deliveries, and drawn again as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from digest.core.issues.personal import Pick, Picks
from digest.core.models import DeliveryState, Entry, NewDelivery, PaperId, Signals, Summary
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.support.store_values import DAY, publish

pytest_plugins = ("tests.support.store_fixtures",)

ENTRIES = {
    paper(n).id: Entry(
        paper=paper(n),
        summary=Summary(tldr=f"It works {n} times.", client="extractive"),
        sources=("hf",),
        reason="",
        score=0.0,
        signals=Signals(upvotes=n),
    )
    for n in range(1, 4)
}


def subscribed(store: SqlStore, name: str = "ada", **values: Any) -> Subscription:
    address = parse_address(f"{name}@example.org")
    one, _ = store.save_subscriber(address, origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=NOON)
    return store.save_subscription(one.pk, "daily", at=NOON, confirmed_at=NOON, **values)


def picks(*numbers: int, profile: str = "abc", day: date = DAY) -> Picks:
    return Picks(
        edition="daily",
        day=day,
        language="en",
        profile=profile,
        picks=tuple(Pick(paper=paper(n).id, reason=f"matches “{n} é”", score=1 / n, interests=("x",)) for n in numbers),
        leads=(paper(numbers[-1]).id,),
        covers_since=day - timedelta(days=6),
        considered=3,
    )


def due(to: Subscription, profile: str = "abc", day: date = DAY, **changes: Any) -> NewDelivery:
    values: dict[str, Any] = {
        "recipient": to.subscriber.address,
        "message_id": f"<{to.pk}>",
        "subscription": to.pk,
        "profile": profile,
        "covers_until": day,
    }
    return NewDelivery(**{**values, **changes})


def save(
    store: SqlStore,
    *deliveries: NewDelivery,
    made: Picks | None = None,
    entries: Mapping[PaperId, Entry] = ENTRIES,
    day: date = DAY,
) -> tuple[NewDelivery, ...]:
    of = {} if made is None else {made.profile: made}
    return store.save_readers("daily", day, deliveries, picks=of, entries={"en": entries}, at=NOON)


def test_picks_come_out_as_they_went_in(store: SqlStore) -> None:
    publish(store, paper(1))
    ada = subscribed(store)

    save(store, due(ada), made=picks(2, 3))

    [delivery] = store.deliveries("daily", DAY)
    assert delivery.picks is not None
    assert store.picks(delivery.picks) == replace(picks(2, 3), pk=delivery.picks)
    assert store.picked("daily", DAY, "en") == {i: ENTRIES[i] for i in (paper(2).id, paper(3).id)}
    assert (delivery.subscription, delivery.state) == (ada.pk, DeliveryState.DUE)


def test_readers_of_equal_profiles_share_their_picks(store: SqlStore) -> None:
    publish(store, paper(1))
    save(store, due(subscribed(store)), made=picks(2))

    save(store, due(subscribed(store, "emmy")))

    one, other = store.deliveries("daily", DAY)
    assert one.picks == other.picks
    assert store.profiles_with_picks("daily", DAY, ["abc", "other"]) == {"abc"}


def test_what_is_picked_stays_as_it_was_first_stored(store: SqlStore) -> None:
    publish(store, paper(1))
    save(store, due(subscribed(store)), made=picks(2))
    renewed = {
        i: replace(e, summary=replace(e.summary, tldr="Another."), signals=Signals()) for i, e in ENTRIES.items()
    }

    save(store, due(subscribed(store, "emmy"), "other"), made=picks(2, 3, profile="other"), entries=renewed)

    there = store.picked("daily", DAY, "en")
    assert there[paper(2).id] == ENTRIES[paper(2).id]
    assert there[paper(3).id] == renewed[paper(3).id]


@pytest.mark.parametrize("change", ["stopped", "paused", "bounced"])
def test_a_reader_who_is_gone_between_choice_and_store_gets_nothing(store: SqlStore, change: str) -> None:
    publish(store, paper(1))
    ada = subscribed(store)
    if change == "stopped":
        store.stop_subscription(ada.pk, at=NOON)
    elif change == "paused":
        store.change_subscription(ada.pk, paused_until=DAY + timedelta(days=1))
    else:
        store.set_subscriber_state(ada.subscriber.pk, SubscriberState.BOUNCED, at=NOON)

    stored = save(store, due(ada), made=picks(2))

    assert stored == ()
    assert store.deliveries("daily", DAY) == ()
    assert store.picked("daily", DAY, "en") == {}


def test_an_issue_is_made_once_for_a_reader(store: SqlStore) -> None:
    publish(store, paper(1))
    ada = subscribed(store)

    first, second = (save(store, due(ada), made=picks(2)) for _ in range(2))

    assert (len(first), len(second)) == (1, 0)
    assert len(store.deliveries("daily", DAY)) == 1
    found = store.subscription(ada.pk)
    assert found is not None
    assert found.covered_until == DAY


def test_who_was_served_meanwhile_is_not_due_any_more(store: SqlStore) -> None:
    ada = subscribed(store)
    for day in (DAY, DAY + timedelta(days=1)):
        publish(store, paper(1), day=day)
    save(store, due(ada, ""))

    stored = save(store, due(ada, "", day=DAY + timedelta(days=1)), day=DAY + timedelta(days=1))

    assert stored == ()


def test_what_a_reader_received_is_told_with_its_picks_and_what_was_given_up_is_not_shown(store: SqlStore) -> None:
    ada = subscribed(store)
    days = [DAY - timedelta(days=n) for n in (2, 1)]
    for day in days:
        publish(store, day=day)
    save(store, due(ada, day=days[0]), made=picks(2, day=days[0]), day=days[0])
    save(store, due(ada, "", day=days[1], state=DeliveryState.SKIPPED, covered_before=days[0]), day=days[1])

    first, second = store.received_by([ada.pk], edition="daily", since=days[0], before=DAY)

    assert first.picks is not None
    assert (first.date, first.is_shown) == (days[0], True)
    assert (second.date, second.picks, second.is_shown) == (days[1], None, False)


def test_an_issue_waits_for_its_readers_until_all_have_theirs_and_again_when_it_is_built_anew(store: SqlStore) -> None:
    publish(store)
    [(built_at, entries)] = store.issues_built("daily", since=DAY, until=DAY).values()

    at_first = store.without_readers("daily", since=DAY, until=DAY)
    store.finish_readers("daily", DAY, built_at=built_at, at=NOON)
    then = store.without_readers("daily", since=DAY, until=DAY)
    publish(store, paper(1))

    assert (at_first, then, entries) == ((DAY,), (), 0)
    assert store.without_readers("daily", since=DAY, until=DAY) == (DAY,)


def later(n: int) -> datetime:
    return NOON + timedelta(hours=n)


SECRET = b"s" * 32


def ensure(store: SqlStore, *names: str, at: datetime = NOON) -> list[tuple[str, bool]]:
    addresses = [parse_address(f"{name}@example.org") for name in names]
    found = store.ensure_recipients("daily", addresses, at=at, secret=SECRET)
    return [(one.subscriber.address.partition("@")[0], one.is_active) for one in found]


def test_a_configured_recipient_gets_a_subscription_once(store: SqlStore) -> None:
    first, second = ensure(store, "ada", "emmy"), ensure(store, "ada", "Emmy", at=later(1))

    assert first == second == [("ada", True), ("emmy", True)]
    assert [s.subscriber.origin for some in store.active_subscriptions("daily") for s in some] == ["operator"] * 2


def test_a_configured_recipient_who_stopped_stays_so(store: SqlStore) -> None:
    store.stop_subscription(subscribed(store).pk, at=NOON)

    assert ensure(store, "ada") == [("ada", False)]


def test_a_forgotten_recipient_gets_no_subscription_though_the_config_has_it(store: SqlStore) -> None:
    store.forget_subscriber(parse_address("ada@example.org"), on=DAY, secret=SECRET)

    assert ensure(store, "ada", "emmy") == [("emmy", True)]


def test_a_recipient_whom_the_config_lists_before_they_confirmed_is_confirmed_by_the_operator(store: SqlStore) -> None:
    address = parse_address("ada@example.org")
    one, _ = store.save_subscriber(address, origin=Origin.FORM, state=SubscriberState.PENDING, at=NOON)
    store.save_subscription(one.pk, "daily", at=NOON)

    assert ensure(store, "ada") == [("ada", True)]
    [found] = store.subscriptions_of(one.pk)
    assert found.is_listed


def test_one_who_confirms_is_not_listed_only(store: SqlStore) -> None:
    ensure(store, "ada")
    one = store.subscriber(parse_address("ada@example.org"))
    assert one is not None

    [before] = store.subscriptions_of(one.pk)
    after = store.save_subscription(one.pk, "daily", at=NOON, confirmed_at=NOON)

    assert (before.is_listed, after.is_listed) == (True, False)


@pytest.mark.parametrize("how", ["stopped", "forgotten"])
def test_a_recipient_who_is_gone_while_the_issue_is_built_gets_no_mail_of_it(store: SqlStore, how: str) -> None:
    ada, emmy = subscribed(store), subscribed(store, "emmy")
    if how == "stopped":
        store.stop_subscription(ada.pk, at=NOON)
    else:
        store.forget_subscriber(parse_address("ada@example.org"), on=DAY, secret=SECRET)

    publish(store, paper(1), to=(due(ada, ""), due(emmy, "")), deliveries={"bob@localhost": "<bob>"})

    assert [d.recipient for d in store.deliveries("daily", DAY)] == ["bob@localhost", "emmy@example.org"]
