"""smtplib's connection, which believes no reply that is not whole, and sends the final dot as a step of its own.

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
from collections.abc import Callable
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
    """For how long a reply is waited for, from its first byte to its last."""
    monotonic: Callable[[], float]
    """Seconds of a clock that only goes forward: by it a reply is waited for."""
    _unread: bytes = b""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        local_name: str,
        timeout_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        **others: Any,
    ) -> None:
        """Connect, and read the greeting.

        Args:
            local_name: What we call ourselves in EHLO.
            timeout_s: For each step.
            others: `context`, for a connection that is TLS from the start.

        Raises:
            SMTPConnectError: The greeting is none.
            SMTPServerDisconnected: There was no whole greeting.
            OSError: Nobody is there.
        """
        self.patience_s = timeout_s
        self.monotonic = monotonic
        # The base class of `TlsConnection` takes a context besides.
        super().__init__(host, port, local_hostname=local_name, timeout=timeout_s, **others)
        if self.sock is not None:
            # The lone dot would wait some 40 ms for the server's delayed acknowledgement.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_body(self, content: bytes) -> None:
        """What follows the reply to DATA, without the final dot."""
        quoted = re.sub(rb"(?m)^\.", b"..", content)
        self.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")

    def send_dot(self, patience_s: float) -> tuple[int, bytes]:
        """The final dot, and the server's answer to it."""
        self.send(b".\r\n")
        before, self.patience_s = self.patience_s, patience_s
        try:
            return self.getreply()
        finally:
            self.patience_s = before

    def expect_silence(self) -> None:
        """See that the server is there and has said nothing unasked.

        Raises:
            SMTPServerDisconnected: It hung up, or its next reply would be the answer to an earlier question.
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
        """Send a command, unless the server is out of step.

        So what stood behind the reply to STARTTLS does not pass for a reply to what is asked on the safe line.
        """
        self.expect_silence()
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply: its code, and its lines' texts with a newline between two.

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
            if len(codes) > 1:
                raise self._lost(f"the lines of its answer disagree: {readable(line)!r} comes after another code")
            if found[2] != b"-":
                return int(found[1]), b"\n".join(said)

    def _read_line(self, until: float, *, so_far: int) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if so_far + len(self._unread) > _LONGEST_REPLY:
                raise self._lost("its answer does not end")
            self._unread += self._receive(until)
        line, self._unread = self._unread[: end + 1], self._unread[end + 1 :]
        return line

    def _receive(self, until: float) -> bytes:
        """What comes next, before *until*."""
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

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.sock

    def _lost(self, why: str) -> smtplib.SMTPServerDisconnected:
        self.close()
        self._unread = b""
        return smtplib.SMTPServerDisconnected(why)


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """The same over a connection that is TLS from the start."""
