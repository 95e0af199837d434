"""Mails of a run: runs the stage `deliver` over all editions, and counts the results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from digest.core.models import DeliveryState, Edition, Waiting
from digest.core.ports import Clock, Mailer
from digest.stages import deliver, pacing
from digest.stages.deliver import AT_ONCE, LEFT, Delivered, Delivering, Round, Rules, mails_since
from digest.stages.letters import Letters
from digest.stages.lost import LostIssues
from digest.stages.pacing import Pacing, Rate
from digest.stages.posts import CHANNELS, Posted, Posting

_MAIL: Final = "mail"
"""The channel of deliveries that are mails."""
STATES: Final = ("due", "sent", "unknown", "failed")
"""States that reports count; `sending` and `dot` count as due, and `skipped` is left out."""


class Store(deliver.Store, pacing.Store, Protocol):
    """The part of the store that the mails of a run need."""

    def editions_on_their_way(self, *, channel: str = ...) -> tuple[str, ...]: ...

    def count_readers(self) -> Mapping[str, int]: ...

    def note(self, key: str, value: str) -> bool: ...

    def due_deliveries(self, edition: str, day: date) -> tuple[int, ...]: ...

    def sent_at(self, edition: str, day: date, nth: int) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """What this run and earlier ones did with the mails of one edition."""

    recipients: int
    """Number of recipients that the edition has now."""
    sent: int = 0
    """Mails sent by this run, of this day's issue and of earlier ones."""
    skipped: int = 0
    """Mails given up by this run."""
    already: int = 0
    """Mails of this day's issue that an earlier run sent."""
    already_at: datetime | None = None
    """When the last of those was sent, in the config's time zone; None if there are none."""
    later: int = 0
    """Mails whose time has not come: they go out by the reader's own clock."""
    next_at: datetime | None = None
    """When the next mail is due that waits for its time or was put off, in the config's time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Sends the mails of editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    """All that are configured."""
    mailer: Callable[[], AbstractContextManager[Mailer]]
    letters: Letters
    clock: Clock
    zone: ZoneInfo
    config_name: str
    """Name of the config file, for people."""
    sleep: Callable[[float], None]
    connections: int = 1
    """To the mail server at once."""
    rules: Rules = field(default_factory=Rules)
    per_minute: int | None = None
    """Mails at most; None: as many as go."""
    domains: Mapping[str, Rate] = field(default_factory=dict)
    """Domain → how fast it may be written to."""
    chance: Random = field(default_factory=Random)
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Context in which a stop by the user is held back."""
    posting: Posting | None = None
    """Posts issues to places beside mail, behind the mails; None where there are no such places."""

    def deliver_all(
        self, editions: Iterable[str], day: date, *, only: bool = False, lost: LostIssues
    ) -> dict[str, Delivered]:
        """Send the due mails of *editions*; name → result. If the server makes one edition stop, later ones stop too.

        Args:
            only: Send only the issues of *day*.
            lost: Issues that the database lacks: mails of those days wait, for they may have been sent.
        """
        met, names = Round(), tuple(editions)
        with ExitStack() as stack:
            # They are opened with their first mails.
            mailers = [stack.enter_context(self.mailer()) for _ in range(self.connections)]
            delivered = {
                name: self._delivering(name, day, mailers, met=met, waiting_until=lost.mails_wait_until(name)).deliver(
                    only=only
                )
                for name in names
            }
        if self.posting is None:
            return delivered
        posted = self.posting.post_all(names, day, only=only, waiting_until=lost.mails_wait_until)
        return {name: _with_posts(one, posted[name]) for name, one in delivered.items()}

    def batches(self, edition: str, day: date) -> tuple[tuple[int, ...], ...]:
        """The mails of one issue that are to be sent, as batches of delivery ids that `deliver` takes."""
        ids = self.store.due_deliveries(edition, day)
        return tuple(ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))

    def deliver(self, edition: str, day: date, batch: Collection[int]) -> Delivered:
        """Send one batch of an issue's mails over a connection of its own, whatever else sends at the same time.

        A mail that was sent, or that another process has in hand, is left alone: a batch may be given twice, and to
        two machines at once.

        Args:
            batch: Ids of deliveries, as `batches` gives them.
        """
        with self.mailer() as mailer:
            return self._delivering(edition, day, [mailer], met=Round()).deliver_batch(batch)

    def _delivering(
        self, edition: str, day: date, mailers: Sequence[Mailer], *, met: Round, waiting_until: date | None = None
    ) -> Delivering:
        letter = self.letters.of(edition)
        return Delivering(
            store=self.store,
            clock=self.clock,
            edition=self.editions[edition],
            day=day,
            compose=letter,
            expect=letter.expect,
            mailers=mailers,
            met=met,
            pacing=Pacing(
                store=self.store,
                clock=self.clock,
                sleep=self.sleep,
                per_minute=self.per_minute,
                domains=self.domains,
            ),
            rules=self.rules,
            zone=self.zone,
            chance=self.chance,
            waiting_until=waiting_until,
            held=self.held,
        )

    def give_up_left(self) -> tuple[str, ...]:
        """Give up the mails and posts of editions that are no longer in the config; returns warnings.

        Mails become due again when the edition is back.
        """
        said = []
        for channel in (_MAIL, *CHANNELS):
            one, more = ("mail", "mails") if channel == _MAIL else (f"post to {channel}", f"posts to {channel}")
            for name in self.store.editions_on_their_way(channel=channel):
                if name in self.editions:
                    continue
                if skipped := self.store.skip_deliveries(name, before=None, reason=LEFT, channel=channel):
                    n = sum(skipped.values())
                    are = f"1 {one} is" if n == 1 else f"{n} {more} are"
                    said.append(f"{are} not sent, for there is no edition {name!r} in {self.config_name} any more")
        return tuple(said)

    def without_edition(self) -> tuple[str, ...]:
        """Say whose edition is not in the config (any more), so that nothing is made for them; told when it changes."""
        gone = {name: n for name, n in self.store.count_readers().items() if name not in self.editions}
        if not self.store.note("readers without edition", str(gone)):
            return ()
        return tuple(
            f"the issues of {n} reader{'s' if n != 1 else ''} of {name!r} are not made, for there is no such edition "
            f"in {self.config_name}: name one so again, or export them, change their edition, and import them"
            for name, n in gone.items()
        )

    def mailed(self, edition: str, day: date, delivered: Delivered) -> Mailed:
        """What a report says of an edition's mails."""
        sent = self.store.count_deliveries(edition, since=day, until=day).get(DeliveryState.SENT, 0)
        already = sent - delivered.sent_today
        already_at = self.store.sent_at(edition, day, already)
        waiting = self.waiting(edition, day)
        return Mailed(
            recipients=len(self.editions[edition].recipients),
            sent=delivered.sent,
            skipped=delivered.skipped,
            already=already,
            already_at=already_at.astimezone(self.zone) if already_at else None,
            later=waiting.later,
            next_at=waiting.next_at.astimezone(self.zone) if waiting.next_at else None,
        )

    def waiting(self, edition: str, day: date) -> Waiting:
        """The mails that a run of *day* still sends, by when they are due."""
        since = mails_since(day)
        found = self.store.waiting(edition, since=since, until=day)
        if self.posting is None:
            return found
        return replace(found, next_at=_first(found.next_at, self.posting.next_at(edition, since=since, until=day)))


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _with_posts(delivered: Delivered, posted: Posted) -> Delivered:
    return replace(
        delivered,
        posted=posted.sent,
        waiting=replace(delivered.waiting, next_at=_first(delivered.waiting.next_at, posted.next_at)),
        warnings=(*delivered.warnings, *posted.warnings),
        trouble=delivered.trouble or bool(posted.warnings),
    )


def count_states(counts: Mapping[DeliveryState, int]) -> dict[str, int]:
    """State → number of deliveries, for all of `STATES`."""
    found = dict.fromkeys(STATES, 0)
    for state, n in counts.items():
        if state is not DeliveryState.SKIPPED:
            # `sending` and `dot` are another process at work, or one that died: it is finished by the next run.
            found[state.value if state.value in found else "due"] += n
    return found
