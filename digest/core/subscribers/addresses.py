"""Mail addresses: what is one, how it is written, and when two are the same."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

from digest.core.errors import AddressError

_LONGEST: Final = 254
"""RFC 5321, 4.5.3.1.3, less the brackets."""
_PLAIN: Final = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
"""What nearly all addresses look like."""
_LONGEST_LOCAL: Final = 64


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
    # Of a hundred thousand addresses that are imported few domains differ, and nothing else of them needs the library.
    plain = _PLAIN.fullmatch(text)
    if plain and len(plain[1]) <= _LONGEST_LOCAL and (domain := _domain(plain[2].lower())):
        return Address(text=f"{plain[1]}@{domain}", key=f"{plain[1]}@{domain}".casefold())
    return _validated(text)


def _validated(text: str) -> Address:
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


@lru_cache(maxsize=4096)
def _domain(text: str) -> str | None:
    """A domain as it is shown; None if it is none, which the whole address's error explains."""
    try:
        return _validated(f"x@{text}").text.removeprefix("x@")
    except AddressError:
        return None


def ascii_domain(address: str) -> str:
    """The domain of a valid address in ASCII (IDNA), in small letters."""
    return validate_email(
        f"x@{address.rpartition('@')[2]}", check_deliverability=False, test_environment=True, globally_deliverable=False
    ).ascii_domain
