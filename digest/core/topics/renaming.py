"""Update the topics of stored summaries and issues after the taxonomy changed: topics renamed, or new aliases added.

Nothing else of an issue changes: its papers, their order and their summaries stay as stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from digest.core.models import Issue, Section, Summary
from digest.core.topics.fold import Taxonomy


def rename_summary(summary: Summary, taxonomy: Taxonomy) -> Summary:
    """Return *summary* with its topics' present names, and with topics for those proposed words that are aliases now.

    A topic that the taxonomy does not know any more stays.
    """
    named = (taxonomy.current(topic) or topic for topic in summary.topics)
    found, proposed = taxonomy.fold(summary.proposed)
    return replace(summary, topics=_distinct((*named, *found)), proposed=proposed)


def rename_issue(issue: Issue, taxonomy: Taxonomy) -> Issue:
    """Return *issue* with the present names of topics in its entries, its sections and its counting overview."""
    overview = issue.overview
    sections: dict[str, Section] = {}
    for section in issue.sections:
        name = taxonomy.current(section.topic) or section.topic
        if name != section.topic and issue.told is None:
            # The overview that no model wrote says "Reasoning (4)".
            overview = overview.replace(f"{section.topic} ({len(section.entries)})", f"{name} ({len(section.entries)})")
        entries = tuple(replace(e, summary=rename_summary(e.summary, taxonomy)) for e in section.entries)
        if other := sections.get(name):
            # Two topics are one now.
            entries = tuple(sorted((*other.entries, *entries), key=lambda entry: -entry.score))
        sections[name] = Section(topic=name, entries=entries)
    return replace(issue, overview=overview, sections=tuple(sections.values()))


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
