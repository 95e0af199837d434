"""Real connections: certificates, proxies, and an end to all patience."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import trustme

from digest.core.errors import ConfigError, SourceError
from digest.sources.door.deadline import DEADLINE_S, Deadline
from digest.sources.door.http import Door
from tests.conftest import ROOT
from tests.fakes.clock import FakeClock
from tests.servers.loopback import Reply, Server, redirects, says, serving
from tests.servers.proxy import Proxy
from tests.support.doors import PUBLIC, led_to

FEED = "feeds.example.org"


def refused(door: Door, url: str, **options: Any) -> str:
    with pytest.raises(SourceError) as caught:
        door.get(url, **options)
    return str(caught.value)


def no_sleep(_: float) -> None:
    """Retries without their pauses."""


# -- certificates


def tls_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_a_certificate_of_the_operators_own_authority_is_trusted(authority: trustme.CA, ca_file: Path) -> None:
    with (
        serving(says(b"news"), tls_of(authority, FEED, "127.0.0.1")) as server,
        Door(ca_file=ca_file, resolve=lambda *_: [PUBLIC], connect=led_to({PUBLIC: server.port})) as door,
    ):
        assert door.get(f"https://{FEED}/").content == b"news"
        assert door.get(f"{server.url}/", trusted=True).content == b"news"


def test_a_certificate_that_is_not_trusted_names_the_setting_and_is_not_asked_again(authority: trustme.CA) -> None:
    with serving(says(b"news"), tls_of(authority, "127.0.0.1")) as server, Door(sleep=no_sleep) as door:
        sentence = refused(door, server.url, trusted=True)

    assert "127.0.0.1 shows a certificate that is not trusted (unable to get local issuer certificate)" in sentence
    assert "[network] ca_file" in sentence
    assert server.touched == 1


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, ca_file: Path) -> None:
    with (
        serving(says(b"news"), tls_of(authority, "elsewhere.example.org")) as server,
        Door(ca_file=ca_file, resolve=lambda *_: [PUBLIC], connect=led_to({PUBLIC: server.port})) as door,
    ):
        sentence = refused(door, f"https://{FEED}/")

    assert "certificate is not valid for 'feeds.example.org'" in sentence
    assert server.heads == []


def test_a_server_that_speaks_no_tls_is_a_failed_connection() -> None:
    def plain(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(plain) as port, Door(sleep=no_sleep) as door:
        sentence = refused(door, f"https://127.0.0.1:{port}/", trusted=True)

    assert sentence.startswith("the connection to 127.0.0.1 failed (")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_of_certificates_that_cannot_be_used_is_a_mistake_in_the_config(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "own.pem"
    if content is not None:
        path.write_bytes(content)

    with Door(ca_file=path) as door, pytest.raises(ConfigError) as caught:
        door.get("https://127.0.0.1:1/", trusted=True)

    assert str(caught.value).startswith(f"[network] ca_file: cannot use {path}: ")


# -- proxies


@contextmanager
def proxied(
    reply: Reply, tls: ssl.SSLContext | None = None, password: str | None = None
) -> Iterator[tuple[Server, Server]]:
    """A server, and the proxy by which alone it can be reached."""
    with serving(reply, tls) as server, serving(Proxy({FEED: server.port}, password).reply) as proxy:
        yield server, proxy


def test_http_goes_through_the_proxy() -> None:
    with (
        proxied(says(b"news")) as (server, proxy),
        Door(proxy=proxy.url, resolve=lambda *_: [PUBLIC]) as door,
    ):
        assert door.get(f"http://{FEED}/feed").content == b"news"

    assert proxy.lines == [f"GET http://{FEED}/feed HTTP/1.1"]
    assert server.touched == 1


def test_https_goes_through_the_proxy_unread(authority: trustme.CA, ca_file: Path) -> None:
    with (
        proxied(says(b"news"), tls_of(authority, FEED)) as (server, proxy),
        Door(proxy=proxy.url, ca_file=ca_file, resolve=lambda *_: [PUBLIC]) as door,
    ):
        assert door.get(f"https://{FEED}/feed").content == b"news"

    assert proxy.lines == [f"CONNECT {FEED}:443 HTTP/1.1"]
    assert server.lines == ["GET /feed HTTP/1.1"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_gets_it_and_without_one_says_where_to_write_it(
    scheme: str, authority: trustme.CA, ca_file: Path
) -> None:
    tls = tls_of(authority, FEED) if scheme == "https" else None
    with proxied(says(b"news"), tls, password="p@ss") as (_, proxy):
        with_password = proxy.url.replace("//", "//ada:p%40ss@")
        options: dict[str, Any] = {"ca_file": ca_file, "resolve": lambda *_: [PUBLIC], "sleep": no_sleep}
        with Door(proxy=with_password, **options) as door:
            assert door.get(f"{scheme}://{FEED}/feed").content == b"news"
        with Door(proxy=proxy.url, **options) as door:
            sentence = refused(door, f"{scheme}://{FEED}/feed")

    assert "[network] proxy" in sentence
    assert "http://user:password@host:port" in sentence


def test_a_proxy_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://ada:password@127.0.0.1:{gone.getsockname()[1]}"

    with Door(proxy=url, resolve=lambda *_: [PUBLIC], sleep=no_sleep) as door:
        sentence = refused(door, f"http://{FEED}/feed")

    assert sentence.startswith(f"the proxy of [network] proxy did not let it through to {FEED} (cannot be reached: ")
    assert "password" not in sentence


@pytest.mark.parametrize("addresses", [["10.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_the_proxy_is_not_asked_for_a_private_address_that_a_stranger_named(addresses: list[str]) -> None:
    with proxied(says(b"news")) as (_, proxy), Door(proxy=proxy.url, resolve=lambda *_: addresses) as door:
        sentence = refused(door, f"http://{FEED}/feed")

        assert "private network" in sentence
        assert proxy.touched == 0
        assert door.get(f"http://{FEED}/feed", trusted=True).content == b"news"


def test_the_proxy_is_not_asked_by_a_redirect_for_a_private_address() -> None:
    with (
        proxied(redirects("http://10.0.0.1/")) as (_, proxy),
        Door(proxy=proxy.url, resolve=lambda *_: [PUBLIC]) as door,
    ):
        sentence = refused(door, f"http://{FEED}/feed", trusted=True)

    assert "redirects to a place on a private network (10.0.0.1)" in sentence
    assert proxy.touched == 1


def test_a_name_that_only_the_proxy_knows_is_for_the_operator_alone() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with proxied(says(b"news")) as (_, proxy), Door(proxy=proxy.url, resolve=unknown) as door:
        sentence = refused(door, f"http://{FEED}/feed")

        assert f"{FEED} cannot be found (Name or service not known); where only the proxy knows it" in sentence
        assert proxy.touched == 0
        assert door.get(f"http://{FEED}/feed", trusted=True).content == b"news"


def test_this_machine_is_asked_without_the_proxy() -> None:
    with proxied(says(b"news")) as (server, proxy), Door(proxy=proxy.url) as door:
        assert door.get(f"{server.url}/feed", trusted=True).content == b"news"
        assert door.get(f"http://localhost:{server.port}/feed", trusted=True).content == b"news"

    assert proxy.touched == 0


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "https://proxy.example.org", "proxy:3128", "", "http://"])
def test_a_proxy_of_another_kind_is_a_mistake_in_the_config(url: str) -> None:
    with Door(proxy=url) as door, pytest.raises(ConfigError, match=r"\[network\] proxy: must be http://host:port"):
        door.get("http://127.0.0.1:1/", trusted=True)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(b"canary")) as canary, serving(says(b"news")) as server:
        monkeypatch.setenv(name, canary.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Door(resolve=lambda *_: [PUBLIC], connect=led_to({PUBLIC: server.port})) as door:
            assert door.get(f"http://{FEED}/feed").content == b"news"
            assert door.get(server.url, trusted=True).content == b"news"

    assert canary.touched == 0


# -- patience


def soon(seconds: float = 0.6) -> Deadline:
    return Deadline(time.monotonic, seconds)


_FOR_EVER = 6_000
"""Times 0.05 seconds: five minutes, for which nobody waits."""


def drip(pieces: bytes, rest: bytes = b"x") -> Reply:
    """Says the beginning at once and the rest a byte at a time, for as long as somebody listens."""

    def reply(connection: socket.socket, _: bytes) -> None:
        connection.sendall(pieces)
        with suppress(OSError):  # until the other side hangs up
            for _ in range(_FOR_EVER):
                connection.sendall(rest)
                time.sleep(0.05)

    return reply


def silent(connection: socket.socket, _: bytes) -> None:
    with suppress(OSError):
        connection.recv(1)


@pytest.mark.parametrize(
    "reply",
    [
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n"),
        silent,
    ],
    ids=["status", "header", "headers", "body", "chunks", "continue", "error page", "silence"],
)
def test_a_server_that_drips_is_given_up_at_the_deadline(reply: Reply) -> None:
    with serving(reply) as server, Door() as door:
        sentence = refused(door, server.url, trusted=True, deadline=soon())

    assert "in time" in sentence or "404" in sentence


@contextmanager
def listening(reply: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port that takes connections, waits for no request, and hangs up on nobody."""
    done = threading.Event()
    taken: list[socket.socket] = []

    def run() -> None:
        while not done.is_set():
            with suppress(OSError):  # a time-out, mostly
                taken.append(listener.accept()[0])
                reply(taken[-1])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join(20)
            for connection in taken:
                connection.close()


def drip_tls(connection: socket.socket) -> None:
    """The head of a TLS record that never ends."""
    with suppress(OSError):
        connection.sendall(b"\x16\x03\x03\x40\x00")
        for _ in range(_FOR_EVER):
            connection.sendall(b"\x02")
            time.sleep(0.05)


@pytest.mark.parametrize("reply", [lambda _: None, drip_tls], ids=["silent", "dripping"])
def test_a_server_that_hangs_in_tls_is_given_up_at_the_deadline(reply: Callable[[socket.socket], None]) -> None:
    with listening(reply) as port, Door() as door:
        sentence = refused(door, f"https://127.0.0.1:{port}/", trusted=True, deadline=soon())

    assert "127.0.0.1 did not answer in time" in sentence


def test_a_resolver_that_hangs_is_given_up_at_the_deadline() -> None:
    hanging = threading.Event()

    def resolve(*_: object) -> list[str]:
        hanging.wait(300)
        return [PUBLIC]

    with Door(resolve=resolve) as door:
        sentence = refused(door, f"http://{FEED}/", deadline=soon())
    given_up = not hanging.is_set()
    hanging.set()

    assert given_up
    assert "in time" in sentence


def test_connecting_to_many_dead_addresses_ends_at_the_deadline() -> None:
    clock = FakeClock()
    given: list[float] = []

    def connect(_: str, __: int, timeout: float) -> httpcore2.NetworkStream:
        given.append(timeout)
        clock.advance(seconds=timeout)
        raise httpcore2.ConnectTimeout("timed out")

    with Door(
        resolve=lambda *_: [f"8.8.4.{n}" for n in range(50)],
        connect=connect,
        monotonic=clock.now,
        sleep=clock.sleep,
    ) as door:
        sentence = refused(door, f"http://{FEED}/")

    assert clock.now() == DEADLINE_S
    assert set(given) == {5.0}
    assert sentence.startswith(f"{FEED} did not answer in time ({DEADLINE_S:g} seconds in all)")


def test_pages_of_a_source_share_one_deadline() -> None:
    with serving(says(b"x")) as server, Door() as door:
        deadline = soon(30)
        door.get(server.url, trusted=True, deadline=deadline)
        deadline.extend(-30)
        sentence = refused(door, server.url, trusted=True, deadline=deadline)

    assert sentence == "was not through after 30 seconds"
    assert server.touched == 1


def test_the_other_feeds_are_read_while_one_drips() -> None:
    over = threading.Event()
    deadline = Deadline(lambda: 60.0 if over.is_set() else 0.0, 30)
    with serving(drip(b"HTTP/1.1 200 OK\r\n\r\n")) as slow, serving(says(b"news")) as quick, Door() as door:
        thread = threading.Thread(target=refused, args=(door, slow.url), kwargs={"trusted": True, "deadline": deadline})
        thread.start()
        while not slow.heads:
            time.sleep(0.01)
        contents = [door.get(f"{quick.url}/{n}", trusted=True).content for n in range(17)]
        still_dripping = thread.is_alive()
        over.set()
        thread.join()

    assert contents == [b"news"] * 17
    assert still_dripping


# -- bodies


def chunked(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    for _ in range(1000):
        connection.sendall(piece)


def packed(encoding: str, content: bytes, times: int = 1, *, before: bytes = b"") -> Reply:
    def reply(connection: socket.socket, _: bytes) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + before)
        for _ in range(times):
            connection.sendall(content)

    return reply


def bomb(wbits: int, size: int = 200_000_000) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(1_000_000)
    return b"".join(stream.compress(zeros) for _ in range(size // len(zeros))) + stream.flush()


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (chunked, "is larger than 10 MB"),
        (packed("gzip", gzip.compress(b"", mtime=0), 500_000), "is packed in more than 1,000 parts"),
        (packed("gzip", gzip.compress(b"x", mtime=0) + bytes(65_536), 400), "is larger than 10 MB"),
        (packed("deflate", b"\x00\x00\x00\xff\xff" * 10_000, 300, before=b"\x78\x9c"), "is larger than 10 MB"),
        (packed("br", b"x"), "which was not asked for"),
    ],
    ids=["endless chunks", "empty members", "padding", "empty blocks", "brotli"],
)
def test_a_body_without_end_is_stopped(reply: Reply, sentence: str) -> None:
    with serving(reply) as server, Door(sleep=no_sleep) as door:
        assert sentence in refused(door, server.url, trusted=True)

    assert server.touched == 1


def test_a_content_length_that_lies_is_seen_through() -> None:
    with (
        serving(says(b"<rss/>", length=100)) as long,
        serving(says(b"<rss/> and more", length=6)) as short,
        Door(sleep=no_sleep) as door,
    ):
        sentence = refused(door, long.url, trusted=True)
        documents = [door.get(short.url, trusted=True) for _ in range(3)]

    assert sentence == "was cut off on the way; it is asked again later"
    assert long.touched == 3
    assert {d.content for d in documents} == {b"<rss/>"}


def test_a_connection_that_breaks_is_tried_again() -> None:
    def reset(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    def reply(connection: socket.socket, head: bytes) -> None:
        (says(b"whole") if len(server.heads) == 3 else reset)(connection, head)

    with serving(reply) as server, Door(sleep=no_sleep) as door:
        assert door.get(server.url, trusted=True).content == b"whole"


@pytest.mark.parametrize("cuts", [(1,), (1, 2), (2, 3), (3,)])
@pytest.mark.parametrize(("encoding", "members"), [("gzip", 3), ("deflate", 1)])
def test_a_packed_body_is_whole_wherever_the_network_cuts_it(
    cuts: tuple[int, ...], encoding: str, members: int
) -> None:
    member = gzip.compress(b"<rss/>", mtime=0) if encoding == "gzip" else zlib.compress(b"<rss/>")[2:-4]
    body = member * members
    starts = [n * len(member) for n in range(members)]
    places = [0, *sorted(start + cut for start in starts for cut in cuts), len(body)]

    def reply(connection: socket.socket, _: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        for place, after in pairwise(places):
            time.sleep(0.01)
            connection.sendall(body[place:after])

    with serving(reply) as server, Door(sleep=no_sleep) as door:
        assert door.get(server.url, trusted=True).content == b"<rss/>" * members


MEASURE = """
import re, sys, time
from pathlib import Path
from digest.core.errors import SourceError
from digest.sources.door.http import Door

def peak():
    # Not ru_maxrss: that begins with the size of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

with Door(sleep=lambda _: None) as door:
    door.get(sys.argv[1], trusted=True)
    before, start = peak(), time.process_time()
    try:
        door.get(sys.argv[2], trusted=True)
    except SourceError as error:
        print(f"{error}|{peak() - before:.1f}|{time.process_time() - start:.2f}")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to read the peak from")
@pytest.mark.parametrize("kind", ["gzip", "deflate", "bare deflate", "gzip of many members", "endless chunks"])
def test_a_bomb_costs_little_memory_and_time(kind: str) -> None:
    replies = {
        "gzip": lambda: packed("gzip", bomb(31)),
        "deflate": lambda: packed("deflate", bomb(15, 100_000_000)),
        "bare deflate": lambda: packed("deflate", bomb(-15, 100_000_000)),
        "gzip of many members": lambda: packed("gzip", bomb(31, 1_000_000), 200),
        "endless chunks": lambda: chunked,
    }
    with serving(says(b"<rss/>")) as plain, serving(replies[kind]()) as server:
        out = subprocess.run(
            [sys.executable, "-c", MEASURE, plain.url, server.url],
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
            cwd=ROOT,
        ).stdout
    sentence, growth_mb, seconds = out.strip().split("|")

    assert sentence == "is larger than 10 MB"
    assert float(growth_mb) <= 64
    assert float(seconds) < 10
