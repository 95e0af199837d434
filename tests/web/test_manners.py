"""What every answer of the site has, and what it refuses before anything acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.web.proxies import network_of
from tests.support.desk import CONFIG
from tests.support.visiting import Visitors, visiting


@pytest.mark.parametrize("path", ["/", "/nothing", "/style.css"])
def test_every_answer_says_what_its_page_may_do(site: Visitors, path: str) -> None:
    headers = site.client.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self' https://digest.example.org;" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Set-Cookie" not in headers
    assert "Server" not in headers


def test_a_site_without_https_asks_for_none(tmp_path: Path) -> None:
    with visiting(tmp_path, CONFIG) as site:
        assert "Strict-Transport-Security" not in site.client.get("/").headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_place_that_takes_no_such_method_names_those_that_it_takes(site: Visitors, method: str) -> None:
    answer = site.client.request(method, "/")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
