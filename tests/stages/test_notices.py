"""The stage `notices`: each mail once, whatever the mail server says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from digest import assets
from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, RefusedError
from digest.core.models import DeliveryState, Edition, Mail
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.core.subscribers.tokens import LinkKeys
from digest.publish.render import Templates
from digest.stages.notices import GIVEN_UP, Noticed, Noticing
from digest.store import SqlStore
from tests.conftest import NOON
from tests.fakes.clock import FakeClock
from tests.fakes.mailer import FakeMailer

pytest_plugins = ("tests.support.store_fixtures",)


class KeepingMailer(FakeMailer):
    """One that keeps what it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []

    def send(self, mail: Mail, *, before_dot: object) -> None:  # type: ignore[override]
        super().send(mail, before_dot=before_dot)  # type: ignore[arg-type]
        self.mails.append(mail)


@pytest.fixture
def mailer() -> KeepingMailer:
    return KeepingMailer()


@pytest.fixture
def noticing(store: SqlStore, clock: FakeClock, mailer: KeepingMailer) -> Noticing:
    templates = Templates(assets.folders("templates", assets.CHECKOUT))

    @contextmanager
    def opened() -> Iterator[KeepingMailer]:
        yield mailer

    def links(subscription: Subscription) -> ReaderLinks:
        return ReaderLinks(keys=LinkKeys({0: b"s"}), base_url="https://digest.example.org", subscription=subscription)

    return Noticing(
        store=store,
        editions={"daily": Edition(name="daily", title="Daily papers", sources=("arXiv",))},
        title="Research digest",
        links=links,
        mailer=opened,
        templates=lambda: templates,
        sender="digest@example.org",
        sender_name="Research digest",
        clock=clock,
    )


def reports(store: SqlStore, *names: str) -> None:
    for name in names:
        about = {"subject": "Two addresses came back", "lines": ["One.", "Two."]}
        store.add_notice("report", f"{name}@example.org", about, None, NOON)


def test_each_notice_is_sent_once(noticing: Noticing, store: SqlStore, mailer: KeepingMailer) -> None:
    reports(store, "ada", "emmy")

    assert noticing.send() == Noticed(sent=2)
    assert noticing.send() == Noticed()

    assert mailer.taken == ["ada", "emmy"]
    assert store.count_notices() == {DeliveryState.SENT: 2}


def test_a_mail_that_is_put_off_is_tried_again_with_the_same_message_id(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, clock: FakeClock
) -> None:
    reports(store, "ada")
    mailer.failures = {"ada": DeliveryError("451 later")}
    assert noticing.send() == Noticed(put_off=1)
    assert noticing.send() == Noticed()
    mailer.failures = {}
    clock.advance(minutes=1)

    assert noticing.send() == Noticed(sent=1)

    assert mailer.tried == ["ada", "ada"]
    assert mailer.mails[0].message_id.endswith("@example.org>")


def test_waits_grow_and_end_after_a_day(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, clock: FakeClock
) -> None:
    reports(store, "ada")
    mailer.failures = {"ada": DeliveryError("451 later")}
    while store.count_notices() == {DeliveryState.DUE: 1}:
        noticing.send()
        clock.advance(minutes=1)

    assert store.count_notices() == {DeliveryState.FAILED: 1}
    # After 0, 1, 3, 7, 15, 31, 63 minutes, and every hour from then on.
    assert len(mailer.tried) == 7 + 23
    assert clock() - NOON <= GIVEN_UP + timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RefusedError("550 5.1.1 no such user", code="RCPT 550 5.1.1"), DeliveryState.FAILED),
        (InDoubtError("no answer behind the dot"), DeliveryState.UNKNOWN),
    ],
)
def test_what_was_refused_or_is_in_doubt_is_not_sent_again(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, error: DeliveryError, state: DeliveryState
) -> None:
    reports(store, "ada", "emmy")
    mailer.failures = {"ada": error}

    assert noticing.send() == Noticed(sent=1, failed=1)
    noticing.send()

    assert mailer.tried == ["ada", "emmy"]
    assert store.count_notices() == {state: 1, DeliveryState.SENT: 1}


def test_where_no_mail_can_go_out_none_is_lost(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, clock: FakeClock
) -> None:
    reports(store, "ada", "emmy")
    mailer.failures = {"*": MailUnavailable("the login was refused")}

    noticing.send()

    assert mailer.tried == ["ada"]
    assert store.count_notices() == {DeliveryState.DUE: 2}
    mailer.failures = {}
    clock.advance(minutes=1)
    assert noticing.send() == Noticed(sent=2)


def test_no_address_stands_in_the_log(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    reports(store, "ada", "emmy", "eve")
    mailer.failures = {
        "ada": RefusedError("550 5.1.1 <ada@example.org> no such user"),
        "emmy": DeliveryError("451 <emmy@example.org> later"),
    }

    noticing.send()

    assert "example.org" not in caplog.text


def test_a_notice_is_a_mail_of_two_parts_that_no_machine_answers(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer
) -> None:
    from email import message_from_bytes, policy

    store.add_notice("sign_up", "ada@example.org", {"editions": ["daily"], "cadence": "daily"}, None, NOON)

    noticing.send()

    mail = message_from_bytes(mailer.mails[0].content, policy=policy.default)
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert mail["Subject"] == "Confirm: Daily papers"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert "https://digest.example.org/confirm/" in text
    assert "https://digest.example.org/confirm/" in html
    assert "&" not in text
    assert max(map(len, mailer.mails[0].content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("address", ["grå@example.org", "ada@exämple.org"])
def test_an_address_beyond_ascii_is_written_to(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, address: str
) -> None:
    store.add_notice("report", address, {"subject": "S", "lines": ["L"]}, None, NOON)

    assert noticing.send() == Noticed(sent=1)

    to = next(line for line in mailer.mails[0].content.decode().split("\r\n") if line.startswith("To:"))
    assert to in ("To: grå@example.org", "To: ada@xn--exmple-cua.org")


def test_what_nobody_is_to_be_told_is_deleted(noticing: Noticing, store: SqlStore) -> None:
    store.add_notice("lost", "eve@example.org", {}, None, NOON)
    store.add_notice("sign_up", "eve@example.org", {"editions": ["gone"]}, None, NOON)

    assert noticing.send() == Noticed()

    assert store.count_notices() == {}
    assert store.subscribers() == ()


def test_a_death_between_question_and_mail_asks_once(
    noticing: Noticing, store: SqlStore, mailer: KeepingMailer, clock: FakeClock
) -> None:
    store.add_notice("sign_up", "ada@example.org", {"editions": ["daily"]}, None, NOON)
    mailer.failures = {"ada": DeliveryError("the program dies here")}
    noticing.send()
    mailer.failures = {}
    clock.advance(minutes=1)

    noticing.send()

    assert mailer.taken == ["ada"]
    ada = store.subscriber(parse_address("ada@example.org"))
    assert ada is not None
    assert (ada.state, ada.origin) == (SubscriberState.PENDING, Origin.FORM)
