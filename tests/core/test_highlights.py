"""The overview that no model writes: what stands out today, by the names of papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from digest.core.issues.highlights import highlights
from digest.core.models import Candidate, Change, Entry, Issue, Section, Signals, Usage
from tests.core.test_issue import entry


def titled(n: int, title: str, *topics: str, upvotes: int | None = None, interests: tuple[str, ...] = ()) -> Entry:
    made = entry(n, *topics, upvotes=upvotes)
    return replace(made, paper=replace(made.paper, title=title), interests=interests)


def issue_of(*entries: Entry) -> Issue:
    return Issue(
        edition="daily",
        date=date(2026, 6, 1),
        title="Daily",
        language="en",
        overview="",
        sections=(Section(topic="All", entries=entries),),
        sources=(),
        usage=Usage(client="extractive"),
    )


def said(*entries: Entry, earlier: int = 0, **more: object) -> list[str]:
    usual = issue_of(*(entry(90 + n, "Robots" if n == 0 else "Vision") for n in range(10)))
    found = highlights(entries, leads=[e.paper.id for e in entries[:2]], earlier=[usual] * earlier, **more)  # type: ignore[arg-type]
    known = {e.paper.id for e in entries} | {"arxiv:old"}
    assert all(known.issuperset(sentence.papers) and sentence.papers for sentence in found)
    return [sentence.text for sentence in found]


def test_a_day_when_nothing_stands_out_names_the_first_lead() -> None:
    assert said(titled(1, "GraphSAGE: Inductive Learning"), titled(2, "Another")) == ["First today is GraphSAGE."]
    assert said() == []


def test_a_day_when_nothing_stands_out_names_the_first_of_each_interest() -> None:
    entries = [titled(1, "A1: B", interests=("tool use",)), titled(2, "C2: D", interests=("retrieval", "tool use"))]

    assert said(*entries) == ["First today on “tool use”, A1; on “retrieval”, C2."]


def test_an_interest_with_a_strong_day_is_named_with_its_first_papers() -> None:
    entries = [titled(n, f"Robot{n}X: On grasping", interests=("tool use",)) for n in range(4)]

    assert said(*entries) == ["“tool use” has the most papers of your interests today, 4, first Robot0X and Robot1X."]
    assert said(*entries, earlier=3)[0] == "“tool use” had a strong day: 4 papers, first Robot0X and Robot1X."
    assert said(*entries[:3]) == ["First today is Robot0X."]


def test_an_interest_that_has_as_many_every_day_had_no_strong_day() -> None:
    entries = tuple(titled(n, f"Robot{n}X: On grasping", interests=("tool use",)) for n in range(4))

    found = highlights(entries, leads=[], earlier=[issue_of(*entries)] * 3)

    assert [sentence.text for sentence in found] == ["First today is Robot0X."]


def test_votes_are_told_of_a_paper_that_is_far_ahead_alone() -> None:
    ahead, next_best = titled(1, "SkillClaw: Agents", upvotes=108), titled(2, "B", upvotes=50)

    assert said(ahead, next_best) == ["Far ahead in votes is SkillClaw, with 108; the next has 50."]
    assert said(ahead, titled(2, "B", upvotes=60)) == ["First today is SkillClaw."]


def test_a_topic_is_unusual_beside_earlier_issues() -> None:
    entries = [titled(n, f"A Long Title of Work {n}", "Robots") for n in range(5)] + [entry(n) for n in range(5, 10)]

    assert said(*entries, earlier=3) == [
        "5 papers today are on Robots, where one is usual: first “A Long Title of Work 0” and “A Long Title of Work 1”."
    ]
    assert said(*entries, earlier=2) == ["First today is “A Long Title of Work 0”."]


def test_what_rose_since_an_earlier_day_is_told() -> None:
    change = Change(
        id=entry(50).paper.id, title="Old: A Work", url="", what="rising", printed_on=date(2026, 5, 28), upvotes=(3, 42)
    )
    change = replace(change, id="arxiv:old")  # type: ignore[arg-type]
    one = titled(1, "New: A Work")
    risen = Candidate(
        paper=one.paper, sources=("hf",), position=0, listed_on=date(2026, 6, 1), signals=Signals(upvotes=31)
    )

    assert said(one, changes=[change]) == ["Old, printed on 28 May, has risen to 42 votes."]
    assert said(one, risen=[risen]) == ["Left out before and risen since: New, now with 31 votes."]


def test_at_most_three_sentences_are_said_and_each_paper_once() -> None:
    strong = [
        titled(n, f"Robot{n}X: On grasping", "Robots", upvotes=99 if not n else 1, interests=("a",)) for n in range(5)
    ]

    assert said(*strong, earlier=3)[0].startswith("“a” had a strong day: 5 papers, first Robot0X")
    assert not any("votes" in text for text in said(*strong, earlier=3))
