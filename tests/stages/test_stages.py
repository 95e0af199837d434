"""Each stage by itself, as a worker calls it: by ids, twice, and on two machines at once, which share a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from digest.app.app import App
from digest.core.models import Paper, PaperId, Summary, SummaryKey
from digest.core.summaries.summarizer import key_of
from digest.stages.lost import LostIssues
from digest.stages.report import Done, Stage
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk, tree

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY = date(2026, 6, 1)
PAPERS = [paper(n) for n in range(1, 7)]
IDS = tuple(p.id for p in PAPERS)


class Machines:
    """Several that have the same config and share a database; each has its own app, and so its own store."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @contextmanager
    def apps(self, count: int = 2) -> Iterator[list[App]]:
        with ExitStack() as stack:
            yield [stack.enter_context(self.desk.app()) for _ in range(count)]

    def at_once(self, do: Callable[[App], Any], count: int = 2) -> list[Any]:
        """What *do* gives on each of them, all at the same moment."""
        barrier = Barrier(count)

        def on(app: App) -> Any:
            _ = app.store
            barrier.wait(timeout=60)
            return do(app)

        with self.apps(count) as apps, ThreadPoolExecutor(count) as pool:
            return [one.result() for one in [pool.submit(on, app) for app in apps]]

    def call(self, do: Callable[[App], Any]) -> Any:
        with self.desk.app() as app:
            return do(app)


@pytest.fixture
def machines(tmp_path: Path, url: str) -> Machines:
    database = f'[digest]\ndatabase = "{url}"'
    desk = Desk(tmp_path, CONFIG.replace("[digest]", database).replace('["ada', '["eva@example.org", "ada'))
    desk.feed(MONDAY, PAPERS)
    desk.now = desk.now.replace(day=MONDAY.day)
    return Machines(desk)


def fetched(app: App) -> None:
    app.reader.fetch("arXiv", MONDAY)


def summarized(app: App) -> None:
    fetched(app)
    app.summarizing.summarize("daily", MONDAY, app.choosing.to_summarize("daily", MONDAY).papers)


def published(app: App) -> None:
    fetched(app)
    app.publishing.publish("daily", MONDAY)


def summaries(app: App) -> dict[SummaryKey, Summary]:
    return app.store.summaries([key_of(app.summarizer, p, "en") for p in PAPERS])


# -- fetch


def listings(app: App) -> list[tuple[PaperId, int]]:
    return [(c.paper.id, c.position) for c in app.store.candidates("daily", ["arXiv"], MONDAY, carry_days=0)]


def test_a_source_is_fetched_by_its_name_and_twice_changes_nothing(machines: Machines) -> None:
    def twice(app: App) -> list[Any]:
        found = []
        for _ in range(2):
            app.reader.fetch("arXiv", MONDAY)
            found.append((listings(app), app.source_reports.of("daily", MONDAY)))
        return found

    once, again = machines.call(twice)

    assert again == once
    assert [i for i, _ in once[0]] == list(IDS)


def test_a_source_that_two_machines_fetch_at_once_is_listed_once(machines: Machines) -> None:
    machines.at_once(fetched)

    assert [i for i, _ in machines.call(listings)] == list(IDS)


def test_an_edition_exists_from_the_first_day_that_a_source_of_its_is_fetched(machines: Machines) -> None:
    machines.desk.feed(date(2026, 5, 29), [paper(90)])

    machines.call(fetched)
    machines.call(lambda app: app.store.register_edition("daily", MONDAY))

    assert paper(90).id not in [i for i, _ in machines.call(listings)]


# -- choose


def test_choosing_gives_everybody_the_same(machines: Machines) -> None:
    machines.call(fetched)

    one, other = machines.at_once(lambda app: app.choosing.choose("daily", MONDAY))

    assert one == other
    assert {r.candidate.paper.id for r in one.chosen} == set(IDS)
    assert machines.call(lambda app: app.choosing.to_summarize("daily", MONDAY).papers) == tuple(
        r.candidate.paper.id for r in one.chosen
    )


def test_nothing_is_chosen_for_an_issue_that_is_printed(machines: Machines) -> None:
    machines.call(published)

    assert machines.call(lambda app: app.choosing.to_summarize("daily", MONDAY).papers) == ()


# -- summarize


def test_papers_are_summarized_by_their_ids_and_the_second_time_from_the_store(machines: Machines) -> None:
    machines.call(fetched)

    first, second = (machines.call(lambda app: app.summarizing.summarize("daily", MONDAY, IDS)) for _ in range(2))

    assert (first.usage.from_cache, second.usage.from_cache) == (0, len(IDS))
    assert len(machines.call(summaries)) == len(IDS)


def test_of_papers_that_are_named_only_those_are_summarized(machines: Machines) -> None:
    machines.call(fetched)

    machines.call(lambda app: app.summarizing.summarize("daily", MONDAY, [*IDS[:2], PaperId("arxiv:9901.00001")]))

    def lacking(app: App) -> tuple[Paper, ...]:
        return app.summarizing.lacking("daily", MONDAY, IDS)

    assert [p.id for p in machines.call(lacking)] == list(IDS[2:])


def test_two_machines_that_summarize_the_same_papers_leave_one_summary_each(machines: Machines) -> None:
    machines.call(fetched)

    machines.at_once(lambda app: app.summarizing.summarize("daily", MONDAY, IDS))

    assert len(machines.call(summaries)) == len(IDS)


# -- publish


def test_an_issue_is_published_once_and_then_given_again(machines: Machines) -> None:
    machines.call(summarized)

    (one, _), (again, sums) = (machines.call(lambda app: app.publishing.publish("daily", MONDAY)) for _ in range(2))

    assert again == one
    assert sums.usage.requests == 0
    assert len(one.entries) == len(IDS)


def test_two_machines_that_publish_at_once_go_on_with_one_issue(machines: Machines) -> None:
    machines.call(fetched)

    (one, _), (other, _) = machines.at_once(lambda app: app.publishing.publish("daily", MONDAY))

    assert one == other
    due = machines.call(lambda app: app.store.deliveries("daily", MONDAY))
    assert [d.recipient for d in due] == ["eva@example.org", "ada@example.org"]


# -- site


def test_pages_are_drawn_by_their_paths_and_are_up_to_date_then(machines: Machines) -> None:
    machines.call(published)
    stale = machines.call(lambda app: app.drawing.stale())
    first, rest = stale[: len(stale) // 2], stale[len(stale) // 2 :]

    machines.call(lambda app: app.drawing.draw(first))
    between = machines.call(lambda app: app.drawing.stale())
    machines.call(lambda app: app.drawing.draw(rest))

    pages = {path for path in first if not path.startswith("search/")}
    assert {"index.html", f"daily/{MONDAY}/index.html", "topics/index.html"} <= set(stale)
    assert set(between) & pages <= {"index.html"}
    assert set(rest) <= set(between)
    assert machines.call(lambda app: app.drawing.draw(machines.call(lambda app: app.drawing.stale()))) is None
    assert machines.call(lambda app: app.drawing.stale()) == ()


def test_in_parts_and_at_once_the_same_archive_is_drawn(machines: Machines, tmp_path: Path) -> None:
    machines.call(published)
    parted, whole = machines.desk.site, tmp_path / "whole"

    machines.at_once(lambda app: [app.drawing.draw([path]) for path in app.drawing.stale()])
    machines.call(lambda app: app.drawing.draw())
    drawn = tree(parted)
    parted.rename(whole)
    machines.call(lambda app: app.drawing.draw())

    assert tree(parted) == drawn


def test_what_is_up_to_date_is_not_drawn_again(machines: Machines) -> None:
    machines.call(published)
    machines.call(lambda app: app.drawing.draw())
    before = {p: p.stat().st_mtime_ns for p in machines.desk.site.rglob("*")}

    machines.at_once(lambda app: app.drawing.draw())

    assert machines.call(lambda app: app.drawing.stale()) == ()
    assert {p: p.stat().st_mtime_ns for p in machines.desk.site.rglob("*")} == before


# -- deliver


def delivered(app: App) -> int:
    return app.mailing.deliver_all(["daily"], MONDAY, lost=LostIssues())["daily"].sent


def test_a_batch_of_mails_goes_out_once_whoever_is_given_it(machines: Machines) -> None:
    machines.call(published)
    [batch] = machines.call(lambda app: app.mailing.batches("daily", MONDAY))

    sent = machines.at_once(lambda app: app.mailing.deliver("daily", MONDAY, batch).sent)
    again = machines.call(lambda app: app.mailing.deliver("daily", MONDAY, batch).sent)

    assert (sum(sent), again) == (len(batch), 0)
    assert machines.call(lambda app: app.mailing.batches("daily", MONDAY)) == ()


def test_mails_go_out_once_however_often_and_wherever_they_are_delivered(machines: Machines) -> None:
    machines.call(published)

    sent = machines.at_once(delivered)

    assert sum(sent) == len(machines.desk.outbox) == 2
    assert machines.call(delivered) == 0


# -- report


def test_a_report_is_drawn_from_the_store_whenever_it_is_asked_for(machines: Machines) -> None:
    machines.call(published)

    def reported(app: App) -> Any:
        issue, sums = app.publishing.publish("daily", MONDAY)
        return app.reporting.report(
            "daily", MONDAY, Done(sums=sums, issue=issue), until=Stage.PUBLISH, lost=LostIssues()
        )

    one, other = machines.at_once(reported)

    assert one == other
    assert (one.status, one.deliveries["due"], len(one.issue.entries)) == ("done", 2, len(IDS))


# -- run


def test_two_machines_that_run_at_once_do_the_work_once(machines: Machines) -> None:
    reports = [report for [report] in machines.at_once(lambda app: app.run((), MONDAY))]

    assert [report.status for report in reports] == ["done", "done"]
    assert len(machines.desk.outbox) == 2
    assert reports[0].issue == reports[1].issue
