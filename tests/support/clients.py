"""The client for OpenAI-compatible servers as its tests use it; `conftest.py` has the fixture that closes it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from digest.core.models import Batch, Prompt
from digest.core.summaries.prompts import prompt_for
from digest.llm.openai import OpenAILLM
from tests.conftest import paper
from tests.servers.flaky_llm import FlakyLLM

KEY = "sk-a-very-secret-key"
NOWHERE = "http://127.0.0.1:9/v1"


class Clients(ExitStack):
    """Makes clients and closes them at its end."""

    def __call__(self, server: FlakyLLM | str, **changes: Any) -> OpenAILLM:
        url = server if isinstance(server, str) else server.base_url
        client = OpenAILLM("test-1", **{"api_key": KEY, "base_url": url, "timeout_s": 20.0, **changes})
        self.callback(client.close)
        return client


def prompt(*numbers: int) -> Prompt:
    batch = Batch(papers=tuple(paper(n) for n in numbers or (1, 2)))
    return prompt_for(batch, system="Sum up, as JSON.", nonce="abcd")
