"""What `digest schedule` says while it stays: when editions are due, and what came of their runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.cli.show.console import complain, print_lines
from digest.cli.show.deliveries import print_posted
from digest.cli.show.run import pages_of, print_reports

if TYPE_CHECKING:
    from digest.core.errors import DigestError
    from digest.stages.report import Report
    from digest.usecases.deliver import Posted
    from digest.usecases.schedule import NextTime


class ScheduleLog:
    """Prints what the schedule tells: news on stdout, errors on stderr."""

    def __init__(self, *, page_of: Callable[[str, date], Path], data_dir: Path, outbox: bool) -> None:
        """Print as `print_reports` does.

        Args:
            page_of: Where the page of an edition's issue of a day lies.
        """
        self._page_of, self._data_dir, self._outbox = page_of, data_dir, outbox

    def waiting(self, times: Sequence[NextTime]) -> None:
        """When each edition is due next, and how to end."""
        print_lines(_next_line(one) for one in times)
        print_lines(["Ctrl-C stops."])

    def ran(self, reports: Sequence[Report]) -> None:
        """What came of runs that have something new to say."""
        print_reports(reports, pages_of(reports, self._page_of), data_dir=self._data_dir, outbox=self._outbox)

    def prepared(self, edition: str, day: date, warning: str) -> None:
        """What was found while an issue was prepared."""
        print_lines([f"{edition} of {day}: {warning}"])

    def mailed(self, posted: Sequence[Posted]) -> None:
        """What became of mails that were due between runs."""
        print_posted(posted, retry=None)

    def failed(self, error: DigestError, *, at: datetime) -> None:
        """Why nothing could be run or prepared."""
        complain(f"{at:%Y-%m-%d %H:%M} {error}")


def _next_line(one: NextTime) -> str:
    due = f"next at {one.at:%A %Y-%m-%d %H:%M} {one.zone}" if one.at else "never"
    return f"{one.edition}: {due}"
