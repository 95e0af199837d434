"""Whole DOIs, wherever they stand, and none where only a part of one is there."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from digest.core.identity.dois import decoded, doi, doi_url, doi_version, is_part_of_doi, preprint_server, work_of
from digest.core.identity.ids import arxiv_id, identify

WILEY = "10.1002/(sici)1099-9999(199601)9:1<11::aid-jif2>3.0.co;2-6"
OCEAN = "10.1175/1520-0485(1984)014<0001:aatote>2.0.co;2"
CELL = "10.1016/s0140-6736(05)67889-0"


@pytest.mark.parametrize(
    "text",
    [
        WILEY,
        WILEY.upper(),
        f"doi: {WILEY}.",
        f"DOI:{WILEY}, and more",
        f"({WILEY})",
        f"<{WILEY}>",
        WILEY.replace("<", "&lt;").replace(">", "&gt;"),
        WILEY.replace("<", "&amp;lt;").replace(">", "&amp;gt;"),
        WILEY.replace("<", "&#60;").replace(">", "&#x3E;"),
        WILEY.replace("<", r"{\textless}").replace(">", r"{\textgreater}"),
        WILEY.replace("<", r"\textless{}").replace(">", r"\textgreater{}"),
        WILEY.replace("<", r"\textless ").replace(">", r"\textgreater "),
        WILEY.replace("<", "$<$").replace(">", "$>$"),
        quote(WILEY, safe=""),
        f"https://doi.org/{WILEY}",
        f"https://doi.org/{quote(WILEY)}",
        f"https://doi.org/{quote(WILEY, safe='')}",
        f"https://doi.org/{quote(quote(WILEY, safe=''), safe='')}",
        f"http://onlinelibrary.wiley.com/doi/{quote(WILEY)}/abstract",
        f"https://onlinelibrary.wiley.com/doi/{WILEY}/full#references",
        f"https://onlinelibrary.wiley.com/action/show?journal=x&doi={quote(WILEY, safe='')}&format=y",
    ],
)
def test_a_doi_with_angle_brackets_is_taken_whole(text: str) -> None:
    assert doi(text) == WILEY


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OCEAN, OCEAN),
        (f"https://journals.example.org/doi/abs/{OCEAN}", OCEAN),
        ("10.1641/0006-3568(2000)050[0001:ITX]2.0.CO;2", "10.1641/0006-3568(2000)050[0001:itx]2.0.co;2"),
        ("10.1061/(ASCE)0733-9399(1990)116:5(1018)", "10.1061/(asce)0733-9399(1990)116:5(1018)"),
        (f"https://doi.org/{WILEY[:-1]}#", f"{WILEY[:-1]}#"),
        ("10.1016/0021-9991(90)90007-(N)", "10.1016/0021-9991(90)90007-(n)"),
        (f"(see doi:{CELL})", CELL),
        (f"[Frogs (2005), {CELL}].", CELL),
        (f"[frogs](https://doi.org/{CELL})", CELL),
        ("(10.1000/a)b", "10.1000/a"),
        ("10.1000/a(b).", "10.1000/a(b)"),
        ("“10.1000/a”", "10.1000/a"),
        ("参见 10.1000/a，10.1000/b。", "10.1000/a"),
        ("10.1000/a;10.1000/b", "10.1000/a"),
        ("10.1000/a,https://doi.org/10.1000/b", "10.1000/a"),
        ('<a href="https://doi.org/10.1000/a">10.1000/a</a>', "10.1000/a"),
        ("<p>10.1000/a<br/>", "10.1000/a"),
        ("10.1000/a<b", "10.1000/a"),
        ("10.1000/456#789", "10.1000/456#789"),
        ("10.1000/a#abstract", "10.1000/a"),
        ("10.1000/a?x=1", "10.1000/a"),
        ("10.1000/a&amp;type=printable", "10.1000/a"),
        ("10.1000/a;jsessionid=1A", "10.1000/a"),
        ("10.1000/a;b", "10.1000/a;b"),
        ("10.1000/why?", "10.1000/why"),
        ("10.1007/978-3-030-1\\_2", "10.1007/978-3-030-1_2"),
        ("10.1007/978-3-030-1{\\_}2", "10.1007/978-3-030-1_2"),
        ("10.1007/978-3-030-1{\\textunderscore}2", "10.1007/978-3-030-1_2"),
        ("10.1016/j\u2010x.1", "10.1016/j-x.1"),
        ("10.1000.10/123", "10.1000.10/123"),
        ("DOI10.1000/a", "10.1000/a"),
        ("doi.org/10.1000/a.", "10.1000/a"),
        ("info:doi/10.1000/a", "10.1000/a"),
        ("10.1000/", None),
        ("v110.1000/a", None),
        ("1.10.1000/a", None),
        ("10.10/a", None),
        ("", None),
    ],
)
def test_a_doi_ends_where_the_text_around_it_goes_on(text: str, found: str | None) -> None:
    assert doi(text) == found


@pytest.mark.parametrize(
    "address",
    [
        "https://doi.org/{}",
        "https://dx.doi.org/{}/",
        "https://journal.example.org/doi/{}/metrics",
        "https://journal.example.org/doi/{}/fulltext",
        "https://journal.example.org/doi/{}/full/html?x=1",
        "https://journal.example.org/doi/{}/abstract;jsessionid=0A.f03",
        "https://journal.example.org/doi/{};jsessionid=0A.f03?x=1",
        "https://journal.example.org/doi/pdfdirect/{}?download=true",
        "https://journal.example.org/doi/{}/pdfdirect",
        "https://journal.example.org/doi/{}/epdf#page=2",
        "https://journal.example.org/doi/suppl/{}/suppl_file/a_si_001.pdf",
        "https://journal.example.org/article/{}/figures/2",
        "https://journal.example.org/article/{}/tables/1",
        "https://journal.example.org/article/{}/fulltext.html",
        "https://journal.example.org/articles/{}/full",
        "https://journal.example.org/articles/{}/references",
        "https://journal.example.org/articles/{}/citedby/",
        "https://journal.example.org/articles/{}/supplementary-material",
        "https://journal.example.org/articles/{}/meta",
        "https://journal.example.org/articles/{}/summary",
        "https://journal.example.org/content/pdf/{}.pdf",
        "https://journal.example.org/content/{}.full.pdf+html",
        "https://journal.example.org/content/{}.abstract",
        "https://academic.oup.com/jif/article/doi/{}/5678901",
        "https://academic.oup.com/jif/advance-article/doi/{}/7654321",
        "https://academic.oup.com/jif/advance-article-abstract/doi/{}/7654321?redirectedFrom=fulltext",
        "https://academic.oup.com/jif/article-pdf/doi/{}/33445566/jkz123.pdf",
        "https://academic.oup.com/jif/article-lookup/doi/{}",
        "https://pubs.example.org/article/doi/{}/2877123/Frog-calls-in-winter",
        "https://journals.plos.org/plosone/article/file?id={}&type=printable",
        "https://journals.plos.org/plosone/article/file?id={}&amp;type=printable",
        "https://example.org/openurl?id=doi:{}&b=2",
        "https://example.org/openurl?rft_id=info:doi/{}",
        "https://login.example.org/?url=https%3A%2F%2Fdoi.org%2F{}%3Fa%3Db",
        "https://login.example.org/?url=https://journal.example.org/doi/{}/full",
        "https://example.org/#/paper/{}",
    ],
)
@pytest.mark.parametrize("own", ["10.1093/jif/jkz123", "10.1371/journal.pone.9999999", "10.1007/s99999-016-0575-0"])
def test_what_publishers_write_behind_a_doi_in_addresses_is_no_part_of_it(address: str, own: str) -> None:
    assert doi(address.format(own)) == own
    assert doi(address.format(own.replace("/", "%2F"))) == own


@pytest.mark.parametrize(
    "own",
    [
        "10.1000/report.pdf",
        "10.1000/abc.full",
        "10.1000/a.html",
        "10.1000/full",
        "10.1000/summary",
        "10.1000/metrics",
        "10.1000/data/summary",
        "10.1000/a/references",
        "10.1000/a/12345",
        "10.1000/fullpdf",
        "10.1000/standard",
    ],
)
def test_a_doi_that_ends_like_a_page_stays_whole(own: str) -> None:
    assert doi(own) == own
    assert doi(f"https://doi.org/{own}") == own


@pytest.mark.parametrize("own", ["10.1000/full", "10.1000/pdf", "10.1093/metrics.a"])
def test_the_first_part_of_a_doi_is_no_ending_of_a_page(own: str) -> None:
    assert doi(f"https://journal.example.org/doi/full/{own}") == own


@pytest.mark.parametrize(
    "text",
    [
        "10.1002/(SICI)1099-9999(199601)9:1",
        "10.1002/(SICI)1099-9999(199601)9:1<11::AID-JIF2",
        "10.1002/(SICI)1099-9999(199601)9:1<11::AID-JIF2>",
        "10.1002/(SICI)1099-9999(199601)9:1&lt;11",
        "10.1002/(SICI)1099-9999(199601)9:1<11::AID-JIF2>3.0.CO;2",
        "10.1002/(SICI",
        "10.1175/1520-0485(1984)014",
        "10.1175/1520-0485(1984)014<0001:",
        "10.1016/S0140-6736(05",
        "10.1016/S0140-6736(05]1",
        "10.1016/j.cell.2020…",
        "10.1016/j.cell.2020...",
        "10.1016/j.[...]",
        "10.1000/a)b",
        f"10.1000/{'x' * 300}",
        "https://doi.org/10.1002/(SICI)1099-9999(199601)9:1",
    ],
)
def test_a_doi_that_was_cut_is_none(text: str) -> None:
    assert doi(text) is None
    assert is_part_of_doi(text)
    assert not identify(title="On frogs and their calls", doi=text)[0].startswith("doi:")


@pytest.mark.parametrize("text", ["10.1000/a", "frogs", "10.5 bits", "https://arxiv.org/abs/2401.01234"])
def test_what_is_whole_or_no_doi_at_all_is_no_part_of_one(text: str) -> None:
    assert not is_part_of_doi(text)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a?ref=10.1000/x", "https://example.org/a?q=frogs+10.1000/x", "https://a.org/?x=10.5"],
)
def test_a_doi_that_an_address_only_mentions_is_not_that_of_its_page(address: str) -> None:
    assert doi(address) is None


def test_a_doi_of_three_hundred_signs_is_still_one() -> None:
    assert doi(f"10.1000/{'x' * 292}") == f"10.1000/{'x' * 292}"


@pytest.mark.parametrize("own", [WILEY, OCEAN, CELL, "10.1000/a#b", "10.1000/a?b", "10.1000/50%25", "10.1000/[a]"])
def test_a_link_to_a_doi_holds_the_whole_of_it(own: str) -> None:
    link = doi_url(own)

    assert not set(link) & set("<>#?[] ")
    assert decoded(link) == f"https://doi.org/{decoded(own)}"


def test_the_version_of_a_preprint_is_read_behind_any_ending() -> None:
    assert doi_version("https://www.biorxiv.org/content/10.1101/2025.02.25.640196v3.full.pdf+html") == 3
    assert doi_version("https://www.biorxiv.org/content/10.1101/2025.02.25.640196v12/full") == 12
    assert doi_version("https://www.biorxiv.org/content/10.1101%2F2025.02.25.640196v3") == 3
    assert doi_version("10.21203/rs.3.rs-1/v1000") is None
    assert doi_version("10.21203/rs.3.rs-1/v0") is None


def test_where_there_is_no_doi_there_is_no_version() -> None:
    assert doi_version("https://example.org/v2") is None
    assert doi_version("10.1000/v2") is None


@pytest.mark.parametrize(
    ("own", "server"),
    [
        ("10.1101/2025.02.25.640196", "10.1101"),
        ("10.64898/2026.03.01.700001", "10.64898"),
        ("10.1101/gr.12345.1", None),
        ("10.21203/rs.3.rs-1", "10.21203"),
        ("10.2139/ssrn.123", "10.2139/ssrn"),
        ("10.2139/other.123", None),
        ("10.1000/a", None),
    ],
)
def test_a_preprint_server_is_known_by_the_beginning_of_its_dois(own: str, server: str | None) -> None:
    assert preprint_server(own) == server


@pytest.mark.parametrize("n", [1, 3, 200])
def test_a_doi_is_found_however_many_addresses_lead_to_it(n: int) -> None:
    assert doi("https://a.org/?url=" * n + "https://doi.org/10.1000/a?x=1") == "10.1000/a"


def test_of_a_word_that_is_longer_than_any_address_nothing_is_taken() -> None:
    beginning = "https://a.org/" + "x" * (4_000 - len("https://a.org//10.1000/ab")) + "/10.1000/a"

    assert doi(f"{beginning}b") == "10.1000/ab"
    assert doi(f"{beginning}bc") is None


def test_entities_are_resolved_as_often_as_they_were_escaped() -> None:
    assert decoded("a&amp;lt;b") == "a<b"
    assert decoded("a&amp;amp;lt;b") == "a&lt;b"
    assert decoded("a%25252Fb") == "a/b"
    assert decoded("a%2525252Fb") == "a%2Fb"
    assert decoded("a%FFb") == "a%FFb"
    assert decoded("a&#0;&#7;b&#x41;&#55296;") == "abA"


@pytest.mark.parametrize(
    ("stored", "work"),
    [
        (WILEY, WILEY),
        (WILEY.split("<")[0], None),
        ("10.1000/a/full", "10.1000/a"),
        ("10.1000/a&type=printable", "10.1000/a"),
        ("10.21203/rs.3.rs-1/v2", "10.21203/rs.3.rs-1"),
    ],
)
def test_what_was_stored_once_is_read_as_dois_are_read_now(stored: str, work: str | None) -> None:
    assert work_of(stored) == work


# -- arXiv and OpenReview, in the same places


@pytest.mark.parametrize(
    "text",
    [
        "https%3A%2F%2Farxiv.org%2Fabs%2F2401.01234",
        "https://doi.org/10.48550%2FarXiv.2401.01234",
        "https://reader.example.org/?url=https://arxiv.org/pdf/2401.01234v2",
        "https://reader.example.org/?url=https%3A%2F%2Farxiv.org%2Fpdf%2F2401.01234v2.pdf&amp;x=1",
        "https://reader.example.org/?url=arxiv.org/abs/2401.01234",
        "https://arxiv.org/pdf/2401.01234v2.pdf",
        "https://export.arxiv.org/e-print/2401.01234",
        "https://ar5iv.labs.arxiv.org/html/2401.01234",
        "https://ar5iv.org/abs/2401.01234",
        "https://www.alphaxiv.org/pdf/2401.01234",
        "https://scirate.com/arxiv/2401.01234",
        "arXiv:2401.01234v2.pdf",
        "2401.01234.pdf",
        "2401.01234v2.PDF",
        "arXiv%3A2401.01234",
    ],
)
def test_an_arxiv_id_is_found_behind_escapes_and_in_viewers(text: str) -> None:
    found = arxiv_id(text)

    assert found is not None
    assert found[0] == "2401.01234"


@pytest.mark.parametrize(
    "text",
    [
        "arXiv:2401.0123",
        "arXiv:2401.0123…",
        "https://arxiv.org/abs/2401.012",
        "https://arxiv.org/abs/2401.012345",
        "arXiv:1412.01234",
        "https://my-arxiv.org/abs/2401.01234",
        "https://notarxiv.org/abs/2401.01234",
        "hep-th/940809",
    ],
)
def test_what_is_only_a_part_of_an_arxiv_id_is_none(text: str) -> None:
    assert arxiv_id(text) is None


@pytest.mark.parametrize("text", ["arXiv:0704.0001", "arXiv:1412.9999", "arXiv:1501.00001"])
def test_an_arxiv_id_has_as_many_digits_as_its_year_gave(text: str) -> None:
    assert arxiv_id(text) == (text.removeprefix("arXiv:"), None)


@pytest.mark.parametrize(
    ("address", "note"),
    [
        ("https://openreview.net/forum?id=AbC123_x-z&noteId=Other12345", "AbC123_x-z"),
        ("https://openreview.net/forum?noteId=Other12345&amp;id=AbC123_x-z", "AbC123_x-z"),
        ("https://openreview.net/pdf?id=AbC123_x-z", "AbC123_x-z"),
        ("https://openreview.net/attachment?id=AbC123_x-z&name=pdf", "AbC123_x-z"),
        ("https://reader.example.org/?url=https%3A%2F%2Fopenreview.net%2Fforum%3Fid%3DAbC123_x-z", "AbC123_x-z"),
        ("https://openreview.net/forum?noteId=Other12345", None),
        ("https://openreview.net/forum?id=AbC123…", None),
        ("https://openreview.net/forum?id=AbC123...", None),
    ],
)
def test_a_note_of_openreview_is_taken_whole(address: str, note: str | None) -> None:
    found, _ = identify(title="On frogs and their calls", urls=[address])

    assert found == f"openreview:{note}" if note else not found.startswith("openreview:")
