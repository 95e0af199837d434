"""Forget a reader: in the database, and among the mails that lie in the outbox folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from digest.core.subscribers.addresses import Address
from digest.deliver.outbox import remove_mails


class Store(Protocol):
    """The part of the store that forgets."""

    def hash_secret(self) -> bytes: ...

    def forget_subscriber(self, address: Address, *, on: date, secret: bytes) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was forgotten of an address."""

    address: str
    was_known: bool
    mails: int
    """Files that were deleted from the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Forgets readers."""

    store: Store
    outbox: Path
    """The folder of mails that lie as files; it need not be there."""

    def forget(self, address: Address, *, on: date) -> Forgotten:
        """Delete all that is kept of an address, but a keyed hash that keeps it from being imported again.

        Raises:
            StoreError: The database can't be written.
            DeliveryError: A file of the outbox can't be deleted; all else is gone.
        """
        # First the database: it gives up what is due, so that no further mail is written meanwhile.
        was_known = self.store.forget_subscriber(address, on=on, secret=self.store.hash_secret())
        mails = remove_mails(self.outbox, address)
        return Forgotten(address=address.text, was_known=was_known, mails=mails)
