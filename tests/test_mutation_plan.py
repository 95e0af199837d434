"""The plan of `make mutate`, and its list of what changes nothing, name what is there."""

from __future__ import annotations

import tomllib
from typing import Any, Final

import pytest

from tests.conftest import ROOT
from tests.mutation.plan import MODULES

SAME: Final[dict[str, list[dict[str, Any]]]] = tomllib.loads(
    (ROOT / "tests" / "mutation" / "same.toml").read_text(encoding="utf-8")
)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def stands_in(module: str, was: str) -> bool:
    """Whether a module has these lines, one below the other."""
    found, wanted = lines((ROOT / "digest" / f"{module}.py").read_text(encoding="utf-8")), lines(was)
    return any(found[n : n + len(wanted)] == wanted for n in range(len(found)))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_plan_and_its_tests_are_there(module: str) -> None:
    files = [ROOT / "digest" / f"{module}.py", *(ROOT / "tests" / f"{test}.py" for test in MODULES[module])]

    missing = [str(file) for file in files if not file.is_file()]

    assert not missing


def test_what_changes_nothing_is_said_of_modules_of_the_plan() -> None:
    assert SAME.keys() - {"any"} - MODULES.keys() == set()


@pytest.mark.parametrize("module", SAME)
def test_every_line_of_which_is_said_that_it_may_change_stands_where_it_is_said_to(module: str) -> None:
    places = MODULES if module == "any" else [module]

    gone = [e["was"] for e in SAME[module] if not any(stands_in(place, e["was"]) for place in places)]

    assert gone == []
