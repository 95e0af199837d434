"""When a server that answers with errors is asked again: its own wish, longer and longer, and after a change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from digest.core.errors import SourceError
from digest.core.lists.calendar import arxiv, daily
from digest.core.models import SourceState
from digest.store import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.sources import FakeSource, FakeWeb, page
from tests.support.library import Library

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 6, day) for day in range(1, 5))
FRESH, FAILED = SourceState.FRESH, SourceState.FAILED


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def library(store: SqlStore, clock: FakeClock, web: FakeWeb) -> Library:
    return Library(store, clock, web)


def refused(status: int = 503, **more: Any) -> SourceError:
    return SourceError(f"HTTP {status}", url="feed", status=status, **more)


def hours_asked(library: Library, source: FakeSource, hours: Iterable[float]) -> list[float]:
    """At which of *hours* after Monday's midnight it was asked for."""
    asked = []
    for hour in hours:
        library.web.take()
        library.run(source, MONDAY + timedelta(days=int(hour // 24)), hour=hour % 24)
        if library.web.take():
            asked.append(hour)
    return asked


def test_a_server_that_fails_is_asked_ever_more_rarely_and_what_it_said_is_kept(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.pages = {"feed": refused()}

    asked = hours_asked(library, source, [1, 2, 2.5, 3, 4, 5, 6, 9, 10, 12, 17, 18, 33, 34, 57, 58, 81, 82])

    assert asked == [1, 2, 3, 5, 9, 17, 33, 57, 81]
    [backoff] = library.store.backoffs(["list"]).values()
    assert (backoff.failures, backoff.address, backoff.error) == (9, "feed", "HTTP 503")
    report = library.run(source, THURSDAY, hour=11)
    assert (report.state, report.error) == (FAILED, "HTTP 503; not asked again before 2026-06-05 09:00 UTC")


def test_a_server_that_answers_again_is_trusted_again(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.pages = {"feed": refused()}
    hours_asked(library, source, [1, 2, 3, 5])
    web.pages = {"feed": page(1)}

    assert library.state(source, MONDAY, hour=9) is FRESH
    assert library.store.backoffs(["list"]) == {}


def test_another_address_is_another_chance(library: Library, web: FakeWeb) -> None:
    web.pages = {"feed": refused(410, gone=True), "other": page(1)}
    assert hours_asked(library, FakeSource(web, url="feed", past=None), [1, 2, 30]) == [1]

    assert library.state(FakeSource(web, url="other", past=None), TUESDAY, hour=9) is FRESH


def test_the_wish_of_a_server_is_respected_also_by_the_next_program(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.pages = {"feed": refused(429, retry_after_s=7200.0)}

    assert hours_asked(library, source, [1, 2, 2.9, 3, 4]) == [1, 3]


def test_a_file_that_is_not_there_yet_is_no_failure_of_a_server(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, calendar=daily())

    assert hours_asked(library, source, [1, 2, 3]) == [1, 2, 3]
    assert library.store.backoffs(["list"]) == {}


def test_an_error_without_a_status_may_be_the_networks_and_is_tried_by_each_run(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="feed", past=None)
    web.pages = {"feed": SourceError("the connection failed")}

    assert hours_asked(library, source, [1, 2, 3]) == [1, 2, 3]


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_wish_uttered_over_a_past_list_outlives_todays_success(
    library: Library, web: FakeWeb, failed_before: bool
) -> None:
    source = FakeSource(web, calendar=arxiv())
    web.pages = {str(MONDAY): page(1), str(TUESDAY): page(2)}
    library.run(source, MONDAY)
    if failed_before:
        web.pages[str(WEDNESDAY)] = refused()
        library.run(source, WEDNESDAY, hour=8)
    web.pages |= {str(TUESDAY): refused(429, retry_after_s=7200.0), str(WEDNESDAY): page(3), str(THURSDAY): page(4)}

    report = library.run(source, THURSDAY)

    assert report.state is FRESH
    [backoff] = library.store.backoffs(["list"]).values()
    assert backoff.not_before == library.clock.at + timedelta(hours=2)


def test_a_wish_uttered_over_a_later_page_is_respected(library: Library, web: FakeWeb) -> None:
    source = FakeSource(web, url="a", past=None)
    web.pages = {"a": page(1, next="b"), "b": refused(429, retry_after_s=7200.0)}

    assert hours_asked(library, source, [1, 2, 3, 4]) == [1, 3]
    assert library.found(MONDAY) == {1}


def test_a_source_that_was_asked_to_wait_is_named_and_the_issue_comes_without_it(
    library: Library, web: FakeWeb
) -> None:
    other = FakeSource(web, name="other", url="other", past=None)
    source = FakeSource(web, url="feed", past=None)
    web.pages = {"feed": refused(429, retry_after_s=86_400.0), "other": page(1)}
    library.run([source, other], MONDAY)
    web.take()
    web.pages["other"] = page(2)

    report = library.run([source, other], TUESDAY, hour=8)

    assert web.asked == ["other"]
    assert (report.state, report.days_failing) == (FAILED, 2)
    assert report.error == "HTTP 429; not asked again before 2026-06-02 09:00 UTC"
    assert library.found(TUESDAY, "list", "other") == {1, 2}
