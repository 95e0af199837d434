"""What fuzzing found: each a document that some server could send, and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from digest.core.errors import SourceError
from digest.core.identity.ids import canonical_url, doi, doi_version
from digest.core.words.text import clean_html, split_authors
from digest.sources.arxiv.source import ArxivSource
from digest.sources.huggingface import HuggingFaceSource
from digest.sources.libraries.opml import parse_opml
from digest.sources.pdf import parse_pdf
from digest.sources.pubmed import PubMedSource
from tests.conftest import ROOT
from tests.fuzz.targets import a_pdf
from tests.sources import test_biorxiv as biorxiv
from tests.sources import test_openalex as openalex
from tests.sources import test_openreview as openreview
from tests.sources import test_pubmed as pubmed
from tests.support.growth import LINEAR, growth, of


@pytest.mark.parametrize(
    ("text", "found"),
    [("doi:10.1000/a\u200bb", "10.1000/ab"), ("10.1000/a\x92b", "10.1000/ab"), (f"10.1000/{'x' * 9000}", None)],
)
def test_a_doi_holds_nothing_invisible_and_has_an_end(text: str, found: str | None) -> None:
    assert doi(text) == found


@pytest.mark.parametrize("url", ["https://doi.org/10.1000\0\0.1", "https://x.org/<y", "https://x.org/" + "y" * 9000])
def test_what_no_browser_takes_is_no_address_of_a_page(url: str) -> None:
    assert canonical_url(url) is None


@pytest.mark.parametrize("version", ["2999999999999999999999", "0"])
def test_no_version_is_beyond_what_a_database_can_hold(version: str) -> None:
    assert doi_version(f"10.1101/2024.01.01.123456v{version}") is None


@pytest.mark.parametrize("read", [ArxivSource("a").parse, PubMedSource("p", query="x").parse, parse_opml])
def test_a_refusal_does_not_quote_the_whole_document(read: Callable[..., object]) -> None:
    for content in (
        f"<{'x' * 5000}/>",
        f"<opml><{'x' * 5000}>",
        f"<rss>\n<a>&{'g' * 5000};</a></rss>",
        "<rss xmlns:a='\x86' />",
    ):
        with pytest.raises(SourceError) as caught:
            read(content.encode(), url="")

        assert len(str(caught.value)) < 200
        assert str(caught.value).isprintable()


def test_a_resumption_token_of_thousands_of_letters_is_not_asked_for() -> None:
    content = (ROOT / "tests" / "data" / "arxiv-oai-raw.xml").read_text(encoding="utf-8")
    broken = content.replace("</resumptionToken>", "x" * 3_000 + "</resumptionToken>")

    with pytest.raises(SourceError, match=r"resumption token of 3,\d+ characters"):
        ArxivSource("a").parse(broken.encode(), url="https://oaipmh.arxiv.org/oai?verb=ListRecords")


def test_an_id_of_thousands_of_letters_is_none() -> None:
    item = {"paper": {"id": "2606." + "1" * 3000, "title": "A title"}}

    parsed = HuggingFaceSource("h").parse(json.dumps([item]).encode(), url="")

    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [("no id", "A title")]


@pytest.mark.parametrize("version", ["0", 0, -1, "v0"])
def test_a_preprint_of_version_zero_is_of_none(version: object) -> None:
    (record,) = biorxiv.parse(biorxiv.item(version=version)).records

    assert (record.paper.version, record.paper.links) == (None, ())


def test_there_is_no_version_zero_of_arxiv() -> None:
    content = (ROOT / "tests" / "data" / "arxiv-oai-raw.xml").read_text(encoding="utf-8")

    parsed = ArxivSource("a").parse(content.replace('"v1"', '"v0"').encode(), url="")

    assert parsed.records
    assert all(r.paper.version != 0 for r in parsed.records)


def test_a_broken_address_of_a_pdf_does_not_stop_a_venue() -> None:
    paper = openreview.one(pdf="http://[")

    assert paper.title
    assert paper.links == ()


def test_a_work_of_openalex_with_a_broken_doi_is_known_by_its_page() -> None:
    paper = openalex.one(doi="https://doi.org/10.1000\0\0.1", ids={}, locations=[])

    assert paper.id == "doi:10.1000/j.1"


def test_the_label_of_a_part_of_an_abstract_is_clean_too() -> None:
    inside = "<Abstract><AbstractText Label='METH\u00adODS\u200b'>We counted.</AbstractText></Abstract>"

    assert pubmed.only(1, inside).abstract == "METHODS: We counted."


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        (rb"startxref\n\d+", b"startxref\n" + b"9" * 20),
        (rb"/Parent 2 0 R (.*) /Resources", rb"/Parent 99 0 R \1 /Lost"),
    ],
)
def test_a_damaged_pdf_is_refused_in_one_sentence(
    pattern: bytes, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    content = re.sub(pattern, damage, a_pdf())

    with pytest.raises(SourceError, match=r"^paper.pdf: is not a PDF that can be read \([^\n]{3,120}\)$"):
        parse_pdf(content, name="paper.pdf")
    assert caplog.records == []


@pytest.mark.parametrize(
    "piece", ["\\\\(", "\\\\[", "\\(\\[", "\\textbf{", "{\\bf ", "$x", "<b", "<!--", "&#", "(", "a, "]
)
def test_an_abstract_of_nothing_but_openings_takes_no_longer_than_its_length(piece: str) -> None:
    assert growth(lambda text: (clean_html(text), split_authors(text)), of(piece)).factor < LINEAR
