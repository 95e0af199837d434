"""SPF records: who may send, what they cost, and what receivers stumble over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from digest.usecases.spf import may_send, spf_of


class FakeNames:
    """DNS out of a table: name → type → records."""

    def __init__(self, table: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.table = table

    def _of(self, name: str, kind: str) -> tuple[str, ...] | None:
        return tuple(self.table[name].get(kind, ())) if name in self.table else None

    def txt(self, name: str) -> tuple[str, ...] | None:
        return self._of(name, "TXT")

    def mx(self, name: str) -> tuple[str, ...] | None:
        return self._of(name, "MX")

    def addresses(self, name: str) -> tuple[str, ...] | None:
        return self._of(name, "A")


def names(record: str, **others: Mapping[str, Sequence[str]]) -> FakeNames:
    more = {name.replace("_", "."): found for name, found in others.items()}
    return FakeNames({"example.org": {"TXT": ["other", record], "A": ["192.0.2.1"], "MX": ["mx.example.org"]}, **more})


@pytest.mark.parametrize(
    ("record", "address", "said"),
    [
        ("v=spf1 -all", "192.0.2.1", "fail"),
        ("v=spf1 ~all", "192.0.2.1", "softfail"),
        ("v=spf1 ?all", "192.0.2.1", "neutral"),
        ("v=spf1", "192.0.2.1", "neutral"),
        ("V=SPF1 A -ALL", "192.0.2.1", "pass"),
        ("v=spf1 a/24 -all", "192.0.2.99", "pass"),
        ("v=spf1 a:mx.example.org -all", "192.0.2.9", "pass"),
        ("v=spf1 a:mx.example.org//64 -all", "2001:db8::77", "pass"),
        ("v=spf1 a:mx.example.org//64 -all", "2001:db9::77", "fail"),
        ("v=spf1 mx -all", "192.0.2.9", "pass"),
        ("v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.15", "pass"),
        ("v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.16", "fail"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", "fail"),
        ("v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", "fail"),
        ("v=spf1 -all a", "192.0.2.1", "fail"),
        ("v=spf1 include:other.example -all", "198.51.100.1", "pass"),
        ("v=spf1 include:other.example ~all", "192.0.2.1", "softfail"),
        ("v=spf1 redirect=other.example", "198.51.100.1", "pass"),
        ("v=spf1 redirect=other.example", "192.0.2.1", "fail"),
        ("v=spf1 include:none.example -all", "192.0.2.1", "fail"),
        ("v=spf1 exists:%{i}.example.org -all", "192.0.2.1", "fail"),
        ("v=spf10 +all", "192.0.2.1", "none"),
    ],
)
def test_the_first_term_that_fits_an_address_decides(record: str, address: str, said: str) -> None:
    table = names(
        record,
        mx_example_org={"A": ["192.0.2.9", "2001:db8::1"]},
        other_example={"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    )

    assert may_send(table, "example.org", address) == said


def test_every_lookup_that_a_receiver_may_need_is_counted_also_at_second_hand() -> None:
    table = names(
        "v=spf1 a mx ip4:192.0.2.1 include:one.example ~all",
        one_example={"TXT": ["v=spf1 include:two.example ptr exists:x.example -all"]},
        two_example={"TXT": ["v=spf1 redirect=three.example"]},
        three_example={"TXT": ["v=spf1 ip4:192.0.2.3 -all"]},
    )

    found = spf_of(table, "example.org")

    assert (found.lookups, found.faults, found.lets_all) == (7, (), False)
    assert found.included == ("one.example", "two.example", "three.example")


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=spf1 include:none.example -all", "none.example, which it includes, has no SPF records"),
        ("v=spf1 include:two.example -all", "two.example, which it includes, has several SPF records"),
        ("v=spf1 include:example.org -all", "example.org is included in a circle"),
        ("v=spf1 ipv4:192.0.2.1 -all", "'ipv4:192.0.2.1' in the record of example.org is no term of SPF"),
        ("v=spf1 ip4:192.0.2.300 -all", "'ip4:192.0.2.300' in the record"),
        ("v=spf1 a;mx -all", "'a;mx' in the record"),
    ],
)
def test_what_makes_a_receiver_drop_a_record_is_named(record: str, fault: str) -> None:
    table = names(record, two_example={"TXT": ["v=spf1 a", "v=spf1 mx"]})

    assert any(fault in one for one in spf_of(table, "example.org").faults)


def test_of_two_records_none_counts() -> None:
    table = FakeNames({"example.org": {"TXT": ["v=spf1 -all", "v=spf1 a -all"]}})

    assert spf_of(table, "example.org").faults == ("example.org has 2 SPF records, so that none counts",)
    assert may_send(table, "example.org", "192.0.2.1") == "none"


def test_a_record_that_lets_everybody_send_is_known() -> None:
    assert spf_of(names("v=spf1 mx +all"), "example.org").lets_all
    assert spf_of(names("v=spf1 all"), "example.org").lets_all
    assert not spf_of(names("v=spf1 ?all"), "example.org").lets_all


def test_a_domain_without_a_record_says_nothing() -> None:
    assert spf_of(FakeNames({}), "example.org").record == ""
    assert spf_of(FakeNames({"example.org": {}}), "example.org").lookups == 0
