"""Summaries that were written under an earlier prompt, written anew: so many, the newest papers first, and no more.

Issues that are out stay as they are. Pages drawn later, other editions and summaries on demand have the new ones.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from digest.core.errors import ConfigError
from digest.core.models import Edition, Paper, SummaryKey
from digest.core.summaries.summarizer import Summarizer, Sums
from digest.stages.ask import Asked, Summaries, Writer


class Outdated(Protocol):
    """The store, as far as it knows which summaries are of an earlier prompt."""

    def outdated(self, editions: Sequence[str], now: SummaryKey) -> tuple[tuple[Paper, date], ...]: ...


class Renewable(Outdated, Summaries, Protocol):
    """The store, as far as summaries are renewed in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What was renewed."""

    renewed: int
    """Papers that have a summary under the present prompt now."""
    left: int
    """Papers that still have none."""
    sums: tuple[Sums, ...]
    """One for each language that was asked in."""


def count_outdated(store: Outdated, editions: Sequence[Edition], summarizer: Callable[[], Summarizer]) -> int:
    """How many printed papers have a model's summary of an earlier prompt alone; 0 where no model can be asked.

    Args:
        summarizer: Makes the one of the config, or raises ConfigError: without its key, say.
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
    """Have up to *limit* of those summaries written anew, within the budgets."""
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
    """What is to be said of it: what the model can't do now keeps its earlier summary, and no extract stands in."""
    why = Counter(summary.fell_back for summary in asked.summaries.values() if summary.fell_back is not None)
    kept = (
        f"{count} {'paper keeps its' if count == 1 else 'papers keep their'} earlier summary: {reason}"
        for reason, count in sorted(why.items())
    )
    said = (w for w in asked.sums.warnings if not any(w.endswith(f": {reason}") for reason in why))
    return replace(asked.sums, warnings=(*said, *kept))


def _outdated(store: Outdated, editions: Sequence[Edition], summarizer: Summarizer) -> list[tuple[Paper, str]]:
    """Papers and the language of their summary, those printed last first; none for extracts, which cost nothing."""
    if not summarizer.model:
        return []
    found = []
    for language in sorted({edition.language for edition in editions}):
        names = [edition.name for edition in editions if edition.language == language]
        now = SummaryKey(
            content="",
            client=summarizer.client,
            model=summarizer.model,
            prompt=summarizer.prompt,
            language=language,
        )
        found += [(day, paper, language) for paper, day in store.outdated(names, now)]
    found.sort(key=lambda one: one[0], reverse=True)
    return [(paper, language) for _, paper, language in found]
