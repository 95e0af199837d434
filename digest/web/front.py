"""What all places of the site share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from digest.app.app import App
from digest.core.models import Edition
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Subscription
from digest.usecases.linking import Linking
from digest.web.pages import Pages
from digest.web.visits import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The parts of the site that its places use."""

    app: App
    pages: Pages
    linking: Linking

    @property
    def open_editions(self) -> tuple[Edition, ...]:
        """The editions that strangers may sign up for; none where no mail could have a link to confirm."""
        config = self.app.config
        is_open = config.serve.open and config.serve.base_url is not None
        return tuple(edition for edition in config.editions if edition.open) if is_open else ()

    def title_of(self, edition: str) -> str:
        """What readers call an edition; its name if the config has it no more."""
        return next((one.title for one in self.app.config.editions if one.name == edition), edition)

    def links(self, visit: Visit, subscription: Subscription) -> ReaderLinks:
        """A reader's links, relative to the page of the visit."""
        return self.linking.of(subscription, visit.root.rstrip("/") or ".")

    def zone_of(self, subscription: Subscription) -> ZoneInfo:
        """The reader's time zone."""
        return ZoneInfo(subscription.zone) if subscription.zone else self.app.config.timezone

    def today_of(self, subscription: Subscription) -> date:
        """The reader's own date."""
        return self.app.host.clock().astimezone(self.zone_of(subscription)).date()
