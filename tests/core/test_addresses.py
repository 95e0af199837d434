"""Which texts are mail addresses, and when two are one."""

from __future__ import annotations

import pytest

from digest.core.errors import AddressError
from digest.core.subscribers.addresses import parse_address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.L@EXAMPLE.org ", "Ada.L@example.org"),
        ("jörg@münchen.example", "jörg@münchen.example"),
        ("ada@xn--mnchen-3ya.example", "ada@münchen.example"),
        ("ada+lists@example.org", "ada+lists@example.org"),
    ],
)
def test_an_address_is_read_and_shown_in_one_way(text: str, shown: str) -> None:
    assert parse_address(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "ada@exa mple.org",
        "ada@example.org\nBcc: x@example.org",
        "ada@example..org",
        "a" * 65 + "@example.org",
        "ada@example.org, bob@example.org",
        "ada@localhost",
        "Ada <ada@example.org>",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(AddressError, match="is not a mail address: "):
        parse_address(text)


def test_case_makes_no_other_subscriber() -> None:
    assert parse_address("ADA@Example.org").key == parse_address("ada@example.org").key


def test_the_domain_is_given_in_ascii() -> None:
    assert parse_address("jörg@münchen.example").domain == "xn--mnchen-3ya.example"


def test_a_forgotten_address_is_known_again_by_its_hash_and_not_told_by_it() -> None:
    one, same, other = (parse_address(t) for t in ("Ada@example.org", "ada@EXAMPLE.org", "bob@example.org"))

    assert one.hashed(b"s") == same.hashed(b"s") != other.hashed(b"s")
    assert one.hashed(b"s") != one.hashed(b"t")
