"""The fixed part of a request: a file, reviewed as code and paid for with every request."""

from __future__ import annotations

import jinja2
import pytest

from digest.core.answers import read_answers
from digest.llm.tokens import counter
from tests.conftest import ROOT

TEXT = (ROOT / "prompts/summarize.txt").read_text(encoding="utf-8")


def render(**values: object) -> str:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(TEXT).render(**values)


def test_it_names_the_language_and_the_topics() -> None:
    prompt = render(language="fr", topics=("Optics", "Deep learning"))

    assert '"fr"' in prompt
    assert prompt.endswith("Topics: Optics; Deep learning")


@pytest.mark.parametrize("missing", ["language", "topics"])
def test_it_cannot_be_rendered_without_what_it_needs(missing: str) -> None:
    values = {"language": "en", "topics": ("Optics",)}
    del values[missing]

    with pytest.raises(jinja2.UndefinedError):
        render(**values)


def test_its_example_is_an_answer() -> None:
    (answer,) = read_answers(TEXT)

    assert (answer.id, len(answer.points)) == ("1", 2)


def test_it_says_json_without_which_json_mode_is_refused() -> None:
    assert "JSON" in TEXT


def test_it_is_tight() -> None:
    pytest.importorskip("bpe_openai")

    assert counter("gpt-5-mini")(render(language="en", topics=())) <= 320
