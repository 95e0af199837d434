"""A site to visit, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.visiting import Visitors, visiting


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Visitors]:
    with visiting(tmp_path) as opened:
        yield opened
