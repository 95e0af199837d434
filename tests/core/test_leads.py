"""The lead entries of an issue: the best ones, with spread over sections and interests."""

from __future__ import annotations

from dataclasses import replace

from digest.core.issues.leads import choose_leads
from digest.core.models import Entry, Section
from tests.core.test_issue import entry


def one(n: int, *interests: str, is_off: bool = False) -> Entry:
    return replace(entry(n), interests=interests, is_off=is_off)


def leads(entries: list[Entry], *sizes: int, number: int = 5) -> list[int]:
    """The numbers of the leads of entries that stand in sections of these sizes; of one each where none is said."""
    sections, rest = [], list(entries)
    for n, size in enumerate(sizes or [1] * len(entries)):
        sections.append(Section(topic=str(n), entries=tuple(rest[:size])))
        rest = rest[size:]
    by_id = {e.paper.id: n for n, e in enumerate(entries)}
    return [by_id[i] for i in choose_leads(entries, sections, number)]


def test_without_interests_the_best_papers_lead() -> None:
    assert leads([one(n) for n in range(9)]) == [0, 1, 2, 3, 4]


def test_at_most_two_leads_are_of_one_section() -> None:
    assert leads([one(n) for n in range(9)], 4, 3, 2) == [0, 1, 4, 5, 7]


def test_more_than_two_of_a_section_lead_where_the_others_have_too_few() -> None:
    assert leads([one(n) for n in range(6)], 5, 1) == [0, 1, 2, 3, 5]


def test_each_interest_has_a_lead_and_one_is_off_the_interests() -> None:
    entries = [*(one(n, "agents") for n in range(6)), one(6, "retrieval"), one(7, "vision"), one(8, is_off=True)]

    assert leads(entries) == [0, 1, 6, 7, 8]


def test_interests_without_a_place_are_those_of_the_lesser_papers() -> None:
    entries = [one(n, str(n)) for n in range(7)] + [one(7, is_off=True)]

    assert leads(entries) == [0, 1, 2, 3, 7]


def test_two_leads_are_on_the_interests() -> None:
    assert leads([one(0, "agents"), one(1, "agents"), one(2, is_off=True)], number=2) == [0, 1]


def test_no_place_is_left_empty() -> None:
    assert leads([one(n, is_off=True) for n in range(7)]) == [0, 1, 2, 3, 4]
    assert leads([one(n) for n in range(3)]) == [0, 1, 2]
    assert leads([one(0)], number=0) == []
