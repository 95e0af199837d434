"""Questions to DNS: what is there, what is not, and what nobody can tell now."""

from __future__ import annotations

import sys

import dns.resolver
import pytest

from digest.core.errors import ConfigError
from digest.deliver.dns import Dns, DnsError
from tests.servers.dns import BROKEN, SILENT, TableDns


def test_a_long_record_is_put_together_from_its_pieces() -> None:
    table = {"s._domainkey.example.org": {"TXT": ['"v=DKIM1; k=rsa; p=MIIB" "IjANBg" "kq"']}}
    with TableDns(table) as server:
        assert Dns(server.resolver).txt("s._domainkey.example.org") == ("v=DKIM1; k=rsa; p=MIIBIjANBgkq",)


def test_several_records_stay_several_in_the_same_order_each_time() -> None:
    with TableDns({"example.org": {"TXT": ['"v=spf1 -all"', '"v=spf1 mx -all"', '"another"']}}) as server:
        assert Dns(server.resolver).txt("example.org") == ("another", "v=spf1 -all", "v=spf1 mx -all")


def test_mail_servers_come_in_the_order_in_which_they_are_preferred() -> None:
    table = {"example.org": {"MX": ["20 b.example.org.", "10 A.example.org."]}, "null.example": {"MX": ["0 ."]}}
    with TableDns(table) as server:
        assert Dns(server.resolver).mx("example.org") == ("a.example.org", "b.example.org")
        assert Dns(server.resolver).mx("null.example") == (".",)


def test_a_host_has_addresses_of_both_kinds() -> None:
    with TableDns({"mail.example.org": {"A": ["192.0.2.7", "192.0.2.1"], "AAAA": ["2001:db8::1"]}}) as server:
        assert Dns(server.resolver).addresses("mail.example.org") == ("192.0.2.1", "192.0.2.7", "2001:db8::1")


def test_a_name_that_is_not_there_is_told_from_one_that_says_nothing() -> None:
    with TableDns({"example.org": {}}) as server:
        asks = Dns(server.resolver)

        assert (asks.txt("example.org"), asks.mx("example.org"), asks.addresses("example.org")) == ((), (), ())
        assert (asks.txt("none.example"), asks.mx("none.example"), asks.addresses("none.example")) == (None,) * 3


def test_a_zone_that_fails_and_a_server_that_is_silent_are_no_answer() -> None:
    with TableDns({"broken.example": BROKEN, "silent.example": SILENT}) as server:
        asks = Dns(server.resolver, patience_s=0.2)

        with pytest.raises(DnsError, match="DNS failed over TXT of broken.example"):
            Dns(server.resolver, patience_s=20.0).txt("broken.example")
        with pytest.raises(DnsError, match=r"no answer on MX of silent.example within 0.2 s"):
            asks.mx("silent.example")


def test_a_name_that_can_be_none_is_a_sentence() -> None:
    with pytest.raises(DnsError, match="could not be asked for"):
        Dns(dns.resolver.Resolver(configure=False)).txt("a..b" + "x" * 300)


def test_each_question_is_asked_once() -> None:
    with TableDns({"example.org": {"TXT": ['"x"']}}) as server:
        asks = Dns(server.resolver)
        for name in ("example.org", "EXAMPLE.org."):
            asks.txt(name)

    assert server.questions == ["TXT example.org"]


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in place of a module is how Python is told that there is none.
    monkeypatch.setitem(sys.modules, "dns.exception", None)

    with pytest.raises(ConfigError, match=r"pip install 'research-digest\[dns\]'"):
        Dns().txt("example.org")
