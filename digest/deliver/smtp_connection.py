"""An SMTP connection on top of smtplib that accepts only complete replies, and sends the final dot as a separate step.

smtplib takes half a line for a line, ` 25` for a code and the last code of several that disagree, and reads what a
server said out of turn as the reply to what it is asked next. Before the final dot that costs a wrong sentence; after
it, a mail that is sent twice or never. Here a reply is whole and of one code (RFC 5321, 4.2), or the connection is
closed.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from digest.deliver.replies import readable

AFTER_DOT_S: Final = 600.0
"""RFC 5321, 4.5.3.2.6: ten minutes for the reply to the final dot; a shorter wait means more mails in doubt."""

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*?))?\r*\n", re.DOTALL)
_LONGEST_REPLY: Final = 65_536
"""Bytes. The longest that a sane server says, a list of what it can do, has a few hundred."""


class Connection(smtplib.SMTP):
    """One connection to one server."""

    patience_s: float
    """Seconds that a reply may take, from its first byte to its last."""
    monotonic: Callable[[], float]
    """A clock that only goes forward, in seconds, by which the time for a reply is measured."""
    heard: Callable[[str], None] | None
    """Takes each line of the conversation, without passwords; None: nobody listens."""
    _unread: bytes = b""
    _is_secret: bool = False
    """Whether what is said next belongs to a login."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        local_name: str,
        timeout_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        heard: Callable[[str], None] | None = None,
        **others: Any,
    ) -> None:
        """Connect, and read the greeting.

        Args:
            local_name: What we call ourselves in EHLO.
            timeout_s: For each step.
            others: `context`, for a connection that is TLS from the start.

        Raises:
            SMTPConnectError: The greeting refuses service.
            SMTPServerDisconnected: No complete greeting came.
            OSError: The server cannot be reached.
        """
        self.patience_s = timeout_s
        self.monotonic = monotonic
        self.heard = heard
        # The base class of `TlsConnection` takes a context besides.
        super().__init__(host, port, local_hostname=local_name, timeout=timeout_s, **others)
        if self.sock is not None:
            # The lone dot would wait some 40 ms for the server's delayed acknowledgement.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Say who sends the next mail. smtplib takes addresses apart for that, and ours are bare."""
        self.command_encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        return self.docmd("MAIL", " ".join((f"FROM:<{sender}>", *options)))

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Say who gets it."""
        return self.docmd("RCPT", " ".join((f"TO:<{recip}>", *options)))

    def send_body(self, content: bytes) -> None:
        """Send the mail's content after the reply to DATA, without the final dot."""
        self._tell("> ", f"{len(content):,} bytes")
        quoted = content.replace(b"\n.", b"\n..")
        if quoted.startswith(b"."):
            quoted = b"." + quoted
        self.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")

    def send_dot(self, patience_s: float) -> tuple[int, bytes]:
        """Send the final dot, and return the server's reply to it."""
        self._tell("> ", ".")
        self.send(b".\r\n")
        before, self.patience_s = self.patience_s, patience_s
        try:
            return self.getreply()
        finally:
            self.patience_s = before

    def expect_silence(self) -> None:
        """Check that the connection is open and that no unexpected reply is waiting.

        Raises:
            SMTPServerDisconnected: The server hung up, or sent something that would be read as the next reply.
        """
        sock = self._socket()
        if not self._unread:
            sock.settimeout(0)
            try:
                self._unread = sock.recv(4096)
            except (BlockingIOError, ssl.SSLWantReadError):
                sock.settimeout(self.timeout)
                return
            except OSError as exc:
                raise self._lost(f"the connection broke: {exc}") from exc
            if not self._unread:
                raise self._lost("it hung up")
        raise self._lost(f"it said {readable(self._unread)!r} without being asked")

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command, unless an unexpected reply is waiting.

        So text behind the reply to STARTTLS is not read as a reply within the encrypted connection.
        """
        self.expect_silence()
        is_login = cmd.upper() == "AUTH"
        shown = f"{cmd} {args.split()[0]} …" if is_login else "…" if self._is_secret else f"{cmd} {args}".rstrip()
        self._tell("> ", shown)
        self._is_secret = self._is_secret or is_login
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Read the next reply: its code, and the texts of its lines, divided by newlines.

        Raises:
            SMTPServerDisconnected: No whole reply came in time. The connection is closed.
        """
        until = self.monotonic() + self.patience_s
        codes: set[bytes] = set()
        said: list[bytes] = []
        while True:
            line = self._read_line(until, so_far=sum(map(len, said)))
            found = _LINE.fullmatch(line)
            if found is None:
                raise self._lost(f"its answer {readable(line)!r} is no reply of SMTP")
            codes.add(found[1])
            said.append((found[3] or b"").strip())
            self._tell("< ", line)
            if len(codes) > 1:
                raise self._lost(f"the lines of its answer disagree: {readable(line)!r} comes after another code")
            if found[2] != b"-":
                self._is_secret = self._is_secret and found[1] == b"334"
                return int(found[1]), b"\n".join(said)

    def _read_line(self, until: float, *, so_far: int) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if so_far + len(self._unread) > _LONGEST_REPLY:
                raise self._lost("its answer does not end")
            self._unread += self._receive(until)
        line, self._unread = self._unread[: end + 1], self._unread[end + 1 :]
        return line

    def _receive(self, until: float) -> bytes:
        """Return the next bytes that come before *until*."""
        half = f", but for {readable(self._unread)!r}" if self._unread else ""
        sock = self._socket()
        left_s = until - self.monotonic()
        try:
            if left_s <= 0:
                raise TimeoutError
            sock.settimeout(left_s)
            chunk = sock.recv(4096)
            sock.settimeout(self.timeout)
        except TimeoutError as exc:
            raise self._lost(f"it timed out: no answer within {self.patience_s:g} s{half}") from exc
        except OSError as exc:
            raise self._lost(f"the connection broke: {exc}{half}") from exc
        if not chunk:
            raise self._lost(f"it hung up without an answer{half}")
        return chunk

    def _tell(self, sign: str, said: bytes | str) -> None:
        if self.heard is not None:
            self.heard(f"{sign}{readable(said)}")

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.sock

    def _lost(self, why: str) -> smtplib.SMTPServerDisconnected:
        self.close()
        self._unread = b""
        return smtplib.SMTPServerDisconnected(why)


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """An SMTP connection that is TLS from the start."""
