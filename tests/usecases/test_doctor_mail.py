"""What `digest doctor --mail` says of a sender's domain, from the answers of a DNS server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from digest.config.read import load
from digest.core.errors import SourceError
from digest.deliver.dkim import Key
from digest.deliver.dns import Dns
from digest.usecases.doctor import Finding, _tried
from digest.usecases.doctor_mail import SenderChecks, zone_line
from tests.servers.dns import BROKEN, SILENT, TableDns
from tests.support.desk import CONFIG

KEY, OTHER = Key(Ed25519PrivateKey.generate()), Key(Ed25519PrivateKey.generate())
MAIL = """
from = "Digest <digest@example.org>"
transport = "smtp"
host = "mail.example.org"
operator = "me@example.net"
"""
SIGNED = f'{MAIL}[mail.dkim]\nselector = "s1"\nkey_file = "dkim.pem"\n'
SERVED = '[serve]\nbase_url = "https://digest.example.org"\n'
SELECTOR = "s1._domainkey.example.org"
Zone = Mapping[str, Mapping[str, Sequence[str]] | str]
GOOD: Zone = {
    "example.org": {
        "TXT": ['"v=spf1 a:mail.example.org -all"', '"site-verification=1"'],
        "MX": ["10 mail.example.org."],
    },
    "mail.example.org": {"A": ["192.0.2.7"], "AAAA": ["2001:db8::7"]},
    SELECTOR: {"TXT": [f'"{KEY.record[:30]}" "{KEY.record[30:]}"']},
    "_dmarc.example.org": {"TXT": ['"v=DMARC1; p=reject; adkim=s"']},
    "example.net": {"A": ["192.0.2.8"]},
}


def findings(folder: Path, zone: Zone, mail: str = SIGNED + SERVED, **changes: Any) -> dict[str, Finding]:
    """Subject → finding."""
    (folder / "config.toml").write_text(f"{CONFIG}\n[mail]{mail}", encoding="utf-8")
    with TableDns(zone) as server:
        values = {
            "names": Dns(server.resolver, patience_s=0.2 if SILENT in zone.values() else 20.0),
            "key": lambda: KEY,
            "answers": lambda _: "ok",
        }
        checks = SenderChecks(config=load(folder / "config.toml"), **{**values, **changes}).checks()
        return {found.subject: found for found in map(_tried, checks)}


def test_a_domain_in_which_all_is_as_it_should_be_is_good(tmp_path: Path) -> None:
    found = findings(tmp_path, GOOD)

    assert {one.subject: one.said for one in found.values() if one.level != "good"} == {}
    assert found["SPF"].said == (
        "“v=spf1 a:mail.example.org -all” at example.org, 1 of 10 lookups, lets mail.example.org send"
    )
    assert found["DKIM"].said == "s1._domainkey.example.org has our key"
    assert found["DMARC"].said.endswith("; SPF and DKIM speak for example.org")
    assert found["mailbox me@example.net"].said == "example.net has no MX; mails go to its own address"
    assert found["unsubscribing"].said == "by one click at https://digest.example.org, which answers"
    assert "not to be told from here" in found["reverse name"].said


def test_a_domain_that_does_not_exist_says_what_to_add(tmp_path: Path) -> None:
    found = findings(tmp_path, {})

    assert {one.subject for one in found.values() if one.level == "wrong"} == {
        "sender's domain",
        "SPF",
        "DKIM",
        "mailbox digest@example.org",
        "mailbox me@example.net",
    }
    assert 'add: example.org. TXT "v=spf1 a:mail.example.org ~all"' in found["SPF"].said
    assert f'add: {SELECTOR}. TXT "{KEY.record}"' in found["DKIM"].said
    assert found["DMARC"].level == "doubtful"
    assert 'add: _dmarc.example.org. TXT "v=DMARC1; p=none; rua=mailto:me@example.net"' in found["DMARC"].said


@pytest.mark.parametrize(("state", "said"), [(BROKEN, "SERVFAIL"), (SILENT, "no answer on TXT")])
def test_what_cannot_be_told_now_is_a_doubt_and_no_fault(tmp_path: Path, state: str, said: str) -> None:
    found = findings(tmp_path, {**GOOD, "example.org": state, SELECTOR: state, "_dmarc.example.org": state})

    for subject in ("SPF", "DKIM", "DMARC"):
        assert found[subject].level == "doubtful"
        assert said in found[subject].said


# -- SPF


def spf(folder: Path, *records: str, mail: str = SIGNED, **zone: Any) -> Finding:
    own = {"TXT": [f'"{record}"' for record in records], "MX": ["10 mail.example.org."]}
    return findings(folder, {**GOOD, "example.org": own, **zone}, mail)["SPF"]


def test_a_record_that_does_not_name_the_server_is_given_with_the_term_that_lacks(tmp_path: Path) -> None:
    found = spf(tmp_path, "v=spf1 ip4:198.51.100.1 -all")

    assert found.level == "doubtful"
    assert 'change it to: example.org. TXT "v=spf1 ip4:198.51.100.1 a:mail.example.org -all"' in found.said


@pytest.mark.parametrize(
    ("host", "includes"),
    [
        ("smtp.gmail.com", "_spf.google.com"),
        ("smtp-relay.gmail.com", "_spf.google.com"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazonses.com"),
        ("smtp.office365.com", "spf.protection.outlook.com"),
    ],
)
def test_of_a_known_provider_the_include_counts_that_its_customers_have(
    tmp_path: Path, host: str, includes: str
) -> None:
    mail = MAIL.replace("mail.example.org", host)
    zone: Zone = {includes: {"TXT": ['"v=spf1 ip4:198.51.100.0/24 ~all"']}}

    assert f'"v=spf1 mx include:{includes} ~all"' in spf(tmp_path, "v=spf1 mx ~all", mail=mail).said
    assert f"lets {host} send" in spf(tmp_path, f"v=spf1 include:{includes} ~all", mail=mail, **zone).said


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=spf1 -all", "v=spf1 mx -all"], "example.org has 2 SPF records, so that none counts; leave one"),
        (["v=spf1 +all"], "lets anybody send"),
        (["v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(11)) + " -all"], "costs 11 lookups"),
        (["v=spf1 include:none.example -all"], "none.example, which it includes, has no SPF records"),
    ],
)
def test_a_record_that_counts_for_nothing_is_wrong(tmp_path: Path, records: list[str], said: str) -> None:
    found = spf(tmp_path, *records)

    assert found.level == "wrong"
    assert said in found.said


def test_of_a_server_on_this_machine_the_address_is_not_known(tmp_path: Path) -> None:
    for mail in ('\nfrom = "d@example.org"\ntransport = "sendmail"\n', MAIL.replace("mail.example.org", "127.0.0.1")):
        found = spf(tmp_path, "v=spf1 mx -all", mail=mail)
        assert (found.level, "cannot be told from here" in found.said) == ("good", True)
        assert "(with the address that mails leave from)" in spf(tmp_path, mail=mail).said


# -- DKIM


@pytest.mark.parametrize(
    ("records", "level", "said"),
    [
        (["v=DKIM1; k=ed25519; p="], "wrong", "is revoked"),
        ([OTHER.record], "wrong", "is another than that of [mail.dkim] key_file; put ours there: s1._domainkey"),
        ([KEY.record.replace("ed25519", "rsa")], "wrong", "is another than that"),
        ([KEY.record, OTHER.record], "wrong", "has 2 keys"),
        ([KEY.record + "; h=sha1"], "wrong", "is not one that holds"),
        ([KEY.record + "; t=y"], "doubtful", "is a trial (t=y)"),
        ([f"k=ed25519 ; p={KEY.public[:9]} {KEY.public[9:]} ; t=s"], "good", "has our key"),
        (["google-site-verification=x"], "wrong", "find no key"),
    ],
)
def test_the_key_in_dns_is_compared_with_ours(tmp_path: Path, records: list[str], level: str, said: str) -> None:
    found = findings(tmp_path, {**GOOD, SELECTOR: {"TXT": [f'"{one}"' for one in records]}})["DKIM"]

    assert (found.level, said in found.said) == (level, True), found.said


def test_a_long_key_stands_in_a_zone_in_pieces_that_dns_puts_together(tmp_path: Path) -> None:
    long = Key(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    name, _, pieces = zone_line(SELECTOR, long.record).partition(". TXT ")

    found = findings(tmp_path, {**GOOD, name: {"TXT": [pieces]}}, key=lambda: long)["DKIM"]

    assert pieces.count('" "') == 1
    assert (found.level, found.said) == ("good", f"{SELECTOR} has our key")


def test_a_short_key_is_a_doubt(tmp_path: Path) -> None:
    short = Key(rsa.generate_private_key(public_exponent=65537, key_size=1024))
    found = findings(tmp_path, {**GOOD, SELECTOR: {"TXT": [f'"{short.record}"']}}, key=lambda: short)["DKIM"]

    assert (found.level, found.said) == ("doubtful", f"{SELECTOR} has our key, of 1024 bits; Google advises 2048")


def test_mails_that_nobody_here_signs_are_a_doubt(tmp_path: Path) -> None:
    assert "unless mail.example.org does" in findings(tmp_path, GOOD, MAIL)["DKIM"].said


# -- DMARC


@pytest.mark.parametrize(
    ("records", "level", "said"),
    [
        (["v=DMARC1; p=none"], "good", "SPF and DKIM speak"),
        (["v=DMARC1;p=reject;rua=mailto:a@example.org"], "good", "SPF and DKIM speak"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "wrong", "has 2 DMARC records"),
        (["v=DMARC1; p=monitor"], "wrong", "has no policy that there is"),
        (["v=DMARC1"], "wrong", "has no policy that there is"),
        (["v=DMARC2; p=none"], "doubtful", "has no DMARC record"),
    ],
)
def test_a_policy_is_read_or_given(tmp_path: Path, records: list[str], level: str, said: str) -> None:
    zone = {**GOOD, "_dmarc.example.org": {"TXT": [f'"{one}"' for one in records]}}
    found = findings(tmp_path, zone)["DMARC"]

    assert (found.level, said in found.said) == (level, True), found.said


@pytest.mark.parametrize(
    ("sender", "bounces", "signs", "policy", "level", "said"),
    [
        (
            "news.example.org",
            "example.org",
            "",
            "p=reject",
            "good",
            "at _dmarc.example.org; SPF speaks for news.example",
        ),
        ("news.example.org", "back.example.org", "", "p=reject", "good", "SPF speaks for news.example.org"),
        (
            "example.org",
            "back.example.org",
            "",
            "p=reject; aspf=s",
            "doubtful",
            "SPF speaks for back.example.org, and no",
        ),
        ("example.org", "example.net", "example.org", "p=reject", "good", "DKIM speaks for example.org"),
        ("news.example.org", "example.net", "example.org", "p=reject; adkim=s", "wrong", "receivers reject our mails"),
        ("news.example.org", "example.net", "example.org", "p=none; adkim=s", "doubtful", "not for news.example.org"),
        (
            "news.example.org",
            "example.net",
            "example.org",
            "p=reject; sp=none; adkim=s",
            "doubtful",
            "DKIM for example.org",
        ),
    ],
)
def test_spf_or_the_signature_has_to_speak_for_the_domain_that_readers_see(
    tmp_path: Path, sender: str, bounces: str, signs: str, policy: str, level: str, said: str
) -> None:
    mail = f'\nfrom = "d@{sender}"\nbounces = "b@{bounces}"\ntransport = "sendmail"\n'
    if signs:
        mail += f'[mail.dkim]\nselector = "s1"\nkey_file = "dkim.pem"\ndomain = "{signs}"\n'
    zone = {**GOOD, "_dmarc.example.org": {"TXT": [f'"v=DMARC1; {policy}"']}}

    found = findings(tmp_path, zone, mail)["DMARC"]

    assert (found.level, said in found.said) == (level, True), found.said


# -- the rest


def test_a_domain_that_takes_no_mail_loses_what_comes_back(tmp_path: Path) -> None:
    mail = f'{MAIL}bounces = "b@null.example"\nunsubscribe = "stop@none.example"\n'
    found = findings(tmp_path, {**GOOD, "null.example": {"MX": ["0 ."]}}, mail)

    assert "says that it takes no mail" in found["mailbox b@null.example"].said
    assert "takes no mail (no MX, no address)" in found["mailbox stop@none.example"].said
    assert {found["mailbox b@null.example"].level, found["mailbox stop@none.example"].level} == {"wrong"}


def test_links_that_lead_nowhere_are_a_doubt(tmp_path: Path) -> None:
    def fails(url: str) -> None:
        assert url == "https://digest.example.org/healthz"
        raise SourceError("HTTP 502")

    assert "set [serve] base_url" in findings(tmp_path, GOOD, MAIL)["unsubscribing"].said
    assert "is not https" in findings(tmp_path, GOOD, MAIL + SERVED.replace("https", "http"))["unsubscribing"].said
    dead = findings(tmp_path, GOOD, answers=fails)["unsubscribing"]
    assert (dead.level, "lead nowhere: HTTP 502; run `digest serve` there" in dead.said) == ("doubtful", True)


def test_a_key_file_that_cannot_be_read_is_a_finding_of_its_own(tmp_path: Path) -> None:
    from digest.deliver.dkim import read_key

    found = findings(tmp_path, GOOD, key=lambda: read_key(tmp_path / "dkim.pem"))

    assert (found["DKIM"].level, "cannot be read" in found["DKIM"].said) == ("wrong", True)
    assert found["DMARC"].level == "good"
