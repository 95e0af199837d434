"""Passwords within addresses are shown nowhere, however badly they are written."""

from __future__ import annotations

import pytest

from digest.core.errors import SourceError
from digest.core.private import looks_like_secret, masked, without_password
from digest.sources.door.http import Door
from digest.sources.feed import FeedSource
from tests.support.shell import digest


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:hunter2@example.org/x", "https://example.org/x"),
        ("https://ada@example.org/x", "https://example.org/x"),
        ("https://ada:hun@ter2@example.org/x", "https://example.org/x"),
        ("https://ada:hun/ter2@example.org/x", "https://example.org/x"),
        ("https://ada:hun?ter2@example.org/x", "https://example.org/x"),
        ("https://ada:hun#ter2@example.org/x", "https://example.org/x"),
        ("https://ada:hun@t/er2@example.org/x", "https://example.org/x"),
        ("feed://ada:hunter2@example.org/x", "feed://example.org/x"),
        ("//ada:hunter2@example.org/x", "//example.org/x"),
        ("ada:hunter2@example.org/x", "example.org/x"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("ada@example.org", "ada@example.org"),
        ("https://example.org/@ada/feed", "https://example.org/@ada/feed"),
        ("https://example.org:8443/@ada/feed", "https://example.org:8443/@ada/feed"),
        ("https://example.org/name@1.0", "https://example.org/name@1.0"),
        ("https://ada:hunter2@example.org/@eve", "https://example.org/@eve"),
        ("https://ada:hun?ter=2@example.org/x", "https://example.org/x"),
        ("http://me:secret@host/x?y=a@b", "http://host/x?y=a@b"),
        ("https://host/a@b", "https://host/a@b"),
        ("papers/me@home.jsonl", "papers/me@home.jsonl"),
        ("papers/{date}.jsonl", "papers/{date}.jsonl"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize(
    "target",
    [
        "http://ada:hunter2@127.0.0.1:1/x",
        "http://ada:hun/ter2@127.0.0.1:1/x",
        "ftp://ada:hunter2@h/x",
        "ada:hunter2@127.0.0.1/x",
    ],
)
def test_a_password_in_a_target_is_not_echoed(tmp_path: object, target: str) -> None:
    done = digest("summarize", target, "--json", cwd=tmp_path)  # type: ignore[arg-type]

    assert "ter2" not in done.stdout + done.stderr
    assert "127.0.0.1" in done.stdout or "ftp://h/x" in done.stdout


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "my_key", "smtp_password", "KEY2", "DIGEST_SMTP_PASSWORD_2026_NEW"])
def test_the_name_of_a_variable_looks_like_no_key(name: str) -> None:
    assert not looks_like_secret(name)


def test_of_a_short_password_nothing_is_shown() -> None:
    assert masked("hunter2") == "***"


def test_a_password_that_makes_an_address_unreadable_is_not_quoted() -> None:
    with Door() as door, pytest.raises(SourceError) as error:
        door.get("http://ada:hun/ter2@127.0.0.1:1/x")

    assert str(error.value).startswith("http://127.0.0.1:1/x is no web address (write %2F for /")
    assert "hun" not in str(error.value)


def test_links_of_a_feed_that_is_asked_for_with_a_password_are_without_it() -> None:
    feed = (
        b'<rss version="2.0"><channel><title>t</title><item><title>Frogs</title><link>1</link></item></channel></rss>'
    )
    address = "https://ada:hunter2@example.org/feed/"

    [record] = FeedSource("f", url=address).parse(feed, url=address).records

    assert record.paper.url == "https://example.org/feed/1"
