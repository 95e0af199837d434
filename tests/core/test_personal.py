"""Personal issues: picks and the papers of a day become an issue, equal whenever it is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from digest.core.issues.personal import Pick, Picks, personal_issue
from digest.core.models import Change, Overview, Usage
from tests.support.issues import WEDNESDAY, entry, issue

ENTRIES = {one.paper.id: one for one in (entry(n) for n in range(1, 6))}
IDS = tuple(ENTRIES)


def picks(*numbers: int, **changes: Any) -> Picks:
    chosen = tuple(
        Pick(paper=IDS[n - 1], reason=f"matches “wish {n}”", score=1 / n, interests=(f"wish {n}",)) for n in numbers
    )
    values: dict[str, Any] = {
        "edition": "daily",
        "day": WEDNESDAY,
        "language": "en",
        "profile": "abc",
        "picks": chosen,
        "leads": (chosen[0].paper,),
        "covers_since": WEDNESDAY,
        "considered": 5,
    }
    return Picks(**{**values, **changes})


def personal(of: Picks, **base: Any) -> Any:
    return personal_issue(replace(issue(), **base), of, ENTRIES, lambda topic: topic)


def test_a_personal_issue_has_the_picks_with_the_reader_s_own_reasons() -> None:
    made = personal(picks(3, 1))

    assert [(e.paper.id, e.reason, e.score) for e in made.entries] == [
        (IDS[2], "matches “wish 3”", 1 / 3),
        (IDS[0], "matches “wish 1”", 1.0),
    ]
    assert made.leads == (IDS[2],)
    assert made.considered == 5


def test_it_has_nothing_of_what_the_edition_says_of_its_own_choice() -> None:
    told = Overview(sentences=(), client="openai")

    made = personal(picks(2), told=told, overview="Six papers today.", why_empty="Nothing is out.")

    assert (made.told, made.why_empty, made.left_out) == (None, None, ())
    assert "Six papers" not in made.overview


def test_its_usage_counts_the_summaries_that_fell_back_among_the_picks_alone() -> None:
    made = personal(picks(1, 2), usage=Usage(client="openai", fell_back=4))

    assert made.usage == Usage(client="openai", fell_back=0)


def test_it_keeps_the_edition_s_sources_and_changes() -> None:
    change = Change(
        id=IDS[4], title="A withdrawn one", url="https://a.org", what="withdrawn", printed_on=date(2026, 6, 1)
    )

    made = personal(picks(1), changes=(change,))

    assert (made.changes, made.sources) == ((change,), issue().sources)


def test_an_issue_of_several_days_names_them_and_does_not_say_today() -> None:
    week = personal(picks(1, covers_since=date(2026, 5, 28)))
    since_monday = personal(picks(1, covers_since=date(2026, 6, 1)))

    assert (min(week.covers), max(week.covers), len(week.covers)) == (date(2026, 5, 28), WEDNESDAY, 7)
    assert week.overview.startswith("First this week is")
    assert since_monday.overview.startswith("First since Monday is")


def test_an_issue_of_one_day_covers_what_the_edition_s_does() -> None:
    made = personal(picks(1), covers=(date(2026, 6, 2), WEDNESDAY))

    assert made.covers == (date(2026, 6, 2), WEDNESDAY)
    assert made.overview.startswith("First today is")
