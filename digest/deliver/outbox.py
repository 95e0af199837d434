"""The outbox: writes mails as files, for a person to look at or another program to send."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from email import policy
from email.parser import HeaderParser
from hashlib import sha256
from pathlib import Path
from typing import Final

from digest.core.errors import AddressError, DeliveryError
from digest.core.models import Mail
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.walls import foreign, reason_of

_HEAD: Final = 65_536
"""Bytes in which the headers of a mail of ours end."""


class OutboxMailer:
    """Writes each mail into a folder.

    The file's name follows from issue and recipient, so that there is one file for both.
    """

    def __init__(self, folder: Path, *, heard: Callable[[str], None] | None = None) -> None:
        """
        Args:
            heard: Takes the name of each file; None: nobody listens.
        """
        self._folder, self._heard = folder, heard

    def __enter__(self) -> OutboxMailer:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to close."""

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:  # noqa: ARG002 -- see below
        """Write the mail's file atomically.

        No delivery is ever in doubt: after a crash the same file is written again. So `before_dot` is not called.

        Raises:
            DeliveryError: The folder cannot be written to, or the disk is full.
        """
        path = self._folder / file_name(mail)
        temporary = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(mail.content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            if self._heard is not None:
                self._heard(f"< written to {path}")
        except OSError as exc:
            raise DeliveryError(
                f"{path} could not be written: {reason_of(exc)}; free space or choose another data_dir"
            ) from exc


def file_name(mail: Mail) -> str:
    """Return the name of a mail's file: `daily-2026-06-03-ada-example-org-1f0c9a7e.eml`."""
    readable = re.sub(r"[^a-z0-9]+", "-", f"{mail.label} {mail.recipient}".lower()).strip("-")[:80]
    return f"{readable}-{sha256(mail.message_id.encode()).hexdigest()[:8]}.eml"


def remove_mails(folder: Path, address: Address) -> int:
    """Delete the files of all mails to an address, half written ones too; how many.

    Raises:
        DeliveryError: The folder cannot be read, or a file not deleted.
    """
    gone = 0
    try:
        files = sorted((*folder.glob("*.eml"), *folder.glob("*.part")))
        for path in files:
            with path.open("rb") as file:
                head = file.read(_HEAD).replace(b"\r\n", b"\n").partition(b"\n\n")[0]
            if _is_to(head, address):
                path.unlink()
                gone += 1
    except OSError as exc:
        raise DeliveryError(
            f"{exc.filename or folder} could not be deleted: {reason_of(exc)}; delete the mails there by hand"
        ) from exc
    return gone


def _is_to(head: bytes, address: Address) -> bool:
    """Whether the headers of a mail name an address in To, in whatever way it is written."""
    with foreign("email", DeliveryError):
        # As text, for an address beyond ASCII stands there in UTF-8 (RFC 6532).
        to = HeaderParser(policy=policy.default).parsestr(head.decode("utf-8", "replace"))["To"]
        found = [one.addr_spec for one in to.addresses] if to is not None else []
    for one in found:
        with suppress(AddressError):
            if parse_address(one).key == address.key:
                return True
    return False
