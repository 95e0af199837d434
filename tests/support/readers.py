"""Readers in a store: what they were sent, as the stage that makes deliveries writes it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import create_engine, insert

from digest.core.models import DeliveryState
from digest.core.subscribers.subscriber import Subscription
from digest.store import tables
from tests.conftest import NOON


def delivered(
    url: str,
    subscription: Subscription,
    day: date,
    *,
    picks: int | None = None,
    state: DeliveryState = DeliveryState.SENT,
    channel: str = "mail",
    at: datetime = NOON,
) -> None:
    """Write down that a subscription got the issue of a day, which must be in the store."""
    row = {
        "edition": subscription.edition,
        "date": day,
        "recipient": subscription.subscriber.address,
        "state": state,
        "message_id": f"<{day}-{subscription.pk}@example.org>",
        "queued_at": at,
        "attempts": 1,
        "channel": channel,
        "subscription_pk": subscription.pk,
        "picks_pk": picks,
    }
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(insert(tables.delivery), row)
    finally:
        engine.dispose()
