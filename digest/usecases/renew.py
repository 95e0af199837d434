"""Summaries that were written under an earlier prompt, written anew: so many, the newest papers first, and no more.

Issues that are out stay as they are. Pages drawn later, other editions and summaries on demand have the new ones.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from digest.core.errors import ConfigError
from digest.core.models import Paper, SummaryKey
from digest.core.summaries.summarizer import Summarizer, Sums
from digest.stages.summarize import Summarized, Summarizing

if TYPE_CHECKING:
    from digest.app.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What was renewed."""

    renewed: int
    """Papers that have a summary under the present prompt now."""
    left: int
    """Papers that still have none."""
    sums: tuple[Sums, ...]
    """One for each language that was asked in."""


def count_outdated(app: App) -> int:
    """How many printed papers have a model's summary of an earlier prompt alone; 0 where no model can be asked."""
    try:
        summarizer = app.summarizer
    except ConfigError:  # without its key
        return 0
    return len(_outdated(app, summarizer))


def renew(app: App, *, limit: int) -> Renewal:
    """Have up to *limit* of those summaries written anew, within the budgets."""
    app.check(send=False)
    summarizer = app.summarizer
    found = _outdated(app, summarizer)
    taken = found[:limit]
    summarizer.begin_run(f"renewal {secrets.token_hex(8)}")
    sums, renewed = [], 0
    for language in dict.fromkeys(language for _, language in taken):
        papers = {paper.id: paper for paper, its in taken if its == language}
        done = _ask(app, summarizer, list(papers.values()), language)
        sums.append(done.sums)
        renewed += sum(summary.fell_back is None for summary in done.summaries.values())
    return Renewal(renewed=renewed, left=len(found) - renewed, sums=tuple(sums))


def _ask(app: App, summarizer: Summarizer, papers: Sequence[Paper], language: str) -> Summarized:
    done = Summarizing(
        summarizer=summarizer, store=app.store, sleep=app.host.sleep, progress=app.host.progress
    ).summarize(
        papers,
        language=language,
        edition="renewal",
        on_missing=lambda count: app.host.progress(f"summarizing {count} papers anew"),
    )
    # What the model can't do now keeps its earlier summary.
    why = Counter(summary.fell_back for summary in done.summaries.values() if summary.fell_back is not None)
    kept = (
        f"{count} {'paper keeps its' if count == 1 else 'papers keep their'} earlier summary: {reason}"
        for reason, count in sorted(why.items())
    )
    # There, an extract would stand in for each of them.
    said = (warning for warning in done.sums.warnings if not any(warning.endswith(f": {reason}") for reason in why))
    return replace(done, sums=replace(done.sums, warnings=(*said, *kept)))


def _outdated(app: App, summarizer: Summarizer) -> list[tuple[Paper, str]]:
    """Papers and the language of their summary, those printed last first; none for extracts, which cost nothing."""
    if not summarizer.model:
        return []
    found = []
    for language in sorted({edition.language for edition in app.config.editions}):
        names = [edition.name for edition in app.config.editions if edition.language == language]
        now = SummaryKey(
            content="",
            client=summarizer.client,
            model=summarizer.model,
            prompt=summarizer.prompt,
            language=language,
        )
        found += [(day, paper, language) for paper, day in app.store.outdated(names, now)]
    found.sort(key=lambda one: one[0], reverse=True)
    return [(paper, language) for _, paper, language in found]
