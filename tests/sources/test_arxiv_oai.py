"""arXiv over OAI-PMH."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import SourceError
from digest.core.models import Announcement, Parsed
from digest.sources.arxiv.oai import covers, set_of
from digest.sources.arxiv.source import ArxivSource
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"
BASE = "https://oaipmh.arxiv.org/oai"
SET = ArxivSource("cs", set_="cs:cs:LG")
DAY = date(2026, 6, 3)


def parse(name: str, *, source: ArxivSource = SET, url: str = f"{BASE}?verb=ListRecords") -> Parsed:
    return source.parse((DATA / name).read_bytes(), url=url)


def answer(body: str, *, source: ArxivSource = SET, url: str = BASE) -> Parsed:
    root = f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><request>{BASE}</request>{body}</OAI-PMH>'
    return source.parse(root.encode(), url=url)


def test_a_set_is_asked_for_by_the_day() -> None:
    url = f"{BASE}?verb=ListRecords&metadataPrefix=arXivRaw&set=cs:cs:LG&from=2026-06-03&until=2026-06-03"

    assert (SET.url_for(DAY), SET.past_url(DAY)) == (url, url)
    assert SET.witness is None


def test_the_raw_format_tells_what_is_new() -> None:
    new, held, replaced, old, withdrawn = parse("arxiv-oai-raw.xml").records

    assert (new.paper.id, new.paper.aliases) == ("arxiv:2606.01234", ("doi:10.1000/x.1",))
    assert new.announcement is Announcement.NEW
    assert new.paper.title == "A Poincaré inequality for $2.6<\\eta<4$"
    assert new.paper.authors == ("Borja Rodríguez-Gálvez", "Céline Comte")
    assert new.paper.abstract == "We prove a thing, wrapped.\nAnd a second paragraph."
    assert new.paper.categories == ("cs.LG", "stat.ML")
    assert new.paper.published == new.paper.updated == datetime(2026, 6, 2, 17, 59, 30, tzinfo=UTC)
    assert (new.paper.version, new.paper.withdrawn) == (1, False)
    assert (held.announcement, held.paper.version) == (Announcement.CROSS, 1)
    assert (replaced.announcement, replaced.paper.version) == (Announcement.REPLACE, 3)
    assert replaced.paper.published == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert replaced.paper.updated == datetime(2026, 6, 2, 10, tzinfo=UTC)
    assert (old.announcement, old.paper.id) == (Announcement.REPLACE_CROSS, "arxiv:math/0309136")
    assert (withdrawn.announcement, withdrawn.paper.withdrawn) == (Announcement.REPLACE, True)


def test_what_was_deleted_or_has_no_title_is_named() -> None:
    deleted, untitled = parse("arxiv-oai-raw.xml").rejected

    assert (deleted.reason, deleted.excerpt) == ("deleted by arXiv", "oai:arXiv.org:2606.00001")
    assert (untitled.reason, untitled.excerpt) == ("no title", "oai:arXiv.org:2606.00002")


def test_the_other_format_has_authors_apart_and_no_versions() -> None:
    parsed = parse("arxiv-oai.xml", source=ArxivSource("cs", set_="cs"))

    new, changed = parsed.records
    assert new.paper.authors == ("Daniel J. Sorin Jr", "The Collaboration")
    assert (new.announcement, new.paper.version) == (Announcement.NEW, None)
    assert new.paper.published == datetime(2016, 2, 29, tzinfo=UTC)
    assert (changed.announcement, changed.paper.aliases) == (
        Announcement.REPLACE,
        ("doi:10.1109/tsp.2013.2292031",),
    )
    assert (changed.paper.published, changed.paper.updated) == (None, datetime(2016, 3, 6, tzinfo=UTC))
    assert parsed.expected == 102_538


def test_a_list_goes_on_with_its_token_alone() -> None:
    parsed = parse("arxiv-oai.xml", url="http://export.arxiv.org/oai2?verb=ListRecords&set=cs&metadataPrefix=arXiv")

    assert parsed.next_url == "http://export.arxiv.org/oai2?verb=ListRecords&resumptionToken=1122234%7C53001"


def test_a_saved_page_does_not_go_on() -> None:
    assert parse("arxiv-oai.xml", url="saved/oai.xml").next_url is None


def test_the_last_page_has_an_empty_token() -> None:
    assert answer("<ListRecords><resumptionToken/></ListRecords>") == Parsed()


def test_a_day_without_changes_is_an_empty_list() -> None:
    assert answer('<error code="noRecordsMatch">results in an empty list.</error>') == Parsed()


def test_a_single_record_is_no_announcement() -> None:
    record = (DATA / "arxiv-oai-raw.xml").read_text().partition("<record>")[2].partition("</record>")[0]

    (found,) = answer(f"<GetRecord><record>{record}</record></GetRecord>").records

    assert (found.paper.id, found.announcement) == ("arxiv:2606.01234", None)


def test_without_a_set_of_its_own_a_document_says_which_papers_are_new() -> None:
    from_file = ArxivSource("file", url="oai.xml")

    kinds = [r.announcement for r in parse("arxiv-oai-raw.xml", source=from_file, url="oai.xml").records]

    assert kinds[:2] == [Announcement.NEW, Announcement.CROSS]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('<error code="badResumptionToken">expired</error>', "arXiv has forgotten where its list went on"),
        ('<error code="badArgument">Set does not exist.</error>', "OAI-PMH answered badArgument: Set does not exist."),
        ("<Identify><repositoryName>arXiv</repositoryName></Identify>", "(identify); ask for ListRecords"),
        ("", "(nothing); ask for ListRecords"),
        (
            "<ListRecords><record><header/><metadata><dc><title>A</title></dc></metadata></record></ListRecords>",
            "the format dc; ask for metadataPrefix=arXivRaw",
        ),
    ],
)
def test_what_is_no_list_of_records_is_said_in_a_sentence(body: str, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        answer(body, url="https://oaipmh.arxiv.org/oai?verb=X")

    assert sentence in str(caught.value)
    assert caught.value.url == "https://oaipmh.arxiv.org/oai?verb=X"


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("cs", "cs"),
        ("math-ph", "physics:math-ph"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.CO", "physics:astro-ph:CO"),
        ("physics.optics", "physics:physics:optics"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
    ],
)
def test_a_category_has_its_set(category: str, spec: str) -> None:
    assert set_of(category) == spec
    assert covers(spec, category)
    assert covers(spec.partition(":")[0], category)


def test_a_set_does_not_cover_its_neighbours() -> None:
    assert not covers("cs:cs:LG", "cs.LO")
    assert not covers("cs:cs:L", "cs.LG")
    assert not covers("math", "math-ph")
    assert not covers("physics:hep-th", "hep-ph")
    assert not covers("cs:cs:LG", "cs")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    root = b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>' + content
    for document in (root, root + b"</record></ListRecords></OAI-PMH>"):
        try:
            parsed = SET.parse(document, url=BASE)
        except SourceError:
            continue
        assert not parsed.records


@pytest.mark.parametrize("name", ["listrecords_53.xml", "single_oai_2025.xml"])
def test_each_recorded_record_is_read(real_data: Path, name: str) -> None:
    content = (real_data / "arxiv-oai" / name).read_bytes()

    parsed = ArxivSource("oai", set_="cs").parse(content, url=name)

    assert (len(parsed.records), parsed.rejected) == (len(re.findall(rb"<record>", content)), ())
    assert all(r.paper.id.startswith("arxiv:") and r.paper.authors and r.paper.abstract for r in parsed.records)
    assert all(r.paper.updated and r.paper.categories for r in parsed.records)


def test_the_recorded_page_is_one_of_many(real_data: Path) -> None:
    content = (real_data / "arxiv-oai" / "listrecords_53.xml").read_bytes()

    parsed = ArxivSource("oai", set_="cs").parse(content, url="http://export.arxiv.org/oai2?verb=ListRecords")

    assert parsed.expected == 102_538
    assert parsed.next_url == "http://export.arxiv.org/oai2?verb=ListRecords&resumptionToken=1122234%7C53001"


def test_the_recorded_page_has_as_many_new_papers_as_kept_the_day_of_their_announcement(real_data: Path) -> None:
    content = (real_data / "arxiv-oai" / "listrecords_53.xml").read_bytes()

    parsed = ArxivSource("oai", set_="cs").parse(content, url="listrecords_53.xml")

    # Counted by another way: the day of the record, or the one before, is in the month of the id.
    pairs = re.findall(rb"arXiv.org:(\d{4})\.\d+</identifier>\s*<datestamp>20(\d\d)-(\d\d)-(\d\d)", content)
    eve = (b"1310", b"13", b"11", b"01")
    kept = [pair for pair in pairs if pair[0] == pair[1] + pair[2] or pair == eve]
    assert sum(r.announcement in (Announcement.NEW, Announcement.CROSS) for r in parsed.records) == len(kept)
