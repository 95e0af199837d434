"""Letters: the mails of issues, each composed for one recipient when it is sent.

    delivery ──┬─ without picks ──► the edition's issue ──────────────────────────────┐
               └─ with picks ─────► Picks + picked papers ──personal_issue──► issue ──┴─► Body ──► Mail

What readers share is kept while mails of an edition go out: the body of the edition's issue, the picked papers of a
day, and the bodies of picks that several readers have.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from digest.core.errors import DigestError
from digest.core.issues.personal import Picks, personal_issue
from digest.core.models import Delivery, Entry, Issue, Mail, PaperId
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import LinkKeys

if TYPE_CHECKING:
    from digest.publish.letters import Drawing
    from digest.publish.mail import Body, Letterhead
    from digest.publish.render import Templates

_BODIES: Final = 32
"""Bodies that are kept: of issues, and of picks that several readers may share."""
_DAYS: Final = 4
"""Days whose picked papers are kept, in each language."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Store(Protocol):
    """The part of the store that personal issues are drawn from."""

    def picks_by_pk(self, pks: Collection[int]) -> Mapping[int, Picks]: ...

    def picked(self, edition: str, day: date, language: str) -> Mapping[PaperId, Entry]: ...


class Letter(Protocol):
    """Composes the mails of one edition; several threads may use it at once."""

    def __call__(self, issue: Issue, delivery: Delivery, subscription: Subscription | None) -> Mail:
        """Compose the mail of an issue for a delivery, with the subscription that it is due to, if there is one.

        Args:
            issue: The edition's own issue of the delivery's day; a personal one is made of it and the picks.

        Raises:
            DigestError: The mail cannot be composed, with the reason.
        """
        ...

    def expect(self, deliveries: Collection[Delivery]) -> None:
        """Fetch with one question what the mails of these deliveries need. Others can be composed all the same."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Composes the mails of issues."""

    store: Store
    templates: Callable[[], Templates]
    field_of: Callable[[str], str]
    """The field that a topic belongs to."""
    base: Path
    """The folder of config.toml, which is left out of mails."""
    sender: str
    sender_name: str
    site_url: str | None
    serve_url: str | None = None
    """Where `digest serve` is reached; None: mails have no links of the reader's own."""
    keys: Callable[[], LinkKeys]
    """What signs these links."""
    unsubscribe: str = ""
    """The address that takes mails which say "unsubscribe"; empty: the sender."""
    idempotency_header: str = ""
    progress: Callable[[str], None]

    def of(self, edition: str) -> Letter:
        """What composes the mails of one edition; what readers share is made only once."""
        from digest.publish.letters import Drawing
        from digest.publish.links import Links
        from digest.publish.mail import Letterhead
        from digest.publish.slugs import edition_slug

        # Where nothing else is said, `digest serve` has the archive too.
        site_url = self.site_url or self.serve_url
        archive = Links(root=f"{site_url.rstrip('/')}/" if site_url else None).to(f"{edition_slug(edition)}/index.html")
        return _Letter(
            letters=self,
            edition=edition,
            drawing=Drawing(templates=self.templates(), site_url=site_url),
            letterhead=Letterhead(
                edition=edition,
                sender=self.sender,
                sender_name=self.sender_name,
                archive=archive,
                unsubscribe=self.unsubscribe,
                idempotency_header=self.idempotency_header,
            ),
            keys=self.keys() if self.serve_url else None,
        )


@dataclass(slots=True, kw_only=True)
class _Letter:
    """Composes the mails of one edition.

    What is kept may be made twice where two threads come at once, which is the same both times.
    """

    letters: Letters
    edition: str
    drawing: Drawing
    letterhead: Letterhead
    keys: LinkKeys | None
    _told: frozenset[str] = frozenset()
    """Ids of the issues that the progress has told of."""
    _issues: OrderedDict[str, Issue] = field(default_factory=OrderedDict)
    _bodies: OrderedDict[tuple[str, int | None, bool], Body] = field(default_factory=OrderedDict)
    _picked: OrderedDict[tuple[date, str], Mapping[PaperId, Entry]] = field(default_factory=OrderedDict)
    _expected: Mapping[int, Picks] = field(default_factory=dict)

    def expect(self, deliveries: Collection[Delivery]) -> None:
        """See `Letter`."""
        pks = {delivery.picks for delivery in deliveries if delivery.picks is not None}
        known = self._expected
        missing = self.letters.store.picks_by_pk(pks - known.keys()) if pks - known.keys() else {}
        self._expected = {pk: known[pk] for pk in pks & known.keys()} | dict(missing)

    def __call__(self, issue: Issue, delivery: Delivery, subscription: Subscription | None) -> Mail:
        """See `Letter`."""
        links = None
        if subscription is not None and self.keys is not None and self.letters.serve_url:
            links = ReaderLinks(keys=self.keys, base_url=self.letters.serve_url, subscription=subscription)
        mail = self.letterhead.mail(
            self._body(issue, delivery.picks, links),
            recipient=delivery.recipient,
            message_id=delivery.message_id,
            # In another time zone the mail is due later than it was made.
            at=delivery.queued_at,
            links=links,
        )
        return replace(mail, label=f"{self.edition}-{issue.date}")

    def _body(self, issue: Issue, picks: int | None, links: ReaderLinks | None) -> Body:
        key = issue.id, picks, links is not None
        if (body := self._bodies.get(key)) is None:
            if issue.id not in self._told:
                self._told |= {issue.id}
                self.letters.progress(f"sending {issue.id}")
            shown = self._abroad(issue)
            whole = shown if picks is None else self._personal(shown, picks)
            body = self.drawing.body(whole, links=links, is_own=picks is not None)
            _keep(self._bodies, key, body, _BODIES)
        return body

    def _abroad(self, issue: Issue) -> Issue:
        if (shown := self._issues.get(issue.id)) is None:
            shown = abroad(issue, self.letters.base)
            _keep(self._issues, issue.id, shown, _DAYS)
        return shown

    def _personal(self, issue: Issue, pk: int) -> Issue:
        picks = self._expected.get(pk) or self.letters.store.picks_by_pk((pk,)).get(pk)
        if picks is None:
            raise DigestError(f"the picks of {issue.id} that this mail is made of are not in the database")
        key = picks.day, picks.language
        if (entries := self._picked.get(key)) is None or not entries.keys() >= set(picks.papers):
            entries = self.letters.store.picked(self.edition, picks.day, picks.language)
            _keep(self._picked, key, entries, _DAYS)
        if missing := [paper for paper in picks.papers if paper not in entries]:
            raise DigestError(f"{len(missing)} papers of the picks of {issue.id} are not in the database: {missing[0]}")
        return personal_issue(issue, picks, entries, self.letters.field_of)


def _keep(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    """Keep a value, and let go of the oldest one if there are too many."""
    kept[key] = value
    while len(kept) > most:
        try:
            kept.popitem(last=False)
        except KeyError:  # another thread was quicker
            return


def abroad(issue: Issue, base: Path) -> Issue:
    """*issue* for people elsewhere: its errors name files relative to the folder of config.toml."""
    private = str(base)

    def seen(error: str | None) -> str | None:
        return error and error.replace(f"{private}{os.sep}", "").replace(private, "the folder of config.toml")

    return replace(issue, sources=tuple(replace(s, error=seen(s.error)) for s in issue.sources))
