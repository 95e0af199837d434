"""What becomes of lists that are late, stale, cut off, missed or growing: nothing lost, and nothing twice.

A `FakeSource` reads lists off a `Web` of pages in memory; readings go into real stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.core.errors import SourceError
from digest.core.lists.calendar import arxiv, daily, weekdays
from digest.core.models import Edition, SourceState
from digest.stages.fetch import Reader
from digest.store import SqlStore
from tests.conftest import paper
from tests.fakes.clock import FakeClock
from tests.fakes.sources import FakeArxivWeb, FakeSource, FakeWeb, FakeWitness, page
from tests.support.library import Library

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 6, day) for day in range(1, 8))
NEXT_MONDAY = date(2026, 6, 8)
FRESH, WAITING, QUIET = SourceState.FRESH, SourceState.WAITING, SourceState.QUIET
STALLED, FAILED = SourceState.STALLED, SourceState.FAILED


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def library(store: SqlStore, clock: FakeClock, web: FakeWeb) -> Library:
    return Library(store, clock, web)


# -- missed days


def test_a_missed_day_is_read_with_the_next_list_and_its_papers_are_news(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1), str(TUESDAY): page(2, 3), str(WEDNESDAY): page(4)}
    library.run(source, MONDAY)

    report = library.run(source, WEDNESDAY)

    assert web.asked == [str(MONDAY), str(WEDNESDAY), str(TUESDAY)]  # today's first: it is the one people wait for
    assert (report.state, report.listed, report.new) == (FRESH, 1, 1)
    [past] = library.store.past_lists("daily", ["list"], WEDNESDAY)["list"][1:]
    assert (past.day, past.listed, past.new) == (TUESDAY, 2, 2)
    assert library.found(WEDNESDAY) == {1, 2, 3, 4}


def test_running_twice_on_a_day_reads_nothing_twice(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=daily(), rereads=(1, 3, 7))
    web.pages = {str(MONDAY + timedelta(days=n)): page(10 * n, 10 * n + 1) for n in range(1, 9)}
    for n in range(9):
        day = MONDAY + timedelta(days=n)
        library.run(source, day)
        first = web.take()

        library.run(source, day, hour=15)

        # The first list was never put there; it was asked for as today's, and today's is asked for until it is out.
        assert web.take() == ([str(MONDAY)] if n == 0 else []), first
        assert len(first) == len(set(first))


def test_a_day_that_is_over_and_has_nothing_is_named_and_looked_for_until_it_comes(
    library: Library, web: FakeWeb
) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1), str(WEDNESDAY): page(4), str(THURSDAY): page(5)}
    library.run(source, MONDAY)

    library.run(source, WEDNESDAY)
    assert library.missing(source, WEDNESDAY) == (TUESDAY,)
    web.pages[str(TUESDAY)] = page(2, 3)
    library.run(source, THURSDAY)

    assert library.missing(source, THURSDAY) == ()
    assert library.found(THURSDAY) == {1, 2, 3, 4, 5}


def test_a_source_whose_past_is_nowhere_is_only_asked_for_today(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None, calendar=daily())
    web.pages = {"feed": page(1)}
    library.run(source, MONDAY)
    web.pages = {"feed": page(1, 2)}

    library.run(source, THURSDAY)

    assert web.asked == ["feed", "feed"]
    assert library.found(THURSDAY) == {1, 2}


def test_today_is_not_lost_because_a_past_list_fails(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())
    broken = SourceError("HTTP 500", url="", status=500)
    web.pages = {str(MONDAY): page(1), str(TUESDAY): broken, str(WEDNESDAY): broken, str(THURSDAY): page(4)}
    library.run(source, MONDAY)

    report = library.run(source, THURSDAY)

    assert (report.state, report.days_failing) == (FRESH, 0)
    # What does not answer is not asked for more.
    assert web.asked[1:] == [str(THURSDAY), str(TUESDAY)]
    web.pages |= {str(TUESDAY): page(2), str(WEDNESDAY): page(3), str(FRIDAY): page(5)}
    library.run(source, FRIDAY)
    assert library.found(FRIDAY) == {1, 2, 3, 4, 5}


# -- lists that stand in for others


@pytest.mark.parametrize("stale", [page(1, 2, 3), page(3, 1)], ids=["the same", "a part of it"])
def test_a_stale_list_is_waited_for_and_the_true_one_of_the_day_takes_its_place(
    library: Library, web: FakeWeb, stale: dict[str, Any]
) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1, 2, 3), str(TUESDAY): stale}
    library.run(source, MONDAY)

    early = library.run(source, TUESDAY)
    late = library.run(source, TUESDAY, hour=17)
    web.pages[str(TUESDAY)] = page(4, 5)
    at_last = library.run(source, TUESDAY, hour=18)

    assert [r.state for r in (early, late, at_last)] == [WAITING, STALLED, FRESH]
    assert (early.listed, early.new) == (len(stale["papers"]), len(stale["papers"]))  # no issue has considered them
    assert (at_last.listed, at_last.new, at_last.expected) == (2, 2, 2)
    assert library.found(TUESDAY) == {1, 2, 3, 4, 5}
    assert [r.day for r in library.store.records_of(paper(1).id)] == [MONDAY]


def test_the_true_list_that_comes_a_day_later_is_in_the_next_issue(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1, 2), str(TUESDAY): page(1, 2)}
    library.run(source, MONDAY)
    library.run(source, TUESDAY)
    web.pages |= {str(TUESDAY): page(3, 4), str(WEDNESDAY): page(5)}

    library.run(source, WEDNESDAY)

    lists = library.store.past_lists("daily", ["list"], WEDNESDAY)["list"]
    assert [(p.day, p.listed, p.new) for p in lists] == [(MONDAY, 2, 2), (TUESDAY, 2, 2)]
    assert library.missing(source, WEDNESDAY) == ()


def test_a_copy_that_nobody_promised_to_replace_is_looked_at_once_more(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web)  # files of a mirror that promises nothing
    web.pages = {str(MONDAY): page(1, 2), str(TUESDAY): page(1, 2)}
    library.run(source, MONDAY)
    copied = library.state(source, TUESDAY)
    web.pages |= {str(TUESDAY): page(3, 4), str(WEDNESDAY): page(5)}

    library.run(source, WEDNESDAY)

    assert copied is QUIET
    assert library.found(WEDNESDAY) == {1, 2, 3, 4, 5}


def test_a_missed_list_and_its_copy_under_the_next_day_are_told_apart(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1), str(TUESDAY): page(2, 3), str(WEDNESDAY): page(2, 3)}
    library.run(source, MONDAY)

    state = library.state(source, WEDNESDAY)  # Tuesday's, which was missed, is read in the same run

    assert state is WAITING
    assert [r.day for r in library.store.records_of(paper(2).id)] == [TUESDAY, WEDNESDAY]


def test_a_stale_list_is_known_by_its_news_where_its_cross_lists_could_not_be_filled_in(
    library: Library, web: FakeWeb
) -> None:
    source = FakeSource(web, url="feed", past="past-{date}", calendar=arxiv())
    tuesdays = page(2, 3, 8, 9, lists=["cs.LG"], cross=[8], known=[9])
    web.pages = {"feed": page(1, lists=["cs.LG"]), f"past-{TUESDAY}": page(2, 3, lists=["cs.LG"])}
    library.run(source, MONDAY)
    web.pages["feed"] = tuesdays

    state = library.state(source, WEDNESDAY)
    web.pages["feed"] = page(4, 5, lists=["cs.LG"])
    library.run(source, WEDNESDAY, hour=10)

    assert state is WAITING
    assert library.found(WEDNESDAY) == {1, 2, 3, 4, 5, 8}


def test_papers_that_another_source_had_first_do_not_make_a_list_stale(library: Library, web: FakeWeb) -> None:
    first = FakeSource(web, name="first", url="first-{date}", calendar=arxiv())
    source = FakeSource(web, calendar=arxiv())
    web.pages = {f"first-{MONDAY}": page(1, 2), str(MONDAY): page(9), str(TUESDAY): page(1, 2)}
    library.run([source, first], MONDAY)

    assert library.state([source, first], TUESDAY) is QUIET


def lists(ai: Iterable[int], cl: Iterable[int]) -> dict[str, Any]:
    """A page that holds the lists of two categories."""
    ai, cl = tuple(ai), tuple(cl)
    categories = {str(n): ["cs.AI"] for n in ai} | {str(n): ["cs.CL"] for n in cl}
    return page(*ai, *cl, lists=["cs.AI", "cs.CL"], categories=categories)


def test_one_stale_category_is_named_and_asked_for_again_the_same_day(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None, calendar=arxiv())
    web.pages = {"feed": lists(ai=(1, 2), cl=(3, 4))}
    library.run(source, MONDAY)
    web.pages = {"feed": lists(ai=(1, 2), cl=(5, 6))}

    part = library.run(source, TUESDAY)
    web.pages = {"feed": lists(ai=(7, 8), cl=(5, 6))}
    whole = library.run(source, TUESDAY, hour=11)

    assert (part.state, part.note) == (FRESH, "cs.AI still shows an earlier list")
    assert (whole.state, whole.note, whole.listed) == (FRESH, None, 4)
    assert library.found(TUESDAY) == set(range(1, 9))


def test_one_stale_category_is_filled_on_the_next_day(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past="past-{date}", calendar=arxiv())
    web.pages = {"feed": lists(ai=(1, 2), cl=(3, 4))}
    library.run(source, MONDAY)
    web.pages = {"feed": lists(ai=(1, 2), cl=(5, 6))}
    library.run(source, TUESDAY)
    web.pages = {"feed": lists(ai=(9, 10), cl=(11, 12)), f"past-{TUESDAY}": lists(ai=(7, 8), cl=(5, 6))}

    library.run(source, WEDNESDAY)

    assert library.found(WEDNESDAY) == set(range(1, 13))
    assert web.take()[-2:] == ["feed", f"past-{TUESDAY}"]
    library.run(source, THURSDAY)
    assert f"past-{TUESDAY}" not in web.asked


# -- the same bytes again


def test_an_unchanged_document_is_not_parsed_and_still_counts(library: Library, web: FakeWeb, store: SqlStore) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.remembers = store
    web.pages = {"feed": page(1, 2, expected=4, rejected=1)}
    library.run(source, MONDAY)

    reports = [library.run(source, day) for day in (TUESDAY, WEDNESDAY)]

    assert web.parsed == ["feed"]
    for report in reports:
        assert (report.state, report.listed, report.expected, report.rejected, report.gap) == (QUIET, 2, 4, 1, 1)


def test_an_unchanged_list_that_should_be_another_one_is_waited_for(
    library: Library, web: FakeWeb, store: SqlStore
) -> None:
    source = FakeSource(web, url="feed", past=None, calendar=arxiv())
    web.remembers = store
    web.pages = {"feed": page(1, 2)}
    library.run(source, MONDAY)

    states = [library.state(source, TUESDAY, hour=hour) for hour in (9, 10, 17)]
    web.pages = {"feed": page(3)}

    assert states == [WAITING, WAITING, STALLED]
    assert library.state(source, TUESDAY, hour=18) is FRESH
    assert web.parsed == ["feed", "feed"]


def test_a_document_that_could_not_be_understood_is_tried_again_although_it_did_not_change(
    library: Library, web: FakeWeb, store: SqlStore
) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.remembers = store
    web.pages = {"feed": {"html": "a login page"}}

    assert library.state(source, MONDAY) is FAILED
    assert library.state(source, MONDAY, hour=10) is FAILED
    assert web.parsed == ["feed", "feed"]


def test_a_part_that_is_stale_is_still_named_when_the_server_says_that_nothing_changed(
    library: Library, web: FakeWeb, store: SqlStore
) -> None:
    source = FakeSource(web, url="feed", past=None, calendar=arxiv())
    web.remembers = store
    web.pages = {"feed": lists(ai=(1, 2), cl=(3, 4))}
    library.run(source, MONDAY)
    web.pages = {"feed": lists(ai=(1, 2), cl=(5, 6))}
    library.run(source, TUESDAY)

    again = library.run(source, TUESDAY, hour=10)
    web.pages = {"feed": lists(ai=(7, 8), cl=(5, 6))}
    library.run(source, TUESDAY, hour=11)

    assert again.note == "cs.AI still shows an earlier list"
    assert library.found(TUESDAY) == set(range(1, 9))


# -- pages


def test_a_page_that_cannot_be_read_costs_only_what_is_behind_it(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="a", past=None)
    web.pages = {"a": page(1, next="b"), "b": page(2, next="c"), "c": SourceError("HTTP 503"), "d": page(4)}

    part = library.run(source, MONDAY)
    web.pages["c"] = page(3, next="d")
    whole = library.run(source, MONDAY, hour=10)
    library.run(source, MONDAY, hour=11)

    assert (part.state, part.listed, part.note) == (FRESH, 2, "page 3 could not be read: HTTP 503")
    assert (whole.state, whole.listed, whole.note) == (FRESH, 4, None)
    assert web.asked == ["a", "b", "c", "a", "b", "c", "d"]


def test_the_rest_of_a_cut_off_list_is_asked_for_although_its_first_page_did_not_change(
    library: Library, web: FakeWeb, store: SqlStore
) -> None:
    source = FakeSource(web, url="a", past=None)
    web.remembers = store
    web.pages = {"a": page(1, next="b"), "b": SourceError("HTTP 503")}
    library.run(source, MONDAY)
    web.pages["b"] = page(2)

    whole = library.run(source, MONDAY, hour=10)

    assert whole
    assert (whole.listed, whole.note) == (2, None)


def test_a_list_that_stayed_cut_off_is_filled_on_the_next_day(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=weekdays())
    web.pages = {str(MONDAY): page(1, next="b"), "b": SourceError("HTTP 503"), str(TUESDAY): page(3)}
    library.run(source, MONDAY)
    web.pages["b"] = page(2)

    library.run(source, TUESDAY)

    assert library.found(TUESDAY) == {1, 2, 3}


def test_a_list_whose_first_papers_cannot_be_read_has_failed(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="search", past=None)
    web.pages = {"search": page(next="fetch"), "fetch": SourceError("HTTP 500")}

    report = library.run(source, MONDAY)

    assert (report.state, report.error) == (FAILED, "HTTP 500")


def test_a_search_and_its_papers_are_two_pages_of_one_list(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="search", past=None)
    web.pages = {"search": page(next="fetch", expected=2), "fetch": page(1, 2)}

    report = library.run(source, MONDAY)

    assert (report.state, report.listed, report.expected, report.gap) == (FRESH, 2, 2, 0)


@pytest.mark.parametrize(
    ("pages", "gap"),
    [
        ({"a": page(1, 2, 3, expected=3)}, 0),
        ({"a": page(1, 2, expected=5)}, 3),
        ({"a": page(1, 2, rejected=2, expected=5)}, 1),
        ({"a": page(1, 1, 2, expected=3)}, 0),  # it counts its doubles
        ({"a": page(1, 2, next="b", expected=4), "b": page(2, 3, expected=4)}, 1),  # the list moved meanwhile
        ({"a": page(1, 2, 3, expected=1)}, 0),
    ],
)
def test_what_the_source_says_there_is_is_compared_with_what_was_found(
    library: Library, web: FakeWeb, pages: dict[str, Any], gap: int
) -> None:
    source = FakeSource(web, url="a", past=None)
    web.pages = pages

    report = library.run(source, MONDAY)

    assert report.gap == gap
    assert report.expected == report.listed + report.rejected + gap


def test_a_gap_is_filled_on_the_next_day(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=daily())
    web.pages = {str(MONDAY): page(1, 2, expected=3), str(TUESDAY): page(4)}
    library.run(source, MONDAY)
    web.pages[str(MONDAY)] = page(1, 2, 3, expected=3)

    library.run(source, TUESDAY)
    library.run(source, WEDNESDAY)

    assert library.found(TUESDAY) == {1, 2, 3, 4}
    assert web.asked.count(str(MONDAY)) == 2


# -- a second witness


@pytest.fixture
def watched(web: FakeWeb) -> FakeSource:
    return FakeSource(web, url="feed", past=None, calendar=arxiv(), witness=FakeWitness())


def test_what_only_the_witness_has_is_filled_in_and_said(library: Library, web: FakeWeb, watched: FakeSource) -> None:
    web.pages = {"feed": page(1, 2), "witness": page(1, 2, 3, day=str(MONDAY))}

    report = library.run(watched, MONDAY)

    assert (report.listed, report.new, report.note) == (3, 3, "1 of them only on the other place")
    assert library.found(MONDAY) == {1, 2, 3}


def test_a_witness_that_agrees_has_nothing_to_say(library: Library, web: FakeWeb, watched: FakeSource) -> None:
    web.pages = {"feed": page(1, 2), "witness": page(2, 1, day=str(MONDAY))}

    report = library.run(watched, MONDAY)

    assert (report.listed, report.note) == (2, None)


def test_later_versions_that_only_the_witness_has_are_no_gap(
    library: Library, web: FakeWeb, watched: FakeSource
) -> None:
    web.pages = {"feed": page(1), "witness": page(1, 2, known=[2], day=str(MONDAY))}

    report = library.run(watched, MONDAY)

    assert (report.listed, report.note) == (1, None)


def test_a_witness_of_another_day_proves_nothing(library: Library, web: FakeWeb, watched: FakeSource) -> None:
    web.pages = {"feed": page(1), "witness": page(2, 3, day=str(FRIDAY - timedelta(days=7)))}

    report = library.run(watched, MONDAY)

    assert (report.listed, report.note) == (1, None)


@pytest.mark.parametrize("broken", [SourceError("HTTP 403"), {"day": "yesterday", "papers": []}, None])
def test_a_witness_that_cannot_be_heard_leaves_the_list_as_it_is(
    library: Library, web: FakeWeb, watched: FakeSource, broken: Any
) -> None:
    watched.witness = FakeWitness(error=SourceError("is not what was expected", url="witness"))
    web.pages = {"feed": page(1, 2)} | ({} if broken is None else {"witness": broken})

    report = library.run(watched, MONDAY)

    assert (report.state, report.listed, report.error) == (FRESH, 2, None)
    assert any(said.startswith("list is not compared with the other place: ") for said in library.said)


def test_a_feed_that_is_late_is_read_from_a_witness_that_is_not(
    library: Library, web: FakeWeb, watched: FakeSource
) -> None:
    web.pages = {"feed": page(1, 2), "witness": page(1, 2, day=str(MONDAY))}
    library.run(watched, MONDAY)
    web.pages["witness"] = page(3, 4, day=str(TUESDAY))

    report = library.run(watched, TUESDAY)

    assert (report.state, report.listed, report.new) == (FRESH, 2, 2)
    assert report.note == "read from the other place, for it still shows an earlier list"
    assert library.found(TUESDAY) == {1, 2, 3, 4}


def test_an_empty_feed_is_filled_from_a_witness(library: Library, web: FakeWeb, watched: FakeSource) -> None:
    web.pages = {"feed": page(), "witness": page(3, 4, day=str(MONDAY))}

    report = library.run(watched, MONDAY)

    assert (report.state, report.listed, report.note) == (FRESH, 2, "2 of them only on the other place")


def test_a_witness_that_was_heard_in_part_takes_nothing_away(
    library: Library, web: FakeWeb, watched: FakeSource
) -> None:
    class TwoPages(FakeWitness):
        def urls(self, day: date) -> tuple[str, ...]:
            return ("witness", "second page")

    watched.witness = TwoPages()
    web.pages = {"feed": page(1, 2), "witness": page(3, day=str(MONDAY)), "second page": SourceError("HTTP 403")}

    report = library.run(watched, MONDAY)

    assert (report.listed, report.note) == (3, "1 of them only on the other place")
    assert library.found(MONDAY) == {1, 2, 3}


# -- days without a list


def test_a_missing_file_of_a_weekend_is_what_was_to_be_expected(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(FRIDAY): page(1)}
    library.run(source, FRIDAY)

    report = library.run(source, SATURDAY)

    assert (report.state, report.error) == (QUIET, None)


def test_a_missing_file_is_overdue_when_a_list_would_be(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=arxiv())

    assert [library.state(source, MONDAY, hour=hour) for hour in (9, 15, 17)] == [WAITING, WAITING, STALLED]


# -- days that are replayed


def test_a_day_that_is_replayed_is_not_filled_with_todays_list(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past="past-{date}", calendar=arxiv())
    web.pages = {"feed": page(9), f"past-{MONDAY}": page(1)}
    library.clock.at = datetime(2026, 6, 10, 9, tzinfo=UTC)
    reader = Reader(
        store=library.store,
        sources={source.name: source},
        editions={"daily": Edition(name="daily", title="Daily", sources=(source.name,), at=time(7))},
        zone=ZoneInfo("UTC"),
        fetcher=lambda _: web.get,
        clock=library.clock,
        progress=library.said.append,
        concurrency=1,
    )

    reader.fetch(source.name, MONDAY)

    assert web.asked == [f"past-{MONDAY}"]
    assert library.found(MONDAY) == {1}


# -- other time zones

_LISTS = {day: 100 + n for n, day in enumerate(MONDAY + timedelta(days=k) for k in range(-14, 40))}


def runs(tmp_path: Path, zone: str, moments: Sequence[tuple[date, int]]) -> tuple[set[int], set[int], set[date]]:
    """Read arXiv on these days at these hours of *zone*: what was out meanwhile, what was found, what was missed."""
    clock = FakeClock()
    web = FakeArxivWeb(clock, {d: page(n) for d, n in _LISTS.items() if arxiv().lists_on(d)})
    source = FakeSource(web, url="feed", past="past-{date}", calendar=arxiv())
    out: list[date] = []
    missed: set[date] = set()
    with SqlStore.open(f"sqlite:///{tmp_path}/digest.db", clock=clock) as store:
        library = Library(store, clock, web)
        for day, hour in moments:
            moment = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
            utc = datetime(day.year, day.month, day.day, tzinfo=UTC)
            library.run(source, day, hour=(moment - utc) / timedelta(hours=1))
            out.append(arxiv().newest(moment))
            missed.update(library.missing(source, day))
        found = library.found(moments[-1][0])
    return {n for d, n in _LISTS.items() if arxiv().lists_on(d) and out[0] <= d <= out[-1]}, found, missed


@pytest.mark.parametrize("skipped", [(), (5, 6, 9, 10, 12, 13)], ids=["every day", "with pauses"])
@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Asia/Tokyo", 7), ("Asia/Tokyo", 15), ("Asia/Kolkata", 9), ("Europe/Paris", 7), ("America/Los_Angeles", 22)],
)
def test_no_list_of_arxiv_is_lost_or_missed_in_vain_wherever_the_reader_lives(
    tmp_path: Path, zone: str, hour: int, skipped: tuple[int, ...]
) -> None:
    # With a weekend, and the holiday on Monday the 22nd.
    days = [date(2026, 6, 15) + timedelta(days=n) for n in range(16) if n not in skipped]

    out, found, missed = runs(tmp_path, zone, [(day, hour) for day in days])

    assert out <= found
    # A list that was never to come is not missed.
    assert missed == set()


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Asia/Tokyo", (7, 15)), ("Asia/Kolkata", (9, 10)), ("America/Los_Angeles", (8, 22)), ("Europe/Paris", (5, 7))],
)
@pytest.mark.parametrize("days", [range(12), (0, 1, 3, 4, 7, 8, 9, 10, 11)], ids=["every day", "with pauses"])
def test_no_list_of_arxiv_is_lost_by_who_reads_early_and_late(
    tmp_path: Path, zone: str, hours: tuple[int, int], days: Sequence[int]
) -> None:
    both = [(MONDAY + timedelta(days=n), hours[(n // 2 + n // 7) % 2]) for n in days]

    out, found, _ = runs(tmp_path, zone, both)

    assert out <= found
