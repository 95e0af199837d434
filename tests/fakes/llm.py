"""A model that does as it is told, and papers that it finds easy to tell apart."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from digest.core.errors import LLMError
from digest.core.models import Completion, Paper, Prompt
from tests.conftest import paper
from tests.fakes.clock import FakeClock

Behaviour = Callable[[Prompt], Completion]
"""What a request meets: it returns an answer or raises."""

THINGS = "owls foxes bees elms reefs moths geese yaks cranes pines".split()
PLACES = "Turin Lagos Quito Perth Oslo Kyoto Delhi Cairo Lima Basel".split()


def study(n: int, **changes: Any) -> Paper:
    """The n-th paper, whose words are those of no other."""
    thing, place = THINGS[n % 10], PLACES[n // 10 % 10]
    abstract = f"We count {thing} near {place} by method{n}. It finds {1000 + n} {thing} where others find few."
    return paper(n, **{"title": f"Counting {thing} around {place}", "abstract": abstract, **changes})


def studies(count: int) -> list[Paper]:
    return [study(n) for n in range(count)]


def said_of(paper: Paper, place: int) -> dict[str, Any]:
    """What a good model says of a `study`."""
    sentences = paper.abstract.split(". ")
    return {"id": str(place), "tldr": f"{sentences[0]}.", "points": sentences[1:], "topics": ["Ecology", "counting"]}


def items_of(prompt: Prompt) -> list[dict[str, Any]]:
    return [said_of(each, place) for place, each in enumerate(prompt.batch.papers, 1)]


def answer(items: Iterable[Mapping[str, Any]], **changes: Any) -> Completion:
    return Completion(text=json.dumps({"papers": list(items)}), input_tokens=100, output_tokens=10, **changes)


def obedient(prompt: Prompt) -> Completion:
    return answer(items_of(prompt))


def fail(reason: str = "HTTP 400", **changes: Any) -> Behaviour:
    def behave(prompt: Prompt) -> Completion:
        raise LLMError(reason, **changes)

    return behave


def said(one: Completion | LLMError) -> Behaviour:
    """That answer, or that error."""

    def behave(prompt: Prompt) -> Completion:
        if isinstance(one, LLMError):
            raise one
        return one

    return behave


def without(*places: int) -> Behaviour:
    """An answer that lacks some papers of the request, counted from 1."""
    return lambda prompt: answer(item for item in items_of(prompt) if int(item["id"]) not in places)


class FakeLLM:
    """Behaves as told; remembers what it was asked, and when."""

    client = "openai"
    model = "fake-1"

    def __init__(self, *behaviours: Behaviour | Completion | LLMError, concurrency: int = 1) -> None:
        """The n-th request meets the n-th of *behaviours*, all later ones the last."""
        self.behaviours = [b if callable(b) else said(b) for b in behaviours] or [obedient]
        self.concurrency = concurrency
        self.clock = FakeClock()
        self.delays: list[float] = []
        """What `delay_s` says, one after the other; then 0."""
        self.window: int | None = None
        """Tokens that it sees at once, if that is known."""
        self.sees: int | None = None
        """Papers that it sees at once, if that is known."""
        self.prompts: list[Prompt] = []
        self.at: list[float] = []
        """When each prompt came."""
        self._lock = threading.Lock()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        return len(prompt.system) + len(prompt.user)

    def fits(self, prompt: Prompt) -> bool:
        if self.sees is not None and len(prompt.batch.papers) > self.sees:
            return False
        return self.window is None or self.most_input_tokens(prompt) <= self.window

    def delay_s(self, prompt: Prompt) -> float:
        return self.delays.pop(0) if self.delays else 0.0

    def complete(self, prompt: Prompt) -> Completion:
        with self._lock:
            self.prompts.append(prompt)
            self.at.append(self.clock.now())
            behaviour = self.behaviours[0] if len(self.behaviours) == 1 else self.behaviours.pop(0)
        return behaviour(prompt)

    @property
    def sizes(self) -> list[int]:
        """How many papers each request was about."""
        return [len(prompt.batch.papers) for prompt in self.prompts]

    @property
    def most_often_asked(self) -> int:
        """How often the most frequent request went out: the same papers with the same words."""
        asked = [prompt.user.replace(prompt.nonce, "") for prompt in self.prompts]
        return max((asked.count(each) for each in asked), default=0)
