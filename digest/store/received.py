"""What readers got: the deliveries of a subscription, whatever way they went."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from digest.core.models import Delivery, DeliveryState
from digest.store import tables
from digest.store.database import Database
from digest.store.deliveries import delivery_of

_d = tables.delivery.c


class Received(Database):
    """The part of the store that knows what a reader got."""

    def received(self, subscription: int, *, most: int, day: date | None = None) -> tuple[Delivery, ...]:
        """The deliveries of a subscription, the newest first, but for those that were skipped.

        Args:
            day: Only that of this day.
        """
        query = (
            select(tables.delivery)
            .where(_d.subscription_pk == subscription, _d.state != DeliveryState.SKIPPED)
            .order_by(_d.date.desc(), _d.id.desc())
            .limit(most)
        )
        if day is not None:
            query = query.where(_d.date == day)
        with self._read() as connection:
            return tuple(delivery_of(row) for row in connection.execute(query))
