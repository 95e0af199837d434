"""Which texts are mail addresses, and when two are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import AddressError
from digest.core.subscribers import addresses
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


@given(
    st.from_regex(
        r"[a-zA-Z0-9_.+-]{1,70}@([A-Za-z0-9-]{1,65}\.){0,3}(org|ORG|xn--p1ai|localhost|test|1|-a)", fullmatch=True
    )
)
def test_a_plain_address_is_read_as_the_library_reads_it(text: str) -> None:
    try:
        expected: object = addresses._validated(text)
    except AddressError as error:
        expected = str(error)

    try:
        found: object = parse_address(text)
    except AddressError as error:
        found = str(error)

    assert found == expected
