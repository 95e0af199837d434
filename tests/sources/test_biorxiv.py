"""bioRxiv and medRxiv: their API as documented, and the feeds as recorded."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import ConfigError, SourceError
from digest.core.models import Announcement, Link, Parsed, Record
from digest.sources.abstracts import with_parts
from digest.sources.biorxiv import BiorxivSource

DAY = date(2026, 3, 2)
URL = "https://api.biorxiv.org/details/biorxiv/2026-03-02/2026-03-02/0/json"
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"


def item(n: int = 1, **changes: Any) -> dict[str, Any]:
    """The n-th preprint, as the API writes it."""
    return {
        "title": f"Leaf number {n} and its growth",
        "authors": "Kaur, M.; Shukla, A. B.",
        "author_corresponding": "Mandeep Kaur",
        "author_corresponding_institution": "Institute of Leaves",
        "doi": f"10.64898/2026.03.01.{700000 + n}",
        "date": "2026-03-02",
        "version": "1",
        "type": "new results",
        "license": "cc_by",
        "category": "plant biology",
        "jatsxml": "https://www.biorxiv.org/content/early/2026/03/02/x.source.xml",
        "abstract": "Leaves grow. We measured how fast.",
        "published": "NA",
        "server": "bioRxiv",
        **changes,
    }


def answer(items: list[Any], *, total: object = None, start: int = 0, status: str = "ok") -> bytes:
    message = {"status": status, "category": "all", "interval": "2026-03-02:2026-03-02", "cursor": start}
    message |= {"count": len(items), "count_new_papers": "1", "total": str(len(items)) if total is None else total}
    return json.dumps({"messages": [message], "collection": items}).encode()


def parse(*items: Any, subjects: tuple[str, ...] = (), url: str = URL, **more: Any) -> Parsed:
    return BiorxivSource("b", subjects=subjects).parse(answer(list(items), **more), url=url)


def one(**changes: Any) -> Record:
    (record,) = parse(item(**changes)).records
    return record


def follow(source: BiorxivSource, papers: list[Any], size: int, promised: int | None = None) -> list[Parsed]:
    """Read all pages of a server that gives *size* items at once."""
    pages: list[Parsed] = []
    url: str | None = source.url_for(DAY)
    while url and len(pages) < 50:
        match = re.fullmatch(r"https://api\.biorxiv\.org/details/biorxiv/2026-03-02/2026-03-02/(\d+)/json", url)
        assert match
        start = int(match[1])
        page = papers[start : start + size]
        content = answer(page, total=str(promised or len(papers)), start=start)
        if not page:
            content = json.dumps({"messages": [{"status": "no posts found"}], "collection": []}).encode()
        pages.append(source.parse(content, url=url))
        url = pages[-1].next_url
    return pages


def test_a_preprint_becomes_a_paper() -> None:
    record = one()

    paper = record.paper
    assert (paper.id, paper.aliases) == ("doi:10.64898/2026.03.01.700001", ())
    assert paper.title == "Leaf number 1 and its growth"
    assert paper.authors == ("M. Kaur", "A. B. Shukla")
    assert paper.url == "https://doi.org/10.64898/2026.03.01.700001"
    assert paper.links == (
        Link(rel="pdf", url="https://www.biorxiv.org/content/10.64898/2026.03.01.700001v1.full.pdf"),
    )
    assert (paper.published, paper.version) == (datetime(2026, 3, 2, tzinfo=UTC), 1)
    assert paper.categories == ("plant biology",)
    assert record.announcement is Announcement.NEW
    assert not paper.withdrawn


def test_a_later_version_is_no_news_and_does_not_say_when_the_paper_appeared() -> None:
    record = one(version="3")

    assert record.announcement is Announcement.REPLACE
    assert (record.paper.version, record.paper.published) == (3, None)
    assert record.paper.updated == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "aliases"),
    [
        ("NA", ()),
        ("", ()),
        (None, ()),
        ("10.1038/S41586-026-1", ("doi:10.1038/s41586-026-1",)),
        ("10.64898/2026.03.01.700001", ()),
    ],
)
def test_the_doi_of_the_journal_is_another_id_of_the_paper(published: object, aliases: tuple[str, ...]) -> None:
    assert one(published=published).paper.aliases == aliases


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "withdrawn"},
        {"type": "Withdrawal"},
        {"title": "WITHDRAWN: Leaves and their growth"},
        {"abstract": "The authors have withdrawn this manuscript owing to a mistake."},
        {"abstract": "This article has been withdrawn by the authors."},
    ],
)
def test_a_withdrawn_preprint_is_marked(changes: dict[str, str]) -> None:
    assert one(**changes).paper.withdrawn


def test_marks_of_the_full_text_and_tags_do_not_reach_the_reader() -> None:
    record = one(
        title="Growth of <i>A. thaliana</i> at 5 &lt; pH &lt; 6",
        abstract=(
            "AbstractO_ST_ABSBackgroundC_ST_ABSLeaves grow in CO<sub>2</sub>, p < 0.05.\n\nMethodsWe measured. "
            'O_FIG O_LINKSMALLFIG WIDTH=200 HEIGHT=99 SRC="FIGDIR/small/1.gif" C_FIG\n\n'
            "ConclusionsO_LIThey do.C_LIO_LIStill.C_LI"
        ),
    )

    assert record.paper.title == "Growth of A. thaliana at 5 < pH < 6"
    assert record.paper.abstract == (
        "Background: Leaves grow in CO₂, p < 0.05.\nMethods: We measured.\nConclusions\nThey do.\nStill."
    )


@pytest.mark.parametrize(
    ("glued", "parts"),
    [
        ("BackgroundIt grows.nnResultsHere, it does.", "Background: It grows.\nResults: Here, it does."),
        ("It cuts output.nnOne Sentence SummaryPlants do.", "It cuts output.\nOne Sentence Summary: Plants do."),
        ("It is seen (twice).\\n\\nCONCLUSIONSWe end.", "It is seen (twice).\nCONCLUSIONS: We end."),
        ("O_LIMoss is early.nC_LIO_LIIt is green.C_LI", "Moss is early.\nIt is green."),
        (r"Let $\nu. \nabla$ be small in innNate ones.", r"Let $\nu. \nabla$ be small in innNate ones."),
    ],
)
def test_parts_that_a_server_glued_together_are_told_apart(glued: str, parts: str) -> None:
    assert with_parts(glued) == parts


@pytest.mark.parametrize("size", [1, 7, 30, 100])
def test_pages_are_followed_by_what_came_and_never_by_a_constant(size: int) -> None:
    papers = [item(n) for n in range(40)]

    pages = follow(BiorxivSource("b"), papers, size)

    assert [r.paper.title for p in pages for r in p.records] == [p["title"] for p in papers]
    assert pages[0].expected == 40
    assert len(pages) == -(-40 // size)


def test_a_total_that_is_more_than_can_be_had_ends_and_shows() -> None:
    pages = follow(BiorxivSource("b"), [item(n) for n in range(40)], 30, promised=71)

    assert [len(p.records) for p in pages] == [30, 10, 0]
    assert pages[0].expected == 71


def test_of_some_subjects_only_those_are_listed_and_the_sum_of_all_is_not_expected() -> None:
    papers = [item(n, category=("Cell Biology", "plant biology", "zoology")[n % 3]) for n in range(40)]

    pages = follow(BiorxivSource("b", subjects=("cell_biology", "Zoology")), papers, 30)

    assert {r.paper.categories for p in pages for r in p.records} == {("Cell Biology",), ("zoology",)}
    assert sum(len(p.records) for p in pages) == 27
    assert not any(p.rejected for p in pages)
    assert [p.expected for p in pages] == [None, None]


def test_a_list_of_subjects_that_broke_off_says_so() -> None:
    source = BiorxivSource("b", subjects=("plant biology",))

    pages = follow(source, [item(n) for n in range(40)], 30, promised=71)

    assert [r.reason for p in pages for r in p.rejected] == ["its API promised more than the 40 items it gave"]


def test_a_page_of_other_subjects_alone_is_followed() -> None:
    papers = [item(n, category="zoology") for n in range(30)] + [item(31)]

    pages = follow(BiorxivSource("b", subjects=("plant biology",)), papers, 30)

    assert [len(p.records) for p in pages] == [0, 1]


@pytest.mark.parametrize("status", ["no posts found", "No posts found.", "no articles found"])
def test_a_day_without_posts_is_an_empty_list(status: str) -> None:
    content = json.dumps({"messages": [{"status": status}], "collection": []}).encode()

    assert BiorxivSource("b").parse(content, url=URL) == Parsed(expected=0)


def test_items_that_are_no_papers_are_named() -> None:
    parsed = parse("text", item(title=" "), item(doi="none"), item(2))

    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("is no object", "text"),
        ("no title", "10.64898/2026.03.01.700001"),
        ("no DOI", "Leaf number 1 and its growth"),
    ]
    assert len(parsed.records) == 1
    assert parsed.expected == 4


def test_an_item_without_category_is_named_where_subjects_are_asked_for() -> None:
    parsed = parse(item(category=""), subjects=("plant biology",))

    assert [r.reason for r in parsed.rejected] == ["no category, so that its subject is unknown"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CHALLENGE, "titled 'Just a moment...'"),
        (b"", "is empty"),
        (b'{"messages": [{"status": "ok", "to', "is no JSON, or was cut off"),
        (b'{"error": "oops"}', "is no answer of the bioRxiv API"),
        (b"[]", "is no answer of the bioRxiv API"),
        (b'{"messages": []}', "is no answer of the bioRxiv API"),
        (b'{"messages": [{"status": "Error: bad interval"}]}', "its API answered: Error: bad interval"),
        (b'{"messages": [{}], "collection": []}', "its API answered: nothing that is known"),
        (b'{"messages": [{"status": "ok", "total": 1}]}', "without a collection"),
        (b'{"messages": [{"status": "ok"}], "collection": [{}]}', "no longer says how many"),
    ],
)
@pytest.mark.parametrize("subjects", [(), ("zoology",)])
def test_what_is_no_answer_of_the_api_is_refused(content: bytes, message: str, subjects: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match=re.escape(message)):
        BiorxivSource("b", subjects=subjects).parse(content, url=URL)


def test_a_saved_answer_has_no_next_page_and_shows_what_it_lacks() -> None:
    parsed = parse(item(), total=212, url="file:///feeds/biorxiv-2026-03-02.json")

    assert (parsed.next_url, parsed.expected, len(parsed.records)) == (None, 212, 1)


def test_each_day_has_its_own_address_and_the_past_can_be_had() -> None:
    source = BiorxivSource("m", server="medrxiv")

    assert source.kind == "medrxiv"
    assert source.url_for(DAY) == "https://api.biorxiv.org/details/medrxiv/2026-03-02/2026-03-02/0/json"
    assert source.past_url(DAY) == source.url_for(DAY)
    assert source.calendar.lists_on(date(2026, 3, 1))
    assert source.rereads == (1, 3)


def test_medrxiv_keeps_its_own_papers() -> None:
    content = answer([item(server="medRxiv")])

    (record,) = BiorxivSource("m", server="medrxiv").parse(content, url=URL).records

    assert record.paper.links[0].url.startswith("https://www.medrxiv.org/content/")


def test_a_feed_promises_nothing_and_has_no_past() -> None:
    source = BiorxivSource("b", url="https://connect.biorxiv.org/biorxiv_xml.php?subject=all")

    assert (source.past_url(DAY), source.calendar.promises) == (None, False)


def test_an_unknown_server_is_a_mistake_of_the_config() -> None:
    with pytest.raises(ConfigError, match="chemrxiv; known are biorxiv and medrxiv"):
        BiorxivSource("c", server="chemrxiv")


def test_the_recorded_rdf_is_read_as_versions_of_preprints(real_data: Path) -> None:
    file = real_data / "biorxiv" / "plant-biology.rdf"
    content = file.read_bytes()

    parsed = BiorxivSource("b", url=file.as_uri()).parse(content, url=file.as_uri())

    assert len(parsed.records) == len(re.findall(rb"<item[\s>]", content)) == 30
    assert not parsed.rejected
    assert all(r.paper.id.startswith("doi:10.1101/") and r.paper.abstract for r in parsed.records)
    assert {r.announcement for r in parsed.records} == {Announcement.NEW}


def test_revised_preprints_of_the_recorded_atom_are_no_news(real_data: Path) -> None:
    for file in sorted((real_data / "biorxiv").glob("*.atom.xml")):
        content = file.read_bytes()

        records = BiorxivSource("b", url=file.as_uri()).parse(content, url=file.as_uri()).records

        assert len(records) == content.count(b"<entry>")
        revised = [r for r in records if r.announcement is Announcement.REPLACE]
        assert len(revised) == len(
            re.findall(rb"<id>https://www\.biorxiv\.org/content/\S+v(?:[2-9]|\d\d)</id>", content)
        )


def test_subjects_cannot_be_told_in_a_feed(real_data: Path) -> None:
    content = (real_data / "biorxiv" / "plant-biology.rdf").read_bytes()

    with pytest.raises(SourceError, match="leave subjects out"):
        BiorxivSource("b", subjects=("zoology",), url="x").parse(content, url="x")
