"""`digest deliver`: send due mails, or mails that failed, at a person's command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from digest.core.errors import NotFoundError
from digest.core.models import Delivery, DeliveryState
from digest.core.ports import Clock
from digest.stages.deliver import Delivered, mails_since
from digest.stages.lost import LostIssues
from digest.stages.mails import Mailing, count_states
from digest.stages.notices import Noticing

RETRIED: Final = {
    "failed": DeliveryState.FAILED,
    "unknown": DeliveryState.UNKNOWN,
    "skipped": DeliveryState.SKIPPED,
    "due": DeliveryState.DUE,
}
"""What may be made due again; of what is due already those that were put off, which then don't wait for their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """A delivery that a person made due again."""

    date: date
    recipient: str
    may_arrive_twice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What `digest deliver` did with the mails of one edition."""

    edition: str
    since: date
    until: date
    """The first and last day (`since`, `until`) of the issues whose mails were due."""
    retried: tuple[Retried, ...]
    delivered: Delivered
    states: Mapping[str, int]
    """Number of mails of these days now in each of `STATES`."""

    @property
    def due(self) -> int:
        """Mails that were not taken and are due, now or at their next try; without those whose time has not come."""
        return self.states["due"] - self.delivered.waiting.later

    @property
    def tried(self) -> bool:
        """Whether any mail was due."""
        return self.delivered.sent > 0 or self.delivered.trouble or self.due > 0

    @property
    def status(self) -> str:
        """`done`, or `degraded` if some mail was not sent."""
        return "degraded" if self.delivered.trouble or self.due else "done"

    def and_then(self, more: Posted) -> Posted:
        """Both together; what is due is as the later one left it."""
        first, last = self.delivered, more.delivered
        ended_badly = more.states["failed"] or more.states["unknown"] or first.skipped or last.skipped
        delivered = replace(
            last,
            sent=first.sent + last.sent,
            sent_today=first.sent_today + last.sent_today,
            skipped=first.skipped + last.skipped,
            withdrawn=first.withdrawn + last.withdrawn,
            warnings=tuple(dict.fromkeys((*first.warnings, *last.warnings))),
            trouble=last.trouble or bool(first.trouble and ended_badly),
        )
        return replace(more, retried=self.retried, delivered=delivered)


class Store(Protocol):
    """The part of the store that has the deliveries of issues."""

    def count_deliveries(self, edition: str, *, since: date, until: date) -> Mapping[DeliveryState, int]: ...

    def deliveries_in(self, states: Collection[DeliveryState], *, channel: str | None) -> tuple[Delivery, ...]: ...

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
        channel: str | None,
    ) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Sends the due mails of editions at a person's command."""

    store: Store
    mailing: Callable[[], Mailing]
    """The stage that sends."""
    noticing: Callable[[], Noticing]
    """The stage that sends what is no issue."""
    lost: Callable[[], LostIssues]
    """Compares the archive with the database."""
    lease: Callable[[str], AbstractContextManager[None]]
    """Takes the named lease, so that a run waits meanwhile."""
    today: date
    clock: Clock
    sleep: Callable[[float], None]

    def deliver(
        self,
        editions: Sequence[str],
        day: date | None,
        *,
        retry: str | None = None,
        recipients: Sequence[str] = (),
        wait: timedelta = timedelta(0),
    ) -> list[Posted]:
        """Send due mails: of today's issue and the days before, or only of *day*.

        Args:
            editions: Names of the editions.
            retry: One of `RETRIED`: make these deliveries due again first.
            recipients: Make only these recipients' deliveries due again; empty: all.
            wait: Stay so long, and send what falls due meanwhile.

        Raises:
            NotFoundError: One of *recipients* has no such mail; nothing was sent.
        """
        over = self.clock() + wait
        posted = self._deliver_once(editions, day, retry, recipients)
        while (next_at := _next_of(posted)) is not None and next_at <= over:
            # Without the lease: a run that is due meanwhile does not wait for this.
            if (seconds := (next_at - self.clock()).total_seconds()) > 0:
                self.sleep(seconds)
            more = self._deliver_once(editions, day, None, ())
            posted = [one.and_then(other) for one, other in zip(posted, more, strict=True)]
        return posted

    def _deliver_once(
        self, editions: Sequence[str], day: date | None, retry: str | None, recipients: Sequence[str]
    ) -> list[Posted]:
        until = day or self.today
        since = day or mails_since(until)
        with self.lease("run"):
            again: dict[str, tuple[Retried, ...]] = {}
            if retry is not None:
                self._find(editions, (since, until), retry, recipients)
                again = {name: self._retry(name, (since, until), retry, recipients) for name in editions}
            # Who names a day has decided.
            lost = self.lost() if day is None else LostIssues()
            delivered = self.mailing().deliver_all(editions, until, only=day is not None, lost=lost)
            self.noticing().send()
            return [
                Posted(
                    edition=name,
                    since=since,
                    until=until,
                    retried=again.get(name, ()),
                    delivered=delivered[name],
                    states=self._states(name, (since, until)),
                )
                for name in editions
            ]

    def _find(self, editions: Sequence[str], span: tuple[date, date], retry: str, recipients: Sequence[str]) -> None:
        found = [d for d in self.store.deliveries_in([RETRIED[retry]], channel=None) if d.edition in editions]
        near = {d.recipient.lower() for d in found if span[0] <= d.date <= span[1]}
        for address in recipients:
            if address.lower() not in near:
                days = sorted({str(d.date) for d in found if d.recipient.lower() == address.lower()})
                older = f"; there is one of {days[-1]}: name it with --date" if days else ""
                raise NotFoundError(
                    f"no mail to {address} is {retry} from {span[0]} to {span[1]}{older}; nothing was sent"
                )

    def _retry(
        self, edition: str, span: tuple[date, date], retry: str, recipients: Sequence[str]
    ) -> tuple[Retried, ...]:
        again = self.store.retry_deliveries(
            edition,
            since=span[0],
            until=span[1],
            states=[RETRIED[retry]],
            recipients=recipients,
            channel=None,
        )
        twice = RETRIED[retry] is DeliveryState.UNKNOWN
        return tuple(Retried(date=d.date, recipient=d.recipient, may_arrive_twice=twice) for d in again)

    def _states(self, edition: str, span: tuple[date, date]) -> dict[str, int]:
        return count_states(self.store.count_deliveries(edition, since=span[0], until=span[1]))


def _next_of(posted: Sequence[Posted]) -> datetime | None:
    return min((one.delivered.waiting.next_at for one in posted if one.delivered.waiting.next_at), default=None)
