"""Only `digest/cli/show/` makes text or JSON for output, and only `console.py` there prints it.

What was found is a value where it is found, and its reasons and warnings are sentences in it; how it is laid out, and
which keys a document has, is decided here and nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "digest"
SHOW = PACKAGE / "cli" / "show"
CONSOLE = SHOW / "console.py"
SHARED = {"__init__.py", "common.py", "streams.py"}
"""`common.py` has what commands share: how words on the command line are read; `streams.py`, what is printed to."""
COMMANDS = [path for path in sorted((PACKAGE / "cli").glob("*.py")) if path.name not in SHARED]
FINDS = [PACKAGE / name for name in ("stages", "summarizers", "usecases", "evaluation", "app")]
"""Whose values are shown."""

PRINTS = {
    PACKAGE / "training": "a command of its own, `python -m digest.training`, for those who change the program",
}
"""What prints besides, and why."""
WRITES_JSON = {
    PACKAGE / "sources": "lists as they came, quoted in what is said of a bad one, and the answer of a child process",
    PACKAGE / "llm": "requests to providers, and recordings of them",
    PACKAGE / "store": "columns of the database",
    PACKAGE / "publish": "files of the archive",
    PACKAGE / "deliver" / "hook_bodies.py": "what is posted to places beside mail",
    PACKAGE / "web": "answers to programs, and a reader's own data",
    PACKAGE / "core" / "subscribers" / "profile.py": "what is hashed, to know equal profiles",
    PACKAGE / "config" / "extras.py": "whether a value of the config can be sent at all",
    PACKAGE / "evaluation" / "baseline.py": "the file of a release's figures",
    PACKAGE / "training": "files below digest/trained",
}
"""What makes JSON for others than the reader of stdout, and for whom."""


def test_only_the_console_prints() -> None:
    wrong = [
        f"{where}: {name}"
        for path, where, name in used()
        if name in {"print", "click.echo", "click.secho", "sys.stdout", "sys.stderr"} or name.startswith("rich")
        if path != CONSOLE and not among(path, PRINTS) and not is_allowed(path, name)
    ]

    assert wrong == []


def test_json_for_output_is_made_by_the_console_alone() -> None:
    wrong = [
        where
        for path, where, name in used()
        if name in {"json.dumps", "json.dump"} and path != CONSOLE and not among(path, WRITES_JSON)
    ]

    assert wrong == []


def test_every_exception_is_needed() -> None:
    makes_json = [path for path, _, name in used() if name in {"json.dumps", "json.dump"}]
    prints = [path for path, _, name in used() if name == "print"]

    assert [place for place in WRITES_JSON if not any(among(path, [place]) for path in makes_json)] == []
    assert [place for place in PRINTS if not any(among(path, [place]) for path in prints)] == []


def test_no_document_is_made_where_values_are_found() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, tree in trees()
        if among(path, FINDS)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_json")
    ]

    assert wrong == []


def test_commands_make_no_text_but_what_refuses_a_misuse() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in COMMANDS
        for node in texts_for_output(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert wrong == []


def test_the_test_itself_sees_text_that_a_command_makes() -> None:
    seen = [
        node.lineno
        for node in texts_for_output(ast.parse('raise Misused(f"{x}")\nself.fail(f"{x}")\nput(f"{x} papers")\n'))
    ]

    assert seen == [3]


# -- looking


def is_allowed(path: Path, name: str) -> bool:
    """Streams are put in place in cli/streams.py; whoever lays out may ask whether there is a terminal."""
    if name.startswith("rich"):
        return path.is_relative_to(SHOW)
    if name in {"sys.stdout", "sys.stderr"}:
        return path.is_relative_to(PACKAGE / "cli") or path.name == "pdf_text.py"  # a child process that answers there
    return False


def among(path: Path, places: object) -> bool:
    """*path* is one of *places* or lies below one."""
    assert isinstance(places, dict | list)
    return any(path == place or path.is_relative_to(place) for place in places)


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def used() -> tuple[tuple[Path, str, str], ...]:
    """What `_used` finds, read once for all tests."""
    return tuple(_used())


def _used() -> Iterator[tuple[Path, str, str]]:
    """File, place, and the dotted name of everything that is called or named there; modules where they are imported."""
    for path, tree in trees():
        for node in ast.walk(tree):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                yield from ((path, where, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, where, node.module
                yield from ((path, where, f"{node.module}.{name.name}") for name in node.names)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield path, where, f"{node.value.id}.{node.attr}"
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path, where, node.func.id


def texts_for_output(tree: ast.Module) -> list[ast.JoinedStr]:
    """Every text with values in it that is not raised or failed with."""
    refusing = {
        text
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fail")
        for text in ast.walk(node)
    }
    return [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) and node not in refusing]
