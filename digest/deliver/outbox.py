"""The outbox: writes mails as files, for a person to look at or another program to send."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from digest.core.errors import DeliveryError
from digest.core.models import Mail
from digest.core.walls import reason_of


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
