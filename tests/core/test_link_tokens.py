"""Signed links: nobody else can make one, and each is for one purpose."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from digest.core.subscribers.tokens import CONFIRM_DAYS, Link, LinkKeys, Purpose, paper_number
from tests.conftest import NOON

KEYS = LinkKeys({0: b"a" * 32})
LINK = Link(subscription=12, links=3, day=date(2026, 6, 3), paper=paper_number("arxiv:2606.00001"))


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.CONFIRM])
def test_a_token_says_what_was_signed(purpose: Purpose) -> None:
    assert KEYS.read(purpose, KEYS.token(purpose, LINK), now=NOON) == LINK


def test_a_token_is_for_one_purpose_alone() -> None:
    token = KEYS.token(Purpose.FEED, LINK)

    assert [p for p in Purpose if KEYS.read(p, token, now=NOON)] == [Purpose.FEED]


def test_a_link_to_confirm_expires() -> None:
    token = KEYS.token(Purpose.CONFIRM, Link(subscription=12), now=NOON)

    assert KEYS.read(Purpose.CONFIRM, token, now=NOON + timedelta(days=CONFIRM_DAYS)) == Link(subscription=12)
    assert KEYS.read(Purpose.CONFIRM, token, now=NOON + timedelta(days=CONFIRM_DAYS, minutes=1)) is None


def test_a_renewed_secret_signs_and_the_old_one_still_verifies() -> None:
    both = LinkKeys({0: b"a" * 32, 1: b"b" * 32})

    assert both.read(Purpose.UNSUBSCRIBE, KEYS.token(Purpose.UNSUBSCRIBE, LINK), now=NOON) == LINK
    assert KEYS.read(Purpose.UNSUBSCRIBE, both.token(Purpose.UNSUBSCRIBE, LINK), now=NOON) is None


def test_no_altered_letter_and_no_other_spelling_is_let_through() -> None:
    token = KEYS.token(Purpose.UNSUBSCRIBE, LINK)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n"
    altered = {f"{token[:n]}{c}{token[n + 1 :]}" for n in range(len(token)) for c in letters} - {token}
    altered |= {token[:-1], token + "=", f" {token}", token + "A", "", token.upper(), "é" * len(token)}

    assert [one for one in altered if KEYS.read(Purpose.UNSUBSCRIBE, one, now=NOON)] == []
