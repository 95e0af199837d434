"""The addresses of a reader's own pages, each signed for its purpose; what they do is in `digest.web`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import Link, LinkKeys, Purpose, paper_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLinks:
    """Makes the links of one subscription. The same subscription and day give the same links."""

    keys: LinkKeys
    base_url: str
    """Where `digest serve` is reached from outside, without a slash at the end."""
    subscription: Subscription

    def unsubscribe(self) -> str:
        """Stops this edition: a page with a button for GET, at once for the POST of RFC 8058. It never expires."""
        return f"{self.base_url}/unsubscribe/{self.unsubscribe_token()}"

    def unsubscribe_token(self) -> str:
        """The token of that link, which a mail that says "unsubscribe" carries too."""
        return self.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=self.subscription.pk))

    def preferences(self) -> str:
        """Interests, cadence, pause, and all else that the reader may set."""
        return self._url("preferences", Purpose.PREFERENCES, self._mine())

    def feedback(self, paper_id: str, day: date) -> str:
        """More or less like a paper of the issue of *day*; `?mark=more` and `?mark=less` choose beforehand."""
        link = Link(
            subscription=self.subscription.pk,
            links=self.subscription.subscriber.links,
            day=day,
            paper=paper_number(paper_id),
        )
        return self._url("feedback", Purpose.FEEDBACK, link)

    def issue(self, day: date) -> str:
        """The reader's own issue of *day*, whole."""
        link = Link(subscription=self.subscription.pk, links=self.subscription.subscriber.links, day=day)
        return self._url("mine", Purpose.ISSUE, link)

    def feed(self) -> str:
        """The private Atom feed."""
        link = Link(subscription=self.subscription.pk, links=self.subscription.feed)
        return self._url("feed", Purpose.FEED, link) + ".xml"

    def confirm(self, *, now: datetime) -> str:
        """Confirms the subscription; it expires."""
        token = self.keys.token(Purpose.CONFIRM, self._mine(), now=now)
        return f"{self.base_url}/confirm/{token}"

    def _mine(self) -> Link:
        return Link(subscription=self.subscription.pk, links=self.subscription.subscriber.links)

    def _url(self, path: str, purpose: Purpose, link: Link) -> str:
        return f"{self.base_url}/{path}/{self.keys.token(purpose, link)}"
