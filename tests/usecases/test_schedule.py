"""`digest schedule`: what it runs and prepares, and what it tells of that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.core.errors import DigestError, SourceError
from digest.core.models import Edition, SourceReport, SourceState, Usage
from digest.stages.report import Report
from digest.usecases.deliver import Posted
from digest.usecases.schedule import NextTime, Schedule, outcome
from tests.support.issues import WEDNESDAY

PARIS = ZoneInfo("Europe/Paris")
DAILY = Edition(name="daily", title="Digest", sources=("arXiv",))
WEEKLY = Edition(name="weekly", title="Digest", sources=("arXiv",), at=time(9), days=frozenset({4}))


def of(edition: Edition, state: SourceState, *warnings: str) -> Report:
    """A run of *edition* that found its source in *state*."""
    return Report(
        edition=edition.name,
        date=WEDNESDAY,
        sources=(SourceReport(name="arXiv", state=state),),
        usage=Usage(client="extractive"),
        warnings=warnings,
    )


class Office:
    """A schedule whose runs come to what is put down for them, and that keeps what it is told."""

    def __init__(self, *editions: Edition, lead: timedelta | None = None) -> None:
        self.now = datetime(2026, 6, 3, 8, 0, tzinfo=UTC)
        self.comes_to: list[Report] | BaseException = []
        self.done: set[str] = set()
        self.asked: list[bool] = []
        self.told: list[object] = []
        self.schedule = Schedule(
            editions,
            PARIS,
            clock=lambda: self.now,
            is_done=lambda edition, _: edition.name in self.done,
            run=self._run,
            prepare=self._prepare,
            lead=lead,
            listener=self,
        )

    def _run(self, names: Sequence[str], day: date) -> Sequence[Report]:
        if isinstance(self.comes_to, BaseException):
            raise self.comes_to
        return self.comes_to

    def _prepare(self, names: Sequence[str], day: date, *, read: bool) -> Sequence[Report]:
        self.asked.append(read)
        return self._run(names, day)

    def waiting(self, times: Sequence[NextTime]) -> None:
        self.told.append([(one.edition, one.at and f"{one.at:%A %H:%M} {one.zone}") for one in times])

    def ran(self, reports: Sequence[Report]) -> None:
        self.told.append(list(reports))

    def prepared(self, edition: str, day: date, warning: str) -> None:
        self.told.append((edition, day, warning))

    def mailed(self, posted: Sequence[Posted]) -> None:
        self.told.append(("mailed", list(posted)))

    def failed(self, error: DigestError, *, at: datetime) -> None:
        self.told.append((str(error), at))


def test_a_run_that_comes_to_the_same_is_told_of_once() -> None:
    office, waits = Office(DAILY, WEEKLY), of(DAILY, SourceState.WAITING)

    for comes_to in ([waits, of(WEEKLY, SourceState.FRESH)], [waits], [waits, of(WEEKLY, SourceState.STALLED)]):
        office.comes_to = comes_to
        office.schedule.run_due([DAILY], WEDNESDAY)

    assert office.told == [
        [waits, of(WEEKLY, SourceState.FRESH)],
        [],
        [of(WEEKLY, SourceState.STALLED)],
    ]


def test_what_was_told_before_something_else_is_news_again() -> None:
    office = Office(DAILY)

    for state in (SourceState.FAILED, SourceState.WAITING, SourceState.FAILED):
        office.comes_to = [of(DAILY, state)]
        office.schedule.run_due([DAILY], WEDNESDAY)

    assert [len(reports) for reports in office.told if isinstance(reports, list)] == [1, 1, 1]


def test_a_run_that_comes_to_the_same_says_the_same() -> None:
    waits = of(DAILY, SourceState.WAITING)

    assert outcome(waits) == outcome(of(DAILY, SourceState.WAITING))
    assert outcome(waits) != outcome(of(DAILY, SourceState.STALLED))
    assert outcome(of(DAILY, SourceState.FAILED, "a")) != outcome(of(DAILY, SourceState.FAILED, "b"))


def test_a_warning_of_a_preparation_is_told_once_for_each_day() -> None:
    office, thursday = Office(DAILY), WEDNESDAY + timedelta(days=1)
    office.comes_to = [of(DAILY, SourceState.FAILED, "arXiv is away", "arXiv is away", "no price")]

    for day in (WEDNESDAY, WEDNESDAY, thursday):
        office.schedule.prepare_soon([DAILY], day, True)

    assert office.told == [
        ("daily", day, said) for day in (WEDNESDAY, thursday) for said in ("arXiv is away", "no price")
    ]


@pytest.mark.parametrize("work", ["run_due", "prepare_soon"])
def test_an_error_is_told_with_its_moment_and_ends_nothing(work: str) -> None:
    office = Office(DAILY)
    office.comes_to = SourceError("arXiv is away")

    for _ in range(2):
        getattr(office.schedule, work)([DAILY], WEDNESDAY, *([False] if work == "prepare_soon" else []))

    assert office.told == [("arXiv is away", office.now)] * 2


def test_before_anything_else_it_tells_when_each_edition_is_due_next() -> None:
    office = Office(DAILY, WEEKLY)
    office.done |= {"daily"}

    office.schedule.stay(_over())

    assert office.told == [
        [
            ("daily", "Thursday 07:00 Europe/Paris"),
            ("weekly", "Friday 09:00 Europe/Paris"),
        ]
    ]


def test_a_stop_while_it_waits_ends_it_well() -> None:
    office = Office(DAILY)
    office.done |= {"daily"}

    class CtrlC(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    office.schedule.stay(CtrlC())


def test_a_stop_during_a_run_is_passed_on() -> None:
    office = Office(DAILY)
    office.comes_to = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        office.schedule.stay(_over())


@pytest.mark.parametrize(("lead", "asked"), [(timedelta(hours=4), [True]), (None, [])], ids=["in batches", "directly"])
def test_issues_are_prepared_only_where_there_is_a_lead(lead: timedelta | None, asked: list[bool]) -> None:
    office = Office(DAILY, lead=lead)
    office.now = datetime(2026, 6, 3, 4, 0, tzinfo=UTC)

    office.schedule.stay(_over())

    assert office.asked == asked


def _over() -> threading.Event:
    """A stop that was asked for already: what is due is run once."""
    stop = threading.Event()
    stop.set()
    return stop
