"""Behind a reverse proxy, below a path: whom the site believes, and where its links lead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from digest.web.proxies import Proxies
from digest.web.site import make_app
from tests.support.desk import CONFIG
from tests.support.visiting import visiting

BELOW = CONFIG + '\n[serve]\nbase_url = "https://example.org/digest"\nproxies = ["127.0.0.1", "10.0.0.0/8"]\n'


def seen(client: str, headers: Mapping[str, str], path: str = "/", proxies: tuple[str, ...] = ()) -> tuple[str, str]:
    """The network and the path that a request has behind the middleware."""
    found: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope)

    scope: dict[str, Any] = {
        "type": "http",
        "client": (client, 1),
        "path": path,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    site = Proxies(inner, base_url="https://example.org/digest", proxies=proxies)
    asyncio.run(site(scope, None, None))  # type: ignore[arg-type]  # neither is used
    return found[0]["digest.network"], found[0]["path"]


PROXIES = ("127.0.0.1", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("client", "forwarded", "network"),
    [
        ("192.0.2.7", "198.51.100.1", "192.0.2.0/24"),  # no proxy of ours: it may say what it likes
        ("127.0.0.1", "198.51.100.1", "198.51.100.0/24"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.0/24"),
        ("127.0.0.1", "203.0.113.5, 198.51.100.1, 10.1.2.3", "198.51.100.0/24"),
        ("127.0.0.1", "10.9.9.9", "10.9.9.0/24"),
        ("127.0.0.1", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("127.0.0.1", "nonsense", ""),
        ("127.0.0.1", "", ""),
    ],
)
def test_a_visitor_is_who_the_last_trusted_proxy_says(client: str, forwarded: str, network: str) -> None:
    assert seen(client, {"X-Forwarded-For": forwarded}, proxies=PROXIES)[0] == network


@pytest.mark.parametrize(
    ("path", "prefix", "below"),
    [
        ("/digest/subscribe", "", "/subscribe"),
        ("/subscribe", "", "/subscribe"),
        ("/digest/", "", "/"),
        ("/digestive", "", "/digestive"),
        ("/digest/digest/x", "", "/digest/x"),
        ("/digest/x", "/digest", "/digest/x"),  # the proxy took the path off, and an edition is called like it
    ],
)
def test_the_path_of_the_site_is_taken_off_unless_the_proxy_did(path: str, prefix: str, below: str) -> None:
    assert seen("127.0.0.1", {"X-Forwarded-Prefix": prefix}, path, PROXIES)[1] == below


def test_nobody_but_a_proxy_says_what_was_taken_off() -> None:
    assert seen("192.0.2.7", {"X-Forwarded-Prefix": "/digest"}, "/digest/x", PROXIES)[1] == "/x"


@pytest.mark.parametrize("below", ["", "/digest"])
def test_a_reader_subscribes_and_stops_below_a_path(tmp_path: Path, below: str) -> None:
    with visiting(tmp_path, BELOW) as site:
        page = site.client.get(f"{below}/subscribe")
        assert 'action="subscribe"' in page.text
        site.client.post(f"{below}/subscribe", data={"email": "ada@example.org"})
        text = site.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        link = text.split("https://example.org/digest", 1)[1].split()[0]

        done = site.client.post(below + link)

        assert 'href="../preferences/' in done.text
        assert 'href="../style.css"' in done.text
        assert site.client.get(f"{below}/style.css").status_code == 200


def test_the_path_itself_leads_to_its_folder(tmp_path: Path) -> None:
    with visiting(tmp_path, BELOW) as site:
        answer = site.client.get("/digest")

    assert (answer.status_code, answer.headers["Location"]) == (308, "./digest/")


def test_each_visitor_behind_a_proxy_has_a_limit_of_their_own(tmp_path: Path) -> None:
    with visiting(tmp_path, BELOW.replace("proxies", "sign_ups_per_hour = 1\nproxies")) as site:
        behind = TestClient(make_app(site.opened), client=("10.0.0.1", 1))
        beside = TestClient(make_app(site.opened), client=("192.0.2.9", 1))
        for n in range(3):
            forwarded = {"X-Forwarded-For": f"198.51.{n}.1"}
            behind.post("/subscribe", data={"email": f"a{n}@example.org"}, headers=forwarded)
            beside.post("/subscribe", data={"email": f"b{n}@example.org"}, headers=forwarded)

        assert sorted(str(mail["To"])[:2] for mail in site.mails()) == ["a0", "a1", "a2", "b0"]
