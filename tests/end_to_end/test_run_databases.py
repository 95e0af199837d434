"""The same job on SQLite and on Postgres leaves the same archive."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import paper
from tests.support.desk import CONFIG, Desk, line, tree

if TYPE_CHECKING:
    from tests.support.store_fixtures import Server

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY = date(2026, 6, 1)


def two_days(folder: Path, config: str) -> Desk:
    folder.mkdir()
    desk = Desk(folder, config)
    desk.feed(MONDAY, [line(paper(n), upvotes=n) for n in range(1, 8)])
    desk.feed(MONDAY + timedelta(days=1), [line(paper(n), upvotes=9 * n) for n in range(3, 12)])
    for n in range(2):
        [report] = desk.run(MONDAY + timedelta(days=n))
        assert report.status == "done"
    return desk


def test_both_databases_leave_the_same_archive(tmp_path: Path, postgres: Server) -> None:
    config = CONFIG + "max_papers = 4\n"
    with_postgres = config.replace("[digest]", f'[digest]\ndatabase = "{postgres.new_database()}"')

    here, there = two_days(tmp_path / "sqlite", config), two_days(tmp_path / "postgres", with_postgres)

    assert tree(here.site) == tree(there.site)
    assert [p.name[:-13] for p in here.outbox] == [p.name[:-13] for p in there.outbox]
    assert not list((there.folder / "var").glob("*.db"))
    with there.app() as app:
        assert [p.id for p in app.store.search("number 11", limit=1)] == ["arxiv:2603.00011"]
