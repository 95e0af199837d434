"""What issues say of the lists that they are made from: which days they cover, what is late, missing, or back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.core.models import Document, Issue, SourceReport, SourceState
from digest.stages.report import Report, Stage
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (date(2026, 6, day) for day in range(1, 7))
NEXT_MONDAY = date(2026, 6, 8)
FRESH, WAITING, QUIET = SourceState.FRESH, SourceState.WAITING, SourceState.QUIET

CALENDAR = 'url = "arxiv-{date}.jsonl"\ncalendar = "arxiv"\n'


def desk_with(folder: Path, *sources: str, edition: str = "", head: str = "") -> Desk:
    """A desk whose first source promises a list for each weekday, as arXiv's."""
    first = CONFIG.replace('url = "arxiv-{date}.jsonl"\n', CALENDAR).replace("[digest]\n", f"[digest]\n{head}")
    return Desk(folder, first.replace("[[edition]]", "\n".join([*sources, "[[edition]]"])) + edition)


def said_of(desk: Desk, day: date) -> str:
    """The line on how complete an issue is, as its page has it."""
    text = (desk.site / "daily" / str(day) / "index.html").read_text(encoding="utf-8")
    return " ".join(text.split())


def source_of(report: Report, name: str = "arXiv") -> SourceReport:
    return next(s for s in report.sources if s.name == name)


def ids(*ns: int) -> list[str]:
    return [paper(n).id for n in ns]


def test_an_issue_says_which_days_it_covers(tmp_path: Path) -> None:
    desk = desk_with(tmp_path)
    for day, ns in ((MONDAY, [1]), (TUESDAY, [2, 3]), (WEDNESDAY, [4])):
        desk.feed(day, [paper(n) for n in ns])
    desk.run(MONDAY)

    [report] = desk.run(WEDNESDAY)

    document = desk.issue_json(WEDNESDAY)
    assert sorted(desk.printed(WEDNESDAY)) == ids(2, 3, 4)
    assert document["covers"] == [str(TUESDAY), str(WEDNESDAY)]
    [of_source] = document["sources"]
    assert of_source["past"] == [{"date": str(TUESDAY), "listed": 2, "new": 2}]
    assert (of_source["listed"], of_source["expected"], of_source["missing"]) == (1, 1, [])
    assert re.search(r"arXiv 1 of 1, and 2 [\w ]*of 2 June", said_of(desk, WEDNESDAY))
    assert "This issue has the lists of 2 days, Tuesday 2 June 2026 to Wednesday 3 June 2026." in said_of(
        desk, WEDNESDAY
    )
    assert report.status == "done"


def test_an_issue_names_the_day_that_is_still_missing_until_it_is_there(tmp_path: Path) -> None:
    desk = desk_with(tmp_path)
    for day, ns in ((MONDAY, [1]), (WEDNESDAY, [4]), (THURSDAY, [5])):
        desk.feed(day, [paper(n) for n in ns])
    desk.run(MONDAY)

    desk.run(WEDNESDAY)
    desk.feed(TUESDAY, [paper(2)])
    desk.run(THURSDAY)

    assert desk.issue_json(WEDNESDAY)["sources"][0]["missing"] == [str(TUESDAY)]
    assert re.search(r"2 June[\w ]* still missing", said_of(desk, WEDNESDAY))
    assert desk.issue_json(THURSDAY)["sources"][0]["missing"] == []
    assert sorted(desk.printed(THURSDAY)) == ids(2, 5)


def test_a_stale_day_ends_with_every_paper_printed_once(tmp_path: Path) -> None:
    desk = desk_with(tmp_path)
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.feed(TUESDAY, [paper(1), paper(2)])
    desk.run(MONDAY)
    [stale] = desk.run(TUESDAY)
    desk.feed(TUESDAY, [paper(3), paper(4)])

    [later] = desk.run(TUESDAY)
    [again] = desk.run(TUESDAY)

    assert (source_of(stale).state, stale.issue) == (WAITING, None)
    assert any("still shows an earlier list, not that of Tuesday 2 June" in w for w in stale.warnings)
    assert (source_of(later).listed, source_of(later).new, source_of(later).seen_before) == (2, 2, 0)
    assert sorted(desk.printed(MONDAY) + desk.printed(TUESDAY)) == ids(1, 2, 3, 4)
    assert again.issue == later.issue


def test_a_stale_day_that_nobody_looked_at_again_is_in_the_issue_of_the_next(tmp_path: Path) -> None:
    desk = desk_with(tmp_path)
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.feed(TUESDAY, [paper(2)])
    desk.run(MONDAY)
    desk.run(TUESDAY)
    desk.feed(TUESDAY, [paper(3)])
    desk.feed(WEDNESDAY, [paper(4)])

    desk.run(WEDNESDAY)

    assert sorted(desk.printed(WEDNESDAY)) == ids(3, 4)
    assert desk.issue_json(WEDNESDAY)["covers"] == [str(TUESDAY), str(WEDNESDAY)]


OTHER = '[[source]]\nname = "Other"\nkind = "jsonl"\nurl = "other-{date}.jsonl"\n'


@pytest.mark.parametrize("days", [1, 3])
def test_an_outage_is_told_when_it_begins_on_its_third_day_and_when_it_is_over(tmp_path: Path, days: int) -> None:
    desk = desk_with(tmp_path, OTHER)
    down = [TUESDAY, WEDNESDAY, THURSDAY][:days]
    back = down[-1] + timedelta(days=1)
    desk.feed(MONDAY, [paper(1)])
    desk.feed(MONDAY, [], name="other")
    desk.run(MONDAY)
    reports = []
    for n, day in enumerate(down):
        desk.feed(day, [paper(100 + n)], name="other")
        (tmp_path / f"arxiv-{day}.jsonl").mkdir()
        reports += desk.run(day, until=Stage.PUBLISH)
    for n, day in enumerate([*down, back]):
        if day != back:
            (tmp_path / f"arxiv-{day}.jsonl").rmdir()
        desk.feed(day, [paper(10 + n)])

    [report] = desk.run(back)

    assert [any(w.startswith("arXiv: ") for w in r.warnings) for r in reports] == [True, False, True][:days]
    assert [source_of(r).days_failing for r in reports] == [1, 2, 3][:days]
    assert [r.status for r in reports] == ["degraded"] * days
    assert source_of(report).back_after == days
    assert re.search(rf"back after [\w ]*{days} day", said_of(desk, back))
    assert sorted(desk.printed(back)) == ids(*range(10, 11 + days))
    assert desk.issue_json(back)["covers"] == [str(day) for day in (*down, back)]
    assert report.status == "done"


def votes(ns: Mapping[int, int]) -> str:
    """Hugging Face's list of a day, as its API gives it: number → upvotes."""
    return json.dumps(
        [
            {
                "paper": {
                    "id": paper(n).id.removeprefix("arxiv:"),
                    "title": paper(n).title,
                    "summary": paper(n).abstract,
                    "publishedAt": "2026-03-01T00:00:00.000Z",
                    "upvotes": upvotes,
                }
            }
            for n, upvotes in ns.items()
        ]
    )


HUGGING_FACE = '[[source]]\nname = "hf"\nkind = "huggingface"\nurl = "hf-{date}.json"\n'


@pytest.fixture
def growing(tmp_path: Path) -> Desk:
    config = CONFIG.partition("[[source]]")[0] + HUGGING_FACE + "[[edition]]" + CONFIG.partition("[[edition]]")[2]
    return Desk(tmp_path, config)


def put_votes(desk: Desk, day: date, ns: Mapping[int, int]) -> None:
    (desk.folder / f"hf-{day}.json").write_text(votes(ns), encoding="utf-8")


def test_what_is_added_to_a_list_after_its_day_is_in_the_next_issue(growing: Desk) -> None:
    put_votes(growing, MONDAY, {1: 3, 2: 1})
    [open_list] = growing.run(MONDAY)
    put_votes(growing, MONDAY, {1: 9, 2: 2, 3: 1})
    put_votes(growing, TUESDAY, {4: 1})

    growing.run(TUESDAY)

    assert sorted(growing.printed(MONDAY)) == ids(1, 2)
    assert sorted(growing.printed(TUESDAY)) == ids(3, 4)
    assert source_of(open_list, "hf").is_open
    assert growing.issue_json(TUESDAY)["sources"][0]["past"] == [{"date": str(MONDAY), "listed": 3, "new": 1}]
    # One paper that came late does not make an issue one of two days.
    assert growing.issue_json(TUESDAY)["covers"] == []
    assert re.search(r"hf 1, list still open, and 1 [\w ]*of 1 June", said_of(growing, TUESDAY))


def test_votes_are_counted_again_after_one_three_and_seven_days(growing: Desk) -> None:
    for n in range(9):
        day = MONDAY + timedelta(days=n)
        put_votes(growing, MONDAY, {1: 10 + n})
        if day.weekday() < 5 and n:
            put_votes(growing, day, {10 + n: 1})
        growing.run(day, until=Stage.FETCH)

    with growing.app() as app:
        counted = [(v.day, v.upvotes) for v in app.store.votes_of(paper(1).id)]
    assert counted == [(MONDAY + timedelta(days=n), 10 + n) for n in (0, 1, 3, 7)]


def test_a_weekend_without_a_file_is_no_trouble(growing: Desk) -> None:
    put_votes(growing, FRIDAY, {1: 3})
    growing.run(FRIDAY)

    [report] = growing.run(SATURDAY)

    assert (report.status, source_of(report, "hf").state) == ("done", QUIET)
    assert report.warnings == ("hf lists no papers on Saturday 6 June.",)


def test_two_editions_share_what_is_read_and_each_has_its_own_memory(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, edition='\n[[edition]]\nname = "second"\n')
    for day, ns in ((MONDAY, [1]), (TUESDAY, [2, 3]), (WEDNESDAY, [4])):
        desk.feed(day, [paper(n) for n in ns])
    desk.run(MONDAY)
    desk.run(TUESDAY, "daily")
    asked: list[str] = []
    desk.now = datetime(2026, 6, 3, 9, tzinfo=UTC)

    with desk.app() as app:
        read = app.door.get

        def counted(url: str, **more: Any) -> Document:
            asked.append(url)
            return read(url, **more)

        app.door.get = counted  # type: ignore[method-assign]
        app.run((), WEDNESDAY)

    assert asked == [f"arxiv-{WEDNESDAY}.jsonl"]
    assert sorted(desk.printed(WEDNESDAY)) == ids(4)
    assert sorted(desk.printed(WEDNESDAY, "second")) == ids(2, 3, 4)
    assert desk.issue_json(WEDNESDAY, "second")["covers"] == [str(TUESDAY), str(WEDNESDAY)]


def test_days_that_are_replayed_come_out_as_they_did_live(tmp_path: Path) -> None:
    days = [MONDAY, TUESDAY, THURSDAY, FRIDAY, SATURDAY, NEXT_MONDAY]
    found: list[list[Any]] = []
    for name in ("live", "replayed"):
        (tmp_path / name).mkdir()
        desk = desk_with(tmp_path / name)
        for day, ns in ((MONDAY, [1, 2]), (TUESDAY, [1, 2]), (WEDNESDAY, [3]), (FRIDAY, [4, 1])):
            desk.feed(day, [paper(n) for n in ns])
        states: list[Any] = []
        for day in days:
            if name == "live":
                [report] = desk.run(day, until=Stage.PUBLISH)
            else:
                desk.now = datetime(2026, 9, 1, 12, tzinfo=UTC)
                with desk.app() as app:
                    [report] = app.run((), day, until=Stage.PUBLISH)
            of_source = source_of(report)
            if of_source.error:  # it names the folder
                of_source = replace(of_source, error=Path(of_source.error).name)
            states.append((day, report.status, of_source, report.issue and report.issue.sections))
        found.append(states)

    live, replayed = found
    assert [s[2].state for s in live] == [FRESH, WAITING, WAITING, FRESH, QUIET, WAITING]
    assert replayed == live


def test_a_real_week_with_a_missed_a_stale_and_a_broken_day_loses_nothing(tmp_path: Path, real_data: Path) -> None:
    monday, tuesday, wednesday, thursday, friday = days = [date(2026, 4, 13) + timedelta(days=n) for n in range(5)]
    lists = {day: (real_data / "arxiv-days" / f"{day}.jsonl").read_text(encoding="utf-8") for day in days}
    config = CONFIG.replace(
        'url = "arxiv-{date}.jsonl"\n', CALENDAR + 'fields = { abstract = "summary", url = "abs" }\n'
    )
    desk = Desk(tmp_path, f"{config}max_papers = 5\n")

    def put(day: date, text: str) -> None:
        (tmp_path / f"arxiv-{day}.jsonl").write_text(text, encoding="utf-8")

    def run(day: date) -> Report:
        [report] = desk.run(day, until=Stage.PUBLISH)
        return report

    put(monday, lists[monday])
    reports = [run(monday)]
    put(tuesday, lists[tuesday])
    put(wednesday, lists[tuesday])
    reports.append(run(wednesday))  # nobody was there on Tuesday
    put(wednesday, lists[wednesday])
    (tmp_path / f"arxiv-{thursday}.jsonl").mkdir()
    reports.append(run(thursday))
    (tmp_path / f"arxiv-{thursday}.jsonl").rmdir()
    put(thursday, lists[thursday])
    put(friday, lists[friday])
    reports.append(run(friday))

    assert [source_of(r).state for r in reports] == [FRESH, WAITING, SourceState.FAILED, FRESH]
    covers = [r.issue.covers for r in reports if r.issue]
    assert tuesday in covers[1]
    assert covers[-1] == (wednesday, thursday, friday)
    told = [p for r in reports if r.issue for p in (*(e.paper.id for e in r.issue.entries), *_cut(r.issue))]
    assert len(told) == len(set(told))
    assert set(told) == {f"arxiv:{json.loads(one)['id']}" for text in lists.values() for one in text.splitlines()}


def _cut(issue: Issue) -> tuple[str, ...]:
    return tuple(left.id for left in issue.left_out)
