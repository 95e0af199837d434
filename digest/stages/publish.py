"""The stage `publish`: builds an issue and stores it, with its due deliveries, in one transaction.

There is one issue per edition and day: of two machines that build it at once, one stores its own, and both continue
with the stored one. Papers that the stage `summarize` left without a summary are summarized here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from digest.core.errors import StoreError
from digest.core.issues import issue as issues
from digest.core.models import Edition, Issue, PaperId, Summary
from digest.core.ports import Clock
from digest.core.ranking.rank import Selection
from digest.core.summaries.summarizer import Summarizer, Sums, Writing, nothing
from digest.stages.build import Building
from digest.stages.choose import Choosing
from digest.stages.summarize import Summarizing

_ATTEMPTS: Final = 5
"""How often papers are chosen again because they changed while they were summarized."""


class Store(Protocol):
    """The part of the store that publishing needs."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def save_issue(self, issue: Issue, *, at: datetime, deliveries: Mapping[str, str]) -> bool: ...

    def secret(self) -> bytes: ...


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
    mail_domain: str
    """The right part of Message-IDs."""

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
        recipients = of.recipients if built.entries else ()
        secret = self.store.secret()
        self.store.save_issue(
            built,
            at=self.clock(),
            deliveries={r: message_id(built.id, r, secret, self.mail_domain) for r in recipients},
        )
        # Another process may have been quicker; what is stored is the issue.
        return self.store.issue(edition, day) or built, sums

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


def message_id(issue_id: str, recipient: str, secret: bytes, domain: str) -> str:
    """The Message-ID for an issue and a recipient: the same on every attempt, and not to be guessed by others."""
    digest = hmac.new(secret, f"{issue_id}\n{recipient.lower()}".encode(), hashlib.sha256).hexdigest()
    return f"<{digest[:32]}@{domain}>"
