"""Renew summaries that were written under an earlier prompt: a limited number, those of the newest papers first.

Printed issues keep their summaries. Pages drawn later, other editions and summaries on demand use the new ones.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from digest.core.errors import ConfigError
from digest.core.models import Edition, Paper, SummaryKey
from digest.core.summaries.summarizer import Summarizer, Sums
from digest.stages.ask import Asked, Summaries, Writer


class Outdated(Protocol):
    """The part of the store that finds summaries of an earlier prompt."""

    def outdated(
        self, editions: Sequence[str], now: SummaryKey, *, prompts: Collection[str]
    ) -> tuple[tuple[Paper, date], ...]: ...


class Renewable(Outdated, Summaries, Protocol):
    """The part of the store in which summaries are renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The result of renewing summaries."""

    renewed: int
    """Number of papers whose summary was renewed."""
    left: int
    """Number of papers that still have only a summary of an earlier prompt."""
    sums: tuple[Sums, ...]
    """One for each language that was asked in."""


def count_outdated(store: Outdated, editions: Sequence[Edition], summarizer: Callable[[], Summarizer]) -> int:
    """Count the printed papers whose model's summary is only of an earlier prompt; 0 if no model can be asked.

    Args:
        summarizer: Makes the summarizer of the config, or raises ConfigError, as without its API key.
    """
    try:
        made = summarizer()
    except ConfigError:
        return 0
    return len(_outdated(store, editions, made))


def renew(
    store: Renewable,
    editions: Sequence[Edition],
    summarizer: Summarizer,
    *,
    limit: int,
    sleep: Callable[[float], None],
    progress: Callable[[str], None],
) -> Renewal:
    """Have the model renew up to *limit* summaries of an earlier prompt, within the budgets."""
    found = _outdated(store, editions, summarizer)
    taken = found[:limit]
    writing = summarizer.begin(f"renewal {secrets.token_hex(8)}")
    sums, renewed = [], 0
    for language in dict.fromkeys(language for _, language in taken):
        papers = [paper for paper, its in taken if its == language]
        writer = Writer(summarizer=summarizer, language=language, store=store, sleep=sleep, progress=progress)
        asked = writer.ask(
            papers,
            writing=writing,
            edition="renewal",
            on_missing=lambda count: progress(f"summarizing {count} papers anew"),
        )
        sums.append(_told(asked))
        renewed += sum(summary.fell_back is None for summary in asked.summaries.values())
    return Renewal(renewed=renewed, left=len(found) - renewed, sums=tuple(sums))


def _told(asked: Asked) -> Sums:
    """Return the sums to report: a paper that the model fails on keeps its earlier summary and gets no extract."""
    why = Counter(summary.fell_back for summary in asked.summaries.values() if summary.fell_back is not None)
    kept = (
        f"{count} {'paper keeps its' if count == 1 else 'papers keep their'} earlier summary: {reason}"
        for reason, count in sorted(why.items())
    )
    said = (w for w in asked.sums.warnings if not any(w.endswith(f": {reason}") for reason in why))
    return replace(asked.sums, warnings=(*said, *kept))


def _outdated(store: Outdated, editions: Sequence[Edition], summarizer: Summarizer) -> list[tuple[Paper, str]]:
    """Return papers with outdated summaries and their languages, those printed last first; extracts don't count."""
    if not summarizer.model:
        return []
    found, prompts = [], {summarizer.prompt, summarizer.brief_prompt}
    for language in sorted({edition.language for edition in editions}):
        names = [edition.name for edition in editions if edition.language == language]
        now = SummaryKey(
            content="",
            client=summarizer.client,
            model=summarizer.model,
            prompt=summarizer.prompt,
            language=language,
        )
        found += [(day, paper, language) for paper, day in store.outdated(names, now, prompts=prompts)]
    found.sort(key=lambda one: one[0], reverse=True)
    return [(paper, language) for _, paper, language in found]
