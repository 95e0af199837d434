"""A login by XOAUTH2: where the token comes from, when it is asked for again, and that nobody reads it."""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from digest.core.errors import MailUnavailable
from digest.deliver.smtp import SmtpMailer
from digest.deliver.tokens import Tokens
from tests.servers.flaky_smtp import Act, FlakySmtp, Rule
from tests.servers.smtp import Sink
from tests.support.mails import mail, nothing

REFUSED = Rule("AUTH", Act(say=b"535 5.7.8 Username and Password not accepted\r\n"))


def tokens(folder: Path, code: str, **changes: Any) -> Tokens:
    """A program of Python; it is told in *code* how often it ran before, as `n`."""
    counted = f"import sys, pathlib\np = pathlib.Path('ran'); n = p.stat().st_size if p.exists() else 0\n{code}\n"
    (folder / "token.py").write_text(f"{counted}p.write_bytes(b'x' * (n + 1))\n")
    return Tokens(
        [sys.executable, "token.py", "--secret=of-the-program"],
        cwd=folder,
        environment={},
        **{"timeout_s": 60, **changes},
    )


def ran(folder: Path) -> int:
    return (folder / "ran").stat().st_size


@contextmanager
def talk(found: Tokens, *rules: Rule, offers: str = "AUTH PLAIN XOAUTH2") -> Iterator[tuple[FlakySmtp, SmtpMailer]]:
    with (
        FlakySmtp(list(rules), offers=(offers,)) as server,
        SmtpMailer(
            host="127.0.0.1", port=server.port, security="none", username="me@example.org", tokens=found
        ) as mailer,
    ):
        yield server, mailer


def said(server: FlakySmtp) -> list[str]:
    """What stood in the logins."""
    lines = [line.split() for line in server.commands if line.startswith("AUTH")]
    return [base64.b64decode(line[2]).decode() for line in lines]


def test_the_token_is_sent_in_the_form_of_xoauth2_and_asked_for_once(tmp_path: Path) -> None:
    found = tokens(tmp_path, "print('ya29.one')")

    for _ in range(2):
        with talk(found) as (server, mailer):
            mailer.send(mail(), before_dot=nothing)
            assert said(server) == ["user=me@example.org\x01auth=Bearer ya29.one\x01\x01"]

    assert ran(tmp_path) == 1


def test_a_token_that_is_refused_is_asked_for_once_more(tmp_path: Path) -> None:
    first = Rule("AUTH", REFUSED.act, times=1)
    with talk(tokens(tmp_path, "print(f'token-{n}')"), first) as (server, mailer):
        mailer.send(mail(), before_dot=nothing)

    assert [line.partition("Bearer ")[2].strip("\x01") for line in said(server)] == ["token-0", "token-1"]
    assert (server.connections, len(server.record)) == (2, 1)


@pytest.mark.parametrize(("code", "logins"), [("print(f'token-{n}')", 2), ("print('token')", 1)])
def test_a_login_is_given_up_after_two_tokens_and_the_same_one_is_not_tried_twice(
    tmp_path: Path, code: str, logins: int
) -> None:
    with talk(tokens(tmp_path, code), REFUSED) as (server, mailer), pytest.raises(MailUnavailable) as caught:
        mailer.send(mail(), before_dot=nothing)

    assert "refused the token for 'me@example.org': 535 5.7.8 Username and Password not accepted" in str(caught.value)
    assert "not a refresh token" in str(caught.value)
    assert "token-" not in str(caught.value)
    assert (server.count("AUTH"), ran(tmp_path)) == (logins, 2)


def test_a_login_that_is_out_of_order_now_costs_no_second_token(tmp_path: Path) -> None:
    later = Rule("AUTH", Act(say=b"454 4.7.0 Temporary authentication failure\r\n"))
    with (
        talk(tokens(tmp_path, "print('token')"), later) as (_, mailer),
        pytest.raises(MailUnavailable, match="takes no login now: 454 4.7.0"),
    ):
        mailer.send(mail(), before_dot=nothing)

    assert ran(tmp_path) == 1


def test_a_server_that_knows_no_tokens_is_said_to_and_none_is_asked_for(tmp_path: Path) -> None:
    with (
        talk(tokens(tmp_path, "print('token')"), offers="AUTH PLAIN LOGIN") as (_, mailer),
        pytest.raises(MailUnavailable, match="takes no login by XOAUTH2.* it offers PLAIN, LOGIN; take"),
    ):
        mailer.send(mail(), before_dot=nothing)

    assert not (tmp_path / "ran").exists()


def test_the_reason_that_a_server_gives_first_is_answered_with_nothing_as_it_wants(tmp_path: Path) -> None:
    heard: list[bytes] = []

    class Reasoning(Sink):
        async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 -- aiosmtpd's name
            await server.push("334 " + base64.b64encode(b'{"status":"401"}').decode())
            heard.append(await server._reader.readline())
            await server.push("535 5.7.8 expired")
            return AuthResult(success=False, handled=True)

    controller = Controller(Reasoning(), hostname="127.0.0.1", port=0, auth_require_tls=False)
    controller.port = _free()
    controller.start()
    try:
        with (
            SmtpMailer(
                host="127.0.0.1",
                port=controller.port,
                security="none",
                username="me",
                tokens=tokens(tmp_path, "print('token')"),
            ) as mailer,
            pytest.raises(MailUnavailable, match="535 5.7.8 expired"),
        ):
            mailer.send(mail(), before_dot=nothing)
    finally:
        controller.stop()

    assert heard == [b"\r\n"]


def _free() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the program


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("sys.exit('no refresh\\x1b[31m token')", "failed with status 1, and said: no refresh token; nothing was sent"),
        ("print('a-secret two'); print('three')", "printed something else than one token"),
        ("pass", "printed something else than one token"),
        ("print('ya29.é')", "printed something else than one token"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9"),
    ],
)
def test_a_program_that_gives_no_token_is_a_sentence_with_what_it_said(tmp_path: Path, code: str, match: str) -> None:
    with pytest.raises(MailUnavailable, match=match) as caught:
        tokens(tmp_path, code).get()

    assert "a-secret" not in str(caught.value)
    assert "of-the-program" not in str(caught.value)


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(MailUnavailable, match=r"did not end within 0.2 s and was stopped"):
        tokens(tmp_path, "import time; time.sleep(60)", timeout_s=0.2).get()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MailUnavailable, match="token_command: the program “no-such-program” is not there"):
        Tokens(["no-such-program"], cwd=tmp_path, environment={}).get()


def test_connections_that_are_refused_together_ask_once(tmp_path: Path) -> None:
    found = tokens(tmp_path, "print(f'token-{n}')")
    first = found.get()
    gate = threading.Barrier(4)

    def refused() -> str:
        gate.wait()
        return found.get(instead_of=first)

    with ThreadPoolExecutor(4) as pool:
        got = {future.result() for future in [pool.submit(refused) for _ in range(4)]}

    assert (got, ran(tmp_path)) == ({"token-1"}, 2)
