"""What a reader got, as the store has it."""

from __future__ import annotations

from datetime import date

from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.support.readers import delivered
from tests.support.store_values import publish, read

pytest_plugins = ("tests.support.store_fixtures",)

DAYS = [date(2026, 6, n) for n in (1, 2, 3, 4)]


def test_a_reader_got_what_was_made_and_not_skipped_the_newest_first(url: str) -> None:
    with SqlStore.open(url) as store:
        read(store, *map(paper, range(1, 5)))
        for n, day in enumerate(DAYS, 1):
            publish(store, paper(n), day=day)
        subscriptions = []
        for name in ("ada", "emmy"):
            address = parse_address(f"{name}@example.org")
            one, _ = store.save_subscriber(address, origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=NOON)
            subscriptions.append(store.save_subscription(one.pk, "daily", at=NOON, confirmed_at=NOON))
        ada, emmy = subscriptions
        delivered(url, ada, DAYS[0])
        delivered(url, ada, DAYS[1], state=DeliveryState.SKIPPED)
        delivered(url, ada, DAYS[2], channel="feed")
        delivered(url, ada, DAYS[3], state=DeliveryState.FAILED)
        delivered(url, emmy, DAYS[1])

        found = store.received(ada.pk, most=2)

        assert [(one.date, one.channel) for one in found] == [(DAYS[3], "mail"), (DAYS[2], "feed")]
        assert [one.date for one in store.received(ada.pk, most=9)] == [DAYS[3], DAYS[2], DAYS[0]]
        assert [one.date for one in store.received(ada.pk, most=9, day=DAYS[0])] == [DAYS[0]]
        assert store.received(ada.pk, most=9, day=DAYS[1]) == ()
