"""The mail of an issue in one call, and what stands in it."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

from digest.core.models import Issue, Mail
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from digest.core.subscribers.tokens import LinkKeys
from digest.publish.letters import Drawing
from digest.publish.mail import Letterhead
from digest.publish.render import Templates
from tests.support.issues import templates

AT = datetime(2026, 6, 3, 5, 0, tzinfo=UTC)
SITE = "https://digest.example.org"
KEYS = LinkKeys({0: b"a secret of thirty-two bytes, so."})
MESSAGE_ID = f"<{'a1' * 32}@example.org>"


def subscription(pk: int = 7, **changes: Any) -> Subscription:
    """Ada's subscription of `daily`."""
    ada = Subscriber(
        pk=pk, address="ada@example.org", state=SubscriberState.CONFIRMED, since=AT, origin=Origin.OPERATOR
    )
    return Subscription(**{"pk": pk, "subscriber": ada, "edition": "daily", "confirmed_at": AT, **changes})


def links(pk: int = 7, base_url: str = SITE) -> ReaderLinks:
    """The links of a reader where `digest serve` is."""
    return ReaderLinks(keys=KEYS, base_url=base_url, subscription=subscription(pk))


def letter(
    of: Issue,
    *,
    reader: ReaderLinks | None = None,
    site_url: str | None = SITE,
    is_own: bool = False,
    own: Templates | None = None,
    recipient: str = "ada@example.org",
    message_id: str = MESSAGE_ID,
    **head: Any,
) -> Mail:
    """The mail that brings *of* to Ada, without links of her own unless *reader* is given."""
    drawing = Drawing(templates=own or templates(), site_url=site_url)
    values = {"sender": "digest@example.org", "sender_name": "Research digest", **head}
    archive = f"{site_url}/{of.edition}/index.html" if site_url else ""
    letterhead = Letterhead(**{"edition": of.edition, "archive": archive, **values})
    body = drawing.body(of, links=reader, is_own=is_own)
    return letterhead.mail(body, recipient=recipient, message_id=message_id, at=AT, links=reader)


def read(sent: Mail) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = email.message_from_bytes(sent.content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The text of the part `html` or `plain`."""
    found = message.get_body(preferencelist=(kind,))
    assert found is not None
    return str(found.get_content())


@dataclass(frozen=True)
class Drawn:
    """What a mail is made of, read again from its bytes."""

    subject: str
    text: str
    html: str
    text_bytes: int
    html_bytes: int
    shown: int
    """Entries in the HTML."""


def drawn(of: Issue, **changes: Any) -> Drawn:
    """What the mail of *of* is made of; see `letter`."""
    sent = letter(of, **changes)
    message = read(sent)
    boundary = message.get_boundary()
    assert boundary is not None
    parts = sent.content.split(f"--{boundary}".encode())
    html = part(message, "html")
    return Drawn(
        subject=message["Subject"],
        text=part(message, "plain"),
        html=html,
        text_bytes=len(parts[1]),
        html_bytes=len(parts[2]),
        shown=len(re.findall(r'<a(?: lang="[^"]*")?(?: dir="rtl")? id="(?!topic-)', html)),
    )
