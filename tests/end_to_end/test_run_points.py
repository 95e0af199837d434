"""`[llm] points = "leads"`: only the lead entries of an issue are asked for points, the others for a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest.app.usecases import estimator
from digest.core.summaries.prompts import BRIEFS, SUMMARIES
from digest.stages.report import Stage
from tests.end_to_end.test_run_llm import on
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.desk import CONFIG, Desk

MONDAY = date(2026, 6, 1)


def desk_with(folder: Path, server: FlakyLLM, more: str = "", editions: str = "") -> Desk:
    llm = f'client = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\npoints = "leads"\noverview = false'
    desk = Desk(folder, f"{CONFIG}{editions}\n[llm]\n{llm}\n{more}\n")
    desk.feed(MONDAY, [on(n) for n in range(30)])
    return desk


def entries(desk: Desk, edition: str = "daily") -> list[dict[str, Any]]:
    return [e for s in desk.issue_json(MONDAY, edition)["sections"] for e in s["entries"]]


def asked(server: FlakyLLM) -> dict[str, int]:
    """Form of answers → how many papers were asked for in it."""
    counts = {SUMMARIES: 0, BRIEFS: 0}
    for body, papers in server.of("body", "papers"):
        counts[body["response_format"]["json_schema"]["name"]] += papers
    return counts


def test_only_leads_are_asked_for_points(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        [report] = desk.run(MONDAY)

        assert asked(server) == {SUMMARIES: 5, BRIEFS: 25}

    leads = desk.issue_json(MONDAY)["leads"]
    assert report.status == "done"
    assert len(leads) == 5
    assert {e["id"] for e in entries(desk) if e["summary"]["points"]} == set(leads)
    assert all(e["summary"]["tldr"] and e["summary"]["client"] == "openai" for e in entries(desk))
    assert "belongs" in entries(desk)[-1]["summary"]["checked"]


def test_points_that_come_unasked_are_left_out(tmp_path: Path) -> None:
    with FlakyLLM(Rule("obey")) as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)

    assert sum(bool(e["summary"]["points"]) for e in entries(desk)) == 5


def test_without_leads_no_paper_gets_points(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk_with(tmp_path, server, editions="lead = 0\n").run(MONDAY)

        assert asked(server) == {SUMMARIES: 0, BRIEFS: 30}


def test_a_summary_with_points_does_where_a_sentence_is_enough(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        config = desk.folder / "config.toml"
        brief = config.read_text(encoding="utf-8")
        config.write_text(brief.replace('points = "leads"', 'points = "all"'), encoding="utf-8")
        desk.run(MONDAY, until=Stage.SUMMARIZE)
        before = len(server.journal)
        config.write_text(brief, encoding="utf-8")
        [report] = desk.run(MONDAY)

        assert len(server.journal) == before
        assert report.usage.from_cache == 30


def test_a_sentence_does_not_do_where_points_are_needed(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY, until=Stage.SUMMARIZE)
        config = desk.folder / "config.toml"
        config.write_text(config.read_text(encoding="utf-8").replace('points = "leads"', ""), encoding="utf-8")
        desk.run(MONDAY)

        assert asked(server) == {SUMMARIES: 5 + 25, BRIEFS: 25}
    assert all(e["summary"]["points"] for e in entries(desk))


def test_a_lead_of_one_edition_is_not_asked_for_briefly_by_another_of_the_same_run(tmp_path: Path) -> None:
    # The second edition has other leads; the first would ask for these papers without points.
    second = '\n[[edition]]\nname = "second"\ninterests = ["rivers", "poems", "glaciers", "engines of kind 29"]\n'
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server, editions=second)
        desk.run(MONDAY)

        leads = {i for name in ("daily", "second") for i in desk.issue_json(MONDAY, name)["leads"]}
        assert len(leads) > 5
        assert asked(server) == {SUMMARIES: len(leads), BRIEFS: 30 - len(leads)}


def test_nothing_is_asked_for_again_by_the_next_run(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY, until=Stage.SUMMARIZE)
        before = len(server.journal)
        [report] = desk.run(MONDAY)

        assert len(server.journal) == before
        assert (report.usage.from_cache, report.usage.requests) == (30, 0)


def test_where_the_model_is_down_every_entry_has_an_extract(tmp_path: Path) -> None:
    with FlakyLLM(Rule("status", status=500)) as server:
        desk = desk_with(tmp_path, server)
        [report] = desk.run(MONDAY)

    assert report.usage.fell_back == 30
    assert all(e["summary"]["fell_back"] for e in entries(desk))


def test_without_a_model_all_entries_have_points(tmp_path: Path) -> None:
    desk = Desk(tmp_path, f'{CONFIG}\n[llm]\npoints = "leads"\n')
    # A point that begins with "It" would not stand alone, and is no point of an extract.
    papers = [on(n) for n in range(8)]
    desk.feed(MONDAY, [replace(p, abstract=p.abstract.replace("It finds", "The method finds")) for p in papers])
    desk.run(MONDAY)

    assert all(e["summary"]["points"] for e in entries(desk))


@pytest.mark.parametrize("learned", [False, True], ids=["nothing known", "a day known"])
def test_an_estimate_is_what_the_run_sends(tmp_path: Path, learned: bool) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        if learned:
            desk.feed(date(2026, 5, 29), [on(n) for n in range(40, 70)])
            desk.run(date(2026, 5, 29))
        with desk.app() as app:
            [estimate] = estimator(app).estimate(app.config.editions, MONDAY).editions
        [report] = desk.run(MONDAY)

    assert estimate.requests == report.usage.requests
    # The letters that mark a request are drawn, and are more or fewer tokens.
    assert estimate.input_tokens == pytest.approx(report.usage.input_tokens, rel=0.03)
    if learned:  # else the tokens of an answer are those of real models
        assert estimate.output_tokens == pytest.approx(report.usage.output_tokens, rel=0.1)
