"""A DNS server on loopback that answers from a table."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

SILENT, BROKEN = "silent", "broken"


class TableDns:
    """Answers UDP questions; a name that is not in the table does not exist."""

    def __init__(self, table: Mapping[str, Mapping[str, Sequence[str]] | str]) -> None:
        """
        Args:
            table: Name → type → records, as they stand in a zone; or `SILENT`, or `BROKEN` (SERVFAIL).
        """
        self._table = table
        self.questions: list[str] = []

    def __enter__(self) -> TableDns:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._thread.join(20)

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A resolver that asks this server."""
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = ["127.0.0.1"]
        made.port = int(self._sock.getsockname()[1])
        return made

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                wire, client = self._sock.recvfrom(4096)
                if not wire:
                    return
                if (answer := self._answer(dns.message.from_wire(wire))) is not None:
                    self._sock.sendto(answer.to_wire(), client)

    def _answer(self, question: dns.message.Message) -> dns.message.Message | None:
        [asked] = question.question
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        self.questions.append(f"{kind} {name}")
        found = self._table.get(name)
        if found == SILENT:
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif isinstance(found, str):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found.get(kind):
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found[kind]))
        return answer
