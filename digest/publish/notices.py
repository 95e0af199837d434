"""Draw notices: small mails about a subscription itself, with a text and an HTML part that say the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from digest.core.models import Mail
from digest.core.subscribers.addresses import ascii_domain
from digest.core.words.text import one_line, strip_invisible
from digest.publish.render import Templates


@dataclass(frozen=True, slots=True)
class NoticeLink:
    """A link of a notice, with what it is called."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class NoticePart:
    """Some sentences, and the links that belong to them."""

    heading: str = ""
    sentences: tuple[str, ...] = ()
    links: tuple[NoticeLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeText:
    """What a notice says."""

    subject: str
    parts: tuple[NoticePart, ...]
    small: tuple[str, ...] = ()
    """Sentences at the end, in small print."""


def compose_notice(
    said: NoticeText,
    *,
    recipient: str,
    sender: str,
    sender_name: str,
    message_id: str,
    at: datetime,
    templates: Templates,
    label: str,
) -> Mail:
    """The mail that says it.

    Args:
        message_id: With its angle brackets; the same on each attempt.
        at: Time for the Date header; aware.
        label: For the name of a file.
    """
    local, _, domain = recipient.rpartition("@")
    domain = domain if domain.isascii() else ascii_domain(recipient)
    # Letters beyond ASCII before the @ cannot be written in a header otherwise (RFC 6532).
    policy = SMTP.clone(utf8=not local.isascii())
    message = EmailMessage(policy=policy)
    message["From"] = Address(display_name=_header(sender_name), addr_spec=sender)
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = _header(said.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    # RFC 3834: an answer by a machine, which no other machine answers.
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    values = {"subject": _header(said.subject), "parts": said.parts, "small": said.small}
    message.set_content(templates.text("notice.txt", **values), cte="quoted-printable")
    message.add_alternative(templates.html("notice.html", **values), subtype="html", cte="quoted-printable")
    # Chance has no place in a mail that is drawn again to the same bytes.
    message.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    content = message.as_bytes(policy=policy)
    return Mail(sender=sender, recipient=recipient, message_id=message_id, content=content, label=label)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: `A`, `A and B`, `A, B and C`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _header(text: str) -> str:
    return one_line(strip_invisible(text))
