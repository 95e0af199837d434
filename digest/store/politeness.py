"""Politeness of all machines that share a database: turns at a service, and the limits of a model's provider.

    turn     arxiv.org │ owner, while a request runs │ when the last one ended
    limits   a model's server │ what is left there, and what is under way

A turn of a process that dies is free when its heartbeat runs out (`leases.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import literal, select, update

from digest.store import tables
from digest.store.database import upsert
from digest.store.leases import Leases

_turn = tables.turn.c
_limits = tables.limits.c


class Politeness(Leases):
    """The part of the store that shares turns and limits among machines."""

    def take_turn(self, queue: str, *, gap_s: float) -> float | None:
        """Take the turn in *queue*, if no other owner has it and the last one ended at least *gap_s* seconds ago.

        Returns:
            0 if this store has the turn now; the seconds left to wait if it is too early; None if another owner has it.
        """
        with self._write() as connection:
            self._keep_alive(connection)
            upsert(connection, tables.turn, [{"queue": queue}])
            row = connection.execute(select(tables.turn).where(_turn.queue == queue).with_for_update()).one()
            if row.owner is not None and connection.scalar(select(self._is_live(literal(row.owner)))):
                return None
            now, gap = self._clock(), timedelta(seconds=gap_s)
            ended_at = row.ended_at
            # One who died in the middle of a request did so at some moment up to now; and what lies ahead was dated
            # by a clock that is ahead of ours.
            if row.owner is not None or (ended_at is not None and ended_at > now):
                ended_at = now
            wait = 0.0 if ended_at is None else max(0.0, (ended_at + gap - now).total_seconds())
            values = {"owner": None if wait else self.owner, "ended_at": ended_at}
            connection.execute(update(tables.turn).where(_turn.queue == queue).values(values))
            return wait

    def end_turn(self, queue: str) -> None:
        """Give the turn in *queue* back; nothing happens if it was lost meanwhile."""
        mine = (_turn.queue == queue, _turn.owner == self.owner)
        with self._write() as connection:
            connection.execute(update(tables.turn).where(*mine).values(owner=None, ended_at=self._clock()))

    def change_limits(self, server: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Replace the stored limits of *server* by what *change* makes of them; others wait meanwhile.

        Args:
            change: Takes the stored limits, an empty mapping at first, and returns the new ones.
        """
        is_it = _limits.server == server
        with self._write() as connection:
            upsert(connection, tables.limits, [{"server": server, "state": {}}])
            state = connection.scalars(select(_limits.state).where(is_it).with_for_update()).one()
            connection.execute(update(tables.limits).where(is_it).values(state=dict(change(state))))
