"""A model's summarizer: what belongs to one run is that run's, also where two are under way at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from digest.summarizers.model import ModelSummarizer
from tests.support.desk import CONFIG, Desk

LLM = """
[llm]
client = "openai"
model = "gpt-5-mini"
base_url = "http://127.0.0.1:1/v1"
time_limit_s = 100
"""


def test_each_run_has_its_own_budget_and_its_own_time(tmp_path: Path) -> None:
    with Desk(tmp_path, CONFIG + LLM).app() as app:
        made, now = app.summarizer, [0.0]
        assert isinstance(made, ModelSummarizer)
        model = replace(made, now=lambda: now[0])
        first = model.begin("first")
        of_first = first.time_left_s()
        now[0] = 60.0
        second = model.begin("second")

        assert (of_first, first.time_left_s(), second.time_left_s()) == (100.0, 40.0, 100.0)
        assert [one.budget("daily").run for one in (first, second)] == ["first", "second"]
