"""The issues that one reader got, each as it was: the picks of a personal issue, or the edition's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from digest.core.issues.personal import Picks, personal_issue
from digest.core.models import Delivery, Entry, Issue, PaperId
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import paper_number


class Store(Protocol):
    """The part of the store that has what readers got."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def received(self, subscription: int, *, most: int, day: date | None = None) -> tuple[Delivery, ...]: ...

    def picks(self, pk: int) -> Picks | None: ...

    def picked(
        self, edition: str, day: date, language: str, *, ids: Collection[PaperId] | None = None
    ) -> Mapping[PaperId, Entry]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssue:
    """An issue as one reader got it."""

    issue: Issue
    made_at: datetime
    is_personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssues:
    """Finds the issues of readers."""

    store: Store
    field_of: Callable[[str], str]
    """Gives the field that a topic belongs to."""

    def newest(self, subscription: Subscription, *, most: int) -> Iterator[OwnIssue]:
        """The last issues that a subscription got, the newest first."""
        for delivery in self.store.received(subscription.pk, most=most):
            found = self._issue(delivery)
            if found is not None and found.issue.entries:
                yield found

    def of(self, subscription: Subscription, day: date) -> OwnIssue | None:
        """The issue that a subscription got on a day; None if it got none then."""
        for delivery in self.store.received(subscription.pk, most=1, day=day):
            return self._issue(delivery)
        return None

    def entry(self, subscription: Subscription, day: date, paper: int) -> Entry | None:
        """The entry of a paper in the issue that a subscription got on a day, or else in the edition's own of that day.

        Args:
            paper: See `digest.core.subscribers.tokens.paper_number`.
        """
        own = self.of(subscription, day)
        issues = (own.issue if own else None, self.store.issue(subscription.edition, day))
        entries = (entry for issue in issues if issue for entry in issue.entries)
        return next((entry for entry in entries if paper_number(entry.paper.id) == paper), None)

    def _issue(self, delivery: Delivery) -> OwnIssue | None:
        base = self.store.issue(delivery.edition, delivery.date)
        if base is None:
            return None
        if delivery.picks is None:
            return OwnIssue(issue=base, made_at=delivery.queued_at, is_personal=False)
        picks = self.store.picks(delivery.picks)
        if picks is None:
            return None
        entries = self.store.picked(picks.edition, picks.day, picks.language, ids=picks.papers)
        issue = personal_issue(base, picks, entries, self.field_of)
        return OwnIssue(issue=issue, made_at=delivery.queued_at, is_personal=True)
