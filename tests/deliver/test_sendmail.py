"""Mails handed to a program: what it is told, what its exit status means, and when a mail is in doubt."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, PutOffError, RefusedError
from digest.deliver.sendmail import SendmailMailer
from tests.conftest import ROOT
from tests.support.mails import BODY, mail, nothing


def program(folder: Path, ends: str = "") -> Path:
    """A program that writes down what it is told, and then ends so."""
    path = folder / "sendmail"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys, time\n"
        "said = {'argv': sys.argv[1:], 'mail': sys.stdin.buffer.read().decode()}\n"
        f"with open({str(folder / 'journal')!r}, 'a') as file:\n    print(json.dumps(said), file=file)\n"
        f"{ends}\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def journal(folder: Path) -> list[dict[str, object]]:
    path = folder / "journal"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fails(folder: Path, ends: str, **changes: float) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        SendmailMailer(str(program(folder, ends)), **changes).send(mail(), before_dot=nothing)
    return caught.value


def test_a_program_gets_sender_and_recipient_and_the_mail_with_the_systems_line_ends(tmp_path: Path) -> None:
    with SendmailMailer(str(program(tmp_path)), returns_to="bounces@example.org") as mailer:
        mailer.send(mail(recipient="-ada@bücher.example"), before_dot=nothing)

    argv = ["-i", "-f", "bounces@example.org", "--", "-ada@xn--bcher-kva.example"]
    assert journal(tmp_path) == [{"argv": argv, "mail": BODY.decode().replace("\r\n", "\n")}]


def test_a_mail_of_megabytes_is_handed_over_whole(tmp_path: Path) -> None:
    content = b"A: b\r\n\r\n" + b"y" * 900 + b"\r\n" * 3_000_000
    SendmailMailer(str(program(tmp_path))).send(mail(content=content), before_dot=nothing)

    assert journal(tmp_path)[0]["mail"] == content.decode().replace("\r\n", "\n")


def test_a_program_that_reads_nothing_and_talks_much_does_not_stand_in_the_way(tmp_path: Path) -> None:
    path = program(tmp_path)
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.stderr.write('x' * 500_000)\nprint('y' * 500_000)\n")

    SendmailMailer(str(path)).send(mail(content=b"A: b\r\n\r\n" + b"y\r\n" * 100_000), before_dot=nothing)


def test_nothing_is_started_for_a_mail_that_must_not_go_out_after_all(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SendmailMailer(str(program(tmp_path))).send(mail(), before_dot=stop)

    assert journal(tmp_path) == []


@pytest.mark.parametrize("status", [64, 65, 66, 68, 69, 71, 72, 73, 77, 78])
def test_a_program_that_took_nothing_is_asked_again_by_the_next_run(tmp_path: Path, status: int) -> None:
    error = fails(tmp_path, f"sys.stderr.write('sendmail: queue full\\n'); sys.exit({status})")

    assert type(error) is DeliveryError
    assert f"(status {status}), and said: sendmail: queue full; it is tried again by the next run" in str(error)


def test_a_program_that_asks_to_try_later_puts_off_this_mail(tmp_path: Path) -> None:
    error = fails(tmp_path, "sys.stderr.write('sendmail: busy\\n'); sys.exit(75)")

    assert isinstance(error, PutOffError)
    assert not error.names_recipient
    assert "asks to try later (status 75), and said: sendmail: busy" in str(error)


def test_a_program_that_does_not_know_the_recipient_refuses_that_one(tmp_path: Path) -> None:
    error = fails(tmp_path, "sys.exit(67)")

    assert isinstance(error, RefusedError)
    assert (error.code, error.names_recipient) == ("RCPT 550 5.1.1", True)


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [
        ("msmtp: server message: 550 5.1.1 <x>: Recipient address rejected", True),
        ("msmtp: server message: 450 4.2.0 <x>: Greylisted", False),
        ("msmtp: server message: 550 5.7.1 relaying denied", False),
        ("msmtp: cannot connect to port 550", False),
    ],
)
def test_a_reply_that_the_program_quotes_tells_the_recipient_from_the_set_up(
    tmp_path: Path, said: str, is_refused: bool
) -> None:
    error = fails(tmp_path, f"sys.stderr.write({said!r}); sys.exit(69)")

    assert isinstance(error, RefusedError) == is_refused
    assert not isinstance(error, InDoubtError)


@pytest.mark.parametrize(
    "ends", ["sys.exit(1)", "sys.exit(70)", "sys.exit(74)", "sys.exit(76)", "os.kill(os.getpid(), 9)"]
)
def test_a_program_that_may_have_taken_the_mail_leaves_it_in_doubt(tmp_path: Path, ends: str) -> None:
    error = fails(tmp_path, ends)

    assert type(error) is InDoubtError
    assert "may have been delivered" in str(error)


def test_a_program_that_does_not_end_is_ended_and_may_have_taken_the_mail(tmp_path: Path) -> None:
    error = fails(tmp_path, "time.sleep(60)", timeout_s=0.3)

    assert type(error) is InDoubtError
    assert "did not end within 0.3 s and was stopped" in str(error)


def test_a_program_that_is_not_there_or_may_not_be_run_ends_the_delivery(tmp_path: Path) -> None:
    with pytest.raises(MailUnavailable, match="sendmail: the program .* is not there"):
        SendmailMailer(str(tmp_path / "none")).send(mail(), before_dot=nothing)
    (tmp_path / "text").write_text("not a program")
    with pytest.raises(MailUnavailable, match="may not be run"):
        SendmailMailer(str(tmp_path / "text")).send(mail(), before_dot=nothing)


def test_a_process_that_dies_leaves_no_half_mail_behind(tmp_path: Path) -> None:
    started, path = tmp_path / "started", program(tmp_path)
    waits = f"open({str(started)!r}, 'w'); parent = os.getppid()\nwhile os.getppid() == parent: time.sleep(0.01)\n"
    path.write_text(path.read_text().replace("said = ", f"{waits}said = "))
    os.mkfifo(tmp_path / "journal")
    dies = (
        "import os, threading, time\nfrom tests.support.mails import mail\n"
        "from digest.deliver.sendmail import SendmailMailer\n"
        "def die():\n"
        f"    while not os.path.exists({str(started)!r}): time.sleep(0.01)\n"
        "    os.kill(os.getpid(), 9)\n"
        "content = b'A: b\\r\\n\\r\\n' + b'y\\r\\n' * 100_000\n"
        f"SendmailMailer({str(path)!r}).send(mail(content=content), before_dot=threading.Thread(target=die).start)\n"
    )

    ended = subprocess.run([sys.executable, "-c", dies], cwd=ROOT, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert [len(str(one["mail"])) for one in journal(tmp_path)] == [6 + 200_000]
