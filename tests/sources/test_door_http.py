"""The door: limits that hold, validators that come back as sent, patience that ends, and sentences that help."""

from __future__ import annotations

import gzip
import re
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from digest.core.errors import NotYetError, SourceError
from digest.core.models import Document
from digest.sources.door.deadline import DEADLINE_S
from digest.sources.door.http import Door
from tests.fakes.clock import FakeClock
from tests.fuzz.measure import steps
from tests.support.doors import Handler, answers, door

URL = "https://feeds.example.org/new.xml"


class Body(httpx2.SyncByteStream):
    """A body in pieces, with something done before each."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


def failure(handler: Handler, url: str = URL, *, dated: bool = False) -> str:
    with door(handler) as d, pytest.raises(SourceError) as caught:
        d.get(url, dated=dated)
    assert caught.value.url == url
    return str(caught.value)


def test_a_document_comes_with_its_validators_and_we_say_who_we_are() -> None:
    headers = {"ETag": 'W/"abc"', "Last-Modified": "Wed, 03 Jun 2026 04:00:00 GMT"}
    handler, asked = answers(httpx2.Response(200, content=b"<rss/>", headers=headers))

    with door(handler) as d:
        document = d.get(URL)

    assert document == Document(
        url=URL, content=b"<rss/>", etag='W/"abc"', last_modified="Wed, 03 Jun 2026 04:00:00 GMT"
    )
    assert asked[0].headers["user-agent"].startswith("research-digest/")
    assert asked[0].headers["accept-encoding"] == "gzip, deflate"
    assert "if-none-match" not in asked[0].headers


def test_validators_go_back_byte_for_byte_and_304_gives_what_was_kept() -> None:
    handler, asked = answers(httpx2.Response(304))
    cached = Document(url=URL, content=b"old", etag='"a-\xe9-gzip"', last_modified="Wed, 03 Jun 2026 04:00:00 GMT")

    with door(handler) as d:
        documents = [d.get(URL, cached=cached) for _ in range(30)]

    assert {d.content for d in documents} == {b"old"}
    assert all(d.unchanged and d.etag == cached.etag for d in documents)
    assert all((b"If-None-Match", b'"a-\xe9-gzip"') in r.headers.raw for r in asked)
    assert all(r.headers["if-modified-since"] == cached.last_modified for r in asked)


def test_304_without_anything_kept_is_an_error() -> None:
    assert "304" in failure(answers(httpx2.Response(304))[0])


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"<rss/>" * 50_000, mtime=0)),
        ("x-gzip", gzip.compress(b"<rss/>" * 25_000, mtime=0) + gzip.compress(b"<rss/>" * 25_000, mtime=0) + b"\0\0\0"),
        ("deflate", zlib.compress(b"<rss/>" * 50_000)),
        ("deflate", zlib.compress(b"<rss/>" * 50_000)[2:-4]),
        ("identity", b"<rss/>" * 50_000),
    ],
    ids=["gzip", "x-gzip", "deflate", "deflate-raw", "identity"],
)
def test_packed_bodies_are_unpacked(encoding: str, packed: bytes) -> None:
    pieces = (packed[n : n + 97] for n in range(0, len(packed), 97))
    response = httpx2.Response(200, stream=Body(pieces), headers={"Content-Encoding": encoding})

    with door(answers(response)[0]) as d:
        assert d.get(URL).content == b"<rss/>" * 50_000


@pytest.mark.parametrize("step", [1, 2, 7, 10_000])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", b"<rss/>" * 50),
        ("deflate", b"<rss/>" * 50),
        ("br", b"\n <rss/>" * 50),
        ("", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("identity", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("br", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("deflate", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("utf-8", b"<rss/>" * 50),
        ("none", b"<rss/>" * 50),
        ("UTF-8, gzip", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("binary", gzip.compress(b"<rss/>" * 50, mtime=0)),
        ("gzip, gzip", b"<rss/>" * 50),
        ("gzip", b"x"),
        ("", b"x"),
    ],
)
def test_the_bytes_decide_how_a_body_is_unpacked(encoding: str, packed: bytes, step: int) -> None:
    pieces = (packed[n : n + step] for n in range(0, len(packed), step))
    headers = {"Content-Encoding": encoding} if encoding else {}

    with door(answers(httpx2.Response(200, stream=Body(pieces), headers=headers))[0]) as d:
        assert d.get(URL).content.strip() in (b"<rss/>" * 50, (b"<rss/>\n " * 50).strip(), b"x")


def test_nothing_is_nothing_however_it_is_packed() -> None:
    for encoding in ("gzip", "deflate", "br", "none"):
        response = httpx2.Response(200, stream=Body(iter([b""])), headers={"Content-Encoding": encoding})

        with door(answers(response)[0]) as d:
            assert d.get(URL).content == b""


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 131_072, 1_000_000])
def test_a_body_that_ends_at_the_edge_of_a_piece_is_whole(size: int) -> None:
    response = httpx2.Response(
        200, stream=Body(iter([gzip.compress(b"a" * size, mtime=0)])), headers={"Content-Encoding": "gzip"}
    )

    with door(answers(response)[0]) as d:
        assert d.get(URL).content == b"a" * size


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_is_stopped_at_the_cap(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(200_000_000))
    name = "gzip" if pack is gzip.compress else "deflate"
    response = httpx2.Response(200, stream=Body(iter([bomb])), headers={"Content-Encoding": name})
    handler, said = answers(response)[0], list[str]()
    tracemalloc.start()

    calls = steps(lambda: said.append(failure(handler)))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said == ["is larger than 10 MB"]
    assert calls < 10_000  # each piece of 64 KB takes a few; all of it would be 3,000 pieces
    assert peak < 40_000_000


def test_an_endless_body_is_stopped_at_the_cap() -> None:
    def forever() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    assert failure(answers(httpx2.Response(200, stream=Body(forever())))[0]) == "is larger than 10 MB"


def test_a_body_that_drips_is_given_up_at_the_deadline() -> None:
    clock = FakeClock()

    def drip() -> Iterator[bytes]:
        while True:
            clock.advance(seconds=1)
            yield b"x"

    with (
        door(answers(httpx2.Response(200, stream=Body(drip())))[0], clock) as d,
        pytest.raises(SourceError, match=f"{DEADLINE_S:g} seconds"),
    ):
        d.get(URL)
    assert clock.now() < 5 + DEADLINE_S


@pytest.mark.parametrize(
    "headers", [{"Content-Encoding": "br"}, {"Content-Encoding": "gzip, gzip"}, {"Content-Encoding": "zstd"}]
)
def test_a_packing_that_was_not_asked_for_is_refused(headers: dict[str, str]) -> None:
    response = httpx2.Response(200, stream=Body(iter([b"x"])), headers=headers)

    assert "which was not asked for" in failure(answers(response)[0])


def test_a_damaged_packing_is_said() -> None:
    body = gzip.compress(b"<rss/>" * 1000, mtime=0)[:20] + b"damage" * 20
    response = httpx2.Response(200, stream=Body(iter([body])), headers={"Content-Encoding": "gzip"})

    assert failure(answers(response)[0]) == "is packed in a damaged way"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<rss>half", {"Content-Length": "100"}),
        (gzip.compress(b"<rss>" * 1000, mtime=0)[:-12], {"Content-Encoding": "gzip"}),
    ],
)
def test_a_body_that_was_cut_off_is_asked_for_again_and_never_passed_on(body: bytes, headers: dict[str, str]) -> None:
    asked: list[int] = []

    def handler(_: httpx2.Request) -> httpx2.Response:
        asked.append(1)
        return httpx2.Response(200, stream=Body(iter([body])), headers=headers)

    assert "was cut off on the way" in failure(handler)
    assert len(asked) == 3


def test_redirects_are_followed_up_to_five() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        number = int(request.url.path.rpartition("/")[2])
        return (
            httpx2.Response(200, content=b"there")
            if number == 0
            else httpx2.Response(301, headers={"Location": str(number - 1)})
        )

    with door(handler) as d:
        assert d.get("https://a.example.org/5").content == b"there"
        assert d.get("https://a.example.org/5").url == "https://a.example.org/5"
    assert "redirects more than 5 times" in failure(handler, "https://a.example.org/6")


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("http://feeds.example.org/new.xml", "redirects from https to http://feeds.example.org/new.xml"),
        ("file:///etc/passwd", "from https to file:///etc/passwd"),
        ("https://user:word@b.example.org/", "redirects to https://b.example.org/ with a password"),
        (URL, "redirects in a circle, back to https://feeds.example.org/new.xml"),
    ],
)
def test_a_redirect_that_is_not_safe_is_not_followed(location: str, sentence: str) -> None:
    assert sentence in failure(answers(httpx2.Response(302, headers={"Location": location}))[0])


def test_a_redirect_from_http_leads_to_web_addresses_only() -> None:
    handler, asked = answers(httpx2.Response(302, headers={"Location": "gopher://b.example.org/"}))

    assert "redirects to a gopher: address" in failure(handler, "http://a.example.org/")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (404, b"", "is not there (404); check the address of this source"),
        (410, b"", "is gone for good (410); take this source out of the config"),
        (403, b"<html><title>Just a moment...</title></html>", "refused to answer (403: “Just a moment...”)"),
        (401, b"", "refused to answer (401)"),
        (
            400,
            b"<rss><channel><title>Feed error for query: x</title></channel></rss>",
            "400: “Feed error for query: x”",
        ),
        (
            400,
            b"<feed><title>arXiv</title><entry><title>Error</title><summary>incorrect id</summary></entry></feed>",
            "400: “incorrect id”",
        ),
        (418, b'{"error": "short and stout"}', "418: “short and stout”"),
        (500, b"\xff\xfe\x00", "has trouble of its own (500)"),
        (204, b"", "answered with 204"),
        (301, b"", "answered with 301"),
    ],
)
def test_each_status_has_a_sentence_that_says_what_to_do(status: int, body: bytes, sentence: str) -> None:
    handler, asked = answers(httpx2.Response(status, content=body))

    assert sentence in failure(handler)
    assert len(asked) == 1


def test_a_dated_document_that_is_missing_is_not_yet_there() -> None:
    with door(answers(httpx2.Response(404))[0]) as d, pytest.raises(NotYetError, match="no document of this day yet"):
        d.get(URL, dated=True)

    ahead = b'{"error": "must be less than or equal to \\"2026-06-03\\""}'
    with door(answers(httpx2.Response(400, content=ahead))[0]) as d, pytest.raises(NotYetError):
        d.get(URL, dated=True)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_failure_that_may_pass_is_tried_twice_more(status: int) -> None:
    clock = FakeClock()
    handler, asked = answers(httpx2.Response(status), httpx2.Response(status), httpx2.Response(200, content=b"x"))

    with door(handler, clock) as d:
        assert d.get(URL).content == b"x"
    assert (len(asked), clock.slept) == (3, [1.0, 2.0])


def test_retries_end_at_the_deadline() -> None:
    clock = FakeClock()

    def slow(request: httpx2.Request) -> httpx2.Response:
        clock.advance(seconds=35)
        raise httpx2.ReadTimeout("slow", request=request)

    with door(slow, clock) as d, pytest.raises(SourceError, match=r"feeds\.example\.org did not answer in time"):
        d.get(URL)
    assert clock.now() <= 60 + 20


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ReadError, httpx2.RemoteProtocolError])
def test_a_connection_that_fails_is_tried_again_and_then_named(error: type[httpx2.TransportError]) -> None:
    asked: list[int] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(1)
        raise error("reset by peer", request=request)

    sentence = failure(handler, "https://user:secret@feeds.example.org/x")

    assert "the connection to feeds.example.org failed (reset by peer)" in sentence
    assert "secret" not in sentence
    assert len(asked) == 3


@pytest.mark.parametrize(
    "url", ["ftp://a.example.org/x", "javascript:alert(1)", "https://", "http://[x", "https://a b/", "https://\u2044/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise AssertionError("nothing may be asked")

    assert re.search("use http, https or a path|is no web address|names no host", failure(handler, url))


def test_arxiv_is_asked_one_at_a_time_and_three_seconds_apart_by_all_its_names() -> None:
    clock = FakeClock()
    at: list[float] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        at.append(clock.now())
        clock.advance(seconds=0.25)
        return httpx2.Response(200, content=b"x")

    with door(handler, clock) as d:
        for n in range(10):
            d.get(f"https://{'rss' if n % 2 else 'export'}.arxiv.org/{n}")
        d.get(URL)

    gaps = [b - a for a, b in pairwise(at)]
    assert all(gap >= 3.0 for gap in gaps[:9])
    assert gaps[9] == 0.25


def test_waiting_for_a_turn_is_not_taken_for_a_slow_server() -> None:
    clock = FakeClock()

    @contextmanager
    def busy(_: str) -> Iterator[None]:
        clock.advance(seconds=300)
        yield

    with door(answers(httpx2.Response(200, content=b"x"))[0], clock, politeness=busy) as d:
        assert d.get(URL).content == b"x"


# -- files


def test_paths_are_relative_to_the_base_and_file_addresses_are_understood(tmp_path: Path) -> None:
    (tmp_path / "a b.xml").write_bytes(b"<rss/>")

    with Door(base=tmp_path) as d:
        for url in ("a b.xml", str(tmp_path / "a b.xml"), f"file://{tmp_path}/a%20b.xml", "./a b.xml"):
            assert d.get(url) == Document(url=url, content=b"<rss/>")


def test_a_missing_file_is_an_error_or_with_a_day_in_its_name_not_yet_there(tmp_path: Path) -> None:
    with Door(base=tmp_path) as d:
        with pytest.raises(NotYetError, match="there is no file"):
            d.get("2026-06-03.json", dated=True)
        with pytest.raises(SourceError) as caught:
            d.get("feed.xml")

    assert not isinstance(caught.value, NotYetError)
    # As the operator wrote it: the sentence stands in mails too.
    assert str(caught.value) == "there is no file feed.xml"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("folder", "is a folder; name the file in it"),
        ("large.xml", "is larger than 1 MB"),
        ("a\0b", "there is no file"),
        ("file://elsewhere/a.xml", "file: addresses are of this machine"),
        ("/dev/zero", "is no file"),
        ("x" * 5000, "cannot read"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, url: str, sentence: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "large.xml").write_bytes(b"x" * 1_000_001)

    with Door(base=tmp_path, max_file_bytes=1_000_000) as d, pytest.raises(SourceError) as caught:
        d.get(url)

    assert sentence in str(caught.value)


def test_a_path_in_the_home_of_nobody_is_a_sentence() -> None:
    with pytest.raises(SourceError, match="cannot read ~nobody-at-all/x: "):
        Door().get("~nobody-at-all/x")
