"""`digest send-test`: the last issue to one address, and what the server says to it."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import date
from pathlib import Path

import pytest

from digest.app.usecases import sending_test
from digest.core.errors import AddressError, DeliveryError
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState
from digest.usecases.find import issue_of
from tests.conftest import NOON, paper
from tests.servers.flaky_smtp import Act, FlakySmtp, Rule
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest

DAY = date(2026, 6, 3)


def desk_at(folder: Path, server: FlakySmtp, more: str = "") -> Desk:
    """A desk with an issue whose mails are due."""
    mail = f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
    desk = Desk(folder, f"{CONFIG}\n{mail}{more}", {"PASSWORD": "of-the-server"})
    desk.feed(DAY, [paper(1)])
    desk.run(DAY, send=False)
    return desk


def test_the_last_issue_goes_to_one_address_and_nothing_is_written_down(tmp_path: Path) -> None:
    queued = Rule("DOT", Act(say=b"250 2.0.0 Ok: queued as 4F21\r\n"))
    lines: list[str] = []
    with FlakySmtp([queued]) as server:
        desk = desk_at(tmp_path, server)
        with desk.app() as app:
            sent = sending_test(app).send(
                issue_of(app.store, app.config, None, None), "me@example.net", heard=lines.append
            )
            again = sending_test(app).send(issue_of(app.store, app.config, "daily", DAY), "me@example.net")
            states = app.store.count_deliveries("daily", since=DAY, until=DAY)

    mail = email.message_from_bytes(server.bodies[0], policy=email.policy.default)
    assert (sent.issue, sent.recipient, sent.answer) == (
        f"daily/{DAY}",
        "me@example.net",
        "250 2.0.0 Ok: queued as 4F21",
    )
    assert (mail["To"], mail["Message-ID"]) == ("me@example.net", sent.message_id)
    assert "Paper number 1" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert sent.message_id != again.message_id
    assert states == {"due": 1}
    assert [line for line in lines if line.startswith("> ")] == [
        "> ehlo localhost",
        "> MAIL FROM:<digest@localhost>",
        "> RCPT TO:<me@example.net>",
        "> DATA",
        f"> {sent.size_bytes:,} bytes",
        "> .",
        "> quit",
    ]


def test_no_line_of_the_talk_holds_a_password(tmp_path: Path) -> None:
    lines: list[str] = []
    login = 'username = "me"\npassword_env = "PASSWORD"\n'
    with FlakySmtp(offers=("AUTH PLAIN",)) as server, desk_at(tmp_path, server, login).app() as app:
        sending_test(app).send(issue_of(app.store, app.config, None, None), "me@example.net", heard=lines.append)

    assert "> AUTH PLAIN …" in lines
    assert "< 235 2.7.0 welcome" in lines
    assert any("AG1lAG9mLXRoZS1zZXJ2ZXI=" in command for command in server.commands)
    assert not any("AG1lAG9m" in line or "of-the-server" in line for line in lines)


def test_what_the_server_refuses_is_told(tmp_path: Path) -> None:
    with (
        FlakySmtp([Rule("RCPT", Act(say=b"550 5.1.1 no such user\r\n"))]) as server,
        desk_at(tmp_path, server).app() as app,
        pytest.raises(DeliveryError, match="550 5.1.1 no such user"),
    ):
        sending_test(app).send(issue_of(app.store, app.config, None, None), "me@example.net")


def test_an_address_that_the_config_takes_is_taken_and_one_that_is_none_is_not(tmp_path: Path) -> None:
    with FlakySmtp() as server, desk_at(tmp_path, server).app() as app:
        issue = issue_of(app.store, app.config, None, None)
        sending_test(app).send(issue, "me@localhost")
        with pytest.raises(AddressError):
            sending_test(app).send(issue, "me")

    assert [to for to, _ in server.record] == ["me@localhost"]


@pytest.mark.parametrize(("runs", "has"), [(True, True), (False, False)])
def test_a_subscriber_gets_a_mail_of_their_subscription_while_it_runs(tmp_path: Path, runs: bool, has: bool) -> None:
    got = []
    with FlakySmtp() as server, desk_at(tmp_path, server).app() as app:
        one, _ = app.store.save_subscriber(
            parse_address("bob@example.org"), origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=NOON
        )
        found = app.store.save_subscription(
            one.pk, "daily", at=NOON, confirmed_at=NOON, stopped_at=None if runs else NOON
        )
        test = sending_test(app)
        letter = test.letter("daily")

        def noticing(issue: object, delivery: object, subscription: object) -> object:
            got.append(subscription)
            return letter(issue, delivery, subscription)  # type: ignore[arg-type]

        object.__setattr__(test, "letter", lambda _: noticing)
        test.send(issue_of(app.store, app.config, None, None), "Bob@example.org")

    assert got == [found if has else None]


def test_the_command_prints_the_answer_and_with_v_the_talk(tmp_path: Path) -> None:
    with FlakySmtp() as server:
        desk_at(tmp_path, server)

        plain = digest("send-test", "me@example.net", cwd=tmp_path)
        talk = digest("-v", "send-test", "me@example.net", "--json", cwd=tmp_path)

    assert (plain.returncode, "answer  250 2.0.0 OK" in plain.stdout, plain.stderr) == (0, True, "")
    assert json.loads(talk.stdout)["answer"] == "250 2.0.0 OK"
    assert "> RCPT TO:<me@example.net>" in talk.stderr


def test_without_an_issue_there_is_nothing_to_send(tmp_path: Path) -> None:
    Desk(tmp_path)

    done = digest("send-test", "me@example.net", cwd=tmp_path)

    assert (done.returncode, "daily has no issue yet" in done.stderr) == (1, True)
