"""A site that tests visit, on a configuration in a folder of its own; nothing listens on a port."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select
from starlette.testclient import TestClient

from digest.app.app import App
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.core.subscribers.tokens import LinkKeys
from digest.store import SqlStore, tables
from digest.web.site import make_app
from tests.support.desk import CONFIG, Desk

SERVED = """
[serve]
base_url = "https://digest.example.org"
"""


class Visitors(Desk):
    """A configuration with a site; `app` is open while `visiting` lasts."""

    opened: App
    client: TestClient

    @property
    def keys(self) -> LinkKeys:
        """The keys of all links."""
        return LinkKeys(self.opened.store.link_secrets())

    def subscribed(self, address: str = "ada@example.org", edition: str = "daily", **values: object) -> Subscription:
        """A subscription that is confirmed."""
        store = self.opened.store
        one, _ = store.save_subscriber(
            parse_address(address), origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=self.now
        )
        return store.save_subscription(one.pk, edition, at=self.now, **{"confirmed_at": self.now, **values})

    def mails(self) -> list[EmailMessage]:
        """Send the notices that are due, and take all mails out of the outbox."""
        self.opened.noticing.send()
        found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self.outbox]
        for path in self.outbox:
            path.unlink()
        return found

    def link(self, mail: EmailMessage, place: str) -> str:
        """The path of the link in the text of a mail that leads to *place*."""
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        found = re.search(rf"https://digest\.example\.org(/{place}/\S+)", text)
        assert found, text
        return found[1]


def dump(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """All that is in the database, but for leases."""
    with store._read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
            if table is not tables.lease
        }


@contextmanager
def visiting(folder: Path, config: str = CONFIG + SERVED) -> Iterator[Visitors]:
    """Open a site in *folder*."""
    desk = Visitors(folder, config)
    with desk.app() as app:
        desk.opened = app
        with TestClient(make_app(app), base_url="https://digest.example.org", follow_redirects=False) as client:
            desk.client = client
            yield desk
