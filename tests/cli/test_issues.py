"""`digest show`, in a process of its own."""

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


def test_show_prints_the_issue_as_text_for_a_pipe_and_as_json(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    text = digest("show", cwd=desk.folder)
    by_date = digest("show", str(MONDAY), cwd=desk.folder)
    document = json.loads(digest("show", "daily", str(MONDAY), "--json", cwd=desk.folder).stdout)

    assert "Paper number 1 on the study of things" in text.stdout
    assert "\x1b[" not in text.stdout
    assert by_date.stdout == text.stdout
    assert document["sections"][0]["entries"][0]["id"] == "arxiv:2603.00001"


def test_show_without_an_issue_says_how_to_make_one(desk: Desk) -> None:
    done = digest("show", cwd=desk.folder)

    assert (done.returncode, done.stderr) == (1, "digest: daily has no issue yet; `digest run` makes one\n")
