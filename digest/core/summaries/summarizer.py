"""Who writes summaries, as the stages see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from digest.core.identity.ids import content_hash
from digest.core.models import (
    Entry,
    Overview,
    Paper,
    PaperId,
    Summary,
    SummaryKey,
    Usage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a summarizer did for one edition."""

    usage: Usage
    warnings: tuple[str, ...] = ()

    def and_then(self, later: Sums) -> Sums:
        """Both together. What the first fell back on, the second found in the store and counts too."""
        a, b = self.usage, later.usage
        usage = replace(a + b, from_cache=a.from_cache, fell_back=max(a.fell_back, b.fell_back))
        return Sums(usage=usage, warnings=(*self.warnings, *later.warnings))


class Writing(Protocol):
    """The summarizer at work for one run: it knows the run's budget and how long the run waits for its model."""

    def summarize(
        self,
        papers: Sequence[Paper],
        *,
        language: str,
        edition: str,
        on_done: Callable[[Mapping[PaperId, Summary]], None],
        brief: Collection[PaperId] = (),
    ) -> Sums:
        """Give each paper a summary, handing them to *on_done* as they come; every paper exactly once.

        Args:
            brief: Those for which a sentence is enough, without points.
        """
        ...

    def overview(self, entries: Sequence[Entry], *, language: str, edition: str) -> tuple[Overview | None, Sums]:
        """A few sentences on all *entries* together; None where the composed overview is to stand."""
        ...

    def time_left_s(self) -> float:
        """How long the run still waits for summaries, at least 0; that counts from when this is first asked."""
        ...


class Signature(Protocol):
    """What tells the summaries of one summarizer from those of others."""

    @property
    def client(self) -> str:
        """`extractive`, `openai` or `replay`."""
        ...

    @property
    def model(self) -> str:
        """Empty for `extractive`."""
        ...

    @property
    def prompt(self) -> str:
        """Hash of the fixed part of the prompt, or the version of the rules."""
        ...

    @property
    def brief_prompt(self) -> str:
        """The same for brief summaries, which have no points; equal to `prompt` where points cost nothing."""
        ...


class Summarizer(Signature, Protocol):
    """Writes summaries; behind it stands a model, or the extract. Threads and runs can share one."""

    def begin(self, run: str) -> Writing:
        """Begin a run; the budget per run counts all runs of the same name together, over crashes too."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def nothing(summarizer: Summarizer) -> Sums:
    """What a summarizer did that was not asked."""
    return Sums(usage=Usage(client=summarizer.client, model=summarizer.model or None))


def key_of(summarizer: Signature, paper: Paper, language: str, *, is_brief: bool = False) -> SummaryKey:
    """Under what the summary of *paper* by *summarizer* is stored: with points, or brief, without."""
    return SummaryKey(
        content=content_hash(paper.title, paper.abstract),
        client=summarizer.client,
        model=summarizer.model,
        prompt=summarizer.brief_prompt if is_brief else summarizer.prompt,
        language=language,
    )


def keys_of(summarizer: Signature, paper: Paper, language: str, *, is_brief: bool) -> tuple[SummaryKey, ...]:
    """Under what summaries of *paper* may be stored that will do, the best first.

    One with points does where a brief one is asked for, but a brief one does not where points are.
    """
    whole = key_of(summarizer, paper, language)
    return tuple(dict.fromkeys((whole, key_of(summarizer, paper, language, is_brief=True)))) if is_brief else (whole,)
