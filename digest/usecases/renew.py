"""Summaries that were written under an earlier prompt, written anew: so many, the newest papers first, and no more.

Issues that are out stay as they are. Pages drawn later, other editions and summaries on demand have the new ones.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from digest.core.errors import ConfigError
from digest.core.models import Paper, PaperId, Summary, SummaryKey
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, key_of

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
    writing = summarizer.begin(f"renewal {secrets.token_hex(8)}")
    sums, renewed = [], 0
    for language in dict.fromkeys(language for _, language in taken):
        papers = {paper.id: paper for paper, its in taken if its == language}
        keys = {i: key_of(summarizer, paper, language) for i, paper in papers.items()}
        app.host.progress(f"summarizing {len(papers)} papers anew")
        sums.append(_ask(app, writing, list(papers.values()), keys, language))
        renewed += len(app.store.summaries(keys.values()))
    return Renewal(renewed=renewed, left=len(found) - renewed, sums=tuple(sums))


def _ask(
    app: App, writing: Writing, papers: Sequence[Paper], keys: Mapping[PaperId, SummaryKey], language: str
) -> Sums:
    why: Counter[str] = Counter()

    def keep(done: Mapping[PaperId, Summary]) -> None:
        # What the model can't do now keeps its earlier summary.
        app.store.save_summaries({keys[i]: summary for i, summary in done.items() if summary.fell_back is None})
        why.update(summary.fell_back for summary in done.values() if summary.fell_back is not None)

    sums = writing.summarize(papers, language=language, edition="renewal", on_done=keep)
    kept = (
        f"{count} {'paper keeps its' if count == 1 else 'papers keep their'} earlier summary: {reason}"
        for reason, count in sorted(why.items())
    )
    # There, an extract would stand in for each of them.
    said = (warning for warning in sums.warnings if not any(warning.endswith(f": {reason}") for reason in why))
    return replace(sums, warnings=(*said, *kept))


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
