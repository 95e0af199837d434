"""What happened last, what is due, and what it cost: `digest status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from digest.core.models import Delivery, DeliveryState
from digest.core.summaries.ledger import CheckCount, JobState
from digest.schedule import next_time
from digest.usecases.cost import usd_per_summary
from digest.usecases.renew import count_outdated

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.store import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStatus:
    name: str
    newest: date | None
    """The newest issue that has entries."""
    papers: int
    next: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """Requests that a provider has not answered yet."""

    name: str
    state: JobState
    edition: str
    date: date
    papers: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    store: Status
    editions: tuple[EditionStatus, ...]
    checks: tuple[CheckCount, ...] = ()
    """Of the summaries asked for this month."""
    jobs: tuple[JobStatus, ...] = ()
    undelivered: tuple[Delivery, ...] = ()
    """Mails that failed, or may have failed, the newest first."""
    outdated: int = 0
    """Printed papers whose summary was written under an earlier prompt."""
    usd_per_summary: float | None = None
    """What a summary cost lately; None if that is not known."""


def status_of(app: App) -> StatusReport:
    """What happened last, what is due next, and what this month cost."""
    now = app.host.clock()
    local = now.astimezone(app.config.timezone)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    editions = []
    for edition in app.config.editions:
        printed = [(day, n) for _, day, n in app.store.issue_dates(edition.name) if n]
        newest, papers = printed[-1] if printed else (None, 0)
        moment = next_time(edition, now, app.config.timezone)
        editions.append(EditionStatus(name=edition.name, newest=newest, papers=papers, next=moment))
    jobs = tuple(
        JobStatus(
            name=job.name,
            state=job.state,
            edition=job.edition,
            date=job.date,
            papers=sum(len(prompt.batch.papers) for prompt in job.prompts),
            submitted_at=job.submitted_at.astimezone(app.config.timezone),
        )
        for job in app.store.open_jobs()
    )
    outdated = count_outdated(app)
    return StatusReport(
        store=app.store.status(since=month),
        editions=tuple(editions),
        checks=app.store.checks(month),
        jobs=jobs,
        undelivered=app.store.deliveries_in([DeliveryState.FAILED, DeliveryState.UNKNOWN]),
        outdated=outdated,
        usd_per_summary=usd_per_summary(app) if outdated else None,
    )
