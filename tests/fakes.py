"""A model that does as it is told, and a clock that only sleep moves on: for tests that never wait."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from digest.core.errors import LLMError
from digest.core.models import Completion, Entry, Overview, Paper, PaperId, Prompt, Summary, Usage
from digest.core.summaries.summarizer import Sums
from tests.conftest import paper

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


def without(*places: int) -> Behaviour:
    """An answer that lacks some papers of the request, counted from 1."""
    return lambda prompt: answer(item for item in items_of(prompt) if int(item["id"]) not in places)


class FakeClock:
    """Stands still but for its own sleep; many threads may use it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds < float("inf")
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds

    def reach(self, moment: float) -> None:
        """It is *moment* at least: for what lasts beside something else."""
        with self._lock:
            self._now = max(self._now, moment)


class FakeLLM:
    """Behaves as told; remembers what it was asked, and when."""

    client = "openai"
    model = "fake-1"

    def __init__(self, *behaviours: Behaviour, concurrency: int = 1) -> None:
        """The n-th request meets the n-th of *behaviours*, all later ones the last."""
        self.behaviours = list(behaviours) or [obedient]
        self.concurrency = concurrency
        self.clock = FakeClock()
        self.delays: list[float] = []
        """What `delay_s` says, one after the other; then 0."""
        self.window: int | None = None
        """What it sees at once, if that is known."""
        self.prompts: list[Prompt] = []
        self.at: list[float] = []
        """When each prompt came."""
        self._lock = threading.Lock()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        return len(prompt.system) + len(prompt.user)

    def fits(self, prompt: Prompt) -> bool:
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


class FakeSummarizer:
    """Says of each paper its title, or what it is told to; remembers what it was asked for. It is its own `Writing`."""

    client = "openai"
    prompt = "p"
    limit_s = 900.0
    """How long a run waits for it."""

    def __init__(
        self,
        *,
        model: str = "m",
        clock: FakeClock | None = None,
        fails: str | None = None,
        fails_on: str = "",
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        """Do nothing yet.

        Args:
            fails: Why papers get extracts.
            fails_on: Only those in whose title this stands; empty: all.
            meanwhile: Called while it is at work.
        """
        self.model = model
        self.clock = clock or FakeClock()
        self.fails = fails
        self.fails_on = fails_on
        self.meanwhile = meanwhile
        self.asked: list[PaperId] = []
        self.runs: list[str] = []

    def begin(self, run: str) -> FakeSummarizer:
        """Begin a run."""
        self.runs.append(run)
        return self

    def summarize(
        self,
        papers: Sequence[Paper],
        *,
        language: str,
        edition: str,
        on_done: Callable[[Mapping[PaperId, Summary]], None],
    ) -> Sums:
        """See `digest.core.summaries.summarizer.Writing`."""
        fails = self.fails if self.time_left_s() > 0 else "it took too long"
        if fails is None or self.fails_on:
            self.asked += [p.id for p in papers]
        self.meanwhile()
        why = {p.id: fails if self.fails_on in p.title else None for p in papers}
        for p in papers:
            on_done({p.id: Summary(tldr=p.title, client=self.client, language=language, fell_back=why[p.id])})
        fell_back = sum(reason is not None for reason in why.values())
        usage = Usage(client=self.client, model=self.model, requests=1, fell_back=fell_back)
        return Sums(usage=usage, warnings=(f"{fails} for {edition}",) if fell_back else ())

    def overview(self, entries: Sequence[Entry], *, language: str, edition: str) -> tuple[Overview | None, Sums]:
        """Have none."""
        return None, Sums(usage=Usage(client=self.client))

    def time_left_s(self) -> float:
        """See `digest.core.summaries.summarizer.Writing`."""
        return max(0.0, self.limit_s - self.clock.now())

    def close(self) -> None:
        """There is nothing to let go of."""
