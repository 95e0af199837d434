"""`digest eval`: one table over all parts, beside the last release, and a model beside the extract."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digest.app import usecases
from digest.app.app import App
from digest.app.host import Host
from digest.cli.evaluate import _PARTS
from digest.cli.main import cli
from digest.cli.show.evaluation import evaluation_lines, forecast_line
from digest.config.read import load
from digest.core.errors import ConfigError
from digest.core.models import Paper
from digest.evaluation import baseline, run, sets, upkeep
from digest.evaluation.figures import Figure
from digest.evaluation.judging import Measure
from digest.evaluation.papers import Forecast, forecast
from digest.evaluation.run import Evaluation, Evaluator
from digest.stages.ask import Writer
from tests.end_to_end.test_run_llm import on
from tests.evaluation.test_sets import lines
from tests.fakes.clock import FakeSleep
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.desk import CONFIG

FIGURE = Figure(part="summaries", data="scitldr/A-dev", name="ROUGE-1", value=41.0, low=40.0, high=42.0, of=619)


def label(paper: Paper, **more: Any) -> dict[str, Any]:
    return {"id": paper.id, "title": paper.title, "abstract": paper.abstract, **more}


def papers(folder: Path, n: int = 6, **more: Any) -> Path:
    """A set of one's own, each paper with a reference and a label."""
    reference = "It measures things by careful steps."
    rows = (label(on(i), summaries=[reference], topics=["robots"], **more) for i in range(n))
    lines(folder / "papers" / "mine.jsonl", *rows)
    return folder


def evaluator(data: Path, **more: Any) -> Evaluator:
    return usecases.evaluator(data, Host(environment={}), **more)


def writer(app: App) -> Writer:
    return Writer(
        summarizer=app.summarizer, language="en", store=app.store if app.has_store and app.summarizer.model else None
    )


def figure(found: Evaluation, name: str) -> Figure:
    (one,) = [f for f in found.figures if f.name == name]
    return one


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)])


# -- the last release


@pytest.mark.parametrize(
    ("before", "changes", "expected"),
    [
        (39.9, {}, "better"),
        (42.1, {}, "worse"),
        (40.0, {}, ""),
        (41.9, {}, ""),
        (None, {}, ""),
        (39.9, {"higher_is_better": False}, "worse"),
        (42.1, {"higher_is_better": False}, "better"),
        (42.1, {"higher_is_better": None}, "other"),
        (12.0, {"low": None, "high": None}, ""),
    ],
)
def test_a_figure_has_changed_if_the_earlier_one_lies_outside_its_interval(
    before: float | None, changes: dict[str, Any], expected: str
) -> None:
    assert baseline.verdict(replace(FIGURE, **changes), before) == expected


def test_what_a_release_saved_is_what_the_next_version_compares_with(tmp_path: Path) -> None:
    path = tmp_path / "released.json"
    times = replace(FIGURE, name="time per paper", unit="ms")

    baseline.save_release(path, "1.2.3", [FIGURE, times])
    release = baseline.read_release(path)

    assert release.version == "1.2.3"
    assert release.value_of(FIGURE) == 41.0
    assert release.value_of(times) is None
    assert release.value_of(replace(FIGURE, of=620)) is None, "measured on other papers, it is another figure"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1", "figures": [{"part": "x"}]}'])
def test_a_damaged_file_of_a_release_is_said_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "released.json").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"released\.json"):
        baseline.read_release(tmp_path / "released.json")


def test_figures_that_cannot_be_written_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        baseline.save_release(tmp_path / "no" / "folder.json", "1.2.3", [FIGURE])


def test_the_figures_that_ship_can_be_read() -> None:
    assert baseline.read_release().version


# -- the table


def shown(*figures: Figure, before: float = 41.0) -> str:
    key = (FIGURE.part, FIGURE.data, FIGURE.name)
    release = baseline.Release(version="0.1.0", figures={key: (before, FIGURE.of)})
    return "\n".join(line.text for line in evaluation_lines(Evaluation(figures=figures), release))


def test_a_figure_stands_beside_that_of_the_last_release() -> None:
    text = shown(FIGURE)

    assert "summaries · scitldr/A-dev" in text
    assert "0.1.0" in text
    row = next(line for line in text.splitlines() if "ROUGE-1" in line)
    assert row.split() == ["ROUGE-1", "41.00", "40.00–42.00", "41.00", "=", "619"]


@pytest.mark.parametrize(("before", "word", "change"), [(45.0, "worse", "-4.00"), (38.0, "better", "+3.00")])
def test_a_figure_that_got_better_or_worse_is_marked_in_words(before: float, word: str, change: str) -> None:
    row = next(line for line in shown(FIGURE, before=before).splitlines() if "ROUGE-1" in line)

    assert change in row
    assert word in row


def test_a_change_that_may_be_chance_is_not_marked() -> None:
    text = shown(FIGURE, before=41.5)

    assert "-0.50" in text
    assert "worse" not in text


def test_the_table_fits_a_terminal() -> None:
    others = [
        replace(FIGURE, name="nDCG@10, five likes", value=0.1444, low=0.139, high=0.150, of=11_999),
        replace(FIGURE, name="a measure with a very long name", value=100.0, low=100.0, high=100.0),
        replace(FIGURE, name="size", value=0.49, low=None, high=None, unit="MB", of=1),
    ]

    text = shown(FIGURE, *others, before=10.0)

    assert max(map(len, text.splitlines())) <= 80
    assert "0.490 MB" in text


# -- what is measured


def counting(folders: list[Path]) -> Callable[[str], Callable[[Path], tuple[Figure, ...]]]:
    """Measures that note the folders they are asked about; the figure of each part is the length of its name."""

    def measuring(part: str) -> Callable[[Path], tuple[Figure, ...]]:
        def measure(data: Path) -> tuple[Figure, ...]:
            folders.append(data)
            return (replace(FIGURE, part=part, value=float(len(part))),)

        return measure

    return measuring


def test_every_part_is_measured_by_its_own_module(tmp_path: Path) -> None:
    asked: list[Path] = []
    found = replace(evaluator(tmp_path), measure_of=counting(asked)).measure(run.MEASURED)

    assert asked == [tmp_path] * len(run.MEASURED)
    assert {run.measure_of(part).__module__ for part in run.MEASURED} == {
        f"digest.evaluation.{part}" for part in run.MEASURED
    }
    assert [(f.part, f.value) for f in found.figures] == [(part, float(len(part))) for part in run.MEASURED]


def test_figures_follow_from_the_papers(tmp_path: Path) -> None:
    """Other references make other figures: nothing in the table is written down beforehand."""
    good = papers(tmp_path / "good")
    bad = tmp_path / "bad"
    lines(
        bad / "papers" / "mine.jsonl",
        *(label(on(i), summaries=["Cheese ripens."], topics=["Finance"]) for i in range(6)),
    )

    fine, poor = (evaluator(data).measure(["papers"]) for data in (good, bad))

    assert figure(fine, "ROUGE-1").value > 30
    assert figure(poor, "ROUGE-1").value < 5
    assert figure(fine, "topics, recall").value > figure(poor, "topics, recall").value == 0
    assert figure(fine, "ROUGE-1").of == 6


def test_a_perfect_reference_gives_a_perfect_figure(tmp_path: Path) -> None:
    text = "Rivers are measured by nine careful steps."
    lines(tmp_path / "mine.jsonl", {"id": "1", "title": "On rivers", "abstract": text, "summaries": ["No.", text]})

    found = evaluator(tmp_path / "mine.jsonl").measure(["papers"])

    assert figure(found, "ROUGE-L").value == 100.0
    assert figure(found, "ROUGE-L").data == "mine"


def test_a_damaged_set_is_left_out_and_the_others_are_measured(tmp_path: Path) -> None:
    papers(tmp_path)
    lines(tmp_path / "papers" / "torn.jsonl", '{"id": "1", "title": ')

    done = evaluate("--data", tmp_path, "--part", "papers")

    assert done.exit_code == 3
    assert "papers · papers/mine" in done.stdout
    assert "! left out: papers/torn" in done.stdout
    assert "line 1 is not JSON" in done.stdout


def test_of_two_sets_of_one_part_the_damaged_one_alone_is_left_out(tmp_path: Path) -> None:
    lines(tmp_path / "scitldr" / "A-dev.jsonl", "{")
    lines(tmp_path / "scitldr" / "A-test.jsonl", {"source": [on(1).abstract], "target": ["A study."]})

    found = evaluator(tmp_path).measure(["summaries"])

    assert {f.data for f in found.figures} == {"scitldr/A-test"}
    (trouble,) = found.troubles
    assert trouble.startswith(f"summaries: {tmp_path / 'scitldr' / 'A-dev.jsonl'}: line 1 is not JSON")


def test_a_set_of_several_files_is_left_out_once(tmp_path: Path) -> None:
    lines(tmp_path / "ratings" / "vocabulary.dat", "alpha")
    lines(tmp_path / "ratings" / "mult.dat", "1 7:1")
    lines(tmp_path / "ratings" / "users.dat", "1 0")

    found = evaluator(tmp_path).measure(["ranking"])

    (trouble,) = found.troubles
    assert "mult.dat: line 1 names a word" in trouble


def test_where_figures_cannot_be_written_down_nothing_is_measured(tmp_path: Path) -> None:
    done = evaluate("--part", "papers", "--save", tmp_path / "nowhere" / "release.json", "--json")

    assert done.exit_code == 1
    assert isinstance(done.exception, ConfigError)
    assert "nowhere/release.json: cannot be written" in json.loads(done.stdout)["error"]


def test_a_model_whose_budget_does_not_reach_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    with FlakyLLM() as server:
        app_with(tmp_path, openai(server, "budget_usd_per_run = 0.000001")).__exit__(None, None, None)
        done = evaluate("--data", papers(tmp_path), "--part", "papers", "--config", tmp_path / "config.toml")

    assert done.exit_code == 3
    assert "6 papers have an extractive summary" in done.stdout


def test_a_folder_that_is_not_there_is_a_misuse(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["eval", "--data", str(tmp_path / "nowhere")], standalone_mode=False)

    assert isinstance(done.exception, ConfigError)
    assert "there is no" in str(done.exception)


def test_where_nothing_could_be_measured_it_has_failed(tmp_path: Path) -> None:
    done = evaluate("--data", tmp_path, "--part", "papers")

    assert done.exit_code == 1
    assert "no labelled set" in done.stdout


def test_files_that_are_none_of_the_sets_are_passed_over(tmp_path: Path) -> None:
    papers(tmp_path)
    lines(tmp_path / "README.md", "# Sets")
    lines(tmp_path / "papers" / "notes.txt", "not JSON")

    assert evaluate("--data", tmp_path, "--part", "papers").exit_code == 0


def test_without_a_folder_it_measures_what_ships_and_says_what_that_is_good_for() -> None:
    done = evaluate("--part", "papers")

    assert done.exit_code == 0
    assert "ROUGE-1" in done.stdout
    assert "invented" in done.stdout
    assert "github.com/allenai/scitldr" in done.stdout


def test_json_is_one_document_with_every_figure(tmp_path: Path) -> None:
    done = evaluate("--data", papers(tmp_path), "--part", "papers", "--json")

    document = json.loads(done.stdout)

    assert document["models"] == []
    assert document["left_out"] == []
    rouge = next(f for f in document["figures"] if f["name"] == "ROUGE-1")
    assert rouge["low"] <= rouge["value"] <= rouge["high"]
    assert (rouge["part"], rouge["set"], rouge["n"], rouge["release"]) == ("papers", "papers/mine", 6, None)


def test_figures_are_saved_for_the_next_release(tmp_path: Path) -> None:
    done = evaluate("--data", papers(tmp_path), "--part", "papers", "--save", tmp_path / "out.json")

    release = baseline.read_release(tmp_path / "out.json")

    assert done.exit_code == 0
    assert ("papers", "papers/mine", "ROUGE-1") in release.figures


def test_the_same_papers_give_the_same_figures(tmp_path: Path) -> None:
    data = papers(tmp_path)

    assert evaluator(data).measure(["papers"]) == evaluator(data).measure(["papers"])


def test_sizes_and_times_stand_below_where_everything_is_measured(tmp_path: Path) -> None:
    found = replace(evaluator(papers(tmp_path)), measure_of=counting([])).measure(run.PARTS)

    units = {f.name: (f.unit, f.value) for f in found.figures if f.part == "upkeep"}
    assert units["summaries.toml"][0] == "MB"
    assert units["summary and topics"][0] == "ms"
    assert all(value > 0 for _, value in units.values())


def test_times_are_taken_on_whatever_abstracts_there_are(tmp_path: Path) -> None:
    rows = ({"id": str(i), "title": on(i).title, "abstract": on(i).abstract, "cat": "cs.RO"} for i in range(4))
    lines(tmp_path / "topics" / "arxiv.jsonl", *rows)
    lines(tmp_path / "scitldr" / "A-dev.jsonl", {"source": [on(1).abstract], "target": ["A study."]})
    lines(tmp_path / "scitldr" / "A-train.jsonl", {"source": [on(2).abstract], "target": ["A study."]})
    lines(tmp_path / "papers" / "torn.jsonl", "{")

    with App.without_config(Host(environment={})) as app:
        found = {f.name: f for f in upkeep.times(tmp_path, app.extracts, app.background)}
        nothing = upkeep.times(tmp_path / "papers", app.extracts, app.background)

    assert found["topics alone"].of == 5
    assert 0 < found["topics alone"].value < 1000
    assert nothing == ()


def test_the_command_names_the_parts_there_are() -> None:
    assert _PARTS == run.PARTS


# -- beside a model


def measure(*values: float) -> Measure:
    return Measure(
        name="ROUGE-1",
        examples=tuple((v,) for v in values),
        statistic=lambda some: sum(v for (v,) in some) / len(some),
    )


def test_two_writers_are_compared_paper_by_paper() -> None:
    """A point more on every paper is no chance, however much the papers differ."""
    theirs = measure(*range(10, 90, 2))
    ours = measure(*range(11, 91, 2))

    gain = ours.over(theirs)

    assert gain == (1.0, 1.0)
    assert baseline.verdict_of_gain(ours.figure("x"), gain) == "better"
    assert baseline.verdict(ours.figure("x"), theirs.figure("x").value) == "", "side by side they could be equal"


def test_a_writer_is_no_better_than_itself() -> None:
    ours = measure(*range(10, 90, 2))

    assert baseline.verdict_of_gain(ours.figure("x"), ours.over(ours)) == ""


def app_with(folder: Path, llm: str) -> App:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(f"{CONFIG}\n[llm]\n{llm}\n", encoding="utf-8")
    hurry = FakeSleep()
    host = Host(environment={"OPENAI_API_KEY": "sk-x"}, now=hurry.now, sleep=hurry.sleep)
    return App(load(folder / "config.toml"), host)


def openai(server: FlakyLLM, more: str = "") -> str:
    return f'client = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\ntimeout_s = 10\n{more}'


def beside(app: App, data: Path, **more: Any) -> Evaluation:
    with app:
        return evaluator(data, apps=[app], **more).measure(["papers"])


def of_model(found: Evaluation) -> dict[str, Figure]:
    (column,) = found.models
    return {f.name: f for f in column.figures}


def test_a_model_stands_beside_the_extract_with_what_it_cost(tmp_path: Path) -> None:
    announced: list[Forecast] = []
    with FlakyLLM() as server:
        found = beside(app_with(tmp_path, openai(server)), papers(tmp_path), announce=announced.append)
        requests = len(server.journal)

    model = of_model(found)
    assert [column.writer for column in found.models] == ["gpt-5-mini"]
    assert model["requests"].value == requests >= 1
    assert model["cost"].value > 0
    assert model["cost a paper"].value == pytest.approx(model["cost"].value / 6)
    assert model["input tokens"].value > 100
    assert model["written"].value == 1.0
    assert model["ROUGE-1"].value != figure(found, "ROUGE-1").value
    assert (announced[0].papers, announced[0].requests) == (6, 1)
    assert 0 < (announced[0].likely_usd or 0) < (announced[0].most_usd or 0)


def test_nothing_is_paid_twice(tmp_path: Path) -> None:
    data = papers(tmp_path)
    with FlakyLLM() as server:
        first = of_model(beside(app_with(tmp_path, openai(server)), data))
        asked = len(server.journal)
        second = of_model(beside(app_with(tmp_path, openai(server)), data))

        assert len(server.journal) == asked
    assert (second["cost"].value, second["from the store"].value) == (0.0, 6)
    assert first["ROUGE-1"] == second["ROUGE-1"]


def test_a_paper_that_stands_there_twice_is_asked_for_once(tmp_path: Path) -> None:
    twice = [label(on(1), summaries=["x"]), {**label(on(1)), "id": "another"}]
    lines(tmp_path / "papers" / "mine.jsonl", *twice)
    with FlakyLLM() as server:
        found = beside(app_with(tmp_path, openai(server)), tmp_path)

        assert [entry["papers"] for entry in server.journal] == [1]
    assert of_model(found)["written"].of == 2


def test_a_summary_that_fails_a_check_is_counted_under_it(tmp_path: Path) -> None:
    with FlakyLLM(Rule("content", what="number")) as server:
        found = beside(app_with(tmp_path, openai(server)), papers(tmp_path))

    model = of_model(found)
    assert model["passed numbers"].value < 1.0
    assert model["written"].value == model["passed numbers"].value
    assert figure(found, "passed numbers").value == 1.0
    assert any("check “numbers”" in note for note in found.notes)


def test_the_budget_holds(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        found = beside(app_with(tmp_path, openai(server, "budget_usd_per_run = 0.0000001")), papers(tmp_path))

        assert len(server.journal) == 0
    assert of_model(found)["written"].value == 0.0
    assert found.notes


def test_a_model_is_asked_for_no_more_papers_than_the_limit(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        found = beside(app_with(tmp_path, openai(server)), papers(tmp_path, 9), limit=4)

    assert figure(found, "ROUGE-1").of == of_model(found)["ROUGE-1"].of == 4
    assert "the first 4 of 9 papers" in found.notes[0]


def test_a_model_is_asked_for_papers_of_a_public_set_only_with_a_limit(tmp_path: Path) -> None:
    rows = ({"paper_id": str(i), "source": [on(i).abstract], "target": ["A study."]} for i in range(5))
    lines(tmp_path / "scitldr" / "A-dev.jsonl", *rows)
    with FlakyLLM() as server:
        app = app_with(tmp_path, openai(server))
        without = beside(app, tmp_path)
        limited = beside(app_with(tmp_path, openai(server)), tmp_path, limit=3)

    assert without.models == ()
    assert of_model(limited)["ROUGE-1"].of == 3


def test_a_recording_answers_without_a_network(tmp_path: Path) -> None:
    data = papers(tmp_path)
    recording = f'recording = "{tmp_path / "answers.jsonl"}"'
    with FlakyLLM() as server:
        first = of_model(beside(app_with(tmp_path / "a", openai(server, recording)), data))

    replay = f'client = "replay"\nmodel = "gpt-5-mini"\n{recording}'
    again = of_model(beside(app_with(tmp_path / "b", replay), data))

    assert again["ROUGE-1"] == first["ROUGE-1"]
    assert again["cost"].value == 0.0


def test_the_table_shows_model_and_extract_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FlakyLLM() as server:
        app_with(tmp_path, openai(server)).__exit__(None, None, None)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        done = evaluate("--data", papers(tmp_path), "--part", "papers", "--config", tmp_path / "config.toml")

    assert done.exit_code == 0
    assert "gpt-5-mini is asked for 6 papers in 1 request: about $" in done.stderr
    head = next(line for line in done.stdout.splitlines() if "interval" in line)
    assert "5-mini" in head
    assert "extract" in head
    assert "cost a paper" in done.stdout


def test_two_prompts_are_compared_by_their_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    data = papers(tmp_path)
    with FlakyLLM() as server:
        for name in ("a", "b"):
            app_with(tmp_path / name, openai(server))
        (tmp_path / "b" / "config.toml").rename(tmp_path / "b" / "terse.toml")
        (tmp_path / "b" / "prompts").mkdir()
        (tmp_path / "b" / "prompts" / "summarize.txt").write_text("Be terse. Answer as JSON.", encoding="utf-8")
        configs = ("--config", tmp_path / "a" / "config.toml", "--config", tmp_path / "b" / "terse.toml")
        done = evaluate("--data", data, "--part", "papers", *configs, "--json")

    document = json.loads(done.stdout)
    assert document["models"] == ["gpt-5-mini, config.toml", "gpt-5-mini, terse.toml"]
    assert set(document["figures"][0]["models"]) == set(document["models"])
    assert len({cost["value"] for cost in document["costs"] if cost["name"] == "input tokens"}) == 2


def test_an_extract_costs_nothing(tmp_path: Path) -> None:
    with App.without_config(Host(environment={})) as app:
        found = forecast(writer(app), sets.read_papers(papers(tmp_path) / "papers" / "mine.jsonl"))

    assert (found.papers, found.requests, found.likely_usd) == (6, 0, 0.0)
    assert "no price" not in forecast_line(found)


def test_a_model_without_a_price_is_said_so(tmp_path: Path) -> None:
    with FlakyLLM() as server, app_with(tmp_path, openai(server).replace("gpt-5-mini", "home-made")) as app:
        found = forecast(writer(app), sets.read_papers(papers(tmp_path) / "papers" / "mine.jsonl"))

    assert forecast_line(found) == "home-made is asked for 6 papers in 1 request: no price is known for it"


def test_a_config_without_a_model_is_said_so(tmp_path: Path) -> None:
    found = beside(app_with(tmp_path, 'client = "extractive"'), papers(tmp_path))

    assert found.models == ()
    assert "names no model" in found.notes[0]


def test_a_missing_key_is_found_before_anything_is_measured(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        app = app_with(tmp_path, openai(server).replace(f'base_url = "{server.base_url}"\n', ""))
    app.host = replace(app.host, environment={})

    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        beside(app, papers(tmp_path))
