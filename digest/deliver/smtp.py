"""Send mails over SMTP, with STARTTLS or TLS and AUTH, so that a delivery is in doubt only between final dot and reply.

smtplib sends the body and the final dot in one write. Here the dot is sent alone, after the store has recorded that it
will be (`before_dot`): a process that dies before the dot has delivered nothing, so only "dot → reply" is in doubt
(RFC 1047). After the dot a complete 2xx is "sent", a complete 4xx or 5xx "not taken", and everything else is in doubt.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, PutOffError, RefusedError
from digest.core.models import Mail
from digest.deliver.envelope import Envelope, envelope_of
from digest.deliver.replies import Reply, Step, readable, refusal
from digest.deliver.smtp_connection import AFTER_DOT_S, Connection, TlsConnection
from digest.deliver.tokens import Tokens

_METHODS: Final = ("PLAIN", "LOGIN", "CRAM-MD5")
"""Best first. Only one is tried: a second try with the same password is a second wrong password to the server."""
_BY_TOKEN: Final = "XOAUTH2"  # noqa: S105 -- the name of a method
"""https://developers.google.com/workspace/gmail/imap/xoauth2-protocol"""
_SMTPUTF8: Final = "smtputf8"
_GOODBYE_S: Final = 5.0
"""Seconds for the reply to QUIT, which does not matter."""
_TLS_PORT: Final = 465


class _BrokenError(Exception):
    """The connection broke, or the server ended it, before the final dot; nothing was delivered."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(str(error))
        self.error = error


class _StaleTokenError(Exception):
    """The server refused a token; a new one may be taken."""

    def __init__(self, token: str, error: MailUnavailable) -> None:
        super().__init__(str(error))
        self.token, self.error = token, error


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
        tokens: Tokens | None = None,
        returns_to: str = "",
        local_name: str = "localhost",
        timeout_s: float = 60.0,
        after_dot_s: float = AFTER_DOT_S,
        ca_file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        """
        Args:
            security: `starttls`, `tls` or `none`. A server that does not offer what is asked for gets no mail.
            tokens: Log in by XOAUTH2 with these, instead of a password.
            returns_to: The envelope's sender, to which mails come back that cannot be delivered; empty: that of the
                mail.
            local_name: What the client calls itself in EHLO.
            timeout_s: For each step but the last.
            after_dot_s: For the reply to the final dot.
            ca_file: Certificates to trust besides the system's.
            monotonic: The clock by which replies are waited for.
            heard: Takes each line that is said (`> …`) and answered (`< …`), without passwords; None: nobody listens.
        """
        self._host, self._port, self._security = host, port, security
        self._username, self._password, self._tokens = username, password, tokens
        self._returns_to = returns_to
        self._local_name, self._ca_file = local_name, ca_file
        self._timeout_s, self._after_dot_s, self._monotonic = timeout_s, after_dot_s, monotonic
        self._heard = heard
        self._connection: Connection | None = None

    def __enter__(self) -> SmtpMailer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection with QUIT, if one is open."""
        if self._connection is not None:
            self._connection.patience_s = _GOODBYE_S
            with suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._drop()

    def check(self, sender: str) -> None:
        """Open the connection, log in, and ask whether mails from *sender* are taken; none is sent.

        Raises:
            DeliveryError: What to check.
        """
        connection = self._connected()
        sender = self._returns_to or sender
        try:
            self._step("MAIL", sender, lambda: connection.mail(sender))
        except _BrokenError as broken:
            raise broken.error from broken
        self._reset()

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """Deliver one mail; see `digest.core.ports.Mailer`."""
        envelope = envelope_of(mail, returns_to=self._returns_to)
        try:
            connection = self._hand_over(mail, envelope)
            before_dot()
            self._finish(connection, envelope.sender)
        except DeliveryError:
            raise  # what is left of the connection can be used
        except BaseException:
            # In the middle of a mail, anything sent next would be taken for a part of it.
            self._drop()
            raise

    # -- the steps of a mail

    def _hand_over(self, mail: Mail, envelope: Envelope) -> Connection:
        """Send all of the mail except the final dot.

        If a connection that is open already breaks, the mail is tried once more on a new one: servers end those that
        are idle or have carried enough mails, and nothing was delivered.
        """
        if self._connection is not None:
            try:
                return self._hand_over_once(mail, envelope)
            except _BrokenError:
                pass
        try:
            return self._hand_over_once(mail, envelope)
        except _BrokenError as broken:
            raise broken.error from broken

    def _hand_over_once(self, mail: Mail, envelope: Envelope) -> Connection:
        connection = self._connected()
        options = self._options(connection, mail, envelope)
        sender, recipient = envelope.sender, envelope.recipient
        self._step("MAIL", sender, lambda: connection.mail(sender, options))
        self._step("RCPT", sender, lambda: connection.rcpt(recipient))
        self._step("DATA", sender, lambda: connection.docmd("DATA"))
        try:
            connection.send_body(mail.content)
            connection.expect_silence()
        except (smtplib.SMTPException, OSError) as exc:
            raise self._broken(exc) from exc
        return connection

    def _options(self, connection: Connection, mail: Mail, envelope: Envelope) -> list[str]:
        """What MAIL says of the mail besides the sender.

        Raises:
            DeliveryError: The server does not take such a mail; it is not asked to.
        """
        limit = connection.esmtp_features.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < len(mail.content):
            raise DeliveryError(
                f"{self._where} takes mails of {int(limit):,} bytes at most, and this one has {len(mail.content):,}; "
                "lower [[edition]] max_papers, or send over another server"
            )
        options = []
        if not mail.content.isascii() and connection.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        if envelope.is_international:
            if not connection.has_extn(_SMTPUTF8):
                # RFC 6531, 3.5: X.6.7, non-ASCII addresses are not permitted.
                raise RefusedError(
                    f"{self._where} takes no address with letters beyond ASCII before the @ (it lacks SMTPUTF8), so "
                    "this mail was not sent; another address of this recipient, or another server, is needed",
                    code="RCPT 553 5.6.7",
                )
            options.append("SMTPUTF8")
        return options

    def _finish(self, connection: Connection, sender: str) -> None:
        """Send the final dot, after which the mail may have been delivered, and read the reply."""
        try:
            # Once more, for writing down what comes now took a while.
            connection.expect_silence()
        except (smtplib.SMTPException, OSError) as exc:
            raise self._broken(exc).error from exc
        try:
            code, said = connection.send_dot(self._after_dot_s)
        except (smtplib.SMTPException, OSError) as exc:
            raise self._in_doubt(str(exc)) from exc
        reply = Reply.of("the final dot", code, said)
        if reply.is_yes:
            return
        if not reply.is_no:
            raise self._in_doubt(f"its answer was {reply}")
        if code == 421:
            self._drop()
        self._reset()
        raise self._refusal(reply, sender)

    def _step(self, step: Step, sender: str, do: Callable[[], tuple[int, bytes]]) -> None:
        """Send one command and read its reply.

        Raises:
            _BrokenError: The connection cannot be used any more.
            DeliveryError: The mail was not taken; the next one may be.
        """
        try:
            reply = Reply.of(step, *do())
        except (smtplib.SMTPException, OSError, ValueError) as exc:
            raise self._broken(exc) from exc
        if reply.is_yes:
            return
        if not reply.is_no:
            raise self._broken(smtplib.SMTPException(f"it answered {step} with {reply}"))
        error = self._refusal(reply, sender)
        if isinstance(error, PutOffError) and error.slows_down and reply.code == 421:
            # It has said that it wants to be left alone: no further connection is made for this mail.
            self._drop()
            raise error
        if step == "MAIL" or reply.code == 421:
            # A sender that was welcome before is not the trouble; the connection is.
            self._drop()
            raise _BrokenError(error)
        self._reset()
        raise error

    def _reset(self) -> None:
        """Reset the session (RSET), so that nothing of this mail is left when the next one begins."""
        if self._connection is not None:
            try:
                code, _ = self._connection.rset()
            except (smtplib.SMTPException, OSError):
                code = 0
            if not 200 <= code < 300:
                self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- the connection

    def _connected(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = self._introduced()
            except _StaleTokenError as stale:
                # It may have expired. On a new connection, for many servers end one whose login they refused.
                self._connection = self._introduced(refused=stale)
        return self._connection

    def _introduced(self, *, refused: _StaleTokenError | None = None) -> Connection:
        """Return a new connection that is ready for mails.

        Args:
            refused: Why the last one is not; the token is not tried again.

        Raises:
            DeliveryError: There is none.
            _StaleTokenError: The token was refused, and no other was before.
        """
        connection = None
        try:
            connection = self._dialled()
            self._introduce(connection, refused)
        except BaseException as exc:
            if connection is not None:
                connection.close()
            if isinstance(exc, (smtplib.SMTPException, OSError, ValueError)):
                raise self._no_connection(exc) from exc
            raise
        return connection

    def _dialled(self) -> Connection:
        how: dict[str, Any] = {
            "local_name": self._local_name,
            "timeout_s": self._timeout_s,
            "monotonic": self._monotonic,
            "heard": self._heard,
        }
        if self._security != "tls":
            return Connection(self._host, self._port, **how)
        return TlsConnection(self._host, self._port, **how, context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(cafile=self._ca_file)
            except OSError as exc:
                reason = exc.strerror or getattr(exc, "reason", None) or exc
                raise MailUnavailable(f"[mail] ca_file {self._ca_file} cannot be read: {reason}") from exc
        return context

    def _introduce(self, connection: Connection, refused: _StaleTokenError | None) -> None:
        """Send EHLO, encrypt and log in, as configured."""
        connection.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            # A password, or what people read, never goes over an open line.
            if not connection.has_extn("starttls"):
                raise MailUnavailable(
                    f"{self._where} does not offer what [mail] security asks for (STARTTLS), so nothing was sent; "
                    "check host, port and security"
                )
            try:
                connection.starttls(context=self._trust())
            except smtplib.SMTPResponseException as exc:
                raise self._no_starttls(exc) from exc
            connection.ehlo_or_helo_if_needed()
        if self._tokens is not None:
            self._log_in_by_token(connection, self._tokens, refused)
        elif self._username:
            self._log_in(connection)

    def _no_starttls(self, exc: smtplib.SMTPResponseException) -> MailUnavailable:
        said = f"{self._where} refused STARTTLS: {exc.smtp_code} {readable(exc.smtp_error)}, so nothing was sent"
        if 400 <= exc.smtp_code < 500:
            return MailUnavailable(f"{said}; its encryption is out of order now, and the next run tries again")
        return MailUnavailable(f"{said}; check [mail] port and security: with 465 it is security = 'tls'")

    def _log_in(self, connection: Connection) -> None:
        offered = connection.esmtp_features.get("auth", "").upper().split()
        method = next((m for m in _METHODS if m in offered), None)
        if method is None:
            raise MailUnavailable(self._no_login(offered))
        connection.user, connection.password = self._username, self._password
        authenticate = getattr(connection, f"auth_{method.lower().replace('-', '_')}")
        try:
            connection.auth(method, authenticate)
        except smtplib.SMTPAuthenticationError as exc:
            raise MailUnavailable(self._login_refused(exc)) from exc

    def _log_in_by_token(self, connection: Connection, tokens: Tokens, refused: _StaleTokenError | None) -> None:
        offered = connection.esmtp_features.get("auth", "").upper().split()
        if _BY_TOKEN not in offered:
            raise MailUnavailable(
                f"{self._where} takes no login by {_BY_TOKEN}, which [mail] token_command is for; it offers "
                f"{', '.join(offered) or 'none'}; take token_command out, or check host and port"
            )
        token = tokens.get(instead_of=refused.token if refused else None)
        if refused is not None and token == refused.token:
            raise refused.error

        def answer(challenge: bytes | None = None) -> str:
            # A challenge tells why the token is refused; an empty answer gets the refusal itself.
            return f"user={self._username}\x01auth=Bearer {token}\x01\x01" if challenge is None else ""

        try:
            connection.auth(_BY_TOKEN, answer)
        except smtplib.SMTPAuthenticationError as exc:
            error = MailUnavailable(self._token_refused(exc))
            if exc.smtp_code >= 500 and refused is None:
                raise _StaleTokenError(token, error) from exc
            raise error from exc

    def _token_refused(self, exc: smtplib.SMTPAuthenticationError) -> str:
        said = f"{exc.smtp_code} {readable(exc.smtp_error)}"
        if exc.smtp_code < 500:
            return f"{self._where} takes no login now: {said}; it is tried again by the next run"
        return (
            f"{self._where} refused the token for {self._username!r}: {said}; [mail] token_command was asked for a new "
            "one; check that it prints an access token, not a refresh token, of this user, with which mail may be sent"
        )

    def _no_login(self, offered: list[str]) -> str:
        if offered:
            return (
                f"{self._where} takes no password: it offers {', '.join(offered)} alone, which this program does not "
                "speak; take an app password, where the provider has them, or a mail server that takes a password"
                + ("; or set [mail] token_command" if _BY_TOKEN in offered else "")
            )
        safe = "" if self._security != "none" else ", perhaps because the line is not encrypted: see [mail] security"
        return f"{self._where} offers no login{safe}; take [mail] username out, or check host and port"

    def _login_refused(self, exc: smtplib.SMTPAuthenticationError) -> str:
        said = readable(exc.smtp_error)
        if exc.smtp_code < 500:
            return f"{self._where} takes no login now: {exc.smtp_code} {said}; it is tried again by the next run"
        do = "check [mail] username and password_env"
        if "basic auth" in said.lower():
            do = "the provider has to allow passwords for this account, or another mail server has to be used"
        elif "application-specific" in said.lower() or "app password" in said.lower():
            do = "make an app password at the provider, and put that into the variable of [mail] password_env"
        who = f"{self._where} refused the login of {self._username!r} ({exc.smtp_code})"
        return f"{who}: {do}; it was tried once, and the server said: {said}"

    # -- errors

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    def _refusal(self, reply: Reply, sender: str) -> DeliveryError:
        return refusal(reply, where=self._where, sender=sender, logs_in=bool(self._username))

    def _broken(self, exc: Exception) -> _BrokenError:
        """Drop the connection and return the error; so far certainly nothing was delivered."""
        self._drop()
        return _BrokenError(
            DeliveryError(f"no mail could be handed to {self._where}: {_said(exc)}; it is tried again by the next run")
        )

    def _in_doubt(self, why: str) -> InDoubtError:
        self._drop()
        return InDoubtError(
            f"{self._where} gave no clear answer after the whole mail was sent ({why}): it may have been delivered, "
            "so it is not sent again; ask the recipient or look into the server's log, and if it did not arrive: "
            "`digest deliver --retry unknown`"
        )

    def _no_connection(self, exc: Exception) -> DeliveryError:
        """Return the error for a connection that could not be made or prepared."""
        where, hint = self._where, port_hint(self._port, self._security)
        hint = f"; {hint}" if hint else ""
        if (fault := certificate_error(exc)) is not None:
            what = certificate_fault(fault, setting="[mail] ca_file")
            return MailUnavailable(f"no safe connection, and nothing was sent: {where} {what}")
        if isinstance(exc, ssl.SSLError):
            check = hint or "; check [mail] host, port, security and ca_file"
            return MailUnavailable(f"no safe connection to {where}: {exc.reason or exc}{check}")
        if isinstance(exc, smtplib.SMTPResponseException):
            said = f"{exc.smtp_code} {readable(exc.smtp_error)}"
            return DeliveryError(
                f"{where} turned away this program: {said}; check [mail] host, port and username; it is tried again by "
                "the next run"
            )
        if isinstance(exc, UnicodeError):
            # Without the reason: it may hold letters of the password.
            return MailUnavailable(
                f"[mail] host {self._host!r}, username or password has letters that SMTP cannot carry"
            )
        if isinstance(exc, socket.gaierror):
            return DeliveryError(f"no mail could be handed to {where}: {_said(exc)}; check [mail] host and the network")
        return DeliveryError(
            f"no mail could be handed to {where}: {_said(exc)}{hint}; it is tried again by the next run"
        )


def port_hint(port: int, security: str) -> str:
    """Return what to try if port and security seldom go together; empty if they do."""
    if port == _TLS_PORT and security != "tls":
        return "port 465 is for encryption from the start: security = 'tls', or port = 587"
    if port in (25, 587) and security == "tls":
        return f"port {port} begins without encryption: security = 'starttls', or port = 465"
    return ""


def _said(exc: Exception) -> str:
    return readable(str(exc)) or type(exc).__name__
