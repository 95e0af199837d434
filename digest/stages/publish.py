"""The stage `publish`: builds an issue and stores it, with its due deliveries, in one transaction.

There is one issue per edition and day: of two machines that build it at once, one stores its own, and both continue
with the stored one. Papers that the stage `summarize` left without a summary are summarized here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from digest.core.errors import StoreError
from digest.core.issues import issue as issues
from digest.core.models import Edition, Issue, NewDelivery, PaperId, Summary
from digest.core.ports import Clock
from digest.core.ranking.rank import Selection
from digest.core.subscribers.addresses import Address
from digest.core.subscribers.profile import is_personal
from digest.core.subscribers.subscriber import Subscription, reader_of
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, nothing
from digest.stages.build import Building
from digest.stages.choose import Choosing
from digest.stages.posts import Hook, new_posts
from digest.stages.recipients import addresses_of, arrival, message_id, zone_named
from digest.stages.summarize import Summarizing

_ATTEMPTS: Final = 5
"""How often papers are chosen again because they changed while they were summarized."""


class Store(Protocol):
    """The part of the store that publishing needs."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def save_issue(
        self, issue: Issue, *, at: datetime, deliveries: Mapping[str, str], to: Sequence[NewDelivery]
    ) -> bool: ...

    def ensure_recipients(
        self, edition: str, addresses: Sequence[Address], *, at: datetime, secret: bytes
    ) -> tuple[Subscription, ...]: ...

    def readers_with_marks(self, edition: str, readers: Collection[str]) -> frozenset[str]: ...

    def secret(self) -> bytes: ...

    def hash_secret(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """Makes the issues of editions, which are given by name."""

    store: Store
    editions: Mapping[str, Edition]
    choosing: Choosing
    summarizing: Summarizing
    summarizer: Summarizer
    building: Building
    clock: Clock
    zone: ZoneInfo
    """In which days begin."""
    mail_domain: str
    """The right part of Message-IDs."""
    hooks: Sequence[Hook] = ()
    """Places beside mail that issues are posted to."""

    def publish(self, edition: str, day: date, *, writing: Writing | None = None) -> tuple[Issue, Sums]:
        """Build the issue of *day* and store it with its due deliveries; if one with entries is stored, return that.

        An empty issue is stored too and says why it is empty. A later run of the same day builds it anew.

        Args:
            writing: The run that this is a part of; None: one of its own, on the budget of the runs of *day*.

        Returns:
            The stored issue, and usage and warnings of the summaries and the overview that were made for it here.
        """
        stored, sums = self.store.issue(edition, day), nothing(self.summarizer)
        if stored is not None and stored.entries:
            return stored, sums
        writing = writing or self.summarizer.begin(day.isoformat())
        of = self.editions[edition]
        selection, summaries, sums = self._summarized(of, day, writing)
        built = self.building.build(
            of,
            day,
            selection,
            lambda r: summaries[r.candidate.paper.id],
            usage=nothing(self.summarizer).usage,
            leads=self.choosing.leads(of, selection),
        )
        if built.entries:
            told, more = writing.overview(built.entries, language=of.language, edition=of.name)
            built, sums = issues.with_overview(built, told), sums.and_then(more)
        secret = self.store.secret()
        addresses, others = addresses_of(of.recipients)
        # Before the issue is dated: who subscribes later is not among its readers.
        forgotten = self.store.hash_secret()
        listed = self.store.ensure_recipients(edition, addresses, at=self.clock(), secret=forgotten)
        self.store.save_issue(
            built,
            at=self.clock(),
            deliveries={r: message_id(built.id, r, secret, self.mail_domain) for r in others if built.entries},
            to=(*self._plain(of, built, listed, secret), *self._posts(built, secret)) if built.entries else (),
        )
        if silent := len(addresses) - sum(one.is_active for one in listed):
            sums = replace(sums, warnings=(*sums.warnings, _silent(of, silent)))
        # Another process may have been quicker; what is stored is the issue.
        return self.store.issue(edition, day) or built, sums

    def _plain(
        self, edition: Edition, built: Issue, listed: Sequence[Subscription], secret: bytes
    ) -> Iterator[NewDelivery]:
        """The deliveries of the issue as it is, each day anew, to recipients of the config who changed nothing of that.

        Those who did get theirs from `digest.stages.readers`.
        """
        daily = [one for one in listed if one.is_active and one.cadence == "daily"]
        marking = self.store.readers_with_marks(edition.name, [reader_of(one.pk) for one in daily])
        for one in daily:
            if is_personal(one, edition, has_marks=one.reader in marking):
                continue
            arriving = arrival(
                edition, built.date, zone=self.zone, reader_zone=zone_named(one.zone or self.zone.key) or self.zone
            )
            if one.paused_until is None or one.paused_until <= arriving.local:
                recipient = one.subscriber.address
                yield NewDelivery(
                    recipient=recipient,
                    message_id=message_id(built.id, recipient, secret, self.mail_domain),
                    subscription=one.pk,
                    due_at=arriving.due_at,
                    covers_until=arriving.local,
                )

    def _posts(self, built: Issue, secret: bytes) -> tuple[NewDelivery, ...]:
        """The deliveries of the issue to places beside mail."""
        return new_posts(
            self.hooks,
            built.edition,
            message_id=lambda recipient: message_id(built.id, recipient, secret, self.mail_domain),
        )

    def _summarized(
        self, edition: Edition, day: date, writing: Writing
    ) -> tuple[Selection, Mapping[PaperId, Summary], Sums]:
        """The issue's selection, each paper with its summary, and the usage of those asked for here."""
        sums = nothing(self.summarizer)
        for _ in range(_ATTEMPTS):
            selection = self.choosing.choose(edition.name, day)
            papers = [r.candidate.paper for r in selection.chosen]
            brief = self.choosing.brief(edition, selection)
            summaries = self.summarizing.stored(edition.name, day, papers, brief=brief)
            if all(p.id in summaries for p in papers):
                return selection, summaries, sums
            ids = [p.id for p in papers]
            more = self.summarizing.summarize(edition.name, day, ids, writing=writing, brief=brief)
            sums = sums.and_then(more)
            # Chosen anew: another machine that reads a source may have changed a paper's text meanwhile.
        raise StoreError(f"the papers of {edition.name}/{day} change faster than they are summarized; run it again")


def _silent(edition: Edition, n: int) -> str:
    """Say how many of an edition's recipients get nothing. Their addresses stand in no log."""
    who = "1 of its recipients gets" if n == 1 else f"{n} of its recipients get"
    return (
        f"{edition.name}: {who} nothing, for they unsubscribed, bounced, complained or were forgotten; "
        "`digest subscribers list` names them: take them out of the config"
    )
