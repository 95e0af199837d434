"""Imports go one way: core ← adapters ← app ← cli. Adapters do not know each other."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "digest"
ADAPTERS = {"sources", "llm", "store", "publish", "deliver"}
APP = {
    "app",
    "assets",
    "bills",
    "config",
    "config_extras",
    "config_sources",
    "config_table",
    "cost",
    "doctor",
    "evaluation",
    "extracts",
    "feedback",
    "history",
    "interests",
    "jobs",
    "kinds",
    "lost",
    "mailing",
    "ondemand",
    "overviews",
    "purse",
    "renewal",
    "similar",
    "subscriptions",
    "summarizers",
    "topics",
    "topics_text",
}
OUTSIDE = {
    "cli",
    "cli_papers",
    "command_line",
    "history_text",
    "likes_text",
    "schedule",
    "splitting",
    "terminal",
    "training",
}
STANDARD_IN_CORE = {
    "os",
    "sys",
    "pathlib",
    "socket",
    "subprocess",
    "sqlite3",
    "logging",
    "random",
    "secrets",
    "time",
    "urllib.request",
}
"""What reads the world; `core` gets it as arguments."""


def layer(module: str) -> str:
    """`digest.sources.arxiv.source` → `sources`; `digest.app.app` → `app`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{n.name}" for n in node.names if node.module == "digest")}
    return found


def modules() -> list[tuple[Path, str]]:
    return [
        (path, path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", "."))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def allowed(module: str) -> set[str]:
    here = layer(module)
    if here == "core":
        return {"core"}
    if here in ADAPTERS:
        return {"core", here}
    if here == "schedule":
        return {"core"}
    if here in APP:
        return {"core", *ADAPTERS, *APP, "schedule"}
    return {"core", *ADAPTERS, *APP, *OUTSIDE}


def test_every_import_goes_towards_the_core() -> None:
    wrong = [
        f"{module} imports {other}"
        for path, module in modules()
        for other in sorted(imports(path))
        if other.startswith("digest.") and layer(other) not in {*allowed(module), "__version__"}
    ]

    assert wrong == []


def test_every_module_has_a_place_in_the_house() -> None:
    known = {"core", *ADAPTERS, *APP, *OUTSIDE, "__init__", "sample"}

    assert {layer(module) for _, module in modules()} - {""} <= known


def test_the_core_reads_nothing_of_the_world() -> None:
    wrong = [
        f"{module} imports {other}"
        for path, module in modules()
        if layer(module) == "core"
        for other in imports(path) & STANDARD_IN_CORE
    ]

    assert wrong == []


def test_the_test_itself_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from digest.store import SqlStore\n    import digest.cli.main\n")

    assert {"digest.store", "digest.cli.main"} <= imports(path)
