"""Mails over SMTP: STARTTLS or TLS, AUTH, and the one narrow gap where nobody can know.

smtplib sends the body and the final dot in one write. Here the dot goes out alone, after the store has written down
that it will (`before_dot`): a process that dies before it has delivered nothing, so only "dot → reply" is in doubt
(RFC 1047). Without TCP_NODELAY the lone dot would wait some 40 ms for the server's delayed acknowledgement.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from digest.core.errors import DeliveryError, InDoubtError, RefusedError
from digest.core.models import Mail

_AFTER_DOT_S: Final = 600.0
"""RFC 5321, 4.5.3.2.6: ten minutes for the reply to the final dot; a shorter wait means more mails in doubt."""


class _Smtp(smtplib.SMTP):
    """smtplib, with the final dot as a step of its own."""

    def send_body(self, content: bytes) -> None:
        """DATA and the body, without the final dot."""
        code, reply = self.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        quoted = re.sub(rb"(?m)^\.", b"..", content)
        self.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")

    def send_dot(self) -> tuple[int, bytes]:
        """The final dot, and the server's answer to it."""
        if self.sock is not None:
            self.sock.settimeout(_AFTER_DOT_S)
        self.send(b".\r\n")
        return self.getreply()


class _SmtpTls(_Smtp, smtplib.SMTP_SSL):
    """The same over a connection that is TLS from the start."""


class SmtpMailer:
    """One connection to one server, opened with the first mail and used for all of a run."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: str,
        username: str = "",
        password: str = "",
        local_name: str = "localhost",
        timeout_s: float = 60.0,
        ca_file: Path | None = None,
    ) -> None:
        """
        Args:
            security: `starttls`, `tls` or `none`. A server that does not offer what is asked for gets no mail.
            local_name: What the client calls itself in EHLO.
            ca_file: Certificates to trust besides the system's.
        """
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._local_name, self._timeout_s, self._ca_file = local_name, timeout_s, ca_file
        self._connection: _Smtp | None = None

    def __enter__(self) -> SmtpMailer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say good-bye, if there is anybody."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def connect(self) -> None:
        """Open the connection and log in.

        Raises:
            DeliveryError: What to check.
        """
        try:
            self._connected()
        except (smtplib.SMTPException, OSError, UnicodeError) as exc:
            raise self._not_delivered(exc) from exc

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """Deliver one mail; see `digest.core.ports.Mailer`."""
        try:
            self._send_body(mail)
        except (smtplib.SMTPException, OSError, UnicodeError) as exc:
            raise self._not_delivered(exc) from exc
        before_dot()
        self._finish()

    def _send_body(self, mail: Mail) -> None:
        connection = self._connected()
        code, reply = connection.mail(mail.sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, reply, mail.sender)
        code, reply = connection.rcpt(mail.recipient)
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({mail.recipient: (code, reply)})
        connection.send_body(mail.content)

    def _finish(self) -> None:
        connection = self._connection
        if connection is None:
            raise DeliveryError(f"the connection to {self._host}:{self._port} was closed")
        try:
            code, reply = connection.send_dot()
        except (smtplib.SMTPException, OSError) as exc:
            self._drop()
            raise InDoubtError(
                f"{self._host}:{self._port} did not answer after the whole mail was sent ({exc}): it may have been "
                "delivered, so it is not sent again; ask the recipient or look into the server's log"
            ) from exc
        if connection.sock is not None:
            connection.sock.settimeout(self._timeout_s)
        if code != 250:
            raise self._refused(code, reply)

    def _connected(self) -> _Smtp:
        if self._connection is not None:
            return self._connection
        context = ssl.create_default_context()
        if self._ca_file is not None:
            context.load_verify_locations(cafile=self._ca_file)
        if self._security == "tls":
            connection: _Smtp = _SmtpTls(
                self._host, self._port, local_hostname=self._local_name, timeout=self._timeout_s, context=context
            )
        else:
            connection = _Smtp(self._host, self._port, local_hostname=self._local_name, timeout=self._timeout_s)
        self._connection = connection
        if connection.sock is not None:
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._security == "starttls":
            # Raises where the server does not offer it: a password never goes over an open line.
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()
        if self._username:
            connection.login(self._username, self._password)
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _not_delivered(self, exc: smtplib.SMTPException | OSError | UnicodeError) -> DeliveryError:
        """Translate what went wrong before the final dot, where it is sure that nothing was delivered.

        Only the recipient and the message itself are refused for good: a server that turns away the sender, or us, may
        take the same mail when that is mended.
        """
        if isinstance(exc, smtplib.SMTPRecipientsRefused):
            code, reply = next(iter(exc.recipients.values()))
            return self._refused(code, reply)
        if isinstance(exc, smtplib.SMTPDataError):
            return self._refused(exc.smtp_code, exc.smtp_error)
        self._drop()
        where = f"{self._host}:{self._port}"
        if isinstance(exc, smtplib.SMTPAuthenticationError):
            return DeliveryError(
                f"{where} refused the login of {self._username!r} ({exc.smtp_code}): "
                "check [mail] username and password_env"
            )
        if isinstance(exc, smtplib.SMTPNotSupportedError):
            return DeliveryError(
                f"{where} does not offer what [mail] security and username ask for ({exc}); nothing was sent"
            )
        if isinstance(exc, ssl.SSLError):
            check = "check [mail] host, security and ca_file"
            return DeliveryError(f"no safe connection to {where}: {exc.reason or exc}; {check}")
        if isinstance(exc, smtplib.SMTPResponseException):
            what = f"the sender {exc.sender}" if isinstance(exc, smtplib.SMTPSenderRefused) else "this program"
            return DeliveryError(
                f"{where} turned away {what}: {exc.smtp_code} {_one_line(exc.smtp_error)}; check [mail] from, host and "
                "username; it is tried again by the next run"
            )
        if isinstance(exc, UnicodeError):
            # Without the reason: it may hold letters of the password.
            return DeliveryError(f"[mail] host {self._host!r}, username or password has letters that SMTP cannot carry")
        return DeliveryError(
            f"no mail could be handed to {where}: {exc or type(exc).__name__}; it is tried again by the next run"
        )

    def _refused(self, code: int, reply: bytes | str) -> DeliveryError:
        text = _one_line(reply)
        if self._connection is not None:
            try:
                self._connection.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()
        if code == 421:
            self._drop()
        if 500 <= code < 600:
            return RefusedError(f"refused for good: {code} {text}")
        return DeliveryError(f"not taken now: {code} {text}; it is tried again by the next run")


def _one_line(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())[:300]
