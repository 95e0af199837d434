"""What the command line does when things outside it fail: one sentence, the right exit status, no traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from digest.app.usecases import on_demand
from tests.conftest import ROOT
from tests.support.desk import Desk
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("arguments", [("run",), ("show",), ("search", "x"), ("status",), ("summarize", "x")])
def test_json_is_one_document_even_when_the_command_fails(desk: Desk, arguments: tuple[str, ...]) -> None:
    (desk.folder / "var").write_text("in the way", encoding="utf-8")
    config = ("--config", "nowhere.toml") if arguments[0] == "summarize" else ()

    done = digest(*arguments, "--json", *config, cwd=desk.folder)

    assert done.returncode == (2 if config else 1)
    assert f"digest: {json.loads(done.stdout)['error']}\n" == done.stderr


def test_a_target_longer_than_any_name_is_a_sentence(tmp_path: Path) -> None:
    done = digest("summarize", "x" * 5000, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert "is neither a file nor an arXiv id" in done.stdout


def test_a_day_at_the_end_of_the_calendar_is_misuse(desk: Desk) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        done = digest("run", "--date", day, cwd=desk.folder)

        assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_more_than_fits_on_stdin_is_said_and_not_cut_off(tmp_path: Path) -> None:
    content = b"A title\n\nAn abstract that goes on.\n"
    with Desk(tmp_path).app() as app:
        piped = replace(on_demand(app), stdin=io.BytesIO(content).read, largest_file=len(content) - 1)
        [answer] = piped.summarize(["-"]).answers

    assert (answer.error or "").startswith("stdin: is larger than")


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    run = f"{sys.executable} -c 'from digest.cli.main import main; main()' run"
    script = f"cd {tmp_path}/gone && rmdir {tmp_path}/gone && {run}"
    (tmp_path / "gone").mkdir()

    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "digest: the folder this was started in is gone (No such file or directory): cd to another\n"
