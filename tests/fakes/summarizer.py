"""A summarizer that asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from digest.core.models import Entry, Overview, Paper, PaperId, Summary, Usage
from digest.core.summaries.summarizer import Sums
from tests.fakes.clock import FakeClock


class FakeSummarizer:
    """Says of each paper its title, or what it is told to; remembers what it was asked for. It is its own `Writing`."""

    client = "openai"
    prompt = "p"
    brief_prompt = "b"
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
        self.asked_briefly: list[PaperId] = []
        """Those of them that needed no points."""
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
        brief: Collection[PaperId] = (),
    ) -> Sums:
        """See `digest.core.summaries.summarizer.Writing`."""
        fails = self.fails if self.time_left_s() > 0 else "it took too long"
        if fails is None or self.fails_on:
            self.asked += [p.id for p in papers]
            self.asked_briefly += [p.id for p in papers if p.id in brief]
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
