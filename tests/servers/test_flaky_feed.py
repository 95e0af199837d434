"""The fault server itself: what it promises to do wrong, it does, and its journal tells the truth."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from digest.sources.arxiv.source import ArxivSource
from digest.sources.feed import FeedSource
from tests.servers.flaky_feed import FlakyFeed, Rule, items
from tests.servers.flaky_feed.documents import ATTACKS, DOCUMENTS
from tests.servers.flaky_feed.formats import FORMATS
from tests.servers.flaky_feed.journal import manners
from tests.servers.flaky_feed.names import Names
from tests.servers.flaky_feed.replies import ACTIONS


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture
def server() -> Iterator[FlakyFeed]:
    with FlakyFeed() as running:
        yield running


def get(url: str, headers: Mapping[str, str] | None = None) -> Got:
    """One request on a connection of its own, with nothing repaired and nothing followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def raw(url: str, *, timeout_s: float = 10.0) -> bytes:
    """All that comes back for a bare request, until the connection ends."""
    parts = urlsplit(url)
    received = b""
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=timeout_s) as connection:
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        while piece := connection.recv(65_536):
            received += piece
    return received


def command(server: FlakyFeed, path: str, value: object = None) -> Any:
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(server.control_url + path, data=data, timeout=10) as answer:
        return json.load(answer)


# -- lists


@pytest.mark.parametrize("extension", ["rss", "rdf", "atom", "json"])
def test_a_list_reads_back_as_the_papers_it_was_made_of(server: FlakyFeed, extension: str) -> None:
    made = items(30)
    server.publish("journal", made)
    url = server.url(f"/journal.{extension}")

    parsed = FeedSource("journal", url=url).parse(get(url).body, url=url)

    assert not parsed.rejected
    assert [r.paper.title for r in parsed.records] == [i.title for i in made]
    assert [r.paper.abstract for r in parsed.records] == [i.abstract for i in made]
    assert [r.paper.id for r in parsed.records] == [f"doi:{i.doi}" for i in made]
    assert [r.paper.authors for r in parsed.records] == [i.authors for i in made]


def test_an_arxiv_list_reads_back_as_the_papers_it_was_made_of(server: FlakyFeed) -> None:
    made = items(30, arxiv=True)
    server.publish("monday", made)
    url = server.url("/monday.arxiv")

    parsed = ArxivSource("arXiv", url=url).parse(get(url).body, url=url)

    assert [r.paper.id for r in parsed.records] == [f"arxiv:{i.arxiv}" for i in made]
    assert {r.announcement for r in parsed.records} == {"new"}


def test_an_answer_of_the_api_goes_on_until_it_is_whole(server: FlakyFeed) -> None:
    made = items(250, arxiv=True, words=15)
    server.publish("all", made)
    url: str | None = server.url("/all.api?search_query=all&start=0&max_results=40")
    source = ArxivSource("arXiv", url=url)
    found: list[str] = []
    while url and len(found) < 1_000:
        parsed = source.parse(get(url).body, url=url)
        found += [r.paper.id for r in parsed.records]
        url = parsed.next_url

    assert found == [f"arxiv:{i.arxiv}" for i in made]


def test_a_harvest_goes_on_until_its_last_token(server: FlakyFeed) -> None:
    server.publish("all", items(250, arxiv=True, words=15))
    query, found = "", []
    for _ in range(3):
        page = get(server.url(f"/all.oai?verb=ListRecords{query}")).body.decode()
        found += re.findall(r"<id>([\d.]+)</id>", page)
        token = re.search(r'completeListSize="250">([^<]*)<', page)
        assert token is not None
        query = f"&resumptionToken={token[1]}"

    assert (query, found) == ("&resumptionToken=", [i.arxiv for i in server.lists["all"]])


def test_the_same_seed_makes_the_same_papers_and_another_makes_others() -> None:
    assert items(50, seed=1) == items(50, seed=1)
    assert not {i.title for i in items(50, seed=1)} & {i.title for i in items(50, seed=2)}


def test_what_is_published_later_is_another_list_with_another_validator(server: FlakyFeed) -> None:
    before = get(server.url("/a.rss"))
    server.publish("a", items(3, start=70_000))

    after = get(server.url("/a.rss"), {"If-None-Match": before.headers["ETag"]})

    assert after.status == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_an_address_where_nothing_stands_is_404(server: FlakyFeed) -> None:
    assert get(server.url("/nowhere")).status == 404


# -- rules


def test_the_first_rule_that_matches_decides(server: FlakyFeed) -> None:
    server.rules(
        Rule("status", match="/a.*", status=503, first_n=2),
        Rule("status", match="/a.*", status=429),
        Rule("status", match="//example.org/b*", status=410),
    )

    answers = [get(server.url(path)).status for path in ("/a.rss", "/a.rss", "/a.rss", "/b.rss")]
    answers.append(get(server.url("/b.rss"), {"Host": "example.org"}).status)

    assert answers == [503, 503, 429, 200, 410]


def test_a_rule_ends_with_its_time(server: FlakyFeed) -> None:
    server.rules(Rule("status", status=503, until_ms=60_000))
    during = get(server.url("/a.rss")).status

    command(server, "/clock", {"advance_s": 61})

    assert (during, get(server.url("/a.rss")).status) == (503, 200)


def test_chance_comes_from_the_seed() -> None:
    def fates(seed: int) -> list[int]:
        with FlakyFeed(Rule("status", status=500, probability=0.5), seed=seed) as server:
            return [get(server.url("/a.rss")).status for _ in range(20)]

    assert fates(1) == fates(1)
    assert set(fates(1)) == {200, 500}
    assert fates(1) != fates(2)


def test_rules_clock_and_journal_can_be_reached_from_outside(server: FlakyFeed) -> None:
    command(server, "/rules", [{"action": "status", "status": 404, "match": "/a*"}])
    command(server, "/clock", {"now": "2026-06-03T08:00:00+00:00"})
    answer = get(server.url("/a.rss"))

    [request, sent] = command(server, "/journal")

    assert (answer.status, request["status"], request["path"], sent["of"]) == (404, 404, "/a.rss", request["n"])
    assert request["at"].startswith("2026-06-03T08:00:0")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        command(server, "/rules", [{"action": "status", "colour": "red"}])


# -- caching


@pytest.mark.parametrize("mode", ["both", "strong", "weak", "odd", "unquoted", "bare", "fresh"])
def test_a_validator_that_comes_back_is_honoured(server: FlakyFeed, mode: str) -> None:
    server.rules(Rule("cache", what=mode))
    first = get(server.url("/a.rss"))

    again = get(server.url("/a.rss"), {"If-None-Match": first.headers["ETag"]})

    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert ("ETag" in again.headers) == (mode != "bare")


def test_a_date_that_comes_back_is_honoured(server: FlakyFeed) -> None:
    server.rules(Rule("cache", what="modified"))
    first = get(server.url("/a.rss"))

    again = get(server.url("/a.rss"), {"If-Modified-Since": first.headers["Last-Modified"]})

    assert ("ETag" in first.headers, again.status) == (False, 304)


@pytest.mark.parametrize("mode", ["deaf", "changing"])
def test_some_servers_never_say_not_modified(server: FlakyFeed, mode: str) -> None:
    server.rules(Rule("cache", what=mode))
    first = get(server.url("/a.rss"))

    assert get(server.url("/a.rss"), {"If-None-Match": first.headers["ETag"]}).status == 200
    assert [r["conditional"] for r in server.journal.requests()] == [False, True]


# -- statuses


def test_retry_after_is_written_in_every_way(server: FlakyFeed) -> None:
    server.set_clock(datetime(2026, 6, 3, 8, tzinfo=UTC))
    said = {}
    for form in ("seconds", "date", "past", "zero", "negative", "garbage", "years", "far", "rfc850", "empty"):
        server.rules(Rule("status", status=503, what=form, seconds=120))
        said[form] = get(server.url("/a.rss")).headers["Retry-After"]

    assert (said["seconds"], said["zero"], said["negative"]) == ("120", "0", "-120")
    wait = parsedate_to_datetime(said["date"]) - datetime(2026, 6, 3, 8, tzinfo=UTC)
    assert timedelta(seconds=119) < wait < timedelta(seconds=130)
    assert said["rfc850"].startswith("Wednesday, 03-Jun-26 08:02:0")


def test_a_chain_of_redirects_ends_at_the_document(server: FlakyFeed) -> None:
    server.rules(Rule("redirect", hops=3, status=308))
    path, statuses = "/a.rss", []
    for _ in range(4):
        answer = get(server.url(path))
        statuses.append(answer.status)
        path = answer.headers.get("Location", "")

    assert statuses == [308, 308, 308, 200]


def test_a_loop_of_redirects_comes_back(server: FlakyFeed) -> None:
    server.rules(Rule("loop"))
    there = get(server.url("/a.rss")).headers["Location"]

    assert get(there).headers["Location"] == server.url("/a.rss")


# -- bodies and connections


@pytest.mark.parametrize("what", [name for name in DOCUMENTS if name not in ("attributes", "long_title")])
def test_every_wrong_document_can_be_made(server: FlakyFeed, what: str) -> None:
    server.rules(Rule("document", what=what))

    answer = get(server.url("/a.rss"))

    assert answer.status == 200
    assert bool(answer.body) == (what != "empty")


@pytest.mark.parametrize("what", ["gzip", "deflate", "bare", "stacked", "brotli"])
def test_a_bomb_is_small_on_the_wire(server: FlakyFeed, what: str) -> None:
    server.rules(Rule("bomb", what=what))

    assert len(get(server.url("/a.rss")).body) < 250_000


def test_a_body_is_cut_off_where_the_rule_says(server: FlakyFeed) -> None:
    server.rules(Rule("cut", at=777))

    head, _, body = raw(server.url("/a.rss")).partition(b"\r\n\r\n")

    assert len(body) == 777
    assert int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]) > 777
    assert server.journal.entries[-1]["bytes"] == 777


def test_a_connection_is_reset_in_the_middle(server: FlakyFeed) -> None:
    server.rules(Rule("reset", at=777))

    with pytest.raises(ConnectionResetError):
        raw(server.url("/a.rss"))


@pytest.mark.parametrize(("action", "difference"), [("long_length", 100), ("short_length", -100)])
def test_a_length_can_lie(server: FlakyFeed, action: str, difference: int) -> None:
    server.rules(Rule(action, at=100))

    head, _, body = raw(server.url("/a.rss")).partition(b"\r\n\r\n")

    assert int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]) - len(body) == difference


def test_a_drip_goes_byte_by_byte_until_the_client_leaves(server: FlakyFeed) -> None:
    server.rules(Rule("drip", seconds=0.1))

    with socket.create_connection(("127.0.0.1", urlsplit(server.url()).port), timeout=5) as line:
        line.sendall(b"GET /a.rss HTTP/1.1\r\nHost: x\r\n\r\n")
        received, until = b"", time.monotonic() + 0.6
        while time.monotonic() < until:
            received += line.recv(65_536)

    assert 2 <= len(received.partition(b"\r\n\r\n")[2]) <= 12
    assert _ended(server) == "client gone"


def test_an_endless_body_ends_when_the_client_leaves(server: FlakyFeed) -> None:
    server.rules(Rule("endless"))

    with socket.create_connection(("127.0.0.1", urlsplit(server.url()).port)) as line:
        line.sendall(b"GET /a.rss HTTP/1.1\r\nHost: x\r\n\r\n")
        received = 0
        while received < 5_000_000:
            received += len(line.recv(1_000_000))

    assert _ended(server) == "client gone"


def _ended(server: FlakyFeed) -> str:
    """How the last reply ended, as soon as the server has noticed."""
    for _ in range(200):
        if server.journal.entries[-1]["event"] == "sent":
            break
        time.sleep(0.02)
    return str(server.journal.entries[-1]["ends"])


def test_a_handshake_can_be_left_hanging(server: FlakyFeed) -> None:
    parts = urlsplit(server.stalled_url)

    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=0.3) as line,
        pytest.raises(TimeoutError),
    ):
        ssl.create_default_context().wrap_socket(line, server_hostname="127.0.0.1")

    assert [e["event"] for e in server.journal.entries] == ["stalled"]


def test_https_is_spoken_with_a_certificate_of_its_own_authority() -> None:
    with FlakyFeed(tls=True) as server:
        assert server.ca_pem is not None
        context = ssl.create_default_context(cadata=server.ca_pem.decode())
        with urllib.request.urlopen(server.url("/a.rss", scheme="https"), context=context, timeout=10) as answer:
            assert b"<rss" in answer.read()
        assert server.journal.requests()[0]["scheme"] == "https"


def test_it_is_a_proxy_for_any_host(server: FlakyFeed) -> None:
    line = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url()).port, timeout=10)
    line.request("GET", "http://export.arxiv.org/a.arxiv?x=1")
    answer = line.getresponse().read()
    line.close()

    [request] = server.journal.requests("/a.arxiv")
    assert (b"<rss" in answer, request["host"], request["target"]) == (True, "export.arxiv.org", "/a.arxiv?x=1")


# -- the judge


def test_a_request_is_in_the_journal_before_its_reply(server: FlakyFeed) -> None:
    server.rules(Rule("late", seconds=5))
    with socket.create_connection(("127.0.0.1", urlsplit(server.url()).port)) as line:
        line.sendall(b"GET /a.rss HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(100):
            if server.journal.requests():
                break
            time.sleep(0.02)

        assert [e["event"] for e in server.journal.entries] == ["request"]


def test_a_touch_of_a_canary_is_written_down(server: FlakyFeed) -> None:
    for url in server.canaries.values():
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as line:
            line.recv(1)

    assert [t["address"] for t in server.journal.touches()] == list(server.canaries)


def test_every_attack_that_fetches_would_fetch_from_the_canary(server: FlakyFeed) -> None:
    fetching = []
    for what in ("external_entity", "external_dtd", "parameter_entity", "xinclude", "stylesheet", "canary_links"):
        server.rules(Rule("document", what=what))
        fetching.append(server.canary_url.encode() in get(server.url("/a.rss")).body)

    assert all(fetching)
    assert not server.journal.touches()


def test_manners_are_gaps_and_parallel_requests_of_each_host() -> None:
    def asked(n: int, t: float, host: str) -> dict[str, object]:
        return {"n": n, "event": "request", "t": t, "host": host, "conditional": n > 0}

    def sent(of: int, t: float) -> dict[str, object]:
        return {"n": of + 100, "event": "sent", "t": t, "of": of}

    entries = [asked(0, 0.0, "a"), sent(0, 1.0), asked(1, 4.0, "a"), asked(2, 4.5, "b"), sent(1, 5.0), sent(2, 5.0)]
    apart, together = manners(entries), manners(entries, lambda host: "all")

    assert (apart["a"].shortest_gap_s, apart["a"].most_at_once, apart["a"].unconditional) == (3.0, 1, 1)
    assert (apart["b"].shortest_gap_s, together["all"].shortest_gap_s, together["all"].most_at_once) == (None, -1.0, 2)


# -- names


def test_a_name_can_be_bound_anew_between_two_questions() -> None:
    with Names({"feeds.test": [["93.184.216.34"], ["127.0.0.1", "::ffff:10.0.0.1"]]}) as names:
        answers = [names.answer("feeds.test"), names.answer("Feeds.Test."), names.answer("nowhere.test")]

        over_udp = _ask(names, "feeds.test", 28)

    assert answers == [("93.184.216.34",), ("127.0.0.1", "::ffff:10.0.0.1"), ()]
    assert over_udp[-16:] == bytes(10) + b"\xff\xff\x0a\x00\x00\x01"
    assert names.asked == ["feeds.test", "feeds.test", "nowhere.test", "feeds.test"]


def _ask(names: Names, name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00" + bytes([0, kind, 0, 1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.sendto(query, names.address)
        return line.recv(512)


def test_nothing_that_is_offered_is_unknown() -> None:
    assert set(ATTACKS) <= set(DOCUMENTS)
    assert {"good", "status", "redirect", "bomb", "drip", "hang", "reset"} <= set(ACTIONS)
    assert set(FORMATS) == {"rss", "rdf", "atom", "json", "arxiv", "api", "oai"}
