"""What one run did for one edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from digest.core.models import (
    Issue,
    SourceReport,
    SourceState,
    Usage,
)


class Stage(StrEnum):
    """The parts of a run, in their order."""

    FETCH = "fetch"
    SUMMARIZE = "summarize"
    PUBLISH = "publish"
    SITE = "site"
    DELIVER = "deliver"

    def reaches(self, other: Stage) -> bool:
        """A run until this stage includes *other*."""
        order = list(Stage)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """What a run did with the mails of one edition, and what was done before."""

    recipients: int
    """How many the edition has now."""
    sent: int = 0
    """By this run, of this day's issue and of earlier ones."""
    skipped: int = 0
    """Given up by this run."""
    already: int = 0
    """Mails of this day's issue that an earlier run sent."""
    already_at: datetime | None = None
    """When the last of them went out, in the config's time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did for one edition: `--json` and the terminal are drawn from it."""

    edition: str
    date: date
    sources: tuple[SourceReport, ...]
    usage: Usage
    issue: Issue | None = None
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """State → how many; "due", "sent", "unknown", "failed"."""
    warnings: tuple[str, ...] = ()
    late: int = 0
    """New papers that came after the issue was made; they go into the next one."""
    until: Stage = Stage.DELIVER
    site_error: str | None = None
    """Why the archive could not be drawn."""
    mail: Mailed | None = None
    """None where nobody looked."""
    mail_trouble: bool = False
    """Some mail, of this day's issue or of an earlier one, was not taken by this run."""
    lacks_issues: bool = False
    """The archive holds issues that the database lacks, and a person has to look."""
    is_held: bool = False
    """This day's is one of them, so it was not made anew."""

    @property
    def status(self) -> str:
        """`done`; `degraded`: something was skipped, and a warning says what; `failed`: nothing useful came of it."""
        states = {s.state for s in self.sources}
        if self.sources and states == {SourceState.FAILED} and not (self.issue and self.issue.entries):
            return "failed"
        lost = self.deliveries.get("failed", 0) + self.deliveries.get("unknown", 0)
        skipped = SourceState.FAILED in states or any(s.rejected or s.gap or s.is_partial for s in self.sources)
        trouble = self.mail_trouble or self.site_error or self.lacks_issues
        if skipped or lost or self.usage.fell_back or self._undelivered or trouble:
            return "degraded"
        return "done"

    @property
    def _undelivered(self) -> bool:
        return self.until is Stage.DELIVER and self.deliveries.get("due", 0) > 0
