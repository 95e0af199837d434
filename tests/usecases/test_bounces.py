"""`digest bounces`: what follows from mails that came back, for whom, and how often."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from digest.cli.main import cli
from digest.cli.show.status import status_json
from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.core.subscribers.tokens import Link, LinkKeys, Purpose
from digest.deliver.mailboxes import Received
from digest.store import SqlStore, tables
from digest.usecases.bounces import Bounces, Reading, What
from digest.usecases.status import status_of
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.support import reports
from tests.support.desk import CONFIG, Desk
from tests.support.reports import ADA, arf, dsn, exchange_prose, gmail, reply
from tests.support.store_values import DAY, issue, read

pytest_plugins = ("tests.support.store_fixtures",)

OPERATOR = "me@example.org"
SOFT = ("4.2.2", "smtp; 452 4.2.2 Over quota")


class Box:
    """A mailbox with some mails, which knows those that were marked."""

    def __init__(self, *contents: bytes) -> None:
        self.marked: list[int] = []
        self.mails = [
            Received(content=content, place=f"mail {n}", mark=lambda n=n: self.marked.append(n))  # type: ignore[misc]
            for n, content in enumerate(contents, start=1)
        ]


def reads(
    store: SqlStore, clock: FakeClock, mails: Iterable[bytes] | Box, *, recipients: Iterable[str] = ()
) -> Reading:
    box = mails if isinstance(mails, Box) else Box(*mails)
    use_case = Bounces(store=store, clock=clock, operator=OPERATOR, recipients=frozenset(recipients))
    return use_case.read(box.mails)


def subscribed(
    store: SqlStore,
    text: str = ADA,
    edition: str = "daily",
    *,
    state: SubscriberState = SubscriberState.CONFIRMED,
    origin: Origin = Origin.FORM,
) -> Subscription:
    at = NOON - timedelta(days=1)
    one, _ = store.save_subscriber(parse_address(text), origin=origin, state=state, at=at)
    return store.save_subscription(one.pk, edition, at=at, confirmed_at=at)


def mailed(store: SqlStore, subscription: Subscription, day: date = DAY) -> str:
    """Make an issue of *day* that was sent to a subscriber; its Message-ID."""
    return mailed_to(store, subscription.subscriber.address, day, edition=subscription.edition, pk=subscription.pk)


def mailed_to(
    store: SqlStore, recipient: str, day: date = DAY, *, edition: str = "daily", pk: int | None = None
) -> str:
    one = paper(day.toordinal() % 10_000)
    read(store, one, day=day)
    message_id = f"<{edition}.{day}@example.org>"
    store.save_issue(issue(one, day=day, edition=edition), at=NOON + (day - DAY), deliveries={recipient: message_id})
    with store._write() as connection:
        change = update(tables.delivery).where(tables.delivery.c.message_id == message_id)
        connection.execute(change.values(subscription_pk=pk, state=DeliveryState.SENT))
    return message_id


def state_of(store: SqlStore, text: str = ADA) -> str:
    found = store.subscriber(parse_address(text))
    assert found is not None
    return found.state.value


def error_of(store: SqlStore, day: date = DAY) -> str | None:
    [delivery] = store.deliveries("daily", day)
    assert delivery.state is DeliveryState.SENT
    return delivery.error


def notices(store: SqlStore) -> list[tuple[str, str, object]]:
    notice = tables.notice.c
    with store._read() as connection:
        return [tuple(row) for row in connection.execute(select(notice.kind, notice.recipient, notice.about))]


# -- mailboxes that do not exist


def test_a_mailbox_that_does_not_exist_gets_no_more_mails(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    found = reads(store, clock, [dsn(message_id=message_id)])

    assert [(one.what, one.address) for one in found.outcomes] == [(What.BOUNCED, ADA)]
    assert state_of(store) == "bounced"


def test_the_mail_stays_sent_and_says_why_it_came_back(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    reads(store, clock, [dsn(message_id=message_id)])

    assert (error_of(store) or "").startswith("returned: 550 5.1.1 <ada@example.net>: Recipient address rejected")
    [returned] = store.returned_mails(since=DAY)
    assert (returned.recipient, returned.date, returned.returned[:9]) == (ADA, DAY, "550 5.1.1")


def test_a_mail_of_which_it_was_not_known_whether_it_arrived_was_sent_if_it_comes_back(
    store: SqlStore, clock: FakeClock
) -> None:
    message_id = mailed(store, subscribed(store))
    [delivery] = store.deliveries("daily", DAY)
    store.mark_delivery(delivery.id, DeliveryState.UNKNOWN, error="no answer")

    reads(store, clock, [dsn(message_id=message_id)])

    assert (error_of(store) or "").startswith("returned: ")


def test_whom_a_report_is_about_says_the_mail_and_not_the_address(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))
    subscribed(store, "bob@example.net")

    reads(store, clock, [dsn(message_id=message_id, to="bob@example.net")])

    assert (state_of(store), state_of(store, "bob@example.net")) == ("confirmed", "confirmed")


def test_a_mail_that_is_passed_on_counts_as_not_taken_for_now(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store, "lab@example.net"))

    [outcome] = reads(store, clock, [dsn(message_id=message_id, to="bob@example.com")]).outcomes

    assert (outcome.what, outcome.address) == (What.SOFT, "lab@example.net")
    assert "passed on to bob@example.com" in outcome.said


def test_a_domain_that_is_rewritten_on_the_way_is_no_other_mailbox(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    reads(store, clock, [dsn(message_id=message_id, to="ada@mx7.internal.example.net")])

    assert state_of(store) == "bounced"


def test_a_report_without_a_message_id_is_about_the_address_that_it_names(store: SqlStore, clock: FakeClock) -> None:
    mailed(store, subscribed(store))

    found = reads(store, clock, [exchange_prose()])

    assert found.counts == {What.BOUNCED: 1}
    assert state_of(store) == "bounced"
    assert error_of(store)


def test_a_report_about_somebody_else_is_told_and_does_nothing(store: SqlStore, clock: FakeClock) -> None:
    subscribed(store, "bob@example.net")

    found = reads(store, clock, [dsn()])

    assert found.counts == {What.STRANGER: 1}
    assert store.count_subscribers() == {SubscriberState.CONFIRMED: 1}


def test_a_recipient_of_the_config_bounces_like_a_subscriber(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed_to(store, ADA)

    reads(store, clock, [dsn(message_id=message_id)])

    assert state_of(store) == "bounced"


def test_a_recipient_that_cannot_be_a_subscriber_is_named_for_the_operator(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed_to(store, "ada@localhost")

    [outcome] = reads(store, clock, [dsn(message_id=message_id, to="ada@localhost")]).outcomes

    assert (outcome.what, outcome.address) == (What.STRANGER, "ada@localhost")
    assert "take it out of recipients" in outcome.said


def test_who_could_not_be_asked_to_confirm_is_bounced(store: SqlStore, clock: FakeClock) -> None:
    pending = subscribed(store, state=SubscriberState.PENDING)
    store.add_notice("confirm", ADA, {"subscriptions": [pending.pk]}, pending.pk, NOON)
    with store._read() as connection:
        token = connection.scalar(select(tables.notice.c.message_id))

    reads(store, clock, [dsn(message_id=f"<notice.{token}@example.org>")])

    assert state_of(store) == "bounced"


@pytest.mark.parametrize("state", [SubscriberState.UNSUBSCRIBED, SubscriberState.COMPLAINED])
def test_who_stopped_by_themselves_stays_so(store: SqlStore, clock: FakeClock, state: SubscriberState) -> None:
    one = subscribed(store)
    message_id = mailed(store, one)
    store.set_subscriber_state(one.subscriber.pk, state, at=NOON)

    reads(store, clock, [dsn(message_id=message_id)])

    assert state_of(store) == state


# -- for now


def soft(store: SqlStore, clock: FakeClock, one: Subscription, day: date) -> What:
    [outcome] = reads(store, clock, [dsn(*SOFT, message_id=mailed(store, one, day))]).outcomes
    return outcome.what


def days(number: int) -> list[date]:
    return [DAY + timedelta(days=n) for n in range(number)]


def test_a_full_mailbox_is_bounced_by_the_third_issue_in_a_row(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)

    assert [soft(store, clock, one, day) for day in days(3)] == [What.SOFT, What.SOFT, What.BOUNCED]
    assert state_of(store) == "bounced"


def test_an_issue_between_that_arrives_ends_the_row(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    first, second, third, fourth = days(4)

    found = [soft(store, clock, one, first), soft(store, clock, one, second)]
    mailed(store, one, third)
    found.append(soft(store, clock, one, fourth))

    assert found == [What.SOFT] * 3
    assert state_of(store) == "confirmed"


def test_many_reports_on_one_issue_count_once(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    message_id = mailed(store, one)

    reads(store, clock, [dsn(*SOFT, message_id=message_id, text=f"Try {n}") for n in range(5)])

    assert state_of(store) == "confirmed"
    found = store.subscriber(parse_address(ADA))
    assert found is not None
    assert found.soft_bounces == 1


def test_a_delay_is_no_bounce(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    delays = [dsn("4.4.1", "X; 421 4.4.1", action="delayed", message_id=mailed(store, one, day)) for day in days(4)]

    assert reads(store, clock, delays).counts == {What.IGNORED: 4}
    assert state_of(store) == "confirmed"
    assert error_of(store) is None


# -- about us


def test_what_a_policy_refuses_suppresses_nobody_and_is_told(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))
    refused = gmail("5.7.26", "550", "Unauthenticated email from example.org is not accepted").replace(
        reports.MESSAGE_ID.encode(), message_id.encode()
    )

    found = reads(store, clock, [refused])

    assert found.counts == {What.ABOUT_US: 1}
    assert state_of(store) == "confirmed"
    [(kind, recipient, about)] = notices(store)
    assert (kind, recipient) == ("report", OPERATOR)
    assert "5.7.26" in json.dumps(about)


# -- complaints


def test_who_complains_gets_no_more_mails(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    found = reads(store, clock, [arf(message_id=message_id)])

    assert found.counts == {What.COMPLAINED: 1}
    assert state_of(store) == "complained"


def test_a_complaint_without_a_name_is_known_by_the_mail_or_by_its_link(store: SqlStore, clock: FakeClock) -> None:
    one, two = subscribed(store), subscribed(store, "bob@example.net")
    message_id = mailed(store, one)
    token = LinkKeys(store.link_secrets()).token(Purpose.UNSUBSCRIBE, Link(subscription=two.pk))
    link = f"List-Unsubscribe: <https://x.org/unsubscribe/{token}>\n"

    reads(
        store,
        clock,
        [
            arf(message_id=message_id, to="undisclosed:;", original=""),
            arf(message_id="<x@y>", to="undisclosed:;", original="", more=link),
        ],
    )

    assert (state_of(store), state_of(store, "bob@example.net")) == ("complained", "complained")


def test_a_mail_that_is_no_spam_is_no_complaint(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    assert reads(store, clock, [arf("not-spam", message_id=message_id)]).counts == {What.IGNORED: 1}
    assert state_of(store) == "confirmed"


# -- unsubscribing by mail


def stopped(store: SqlStore, one: Subscription) -> bool:
    found = store.subscription(one.pk)
    assert found is not None
    return found.stopped_at is not None


def test_a_mailed_token_stops_its_subscription_whoever_mails_it(store: SqlStore, clock: FakeClock) -> None:
    one, other = subscribed(store), subscribed(store, edition="weekly")
    token = LinkKeys(store.link_secrets()).token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))

    found = reads(store, clock, [reply(f"unsubscribe {token}", sender="ada@elsewhere.example")])

    assert found.counts == {What.UNSUBSCRIBED: 1}
    assert (stopped(store, one), stopped(store, other)) == (True, False)


def test_a_forged_token_stops_nothing(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    token = LinkKeys({0: b"x" * 32}).token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))

    assert reads(store, clock, [reply(f"unsubscribe {token}", sender="eve@example.com")]).counts == {What.STRANGER: 1}
    assert not stopped(store, one)


def test_a_readers_own_mail_stops_the_edition_that_it_names_or_all(store: SqlStore, clock: FakeClock) -> None:
    daily, weekly = subscribed(store), subscribed(store, edition="weekly")
    bob = [subscribed(store, "bob@example.net", edition) for edition in ("daily", "weekly")]

    reads(store, clock, [reply("unsubscribe daily"), reply("Unsubscribe", sender="Bob <BOB@example.net>")])

    assert (stopped(store, daily), stopped(store, weekly)) == (True, False)
    assert [stopped(store, one) for one in bob] == [True, True]
    assert state_of(store, "bob@example.net") == "unsubscribed"


def test_a_recipient_of_the_config_who_mails_it_is_unsubscribed(store: SqlStore, clock: FakeClock) -> None:
    reads(store, clock, [reply("unsubscribe")], recipients=[ADA])

    assert state_of(store) == "unsubscribed"


def test_who_is_no_reader_cannot_unsubscribe(store: SqlStore, clock: FakeClock) -> None:
    assert reads(store, clock, [reply("unsubscribe")]).counts == {What.STRANGER: 1}
    assert store.count_subscribers() == {}


# -- coming back


def test_a_late_report_does_not_suppress_who_has_come_back(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    message_id = mailed(store, one)
    reads(store, clock, [dsn(message_id=message_id)])
    store.set_subscriber_state(one.subscriber.pk, SubscriberState.CONFIRMED, at=NOON + timedelta(hours=2))

    found = reads(store, clock, [dsn(message_id=message_id, text="Once more.")])

    assert found.counts == {What.IGNORED: 1}
    assert state_of(store) == "confirmed"


def test_who_has_come_back_bounces_again_by_a_later_issue(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    reads(store, clock, [dsn(message_id=mailed(store, one))])
    store.set_subscriber_state(one.subscriber.pk, SubscriberState.CONFIRMED, at=NOON + timedelta(hours=2))

    reads(store, clock, [dsn(message_id=mailed(store, one, DAY + timedelta(days=1)))])

    assert state_of(store) == "bounced"


def test_who_has_come_back_begins_a_new_row(store: SqlStore, clock: FakeClock) -> None:
    one = subscribed(store)
    for day in days(3):
        soft(store, clock, one, day)
    store.set_subscriber_state(one.subscriber.pk, SubscriberState.CONFIRMED, at=NOON + timedelta(days=2, hours=2))

    assert soft(store, clock, one, DAY + timedelta(days=3)) is What.SOFT


# -- once


def test_a_report_that_is_read_again_counts_once(store: SqlStore, clock: FakeClock) -> None:
    report = dsn(message_id=mailed(store, subscribed(store)))
    reads(store, clock, [report])

    found = reads(store, clock, [report, report.replace(b"\r\n", b"\n")])

    assert found.counts == {What.KNOWN: 2}
    assert found.told == ""
    assert len(notices(store)) == 1


def test_a_mail_is_marked_as_read_behind_what_follows_from_it_unless_a_person_must_read_it(
    store: SqlStore, clock: FakeClock
) -> None:
    box = Box(dsn(), reply("A question"), reports.UNREADABLE[0].made(), reply("Out of office"))

    found = reads(store, clock, box)

    assert box.marked == [1, 4]
    assert found.status == "degraded"


def test_a_letter_is_no_reason_to_call_a_reading_degraded(store: SqlStore, clock: FakeClock) -> None:
    assert reads(store, clock, [reply("A question")]).status == "done"


def test_what_was_done_before_a_mailbox_broke_is_told(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    class BrokenError(Exception):
        pass

    def mails() -> Iterable[Received]:
        yield Box(dsn(message_id=message_id)).mails[0]
        raise BrokenError

    use_case = Bounces(store=store, clock=clock, operator=OPERATOR, recipients=frozenset())
    with pytest.raises(BrokenError):
        use_case.read(mails())

    assert len(notices(store)) == 1


def test_the_operator_is_told_without_addresses(store: SqlStore, clock: FakeClock) -> None:
    message_id = mailed(store, subscribed(store))

    found = reads(store, clock, [dsn(message_id=message_id)])

    assert found.told == OPERATOR
    [(_, recipient, about)] = notices(store)
    assert recipient == OPERATOR
    assert about["subject"] == "1 reader suppressed"  # type: ignore[index]
    assert "ada" not in json.dumps(about)


def test_nobody_is_told_where_no_operator_is_configured(store: SqlStore, clock: FakeClock) -> None:
    box = Box(dsn(message_id=mailed(store, subscribed(store))))

    found = Bounces(store=store, clock=clock, operator="", recipients=frozenset()).read(box.mails)

    assert found.told == ""
    assert notices(store) == []


def test_twenty_unknown_mailboxes_cost_twenty_readers_and_no_more(store: SqlStore, clock: FakeClock) -> None:
    everybody = [subscribed(store, f"reader{n}@example.net") for n in range(100)]
    gone = [one.subscriber.address for one in everybody[::5]]

    reads(store, clock, [dsn(to=address, message_id="<x@y>") for address in gone])

    assert store.count_subscribers() == {SubscriberState.BOUNCED: 20, SubscriberState.CONFIRMED: 80}


# -- the command


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, f'{CONFIG}\n[mail]\noperator = "{OPERATOR}"\n')


def digest(desk: Desk, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["bounces", "--config", str(desk.folder / "config.toml"), *arguments], input=stdin)
    return done.exit_code, done.output


def ready(desk: Desk, address: str = ADA) -> None:
    with desk.app() as app:
        subscribed(app.store, address)


def test_the_command_reads_stdin_and_says_whom_it_suppressed(desk: Desk) -> None:
    ready(desk)

    code, said = digest(desk, "-", stdin=dsn())

    assert code == 0
    assert "1 no more mails, for they come back" in said
    assert f"{ADA}: 550 5.1.1" in said
    assert f"{OPERATOR} is told by mail" in said


def test_the_status_names_what_came_back_and_why(desk: Desk) -> None:
    with desk.app() as app:
        message_id = mailed(app.store, subscribed(app.store), app.today())
        reads(app.store, FakeClock(), [dsn(message_id=message_id)])
        found = status_of(app.store, app.config, now=desk.now, summarizer=lambda: app.summarizer)

    [returned] = status_json(found)["returned"]
    assert (returned["recipient"], returned["date"]) == (ADA, "2026-06-03")
    assert returned["reason"].startswith("550 5.1.1")


def test_the_command_as_json(desk: Desk) -> None:
    ready(desk)

    code, said = digest(desk, "-", "--json", stdin=b"From x y\n" + dsn() + b"\nFrom x y\n" + reply("Hello"))

    found = json.loads(said)
    assert code == 0
    assert found["counts"] == {"bounced": 1, "letter": 1}
    assert found["reports"][0]["address"] == ADA
    assert found["told"] == OPERATOR


def test_the_command_on_a_maildir_leaves_letters_unread(desk: Desk, tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1.host").write_bytes(dsn())
    (box / "new" / "2.host").write_bytes(reply("Hello"))
    ready(desk)

    digest(desk, str(box))

    assert sorted(path.name for path in box.rglob("*.host*")) == ["1.host:2,S", "2.host"]


def test_a_report_that_cannot_be_understood_is_exit_3(desk: Desk) -> None:
    code, said = digest(desk, "-", stdin=reports.UNREADABLE[0].made())

    assert code == 3
    assert "left unread" in said


def test_a_mailbox_that_is_none_is_exit_2(desk: Desk) -> None:
    done = CliRunner().invoke(cli, ["bounces", "--config", str(desk.folder / "config.toml"), "nowhere"])

    assert "there is no nowhere" in str(done.exception)


def test_the_password_of_an_imap_mailbox_is_in_a_variable(desk: Desk) -> None:
    done = CliRunner().invoke(
        cli, ["bounces", "--config", str(desk.folder / "config.toml"), "imaps://a@127.0.0.1/INBOX"]
    )

    assert "DIGEST_BOUNCES_PASSWORD must hold the password" in str(done.exception)
