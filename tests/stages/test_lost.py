"""Another database than the one the archive came from: no page is lost, and no mail goes out a second time."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest.app.usecases import delivering
from digest.stages.lost import said_of
from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY, TUESDAY, WEDNESDAY
from tests.support.desk import CONFIG, Desk, tree

THURSDAY = WEDNESDAY + timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three days are out; the database of the first evening was kept."""
    desk = Desk(tmp_path)
    for n, day in enumerate((MONDAY, TUESDAY, WEDNESDAY, THURSDAY)):
        desk.feed(day, [paper(10 * n + 1), paper(10 * n + 2)])
    desk.run(MONDAY)
    shutil.copy(database(desk), desk.folder / "monday.db")
    desk.run(TUESDAY)
    desk.run(WEDNESDAY)
    return desk


def database(desk: Desk) -> Path:
    return desk.folder / "var" / "digest.db"


def lose(desk: Desk, how: str) -> None:
    """Put another database in the place of the right one."""
    for name in ("digest.db-wal", "digest.db-shm"):
        (desk.folder / "var" / name).unlink(missing_ok=True)
    if how == "missing":
        database(desk).unlink()
    elif how == "empty":
        database(desk).write_bytes(b"")
    elif how == "older":
        shutil.copy(desk.folder / "monday.db", database(desk))
    else:
        config = desk.folder / "config.toml"
        config.write_text(CONFIG.replace("[digest]", '[digest]\ndatabase = "sqlite:///var/digets.db"'))


def pages(desk: Desk, *days: object) -> dict[str, bytes]:
    """What lies below the issues of these days."""
    site = tree(desk.folder / "var" / "site")
    return {name: content for name, content in site.items() if any(f"daily/{day}/" in name for day in days)}


@pytest.mark.parametrize("how", ["missing", "empty", "older", "mistyped"])
def test_a_day_that_is_out_is_neither_drawn_over_nor_mailed_again(desk: Desk, how: str) -> None:
    before, mails = pages(desk, MONDAY, TUESDAY, WEDNESDAY), desk.outbox
    lose(desk, how)

    [report] = desk.run(WEDNESDAY)

    assert (report.status, report.issue, desk.outbox) == ("degraded", None, mails)
    assert pages(desk, MONDAY, TUESDAY, WEDNESDAY) == before
    assert "was an older one put back" in report.warnings[0]


@pytest.mark.parametrize("how", ["missing", "empty", "older", "mistyped"])
def test_the_next_day_goes_out_and_the_pages_of_those_before_stay(desk: Desk, how: str) -> None:
    before, mails = pages(desk, MONDAY, TUESDAY, WEDNESDAY), len(desk.outbox)
    lose(desk, how)

    [report] = desk.run(THURSDAY)

    assert report.issue is not None
    assert len(desk.outbox) == mails + 1
    after = pages(desk, MONDAY, TUESDAY, WEDNESDAY)
    lost = {name: content for name, content in before.items() if str(MONDAY) not in name}
    assert lost.items() <= after.items()
    assert before.keys() == after.keys()


def test_nothing_is_read_for_a_day_that_waits_so_that_nothing_of_it_comes_again(desk: Desk) -> None:
    lose(desk, "missing")
    desk.run(WEDNESDAY)

    [report] = desk.run(THURSDAY)

    assert report.issue is not None
    assert [entry.paper.title for entry in report.issue.entries] == [
        f"Paper number {n} on the study of things" for n in (31, 32)
    ]


def test_the_days_are_named_that_the_database_lacks(desk: Desk) -> None:
    lose(desk, "older")

    [report] = desk.run(THURSDAY)

    assert "the archive holds issues of 2 and 3 June that this database" in report.warnings[0]
    assert report.status == "degraded"


def test_kept_issues_stay_on_the_lists(desk: Desk) -> None:
    site = desk.folder / "var" / "site"
    lose(desk, "missing")

    desk.run(THURSDAY)

    for page in ("daily/index.html", "index.html"):
        text = (site / page).read_text()
        assert all(f"{day}/index.html" in text for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY))
    assert "Paper number 11" in "".join(p.read_text() for p in (site / "search" / "2026-06").glob("*.js"))


def test_papers_of_kept_issues_keep_their_pages(desk: Desk) -> None:
    site = desk.folder / "var" / "site"
    before = {path.name for path in (site / "papers").iterdir()}
    lose(desk, "missing")

    desk.run(THURSDAY)

    assert before < {path.name for path in (site / "papers").iterdir()}


def test_pages_stay_also_where_the_manifest_went_with_the_database(desk: Desk) -> None:
    site = desk.folder / "var" / "site"
    before = pages(desk, TUESDAY, WEDNESDAY)
    lose(desk, "missing")
    (site / ".manifest.json").write_text("{ damaged")

    [report] = desk.run(WEDNESDAY)

    assert report.is_held
    assert pages(desk, TUESDAY, WEDNESDAY) == before
    assert "2026-06-02/index.html" in (site / "daily" / "index.html").read_text()
    assert "Paper number 11" in "".join(p.read_text() for p in (site / "search" / "2026-06").glob("*.js"))


def test_a_mail_that_an_older_database_calls_due_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for n, day in enumerate((MONDAY, TUESDAY, WEDNESDAY)):
        desk.feed(day, [paper(10 * n + 1)])
    desk.run(MONDAY, send=False)
    shutil.copy(database(desk), desk.folder / "monday.db")
    desk.run(TUESDAY)
    assert len(desk.outbox) == 2
    lose(desk, "older")

    [report] = desk.run(WEDNESDAY)

    assert len(desk.outbox) == 3
    assert "issue of 2026-06-01: its mails wait, for they may be out already" in report.warnings


@pytest.mark.parametrize(("day", "sent"), [(None, 0), (MONDAY, 1)])
def test_digest_deliver_sends_such_a_mail_only_where_a_person_names_its_day(
    tmp_path: Path, day: date | None, sent: int
) -> None:
    desk = Desk(tmp_path)
    for n, of in enumerate((MONDAY, TUESDAY)):
        desk.feed(of, [paper(10 * n + 1)])
    desk.run(MONDAY, send=False)
    shutil.copy(database(desk), desk.folder / "monday.db")
    desk.run(TUESDAY)
    lose(desk, "older")

    with desk.app() as app:
        [posted] = delivering(app).deliver(["daily"], day)

    assert posted.delivered.sent == sent


def test_a_person_may_go_on_with_the_other_database(desk: Desk) -> None:
    mails = len(desk.outbox)
    lose(desk, "older")

    [report] = desk.run(WEDNESDAY, accept_database=True)

    assert (report.status, len(desk.outbox)) == ("done", mails)  # the outbox names mails by their Message-ID
    assert report.issue is not None


def test_what_was_accepted_is_said_no_more_and_its_pages_stay(desk: Desk) -> None:
    before = pages(desk, TUESDAY)
    lose(desk, "older")
    desk.run(WEDNESDAY, accept_database=True)

    [report] = desk.run(THURSDAY)

    assert (report.status, report.warnings) == ("done", ())
    assert pages(desk, TUESDAY).keys() == before.keys()


def test_a_day_that_was_accepted_is_not_mailed_again_unasked(desk: Desk) -> None:
    lose(desk, "older")
    desk.run(THURSDAY, accept_database=True)
    mails = desk.outbox

    [report] = desk.run(TUESDAY)

    assert report.is_held
    assert desk.outbox == mails


def test_the_right_database_put_back_ends_it(desk: Desk) -> None:
    right = database(desk).read_bytes()
    lose(desk, "older")
    desk.run(WEDNESDAY)
    for name in ("digest.db-wal", "digest.db-shm"):
        (desk.folder / "var" / name).unlink(missing_ok=True)
    database(desk).write_bytes(right)

    [report] = desk.run(WEDNESDAY)

    assert (report.status, report.warnings) == ("done", ())


def test_a_deleted_archive_is_drawn_anew_without_a_question(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "var" / "site")

    [report] = desk.run(WEDNESDAY)

    assert (report.status, report.warnings) == ("done", ())
    assert pages(desk, MONDAY)


def test_an_edition_that_left_the_config_keeps_its_pages_without_a_question(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    config.write_text(CONFIG.replace('name = "daily"', 'name = "morning"'))

    [report] = desk.run(THURSDAY)

    assert not any("archive holds" in warning for warning in report.warnings)
    assert pages(desk, MONDAY)


def test_a_run_whose_day_waits_exits_with_3_and_says_that_the_archive_has_it(desk: Desk) -> None:
    from click.testing import CliRunner

    from digest.cli.main import cli

    lose(desk, "older")
    config = str(desk.folder / "config.toml")

    done = CliRunner().invoke(cli, ["run", "--config", config, "--date", str(WEDNESDAY)])

    assert done.exit_code == 3
    assert "the archive has that of this day already" in done.output


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([MONDAY], "the issue of 1 June"),
        ([TUESDAY, WEDNESDAY], "issues of 2 and 3 June"),
        ([MONDAY - timedelta(days=2), MONDAY, TUESDAY], "issues of 30 May, 1 and 2 June"),
        ([MONDAY + timedelta(days=n) for n in range(9)], "9 issues of 1 June to 9 June"),
    ],
)
def test_days_are_said_in_words(days: list[object], said: str) -> None:
    assert said_of(days) == said  # type: ignore[arg-type]
