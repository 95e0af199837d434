"""The fixed part of a request: a file, reviewed as code and paid for with every request."""

from __future__ import annotations

import json

import jinja2
import pytest

from digest.core.summaries.answers import read_answers
from digest.llm.tokens import counter
from tests.conftest import ROOT

TEXT = (ROOT / "prompts/summarize.txt").read_text(encoding="utf-8")


def render(**values: object) -> str:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(TEXT).render(**values)


def test_it_names_the_language() -> None:
    assert '"fr"' in render(language="fr")


def test_it_cannot_be_rendered_without_the_language() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render()


def test_its_example_is_an_answer_without_a_blank_that_a_model_would_copy_and_bill() -> None:
    (line,) = (line for line in TEXT.splitlines() if line.startswith("{"))

    (answer,) = read_answers(line)

    assert (answer.id, len(answer.points), len(answer.topics)) == ("1", 2, 1)
    assert line == json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":"))


def test_it_says_json_without_which_json_mode_is_refused() -> None:
    assert "JSON" in TEXT


def test_it_is_tight() -> None:
    pytest.importorskip("bpe_openai")

    assert counter("gpt-5-mini")(render(language="en")) <= 210
