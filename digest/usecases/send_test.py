"""`digest send-test`: send an issue to one address as the config sends it, and tell what the server says.

Nothing is written down: it is no delivery, and whoever gets it gets their own mail all the same. So it has a Message-ID
of its own; with the same one a mailbox might hide the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from digest.config.mail import ADDRESS
from digest.core.errors import AddressError
from digest.core.models import Delivery, DeliveryState, Issue
from digest.core.ports import Clock, Mailer
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.subscriber import Subscriber, Subscription
from digest.stages.letters import Letter


class Store(Protocol):
    """The part of the store that has subscribers."""

    def subscriber(self, address: Address) -> Subscriber | None: ...

    def subscriptions_of(self, subscriber: int) -> Sequence[Subscription]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTest:
    """A mail that was taken."""

    issue: str
    """As in `daily/2026-06-03`."""
    recipient: str
    message_id: str
    size_bytes: int
    answer: str
    """The last that the server, or the program, said; where there is none, the name of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingTest:
    """Sends issues to try out how they arrive."""

    store: Store
    letter: Callable[[str], Letter]
    """Edition → what composes its mails."""
    mailer: Callable[[Callable[[str], None]], AbstractContextManager[Mailer]]
    """Makes the mailer of the config, which tells each line of its conversation."""
    clock: Clock
    mail_domain: str

    def send(self, issue: Issue, recipient: str, *, heard: Callable[[str], None] = lambda _: None) -> SentTest:
        """Send *issue* to *recipient*. A subscriber of the edition gets their own links, others none.

        Args:
            heard: Takes each line that is said (`> …`) and answered (`< …`), without passwords.

        Raises:
            AddressError: *recipient* is no address.
            DeliveryError: The mail was not taken, or may have been; the sentence says which.
        """
        address, subscription = self._found(issue.edition, recipient)
        now = self.clock()
        delivery = Delivery(
            id=0,
            edition=issue.edition,
            date=issue.date,
            recipient=address,
            state=DeliveryState.SENDING,
            message_id=f"<test-{secrets.token_hex(12)}@{self.mail_domain}>",
            queued_at=now,
            subscription=subscription.pk if subscription else None,
        )
        mail = self.letter(issue.edition)(issue, delivery, subscription)
        answer = ""

        def hears(line: str) -> None:
            nonlocal answer
            answer = line.removeprefix("< ") if line.startswith("< ") else answer
            heard(line)

        with self.mailer(hears) as mailer:
            mailer.send(mail, before_dot=lambda: None)
            taken = answer
        return SentTest(
            issue=issue.id,
            recipient=address,
            message_id=mail.message_id,
            size_bytes=len(mail.content),
            answer=taken,
        )

    def _found(self, edition: str, recipient: str) -> tuple[str, Subscription | None]:
        """The address as it is written to, and its subscription of the edition that runs, if it has one."""
        try:
            address = parse_address(recipient)
        except AddressError:
            # What the config takes for a recipient is taken here: `ada@localhost`.
            if ADDRESS.fullmatch(recipient):
                return recipient, None
            raise
        subscriber = self.store.subscriber(address)
        ones = self.store.subscriptions_of(subscriber.pk) if subscriber else ()
        return address.text, next((one for one in ones if one.edition == edition and one.is_active), None)
