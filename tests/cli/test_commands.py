"""The group of commands: its help, and what is said of a misuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli.main import cli
from tests.conftest import ROOT
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_help_names_every_command(tmp_path: Path) -> None:
    done = digest("--help", cwd=tmp_path)

    assert done.returncode == 0
    assert all(name in done.stdout for name in cli.commands)


def test_help_says_each_command_in_one_whole_line(tmp_path: Path) -> None:
    done = digest("--help", cwd=tmp_path, COLUMNS="80")

    assert "..." not in done.stdout.partition("Commands:")[2]


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from digest.cli.main import cli; "
        "print([m for m in ('sqlalchemy', 'openai', 'feedparser', 'jinja2', 'lxml', 'rich', 'httpx2', 'apscheduler',"
        " 'tiktoken', 'pylatexenc') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--date", "yesterday"), "'yesterday' is not a date"),
        (("run", "--until", "lunch"), "'lunch' is not one of"),
        (("run", "--edition", "dayly"), "no edition 'dayly'"),
        (("rnu",), "No such command 'rnu'"),
        (("run", "--config", "nowhere.toml"), "there is no nowhere.toml; `digest init` writes one"),
    ],
)
def test_misuse_is_exit_2_and_one_sentence(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    done = digest(*arguments, cwd=desk.folder)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    Desk(tmp_path, CONFIG + '\n[mail]\nhots = "x"\n')

    done = digest("run", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (2, "digest: config.toml: [mail] hots: unknown key; did you mean host?\n")
