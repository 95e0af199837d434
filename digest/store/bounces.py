"""Reports on mails that were sent: which mail one is about, and that it was read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select, update

from digest.core.models import DeliveryState
from digest.store import tables
from digest.store.database import AnyRow, Database, insert_new

_d = tables.delivery.c
_notice = tables.notice.c
_RETURNED: Final = "returned: "
"""What the `error` of a delivery begins with that was sent and came back."""
_NOTICE: Final = re.compile(r"<notice\.([\w-]{1,100})@[^<>\s]+>")
_TAKEN: Final = (DeliveryState.SENT, DeliveryState.UNKNOWN)
_ISSUES: Final = select(_d.recipient, _d.subscription_pk, _d.edition, _d.date, _d.id, _d.error, _d.queued_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail that was sent: an issue's, or one about a subscription."""

    recipient: str
    subscription: int | None
    at: datetime
    """When it was queued."""
    edition: str = ""
    """Empty for a mail about a subscription."""
    date: date | None = None
    delivery: int | None = None
    returned: str = ""
    """Why it came back; empty for one that did not."""


class Bounces(Database):
    """The part of the store that keeps reports on mails."""

    def sent_under(self, message_ids: Collection[str]) -> SentMail | None:
        """The mail that has one of these Message-IDs; None if it was none of ours, or is forgotten."""
        wanted = [one for one in message_ids if one]
        if not wanted:
            return None
        # Of a notice's Message-ID the store has what is random in it.
        tokens = [found[1] for one in wanted if (found := _NOTICE.fullmatch(one))]
        notices = select(_notice.recipient, _notice.subscription_pk, _notice.queued_at).where(
            _notice.message_id.in_(tokens)
        )
        with self._read() as connection:
            row = connection.execute(_ISSUES.where(_d.message_id.in_(wanted)).order_by(_d.id).limit(1)).one_or_none()
            if row is not None:
                return _sent(row)
            notice = connection.execute(notices.order_by(_notice.pk).limit(1)).one_or_none()
        if notice is None:
            return None
        return SentMail(recipient=notice.recipient, subscription=notice.subscription_pk, at=notice.queued_at)

    def last_sent_to(self, subscriber: int) -> SentMail | None:
        """The last issue that was mailed to a subscriber; None if none was."""
        of_subscriber = select(tables.subscription.c.pk).where(tables.subscription.c.subscriber_pk == subscriber)
        query = _ISSUES.where(_d.subscription_pk.in_(of_subscriber), _d.channel == "mail", _d.state.in_(_TAKEN))
        with self._read() as connection:
            row = connection.execute(query.order_by(_d.date.desc(), _d.id.desc()).limit(1)).one_or_none()
        return None if row is None else _sent(row)

    def note_returned(self, delivery_id: int, reason: str) -> None:
        """Write down that a mail came back. It was sent, also where no server's answer had said so."""
        values = {"state": DeliveryState.SENT, "error": f"{_RETURNED}{reason}"}
        with self._write() as connection:
            connection.execute(update(tables.delivery).where(_d.id == delivery_id, _d.state.in_(_TAKEN)).values(values))

    def returned_mails(self, *, since: date) -> tuple[SentMail, ...]:
        """Mails of issues of *since* and later that were sent and came back, the newest first, and by recipient."""
        query = _ISSUES.where(_d.state == DeliveryState.SENT, _d.date >= since, _d.error.startswith(_RETURNED))
        with self._read() as connection:
            found = [_sent(row) for row in connection.execute(query.order_by(_d.date.desc()))]
        return tuple(sorted(found, key=lambda mail: (-mail.date.toordinal() if mail.date else 0, mail.recipient)))

    def is_report_known(self, report: str) -> bool:
        """Whether a report with this hash was read before."""
        bounce = tables.bounce.c
        with self._read() as connection:
            return connection.scalar(select(bounce.hash).where(bounce.hash == report)) is not None

    def save_report(
        self,
        report: str,
        *,
        kind: str,
        code: str,
        subscribers: Sequence[int],
        edition: str | None,
        day: date | None,
        at: datetime,
    ) -> None:
        """Write down that a report was read, by its hash; what follows from it is stored before.

        Args:
            subscribers: Whom it is about; the first is kept.
        """
        row = {
            "hash": report,
            "at": at,
            "kind": kind,
            "code": code,
            "subscriber_pk": subscribers[0] if subscribers else None,
            "edition": edition,
            "date": day,
        }
        with self._write("subscribers") as connection:
            connection.execute(insert_new(connection, tables.bounce, [row]))


def _sent(row: AnyRow) -> SentMail:
    error = row.error or ""
    return SentMail(
        recipient=row.recipient,
        subscription=row.subscription_pk,
        at=row.queued_at,
        edition=row.edition,
        date=row.date,
        delivery=row.id,
        returned=error.removeprefix(_RETURNED) if error.startswith(_RETURNED) else "",
    )
