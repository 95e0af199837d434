"""One request over a connection of its own: how long it may take, and how large its answer may be."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import trustme

from digest.core.errors import LLMUnavailable
from digest.llm.openai import OpenAILLM
from digest.llm.wire import TooLargeError, UnusableError, Way, Wire, open_wire, was_sent, way_to
from tests.support.clients import NOWHERE, prompt

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
ENDLESS_S = 20.0
"""For what would go on for ever: a test that waits for its end fails."""


@contextmanager
def serving(answer: Callable[[socket.socket], None], *, reads: bool = True) -> Iterator[str]:
    """A server that reads each request and lets *answer* do the rest."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(ENDLESS_S)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    if reads:
                        connection.recv(65_536)
                    answer(connection)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65_536):  # what is closed with something unread in it is reset
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(ENDLESS_S)


def dripping(content: bytes) -> Callable[[socket.socket], None]:
    """All of *content*, a byte at a time, more slowly than anybody waits."""

    def answer(connection: socket.socket) -> None:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(ENDLESS_S / len(content))

    return answer


def ask(url: str, *, timeout_s: float = 5.0, most_bytes: int = 1_000_000) -> httpx2.Response:
    wire = Wire(httpx2.HTTPTransport(), timeout_s=timeout_s, most_bytes=most_bytes)
    with httpx2.Client(transport=wire, timeout=ENDLESS_S) as client:
        return client.post(url, content=b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500),
        dripping(GOOD + b" " * 500),
        lambda connection: (connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n{"), time.sleep(ENDLESS_S)),
        lambda connection: (
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
            time.sleep(ENDLESS_S),
        ),
        lambda connection: time.sleep(ENDLESS_S),
    ],
    ids=["headers drip", "status line drips", "body without a length", "body with a length", "nothing comes"],
)
def test_no_answer_takes_longer_than_it_may(answer: Callable[[socket.socket], None]) -> None:
    began = time.monotonic()

    with serving(answer) as url, pytest.raises(httpx2.ReadTimeout) as caught:
        ask(url, timeout_s=0.3)

    assert 0.2 < time.monotonic() - began < ENDLESS_S / 4
    assert was_sent(caught.value)


@pytest.mark.parametrize("slow", ["handshake", "answer"])
def test_a_slow_server_behind_tls_is_cut_off_as_well(slow: str) -> None:
    authority = trustme.CA()
    inside, outside = (ssl.SSLContext(protocol) for protocol in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.0.1").configure_cert(inside)
    authority.configure_trust(outside)

    def answer(connection: socket.socket) -> None:
        if slow == "handshake":
            dripping(b"\x16\x03\x03\x20\x00" + b"\x02" * 500)(connection)
        with inside.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)
            dripping(GOOD + b" " * 500)(secure)

    began = time.monotonic()
    with serving(answer, reads=False) as url:
        wire = Wire(httpx2.HTTPTransport(verify=outside), timeout_s=0.5)
        with httpx2.Client(transport=wire, timeout=ENDLESS_S) as client, pytest.raises(httpx2.RequestError) as caught:
            client.post(url.replace("http:", "https:"), content=b"{}")

    assert time.monotonic() - began < ENDLESS_S / 4
    assert was_sent(caught.value) is (slow == "answer")


def test_an_answer_that_is_there_in_time_is_whole() -> None:
    body = b'{"a": "' + b"x" * 100_000 + b'"}'

    with serving(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n" + body)) as url:
        response = ask(url)

    assert (response.status_code, response.content, response.headers["x-a"]) == (200, body, "b")


def test_a_packed_answer_is_unpacked_once() -> None:
    packed = gzip.compress(b'{"a": 1}', mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    with serving(lambda c: c.sendall(head + packed)) as url:
        response = ask(url)

    assert response.json() == {"a": 1}
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 5_000_000, mtime=0),
    ],
    ids=["plain", "packed"],
)
def test_an_answer_without_end_is_not_read_to_it(content: bytes) -> None:
    with serving(lambda c: c.sendall(content)) as url, pytest.raises(TooLargeError, match="larger than 1 MB"):
        ask(url)


def test_each_request_has_a_connection_of_its_own() -> None:
    seen: list[object] = []

    def answer(connection: socket.socket) -> None:
        seen.append(connection.getpeername())
        connection.sendall(GOOD)

    with serving(answer) as url, httpx2.Client(transport=open_wire(url, timeout_s=5)) as client:
        assert [client.post(url).json() for _ in range(3)] == [{}, {}, {}]

    assert len(set(seen)) == 3


def test_a_request_that_was_cut_leaves_no_connection_behind() -> None:
    closed = threading.Event()

    def answer(connection: socket.socket) -> None:
        while connection.recv(1):
            pass
        closed.set()

    with serving(answer) as url:
        with pytest.raises(httpx2.ReadTimeout):
            ask(url, timeout_s=0.2)

        assert closed.wait(5)


def test_who_cannot_be_reached_was_sent_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"

        with pytest.raises(httpx2.ConnectError) as caught:
            ask(url)

    assert not was_sent(caught.value)


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("content_type", ["application/json; charset=iso-8859-1", "text/plain;charset=windows-1251"])
def test_an_answer_in_json_is_utf8_whatever_the_header_says(content_type: str) -> None:
    body = '{"tldr": "Żółć – 10⁵"}'.encode()
    inner = httpx2.MockTransport(lambda _: httpx2.Response(200, headers={"Content-Type": content_type}, content=body))

    answer = Wire(inner, timeout_s=5).handle_request(httpx2.Request("POST", "https://example.org/"))

    assert answer.text == body.decode()


def test_an_answer_that_is_no_utf8_is_read_by_its_header() -> None:
    inner = httpx2.MockTransport(
        lambda _: httpx2.Response(502, headers={"Content-Type": "text/html; charset=iso-8859-1"}, content=b"d\xe9faut")
    )

    assert Wire(inner, timeout_s=5).handle_request(httpx2.Request("GET", "https://example.org/")).text == "défaut"


@pytest.mark.parametrize("by", ["variable", "setting"])
def test_a_server_elsewhere_is_reached_through_the_proxy(by: str, no_proxies: pytest.MonkeyPatch) -> None:
    with serving(lambda c: c.sendall(GOOD)) as proxy:
        if by == "variable":
            no_proxies.setenv("http_proxy", proxy)
        wire = open_wire("http://models.example/v1", timeout_s=5, proxy=proxy if by == "setting" else None)
        with httpx2.Client(transport=wire) as client:
            assert client.get("http://models.example/v1").json() == {}


@pytest.mark.parametrize("value", [NOWHERE, "socks://127.0.0.1:9", "socks5h://127.0.0.1:9", "://", "no proxy at all"])
def test_this_machine_is_reached_straight_whatever_the_variables_say(
    value: str, no_proxies: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "ALL_PROXY"):
        no_proxies.setenv(name, value)

    with serving(lambda c: c.sendall(GOOD)) as url, httpx2.Client(transport=open_wire(url, timeout_s=5)) as client:
        assert client.get(url).json() == {}


ELSEWHERE = "https://models.example:8443/v1"


@pytest.mark.parametrize(
    ("base_url", "setting", "variables", "way"),
    [
        (ELSEWHERE, None, {}, Way()),
        (ELSEWHERE, "http://p:1", {}, Way("http://p:1", "[network] proxy")),
        (ELSEWHERE, "http://p:1", {"HTTPS_PROXY": "http://q:2"}, Way("http://p:1", "[network] proxy")),
        (ELSEWHERE, None, {"HTTPS_PROXY": "http://q:2"}, Way("http://q:2", "the variable HTTPS_PROXY")),
        (ELSEWHERE, None, {"HTTPS_PROXY": "Q", "https_proxy": "q:2"}, Way("http://q:2", "the variable https_proxy")),
        (ELSEWHERE, None, {"HTTP_PROXY": "http://q:2"}, Way()),
        (ELSEWHERE, None, {"ALL_PROXY": "socks://q:2"}, Way("socks://q:2", "the variable ALL_PROXY")),
        (ELSEWHERE, "http://p:1", {"NO_PROXY": "a, .example"}, Way()),
        (ELSEWHERE, "http://p:1", {"no_proxy": "models.example:8443"}, Way()),
        (ELSEWHERE, "http://p:1", {"no_proxy": "*"}, Way()),
        (ELSEWHERE, "http://p:1", {"no_proxy": "els.example,models.example:1"}, Way("http://p:1", "[network] proxy")),
        ("http://localhost:11434/v1", "http://p:1", {}, Way()),
        ("http://[::1]:8000/v1", "http://p:1", {}, Way()),
        ("http://192.168.1.7:8000/v1", "http://p:1", {}, Way()),
        ("http://models.example", None, {"HTTP_PROXY": "http://q:2"}, Way("http://q:2", "the variable HTTP_PROXY")),
        ("http://models.example", None, {"HTTP_PROXY": "http://q:2", "REQUEST_METHOD": "GET"}, Way()),
    ],
)
def test_the_way_to_a_server_is_the_settings_then_the_variables(
    base_url: str, setting: str | None, variables: dict[str, str], way: Way
) -> None:
    assert way_to(base_url, proxy=setting, environment=variables) == way


@pytest.mark.parametrize(
    "value", ["socks://p:1", "socks5://p:1", "ftp://p:1", "http://", "http://user:pa ss@", "http://u:pa ss@p:x", "://"]
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(value: str, no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", value)

    with pytest.raises(UnusableError, match="HTTPS_PROXY") as caught:
        open_wire(ELSEWHERE, timeout_s=5)

    assert "pa ss" not in str(caught.value)


def test_certificates_that_cannot_be_used_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnusableError, match=r"\[network\] ca_file"):
        open_wire(ELSEWHERE, timeout_s=5, ca_file=tmp_path / "none.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(UnusableError, match="SSL_CERT_FILE"):
        open_wire(ELSEWHERE, timeout_s=5)


def refused_proxy(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("fault", ["nobody there", "refuses"])
def test_a_proxy_that_is_in_the_way_is_named_with_what_names_it(fault: str, no_proxies: pytest.MonkeyPatch) -> None:
    with serving(refused_proxy) as proxy:
        no_proxies.setenv("https_proxy", proxy if fault == "refuses" else NOWHERE)
        llm = OpenAILLM("m", api_key="none", base_url=ELSEWHERE, timeout_s=5)
        with pytest.raises(LLMUnavailable) as caught:
            llm.complete(prompt())

    assert str(caught.value).startswith(
        f"{ELSEWHERE} cannot be reached: the proxy that the variable https_proxy names ("
    )
    assert ("407" in str(caught.value)) is (fault == "refuses")
