"""`digest bounces`: what follows from mails that came back to the sender's address.

    gone           no such mailbox: the subscriber is bounced at once
    for now        full, given up, …: bounced after the third issue in a row
    about us       a policy, a block, the mail itself: the operator is told, and nobody is suppressed
    complaint      complained, at once
    unsubscribe    the edition is stopped, or all

What follows is stored before a report is written down as read, and all of it can be done twice to the same end; so a
report counts once, and one that a stopped program had in hand is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from digest.core.errors import AddressError
from digest.core.ports import Clock
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.returns import SOFT_IN_A_ROW, Verdict, status_in
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.core.subscribers.tokens import LinkKeys, Purpose
from digest.deliver.mailboxes import Received
from digest.deliver.reports import Kind, Report, Returned, read_report
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.store.bounces import SentMail

_FINAL: Final = (SubscriberState.UNSUBSCRIBED, SubscriberState.BOUNCED, SubscriberState.COMPLAINED)


class What(StrEnum):
    """What became of one report on one recipient."""

    BOUNCED = "bounced"
    """Gets no more mails until they confirm again."""
    COMPLAINED = "complained"
    """The same, for they reported a mail as unwanted."""
    UNSUBSCRIBED = "unsubscribed"
    SOFT = "soft"
    """Not taken for now, which was counted."""
    ABOUT_US = "about us"
    """Refused for the sender's sake, or the mail's: the operator must act."""
    IGNORED = "ignored"
    """A delay, a receipt, an automatic reply, or a report on a mail from before they came back."""
    KNOWN = "known"
    """Read before."""
    STRANGER = "stranger"
    """About nobody who gets mails from here."""
    UNREADABLE = "unreadable"
    """Left unread for a person."""
    LETTER = "letter"
    """No report at all: left unread for a person."""


TOLD: Final = (What.BOUNCED, What.COMPLAINED, What.ABOUT_US)
"""What the operator gets a mail about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one report on one recipient."""

    what: What
    place: str
    """Which mail it was."""
    address: str = ""
    """Of the reader, as far as it is known."""
    said: str = ""
    """Why, for people."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of a mailbox came to."""

    outcomes: tuple[Outcome, ...]
    told: str = ""
    """To whom a mail about it goes; empty if nobody is told."""

    @property
    def counts(self) -> dict[What, int]:
        """How often each thing happened; what never did is left out."""
        found = [outcome.what for outcome in self.outcomes]
        return {what: found.count(what) for what in What if what in found}

    @property
    def status(self) -> str:
        """`done`, or `degraded` if a report could not be understood."""
        return "degraded" if What.UNREADABLE in self.counts else "done"


class Store(Protocol):
    """The part of the store that bounces need."""

    def is_report_known(self, report: str) -> bool: ...

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
    ) -> None: ...

    def sent_under(self, message_ids: Collection[str]) -> SentMail | None: ...

    def last_sent_to(self, subscriber: int) -> SentMail | None: ...

    def note_returned(self, delivery_id: int, reason: str) -> None: ...

    def subscriber(self, address: Address) -> Subscriber | None: ...

    def subscription(self, pk: int) -> Subscription | None: ...

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]: ...

    def save_subscriber(
        self, address: Address, *, origin: Origin, state: SubscriberState, at: datetime
    ) -> tuple[Subscriber, bool]: ...

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool: ...

    def count_soft_bounce(self, subscriber: int, edition: str, day: date) -> bool: ...

    def stop_subscription(self, pk: int, *, at: datetime) -> bool: ...

    def link_secrets(self) -> Mapping[int, bytes]: ...

    def add_notice(
        self, kind: str, recipient: str, about: Mapping[str, Any], subscription: int | None, at: datetime
    ) -> int: ...


@dataclass(frozen=True, slots=True)
class _About:
    """Whom and which mail a report is about."""

    subscriber: Subscriber | None = None
    sent: SentMail | None = None
    subscription: int | None = None
    """Whose link the report quotes."""


@dataclass(slots=True, kw_only=True)
class Bounces:
    """Reads mails that came back, and draws the consequences."""

    store: Store
    clock: Clock
    operator: str
    """Who is told by mail; empty: nobody."""
    recipients: frozenset[str]
    """Those of config.toml, as `Address.key`."""
    _outcomes: list[Outcome] = field(default_factory=list)
    _keys: LinkKeys | None = None

    def read(self, mails: Iterable[Received]) -> Reading:
        """Read mails, and draw the consequences of each; the operator is told by mail where somebody is suppressed.

        A mail is marked as read behind that, unless a person has to read it.
        """
        self._outcomes = []
        told = ""
        try:
            for mail in mails:
                self._one(mail)
        finally:
            # Also of a mailbox that could not be read to its end: what was done is told.
            told = self._tell()
        return Reading(tuple(self._outcomes), told)

    def _one(self, mail: Received) -> None:
        report_hash = hashlib.sha256(_same_everywhere(mail.content)).hexdigest()
        if self.store.is_report_known(report_hash):
            self._say(What.KNOWN, mail)
            mail.mark()
            return
        report = read_report(mail.content)
        if report.kind is Kind.LETTER:
            self._say(What.LETTER, mail, address=report.sender, said=report.said)
            return
        if report.kind is Kind.UNREADABLE:
            self._say(What.UNREADABLE, mail, said=report.said)
            return
        abouts: list[_About] = []
        if report.kind is Kind.BOUNCE:
            abouts = [self._returned(mail, report, returned) for returned in report.returned]
        elif report.kind is Kind.COMPLAINT:
            abouts = [self._complained(mail, report)]
        elif report.kind is Kind.UNSUBSCRIBE:
            abouts = [self._unsubscribed(mail, report)]
        else:
            self._say(What.IGNORED, mail, said="an automatic reply or a receipt")
        sent = next((about.sent for about in abouts if about.sent), None)
        self.store.save_report(
            report_hash,
            kind=report.kind,
            code=next((one.status for one in report.returned if one.status), ""),
            subscribers=[about.subscriber.pk for about in abouts if about.subscriber],
            edition=sent.edition if sent and sent.edition else None,
            day=sent.date if sent else None,
            at=self.clock(),
        )
        mail.mark()

    # -- returned mails

    def _returned(self, mail: Received, report: Report, returned: Returned) -> _About:
        if returned.verdict is Verdict.NOTHING:
            self._say(What.IGNORED, mail, address=returned.address, said="under way, or delivered")
            return _About()
        about = self._find(report, [returned.address])
        address = about.sent.recipient if about.sent else returned.address
        if about.sent and about.sent.delivery is not None:
            self.store.note_returned(about.sent.delivery, returned.reason)
        if returned.verdict is Verdict.ABOUT_US:
            self._say(What.ABOUT_US, mail, address=address, said=returned.reason)
            return about
        if about.subscriber is None:
            unknown = "nobody of this address gets mails from here"
            listed = "it is no address that can be kept: take it out of recipients in config.toml"
            self._say(
                What.STRANGER, mail, address=address, said=f"{returned.reason}; {listed if about.sent else unknown}"
            )
            return about
        subscriber = about.subscriber
        if _is_back(subscriber, about.sent):
            self._say(What.IGNORED, mail, address=address, said="the mail was sent before they confirmed again")
        elif returned.verdict is Verdict.GONE and _is_same(returned.address, address):
            if subscriber.state not in _FINAL:
                self.store.set_subscriber_state(subscriber.pk, SubscriberState.BOUNCED, at=self.clock())
            self._say(What.BOUNCED, mail, address=address, said=returned.reason)
        else:
            passed_on = "" if _is_same(returned.address, address) else f", passed on to {returned.address}"
            self._soft(mail, about, subscriber, address, f"{returned.reason}{passed_on}")
        return about

    def _soft(self, mail: Received, about: _About, subscriber: Subscriber, address: str, reason: str) -> None:
        sent = about.sent
        if sent is None or sent.date is None:
            # A mail about the subscription itself, which is no issue.
            self._say(What.SOFT, mail, address=address, said=reason)
        elif self.store.count_soft_bounce(subscriber.pk, sent.edition, sent.date):
            self._say(What.BOUNCED, mail, address=address, said=f"{SOFT_IN_A_ROW} issues in a row: {reason}")
        else:
            self._say(What.SOFT, mail, address=address, said=reason)

    # -- complaints and unsubscriptions

    def _complained(self, mail: Received, report: Report) -> _About:
        about = self._find(report, report.addresses)
        if about.subscriber is None:
            self._say(What.STRANGER, mail, address=", ".join(report.addresses), said="a complaint")
            return about
        self.store.set_subscriber_state(about.subscriber.pk, SubscriberState.COMPLAINED, at=self.clock())
        self._say(What.COMPLAINED, mail, address=about.subscriber.address, said="reported a mail as unwanted")
        return about

    def _unsubscribed(self, mail: Received, report: Report) -> _About:
        about = self._quoted(report)
        if about.subscriber is not None and about.subscription is not None:
            self._stop(mail, about.subscriber, [about.subscription])
            return about
        # Anybody may write any address under From. That is borne, for this stops mails and does nothing else.
        address = _parsed(report.sender)
        subscriber = self._known(address) if address else None
        if subscriber is None:
            self._say(What.STRANGER, mail, address=report.sender, said="wants to unsubscribe")
            return about
        all_of_them = self.store.subscriptions_of(subscriber.pk)
        named = [one for one in all_of_them if one.edition.lower() == report.edition]
        self._stop(mail, subscriber, [one.pk for one in named or all_of_them])
        return _About(subscriber)

    def _stop(self, mail: Received, subscriber: Subscriber, subscriptions: Sequence[int]) -> None:
        for pk in subscriptions:
            self.store.stop_subscription(pk, at=self.clock())
        if not subscriptions and subscriber.state not in _FINAL:
            self.store.set_subscriber_state(subscriber.pk, SubscriberState.UNSUBSCRIBED, at=self.clock())
        self._say(What.UNSUBSCRIBED, mail, address=subscriber.address, said="by mail")

    # -- whom a report is about

    def _find(self, report: Report, addresses: Sequence[str]) -> _About:
        """Whom a report is about: by the Message-ID of the mail, by a link in it, or else by the address it names."""
        sent = self.store.sent_under(report.message_ids)
        if sent is not None:
            subscription = self.store.subscription(sent.subscription) if sent.subscription else None
            if subscription is not None:
                return _About(subscription.subscriber, sent)
            address = _parsed(sent.recipient)
            return _About(self._known(address, mailed_at=sent.at) if address else None, sent)
        if (quoted := self._quoted(report)).subscriber is not None:
            return quoted
        for text in addresses:
            if (address := _parsed(text)) and (subscriber := self._known(address)):
                return _About(subscriber, self.store.last_sent_to(subscriber.pk))
        return _About()

    def _quoted(self, report: Report) -> _About:
        """Whose unsubscribing link a report quotes."""
        if report.tokens and self._keys is None:
            self._keys = LinkKeys(self.store.link_secrets())
        for token in report.tokens:
            link = self._keys.read(Purpose.UNSUBSCRIBE, token, now=self.clock()) if self._keys else None
            subscription = self.store.subscription(link.subscription) if link else None
            if subscription is not None:
                sent = self.store.last_sent_to(subscription.subscriber.pk)
                return _About(subscription.subscriber, sent, subscription.pk)
        return _About()

    def _known(self, address: Address, *, mailed_at: datetime | None = None) -> Subscriber | None:
        """The subscriber with an address; one is made of a recipient of the config, so that a state can be kept."""
        found = self.store.subscriber(address)
        if found is None and (mailed_at or address.key in self.recipients):
            found, _ = self.store.save_subscriber(
                address, origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=mailed_at or self.clock()
            )
        return found

    # -- what is told

    def _say(self, what: What, mail: Received, *, address: str = "", said: str = "") -> None:
        self._outcomes.append(Outcome(what=what, place=mail.place, address=address, said=said))

    def _tell(self) -> str:
        found = [outcome for outcome in self._outcomes if outcome.what in TOLD]
        if not found or not self.operator:
            return ""
        counts = Reading(tuple(found)).counts
        lines = [
            f"{count(number, 'reader')} {_TELLS[what]}" if what is not What.ABOUT_US else _refused(found, number)
            for what, number in counts.items()
        ]
        suppressed = sum(number for what, number in counts.items() if what is not What.ABOUT_US)
        if suppressed:
            lines.append("They come back by confirming again; `digest subscribers list` has them all.")
        subject = f"{count(suppressed, 'reader')} suppressed" if suppressed else "Mails were refused"
        self.store.add_notice("report", self.operator, {"subject": subject, "lines": lines}, None, self.clock())
        return self.operator


_TELLS: Final = {
    What.BOUNCED: "whose mails come back, for good or three issues in a row: no more mails are sent there",
    What.COMPLAINED: "who reported a mail as unwanted: no more mails are sent there",
}


def _refused(found: Iterable[Outcome], number: int) -> str:
    # The words of a server may name the reader, and this is a mail: the code alone.
    codes = sorted({code for one in found if one.what is What.ABOUT_US if (code := status_in(one.said))})
    which = f" ({', '.join(codes[:5])})" if codes else ""
    return (
        f"{count(number, 'mail')} refused for the sender's sake or the mail's{which}, which suppresses nobody: "
        "`digest status` has the servers' words, and `digest doctor --mail` looks at the sender's domain."
    )


def _is_back(subscriber: Subscriber, sent: SentMail | None) -> bool:
    """Whether a subscriber came back after the mail was sent, so that what became of it is no news."""
    # A mail without a subscription is from before addresses of the config were subscribers.
    if subscriber.state is not SubscriberState.CONFIRMED or sent is None or sent.subscription is None:
        return False
    return sent.at < subscriber.since


def _parsed(text: str) -> Address | None:
    try:
        return parse_address(text)
    except AddressError:
        return None


def _is_same(named: str, recipient: str) -> bool:
    """Whether a report names the mailbox that was written to, or none; else the mail was passed on, perhaps to many."""
    if not named:
        return True
    one, other = _parsed(named), _parsed(recipient)
    if one is None or other is None:
        return named.casefold() == recipient.casefold()
    # Servers rewrite domains on the way in, as in ada@mx7.example.net.
    return one.key == other.key or one.key.partition("@")[0] == other.key.partition("@")[0]


def _same_everywhere(content: bytes) -> bytes:
    """A mail without what differs between a mailbox and another."""
    return content.replace(b"\r\n", b"\n").strip(b"\n")
