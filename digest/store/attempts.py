"""Attempts: how often something was tried lately, by a keyed hash of who tried it, for all processes together.

Counted by the minute, so that a limit of twenty an hour holds in every hour, whenever that begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from digest.core.subscribers.limits import Limit
from digest.store import tables
from digest.store.database import Database

_a = tables.attempt.c


class Attempts(Database):
    """The part of the store that counts attempts."""

    def attempt(self, limits: Sequence[Limit], *, at: datetime) -> bool:
        """Count an attempt under all of *limits*, if none of them is reached; whether it may be made."""
        with self._write("subscribers") as connection:
            return allowed(connection, limits, at=at)

    def count_attempts(self, what: str, *, since: datetime) -> int:
        """How many attempts were counted, of all who made some."""
        query = select(func.coalesce(func.sum(_a.number), 0)).where(_a.what == what, _a.since >= since)
        with self._read() as connection:
            return int(connection.scalar(query) or 0)


def allowed(connection: Connection, limits: Sequence[Limit], *, at: datetime) -> bool:
    """Count an attempt, in the caller's transaction under the lock `subscribers`; see `Attempts.attempt`.

    One that is refused does not count against who made it, but among the refused, so that both take a write.
    """
    minute = at.replace(second=0, microsecond=0)
    for limit in limits:
        lately = select(func.coalesce(func.sum(_a.number), 0)).where(
            _a.what == limit.what, _a.who == limit.who, _a.since > minute - limit.within
        )
        if int(connection.scalar(lately) or 0) >= limit.most:
            _count(connection, f"{limit.what} refused", "", minute)
            return False
    for limit in limits:
        _count(connection, limit.what, limit.who, minute)
    return True


def _count(connection: Connection, what: str, who: str, minute: datetime) -> None:
    row = {"what": what, "who": who, "since": minute}
    one_more = update(tables.attempt).where(_a.what == what, _a.who == who, _a.since == minute)
    if not connection.execute(one_more.values(number=_a.number + 1)).rowcount:
        connection.execute(insert(tables.attempt).values(**row, number=1))


def forget_attempts(connection: Connection, *, before: datetime) -> None:
    """Delete what no limit looks at any more."""
    connection.execute(delete(tables.attempt).where(_a.since < before))
