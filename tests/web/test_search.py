"""The search without a script: by words, edition and topic, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.reading import TUESDAY, Page, Readers, on, reading, text


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Readers]:
    with reading(tmp_path) as opened:
        yield opened


def titles(site: Readers, **query: str) -> list[str]:
    page = Page(site.client.get("/search", params=query).text)
    return [text(one) for one in page.all("h2", **{"class": "title"})]


def test_papers_are_found_by_all_words_with_the_issues_that_printed_them(site: Readers) -> None:
    answer = site.client.get("/search", params={"q": "gravel rivers"})

    page = Page(answer.text)
    assert {text(one) for one in page.all("h2")} == {on(n).title for n in (6, 12, 18, 24)}
    assert "4 found." in page.text
    assert page.value("q") == "gravel rivers"
    printed = [one.get("href", "") for one in page.all("a") if text(one) == "Test digest, 2 June 2026"]
    assert printed == ["daily/2026-06-02/index.html"] * 2


def test_titles_lead_to_pages_of_the_archive_and_else_to_the_paper(site: Readers) -> None:
    page = Page(site.client.get("/search", params={"q": "thin markets part 15"}).text)

    [url] = [one.get("href") for one in page.all("a") if text(one) == on(15).title]
    assert url == on(15).url


def test_what_an_edition_printed_is_found_by_it(site: Readers) -> None:
    poems = {paper for paper in site.printed(TUESDAY) if "poems" in on(int(paper[-5:])).title}

    assert len(titles(site, q="old poems")) == 4
    assert on(23).title in titles(site, q="old poems", edition="daily")
    assert on(17).title not in titles(site, q="old poems", edition="daily")
    assert titles(site, q="old poems", edition="other") == []
    assert poems == {on(23).id}


def test_a_topic_narrows_what_is_found(site: Readers) -> None:
    found = site.client.get("/search", params={"q": "robots"}, headers={"Accept": "application/json"}).json()
    topic = found[0]["topics"][0]

    assert titles(site, q="study", topic=topic.upper())
    assert titles(site, q="study", topic="No such topic") == []


def test_json_has_what_the_command_has_and_where_it_was_printed(site: Readers) -> None:
    answer = site.client.get("/search", params={"q": on(24).id}, headers={"Accept": "application/json"})

    [one] = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Vary"] == "Accept"
    assert (one["id"], one["title"], one["authors"]) == (on(24).id, on(24).title, list(on(24).authors))
    assert one["issues"] == [{"edition": "daily", "date": "2026-06-02"}]


@pytest.mark.parametrize("query", ["", "   ", "…", '"*()', "\x00", "\u202e"])
def test_a_query_without_words_shows_the_form_alone(site: Readers, query: str) -> None:
    answer = site.client.get("/search", params={"q": query})

    assert answer.status_code == 200
    assert Page(answer.text).one("form", role="search") is not None
    assert titles(site, q=query) == []
    assert site.client.get("/search", params={"q": query}, headers={"Accept": "application/json"}).json() == []


@pytest.mark.parametrize(
    "query",
    ["a" * 100_000, "study " * 1000, "NEAR(a b) OR title:x* AND NOT", "'; DROP TABLE paper; --", "💥 %s {0} {{7*7}}"],
)
def test_any_text_is_a_query(site: Readers, query: str) -> None:
    answer = site.client.get("/search", params={"q": query[:60_000]})

    assert answer.status_code == 200
    assert len(Page(answer.text).value("q")) <= 200
    assert len(titles(site, q="study")) == 24
