"""The talk of SMTP over a bare socket, so that every byte of a reply is the rule's."""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TextIO

Step = Literal["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "RSET", "QUIT"]
Point = Literal["body received", "dot received", "dot written down", "250 written"]
"""Moments at which a kill may be aimed: behind them the client is, or is not, in doubt."""
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
    domains: Collection[str] = ()
    """Of mails to these domains; empty: to all."""
    odds: float = 1.0
    """In so many cases of those that fit, by the server's seed."""
    until: float | None = None
    """Before this moment of the server's clock; None: for ever."""
    from_mail: int = 1
    """From this mail of a connection on."""
    times: int | None = None
    """So often at most; None: for ever."""


@dataclass(slots=True)
class _Talk:
    connection: int
    sock: socket.socket
    mails: int = 0
    length: int = 0
    """Bytes of the mail that came last."""
    recipient: str = ""
    is_under_way: bool = False
    """Between the reply to RCPT and the end of the mail."""
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
    seed: int = 1
    journal: Path | None = None
    """Gets a line of JSON for each mail whose dot came, before a byte of the reply is on the wire."""
    keeps_bodies: bool = True
    clock: Callable[[], float] = time.monotonic
    delay_s: float = 0.0
    """Before the reply to the final dot."""
    greylist_s: float = 0.0
    """A recipient that it never saw is put off, until so many seconds later."""
    quotas: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Domain → how many mails it takes within how many seconds, before it says 421 4.7.28 and hangs up."""
    most_per_connection: int | None = None
    """Behind so many mails it says 421 and hangs up."""
    size: int | None = None
    """The longest mail in bytes; it offers SIZE then."""
    dedupe: str = ""
    """A header: mails with a value that it had before are answered as if they were taken, and dropped."""
    dedupe_ttl_s: float = 86_400.0
    at_point: Callable[[Point, str], None] = lambda _point, _recipient: None
    """Called at each point of each mail."""
    visits: list[tuple[float, str, int]] = field(default_factory=list)
    """Of each RCPT: when by the clock, to whom, and how many mails to the domain were under way then, this one too."""

    def __enter__(self) -> FlakySmtp:
        self._rng = random.Random(self.seed)
        self._first_seen: dict[str, float] = {}
        self._lately: dict[str, deque[float]] = {}
        self._keys: dict[str, float] = {}
        self._talks: list[_Talk] = []
        self._file: TextIO | None = self.journal.open("a", encoding="utf-8") if self.journal else None
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
        if self._file is not None:
            self._file.close()

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
        self._talks.append(talk)
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
            talk.is_under_way = False
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
            self._note_visit(talk)
            goes_on = self._act(talk, "RCPT")
            talk.is_under_way = goes_on and talk.said.startswith(b"2")
            return goes_on
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
            if len(lines) == 1:
                self.at_point("body received", talk.recipient)
        body = b"".join(lines)
        talk.length = len(body)
        self.at_point("dot received", talk.recipient)
        goes_on = self._act(talk, "DOT", body, _header(body, "Message-ID"))
        talk.is_under_way = False
        if talk.said.startswith(b"2"):
            self.at_point("250 written", talk.recipient)
        return goes_on

    def _note_visit(self, talk: _Talk) -> None:
        domain = _domain(talk)
        with self._lock:
            under_way = sum(one.is_under_way and _domain(one) == domain for one in self._talks)
            self.visits.append((self.clock(), talk.recipient, under_way + 1))

    def _act(self, talk: _Talk, step: Step, body: bytes = b"", message_id: str = "") -> bool:
        """Say what is to be said at *step*; whether the talk goes on."""
        act = self._decide(talk, step)
        if step == "DOT":
            self._write_down(talk, act, body, message_id)
            self.at_point("dot written down", talk.recipient)
            if self.delay_s:
                time.sleep(self.delay_s)
        talk.said = act.say
        if act.say:
            talk.sock.sendall(act.say)
        if act.then == "reset":
            talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if act.then == "stall":
            while talk.sock.recv(4096):
                pass
        return act.then == "go on"

    def _write_down(self, talk: _Talk, act: Act, body: bytes, message_id: str) -> None:
        is_taken = act.takes if act.takes is not None else act.say.startswith(b"2")
        key = _header(body, self.dedupe) if self.dedupe else ""
        with self._lock:
            now = self.clock()
            is_double = bool(key) and now - self._keys.get(key, float("-inf")) < self.dedupe_ttl_s
            if is_taken and not is_double:
                self.record.append((talk.recipient, message_id))
                if self.keeps_bodies:
                    self.bodies.append(body)
                if key:
                    self._keys[key] = now
            if self._file is not None:
                line: dict[str, Any] = {
                    "connection": talk.connection,
                    "recipient": talk.recipient,
                    "message_id": message_id,
                    "key": key,
                    "sha256": hashlib.sha256(body).hexdigest(),
                    "bytes": len(body),
                    "taken": is_taken and not is_double,
                    "dropped_as_double": is_taken and is_double,
                    "reply": act.say.decode("latin-1"),
                }
                self._file.write(json.dumps(line) + "\n")
                self._file.flush()

    def _limit(self, talk: _Talk, step: Step) -> Act | None:
        """What its own limits say at a step; None if nothing."""
        if step == "MAIL" and self.most_per_connection is not None and talk.mails > self.most_per_connection:
            return Act(say=b"421 4.4.2 enough for one connection\r\n", then="hang up")
        if step != "RCPT":
            return None
        now, domain = self.clock(), _domain(talk)
        if domain in self.quotas:
            most, within_s = self.quotas[domain]
            lately = self._lately.setdefault(domain, deque())
            while lately and lately[0] <= now - within_s:
                lately.popleft()
            if len(lately) >= most:
                return Act(say=b"421 4.7.28 an unusual rate of mails from you\r\n", then="hang up")
            lately.append(now)
        if self.greylist_s and now - self._first_seen.setdefault(talk.recipient, now) < self.greylist_s:
            return Act(say=b"450 4.7.1 greylisted, come back later\r\n")
        return None

    def _decide(self, talk: _Talk, step: Step) -> Act:
        with self._lock:
            if (limit := self._limit(talk, step)) is not None:
                return limit
            for number, rule in enumerate(self.rules):
                if (
                    rule.step == step
                    and (not rule.recipients or talk.recipient in rule.recipients)
                    and (not rule.domains or _domain(talk) in rule.domains)
                    and (rule.until is None or self.clock() < rule.until)
                    and talk.mails >= (rule.from_mail if step not in ("CONNECT", "EHLO", "STARTTLS", "AUTH") else 0)
                    and (rule.times is None or self._used.get(number, 0) < rule.times)
                    and (rule.odds >= 1 or self._rng.random() < rule.odds)
                ):
                    self._used[number] = self._used.get(number, 0) + 1
                    return rule.act
        if step == "DOT" and self.size is not None and talk.length > self.size:
            return Act(say=b"552 5.3.4 message too big\r\n")
        if step == "EHLO":
            return Act(say=b"".join(b"250-%s\r\n" % o.encode() for o in ("flaky", *self._offered())) + b"250 HELP\r\n")
        return Act(say=_USUAL.get(step, b"250 2.0.0 OK\r\n"))

    def _offered(self) -> tuple[str, ...]:
        return self.offers if self.size is None else (*self.offers, f"SIZE {self.size}")

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


def _domain(talk: _Talk) -> str:
    return talk.recipient.rpartition("@")[2].lower()


def _header(body: bytes, name: str) -> str:
    found = re.search(rb"(?mi)^%s:\s*(\S+)" % re.escape(name.encode()), body)
    return found[1].decode("latin-1") if found else ""
