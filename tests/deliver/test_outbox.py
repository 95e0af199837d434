"""The outbox: a whole file for each mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.core.errors import DeliveryError
from digest.deliver.outbox import OutboxMailer
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
