"""The stage `deliver`: sends an edition's due mails, decides what a refusal means, and when to stop.

                         ┌─ 2xx ──► sent
    due ──► one mail ────┼─ put off, or nobody's fault but ours ──► due, for the next run
                         ├─ refused ──► failed, once it is clear that it is the recipient; until then due
                         └─ no clear answer ──► unknown

If one address is refused, its delivery fails; if all are refused for the same reason, the set-up is wrong, and all stay
due. So refusals before the server accepted any mail are judged at the end of the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

from digest.core.errors import (
    ClaimLostError,
    DeliveryError,
    DigestError,
    InDoubtError,
    MailUnavailable,
    RefusedError,
    StoreError,
)
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.core.ports import Clock, Mailer
from digest.core.walls import wall
from digest.stages.letters import Letter

IN_A_ROW: Final = 3
"""After so many mails in a row that were put off or are in doubt the run stops: the server is at fault."""

UNKNOWN_IN_A_ROW: Final = 20
"""After so many refused recipients in a row the run stops: it is the wrong server."""

AT_ONCE: Final = 100
"""Mails that are claimed together, to be sent one after another."""

LATE: Final = timedelta(days=7)
"""How old an issue may be whose mails are still sent by a run; `digest deliver --date` sends older ones."""

TOO_LATE: Final = f"it was not sent within {LATE.days} days; `digest deliver --date DAY` sends it"
LEFT: Final = "the edition is not in config.toml any more"


class Store(Protocol):
    """The part of the store that the delivery of one edition's mails needs."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def count_deliveries(self, edition: str, *, since: date, until: date) -> Mapping[DeliveryState, int]: ...

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]: ...

    def claim_deliveries(
        self, edition: str, day: date, *, limit: int, ids: Collection[int] | None = None
    ) -> tuple[Delivery, ...]: ...

    def return_deliveries(self, ids: Sequence[int]) -> None: ...

    def mark_delivery(self, delivery_id: int, state: DeliveryState, *, error: str | None = None) -> None: ...

    def doubt_deliveries(self, edition: str, day: date) -> int: ...

    def skip_deliveries(self, edition: str, *, before: date | None, reason: str) -> Mapping[date, int]: ...

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
        error: str | None = None,
    ) -> tuple[Delivery, ...]: ...


def mails_since(day: date) -> date:
    """The date of the oldest issue that a run of *day* still mails."""
    return date.fromordinal(max(1, day.toordinal() - LATE.days))


@dataclass(slots=True, kw_only=True)
class Round:
    """How the mail server has treated one run, over all its editions."""

    accepts: bool = False
    """The server accepted a mail of this run, so the set-up is right."""
    in_a_row: int = 0
    """Mails put off or in doubt since the last accepted one."""
    unknown_in_a_row: int = 0
    """Recipients refused since the last accepted mail."""
    stopped: str = ""
    """Why no more mails are sent; empty while mails are sent."""

    def count(self, error: DeliveryError | None) -> None:
        """Count the result of one mail (None: it was accepted), and stop the run if there are too many failures."""
        if error is None:
            self.accepts = True
            self.in_a_row = self.unknown_in_a_row = 0
        elif isinstance(error, MailUnavailable):
            self.stopped = str(error)
        elif isinstance(error, RefusedError) and error.names_recipient:
            self.unknown_in_a_row += 1
        else:
            self.in_a_row += 1
        if self.in_a_row >= IN_A_ROW or self.unknown_in_a_row >= UNKNOWN_IN_A_ROW:
            n = max(self.in_a_row, self.unknown_in_a_row)
            self.stopped = self.stopped or f"{n} mails one after another were not taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one run did with the mails of one edition."""

    sent: int = 0
    """Mails sent by this run, of this day's issue and of earlier ones."""
    sent_today: int = 0
    """Those of this day's issue."""
    skipped: int = 0
    """Mails that were given up: their issue is too old."""
    warnings: tuple[str, ...] = ()
    trouble: bool = False
    """Whether some mail was not accepted, or something else went wrong."""


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Delivers the mails of one edition in one run."""

    store: Store
    clock: Clock
    edition: Edition
    day: date
    """The date that the run takes for today."""
    compose: Letter
    mailer: Mailer
    met: Round
    waiting_until: date | None = None
    """Mails of issues up to this day wait for a person."""
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Context in which a stop by the user is held back."""
    _sent: list[date] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    trouble: bool = False
    _put_off: list[tuple[Delivery, str]] = field(default_factory=list)
    _refused: list[tuple[Delivery, RefusedError]] = field(default_factory=list)
    _unfit_in_a_row: int = 0
    """Mails that could not be composed since the last one that could."""
    _lost: set[int] = field(default_factory=set)
    """Ids of deliveries whose claim was lost while they were sent; this run does not try them again."""
    _recipients: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._recipients = frozenset(r.lower() for r in self.edition.recipients)

    def deliver(self, *, only: bool) -> Delivered:
        """Send the due mails of the day's issue and of earlier ones.

        Mails that a process which died left in doubt are not sent again: a person decides.

        Args:
            only: Send only the day's issue.
        """
        day = self.day
        self._wake(day)
        skipped = 0 if only else self._give_up(day)
        since = day if only else mails_since(day)
        # Today's first: it is the one that people wait for.
        try:
            for issue_day in reversed(self.store.undelivered(self.edition.name, since=since, until=day)):
                if self.waiting_until is not None and issue_day <= self.waiting_until:
                    self._say(f"issue of {issue_day}: its mails wait, for they may be out already")
                else:
                    self._deliver_issue(issue_day)
        finally:
            # Also where the user stops the run: what was refused must not look as if it were in doubt.
            self._settle()
        if self.met.stopped and (left := self._left(since, day)):
            wait = "1 mail waits" if left == 1 else f"{left} mails wait"
            none = "no more" if self.met.accepts else "no mail"
            self._say(f"{none} was sent, and {wait} for the next run: {self.met.stopped}")
        return self._delivered(skipped=skipped)

    def _delivered(self, *, skipped: int) -> Delivered:
        return Delivered(
            sent=len(self._sent),
            sent_today=self._sent.count(self.day),
            skipped=skipped,
            warnings=tuple(self.warnings),
            trouble=self.trouble,
        )

    def deliver_batch(self, batch: Collection[int]) -> Delivered:
        """Send those mails of the day's issue that *batch* names and nobody has sent or has in hand.

        Args:
            batch: Ids of deliveries, at most as many as stand in one query.
        """
        stored = self.store.issue(self.edition.name, self.day)
        if stored is not None:
            self.store.doubt_deliveries(self.edition.name, self.day)
        try:
            if stored is not None and batch:
                self._deliver_chunk(
                    stored,
                    self.store.claim_deliveries(self.edition.name, self.day, limit=len(batch), ids=batch),
                )
        finally:
            self._settle()
        return self._delivered(skipped=0)

    def _wake(self, day: date) -> None:
        """Make skipped deliveries due again: those of *day*, and those that were skipped while the edition was gone."""
        name, skipped = self.edition.name, (DeliveryState.SKIPPED,)
        self.store.retry_deliveries(name, since=day, until=day, states=skipped)
        self.store.retry_deliveries(name, since=mails_since(day), until=day, states=skipped, error=LEFT)

    def _give_up(self, day: date) -> int:
        # Not by a day that lies ahead, which somebody tries out: what is too late is so by the clock.
        today = min(day, self.clock().date() + timedelta(days=1))
        skipped = self.store.skip_deliveries(self.edition.name, before=mails_since(today), reason=TOO_LATE)
        for issue_day, n in skipped.items():
            mails = "1 mail was" if n == 1 else f"{n} mails were"
            self._say(
                f"issue of {issue_day}: {mails} not sent within {LATE.days} days and will not be, "
                f"unless by `digest deliver --date {issue_day}`"
            )
        return sum(skipped.values())

    def _of(self, day: date) -> str:
        return "" if day == self.day else f"issue of {day}: "

    def _deliver_issue(self, day: date) -> None:
        of_day = self._of(day)
        stored = self.store.issue(self.edition.name, day)
        if stored is None:
            return
        if (doubted := self.store.doubt_deliveries(self.edition.name, day)) and of_day:
            self._say(f"{of_day}{doubted} of its mails may have been delivered and may not; not sent again")
        # A template may be wrong for one issue alone: of each further one a mail is tried.
        self._unfit_in_a_row = min(self._unfit_in_a_row, IN_A_ROW - 1)
        while not self._is_over and (chunk := self.store.claim_deliveries(self.edition.name, day, limit=AT_ONCE)):
            if all(delivery.id in self._lost for delivery in chunk):
                self._give_back(deque(chunk))
                return
            self._deliver_chunk(stored, chunk)

    @property
    def _is_over(self) -> bool:
        # Three that cannot be composed: it is the template, not the recipient.
        return bool(self.met.stopped) or self._unfit_in_a_row >= IN_A_ROW

    def _deliver_chunk(self, issue: Issue, chunk: tuple[Delivery, ...]) -> None:
        """Send claimed mails one after another; claims on mails that are not reached are given back."""
        left = deque(delivery for delivery in chunk if delivery.id not in self._lost)
        try:
            while left and not self._is_over:
                try:
                    self._deliver_one(issue, left[0])
                except ClaimLostError as lost:
                    # This one is another's now, and nothing of it is ours to change; so may be those claimed with it.
                    delivery = left.popleft()
                    self._lost.add(delivery.id)
                    self._say(f"{self._of(delivery.date)}{delivery.recipient}: {lost}")
                    return
                left.popleft()
        finally:
            if left:
                self._give_back(left)

    def _give_back(self, left: deque[Delivery]) -> None:
        try:
            self.store.return_deliveries([delivery.id for delivery in left])
        except StoreError as error:
            # They are free anyway when this process ends, or a little later.
            self._say(f"{self._of(left[0].date)}mails that were not come to could not be given back: {error}")

    def _deliver_one(self, issue: Issue, delivery: Delivery) -> None:
        """Send one mail, or note why it was not sent.

        Raises:
            ClaimLostError: Another process has claimed it meanwhile.
        """
        of_day = self._of(delivery.date)
        if delivery.recipient.lower() not in self._recipients:
            gone = "is no longer a recipient of this edition, so nothing was sent"
            self.store.mark_delivery(delivery.id, DeliveryState.FAILED, error=gone)
            self._say(f"{of_day}{delivery.recipient}: {gone}")
            return
        try:
            with wall(DigestError):
                mail = self.compose(issue, delivery, None)
        except DigestError as unfit:
            # Nothing was sent: the others get theirs, and this one is tried again when that is mended.
            reason = f"the mail could not be composed: {unfit}"
            self._put_off.append((delivery, reason))
            self._say(f"{of_day}{delivery.recipient}: {reason}")
            self._unfit_in_a_row += 1
            return
        self._unfit_in_a_row = 0
        error = self._send(mail, delivery)
        self.met.count(error)
        if error is None:
            self._sent.append(delivery.date)
        elif not isinstance(error, (MailUnavailable, RefusedError)):
            self._say(f"{of_day}{delivery.recipient}: {error}")

    def _send(self, mail: Mail, delivery: Delivery) -> DeliveryError | None:
        with ExitStack() as receipt:

            def before_dot() -> None:
                # From here until the server's answer is written down nothing is to stop.
                receipt.enter_context(self.held())
                self.store.mark_delivery(delivery.id, DeliveryState.DOT)

            return self._handed_over(mail, delivery, before_dot)

    def _handed_over(self, mail: Mail, delivery: Delivery, before_dot: Callable[[], None]) -> DeliveryError | None:
        try:
            self.mailer.send(mail, before_dot=before_dot)
        except InDoubtError as error:
            self.store.mark_delivery(delivery.id, DeliveryState.UNKNOWN, error=str(error))
            return error
        except RefusedError as error:
            self._refused.append((delivery, error))
            return error
        except DeliveryError as error:
            self._put_off.append((delivery, str(error)))
            return error
        except ClaimLostError:
            # Before the dot: the mailer has dropped its connection, so nothing went out.
            raise
        except StoreError as error:
            # Before the dot, so nothing went out; the delivery's state can't be changed now, and may be at the end.
            self._put_off.append((delivery, str(error)))
            return DeliveryError(str(error))
        self.store.mark_delivery(delivery.id, DeliveryState.SENT)
        return None

    def _settle(self) -> None:
        """At the end, decide of each refusal whether the recipient or the set-up is at fault, and write that down."""
        due, failed = DeliveryState.DUE, DeliveryState.FAILED
        # Only now: a mail put off at once would be the next one claimed.
        for delivery, reason in self._put_off:
            self._end(delivery, due, reason)
        alike = not self.met.accepts and len(self._refused) > 1 and len({e.code for _, e in self._refused}) == 1
        for delivery, error in self._refused:
            is_its_own = self.met.accepts or (error.names_recipient and not alike)
            reason = str(error) if is_its_own else f"{error}; it is tried again by the next run"
            self._say(f"{self._of(delivery.date)}{delivery.recipient}: {reason}")
            self._end(delivery, failed if is_its_own else due, reason)
        if alike:
            self._say(
                f"all {len(self._refused)} got the same refusal and no mail was taken, which looks like the set-up: "
                "check [mail] host, from and username; they are tried again by the next run"
            )

    def _end(self, delivery: Delivery, state: DeliveryState, reason: str) -> None:
        try:
            self.store.mark_delivery(delivery.id, state, error=reason)
        except StoreError as error:
            # The run took longer than a claim holds, and another process has claimed it.
            self._say(f"{self._of(delivery.date)}{delivery.recipient}: {error}")

    def _left(self, since: date, day: date) -> int:
        counts = self.store.count_deliveries(self.edition.name, since=since, until=day)
        return sum(counts.get(state, 0) for state in (DeliveryState.DUE, DeliveryState.SENDING))

    def _say(self, warning: str) -> None:
        self.warnings.append(warning)
        self.trouble = True
