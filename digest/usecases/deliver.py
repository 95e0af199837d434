"""Mails that a person sends: `digest deliver`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from digest.core.errors import NotFoundError
from digest.core.models import Delivery, DeliveryState
from digest.stages.deliver import Delivered, mails_since
from digest.stages.lost import LostIssues
from digest.stages.mails import Mailing, count_states

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


class Store(Protocol):
    """The store, as far as it knows the mails of issues."""

    def count_deliveries(self, edition: str, *, since: date, until: date) -> Mapping[DeliveryState, int]: ...

    def deliveries_in(self, states: Collection[DeliveryState]) -> tuple[Delivery, ...]: ...

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
    ) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Sends what is due of editions, which are given by name, at a person's word."""

    store: Store
    mailing: Callable[[], Mailing]
    """The stage that sends."""
    lost: Callable[[], LostIssues]
    """Compares the archive with the database."""
    lease: Callable[[str], AbstractContextManager[None]]
    """Keeps a run waiting meanwhile."""
    today: date

    def deliver(
        self, editions: Sequence[str], day: date | None, *, retry: str | None = None, recipients: Sequence[str] = ()
    ) -> list[Posted]:
        """Send what is due: of today's issue and the days before, or of *day* alone.

        Args:
            retry: One of `RETRIED`: make those due again first.
            recipients: Only these of them; none: all.

        Raises:
            NotFoundError: One of *recipients* has no such mail; nothing was done.
        """
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
        found = [d for d in self.store.deliveries_in([RETRIED[retry]]) if d.edition in editions]
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
            edition, since=span[0], until=span[1], states=[RETRIED[retry]], recipients=recipients
        )
        twice = RETRIED[retry] is DeliveryState.UNKNOWN
        return tuple(Retried(date=d.date, recipient=d.recipient, may_arrive_twice=twice) for d in again)

    def _states(self, edition: str, span: tuple[date, date]) -> dict[str, int]:
        return count_states(self.store.count_deliveries(edition, since=span[0], until=span[1]))
