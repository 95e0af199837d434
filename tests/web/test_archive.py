"""The archive over HTTP: its files, and nothing beside them."""

from __future__ import annotations

import pytest

from digest.web.archive import Archive
from digest.web.pages import Pages
from digest.web.visits import Visit
from tests.support.visiting import Visitors


@pytest.fixture(autouse=True)
def archive(site: Visitors) -> None:
    """An archive of a few files, a hidden one, and a secret beside it."""
    issue = site.site / "daily" / "2026-06-03"
    issue.mkdir(parents=True)
    (site.site / "index.html").write_text("first page")
    (issue / "index.html").write_text("an issue")
    (site.site / "daily" / "feed.xml").write_text("<feed/>")
    (site.site / ".manifest.json").write_text("hidden")
    (site.folder / "var" / "secret.txt").write_text("a secret")
    (site.site / "out.txt").symlink_to(site.folder / "var" / "secret.txt")
    (site.site / "round").symlink_to("round")


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/", "text/html; charset=utf-8", "first page"),
        ("/index.html", "text/html; charset=utf-8", "first page"),
        ("/daily/2026-06-03/", "text/html; charset=utf-8", "an issue"),
        ("/daily/feed.xml", "application/atom+xml; charset=utf-8", "<feed/>"),
    ],
)
def test_a_file_of_the_archive_is_served_as_what_it_is(site: Visitors, path: str, kind: str, content: str) -> None:
    answer = site.client.get(path)

    assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (200, kind, content)


def test_the_head_of_a_file_is_that_of_its_get_without_the_body(site: Visitors) -> None:
    head, whole = site.client.head("/index.html"), site.client.get("/index.html")

    assert head.status_code == 200
    assert head.headers == whole.headers


def test_a_folder_without_its_slash_leads_to_the_one_with_it(site: Visitors) -> None:
    answer = site.client.get("/daily/2026-06-03")

    assert (answer.status_code, answer.headers["Location"]) == (308, "./2026-06-03/")


def test_a_browser_that_has_the_file_is_told_so(site: Visitors) -> None:
    first = site.client.get("/index.html")

    by_tag = site.client.get("/index.html", headers={"If-None-Match": f'"x", W/{first.headers["ETag"]}'})
    by_time = site.client.get("/index.html", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    other = site.client.get("/index.html", headers={"If-None-Match": '"x"'})

    assert (by_tag.status_code, by_tag.content) == (304, b"")
    assert by_time.status_code == 304
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/.manifest.json",
        "/out.txt",
        "/round",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/daily/..%2f..%2fsecret.txt",
        "/daily/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/index.html%00.txt",
        "/index.html/",
        "/C:/secret.txt",
        "/daily",
        "/" + "a" * 5000,
        "/nothing/at/all",
    ],
)
def test_what_is_hidden_or_outside_or_not_there_is_not_served(site: Visitors, path: str) -> None:
    answer = site.client.get(path)

    if path == "/daily":
        assert answer.status_code == 308
        answer = site.client.get("/daily/")
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "Page not found" in answer.text


@pytest.mark.parametrize("path", ["/../secret.txt", "/daily/../../secret.txt", "/./.manifest.json", "/..", "/a\0b"])
def test_a_path_that_no_browser_sends_leads_nowhere(site: Visitors, path: str) -> None:
    pages = Pages(site.opened.templates, title="Test digest")

    answer = Archive(site.site, pages).get(Visit(path=path))

    assert answer.status_code == 404


def test_the_page_of_an_address_that_is_none_finds_its_style_sheet(site: Visitors) -> None:
    answer = site.client.get("/nothing/at/all")

    assert 'href="../../style.css"' in answer.text
    assert site.client.get("/style.css").status_code == 200
    assert site.client.get("/forms.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_site_without_an_archive_says_so(site: Visitors) -> None:
    (site.site / "index.html").unlink()

    answer = site.client.get("/")

    assert "No issue yet" in answer.text
