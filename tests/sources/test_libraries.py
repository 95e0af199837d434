"""Libraries of reference managers: each format as its programs write it, and a bad entry spoils no other."""

from __future__ import annotations

import json
import logging
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.errors import SourceError
from digest.core.models import Paper, PaperId, Parsed
from digest.core.ranking.interests import LIBRARIES
from digest.sources.libraries.library import read_library
from tests.support.growth import LINEAR, growth, of


def papers(text: str | bytes, name: str) -> list[Paper]:
    content = text.encode() if isinstance(text, str) else text
    return [record.paper for record in read_library(content, name=name).records]


def read(text: str, name: str) -> Parsed:
    return read_library(text.encode(), name=name)


# -- BibTeX

BIBTEX = r"""
Whatever stands between entries is a comment, even ada@example.org.
@string{neurips = "Advances in Neural Information Processing Systems"}
@comment{jabref-meta: databaseType:bibtex;}
@preamble{"\newcommand{\x}{y}"}

@article{galvez2024,
  title = {{T}est-time training for {BERT}: a bound of $O(\sqrt{n})$},
  author = {Rodr{\'\i}guez-G{\'a}lvez, Borja and M{\"u}ller, J{\"o}rg and Ada Lovelace},
  abstract = {We prove 95\% of \emph{everything} for \$5.},
  journal = neurips # " 37",
  eprint = {2401.01234v2},
  archivePrefix = {arXiv},
  year = 2024
}

@INPROCEEDINGS(noether, Title = "Invariants of long documents", AUTHOR = "Noether, Emmy", DOI = {10.1101/743294},
  url = {https://example.org/noether\_1})

@misc{scholar, title={Attention is everything you want}, author={King, Jr, Martin and others},
  journal={arXiv preprint arXiv:1706.03762}}

@techreport{cms, title = {Observation of things}, author = {{The CMS, ATLAS and LHCb Collaborations} and Doe, Jane}}
"""


def test_bibtex_gives_titles_people_and_ids_as_readers_expect_them() -> None:
    first, second, third, fourth = papers(BIBTEX, "library.bib")

    assert first.id == "arxiv:2401.01234"
    assert first.title == r"Test-time training for BERT: a bound of $O(\sqrt{n})$"
    assert first.authors == ("Borja Rodríguez-Gálvez", "Jörg Müller", "Ada Lovelace")
    assert first.abstract == "We prove 95% of everything for $5."
    assert (second.id, second.title, second.authors) == (
        "doi:10.1101/743294",
        "Invariants of long documents",
        ("Emmy Noether",),
    )
    assert second.url == "https://example.org/noether_1"
    assert (third.id, third.authors) == ("arxiv:1706.03762", ("Martin King Jr",))
    assert fourth.authors == ("The CMS ATLAS and LHCb Collaborations", "Jane Doe")


def test_a_broken_bibtex_entry_is_named_and_the_ones_behind_it_are_read(caplog: pytest.LogCaptureFixture) -> None:
    broken = "@misc{bad, title = {never closed, year = 2020"
    text = f"@misc{{a, title={{The first of two}}}}\n{broken}\n\n@misc{{b, title={{The second}}}}"

    with caplog.at_level(logging.WARNING):
        parsed = read(text, "library.bib")

    assert [r.paper.title for r in parsed.records] == ["The first of two", "The second"]
    assert [(r.reason, r.excerpt[:10]) for r in parsed.rejected] == [("line 2: broken entry", "@misc{bad,")]
    assert caplog.text == ""


def test_an_entry_without_title_is_named_by_its_key() -> None:
    parsed = read("@misc{untitled, author={Ada}}\n@misc{b, title={The second}}", "library.bib")

    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [("no title", "untitled")]


def test_entries_of_one_key_are_all_read() -> None:
    text = "@misc{a, title={The first of two}}\n@misc{a, title={The second of two}, doi={10.1101/743294}}"

    assert [p.title for p in papers(text, "library.bib")] == ["The first of two", "The second of two"]


def test_a_paper_that_stands_there_twice_is_one() -> None:
    once = "@misc{a, title={Things}, doi={10.1101/743294}}"
    text = f"{once}\n{once.replace('@misc{a', '@misc{b, abstract={Long.}')}"

    assert [(p.id, p.abstract) for p in papers(text, "library.bib")] == [("doi:10.1101/743294", "Long.")]


@pytest.mark.parametrize(
    "field",
    [
        r"10.1002/(SICI)1099-9999(199601)9:1{\textless}11::AID-JIF2{\textgreater}3.0.CO;2-6",
        r"10.1002/(SICI)1099-9999(199601)9:1$<$11::AID-JIF2$>$3.0.CO;2-6",
        r"10.1002/({SICI})1099-9999(199601)9:1\textless{}11::{AID-JIF2}\textgreater{}3.0.CO;2-6",
        "https://doi.org/10.1002/(SICI)1099-9999(199601)9:1%3C11::AID-JIF2%3E3.0.CO;2-6",
        r"https://doi.org/10.1002/(SICI)1099-9999(199601)9:1\%3C11::AID-JIF2\%3E3.0.CO;2-6",
        "10.1002/(SICI)1099-9999(199601)9:1&lt;11::AID-JIF2&gt;3.0.CO;2-6",
    ],
)
def test_the_doi_of_an_entry_is_whole_however_it_is_escaped(field: str) -> None:
    [paper] = papers(f"@article{{a, title = {{Frog calls in winter}}, doi = {{{field}}}}}", "library.bib")

    assert paper.id == "doi:10.1002/(sici)1099-9999(199601)9:1<11::aid-jif2>3.0.co;2-6"


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (r"https://example.org/a\_b{\_}c", "https://example.org/a_b_c"),
        (r"https://example.org/a\%20b\&c=1", "https://example.org/a%20b&c=1"),
        (r"https://example.org/a{\textless}1", "https://example.org/a%3C1"),
    ],
)
def test_the_address_of_an_entry_is_what_was_meant(field: str, address: str) -> None:
    [paper] = papers(f"@misc{{a, title = {{Frog calls in winter}}, url = {{{field}}}}}", "library.bib")

    assert paper.url == address


def test_an_eprint_of_another_archive_is_no_arxiv_id() -> None:
    text = "@misc{a, title={Things of interest}, eprint={2401.01234}, eprinttype={hal}}"

    assert [p.id for p in papers(text, "library.bib")] == ["title:thingsofinterest"]


# -- RIS

RIS = """TY  - JOUR
TI  - Invariants of long documents
AU  - Noether, Emmy
AU  - King, Martin Luther, Jr.
AB  - We study things.
Then we study more of them.
DO  - 10.1101/743294
UR  - https://example.org/noether
ER  -

TY  - RPRT
T1  - Test-time training
A1  - Lovelace, Ada
M1  - arXiv:2401.01234
N2  - Models adapt.
ER  -
TY  - BOOK
AU  - Nobody
ER  - """


def test_ris_gives_papers() -> None:
    parsed = read(RIS, "library.ris")

    first, second = (r.paper for r in parsed.records)
    assert (first.id, first.title, first.url) == (
        "doi:10.1101/743294",
        "Invariants of long documents",
        "https://example.org/noether",
    )
    assert first.authors == ("Emmy Noether", "Martin Luther King Jr.")
    assert first.abstract == "We study things. Then we study more of them."
    assert (second.id, second.abstract, second.authors) == ("arxiv:2401.01234", "Models adapt.", ("Ada Lovelace",))
    assert [r.reason for r in parsed.rejected] == ["no title"]


def test_ris_of_an_old_program_is_read_in_its_encoding() -> None:
    text = "TY  - JOUR\r\nTI  - Über die Dinge\r\nAU  - Gálvez, Eva\r\nER  - \r\n"

    [one] = papers(text.encode("cp1252"), "library.ris")

    assert (one.title, one.authors) == ("Über die Dinge", ("Eva Gálvez",))


MARSH, BARK = ("Frog calls in winter", ("A. J. Marsh",)), ("Dye in willow roots", ("Cy Bark",))


def ris(text: str) -> str:
    """Lines are divided by bars, and an equals sign stands between tag and value."""
    return re.sub(r"(?m)^([A-Z][A-Z0-9])=", r"\1  - ", text.replace("|", "\n"))


@pytest.mark.parametrize(
    "text",
    [
        "DB=X|TI=Frog calls in winter|TY=JOUR|AU=Marsh, A. J.|ER=|T1=Dye in willow roots|TY=JOUR|A1=Bark, Cy|ER=",
        "DB=X|TI=Frog calls in winter||TY=JOUR|AU=Marsh, A. J.|ER=||T1=Dye in willow roots||TY=JOUR|A1=Bark, Cy|ER=|",
        # An exporter's header, an ER before anything and one too many, queries between the entries.
        "Provider: P|Content:text/plain||ER=||TY=JOUR|TI=Frog calls in winter|AU=Marsh, A. J.|ER=||"
        "Database: X <1974>|Search: 1 (frog* adj3 call*)||1. |TY=JOUR|TI=Dye in|  willow roots|AU=Bark, Cy|ER=|ER=|",
        # No ER at all, also with fields before TY.
        "TY=JOUR|TI=Frog calls in winter|AU=Marsh, A. J.||TY=JOUR|TI=Dye in willow roots|AU=Bark, Cy|",
        "TY=JOUR|TI=Frog calls in winter||AU=Marsh, A. J.||DB=X|TI=Dye in willow roots|TY=JOUR|AU=Bark, Cy",
        # TY last, or nowhere.
        "TI=Frog calls in winter||AU=Marsh, A. J.|TY=JOUR|ER=||TI=Dye in willow roots|AU=Bark, Cy|ER=|",
        "\ufeff|TY=JOUR|TI=Frog calls in winter|AU=Marsh, A. J.|ER=|TY=JOUR|AU=Bark, Cy||TI=Dye in willow roots|ER=",
    ],
)
def test_ris_is_read_in_whatever_order_it_was_exported(text: str) -> None:
    parsed = read(ris(text), "library.ris")

    assert [(r.paper.title, r.paper.authors) for r in parsed.records] == [MARSH, BARK]
    assert parsed.rejected == ()


def test_a_paragraph_behind_a_blank_line_belongs_to_its_ris_entry() -> None:
    [one] = papers("TY  - JOUR\nTI  - A\nAB  - First.\n\nSecond.\nDO  - 10.1101/743294\nER  - ", "a.ris")

    assert (one.abstract, one.id) == ("First. Second.", "doi:10.1101/743294")


# -- JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "Dye in willow roots", "author": "Cy Bark"}',
        '{"references": [{"title": "Dye in willow roots", "author": [{"family": "Bark", "given": "Cy"}]}]}',
        '{"message": {"items": [{"title": "Dye in willow roots", "author": [{"family": "Bark", "given": "Cy"}]}]}}',
        '{"bark": {"title": "Dye in willow roots", "author": {"family": "Bark", "given": "Cy"}}}',
        '{"title": "Dye in willow roots", "author": "Cy Bark"}\n{"title": "Dye in willow roots"}\n',
        '\ufeff[{"title": "Dye in willow roots", "author": [{"literal": "Cy Bark"}]}]',
    ],
)
def test_items_are_found_wherever_an_exporter_put_them(text: str) -> None:
    [one] = papers(text, "library.json")

    assert (one.title, one.authors) == BARK


CSL = [
    {
        "id": "noether",
        "type": "article-journal",
        "title": "Invariants of <i>long</i> documents",
        "author": [{"family": "Noether", "given": "Emmy"}, {"literal": "The CMS Collaboration"}],
        "abstract": "<jats:p>We study things.</jats:p>",
        "DOI": "10.1101/743294",
        "URL": "https://example.org/noether",
    },
    {"id": "x", "title": "Test-time training", "number": "arXiv:2401.01234", "note": "arXiv:2401.01234 [cs]"},
]


def test_csl_json_gives_papers() -> None:
    first, second = papers(json.dumps(CSL), "library.json")

    assert (first.id, first.title, first.abstract) == (
        "doi:10.1101/743294",
        "Invariants of long documents",
        "We study things.",
    )
    assert first.authors == ("Emmy Noether", "The CMS Collaboration")
    assert second.id == "arxiv:2401.01234"


def test_better_bibtex_json_gives_papers_and_no_attachments() -> None:
    document = {
        "config": {"label": "BetterBibTeX JSON"},
        "items": [
            {
                "itemType": "preprint",
                "title": "Test-time training",
                "abstractNote": "Models adapt.",
                "creators": [
                    {"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"},
                    {"creatorType": "editor", "firstName": "Some", "lastName": "Editor"},
                    {"creatorType": "author", "name": "The CMS Collaboration"},
                ],
                "archiveID": "arXiv:2401.01234",
                "citationKey": "lovelace",
            },
            {"itemType": "attachment", "title": "PDF"},
            "nonsense",
        ],
    }

    parsed = read(json.dumps(document), "library.json")

    [one] = (r.paper for r in parsed.records)
    assert (one.id, one.abstract, one.authors) == (
        "arxiv:2401.01234",
        "Models adapt.",
        ("Ada Lovelace", "The CMS Collaboration"),
    )
    assert [r.reason for r in parsed.rejected] == ["is no object"]


def test_what_zoteros_api_gives_is_read_too() -> None:
    document = [{"key": "A", "data": {"itemType": "journalArticle", "title": "Things of interest", "DOI": "10.1101/1"}}]

    assert [p.id for p in papers(json.dumps(document), "library.json")] == ["doi:10.1101/1"]


def test_json_lines_are_read_as_a_source_of_that_kind() -> None:
    text = '{"id": "2401.01234", "title": "Test-time training", "abstract": "Models adapt."}\nnot json\n'

    parsed = read(text, "library.jsonl")

    assert [r.paper.id for r in parsed.records] == ["arxiv:2401.01234"]
    assert len(parsed.rejected) == 1


# -- RDF

ZOTERO_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:link="http://purl.org/rss/1.0/modules/link/">
    <!-- exported -->
    <bib:Article rdf:about="https://example.org/noether">
        <z:itemType>journalArticle</z:itemType>
        <dcterms:isPartOf><bib:Journal><dc:title>Journal of Things</dc:title>
            <dc:identifier>DOI 10.1101/743294</dc:identifier></bib:Journal></dcterms:isPartOf>
        <bib:authors><rdf:Seq>
            <rdf:li><foaf:Person><foaf:surname>Noether</foaf:surname><foaf:givenName>Emmy</foaf:givenName></foaf:Person></rdf:li>
            <rdf:li><foaf:Person><foaf:surname>The CMS Collaboration</foaf:surname></foaf:Person></rdf:li>
        </rdf:Seq></bib:authors>
        <dc:identifier><dcterms:URI><rdf:value>https://example.org/noether</rdf:value></dcterms:URI></dc:identifier>
        <dcterms:abstract>We study things.</dcterms:abstract>
        <dc:title>Invariants of long documents</dc:title>
    </bib:Article>
    <z:Attachment rdf:about="#item_2"><z:itemType>attachment</z:itemType><dc:title>PDF</dc:title></z:Attachment>
    <bib:Journal rdf:about="urn:issn:1234-5678"><dc:title>Journal of Things</dc:title></bib:Journal>
    <rdf:Description rdf:about="http://arxiv.org/abs/2401.01234">
        <z:itemType>preprint</z:itemType>
        <dc:description>arXiv:2401.01234 [cs]</dc:description>
        <dc:title>Test-time training</dc:title>
    </rdf:Description>
    <z:Collection rdf:about="#collection_1"><dc:title>My papers</dc:title></z:Collection>
</rdf:RDF>"""

BIBLIONTOLOGY_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:bibo="http://purl.org/ontology/bibo/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:z="http://www.zotero.org/namespaces/export#">
    <z:UserItem rdf:about="http://zotero.org/items/A"/>
    <bibo:AcademicArticle rdf:about="https://example.org/noether">
        <bibo:doi>10.1101/743294</bibo:doi>
        <dcterms:abstract>We study things.</dcterms:abstract>
        <dcterms:title>Invariants of long documents</dcterms:title>
        <dcterms:creator rdf:nodeID="n1"/>
        <bibo:authorList><rdf:Seq><rdf:li rdf:nodeID="n1"/><rdf:li rdf:nodeID="n2"/></rdf:Seq></bibo:authorList>
    </bibo:AcademicArticle>
    <foaf:Person rdf:nodeID="n1"><foaf:givenName>Emmy</foaf:givenName><foaf:surname>Noether</foaf:surname></foaf:Person>
    <foaf:Organization rdf:nodeID="n2"><foaf:name>The CMS Collaboration</foaf:name></foaf:Organization>
</rdf:RDF>"""


def test_zotero_rdf_gives_papers_and_neither_attachments_nor_journals() -> None:
    first, second = papers(ZOTERO_RDF, "library.rdf")

    assert (first.id, first.title, first.abstract) == (
        "doi:10.1101/743294",
        "Invariants of long documents",
        "We study things.",
    )
    assert first.authors == ("Emmy Noether", "The CMS Collaboration")
    assert (second.id, second.title) == ("arxiv:2401.01234", "Test-time training")


def test_bibliontology_rdf_gives_the_same() -> None:
    [one] = papers(BIBLIONTOLOGY_RDF, "library.rdf")

    [first, _] = papers(ZOTERO_RDF, "library.rdf")
    assert (one.id, one.title, one.abstract, one.authors) == (first.id, first.title, first.abstract, first.authors)


# -- CSV


def test_zotero_csv_gives_papers() -> None:
    text = (
        '\ufeff"Key","Item Type","Author","Title","DOI","Url","Abstract Note","Extra","Notes"\n'
        '"A","journalArticle","Noether, Emmy; Lovelace, Ada","Invariants of long documents","10.1101/743294",'
        f'"https://example.org/n","We study\nthings.","","{"x" * 200_000}"\n'
        '"B","preprint","Lovelace, Ada","Test-time training","","","","arXiv:2401.01234 [cs]",""\n'
        '"C","attachment","","PDF","","","","",""\n'
        '"D","book","Nobody","","","","","",""\n'
    )

    parsed = read(text, "library.csv")

    first, second = (r.paper for r in parsed.records)
    assert (first.id, first.authors, first.abstract) == (
        "doi:10.1101/743294",
        ("Emmy Noether", "Ada Lovelace"),
        "We study things.",
    )
    assert second.id == PaperId("arxiv:2401.01234")
    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [("no title", "D")]


def test_a_spreadsheet_of_ones_own_is_read_by_its_headings() -> None:
    text = "title;authors;abstract\nInvariants of long documents;Noether, Emmy;We study things.\n"

    [one] = papers(text, "mine.csv")

    assert (one.title, one.authors, one.abstract) == (
        "Invariants of long documents",
        ("Emmy Noether",),
        "We study things.",
    )


@pytest.mark.parametrize("above", ["sep=;\n", "Export of 2026\n\n", "\ufeff"])
def test_lines_above_the_headings_are_passed_over(above: str) -> None:
    [one] = papers(f"{above}Title;Authors\nDye in willow roots;Cy Bark\n", "library.csv")

    assert (one.title, one.authors) == BARK


def test_of_two_columns_of_one_name_the_first_counts() -> None:
    [one] = papers("Title,Title,Abstract\nInvariants,,We study things.\n", "mine.csv")

    assert (one.title, one.abstract) == ("Invariants", "We study things.")


# -- what is no library


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        ("<html><body>Sign in</body></html>", "a.rdf", "a.rdf: answered with a web page"),
        ("<library/>", "a.rdf", "a.rdf: is no RDF; export the library as Zotero RDF"),
        ("<library>", "a.rdf", "a.rdf: is no XML that can be read"),
        ("Sign in", "a.rdf", "a.rdf: is no XML; it begins with “Sign in”"),
        (f'<!DOCTYPE a [<!ENTITY b "c">]>{ZOTERO_RDF}', "a.rdf", "a.rdf: declares a document type of its own"),
        ("{", "a.json", "a.json: is not JSON"),
        ('{"a": 1}', "a.json", "a.json: holds no list of items; export the library as CSL JSON"),
        ("[]", "a.json", "a.json: holds no paper that can be read"),
        ("name,year\nx,1\n", "a.csv", 'a.csv: has no column "Title"'),
        (
            'Title,Author\nOne,Ada\nTwo,"Noether, Emmy\nThree,Ada\n',
            "a.csv",
            "a.csv: a quotation mark that opens in line 3 or behind it is never closed",
        ),
        ("", "a.bib", "a.bib: holds no paper that can be read"),
        ("<html>", "a.ris", "a.ris: holds no paper that can be read"),
    ],
)
def test_what_is_no_library_is_told(content: str, name: str, problem: str) -> None:
    with pytest.raises(SourceError) as error:
        read(content, name)

    assert str(error.value).startswith(problem)


@pytest.mark.parametrize("filling", [" ", "A B and ", "{A B and }", "and "])
def test_a_field_that_is_four_times_as_long_takes_about_four_times_as_long(filling: str) -> None:
    def of_names(names: str) -> object:
        return read(f"@article{{a, title={{A title}}, author={{{{x{names}}}{names}y}}}}", "a.bib")

    assert growth(of_names, of(filling)).factor < LINEAR


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(LIBRARIES),
    st.one_of(
        st.binary(max_size=300),
        st.sampled_from([BIBTEX, RIS, json.dumps(CSL), ZOTERO_RDF]).flatmap(
            lambda text: st.integers(0, len(text)).map(lambda cut: text[:cut].encode())
        ),
    ),
)
def test_a_file_that_is_damaged_or_cut_off_gives_papers_or_a_sentence(ending: str, content: bytes) -> None:
    try:
        parsed = read_library(content, name=f"library{ending}")
    except SourceError as error:
        assert str(error)  # noqa: PT017 -- either is right
    else:
        assert all(record.paper.title for record in parsed.records)
