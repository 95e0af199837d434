"""Months as tables of whole weeks."""

from __future__ import annotations

from datetime import date

from digest.publish.months import last_months, month_table


def test_a_month_has_whole_weeks_from_monday_with_links_on_days_of_issues() -> None:
    found = month_table(2026, 4, {date(2026, 4, 8): (30, "a"), date(2026, 4, 12): (0, "b"), date(2026, 5, 1): (1, "c")})

    assert found.name == "April 2026"
    assert [cell.number for cell in found.weeks[0]] == ["", "", "1", "2", "3", "4", "5"]
    assert [(c.number, c.said, c.papers, c.url) for week in found.weeks for c in week if c.url] == [
        ("8", "Wednesday 8 April, 30 papers", "30", "a"),
        ("12", "Sunday 12 April, nothing new", "–", "b"),
    ]


def test_the_last_months_are_those_of_the_newest_day_and_before_that_have_days() -> None:
    days = [date(2025, 12, 30), date(2026, 1, 2)]

    assert last_months(days, 2) == [(2026, 1), (2025, 12)]
    assert last_months([date(2025, 10, 1), days[1]], 2) == [(2026, 1)]
    assert last_months([], 2) == []
