"""Readers' pages in Chromium: nothing that axe finds, fit for a telephone, legible in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from digest.core.subscribers.subscriber import Subscription
from tests.support.browser import CONTRASTS, chromium, faults
from tests.support.reading import TUESDAY, Readers, on, reading

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

WRONG = {"interests": "x.bib\nrobots", "zone": "Nowhere", "max_papers": "many", "paused_until": "2020-01-01"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with reading(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(site: Readers) -> dict[str, str]:
    """Name of a page → its HTML."""
    ada: Subscription = site.subscribed()
    first, second, *_ = (on(int(paper[-5:])) for paper in site.printed(TUESDAY))
    site.opened.store.mark("daily", second.id, 1, at=site.now, reader=ada.reader)
    links, client = site.links(ada), site.client
    feedback = links.feedback(first.id, TUESDAY)
    return {
        "preferences": client.get(links.preferences()).text,
        "troubles": client.post(links.preferences(), data=WRONG).text,
        "tried": client.post(links.preferences(), data={"interests": "robots\nnothing at all", "try": "1"}).text,
        "forget": client.post(links.preferences(), data={"forget": "ask"}).text,
        "feedback": client.get(f"{feedback}?mark=less").text,
        "marked": client.post(feedback, data={"mark": "more"}).text,
        "mine": client.get(links.issue(TUESDAY)).text,
        "found": client.get("/search?q=study").text,
        "search": client.get("/search").text,
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_readers_are_sound_small_and_legible(
    site: Readers, pages: dict[str, str], browser: Browser, scheme: str
) -> None:
    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        name = path.rpartition("/")[2]
        if name in pages:
            route.fulfill(body=pages[name], content_type="text/html; charset=utf-8")
        else:
            found = site.client.get("/" + name)
            route.fulfill(body=found.content, status=found.status_code, content_type=found.headers["Content-Type"])

    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.route("**/*", answer)
    for name in pages:
        page.goto(f"https://digest.example.org/x/{name}")
        assert page.evaluate("document.styleSheets.length") == 2, "both style sheets are there"
        assert faults(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        lowest = page.evaluate(CONTRASTS)[0]
        assert lowest[0] >= 4.5, (name, lowest)
    context.close()


def test_what_is_wrong_with_a_field_is_said_with_it(pages: dict[str, str], browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(pages["troubles"])

    for name in WRONG:
        field = page.locator(f"#{name}")
        said = [page.locator(f"#{one}").inner_text() for one in (field.get_attribute("aria-describedby") or "").split()]
        assert field.get_attribute("aria-invalid") == "true", name
        assert said[0].endswith("."), name
    page.close()
