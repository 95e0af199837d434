"""arXiv's page of new papers, drawn as arXiv's own templates draw it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import SourceError
from digest.core.models import Announcement, Census
from digest.sources.arxiv.listing import ArxivListing
from digest.sources.arxiv.source import ArxivSource

URL = "https://arxiv.org/list/cs.LG/new?skip=0&show=2000"
LISTING = ArxivListing(["cs.LG"])
HEADING = "<h3>Showing new listings for Friday, 20 November 2026</h3>"


def entry(
    number: int,
    *,
    note: str = "",
    title: str = "",
    subjects: str = '<span class="primary-subject">Machine Learning (cs.LG)</span>; Machine Learning (stat.ML)',
    abstract: str = "We study things.",
) -> str:
    arxiv = f"2611.{number:05d}"
    return f"""
    <dt>
      <a name='item{number}'>[{number}]</a>
      <a href ="/abs/{arxiv}" title="Abstract" id="{arxiv}">
        arXiv:{arxiv}
      </a>
      {note}
      [<a href="/pdf/{arxiv}" title="Download PDF" id="pdf-{arxiv}" aria-labelledby="pdf-{arxiv}">pdf</a>, <a
       href="https://arxiv.org/html/{arxiv}v1" title="View HTML" rel="noopener noreferrer" target="_blank">html</a>]
    </dt>
    <dd>
      <div class='meta'>
        <div class='list-title mathjax'><span class='descriptor'>Title:</span>
          {title or f"Paper number {number} on a &lt; b"}
        </div>
        <div class='list-authors'><a href="https://arxiv.org/search/cs?query=Rodr" rel="nofollow">Borja
          Rodríguez-Gálvez</a> (KTH, Stockholm), <a href="https://arxiv.org/search/cs?query=C">C.
          Comte</a></div>
        <div class='list-comments mathjax'><span class='descriptor'>Comments:</span> 12 pages, see <a href="https://example.org">this</a></div>
        <div class='list-subjects'><span class='descriptor'>Subjects:</span>
          {subjects}
        </div>
        <p class='mathjax'>
          {abstract}
        </p>
      </div>
    </dd>"""


def section(kind: str, entries: Sequence[str], *, total: int | None = None, shown: int | None = None) -> str:
    showing = len(entries) if shown is None else shown
    words = f"{kind} submissions (showing {showing} of {total or len(entries)} entries)"
    return f"<dl id='articles'>\n<h3>{words}</h3>{''.join(entries)}</dl>"


def page(*sections: str, total: int | None = None, heading: str = HEADING) -> bytes:
    paging = f"<div class='paging'>Total of {total} entries</div>" if total is not None else ""
    more = "<div class='morefewer'>Showing up to 2000 entries per page: <span>fewer</span></div>"
    return f"""<!DOCTYPE html><html lang="en"><head><title>Machine Learning</title></head><body>
    <div id='content-inner'><div id='dlpage'><h1>Machine Learning</h1>
    <ul><li><a href="#item0">New submissions</a></li></ul>
    <p>See <a id="recent-cs.LG" href="/list/cs.LG/recent">recent</a> articles</p>
    {heading}{paging}{more}{"".join(sections)}{paging}{more}</div></div></body></html>""".encode()


def parse(content: bytes, url: str = URL) -> Census:
    return LISTING.parse(content, url=url)


CROSS = entry(
    3,
    note="(cross-list from math.ST)",
    subjects='<span class="primary-subject">Statistics Theory (math.ST)</span>; Machine Learning (cs.LG)',
)
REPLACED = entry(4, note="(replaced)")
REPLACED_CROSS = entry(
    5, note="(replaced)", subjects='<span class="primary-subject">Statistics Theory (math.ST)</span>; Other (cs.LG)'
)
WHOLE = page(
    section("New", [entry(1), entry(2)]),
    section("Cross", [CROSS]),
    section("Replacement", [REPLACED, REPLACED_CROSS]),
    total=5,
)


def test_each_category_has_its_page() -> None:
    urls = ArxivListing(["cs.LG", "math"]).urls(date(2026, 11, 20))

    assert urls == (URL, "https://arxiv.org/list/math/new?skip=0&show=2000")


def test_the_listing_stands_witness_for_arxivs_own_lists_alone() -> None:
    witness = ArxivSource("a", categories=["cs.LG"]).witness

    assert witness is not None
    assert witness.urls(date(2026, 11, 20)) == (URL,)
    assert ArxivSource("a", categories=["cs.LG"], witness=False).witness is None
    assert ArxivSource("a", categories=["cs.LG"], url="days/{date}.xml").witness is None
    assert ArxivSource("a", search="ti:things").witness is None
    assert ArxivSource("a", set_="cs").witness is None


def test_the_page_says_its_day_and_its_number_of_entries() -> None:
    census = parse(WHOLE)

    assert (census.day, census.total, len(census.records)) == (date(2026, 11, 20), 5, 5)


def test_an_entry_is_whole_enough_to_fill_a_gap() -> None:
    record = parse(WHOLE).records[0]

    assert record.announcement is Announcement.NEW
    assert record.paper.id == "arxiv:2611.00001"
    assert record.paper.title == "Paper number 1 on a < b"
    assert record.paper.authors == ("Borja Rodríguez-Gálvez", "C. Comte")
    assert record.paper.abstract == "We study things."
    assert record.paper.categories == ("cs.LG", "stat.ML")
    assert record.paper.url == "https://arxiv.org/abs/2611.00001"
    assert record.paper.version == 1
    assert record.paper.published == datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_the_parts_of_the_page_are_the_announcements() -> None:
    records = parse(WHOLE).records

    assert [r.announcement for r in records] == [
        Announcement.NEW,
        Announcement.NEW,
        Announcement.CROSS,
        Announcement.REPLACE,
        Announcement.REPLACE_CROSS,
    ]
    assert [r.paper.version for r in records] == [1, 1, None, None, None]
    assert (records[3].paper.published, records[3].paper.updated) == (None, datetime(2026, 11, 20, 5, tzinfo=UTC))


def test_a_break_in_an_abstract_begins_a_paragraph() -> None:
    abstract = "First $a&lt;b$ <br/>  Second, see <a href='https://example.org'>this <i>page</i></a> and more."

    (record,) = parse(page(section("New", [entry(1, abstract=abstract)]), total=1)).records

    assert record.paper.abstract == "First $a<b$\nSecond, see this page and more."


def test_the_older_headings_are_understood() -> None:
    words = "New submissions for Friday, 20 November 2026 (continued, showing last 1 of 1 entries )"
    section_of_old = f"<dl><h3>{words}</h3>{entry(1)}</dl>"

    assert parse(page(section_of_old, total=1)).total == 1


def test_a_day_without_entries_is_counted_as_none() -> None:
    assert parse(page("<p>No updates today.</p>")) == Census(day=date(2026, 11, 20), total=0)


def test_a_list_of_more_than_a_page_is_shown_in_part() -> None:
    news = section("New", [entry(n) for n in range(1, 2001)], total=2100)

    census = parse(page(news, total=2300))

    assert (census.total, len(census.records)) == (2300, 2000)


def test_what_authors_write_does_not_speak_for_the_page() -> None:
    title = "Showing new listings for Monday, 1 June 2026"
    abstract = "Total of 7 entries. No updates today. New submissions (showing 9 of 9 entries)"

    census = parse(page(section("New", [entry(1, title=title, abstract=abstract)]), total=1))

    assert (census.day, census.total, len(census.records)) == (date(2026, 11, 20), 1, 1)


def test_an_entry_without_a_title_is_counted_and_fills_no_gap() -> None:
    census = parse(page(section("New", [entry(1), entry(2, title="<span></span>")]), total=2))

    assert (census.total, len(census.records)) == (2, 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html><head><title>Just a moment...</title></head></html>", "a web page titled 'Just a moment...'"),
        (b"", "is empty"),
        (page(section("New", [entry(1)]), total=1, heading=""), "not arXiv's listing of new papers"),
        (
            page(section("New", [entry(1)]), total=1, heading="<h3>Showing new listings for Friday, 31 June 2026</h3>"),
            "does not say of which day",
        ),
        (page(section("New", [entry(1)])), "does not say how many entries"),
        (page("<p>A new page that arXiv draws otherwise.</p>"), "does not say how many entries"),
        (page(section("New", [entry(1)], shown=2), total=2), "shows 2 entries as new and shows 1; the page was cut"),
        (page(section("New", [entry(1)]), total=5), "5 entries and shows 1 of 1"),
        (page(section("New", [entry(1)], total=4), total=4), "4 entries and shows 1 of 4"),
        (page(section("New", [entry(1), entry(2)]), total=1), "1 entries and shows 2 of 2"),
        (page(f"<dl>{entry(1)}</dl>", total=1), "entries that stand under no heading"),
        (WHOLE[: len(WHOLE) * 2 // 3], "that was cut off"),
    ],
)
def test_a_page_that_does_not_add_up_vouches_for_nothing(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)

    assert sentence in str(caught.value)
    assert caught.value.url == URL


@given(st.integers(0, len(WHOLE) - 1))
def test_a_page_cut_off_anywhere_gives_all_entries_or_none(end: int) -> None:
    try:
        census = parse(WHOLE[:end])
    except SourceError:
        return
    assert [r.paper.id for r in census.records] == [r.paper.id for r in parse(WHOLE).records]


def test_a_saved_page_of_unknown_category_takes_replacements_for_its_own() -> None:
    kinds = [r.announcement for r in parse(WHOLE, url="saved.html").records]

    assert kinds[3:] == [Announcement.REPLACE, Announcement.REPLACE]
