"""A file where a folder is needed, and the other way round: a sentence that names it, whichever command meets it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from digest.app.usecases import examine
from digest.cli.main import main
from tests.conftest import paper
from tests.support.desk import Desk

DAY = date(2026, 6, 3)
Call = Callable[[str], tuple[int, str]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.feed(DAY, [paper(1)])
    return made


@pytest.fixture
def call(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs the command line; its status, and all that it said."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")

    def called(line: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["digest", *shlex.split(line)])
        try:
            main()
            status = 0
        except SystemExit as done:
            status = int(done.code or 0)
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return called


def put(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if kind == "folder" else path.write_bytes(b"")


@pytest.mark.parametrize(
    "line",
    [
        *("run --date 2026-06-03", "run --estimate --date 2026-06-03", "status", "show", "show --why 2603.00001"),
        *("search things", "cost", "topics", "topics --apply", "feedback 2603.00001 --more", "feedback"),
        *("similar 2603.00001", "split 2603.00001"),
    ],
)
def test_a_data_folder_that_is_a_file_is_a_sentence_in_every_command(line: str, desk: Desk, call: Call) -> None:
    put(desk.folder / "var", "file")

    status, said = call(line)

    assert status == 1
    assert "a file stands where a folder is needed" in said
    assert f"digest: {desk.folder / 'var'}" in said or f"digest: the folder {desk.folder / 'var'}" in said


@pytest.mark.parametrize(
    ("place", "kind", "status", "sentence"),
    [
        ("var/site", "file", 3, "a file stands where a folder is needed"),
        ("var/site/daily", "file", 3, "a file stands where a folder is needed"),
        ("var/site/index.html", "folder", 3, "a folder stands where a file is needed"),
        ("var/outbox", "file", 3, "a file stands where a folder is needed"),
        ("var/digest.db", "folder", 1, "can't be opened"),
        ("templates/mail.html", "folder", 0, ""),
    ],
)
def test_a_run_meets_the_wrong_kind_of_thing_and_says_so(
    place: str, kind: str, status: int, sentence: str, desk: Desk, call: Call
) -> None:
    put(desk.folder / place, kind)

    got, said = call("run --date 2026-06-03")

    assert got == status
    assert sentence in said
    assert not sentence or place in said


@pytest.mark.parametrize("place", ["site", "outbox"])
def test_doctor_sees_it_before_a_run_does(place: str, desk: Desk) -> None:
    put(desk.folder / "var" / place, "file")

    with desk.app() as app:
        found = {f.subject: f for f in examine(desk.folder / "config.toml", app.host, offline=True)}

    assert found["data folder"].level == "wrong"
    assert place in found["data folder"].said
