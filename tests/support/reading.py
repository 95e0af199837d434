"""A site whose readers have something to read: two editions, two days of papers, and what is asked of it in tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import html5lib
from sqlalchemy import create_engine, select
from starlette.testclient import TestClient

from digest.core.models import Paper
from digest.core.subscribers.links import ReaderLinks
from digest.core.subscribers.subscriber import Subscription
from digest.store import tables
from digest.usecases.linking import Linking
from digest.web.site import make_app
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk, line
from tests.support.visiting import SERVED, Visitors

MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)
SUBJECTS = ("gravel bed rivers", "folding proteins", "distant galaxies", "thin markets", "walking robots", "old poems")
EDITIONS = """interests = ["gravel bed rivers"]
max_papers = 4
exploration = 0

[[edition]]
name = "other"
title = "Another edition"
sources = ["arXiv"]

[[edition]]
name = "closed"
sources = ["arXiv"]
open = false
"""
READERS_CONFIG = CONFIG.replace('recipients = ["ada@example.org"]\n', "") + EDITIONS + SERVED
HTML = "{http://www.w3.org/1999/xhtml}"


def on(n: int) -> Paper:
    """The n-th paper; each sixth is on the same subject."""
    subject = SUBJECTS[n % len(SUBJECTS)]
    return paper(
        n,
        title=f"A study of {subject}, part {n}",
        abstract=f"Little is known about {subject}. We propose a method that measures {subject} by {n} careful steps. "
        f"It finds {subject} in {10 + n} of 100 cases.",
    )


class Readers(Visitors):
    """A site with readers."""

    def links(self, subscription: Subscription, base_url: str = "") -> ReaderLinks:
        """The links of a subscription as it is now, below the site's first page."""
        now = self.opened.store.subscription(subscription.pk)
        assert now is not None
        return Linking(store=self.opened.store, clock=lambda: self.now).of(now, base_url)

    def now_of(self, subscription: Subscription) -> Subscription:
        """A subscription as the store has it now."""
        found = self.opened.store.subscription(subscription.pk)
        assert found is not None
        return found

    @property
    def url(self) -> str:
        return self.opened.config.database

    def rows(self) -> Mapping[str, list[Any]]:
        """All that the database holds."""
        engine = create_engine(self.url)
        try:
            with engine.connect() as connection:
                return {
                    table.name: sorted(map(repr, connection.execute(select(table))))
                    for table in tables.metadata.sorted_tables
                }
        finally:
            engine.dispose()


@cache
def _begun(config: str) -> Path:
    """A folder with the issues of two days, which tests copy."""
    folder = Path(tempfile.mkdtemp(prefix="digest-reading-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    desk = Desk(folder, config)
    desk.feed(MONDAY, [line(on(n), upvotes=n) for n in range(1, 13)])
    desk.feed(TUESDAY, [line(on(n), upvotes=n) for n in range(13, 25)])
    for day in (MONDAY, TUESDAY):
        desk.run(day, "daily", send=False)
    return folder


@contextmanager
def reading(folder: Path, config: str = READERS_CONFIG) -> Iterator[Readers]:
    """Open a site with the issues of two days."""
    shutil.copytree(_begun(config), folder, dirs_exist_ok=True)
    desk = Readers(folder, config)
    desk.now = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
    with desk.app() as app:
        desk.opened = app
        app.store.link_secrets()
        with TestClient(make_app(app), base_url="https://digest.example.org", follow_redirects=False) as client:
            desk.client = client
            yield desk


class Page:
    """An answer of the site, as a browser understands it."""

    def __init__(self, text: str) -> None:
        self.root: ET.Element = html5lib.parse(text, treebuilder="etree")

    def all(self, tag: str, **attributes: str) -> list[ET.Element]:
        """All elements with a name and attributes."""
        found = self.root.iter(HTML + tag)
        return [one for one in found if all(one.get(name) == value for name, value in attributes.items())]

    def one(self, tag: str, **attributes: str) -> ET.Element:
        """The only one."""
        [found] = self.all(tag, **attributes)
        return found

    def value(self, name: str) -> str:
        """What stands in a field of a form."""
        for field in self.all("textarea", name=name):
            return field.text or ""
        for field in self.all("select", name=name):
            return next(
                (option.get("value", "") for option in field.iter(f"{HTML}option") if "selected" in option.attrib), ""
            )
        return self.one("input", name=name).get("value", "")

    def trouble(self, name: str) -> str:
        """What is said of a field, by the element that the field names for it; empty for nothing."""
        [field] = [one for tag in ("input", "textarea", "select") for one in self.all(tag, name=name)]
        ids = field.get("aria-describedby", "").split()
        said = [text(one) for one in self.root.iter() if one.get("id") in ids and one.get("class") == "trouble"]
        return said[0] if said and field.get("aria-invalid") == "true" else ""

    @property
    def text(self) -> str:
        """All text of the page's main part."""
        return text(self.one("main"))


def text(element: ET.Element) -> str:
    """The text of an element, on one line."""
    return " ".join("".join(element.itertext()).split())
