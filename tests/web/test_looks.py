"""How the pages look and read: axe, contrast, width and HTML of each, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import html5lib
import pytest

from digest.core.subscribers.tokens import Link, Purpose
from tests.support.browser import chromium, faults
from tests.support.desk import CONFIG
from tests.support.visiting import SERVED, Visitors, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ROBOTS = '\n[[edition]]\nname = "robots"\ntitle = "Robots"\n'


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visitors, Page]]:
    """A site with a reader of two editions, and a browser whose requests it answers."""
    folder: Path = tmp_path_factory.mktemp("look")
    with visiting(folder, CONFIG + ROBOTS + SERVED) as site, chromium() as browser:
        site.subscribed()
        site.subscribed(edition="robots")
        page = browser.new_page()

        def answer(route: Route) -> None:
            asked = route.request
            parts = urlsplit(asked.url)
            body = asked.post_data_buffer
            found = site.client.request(
                asked.method,
                f"{parts.path}?{parts.query}",
                content=body,
                headers={"Content-Type": asked.headers.get("content-type", "")} if body else {},
            )
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

        page.route("**/*", answer)
        yield site, page


def pages(site: Visitors) -> dict[str, str]:
    confirm = site.keys.token(Purpose.CONFIRM, Link(subscription=1), now=site.now)
    stop = site.keys.token(Purpose.UNSUBSCRIBE, Link(subscription=1))
    return {
        "form": "/subscribe",
        "lost": "/lost",
        "wrong": "/confirm/x",
        "none": "/nothing/here",
        "confirm": f"/confirm/{confirm}",
        "unsubscribe": f"/unsubscribe/{stop}",
    }


@pytest.mark.parametrize("name", ["form", "lost", "wrong", "none", "confirm", "unsubscribe"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_is_read_by_everybody(look: tuple[Visitors, Page], name: str, scheme: str) -> None:
    site, page = look
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 320, "height": 640})

    page.goto(f"https://digest.example.org{pages(site)[name]}")

    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", ["form", "lost", "wrong", "none", "confirm", "unsubscribe"])
def test_each_page_is_html_without_mistakes(look: tuple[Visitors, Page], name: str) -> None:
    site, _ = look
    parser = html5lib.HTMLParser()

    parser.parse(site.client.get(pages(site)[name]).text)

    assert parser.errors == []


def test_a_form_with_a_mistake_says_so_and_keeps_what_was_written(look: tuple[Visitors, Page]) -> None:
    _, page = look
    page.goto("https://digest.example.org/subscribe")
    page.get_by_label("Robots").check()
    page.get_by_label("Mail address").fill("ada@localhost")

    page.get_by_role("button", name="Subscribe").click()

    assert "not a mail address" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Mail address").input_value() == "ada@localhost"
    assert page.get_by_label("Robots").is_checked()
    assert faults(page) == []


def test_a_reader_stops_with_a_button_and_without_a_script(look: tuple[Visitors, Page]) -> None:
    site, page = look
    page.goto(f"https://digest.example.org{pages(site)['unsubscribe']}")

    page.get_by_role("button", name="Stop", exact=True).click()

    assert page.get_by_role("heading").inner_text() == "Stopped"
    assert page.locator("script").count() == 0
    assert faults(page) == []
