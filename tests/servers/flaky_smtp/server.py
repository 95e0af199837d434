"""The talk of SMTP over a bare socket, so that every byte of a reply is the rule's."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

Step = Literal["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "RSET", "QUIT"]
_USUAL: Final = {
    "CONNECT": b"220 flaky.example.org ESMTP\r\n",
    "STARTTLS": b"220 go ahead\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
    "DATA": b"354 go on\r\n",
    "BODY": b"",
    "QUIT": b"221 bye\r\n",
}
_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done in place of the usual reply."""

    say: bytes = b""
    """As it goes over the wire, line ends and all."""
    then: Literal["go on", "hang up", "reset", "stall"] = "go on"
    takes: bool | None = None
    """At the dot: whether the mail is kept; None: if the reply begins with a 2."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When an act is due; the first rule that fits decides."""

    step: Step
    act: Act
    recipients: Collection[str] = ()
    """Of mails to these; empty: of all. Steps before RCPT know no recipient."""
    from_mail: int = 1
    """From this mail of a connection on."""
    times: int | None = None
    """So often at most; None: for ever."""


@dataclass(slots=True)
class _Talk:
    connection: int
    sock: socket.socket
    mails: int = 0
    recipient: str = ""
    unread: bytes = b""
    said: bytes = b""


@dataclass
class FlakySmtp:
    """The server, running while it is entered."""

    rules: list[Rule] = field(default_factory=list)
    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME")
    """What it says in reply to EHLO."""
    context: ssl.SSLContext | None = None
    """For STARTTLS or, with *implicit*, from the start."""
    implicit: bool = False
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    """All command lines, in order."""
    record: list[tuple[str, str]] = field(default_factory=list)
    """(recipient, Message-ID) of each mail it took, in order."""
    bodies: list[bytes] = field(default_factory=list)
    """What it took, as it came, without the final dot."""

    def __enter__(self) -> FlakySmtp:
        self._used: dict[int, int] = {}
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._closed = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="flaky-smtp", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(_PATIENCE_S)

    def taken(self, recipient: str) -> int:
        """How many mails it took for *recipient*."""
        return sum(to == recipient for to, _ in self.record)

    def await_end(self) -> None:
        """Wait until one more connection has ended, from here."""
        assert self._closed.acquire(timeout=_PATIENCE_S)

    def count(self, command: str) -> int:
        """How often a command came."""
        return sum(line.upper().startswith(command) for line in self.commands)

    def _serve(self) -> None:
        talks = []
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                talk = threading.Thread(target=self._converse, args=(_Talk(self.connections, sock),), daemon=True)
                talk.start()
                talks.append(talk)
        for talk in talks:
            talk.join(_PATIENCE_S)

    def _converse(self, talk: _Talk) -> None:
        self._open.append(talk.sock)
        talk.sock.settimeout(_PATIENCE_S)
        try:
            with suppress(OSError):
                talk.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.context is not None and self.implicit:
                    talk.sock = self.context.wrap_socket(talk.sock, server_side=True)
                goes_on = self._act(talk, "CONNECT")
                while goes_on and (line := self._line(talk)):
                    goes_on = self._obey(talk, line)
        finally:
            with suppress(OSError):
                talk.sock.close()
            self._closed.release()

    def _obey(self, talk: _Talk, line: bytes) -> bool:
        text = line.decode("utf-8", "replace").strip()
        self.commands.append(text)
        word = text[:4].upper()
        address = re.search(r"<([^>]*)>", text)
        if word in ("EHLO", "HELO"):
            return self._act(talk, "EHLO")
        if word == "STAR":
            if not self._act(talk, "STARTTLS") or self.context is None:
                return False
            talk.sock = self.context.wrap_socket(talk.sock, server_side=True)
            return True
        if word == "AUTH":
            return self._act(talk, "AUTH")
        if word == "MAIL":
            talk.mails += 1
            talk.recipient = ""
            return self._act(talk, "MAIL")
        if word == "RCPT":
            talk.recipient = address[1] if address else ""
            return self._act(talk, "RCPT")
        if word == "DATA":
            # After anything but 354 the client sends commands, not a mail.
            return self._act(talk, "DATA") and (not talk.said.startswith(b"354") or self._take_mail(talk))
        return self._act(talk, "QUIT" if word == "QUIT" else "RSET") and word != "QUIT"

    def _take_mail(self, talk: _Talk) -> bool:
        lines: list[bytes] = []
        while (line := self._line(talk)) != b".\r\n":
            if not line or (not lines and not self._act(talk, "BODY")):
                return False
            lines.append(line)
        body = b"".join(lines)
        found = re.search(rb"(?mi)^Message-ID:\s*(\S+)", body)
        return self._act(talk, "DOT", body, found[1].decode() if found else "")

    def _act(self, talk: _Talk, step: Step, body: bytes = b"", message_id: str = "") -> bool:
        """Say what is to be said at *step*; whether the talk goes on."""
        act = self._decide(talk, step)
        if step == "DOT" and (act.takes if act.takes is not None else act.say.startswith(b"2")):
            self.record.append((talk.recipient, message_id))
            self.bodies.append(body)
        talk.said = act.say
        if act.say:
            talk.sock.sendall(act.say)
        if act.then == "reset":
            talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if act.then == "stall":
            while talk.sock.recv(4096):
                pass
        return act.then == "go on"

    def _decide(self, talk: _Talk, step: Step) -> Act:
        with self._lock:
            for number, rule in enumerate(self.rules):
                if (
                    rule.step == step
                    and (not rule.recipients or talk.recipient in rule.recipients)
                    and talk.mails >= (rule.from_mail if step not in ("CONNECT", "EHLO", "STARTTLS", "AUTH") else 0)
                    and (rule.times is None or self._used.get(number, 0) < rule.times)
                ):
                    self._used[number] = self._used.get(number, 0) + 1
                    return rule.act
        if step == "EHLO":
            return Act(say=b"".join(b"250-%s\r\n" % o.encode() for o in ("flaky", *self.offers)) + b"250 HELP\r\n")
        return Act(say=_USUAL.get(step, b"250 2.0.0 OK\r\n"))

    def _line(self, talk: _Talk) -> bytes:
        """The next line; empty when the client is gone."""
        while b"\n" not in talk.unread:
            with suppress(OSError):
                if chunk := talk.sock.recv(65_536):
                    talk.unread += chunk
                    continue
            return b""
        line, _, talk.unread = talk.unread.partition(b"\n")
        return line + b"\n"
