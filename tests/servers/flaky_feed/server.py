"""The server: listeners on loopback, one thread, and all decisions in `replies` and `rules`."""

from __future__ import annotations

import asyncio
import errno
import json
import random
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.servers.flaky_feed.documents import Material
from tests.servers.flaky_feed.formats import FORMATS
from tests.servers.flaky_feed.journal import Journal
from tests.servers.flaky_feed.papers import EPOCH, Item, items
from tests.servers.flaky_feed.replies import ACTIONS, Good, Reply, Request
from tests.servers.flaky_feed.rules import Rule, Rulebook, from_json
from tests.servers.flaky_feed.wire import Gone, Head, Line, read_head

_CANARY_ADDRESSES: Final = ("127.0.0.1", "::1", "169.254.169.254")
"""The last one is the metadata service of clouds; it can be listened on only where the machine was given it."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class FlakyFeed:
    """The server, running while it is entered.

    `/NAME.EXTENSION` is the list that was published under NAME, or some papers that belong to this name, written in
    the format of the extension: rss, rdf, atom, json, arxiv, api or oai.
    """

    def __init__(
        self,
        *rules: Rule,
        seed: int = 0,
        port: int = 0,
        latency_s: float = 0.0,
        papers: int = 20,
        tls: bool = False,
        journal_path: Path | None = None,
    ) -> None:
        """Listen nowhere yet.

        Args:
            latency_s: Before each reply, whatever it is.
            papers: In a list that nobody published.
            tls: Also speak https, with a certificate for 127.0.0.1 of the authority in `ca_pem`.
        """
        self.journal = Journal(journal_path)
        self.lists: dict[str, Sequence[Item]] = {}
        self.ca_pem: bytes | None = None
        self.canaries: dict[str, str] = {}
        """Address → URL, of those that could be listened on."""
        self._stamps: dict[str, datetime] = {}
        self._made: dict[tuple[str, str], Good] = {}
        self._book = Rulebook(rules, seed=seed)
        self._rnd = random.Random(f"replies {seed}")
        self._seed, self._port, self._latency_s, self._papers, self._wants_tls = seed, port, latency_s, papers, tls
        self._offset = timedelta()
        self._began = self.now()
        self._ports: dict[str, int] = {}
        self._talks: set[asyncio.Task[Any]] = set()
        self._connections = 0
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="flaky-feed", daemon=True)

    def __enter__(self) -> FlakyFeed:
        self._thread.start()
        if not self._ready.wait(timeout=20):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=20)

    # -- for tests

    def url(self, path: str = "/", *, scheme: str = "http") -> str:
        """The address of a path here, over http or https."""
        return f"{scheme}://127.0.0.1:{self._ports[scheme]}{path}"

    @property
    def stalled_url(self) -> str:
        """An https address behind which nobody answers the handshake."""
        return f"https://127.0.0.1:{self._ports['stalled']}/"

    @property
    def control_url(self) -> str:
        """`POST /rules`, `GET /journal`, `POST /clock`."""
        return f"http://127.0.0.1:{self._ports['control']}"

    @property
    def canary_url(self) -> str:
        """An address that nobody may touch."""
        return self.canaries["127.0.0.1"]

    def publish(self, name: str, listed: Iterable[Item]) -> None:
        """Let this be the list of that name, from now on."""
        self.lists[name] = tuple(listed)
        self._stamps[name] = self.now()
        self._made.clear()

    def rules(self, *rules: Rule) -> None:
        """Let these be the rules, and no others."""
        self._book.replace(rules, now_ms=self._now_ms())

    def now(self) -> datetime:
        """The server's clock: the real one, moved by `POST /clock` or `set_clock`."""
        return datetime.now(UTC) + self._offset

    def set_clock(self, moment: datetime) -> None:
        """Let it be *moment* here, and go on from there."""
        self._offset = moment - datetime.now(UTC)

    def _now_ms(self) -> float:
        return (self.now() - self._began) / timedelta(milliseconds=1)

    # -- what stands where

    def items_of(self, name: str) -> Sequence[Item]:
        """The list of that name; always the same papers where nothing was published."""
        if name not in self.lists:
            start = zlib.crc32(name.encode()) % 400_000 * self._papers
            self.lists[name] = items(self._papers, start=start, seed=self._seed, arxiv=name.startswith("arxiv"))
        return self.lists[name]

    def _good(self, head: Head) -> Good | None:
        name, _, extension = head.path.strip("/").rpartition(".")
        if not name or extension not in FORMATS:
            return None
        # Where a redirect has led is no part of what is asked for.
        query = {k: v for k, v in head.query.items() if k not in ("hop", "side")}
        key = (head.path, json.dumps(query))
        if key not in self._made:
            kind, write = FORMATS[extension]
            content = write(self.items_of(name), f"http://{head.host}{head.path}", query)
            self._made[key] = Good(content_type=kind, content=content.encode(), modified=self._stamps.get(name, EPOCH))
        return self._made[key]

    def _reply(self, head: Head, scheme: str) -> tuple[Rule, Reply]:
        rule = self._book.decide(head.host, head.target, now_ms=self._now_ms())
        rnd = random.Random(self._rnd.random())
        name = head.path.strip("/").rpartition(".")[0]
        request = Request(
            path=head.path,
            query=head.query,
            headers=head.headers,
            rule=rule,
            good=self._good(head),
            material=Material(items=self.items_of(name), url=self.url(head.path), canary=self.canary_url, rnd=rnd),
            now=self.now(),
            rnd=rnd,
            self_url=f"{scheme}://{head.host}",
            other_url=self.url(""),
        )
        return rule, ACTIONS[rule.action](request)

    # -- the listeners

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listeners = [
            await self._listen("http", partial(self._converse, "http"), port=self._port),
            await self._listen("stalled", self._stall),
            await self._listen("control", self._control),
            *await self._listen_for_touches(),
        ]
        if self._wants_tls:
            listeners.append(await self._listen("https", partial(self._converse, "https"), context=self._context()))
        self._ready.set()
        await self._stop.wait()
        for listener in listeners:
            listener.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _listen(
        self,
        name: str,
        talk: Talk,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> asyncio.Server:
        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            try:
                await talk(reader, writer)
            except (asyncio.CancelledError, OSError):
                pass  # the server stops, or the client is gone
            finally:
                self._talks.discard(task)
                writer.close()

        listener = await asyncio.start_server(keep, host, port, ssl=context, limit=1_000_000, backlog=1_000)
        self._ports[name] = listener.sockets[0].getsockname()[1]
        return listener

    def _context(self) -> ssl.SSLContext:
        import trustme

        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self.ca_pem = authority.cert_pem.bytes()
        return context

    async def _listen_for_touches(self) -> list[asyncio.Server]:
        listeners = []
        for host in _CANARY_ADDRESSES:
            try:
                listeners.append(await self._listen(host, partial(self._touched, host), host=host))
            except OSError as exc:
                # Since Python 3.13 asyncio leaves addresses out that this machine does not have, and names no number.
                if exc.errno not in (None, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                continue
            shown = f"[{host}]" if ":" in host else host
            self.canaries[host] = f"http://{shown}:{self._ports[host]}/"
        return listeners

    async def _touched(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.journal.write("canary", address=host)

    async def _stall(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.journal.write("stalled")
        while await reader.read(65_536):
            pass

    async def _converse(self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection, line = self._connections, Line(reader, writer)
        while (head := await read_head(reader)) is not None:
            rule, reply = self._reply(head, scheme)
            number = self.journal.write(
                "request",
                at=self.now().isoformat(),
                connection=connection,
                scheme=scheme,
                method=head.method,
                host=head.host,
                path=head.path,
                target=head.target,
                conditional=head.is_conditional,
                headers=dict(head.headers),
                action=rule.action,
                what=rule.what,
                status=reply.status,
                reply_headers=dict(reply.headers),
            )
            sent, goes_on, ends = 0, False, "client gone"
            try:
                await asyncio.sleep(self._latency_s)
                sent, goes_on = await line.send(reply, keeps_open=head.keeps_open)
                ends = "as meant"
            except Gone:
                pass
            finally:
                self.journal.write("sent", of=number, bytes=sent, ends=ends)
            if not goes_on:
                return

    # -- the control port

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        if head is None:
            return
        body = await reader.readexactly(int(head.headers.get("content-length", 0)))
        status, answer = self._command(f"{head.method} {head.path}", body)
        reply = Reply(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(answer).encode())
        await Line(reader, writer).send(reply, keeps_open=False)

    def _command(self, command: str, body: bytes) -> tuple[int, object]:
        try:
            match command:
                case "POST /rules":
                    rules = from_json(json.loads(body))
                    self.rules(*rules)
                    return 200, [asdict(rule) for rule in rules]
                case "GET /journal":
                    return 200, self.journal.entries
                case "GET /manners":
                    return 200, {host: asdict(m) for host, m in self.journal.manners().items()}
                case "POST /clock":
                    self._set_clock(json.loads(body))
                    return 200, {"now": self.now().isoformat()}
        except (ValueError, TypeError, KeyError) as exc:
            return 400, {"error": str(exc)}
        return 404, {"error": "POST /rules, GET /journal, GET /manners, POST /clock"}

    def _set_clock(self, values: Mapping[str, Any]) -> None:
        if "now" in values:
            self.set_clock(datetime.fromisoformat(values["now"]))
        self._offset += timedelta(seconds=float(values.get("advance_s", 0)))
