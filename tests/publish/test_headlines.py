"""An issue in a line: subjects and what stands beside them in a list of mails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.core.models import Entry, Issue
from digest.publish.headlines import SUBJECT, preheader, subject
from tests.support.issues import entry, issue


def titled(*titles: str) -> Issue:
    entries: list[Entry] = [entry(n, paper={"title": title}) for n, title in enumerate(titles, 1)]
    return replace(issue(entries), leads=tuple(e.paper.id for e in entries))


def test_a_subject_is_the_name_of_the_first_lead_how_many_more_and_the_day() -> None:
    one = titled("First: A Work", "RationalRewards: Rewards", "TREX: Tuning", "FORGE: Models")
    leads = (one.leads[1], one.leads[0], one.leads[2])

    assert subject(replace(one, leads=leads)) == "RationalRewards, and 3 more · Wed 3 June"
    assert preheader(replace(one, leads=leads)) == "First · TREX"
    assert subject(titled("TREX: Tuning")) == "TREX · Wed 3 June"


def test_an_issue_of_an_earlier_version_has_a_headline_too() -> None:
    assert subject(replace(titled("TREX: Tuning", "Other"), leads=())) == "TREX, and 1 more · Wed 3 June"


@pytest.mark.parametrize(
    "title", ["word " * 80, "x" * 400, "a\u202eb\u200bc\n\r\nBcc: all@example.org", "題" * 200, ""]
)
def test_a_subject_is_one_short_line_whatever_the_title(title: str) -> None:
    said = subject(titled(title, "Other"))

    assert len(said) <= SUBJECT
    assert not set(said) & set("\r\n\u202e\u200b")
    assert said.endswith("and 1 more · Wed 3 June")


def test_an_empty_day_says_so() -> None:
    assert subject(issue([])) == "Research digest: nothing new · Wed 3 June"
    assert preheader(issue([])) == ""
