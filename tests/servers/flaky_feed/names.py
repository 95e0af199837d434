"""A DNS that changes its mind: rebinding, mixed answers, no answer, slow ones. On a UDP port, and as a function.

    with Names({"feeds.test": [["93.184.216.34"], ["127.0.0.1"]]}) as names:
        names.answer("feeds.test")      → 93.184.216.34, and from the second question on 127.0.0.1

All answers have a TTL of 0. A name that is not listed does not exist.
"""

from __future__ import annotations

import ipaddress
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

_A, _AAAA, _NAME_ERROR = 1, 28, 3
_HEADER: Final = struct.Struct(">HHHHHH")


class Names:
    """What each name answers, question after question; the last answer stays."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]], *, slow_s: Mapping[str, float] | None = None):
        """Know these names.

        Args:
            answers: name → the addresses of the first answer, of the second …
            slow_s: name → how long its answer takes.
        """
        self.asked: list[str] = []
        self._answers = {name: [tuple(one) for one in turns] for name, turns in answers.items()}
        self._slow_s = dict(slow_s or {})
        self._turn: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False

    @property
    def address(self) -> tuple[str, int]:
        """Where it can be asked over UDP."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def __enter__(self) -> Names:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, name: str) -> tuple[str, ...]:
        """The addresses of *name*, as of this question; empty: there is no such name."""
        name = name.rstrip(".").lower()
        time.sleep(self._slow_s.get(name, 0.0))
        with self._lock:
            self.asked.append(name)
            turns = self._answers.get(name)
            if not turns:
                return ()
            turn = min(self._turn[name], len(turns) - 1)
            self._turn[name] += 1
            return turns[turn]

    def respond(self, query: bytes) -> bytes:
        """A DNS message for a DNS message with one question."""
        number, _, _, _, _, _ = _HEADER.unpack_from(query)
        labels, place = [], _HEADER.size
        while query[place]:
            labels.append(query[place + 1 : place + 1 + query[place]].decode("ascii", "replace"))
            place += 1 + query[place]
        (kind,) = struct.unpack_from(">H", query, place + 1)
        question = query[_HEADER.size : place + 5]
        addresses = [ipaddress.ip_address(a) for a in self.answer(".".join(labels))]
        fitting = [a for a in addresses if kind == (_A if a.version == 4 else _AAAA)]
        flags = 0x8580 | (0 if addresses else _NAME_ERROR)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a.packed)) + a.packed for a in fitting)
        return _HEADER.pack(number, flags, 1, len(fitting), 0, 0) + question + records


def _handler(names: Names) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        request: tuple[bytes, Any]

        def handle(self) -> None:
            query, sock = self.request
            sock.sendto(names.respond(query), self.client_address)

    return Handler
