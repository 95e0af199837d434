"""Mails that a person sends: `digest deliver`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from digest.core.errors import NotFoundError
from digest.core.models import DeliveryState, Edition
from digest.stages.deliver import Delivered, mails_since
from digest.stages.lost import LostIssues, lost_issues
from digest.stages.mails import STATES, count_states

if TYPE_CHECKING:
    from digest.app.app import App

RETRIED: Final = {
    "failed": DeliveryState.FAILED,
    "unknown": DeliveryState.UNKNOWN,
    "skipped": DeliveryState.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """A delivery that is due again by a person's word."""

    date: date
    recipient: str
    may_arrive_twice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What `digest deliver` did with the mails of one edition."""

    edition: str
    since: date
    until: date
    """The days whose issues it was about."""
    retried: tuple[Retried, ...]
    delivered: Delivered
    states: Mapping[str, int]
    """How many mails of these days are in which state now; those of `STATES`."""

    @property
    def tried(self) -> bool:
        """Some mail was due."""
        return self.delivered.sent > 0 or self.delivered.trouble or self.states["due"] > 0

    @property
    def status(self) -> str:
        """`done`, or `degraded` where something did not go out."""
        return "degraded" if self.delivered.trouble or self.states["due"] else "done"


def deliver(
    app: App, editions: Sequence[Edition], day: date | None, *, retry: str | None = None, recipients: Sequence[str] = ()
) -> list[Posted]:
    """Send what is due: of today's issue and the days before, or of *day* alone.

    Args:
        retry: One of `RETRIED`: make those due again first.
        recipients: Only these of them; none: all.

    Raises:
        NotFoundError: One of *recipients* has no such mail; nothing was done.
    """
    app.check(send=True)
    until = day or app.today()
    since = day or mails_since(until)
    with app.lease("run"):
        again: dict[str, tuple[Retried, ...]] = {}
        if retry is not None:
            _find(app, editions, (since, until), retry, recipients)
            again = {e.name: _retry(app, e, (since, until), retry, recipients) for e in editions}
        # Who names a day has decided.
        lost = lost_issues(app.site, app.store.place) if day is None else LostIssues()
        delivered = app.mailing.deliver_all([e.name for e in editions], until, only=day is not None, lost=lost)
        return [
            Posted(
                edition=e.name,
                since=since,
                until=until,
                retried=again.get(e.name, ()),
                delivered=delivered[e.name],
                states=_states(app, e, (since, until)),
            )
            for e in editions
        ]


def _find(
    app: App, editions: Sequence[Edition], span: tuple[date, date], retry: str, recipients: Sequence[str]
) -> None:
    names = {e.name for e in editions}
    found = [d for d in app.store.deliveries_in([RETRIED[retry]]) if d.edition in names]
    near = {d.recipient.lower() for d in found if span[0] <= d.date <= span[1]}
    for address in recipients:
        if address.lower() not in near:
            days = sorted({str(d.date) for d in found if d.recipient.lower() == address.lower()})
            older = f"; there is one of {days[-1]}: name it with --date" if days else ""
            raise NotFoundError(f"no mail to {address} is {retry} from {span[0]} to {span[1]}{older}; nothing was sent")


def _retry(
    app: App, edition: Edition, span: tuple[date, date], retry: str, recipients: Sequence[str]
) -> tuple[Retried, ...]:
    again = app.store.retry_deliveries(
        edition.name, since=span[0], until=span[1], states=[RETRIED[retry]], recipients=recipients
    )
    twice = RETRIED[retry] is DeliveryState.UNKNOWN
    return tuple(Retried(date=d.date, recipient=d.recipient, may_arrive_twice=twice) for d in again)


def _states(app: App, edition: Edition, span: tuple[date, date]) -> dict[str, int]:
    counts = dict.fromkeys(STATES, 0)
    for name, day, _ in app.store.issue_dates(edition.name):
        if span[0] <= day <= span[1]:
            for state, n in count_states(app.store.deliveries(name, day)).items():
                counts[state] += n
    return counts
