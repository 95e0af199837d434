"""Subscribers as the operator sees them: added, changed, listed, shown, removed, forgotten."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.app.usecases import preferences, subscriber_desk
from digest.cli.main import cli
from digest.core.errors import StoreError
from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState
from digest.store import SqlStore
from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY, TUESDAY
from tests.support.desk import CONFIG, Desk

TWO_EDITIONS = f'{CONFIG}\n[[edition]]\nname = "physics"\n'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def subscribers(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["subscribers", *arguments])


def said(*arguments: str, status: int = 0) -> str:
    done = subscribers(*arguments)
    assert done.exit_code == status, (done.stdout, done.stderr, done.exception)
    return done.stdout


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(said("list", "--json"))
    return found


def change_state(desk: Desk, email: str, state: SubscriberState) -> None:
    with desk.app() as app:
        one = app.store.subscriber(parse_address(email))
        assert one is not None
        app.store.set_subscriber_state(one.pk, state, at=desk.now)


# -- add


def test_whom_the_operator_adds_is_confirmed_at_once(desk: Desk) -> None:
    assert said("add", "bob@example.org", "Jörg@MÜNCHEN.example") == (
        "bob@example.org: daily is subscribed\nJörg@münchen.example: daily is subscribed\n"
    )

    assert [(one["email"], one["state"]) for one in listed()] == [
        ("bob@example.org", "confirmed"),
        ("Jörg@münchen.example", "confirmed"),
    ]
    with desk.app() as app:
        assert app.store.count_notices() == {}


def test_an_added_subscriber_has_all_that_was_wished(desk: Desk) -> None:
    (desk.folder / "mine.bib").write_text("@article{a, title={Robots that walk}, author={Ada Lovelace}}")

    assert said(
        *("add", "bob@example.org", "--cadence", "weekly:mon", "--interests", "robots", "--interests", "2401.01234"),
        *("--avoid", "audio", "--lead", "2", "--max-papers", "12", "--language", "de", "--zone", "asia/tokyo"),
        *("--library", "mine.bib"),
    ).startswith("bob@example.org: daily is subscribed: cadence weekly:mon; interests robots; 2401.01234; avoid audio")

    [one] = listed()
    assert one["subscriptions"] == [
        {
            "edition": "daily",
            "state": "confirmed",
            "cadence": "weekly:mon",
            "paused_until": None,
            "interests": ["robots", "2401.01234"],
            "avoid": ["audio"],
            "libraries": ["mine.bib"],
            "lead": 2,
            "max_papers": 12,
            "language": "de",
            "zone": "Asia/Tokyo",
            "confirmed_at": one["subscriptions"][0]["confirmed_at"],  # type: ignore[index]
            "stopped_at": None,
        }
    ]


def test_of_a_known_address_only_what_is_given_is_changed_and_told(desk: Desk) -> None:
    said("add", "bob@example.org", "--interests", "robots", "--zone", "Europe/Paris")

    assert said("add", "BOB@example.org") == (
        "BOB@example.org: daily stays as it was: daily, 1 interest, Europe/Paris\n"
    )
    assert said("add", "bob@example.org", "--cadence", "feed", "--zone", "") == (
        "bob@example.org: daily is changed: cadence feed (was daily); zone as the edition has it (was Europe/Paris)\n"
    )
    [one] = listed()
    assert one["subscriptions"][0]["interests"] == ["robots"]  # type: ignore[index]


def test_who_is_not_confirmed_is_mailed_a_link_and_nothing_else(desk: Desk) -> None:
    (desk.folder / "config.toml").write_text(TWO_EDITIONS, encoding="utf-8")

    assert said("add", "bob@example.org", "--edition", "daily", "--edition", "physics", "--unconfirmed") == (
        "bob@example.org: daily is mailed a link to confirm\nbob@example.org: physics is mailed a link to confirm\n"
    )

    [one] = listed()
    assert one["state"] == "pending"
    with desk.app() as app:
        [notice] = app.store.claim_notices(limit=5)
        both = [s.pk for s in app.store.subscriptions_of(app.store.subscribers()[0].pk)]
    assert (notice.kind, notice.recipient, notice.about) == ("confirm", "bob@example.org", {"subscriptions": both})


def test_a_pending_address_is_confirmed_by_being_added(desk: Desk) -> None:
    said("add", "bob@example.org", "--unconfirmed")

    assert said("add", "bob@example.org") == "bob@example.org: daily is subscribed\n"
    assert listed()[0]["state"] == "confirmed"


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_who_went_is_brought_back_by_nobody_but_themselves(desk: Desk, state: str) -> None:
    said("add", "bob@example.org")
    change_state(desk, "bob@example.org", SubscriberState(state))

    assert "only they themselves can come back: --unconfirmed mails them a link" in said(
        "add", "bob@example.org", status=1
    )
    assert said("add", "bob@example.org", "--unconfirmed") == "bob@example.org: daily is mailed a link to confirm\n"
    assert listed()[0]["state"] == state


def test_who_stopped_one_edition_gets_the_others_and_not_that_one(desk: Desk) -> None:
    (desk.folder / "config.toml").write_text(TWO_EDITIONS, encoding="utf-8")
    said("add", "bob@example.org", "--edition", "daily", "--edition", "physics")
    said("remove", "bob@example.org", "--edition", "daily")

    told = said("add", "bob@example.org", "--edition", "daily", "--edition", "physics", status=3)

    assert "bob@example.org: daily is refused: stopped daily on " in told
    assert "bob@example.org: physics stays as it was" in told


def test_one_bad_address_does_not_keep_the_others_out(desk: Desk) -> None:
    told = said("add", "bob@", "bob@example.org", status=3)

    assert told.startswith("bob@: is refused: 'bob@' is not a mail address: ")
    assert "bob@example.org: daily is subscribed" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cadence", "hourly"], "--cadence: 'hourly' is not daily, weekdays, weekly:fri"),
        (["--interests", "library.bib"], "--interests: “library.bib” is the name of a file: upload the file itself"),
        (["--max-papers", "0"], "--max-papers: “0” is not a number from 1 to 200"),
        (["--zone", "Mars"], "--zone: “Mars” is not a time zone such as Europe/Paris"),
        (["--library", "no.bib"], "no.bib: cannot be read: No such file"),
        (["--library", "config.toml"], "config.toml: is no library of a known kind: .bib"),
        (["--edition", "dayly"], "no edition 'dayly'"),
    ],
)
def test_what_cannot_be_wished_is_refused_before_anybody_is_added(
    desk: Desk, arguments: Sequence[str], message: str
) -> None:
    done = subscribers("add", "bob@example.org", *arguments)

    assert message in (done.stderr + str(done.exception))
    assert done.exit_code != 0
    assert listed() == []


def test_what_is_wished_and_avoided_at_once_is_refused(desk: Desk) -> None:
    said("add", "bob@example.org", "--interests", "robots")

    assert "“Robots” is to be avoided and an interest too" in said(
        "add", "bob@example.org", "--avoid", "Robots", status=1
    )
    assert listed()[0]["subscriptions"][0]["avoid"] == []  # type: ignore[index]


def test_with_several_editions_one_must_be_named(desk: Desk) -> None:
    (desk.folder / "config.toml").write_text(TWO_EDITIONS, encoding="utf-8")

    done = subscribers("add", "bob@example.org")

    assert "say which edition is meant: --edition daily (there are daily, physics)" in str(done.exception)


# -- list, show, remove


def test_lists_are_by_edition_and_state(desk: Desk) -> None:
    (desk.folder / "config.toml").write_text(TWO_EDITIONS, encoding="utf-8")
    assert "Nobody is subscribed yet" in said("list")
    said("add", "bob@example.org", "--edition", "daily")
    said("add", "eva@example.org", "--edition", "physics", "--edition", "daily", "--cadence", "weekdays")
    said("remove", "bob@example.org")

    assert said("list") == (
        "bob@example.org  unsubscribed  daily (daily)\n"
        "eva@example.org  confirmed  daily (weekdays); physics (weekdays)\n"
        "1 confirmed, 1 unsubscribed\n"
    )
    assert said("list", "--edition", "physics", "--state", "confirmed") == (
        "eva@example.org  confirmed  physics (weekdays)\n1 confirmed\n"
    )


def test_all_that_is_kept_of_a_person_is_shown(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY)
    said("add", "ada@example.org", "--interests", "robots")
    with desk.app() as app:
        [one] = subscriber_desk(app).person("ada@example.org").subscriptions
        app.store.mark("daily", paper(1).id, -1, at=desk.now, reader=one.reader)

    text, document = said("show", "ADA@example.org"), json.loads(said("show", "ada@example.org", "--json"))

    assert "stands in recipients of daily in config.toml" in text
    assert "interest: robots" in text
    assert f"daily: less like “{paper(1).title}” (arxiv:2603.00001)" in text
    assert f"{MONDAY}  daily by mail: sent {MONDAY}" in text
    assert [(d["recipient"], d["state"]) for d in document["deliveries"]] == [("ada@example.org", "sent")]
    assert document["marks"][0]["value"] == -1
    assert "nothing is known of eva@example.org" in str(subscribers("show", "eva@example.org").exception)


def test_who_is_removed_gets_nothing_that_was_due(desk: Desk) -> None:
    said("add", "bob@example.org")

    assert said("remove", "bob@example.org", "eva@example.org", status=3) == (
        "bob@example.org: daily is unsubscribed\neva@example.org: is refused: is not subscribed to anything\n"
    )
    assert listed()[0]["state"] == "unsubscribed"
    assert "daily stays as it was: was stopped before" in said("remove", "bob@example.org")


def test_a_removed_recipient_of_the_config_is_said_to_stand_there(desk: Desk) -> None:
    assert said("remove", "ada@example.org", status=1) == (
        "ada@example.org: is refused: is not subscribed to anything; recipients of daily in config.toml still name it\n"
    )


# -- forget


def test_a_forgotten_person_leaves_no_byte_in_the_folder(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY)
    said("add", "ada@example.org", "eva@example.org", "--interests", "robots of ada")
    (desk.folder / "config.toml").write_text(CONFIG.replace("ada@", "eva@"), encoding="utf-8")
    assert len(desk.outbox) == 1

    assert said("forget", "Ada@example.org", "--json") == (
        '{\n  "forgotten": [\n    {\n      "email": "Ada@example.org",\n      "was_known": true,\n'
        '      "mails_deleted": 1,\n      "recipient_of": []\n    }\n  ],\n  "database_written_anew": true\n}\n'
    )

    holding = [
        path.name
        for path in desk.folder.rglob("*")
        if path.is_file() and (b"ada@example" in path.read_bytes().lower() or b"ada-example" in path.name.encode())
    ]
    assert holding == []
    assert "wanted to be forgotten on " in said("add", "ada@example.org", status=1)
    with desk.app() as app:
        [delivery] = app.store.deliveries("daily", MONDAY)
    assert (delivery.state, delivery.recipient) == (DeliveryState.SENT, "forgotten 1")


def test_who_forgets_themselves_on_a_page_is_gone_from_the_file_with_the_next_run(desk: Desk) -> None:
    said("add", "bob@example.org")
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY)
    with desk.app() as app:
        [bob] = subscriber_desk(app).person("bob@example.org").subscriptions
        preferences(app).forget(bob, today=MONDAY)

    desk.feed(TUESDAY, [paper(2)])
    desk.run(TUESDAY)

    assert [path for path in desk.folder.rglob("*") if path.is_file() and b"bob@example" in path.read_bytes()] == []


def test_a_database_that_cannot_be_swept_stops_no_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: SqlStore) -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SqlStore, "sweep", full)  # a full disk is hard to come by
    desk.feed(MONDAY, [paper(1)])

    [report] = desk.run(MONDAY)

    assert report.deliveries["sent"] == 1
    assert [w for w in report.warnings if "may still hold the address: the disk is full" in w]


def test_a_forgotten_recipient_of_the_config_is_said_to_stand_there(desk: Desk) -> None:
    told = said("forget", "ada@example.org", status=3)

    assert "ada@example.org: nothing was known of it" in told
    assert "! ada@example.org stands in recipients of daily in config.toml; it gets nothing" in told


def test_nobody_is_forgotten_if_one_address_is_none(desk: Desk) -> None:
    said("add", "bob@example.org")

    done = subscribers("forget", "bob@example.org", "bob")

    assert "nothing was forgotten" in str(done.stderr + str(done.exception))
    assert len(listed()) == 1


# -- links


def test_a_new_secret_leaves_old_links_in_force_unless_they_are_dropped(desk: Desk) -> None:
    with desk.app() as app:
        app.store.link_secrets()

    assert "Those that were mailed before still hold" in said("rotate")
    with desk.app() as app:
        assert sorted(app.store.link_secrets()) == [0, 1]
    assert json.loads(said("rotate", "--drop", "--json")) == {"secret": 2, "dropped": True}


def test_an_export_is_for_its_owners_eyes(desk: Desk) -> None:
    said("add", "bob@example.org")

    assert said("export", "them.csv") == "1 subscription written to them.csv\n"

    assert stat.S_IMODE((desk.folder / "them.csv").stat().st_mode) == 0o600
    assert (desk.folder / "them.csv").read_text() == said("export")
