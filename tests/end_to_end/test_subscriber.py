"""A reader from signing up to being forgotten: in Chromium, on the served pages, with the mails out of an SMTP sink."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
import uvicorn
from aiosmtpd.controller import Controller

from digest.app.app import App
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.web.site import make_app
from tests.conftest import paper
from tests.servers.smtp import Sink
from tests.support.browser import chromium, faults
from tests.support.desk import Desk
from tests.support.visiting import dump

if TYPE_CHECKING:
    from playwright.sync_api import Page

ADDRESS = "ada@example.org"
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 6, day) for day in range(1, 6))
MONDAY_AFTER, TUESDAY_AFTER = date(2026, 6, 8), date(2026, 6, 9)
SUBJECTS = ("robots that grasp", "protein folding", "speech recognition", "graph theory", "weather forecasts")
_PATIENCE_S = 20.0


def config(web: int, smtp: int) -> str:
    return f"""
[digest]
title = "Test digest"
timezone = "UTC"

[[source]]
name = "arXiv"
kind = "jsonl"
url = "arxiv-{{date}}.jsonl"

[[edition]]
name = "daily"
max_papers = 6
interests = ["graph theory"]

[mail]
from = "Test digest <digest@example.org>"
transport = "smtp"
host = "127.0.0.1"
port = {smtp}
security = "none"

[site]
base_url = "http://127.0.0.1:{web}"

[serve]
base_url = "http://127.0.0.1:{web}"
"""


@dataclass
class Reader:
    """What one reader has: a desk that is run for them, a browser, a mailbox."""

    desk: Desk
    app: App
    page: Page
    sink: Sink
    root: str
    _read: int = 0

    def run(self, day: date) -> None:
        self.desk.run(day)

    def mail(self) -> EmailMessage:
        """The next mail that came; waits for one that is on its way."""
        until = time.monotonic() + _PATIENCE_S
        while len(self.sink.accepted) <= self._read:
            assert time.monotonic() < until, "no mail came"
            time.sleep(0.05)
        self._read += 1
        return message_from_bytes(self.sink.accepted[self._read - 1].content, policy=policy.default)

    def has_mail(self) -> bool:
        return len(self.sink.accepted) > self._read

    def link(self, mail: EmailMessage, place: str) -> str:
        """The first address in the HTML of a mail that leads to *place*."""
        html = mail.get_body(("html",)).get_content()
        found = re.search(rf'href="({re.escape(self.root)}/{place}/[^"]+)"', html)
        assert found, f"no link to {place}"
        return found[1].replace("&amp;", "&")

    def text_link(self, mail: EmailMessage, place: str) -> str:
        """The same in the text of a mail."""
        text = mail.get_body(("plain",)).get_content()
        found = re.search(rf"{re.escape(self.root)}/{place}/\S+", text)
        assert found, text
        return found[0]

    @property
    def subscription(self) -> Subscription:
        one = self.app.store.subscriber(parse_address(ADDRESS))
        [found] = self.app.store.subscriptions_of(one.pk)
        return found

    def titles(self, mail: EmailMessage) -> list[str]:
        """Subjects of the papers in a mail, in its order."""
        text = mail.get_body(("plain",)).get_content()
        return re.findall(r"Paper \d+ on ([a-z ]+)", " ".join(text.split()))

    def says(self, words: str) -> None:
        assert words in self.page.inner_text("main")
        assert faults(self.page) == []


def lists(desk: Desk) -> None:
    """A week's papers, twenty a day, four on each subject."""
    for n, day in enumerate((MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, MONDAY_AFTER, TUESDAY_AFTER)):
        desk.feed(
            day,
            [
                paper(
                    100 * n + k,
                    title=f"Paper {100 * n + k} on {SUBJECTS[k % 5]}",
                    abstract=f"We study {SUBJECTS[k % 5]} in setting {100 * n + k}. "
                    f"The method of this paper improves {SUBJECTS[k % 5]} by a wide margin.",
                )
                for k in range(1, 21)
            ],
        )


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def serving(app: App, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(make_app(app), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + _PATIENCE_S
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_S)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    port, smtp = free_ports()
    sink = Sink()
    mailbox = Controller(sink, hostname="127.0.0.1", port=smtp)
    mailbox.start()
    try:
        desk = Desk(tmp_path, config(port, smtp))
        lists(desk)
        desk.run(MONDAY)
        with desk.app() as app, serving(app, port), chromium() as browser:
            page = browser.new_page(viewport={"width": 390, "height": 800})
            page.set_default_timeout(10_000)
            yield Reader(desk, app, page, sink, f"http://127.0.0.1:{port}")
    finally:
        mailbox.stop()


def test_a_reader_comes_chooses_pauses_marks_goes_and_is_forgotten(reader: Reader) -> None:
    page, root = reader.page, reader.root

    # Subscribe, from the archive's own page.
    page.goto(f"{root}/")
    page.get_by_role("textbox", name="Address").first.fill(ADDRESS)
    page.get_by_role("button", name="Subscribe").first.click()
    reader.says("Look into your inbox")
    reader.run(TUESDAY)
    confirm = reader.mail()
    assert confirm["To"] == ADDRESS
    assert not reader.has_mail()  # nothing goes to an address that is not confirmed

    # Confirm by the mail in the sink; opening the link alone does nothing.
    page.goto(reader.text_link(confirm, "confirm"))
    assert reader.app.store.subscriber(parse_address(ADDRESS)).state is SubscriberState.PENDING
    page.get_by_role("button", name="Yes").click()
    assert reader.app.store.subscriber(parse_address(ADDRESS)).state is SubscriberState.CONFIRMED
    assert faults(page) == []

    # Receive the edition's own issue.
    reader.run(WEDNESDAY)
    first = reader.mail()
    assert "graph theory" in reader.titles(first)[0]

    # Give own interests, and see at once what they change.
    page.goto(reader.link(first, "preferences"))
    page.get_by_label("Interests, one a line").fill("protein folding")
    page.get_by_role("button", name="Show what that changes").click()
    assert page.locator("#would ol li").count() == 6
    assert page.locator("#would ol li").all_inner_texts()[0].count("protein folding")
    reader.says("others than with what is saved")
    page.get_by_role("button", name="Save").click()
    assert reader.subscription.interests == ("protein folding",)

    # Receive a personal issue.
    reader.run(THURSDAY)
    own = reader.mail()
    assert "protein folding" in reader.titles(own)[0]
    page.goto(reader.link(own, "mine"))
    assert "protein folding" in page.inner_text("main")

    # Mark more and less; what it will change is said, and GET changes nothing.
    page.goto(reader.link(own, "feedback"))
    assert reader.app.store.marks("daily") == ()
    page.get_by_role("button", name="More like it").click()
    assert [mark.value for mark in reader.app.store.marks("daily")] == [1]
    page.get_by_role("button", name="Less like it").click()
    assert [mark.value for mark in reader.app.store.marks("daily")] == [-1]
    page.get_by_role("button", name="Take").first.click()
    assert reader.app.store.marks("daily") == ()
    assert faults(page) == []

    # Pause: no mail on Friday; come back: the next issue comes again.
    page.goto(reader.link(own, "unsubscribe"))
    page.get_by_role("button", name="7 days").click()
    reader.run(FRIDAY)
    assert not reader.has_mail()
    page.goto(reader.link(own, "preferences"))
    page.get_by_label("Pause until").fill("")
    page.get_by_role("button", name="Save").click()
    reader.run(MONDAY_AFTER)
    back = reader.mail()

    # Stop by the button, come back, and stop by the header's single POST.
    page.goto(reader.link(back, "unsubscribe"))
    assert reader.subscription.stopped_at is None
    page.get_by_role("button", name="Stop", exact=True).click()
    assert reader.subscription.stopped_at is not None
    page.goto(reader.link(back, "preferences"))
    page.get_by_role("button", name="Send it to me again").click()
    assert reader.subscription.stopped_at is None
    one_click = re.search(r"<(http[^>]+)>", str(back["List-Unsubscribe"]))[1]
    with urlopen(Request(one_click, data=b"List-Unsubscribe=One-Click"), timeout=_PATIENCE_S) as answer:
        assert answer.status == 200
        assert answer.url == one_click
        assert "Set-Cookie" not in answer.headers
    assert reader.app.store.subscriber(parse_address(ADDRESS)).state is SubscriberState.UNSUBSCRIBED
    reader.run(TUESDAY_AFTER)
    assert not reader.has_mail()

    # Be forgotten.
    page.goto(reader.link(back, "preferences"))
    page.get_by_role("button", name="Forget me…").click()
    page.get_by_role("button", name="Forget me", exact=True).click()
    assert reader.app.store.subscriber(parse_address(ADDRESS)) is None
    assert ADDRESS not in repr(dump(reader.app.store))
