"""Shares of topics over days: what bars show, which topics rise, and which stand together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from digest.publish import shares
from digest.publish.catalogue import IssueKey, Note
from digest.publish.shares import Share

FIRST = date(2026, 5, 1)


def noted(papers: int, topics: Mapping[str, int], *, names: str = "p") -> Note:
    """An issue whose first papers have each topic."""
    return Note(
        sha="",
        entries=papers,
        why_empty="",
        papers=tuple(f"{names}{n}" for n in range(papers)),
        topics=tuple((name, tuple(range(n))) for name, n in topics.items()),
    )


def issues(*days: tuple[int, Mapping[str, int]]) -> dict[IssueKey, Note]:
    return {
        IssueKey(FIRST + timedelta(days=n), "daily"): noted(papers, topics) for n, (papers, topics) in enumerate(days)
    }


def test_a_paper_of_two_issues_of_a_day_counts_once() -> None:
    notes = issues((10, {"Agents": 4}))
    notes[IssueKey(FIRST, "weekly")] = noted(10, {"Agents": 4})

    days = shares.days_of(notes)

    assert shares.shares("agents", days, days, notes) == (Share(day=FIRST, papers=4, of=10),)


def test_bars_are_as_high_as_the_share_not_as_the_number() -> None:
    notes = issues((10, {"Agents": 5}), (40, {"Agents": 10}), (10, {}))
    days = shares.days_of(notes)

    drawn = shares.bars("Agents", shares.shares("agents", days, days, notes))

    assert [high for _, _, high in drawn.bars] == [24.0, 12.0, 1.0]
    assert drawn.said == (
        "Agents: shares of the papers of 3 days, 1 May to 3 May 2026. Most on 1 May, 5 of 10; last 0 of 10."
    )


def test_a_topic_rises_if_its_share_does_and_not_with_the_number_of_papers() -> None:
    quiet = (10, {"Agents": 1, "Vision": 5})
    busy = (40, {"Agents": 16, "Vision": 20})

    found = shares.rising(issues(*[quiet] * 5, *[busy] * 3), at_most=3)

    assert [topic for topic, _ in found] == ["Agents"]
    assert shares.rising(issues(*[quiet] * 2, *[busy] * 3), at_most=3) == []


def test_related_topics_are_those_that_stand_together_and_seldom_apart() -> None:
    note = Note(
        sha="",
        entries=9,
        why_empty="",
        papers=tuple("abcdefghi"),
        topics=(("Vision", tuple(range(9))), ("Agents", (0, 1, 2)), ("Tools", (0, 1, 2)), ("Games", (0,))),
    )

    assert shares.related("agents", [note], at_most=5) == ["Tools", "Vision"]
