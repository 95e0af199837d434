"""A database connection: opening it, transactions and their locks, and SQLAlchemy's errors turned into `StoreError`.

SQLite and Postgres take one path. What differs between them is in this file and in `migrations.py`, and the words of
the search in `search.py`; no query asks which one it is talking to.

On SQLite there is one writer at a time, so what a transaction has read stays true until it has written. On Postgres a
transaction that writes what follows from what it has read names the locks that keep that true; others write beside it:

    papers    papers, their ids, parts and sketches, the lists that name them, and all other rows that point at a paper.
              A reading may fold one paper into another and delete it: under this lock a paper's key, once found, stays
              valid, and no list is judged by what another reading is just changing.
    ledger    requests and handovers. Under it all that is reserved is visible, so the same money is not given out
              twice; and two processes that settle one request write its failed checks one after the other.
    issue     issues, what they decided, and the deliveries they make. Under it only one issue of a day is made, and a
              rewritten issue is made of the one that is stored.
    schema    the tables themselves. A migration takes this one and all others.
    subscribers
              subscribers and subscriptions, with their libraries. Under it an address is one subscriber, and the last
              edition that a reader stops is known to be the last.

Locks are taken in this order, whatever order they are named in, so no two transactions wait for each other. A single
statement needs no lock: a row that is inserted, replaced or deleted whole, and the claims of `leases.py`, whose UPDATE
says in its WHERE what it relies on.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Dialect, Engine, Row, Table, Update, create_engine, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from digest.core.database_address import parse_database
from digest.core.errors import StoreError
from digest.core.ports import Clock
from digest.core.walls import reason_of
from digest.store.migrations import APPLICATION_ID, MIGRATIONS, Migration, apply, check_version, schema_version

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

_BUSY_TIMEOUT_S: Final = 30
Lock = Literal["papers", "ledger", "issue", "schema", "subscribers"]
LOCKS: Final[tuple[Lock, ...]] = ("papers", "ledger", "issue", "schema", "subscribers")
"""All locks, in the order in which they are taken."""
_LOCK_NUMBER: Final = 1684630373
"""The first number of our advisory locks ("dige"); the second is the place among `LOCKS`."""
_KEPT_ALIVE: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""How soon libpq notices that a server is gone: seconds, and milliseconds for the last.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""
_IN_CHUNK: Final = 1000
"""Values in one IN list. SQLite takes 32,766 in a statement since 3.32, Postgres 65,535."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Database:
    """One open database; the parts of the store inherit from it. Threads can share it."""

    def __init__(self, engine: Engine, *, clock: Clock, lease: timedelta | None = None) -> None:
        """
        Args:
            lease: As `open` takes it.
        """
        self._engine = engine
        self._compiled: dict[Update, _Compiled] = {}
        self._clock = clock
        self._lease = lease
        # SQLite lets writers ask again and again, ever more rarely: of many threads some would wait for seconds.
        self._writing = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock = utc_now,
        steps: Sequence[Migration] = MIGRATIONS,
        lease: timedelta | None = None,
    ) -> Self:
        """Open the database at *url*, make it if there is none, and bring its tables up to date.

        Args:
            url: `sqlite:///path/to/digest.db` or `postgresql+psycopg://user:password@host/name`.
            clock: For what the database itself dates: its migrations, leases and claims. The clocks of machines that
                share a database must agree to within a few seconds.
            lease: For how long what this store claims is its own after its last sign of life, and when a store that
                gives none is taken for dead: the same for all that share a database. None: `leases.LEASE`.

        Raises:
            StoreError: It can't be opened, is not ours, or is newer than this program.
        """
        parsed = _parse(url)
        database = cls(_engine(parsed), clock=clock, lease=lease)
        try:
            database._prepare(steps)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def place(self) -> str:
        """The database's file or address, for messages; without password."""
        return _place(self._engine.url)

    def ping(self) -> None:
        """Ask the database for nothing.

        Raises:
            StoreError: It does not answer.
        """
        with self._read() as connection:
            connection.execute(select(1))

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database, whatever others write meanwhile."""
        with _told(self.place), self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def _write(self, *locks: Lock) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back by any exception.

        Args:
            locks: What no other transaction may write meanwhile; see the module's docstring. SQLite has one lock
                for everything.
        """
        with self._writing, _told(self.place), self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                # One that begins as a reader and then writes fails at once if another has written meanwhile.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                for number, lock in enumerate(LOCKS):
                    if lock in locks:
                        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER}, {number})")
            yield connection

    @contextmanager
    def _outside_transactions(self) -> Iterator[Connection]:
        """A connection for what no transaction can hold, as a VACUUM."""
        with _told(self.place), self._engine.connect() as connection:
            # SQLite's connections are in no transaction until one is begun.
            if connection.dialect.name != "sqlite":
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    def _write_quickly(self, statement: Update, values: Mapping[str, Any]) -> int | None:
        """Run one statement in a transaction of its own, past SQLAlchemy's engine: it costs a fifth of `_write`.

        For what is done for each of many mails. *statement* must be a constant of its module.

        Returns:
            How many rows it changed; None if the database refused, after which `_write` says why.
        """
        dialect = self._engine.dialect
        if (compiled := self._compiled.get(statement)) is None:
            compiled = self._compiled[statement] = _Compiled(statement, dialect)
        try:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                if dialect.name == "sqlite":
                    cursor.execute("BEGIN IMMEDIATE")
                cursor.execute(compiled.text, compiled.parameters(values))
                changed = int(cursor.rowcount)
                connection.commit()
                return changed
            finally:
                connection.close()  # rolls back what is not committed
        except (dialect.loaded_dbapi.Error, SQLAlchemyError):
            return None

    def _prepare(self, steps: Sequence[Migration]) -> None:
        if self._engine.dialect.name == "sqlite":
            self._prepare_file()
        with self._read() as connection:
            found = schema_version(connection)
        if check_version(found, place=self.place, steps=steps):
            return
        for step in steps:
            with self._write(*LOCKS) as connection:
                apply(connection, step, at=self._clock())

    def _prepare_file(self) -> None:
        """Refuse another program's file before anything is written to it, then switch to the write-ahead log."""
        with _told(self.place), self._engine.connect() as connection:
            # In this order: another process may be making them, and the mark comes with the tables.
            tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
            if mark != APPLICATION_ID and (mark or tables):
                raise StoreError(f"{self.place} is a database of another program: name a different file")
            if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "delete":
                return
            try:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except DBAPIError as exc:
                # Another process has it open at this moment, most likely to do the same. The mode belongs to the
                # file: if nobody has set it by then, the next to open it will.
                if not is_busy(exc):
                    raise


class _Compiled:
    """A statement in the words of one database, and how values are given to it."""

    def __init__(self, statement: Update, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order = compiled.positiontup if compiled.positional else None
        self._processors = {
            name: processor
            for bind, name in compiled.bind_names.items()
            if (processor := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._constants = self._processed({name: v for name, v in compiled.params.items() if v is not None})

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """What the driver takes: a tuple, or a mapping."""
        found = {**self._constants, **self._processed(values)}
        return found if self._order is None else tuple(found.get(name) for name in self._order)

    def _processed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: p(v) if (p := self._processors.get(name)) else v for name, v in values.items()}


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, update: Sequence[str] = ()
) -> None:
    """Insert *rows*; where the primary key is there already, set the columns in *update*, or leave the row alone."""
    if not rows:
        return
    insert_into = _insert(connection, table)
    keys = list(table.primary_key.columns)
    if update:
        statement = insert_into.on_conflict_do_update(
            index_elements=keys, set_={name: insert_into.excluded[name] for name in update}
        )
    else:
        statement = insert_into.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))


def insert_ignored(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], unique: Sequence[str]
) -> None:
    """Insert those of *rows* whose columns *unique* no other row has."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(index_elements=unique), list(rows))


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> sqlite.Insert | postgresql.Insert:
    """A statement that inserts those of *rows* whose primary key is new; with RETURNING it gives the inserted ones."""
    keys = list(table.primary_key.columns)
    return _insert(connection, table).values(list(rows)).on_conflict_do_nothing(index_elements=keys)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_one(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return the primary key that the database gave it."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101 -- None is for other statements than this
    return int(key[0])


def new_paper_keys(connection: Connection, count: int) -> list[int]:
    """*count* keys that no paper has or ever had, ascending."""
    if not count:
        return []
    if connection.dialect.name == "postgresql":
        # The program before step 7 took the keys behind the last paper's, and may have been at work while this one
        # migrated. Under the lock `papers` nobody else takes any.
        connection.exec_driver_sql(
            "SELECT setval('paper_pk', top) FROM (SELECT max(pk) AS top FROM paper) AS found, paper_pk "
            "WHERE top > last_value OR (top = last_value AND NOT is_called)"
        )
        keys = connection.exec_driver_sql("SELECT nextval('paper_pk') FROM generate_series(1, %s)", (count,))
        return sorted(keys.scalars())
    connection.exec_driver_sql(
        "UPDATE meta SET value = "
        "CAST(max(CAST(value AS INTEGER), (SELECT coalesce(max(pk), 0) FROM paper)) + ? AS TEXT) "
        "WHERE key = 'last paper'",
        (count,),
    )
    last = int(connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'last paper'").scalar_one())
    return list(range(last - count + 1, last + 1))


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """*values* in lists of at most 1,000, in their order: each fits in the IN list of one query."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _IN_CHUNK)):
        yield chunk


# -- opening


def _parse(url: str) -> URL:
    try:
        address = parse_database(url)
    except ValueError as exc:
        raise StoreError(f"the address of the database: {exc}") from exc
    return URL.create(
        "sqlite" if address.is_sqlite else "postgresql+psycopg",
        username=address.user,
        password=address.password,
        host=address.host,
        port=address.port,
        database=address.name or None,
        query=address.query,
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        # Whatever PGCLIENTENCODING says: a title has letters that most other encodings lack.
        # And a server that is gone without a word, as behind a laptop's former network, is given up after a minute.
        ours = {"client_encoding": "UTF8", "connect_timeout": 10, **_KEPT_ALIVE}
        try:
            engine = create_engine(
                url, pool_pre_ping=True, connect_args={k: v for k, v in ours.items() if k not in url.query}
            )
        except ModuleNotFoundError as exc:
            raise StoreError("Postgres needs a further package: pip install 'research-digest[postgres]'") from exc
        # First of all: SQLAlchemy's own questions to a new server fail where text comes as bytes.
        event.listen(engine, "connect", partial(_check_encoding, _place(url)), insert=True)
        return engine
    timeout = {} if "timeout" in url.query else {"timeout": _BUSY_TIMEOUT_S}
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        # One connection, for each would be a database of its own; threads wait for it in turn.
        engine = create_engine(
            url,
            connect_args={**timeout, "check_same_thread": False},
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
        )
    else:
        _make_folder(url)
        engine = create_engine(url, connect_args=timeout)
    event.listen(engine, "connect", _on_connect)
    return engine


def _check_encoding(place: str, connection: psycopg.Connection[Any], _record: object) -> None:
    """Refuse a database that cannot hold every letter: SQL_ASCII gives bytes back, and LATIN1 no formula."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in (None, "UTF8"):
        raise StoreError(
            f"{place} is in the encoding {encoding}, which cannot hold titles and formulas: make a database in UTF8 "
            "(CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0) and name that"
        )


def _make_folder(url: URL) -> None:
    if str(url.database).startswith("file:"):
        return
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(f"the folder {folder} for the database can't be made: {reason_of(exc)}") from exc


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions begin where we say so, not where the sqlite3 module guesses.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # With a write-ahead log NORMAL, the default of many, may lose the last commits to a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    # Who is forgotten should not stay in free pages. Debian's SQLite does so by itself, others don't.
    connection.execute("PRAGMA secure_delete = ON")


# -- errors


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return url.database or "the database in memory"
    # A query may hold a password too.
    return url.set(query={k: v for k, v in url.query.items() if k == "host"}).render_as_string(hide_password=True)


_SQLITE_SENTENCES: Final = {
    sqlite3.SQLITE_NOTADB: "{place} is not a database: name a different file, or move this one away",
    sqlite3.SQLITE_CORRUPT: "{place} is damaged: put a backup in its place",
    sqlite3.SQLITE_CANTOPEN: "{place} can't be opened: is its folder there, and may this user write to it?",
    sqlite3.SQLITE_READONLY: "{place} can't be written: this user may only read it",
    sqlite3.SQLITE_PERM: "{place} can't be opened: this user may not",
    sqlite3.SQLITE_FULL: "{place} can't grow: the disk is full; make room and run again, nothing is half written",
    sqlite3.SQLITE_IOERR: "{place} can't be read or written: the disk reports an error ({reason})",
    sqlite3.SQLITE_BUSY: "{place} is held by another program: run again when it is done",
    sqlite3.SQLITE_LOCKED: "{place} is held by another program: run again when it is done",
}


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn errors from outside (disk, network, rights, locks) into a `StoreError`; let programming errors through."""
    try:
        yield
    except DBAPIError as exc:
        sentence = _sentence(exc, place)
        if sentence is None:
            raise
        raise StoreError(sentence) from exc


def _sentence(exc: DBAPIError, place: str) -> str | None:
    """What happened and what to do, as a sentence; None for a programming error."""
    reason = " ".join(str(exc.orig).split())
    if isinstance(exc.orig, sqlite3.Error):
        if reason.startswith("no such module: fts5"):
            return (
                f"the SQLite of this Python ({sqlite3.sqlite_version}) has no full-text search (FTS5): "
                "use a Python from python.org or a distribution, or Postgres"
            )
        sentence = _SQLITE_SENTENCES.get(_sqlite_code(exc) or 0)
        return sentence.format(place=place, reason=reason) if sentence else None
    # Class 42 is a mistake in SQL, but for 42501: this user may not do that.
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    code = getattr(exc.orig, "sqlstate", None)
    if isinstance(exc, OperationalError) or code == "42501":
        return f"{place} can't be used: {reason}"
    return None


def is_busy(exc: DBAPIError) -> bool:
    """Whether another process has SQLite's file in its hands."""
    return _sqlite_code(exc) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _sqlite_code(exc: DBAPIError) -> int | None:
    """SQLite's primary result code, out of the extended code of the error."""
    code = getattr(exc.orig, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
