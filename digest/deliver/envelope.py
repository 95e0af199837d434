"""The envelope of a mail: the addresses that servers and programs are told, which may differ from those in its head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError

from digest.core.errors import DeliveryError
from digest.core.models import Mail
from digest.core.subscribers.addresses import ascii_domain

_BREAKS: Final = re.compile(r"[\s<>\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends a mail, who gets it, and whether a server needs SMTPUTF8 for it."""

    sender: str
    recipient: str
    """The domain in ASCII (IDNA), which every server understands."""
    is_international: bool
    """Whether the recipient's local part, or a header, has letters beyond ASCII."""


def envelope_of(mail: Mail, *, returns_to: str = "") -> Envelope:
    """Return the envelope of *mail*.

    Args:
        returns_to: Where it comes back to if it cannot be delivered; empty: to the mail's own sender.

    Raises:
        DeliveryError: The recipient's domain is none, or the address would break out of a command.
    """
    if _BREAKS.search(mail.recipient):
        raise DeliveryError("the recipient's address has blanks or brackets in it, so nothing was sent; correct it")
    local, _, domain = mail.recipient.rpartition("@")
    if not domain.isascii():
        try:
            domain = ascii_domain(mail.recipient)
        except EmailNotValidError as exc:
            raise DeliveryError(f"the domain {domain!r} has letters that no domain has: {exc}") from exc
    is_ascii = local.isascii() and (mail.content.isascii() or mail.content.partition(b"\r\n\r\n")[0].isascii())
    return Envelope(returns_to or mail.sender, f"{local}@{domain}" if local else domain, not is_ascii)
