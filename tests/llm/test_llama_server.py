"""A real server that speaks OpenAI's language: llama-cpp-python's, with a model that talks nonsense.

Skipped unless DIGEST_TEST_LLAMA_PYTHON names a Python that has it (and gguf, which writes the model):

    pip install 'llama-cpp-python[server]' gguf
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import LLMError
from digest.core.models import Batch, Prompt
from digest.core.summaries.prompts import prompt_for
from digest.llm.openai import OpenAILLM
from tests.conftest import ROOT, paper
from tests.support.desk import CONFIG, Desk

PYTHON = os.environ.get("DIGEST_TEST_LLAMA_PYTHON", "")
START_S = 60
CONTEXT = 16_384

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="no llama.cpp server (set DIGEST_TEST_LLAMA_PYTHON to a Python with llama-cpp-python[server])"
)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("llama")
    model = folder / "tiny.gguf"
    subprocess.run([PYTHON, str(ROOT / "tests/servers/tiny_gguf.py"), str(model)], check=True, timeout=START_S)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    command = [PYTHON, "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port), "--model", str(model)]
    command += ["--n_ctx", str(CONTEXT), "--n_threads", "1", "--verbose", "False"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(START_S)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not start")


def prompt(*numbers: int) -> Prompt:
    batch = Batch(papers=tuple(paper(n) for n in numbers))
    asked = prompt_for(batch, system="Sum up, as JSON.", nonce="abcd")
    return replace(asked, max_output_tokens=1024 + 40 * len(numbers))


def test_the_server_is_asked_in_the_richest_form_it_knows(base_url: str) -> None:
    learned: list[Any] = []
    llm = OpenAILLM("tiny", api_key="none", base_url=base_url, timeout_s=60, learn=learned.append)

    answer = llm.complete(prompt(1, 2))
    again = llm.complete(prompt(1, 2))
    llm.close()

    # It says 500 to a schema, naming it; and it passes over max_completion_tokens.
    assert [each["format"] for each in learned] == ["json_object"]
    assert answer.text.lstrip()[:1] == again.text.lstrip()[:1] == "{"
    assert 0 < answer.output_tokens <= prompt(1, 2).max_output_tokens
    assert answer.finish_reason in ("stop", "length")
    assert answer.input_tokens > 100


def test_a_prompt_that_is_too_long_for_it_is_said_to_be(base_url: str) -> None:
    llm = OpenAILLM("tiny", api_key="none", base_url=base_url, timeout_s=60)
    llm.complete(prompt(1))

    with pytest.raises(LLMError, match="too long") as caught:
        llm.complete(replace(prompt(1), user="words without an end " * 1000))
    llm.close()

    assert not caught.value.again


def test_a_whole_day_comes_out_although_the_model_talks_nonsense(base_url: str, tmp_path: Path) -> None:
    llm = f"""
        [llm]
        client = "openai"
        model = "tiny"
        base_url = "{base_url}"
        concurrency = 2
        timeout_s = 30
        time_limit_s = 40
    """
    desk = Desk(tmp_path, config=CONFIG + llm, environment={"OPENAI_API_KEY": "none"})
    day = date(2026, 6, 3)
    desk.feed(day, [paper(n) for n in range(1, 7)])

    (report,) = desk.run(day)

    entries = [e for section in desk.issue_json(day)["sections"] for e in section["entries"]]
    assert len(entries) == 6
    assert all(e["summary"]["client"] == "extractive" and e["summary"]["tldr"] for e in entries)
    assert report.usage is not None
    assert (report.usage.fell_back, report.usage.requests > 0) == (6, True)
    assert len(desk.outbox) == 1
