"""The stage `notices`: finds out what becomes of what was asked for on forms, and sends all notices that are due.

`digest serve` does it every few seconds, `digest run` and `digest deliver` once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from digest.core.errors import (
    AddressError,
    ClaimLostError,
    DeliveryError,
    DigestError,
    InDoubtError,
    MailUnavailable,
    RefusedError,
)
from digest.core.models import DeliveryState, Edition, Mail
from digest.core.ports import Clock, Mailer
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.cadence import how_often
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.notices import Notice, NoticeKind
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.core.subscribers.tokens import CONFIRM_DAYS
from digest.core.walls import wall
from digest.publish.phrasing import long_day

if TYPE_CHECKING:
    from digest.publish.notices import NoticePart, NoticeText
    from digest.publish.render import Templates

AT_ONCE: Final = 50
"""Notices that are claimed together."""
GIVEN_UP: Final = timedelta(days=1)
"""How long a notice that is put off is tried again."""
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)

log = logging.getLogger(__name__)


class Store(Protocol):
    """The part of the store that notices need."""

    def has_notices(self) -> bool: ...

    def claim_notices(self, *, limit: int) -> tuple[Notice, ...]: ...

    def mark_notice(
        self, pk: int, state: DeliveryState, *, error: str | None = None, due_at: datetime | None = None
    ) -> None: ...

    def turn_notice(self, pk: int, kind: NoticeKind, *, subscription: int, about: Mapping[str, Any]) -> Notice: ...

    def drop_notice(self, pk: int) -> None: ...

    def return_notices(self) -> None: ...

    def sweep_notices(self) -> None: ...

    def subscriber(self, address: Address) -> Subscriber | None: ...

    def subscription(self, pk: int) -> Subscription | None: ...

    def subscriptions_of(self, subscriber: int) -> tuple[Subscription, ...]: ...

    def save_subscriber(
        self, address: Address, *, origin: Origin, state: SubscriberState, at: datetime
    ) -> tuple[Subscriber, bool]: ...

    def save_subscription(self, subscriber: int, edition: str, *, at: datetime, **values: Any) -> Subscription: ...


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one round did."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    """Refused for good, given up, or in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticing:
    """Sends notices."""

    store: Store
    editions: Mapping[str, Edition]
    """All that are configured."""
    title: str
    """What the whole is called."""
    links: Callable[[Subscription], ReaderLinks] | None
    """Makes a subscription's links; None where no site is served: then only reports can be sent."""
    mailer: Callable[[], AbstractContextManager[Mailer]]
    templates: Callable[[], Templates]
    sender: str
    sender_name: str
    clock: Clock
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Context in which a stop by the user is held back."""

    def send(self) -> Noticed:
        """Send what is due.

        Nothing of it is said in a log but numbers: who is written to stands in the store alone.
        """
        if not self.store.has_notices():
            return Noticed()
        counts = {"sent": 0, "put_off": 0, "failed": 0}
        self.store.return_notices()
        try:
            with self.mailer() as mailer:
                while some := self.store.claim_notices(limit=AT_ONCE):
                    for notice in some:
                        if became := self._one(notice, mailer):
                            counts[became] += 1
        except MailUnavailable as error:
            log.warning("notices wait, for no mail can be sent: %s", error)
        finally:
            self.store.return_notices()
        self.store.sweep_notices()
        return Noticed(**counts)

    def _one(self, notice: Notice, mailer: Mailer) -> str | None:
        """Send one; in which count it goes, if in any.

        Raises:
            MailUnavailable: No mail can be sent at the moment; the notice is put off like the others.
        """
        try:
            with wall(DigestError):
                turned = self._turned(notice)
                mail = self._compose(turned) if turned else None
            if mail is None:
                self.store.drop_notice(notice.pk)
                return None
            self._hand_over(notice, mailer, mail)
        except ClaimLostError:
            return None
        except InDoubtError as error:
            self.store.mark_notice(notice.pk, DeliveryState.UNKNOWN, error=str(error))
            return "failed"
        except RefusedError as error:
            self.store.mark_notice(notice.pk, DeliveryState.FAILED, error=str(error))
            return "failed"
        except DigestError as error:
            return self._put_off(notice, error)
        self.store.mark_notice(notice.pk, DeliveryState.SENT)
        return "sent"

    def _hand_over(self, notice: Notice, mailer: Mailer, mail: Mail) -> None:
        with ExitStack() as receipt:

            def before_dot() -> None:
                receipt.enter_context(self.held())
                self.store.mark_notice(notice.pk, DeliveryState.DOT)

            mailer.send(mail, before_dot=before_dot)

    def _put_off(self, notice: Notice, error: DigestError) -> str:
        now = self.clock()
        if now - notice.queued_at >= GIVEN_UP:
            self.store.mark_notice(notice.pk, DeliveryState.FAILED, error=f"given up after a day: {error}")
            return "failed"
        wait = min(_FIRST_WAIT * 2 ** min(notice.attempts - 1, 10), _LONGEST_WAIT)
        self.store.mark_notice(notice.pk, DeliveryState.DUE, error=str(error), due_at=now + wait)
        if isinstance(error, MailUnavailable):
            raise error
        if not isinstance(error, DeliveryError):
            log.warning("a notice could not be made: %s", type(error).__name__)
        return "put_off"

    # -- what becomes of what was asked for

    def _turned(self, notice: Notice) -> Notice | None:
        """The notice that answers; None if there is nothing to say to this address."""
        if notice.kind is NoticeKind.SIGN_UP:
            return self._signed_up(notice)
        if notice.kind is NoticeKind.LOST:
            return self._lost(notice)
        return notice

    def _signed_up(self, notice: Notice) -> Notice | None:
        try:
            address = parse_address(notice.recipient)
        except AddressError:
            return None
        editions = [name for name in notice.about.get("editions", ()) if name in self.editions]
        if not editions:
            return None
        at = self.clock()
        subscriber, _ = self.store.save_subscriber(address, origin=Origin.FORM, state=SubscriberState.PENDING, at=at)
        known = {one.edition: one for one in self.store.subscriptions_of(subscriber.pk)}
        asked = []
        for name in editions:
            one = known.get(name)
            # What a reader set once is not changed by who gives the address on a form.
            cadence = {"cadence": notice.about.get("cadence", "daily")} if one is None or not one.confirmed_at else {}
            asked.append(self.store.save_subscription(subscriber.pk, name, at=at, **cadence))
        new = [one for one in asked if not one.is_active]
        if not new:
            return self.store.turn_notice(notice.pk, NoticeKind.LINKS, subscription=asked[0].pk, about={})
        about = {"subscriptions": [one.pk for one in new]}
        return self.store.turn_notice(notice.pk, NoticeKind.CONFIRM, subscription=new[0].pk, about=about)

    def _lost(self, notice: Notice) -> Notice | None:
        try:
            subscriber = self.store.subscriber(parse_address(notice.recipient))
        except AddressError:
            return None
        subscriptions = self.store.subscriptions_of(subscriber.pk) if subscriber else ()
        if not subscriptions:
            return None
        return self.store.turn_notice(notice.pk, NoticeKind.LINKS, subscription=subscriptions[0].pk, about={})

    # -- the mail

    def _compose(self, notice: Notice) -> Mail | None:
        from digest.publish.notices import compose_notice

        said = self._said(notice)
        if said is None:
            return None
        domain = self.sender.rpartition("@")[2]
        return compose_notice(
            said,
            recipient=notice.recipient,
            sender=self.sender,
            sender_name=self.sender_name,
            message_id=f"<notice.{notice.token}@{domain}>",
            at=notice.queued_at,
            templates=self.templates(),
            label=f"notice-{notice.kind}",
        )

    def _said(self, notice: Notice) -> NoticeText | None:
        from digest.publish.notices import NoticePart, NoticeText

        if notice.kind is NoticeKind.REPORT:
            lines = tuple(str(line) for line in notice.about.get("lines", ()))
            return NoticeText(subject=str(notice.about.get("subject", "")), parts=(NoticePart(sentences=lines),))
        subscription = self.store.subscription(notice.subscription) if notice.subscription else None
        if subscription is None or self.links is None:
            return None
        if notice.kind is NoticeKind.CONFIRM:
            pks = notice.about.get("subscriptions", [subscription.pk])
            asked = [one for one in map(self.store.subscription, pks) if one and one.edition in self.editions]
            return self._confirm(notice, asked, self.links(subscription)) if asked else None
        return self._links(notice, subscription.subscriber, self.links)

    def _confirm(self, notice: Notice, asked: Sequence[Subscription], links: ReaderLinks) -> NoticeText:
        from digest.publish.notices import NoticeLink, NoticePart, NoticeText, listed

        what = listed([self.editions[one.edition].title for one in asked])
        return NoticeText(
            subject=f"Confirm: {what}",
            parts=(
                NoticePart(
                    sentences=(
                        f"Somebody, most likely you, gave this address to get {what}. "
                        "It begins when you confirm that on this page:",
                    ),
                    links=(NoticeLink(f"Confirm {what}", links.confirm(now=notice.queued_at)),),
                ),
            ),
            small=(
                f"The link holds for {CONFIRM_DAYS} days. If it was not you, do nothing: no issue is sent to an "
                "address that is not confirmed.",
            ),
        )

    def _links(
        self, notice: Notice, subscriber: Subscriber, links: Callable[[Subscription], ReaderLinks]
    ) -> NoticeText | None:
        from digest.publish.notices import NoticeText

        mine = [one for one in self.store.subscriptions_of(subscriber.pk) if one.edition in self.editions]
        if not mine:
            return None
        is_new = notice.kind is NoticeKind.WELCOME
        return NoticeText(
            subject=f"Welcome to {self.title}" if is_new else f"Your links for {self.title}",
            parts=tuple(self._links_of(one, links(one), notice.queued_at) for one in mine),
            small=("Whoever has these links can change what you get: do not pass this mail on.",),
        )

    def _links_of(self, one: Subscription, links: ReaderLinks, at: datetime) -> NoticePart:
        from digest.publish.notices import NoticeLink, NoticePart

        heading = self.editions[one.edition].title
        preferences = NoticeLink("Preferences: interests, how often, pause", links.preferences())
        if not one.is_active:
            return NoticePart(
                heading=heading,
                sentences=("You do not get it at the moment.",),
                links=(NoticeLink("Get it", links.confirm(now=at)), preferences),
            )
        return NoticePart(
            heading=heading,
            sentences=(f"You get it {how_often(one.cadence)}{_pause(one.paused_until, at.date())}.",),
            links=(
                preferences,
                NoticeLink("Your own feed", links.feed()),
                NoticeLink("Stop", links.unsubscribe()),
            ),
        )


def _pause(until: date | None, today: date) -> str:
    return f", again from {long_day(until)}" if until and until > today else ""
