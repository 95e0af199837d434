"""Which subscriptions get an issue of their own, and which share one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from digest.core.models import Edition
from digest.core.subscribers.profile import Choice, is_personal, lead_of, profile_of
from digest.core.subscribers.subscriber import Origin, Subscriber, SubscriberState, Subscription
from tests.conftest import NOON, paper

EDITION = Edition(name="daily", title="Daily", sources=("hf",), interests=("rivers",), max_papers=30, lead=5)
WEDNESDAY = date(2026, 6, 3)
CHOICE = Choice(since=WEDNESDAY)


def subscription(pk: int = 1, **values: Any) -> Subscription:
    one = Subscriber(pk=pk, address=f"{pk}@a.org", state=SubscriberState.CONFIRMED, since=NOON, origin=Origin.FORM)
    return Subscription(pk=pk, subscriber=one, edition="daily", confirmed_at=NOON, **values)


@pytest.mark.parametrize(
    "wish",
    [
        {"interests": ("lakes",)},
        {"avoid": ("oceans",)},
        {"libraries": ("mine.bib",)},
        {"lead": 3},
        {"lead": 0},
        {"max_papers": 10},
        {"language": "de"},
    ],
)
def test_each_wish_makes_an_issue_personal(wish: dict[str, Any]) -> None:
    assert is_personal(subscription(**wish), EDITION, has_marks=False)
    assert profile_of(subscription(**wish), EDITION, CHOICE) != profile_of(subscription(), EDITION, CHOICE)


def test_what_is_as_the_edition_has_it_is_no_wish() -> None:
    same = subscription(lead=5, max_papers=30, language="en", zone="Asia/Tokyo", cadence="weekdays")

    assert not is_personal(same, EDITION, has_marks=False)
    assert is_personal(same, EDITION, has_marks=True)
    assert profile_of(same, EDITION, CHOICE) == profile_of(subscription(), EDITION, CHOICE)


def test_two_readers_of_the_same_wishes_have_the_same_profile() -> None:
    one, other = (subscription(pk, interests=("lakes",)) for pk in (1, 2))

    assert profile_of(one, EDITION, CHOICE) == profile_of(other, EDITION, CHOICE)


@pytest.mark.parametrize(
    "change",
    [
        {"since": date(2026, 5, 28)},
        {"marks": ((paper(1).id, 1, NOON),)},
        {"libraries": ("a" * 64,)},
        {"history": ((date(2026, 6, 2), 7),)},
    ],
)
def test_whatever_else_the_choice_depends_on_makes_another_profile(change: dict[str, Any]) -> None:
    one = subscription(interests=("lakes",))

    assert profile_of(one, EDITION, CHOICE) != profile_of(one, EDITION, replace(CHOICE, **change))


def test_the_interests_of_the_edition_count_only_where_the_reader_has_none() -> None:
    other = replace(EDITION, interests=("oceans",))

    assert profile_of(subscription(), EDITION, CHOICE) != profile_of(subscription(), other, CHOICE)
    own = subscription(interests=("lakes",))
    assert profile_of(own, EDITION, CHOICE) == profile_of(own, other, CHOICE)


def test_a_short_issue_has_no_more_leads_than_papers() -> None:
    assert lead_of(subscription(max_papers=2), EDITION) == 2
