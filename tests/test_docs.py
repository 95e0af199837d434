"""Docstrings and comments: public things have one, and the names they refer to exist."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import digest

PACKAGE = Path(digest.__file__).parent
FILES = tuple(sorted(PACKAGE.rglob("*.py")))
NAME = re.compile(r"(?<![\w./-])digest(?:\.[a-zA-Z_]\w*)+(?![\w/-])")
"""A dotted name, in backticks or not."""
FILE = re.compile(r"`(\w+\.py)`")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _id(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _texts(path: Path) -> Iterator[str]:
    """Every comment, and every string that stands alone as a docstring does."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    with path.open("rb") as file:
        yield from (token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT)


def _exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one: a class, its method or field, a constant."""
    parts = name.split(".")
    length = next(n for n in range(len(parts), 0, -1) if n == 1 or _is_module(".".join(parts[:n])))
    found: object = importlib.import_module(".".join(parts[:length]))
    for place, part in enumerate(parts[length:], length + 1):
        if part in getattr(found, "__annotations__", {}):
            return place == len(parts)
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def _is_module(name: str) -> bool:
    parent, _, last = name.rpartition(".")
    if parent != "digest" and not _is_module(parent):
        return False
    paths = getattr(importlib.import_module(parent), "__path__", None)
    return paths is not None and any(found.name == last for found in pkgutil.iter_modules(paths))


def _lacking(node: Documented, inside: str = "", *, in_protocol: bool = False) -> Iterator[str]:
    """The public classes and functions without docstring, besides methods of protocols and parts of the app."""
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or child.name.startswith("_"):
            continue
        name = f"{inside}{child.name}"
        is_part = any(ast.unparse(decorator) == "part" for decorator in child.decorator_list)
        is_method_of_protocol = in_protocol and not isinstance(child, ast.ClassDef)
        if ast.get_docstring(child) is None and not is_method_of_protocol and not is_part:
            yield name
        if isinstance(child, ast.ClassDef):
            is_protocol = any(ast.unparse(base).startswith("Protocol") for base in child.bases)
            yield from _lacking(child, f"{name}.", in_protocol=is_protocol)


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_a_name_in_a_docstring_or_comment_exists(path: Path) -> None:
    names = {name for text in _texts(path) for name in NAME.findall(text)}

    assert [name for name in sorted(names) if not _exists(name)] == []


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_a_file_in_a_docstring_or_comment_lies_in_the_same_folder(path: Path) -> None:
    names = {name for text in _texts(path) for name in FILE.findall(text)}

    assert [name for name in sorted(names) if not (path.parent / name).is_file()] == []


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_public_things_have_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_bytes())

    assert ast.get_docstring(tree)
    assert list(_lacking(tree)) == []


def test_a_stale_name_is_found() -> None:
    assert _exists("digest.core.ports.LLM.complete")
    assert _exists("digest.core.models.Paper.title")
    assert _exists("digest.core.lists.calendar")
    assert not _exists("digest.core.calendar")
    assert not _exists("digest.core.ports.LLM.completed")
