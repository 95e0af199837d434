"""Hand mails to a local program with the interface of sendmail: that of Postfix, OpenSMTPD or Exim, msmtp and others.

    program -i -f SENDER -- RECIPIENT   < the mail, with the system's line ends

Such a program takes what it is given as whole once its input ends, and its input also ends when we die. So the mail is
a file before the program starts, and never half a mail; and a delivery is in doubt from the start of the program to its
exit status: `before_dot` is called first.

What a status means is written in sysexits.h. Only some of them say that nothing was taken; a program that was killed,
or whose connection broke (msmtp's EX_IOERR may be behind the final dot), may have handed the mail on.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from typing import Final

from digest.core.errors import DeliveryError, InDoubtError, PutOffError, RefusedError
from digest.core.models import Mail
from digest.core.walls import reason_of
from digest.deliver.envelope import envelope_of
from digest.deliver.programs import Ended, run, shown
from digest.deliver.replies import Reply, refusal

_SETTING: Final = "[mail] sendmail"
_NOT_TAKEN: Final = {
    os.EX_USAGE: "it does not take these arguments",
    os.EX_DATAERR: "it does not take this mail",
    os.EX_NOINPUT: "it cannot read something",
    os.EX_NOHOST: "it does not know a host",
    os.EX_UNAVAILABLE: "it cannot deliver now",
    os.EX_OSERR: "the system is out of order",
    os.EX_OSFILE: "a file of the system is out of order",
    os.EX_CANTCREAT: "it cannot write its queue",
    os.EX_TEMPFAIL: "it asks to try later",
    os.EX_NOPERM: "it, or the server behind it, does not let us",
    os.EX_CONFIG: "its configuration is wrong",
}
"""Statuses with which nothing was taken; msmtp, for one, has EX_NOHOST for its own server, not for the recipient's."""
_REPLY: Final = re.compile(r"\b([45]\d\d)[ -]([245]\.\d{1,3}\.\d{1,3}\b.*)")
"""A server's reply that the program quotes."""
_TIMEOUT_S: Final = 660.0
"""A program that talks to a server itself waits ten minutes for the reply to the final dot (RFC 5321, 4.5.3.2.6)."""


class SendmailMailer:
    """Starts the program once for each mail."""

    def __init__(
        self,
        program: str,
        *,
        returns_to: str = "",
        timeout_s: float = _TIMEOUT_S,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        """
        Args:
            program: Its path, or its name where it is on the PATH.
            returns_to: The envelope's sender, to which mails come back that cannot be delivered; empty: that of the
                mail.
            timeout_s: How long it may take for one mail.
            heard: Takes what the program is started with (`> …`), and how it ended (`< …`); None: nobody listens.
        """
        self._heard = heard
        self._program, self._returns_to, self._timeout_s = program, returns_to, timeout_s

    def __enter__(self) -> SendmailMailer:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to close."""

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """Hand one mail over; see `digest.core.ports.Mailer`."""
        envelope = envelope_of(mail, returns_to=self._returns_to)
        argv = (self._program, "-i", "-f", envelope.sender, "--", envelope.recipient)
        with tempfile.TemporaryFile() as file:
            try:
                file.write(mail.content.replace(b"\r\n", b"\n"))
                file.seek(0)
            except OSError as exc:
                raise DeliveryError(f"the mail could not be written for {shown(argv)}: {reason_of(exc)}") from exc
            before_dot()
            self._tell(f"> {' '.join(argv)}, {len(mail.content):,} bytes")
            ended = run(argv, setting=_SETTING, stdin=file, timeout_s=self._timeout_s)
        self._tell(f"< status {ended.status}{ended.said}")
        if ended.status != os.EX_OK:
            raise self._error(ended, envelope.sender)

    def _tell(self, line: str) -> None:
        if self._heard is not None:
            self._heard(line)

    def _error(self, ended: Ended, sender: str) -> DeliveryError:
        name, status = shown((self._program,)), ended.status
        quoted = _quoted(ended)
        if status == os.EX_NOUSER:
            return RefusedError(
                f"refused: {name} does not know the recipient{ended.said}", code="RCPT 550 5.1.1", names_recipient=True
            )
        if status in _NOT_TAKEN and quoted is not None and quoted.is_about_recipient:
            return refusal(quoted, where=name, sender=sender, logs_in=False)
        if status == os.EX_TEMPFAIL:
            return PutOffError(f"{name} {_NOT_TAKEN[status]} (status {status}){ended.said}", names_recipient=False)
        if status in _NOT_TAKEN:
            return DeliveryError(
                f"{name} did not take the mail: {_NOT_TAKEN[status]} (status {status}){ended.said}; it is tried again "
                "by the next run"
            )
        how = f"ended with status {status}"
        if status is None:
            how = f"did not end within {self._timeout_s:g} s and was stopped"
        elif status < 0:
            how = f"was killed by signal {-status}"
        return InDoubtError(
            f"{name} {how}{ended.said}: the mail may have been delivered, so it is not sent again; look into its log, "
            "and if it did not go out: `digest deliver --retry unknown`"
        )


def _quoted(ended: Ended) -> Reply | None:
    """Return the server's reply that a program quotes in its last line; None if it quotes none."""
    found = _REPLY.search(ended.said)
    return Reply.of("RCPT", int(found[1]), found[2]) if found else None
