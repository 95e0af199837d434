"""What an issue would print, from what the store has: the same as the issue, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from digest.app.usecases import previewing
from digest.core.errors import ConfigError, NotFoundError
from digest.core.models import Paper
from digest.publish.issue_json import issue_json
from digest.stages.report import Stage
from digest.store import tables
from digest.usecases.preview import Preview, Tried
from tests.conftest import paper
from tests.servers.flaky_llm import FlakyLLM
from tests.support.desk import CONFIG, Desk, line, tree
from tests.support.shell import digest

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY, TUESDAY, WEDNESDAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)
SUBJECTS = ("gravel bed rivers", "folding proteins", "distant galaxies", "thin markets", "walking robots", "old poems")
EDITION = 'interests = ["gravel bed rivers", "old poems"]\nmax_papers = 4\nexploration = 0\n'


def on(n: int) -> Paper:
    subject = SUBJECTS[n % len(SUBJECTS)]
    return paper(
        n,
        title=f"A study of {subject}, part {n}",
        abstract=f"Little is known about {subject}. We propose a method that measures {subject} by {n} careful steps. "
        f"It finds {subject} in {10 + n} of 100 cases.",
        authors=("Emmy Noether",) if n % 5 == 0 else ("Ada Lovelace",),
    )


def desk_at(folder: Path, more: str = "", url: str = "") -> Desk:
    config = CONFIG.replace("[digest]", f'[digest]\ndatabase = "{url}"') if url else CONFIG
    desk = Desk(folder, f"{config}{EDITION}{more}")
    desk.feed(MONDAY, [line(on(n), upvotes=n) for n in range(1, 13)])
    desk.feed(TUESDAY, [line(on(n), upvotes=n if n != 12 else 0) for n in range(10, 22)])
    return desk


def preview(desk: Desk, day: date | None = None, edition: str | None = None, **tried: Any) -> Preview:
    with desk.app() as app:
        return previewing(app).preview(edition, day, Tried(**tried))


def told(found: Preview) -> Mapping[str, Any]:
    return json.loads(json.dumps(issue_json(found.issue)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_at(tmp_path)


def rows(url: str) -> Mapping[str, list[Any]]:
    """All that a database holds."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in tables.metadata.sorted_tables
            }
    finally:
        engine.dispose()


@pytest.fixture
def used(tmp_path: Path, url: str) -> tuple[Desk, str]:
    """A desk on each database, with an issue of Monday and lists of Tuesday."""
    desk = desk_at(tmp_path, url=url)
    desk.run(MONDAY)
    desk.run(TUESDAY, until=Stage.FETCH)
    return desk, url


def test_nothing_is_written_on_either_database(used: tuple[Desk, str]) -> None:
    desk, url = used
    before, files = rows(url), {name: content for name, content in tree(desk.folder).items() if ".db" not in name}

    preview(desk, interests=("walking robots", "2604.99999", "author: Emmy Noether"), avoid=("galaxies",))
    preview(desk, MONDAY)

    assert rows(url) == before
    assert {name: content for name, content in tree(desk.folder).items() if ".db" not in name} == files


def test_a_preview_is_the_issue_that_the_next_run_prints(used: tuple[Desk, str]) -> None:
    desk, _ = used

    found = preview(desk)
    desk.run(TUESDAY)

    assert found.issue.date == TUESDAY
    assert (found.is_out, found.considered) == (False, len(found.issue.entries) + len(found.issue.left_out))
    assert told(found) == desk.issue_json(TUESDAY)


def test_of_a_day_that_is_out_is_shown_what_it_would_print_anew(desk: Desk) -> None:
    desk.run(MONDAY)
    desk.run(TUESDAY)

    found = preview(desk, MONDAY)
    other = preview(desk, MONDAY, interests=("walking robots",))

    assert found.is_out
    assert told(found) == desk.issue_json(MONDAY)
    assert {e.paper.id for e in other.issue.entries} != {e.paper.id for e in found.issue.entries}
    assert {e.paper.id for e in other.issue.entries} <= {on(n).id for n in range(1, 13)}


def test_what_is_tried_takes_the_place_of_what_is_configured_for_this_time(desk: Desk) -> None:
    desk.run(TUESDAY, until=Stage.FETCH)
    robots = {on(n).id for n in range(10, 22) if "robots" in on(n).title}

    found = preview(desk, interests=("walking robots", "author: Emmy Noether"), max_papers=3, lead=2)
    without = preview(desk, interests=("walking robots",), avoid=("robots",))

    assert len(found.issue.entries) == 3
    assert len(found.issue.leads) == 2
    assert robots <= {e.paper.id for e in found.issue.entries}
    assert [(one.interest.name, one.found, one.printed) for one in found.interests] == [
        ("“walking robots”", 2, 2),
        ("Emmy Noether", 3, len({e for e in found.issue.entries if "Emmy Noether" in e.paper.authors})),
    ]
    assert not robots & {e.paper.id for e in without.issue.entries}
    assert [one.interest.text for one in preview(desk).interests] == ["gravel bed rivers", "old poems"]


def test_a_paper_that_is_not_known_is_said_and_not_fetched(desk: Desk) -> None:
    desk.run(TUESDAY, until=Stage.FETCH)

    found = preview(desk, interests=("2604.99999", "2603.00015"))

    assert found.unknown == ("2604.99999",)
    assert [one.interest.name for one in found.interests] == ["2604.99999", "“A study of thin markets, part 15”"]
    assert [one.found > 0 for one in found.interests] == [False, True]


def test_a_library_may_be_tried(desk: Desk) -> None:
    desk.run(TUESDAY, until=Stage.FETCH)
    bib = "".join(f"@article{{a{n}, title={{{on(n).title}}}, abstract={{{on(n).abstract}}}}}\n" for n in (4, 10, 22))
    (desk.folder / "robots.bib").write_text(bib, encoding="utf-8")

    found = preview(desk, interests=("robots.bib",))

    assert [(one.interest.name, one.found > 0) for one in found.interests] == [("robots.bib", True)]
    with pytest.raises(ConfigError, match="^--interests: there is no file other.bib beside config.toml"):
        preview(desk, interests=("other.bib",))


def test_summaries_are_those_of_the_store_and_else_extracts_and_no_model_is_asked(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        llm = f'[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\noverview = false\n'
        desk = desk_at(tmp_path, f"\n{llm}")
        desk.run(TUESDAY, until=Stage.SUMMARIZE)
        asked = len(server.journal)
        # OpenAI itself needs a key, which is not set here.
        config = desk.folder / "config.toml"
        config.write_text(config.read_text().replace(f'base_url = "{server.base_url}"\n', ""))

        found = preview(desk, max_papers=8)

        assert len(server.journal) == asked
    by = [e.summary.client for e in found.issue.entries]
    assert (by.count("openai"), by.count("extractive")) == (4, 4)


@pytest.mark.parametrize(
    ("day", "edition", "tried", "said"),
    [
        (None, "dayly", {}, "no edition 'dayly' in .*; did you mean daily?"),
        (WEDNESDAY, None, {}, "nothing was read for daily on 2026-06-03; there are lists of 2026-06-02, 2026-06-01$"),
        (None, None, {"interests": ("author: ",)}, "--interests: 'author: ' names nobody"),
        (None, None, {"avoid": ("authors:",)}, "--avoid: 'authors:' names nobody"),
    ],
)
def test_an_error_says_what_there_is(desk: Desk, day: date, edition: str, tried: dict[str, Any], said: str) -> None:
    desk.run(MONDAY, until=Stage.FETCH)
    desk.run(TUESDAY, until=Stage.FETCH)

    with pytest.raises((ConfigError, NotFoundError), match=said):
        preview(desk, day, edition, **tried)


def test_before_anything_was_read_no_database_is_made(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="nothing was read yet"):
        preview(desk)

    assert not (desk.folder / "var").exists()


def test_an_edition_that_never_ran_is_previewed_from_the_days_lists_alone(desk: Desk) -> None:
    desk.run(MONDAY)
    config = desk.folder / "config.toml"
    config.write_text(f'{config.read_text()}\n[[edition]]\nname = "new"\nmax_papers = 100\n', encoding="utf-8")
    desk.run(TUESDAY, "daily", until=Stage.FETCH)

    found = preview(desk, edition="new")

    assert {e.paper.id for e in found.issue.entries} == {on(n).id for n in range(10, 22)}


def test_the_command_shows_what_interests_find_and_the_issue(desk: Desk) -> None:
    desk.run(TUESDAY, until=Stage.FETCH)

    tried = ("--interests", "walking robots", "--interests", "2604.99999")
    shown = digest("preview", "--lead", "1", *tried, cwd=desk.folder)
    whole = digest("preview", "--max-papers", "12", *tried, cwd=desk.folder)
    document = json.loads(digest("preview", "daily", "--date", "2026-06-02", "--json", cwd=desk.folder).stdout)

    assert shown.returncode == 0, shown.stderr
    assert "Preview of daily for Tuesday 2026-06-02; nothing is written." in shown.stdout
    assert "     2      2  “walking robots”\n" in shown.stdout
    assert "2604.99999: not known yet, and not fetched for a preview; a run does" in shown.stdout
    assert "--json lists the 8 papers left out" in shown.stdout
    assert whole.stdout.count("no interest speaks for it") == 1  # for the others votes do
    assert "A study of walking robots, part 16" in shown.stdout
    assert [one["text"] for one in document["interests"]] == ["gravel bed rivers", "old poems"]
    assert len(document["left_out"]) == 8
    assert len(document["leads"]) == 4
