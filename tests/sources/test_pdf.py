"""PDFs: words put together again, titles of more than one line, stamps, locks, and files that mean harm."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import pytest

from digest.app.usecases import on_demand
from digest.core.errors import SourceError
from digest.core.words.hyphens import document_words, unwrapped
from digest.sources.pdf import paper_of, parse_pdf
from digest.sources.pdf_text import read
from tests.conftest import ROOT
from tests.support.desk import Desk

FOLDER = ROOT / "tests" / "data" / "pdf"
WORDS = frozenset("reconstruction low dimensional state art graph based parameter context model data driven".split())
ABSTRACT = ("Abstract", "We follow marsh frogs in winter conditions.", "1 Introduction")


def paper(*lines: str | tuple[str, float], title: str = "") -> Any:
    page = [[11.0, line] if isinstance(line, str) else [line[1], line[0]] for line in lines]
    return paper_of({"pages": [page], "title": title}, name="x.pdf").paper


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["reconstruc-", "tion of"], "reconstruction of"),
        (["a low-", "dimensional model"], "a low-dimensional model"),
        (["a state-of-the-", "art result"], "a state-of-the-art result"),
        (["a low-dimen-", "sional model"], "a low-dimensional model"),
        (["a graph-", "based model"], "a graph-based model"),
        (["para-", "meter, con-", "text"], "parameter, context"),
        (["Recon-", "struction"], "Reconstruction"),
        (["Navier-", "Stokes"], "Navier-Stokes"),
        (["COVID-", "19 and 3-", "dimensional"], "COVID-19 and 3-dimensional"),
        (["pre-", "and post-training"], "pre- and post-training"),
        (["self-", "supervised"], "self-supervised"),
        (["non-", "convex"], "non-convex"),
        (["soft\xad", "ened and soft\xadened"], "softened and softened"),
        (["(recon\u2010", "struction)"], "(reconstruction)"),
        (["frobni-", "cation"], "frobnication"),
        (["a dash -", "here, 10 -", "20"], "a dash - here, 10 - 20"),
        (["one", "", "  two  "], "one two"),
        ([], ""),
    ],
)
def test_a_word_is_put_together_as_it_was_meant(lines: list[str], text: str) -> None:
    assert unwrapped(lines, vocabulary=WORDS) == text


def test_the_document_itself_is_asked_first() -> None:
    whole = document_words(["Our multi-task frobnicator and the coauthor", "of lines that end in a multi-", "tude."])

    assert unwrapped(["multi-", "task"], document=whole) == "multi-task"
    assert unwrapped(["co-", "author"], document=whole) == "coauthor"
    assert "multi" not in whole
    assert "tude" not in whole


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["Frog calls in winter", "Ada Marsh, Bo Reed"], "Frog calls in winter"),
        (
            ["Frog calls and what they tell of", "The Cold North", "Ada Marsh"],
            "Frog calls and what they tell of The Cold North",
        ),
        (["Frog calls over two", "winters in the north", "Ada Marsh"], "Frog calls over two winters in the north"),
        (
            ["Deep Learning for Frogs", "Under Winter Conditions", "Ada Marsh, Bo Reed"],
            "Deep Learning for Frogs Under Winter Conditions",
        ),
        (["Deep Learning for Frogs", "Ada Marsh", "Bo Reed"], "Deep Learning for Frogs"),
        (["Deep Learning for Frogs", "Ada Marsh1, Bo Reed2, and Cy de Willow*"], "Deep Learning for Frogs"),
        (["Deep Learning for Frogs", "J. A. Smith and P. van der Berg"], "Deep Learning for Frogs"),
        (["Frogs That Sing", "A Study of Forty Ponds", "Ada Marsh"], "Frogs That Sing A Study of Forty Ponds"),
        (["Frogs Over Two Win-", "ters", "Ada Marsh"], "Frogs Over Two Winters"),
        (["Frog calls", "University of Ponds"], "Frog calls"),
        (["Frog calls", "ada@pond.example.org"], "Frog calls"),
        (["Frog calls", "Received 3 May 2026"], "Frog calls"),
        (["Published as a conference paper at ICLR 2026", "Frog calls", "Ada Marsh"], "Frog calls"),
    ],
)
def test_a_title_has_all_its_lines_and_no_author(lines: list[str], title: str) -> None:
    assert paper(*lines, *ABSTRACT).title == title


def test_the_largest_letters_are_the_title() -> None:
    lines = (
        ("Journal of Ponds, in print", 9.0),
        ("Learned Frogs", 17.2),
        ("Marsh and Reed", 17.2),
        ("Ada Marsh", 12.0),
    )

    assert paper(*lines, *ABSTRACT).title == "Learned Frogs Marsh and Reed"


def test_the_second_line_of_a_title_is_not_of_the_abstract() -> None:
    found = paper("Frog calls of the", "north", "We follow four hundred frogs over two winters.")

    assert (found.title, found.abstract) == (
        "Frog calls of the north",
        "We follow four hundred frogs over two winters.",
    )


@pytest.mark.parametrize(
    ("titled", "title"),
    [
        ("Frog calls in the winter of the north", "Frog calls in the winter of the north"),
        ("Microsoft Word - frogs-final.docx", "Frog calls"),
        ("frogs_camera_ready_v3_final.tex", "Frog calls"),
        ("untitled document of mine", "Frog calls"),
    ],
)
def test_a_title_in_the_file_counts_where_it_is_one(titled: str, title: str) -> None:
    assert paper("Frog calls", "Ada Marsh", *ABSTRACT, title=titled).title == title


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("arXiv:hep-th/9408099v2  17 Aug 1994", "arxiv:hep-th/9408099"),
        ("arXiv:cond-mat/0102536v1  [cond-mat.stat-mech]  28 Feb 2001", "arxiv:cond-mat/0102536"),
        ("arXiv:2611.04242v2  [q-bio.QM]  17 Nov 2026", "arxiv:2611.04242"),
        ("arXiv:0704.0001v1 [hep-ph] 2 Apr 2007", "arxiv:0704.0001"),
        ("hep-th/9408099", "arxiv:hep-th/9408099"),
    ],
)
def test_a_stamp_is_the_papers_id_and_not_its_title(line: str, number: str) -> None:
    found = paper(line, "Frog calls in winter", "Ada Marsh", *ABSTRACT)

    assert (found.id, found.title) == (number, "Frog calls in winter")


def test_an_id_that_is_cited_is_not_the_papers_own() -> None:
    found = paper("Frog calls in winter", "Ada Marsh", *ABSTRACT, "as A. Other shows in arXiv:2401.00001v1 [cs.LG]")

    assert found.id.startswith("title:")


@pytest.mark.parametrize("name", ["rc4", "aes128", "aes256", "hyphens", "stamp-old", "stamp-new"])
def test_a_file_that_anybody_may_open_is_read(name: str) -> None:
    found = paper_of(read((FOLDER / f"{name}.pdf").read_bytes()), name=name, vocabulary=WORDS).paper

    assert found.title == "Frog calls in winter"
    assert found.abstract == (
        "We reconstruct the calls of marsh frogs with a low-dimensional model and find that they grow deeper in the "
        "cold, which is a state-of-the-art result for the reconstruction of 1,024 recordings."
    )


def test_ligatures_of_a_pdf_are_letters() -> None:
    found = paper_of(read((FOLDER / "ligatures.pdf").read_bytes()), name="x").paper

    assert found.title == "Efficient classification of floating seals"
    assert found.abstract.startswith("We define an efficient classifier for floating ice that is different")


def test_a_locked_file_is_a_sentence_and_the_others_are_read(tmp_path: Path) -> None:
    with Desk(tmp_path).app() as app:
        locked, read_ = on_demand(app).summarize([str(FOLDER / "locked.pdf"), str(FOLDER / "aes256.pdf")]).answers

    assert locked.error == f"{FOLDER / 'locked.pdf'}: needs a password to be opened; save a copy without one"
    assert read_.paper is not None
    assert "low-dimensional model" in read_.paper.abstract


def test_without_the_means_to_decrypt_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdf
    from pypdf.errors import DependencyError

    def refuse(*_: Any) -> None:
        raise DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr(pypdf, "PdfReader", refuse)  # to be had only by taking a package out

    with pytest.raises(SourceError, match=r"x: is encrypted, .*pip install 'research-digest\[pdf\]'"):
        paper_of(read(b"%PDF-1.7"), name="x")


def a_page(stream: bytes, filters: bytes = b"") -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), filters, stream),
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    for n, body in enumerate(objects, start=1):
        out.write(b"%d 0 obj\n%s\nendobj\n" % (n, body))
    out.write(b"trailer << /Size 5 /Root 1 0 R >>\n%%EOF")
    return out.getvalue()


def test_a_bomb_is_a_sentence() -> None:
    packed = zlib.compress(zlib.compress(bytes(100_000_000), 9), 9)

    with pytest.raises(SourceError, match=r"^bomb.pdf: [^\n]+$"):
        parse_pdf(a_page(packed, b"/Filter [/FlateDecode /FlateDecode]"), name="bomb.pdf")


def test_a_file_that_takes_for_ever_is_given_up() -> None:
    short_s = 0.05  # less than a process takes to start

    with pytest.raises(SourceError, match=r"^slow.pdf: is a PDF that takes more than 0 seconds to read$"):
        parse_pdf((FOLDER / "hyphens.pdf").read_bytes(), name="slow.pdf", timeout_s=short_s)
