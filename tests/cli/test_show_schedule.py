"""What `digest schedule` says while it stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.cli.show.run import pages_of, print_reports
from digest.cli.show.schedule import ScheduleLog
from digest.core.errors import DigestError
from digest.core.models import SourceReport, SourceState, Usage
from digest.stages.report import Report
from digest.usecases.schedule import NextTime
from tests.support.issues import WEDNESDAY, entry, issue

LOG = ScheduleLog(page_of=lambda edition, day: Path("site") / edition / str(day), data_dir=Path("var"), outbox=True)
REPORT = Report(
    edition="daily",
    date=WEDNESDAY,
    sources=(SourceReport(name="arXiv", state=SourceState.FRESH, listed=1),),
    usage=Usage(client="extractive"),
    issue=issue([entry(1)]),
    deliveries={"due": 0, "sent": 1, "unknown": 1, "failed": 0},
    warnings=("ada@example.org: it is not known whether the mail arrived",),
)


def test_it_says_when_each_edition_is_due_and_how_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    due = datetime(2026, 6, 5, 7, 0, tzinfo=UTC)

    LOG.waiting([NextTime(edition="daily", at=due, zone="UTC"), NextTime(edition="rare", at=None, zone="UTC")])

    assert capsys.readouterr().out == "daily: next at Friday 2026-06-05 07:00 UTC\nrare: never\nCtrl-C stops.\n"


def test_it_says_of_a_run_what_a_run_says_of_itself_and_names_nobody_else(capsys: pytest.CaptureFixture[str]) -> None:
    without = replace(REPORT, edition="other", issue=None, warnings=(), deliveries={})

    LOG.ran([REPORT, without])
    told = capsys.readouterr().out
    print_reports([REPORT, without], {"daily": "site/daily/2026-06-03"}, data_dir=Path("var"), outbox=True)

    assert told == capsys.readouterr().out
    assert pages_of([REPORT, without], lambda edition, day: Path(edition)) == {"daily": "daily"}


def test_warnings_go_to_stdout_and_errors_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    LOG.prepared("daily", WEDNESDAY, "arXiv could not be read")
    LOG.failed(DigestError("the database is held"), at=datetime(2026, 6, 3, 6, 30, tzinfo=UTC))

    said = capsys.readouterr()
    assert said.out == "daily of 2026-06-03: arXiv could not be read\n"
    assert said.err == "2026-06-03 06:30 the database is held\n"
