"""How the door behaves among strangers: it waits when asked, follows no circle, and tells no secret."""

from __future__ import annotations

import base64
import logging
from itertools import pairwise

import httpx2
import pytest

from digest.core.errors import NotYetError, SourceError
from digest.core.models import Document
from digest.sources.door.http import Door
from tests.fakes.clock import FakeClock
from tests.servers.loopback import says, serving
from tests.support.doors import Handler, answers, door

URL = "https://feeds.example.org/new.xml"
KEY = "k3y-of-the-operator"


def problem(d: Door, url: str = URL, **options: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        d.get(url, **options)  # type: ignore[arg-type]
    return caught.value


# -- Retry-After


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("7", [7.0]),
        (" 30 ", [30.0]),
        ("Wed, 03 Jun 2026 12:00:09 GMT", [9.0]),
        ("Wednesday, 03-Jun-26 12:00:09 GMT", [9.0]),
        ("Wed, 03 Jun 2026 14:00:09 +0200", [9.0]),
        ("Wed, 03 Jun 2026 11:00:00 GMT", [1.0]),
        ("0", [1.0]),
        ("-5", [1.0]),
        ("soon", [1.0]),
        ("1e3", [1.0]),
        ("٣", [1.0]),
        ("Wed, 99 Jun 2026 12:00:09 GMT", [1.0]),
        ("7, 9", [1.0]),
        ("", [1.0]),
        ("x" * 100_000, [1.0]),
    ],
)
def test_a_short_pause_is_waited_out_and_nonsense_is_not_listened_to(
    status: int, header: str, slept: list[float]
) -> None:
    clock = FakeClock()
    handler, asked = answers(
        httpx2.Response(status, headers={"Retry-After": header.encode()}), httpx2.Response(200, content=b"x")
    )

    with door(handler, clock) as d:
        assert d.get(URL).content == b"x"
    assert clock.slept == slept
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("header", "seconds", "moment"),
    [
        ("31", 31, "2026-06-03 12:00:31 UTC"),
        ("Wed, 03 Jun 2026 13:00:00 GMT", 3600, "2026-06-03 13:00:00 UTC"),
        ("315360000", 86_400, "2026-06-04 12:00:00 UTC"),
        ("9" * 50, 86_400, "2026-06-04 12:00:00 UTC"),
        ("Wed, 03 Jun 2036 12:00:00 GMT", 86_400, "2026-06-04 12:00:00 UTC"),
    ],
)
def test_a_long_pause_is_told_with_its_end_and_a_day_is_the_longest(header: str, seconds: float, moment: str) -> None:
    handler, asked = answers(httpx2.Response(429, headers={"Retry-After": header}))

    with door(handler) as d:
        error = problem(d)

    assert str(error) == f"is asked too often (429); it asks to wait until {moment}"
    assert (error.status, error.retry_after_s, error.gone) == (429, seconds, False)
    assert len(asked) == 1


def test_no_source_asks_a_host_that_wants_a_pause_and_others_are_asked() -> None:
    clock = FakeClock()
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        tired = request.url.host == "feeds.example.org" and clock.now() < 3600
        return httpx2.Response(503 if tired else 200, headers={"Retry-After": "3600"} if tired else {})

    with door(handler, clock) as d:
        problem(d)
        clock.advance(seconds=100)
        error = problem(d, "https://feeds.example.org/other.xml")
        d.get("https://elsewhere.example.org/")
        clock.advance(seconds=3500)
        d.get(URL)

    assert asked == [URL, "https://elsewhere.example.org/", URL]
    assert error.retry_after_s == 3500
    assert str(error) == ("feeds.example.org asked for a pause, and is not asked again before 2026-06-03 13:00:00 UTC")


def test_a_pause_that_arxiv_asks_for_holds_for_all_its_hosts() -> None:
    clock = FakeClock()
    at: list[float] = []

    def handler(_: httpx2.Request) -> httpx2.Response:
        at.append(clock.now())
        return httpx2.Response(503 if len(at) == 1 else 200, headers={"Retry-After": "20"} if len(at) == 1 else {})

    with door(handler, clock) as d:
        d.get("https://rss.arxiv.org/rss/cs")
        d.get("https://export.arxiv.org/api/query")

    assert at == [0, 20, 23]


def test_fifty_requests_find_no_way_round_a_pause() -> None:
    clock = FakeClock()
    at: list[float] = []

    def handler(_: httpx2.Request) -> httpx2.Response:
        at.append(clock.now())
        return httpx2.Response(429, headers={"Retry-After": "25"})

    with door(handler, clock) as d:
        for n in range(50):
            problem(d, f"https://feeds.example.org/{n}")
            clock.advance(seconds=0.1)

    assert all(later - earlier >= 25 for earlier, later in pairwise(at))


def test_an_error_page_with_a_pause_tells_it_too() -> None:
    with door(answers(httpx2.Response(403, headers={"Retry-After": "600"}))[0]) as d:
        error = problem(d)

    assert (error.status, error.retry_after_s) == (403, 600)


def test_a_redirect_that_asks_for_a_moment_gets_it_and_one_that_asks_for_an_hour_is_not_followed() -> None:
    clock = FakeClock()
    later = httpx2.Response(302, headers={"Location": "/b", "Retry-After": "5"})
    handler, _ = answers(later, httpx2.Response(200, content=b"x"))
    with door(handler, clock) as d:
        assert d.get(URL).content == b"x"

    handler, asked = answers(httpx2.Response(302, headers={"Location": "/b", "Retry-After": "3600"}))
    with door(handler) as d:
        error = problem(d)

    assert clock.slept == [5.0]
    assert "not to follow before 2026-06-03 13:00:00 UTC" in str(error)
    assert (len(asked), error.status, error.retry_after_s) == (1, 302, 3600)


def test_what_caused_an_error_can_be_acted_on() -> None:
    def of(response: httpx2.Response, **options: object) -> SourceError:
        with door(answers(response)[0]) as d:
            return problem(d, **options)

    gone, missing, broken = of(httpx2.Response(410)), of(httpx2.Response(404)), of(httpx2.Response(502))
    early = of(httpx2.Response(404), dated=True)

    assert (gone.status, gone.gone) == (410, True)
    assert (missing.status, missing.gone, missing.retry_after_s) == (404, False, None)
    assert broken.status == 502
    assert isinstance(early, NotYetError)
    assert early.status == 404


# -- redirects


def test_a_circle_is_not_walked_twice() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return httpx2.Response(302, headers={"Location": {"/a": "/b", "/b": "/c", "/c": "/a#top"}[request.url.path]})

    with door(handler) as d:
        error = problem(d, "https://a.example.org/a")

    assert asked == ["/a", "/b", "/c"]
    assert "redirects in a circle, back to https://a.example.org/a" in str(error)


def test_a_round_that_a_publisher_sends_to_set_a_cookie_is_no_circle() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if "cookie" in request.headers:
            return httpx2.Response(200, content=request.headers["cookie"].encode())
        return httpx2.Response(302, headers={"Location": URL, "Set-Cookie": "seen=1; Secure; Path=/"})

    with door(handler) as d:
        assert d.get(URL).content == b"seen=1"
        assert d.get(URL).content == b"seen=1"  # and the next call starts without it


def test_cookies_go_to_the_host_that_set_them_only() -> None:
    cookies: list[str | None] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        cookies.append(request.headers.get("cookie"))
        if request.url.host == "feeds.example.org":
            return httpx2.Response(302, headers={"Location": "https://b.example.net/", "Set-Cookie": "id=1"})
        return httpx2.Response(200)

    with door(handler) as d:
        d.get(URL)

    assert cookies == [None, None]


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((301, 308), True), ((308,), True), ((301, 302), False), ((307, 301), False), ((303,), False)],
)
def test_an_address_that_moved_for_good_is_known(statuses: tuple[int, ...], moved: bool) -> None:
    hops = [httpx2.Response(s, headers={"Location": f"https://b.example.net/{n}"}) for n, s in enumerate(statuses)]
    handler, _ = answers(*hops, httpx2.Response(200))

    with door(handler) as d:
        d.get(URL)

        assert d.moved_to(URL) == (f"https://b.example.net/{len(statuses) - 1}" if moved else None)
        d.get(URL)
        assert d.moved_to(URL) is None


def test_a_move_to_an_error_page_is_none() -> None:
    handler, _ = answers(httpx2.Response(301, headers={"Location": "/gone"}), httpx2.Response(404))

    with door(handler) as d:
        problem(d)
        assert d.moved_to(URL) is None


# -- secrets


def leads(*locations: str) -> tuple[Handler, list[httpx2.Request]]:
    hops = [httpx2.Response(302, headers={"Location": location}) for location in locations]
    return answers(*hops, httpx2.Response(200))


def test_headers_go_to_the_host_that_was_named_and_along_no_redirect() -> None:
    handler, asked = leads("/b", "https://b.example.net/", "https://feeds.example.org:8443/", URL + "?again")

    with door(handler) as d:
        d.get(URL, headers={"X-Api-Key": f"{KEY}\n", "User-Agent": "mine"})

    assert [r.headers.get("x-api-key") for r in asked] == [KEY, KEY, None, None, KEY]
    assert [r.headers["user-agent"] == "mine" for r in asked] == [True, True, False, False, True]


def test_headers_go_along_from_http_to_https_of_the_same_host() -> None:
    handler, asked = leads("https://feeds.example.org/new.xml")

    with door(handler) as d:
        d.get("http://feeds.example.org/new.xml", headers={"X-Api-Key": KEY})

    assert [r.headers.get("x-api-key") for r in asked] == [KEY, KEY]


def test_user_and_password_of_an_address_are_sent_as_a_header_and_to_its_host_only() -> None:
    handler, asked = leads("/b", "https://b.example.net/")

    with door(handler) as d:
        d.get("https://ada:p%40ss@feeds.example.org/new.xml")

    basic = "Basic " + base64.b64encode(b"ada:p@ss").decode()
    assert [r.headers.get("authorization") for r in asked] == [basic, basic, None]
    assert not any(r.url.userinfo for r in asked)


def test_a_secret_parameter_is_on_the_addresses_sent_to_its_host_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    handler, asked = leads(f"/b?api_key={KEY}&q=2", f"https://b.example.net/?api_key={KEY}&q=3")

    with door(handler) as d:
        document = d.get(f"{URL}?q=%C3%A4+b", secret_query={"api_key": KEY})

    assert [str(r.url) for r in asked] == [
        f"{URL}?q=%C3%A4+b&api_key={KEY}",
        f"https://feeds.example.org/b?q=2&api_key={KEY}",
        "https://b.example.net/?q=3",
    ]
    assert KEY not in str(document)
    assert KEY not in caplog.text


def test_a_secret_that_a_server_repeats_is_not_kept() -> None:
    secret = "a key/with+signs"
    echo = b'{"self": "?api_key=a%20key%2Fwith%2Bsigns", "again": "a+key%2Fwith%2Bsigns", "key": "a key/with+signs"}'

    with door(answers(httpx2.Response(200, content=echo))[0]) as d:
        document = d.get(URL, secret_query={"api_key": secret})

    assert document == Document(url=URL, content=b'{"self": "?api_key=hidden", "again": "hidden", "key": "hidden"}')


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(400, content=f'{{"error": "API key {KEY} is not valid"}}'.encode()),
        httpx2.Response(503, content=f"<title>{KEY}</title>".encode()),
        httpx2.Response(302, headers={"Location": f"http://feeds.example.org/{KEY}?api_key={KEY}"}),
        httpx2.Response(302, headers={"Location": f"gopher://{KEY}/"}),
        httpx2.Response(302, headers={"Location": f"https://[{KEY}/"}),
        httpx2.Response(302, headers={"Location": f"https://b.example.net:{KEY}/"}),
        httpx2.Response(404, content=f"<title>{KEY}</title>".encode()),
    ],
)
@pytest.mark.parametrize("options", [{"secret_query": {"api_key": KEY}}, {"headers": {"X-Api-Key": f"{KEY}\n"}}])
@pytest.mark.parametrize("dated", [False, True])
def test_a_secret_that_a_server_repeats_is_in_no_message(
    response: httpx2.Response, options: dict[str, dict[str, str]], dated: bool
) -> None:
    with door(answers(response)[0]) as d:
        error = problem(d, dated=dated, **options)

    assert KEY not in str(error)


def test_a_key_with_a_line_break_in_it_is_a_sentence_without_the_key() -> None:
    with serving(says()) as server, Door() as d:
        error = problem(d, server.url, trusted=True, headers={"X-Api-Key": f"{KEY}\r\nHost: elsewhere"})

    assert "is there a line break in its key?" in str(error)
    assert KEY not in str(error)
    assert server.heads == []


def test_over_a_real_connection_no_log_has_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(says(b"x")) as server, Door() as d:
        d.get(f"{server.url}/a", trusted=True, secret_query={"api_key": KEY}, headers={"X-Api-Key": KEY})

    assert server.lines == [f"GET /a?api_key={KEY} HTTP/1.1"]
    assert server.header("X-Api-Key") == KEY
    assert server.header("Connection") == "close"
    assert caplog.records
    assert KEY not in caplog.text
