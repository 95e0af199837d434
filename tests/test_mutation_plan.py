"""The plan of `make mutate` names what is there."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.mutation.plan import MODULES


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_plan_and_its_tests_are_there(module: str) -> None:
    files = [ROOT / "digest" / f"{module}.py", *(ROOT / "tests" / f"{test}.py" for test in MODULES[module])]

    missing = [str(file) for file in files if not file.is_file()]

    assert not missing
