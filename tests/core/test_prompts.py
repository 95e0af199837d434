"""The fixed part of a request: a file, reviewed as code and paid for with every request."""

from __future__ import annotations

import json

import jinja2
import pytest

from digest.core.summaries.answers import read_answers
from digest.llm.tokens import counter
from tests.conftest import ROOT

TEXTS = {name: (ROOT / f"prompts/{name}.txt").read_text(encoding="utf-8") for name in ("summarize", "brief")}


def render(text: str, **values: object) -> str:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(**values)


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    return TEXTS[request.param]


def test_it_names_the_language(text: str) -> None:
    assert '"fr"' in render(text, language="fr")


def test_it_cannot_be_rendered_without_the_language(text: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(text)


@pytest.mark.parametrize(("name", "points"), [("summarize", 2), ("brief", 0)])
def test_its_example_is_an_answer_without_a_blank_that_a_model_would_copy_and_bill(name: str, points: int) -> None:
    (line,) = (line for line in TEXTS[name].splitlines() if line.startswith("{"))

    (answer,) = read_answers(line)

    assert (answer.id, len(answer.points), len(answer.topics)) == ("1", points, 1)
    assert line == json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":"))


def test_it_says_json_without_which_json_mode_is_refused(text: str) -> None:
    assert "JSON" in text


@pytest.mark.parametrize(("name", "most"), [("summarize", 210), ("brief", 185)])
def test_it_is_tight(name: str, most: int) -> None:
    pytest.importorskip("bpe_openai")

    assert counter("gpt-5-mini")(render(TEXTS[name], language="en")) <= most
