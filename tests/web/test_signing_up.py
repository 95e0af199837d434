"""Subscribe, confirm, unsubscribe, and lost links, as visitors meet them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState
from digest.core.subscribers.tokens import Link, Purpose
from digest.store import tables
from tests.conftest import paper
from tests.support.desk import CONFIG
from tests.support.store_values import DAY, issue, publish, read
from tests.support.visiting import SERVED, Visitors, dump, visiting

ADA = parse_address("ada@example.org")
TWO = f"""{CONFIG}
[[edition]]
name = "robots"
title = "Robots"

[[edition]]
name = "closed"
open = false
{SERVED}"""


def sign_up(site: Visitors, email: str = "ada@example.org", **fields: object) -> str:
    answer = site.client.post("/subscribe", data={"email": email, **fields})
    assert answer.status_code == 200
    return answer.text


def state(site: Visitors) -> SubscriberState | None:
    found = site.opened.store.subscriber(ADA)
    return found and found.state


# -- signing up and confirming


def test_a_reader_subscribes_and_confirms(site: Visitors) -> None:
    assert "<form" in site.client.get("/subscribe").text
    assert "Look into your inbox" in sign_up(site, cadence="weekly:fri")
    (mail,) = site.mails()
    link = site.link(mail, "confirm")

    page = site.client.get(link)
    assert "every Friday" in page.text
    assert state(site) is SubscriberState.PENDING
    done = site.client.post(link, data={"confirm": "yes"})

    assert "the next issue on Friday 5 June 2026, 07:00 (UTC)" in done.text
    (one,) = site.opened.store.subscriptions_of(site.opened.store.subscriber(ADA).pk)  # type: ignore[union-attr]
    assert one.is_active
    assert (one.cadence, one.confirmed_at) == ("weekly:fri", site.now)


def test_confirming_twice_is_harmless(site: Visitors) -> None:
    sign_up(site)
    link = site.link(site.mails()[0], "confirm")
    site.client.post(link)
    before = dump(site.opened.store)
    site.now += timedelta(days=1)

    assert site.client.post(link).status_code == 200

    assert dump(site.opened.store) == before


def test_a_link_to_confirm_expires_after_a_week(site: Visitors) -> None:
    sign_up(site)
    link = site.link(site.mails()[0], "confirm")

    site.now += timedelta(days=7, minutes=1)

    for answer in (site.client.get(link), site.client.post(link)):
        assert answer.status_code == 404
        assert 'action="../lost"' in answer.text
    assert state(site) is SubscriberState.PENDING


def test_one_mail_confirms_all_editions_that_were_asked_for_together(tmp_path: Path) -> None:
    with visiting(tmp_path, TWO) as site:
        sign_up(site, edition=["daily", "robots", "closed", "none"])
        (mail,) = site.mails()
        link = site.link(mail, "confirm")
        assert "Robots" in site.client.get(link).text

        site.client.post(link)

        mine = site.opened.store.subscriptions_of(site.opened.store.subscriber(ADA).pk)  # type: ignore[union-attr]
        assert [(one.edition, one.is_active) for one in mine] == [("daily", True), ("robots", True)]


def test_an_edition_that_is_not_open_cannot_be_asked_for(tmp_path: Path) -> None:
    with visiting(tmp_path, TWO) as site:
        assert "closed" not in site.client.get("/subscribe").text
        sign_up(site, edition="closed")

        assert site.mails() == []
        assert state(site) is None


@pytest.mark.parametrize("served", [f"{SERVED}open = false\n", ""])
def test_a_site_that_is_not_open_or_has_no_address_for_the_world_has_no_form(tmp_path: Path, served: str) -> None:
    with visiting(tmp_path, CONFIG + served) as site:
        assert "<form" not in site.client.get("/subscribe").text
        sign_up(site)

        assert site.mails() == []


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "ada@localhost", "ada@example.org\nBcc: eve@example.org", "a" * 300]
)
def test_what_is_no_address_gets_the_form_again(site: Visitors, email: str) -> None:
    page = sign_up(site, email)

    assert 'role="alert"' in page
    assert "mail address" in page
    assert site.mails() == []


def test_a_program_that_fills_in_every_field_gets_the_answer_and_no_mail(site: Visitors) -> None:
    assert "Look into your inbox" in sign_up(site, website="https://spam.example")

    assert site.mails() == []


def test_a_reader_who_subscribes_again_gets_links_and_keeps_all_as_it_is(site: Visitors) -> None:
    one = site.subscribed(cadence="weekly:mon", interests=("robots",))

    page = sign_up(site, "ADA@example.org", cadence="daily")
    (mail,) = site.mails()

    assert page == sign_up(site, "unknown@example.org")
    assert mail["Subject"] == "Your links for Test digest"
    assert site.opened.store.subscription(one.pk) == one
    assert all(site.link(mail, place) for place in ("preferences", "unsubscribe", "feed"))


@pytest.mark.parametrize("former", [SubscriberState.UNSUBSCRIBED, SubscriberState.BOUNCED, SubscriberState.COMPLAINED])
def test_a_reader_who_was_gone_comes_back_by_confirming(site: Visitors, former: SubscriberState) -> None:
    one = site.subscribed(interests=("robots",), covered_until=date(2026, 1, 5))
    site.opened.store.stop_subscription(one.pk, at=site.now)
    site.opened.store.set_subscriber_state(one.subscriber.pk, former, at=site.now)

    sign_up(site)
    assert state(site) is former
    site.client.post(site.link(site.mails()[0], "confirm"))

    back = site.opened.store.subscription(one.pk)
    assert back is not None
    assert back.is_active
    assert back.interests == ("robots",)
    assert back.covered_until == date(2026, 6, 2)


def test_a_forgotten_reader_who_confirms_is_known_again(site: Visitors) -> None:
    store = site.opened.store
    site.subscribed()
    store.forget_subscriber(ADA, on=date(2026, 6, 3), secret=store.hash_secret())

    sign_up(site)
    mail = site.mails()[0]
    assert store.forgotten_since(ADA, secret=store.hash_secret()) is not None
    site.client.post(site.link(mail, "confirm"))

    assert state(site) is SubscriberState.CONFIRMED
    assert store.forgotten_since(ADA, secret=store.hash_secret()) is None


# -- limits


def test_an_address_gets_one_mail_an_hour_however_often_it_is_given(site: Visitors) -> None:
    pages = {sign_up(site, email) for email in ("ada@example.org", "ADA@example.org", "ada@EXAMPLE.org")}

    assert len(pages) == 1
    assert len(site.mails()) == 1
    site.now += timedelta(hours=1)
    sign_up(site)
    assert len(site.mails()) == 1


def test_of_one_network_twenty_an_hour_get_a_mail_and_all_get_the_same_answer(site: Visitors) -> None:
    pages = {sign_up(site, f"reader{n}@example.org") for n in range(60)}

    assert len(pages) == 1
    assert len(site.mails()) == 20


# -- lost links


def test_lost_links_are_mailed_to_who_has_some_and_to_nobody_else(site: Visitors) -> None:
    site.subscribed()
    answers = [site.client.post("/lost", data={"email": email}) for email in ("ada@example.org", "eve@example.org")]

    mails = site.mails()

    assert answers[0].text == answers[1].text
    assert [mail["To"] for mail in mails] == ["ada@example.org"]
    assert "eve@example.org" not in str(dump(site.opened.store))


@pytest.mark.parametrize("token", ["x", "A" * 200, "%00", "%F0%9F%8D%8E", "%0d%0aX:y"])
@pytest.mark.parametrize("place", ["confirm", "unsubscribe"])
def test_a_wrong_link_is_one_page_whatever_is_wrong_with_it(site: Visitors, place: str, token: str) -> None:
    answers = [site.client.get(f"/{place}/{token}"), site.client.post(f"/{place}/{token}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert {answer.text for answer in answers} == {site.client.get(f"/{place}/y").text}


def test_a_void_an_expired_and_a_forged_link_get_the_same_page(site: Visitors) -> None:
    one = site.subscribed()
    void = site.keys.token(Purpose.CONFIRM, Link(subscription=one.pk, links=5), now=site.now)
    expired = site.keys.token(Purpose.CONFIRM, Link(subscription=one.pk), now=site.now - timedelta(days=8))
    gone = site.keys.token(Purpose.CONFIRM, Link(subscription=99), now=site.now)
    other = site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))

    answers = [site.client.get(f"/confirm/{token}") for token in (void, expired, gone, other, "A" * len(void))]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


# -- leaving


def test_following_the_link_stops_nothing_and_its_button_does(site: Visitors) -> None:
    one = site.subscribed()
    path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"

    assert "Stop</button>" in site.client.get(path).text
    assert state(site) is SubscriberState.CONFIRMED
    answer = site.client.post(path, data={"stop": "this"})

    assert "nothing more of it is sent to you" in answer.text
    assert state(site) is SubscriberState.UNSUBSCRIBED


@pytest.mark.parametrize("multipart", [False, True])
def test_one_click_stops_at_once_without_redirect_or_cookie(site: Visitors, multipart: bool) -> None:
    one = site.subscribed()
    path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"
    said = {"List-Unsubscribe": "One-Click"}

    answer = (
        site.client.post(path, files={name: (None, value) for name, value in said.items()})
        if multipart
        else site.client.post(path, data=said)
    )

    assert (answer.status_code, answer.text) == (200, "Stopped.\n")
    assert not {"set-cookie", "location"} & {name.lower() for name in answer.headers}
    assert state(site) is SubscriberState.UNSUBSCRIBED
    assert site.client.post(path, data=said).status_code == 200


def test_a_mail_that_is_due_is_not_sent_to_who_stopped(site: Visitors) -> None:
    one = site.subscribed()
    store = site.opened.store
    read(store, paper(1))
    publish(store, issue(paper(1)), deliveries={"ada@example.org": "<1@example.org>"})
    with store._write() as connection:
        connection.execute(update(tables.delivery).values(subscription_pk=one.pk))

    site.client.post(f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}")

    assert [d.state for d in store.deliveries("daily", DAY)] == [DeliveryState.SKIPPED]


def test_a_link_to_stop_holds_for_ever_and_whatever_else_was_made_void(site: Visitors) -> None:
    one = site.subscribed()
    token = site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))
    site.opened.store.renew_links(one.subscriber.pk)
    site.opened.store.renew_link_secret()
    site.now += timedelta(days=4000)

    assert site.client.post(f"/unsubscribe/{token}").status_code == 200
    assert state(site) is SubscriberState.UNSUBSCRIBED


def test_who_is_forgotten_is_told_that_nothing_is_sent(site: Visitors) -> None:
    one = site.subscribed()
    path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"
    site.opened.store.forget_subscriber(ADA, on=date(2026, 6, 3), secret=b"s")

    assert "Nothing of it is sent to you any more" in site.client.get(path).text
    assert site.client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_pause_is_offered_instead_and_kept(site: Visitors) -> None:
    one = site.subscribed(zone="Pacific/Auckland")
    site.now = site.now.replace(hour=13)
    path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"

    answer = site.client.post(path, data={"pause": "14"})

    assert "from Thursday 18 June 2026 on" in answer.text
    paused = site.opened.store.subscription(one.pk)
    assert paused is not None
    assert paused.is_active
    assert paused.paused_until == date(2026, 6, 18)
    assert site.client.post(path, data={"pause": "99999"}).status_code == 400


def test_one_may_stop_all_editions_at_once(tmp_path: Path) -> None:
    with visiting(tmp_path, TWO) as site:
        one, other = site.subscribed(), site.subscribed(edition="robots")
        path = f"/unsubscribe/{site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=one.pk))}"
        assert "Stop this and Robots" in site.client.get(path).text

        site.client.post(path, data={"stop": "all"})

        assert state(site) is SubscriberState.UNSUBSCRIBED
        assert site.opened.store.subscription(other.pk).stopped_at == site.now  # type: ignore[union-attr]
