"""Posts: an edition's issues for places beside mail, in the same ledger as mails and with the same care.

                     ┌─ 2xx ──► sent
due ──► one post ────┼─ not now ──► due again, when the place asked for it or a little later; failed in the end
                     ├─ refused ──► failed
                     └─ no clear answer ──► unknown, or due again where a second post with the same key is none
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from digest.core.errors import ClaimLostError, ConfigError, DeliveryError, InDoubtError, RefusedError, WithdrawnError
from digest.core.issues.post import Post, PostEntry
from digest.core.models import Delivery, DeliveryState, Issue, NewDelivery, Waiting
from digest.core.ports import Clock
from digest.stages.deliver import LATE, TOO_LATE, mails_since
from digest.stages.letters import abroad

CHANNELS: Final = ("slack", "discord", "teams", "ntfy", "matrix", "webhook")
"""The kinds of hooks, under which their deliveries are kept."""
_AT_ONCE: Final = 20
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_SHOWN: Final = 5
"""Entries of an issue without leads."""
_LEFT: Final = "the hook is not in config.toml any more"


class Hook(Protocol):
    """The part of a hook's settings that posting needs; see `digest.config.settings.HookConfig`."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def editions(self) -> Sequence[str]: ...

    @property
    def is_idempotent(self) -> bool: ...


class Poster(Protocol):
    """Posts to one place; see `digest.deliver.hooks.HookPoster`."""

    def send(self, post: Post, *, before_dot: Callable[[], None]) -> None: ...


class Store(Protocol):
    """The part of the store that posts need."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def undelivered(self, edition: str, *, since: date, until: date, channel: str) -> tuple[date, ...]: ...

    def waiting(self, edition: str, *, since: date, until: date, channel: str) -> Waiting: ...

    def claim_deliveries(self, edition: str, day: date, *, limit: int, channel: str) -> tuple[Delivery, ...]: ...

    def return_deliveries(self, ids: Sequence[int]) -> None: ...

    def mark_delivery(self, delivery_id: int, state: DeliveryState, *, error: str | None = None) -> None: ...

    def put_off(self, delivery_id: int, *, error: str, due_at: datetime) -> None: ...

    def doubt_deliveries(self, edition: str, day: date, *, channel: str) -> int: ...

    def skip_deliveries(
        self, edition: str, *, before: date | None, reason: str, channel: str
    ) -> Mapping[date, int]: ...

    def retry_deliveries(
        self, edition: str, *, since: date, until: date, states: Collection[DeliveryState], channel: str
    ) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of an edition's posts."""

    sent: int = 0
    warnings: tuple[str, ...] = ()
    next_at: datetime | None = None
    """When the next one is due that was put off; None if none was."""


def recipient_of(hook: str) -> str:
    """Under which name the ledger keeps the deliveries to a hook."""
    return f"hook {hook}"


def new_posts(hooks: Sequence[Hook], edition: str, *, message_id: Callable[[str], str]) -> tuple[NewDelivery, ...]:
    """The deliveries of a new issue to hooks.

    Args:
        message_id: Makes that of a recipient.
    """
    to = [(hook, recipient_of(hook.name)) for hook in hooks if edition in hook.editions]
    return tuple(
        NewDelivery(recipient=recipient, message_id=message_id(recipient), channel=hook.kind) for hook, recipient in to
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Posts issues, which are given by edition and day."""

    store: Store
    hooks: Sequence[Hook]
    poster: Callable[[Hook], Poster]
    """Makes a hook's poster, or raises a ConfigError where its secret is missing."""
    clock: Clock
    root: str | None
    """Where the archive is served, with a slash at the end; None: posts have no link to the issue."""
    base: Path
    """The folder of config.toml, which is left out of posts."""
    retry: timedelta = timedelta(hours=20)
    """How long a post that is put off is tried again."""
    resend: bool = False
    """Whether a post that is in doubt is posted again, wherever it goes."""
    held: Callable[[], AbstractContextManager[None]] = nullcontext
    """Context in which a stop by the user is held back."""

    def post_all(
        self, editions: Sequence[str], day: date, *, only: bool, waiting_until: Callable[[str], date | None]
    ) -> dict[str, Posted]:
        """Post the due issues of *editions*; name → result.

        Args:
            only: Only the issues of *day*.
            waiting_until: Until which day an edition's issues wait for a person, for they may be out already.
        """
        return {
            name: _Round(posting=self, edition=name, day=day).post(only=only, waiting_until=waiting_until(name))
            for name in editions
        }

    def next_at(self, edition: str, *, since: date, until: date) -> datetime | None:
        """When the next of an edition's posts is due that were put off; None if none was."""
        waiting = (self.store.waiting(edition, since=since, until=until, channel=channel) for channel in CHANNELS)
        return min((one.next_at for one in waiting if one.next_at), default=None)


@dataclass(slots=True, kw_only=True)
class _Round:
    """One edition's posts in one run."""

    posting: Posting
    edition: str
    day: date
    sent: int = 0
    warnings: list[str] = field(default_factory=list)
    _posters: dict[str, Poster] = field(default_factory=dict)
    _left: set[int] = field(default_factory=set)
    """Ids of deliveries that this run does not try again."""

    def post(self, *, only: bool, waiting_until: date | None) -> Posted:
        store, edition = self.posting.store, self.edition
        since = self.day if only else mails_since(self.day)
        today = min(self.day, self.posting.clock().date() + timedelta(days=1))
        for channel in CHANNELS:
            if not only:
                skipped = store.skip_deliveries(edition, before=mails_since(today), reason=TOO_LATE, channel=channel)
                for issue_day in skipped:
                    self._say(issue_day, f"it was not posted to {channel} within {LATE.days} days and will not be")
            for issue_day in reversed(store.undelivered(edition, since=since, until=self.day, channel=channel)):
                if waiting_until is None or issue_day > waiting_until:
                    self._post_issue(channel, issue_day)
                else:
                    self._say(issue_day, f"its posts to {channel} wait, for they may be out already")
        return Posted(self.sent, tuple(self.warnings), self.posting.next_at(edition, since=since, until=self.day))

    def _post_issue(self, channel: str, day: date) -> None:
        store = self.posting.store
        issue = store.issue(self.edition, day)
        if issue is None:
            return
        if store.doubt_deliveries(self.edition, day, channel=channel):
            if self._may_repeat(channel):
                store.retry_deliveries(
                    self.edition, since=day, until=day, states=[DeliveryState.UNKNOWN], channel=channel
                )
            else:
                self._say(day, f"a post to {channel} may be out and may not; it is not repeated")
        while chunk := store.claim_deliveries(self.edition, day, limit=_AT_ONCE, channel=channel):
            fresh = [delivery for delivery in chunk if delivery.id not in self._left]
            if not fresh:
                store.return_deliveries([delivery.id for delivery in chunk])
                return
            for delivery in fresh:
                self._left.add(delivery.id)
                try:
                    self._one(issue, delivery)
                except (ClaimLostError, WithdrawnError) as error:
                    self._say(day, f"{delivery.recipient}: {error}")

    def _may_repeat(self, channel: str) -> bool:
        kinds = {hook.kind for hook in self.posting.hooks if hook.is_idempotent}
        return self.posting.resend or channel in kinds

    def _one(self, issue: Issue, delivery: Delivery) -> None:
        posting, store = self.posting, self.posting.store
        hook = next((h for h in posting.hooks if recipient_of(h.name) == delivery.recipient), None)
        if hook is None or hook.kind != delivery.channel or self.edition not in hook.editions:
            store.mark_delivery(delivery.id, DeliveryState.SKIPPED, error=_LEFT)
            self._say(issue.date, f"{delivery.recipient}: {_LEFT}, so nothing was posted")
            return
        try:
            poster = self._poster(hook)
        except ConfigError as error:
            store.return_deliveries([delivery.id])
            self._say(issue.date, str(error))
            return
        post = post_of(issue, key=delivery.message_id.strip("<>"), root=posting.root, base=posting.base)
        with ExitStack() as receipt:

            def before_dot() -> None:
                # From here until the answer is written down nothing is to stop.
                receipt.enter_context(posting.held())
                store.mark_delivery(delivery.id, DeliveryState.DOT)

            try:
                poster.send(post, before_dot=before_dot)
            except DeliveryError as error:
                self._not_taken(delivery, error, may_repeat=posting.resend or hook.is_idempotent)
                return
            store.mark_delivery(delivery.id, DeliveryState.SENT)
        self.sent += 1

    def _not_taken(self, delivery: Delivery, error: DeliveryError, *, may_repeat: bool) -> None:
        posting, store = self.posting, self.posting.store
        now = posting.clock()
        self._say(delivery.date, str(error))
        if isinstance(error, RefusedError):
            store.mark_delivery(delivery.id, DeliveryState.FAILED, error=str(error))
        elif isinstance(error, InDoubtError) and not may_repeat:
            store.mark_delivery(delivery.id, DeliveryState.UNKNOWN, error=str(error))
        elif now - delivery.queued_at >= posting.retry:
            hours = posting.retry / timedelta(hours=1)
            store.mark_delivery(delivery.id, DeliveryState.FAILED, error=f"{error}; given up after {hours:g} hours")
        else:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(max(delivery.attempts - 1, 0), 10))
            asked = timedelta(seconds=error.retry_after_s or 0.0)
            store.put_off(delivery.id, error=str(error), due_at=now + max(wait, asked))

    def _poster(self, hook: Hook) -> Poster:
        if hook.name not in self._posters:
            self._posters[hook.name] = self.posting.poster(hook)
        return self._posters[hook.name]

    def _say(self, day: date, warning: str) -> None:
        self.warnings.append(warning if day == self.day else f"issue of {day}: {warning}")


def post_of(issue: Issue, *, key: str, root: str | None, base: Path) -> Post:
    """What is posted of an issue: its leads, or its first entries where it has none.

    Args:
        key: See `Post.key`.
        root: Where the archive is served, with a slash at the end; None for nowhere.
        base: The folder of config.toml, which is left out.
    """
    from digest.publish.issue_json import issue_json
    from digest.publish.links import Links
    from digest.publish.text import share
    from digest.publish.views import issue_view

    links = Links(root=root)
    view = issue_view(issue, links=links)
    shown = view.leads or tuple(entry for section in view.contents for entry in section.entries)[:_SHOWN]
    return Post(
        key=key,
        title=view.title,
        edition=issue.edition,
        day=issue.date,
        counts=share(view),
        entries=tuple(PostEntry(title=one.title, said=one.line, url=one.page or one.url) for one in shown),
        papers=view.count,
        url=links.issue(issue.edition, issue.date),
        document=issue_json(abroad(issue, base)),
    )
