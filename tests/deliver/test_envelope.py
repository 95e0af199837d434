"""The envelope: letters beyond ASCII, where a mail comes back to, and mails that a server has said are too large."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from digest.core.errors import DeliveryError, RefusedError
from digest.deliver.envelope import Envelope, envelope_of
from digest.deliver.smtp import SmtpMailer
from tests.servers.flaky_smtp import FlakySmtp
from tests.support.mails import mail, nothing

EIGHT_BIT = "From: a@example.org\r\nTo: grüße@example.org\r\n\r\nOne\r\n".encode()


@contextmanager
def talk(*offers: str, **changes: Any) -> Iterator[tuple[FlakySmtp, SmtpMailer]]:
    with FlakySmtp(offers=offers) as server:
        values = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_s": 20.0}
        with SmtpMailer(**{**values, **changes}) as mailer:
            yield server, mailer


@pytest.mark.parametrize(
    ("recipient", "told", "is_international"),
    [
        ("ada@example.org", "ada@example.org", False),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", False),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example", False),
        ("grüße@example.org", "grüße@example.org", True),
        ("用户@例子.example", "用户@xn--fsqu00a.example", True),
        ("ada@localhost", "ada@localhost", False),
        ("ada", "ada", False),
    ],
)
def test_a_domain_is_told_in_ascii_and_only_what_stands_before_it_needs_more(
    recipient: str, told: str, is_international: bool
) -> None:
    assert envelope_of(mail(recipient=recipient)) == Envelope("digest@example.org", told, is_international)


def test_a_domain_that_no_server_has_is_a_sentence() -> None:
    with pytest.raises(DeliveryError, match="letters that no domain has"):
        envelope_of(mail(recipient="ada@a\u2024b..example"))


@pytest.mark.parametrize(
    "recipient", ["a b@x.org", "a@x.org> SIZE=1", "a@x.org\r\nDATA", "a@x.org\tb", "<a@x.org>", "a\0@x"]
)
def test_an_address_that_would_break_out_of_a_command_is_not_sent_to(recipient: str) -> None:
    with talk() as (server, mailer), pytest.raises(DeliveryError, match="has blanks or brackets"):
        mailer.send(mail(recipient=recipient), before_dot=nothing)

    assert server.commands == []


def test_letters_in_a_header_need_what_they_need_in_an_address_and_those_of_the_text_do_not() -> None:
    assert envelope_of(mail(content=EIGHT_BIT)).is_international
    assert not envelope_of(mail(content="To: a@x.org\r\n\r\nGrüße\r\n".encode())).is_international


def test_a_mail_comes_back_to_where_bounces_are_read() -> None:
    with talk(returns_to="bounces@example.org") as (server, mailer):
        mailer.check("digest@example.org")
        mailer.send(mail(), before_dot=nothing)

    assert [line for line in server.commands if line.startswith("MAIL")] == ["MAIL FROM:<bounces@example.org>"] * 2


def test_a_server_that_knows_smtputf8_gets_the_address_as_it_is_written() -> None:
    with talk("SMTPUTF8", "8BITMIME") as (server, mailer):
        mailer.send(mail(recipient="grüße@bücher.example", content=EIGHT_BIT), before_dot=nothing)
        mailer.send(mail(), before_dot=nothing)

    assert [line for line in server.commands if line[:4] in ("MAIL", "RCPT")] == [
        "MAIL FROM:<digest@example.org> BODY=8BITMIME SMTPUTF8",
        "RCPT TO:<grüße@xn--bcher-kva.example>",
        "MAIL FROM:<digest@example.org>",
        "RCPT TO:<ada@example.org>",
    ]
    assert server.bodies[0] == EIGHT_BIT


def test_a_server_that_does_not_know_it_costs_that_recipient_alone_and_is_not_asked() -> None:
    with talk("8BITMIME") as (server, mailer):
        with pytest.raises(RefusedError, match=r"lacks SMTPUTF8.*another address") as caught:
            mailer.send(mail(recipient="grüße@example.org"), before_dot=nothing)
        mailer.send(mail(recipient="ada@bücher.example"), before_dot=nothing)

    assert "grüße" not in str(caught.value)
    assert (server.connections, server.count("MAIL"), server.taken("ada@xn--bcher-kva.example")) == (1, 1, 1)


@pytest.mark.parametrize(("size", "is_sent"), [("SIZE 40", False), ("SIZE 0", True), ("SIZE", True), ("SIZE 75", True)])
def test_a_mail_that_is_larger_than_the_server_takes_is_not_sent_and_not_refused_for_good(
    size: str, is_sent: bool
) -> None:
    with talk(size) as (server, mailer):
        if is_sent:
            mailer.send(mail(), before_dot=nothing)
        else:
            with pytest.raises(DeliveryError, match=r"takes mails of 40 bytes at most, and this one has \d+") as caught:
                mailer.send(mail(), before_dot=nothing)
            assert type(caught.value) is DeliveryError

    assert len(server.record) == server.count("MAIL") == is_sent


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_lone_dot_does_not_wait_on_a_safe_connection_either(
    authority: trustme.CA, ca_file: Path, security: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with (
        FlakySmtp(offers=("STARTTLS",), context=context, implicit=security == "tls") as server,
        SmtpMailer(host="127.0.0.1", port=server.port, security=security, ca_file=ca_file) as mailer,
    ):
        mailer.send(mail(), before_dot=nothing)

        sock = mailer._connected().sock
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
