"""What stands on the page of a topic and on the list of all topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from digest.core.words.language import language_of
from digest.publish import phrasing, shares
from digest.publish.catalogue import Card, IssueKey, Note
from digest.publish.entry_views import Word, foreign
from digest.publish.links import Links, paper_path
from digest.publish.shares import Share

ENTRIES: Final = 200
"""Papers that a topic's page lists at most."""
NEWEST: Final = 10
"""Papers that it shows with their summaries."""
_RELATED: Final = 6


def topic_values(
    papers: Sequence[str],
    *,
    stood: Mapping[str, Sequence[IssueKey]],
    card_of: Callable[[str], Card],
    shown: Sequence[Share],
    topic: str,
    related: Iterable[str],
    name_of: Callable[[str], str],
    links: Links,
) -> dict[str, Any]:
    """Return what the template of a topic's page shows.

    Args:
        papers: The slugs of its papers, the newest first.
        stood: The issues that printed each paper, the earliest first.
        shown: Its shares of the last days.
        related: Topics that often stand at the same papers.
        name_of: Gives the title of an edition.
    """

    def listed(paper: str) -> dict[str, Any]:
        first, *others = stood[paper]
        card = card_of(paper)
        day = phrasing.short_day(first.day, year=False)
        return {
            "title": card.title,
            "title_language": foreign(language_of(card.title)),
            "language": foreign(language_of(card.tldr)),
            "page": links.to(paper_path(card.paper)),
            "tldr": card.tldr,
            "authors": phrasing.some_authors(card.authors),
            "first": Word(text=f"{name_of(first.edition)}, {day}", url=links.issue(first.edition, first.day)),
            "also": [_also(key, first.day, name_of, links) for key in others],
        }

    older = papers[NEWEST:ENTRIES]
    most = max(shown, key=lambda one: (one.papers, one.day), default=None)
    return {
        "topic": topic,
        "total": phrasing.count(len(papers), "paper"),
        "share": f"{shares.percent(shown)} % of the papers of {_days(len(shown))}",
        "span": f"most {most.papers}, last {shown[-1].papers}" if most and len(shown) > 1 else "",
        "bars": shares.bars(topic, shown) if len(shown) > 1 else None,
        "newest": [listed(paper) for paper in papers[:NEWEST]],
        "months": [
            (month, [listed(paper) for paper in of])
            for month, of in groupby(older, key=lambda paper: _month(stood[paper][0].day))
        ],
        "shown": min(len(papers), ENTRIES),
        "older": max(len(papers) - ENTRIES, 0),
        "related": [Word(text=name, url=links.topic(name)) for name in related],
    }


def related(topic: str, keys: Sequence[IssueKey], notes: Mapping[IssueKey, Note]) -> list[str]:
    """Return the topics related to one, given by its slug; *keys* are the issues that have it, the earliest first."""
    return shares.related(topic, (notes[key] for key in reversed(keys)), at_most=_RELATED)


def fields_values(
    topics: Iterable[tuple[str, str, int]], field_of: Callable[[str], str]
) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Return the topics by field, the most frequent field and topic first.

    Args:
        topics: (name, slug, papers) of each.

    Returns:
        Of each field its name, and its topics. Fields of a single topic that is called
        like the field come last, together.
    """
    fields: dict[str, list[tuple[str, str, int]]] = {}
    for topic in topics:
        fields.setdefault(field_of(topic[0]), []).append(topic)
    others = [of[0] for field, of in fields.items() if [name for name, _, _ in of] == [field]]
    named = [(field, of) for field, of in fields.items() if [name for name, _, _ in of] != [field]]
    named.sort(key=lambda one: (-sum(n for _, _, n in one[1]), one[0].casefold()))
    if others:
        named.append(("Other topics" if named else "", others))
    return [(field, sorted(of, key=_most_first)) for field, of in named]


def most_used(topics: Iterable[tuple[str, str, int]], at_most: int) -> list[tuple[str, str, int]]:
    """Return the topics with most papers, the first with most."""
    return sorted(topics, key=_most_first)[:at_most]


def _most_first(topic: tuple[str, str, int]) -> tuple[int, str, str]:
    name, path, papers = topic
    return -papers, name.casefold(), path


def _also(key: IssueKey, first: date, name_of: Callable[[str], str], links: Links) -> Word:
    """Return a link to another issue that printed a paper: the edition's title, and the day if it is another."""
    day = "" if key.day == first else f", {phrasing.short_day(key.day, year=key.day.year != first.year)}"
    return Word(text=f"{name_of(key.edition)}{day}", url=links.issue(key.edition, key.day))


def _month(day: date) -> str:
    return f"{day:%B} {day.year}"


def _days(n: int) -> str:
    return f"the last {n} days" if n > 1 else "the day"
