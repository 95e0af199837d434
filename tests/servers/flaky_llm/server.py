"""The server: one thread for each request, and all decisions in `replies`, `rules`, `handovers` and `limits`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.flaky_llm.handovers import Handovers, Pace
from tests.servers.flaky_llm.journal import Bill, Entry, Journal, Tariff, bill
from tests.servers.flaky_llm.limits import Limiter
from tests.servers.flaky_llm.reading import Request, fingerprint
from tests.servers.flaky_llm.replies import ACTIONS, Reply
from tests.servers.flaky_llm.rules import Occasion, Rule, Rulebook, from_json


@lru_cache(maxsize=4096)
def count_tokens(text: str) -> int:
    """Tokens of OpenAI's newest vocabulary where it is at hand, else a quarter of the letters."""
    try:
        import bpe_openai
    except ImportError:
        return len(text) // 4 + 1
    return len(bpe_openai.get_encoding("o200k_base").encode_ordinary(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long an answer takes."""

    first_s: float = 0.5
    per_token_s: float = 0.01
    sigma: float = 0.0
    """Of the logarithm of a factor, for delays that scatter as real ones do; 0: they don't."""

    def of(self, output_tokens: int, rnd: random.Random) -> float:
        factor = math.exp(rnd.gauss(0, self.sigma)) if self.sigma else 1.0
        return (self.first_s + output_tokens * self.per_token_s) * factor


AT_ONCE = Pause(first_s=0, per_token_s=0)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away before its answer is what some tests are about: no traceback."""


class FlakyLLM:
    """The server, running while it is entered."""

    def __init__(
        self,
        *rules: Rule,
        seed: int = 0,
        port: int = 0,
        count: Callable[[str], int] = count_tokens,
        pause: Pause = AT_ONCE,
        pace: Pace | None = None,
        tariff: Tariff | None = None,
        limiter: Limiter | None = None,
        journal_path: Path | None = None,
    ) -> None:
        """Listen, and answer nothing yet.

        Args:
            pause: How long an answer takes.
            pace: How long a handover takes, by the server's clock.
            tariff: What `bill` charges; the default is that of gpt-5-mini.
            limiter: Requests and tokens per minute; None: no limits, and no headers that speak of them.
        """
        self.events = Journal(journal_path)
        self.tariff = tariff or Tariff()
        self.pause = pause
        self._book = Rulebook(rules)
        self._seed = seed
        self._count = count
        self._limiter = limiter
        self._asked: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._offset = timedelta()
        self._began = self.now()
        self.handovers = Handovers(self._answer_in_handover, pace=pace or Pace(), seed=seed)
        self._http = _Http(("127.0.0.1", port), _handler(self))

    # -- for tests

    @property
    def base_url(self) -> str:
        return f"{self.control_url}/v1"

    @property
    def control_url(self) -> str:
        """`POST /rules`, `GET /journal`, `GET /bill`, `POST /clock`."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> FlakyLLM:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def journal(self) -> list[Entry]:
        """One entry for each request for a completion, direct or in a handover; see `journal.Entry`."""
        return self.events.of("completion")

    @property
    def calls(self) -> list[Entry]:
        """One entry for each call of the endpoints of handovers: endpoint, status, action."""
        return self.events.of("call")

    def of(self, *keys: str) -> list[tuple[Any, ...]]:
        """The journal with these keys only."""
        return [tuple(entry[key] for key in keys) for entry in self.journal]

    def bill(self) -> Bill:
        """What all requests so far cost, by what the server counted."""
        return bill(self.journal, self.tariff)

    def rules(self, *rules: Rule) -> None:
        """Let these be the rules, and no others."""
        self._book.replace(rules, now_ms=self._now_ms())

    def now(self) -> datetime:
        """The server's clock: the real one, moved by `POST /clock`, `set_clock` or `advance`."""
        return datetime.now(UTC) + self._offset

    def set_clock(self, moment: datetime) -> None:
        """Let it be *moment* here, and go on from there."""
        self.advance((moment - self.now()).total_seconds())

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        with self._lock:
            self._offset += timedelta(seconds=seconds)
            self.handovers.work(self.now().timestamp())

    def _now_ms(self) -> float:
        return (self.now() - self._began) / timedelta(milliseconds=1)

    # -- completions

    def reply(
        self, body: Mapping[str, Any], headers: Mapping[str, str], *, mode: str = "direct", query: str = ""
    ) -> Reply:
        """Decide on a request and write it down."""
        same = fingerprint(body)
        with self._lock:
            # Not by the order in which requests side by side happen to come in.
            rnd = random.Random(f"{self._seed} {same} {self._asked[same]}")
            self._asked[same] += 1
            rest = json.dumps({key: value for key, value in body.items() if key != "messages"})
            occasion = Occasion(on=mode, user=str(body["messages"][-1]["content"]), rest=rest)
            rule = self._book.decide(occasion, rnd, now_ms=self._now_ms())
            request = Request(body=body, rule=rule, rnd=rnd, count=self._count, now=self.now())
            limits, refusal = self._limited(request) if mode == "direct" else ({}, None)
        reply = refusal or ACTIONS[rule.action](request)
        reply = replace(reply, headers={**limits, **reply.headers})
        self.events.write(
            "completion",
            at=self.now().isoformat(),
            mode=mode,
            action="limited" if refusal else rule.action,
            status=reply.status,
            papers=len(request.blocks),
            keys=[block.key for block in request.blocks],
            input_tokens=request.input_tokens if reply.billed else 0,
            output_tokens=reply.output_tokens,
            cached_tokens=reply.cached_tokens,
            billed=reply.billed,
            tier=reply.tier,
            fingerprint=same,
            prefix=hashlib.sha256(request.system.encode()).hexdigest()[:16],
            body=dict(body),
            query=query,
            headers={name.lower(): value for name, value in headers.items()},
        )
        pause_s = self.pause.of(reply.output_tokens, rnd) if reply.billed else 0.0
        return replace(reply, delay_s=reply.delay_s + pause_s)

    def _limited(self, request: Request) -> tuple[dict[str, str], Reply | None]:
        if self._limiter is None:
            return {}, None
        # OpenAI reckons with the larger of what is sent and what may come back.
        wait_s = self._limiter.take(max(request.input_tokens, request.limit or 0), self.now().timestamp())
        headers = self._limiter.headers()
        if wait_s == 0:
            return headers, None
        said = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
        wait = {"Retry-After": str(math.ceil(wait_s)), "retry-after-ms": str(math.ceil(wait_s * 1000))}
        return headers, Reply(status=429, body=json.dumps(said).encode(), headers=wait)

    def _answer_in_handover(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        reply = self.reply(body, {}, mode="handover")
        try:
            return reply.status or 500, json.loads(reply.body)
        except ValueError:
            return reply.status or 500, {"error": {"message": reply.body.decode(errors="replace")}}

    # -- what comes over the wire

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer any request."""
        parts = urlsplit(target)
        if (method, parts.path) == ("POST", "/v1/chat/completions"):
            return self.reply(json.loads(body), headers, query=parts.query)
        if parts.path.startswith("/v1/"):
            return self._handover_call(method, parts.path, dict(parse_qsl(parts.query)), headers, body)
        status, said = self._command(f"{method} {parts.path}", body)
        return Reply(status=status, body=json.dumps(said, default=str).encode())

    def _handover_call(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        endpoint = self.handovers.endpoint(method, path)
        with self._lock:
            rnd = random.Random(f"{self._seed} {endpoint} {len(self.calls)}")
            rule = self._book.decide(Occasion(on=endpoint), rnd, now_ms=self._now_ms())
            kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
            said = self.handovers.handle(method, path, query, body, kind, rule=rule, now=self.now().timestamp())
            self.events.write(
                "call",
                at=self.now().isoformat(),
                endpoint=endpoint,
                method=method,
                path=path,
                query=dict(query),
                action=rule.action,
                status=said.status,
            )
        return Reply(status=said.status, body=said.content, headers=said.headers)

    def _command(self, command: str, body: bytes) -> tuple[int, object]:
        try:
            match command:
                case "POST /rules":
                    rules = from_json(json.loads(body))
                    self.rules(*rules)
                    return 200, [asdict(rule) for rule in rules]
                case "GET /journal":
                    return 200, self.events.of("completion") + self.events.of("call")
                case "GET /bill":
                    return 200, asdict(self.bill())
                case "POST /clock":
                    values = json.loads(body)
                    if "now" in values:
                        self.set_clock(datetime.fromisoformat(values["now"]))
                    self.advance(float(values.get("advance_s", 0)))
                    return 200, {"now": self.now().isoformat()}
        except (ValueError, TypeError, KeyError) as exc:
            return 400, {"error": str(exc)}
        return 404, {"error": "POST /rules, GET /journal, GET /bill, POST /clock"}

    def wait(self, seconds: float) -> None:
        """Let so much real time pass, unless the server stops."""
        self._stopped.wait(seconds)


_FOREVER_S = 3600.0


def _handler(server: FlakyLLM) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one piece each: without it, a reply may wait for the client's acknowledgement.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = server.handle(self.command, self.path, dict(self.headers), body)
            if reply.delay_s:
                server.wait(reply.delay_s)
            with contextlib.suppress(ConnectionError):
                self._send(reply)

        do_GET = do_DELETE = do_POST  # noqa: N815 -- the base class calls them so

        def _send(self, reply: Reply) -> None:
            wire = reply.wire
            if reply.status and (wire.cut_at is None or wire.cut_at >= 0):
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) if wire.length is None else wire.length))
                self.end_headers()
                self.wfile.write(reply.body[: wire.cut_at])
            if not reply.status or wire.cut_at is not None:
                self._break_off(wire.then)

        def _break_off(self, then: str) -> None:
            self.close_connection = True
            if then == "stall":
                server.wait(_FOREVER_S)
            if then == "reset":
                # Lingering for no time at all makes of the end a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            pass

    return Handler
