"""Readers' feedback: taken down for the right edition, forgotten on demand, heeded by the next issue."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli.main import cli
from digest.core.errors import ConfigError, NotFoundError
from digest.core.models import Paper, PaperId
from digest.store import SqlStore
from digest.usecases.feedback import give, given
from tests.conftest import NOON, paper
from tests.end_to_end.test_run import MONDAY, TUESDAY
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest
from tests.support.store_values import read

pytest_plugins = ("tests.support.store_fixtures",)


# -- the store


def test_the_last_word_of_a_reader_counts(store: SqlStore) -> None:
    read(store, paper(1), paper(2))

    store.mark("daily", paper(1).id, 1, at=NOON)
    store.mark("daily", paper(2).id, 1, at=NOON + timedelta(hours=1))
    store.mark("daily", paper(1).id, -1, at=NOON + timedelta(hours=2))

    assert [(m.paper.id, m.value, m.at) for m in store.marks("daily")] == [
        (paper(1).id, -1, NOON + timedelta(hours=2)),
        (paper(2).id, 1, NOON + timedelta(hours=1)),
    ]


def test_editions_and_readers_are_kept_apart(store: SqlStore) -> None:
    read(store, paper(1))

    store.mark("daily", paper(1).id, 1, at=NOON)
    store.mark("weekly", paper(1).id, -1, at=NOON)
    store.mark("daily", paper(1).id, -1, at=NOON, reader="eva")

    assert [(m.edition, m.reader, m.value) for m in store.marks()] == [
        ("daily", "", 1),
        ("daily", "eva", -1),
        ("weekly", "", -1),
    ]
    assert store.unmark("daily", paper(1).id)
    assert not store.unmark("daily", paper(1).id)
    assert [(m.edition, m.reader) for m in store.marks()] == [("daily", "eva"), ("weekly", "")]


def test_a_paper_is_marked_under_any_of_its_ids(store: SqlStore) -> None:
    doi = PaperId("doi:10.1101/743294")
    read(store, paper(1, aliases=(doi,)))

    store.mark("daily", doi, 1, at=NOON)

    assert [m.paper.id for m in store.marks()] == [paper(1).id]
    assert store.unmark("daily", doi)


def test_what_the_store_does_not_know_cannot_be_marked(store: SqlStore) -> None:
    with pytest.raises(NotFoundError, match=r"the store has no paper arxiv:2603\.00001"):
        store.mark("daily", paper(1).id, 1, at=NOON)


@pytest.mark.parametrize("first", [0, 1])
def test_of_marks_on_two_papers_that_turn_out_to_be_one_the_last_counts(store: SqlStore, first: int) -> None:
    doi = PaperId("doi:10.1101/743294")
    read(store, paper(1), paper(2, id=doi, title="A title of its own", authors=("Nobody Else",)))
    earlier, later = [(paper(1).id, 1), (doi, -1)][:: -1 if first else 1]
    store.mark("daily", *earlier, at=NOON)
    store.mark("daily", *later, at=NOON + timedelta(hours=1))

    read(store, paper(1, aliases=(doi,)), source="other")

    assert [(m.paper.id, m.value) for m in store.marks()] == [(paper(1).id, later[1])]


def test_marks_go_along_when_two_papers_turn_out_to_be_one(store: SqlStore) -> None:
    doi = PaperId("doi:10.1101/743294")
    read(store, paper(1), paper(2, id=doi, title="A title of its own", authors=("Nobody Else",)))
    store.mark("daily", paper(1).id, 1, at=NOON)
    store.mark("daily", doi, -1, at=NOON)
    store.mark("daily", doi, -1, at=NOON, reader="eva")

    read(store, paper(1, aliases=(doi,)), source="other")

    assert [(m.paper.id, m.reader, m.value) for m in store.marks()] == [
        (paper(1).id, "", 1),
        (paper(1).id, "eva", -1),
    ]


def test_papers_fetched_for_an_interest_come_back_as_they_were(store: SqlStore) -> None:
    read(store, paper(1))
    store.save_interest_papers({paper(2).id: paper(2), paper(1).id: paper(1, title="An old title")}, at=NOON)

    found = store.papers_known([paper(1).id, paper(2).id, paper(3).id])

    assert found == {paper(1).id: paper(1), paper(2).id: paper(2)}


def test_a_title_finds_its_paper_however_often_and_however_it_is_spelled(store: SqlStore) -> None:
    read(store, paper(1))
    spelled = (paper(1).title, paper(1).title.upper(), f"{paper(1).title}.")

    assert {title: found.id for title, found in store.papers_titled(spelled).items()} == dict.fromkeys(
        spelled, paper(1).id
    )


def test_a_title_that_two_papers_have_finds_neither(store: SqlStore) -> None:
    one = paper(1, title="Reading the Room: a study of silence")
    read(store, one, paper(2, title="Editorial", abstract="A."), paper(3, title="Editorial", abstract="B."))

    found = store.papers_titled(["Reading the room – A study of Silence", "Editorial", "Nothing of the kind"])

    assert found == {"Reading the room – A study of Silence": one}


def test_a_note_is_news_once(store: SqlStore) -> None:
    assert [store.note("libraries", said) for said in ("a", "a", "b", "a")] == [True, False, True, True]


# -- for which edition

TWO_EDITIONS = f'{CONFIG}\n[[edition]]\nname = "weekly"\ndays = "tue"\nmax_papers = 1\n'


def test_feedback_is_for_the_editions_that_printed_the_paper(tmp_path: Path) -> None:
    desk = Desk(tmp_path, TWO_EDITIONS)
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.run(MONDAY, "daily")

    with desk.app() as app:
        taken = give(app.store, app.config, ["2603.00001", "https://arxiv.org/abs/2603.00002v1"], 1, at=desk.now)

        assert [(one.edition, one.paper.id) for one in taken] == [("daily", paper(1).id), ("daily", paper(2).id)]
        assert given(app.store, app.config, edition="weekly") == ()
        assert len(given(app.store, app.config, edition="daily")) == 2


def test_where_no_edition_printed_it_one_has_to_be_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, TWO_EDITIONS)
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.run(MONDAY, "weekly")

    with desk.app() as app:
        unprinted = next(n for n in ("2603.00001", "2603.00002") if f"arxiv:{n}" not in desk.printed(MONDAY, "weekly"))
        with pytest.raises(ConfigError, match="say which one is meant: --edition daily"):
            give(app.store, app.config, [unprinted], -1, at=desk.now)
        [taken] = give(app.store, app.config, [unprinted], -1, at=desk.now, edition="daily")
        with pytest.raises(ConfigError, match=r"no edition 'dayly' .*did you mean daily"):
            give(app.store, app.config, [unprinted], -1, at=desk.now, edition="dayly")

    assert (taken.edition, taken.value) == ("daily", -1)


# -- what comes of it

SAPPHIRE = paper(11, title="Sapphire resonators", abstract="Resonators of sapphire whisper at low temperature.")
BIRDS = paper(12, title="Migrating birds", abstract="Birds that migrate find their way by stars and magnetism.")
TOMORROW = [
    paper(21, title="Stars and magnetism in the migration of birds", abstract="Birds find their way by stars."),
    paper(22, title="Whispering sapphire", abstract="At low temperature resonators of sapphire whisper louder."),
]


@pytest.mark.parametrize(("more", "less"), [(SAPPHIRE, BIRDS), (BIRDS, SAPPHIRE)])
def test_feedback_changes_the_order_of_tomorrows_issue(tmp_path: Path, more: Paper, less: Paper) -> None:
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [SAPPHIRE, BIRDS])
    desk.run(MONDAY)
    with desk.app() as app:
        give(app.store, app.config, [more.id], 1, at=desk.now)
        give(app.store, app.config, [less.id], -1, at=desk.now)

    desk.feed(TUESDAY, TOMORROW)
    desk.run(TUESDAY)

    entries = [e for s in desk.issue_json(TUESDAY)["sections"] for e in s["entries"]]
    best = max(entries, key=lambda entry: entry["score"])
    assert best["id"] == (TOMORROW[1] if more is SAPPHIRE else TOMORROW[0]).id
    assert more.title in best["reason"]


def test_interests_of_a_library_order_the_issue(tmp_path: Path) -> None:
    desk = Desk(tmp_path, f'{CONFIG}interests = ["mine.bib"]\n')
    (tmp_path / "mine.bib").write_text(
        f"@misc{{a, title={{{SAPPHIRE.title}}}, abstract={{{SAPPHIRE.abstract}}}}}", encoding="utf-8"
    )
    desk.feed(TUESDAY, TOMORROW)

    desk.run(TUESDAY)

    entries = [e for s in desk.issue_json(TUESDAY)["sections"] for e in s["entries"]]
    assert max(entries, key=lambda entry: entry["score"])["id"] == TOMORROW[1].id


# -- on the command line


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    assert digest("run", "--sample", "--until", "fetch", cwd=folder).returncode == 0
    return folder


def test_feedback_is_given_listed_and_forgotten_on_the_command_line(
    sampled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sampled)

    def say(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["feedback", "--sample", *arguments])
        assert done.exit_code == 0
        return done.stdout

    title = "“Every Tone Counts: A Tokenizer Audit of Forty-One African Languages” (arxiv:2603.90005)"
    assert say("2603.90005", "--more") == f"daily: more like {title}\n"
    assert say().endswith(f"  daily: more like {title}\n")
    assert json.loads(say("2603.90005", "--less", "--json"))[0]["value"] == -1
    [listed] = json.loads(say("--json"))
    assert (listed["edition"], listed["value"], listed["reader"]) == ("daily", -1, "")
    assert listed["paper"]["id"] == "arxiv:2603.90005"
    assert say("2603.90005", "--forget") == f"daily: forgotten: {title}\n"
    assert say("2603.90005", "--forget") == f"daily: nothing was said of {title}\n"
    assert say() == "No feedback yet; `digest feedback PAPER --more` gives some.\n"


@pytest.mark.parametrize("arguments", [["2603.90005"], ["--more"], ["2603.90005", "--more", "--less"]])
def test_feedback_needs_a_paper_and_a_word(arguments: list[str]) -> None:
    done = CliRunner().invoke(cli, ["feedback", "--sample", *arguments])

    assert done.exit_code == 2
    assert "name a PAPER and say --more, --less or --forget" in done.stderr


def test_feedback_on_an_unknown_paper_says_what_to_do(sampled: Path) -> None:
    done = digest("feedback", "--sample", "2401.99999", "--more", cwd=sampled)

    assert done.returncode == 1
    assert "the store has no paper 2401.99999" in done.stderr
    assert "`digest search` finds papers by words" in done.stderr
