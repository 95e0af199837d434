"""The outbox: a whole file for each mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.core.errors import DeliveryError
from digest.core.subscribers.addresses import parse_address
from digest.deliver.outbox import OutboxMailer, remove_mails
from tests.support.mails import BODY, mail, nothing


def test_the_outbox_gets_one_complete_file_however_often_it_is_written(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path / "outbox")

    outbox.send(mail(), before_dot=nothing)
    outbox.send(mail(), before_dot=nothing)

    [file] = (tmp_path / "outbox").iterdir()
    assert file.name.startswith("daily-2026-06-03-ada-example-org-")
    assert file.suffix == ".eml"
    assert file.read_bytes() == BODY


def test_two_recipients_that_read_alike_get_two_files(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path)

    outbox.send(mail(recipient="a.b@example.org", message_id="<1@x>"), before_dot=nothing)
    outbox.send(mail(recipient="a-b@example.org", message_id="<2@x>"), before_dot=nothing)

    assert len(list(tmp_path.iterdir())) == 2


def test_an_outbox_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(DeliveryError, match="could not be written"):
        OutboxMailer(tmp_path / "file" / "outbox").send(mail(), before_dot=nothing)


def test_the_mails_to_one_address_are_deleted_however_it_is_written(tmp_path: Path) -> None:
    for n, to in enumerate(
        (
            "ada@münchen.example",
            "Ada <ADA@xn--mnchen-3ya.example>",
            "=?utf-8?q?Ada_L=C3=B6?= <ada@xn--mnchen-3ya.example>",
            "ada@muenchen.example",
            "bob@münchen.example",
            "",
        )
    ):
        (tmp_path / f"{n}.eml").write_text(
            f"From: x@example.org\nTo: {to}\n\nTo: ada@münchen.example\n", encoding="utf-8"
        )
    (tmp_path / "half.part").write_text("To: ada@münchen.example\r\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("To: ada@münchen.example\n\n", encoding="utf-8")

    assert remove_mails(tmp_path, parse_address("ada@münchen.example")) == 4

    assert sorted(file.name for file in tmp_path.iterdir()) == ["3.eml", "4.eml", "5.eml", "notes.txt"]
    assert remove_mails(tmp_path / "none", parse_address("ada@example.org")) == 0


def test_a_mail_that_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.eml").mkdir()

    with pytest.raises(DeliveryError, match=r"x\.eml could not be deleted: .*; delete the mails there by hand"):
        remove_mails(tmp_path, parse_address("ada@example.org"))
