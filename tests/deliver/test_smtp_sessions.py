"""Whole sessions with a server that behaves: encryption, login, refusals, and what is in doubt behind the final dot."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from digest.core.errors import DeliveryError, InDoubtError, PutOffError, RefusedError
from digest.deliver.smtp import SmtpMailer
from tests.servers.smtp import Sink
from tests.support.mails import BODY, mail, nothing


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Callable[..., tuple[Sink, int]]]:
    controllers: list[Controller] = []

    def start(*, starttls: bool = True, password: str | None = None, implicit_tls: bool = False) -> tuple[Sink, int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        options: dict[str, Any] = {}
        if password is not None:

            def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
                good = isinstance(data, LoginPassword) and data.password == password.encode()
                return AuthResult(success=good, handled=False)

            options = {"authenticator": check, "auth_required": True, "auth_require_tls": starttls}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        sink = Sink()
        controller = Controller(
            sink,
            hostname="127.0.0.1",
            port=port,
            tls_context=context if starttls and not implicit_tls else None,
            ssl_context=context if implicit_tls else None,
            **options,
        )
        controller.start()
        controllers.append(controller)
        return sink, port

    yield start
    for controller in controllers:
        controller.stop()


def test_a_mail_goes_over_starttls_with_a_login(serve: Any, ca_file: Path) -> None:
    sink, port = serve(password="right")
    dots: list[int] = []

    with SmtpMailer(
        host="127.0.0.1", port=port, security="starttls", username="me", password="right", ca_file=ca_file
    ) as mailer:
        mailer.send(mail(), before_dot=lambda: dots.append(len(sink.accepted)))
        mailer.send(mail(recipient="bob@example.org"), before_dot=nothing)

    assert [e.rcpt_tos for e in sink.accepted] == [["ada@example.org"], ["bob@example.org"]]
    assert sink.accepted[0].content == BODY
    assert sink.tls_seen == [True, True]
    assert dots == [0]


def test_a_mail_goes_over_tls_from_the_start(serve: Any, ca_file: Path) -> None:
    sink, port = serve(implicit_tls=True)

    with SmtpMailer(host="127.0.0.1", port=port, security="tls", ca_file=ca_file) as mailer:
        mailer.send(mail(), before_dot=nothing)

    assert len(sink.accepted) == 1


def test_a_wrong_password_is_named_with_the_key_to_check(serve: Any, ca_file: Path) -> None:
    sink, port = serve(password="right")

    with (
        SmtpMailer(
            host="127.0.0.1", port=port, security="starttls", username="me", password="wrong", ca_file=ca_file
        ) as mailer,
        pytest.raises(DeliveryError, match=r"refused the login of 'me' \(535\): check \[mail\] username") as error,
    ):
        mailer.send(mail(), before_dot=nothing)

    assert "wrong" not in str(error.value)
    assert not sink.accepted


def test_a_server_without_starttls_gets_no_mail(serve: Any) -> None:
    sink, port = serve(starttls=False)

    with (
        SmtpMailer(host="127.0.0.1", port=port, security="starttls") as mailer,
        pytest.raises(DeliveryError, match="does not offer what"),
    ):
        mailer.send(mail(), before_dot=nothing)

    assert not sink.accepted


def test_a_certificate_nobody_vouches_for_gets_no_mail(serve: Any) -> None:
    sink, port = serve()

    with (
        SmtpMailer(host="127.0.0.1", port=port, security="starttls") as mailer,
        pytest.raises(DeliveryError, match="no safe connection"),
    ):
        mailer.send(mail(), before_dot=nothing)

    assert not sink.accepted


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "error"), [("550 5.1.1 no such user", RefusedError), ("451 later", PutOffError)])
def test_a_refusal_is_for_good_or_for_now_and_the_next_mail_goes_out(
    serve: Any, step: str, reply: str, error: type[DeliveryError]
) -> None:
    sink, port = serve(starttls=False)
    sink.replies[step] = reply

    with SmtpMailer(host="127.0.0.1", port=port, security="none") as mailer:
        with pytest.raises(error, match=reply[:3]) as caught:
            mailer.send(mail(), before_dot=nothing)
        sink.replies.clear()
        mailer.send(mail(), before_dot=nothing)

    assert type(caught.value) is error
    assert len(sink.accepted) == 1


def test_no_server_is_a_sentence() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(DeliveryError, match=rf"no mail could be handed to 127.0.0.1:{port}: .*refused"):
        SmtpMailer(host="127.0.0.1", port=port, security="none").send(mail(), before_dot=nothing)


def silent_after_dot(listener: socket.socket) -> None:
    """A server that takes the whole mail and closes without an answer."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 hello\r\n")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
            elif line == b".\r\n":
                return
            elif b":" not in line or line[:4].upper() in (b"MAIL", b"RCPT", b"EHLO"):
                connection.sendall(b"250 OK\r\n") if line[:4].upper() in (b"MAIL", b"RCPT", b"EHLO", b"HELO") else None


def test_a_connection_lost_behind_the_dot_is_in_doubt_and_not_tried_again() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        server = threading.Thread(target=silent_after_dot, args=(listener,))
        server.start()
        dots: list[bool] = []

        with pytest.raises(InDoubtError, match="may have been delivered"):
            SmtpMailer(host="127.0.0.1", port=listener.getsockname()[1], security="none").send(
                mail(), before_dot=lambda: dots.append(True)
            )

        server.join(5)
    assert dots == [True]


def test_a_host_that_is_no_name_is_a_sentence() -> None:
    with pytest.raises(DeliveryError, match=r"\[mail\] host 'a\.\.b', username or password"):
        SmtpMailer(host="a..b", port=25, security="none").send(mail(), before_dot=nothing)


def test_a_password_that_smtp_cannot_carry_is_a_sentence_that_does_not_tell_it(serve: Any, ca_file: Path) -> None:
    _, port = serve(password="right")

    with (
        SmtpMailer(
            host="127.0.0.1", port=port, security="starttls", username="me", password="gehöim", ca_file=ca_file
        ) as mailer,
        pytest.raises(DeliveryError, match="username or password") as error,
    ):
        mailer.send(mail(), before_dot=nothing)

    assert "gehöim" not in str(error.value)


def test_a_server_that_turns_away_the_sender_refuses_no_mail_for_good(serve: Any) -> None:
    sink, port = serve(starttls=False)
    sink.replies["MAIL"] = "550 5.7.1 sender not allowed"

    with SmtpMailer(host="127.0.0.1", port=port, security="none") as mailer:
        with pytest.raises(DeliveryError, match=r"turned away the sender digest@example\.org: 550") as caught:
            mailer.send(mail(), before_dot=nothing)
        sink.replies.clear()
        mailer.send(mail(), before_dot=nothing)

    assert type(caught.value) is DeliveryError
    assert len(sink.accepted) == 1


def test_a_server_that_turns_everybody_away_refuses_no_mail_for_good() -> None:
    def turn_away() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"554 no service for your address\r\n")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        server = threading.Thread(target=turn_away)
        server.start()

        with pytest.raises(DeliveryError, match="turned away this program: 554") as caught:
            SmtpMailer(host="127.0.0.1", port=listener.getsockname()[1], security="none").send(
                mail(), before_dot=nothing
            )

        server.join(5)
    assert type(caught.value) is DeliveryError
