"""Opening a database: new, old, newer, a stranger's, broken, read-only, full, or held by somebody."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, MetaData, create_engine, event, inspect, select, text, update

from digest.core.errors import StoreError
from digest.core.models import Batch, DeliveryState, Prompt, Summary, SummaryKey
from digest.core.summaries.ledger import Ceilings, HandoverState
from digest.store import SqlStore, tables
from digest.store.database import LOCKS
from digest.store.migrations import MIGRATIONS, Migration
from digest.store.papers import paper_values
from digest.store.serialize import dump
from tests.conftest import NOON, ROOT, paper
from tests.fakes.clock import FakeClock
from tests.support.store_values import DAY, fitting, issue, plan, publish, read, start

if TYPE_CHECKING:
    from tests.support.store_fixtures import Server

pytest_plugins = ("tests.support.store_fixtures",)

LAST = MIGRATIONS[-1].version


def step(version: int, *statements: str) -> Migration:
    def run(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return Migration(version=version, name=f"step {version}", run=run)


def ask(url: str, question: Callable[[Connection], Any]) -> Any:
    engine = create_engine(url)
    with engine.connect() as connection:
        answer = question(connection)
    engine.dispose()
    return answer


def versions(url: str) -> list[int]:
    return list(ask(url, lambda c: c.scalars(select(tables.migration.c.version)).all()))


# -- migrations


def test_the_migrations_lead_to_the_tables_that_the_queries_know(new_url: str) -> None:
    SqlStore.open(new_url).close()

    def compare(connection: Connection) -> None:
        found = inspect(connection)
        ours = {name for name in found.get_table_names() if not name.startswith("paper_fts")}
        assert ours == set(tables.metadata.tables)
        for name, table in tables.metadata.tables.items():
            # Postgres keeps the words of its search index in a column that no query selects.
            there = {c["name"]: c["nullable"] for c in found.get_columns(name) if c["name"] != "words"}
            assert there == {c.name: bool(c.nullable) for c in table.c}, name
            assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key], name
            assert {
                (*k["constrained_columns"], k["referred_table"], *k["referred_columns"])
                for k in found.get_foreign_keys(name)
            } == {
                (*k.column_keys, k.referred_table.name, *(e.column.name for e in k.elements))
                for k in table.foreign_key_constraints
            }, name

    ask(new_url, compare)


def test_a_database_is_made_once(new_url: str, clock: FakeClock) -> None:
    with SqlStore.open(new_url, clock=clock) as store:
        read(store, paper(1))
    clock.advance(days=1)

    with SqlStore.open(new_url, clock=clock) as store:
        assert store.paper(paper(1).id) == paper(1)

    assert ask(new_url, lambda c: c.execute(select(tables.migration)).all()) == [
        (m.version, m.name, NOON) for m in MIGRATIONS
    ]


def test_a_further_step_is_taken_and_written_down_with_its_time(new_url: str, clock: FakeClock) -> None:
    SqlStore.open(new_url, clock=clock).close()
    clock.advance(days=1)
    steps = (
        *MIGRATIONS,
        step(LAST + 1, "CREATE TABLE note (words TEXT)"),
        step(LAST + 2, "INSERT INTO note VALUES ('done')"),
    )

    with SqlStore.open(new_url, clock=clock, steps=steps) as store:
        assert store.status(since=NOON).schema == LAST + 2

    assert ask(new_url, lambda c: c.execute(text("SELECT words FROM note")).all()) == [("done",)]
    assert ask(new_url, lambda c: c.scalars(select(tables.migration.c.applied_at)).all()) == [
        *[NOON] * LAST,
        *[NOON + timedelta(days=1)] * 2,
    ]


def test_a_step_that_fails_leaves_the_database_as_the_step_before_left_it(new_url: str) -> None:
    steps = (
        *MIGRATIONS,
        step(LAST + 1, "CREATE TABLE note (words TEXT)"),
        step(LAST + 2, "DROP TABLE note", "SELECT nonsense FROM nowhere"),
    )

    with pytest.raises(Exception, match="nowhere"):
        SqlStore.open(new_url, steps=steps)

    assert versions(new_url) == [*range(1, LAST + 2)]
    assert ask(new_url, lambda c: inspect(c).has_table("note"))


def test_a_beginning_that_fails_leaves_nothing(new_url: str) -> None:
    def begin_badly(connection: Connection) -> None:
        MIGRATIONS[0].run(connection)
        raise LookupError

    with pytest.raises(LookupError):
        SqlStore.open(new_url, steps=(Migration(version=1, name="bad", run=begin_badly),))

    assert ask(new_url, lambda c: inspect(c).get_table_names()) == []
    SqlStore.open(new_url).close()


def test_a_newer_database_is_refused_with_a_sentence(new_url: str) -> None:
    SqlStore.open(new_url, steps=(*MIGRATIONS, step(99, "CREATE TABLE future (x INTEGER)"))).close()

    with pytest.raises(
        StoreError, match=rf"newer version of this program \(its schema is 99, .* up to {LAST}\): update"
    ):
        SqlStore.open(new_url)

    assert versions(new_url) == [*range(1, LAST + 1), 99]


def test_a_step_that_leaves_rows_pointing_at_nothing_is_undone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    with SqlStore.open(url) as store:
        read(store, paper(1))
    careless = step(LAST + 1, "PRAGMA defer_foreign_keys = ON", "DELETE FROM alias", "DELETE FROM paper")

    with pytest.raises(StoreError, match=rf"step {LAST + 1}.* would leave record pointing at nothing"):
        SqlStore.open(url, steps=(*MIGRATIONS, careless))

    with SqlStore.open(url) as store:
        assert store.paper(paper(1).id) == paper(1)


def test_processes_that_open_a_new_database_at_once_all_succeed(new_url: str) -> None:
    script = """
import sys
from digest.store import SqlStore
sys.stdin.readline()
print(SqlStore.open(sys.argv[1]).secret().hex())
"""
    processes = [start(script, new_url) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    answers = [process.communicate(timeout=60) for process in processes]

    assert len({secret for secret, _ in answers}) == 1, answers
    assert len(answers[0][0]) == 65, answers
    assert versions(new_url) == [*range(1, LAST + 1)]


# -- SQLite


def test_sqlite_writes_ahead_fully_and_checks_its_keys(tmp_path: Path) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/not/there/yet/digest.db") as store, store._read() as connection:
        answers = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "application_id")
        }

    full = 2
    assert answers == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "application_id": int.from_bytes(b"dige"),
    }


def test_only_transactions_that_write_take_the_write_lock(tmp_path: Path) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db") as store:
        begun: list[str] = []
        event.listen(
            store._engine, "before_cursor_execute", lambda *a: begun.append(a[2]) if a[2].startswith("BEGIN") else None
        )

        store.register_edition("daily", DAY)
        store.issue_dates()

    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


def test_a_database_in_memory_serves_several_threads(tmp_path: Path) -> None:
    with SqlStore.open("sqlite://") as store:
        threads = [threading.Thread(target=read, args=(store, paper(n))) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.status(since=NOON).papers == 8


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "photos.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE photo (name TEXT)")
    connection.close()
    before = file.read_bytes()

    with pytest.raises(StoreError, match=r"photos\.db is a database of another program"):
        SqlStore.open(f"sqlite:///{file}")

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[digest]\n" * 300)

    with pytest.raises(StoreError, match=r"config\.toml is not a database"):
        SqlStore.open(f"sqlite:///{file}")

    assert file.read_text() == "[digest]\n" * 300


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")

    with pytest.raises(
        StoreError, match="folder .*var/deep for the database can't be made: a file stands where a folder is needed"
    ):
        SqlStore.open(f"sqlite:///{tmp_path}/var/deep/digest.db")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be opened"):
        SqlStore.open(f"sqlite:///{tmp_path}")


def test_a_file_that_may_only_be_read_can_be_read(tmp_path: Path) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db") as store:
        read(store, paper(1))

    with SqlStore.open(f"sqlite:///file:{tmp_path}/digest.db?mode=ro&uri=true") as store:
        assert store.paper(paper(1).id) == paper(1)
        with pytest.raises(StoreError, match="may only read it"):
            read(store, paper(2))


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db") as store:
        read(store, paper(1))
        pages = store.status(since=NOON).size_bytes // 4096
        event.listen(store._engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}"))

        with pytest.raises(StoreError, match="the disk is full"):
            read(store, *(paper(n) for n in range(2, 200)))

        assert store.status(since=NOON).papers == 1


def test_a_database_that_is_held_too_long_is_told(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with SqlStore.open(f"sqlite:///{file}?timeout=0.01") as store:
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError, match="is held by another program"):
            store.register_edition("daily", DAY)
        assert store.issue_dates() == ()  # readers do not wait

        holder.execute("ROLLBACK")
        holder.close()
        store.register_edition("daily", DAY)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with SqlStore.open(f"sqlite:///{file}") as store:
        read(store, *(paper(n) for n in range(200)))
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)

    with (
        pytest.raises(StoreError, match="is damaged: put a backup in its place"),
        SqlStore.open(f"sqlite:///{file}") as store,
    ):
        store.search("things", limit=5)


def test_an_sqlite_without_full_text_search_is_told(tmp_path: Path) -> None:
    # Every SQLite at hand has FTS5; one that has not says the same of it as of this name.
    steps = (step(1, "CREATE VIRTUAL TABLE paper_fts USING fts5_that_is_not_there (title)"),)

    with pytest.raises(StoreError, match=r"has no full-text search \(FTS5\)"):
        SqlStore.open(f"sqlite:///{tmp_path}/digest.db", steps=steps)


# -- addresses


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("digest.db", "the address of the database: is no address of a database; use sqlite:///PATH"),
        ("mysql://root@localhost/digest", "the address of the database: 'mysql' is not known"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        SqlStore.open(url)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"ada:\*\*\*@127\.0\.0\.1:1/digest can't be used: .*") as told:
        SqlStore.open("postgresql://ada:hunter2@127.0.0.1:1/digest?connect_timeout=2")

    assert "hunter2" not in str(told.value)


def test_postgres_without_its_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # The driver is installed where the tests run; None in its place makes importing it fail as if it were not.
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError, match=r"pip install 'research-digest\[postgres\]'"):
        SqlStore.open("postgresql+psycopg://ada@localhost/digest")


def test_a_mistake_of_ours_is_not_told_as_the_worlds(new_url: str) -> None:
    with (
        SqlStore.open(new_url) as store,
        pytest.raises(Exception, match="nowhere") as raised,
        store._read() as connection,
    ):
        connection.exec_driver_sql("SELECT nothing FROM nowhere")

    assert not isinstance(raised.value, StoreError)


def test_opening_needs_only_what_it_uses() -> None:
    script = (
        "import sys; from digest.store import SqlStore; SqlStore.open('sqlite://'); print('psycopg' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert answer.stdout == "False\n"


def test_a_deferred_key_is_still_a_key(new_url: str) -> None:
    with SqlStore.open(new_url) as store:
        publish(store, paper(1))
        with pytest.raises(Exception, match=r"(?i)foreign key"), store._write() as connection:
            connection.execute(
                tables.record.insert().values(source="never read", day=DAY, paper_pk=1, position=0, is_news=True)
            )
        assert store.issue("daily", DAY) == issue(paper(1))


def test_requests_of_before_the_ledger_keep_counting(new_url: str) -> None:
    SqlStore.open(new_url, steps=MIGRATIONS[:3]).close()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        for cost, outcome in (("0.0123", "ok"), ("NULL", "no answer"), ("0.1", "2 missing")):
            connection.exec_driver_sql(
                "INSERT INTO request (at, edition, client, model, papers, input_tokens, cached_tokens, output_tokens, "
                "cost_usd, outcome) VALUES "
                f"('2026-06-03 12:00:00+00:00', 'daily', 'openai', 'm', 5, 1000, 100, 200, {cost}, '{outcome}')"
            )
    engine.dispose()

    with SqlStore.open(new_url) as store:
        assert store.spent_usd(NOON - timedelta(days=365)) == 0.1123
        assert store.reserve_request(plan(0.1), Ceilings(month_usd=0.2)) is None
        assert store.reserve_request(plan(0.1), Ceilings(run_usd=0.1)) is not None


def test_a_store_from_before_the_leases_goes_on_with_its_mails_and_its_papers(new_url: str) -> None:
    rows = [{"pk": pk, "first_seen": DAY, **paper_values(paper(pk))} for pk in (3, 41)]
    old_claim = {"claimed_by": "lab/7/4711/0123abcd", "claimed_at": NOON}
    with SqlStore.open(new_url, steps=MIGRATIONS[:6], clock=FakeClock()) as old, old._write() as connection:
        it = {"edition": "daily", "date": DAY}
        built = {**it, "body": dump(issue()), "entries": 0, "built_at": NOON}
        due = {**it, "state": DeliveryState.DUE, "queued_at": NOON, "attempts": 0}
        mails = [{**due, "recipient": f"{s}@example.org", "message_id": f"<{s}@x>"} for s in DeliveryState]
        connection.execute(tables.issue.insert(), [built])
        connection.execute(tables.delivery.insert(), mails)
        connection.execute(tables.paper.insert(), fitting(connection, rows))
        connection.execute(
            tables.alias.insert(),
            [{"id": r["id"], "paper_pk": r["pk"], "reason": "its own id", "since": DAY} for r in rows],
        )
        for state in set(DeliveryState) - {DeliveryState.DUE}:
            is_it = tables.delivery.c.recipient == f"{state}@example.org"
            connection.execute(update(tables.delivery).where(is_it).values(state=state, attempts=1, **old_claim))

    with SqlStore.open(new_url, clock=FakeClock()) as store:
        before = {d.recipient.partition("@")[0]: d.state.value for d in store.deliveries("daily", DAY)}
        doubted = store.doubt_deliveries("daily", DAY)
        claimed = store.claim_deliveries("daily", DAY, limit=10)
        read(store, paper(1), paper(2))

        assert before == {state.value: state.value for state in DeliveryState}
        assert doubted == 1
        assert [(d.recipient, d.attempts) for d in claimed] == [("due@example.org", 1), ("sending@example.org", 2)]
        assert store.sent_at("daily", DAY, 1) == NOON
        found = store.paper_at(paper(41).url)
        assert found is not None
        assert found.id == paper(41).id
    assert ask(new_url, lambda c: c.scalars(select(tables.paper.c.pk).order_by(tables.paper.c.pk)).all()) == [
        *(3, 41, 42, 43)
    ]
    indexes = ask(new_url, lambda c: {i["name"] for t in ("paper", "delivery") for i in inspect(c).get_indexes(t)})
    assert {"paper_url", "delivery_claim"} <= indexes
    assert "delivery_state" not in indexes


def test_the_key_of_a_paper_that_is_gone_is_given_to_no_other(new_url: str) -> None:
    with SqlStore.open(new_url) as store:
        read(store, paper(1), paper(2), paper(3))
        with store._write("papers") as connection:
            for table in (tables.record, tables.alias, tables.sketch):
                connection.execute(table.delete().where(table.c.paper_pk == 3))
            connection.execute(tables.paper.delete().where(tables.paper.c.pk == 3))

        read(store, paper(4))

    assert ask(new_url, lambda c: c.scalars(select(tables.paper.c.pk).order_by(tables.paper.c.pk)).all()) == [1, 2, 4]


def test_keys_that_the_program_before_took_after_the_migration_are_not_given_again(new_url: str) -> None:
    """A run of it was at work while the database was brought up to date, and took the keys behind the last one."""
    with SqlStore.open(new_url) as store:
        read(store, paper(1))
        with store._write("papers") as connection:
            for pk in (2, 3):
                row = {"pk": pk, "first_seen": DAY, **paper_values(paper(pk))}
                connection.execute(tables.paper.insert(), [row])

        read(store, paper(4), paper(5))

    assert ask(new_url, lambda c: c.scalars(select(tables.paper.c.pk).order_by(tables.paper.c.pk)).all()) == [
        *(1, 2, 3, 4, 5)
    ]


def test_an_address_of_any_length_is_kept_and_found(new_url: str) -> None:
    # More than an index of Postgres holds, also squeezed together.
    long = "https://x.org/" + "".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(100))
    with SqlStore.open(new_url) as store:
        read(store, paper(1, url=long))

        found = store.paper_at(long)

    assert found is not None
    assert found.url == long


def test_handovers_of_when_they_were_called_jobs_are_found_with_their_requests(new_url: str) -> None:
    asked = Prompt(system="Do.", user="#1", batch=Batch(papers=(paper(1),)), nonce="ABCD", max_output_tokens=9)
    old_tables = "job", "request"
    SqlStore.open(new_url, steps=MIGRATIONS[:6]).close()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=old_tables)
        job, request = (old.tables[name] for name in old_tables)
        shared = {"edition": "daily", "client": "openai", "model": "m", "prompt": "p"}
        at = NOON.replace(tzinfo=None) if new_url.startswith("sqlite") else NOON
        for pk, state, prompts in ((1, "open", [dump(asked)] * 2), (2, "done", [["c"]])):
            row = {"name": f"digest-{pk}", "provider_id": f"batch_{pk}", "state": state, "prompts": json.dumps(prompts)}
            connection.execute(job.insert().values(**row, **shared, date=DAY, language="en", submitted_at=at))
        counts = dict.fromkeys(("papers", "summaries", "input_tokens", "cached_tokens", "output_tokens"), 1)
        for job_pk in (None, 1, 2, 1):
            row = {"at": at, "run": "1", "purpose": "summaries", "mode": "batch", "job_pk": job_pk, **counts}
            connection.execute(request.insert().values(**row, **shared, reserved_nano_usd=10**8))
    engine.dispose()

    with SqlStore.open(new_url) as store:
        [found] = store.open_handovers()
        over = store.asked_in_handovers(DAY)
        new = store.save_handover(
            name="digest-3",
            edition="daily",
            day=DAY,
            language="en",
            prompts=[asked],
            plans=[plan(0.1, mode="batch")],
            ceilings=Ceilings(),
            at=NOON,
        )
        store.mark_handover(found.pk, HandoverState.LOST)

        assert (found.name, found.state, found.submitted_at) == ("digest-1", HandoverState.OPEN, NOON)
        assert (found.prompts, found.requests) == ((asked, asked), (2, 4))
        assert over == {SummaryKey(content="c", client="openai", model="m", prompt="p", language="en")}
        assert new is not None
        assert (new.pk, new.requests) == (3, (5,))
        assert store.open_handovers() == (new,)
        assert store.spent_usd(NOON) == 0.3
        with pytest.raises(Exception, match=r"(?i)foreign key"), store._write() as connection:
            connection.execute(update(tables.request).where(tables.request.c.pk == 1).values(handover_pk=99))
    assert ask(new_url, lambda c: "job" in inspect(c).get_table_names()) is False
    indexes = ask(new_url, lambda c: {i["name"] for t in ("handover", "request") for i in inspect(c).get_indexes(t)})
    assert {"handover_state", "request_handover"} <= indexes
    assert indexes.isdisjoint({"job_state", "request_job"})


# -- who waits for whom


def test_on_postgres_only_those_wait_who_want_the_same_lock(postgres: Server) -> None:
    url = postgres.new_database()
    began, done = threading.Event(), threading.Event()

    def migrate(store: SqlStore) -> None:
        began.set()
        with store._write(*reversed(LOCKS)):  # as a migration does, which wants all
            done.set()

    with SqlStore.open(url) as one, SqlStore.open(url) as other:
        with one._write("papers"):
            with other._write():
                pass
            with other._write("issue", "ledger"):
                pass
            waiting = threading.Thread(target=migrate, args=(other,))
            waiting.start()
            assert began.wait(30)
            assert not done.wait(0.3)
        waiting.join(30)

    assert done.is_set()


def test_on_postgres_locks_named_in_any_order_are_taken_in_one(postgres: Server) -> None:
    url = postgres.new_database()
    done: list[int] = []

    def work(n: int) -> None:
        locks = LOCKS if n % 2 else tuple(reversed(LOCKS))
        with SqlStore.open(url) as store:
            for _ in range(20):
                with store._write(*locks):
                    done.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(done) == 80


def test_summaries_of_before_their_stand_ins_had_a_column_are_found(new_url: str) -> None:
    SqlStore.open(new_url, steps=MIGRATIONS[:6]).close()
    engine = create_engine(new_url)
    prompts = ("0123456789abcdef", "0123456789abcdef fell back 2026-06-03", "rules 3")
    with engine.begin() as connection:
        for prompt in prompts:
            connection.exec_driver_sql(
                "INSERT INTO summary (content, client, model, prompt, language, body) VALUES "
                f"('c', 'openai', 'm', '{prompt}', 'en', '{{\"tldr\":\"{prompt}\",\"client\":\"openai\"}}')"
            )
    engine.dispose()

    def key(prompt: str, day: date | None = None) -> SummaryKey:
        return SummaryKey(content="c", client="openai", model="m", prompt=prompt, language="en", stood_in_on=day)

    with SqlStore.open(new_url) as store:
        keys = key("0123456789abcdef"), key("0123456789abcdef", date(2026, 6, 3)), key("rules 3")
        found = store.summaries([*keys, key("0123456789abcdef", date(2026, 6, 4)), *map(key, prompts)])

    assert found == {k: Summary(tldr=said, client="openai") for k, said in zip(keys, prompts, strict=True)}
