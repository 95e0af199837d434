"""Imports go downwards by folder, no adapter imports another, and no file imports in a circle.

core ◄ adapters ◄ stages, config ◄ summarizers ◄ usecases, evaluation ◄ app, training ◄ web ◄ cli
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / "digest"
ADAPTERS = {"sources", "llm", "store", "publish", "deliver"}
FLOORS = (
    {"core"},
    ADAPTERS,
    {"stages", "config"},
    {"summarizers"},
    {"usecases", "evaluation"},
    {"app", "training"},
    {"web"},
    {"cli"},
)
"""From the ground up. What shares a floor does not know each other, but for `BESIDE`."""
BESIDE = {"evaluation": {"usecases"}}
LEAVES = {"assets", "cutting", "schedule"}
"""Loose modules that import nothing but the core: what ships, when to run, and how adapters cut a connection."""
ANYWHERE = {*LEAVES, "__version__"}
LOOSE = {"__init__", *LEAVES}
STANDARD_IN_CORE = {
    "os",
    "sys",
    "pathlib",
    "socket",
    "subprocess",
    "sqlite3",
    "logging",
    "random",
    "time",
    "secrets",
    "urllib.request",
}
"""What reads the world; `core` gets it as arguments."""


def folder(module: str) -> str:
    """`digest.sources.arxiv.feed` → `sources`; `digest.assets` → `assets`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path, known: Collection[str] = ()) -> set[str]:
    """Every module of ours that a file imports, wherever in it the import stands; names are taken for modules too.

    Args:
        known: Modules: who takes nothing but these out of a package needs them and not the package's own names.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{name.name}" for name in node.names}
            found |= names if names <= set(known) else {node.module, *names}
    return found


def modules() -> dict[str, Path]:
    """By dotted name; a package by its own."""
    names = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def allowed(here: str) -> set[str]:
    """The folders that files of this one may import."""
    if here in LEAVES:
        return {"core"}
    floor = next(n for n, folders in enumerate(FLOORS) if here in folders)
    below = set().union(*FLOORS[:floor])
    return {here, *below, *BESIDE.get(here, ()), *(ANYWHERE if here != "core" else ())}


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of *graph*, its members in order; nothing if it has none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_import_goes_downwards() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, path in modules().items()
        for other in sorted(imports(path))
        if other.startswith("digest.") and folder(module) and folder(other) not in allowed(folder(module))
    ]

    assert wrong == []


def test_every_folder_has_a_floor() -> None:
    assert {folder(module) for module in modules()} - {"", *LEAVES} <= set().union(*FLOORS)


def test_nothing_else_stands_loose_in_the_package() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == LOOSE


def test_no_file_imports_in_a_circle() -> None:
    known = modules()
    graph = {module: (imports(path, known) & known.keys()) - {module, "digest"} for module, path in known.items()}

    assert circles(graph) == []


def test_the_core_reads_nothing_of_the_world() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, path in modules().items()
        if folder(module) == "core"
        for other in imports(path) & STANDARD_IN_CORE
    ]

    assert wrong == []


def test_the_test_itself_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from digest.store import SqlStore\n    import digest.cli\n")

    assert {"digest.store", "digest.cli"} <= imports(path)


def test_the_test_itself_sees_a_circle() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circles({"a": {"b"}, "b": {"c"}, "c": set()})
