"""arXiv in all the shapes it has had."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.core.errors import SourceError
from digest.core.models import Announcement, Parsed
from digest.sources.arxiv.source import ArxivSource, query_url
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"
SOURCE = ArxivSource("arxiv")


def parse(name: str, *, url: str = "https://rss.arxiv.org/rss/cs.LG") -> Parsed:
    return SOURCE.parse((DATA / name).read_bytes(), url=url)


def test_the_address_names_the_categories_and_the_day() -> None:
    assert (
        ArxivSource("a", categories=["cs.LG", "stat.ML"]).url_for(date(2026, 6, 3))
        == "https://rss.arxiv.org/rss/cs.LG+stat.ML"
    )
    assert SOURCE.url_for(date(2026, 6, 3)) == "https://rss.arxiv.org/rss/cs.LG+cs.CL"
    assert ArxivSource("a", url="days/{date}.xml").url_for(date(2026, 6, 3)) == "days/2026-06-03.xml"
    assert query_url(["2403.15527", "cond-mat/0603029"]) == (
        "https://export.arxiv.org/api/query?id_list=2403.15527,cond-mat/0603029&max_results=2"
    )


def test_the_daily_list_as_rss() -> None:
    parsed = parse("arxiv-daily.rss.xml")

    new, cross, replaced, copied, withdrawn = parsed.records
    assert [r.reason for r in parsed.rejected] == ["no title", "no arXiv id"]
    assert new.announcement is Announcement.NEW
    assert new.paper.id == "arxiv:2606.01234"
    assert new.paper.aliases == ("doi:10.1000/x.1",)
    assert new.paper.title == "A Poincaré inequality & $2.6<\\eta<4$"
    assert new.paper.abstract == "We prove a thing. It holds for 5$\\times$ more.\nIt is new."
    assert new.paper.authors == ("Borja Rodríguez-Gálvez", "Céline Comte")
    assert new.paper.url == "https://arxiv.org/abs/2606.01234"
    assert new.paper.version == 1
    assert new.paper.categories == ("cs.LG", "stat.ML")
    assert new.paper.published == datetime(2026, 6, 3, 4, tzinfo=UTC)
    assert (cross.announcement, cross.paper.published) == (Announcement.CROSS, None)
    assert (replaced.announcement, replaced.paper.version) == (Announcement.REPLACE_CROSS, 3)
    assert replaced.paper.updated == datetime(2026, 6, 3, 4, tzinfo=UTC)
    assert (copied.paper.id, copied.announcement) == ("arxiv:2606.01959", Announcement.REPLACE)
    assert withdrawn.paper.withdrawn


def test_a_daily_list_says_which_lists_stand_in_it() -> None:
    own = ArxivSource("own", url="days/{date}.xml", categories=["cs.LG"])
    content = (DATA / "arxiv-daily.rss.xml").read_bytes()

    assert parse("arxiv-daily.rss.xml").categories == ("cs.LG", "cs.CL")
    assert own.parse(content, url="").categories == ("cs.LG",)
    assert parse("arxiv-query.atom.xml").categories == ()


def test_the_daily_list_as_atom() -> None:
    record = parse("arxiv-daily.atom.xml").records[0]

    assert record.announcement is Announcement.NEW
    assert (record.paper.id, record.paper.version) == ("arxiv:2606.01234", 1)
    assert record.paper.authors == ("Ada Lovelace", "Emmy Noether")
    assert record.paper.abstract == "We prove a thing."
    assert record.paper.published == datetime(2026, 6, 3, 4, tzinfo=UTC)


def test_the_rdf_before_2024() -> None:
    new, cross, updated = parse("arxiv-old.rdf").records

    assert new.paper.title == "Observation of $\\Omega_c^0$ baryons"
    assert (new.paper.id, new.paper.version, new.announcement) == ("arxiv:2107.03419", 1, Announcement.NEW)
    assert new.paper.authors == ("LHCb collaboration", "R. Aaij")
    assert new.paper.abstract == "A range of $2.6<\\eta<4$ was seen."
    assert new.paper.categories == ("hep-ex",)
    assert (cross.announcement, cross.paper.version, cross.paper.published) == (Announcement.CROSS, 2, None)
    assert (updated.announcement, updated.paper.id) == (Announcement.REPLACE, "arxiv:hep-ph/0603029")


def test_an_answer_of_the_query_api() -> None:
    parsed = parse("arxiv-query.atom.xml", url="https://export.arxiv.org/api/query?search_query=all:x&max_results=2")

    first, zero = parsed.records
    assert parsed.expected == 1000
    assert parsed.next_url == "https://export.arxiv.org/api/query?search_query=all%3Ax&max_results=2&start=12"
    assert (first.paper.id, first.paper.version, first.announcement) == ("arxiv:2312.00752", 2, None)
    assert first.paper.authors == ("Albert Gu", "Tri Dao")
    assert first.paper.categories == ("stat.ML", "cs.LG")
    assert first.paper.aliases == ("doi:10.1000/y",)
    assert (first.paper.published, first.paper.updated) == (
        datetime(2023, 12, 1, 18, 1, 34, tzinfo=UTC),
        datetime(2024, 5, 31, 17, 55, 27, tzinfo=UTC),
    )
    assert first.paper.abstract == "Foundation models, wrapped.\nAnd a second paragraph."
    assert (zero.paper.title, zero.paper.withdrawn) == ("0", True)


def test_the_last_page_and_a_file_have_no_next_page() -> None:
    assert parse("arxiv-query.atom.xml", url="saved/query.xml").next_url is None


def test_a_weekend_is_an_empty_list_and_not_an_error() -> None:
    content = b"<rss version='2.0'><channel><title>cs.LG updates on arXiv.org</title></channel></rss>"

    assert SOURCE.parse(content, url="") == Parsed()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<rss><channel><title>Feed error for query: cs.XX</title></channel></rss>", "Feed error for query: cs.XX"),
        (
            b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>"
            b"<summary>incorrect id format for abc</summary></entry></feed>",
            "incorrect id format for abc",
        ),
        (b"<opml version='1.0'/>", "XML with the root <opml>"),
        (b"<rss><channel><item><title>Half a", "was cut off"),
        (b"<html><title>503</title></html>", "a web page titled '503'"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_list_is_said_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        SOURCE.parse(content, url="https://rss.arxiv.org/rss/cs.LG")

    assert sentence in str(caught.value)
    assert caught.value.url == "https://rss.arxiv.org/rss/cs.LG"


@pytest.mark.parametrize("folder", ["arxiv-rss", "arxiv-rss1", "arxiv-api", "arxiv-versions"])
def test_each_item_of_the_recorded_lists_is_read(real_data: Path, folder: str) -> None:
    files = sorted(f for f in (real_data / folder).glob("*.*") if f.suffix in (".xml", ".rdf"))

    for file in files:
        content = file.read_bytes()
        items = len(re.findall(rb"<(?:item|entry)[ >]", content))
        parsed = SOURCE.parse(content, url=str(file))
        assert (len(parsed.records), parsed.rejected) == (items, ()), file.name
        assert all(r.paper.id.startswith("arxiv:") and r.paper.version and r.paper.authors for r in parsed.records)
    assert files


def test_the_recorded_day_of_stat_has_its_announcements(real_data: Path) -> None:
    parsed = SOURCE.parse((real_data / "arxiv-rss" / "stat_2024-03-26.rss.xml").read_bytes(), url="")

    kinds = [r.announcement for r in parsed.records]
    assert [kinds.count(kind) for kind in Announcement] == [35, 27, 41, 20]
    assert not [r for r in parsed.records if re.search(r"\\['`^\"~v]\{?[A-Za-z]", " ".join(r.paper.authors))]
    assert not [r for r in parsed.records if "Announce Type" in r.paper.abstract]
