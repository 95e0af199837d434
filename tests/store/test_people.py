"""What is kept of a person: told whole, and forgotten down to the bytes of the file."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, insert, select, update

from digest.core.models import DeliveryState
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.store import SqlStore, tables
from digest.store.subscribers import Library
from tests.conftest import NOON, paper
from tests.support.store_values import DAY, publish, read

pytest_plugins = ("tests.support.store_fixtures",)

ADA = parse_address("ada@münchen.example")
BOB = "bob@münchen.example"
SPELLED = ("Ada@MÜNCHEN.example", "ADA@xn--mnchen-3ya.example", "ada@münchen.example")


def engine_of(store: SqlStore) -> Engine:
    return store._engine


def subscribed(store: SqlStore, text: str, edition: str = "daily") -> Subscription:
    one, _ = store.save_subscriber(
        parse_address(text), origin=Origin.OPERATOR, state=SubscriberState.CONFIRMED, at=NOON
    )
    return store.save_subscription(one.pk, edition, at=NOON, confirmed_at=NOON, interests=("secret",))


def busy_life(store: SqlStore) -> Subscription:
    """Ada, and Bob beside her, with a row in every table that can hold something of a reader."""
    read(store, paper(1))
    days = [DAY + timedelta(days=n) for n in range(len(SPELLED))]
    for day, spelled in zip(days, SPELLED, strict=True):
        publish(store, paper(1), day=day, deliveries={spelled: f"<{day}@x>", BOB: "<b@x>"})
    ada, bob = subscribed(store, ADA.text), subscribed(store, BOB)
    store.save_library(ada.pk, Library(name="mine.bib", content=b"ada's papers", papers=1), at=NOON)
    store.mark("daily", paper(1).id, 1, at=NOON, reader=ada.reader)
    store.mark("daily", paper(1).id, 1, at=NOON, reader=bob.reader)
    notice = {"state": "sent", "message_id": "<n@x>", "queued_at": NOON, "attempts": 1}
    picks = {"edition": "daily", "date": DAY, "language": "en", "papers": 1, "body": b"close to secret"}
    with engine_of(store).begin() as connection:
        connection.execute(
            insert(tables.notice),
            [
                {"kind": "confirm", "recipient": ADA.text, "subscription_pk": ada.pk, "about": {}, **notice},
                {"kind": "links", "recipient": SPELLED[0], "subscription_pk": None, "about": {}, **notice},
                {
                    "kind": "report",
                    "recipient": "boss@x.org",
                    "subscription_pk": None,
                    "about": {"a": ADA.text},
                    **notice,
                },
                {"kind": "links", "recipient": BOB, "subscription_pk": bob.pk, "about": {}, **notice},
            ],
        )
        returned = {"hash": "h", "at": NOON, "kind": "bounce", "code": "5.1.1"}
        connection.execute(insert(tables.bounce), [{**returned, "subscriber_pk": ada.subscriber.pk}])
        connection.execute(insert(tables.picks), [{"profile": "of ada", **picks}, {"profile": "of both", **picks}])
        own, shared = connection.scalars(select(tables.picks.c.pk).order_by(tables.picks.c.pk))
        d = tables.delivery.c
        for which, picks_pk in ((SPELLED[0], own), (SPELLED[1], shared), (BOB, shared)):
            connection.execute(update(tables.delivery).where(d.recipient == which).values(picks_pk=picks_pk))
        of_ada = update(tables.delivery).where(d.recipient == SPELLED[0])
        connection.execute(of_ada.values(subscription_pk=ada.pk, state="failed", error=f"550 <{ADA.text}> is unknown"))
    return ada


def rows(url: str) -> list[str]:
    """Every row of every table, sorted, behind the table's name."""
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine, resolve_fks=False)
    with engine.connect() as connection:
        found = [f"{t.name}: {row!r}" for t in metadata.tables.values() for row in connection.execute(select(t))]
    engine.dispose()
    return sorted(found)


def test_all_that_is_kept_of_a_person_is_told_however_the_address_was_spelled(store: SqlStore) -> None:
    ada = busy_life(store)

    deliveries = store.deliveries_to(ADA, [ada.pk])
    assert sorted(d.recipient for d in deliveries) == sorted(SPELLED)
    assert [d.date for d in deliveries] == sorted((d.date for d in deliveries), reverse=True)
    assert [(n.kind, n.state) for n in store.notices_to(ADA, [ada.pk])] == [
        ("confirm", "sent"),
        ("links", "sent"),
        ("report", "sent"),
    ]
    assert [(b.kind, b.code) for b in store.bounces_of(ada.subscriber.pk)] == [("bounce", "5.1.1")]


def test_nothing_of_a_forgotten_address_is_left_but_a_keyed_hash(new_url: str) -> None:
    with SqlStore.open(new_url) as store:
        busy_life(store)

        assert store.forget_subscriber(ADA, on=DAY, secret=b"s")

        assert store.subscriber(ADA) is None
        assert store.forgotten_since(ADA, secret=b"s") == DAY
        assert store.forgotten_since(ADA, secret=b"t") is None
        assert not store.forget_subscriber(ADA, on=DAY, secret=b"s")
        states = {d.recipient: d.state for d in store.deliveries("daily", DAY)}
        assert states == {BOB: DeliveryState.DUE, "forgotten 1": DeliveryState.FAILED}
        store.remember(ADA, secret=b"s")
        assert store.forgotten_since(ADA, secret=b"s") is None
    left = rows(new_url)
    assert [row for row in left if "ada@" in row.lower() or "ada's papers" in row or "of ada" in row] == []
    assert [row.partition(":")[0] for row in left if "bob@" in row] == ["delivery"] * 3 + ["notice", "subscriber"]
    assert ["of both" in row for row in left if row.startswith("picks:")] == [True]


def test_what_is_due_to_a_forgotten_address_is_given_up(store: SqlStore) -> None:
    read(store, paper(1))
    publish(store, paper(1), deliveries={"ada@localhost": "<1@x>", "Ada@münchen.example": "<2@x>"})
    [_, claimed] = store.claim_deliveries("daily", DAY, limit=2)

    store.forget_subscriber(ADA, on=DAY, secret=b"s")

    assert claimed.recipient == "Ada@münchen.example"
    assert [(d.recipient, d.state, d.error) for d in store.deliveries("daily", DAY)] == [
        ("ada@localhost", DeliveryState.SENDING, None),
        (f"forgotten {claimed.id}", DeliveryState.SKIPPED, "the reader was forgotten before it was sent"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_a_forgotten_address_is_left_in_the_files_of_sqlite(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    people = [f"reader{n:04}@example.org" for n in range(400)]
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db") as store:
        read(store, paper(1))
        publish(store, paper(1), deliveries={one: f"<{one}>" for one in people[:200]})
        for one in people:
            subscribed(store, one)
        gone = chance.sample(people, 60)
        for n, one in enumerate(gone):
            # Pages are split, joined and moved meanwhile.
            subscribed(store, f"{chance.randrange(10**9)}@{'x' * chance.randrange(1, 60)}.org")
            store.forget_subscriber(parse_address(one), on=DAY, secret=bytes([n]))

        assert store.sweep()

        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [one for one in gone if one.encode() in content] == []
    assert sum(one.encode() in content for one in people) == 340


def test_a_reader_of_the_database_holds_the_sweep_up_and_it_says_so(tmp_path: Path) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db?timeout=0.05") as store, store._read() as connection:
        connection.execute(select(tables.meta))
        subscribed(store, ADA.text)
        store.forget_subscriber(ADA, on=DAY, secret=b"s")

        assert not store.sweep()


def test_a_sweep_goes_through_on_either_database(store: SqlStore) -> None:
    busy_life(store)
    store.forget_subscriber(ADA, on=DAY, secret=b"s")

    assert store.sweep()


def test_the_links_of_a_forgotten_reader_never_open_what_is_somebody_elses(store: SqlStore) -> None:
    gone = subscribed(store, ADA.text)
    store.forget_subscriber(ADA, on=DAY, secret=b"s")

    other = subscribed(store, BOB)

    assert other.pk > gone.pk
    assert other.subscriber.pk > gone.subscriber.pk
    assert store.subscription(gone.pk) is None
