"""Papers on demand: pages, texts and PDFs that somebody points at."""

from __future__ import annotations

import io

import pytest

from digest.core.errors import SourceError
from digest.sources.page import parse_page, parse_text
from digest.sources.pdf import parse_pdf

ABSTRACT = (
    "Rivers carry sediment to the sea. We measure how much of it 40 rivers lost after dams were built, and find that "
    "the loss is 31 % on average. Small rivers lost most. The data end in 2019."
)


def test_a_publishers_page_is_read_by_its_citation_tags() -> None:
    page = f"""<!doctype html><html><head><meta charset="utf-8"><title>J. Open Meas. | Rivers</title>
        <meta name="citation_title" content="Sediment of 40 rivers &amp; their dams">
        <meta name="citation_author" content="Müller, Ana"><meta name="citation_author" content="Bo Li">
        <meta name="citation_doi" content="10.5555/rivers.1">
        <meta name="citation_publication_date" content="2026/03/01">
        <meta name="citation_pdf_url" content="https://example.org/rivers.pdf">
        <meta name="dc.Description" content="{ABSTRACT}"></head><body><h1>Rivers</h1></body></html>""".encode()

    paper = parse_page(page, url="https://example.org/rivers").paper

    assert (paper.id, paper.title) == ("doi:10.5555/rivers.1", "Sediment of 40 rivers & their dams")
    assert paper.authors == ("Ana Müller", "Bo Li")
    assert paper.abstract == ABSTRACT
    assert paper.published is not None
    assert (paper.published.year, paper.links[0].url) == (2026, "https://example.org/rivers.pdf")


def test_a_page_without_tags_is_read_below_its_heading() -> None:
    page = f"<h1>Rivers</h1><p>By Ana</p><h2>Abstract</h2><p>{ABSTRACT}</p><h2>1 Introduction</h2><p>Long ago…</p>"

    paper = parse_page(page.encode(), url="https://arxiv.org/html/2603.01234v2").paper

    assert (paper.id, paper.title, paper.abstract) == ("arxiv:2603.01234", "Rivers", ABSTRACT)


@pytest.mark.parametrize("content", [b"", b"   ", b"<html></html>", b"\x00\xff\xfe"])
def test_a_page_with_nothing_on_it_is_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        parse_page(content, url="https://example.org/")


@pytest.mark.parametrize("names", [["\u200b, \u200b"], [","], ["(Paris), "], ["Ada Lovelace", "\u00ad"]])
def test_an_author_without_a_name_is_none(names: list[str]) -> None:
    tags = "".join(f"<meta name='citation_author' content='{name}'>" for name in names)

    paper = parse_page(f"<meta name='citation_title' content='T'>{tags}".encode(), url="https://x.org/1").paper

    assert paper.authors == tuple(name for name in names if name == "Ada Lovelace")


def test_a_damaged_doi_of_a_page_does_not_get_into_its_id() -> None:
    content = "<meta name='citation_title' content='T'><meta name='citation_doi' content='10.1000/ab'>".encode()

    assert parse_page(content, url="https://x.org/1").paper.id == "doi:10.1000/ab"


def test_a_text_has_its_title_first() -> None:
    paper = parse_text(
        f"Rivers and dams\n\nAna Müller\n\nAbstract\n\n{ABSTRACT}\n\n1 Introduction\n\nLong ago", name="-"
    ).paper

    assert (paper.title, paper.abstract, paper.id) == (
        "Rivers and dams",
        ABSTRACT,
        "title:riversanddams-" + paper.id[-12:],
    )


def test_a_text_without_a_heading_is_its_own_abstract() -> None:
    assert parse_text(f"Rivers and dams of the north\n{ABSTRACT}", name="-").paper.abstract == ABSTRACT


def test_a_text_without_a_title_gets_its_beginning() -> None:
    paper = parse_text(f"{ABSTRACT} {ABSTRACT}".replace("\n", " "), name="-").paper

    assert paper.title.startswith("Rivers carry sediment")
    assert paper.abstract.startswith("Rivers carry sediment to the sea.")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(SourceError, match="notes.txt: is empty"):
        parse_text(" \n\n ", name="notes.txt")


def pdf(text_lines: list[str]) -> bytes:
    """A PDF of one page, written by hand: pypdf makes pages but writes no text on them."""
    shown = "".join(f"({line}) Tj T* " for line in text_lines)
    stream = f"BT /F1 12 Tf 14 TL 50 800 Td {shown}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for n, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (n, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def test_a_pdf_is_read_from_its_first_page() -> None:
    pytest.importorskip("pypdf")
    content = pdf(
        [
            "Rivers and dams of the north",
            "Ana Mueller",
            "Abstract",
            "Rivers carry sedi-",
            "ment to the sea.",
            "1 Introduction",
        ]
    )

    paper = parse_pdf(content, name="rivers.pdf").paper

    assert (paper.title, paper.abstract) == ("Rivers and dams of the north", "Rivers carry sediment to the sea.")


def test_what_is_no_pdf_is_refused() -> None:
    pytest.importorskip("pypdf")
    with pytest.raises(SourceError, match="x.pdf: is not a PDF"):
        parse_pdf(b"%PDF-1.7 but no more", name="x.pdf")
