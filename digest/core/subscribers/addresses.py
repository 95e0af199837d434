"""Mail addresses: what is one, how it is written, and when two are the same."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

from digest.core.errors import AddressError

_LONGEST: Final = 254
"""RFC 5321, 4.5.3.1.3, less the brackets."""


@dataclass(frozen=True, slots=True)
class Address:
    """A valid mail address."""

    text: str
    """As it is shown and written to: NFC, the domain in small letters and in Unicode."""
    key: str
    """Equal for addresses that reach the same mailbox, as far as can be told without asking: without case."""

    @property
    def domain(self) -> str:
        """The domain in ASCII, for rates per domain and for servers."""
        return ascii_domain(self.text)

    def hashed(self, secret: bytes) -> str:
        """A keyed hash, by which a forgotten address is known again and from which nobody can read it.

        Args:
            secret: The store's secret.
        """
        return hmac.new(secret, b"forgotten\n" + self.key.encode(), hashlib.sha256).hexdigest()


def parse_address(text: str) -> Address:
    """Read one mail address, internationalised ones included. No network is asked.

    Names that are no domains of the world, as `localhost`, are refused: strangers may give addresses here.

    Raises:
        AddressError: It is none, with the reason in words.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise AddressError(f"{text[:40]!r}… is not a mail address: it has {len(text)} letters")
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=True,
            strict=True,
            test_environment=True,
            globally_deliverable=False,
        )
    except EmailNotValidError as exc:
        raise AddressError(f"{text!r} is not a mail address: {exc}") from exc
    return Address(text=found.normalized, key=found.normalized.casefold())


def ascii_domain(address: str) -> str:
    """The domain of a valid address in ASCII (IDNA), in small letters."""
    return validate_email(
        f"x@{address.rpartition('@')[2]}", check_deliverability=False, test_environment=True, globally_deliverable=False
    ).ascii_domain
