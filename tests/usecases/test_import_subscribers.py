"""Tables of subscribers, imported: nobody is mailed, nobody is brought back, and each refused row says why."""

from __future__ import annotations

import json

import pytest

from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState
from digest.store import SqlStore
from digest.usecases.import_subscribers import ImportedSubscribers, SubscriberImport
from tests.conftest import NOON
from tests.support.desk import Desk
from tests.usecases.test_subscribers import desk, listed, said, subscribers

__all__ = ["desk"]
pytest_plugins = ("tests.support.store_fixtures",)


def take(store: SqlStore, text: str, *, write: bool = True, default: str = "daily") -> ImportedSubscribers:
    from digest.core.subscribers.table import read_table

    taking = SubscriberImport(store=store, editions=("daily", "physics"), default_edition=default, clock=lambda: NOON)
    return taking.take(read_table(text.encode(), name="them.csv"), write=write)


def told(done: ImportedSubscribers) -> list[str]:
    return [f"{line.row} {line.became}: {line.said}" for line in done.lines]


def states(store: SqlStore) -> dict[str, str]:
    return {one.address: one.state.value for one in store.subscribers()}


def test_rows_are_added_with_all_their_wishes(store: SqlStore) -> None:
    done = take(
        store,
        "email,edition,cadence,interests,avoid,lead,max_papers,language,zone,paused_until\n"
        'a@x.org,physics,weekly:mon,"robots; 2401.01234",audio,1,5,de,Asia/Tokyo,2026-07-01\n'
        "b@x.org,,,,,,,,,\n",
    )

    assert (done.counts["added"], told(done)) == (2, [])
    [(_, [one]), (_, [other])] = [store.known_subscribers([parse_address(a)])[a] for a in ("a@x.org", "b@x.org")]
    assert (one.edition, one.cadence, one.interests, one.avoid) == (
        "physics",
        "weekly:mon",
        ("robots", "2401.01234"),
        ("audio",),
    )
    assert (one.lead, one.max_papers, one.language, one.zone, str(one.paused_until)) == (
        1,
        5,
        "de",
        "Asia/Tokyo",
        "2026-07-01",
    )
    assert one.is_active
    assert (other.edition, other.cadence, other.is_active) == ("daily", "daily", True)


def test_each_refused_row_says_why(store: SqlStore) -> None:
    take(store, "known@x.org\n")
    take(store, "email,state\ngone@x.org,unsubscribed\n")
    store.forget_subscriber(parse_address("lost@x.org"), on=NOON.date(), secret=store.hash_secret())

    done = take(
        store,
        "email,edition,status,cadence,interests\n"
        "nobody,,,,\n"
        ",daily,,,\n"
        "a@x.org,,,,\n"
        "A@X.org,daily,,,\n"
        "known@x.org,,,,\n"
        "gone@x.org,,active,,\n"
        "lost@x.org,,,,\n"
        "b@x.org,chemistry,,,\n"
        "c@x.org,,asleep,,\n"
        "d@x.org,,,hourly,\n"
        "e@x.org,,,,library.bib\n",
    )

    assert [line.split(": ", 1)[1].split(" The ")[0] for line in told(done)] == [
        "'nobody' is not a mail address: An email address must have an @-sign.",
        "has no address",
        "stands in row 4 already",
        "is subscribed already",
        "unsubscribed here since 2026-06-03: only they themselves can come back",
        "wanted to be forgotten on 2026-06-03: only they themselves can come back",
        "there is no edition “chemistry”",
        "the state “asleep” is not known",
        "cadence: 'hourly' is not daily, weekdays, weekly:fri (or another weekday) or feed",
        "interests: “library.bib” is the name of a file: upload the file itself as a library",
    ]
    assert {line.became for line in done.lines} == {"refused"}
    assert dict(done.counts) == {"added": 1, "pending": 0, "stopped": 0, "refused": 10}


def test_who_stopped_elsewhere_is_kept_as_stopped(store: SqlStore) -> None:
    done = take(
        store,
        "email,edition,status\n"
        "a@x.org,daily,unsubscribed\n"
        "b@x.org,daily,cleaned\n"
        "c@x.org,daily,complained\n"
        "d@x.org,daily,unconfirmed\n"
        "e@x.org,daily,active\n"
        "e@x.org,physics,unsubscribed\n"
        "f@x.org,daily,active\n"
        "f@x.org,physics,bounced\n",
    )

    assert states(store) == {
        "a@x.org": "unsubscribed",
        "b@x.org": "bounced",
        "c@x.org": "complained",
        "d@x.org": "pending",
        "e@x.org": "confirmed",
        "f@x.org": "bounced",
    }
    active = [s for part in store.active_subscriptions("daily") for s in part]
    assert [s.subscriber.address for s in active] == ["e@x.org"]
    assert list(store.active_subscriptions("physics")) == []
    assert told(done) == [
        "2 stopped: unsubscribed there: kept so, and not mailed",
        "3 stopped: bounced there: kept so, and not mailed",
        "4 stopped: complained there: kept so, and not mailed",
        "5 pending: not confirmed there: kept, and gets nothing until it is",
        "7 stopped: unsubscribed there: kept so, and not mailed",
        "8 stopped: another row says bounced: kept so, and not mailed",
        "9 stopped: bounced there: kept so, and not mailed",
    ]


def test_who_stopped_elsewhere_gets_nothing_here_either(store: SqlStore) -> None:
    take(store, "a@x.org\nb@x.org\nc@x.org\n")

    done = take(store, "email,status\na@x.org,unsubscribed\nb@x.org,bounced\nc@x.org,spam\na@x.org,active\n")

    assert states(store) == {"a@x.org": "unsubscribed", "b@x.org": "bounced", "c@x.org": "complained"}
    assert (done.counts["stopped"], done.counts["refused"]) == (3, 1)
    assert take(store, "email,status\na@x.org,unsubscribed\n").counts["refused"] == 1


def test_a_known_subscriber_gets_a_further_edition(store: SqlStore) -> None:
    take(store, "a@x.org\n")

    assert take(store, "a@x.org\n", default="physics").counts["added"] == 1
    [(_, both)] = store.known_subscribers([parse_address("a@x.org")]).values()
    assert [s.edition for s in both] == ["daily", "physics"]


def test_a_dry_run_says_the_same_and_writes_nothing(store: SqlStore) -> None:
    take(store, "known@x.org\nother@x.org\n")
    before = list(store.subscribers())
    text = "email,status\na@x.org,\nb@x.org,cleaned\nknown@x.org,\nother@x.org,unsubscribed\na@x.org,\n"

    tried = take(store, text, write=False)

    assert list(store.subscribers()) == before
    assert tried == take(store, text)


def test_what_others_know_of_language_and_zone_is_taken_if_it_is_understood(store: SqlStore) -> None:
    done = take(store, "Email,Locale,Timezone\na@x.org,pt-BR,America/Sao_Paulo\nb@x.org,xx,GMT+99\n")

    assert told(done) == [
        "3 added: without its language: “xx” is not the code of a language that is known; "
        "without its zone: “GMT+99” is not a time zone such as Europe/Paris"
    ]
    [(_, [one])] = store.known_subscribers([parse_address("a@x.org")]).values()
    assert (one.language, one.zone) == ("pt", "America/Sao_Paulo")


def test_somebody_who_signs_up_meanwhile_is_left_as_they_are(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    # The moment between looking and writing can be met in no other way.
    known = SqlStore.known_subscribers

    def look_and_be_late(self: SqlStore, addresses: object) -> object:
        found = known(self, addresses)  # type: ignore[arg-type]
        monkeypatch.undo()
        take(store, "email,state\na@x.org,unsubscribed\n")
        return found

    monkeypatch.setattr(SqlStore, "known_subscribers", look_and_be_late)

    done = take(store, "a@x.org\nb@x.org\n")

    assert told(done) == ["1 refused: was changed by somebody else meanwhile: import the table again"]
    assert states(store) == {"a@x.org": "unsubscribed", "b@x.org": "confirmed"}


# -- the command


def test_what_is_exported_is_imported_as_it_was(desk: Desk) -> None:
    said("add", "=bob@example.org", "--interests", "-x", "--interests", "a; b", "--lead", "0", "--cadence", "weekly")
    said("add", "jörg@münchen.example", "--avoid", "=cmd()", "--zone", "Asia/Tokyo", "--max-papers", "7")
    said("add", "eva@example.org", "--unconfirmed")
    said("add", "gone@example.org")
    said("remove", "gone@example.org")
    said("export", "them.csv")
    before = said("export")

    (desk.folder / "var" / "digest.db").unlink()
    done = subscribers("import", "them.csv")

    assert done.exit_code == 0
    assert said("export") == before
    assert "'=bob@example.org" in before
    assert "2 get issues now, 1 are not confirmed" in done.stdout
    with desk.app() as app:
        assert app.store.count_notices() == {}
        gone = app.store.subscriber(parse_address("gone@example.org"))
        assert gone is not None
        assert gone.state is SubscriberState.UNSUBSCRIBED


def test_the_command_tells_rows_columns_and_counts(desk: Desk) -> None:
    (desk.folder / "them.csv").write_text("Email Address;Name\na@x.org;A\nb;B\n", encoding="utf-8")

    text = said("import", "them.csv", "--dry-run", status=3)
    document = json.loads(said("import", "them.csv", "--json", status=3))

    assert text == (
        "row 3  b (daily): refused: 'b' is not a mail address: An email address must have an @-sign.\n"
        "columns that are not read: Name\n"
        "nothing is written; of the rows 1 get issues now, 1 were refused\n"
    )
    assert (document["counts"], document["ignored_columns"]) == (
        {"added": 1, "pending": 0, "stopped": 0, "refused": 1},
        ["Name"],
    )
    assert [one["email"] for one in listed()] == ["a@x.org"]


def test_a_table_that_cannot_be_read_is_named(desk: Desk) -> None:
    assert "no.csv: cannot be read: No such file" in str(subscribers("import", "no.csv").exception)
    (desk.folder / "x.csv").write_bytes(b"")
    assert "x.csv: is empty" in str(subscribers("import", "x.csv").exception)
    assert "no edition 'x'" in str(subscribers("import", "x.csv", "--edition", "x").exception)
