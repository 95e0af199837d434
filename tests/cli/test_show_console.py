"""How lines are printed: to the width of a terminal, whole and plain to a pipe."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from rich.cells import cell_len

from digest.cli.main import cli
from digest.cli.show.console import complain, print_json_lines, print_lines, put_pieces, were
from digest.cli.show.console import screen as screen_of
from digest.cli.show.papers import print_papers
from tests.conftest import paper
from tests.support.desk import Desk
from tests.support.printed import LONG, desk_with_an_issue
from tests.support.terminal import Tty, terminal


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with an issue of one paper, and two that had no room."""
    return desk_with_an_issue(tmp_path_factory.mktemp("desk"))


COMMANDS = {
    "run": ("run", "--date", "2026-06-03"),
    "deliver": ("deliver",),
    "sources": ("sources",),
    "search": ("search", "sediment"),
    "similar": ("similar", "2603.00001"),
    "summarize": ("summarize", "paper.txt"),
    "show": ("show",),
    "why": ("show", "--why", "2603.00002"),
    "feedback": ("feedback", "2603.00001", "--forget"),
    "feedback so far": ("feedback",),
    "topics": ("topics",),
    "cost": ("cost",),
    "status": ("status",),
    "doctor": ("doctor", "--offline"),
    "eval": ("eval", "--part", "duplicates"),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", [50, 110])
def test_every_command_keeps_to_the_width_of_the_terminal(
    name: str, columns: int, printed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (printed.folder / "paper.txt").write_text(f"{LONG}\n\n{LONG} is what we have. {LONG} is new.\n", encoding="utf-8")
    monkeypatch.chdir(printed.folder)

    with terminal(columns) as screen:
        cli([*COMMANDS[name]], standalone_mode=False)

    words = [line for line in screen.lines if "://" not in line and str(printed.folder) not in line]
    assert words
    assert [line for line in words if len(line) > columns] == []


def test_a_wide_terminal_is_used_whole() -> None:
    with terminal(200) as screen:
        print_lines([f"{LONG} and {LONG}"])

    assert 180 < max(map(len, screen.getvalue().splitlines())) <= 200


def test_letters_of_two_columns_are_counted_as_two() -> None:
    found = paper(1, title="河" * 40, authors=("河川太郎河川太郎", "砂利花子砂利花子", "水田一郎水田一郎"))

    with terminal(40) as screen:
        print_papers([found], query="")

    assert [line for line in screen.lines if cell_len(line) > 40] == []


def test_a_pipe_gets_whole_lines(
    printed: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(printed.folder)
    monkeypatch.setenv("COLUMNS", "50")

    cli(["search", "sediment"], standalone_mode=False)

    assert f"{LONG}\n" in capsys.readouterr().out


def test_an_error_on_a_terminal_is_wrapped_but_its_link_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    link = f"https://example.org/{'long' * 20}"

    with contextlib.redirect_stderr(Tty()) as screen:
        complain(f"digest: {LONG} {link}")

    lines = screen.getvalue().splitlines()
    assert link in lines
    assert all(len(line) <= 40 for line in lines if line != link)


def test_an_error_on_a_terminal_does_not_break_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = f"/var/lib/{'long' * 20}"

    with contextlib.redirect_stderr(Tty()) as screen:
        complain(f"digest: {path}: cannot be read")

    assert f"{path}:" in screen.lines


def test_an_error_in_a_pipe_is_one_line_without_commands_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"digest: {LONG} \x1b[31mred {LONG}")

    assert capsys.readouterr().err == f"digest: {LONG} red {LONG}\n"


def test_json_lines_are_a_line_each_whatever_stands_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [{"title": "two\u2028lines\nand \u202e more"}, {"title": "Zażółć"}]

    print_json_lines(documents)

    printed = capsys.readouterr().out
    assert [json.loads(line) for line in printed.splitlines()] == documents
    assert "Zażółć" in printed


def test_a_sentence_of_one_is_not_in_the_plural() -> None:
    assert [were(n, "summary", "summaries") for n in (0, 1, 2140)] == [
        "0 summaries were",
        "1 summary was",
        "2,140 summaries were",
    ]


@pytest.mark.parametrize("text", ["word " * 40, "河" * 100, "x" * 100, "word, word; " * 10])
@pytest.mark.parametrize("columns", [20, 40])
def test_what_has_no_room_in_so_many_lines_is_cut_and_says_so(text: str, columns: int) -> None:
    with terminal(columns) as screen:
        put_pieces(screen_of(), [("A title", "bold"), (f" · {text}", "dim")], 2, most=2)

    assert len(screen.lines) == 2
    assert screen.lines[1].endswith(" …")
    assert max(map(cell_len, screen.lines)) <= columns
    assert screen.lines[1][:-2].rstrip(" ,;:·") == screen.lines[1][:-2]


def test_a_pipe_gets_what_a_terminal_has_no_room_for() -> None:
    out = io.StringIO()

    with contextlib.redirect_stdout(out):
        put_pieces(screen_of(), [("A title", "bold"), (" · word" * 40, "dim")], 2, most=2)

    assert out.getvalue() == f"  A title{' · word' * 40}\n"
