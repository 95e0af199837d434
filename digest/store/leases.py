"""Leases: who may do what until when. Named leases, and the heartbeats that all claims depend on.

    owner:3f9c…   3f9c…   12:00:30     the heartbeat of one open store, renewed every LEASE / 3 while it works
    run           3f9c…   12:00:30     a named lease of the same store, renewed with it

A claim is the owner's token in a row of what is claimed (`delivery.claimed_by`). It holds exactly as long as the
owner's heartbeat has not run out, so renewing one row keeps any number of claims. A process that is killed renews no
more, and within LEASE all its claims are free. A process that was only asleep finds its claims run out, and others may
have taken them. So an action under a claim checks in the same transaction that the row still names the owner; claims
that no other owner took are valid again with the next renewal.

A lease whose end lies further ahead than LEASE allows was dated by a wrong clock, and counts as run out.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, literal, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from digest.core.errors import StoreError
from digest.core.ports import Clock
from digest.store import tables
from digest.store.database import Database, upsert

LEASE: Final = timedelta(seconds=30)
"""How long a claim holds after its owner's last heartbeat. So clocks may differ by some ten seconds."""
_POLL_S: Final = 0.2
"""Seconds between two looks at a lease that another owner has."""
_FAREWELL_S: Final = 5.0
"""Seconds that closing the store waits for a heartbeat that is under way."""
_HEARTBEAT: Final = "owner:"
_FORGOTTEN: Final = timedelta(days=1)
"""How long leases of dead processes stay in the table, for a person to look at."""
_l = tables.lease.c


class Leases(Database):
    """The part of the store that holds leases and keeps its owner's heartbeat."""

    def __init__(self, engine: Engine, *, clock: Clock, lease: timedelta | None = None) -> None:
        super().__init__(engine, clock=clock, lease=lease)
        self.owner = secrets.token_hex(16)
        """A random token: who this store is to all others that have the database open."""
        self._lasts = LEASE if lease is None else lease
        self._is_closed = threading.Event()
        self._beating: threading.Thread | None = None
        self._starting = threading.Lock()
        self._unreturned: set[str] = set()
        """Names of leases that could not be given back: they are not renewed, so they run out."""

    @property
    def heartbeat(self) -> str:
        """The name of the lease that tells that this store is alive."""
        return f"{_HEARTBEAT}{self.owner}"

    def close(self) -> None:
        """Give back all claims and leases, and close all connections."""
        self._is_closed.set()
        if self._beating is not None:
            # If the database is gone, the leases run out by themselves.
            with suppress(StoreError, SQLAlchemyError), self._write() as connection:
                connection.execute(delete(tables.lease).where(_l.owner == self.owner))
            self._beating.join(_FAREWELL_S)
        super().close()

    def let_go(self) -> None:
        """Give back all claims and leases, also those that could not be given back before; for between two runs.

        A process that stays makes it at the end of each run: what a failed write left in its hands would be its own as
        long as it lives. Nothing may be under way in this store.
        """
        former, self.owner = self.owner, secrets.token_hex(16)
        # If the database does not answer now, they run out by themselves: the heart beats for the new token.
        with suppress(StoreError, SQLAlchemyError), self._write() as connection:
            connection.execute(delete(tables.lease).where(_l.owner == former))

    @contextmanager
    def lease(self, name: str, *, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
        """Hold the lease *name*; yields whether its last holder died without giving it back.

        If another owner has it, this waits until it is given back, or runs out because that owner is dead. It is given
        back at the end, also after an exception. If this process sleeps so long that its lease runs out, another one
        may take it, and neither notices: what must not be done twice needs a claim of its own.

        Args:
            waiting: Called once, if another owner has the lease.
        """
        was_left = self._take(name)
        if was_left is None:
            waiting()
            while was_left is None:
                time.sleep(_POLL_S)
                was_left = self._take(name)
        self._unreturned.discard(name)
        try:
            yield was_left
        finally:
            try:
                with self._write() as connection:
                    connection.execute(delete(tables.lease).where(_l.name == name, _l.owner == self.owner))
            except (StoreError, SQLAlchemyError):
                self._unreturned.add(name)

    def _take(self, name: str) -> bool | None:
        """Take a lease if it is free. Gives whether a dead process left it; None if another owner has it."""
        row = {"name": name, "owner": self.owner}
        with self._read() as connection:
            # Asking does not disturb who is at work; taking would.
            if connection.scalar(select(_l.name).where(_l.name == name, self._is_current())) is not None:
                return None
        with self._write() as connection:
            self._keep_alive(connection)
            until = self._clock() + self._lasts
            left = update(tables.lease).where(_l.name == name, ~self._is_current())
            if connection.execute(left.values(owner=self.owner, until=until)).rowcount:
                return True
            upsert(connection, tables.lease, [{**row, "until": until}])
            mine = select(_l.name).where(_l.name == name, _l.owner == self.owner)
            return None if connection.scalar(mine) is None else False

    # -- for those who hold a transaction that writes

    def _keep_alive(self, connection: Connection) -> None:
        """Give this store a heartbeat, so that claims of this transaction hold as long as the process lives."""
        now = self._clock()
        row = {"name": self.heartbeat, "owner": self.owner, "until": now + self._lasts}
        upsert(connection, tables.lease, [row], update=("until",))
        with self._starting:
            if self._beating is None:
                long_ago = or_(_l.until < now - _FORGOTTEN, _l.until > now + _FORGOTTEN)
                dead = _l.name.startswith(_HEARTBEAT, autoescape=True)
                connection.execute(delete(tables.lease).where(dead, long_ago, _l.owner != self.owner))
                beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
                beating.start()
                self._beating = beating

    def _is_live(self, owner: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether *owner*, a column or a token, has a valid heartbeat, so that its claims hold; false for null."""
        heartbeat = select(1).where(_l.name == literal(_HEARTBEAT).concat(owner), self._is_current())
        return heartbeat.correlate_except(tables.lease).exists()

    def _is_current(self) -> ColumnElement[bool]:
        # Who renewed it may have a clock that is ahead of ours by nearly as much as a lease lasts.
        now = self._clock()
        return and_(_l.until > now, _l.until <= now + 2 * self._lasts)

    # -- the heart

    def _beat(self) -> None:
        """Renew all leases of this store until it is closed."""
        every_s = self._lasts.total_seconds() / 3
        while not self._is_closed.wait(every_s):
            # If the database does not answer now, it may the next time; and if not, all that acts finds out.
            with suppress(StoreError, SQLAlchemyError), self._write() as connection:
                until = self._clock() + self._lasts
                renewed = update(tables.lease).where(_l.owner == self.owner, _l.name.not_in(self._unreturned))
                connection.execute(renewed.values(until=until))
                # Somebody with a wrong clock may have taken it for one of long ago, and deleted it.
                row = {"name": self.heartbeat, "owner": self.owner, "until": until}
                if not self._is_closed.is_set():
                    upsert(connection, tables.lease, [row])
