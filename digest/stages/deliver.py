"""The stage `deliver`: sends an edition's due mails, decides what a refusal means, and when to stop.

                         ┌─ 2xx ──► sent
                         ├─ 4xx for this mail ──► due, with its next try; in the end skipped
    due ──► one mail ────┼─ nobody's fault but ours ──► due, for the next run
                         ├─ 5xx ──► failed, once it is clear that it is the recipient; until then due
                         ├─ its reader stopped ──► skipped
                         └─ no clear answer ──► unknown, or due again where that is wished

If one address is refused, its delivery fails; if all are refused for the same reason, the set-up is wrong, and all stay
due. So refusals before the server accepted any mail are judged at the end of the run. Until then there is one
connection: a wrong password is wrong once, and a server that takes nothing is asked by one. With the first mail that it
takes the others are opened, as far as there are mails for them. Each connection has a thread of its own, which takes
the next mail, composes and sends it, and writes down what came of it.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from digest.core.errors import (
    ClaimLostError,
    DeliveryError,
    DigestError,
    InDoubtError,
    MailUnavailable,
    PutOffError,
    RefusedError,
    StoreError,
    WithdrawnError,
)
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail, Waiting
from digest.core.ports import Clock, Mailer
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.core.walls import wall
from digest.stages.pacing import Pacing, domain_of
from digest.stages.recipients import addresses_of

IN_A_ROW: Final = 3
"""After so many mails in a row that were put off or are in doubt the run stops: the server is at fault."""

UNKNOWN_IN_A_ROW: Final = 20
"""After so many recipients in a row that were refused or put off the run stops: it is the wrong server."""

AT_ONCE: Final = 100
"""Mails that are claimed together, to be sent one after another."""

MAILS_EACH: Final = 10
"""For so many mails that are due another connection is worth its greeting."""

LATE: Final = timedelta(days=7)
"""How old an issue may be whose mails are still sent by a run; `digest deliver --date` sends older ones."""

FIRST_AGAIN: Final = timedelta(minutes=1)
LAST_AGAIN: Final = timedelta(hours=1)
"""How long after it was put off for the first time a mail is tried again, and how long it takes at most, doubling."""

KEY_HOLDS: Final = timedelta(minutes=15)
"""For so long every provider that takes idempotency keys knows one again; some do for a day."""

TOO_LATE: Final = f"it was not sent within {LATE.days} days; `digest deliver --date DAY` sends it"
LEFT: Final = "the edition is not in config.toml any more"
SUPERSEDED: Final = "given up, for there is a newer issue"
_MAILBOX: Final = re.compile(r"\b[45]\.[12]\.\d{1,3}\b")
"""Enhanced codes (RFC 3463) about the address and the mailbox: what counts as a mail that came back."""
_NO_MAILBOX: Final = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")
"""There is no such mailbox, no such domain, or it moved; RFC 7505 for the last: the domain takes no mail."""
_WRITE_AGAIN_S: Final = (0.1, 1.0, 5.0)
"""Pauses before what the server took is written down once more, if the database does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is done with mails that did not get through at once."""

    retry: timedelta = timedelta(hours=20)
    """How long a mail that is put off is tried again."""
    resend: bool = False
    """Whether a mail that is in doubt is sent again; else it is `unknown`, and a person decides."""
    has_key: bool = False
    """Whether mails carry a key by which the provider sends each once, so that one in doubt may be sent again soon."""

    @property
    def resend_within(self) -> timedelta | None:
        """How long after the final dot a mail in doubt is sent again; None: for ever."""
        if self.resend:
            return None
        return KEY_HOLDS if self.has_key else timedelta(0)


class _StoppedError(BaseException):  # nothing that reports errors may catch it, as with KeyboardInterrupt
    """This thread is to stop before the final dot, for another one failed or the user stopped the run."""


class Store(Protocol):
    """The part of the store that the delivery of one edition's mails needs."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def count_deliveries(self, edition: str, *, since: date, until: date) -> Mapping[DeliveryState, int]: ...

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]: ...

    def waiting(self, edition: str, *, since: date, until: date) -> Waiting: ...

    def claim_deliveries(
        self, edition: str, day: date, *, limit: int, ids: Collection[int] | None = None
    ) -> tuple[Delivery, ...]: ...

    def return_deliveries(self, ids: Sequence[int], *, due_at: datetime | None = None) -> None: ...

    def mark_delivery(
        self, delivery_id: int, state: DeliveryState, *, error: str | None = None, on: date | None = None
    ) -> None: ...

    def put_off(self, delivery_id: int, *, error: str, due_at: datetime) -> None: ...

    def doubt_deliveries(self, edition: str, day: date, *, but_within: timedelta | None = None) -> int: ...

    def resend_deliveries(self, edition: str, day: date, *, within: timedelta | None) -> int: ...

    def supersede_deliveries(self, edition: str, *, since: date, until: date, reason: str) -> tuple[Delivery, ...]: ...

    def subscriptions_by_pk(self, pks: Collection[int]) -> Mapping[int, Subscription]: ...

    def set_subscriber_state(self, pk: int, state: SubscriberState, *, at: datetime) -> bool: ...

    def count_soft_bounce(self, subscriber: int, edition: str, day: date) -> bool: ...

    def skip_deliveries(
        self, edition: str, *, before: date | None, reason: str, channel: str = ...
    ) -> Mapping[date, int]: ...

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
        errors: Collection[str] = (),
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
    """Recipients refused or put off since the last accepted mail."""
    stopped: str = ""
    """Why no more mails are sent; empty while mails are sent."""
    connections: int = 1
    """Threads that send now, of each of which a few may fail in a row."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, error: DeliveryError | None) -> None:
        """Count the result of one mail (None: it was accepted), and stop the run if there are too many failures."""
        with self._lock:
            self._count(error)

    def _count(self, error: DeliveryError | None) -> None:
        if error is None:
            self.accepts = True
            self.in_a_row = self.unknown_in_a_row = 0
        elif isinstance(error, MailUnavailable):
            self.stopped = str(error)
        elif isinstance(error, PutOffError) and error.slows_down:
            return  # its domain is left alone, and the others have nothing to do with it
        elif isinstance(error, (RefusedError, PutOffError)) and error.names_recipient:
            self.unknown_in_a_row += 1
        else:
            self.in_a_row += 1
        # Each connection may have broken in the middle of one mail without the server being at fault.
        if self.in_a_row >= IN_A_ROW + self.connections - 1 or self.unknown_in_a_row >= UNKNOWN_IN_A_ROW:
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
    """Mails that were given up: their issue is too old, or the server put them off too long."""
    withdrawn: int = 0
    """Mails that were not sent because their readers stopped or paused."""
    posted: int = 0
    """Posts to places beside mail."""
    waiting: Waiting = field(default_factory=Waiting)
    """What is due now, after the run, and when the next of it is."""
    warnings: tuple[str, ...] = ()
    trouble: bool = False
    """Whether some mail was not accepted, or something else went wrong."""


@dataclass(slots=True)
class _Crew:
    """The threads of one issue's delivery, and how they are stopped."""

    _changed: threading.Condition = field(default_factory=threading.Condition)
    _at_dot: int = 0
    _is_stopped: bool = False
    failures: list[BaseException] = field(default_factory=list)
    may_join: threading.Event = field(default_factory=threading.Event)
    """Set once the server took a mail, or nothing is left to do."""

    @contextmanager
    def at_dot(self) -> Iterator[None]:
        """From the final dot until the server's answer is written down a thread is waited for.

        Raises:
            _StoppedError: The threads are stopped; nothing of this mail may follow.
        """
        with self._changed:
            if self._is_stopped:
                raise _StoppedError
            self._at_dot += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_dot -= 1
                self._changed.notify_all()

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    def stop(self) -> None:
        """Let no thread come to another final dot, and wait for those that are there."""
        with self._changed:
            self._is_stopped = True
            self.may_join.set()
            while self._at_dot:
                self._changed.wait()


@dataclass(slots=True)
class _Queue:
    """The mails of one issue that are claimed and not yet begun, for all threads."""

    issue: Issue
    claimed: deque[Delivery] = field(default_factory=deque)
    wanted_by: dict[int, Subscription] = field(default_factory=dict)
    """Subscriptions of claimed mails, by key, as they were when they were claimed."""
    begun: set[int] = field(default_factory=set)
    """Ids of mails that are under way, and so claimed."""
    is_empty: bool = False
    """Nothing more can be claimed."""
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))


@dataclass(slots=True, kw_only=True)
class Delivering:
    """Delivers the mails of one edition in one run."""

    store: Store
    clock: Clock
    edition: Edition
    day: date
    """The date that the run takes for today."""
    compose: Callable[[Issue, Delivery, Subscription | None], Mail]
    expect: Callable[[Collection[Delivery]], None] = lambda _: None
    """Fetches what the mails of deliveries need, before they are composed; see `digest.stages.letters.Letter`."""
    mailers: Sequence[Mailer]
    """The connections; each is used by one thread at a time."""
    met: Round
    pacing: Pacing
    rules: Rules = Rules()
    zone: ZoneInfo = field(default_factory=partial(ZoneInfo, "UTC"))
    """That of the config, in which readers live who name no other."""
    chance: Random = field(default_factory=Random)
    """Spreads retries, so that those who were put off together don't come back together."""
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
    _given_up: int = 0
    _withdrawn: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    """For what threads count together."""
    _recipients: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        listed, others = addresses_of(self.edition.recipients)
        self._recipients = frozenset((*(one.text.casefold() for one in listed), *(text.casefold() for text in others)))

    def deliver(self, *, only: bool) -> Delivered:
        """Send the due mails of the day's issue and of earlier ones.

        Mails that a process which died left in doubt are not sent again, unless the rules say so: a person decides.

        Args:
            only: Send only the day's issue.
        """
        day = self.day
        self._wake(day)
        skipped = 0 if only else self._give_up(day)
        since = day if only else mails_since(day)
        # Today's first: it is the one that people wait for.
        try:
            self._supersede(since, day)
            for issue_day in reversed(self.store.undelivered(self.edition.name, since=since, until=day)):
                if self.waiting_until is not None and issue_day <= self.waiting_until:
                    self._say(f"issue of {issue_day}: its mails wait, for they may be out already")
                else:
                    self._deliver_issue(issue_day)
        finally:
            # Also where the user stops the run: what was refused must not look as if it were in doubt.
            self._settle()
        waiting = self.store.waiting(self.edition.name, since=since, until=day)
        if self.met.stopped and (left := waiting.now):
            wait = "1 mail waits" if left == 1 else f"{left} mails wait"
            none = "no more" if self.met.accepts else "no mail"
            self._say(f"{none} was sent, and {wait} for the next run: {self.met.stopped}")
        return self._delivered(skipped=skipped, waiting=waiting)

    def _delivered(self, *, skipped: int, waiting: Waiting) -> Delivered:
        return Delivered(
            sent=len(self._sent),
            sent_today=self._sent.count(self.day),
            skipped=skipped + self._given_up,
            withdrawn=self._withdrawn,
            waiting=waiting,
            warnings=tuple(self.warnings),
            trouble=self.trouble,
        )

    def deliver_batch(self, batch: Collection[int]) -> Delivered:
        """Send those mails of the day's issue that *batch* names and nobody has sent or has in hand.

        Args:
            batch: Ids of deliveries, at most as many as stand in one query.
        """
        name, day = self.edition.name, self.day
        stored = self.store.issue(name, day)
        try:
            if stored is not None and batch:
                self._settle_doubt(day)
                self.pacing.look()
                queue = _Queue(stored, is_empty=True)
                self._fill(queue, self.store.claim_deliveries(name, day, limit=len(batch), ids=batch))
                self._empty(queue)
        finally:
            self._settle()
        return self._delivered(skipped=0, waiting=self.store.waiting(name, since=day, until=day))

    def _wake(self, day: date) -> None:
        """Make skipped deliveries due again: those of *day* that were too late, and those that were skipped while the
        edition was gone."""
        name, skipped = self.edition.name, (DeliveryState.SKIPPED,)
        self.store.retry_deliveries(name, since=day, until=day, states=skipped, errors=[TOO_LATE])
        self.store.retry_deliveries(name, since=mails_since(day), until=day, states=skipped, errors=[LEFT])

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

    def _supersede(self, since: date, day: date) -> None:
        """Give up what was put off and has a newer issue behind it: two at once are no better than the newer one."""
        gone = self.store.supersede_deliveries(self.edition.name, since=since, until=day, reason=SUPERSEDED)
        for delivery in gone:
            self._given_up += 1
            self._say(f"issue of {delivery.date}: {delivery.recipient}: {SUPERSEDED}: {delivery.error}")
            self._came_back(delivery, delivery.error or "")

    def _of(self, day: date) -> str:
        return "" if day == self.day else f"issue of {day}: "

    def _settle_doubt(self, day: date) -> None:
        """Decide on mails that a process which died left at the final dot."""
        name, of_day = self.edition.name, self._of(day)
        within = self.rules.resend_within
        if within is None or within:
            self.store.resend_deliveries(name, day, within=within)
        # Whose lease runs out between the two is taken up by the next run.
        doubted = 0 if within is None else self.store.doubt_deliveries(name, day, but_within=within or None)
        if doubted and of_day:
            self._say(f"{of_day}{doubted} of its mails may have been delivered and may not; not sent again")

    def _deliver_issue(self, day: date) -> None:
        stored = self.store.issue(self.edition.name, day)
        if stored is None:
            return
        self._settle_doubt(day)
        # A template may be wrong for one issue alone: of each further one a mail is tried.
        self._unfit_in_a_row = min(self._unfit_in_a_row, IN_A_ROW - 1)
        self._empty(_Queue(stored))

    @property
    def _is_over(self) -> bool:
        # Three that cannot be composed: it is the template, not the recipient.
        return bool(self.met.stopped) or self._unfit_in_a_row >= IN_A_ROW

    # -- the threads

    def _empty(self, queue: _Queue) -> None:
        """Send all that can be claimed, over as many connections as that is worth."""
        width, day = 1, queue.issue.date
        if len(self.mailers) > 1:
            due = self.store.waiting(self.edition.name, since=day, until=day).now
            width = max(1, min(len(self.mailers), due // MAILS_EACH))
        try:
            if width == 1:
                # In this thread: a stop by the user ends what waits for the server.
                self._work(queue, self.mailers[0], self.held)
            else:
                self._work_abreast(queue, width)
        finally:
            self.met.connections = 1
            with queue.changed:
                self._give_back([*queue.begun, *(delivery.id for delivery in queue.claimed)], day)

    def _work_abreast(self, queue: _Queue, width: int) -> None:
        crew = _Crew()

        def work(mailer: Mailer, *, is_first: bool) -> None:
            try:
                if not is_first:
                    crew.may_join.wait()
                self._work(queue, mailer, crew.at_dot, crew)
            except _StoppedError:
                pass
            except BaseException as error:  # noqa: BLE001 -- raised again where the threads are waited for
                crew.failures.append(error)
                crew.stop()
            finally:
                crew.may_join.set()

        threads = [
            threading.Thread(target=work, args=(m,), kwargs={"is_first": not n}, name="mails", daemon=True)
            for n, m in enumerate(self.mailers[:width])
        ]
        try:
            if self.met.accepts:
                crew.may_join.set()
            for thread in threads:
                thread.start()
            crew.may_join.wait()
            self.met.connections = width
            for thread in threads:
                thread.join()
        finally:
            # Those that are not at a final dot are not waited for: they end before their dot, or with the process.
            crew.stop()
        if crew.failures:
            raise crew.failures[0]

    def _work(
        self,
        queue: _Queue,
        mailer: Mailer,
        at_dot: Callable[[], AbstractContextManager[None]],
        crew: _Crew | None = None,
    ) -> None:
        """Send one mail after another until none is left."""
        while not (crew and crew.is_stopped) and (delivery := self._next(queue)) is not None:
            domain = domain_of(delivery.recipient)
            try:
                self._deliver_one(queue, delivery, mailer, at_dot)
            except ClaimLostError as lost:
                # This one is another's now, and nothing of it is ours to change; so may be those claimed with it.
                with queue.changed:
                    self._lost.add(delivery.id)
                    self._give_back([one.id for one in queue.claimed], delivery.date)
                    queue.claimed.clear()
                self._say(f"{self._of(delivery.date)}{delivery.recipient}: {lost}")
            finally:
                self.pacing.leave(domain)
                with queue.changed:
                    queue.changed.notify_all()
            # Not in the `finally`: what an exception left behind is claimed as before.
            with queue.changed:
                queue.begun.discard(delivery.id)
            if crew and self.met.accepts:
                crew.may_join.set()

    def _next(self, queue: _Queue) -> Delivery | None:
        """The next mail that may go out now; None if there is none, or the run is over."""
        with queue.changed:
            while not self._is_over:
                if not queue.claimed and not queue.is_empty:
                    self._fill(queue, self.store.claim_deliveries(self.edition.name, queue.issue.date, limit=AT_ONCE))
                if (found := self._pick(queue)) is not None:
                    return found
                if not queue.claimed and queue.is_empty:
                    return None
                if queue.claimed:
                    # All that are left go to domains that take no more at once.
                    queue.changed.wait()
        return None

    def _fill(self, queue: _Queue, chunk: Sequence[Delivery]) -> None:
        """Put claimed mails into the queue, but for those whose readers want none any more."""
        self._give_back([one.id for one in chunk if one.id in self._lost], queue.issue.date)
        mine = [one for one in chunk if one.id not in self._lost]
        queue.is_empty = queue.is_empty or not mine
        self.pacing.look()
        wanted_by = self.store.subscriptions_by_pk({one.subscription for one in mine if one.subscription is not None})
        queue.wanted_by = {
            **{d.subscription: queue.wanted_by[d.subscription] for d in queue.claimed if d.subscription is not None},
            **wanted_by,
        }
        for delivery in mine:
            if reason := self._unwanted(delivery, wanted_by):
                self._withdraw(delivery, reason)
            elif self._is_listed_no_more(delivery, wanted_by):
                gone = "is no longer a recipient of this edition, so nothing was sent"
                self.store.mark_delivery(delivery.id, DeliveryState.FAILED, error=gone)
                self._say(f"{self._of(delivery.date)}{delivery.recipient}: {gone}")
            else:
                queue.claimed.append(delivery)
        self.expect(queue.claimed)

    def _is_listed_no_more(self, delivery: Delivery, wanted_by: Mapping[int, Subscription]) -> bool:
        """Whether it is due to somebody only as a recipient of the config, who is none any more."""
        by_config = delivery.subscription is None or wanted_by[delivery.subscription].is_listed
        return by_config and delivery.recipient.casefold() not in self._recipients

    def _unwanted(self, delivery: Delivery, wanted_by: Mapping[int, Subscription]) -> str:
        if delivery.subscription is None:
            return ""
        subscription = wanted_by.get(delivery.subscription)
        if subscription is None:
            return "the reader was forgotten before it was sent"
        return subscription.silence(self._readers_day(subscription))

    def _withdraw(self, delivery: Delivery, reason: str) -> None:
        self.store.mark_delivery(delivery.id, DeliveryState.SKIPPED, error=reason)
        with self._lock:
            self._withdrawn += 1

    def _readers_day(self, subscription: Subscription | None) -> date:
        zone = ZoneInfo(subscription.zone) if subscription is not None and subscription.zone else self.zone
        return self.clock().astimezone(zone).date()

    def _pick(self, queue: _Queue) -> Delivery | None:
        """Take the first mail whose domain may have one more now; give back those whose domain is paused."""
        paused: dict[datetime, list[Delivery]] = {}
        found = None
        for delivery in queue.claimed:
            domain = domain_of(delivery.recipient)
            if (until := self.pacing.paused_until(domain)) is not None:
                paused.setdefault(until, []).append(delivery)
            elif self.pacing.enter(domain):
                found = delivery
                break
        for until, some in paused.items():
            self._give_back([one.id for one in some], queue.issue.date, due_at=until)
            for one in some:
                queue.claimed.remove(one)
        if found is not None:
            queue.claimed.remove(found)
            queue.begun.add(found.id)
        return found

    def _give_back(self, ids: Sequence[int], day: date, *, due_at: datetime | None = None) -> None:
        if not ids:
            return
        try:
            self.store.return_deliveries(ids, due_at=due_at)
        except StoreError as error:
            # They are free anyway when this process ends, or a little later.
            self._say(f"{self._of(day)}mails that were not come to could not be given back: {error}")

    # -- one mail

    def _deliver_one(
        self,
        queue: _Queue,
        delivery: Delivery,
        mailer: Mailer,
        at_dot: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Send one mail, or note why it was not sent.

        Raises:
            ClaimLostError: Another process has claimed it meanwhile.
        """
        of_day = self._of(delivery.date)
        subscription = None if delivery.subscription is None else queue.wanted_by.get(delivery.subscription)
        self.pacing.wait(domain_of(delivery.recipient))
        try:
            with wall(DigestError):
                mail = self.compose(queue.issue, delivery, subscription)
        except DigestError as unfit:
            # Nothing was sent: the others get theirs, and this one is tried again when that is mended.
            reason = f"the mail could not be composed: {unfit}"
            self._put_off.append((delivery, reason))
            self._say(f"{of_day}{delivery.recipient}: {reason}")
            with self._lock:
                self._unfit_in_a_row += 1
            return
        self._unfit_in_a_row = 0
        try:
            error = self._send(mail, delivery, subscription, mailer, at_dot)
        except WithdrawnError:
            # The store has written it down, in the moment in which it would have gone out.
            with self._lock:
                self._withdrawn += 1
            return
        self.met.count(error)
        if error is None:
            self._sent.append(delivery.date)
        elif not isinstance(error, (MailUnavailable, RefusedError, PutOffError)):
            self._say(f"{of_day}{delivery.recipient}: {error}")

    def _send(
        self,
        mail: Mail,
        delivery: Delivery,
        subscription: Subscription | None,
        mailer: Mailer,
        at_dot: Callable[[], AbstractContextManager[None]],
    ) -> DeliveryError | None:
        with ExitStack() as receipt:

            def before_dot() -> None:
                # From here until the server's answer is written down nothing is to stop.
                receipt.enter_context(at_dot())
                self.store.mark_delivery(delivery.id, DeliveryState.DOT, on=self._readers_day(subscription))

            return self._handed_over(mail, delivery, mailer, before_dot)

    def _handed_over(
        self, mail: Mail, delivery: Delivery, mailer: Mailer, before_dot: Callable[[], None]
    ) -> DeliveryError | None:
        try:
            mailer.send(mail, before_dot=before_dot)
        except InDoubtError as error:
            self._doubt(delivery, error)
            return error
        except RefusedError as error:
            self._refused.append((delivery, error))
            return error
        except PutOffError as error:
            self._try_later(delivery, error)
            return error
        except DeliveryError as error:
            self._put_off.append((delivery, str(error)))
            return error
        except (ClaimLostError, WithdrawnError):
            # Before the dot: the mailer has dropped its connection, so nothing went out.
            raise
        except StoreError as error:
            # Before the dot, so nothing went out; the delivery's state can't be changed now, and may be at the end.
            self._put_off.append((delivery, str(error)))
            return DeliveryError(str(error))
        self._receipt(delivery)
        return None

    def _receipt(self, delivery: Delivery) -> None:
        """Write down that the server took it; again if the database is away, for else the mail would be in doubt."""
        for pause_s in _WRITE_AGAIN_S:
            try:
                self.store.mark_delivery(delivery.id, DeliveryState.SENT)
            except ClaimLostError:
                raise
            except StoreError:
                self.pacing.sleep(pause_s)
            else:
                return
        self.store.mark_delivery(delivery.id, DeliveryState.SENT)

    def _doubt(self, delivery: Delivery, error: InDoubtError) -> None:
        """The server may have it: send it again, if that is wished or does no harm, or let a person decide."""
        now, again = self.clock(), self._next_try(delivery)
        since = delivery.put_off_since or now
        within = self.rules.resend_within
        if again - since <= (self.rules.retry if within is None else within):
            self.store.put_off(delivery.id, error=str(error), due_at=again)
        else:
            self.store.mark_delivery(delivery.id, DeliveryState.UNKNOWN, error=str(error))

    def _try_later(self, delivery: Delivery, error: PutOffError) -> None:
        """Let a mail be tried again when the server may take it, or give it up if that has been tried for too long."""
        again, reason = self._next_try(delivery), str(error)
        since = delivery.put_off_since or self.clock()
        if error.slows_down:
            again = max(again, self.pacing.pause(domain_of(delivery.recipient), reason))
        who = f"{self._of(delivery.date)}{delivery.recipient}"
        if again - since <= self.rules.retry:
            self.store.put_off(delivery.id, error=reason, due_at=again)
            local = again.astimezone(self.zone)
            self._say(f"{who}: {reason}; it is tried again from {local:%H:%M} on")
            return
        reason = f"{reason}; given up after {self.rules.retry / timedelta(hours=1):g} hours"
        self.store.mark_delivery(delivery.id, DeliveryState.SKIPPED, error=reason)
        self._say(f"{who}: {reason}")
        with self._lock:
            self._given_up += 1
        self._came_back(delivery, reason)

    def _next_try(self, delivery: Delivery) -> datetime:
        """A minute from now, after each further try twice as long; a little later by chance, never sooner."""
        wait: timedelta = min(FIRST_AGAIN * 2 ** min(delivery.attempts - 1, 10), LAST_AGAIN)
        return self.clock() + wait * (1 + self.chance.random() / 4)

    # -- the end

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
            if self._end(delivery, failed if is_its_own else due, reason) and is_its_own and error.names_recipient:
                self._came_back(delivery, error.code, is_final=True)
        if alike:
            self._say(
                f"all {len(self._refused)} got the same refusal and no mail was taken, which looks like the set-up: "
                "check [mail] host, from and username; they are tried again by the next run"
            )

    def _end(self, delivery: Delivery, state: DeliveryState, reason: str) -> bool:
        try:
            self.store.mark_delivery(delivery.id, state, error=reason)
        except StoreError as error:
            # The run took longer than a claim holds, and another process has claimed it.
            self._say(f"{self._of(delivery.date)}{delivery.recipient}: {error}")
            return False
        return True

    def _came_back(self, delivery: Delivery, said: str, *, is_final: bool = False) -> None:
        """Count what a mailbox did not take: one that does not exist gets no more, another not after some issues.

        Args:
            said: The server's reply, or the codes of it.
            is_final: It was a refusal for good, of this recipient.
        """
        if delivery.subscription is None or not (is_final or _MAILBOX.search(said)):
            return
        subscription = self.store.subscriptions_by_pk([delivery.subscription]).get(delivery.subscription)
        if subscription is None:
            return
        subscriber = subscription.subscriber.pk
        if is_final and _NO_MAILBOX.search(said):
            if self.store.set_subscriber_state(subscriber, SubscriberState.BOUNCED, at=self.clock()):
                self._say(f"{delivery.recipient} gets no more mails, for there is no such mailbox")
        elif self.store.count_soft_bounce(subscriber, delivery.edition, delivery.date):
            self._say(f"{delivery.recipient} gets no more mails, for three issues in a row were not taken")

    def _say(self, warning: str) -> None:
        self.warnings.append(warning)
        self.trouble = True
