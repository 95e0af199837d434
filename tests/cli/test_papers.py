"""`digest search`, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY
from tests.support.desk import Desk
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_search_finds_words_of_any_paper_of_the_store(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2, title="Sediment of rivers")])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    found = json.loads(digest("search", "river", "sediment", "--json", cwd=desk.folder).stdout)
    nothing = digest("search", 'no"such) AND', cwd=desk.folder)

    assert [p["id"] for p in found] == ["arxiv:2603.00002"]
    assert nothing.returncode == 0
    assert "No paper in the store" in nothing.stdout
