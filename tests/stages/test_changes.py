"""What an issue says of papers that it printed before: withdrawn, revised, rising; each once, and never alone."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import date, timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from digest.core.models import CHANGES, Announcement, Change, Paper, PaperId, PaperKind, Subject
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.support.desk import CONFIG, Desk, line
from tests.support.store_values import issue, listed, publish, read

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 6, day) for day in range(1, 6))
REPLACE = Announcement.REPLACE


def changes(store: SqlStore, day: date, *kinds: str, sources: tuple[str, ...] = ("hf",)) -> list[tuple[str, int]]:
    """(what, number) of what *day* would tell."""
    return [(c.what, number(c.id)) for c in found(store, day, *kinds, sources=sources)]


def found(store: SqlStore, day: date, *kinds: str, sources: tuple[str, ...] = ("hf",)) -> tuple[Change, ...]:
    return store.changes("daily", sources, day, kinds=kinds or CHANGES)


def number(paper_id: PaperId) -> int:
    return int(paper_id.rpartition(".")[2])


def tell(store: SqlStore, day: date, *kinds: str, most: int = 20) -> None:
    """Print an issue of a new paper, with the changes of the day."""
    new = paper(900 + day.day)
    read(store, new, source="news", day=day)
    built = replace(issue(new, day=day), changes=found(store, day, *kinds)[:most])
    assert store.save_issue(built, at=NOON, deliveries={})


def print_on(store: SqlStore, day: date, *papers: Paper, upvotes: int | None = None) -> None:
    votes = {} if upvotes is None else {"upvotes": upvotes}
    read(store, *(listed(one, None, **votes) for one in papers), day=day)
    publish(store, *papers, day=day)


# -- withdrawn


def test_a_paper_that_was_withdrawn_after_it_was_printed_is_told_once(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1), paper(2))
    read(store, listed(paper(1, version=2, withdrawn=True), REPLACE), day=TUESDAY)

    [change] = found(store, TUESDAY, "withdrawn")
    tell(store, TUESDAY, "withdrawn")

    assert change == Change(id=paper(1).id, title=paper(1).title, url=paper(1).url, what="withdrawn", printed_on=MONDAY)
    assert changes(store, WEDNESDAY, "withdrawn") == []


def test_a_printed_paper_that_a_notice_retracts_is_told_as_withdrawn(store: SqlStore) -> None:
    title = "Gravel in the rivers of Wales and of Scotland"
    print_on(store, MONDAY, paper(1, title=title), paper(2))
    by_title = paper(3, title=f"Retraction Note: {title}", kind=PaperKind.RETRACTION)
    by_id = paper(4, title="Notice of Retraction", kind=PaperKind.RETRACTION, corrects=(paper(2).id,))
    strange = paper(5, title=f"Retraction: {title}", kind=PaperKind.CORRECTION, authors=("Charles Babbage",))

    read(store, by_id, by_title, strange, day=TUESDAY)

    assert changes(store, TUESDAY, "withdrawn") == [("withdrawn", 1), ("withdrawn", 2)]
    assert store.subjects("daily", [by_title, strange], TUESDAY) == {
        by_title.id: (Subject(id=paper(1).id, title=title, printed_on=MONDAY),)
    }


def test_a_paper_that_was_printed_as_withdrawn_is_not_told_again(store: SqlStore) -> None:
    gone = paper(1, withdrawn=True)
    print_on(store, MONDAY, gone)

    assert changes(store, TUESDAY) == []


def test_what_another_edition_printed_or_this_one_left_out_is_nobodys_news(store: SqlStore) -> None:
    read(store, paper(1), paper(2), day=MONDAY)
    publish(store, paper(1), day=MONDAY, edition="other")
    publish(store, paper(3), cut=(paper(2),), day=MONDAY)
    read(store, *(listed(paper(n, version=2, withdrawn=True), REPLACE) for n in (1, 2)), day=TUESDAY)

    assert changes(store, TUESDAY) == []


def test_an_issue_does_not_tell_of_its_own_papers(store: SqlStore) -> None:
    read(store, paper(1), day=MONDAY)
    publish(store, paper(1), day=MONDAY)
    read(store, listed(paper(1, version=2, withdrawn=True), REPLACE), day=MONDAY)

    assert changes(store, MONDAY) == []
    assert changes(store, TUESDAY, "withdrawn") == [("withdrawn", 1)]


# -- revised


def test_a_revision_is_told_once_for_each_version(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    told = []
    for n, day in ((2, TUESDAY), (2, WEDNESDAY), (3, THURSDAY), (3, FRIDAY)):
        read(store, listed(paper(1, version=n), REPLACE), day=day)
        told.append([(c.what, c.version) for c in found(store, day, "revised")])
        tell(store, day, "revised")

    assert told == [[("revised", 2)], [], [("revised", 3)], []]


def test_only_the_newest_of_several_revisions_is_told(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    read(store, listed(paper(1, version=2), REPLACE), day=TUESDAY)
    read(store, listed(paper(1, version=3), REPLACE), day=WEDNESDAY)

    assert [c.version for c in found(store, WEDNESDAY, "revised")] == [3]


def test_a_revision_of_a_day_without_news_outlives_the_second_reading_of_that_day(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    read(store, listed(paper(1, version=2), REPLACE), day=TUESDAY)

    read(store, day=TUESDAY, read_on=WEDNESDAY)

    assert changes(store, WEDNESDAY, "revised") == [("revised", 1)]


def test_a_version_that_was_printed_is_no_revision(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1, version=3))
    read(store, listed(paper(1, version=3), REPLACE), day=TUESDAY)

    assert changes(store, TUESDAY, "revised") == []


def test_a_list_of_old_papers_with_their_present_versions_announces_no_revision(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    read(store, listed(paper(1, version=2), Announcement.NEW), source="backfill", day=TUESDAY)

    assert changes(store, TUESDAY, "revised", sources=("hf", "backfill")) == []


def test_a_revision_counts_if_one_of_the_editions_own_sources_announced_it(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    read(store, listed(paper(1, version=2), REPLACE), source="arxiv", day=TUESDAY)

    assert changes(store, TUESDAY, "revised") == []
    assert changes(store, TUESDAY, "revised", sources=("hf", "arxiv")) == [("revised", 1)]


# -- rising


@pytest.mark.parametrize(
    ("then", "now", "rises"),
    [
        (0, 4, False),
        (0, 5, True),
        (4, 8, False),
        (4, 9, True),
        (10, 14, False),
        (10, 15, True),
        (100, 149, False),
        (100, 150, True),
        (9, 9, False),
        (20, 3, False),
    ],
)
def test_a_paper_rises_by_half_and_by_five(store: SqlStore, then: int, now: int, rises: bool) -> None:
    print_on(store, MONDAY, paper(1), upvotes=then)
    read(store, listed(paper(1), upvotes=now), day=MONDAY, read_on=TUESDAY)

    assert [c.upvotes for c in found(store, TUESDAY, "rising")] == ([(then, now)] if rises else [])


def test_a_rise_is_told_once_however_far_it_goes_on(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1), upvotes=10)
    read(store, listed(paper(1), upvotes=50), day=MONDAY, read_on=TUESDAY)
    tell(store, TUESDAY)
    read(store, listed(paper(1), upvotes=500), day=MONDAY, read_on=THURSDAY)

    assert changes(store, THURSDAY) == []


def test_the_three_that_rose_most_come_first_and_the_others_later(store: SqlStore) -> None:
    for n in range(1, 6):
        read(store, listed(paper(n), upvotes=10), day=MONDAY)
    publish(store, *(paper(n) for n in range(1, 6)), day=MONDAY)
    read(store, *(listed(paper(n), upvotes=20 + n) for n in range(1, 6)), day=MONDAY, read_on=TUESDAY)

    first = changes(store, TUESDAY)
    tell(store, TUESDAY)

    assert sorted(first) == [("rising", 3), ("rising", 4), ("rising", 5)]
    assert sorted(changes(store, WEDNESDAY)) == [("rising", 1), ("rising", 2)]


def test_votes_that_come_after_ten_days_are_no_rise(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1), upvotes=1)
    read(store, listed(paper(1), upvotes=90), day=MONDAY, read_on=TUESDAY)

    assert changes(store, MONDAY + timedelta(days=10)) == [("rising", 1)]
    assert changes(store, MONDAY + timedelta(days=11)) == []


def test_votes_of_a_later_day_are_not_known_to_a_day_that_is_replayed(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1), upvotes=1)
    read(store, listed(paper(1), upvotes=90), day=MONDAY, read_on=THURSDAY)

    assert changes(store, WEDNESDAY) == []


def test_a_paper_without_votes_when_it_was_printed_does_not_rise(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(1))
    read(store, listed(paper(1), upvotes=90), source="votes", day=TUESDAY)

    assert changes(store, TUESDAY, sources=("hf", "votes")) == []


# -- all of them


def test_an_edition_is_told_only_of_what_it_wants_and_in_one_order(store: SqlStore) -> None:
    print_on(store, MONDAY, paper(3), paper(1), paper(2), upvotes=1)
    read(store, listed(paper(2, withdrawn=True), REPLACE, upvotes=1), day=TUESDAY)
    read(store, listed(paper(1, version=2), REPLACE, upvotes=1), source="arxiv", day=TUESDAY)
    read(store, listed(paper(3), upvotes=9), day=MONDAY, read_on=TUESDAY)
    both = ("hf", "arxiv")

    assert changes(store, TUESDAY, sources=both) == [
        ("withdrawn", 2),
        ("revised", 1),  # what was withdrawn is not told a second time as a new version
        ("rising", 3),
    ]
    assert changes(store, TUESDAY, "withdrawn", "rising", sources=both) == [("withdrawn", 2), ("rising", 3)]
    assert store.changes("daily", both, TUESDAY, kinds=()) == ()


# -- papers that turn out to be one


def two_that_are_one() -> tuple[Paper, Paper, Paper]:
    """A preprint, its article, and a record that says that they are the same."""
    preprint = paper(1)
    article = paper(2, id=PaperId("doi:10.1/one"), title="Last words on another thing", authors=("Someone Else",))
    return preprint, article, replace(preprint, aliases=(article.id,))


def test_a_paper_that_was_printed_twice_under_two_ids_is_told_once(store: SqlStore) -> None:
    preprint, article, joined = two_that_are_one()
    print_on(store, MONDAY, preprint)
    print_on(store, TUESDAY, article)

    read(store, listed(replace(joined, version=2), REPLACE), day=WEDNESDAY)
    read(store, listed(replace(joined, version=2, withdrawn=True), REPLACE), day=THURSDAY)

    told = [(c.what, c.id, c.printed_on) for c in found(store, THURSDAY, "withdrawn")]
    assert told == [("withdrawn", preprint.id, TUESDAY)]


def test_a_revision_of_a_paper_that_was_printed_under_two_ids_is_told_once(store: SqlStore) -> None:
    preprint, article, joined = two_that_are_one()
    print_on(store, MONDAY, preprint)
    print_on(store, TUESDAY, article)

    read(store, listed(replace(joined, version=2), REPLACE), day=WEDNESDAY)

    assert [(c.what, c.printed_on) for c in found(store, WEDNESDAY)] == [("revised", TUESDAY)]


def test_what_was_told_of_one_of_two_papers_is_not_told_of_both_together(store: SqlStore) -> None:
    preprint, article, joined = two_that_are_one()
    print_on(store, MONDAY, article, upvotes=1)
    read(store, listed(article, upvotes=50), day=MONDAY, read_on=TUESDAY)
    tell(store, TUESDAY)
    read(store, preprint, source="arxiv", day=TUESDAY)

    read(store, joined, source="arxiv", day=WEDNESDAY)

    assert store.paper(article.id) == store.paper(preprint.id)
    assert changes(store, WEDNESDAY, sources=("hf", "arxiv")) == []


def test_the_votes_of_two_papers_are_those_of_the_one_they_are(store: SqlStore) -> None:
    preprint, article, joined = two_that_are_one()
    read(store, listed(preprint, upvotes=3), day=MONDAY)
    read(store, listed(article, upvotes=7), source="other", day=MONDAY)
    read(store, listed(article, upvotes=8), source="other", day=MONDAY, read_on=TUESDAY)

    read(store, listed(joined, upvotes=4), day=WEDNESDAY)

    votes = [(v.source, v.day, v.upvotes) for v in store.votes_of(article.id)]
    assert votes == [
        ("hf", MONDAY, 3),
        ("other", MONDAY, 7),
        ("other", TUESDAY, 8),
        ("hf", WEDNESDAY, 4),
    ]


# -- in an issue


def revised(n: int, version: int = 2) -> dict[str, Any]:
    return line(paper(n), version=version, announce="replace")


def withdrawn(n: int) -> dict[str, Any]:
    return line(paper(n, abstract="This paper has been withdrawn by the authors due to an error."), announce="replace")


def test_changes_stand_in_the_issue_its_page_and_its_mail(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + 'changes = ["withdrawn", "revised", "rising"]\n')
    desk.feed(MONDAY, [line(paper(n), upvotes=10) for n in range(1, 4)])
    desk.feed(TUESDAY, [paper(9), withdrawn(1), revised(2), line(paper(3), upvotes=44)])
    desk.run(MONDAY)

    desk.run(TUESDAY)

    said = [(c["what"], c["id"], c["printed_on"]) for c in desk.issue_json(TUESDAY)["changes"]]
    assert said == [
        ("withdrawn", paper(1).id, str(MONDAY)),
        ("revised", paper(2).id, str(MONDAY)),
        ("rising", paper(3).id, str(MONDAY)),
    ]
    assert desk.issue_json(TUESDAY)["changes"][2]["upvotes"] == [10, 44]
    assert desk.printed(TUESDAY) == [paper(9).id]
    page = (desk.site / "daily" / str(TUESDAY) / "index.html").read_text(encoding="utf-8")
    message = email.message_from_bytes(desk.outbox[-1].read_bytes(), policy=default)
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]  # type: ignore[union-attr]
    for text in (page, *bodies):
        words = " ".join(text.split())
        assert "withdrawn; it stood here on 1 June" in words
        assert "now in version 2; it stood here on 1 June" in words
        assert "44 upvotes, up from 10 when it stood here on 1 June" in words


def test_revisions_are_told_only_to_an_edition_that_wants_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.feed(TUESDAY, [paper(9), revised(2), withdrawn(1)])
    desk.run(MONDAY)

    desk.run(TUESDAY)

    assert [c["what"] for c in desk.issue_json(TUESDAY)["changes"]] == ["withdrawn"]


def test_a_change_is_no_reason_for_an_issue_and_is_told_by_the_next(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [withdrawn(1)])
    desk.feed(WEDNESDAY, [paper(2)])
    desk.run(MONDAY)

    [empty] = desk.run(TUESDAY)
    desk.run(WEDNESDAY)

    assert (empty.issue, len(desk.outbox)) == (None, 2)
    assert desk.issue_json(TUESDAY)["changes"] == []
    assert [c["what"] for c in desk.issue_json(WEDNESDAY)["changes"]] == ["withdrawn"]


def test_an_issue_tells_of_twenty_changes_and_the_next_one_of_the_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + "max_papers = 100\n")
    desk.feed(MONDAY, [paper(n) for n in range(1, 26)])
    desk.feed(TUESDAY, [paper(91), *(withdrawn(n) for n in range(1, 26))])
    desk.feed(WEDNESDAY, [paper(92)])
    desk.feed(THURSDAY, [paper(93)])

    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        desk.run(day)

    told = [[number(c["id"]) for c in desk.issue_json(day)["changes"]] for day in (TUESDAY, WEDNESDAY, THURSDAY)]
    assert told == [list(range(1, 21)), list(range(21, 26)), []]
