"""Strangers who forge links, follow them, flood forms, and break out of fields: `tests.torture` in small."""

from __future__ import annotations

from pathlib import Path

from digest.core.subscribers.tokens import Link, Purpose
from tests.support.payloads import payloads
from tests.support.visiting import Visitors, dump
from tests.torture import visitors
from tests.torture.figures import check


def test_a_token_that_nobody_signed_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    check(visitors.forged(tmp_path, tokens=2_000, visits=150))


def test_following_every_link_of_mails_changes_nothing(tmp_path: Path) -> None:
    check(visitors.scanned(tmp_path, mails=20, papers=2, gets=2))


def test_a_network_that_floods_the_form_gets_twenty_mails_an_hour(tmp_path: Path) -> None:
    check(visitors.flooded(tmp_path, sign_ups=100))


def test_nothing_breaks_out_of_a_field(tmp_path: Path) -> None:
    check(visitors.broken_out(tmp_path, every=35))


def test_the_time_of_an_answer_does_not_tell_who_is_subscribed(tmp_path: Path) -> None:
    check(visitors.alike(tmp_path, each=60))


def test_there_are_as_many_payloads_as_are_asked_for() -> None:
    assert len(payloads()) >= 250


def test_the_search_for_faults_sees_them() -> None:
    assert visitors.faults_of_page("<p>a</p><a href='/b'>b</a>") == []
    for fault in (
        "<img src=x>",
        "<a href=javascript:x>",
        "<p onclick=x>",
        "<script>x</script>",
        "<a href=//evil.example>",
    ):
        assert visitors.faults_of_page(fault), fault


def test_a_form_that_another_site_sends_acts_on_its_token_alone(site: Visitors) -> None:
    one = site.subscribed()
    before = dump(site.opened.store)
    foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/", "Cookie": "session=1"}

    for path in ("/unsubscribe/x", "/confirm/x", "/", f"/unsubscribe/{one.pk}"):
        site.client.post(path, data={"stop": "this", "email": "ada@example.org"}, headers=foreign)

    assert dump(site.opened.store) == before


def test_a_link_in_a_mail_is_of_the_configured_address_whatever_host_a_visitor_names(site: Visitors) -> None:
    site.client.post("/subscribe", data={"email": "ada@example.org"}, headers={"Host": "evil.example"})

    (mail,) = site.mails()

    assert "evil.example" not in mail.as_string()
    assert site.link(mail, "confirm")


def test_a_body_beyond_the_bound_is_refused_before_anything_acts(site: Visitors) -> None:
    one = site.subscribed()
    path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"
    before = dump(site.opened.store)

    large = site.client.post(path, data={"stop": "x" * 100_000})
    unannounced = site.client.post(path, content=iter([b"x" * 50_000] * 3))
    many = site.client.post(path, content="&".join(f"a{n}=1" for n in range(1000)))
    broken = site.client.post(path, content=b"--x\r\nno", headers={"Content-Type": "multipart/form-data"})
    parts = site.client.post(path, files=[(f"a{n}", (f"{n}.bib", b"x")) for n in range(9)])

    assert [a.status_code for a in (large, unannounced, many, broken, parts)] == [413, 413, 400, 400, 400]
    assert "nothing was changed" in large.text
    assert dump(site.opened.store) == before
