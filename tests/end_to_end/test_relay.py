"""An issue through a real relay: Postfix between us and a sink, with STARTTLS, a login and its sendmail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.core.models import DeliveryState
from tests.conftest import paper
from tests.servers.postfix import PASSWORD, REFUSED, USER, Relay, free_port, missing, relay
from tests.support.desk import CONFIG, Desk

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

DAY = date(2026, 6, 3)
GONE = "dora@example.org"
"""Whom the sink refuses, behind the relay's back."""


class Mailboxes:
    """The sink, which waits for the mails of named recipients."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self._changed = threading.Condition()

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == GONE:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        with self._changed:
            self.got.append(envelope)
            self._changed.notify_all()
        return "250 OK"

    def wait_for(self, *recipients: str) -> dict[str, Envelope]:
        """Recipient → envelope, once there is one for each."""
        with self._changed:
            found = self._changed.wait_for(lambda: {*recipients} <= {*self._by_recipient()}, timeout=60)
        assert found, f"only {sorted(self._by_recipient())} came"
        return self._by_recipient()

    def _by_recipient(self) -> dict[str, Envelope]:
        return {to: envelope for envelope in self.got for to in envelope.rcpt_tos}


@pytest.fixture(scope="module")
def started(authority: trustme.CA) -> Iterator[tuple[Mailboxes, Relay]]:
    sink, port = Mailboxes(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with relay(authority, sink=port) as found:
            yield sink, found
    finally:
        controller.stop()


@pytest.fixture
def running(started: tuple[Mailboxes, Relay]) -> tuple[Mailboxes, Relay]:
    """A sink, empty, and the relay before it."""
    started[0].got.clear()
    return started


def desk(folder: Path, mail: str, *recipients: str) -> Desk:
    people = ", ".join(f'"{one}"' for one in recipients)
    sender = '[mail]\nfrom = "Digest <digest@example.org>"\nbounces = "bounces@example.org"\n'
    config = CONFIG.replace('"ada@example.org"', people)
    made = Desk(folder, f"{config}\n{sender}{mail}", {"PASSWORD": PASSWORD})
    made.feed(DAY, [paper(1), paper(2)])
    return made


def over_smtp(found: Relay, ca_file: Path, password: str = "PASSWORD") -> str:
    return (
        f'transport = "smtp"\nhost = "127.0.0.1"\nport = {found.port}\nsecurity = "starttls"\nca_file = "{ca_file}"\n'
        f'username = "{USER}"\npassword_env = "{password}"\n'
    )


def test_an_issue_goes_through_a_relay_with_starttls_and_a_login(
    tmp_path: Path, ca_file: Path, running: tuple[Mailboxes, Relay]
) -> None:
    sink, found = running
    made = desk(tmp_path, over_smtp(found, ca_file), "ada@example.org", "bob@example.org", REFUSED, GONE)

    [report] = made.run(DAY)
    got = sink.wait_for("ada@example.org", "bob@example.org", "bounces@example.org")

    assert report.deliveries == {"due": 0, "sent": 3, "unknown": 0, "failed": 1}
    with made.app() as app:
        [failed] = app.store.deliveries_in([DeliveryState.FAILED])
    assert failed.recipient == REFUSED
    assert "refused: 550 5.1.1 <cleo@example.org>: Recipient address rejected: no such user" in str(failed.error)
    assert {got[f"{name}@example.org"].mail_from for name in ("ada", "bob")} == {"bounces@example.org"}
    assert b"Paper number 1" in bytes(got["ada@example.org"].content or b"")
    # What the relay could not hand on comes back to where bounces are read, from nobody.
    back = got["bounces@example.org"]
    assert back.mail_from in ("", "<>")
    assert f"Final-Recipient: rfc822; {GONE}".encode() in bytes(back.content or b"")
    assert len(sink.got) == 3


def test_a_relay_that_refuses_the_login_gets_nothing(
    tmp_path: Path, ca_file: Path, running: tuple[Mailboxes, Relay]
) -> None:
    sink, found = running
    made = desk(tmp_path, over_smtp(found, ca_file, "WRONG"), "ada@example.org")
    made.environment["WRONG"] = "guessed"

    [report] = made.run(DAY)

    assert report.deliveries == {"due": 1, "sent": 0, "unknown": 0, "failed": 0}
    assert any("refused the login of 'digest' (535)" in warning for warning in report.warnings)
    assert sink.got == []


def test_an_issue_goes_out_by_the_relays_sendmail(tmp_path: Path, running: tuple[Mailboxes, Relay]) -> None:
    sink, found = running
    by_program = f'transport = "sendmail"\nsendmail = "{found.sendmail}"\n'
    made = desk(tmp_path, by_program, "ada@example.org", "bob@example.org", GONE)

    [report] = made.run(DAY)
    got = sink.wait_for("ada@example.org", "bob@example.org", "bounces@example.org")

    assert report.deliveries == {"due": 0, "sent": 3, "unknown": 0, "failed": 0}
    assert got["ada@example.org"].mail_from == "bounces@example.org"
    assert b"Paper number 2" in bytes(got["bob@example.org"].content or b"")
    assert len(sink.got) == 3
