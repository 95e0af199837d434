"""What `digest show --why` says of one paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digest.app.usecases import histories
from digest.cli.show.history import history_json, print_history
from digest.stages.report import Stage
from tests.conftest import paper
from tests.support.desk import Desk
from tests.support.issues import WEDNESDAY, entry, issue, left_out
from tests.support.printed import desk_with_an_issue


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with an issue of one paper, and two that had no room."""
    return desk_with_an_issue(tmp_path_factory.mktemp("desk"))


def why(desk: Desk, target: str) -> dict[str, Any]:
    with desk.app() as app:
        return history_json(histories(app).of(target))


def test_why_says_how_a_paper_stood_that_was_not_printed(printed: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    [standing] = why(printed, "2603.00002")["standings"]
    with printed.app() as app:
        print_history(histories(app).of("2603.00002"))

    said = capsys.readouterr().out
    assert (standing["edition"], standing["place"], standing["of"]) == ("daily", 2, 3)
    assert standing["score"] > 0
    assert standing["nearest_interest"]["interest"] == "sediment"
    assert [one["id"] for one in standing["before"]] == ["arxiv:2603.00001"]
    assert standing["last_printed"]["decision"] == "printed"
    assert f"score {standing['score']:.4f}, place 2 of 3; the last with a place was “A study" in said
    assert "nearest interest: “sediment”, " in said
    assert "right before it: “A study" in said


def test_why_names_what_stood_right_before_a_paper_the_nearest_first(printed: Desk) -> None:
    [standing] = why(printed, "2603.00003")["standings"]

    assert [one["id"] for one in standing["before"]] == ["arxiv:2603.00002", "arxiv:2603.00001"]
    assert standing["nearest_interest"]["fit"] == 0


def test_a_printed_paper_stands_behind_nothing(printed: Desk) -> None:
    assert why(printed, "2603.00001")["standings"] == []


def test_why_knows_the_place_of_a_paper_whose_score_an_earlier_version_did_not_keep(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(WEDNESDAY, [paper(n) for n in (1, 2, 3)])
    with desk.app() as app:
        app.run((), WEDNESDAY, until=Stage.FETCH)
        old = replace(left_out(3), id=paper(3).id)
        app.store.save_issue(issue([entry(1), entry(2)], left_out=(old,)), at=desk.now, deliveries={})
    [standing] = why(desk, old.id)["standings"]

    assert (standing["score"], standing["place"], standing["of"]) == (None, 3, 3)
