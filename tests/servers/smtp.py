"""Mail servers on loopback that behave: they take what they are told to take; `flaky_smtp` is one that does not."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """What aiosmtpd's controller hands mails to; it writes down what it accepts."""

    accepted: list[Envelope] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    """What to answer: `MAIL`, `RCPT` or `DATA` → reply; otherwise 250."""
    tls_seen: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.replies.get("MAIL", "250 OK")
        if reply.startswith("2"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.replies.get("RCPT", "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.tls_seen.append(session.ssl is not None)
        reply = self.replies.get("DATA", "250 OK")
        if reply.startswith("2"):
            self.accepted.append(envelope)
        return reply


class SlowSink:
    """A mail server that answers the final dot when it is told to."""

    def __init__(self, patience_s: float = 60.0) -> None:
        """Hold the answer back no longer than *patience_s*."""
        self._patience_s = patience_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.at_the_dot, self.may_answer = threading.Event(), threading.Event()
        self.taken = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._listener:
            connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 sink\r\n")
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    lines.write(b"354 go on\r\n")
                    while lines.readline() != b".\r\n":
                        pass
                    self.at_the_dot.set()
                    self.may_answer.wait(self._patience_s)
                    self.taken += 1
                lines.write(b"250 ok\r\n")
