"""`digest status`: the latest issues, what is due next, open handovers, failed mails, and this month's cost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.models import Delivery, DeliveryState, Waiting
from digest.core.summaries.ledger import CheckCount, Handover, HandoverState
from digest.core.summaries.summarizer import Summarizer
from digest.schedule import next_time
from digest.stages.deliver import mails_since
from digest.usecases.cost import Ledger, usd_per_summary
from digest.usecases.renew import Outdated, count_outdated

if TYPE_CHECKING:
    from digest.config.settings import Config
    from digest.store import Status
    from digest.store.bounces import SentMail

RETURNED_DAYS: Final = 14


class Overall(Ledger, Outdated, Protocol):
    """The part of the store that the status is read from."""

    def status(self, *, since: datetime) -> Status: ...

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]: ...

    def open_handovers(self) -> tuple[Handover, ...]: ...

    def checks(self, since: datetime) -> tuple[CheckCount, ...]: ...

    def deliveries_in(
        self, states: Collection[DeliveryState], *, since: date | None = None, channel: str | None
    ) -> tuple[Delivery, ...]: ...

    def waiting(self, edition: str, *, since: date, until: date) -> Waiting: ...

    def returned_mails(self, *, since: date) -> tuple[SentMail, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStatus:
    """The newest issue of an edition, and when the next one is due."""

    name: str
    newest: date | None
    """The newest issue that has entries."""
    papers: int
    next: datetime | None
    waiting: Waiting
    """Its mails that are due, by when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverStatus:
    """A handover that has not been collected yet: requests given to a provider's Batch API."""

    name: str
    state: HandoverState
    edition: str
    date: date
    papers: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """All that `digest status` tells."""

    store: Status
    editions: tuple[EditionStatus, ...]
    checks: tuple[CheckCount, ...] = ()
    """Of the summaries asked for this month."""
    handovers: tuple[HandoverStatus, ...] = ()
    undelivered: tuple[Delivery, ...] = ()
    """Mails that failed, or may have failed, the newest first."""
    returned: tuple[SentMail, ...] = ()
    """Mails of the last `RETURNED_DAYS` days that were sent and came back, the newest first."""
    listed: tuple[Delivery, ...] = ()
    """Mails that were asked for, the newest first."""
    outdated: int = 0
    """Printed papers whose summary was written under an earlier prompt."""
    usd_per_summary: float | None = None
    """What a summary cost lately; None if that is not known."""


def status_of(
    store: Overall,
    config: Config,
    *,
    now: datetime,
    summarizer: Callable[[], Summarizer],
    listed: Collection[DeliveryState] = (),
) -> StatusReport:
    """Collect the status: latest issues, what is due next, open handovers, failed mails, and this month's cost.

    Args:
        summarizer: Makes the summarizer of the config, or raises ConfigError.
        listed: Mails in these states are listed one by one: of the issues that a run of today still mails.
    """
    local = now.astimezone(config.timezone)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    editions = []
    for edition in config.editions:
        printed = [(day, n) for _, day, n in store.issue_dates(edition.name) if n]
        newest, papers = printed[-1] if printed else (None, 0)
        moment = next_time(edition, now, config.timezone)
        waiting = store.waiting(edition.name, since=mails_since(local.date()), until=local.date())
        editions.append(EditionStatus(name=edition.name, newest=newest, papers=papers, next=moment, waiting=waiting))
    handovers = tuple(
        HandoverStatus(
            name=handover.name,
            state=handover.state,
            edition=handover.edition,
            date=handover.date,
            papers=sum(len(prompt.batch.papers) for prompt in handover.prompts),
            submitted_at=handover.submitted_at.astimezone(config.timezone),
        )
        for handover in store.open_handovers()
    )
    outdated = count_outdated(store, config.editions, summarizer)
    return StatusReport(
        store=store.status(since=month),
        editions=tuple(editions),
        checks=store.checks(month),
        handovers=handovers,
        undelivered=store.deliveries_in([DeliveryState.FAILED, DeliveryState.UNKNOWN], channel=None),
        returned=store.returned_mails(since=local.date() - timedelta(days=RETURNED_DAYS)),
        listed=store.deliveries_in(listed, since=mails_since(local.date()), channel=None) if listed else (),
        outdated=outdated,
        usd_per_summary=usd_per_summary(store, config, today=local.date()) if outdated else None,
    )
