"""SMTP against a server that answers as told, byte for byte: what counts as taken, and when a connection is of use."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, PutOffError, RefusedError
from digest.core.models import Mail
from digest.deliver import smtp_connection
from digest.deliver.smtp import SmtpMailer, port_hint
from digest.deliver.smtp_connection import Connection
from digest.store import SqlStore
from tests.fakes.clock import FakeClock
from tests.servers.flaky_smtp import REPLIES, Act, FlakySmtp, Rule
from tests.servers.flaky_smtp.server import Step
from tests.torture.mails import HIT, STEPS, cases, outcome

ADA, BOB, CLEO = "ada@example.org", "bob@example.org", "cleo@example.org"
OLD, SOON = datetime(2001, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def mail(recipient: str = ADA, content: bytes = b"Message-ID: <1@x>\r\n\r\nHello\r\n") -> Mail:
    return Mail(sender="digest@example.org", recipient=recipient, message_id="<1@x>", content=content)


def nothing() -> None:
    pass


@contextmanager
def talk(*rules: Rule, server: dict[str, Any] | None = None, **changes: Any) -> Iterator[tuple[FlakySmtp, SmtpMailer]]:
    """A server with these rules, and a mailer for it."""
    with FlakySmtp(list(rules), **(server or {})) as flaky:
        values = {"host": "127.0.0.1", "port": flaky.port, "security": "none", "timeout_s": 20.0, "after_dot_s": 20.0}
        with SmtpMailer(**{**values, **changes}) as mailer:
            yield flaky, mailer


def fails(mailer: SmtpMailer, recipient: str = ADA, before_dot: Callable[[], None] = nothing) -> DeliveryError:
    """How the mail is not delivered."""
    with pytest.raises(DeliveryError) as caught:
        mailer.send(mail(recipient), before_dot=before_dot)
    return caught.value


# -- behind the final dot


@pytest.mark.parametrize("code", [200, 250, 251, 252, 259, 299])
def test_every_whole_2xx_behind_the_dot_is_sent(code: int) -> None:
    with talk(Rule("DOT", Act(say=b"%d yes\r\n" % code))) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        mailer.send(mail(BOB), before_dot=nothing)

    assert (server.connections, server.taken(ADA), server.taken(BOB)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"400 later\r\n", PutOffError),
        (b"499 later\r\n", PutOffError),
        (b"452-4.3.1 one\r\n452 4.3.1 two\r\n", PutOffError),
        (b"500 no\r\n", RefusedError),
        (b"552 no\r\n", RefusedError),
        (b"599 no\r\n", RefusedError),
        (b"554 5.7.1 no\r\n", DeliveryError),
    ],
)
def test_a_whole_4xx_or_5xx_behind_the_dot_is_not_taken_and_the_connection_goes_on(
    said: bytes, kind: type[DeliveryError]
) -> None:
    with talk(Rule("DOT", Act(say=said), times=1)) as (server, mailer):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is kind
    assert said[:3].decode() in str(error)
    assert (server.connections, server.count("RSET"), server.taken(BOB)) == (1, 1, 1)


@pytest.mark.parametrize(
    "name", [name for name, _ in cases("DOT") if name.endswith("(taken)") and "stalls" not in name]
)
def test_whatever_is_no_whole_answer_behind_the_dot_is_in_doubt_and_ends_the_connection(name: str) -> None:
    act = dict(cases("DOT"))[name]
    with talk(Rule("DOT", act, times=1)) as (server, mailer):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is InDoubtError
    assert "may have been delivered" in str(error)
    assert (server.connections, server.taken(BOB)) == (2, 1)


@pytest.mark.parametrize("said", [b"", b"250 OK"])
def test_a_server_that_goes_silent_behind_the_dot_is_given_its_own_time(said: bytes) -> None:
    with talk(Rule("DOT", Act(say=said, then="stall")), after_dot_s=0.1) as (_, mailer):
        error = fails(mailer)

    assert type(error) is InDoubtError
    assert "no answer within 0.1 s" in str(error)


def test_an_answer_that_drips_in_is_waited_for_no_longer_than_one_that_does_not_come() -> None:
    # A server that sends a byte a minute would take hours; its clock is ours.
    times = iter(range(0, 10_000, 40))
    drips = Rule("DOT", Act(say=b"250-a\r\n" * 40, then="stall"))
    with talk(drips, timeout_s=600.0, after_dot_s=60.0, monotonic=lambda: float(next(times))) as (_, mailer):
        error = fails(mailer)

    assert "no answer within 60 s" in str(error)


@pytest.mark.parametrize("said", [b"250-and so on, and so on\r\n" * 4000, b"250 and so on" * 7000])
def test_an_answer_without_an_end_is_in_doubt(said: bytes) -> None:
    with talk(Rule("DOT", Act(say=said))) as (_, mailer):
        error = fails(mailer)

    assert type(error) is InDoubtError
    assert "its answer does not end" in str(error)


def test_the_time_for_the_dot_is_for_the_dot_alone() -> None:
    with talk(timeout_s=20.0, after_dot_s=600.0) as (_, mailer):
        mailer.send(mail(), before_dot=nothing)

        # A server that never answers would take as long as it says.
        assert mailer._connected().patience_s == 20.0


def test_a_reply_of_421_behind_the_dot_is_a_refusal_and_ends_the_connection() -> None:
    with talk(Rule("DOT", Act(say=b"421 4.3.2 closing\r\n"), times=1)) as (server, mailer):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is PutOffError
    assert (server.connections, server.count("RSET"), server.taken(BOB)) == (2, 0, 1)


# -- before the final dot


@pytest.mark.parametrize("code", [200, 250, 251, 252])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_every_2xx_to_sender_and_recipient_is_a_yes(step: Step, code: int) -> None:
    with talk(Rule(step, Act(say=b"%d yes\r\n" % code))) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)

    assert server.taken(ADA) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("said", [b"334 what\r\n", b"OK\r\n", b"250-yes\r\n451 no\r\n", b"25\r\n", b""])
def test_an_odd_answer_before_the_dot_delivers_nothing_and_ends_the_connection(step: Step, said: bytes) -> None:
    act = Act(say=said, then="go on" if said else "hang up")
    dots: list[bool] = []
    with talk(Rule(step, act, times=1)) as (server, mailer):
        error = fails(mailer, before_dot=lambda: dots.append(True))
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is DeliveryError
    assert "it is tried again by the next run" in str(error)
    assert (dots, server.connections, server.record) == ([], 2, [(BOB, "<1@x>")])


def test_a_2xx_to_data_is_no_leave_to_send_the_mail() -> None:
    with talk(Rule("DATA", Act(say=b"250 OK\r\n"), times=1)) as (server, mailer):
        error = fails(mailer)

    assert type(error) is DeliveryError
    assert (server.commands.count("DATA"), server.record) == (1, [])


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_refusal_leaves_the_connection_for_the_next_mail(step: Step) -> None:
    with talk(Rule(step, Act(say=b"451 later\r\n"), times=1)) as (server, mailer):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is PutOffError
    assert (server.connections, server.count("RSET"), server.taken(BOB)) == (1, 1, 1)


@pytest.mark.parametrize("said", [b"500 what\r\n", b"354 what\r\n", b"300 what\r\n", b"199 what\r\n", b"OK\r\n"])
def test_a_connection_that_cannot_be_reset_after_a_refusal_is_dropped(said: bytes) -> None:
    with talk(Rule("RCPT", Act(say=b"550 5.1.1 no\r\n"), times=1), Rule("RSET", Act(say=said), times=1)) as (
        server,
        mailer,
    ):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert type(error) is RefusedError
    assert (server.connections, server.taken(BOB)) == (2, 1)


def test_any_2xx_is_leave_to_go_on_after_a_refusal() -> None:
    rules = (Rule("RCPT", Act(say=b"550 5.1.1 no\r\n"), times=1), Rule("RSET", Act(say=b"200 OK\r\n")))
    with talk(*rules) as (server, mailer):
        fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert (server.connections, server.taken(BOB)) == (1, 1)


def test_a_server_that_hangs_up_on_the_body_has_not_got_the_mail() -> None:
    gone = threading.Event()
    hang_up = Rule("BODY", Act(then="hang up"), times=1)
    with talk(hang_up) as (server, mailer):
        # The moment between body and dot is where the store writes; until then the server's good-bye has arrived.
        original = server._act

        def act(talk: Any, step: Step, *rest: Any) -> bool:
            goes_on = original(talk, step, *rest)
            if step == "BODY" and not goes_on:
                talk.sock.shutdown(socket.SHUT_RDWR)
                gone.set()
            return goes_on

        server._act = act  # type: ignore[method-assign]
        error = fails(mailer, before_dot=lambda: [gone.wait(20), None][1])

    assert type(error) is DeliveryError
    assert server.record == []


def test_a_server_that_speaks_out_of_turn_is_not_believed() -> None:
    twice = Rule("MAIL", Act(say=b"250 OK\r\n250 OK\r\n"), times=1)
    with talk(twice, Rule("RCPT", Act(say=b"550 5.1.1 no such user\r\n"))) as (server, mailer):
        error = fails(mailer)

    assert type(error) is DeliveryError
    assert "without being asked" in str(error)
    assert server.record == []


def test_an_answer_that_comes_before_the_dot_is_no_answer_to_it() -> None:
    early = Rule("DATA", Act(say=b"354 go on\r\n250 OK\r\n"))
    dots: list[bool] = []
    with talk(early) as (server, mailer):
        error = fails(mailer, before_dot=lambda: dots.append(True))

    assert type(error) is DeliveryError
    assert (dots, server.record) == ([], [])


def test_a_mail_that_must_not_go_out_after_all_does_not() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with talk() as (server, mailer):
        with pytest.raises(KeyboardInterrupt):
            mailer.send(mail(), before_dot=stop)
        mailer.send(mail(BOB), before_dot=nothing)

    assert (server.connections, server.record) == (2, [(BOB, "<1@x>")])


def test_dots_are_doubled_and_the_last_line_is_ended() -> None:
    with talk() as (server, mailer):
        mailer.send(mail(content=b"A: b\r\n\r\n.one\r\n..two\r\na.b"), before_dot=nothing)

    assert server.bodies == [b"A: b\r\n\r\n..one\r\n...two\r\na.b\r\n"]


def test_a_mail_that_no_buffer_holds_goes_out_whole() -> None:
    content = b"A: b\r\n\r\n" + (b"y" * 990 + b"\r\n") * 5_000
    with talk() as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        mailer.send(mail(BOB, content), before_dot=nothing)

    assert server.bodies[1] == content


def test_the_lone_dot_does_not_wait_for_the_server_to_acknowledge_the_body() -> None:
    with talk() as (_, mailer):
        mailer.check("digest@example.org")

        # How long that is depends on the machine; that it is asked for does not.
        sock = mailer._connected().sock
        assert sock is not None
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_what_a_server_says_cannot_act_on_a_terminal() -> None:
    with talk(Rule("RCPT", Act(say=b"550 5.1.1 \x1b[31mno\x07 \xc2\x9b2J such user\r\n"))) as (_, mailer):
        error = fails(mailer)

    assert str(error) == "refused: 550 5.1.1 no such user"


def test_a_long_answer_is_cut() -> None:
    with talk(Rule("RCPT", Act(say=b"550 5.1.1 " + b"x" * 5000 + b"\r\n"))) as (_, mailer):
        assert str(fails(mailer)) == "refused: 550 5.1.1 " + "x" * 294


# -- the connection by itself


@contextmanager
def connected(*rules: Rule) -> Iterator[tuple[FlakySmtp, Connection]]:
    with FlakySmtp(list(rules)) as server:
        connection = Connection("127.0.0.1", server.port, local_name="me", timeout_s=20.0)
        yield server, connection
        connection.close()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (Act(say=b"250 hello\r\n", then="hang up"), "it hung up"),
        (Act(say=b"250 hello\r\n", then="reset"), "the connection broke: .*reset"),
        (Act(say=b"250 hello\r\n421 no time\r\n", then="hang up"), "it said '421 no time' without being asked"),
    ],
)
def test_what_happened_while_nobody_looked_is_found_before_the_next_command(act: Act, said: str) -> None:
    with connected(Rule("EHLO", act)) as (server, connection):
        connection.ehlo()
        server.await_end()

        with pytest.raises(smtplib.SMTPServerDisconnected, match=said):
            connection.docmd("NOOP")

        assert connection.sock is None
        assert len(server.commands) == 1


def test_a_server_that_is_there_and_silent_is_as_it_should_be() -> None:
    with connected() as (_, connection):
        connection.expect_silence()

        assert connection.docmd("NOOP") == (250, b"2.0.0 OK")


def test_what_is_sent_has_its_time_however_long_was_listened() -> None:
    with connected() as (_, connection):
        assert connection.sock is not None
        connection.expect_silence()
        after_a_look = connection.sock.gettimeout()
        connection.docmd("NOOP")

        assert (after_a_look, connection.sock.gettimeout()) == (20.0, 20.0)


def test_a_closed_connection_neither_asks_nor_hears() -> None:
    with connected() as (_, connection):
        connection.close()

        for use in (connection.noop, connection.getreply, connection.expect_silence):
            with pytest.raises(smtplib.SMTPServerDisconnected, match="is closed"):
                use()


def test_what_stands_behind_an_answer_that_ended_the_connection_answers_nothing() -> None:
    with connected(Rule("EHLO", Act(say=b"250-one\r\n451 two\r\n250 three\r\n"))) as (_, connection):
        with pytest.raises(smtplib.SMTPServerDisconnected, match="disagree"):
            connection.ehlo()

        with pytest.raises(smtplib.SMTPServerDisconnected, match="is closed"):
            connection.getreply()


def test_a_connection_that_breaks_while_an_answer_is_waited_for_is_closed() -> None:
    with connected(Rule("EHLO", Act(then="reset"))) as (_, connection):
        with pytest.raises(smtplib.SMTPServerDisconnected, match=r"the connection broke: .*reset"):
            connection.ehlo()

        assert connection.sock is None


def test_a_line_feed_alone_is_no_reply() -> None:
    with (
        connected(Rule("EHLO", Act(say=b"\n"))) as (_, connection),
        pytest.raises(smtplib.SMTPServerDisconnected, match="its answer '' is no reply of SMTP"),
    ):
        connection.ehlo()


def test_the_last_moment_counts_and_none_after_it() -> None:
    with connected(Rule("EHLO", Act(say=b"250-a\r\n25", then="stall"))) as (_, connection):
        times = iter([0.0, 19.5, 20.0])
        connection.monotonic = lambda: next(times)

        with pytest.raises(smtplib.SMTPServerDisconnected, match=r"timed out: no answer within 20 s, but for '25'"):
            connection.ehlo()


def test_the_dot_may_take_ten_minutes() -> None:
    assert smtp_connection.AFTER_DOT_S == 600  # RFC 5321, 4.5.3.2.6


# -- connections that end


@pytest.mark.parametrize(
    "rule",
    [
        Rule("MAIL", Act(say=b"421 4.7.0 too many mails in one session\r\n", then="hang up"), from_mail=3),
        Rule("MAIL", Act(say=b"421 4.7.0 too many mails in one session\r\n"), from_mail=3),
        Rule("MAIL", Act(say=b"451 4.7.0 too many mails in one session\r\n"), from_mail=3),
        Rule("MAIL", Act(say=b"554 5.5.1 too many mails in one session\r\n"), from_mail=3),
        Rule("MAIL", Act(then="hang up"), from_mail=3),
        Rule("MAIL", Act(then="reset"), from_mail=3),
        Rule("RCPT", Act(say=b"421 4.7.0 enough\r\n", then="hang up"), from_mail=3),
        Rule("RCPT", Act(then="hang up"), from_mail=3),
        Rule("DATA", Act(say=b"421 4.7.0 enough\r\n"), from_mail=3),
        Rule("DOT", Act(say=b"250 OK\r\n", then="hang up"), from_mail=2),
        Rule("DOT", Act(say=b"250 OK\r\n421 4.7.0 enough\r\n", then="hang up"), from_mail=2),
        Rule("DOT", Act(say=b"250 OK\r\n421 4.7.0 enough\r\n"), from_mail=2),
    ],
    ids=lambda rule: f"{rule.step} {rule.act.say.decode()[:3]} {rule.act.then}",
)
def test_a_server_that_ends_connections_after_two_mails_gets_six_over_three(rule: Rule) -> None:
    people = [f"{n}@example.org" for n in range(6)]
    with talk(rule) as (server, mailer):
        for one in people:
            mailer.send(mail(one), before_dot=nothing)

    assert [to for to, _ in server.record] == people
    assert server.connections == 3


def test_a_mail_that_breaks_two_connections_waits_for_the_next_run() -> None:
    with talk(Rule("RCPT", Act(then="hang up"), recipients={BOB})) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        error = fails(mailer, BOB)
        mailer.send(mail(CLEO), before_dot=nothing)

    assert type(error) is DeliveryError
    assert "it hung up without an answer" in str(error)
    assert (server.connections, len(server.record)) == (3, 2)


def test_a_new_connection_that_breaks_is_not_opened_again_for_the_same_mail() -> None:
    with talk(Rule("MAIL", Act(then="hang up"))) as (server, mailer):
        fails(mailer)

    assert server.connections == 1


def test_a_mail_behind_whose_dot_a_connection_breaks_is_not_sent_over_a_new_one() -> None:
    with talk(Rule("DOT", Act(then="hang up", takes=True), from_mail=2)) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        error = fails(mailer, BOB)

    assert type(error) is InDoubtError
    assert (server.connections, server.taken(BOB)) == (1, 1)


def test_the_connection_is_ended_with_a_word_where_it_can_be() -> None:
    with talk() as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        mailer.close()
        mailer.close()

        assert server.commands[-1].upper() == "QUIT"
    assert server.count("QUIT") == 1


def test_the_good_bye_is_not_waited_for_as_long_as_an_answer() -> None:
    with talk(timeout_s=20.0) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)
        connection = mailer._connected()
        mailer.close()

    assert (connection.patience_s, server.count("QUIT")) == (5.0, 1)


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 too busy\r\n", b"250 hello\r\n"])
def test_a_server_that_does_not_greet_gets_no_mail_now(greeting: bytes) -> None:
    with talk(Rule("CONNECT", Act(say=greeting))) as (server, mailer):
        error = fails(mailer)

    assert type(error) is DeliveryError
    assert f"turned away this program: {greeting[:3].decode()}" in str(error)
    assert server.commands == []


def test_a_server_that_never_greets_is_given_up_with_a_hint_at_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mailer = SmtpMailer(host="127.0.0.1", port=listener.getsockname()[1], security="starttls", timeout_s=0.05)

        assert "no answer within 0.05 s" in str(fails(mailer))


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_a_connection_that_fails_at_an_odd_port_comes_with_the_hint(
    monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    # Nobody listens there any more, and nobody may listen at the real one.
    monkeypatch.setattr("digest.deliver.smtp._TLS_PORT", port)

    error = fails(SmtpMailer(host="127.0.0.1", port=port, security=security))

    assert type(error) is DeliveryError
    assert "refused; port 465 is for encryption from the start: security = 'tls'" in str(error)


def test_a_host_that_nobody_knows_is_looked_for_in_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    # Asking for a name would leave the machine.
    monkeypatch.setattr("socket.create_connection", unknown)

    error = fails(SmtpMailer(host="smtp.example.org", port=587, security="starttls"))

    assert type(error) is DeliveryError
    assert "smtp.example.org:587: [Errno -2] Name or service not known; check [mail] host" in str(error)


def test_a_server_that_never_begins_to_encrypt_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mailer = SmtpMailer(host="127.0.0.1", port=listener.getsockname()[1], security="tls", timeout_s=0.05)

        assert "timed out" in str(fails(mailer))


@pytest.mark.parametrize(
    ("port", "security", "hint"),
    [(465, "starttls", "'tls'"), (465, "none", "'tls'"), (587, "tls", "'starttls'"), (25, "tls", "'starttls'")],
)
def test_a_port_that_seldom_goes_with_the_security_gets_a_hint(port: int, security: str, hint: str) -> None:
    assert f"security = {hint}" in port_hint(port, security)


@pytest.mark.parametrize(("port", "security"), [(465, "tls"), (587, "starttls"), (25, "none"), (2525, "tls")])
def test_other_ports_get_no_hint(port: int, security: str) -> None:
    assert port_hint(port, security) == ""


# -- login


LOGIN = {"username": "me", "password": "secret"}


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("535 5.7.8 Error: authentication failed", "check [mail] username and password_env"),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
            "provider has to allow passwords",
        ),
        ("534 5.7.9 Application-specific password required", "make an app password"),
        ("500 5.5.1 what", "check [mail] username and password_env"),
    ],
)
@pytest.mark.parametrize("offers", ["AUTH CRAM-MD5 LOGIN PLAIN", "auth plain login", "AUTH=LOGIN", "AUTH CRAM-MD5"])
def test_a_refused_login_is_tried_once_with_one_method_and_the_servers_words_are_told(
    said: str, advice: str, offers: str
) -> None:
    with talk(Rule("AUTH", Act(say=said.encode() + b"\r\n")), server={"offers": (offers,)}, **LOGIN) as (
        server,
        mailer,
    ):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert f"refused the login of 'me' ({said[:3]}): " in str(error)
    assert said[4:] in str(error)
    assert advice in str(error)
    assert "secret" not in str(error)
    assert server.count("AUTH") == 1


@pytest.mark.parametrize(
    ("offers", "command"),
    [
        ("AUTH LOGIN CRAM-MD5 PLAIN", "AUTH PLAIN AG1lAHNlY3JldA=="),
        ("AUTH CRAM-MD5 LOGIN", "AUTH LOGIN bWU="),
        ("AUTH XOAUTH2 CRAM-MD5", "AUTH CRAM-MD5"),
    ],
)
def test_the_simplest_method_that_is_offered_is_taken(offers: str, command: str) -> None:
    with talk(server={"offers": (offers,)}, **LOGIN) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)

    assert [line for line in server.commands if line.startswith("AUTH")] == [command]
    assert server.taken(ADA) == 1


def test_a_login_that_is_out_of_order_now_is_no_wrong_password() -> None:
    act = Act(say=b"454 4.7.0 Temporary authentication failure\r\n")
    with talk(Rule("AUTH", act), server={"offers": ("AUTH PLAIN LOGIN",)}, **LOGIN) as (server, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert "takes no login now: 454 4.7.0 Temporary authentication failure; it is tried again" in str(error)
    assert "password" not in str(error)
    assert server.count("AUTH") == 1


def test_a_server_that_takes_tokens_alone_is_said_to() -> None:
    with talk(server={"offers": ("AUTH XOAUTH2 OAUTHBEARER",)}, **LOGIN) as (server, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert "takes no password: it offers XOAUTH2, OAUTHBEARER alone" in str(error)
    assert server.count("AUTH") == 0


def test_a_server_without_a_login_is_said_to_be_and_that_the_line_may_be_why() -> None:
    with talk(**LOGIN) as (_, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert "offers no login, perhaps because the line is not encrypted" in str(error)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_server_that_wants_a_login_ends_the_delivery_and_the_keys_are_named(step: Step, code: int) -> None:
    with talk(Rule(step, Act(say=b"%d 5.7.0 Authentication required\r\n" % code))) as (server, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert f"wants a login before it takes mails: {code} 5.7.0 Authentication required; set [mail] username" in str(
        error
    )
    assert server.record == []


def test_the_sender_can_be_asked_about_without_a_mail() -> None:
    with talk() as (server, mailer):
        mailer.check("digest@example.org")
        mailer.send(mail(), before_dot=nothing)

    assert [line.split()[0].upper() for line in server.commands] == [*"EHLO MAIL RSET MAIL RCPT DATA QUIT".split()]


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (b"530 5.7.0 Must issue a STARTTLS command first\r\n", "wants a login before it takes mails: 530"),
        (b"553 5.7.1 not your address\r\n", "turned away the sender digest@example.org: 553"),
        (b"450 4.7.1 later\r\n", "takes no mail from digest@example.org now: 450"),
        (b"OK\r\n", "no mail could be handed to"),
    ],
)
def test_a_sender_that_is_not_taken_is_found_without_a_mail(said: bytes, match: str) -> None:
    with talk(Rule("MAIL", Act(say=said))) as (_, mailer), pytest.raises(DeliveryError, match=match):
        mailer.check("digest@example.org")


# -- encryption


def context_of(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({}, None),
        ({"not_after": OLD}, "has expired"),
        ({"not_before": SOON, "not_after": SOON.replace(year=2101)}, "is not valid yet"),
        ({"names": ["mail.example.net"]}, "is for another host"),
        ({"names": ["192.0.2.1"]}, "is for another host"),
        ({"authority": "other"}, "is not trusted (unable to get local issuer"),
        ({"authority": "other, sent along"}, "is not trusted (self-signed certificate in certificate chain"),
        ({"authority": "itself"}, "is not trusted, for it is self-signed"),
        ({"names": ["mail.example.net"], "host": "localhost"}, "is for another host"),
        ({"names": ["localhost"], "host": "localhost"}, None),
    ],
    ids=lambda value: str(value),
)
def test_each_fault_of_a_certificate_is_told_apart(
    authority: trustme.CA, ca_file: Path, security: str, what: dict[str, Any], said: str | None, tmp_path: Path
) -> None:
    if what.get("authority") == "itself":
        context = self_signed(tmp_path)
    else:
        signer = trustme.CA() if what.get("authority") else authority
        dates = {k: v for k, v in what.items() if k.startswith("not_")}
        cert = signer.issue_cert(*what.get("names", ["127.0.0.1"]), **dates)
        context = context_of(cert)
        if "sent along" in what.get("authority", ""):
            chain = tmp_path / "chain.pem"
            chain.write_bytes(cert.private_key_and_cert_chain_pem.bytes() + signer.cert_pem.bytes())
            context.load_cert_chain(chain)
    options = {"context": context, "implicit": security == "tls", "offers": ("STARTTLS",)}

    host = what.get("host", "127.0.0.1")
    with talk(server=options, host=host, security=security, ca_file=ca_file) as (server, mailer):
        if said is None:
            mailer.send(mail(), before_dot=nothing)
        else:
            error = fails(mailer)
            assert type(error) is MailUnavailable
            assert f"certificate that {said}" in str(error)
    assert server.taken(ADA) == (said is None)


def self_signed(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(OLD)
        .not_valid_after(SOON)
        .sign(key, hashes.SHA256())
    )
    path = folder / "self.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + cert.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (b"454 4.7.0 TLS not available due to local problem\r\n", "the next run tries again"),
        (b"400 later\r\n", "the next run tries again"),
        (b"500 what\r\n", "check [mail] port and security"),
        (b"502 5.5.1 not implemented\r\n", "check [mail] port and security"),
    ],
)
def test_a_refused_starttls_sends_nothing_and_says_whether_to_wait(said: bytes, advice: str) -> None:
    with talk(Rule("STARTTLS", Act(say=said)), server={"offers": ("STARTTLS",)}, security="starttls", **LOGIN) as (
        server,
        mailer,
    ):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert f"refused STARTTLS: {said.decode().strip()}" in str(error)
    assert advice in str(error)
    assert server.count("AUTH") == server.count("MAIL") == 0


@pytest.mark.parametrize(
    ("security", "login", "rule"),
    [
        ("starttls", {}, Rule("QUIT", Act(say=b"221 bye\r\n"))),
        ("none", LOGIN, Rule("AUTH", Act(say=b"535 no\r\n"))),
    ],
)
def test_a_connection_that_is_not_safe_or_not_logged_in_is_not_used_for_the_next_mail(
    security: str, login: dict[str, str], rule: Rule
) -> None:
    with talk(rule, server={"offers": ("AUTH PLAIN",)}, security=security, **login) as (server, mailer):
        errors = [type(fails(mailer, one)) for one in (ADA, BOB)]

    assert errors == [MailUnavailable] * 2
    assert (server.count("MAIL"), server.record, server.connections) == (0, [], 2)


def test_a_connection_that_was_not_introduced_is_not_used_for_the_next_mail() -> None:
    with talk(Rule("EHLO", Act(say=b"500 what\r\n"), times=2)) as (server, mailer):
        error = fails(mailer)
        mailer.send(mail(BOB), before_dot=nothing)

    assert "turned away this program: 500 what" in str(error)
    assert [line.split()[0].upper() for line in server.commands] == "EHLO HELO EHLO MAIL RCPT DATA QUIT".split()


def test_nothing_that_was_said_on_the_open_line_counts_on_the_safe_one(authority: trustme.CA, ca_file: Path) -> None:
    injected = Act(say=b"220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n")
    options = {"context": context_of(authority.issue_cert("127.0.0.1")), "offers": ("STARTTLS",)}
    with talk(Rule("STARTTLS", injected), server=options, security="starttls", ca_file=ca_file, **LOGIN) as (
        server,
        mailer,
    ):
        fails(mailer)

    assert server.count("AUTH") == server.count("MAIL") == 0


def test_a_server_that_does_not_encrypt_from_the_start_is_told_from_one_with_a_bad_certificate() -> None:
    with talk(security="tls") as (_, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert "no safe connection" in str(error)
    assert "check [mail] host, port, security" in str(error)


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_certificates_that_cannot_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with talk(security="tls", ca_file=path) as (_, mailer):
        error = fails(mailer)

    assert type(error) is MailUnavailable
    assert f"[mail] ca_file {path} cannot be read: " in str(error)
    assert "Errno" not in str(error)


# -- refusals


def test_the_same_refusal_has_the_same_code_whatever_words_go_with_it() -> None:
    def code(said: bytes) -> str:
        with talk(Rule("RCPT", Act(say=said))) as (_, mailer):
            error = fails(mailer)
        assert isinstance(error, RefusedError)
        return error.code

    assert code(b"550 5.1.1 ada is not known\r\n") == code(b"550 5.1.1 bob is not known\r\n") == "RCPT 550 5.1.1"
    assert code(b"550 no\r\n") == "RCPT 550"


# -- six recipients, three runs: the whole table is `python -m tests.torture smtp-replies`

_KINDS = (
    "250 2.0.0 OK",
    "252 cannot verify, but will take it",
    "354 go on",
    "421, hangs up",
    "451 local error",
    "530 5.7.0 Authentication required",
    "550 5.1.1 no such user",
    "550 mailbox unavailable",
    "552 too much data",
    "554 5.7.1 Relay access denied",
    "OK",
    "250 and 550 in one",
    "250 without line end, hangs up",
    "hangs up",
)


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def store(clock: FakeClock) -> Iterator[SqlStore]:
    with SqlStore.open("sqlite://", clock=clock) as opened:
        yield opened


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", _KINDS)
def test_an_odd_answer_to_three_of_six_costs_nobody_a_second_mail_and_the_others_nothing(
    store: SqlStore, clock: FakeClock, step: Step, name: str
) -> None:
    for variant, act in cases(step):
        if variant.partition(" (")[0] == name:
            found = outcome(store, clock, variant, step, act)

            assert (found.twice, found.lost) == (0, 0), str(found)
            assert found.taken[::2] == (1, 1, 1), str(found)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", _KINDS)
def test_an_odd_answer_to_all_in_one_run_fails_nobody_for_good(
    store: SqlStore, clock: FakeClock, step: Step, name: str
) -> None:
    for variant, act in cases(step):
        if variant.partition(" (")[0] == name:
            found = outcome(store, clock, variant, step, act, once=True)

            assert (found.twice, found.lost, found.open) == (0, 0, 0), str(found)


def test_there_are_more_than_forty_replies_and_half_of_the_recipients_get_them() -> None:
    assert len(REPLIES) >= 40
    assert len(HIT) == 3
