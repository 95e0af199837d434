"""The form to subscribe on the archive's pages."""

from __future__ import annotations

from pathlib import Path

import html5lib
import pytest

from digest.publish.sign_up_form import sign_up_form
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk
from tests.support.store_values import DAY
from tests.support.visiting import SERVED

TWO = CONFIG + '\n[[edition]]\nname = "robots"\ntitle = "Robots & more"\n' + SERVED


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, TWO)
    made.feed(DAY, [paper(1)])
    return made


def forms(page: str) -> list[html5lib.treebuilders.etree.Element]:  # type: ignore[name-defined]
    return list(html5lib.parse(page, namespaceHTMLElements=False).iter("form"))


def test_no_page_has_a_form_where_no_site_is_served(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG)
    desk.feed(DAY, [paper(1)])
    desk.run(DAY, send=False)

    pages = [path.read_text() for path in desk.site.rglob("*.html")]

    assert pages
    assert not any("<form" in page for page in pages)
    assert all("form-action 'none'" in page for page in pages)
    assert not (desk.site / "forms.css").exists()


def test_the_form_of_an_issue_asks_for_its_edition(desk: Desk) -> None:
    desk.run(DAY, "robots", send=False)

    page = (desk.site / "robots" / str(DAY) / "index.html").read_text()

    (form,) = forms(page)
    fields = {one.get("name"): one.get("value") for one in form.iter("input")}
    assert (form.get("method"), form.get("action")) == ("post", "https://digest.example.org/subscribe")
    assert fields["edition"] == "robots"
    assert "form-action https://digest.example.org" in page
    assert "Robots &amp; more by mail" in page
    assert (desk.site / "forms.css").is_file()


def test_the_form_of_the_first_page_offers_all_editions(desk: Desk) -> None:
    desk.run(DAY, send=False)

    (form,) = forms((desk.site / "index.html").read_text())

    assert [one.get("value") for one in form.iter("input") if one.get("name") == "edition"] == ["daily", "robots"]


def test_pages_get_the_form_when_it_is_switched_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG)
    desk.feed(DAY, [paper(1)])
    desk.run(DAY, send=False)
    (tmp_path / "config.toml").write_text(CONFIG + SERVED)

    desk.run(DAY, send=False)

    assert forms((desk.site / "daily" / str(DAY) / "index.html").read_text())


def test_there_is_no_form_for_what_nobody_may_ask_for() -> None:
    assert sign_up_form(None, [("daily", "Daily")]) is None
    assert sign_up_form("https://x.example", []) is None
    form = sign_up_form("https://x.example:8443/digest", [("daily", "Daily")])
    assert form is not None
    assert form.origin == "https://x.example:8443"
    assert form.of("closed") is None
