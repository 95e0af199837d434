"""Subscribers and subscriptions: the values that the store keeps of people who get issues.

subscriber     an address with its state; one person, whatever they get
subscription   a subscriber's edition: how often, from when on again, and the reader's own interests
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class SubscriberState(StrEnum):
    """Whether an address gets mails."""

    PENDING = "pending"
    """Somebody gave the address; that it is theirs is not confirmed yet. It gets one mail that asks."""
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    """The reader stopped all. Only a confirmation of their own brings them back, never an import."""
    BOUNCED = "bounced"
    """The mailbox does not exist or took nothing for several issues; back by confirming again."""
    COMPLAINED = "complained"
    """The reader reported a mail as unwanted; back by confirming again."""


class Origin(StrEnum):
    """Where an address came from, which says who confirmed it."""

    OPERATOR = "operator"
    """`recipients` in config.toml, `digest subscribers add`, or an import: the operator answers for the consent."""
    FORM = "form"
    """The form on a page; confirmed by the link in a mail."""


_SILENCES: Final = {
    SubscriberState.PENDING: "the reader has not confirmed this edition",
    SubscriberState.UNSUBSCRIBED: "the reader unsubscribed before it was sent",
    SubscriberState.BOUNCED: "the mailbox does not exist, or took nothing for several issues",
    SubscriberState.COMPLAINED: "the reader reported an earlier mail as unwanted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """An address with its state."""

    pk: int
    address: str
    """As it is written to, NFC: the local part as it was given, the domain in small letters and in Unicode."""
    state: SubscriberState
    since: datetime
    """When it came into this state."""
    origin: Origin
    links: int = 0
    """Number of the reader's links: raised, all links that were mailed before are void, but those that unsubscribe."""
    soft_bounces: int = 0
    """Issues in a row that were returned as not deliverable for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscriber's edition. What is None or empty is as the edition has it."""

    pk: int
    subscriber: Subscriber
    edition: str
    cadence: str = "daily"
    """As `digest.core.subscribers.cadence.Cadence` reads it: `daily`, `weekdays`, `weekly:fri`, `feed`."""
    confirmed_at: datetime | None = None
    """When the reader, or the operator for them, confirmed this edition; None: nothing of it is sent."""
    stopped_at: datetime | None = None
    """When it was stopped; None for one that runs."""
    paused_until: date | None = None
    """The reader's first day with an issue again; None for no pause."""
    interests: tuple[str, ...] = ()
    """The reader's own, written like those of an edition but for files. None at all: the edition's hold."""
    avoid: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    """Names of the libraries (.bib, .ris, …) that the reader uploaded; the store has their papers."""
    lead: int | None = None
    max_papers: int | None = None
    language: str = ""
    zone: str = ""
    """A time zone as in `Europe/Paris`; empty: that of the config."""
    feed: int = 0
    """Number of the private feed's address: raised, the former address is void."""
    covered_until: date | None = None
    """The reader's date of the last issue that was made or passed over for this reader; None before the first."""
    is_listed: bool = False
    """Whether it holds only as long as `recipients` in config.toml lists the address: nobody else has confirmed it."""

    @property
    def is_active(self) -> bool:
        """Whether issues are due to it, pauses aside."""
        return (
            self.subscriber.state is SubscriberState.CONFIRMED
            and self.confirmed_at is not None
            and self.stopped_at is None
        )

    def silence(self, on: date) -> str:
        """Why no mail of this edition goes out on a day, in words; empty if one may.

        Args:
            on: The reader's own date.
        """
        if self.subscriber.state is not SubscriberState.CONFIRMED:
            return _SILENCES[self.subscriber.state]
        if self.stopped_at is not None:
            return _SILENCES[SubscriberState.UNSUBSCRIBED]
        if self.confirmed_at is None:
            return _SILENCES[SubscriberState.PENDING]
        if self.paused_until is not None and on < self.paused_until:
            return f"the reader paused until {self.paused_until} before it was sent"
        return ""

    @property
    def reader(self) -> str:
        """Under which name the store keeps the reader's marks on papers; see `digest.store.feedback.Mark`."""
        return reader_of(self.pk)


def reader_of(subscription: int) -> str:
    """The name under which the store keeps the marks of a subscription's reader."""
    return f"subscription:{subscription}"
