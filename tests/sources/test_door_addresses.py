"""Where the door may lead: anywhere for the operator's own addresses, to public ones for all others."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from digest.core.errors import SourceError
from digest.sources.door.addresses import is_own, is_public
from digest.sources.door.http import Door
from digest.sources.door.request import same_server
from tests.servers.loopback import Server, redirects, says, serving
from tests.support.doors import PUBLIC, led_to

FORMS = """
    127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
    169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1
    198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd12:3456::1 ff02::1 100::1 2001:db8::1 3fff::1 2001::1 5f00::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 ::10.0.0.1 ::ffff:0:127.0.0.1
    64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::127.0.0.1 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1::8.8.8.8
    2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:0:7f00:1::
    nonsense 127.1
""".split()
PUBLIC_FORMS = """
    1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255
    198.17.255.255 198.20.0.0 223.255.255.255 9.255.255.255 11.0.0.0 169.253.255.255 128.0.0.1
    2606:4700:4700::1111 2a00:1450:4001:800::200e 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
""".split()
URLS = """
    http://127.0.0.1 http://127.1 http://0 http://0.0.0.0 http://2130706433 http://0x7f000001 http://0x7f.1
    http://0x7f.0x0.0x0.0x1 http://017700000001 http://0177.0.0.1 http://127.0.0.1. http://127.000.000.001
    http://localhost http://LOCALHOST http://localhost. http://[::1] http://[::] http://[::ffff:127.0.0.1]
    http://[::ffff:7f00:1] http://[0:0:0:0:0:ffff:7f00:1] http://[::127.0.0.1] http://[64:ff9b::7f00:1]
    http://[2002:7f00:1::] http://１２７.０.０.１ http://127。0。0。1 http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ http://%31%32%37.0.0.1
    http://127.0.0.1%2f@example.org http://example.org\\@127.0.0.1 http://127.0.0.1#@example.org http://[::1%25lo]
    http://user@127.0.0.1 http://①②⑦.0.0.1 http://0/ http://127.0.0.1:0 http://127.0.0.1:99999
""".split()


@pytest.fixture
def canary() -> Iterator[Server]:
    """Whoever touches it was led astray."""
    with serving(says(b"secret of the intranet")) as server:
        yield server


@pytest.mark.parametrize("address", FORMS)
def test_an_address_that_is_not_public_is_known_in_all_its_forms(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC_FORMS)
def test_public_addresses_up_to_the_edges_of_the_private_ones_are_public(address: str) -> None:
    assert is_public(address)


def test_the_operators_own_machines_are_known_as_they_are_written() -> None:
    assert all(is_own(h) for h in ("127.0.0.1", "[::1]", "::1", "localhost", "rss.LOCALHOST.", "10.1.2.3", "fd00::1"))
    assert not any(is_own(h) for h in ("example.org", "8.8.8.8", "localhost.example.org", "127.1", "notlocalhost"))


@pytest.mark.parametrize("url", URLS)
def test_no_spelling_of_this_machine_gets_a_stranger_in(url: str, canary: Server) -> None:
    if url.count(":") == 1 or url.endswith("]"):
        url += f":{canary.port}"

    with Door(sleep=lambda _: None) as door, pytest.raises(SourceError):
        door.get(f"{url}/x" if not url.endswith("/") else url)

    assert canary.touched == 0


def test_the_sentence_names_the_host_the_address_and_the_setting() -> None:
    with Door(resolve=lambda *_: ["10.0.0.7"]) as door, pytest.raises(SourceError) as caught:
        door.get("http://wiki.example.org/feed")

    assert "private network (wiki.example.org is at 10.0.0.7)" in str(caught.value)
    assert 'add "wiki.example.org" to [network] private_hosts' in str(caught.value)


def test_the_operators_own_address_may_be_anywhere_with_all_its_paths() -> None:
    def reply(connection: socket.socket, head: bytes) -> None:
        (redirects("/b") if b"/a" in head else says(b"there"))(connection, head)

    with serving(reply) as server, Door() as door:
        document = door.get(f"{server.url}/a", trusted=True)

    assert document.content == b"there"
    assert server.lines == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "//2130706433:{port}/x"])
def test_a_redirect_from_an_allowed_host_to_a_private_one_touches_nobody(target: str, canary: Server) -> None:
    with (
        serving(redirects(target.format(port=canary.port))) as first,
        Door() as door,
        pytest.raises(SourceError, match="redirects to a place on a private network") as caught,
    ):
        door.get(f"{first.url}/feed", trusted=True)

    assert (first.touched, canary.touched) == (1, 0)
    assert "private_hosts" in str(caught.value)


def test_a_redirect_from_a_public_host_to_a_private_one_touches_nobody(canary: Server) -> None:
    names = {"feeds.example.org": [PUBLIC], "inside.example.org": ["127.0.0.1"]}
    with (
        serving(redirects(f"http://inside.example.org:{canary.port}/")) as first,
        Door(resolve=lambda h, _: names[h], connect=led_to({PUBLIC: first.port})) as door,
        pytest.raises(SourceError, match=r"inside\.example\.org is at 127\.0\.0\.1"),
    ):
        door.get("http://feeds.example.org/feed", trusted=True)

    assert (first.touched, canary.touched) == (1, 0)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/"])
def test_a_redirect_to_another_kind_of_address_is_not_followed(target: str, canary: Server) -> None:
    with (
        serving(redirects(target.format(port=canary.port))) as first,
        Door() as door,
        pytest.raises(SourceError, match="address, which is not followed"),
    ):
        door.get(f"{first.url}/feed", trusted=True)

    assert (first.touched, canary.touched) == (1, 0)


def test_a_public_host_is_still_fetched_and_nothing_is_resolved_twice() -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    with serving(says(b"news")) as server, Door(resolve=resolve, connect=led_to({PUBLIC: server.port})) as door:
        assert door.get("http://feeds.example.org/feed").content == b"news"

    assert asked == ["feeds.example.org"]


def test_a_name_that_is_public_first_and_private_then_is_refused_at_the_second_request(canary: Server) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    dialled: list[str] = []
    with serving(says(b"news")) as server:
        connect = led_to({PUBLIC: server.port, "127.0.0.1": canary.port}, dialled)
        with Door(resolve=lambda *_: next(answers), connect=connect) as door:
            assert door.get("http://rebind.example.org/feed").content == b"news"
            with pytest.raises(SourceError, match="private network"):
                door.get("http://rebind.example.org/feed")

    assert dialled == [PUBLIC]
    assert canary.touched == 0


@pytest.mark.parametrize("private", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "64:ff9b::7f00:1"])
def test_of_public_and_private_addresses_only_the_public_are_connected_to(private: str, canary: Server) -> None:
    dialled: list[str] = []
    with serving(says(b"news")) as server:
        connect = led_to({PUBLIC: server.port, private: canary.port}, dialled)
        with Door(resolve=lambda *_: [private, PUBLIC], connect=connect) as door:
            assert door.get("http://mixed.example.org/feed").content == b"news"

    assert dialled == [PUBLIC]
    assert canary.touched == 0


def test_of_public_and_private_addresses_none_is_connected_to_when_the_public_do_not_answer(canary: Server) -> None:
    dialled: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    connect = led_to({PUBLIC: nobody, "10.0.0.1": canary.port}, dialled)

    with (
        Door(resolve=lambda *_: [PUBLIC, "10.0.0.1"], connect=connect, sleep=lambda _: None) as door,
        pytest.raises(SourceError, match="the connection to mixed.example.org failed"),
    ):
        door.get("http://mixed.example.org/feed")

    assert dialled == [PUBLIC] * 3
    assert canary.touched == 0


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    with serving(says(b"news")) as server:
        connect = led_to({"2606:4700::1": nobody, PUBLIC: server.port})
        with Door(resolve=lambda *_: ["2606:4700::1", PUBLIC], connect=connect) as door:
            assert door.get("http://two.example.org/feed").content == b"news"


@pytest.mark.parametrize("allowed", ["wiki.example.org", "WIKI.example.org.", "127.0.0.1"])
def test_a_private_host_that_the_operator_allows_is_fetched(allowed: str) -> None:
    host = "127.0.0.1" if allowed == "127.0.0.1" else "wiki.example.org"
    with serving(says(b"inside")) as server:
        options = {"private_hosts": frozenset({allowed}), "resolve": lambda *_: ["127.0.0.1"]}
        with Door(**options) as door:  # type: ignore[arg-type]
            assert door.get(f"http://{host}:{server.port}/").content == b"inside"
            with pytest.raises(SourceError, match="private network"):
                door.get(f"http://other.example.org:{server.port}/")


def test_a_private_host_with_an_umlaut_is_compared_as_it_goes_over_the_wire() -> None:
    with (
        serving(says(b"inside")) as server,
        Door(private_hosts=["bücher.example"], resolve=lambda *_: ["127.0.0.1"]) as door,
    ):
        assert door.get(f"http://xn--bcher-kva.example:{server.port}/").content == b"inside"


def test_a_name_without_addresses_is_a_sentence() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with Door(resolve=unknown, sleep=lambda _: None) as door, pytest.raises(SourceError) as caught:
        door.get("http://nowhere.example.org/")
    with Door(resolve=lambda *_: [], sleep=lambda _: None) as door, pytest.raises(SourceError, match="no address"):
        door.get("http://nowhere.example.org/")

    assert "nowhere.example.org failed (Name or service not known)" in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"http://{'a' * 70}.example.org/", "http://.example.org/", "http://a..b/", "http://-/"]
)
def test_a_host_that_no_resolver_can_take_is_a_sentence(url: str) -> None:
    with Door(sleep=lambda _: None) as door, pytest.raises(SourceError):
        door.get(url)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example.org/x", "https://A.example.org:443/y?z", True),
        ("https://user:word@a.example.org/x", "https://a.example.org/x", True),
        ("feed.xml", "file:///srv/feed.xml", True),
        ("https://a.example.org/x", "http://a.example.org/x", False),
        ("https://a.example.org/x", "https://a.example.org:8443/x", False),
        ("https://a.example.org/x", "https://a.example.org@b.example.net/x", False),
        ("https://a.example.org/x", "https://b.example.net/x", False),
        ("https://a.example.org/x", "file:///etc/passwd", False),
        ("https://a.example.org/x", "/etc/passwd", False),
        ("https://a.example.org/x", "http://[x", False),
    ],
)
def test_two_addresses_of_one_server_are_told_from_others(one: str, other: str, same: bool) -> None:
    assert same_server(one, other) is same
