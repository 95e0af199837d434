"""The archive: the same bytes always, little work for a new issue, and pages that a reader can use."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import html5lib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.core.errors import DigestError
from digest.core.models import Issue, Link, SourceReport, SourceState
from digest.publish import topic_pages
from digest.publish.catalogue import Manifest, read_manifest
from digest.publish.formulas import to_mathml
from digest.publish.site import StaticSite
from digest.publish.slugs import slug
from tests.conftest import paper
from tests.fakes.store import FakeIssues
from tests.support.browser import CONTRASTS, chromium, faults
from tests.support.issues import SHIPPED, entry, issue, left_out, templates

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FIRST = date(2026, 5, 25)
TOPICS = ("Reasoning", "Agents", "Vision-language models", "Speech")


def day_of(n: int, *, edition: str = "daily", papers: int = 4, **changes: object) -> Issue:
    """The n-th day's issue; every seventh has nothing new."""
    day = FIRST + timedelta(days=n)
    entries = [
        entry(100 * n + k, summary={"topics": (TOPICS[k % 4], TOPICS[(n + k) % 4])[: 1 + (n + k) % 2]})
        for k in range(papers if n % 7 != 6 else 0)
    ]
    return issue(entries, day=day, edition=edition, **changes)


def draw(
    folder: Path, store: FakeIssues, *editions: str, own: Path | None = None, title: str = "Research digest"
) -> int:
    site = StaticSite(
        folder, templates(*([own] if own else [])), store, title=title, base_url="https://digest.example.org"
    )
    return site.draw(editions or ("daily",))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def links(html: str) -> list[str]:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    return [element.get(name) for element in tree.iter() for name in ("href", "src") if element.get(name)]


# -- the same bytes


def test_two_folders_get_the_same_bytes(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(9)))

    draw(tmp_path / "a", store)
    draw(tmp_path / "b", store)

    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_deleted_folder_comes_back_to_the_same_bytes(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(9)))
    draw(tmp_path / "a", store)
    before = files(tmp_path / "a")
    shutil.rmtree(tmp_path / "a")

    draw(tmp_path / "a", store)

    assert files(tmp_path / "a") == before


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(range(8)), cuts=st.sets(st.integers(1, 7)))
def test_drawing_bit_by_bit_ends_in_the_same_bytes_as_drawing_at_once(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    """Issues come in any order, and a day of another edition has the same papers."""
    folder = tmp_path_factory.mktemp("site")
    store = FakeIssues()
    for n, k in enumerate(order):
        store.add(day_of(k, papers=2))
        if k % 3 == 0:
            store.add(day_of(k, edition="weekly", papers=2))
        if n in cuts:
            draw(folder / "bit", store, "daily", "weekly")

    draw(folder / "bit", store, "daily", "weekly")
    draw(folder / "once", store, "daily", "weekly")

    assert files(folder / "bit") == files(folder / "once")


def test_drawing_again_writes_nothing(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(9)))
    draw(tmp_path, store)

    assert draw(tmp_path, store) == 0


def test_a_new_issue_touches_itself_its_neighbour_and_the_lists(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(6)))
    draw(tmp_path, store)
    before = files(tmp_path)

    store.add(day_of(7))
    written = draw(tmp_path, store)

    after = files(tmp_path)
    changed = {path for path in after if before.get(path) != after[path]}
    assert written == len(changed)
    untouched = {path for path in after if re.match(r"daily/2026-05-(2[5-9])|search/2026-05", path)}
    assert untouched
    assert not untouched & changed
    assert {"index.html", "daily/index.html", "daily/feed.xml", "daily/2026-05-30/index.html"} <= changed
    assert "daily/2026-05-30/issue.json" not in changed


def test_day_300_costs_what_day_30_cost(tmp_path: Path) -> None:
    """Counted in files and in issues that had to be read, which is where the time goes."""
    costs = []
    store = FakeIssues(*(day_of(n, papers=2) for n in range(29) if n % 7 != 6))
    draw(tmp_path, store)
    for n in (29, 299):
        store.add(*(day_of(k, papers=2) for k in range(29, n) if k % 7 != 6))
        draw(tmp_path, store)
        store.add(day_of(n, papers=2))
        store.read = 0
        costs.append((draw(tmp_path, store), store.read))

    assert abs(costs[0][0] - costs[1][0]) <= 4
    assert abs(costs[0][1] - costs[1][1]) <= 4


def test_an_empty_day_that_gets_papers_after_all_is_drawn_again(tmp_path: Path) -> None:
    store = FakeIssues(day_of(5), day_of(6))
    draw(tmp_path, store)
    assert "Nothing new today" in (tmp_path / "daily/2026-05-31/index.html").read_text()

    store.add(issue([entry(77)], day=FIRST + timedelta(days=6)))
    draw(tmp_path, store)

    assert "Paper number 77" in (tmp_path / "daily/2026-05-31/index.html").read_text()


def test_an_empty_day_whose_reason_changes_is_drawn_again(tmp_path: Path) -> None:
    store = FakeIssues(issue(why_empty="The list is not out yet."))
    draw(tmp_path, store)

    store.add(issue(why_empty="No list today: it is Whit Monday."))
    draw(tmp_path, store)

    for page in ("index.html", "daily/index.html", "daily/2026-06-03/index.html"):
        assert "it is Whit Monday" in (tmp_path / page).read_text()


@pytest.mark.parametrize(
    "lost", ["daily/2026-05-26", "papers/arxiv-2603-00101", "topics/reasoning", "search", ".manifest.json"]
)
def test_what_somebody_removed_comes_back(tmp_path: Path, lost: str) -> None:
    store = FakeIssues(*map(day_of, range(3)))
    draw(tmp_path, store)
    before = files(tmp_path)
    path = tmp_path / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    draw(tmp_path, store)

    assert files(tmp_path) == before


def test_another_template_draws_everything_again(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(3)))
    draw(tmp_path / "site", store)
    own = tmp_path / "own"
    own.mkdir()
    (own / "paper.html").write_text("mine: {{ plain_title }}")

    draw(tmp_path / "site", store, own=own)

    pages = list((tmp_path / "site" / "papers").rglob("index.html"))
    assert len(pages) == 12
    assert all(page.read_text().startswith("mine: ") for page in pages)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file where the folder should be")

    with pytest.raises(DigestError, match=r"cannot be written: .*drawn again by the next run"):
        draw(tmp_path / "site", FakeIssues(day_of(0)))


def test_a_write_that_fails_leaves_the_old_page_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeIssues(day_of(0))
    draw(tmp_path, store)
    before = files(tmp_path)
    store.add(day_of(1))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    # A full disk cannot be had otherwise.
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DigestError, match="No space left on device"):
        draw(tmp_path, store)
    monkeypatch.undo()

    assert files(tmp_path) == before
    draw(tmp_path, store)
    assert (tmp_path / "daily/2026-05-26/index.html").is_file()


# -- what is on the pages


def test_every_link_within_the_archive_leads_to_a_file(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(9)), day_of(2, edition="weekly"))
    draw(tmp_path, store, "daily", "weekly")

    followed = 0
    for page in tmp_path.rglob("*.html"):
        for link in links(page.read_text(encoding="utf-8")):
            if not link.startswith(("http", "data:", "#")):
                assert (page.parent / link.split("#")[0]).is_file(), (page, link)
                followed += 1
    assert followed > 500


def test_every_fragment_leads_to_an_id(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(*map(day_of, range(3))))

    for page in tmp_path.rglob("*.html"):
        for link in links(page.read_text(encoding="utf-8")):
            target, _, fragment = link.partition("#")
            if fragment and not link.startswith(("http", "data:")) and not fragment.startswith("q="):
                there = (page.parent / target) if target else page
                assert f'id="{fragment}"' in there.read_text(encoding="utf-8"), (page, link)


def test_the_front_page_has_the_newest_issue_of_each_edition_in_the_order_of_the_config(tmp_path: Path) -> None:
    store = FakeIssues(day_of(0), day_of(1), day_of(0, edition="weekly"), day_of(0, edition="former"))

    draw(tmp_path, store, "weekly", "daily", "planned")

    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'id="edition-(\w+)"', html) == ["weekly", "daily", "planned", "former"]
    assert "Tuesday 26 May 2026" in html
    assert "No issue yet." in html


def test_the_front_page_names_the_days_with_nothing_new_since(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(day_of(5), day_of(6)))

    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Nothing new. arXiv lists no papers on this day." in html
    assert "Saturday 30 May 2026" in html


def test_an_issue_lists_all_that_was_left_out_with_links(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(day_of(0, left_out=tuple(left_out(n) for n in range(50)))))

    html = (tmp_path / "daily/2026-05-25/index.html").read_text(encoding="utf-8")
    assert sum(f'href="https://arxiv.org/abs/{n}"' in html for n in range(50)) == 50


def test_a_papers_page_names_its_correction_once_an_issue_does(tmp_path: Path) -> None:
    store = FakeIssues(day_of(0))
    draw(tmp_path, store)
    printed = store.issue("daily", FIRST)
    assert printed is not None
    notice = replace(
        left_out(9, "correction"),
        title="Author Correction: Gravel",
        is_aside=True,
        corrects=(printed.entries[0].paper.id,),
    )
    store.add(day_of(1, left_out=(notice,)))

    draw(tmp_path, store)

    pages = [path for path in (tmp_path / "papers").rglob("*.html") if "Author Correction: Gravel" in path.read_text()]
    assert [path.parent.name for path in pages] == [slug(printed.entries[0].paper.id)]


def test_issue_json_lies_beside_the_page(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(day_of(0)))

    data = json.loads((tmp_path / "daily/2026-05-25/issue.json").read_text(encoding="utf-8"))
    assert len([e for section in data["sections"] for e in section["entries"]]) == 4


def test_a_papers_page_has_all_authors_the_whole_abstract_and_where_it_stood(tmp_path: Path) -> None:
    long = {
        "authors": tuple(f"Author {n}" for n in range(664)),
        "abstract": "First paragraph with $n^2$.\nSecond <paragraph>.",
        "links": (Link(rel="code", url="https://github.com/x/y"), Link(rel="discussion", url="https://example.org/d")),
    }
    one = entry(1, paper=long)
    store = FakeIssues(issue([one], day=FIRST), issue([one], day=FIRST + timedelta(days=3), edition="weekly"))

    draw(tmp_path, store, "daily", "weekly")

    html = (tmp_path / "papers/arxiv-2603-00001/index.html").read_text(encoding="utf-8")
    assert "Author 663" in html
    assert "<msup><mi>n</mi><mn>2</mn></msup>" in html
    assert '<p class="abstract">Second &lt;paragraph&gt;.</p>' in html
    assert 'href="https://github.com/x/y"' in html
    assert re.findall(r">(daily|weekly), \w+ (\d+) May", html) == [("weekly", "28"), ("daily", "25")]


def test_a_topic_lists_its_newest_papers_and_says_how_many_older_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 200 papers would only make the test slow.
    monkeypatch.setattr(topic_pages, "ENTRIES", 5)
    monkeypatch.setattr(topic_pages, "NEWEST", 3)
    days = [issue([entry(10 * n + k) for k in range(3)], day=FIRST + timedelta(days=n)) for n in range(9)]

    draw(tmp_path, FakeIssues(*days))

    html = (tmp_path / "topics/reasoning/index.html").read_text(encoding="utf-8")
    assert re.findall(r"Paper number (\d+)", html) == ["80", "81", "82", "70", "71"]
    assert "These are the newest 5. There are 22 older ones" in html
    assert 'href="../../search/index.html#q=Reasoning"' in html


def test_an_edition_cannot_overwrite_the_topics(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(day_of(0, edition="topics")), "topics")

    assert "Topics" in (tmp_path / "topics/index.html").read_text(encoding="utf-8")
    assert not list((tmp_path / "topics").glob("2026*"))


_HOSTILE = """<script>alert(1)</script>| "><img src=x onerror=alert(1)>| {{ 7*7 }}| ../../../etc/passwd| ' onclick=x
    | </title><script>x</script>| ]);alert(1);//| \\| \x00| \u2028| \u202eevil| $\\text{<script>}$| javascript:alert(1)
    | \ud800| -->"""
HOSTILE = st.sampled_from(_HOSTILE.split("| "))


def from_file(text: str) -> str:
    """Topics and the title of the site come out of files, which cannot hold a lone surrogate."""
    return text.replace("\ud800", "")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(HOSTILE, st.text(max_size=20)), min_size=9, max_size=9))
def test_no_text_however_nasty_is_a_tag_a_script_or_a_path(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("site")
    identity, title, abstract, author, tldr, point, topic, reason, url = texts
    nasty = entry(
        paper={"id": identity, "title": title or "x", "abstract": abstract, "authors": (author,), "url": url},
        summary={"tldr": tldr, "points": (point,), "topics": (from_file(topic),), "fell_back": reason},
        reason=reason,
    )
    reports = (SourceReport(name=author, state=SourceState.FAILED, error=reason),)

    draw(folder / "site", FakeIssues(issue([nasty, entry(2)], title=title, sources=reports)), title=from_file(title))

    assert sorted(path.name for path in folder.iterdir()) == ["site"]
    for path in folder.rglob("*"):
        assert re.fullmatch(r"[a-z0-9.-]+", path.name)
    for page in folder.rglob("*.html"):
        tree = html5lib.parse(page.read_text(encoding="utf-8"), namespaceHTMLElements=False)
        for element in tree.iter():
            assert not any(str(name).startswith("on") or name == "style" for name in element.attrib)
            assert element.tag not in ("img", "style", "iframe", "object", "form")
            assert element.tag != "script" or re.fullmatch(r"[./]*[a-z0-9-]+\.js", element.get("src", ""))
            assert not (element.get("href") or "").strip().lower().startswith(("javascript:", "//", "vbscript:"))


# -- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    long = entry(
        900,
        paper={
            "title": r"A_very_long_identifier_that_no_browser_may_break_of_its_own_will_"
            + r" with $\sum_{i=1}^{n} x_i^2$",
            "authors": tuple(f"Author {n}" for n in range(664)),
            "abstract": "See https://example.org/"
            + "x" * 120
            + r" and $\frac{a}{b} = \int_0^1 f(x) \, dx + "
            + r"y + " * 40
            + "z$.",
        },
        summary={"fell_back": "the answer had a number that is not in the abstract"},
        reason="matches test-time training; 42 upvotes",
    )
    reports = (
        SourceReport(name="arxiv-cs.CL", state=SourceState.FRESH, listed=93, expected=93),
        SourceReport(
            name="biorxiv", state=SourceState.FAILED, error="An error page; asked again tomorrow", days_failing=2
        ),
    )
    busy = issue(
        [long, *(entry(n, summary={"topics": (TOPICS[n % 4],)}) for n in range(901, 912))],
        day=FIRST + timedelta(days=9),
        sources=reports,
        left_out=tuple(left_out(n) for n in range(5)),
        leads=(long.paper.id, paper(905).id, paper(902).id),
    )
    draw(folder, FakeIssues(*map(day_of, range(9)), busy))
    return folder


PAGES = (
    "index.html",
    "daily/index.html",
    "daily/2026-06-03/index.html",
    "daily/2026-05-31/index.html",
    "topics/index.html",
    "topics/reasoning/index.html",
    "papers/arxiv-2603-00900/index.html",
    "search/index.html#q=study",
)


def opened(page: Page, path: Path) -> list[str]:
    """What the browser complained of while it opened the file at *path*."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"file://{path}")
    return complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_from_a_file_fits_its_window_and_can_be_read(
    browser: Browser, drawn: Path, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    for name in PAGES:
        assert opened(page, drawn / name) == []
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        lowest = page.evaluate(CONTRASTS)[0]
        assert lowest[0] >= 4.5, (name, lowest)
    context.close()


def test_dark_is_dark(browser: Browser, drawn: Path) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        opened(page, drawn / "index.html")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.close()

    assert grounds["light"] == "rgb(253, 253, 251)"
    assert grounds["dark"] == "rgb(21, 22, 24)"


def test_j_and_k_move_between_papers_and_n_and_p_between_issues(browser: Browser, drawn: Path) -> None:
    page = browser.new_page()
    opened(page, drawn / "daily/2026-06-02/index.html")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.textContent"))

    page.keyboard.press("j")
    first = focused()
    page.keyboard.press("j")
    second = focused()
    page.keyboard.press("k")
    assert first.startswith("Paper number")
    assert second.startswith("Paper number")
    assert second != first == focused()
    page.keyboard.press("n")
    page.wait_for_url("**/2026-06-03/index.html")
    page.keyboard.press("p")
    page.wait_for_url("**/2026-06-02/index.html")
    page.keyboard.press("/")
    page.wait_for_url("**/search/index.html")
    page.close()


def searched(page: Page, query: str) -> list[str]:
    """The titles that the search shows for *query*."""
    page.evaluate("document.getElementById('found').textContent = ''")
    page.fill("#query", query)
    page.locator("#found:not(:empty)").wait_for()
    return list(page.locator(".entry h2").all_text_contents())


def test_the_search_finds_beginnings_of_words_whatever_their_accents(browser: Browser, tmp_path: Path) -> None:
    papers = [
        entry(1, paper={"title": "Élan vital in <b>large</b> models", "authors": ("Søren Kierkegård",)}),
        entry(2, paper={"title": "Small models"}),
        entry(3, paper={"title": "Vital signs"}),
    ]
    draw(tmp_path, FakeIssues(issue(papers)))
    page = browser.new_page()
    assert opened(page, tmp_path / "search/index.html") == []

    def found(query: str) -> list[str]:
        return searched(page, query)

    assert found("elan mod") == ["Élan vital in <b>large</b> models"]
    assert found("kierkegard vita") == ["Élan vital in <b>large</b> models"]
    assert sorted(found("models")) == ["Small models", "Élan vital in <b>large</b> models"]
    assert found("ital") == []
    assert found("reasoning") != []
    page.fill("#query", "small")
    page.click(".entry h2 a:text('Small models')")
    page.wait_for_url("**/papers/arxiv-2603-00002/index.html")
    page.close()


def test_a_finger_finds_what_it_points_at(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    opened(page, drawn / "daily/2026-06-03/index.html")

    targets = page.locator("header.site a, .contents a, .way a, summary").all()
    heights = [(target.bounding_box() or {"height": 0.0})["height"] for target in targets]

    assert len(heights) > 8
    assert min(heights) >= 44
    context.close()


def test_no_quiet_line_begins_or_ends_with_a_dot(browser: Browser, drawn: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    seen = set()
    for name in ("index.html", "daily/2026-06-03/index.html", "topics/reasoning/index.html"):
        opened(page, drawn / name)
        # A dot counts as seen where its middle lies within what is not clipped away to the left of its line.
        dots = page.evaluate(
            """() => [...document.querySelectorAll(".dots i")].map((dot) => {
              const box = dot.getBoundingClientRect(), line = dot.closest(".dots").getBoundingClientRect();
              const before = dot.parentElement.previousElementSibling.getBoundingClientRect();
              const first = before.bottom <= dot.parentElement.getBoundingClientRect().top + 1;
              return { first, seen: box.left + box.width / 2 > line.left - 3.4 };
            })"""
        )

        seen |= {dot["first"] for dot in dots}
        assert all(dot["seen"] is not dot["first"] for dot in dots), name
    assert seen == {True, False}
    page.close()


def test_the_pages_can_be_read_without_scripts(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{drawn / 'daily/2026-06-03/index.html'}")

    assert page.locator(".entry").count() == 12
    page.goto(f"file://{drawn / 'search/index.html'}")
    assert "needs JavaScript" in page.inner_text("main")
    context.close()


# -- two weights


def test_leads_are_shown_in_full_and_the_rest_by_lines_that_open(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{drawn / 'daily/2026-06-03/index.html'}")

    assert page.locator(".lead .n").all_inner_texts() == ["1", "2", "3"]
    assert all(one.is_visible() for one in page.locator(".lead .points").all())
    assert page.locator(".short").count() == 9
    assert not any(one.is_visible() for one in page.locator(".short .points, .left-out li").all())
    page.locator(".short summary").first.click()
    assert page.locator(".short .points").first.is_visible()
    # A lead stands only among the leads.
    anchors = page.evaluate("[...document.querySelectorAll('.entry')].map((entry) => entry.id)")
    assert anchors[:3] == ["arxiv-2603-00900", "arxiv-2603-00905", "arxiv-2603-00902"]
    assert len(anchors) == len(set(anchors)) == 12
    context.close()


def test_an_open_entry_has_its_whole_summary_where_the_cut_line_was(browser: Browser, tmp_path: Path) -> None:
    whole = "We build a model that reads maps, " + "and rivers, " * 30 + "and it names them."
    draw(tmp_path, FakeIssues(issue([entry(1, summary={"tldr": whole})])))
    page = browser.new_page()
    opened(page, tmp_path / "daily/2026-06-03/index.html")
    shown = page.locator(".short .line:visible")

    before = shown.all_inner_texts()
    page.keyboard.press("o")

    assert len(before) == 1
    assert len(before[0].split()) <= 25
    assert shown.all_inner_texts() == [whole]
    page.close()


def test_an_issue_of_thirty_papers_has_about_a_hundred_tab_stops(browser: Browser, tmp_path: Path) -> None:
    code = (Link(rel="code", url="https://github.com/x/y"),)
    many = [entry(n, paper={"links": code}, summary={"topics": (TOPICS[n % 4],)}) for n in range(1, 31)]
    leads = tuple(one.paper.id for one in many[:5])
    lost = tuple(left_out(n) for n in range(200))
    draw(tmp_path, FakeIssues(issue(many, left_out=lost, leads=leads)))
    page = browser.new_page()
    opened(page, tmp_path / "daily/2026-06-03/index.html")

    stops = page.evaluate("[...document.querySelectorAll('a, summary')].filter((e) => e.checkVisibility()).length")

    assert stops <= 100
    page.close()


def test_o_opens_and_closes_a_paper_and_a_link_to_it_shows_all_of_it(browser: Browser, drawn: Path) -> None:
    page = browser.new_page()
    opened(page, drawn / "daily/2026-06-03/index.html#arxiv-2603-00906")
    points = page.locator("#arxiv-2603-00906 .points")
    assert points.is_visible()

    page.locator("#arxiv-2603-00906 h3 a").focus()
    page.keyboard.press("o")
    assert not points.is_visible()
    page.keyboard.press("o")
    assert points.is_visible()
    page.close()


def test_entries_are_open_in_print_and_what_was_left_out_is_not(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{drawn / 'daily/2026-06-03/index.html'}")
    page.emulate_media(media="print")

    heights = [(one.bounding_box() or {"height": 0.0})["height"] for one in page.locator(".short .points").all()]

    assert len(heights) == 9
    assert min(heights) > 0
    assert not page.locator(".left-out li").first.is_visible()
    context.close()


def test_no_line_of_text_is_longer_than_75_characters(browser: Browser, tmp_path: Path) -> None:
    text = "We study how models of language learn, and measure that on many tasks of several kinds. " * 8
    one = entry(1, paper={"abstract": text}, summary={"tldr": text, "points": (text,)})
    other = entry(2, summary={"tldr": " ".join(["learning"] * 24)})
    draw(tmp_path, FakeIssues(issue([one, other], leads=(one.paper.id,))))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    for name, what in (
        ("daily/2026-06-03/index.html", ".lead .tldr, .lead .points li, .short .line"),
        ("papers/arxiv-2603-00001/index.html", ".abstract"),
    ):
        opened(page, tmp_path / name)
        found = page.evaluate(
            """(what) => [...document.querySelectorAll(what)].map((one) => {
                 const lines = one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight);
                 return one.textContent.trim().length / Math.round(lines);
               })""",
            what,
        )
        assert found
        assert max(found) <= 75, name
    page.close()


# -- a paper's page, the front page and topics


def test_an_extract_is_marked_in_the_abstract_and_a_models_summary_stands_above_it(tmp_path: Path) -> None:
    abstract = "Rivers are long. In this work, we measure ten of them. They are $10^3$ km long. More is left."
    extract = {"client": "extractive", "tldr": "We measure ten of them.", "points": ("They are $10^3$ km long.",)}
    elsewhere = {**extract, "tldr": "A summary that the source gave."}
    papers = [
        entry(1, paper={"abstract": abstract}, summary=extract),
        entry(2, paper={"abstract": abstract}, summary={"tldr": "We measure ten of them."}),
        entry(3, paper={"abstract": abstract}, summary=elsewhere),
    ]
    draw(tmp_path, FakeIssues(issue(papers)))

    pages = [(tmp_path / f"papers/arxiv-2603-0000{n}/index.html").read_text(encoding="utf-8") for n in (1, 2, 3)]

    assert re.findall("<mark>(.*?)</mark>", pages[0])[0] == "In this work, we measure ten of them."
    assert pages[0].count("<mark>") == 2
    assert 'class="tldr"' not in pages[0]
    for page in pages[1:]:
        assert "<mark>" not in page
        assert page.index('class="tldr"') < page.index('class="abstract"')


def test_papers_lead_to_those_before_and_after_them_and_to_similar_ones(browser: Browser, tmp_path: Path) -> None:
    papers = [
        entry(1, paper={"title": "Locks of canals", "abstract": "Sluices and barges."}),
        entry(2, paper={"title": "Birds", "abstract": "Feathers."}),
        entry(3, paper={"title": "Barges", "abstract": "Sluices of canals."}),
        *(entry(n, paper={"title": f"T{n}", "abstract": "Other."}) for n in range(4, 9)),
    ]
    draw(tmp_path, FakeIssues(issue(papers, leads=(papers[2].paper.id,))))
    page = browser.new_page()
    opened(page, tmp_path / "papers/arxiv-2603-00001/index.html")

    assert page.locator("a[rel=prev]").inner_text() == "‹ Barges"
    assert page.locator("a[rel=next]").inner_text() == "Birds ›"
    assert page.locator(".titles a").all_inner_texts() == ["Barges"]
    page.close()


def test_the_front_page_has_a_calendar_of_this_month_and_the_last(browser: Browser, drawn: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    opened(page, drawn / "index.html")

    assert page.locator("table.calendar caption").all_inner_texts() == ["June 2026", "May 2026"]
    days = page.locator(".calendar a").all()
    assert [day.inner_text().split() for day in days][:3] == [["1", "4"], ["2", "4"], ["3", "12"]]
    assert [box["height"] >= 44 and box["width"] >= 44 for day in days if (box := day.bounding_box())] == [True] * 10
    assert days[2].get_attribute("href") == "daily/2026-06-03/index.html"
    page.close()


def test_the_box_of_the_front_page_leads_to_what_the_search_finds(browser: Browser, drawn: Path) -> None:
    page = browser.new_page()
    opened(page, drawn / "index.html")

    page.keyboard.press("/")
    page.keyboard.type("study 903")
    page.keyboard.press("Enter")

    page.wait_for_url("**/search/index.html#q=study%20903")
    page.locator("#results .entry").first.wait_for()
    assert [
        title.endswith("903 on the study of things") for title in page.locator("#results h2").all_inner_texts()
    ] == [True]
    page.close()


def test_the_search_has_the_newest_papers_and_topics_until_one_types(browser: Browser, drawn: Path) -> None:
    page = browser.new_page()
    opened(page, drawn / "search/index.html")
    assert "Paper number 904" in page.inner_text("#start")
    assert "Speech" in page.inner_text("#start .topics")

    searched(page, "paper")
    assert not page.locator("#start").is_visible()
    page.fill("#query", "")
    page.locator("#start").wait_for()
    page.close()


def test_a_topic_shows_its_share_of_the_days_in_bars_with_a_sentence(tmp_path: Path) -> None:
    days = [
        issue(
            [entry(10 * n + k, summary={"topics": ("Agents",) if k < n else ("Speech",)}) for k in range(4)],
            day=FIRST + timedelta(days=n),
        )
        for n in range(1, 4)
    ]
    draw(tmp_path, FakeIssues(*days))

    html = (tmp_path / "topics/agents/index.html").read_text(encoding="utf-8")

    assert "6 papers" in html
    assert "50 % of the papers of the last 3 days" in html
    assert html.count("<rect ") == 3
    assert 'role="img" aria-label="Agents: shares of the papers of 3 days, 26 May to 28 May 2026.' in html


def test_topics_are_listed_by_field_the_most_used_first(tmp_path: Path) -> None:
    papers = [
        entry(n, summary={"topics": (topic,)}) for n, topic in enumerate(["Agents", "Speech", "Vision", "Speech"])
    ]
    fields = {"Agents": "A field", "Speech": "B field"}
    site = StaticSite(
        tmp_path, templates(), FakeIssues(issue(papers)), title="x", field_of=lambda topic: fields.get(topic, topic)
    )
    site.draw(["daily"])

    html = (tmp_path / "topics/index.html").read_text(encoding="utf-8")

    assert re.findall(r'<h2 class="label">(.*?)</h2>|/index.html">(\w+)</a> <span class="n">(\d)', html) == [
        ("B field", "", ""),
        ("", "Speech", "2"),
        ("A field", "", ""),
        ("", "Agents", "1"),
        ("Other topics", "", ""),
        ("", "Vision", "1"),
    ]


# -- papers of two editions, and titles of editions


def two_editions() -> FakeIssues:
    """Paper 1 is of both editions on one day, paper 2 of both on different days, paper 3 of one."""
    other = FIRST + timedelta(days=2)
    return FakeIssues(
        issue([entry(1), entry(2)], day=FIRST, title="Morning papers"),
        issue([entry(1), entry(3)], day=FIRST, edition="weekly"),
        issue([entry(2)], day=other, edition="weekly"),
    )


def test_a_topic_has_a_paper_of_two_issues_once_with_both_places(tmp_path: Path) -> None:
    draw(tmp_path, two_editions(), "daily", "weekly")

    html = (tmp_path / "topics/reasoning/index.html").read_text(encoding="utf-8")
    assert re.findall(r"Paper number (\d)", html) == ["1", "2", "3"]
    assert re.findall(r'also in <a href="([^"]+)">([^<]+)', html) == [
        ("../../weekly/2026-05-25/index.html", "weekly"),
        ("../../weekly/2026-05-27/index.html", "weekly, 27 May"),
    ]
    topics = (tmp_path / "topics/index.html").read_text(encoding="utf-8")
    assert '<a href="reasoning/index.html">Reasoning</a> <span class="n">3</span>' in topics
    assert 'content="3 papers on Reasoning in Research digest' in html


def test_the_place_of_a_paper_is_found_anew_when_an_earlier_issue_comes_late(tmp_path: Path) -> None:
    late = issue([entry(2)], day=FIRST - timedelta(days=30), edition="weekly")
    store = two_editions()
    draw(tmp_path / "bit by bit", store, "daily", "weekly")
    store.add(late)
    draw(tmp_path / "bit by bit", store, "daily", "weekly")
    whole = two_editions()
    whole.add(late)
    draw(tmp_path / "at once", whole, "daily", "weekly")

    assert files(tmp_path / "bit by bit") == files(tmp_path / "at once")


def test_the_title_of_an_edition_stands_wherever_the_edition_is_named(tmp_path: Path) -> None:
    store = two_editions()
    site = StaticSite(
        tmp_path, templates(), store, title="Research digest", titles={"daily": "Morning papers", "weekly": "weekly"}
    )

    site.draw(("daily", "weekly"))

    for name in (
        "index.html",
        "daily/index.html",
        "daily/feed.xml",
        "daily/feed.json",
        "topics/reasoning/index.html",
        "papers/arxiv-2603-00001/index.html",
        "search/index.html",
    ):
        assert "Morning papers" in (tmp_path / name).read_text(encoding="utf-8"), name
    crumbs = re.search(r'class="crumbs">(.*)</span>', (tmp_path / "daily/2026-05-25/index.html").read_text())
    assert crumbs is not None
    assert '<a href="../index.html">Morning papers</a>' in crumbs[1]


def test_another_title_draws_everything_again(tmp_path: Path) -> None:
    store = two_editions()
    for title in ("Morning papers", "Papers at dawn"):
        site = StaticSite(tmp_path, templates(), store, title="Research digest", titles={"daily": title})
        site.draw(("daily", "weekly"))

    assert "Papers at dawn" in (tmp_path / "papers/arxiv-2603-00001/index.html").read_text(encoding="utf-8")


def test_every_page_has_a_description_of_its_own(tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(*map(day_of, range(8))))

    found = {
        str(page.relative_to(tmp_path)): re.findall(r'<meta name="description" content="([^"]+)">', page.read_text())
        for page in tmp_path.rglob("index.html")
    }
    assert [name for name, said in found.items() if len(said) != 1] == []
    assert found["papers/arxiv-2603-00001/index.html"] == ["Method 1 works in 1 of 100 cases."]


# -- the search


def test_the_search_finds_a_paper_by_all_that_the_command_finds_it_by(browser: Browser, tmp_path: Path) -> None:
    papers = [
        entry(1, paper={"title": "In-Context learning", "abstract": "Nothing else."}),
        entry(2, paper={"title": "Rivers", "abstract": "We tune by LoRA-Plus, with $\\alpha$ trained networks."}),
        entry(3, paper={"title": "河川の学習", "abstract": "", "authors": ("Zoë O'Neil",)}),
    ]
    draw(tmp_path, FakeIssues(issue(papers)))
    page = browser.new_page()
    opened(page, tmp_path / "search/index.html")
    wanted = {
        "context": ["In-Context learning"],
        "in-context": ["In-Context learning"],
        "lora": ["Rivers"],
        "plus": ["Rivers"],
        "training network": ["Rivers"],
        "zoe oneil": [],
        "zoe neil": ["河川の学習"],
        "河川": ["河川の学習"],
        "constructor": [],
    }

    assert {query: searched(page, query) for query in wanted} == wanted
    page.close()


def test_the_search_shows_the_best_first_and_the_rest_when_asked_for(browser: Browser, tmp_path: Path) -> None:
    many = [entry(n, paper={"title": f"Gravel {n}"}) for n in range(1, 24)]
    best = entry(50, paper={"title": "Grave news"})
    last = entry(51, paper={"title": "Rivers", "abstract": "It is grave."})
    draw(tmp_path, FakeIssues(issue([last, *many[:12]]), issue([*many[12:], best], day=FIRST)))
    page = browser.new_page()
    opened(page, tmp_path / "search/index.html")

    first = searched(page, "grave")
    page.click("#more")
    page.locator("#more").wait_for(state="hidden")

    assert page.inner_text("#found") == "25 papers"
    assert (first[0], len(first)) == ("Grave news", 20)
    assert page.locator(".entry").count() == 25
    assert page.locator(".entry h2").last.inner_text() == "Rivers"
    page.close()


def test_the_search_loads_only_what_it_needs(browser: Browser, tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(*(day_of(n) for n in range(0, 70, 3))))
    page = browser.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.partition("/search/")[2]))
    opened(page, tmp_path / "search/index.html")
    before = [name for name in loaded if "/" in name]
    searched(page, "vision 106")

    assert before == []
    assert set(filter(re.compile("/").search, loaded)) <= {
        *(f"2026-0{month}/{letter}.js" for month in (5, 6, 7, 8) for letter in "v1"),
        *(f"2026-0{month}/0.js" for month in (5, 6, 7, 8)),
        "2026-05/26.js",
    }
    page.close()


def test_a_months_words_come_back_when_one_file_of_them_is_lost_or_changed(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(3)))
    draw(tmp_path, store)
    before = files(tmp_path)
    (tmp_path / "search/2026-05/m.js").unlink()
    (tmp_path / "search/2026-05/w.js").write_text("broken")
    (tmp_path / "search/2026-05/26.js").unlink()

    draw(tmp_path, store)

    assert files(tmp_path) == before


# -- whole formulas, and what axe and a printer see


TALL = (
    r"$\bar{x}$",
    r"$\hat{\theta}$",
    r"$\widehat{AB}$",
    r"$\widetilde{O}(n)$",
    r"$\overline{XYZ}$",
    r"$\underline{\mathbf{S}}$",
    r"$\vec{v}$",
    r"$\sqrt{\frac{1}{2}}$",
    r"$\frac{\bar{a}}{\underline{b}}$",
    r"$\sum_{i=1}^{n} x_i$",
    r"$\dot{x}_{i}^{2^{2}}$",
    r"$$\overline{\frac{a}{b}} = \underline{\int_0^1 \hat{f}(x) \, dx}$$",
    r"$\tfrac{\overline{n}}{2}$",
    r"$\overline{a} + \underline{b} + \hat{c} + \sqrt{d} + e + f + g + h + i + j + k + l + m$",
)


@pytest.mark.parametrize(("tag", "width"), [("p", 470), ("h3", 470), ("p", 800), ("h1", 800)])
def test_no_formula_loses_ink(browser: Browser, tag: str, width: int) -> None:
    style = (SHIPPED / "style.css").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 600})
    lines = "".join(f"<{tag}>{to_mathml(formula)}</{tag}>" for formula in TALL)
    page.set_content(f"<!doctype html><style>{style}</style>{lines}")
    assert page.locator("math").count() == len(TALL)

    shown = page.screenshot(full_page=True)
    page.add_style_tag(content="math { overflow: visible !important }")

    assert page.screenshot(full_page=True) == shown
    page.close()


def test_a_formula_is_as_bold_as_the_title_around_it(browser: Browser, tmp_path: Path) -> None:
    draw(tmp_path, FakeIssues(issue([entry(1, paper={"title": "Sorting $10^{5} + n$ things"})])))
    page = browser.new_page()

    for name, around in (("daily/2026-06-03/index.html", "h3"), ("papers/arxiv-2603-00001/index.html", "h1")):
        opened(page, tmp_path / name)
        weights = page.evaluate(
            """(around) => [around, around + " math", around + " mn", around + " mi"].map(
                 (one) => getComputedStyle(document.querySelector(one)).fontWeight)""",
            around,
        )
        assert set(weights) == {"650"}, name
    page.close()


def test_a_wide_formula_scrolls_on_a_line_of_its_own_and_a_short_one_stays_in_its_line(
    browser: Browser, tmp_path: Path
) -> None:
    text = "Short $x^2$, wide $" + "a + " * 12 + "b$, long $" + "a + " * 60 + "b$."
    draw(tmp_path, FakeIssues(issue([entry(1, paper={"abstract": text})])))
    found = {}
    for width in (320, 900):
        page = browser.new_page(viewport={"width": width, "height": 600})
        opened(page, tmp_path / "papers/arxiv-2603-00001/index.html")
        found[width] = page.evaluate(
            "[...document.querySelectorAll('.abstract math')].map((math) => getComputedStyle(math).overflowX)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()

    assert found == {320: ["visible", "auto", "auto"], 900: ["visible", "visible", "auto"]}


def test_axe_finds_nothing_wrong(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 320, "height": 800})
    page = context.new_page()
    for name in PAGES:
        page.goto(f"file://{drawn / name}")
        if "#q=" in name:
            page.locator(".entry").first.wait_for()
        assert faults(page) == [], name
    context.close()


def test_links_in_rows_of_facts_are_24_pixels_high_and_wide(browser: Browser, drawn: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    for name in ("index.html", "daily/2026-06-03/index.html", "papers/arxiv-2603-00900/index.html"):
        opened(page, drawn / name)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        boxes = [link.bounding_box() or {} for link in page.locator(".dots a").all()]
        assert boxes
        assert all(box["height"] >= 24 and box["width"] >= 24 for box in boxes), name
    page.close()


def test_a_long_topic_keeps_its_count_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    long = "Evolutionary and bio-inspired computation of everything"
    draw(tmp_path, FakeIssues(issue([entry(1, summary={"topics": (long,)}), entry(2)])))
    page = browser.new_page(viewport={"width": 320, "height": 800})
    opened(page, tmp_path / "topics/index.html")

    counts = [count.bounding_box() or {} for count in page.locator(".topics .n").all()]

    assert len(counts) == 2
    assert all(box["x"] + box["width"] <= 320 for box in counts)
    # Nothing is cut away of it either.
    assert page.evaluate(
        "[...document.querySelectorAll('.topics li')].every((li) => li.scrollWidth <= li.clientWidth + 1)"
    )
    page.close()


def test_keys_are_named_only_where_they_do_something(browser: Browser, drawn: Path) -> None:
    def named(name: str, *, script: bool = True) -> list[str]:
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.goto(f"file://{drawn / name}")
        if "#q=" in name:
            page.locator(".entry").first.wait_for()
        found = [one.inner_text() for one in page.locator(".keys span").all() if one.is_visible()]
        context.close()
        return [one.split(" ")[0] if "j k" not in one else "j k" for one in found]

    assert named("daily/2026-06-02/index.html") == ["j k", "o", "n", "p", "/"]
    assert named("daily/2026-06-03/index.html") == ["j k", "o", "p", "/"]
    assert named("daily/2026-05-25/index.html") == ["j k", "o", "n", "/"]
    assert named("topics/index.html") == ["/"]
    assert named("papers/arxiv-2603-00900/index.html") == ["n", "/"]
    assert named("search/index.html") == ["/"]
    assert named("search/index.html#q=study") == ["j k", "/"]
    assert named("daily/2026-06-02/index.html", script=False) == []


def test_without_a_script_there_is_no_box_to_search_with(browser: Browser, drawn: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{drawn / 'search/index.html'}")

    assert not page.locator("#query").is_visible()
    assert not page.locator("#more").is_visible()
    context.close()


def test_a_printed_page_has_no_addresses_and_breaks_within_entries(browser: Browser, drawn: Path) -> None:
    page = browser.new_page()
    page.emulate_media(media="print")
    opened(page, drawn / "daily/2026-06-03/index.html")

    found = page.evaluate(
        """() => [...document.querySelectorAll(".entry")].map((entry) => [
             getComputedStyle(entry).breakInside,
             getComputedStyle(entry.querySelector(":is(h2, h3) a"), "::after").content,
             getComputedStyle(entry.querySelector(":is(h2, h3)")).breakAfter,
           ])"""
    )

    assert {tuple(one) for one in found} == {("auto", "none", "avoid")}
    page.close()


def test_an_archive_of_an_earlier_version_is_drawn_anew_without_its_cards(tmp_path: Path) -> None:
    store = FakeIssues(*map(day_of, range(3)))
    draw(tmp_path, store)
    before = files(tmp_path)
    (tmp_path / "search/2026-05.js").write_text("papers([]);")
    notes = [
        ["2026-05-25", "daily", {"sha": "1", "entries": 4, "why_empty": "", "papers": [], "topics": [["Agents", 2]]}]
    ]
    old = {"drawn_with": "another version", "months": {"2026-05": "0"}, "issues": notes}
    (tmp_path / ".manifest.json").write_text(json.dumps(old))

    draw(tmp_path, store)

    assert files(tmp_path) == before


@pytest.mark.parametrize("content", [None, b"", b"{", b"[" * 100_000, b'{"drawn_with": 1}', b"\xff"])
def test_a_manifest_that_is_not_understood_is_an_empty_one(content: bytes | None) -> None:
    assert read_manifest(content) == Manifest()


# -- in parts


def site_of(folder: Path, store: FakeIssues) -> StaticSite:
    return StaticSite(folder, templates(), store, title="Research digest", base_url="https://digest.example.org")


def test_what_is_stale_after_a_new_issue_is_what_it_touches(tmp_path: Path) -> None:
    store = FakeIssues(*(day_of(n) for n in range(4)))
    site = site_of(tmp_path, store)
    site.draw(["daily"])
    nothing = site.stale(["daily"])
    store.add(day_of(4))

    stale = site.stale(["daily"])

    assert nothing == ()
    assert {f"daily/{FIRST + timedelta(days=n)}/index.html" for n in (3, 4)} < set(stale)
    assert not [path for path in stale if any(str(FIRST + timedelta(days=n)) in path for n in range(3))]
    assert {"index.html", "daily/index.html", "search/2026-05", "search/index.html", "topics/index.html"} < set(stale)


def test_to_ask_what_is_stale_writes_nothing(tmp_path: Path) -> None:
    store = FakeIssues(day_of(0))
    site = site_of(tmp_path, store)

    assert site.stale(["daily"])
    assert files(tmp_path) == {}


def test_a_page_that_somebody_removed_or_changed_is_stale(tmp_path: Path) -> None:
    site = site_of(tmp_path, FakeIssues(day_of(0)))
    site.draw(["daily"])
    (tmp_path / "index.html").write_text("mine")
    shutil.rmtree(tmp_path / "daily" / str(FIRST))

    stale = site.stale(["daily"])

    assert {"index.html", f"daily/{FIRST}/index.html"} <= set(stale)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_an_archive_that_is_drawn_in_parts_has_the_same_bytes(tmp_path: Path, size: int) -> None:
    store = FakeIssues(*(day_of(n) for n in range(8)))
    whole, parted = site_of(tmp_path / "whole", store), site_of(tmp_path / "parted", store)
    whole.draw(["daily"])

    calls = 0
    while stale := parted.stale(["daily"]):
        months = [path for path in stale if path.startswith("search/")]
        others = [path for path in stale if path not in months]
        parted.draw(["daily"], paths=others[:size] or months)
        calls += 1

    assert files(tmp_path / "parted") == files(tmp_path / "whole")
    assert calls >= len(files(tmp_path / "whole")) // 20 // size


def test_what_was_drawn_ahead_is_not_drawn_again_unless_an_issue_comes_meanwhile(tmp_path: Path) -> None:
    store = FakeIssues(day_of(0), day_of(1))
    site = site_of(tmp_path, store)
    ahead = [path for path in site.stale(["daily"]) if path.startswith(("papers/", "daily/2"))]

    site.draw(["daily"], paths=ahead)
    after = site.stale(["daily"])
    store.add(day_of(2))
    voided = site.stale(["daily"])

    assert not set(ahead) & set(after)
    assert set(ahead) < set(voided)
    site.draw(["daily"])
    assert site.stale(["daily"]) == ()
    assert read_manifest((tmp_path / ".manifest.json").read_bytes()).ahead == ("", ())
