"""What a paper of a feed is known by and linked to, from the feed to the issue: DOIs, links, and the feed's own ids."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Final

import pytest

from digest.core.models import Paper, Parsed
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource
from tests.conftest import ROOT
from tests.core.test_items import FORMATS, TEXT, URL, atom, item, rss
from tests.support.desk import Desk

DATA: Final = ROOT / "tests" / "data" / "ids"
SUNDAY, MONDAY = date(2026, 11, 29), date(2026, 11, 30)


def config(*names: str) -> str:
    sources = "".join(f'[[source]]\nname = "{name}"\nkind = "feed"\nurl = "{name}.xml"\n' for name in names)
    return f'[digest]\ntimezone = "UTC"\n{sources}[[edition]]\nname = "daily"\n'


def desk_with(folder: Path, *names: str) -> Desk:
    """A desk whose feeds are those recorded ones."""
    for name in names:
        shutil.copy(DATA / f"{name}.xml", folder)
    return Desk(folder, config(*names))


def links_of(desk: Desk, day: date = MONDAY) -> dict[str, str]:
    """Where each printed paper leads, by its title."""
    sections = desk.issue_json(day)["sections"]
    return {e["title"]: e["url"] for s in sections for e in s["entries"]}


# -- as they were recorded


def test_papers_of_an_old_issue_are_each_one_and_lead_to_themselves(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "sici")

    [report] = desk.run(MONDAY)

    assert [(s.listed, s.new) for s in report.sources] == [(2, 2)]
    volume = "https://doi.org/10.1002/(sici)1099-9999(199601)9:1"
    assert links_of(desk) == {
        "Frog calls in winter": f"{volume}%3C11::aid-jif2%3E3.0.co;2-6",
        "Dye in willow roots": f"{volume}%3C23::aid-jif3%3E3.0.co;2-x",
    }
    page = (desk.site / "daily" / str(MONDAY) / "index.html").read_text(encoding="utf-8")
    assert all(escape(link) in page for link in links_of(desk).values())


def test_a_page_of_a_publisher_is_the_paper_with_its_doi(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "doi-plain", "doi-pages")

    desk.run(MONDAY)

    assert sorted(desk.printed(MONDAY)) == [
        "doi:10.1007/s99999-016-0575-0",
        "doi:10.1046/j.9999-8339.2003.t01-1-00158.x",
        "doi:10.1093/jif/jkz123",
        "doi:10.1371/journal.pone.9999999",
    ]


def test_what_only_says_that_there_is_no_link_is_none(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "guid-na")

    desk.run(MONDAY)

    assert list(links_of(desk).values()) == ["", "", ""]
    assert "/N/A" not in (desk.site / "daily" / str(MONDAY) / "index.html").read_text(encoding="utf-8")


def test_the_paper_itself_is_linked_where_the_feed_counts_its_readers(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "feedburner", "google-alert")

    desk.run(MONDAY)

    assert sorted(links_of(desk).values()) == [
        "https://arxiv.org/abs/2611.04242",
        "https://www.example.org/doi/10.9999/fb.1",
    ]
    assert sorted(desk.printed(MONDAY)) == ["arxiv:2611.04242", "doi:10.9999/fb.1"]


def test_an_alert_is_printed_once_though_its_links_change_every_day(tmp_path: Path) -> None:
    for day in (SUNDAY, MONDAY):
        shutil.copy(DATA / f"alerts-{day}.xml", tmp_path)
    desk = Desk(tmp_path, config("alerts-{date}"))

    [first], [second] = desk.run(SUNDAY), desk.run(MONDAY)

    assert [(s.listed, s.new) for s in (*first.sources, *second.sources)] == [(3, 3), (3, 0)]
    assert all(link.startswith("https://news.example.org/") for link in links_of(desk, SUNDAY).values())


def test_a_link_is_read_below_the_base_of_its_entry(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "xml-base")

    desk.run(MONDAY)

    assert list(links_of(desk).values()) == ["https://www.example.org/journal/When/2026/Frogs"]


def test_an_id_says_nothing_in_another_source(tmp_path: Path) -> None:
    for name, word in (("a", "frogs"), ("b", "seals")):
        (tmp_path / f"{name}.xml").write_bytes(
            rss([item(title="Notes from the field", description="", link=f"https://{name}.org/{word}", guid="note 17")])
        )
    desk = Desk(tmp_path, config("a", "b"))

    desk.run(MONDAY)

    assert len(desk.printed(MONDAY)) == 2


def test_what_a_source_calls_a_paper_is_not_shown_to_readers(tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_bytes(rss([item()]))

    Desk(tmp_path, config("f")).run(MONDAY)

    files = [p for p in (tmp_path / "var" / "site").rglob("*") if p.suffix in (".html", ".json", ".xml")]
    pages = [p.read_text(encoding="utf-8") for p in files]
    assert any("url:https://journal.example.org/item/1" in page for page in pages)
    assert not any("guid:" in page for page in pages)


# -- links


def only(parsed: Parsed) -> Paper:
    (record,) = parsed.records
    return record.paper


def read(content: bytes) -> Parsed:
    return FeedSource("f", url=URL).parse(content, url=URL)


@pytest.mark.parametrize("link", ["N/A", "n/a", " - ", "0", "#", "null", "None", "undefined", "nan", "TBD", "…"])
@pytest.mark.parametrize("form", ["RSS", "Atom", "JSON Feed"])
def test_a_word_in_the_place_of_a_link_is_no_page_of_the_journal(form: str, link: str) -> None:
    assert only(read(FORMATS[form][1]([item(link=link)]))).url == ""


def test_an_item_of_which_there_is_nothing_but_a_title_is_known_by_it() -> None:
    paper = only(read(rss([item(title="Frog calls in winter", link="N/A", guid="N/A", description="")])))

    assert (paper.id, paper.url) == ("title:frogcallsinwinter", "")


@pytest.mark.parametrize("link", ["Frogs", "/frogs", "../frogs", "?p=3", "index.html", "2026/11/na.html"])
def test_a_relative_link_is_a_page_of_the_journal(link: str) -> None:
    assert only(read(atom([item(link=link)]))).url.startswith("https://journal.example.org/")


def test_a_link_with_the_raw_doi_of_an_old_issue_leads_there() -> None:
    raw = "https://wiley.example.org/doi/10.1002/(SICI)1099-9999(199601)9:1<11::AID-JIF2>3.0.CO;2-6/abstract"

    paper = only(read(rss([item(link=raw)])))

    assert paper.id == "doi:10.1002/(sici)1099-9999(199601)9:1<11::aid-jif2>3.0.co;2-6"
    assert paper.url == raw.replace("<", "%3C").replace(">", "%3E")


@pytest.mark.parametrize("form", ["RSS", "Atom"])
def test_a_paper_without_a_link_is_linked_by_its_doi(form: str) -> None:
    paper = only(read(FORMATS[form][1]([item(link="", guid="doi:10.1000/frogs(2)")])))

    assert (paper.id, paper.url) == ("doi:10.1000/frogs(2)", "https://doi.org/10.1000/frogs(2)")


def test_a_line_without_a_link_is_linked_by_its_doi() -> None:
    content = json.dumps({"title": "Frog calls in winter", "doi": "10.1000/frogs<2>1.0"}).encode()

    paper = only(JsonlSource("j", url="j.jsonl").parse(content, url="j.jsonl"))

    assert paper.url == "https://doi.org/10.1000/frogs%3C2%3E1.0"


@pytest.mark.parametrize("name", ["feedburner:origLink", "pheedo:origLink"])
def test_the_link_behind_a_counter_is_taken(name: str) -> None:
    space = {
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "pheedo": "http://www.pheedo.com/namespace/pheedo",
    }
    prefix = name.partition(":")[0]
    content = rss([{**item(), name: "https://journal.example.org/frogs"}])
    content = content.replace(b'version="2.0"', f'version="2.0" xmlns:{prefix}="{space[prefix]}"'.encode())

    assert only(read(content)).url == "https://journal.example.org/frogs"


@pytest.mark.parametrize("root", ["", ' xml:base="https://other.example.org/all/"'])
def test_the_base_of_an_entry_ends_with_it(root: str) -> None:
    entries = "".join(
        f'<entry{base}><id>urn:{n}</id><title>Frogs, part {n}</title><link href="frogs-{n}"/></entry>'
        for n, base in enumerate(["", ' xml:base="When/2026/"', "", ' xml:base="https://third.example.org/z/"', ""])
    )
    content = f'<feed xmlns="http://www.w3.org/2005/Atom"{root}><title>J</title><id>urn:j</id>{entries}</feed>'

    urls = [record.paper.url for record in read(content.encode()).records]

    base = "https://other.example.org/all/" if root else "https://journal.example.org/feeds/"
    assert urls == [
        f"{base}frogs-0",
        f"{base}When/2026/frogs-1",
        f"{base}frogs-2",
        "https://third.example.org/z/frogs-3",
        f"{base}frogs-4",
    ]


def test_a_feed_without_a_single_whole_address_leads_below_its_own() -> None:
    content = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>J</title><link href="/"/><id>x</id>'
        '<entry xml:base="/posts/"><id>1</id><title>Frogs</title><link href="frogs"/></entry>'
        '<entry><id>2</id><title>Seals</title><link href="seals"/></entry></feed>'
    )

    urls = [record.paper.url for record in read(content.encode()).records]

    assert urls == ["https://journal.example.org/posts/frogs", "https://journal.example.org/seals"]


# -- a database of before


def _store_as_before(folder: Path, ids: Mapping[str, str]) -> None:
    """Let papers be known by the ids that were read once."""
    with sqlite3.connect(folder / "var" / "digest.db") as database:
        for now, before in ids.items():
            database.execute("UPDATE alias SET id = ? WHERE id = ?", (before, now))
            database.execute("UPDATE paper SET id = ? WHERE id = ?", (before, now))


def _printed_after(folder: Path, before: Mapping[str, str], items: list[list[dict[str, Any]]]) -> list[int]:
    desk = Desk(folder)
    days = [date(2026, 6, 1), date(2026, 6, 2)]
    desk.feed(days[0], items[0])
    desk.run(days[0])
    _store_as_before(folder, before)
    desk.feed(days[1], items[1])
    [report] = desk.run(days[1])
    return [source.new for source in report.sources]


SICI: Final = "10.1002/(sici)1099-9999(199601)9:1"


def _line(n: int, doi: str) -> dict[str, Any]:
    words = ["Frog calls in the cold of winter", "Dye in the roots of young willows"][n]
    return {"title": words, "abstract": f"{TEXT} {words}. " * 3, "authors": ["Ada Marsh", "Bo Reed"], "doi": doi}


def test_a_paper_that_was_known_by_a_part_of_its_doi_is_known_again(tmp_path: Path) -> None:
    whole = f"{SICI}<11::aid-jif2>3.0.co;2-6"

    new = _printed_after(tmp_path, {f"doi:{whole}": f"doi:{SICI}"}, [[_line(0, whole)], [_line(0, whole)]])

    assert new == [0]


def test_a_paper_that_was_lost_to_another_by_a_part_of_its_doi_is_found(tmp_path: Path) -> None:
    first, second = f"{SICI}<11::aid-jif2>3.0.co;2-6", f"{SICI}<23::aid-jif3>3.0.co;2-x"
    lists = [[_line(0, first)], [_line(0, first), _line(1, second)]]

    assert _printed_after(tmp_path, {f"doi:{first}": f"doi:{SICI}"}, lists) == [1]


def test_a_paper_that_was_known_with_the_end_of_an_address_is_known_again(tmp_path: Path) -> None:
    new = _printed_after(
        tmp_path,
        {"doi:10.1007/s99999": "doi:10.1007/s99999/metrics"},
        [[_line(0, "10.1007/s99999")], [_line(0, "10.1007/s99999")]],
    )

    assert new == [0]
