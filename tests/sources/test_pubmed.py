"""PubMed's E-utilities: a search, then its records by the hundred. The documents here are written by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from digest.core.errors import ConfigError, SourceError
from digest.core.lists.calendar import daily
from digest.core.models import Paper, PaperKind, Parsed
from digest.sources.door.http import Door
from digest.sources.pubmed import PubMedSource
from tests.conftest import ROOT

SOURCE = PubMedSource("pubmed", query="crispr[tiab] AND review[pt]")
DAY = date(2026, 6, 3)
SEARCH = SOURCE.url_for(DAY)
FETCH = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&WebEnv=MCID_1&query_key=1&retstart={}&retmax=100&retmode=xml#total={}"
FIXTURE = ROOT / "tests" / "data" / "pubmed-efetch.xml"


def search(url: str = SEARCH, **result: Any) -> Parsed:
    answer = {"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}
    return SOURCE.parse(json.dumps(answer).encode(), url=url)


def fetch(*articles: str, url: str = "saved.xml") -> Parsed:
    return SOURCE.parse(f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>".encode(), url=url)


def article(number: int = 1, inside: str = "", *, title: str = "On things.", head: str = "", data: str = "") -> str:
    """A record with no more than it needs."""
    return (
        f"<PubmedArticle><MedlineCitation><PMID Version='1'>{number}</PMID><Article>"
        f"<ArticleTitle>{title}</ArticleTitle>{inside}</Article>{head}</MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle>"
    )


def only(*arguments: Any, **more: Any) -> Paper:
    (record,) = fetch(article(*arguments, **more)).records
    return record.paper


def types(*kinds: str) -> str:
    inside = "".join(f"<PublicationType>{kind}</PublicationType>" for kind in kinds)
    return f"<PublicationTypeList>{inside}</PublicationTypeList>"


def notices(kind: str) -> str:
    return f"<CommentsCorrectionsList><CommentsCorrections RefType='{kind}'/></CommentsCorrectionsList>"


def asked(url: str | None) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url or "").query).items()}


# -- what is asked


def test_the_search_is_for_what_came_in_on_the_last_two_days() -> None:
    parts = urlsplit(SEARCH)

    assert (parts.netloc, parts.path) == ("eutils.ncbi.nlm.nih.gov", "/entrez/eutils/esearch.fcgi")
    assert asked(SEARCH) == {
        "db": "pubmed",
        "term": "crispr[tiab] AND review[pt]",
        "datetype": "edat",
        "mindate": "2026/06/02",
        "maxdate": "2026/06/03",
        "usehistory": "y",
        "retmax": "0",
        "retmode": "json",
        "tool": "research-digest",
    }
    week = asked(PubMedSource("p", query="x", days=7).url_for(date(2026, 3, 3)))
    assert (week["mindate"], week["maxdate"]) == ("2026/02/25", "2026/03/03")


def test_a_past_day_can_still_be_had_and_yesterday_is_read_again() -> None:
    assert SOURCE.past_url(DAY) == SEARCH
    assert (SOURCE.calendar, SOURCE.rereads, SOURCE.witness) == (daily(), (1,), None)


def test_an_address_of_ones_own_is_read_instead() -> None:
    saved, dated = (PubMedSource("p", query="", url=url) for url in ("list.xml", "lists/{date}.xml"))

    assert (saved.url_for(DAY), saved.past_url(DAY)) == ("list.xml", None)
    assert (dated.url_for(DAY), dated.past_url(DAY)) == ("lists/2026-06-03.xml", "lists/2026-06-03.xml")


@pytest.mark.parametrize(("query", "days", "key"), [(" ", 2, "query"), ("x", 0, "days")])
def test_a_search_for_nothing_is_refused_at_once(query: str, days: int, key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: "):
        PubMedSource("p", query=query, days=days)


# -- esearch


def test_the_search_says_how_many_and_leads_to_the_first_page_of_records() -> None:
    parsed = search(count="345", retmax="0", idlist=[], querykey="1", webenv="MCID_6a+/=", querytranslation="…")

    assert (parsed.records, parsed.rejected, parsed.expected) == ((), (), 345)
    assert (parsed.next_url or "").startswith("https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?")
    assert asked(parsed.next_url) == {
        "db": "pubmed",
        "WebEnv": "MCID_6a+/=",
        "query_key": "1",
        "retstart": "0",
        "retmax": "100",
        "retmode": "xml",
        "tool": "research-digest",
    }
    assert urlsplit(parsed.next_url or "").fragment == "total=345"


def test_all_pages_are_asked_for_and_none_behind_the_last() -> None:
    url = search(count="250", querykey="1", webenv="MCID_1").next_url
    starts = []
    while url:
        starts.append(asked(url)["retstart"])
        url = fetch(article(), url=url).next_url

    assert starts == ["0", "100", "200"]
    assert fetch(article(), url=FETCH.format(100, 200)).next_url is None


def test_the_total_that_travels_with_an_address_is_not_sent() -> None:
    sent: list[bytes] = []

    def server(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.url.raw_path)
        return httpx2.Response(200, text=f"<PubmedArticleSet>{article()}</PubmedArticleSet>")

    with Door(transport=httpx2.MockTransport(server)) as door:
        document = door.get(FETCH.format(0, 250))

    assert sent[0].endswith(b"&retmode=xml")
    assert asked(SOURCE.parse(document.content, url=document.url).next_url)["retstart"] == "100"


def test_a_day_without_papers_says_so_and_needs_no_second_request() -> None:
    errors = {"phrasesnotfound": ["crispr"], "fieldsnotfound": []}

    assert search(
        count="0", idlist=[], errorlist=errors, warninglist={"outputmessages": ["No items found."]}
    ) == Parsed(expected=0)


def test_a_phrase_that_was_ignored_is_named() -> None:
    found = search(count="9", webenv="E", querykey="1", errorlist={"phrasesnotfound": ["crispr-cas99"]})

    assert found.note == "PubMed ignored “crispr-cas99”"


def test_a_search_of_ones_own_keeps_its_place_and_its_key() -> None:
    parsed = search("http://127.0.0.1:8080/eutils/esearch.fcgi?term=x&api_key=k", count="1", querykey="2", webenv="E")

    assert (parsed.next_url or "").startswith(
        "http://127.0.0.1:8080/eutils/efetch.fcgi?db=pubmed&WebEnv=E&query_key=2&"
    )
    assert asked(parsed.next_url)["api_key"] == "k"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ('{"error":"API rate limit exceeded","api-key":"1.2.3.4","count":"4","limit":"3"}', "API rate limit exceeded$"),
        (
            '{"esearchresult":{"ERROR":"Search Backend failed:\nno address"}}',
            "^PubMed answered: Search Backend failed: no",
        ),
        ('{"esearchresult":{"ERROR":"Unable to obtain query #1"}}', "no longer knows the search .*; the next reading"),
        (
            '{"esearchresult":{"count":"9","webenv":"E","querykey":"1","errorlist":{"fieldsnotfound":["tibx"]}}}',
            "^PubMed knows no field tibx that the query names$",
        ),
        ('{"esearchresult":{"count":"9","idlist":["1"]}}', "needs usehistory=y"),
        ('{"esearchresult":{"count":9}}', "holds no result of a search"),
        ('{"esearchresult":{"count":"-1"}}', "holds no result of a search"),
        ('{"esearchresult":[]}', "holds no result of a search"),
        ("[]", "holds no result of a search"),
        ('{"esearchresult":{"count"', "is no JSON, or was cut off"),
        ("Service unavailable", "is no JSON"),
        ("", "is empty"),
    ],
)
def test_an_answer_that_is_no_result_is_refused_with_a_sentence(answer: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        SOURCE.parse(answer.encode(), url=SEARCH)


def test_a_saved_search_without_records_is_refused() -> None:
    with pytest.raises(SourceError, match="holds no papers; save that of efetch"):
        search("search.json", count="3", querykey="1", webenv="E")


# -- efetch


def test_an_article_with_all_that_is_known_of_it() -> None:
    paper = SOURCE.parse(FIXTURE.read_bytes(), url="saved.xml").records[0].paper

    assert paper == Paper(
        id=paper.id,
        title="Aβ₄₂ and TREM2 in 10⁵ cells: p < 0.05 & more",
        abstract="BACKGROUND: Cells with many parts are rare.\n"
        "MATERIALS AND METHODS: We counted n=12 of them.\n"
        "Nothing else was done.",
        authors=("Borja Rodríguez-Gálvez", "Ada K Lovelace Jr", "L Wang", "Invented Trial Group"),
        url="https://pubmed.ncbi.nlm.nih.gov/40000001/",
        published=datetime(2026, 5, 29, tzinfo=UTC),
        categories=("Alzheimer Disease",),
        keywords=("microglia", "TREM2 variants", "Alzheimer Disease", "Randomized Controlled Trial"),
        italics=("TREM2",),
        language="en",
        venue="Journal of invented results",
    )
    assert (paper.id, paper.aliases) == ("doi:10.1000/inv.2026.1", ())


def test_a_translated_title_loses_its_brackets_and_a_cited_doi_is_not_its_own() -> None:
    paper = SOURCE.parse(FIXTURE.read_bytes(), url="saved.xml").records[1].paper

    assert paper.title == "A study of invented hearts"
    assert paper.id == "url:https://pubmed.ncbi.nlm.nih.gov/40000002"
    assert paper.published is None


def test_a_chapter_of_a_book_has_its_own_title_authors_and_date() -> None:
    paper = SOURCE.parse(FIXTURE.read_bytes(), url="saved.xml").records[3].paper

    assert (paper.title, paper.authors) == ("Invented disease", ("Emmy Noether",))
    assert paper.abstract == "CLINICAL CHARACTERISTICS: It is rare."
    assert (paper.published, paper.keywords) == (datetime(2026, 6, 2, tzinfo=UTC), ("Review",))


def test_a_whole_book_is_named_by_its_own_title() -> None:
    book = (
        "<PubmedBookArticle><BookDocument><PMID>7</PMID><Book><BookTitle>Good practice</BookTitle>"
        "<PubDate><Year>2026</Year><Month>05</Month><Day>07</Day></PubDate><AuthorList Type='authors'>"
        "<Author><CollectiveName>Institute</CollectiveName></Author></AuthorList></Book></BookDocument></PubmedBookArticle>"
    )
    (record,) = fetch(book).records

    assert (record.paper.title, record.paper.authors) == ("Good practice", ("Institute",))
    assert record.paper.published == datetime(2026, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "markers",
    [
        {"inside": types("Journal Article", "Retracted Publication")},
        {"head": notices("RetractionIn")},
        {"title": "RETRACTED ARTICLE: On things."},
        {"title": "Withdrawn: On things."},
        {"inside": "<Abstract><AbstractText>This article has been withdrawn.</AbstractText></Abstract>"},
    ],
)
def test_a_retracted_paper_is_marked(markers: dict[str, str]) -> None:
    assert only(**markers).withdrawn


@pytest.mark.parametrize(
    ("markers", "kind"),
    [
        ({"inside": types("Retraction of Publication")}, PaperKind.RETRACTION),
        ({"head": notices("RetractionOf")}, PaperKind.RETRACTION),
        ({"inside": types("Published Erratum")}, PaperKind.CORRECTION),
        ({"inside": types("Journal Article", "Review")}, PaperKind.REVIEW),
        ({"inside": types("Editorial")}, PaperKind.EDITORIAL),
        ({"inside": types("Letter", "Case Reports")}, PaperKind.RESEARCH),
    ],
)
def test_a_record_is_of_the_kind_that_pubmed_says(markers: dict[str, str], kind: PaperKind) -> None:
    paper = only(**markers)

    assert (paper.kind, paper.withdrawn) == (kind, False)


@pytest.mark.parametrize(
    "markers",
    [
        {"head": notices("ErratumIn")},
        {"inside": types("Published Erratum")},
        {"title": "Withdrawn children: a cohort study."},
        {"title": "Retracted papers and who cites them."},
    ],
)
def test_what_only_looks_like_a_retraction_is_not_marked(markers: dict[str, str]) -> None:
    assert not only(**markers).withdrawn


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Is it so?", "Is it so?"),
        ("And so on...", "And so on..."),
        ("[<sup>18</sup>F]FDG and [11C]PiB].", "[¹⁸F]FDG and [11C]PiB]"),
        ("[Une étude.]", "Une étude"),
        ("  In <i>E.\n coli</i> <!-- x -->K-12.", "In E. coli K-12"),
    ],
)
def test_titles_as_a_reader_expects_them(title: str, shown: str) -> None:
    assert only(title=title).title == shown


def test_where_no_english_title_is_there_the_original_one_stands() -> None:
    assert only(1, "<VernacularTitle>Über Dinge.</VernacularTitle>", title="[Not Available].").title == "Über Dinge"


def test_formulas_are_read_although_their_prefix_is_declared_in_the_document_type_alone() -> None:
    formula = "<mml:math><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>2</mml:mn></mml:math>"

    assert only(1, f"<Abstract><AbstractText>Here {formula}.</AbstractText></Abstract>").abstract == "Here x=2."


def test_the_day_it_appeared_is_the_first_full_date_and_not_that_of_the_manuscript() -> None:
    issue = "<Journal><JournalIssue><PubDate><Year>2026</Year><Month>{}</Month>{}</PubDate></JournalIssue></Journal>"
    seen = (
        "<History><PubMedPubDate PubStatus='{}'><Year>2026</Year><Month>6</Month><Day>3</Day></PubMedPubDate></History>"
    )

    assert only(1, issue.format("Sep", "<Day>1</Day>"), data=seen.format("entrez")).published == datetime(
        2026, 6, 3, tzinfo=UTC
    )
    assert only(1, issue.format("May", "<Day>1</Day>"), data=seen.format("pubmed")).published == datetime(
        2026, 5, 1, tzinfo=UTC
    )
    assert only(1, issue.format("May", ""), data=seen.format("received")).published is None
    assert only(1, issue.format("Foo", "<Day>99</Day>")).published is None


def test_comments_in_the_document_are_not_text() -> None:
    paper = only(
        1,
        "<AuthorList><Author><LastName>Love<!-- no -->lace</LastName></Author></AuthorList>",
        head="<KeywordList><Keyword>gene <!-- no -->drive<?no?></Keyword></KeywordList>",
    )

    assert (paper.authors, paper.keywords) == (("Lovelace",), ("gene drive",))


def test_an_arxiv_doi_is_the_id_of_the_preprint() -> None:
    own = "<ELocationID EIdType='doi'>10.48550/arXiv.2606.01234</ELocationID>"

    assert only(1, own).id == "arxiv:2606.01234"


def test_what_could_not_become_a_paper_is_counted_and_named() -> None:
    parsed = fetch(
        article(1),
        article(2, title=" <i/> "),
        article(3).replace("<PMID Version='1'>3</PMID>", "<PMID>none</PMID>"),
        "<PubmedArticle><MedlineCitation><PMID>4</PMID></MedlineCitation></PubmedArticle>",
        "<PubmedArticle/>",
        "<NewThing>what</NewThing>",
        "<DeleteCitation><PMID>5</PMID></DeleteCitation>",
        "<!-- nothing -->",
    )

    assert [r.paper.url for r in parsed.records] == ["https://pubmed.ncbi.nlm.nih.gov/1/"]
    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("no title", "2"),
        ("no PubMed id", "On things"),
        ("has no article in it", "4"),
        ("has no article in it", ""),
        ("is no article but <NewThing>", "what"),
    ]
    assert (parsed.expected, parsed.next_url) == (None, None)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            '<!DOCTYPE eEfetchResult PUBLIC "-//NLM//DTD efetch 20131226//EN" "https://eutils.ncbi.nlm.nih.gov/e.dtd">\n'
            "<eFetchResult>\n\t<ERROR>Unable to obtain query #1</ERROR>\n</eFetchResult>",
            r"^PubMed no longer knows the search it was asked for \(Unable to obtain query #1\); the next",
        ),
        (
            "<eFetchResult><ERROR>Cannot retrieve history data. query_key: 1, WebEnv: MCID_5</ERROR></eFetchResult>",
            "^PubMed no longer knows the search",
        ),
        ("<ERROR>Empty id list - nothing todo</ERROR>", "^PubMed answered: Empty id list"),
        ("<eFetchResult/>", "^PubMed answered: <eFetchResult> without a record$"),
        ('{"error":"API rate limit exceeded","count":"4","limit":"3"}', "^PubMed answered: API rate limit exceeded$"),
        ("<html><title>NCBI - WWW Error Blocked Diagnostic</title></html>", "answered with a web page titled 'NCBI"),
        ("<rss><channel/></rss>", "is no list of PubMed but XML with the root <rss>"),
        ("<PubmedArticleSet><PubmedArticle>", "is damaged or was cut off"),
        ('<!DOCTYPE PubmedArticleSet [<!ENTITY a "b">]><PubmedArticleSet/>', "declares a document type of its own"),
        ("<PubmedArticleSet></PubmedArticleSet>", "gave no records from number 101 on, although it found 345"),
    ],
)
def test_a_document_without_records_is_refused_with_a_sentence(answer: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        SOURCE.parse(answer.encode(), url=FETCH.format(100, 345))


def test_the_one_recorded_record_is_read_whole(real_data: Path) -> None:
    content = (real_data / "journals" / "pubmed-and-others" / "pubmed-article.xml").read_bytes()

    (record,) = SOURCE.parse(content, url="saved.xml").records

    paper = record.paper
    assert (paper.id, paper.url) == ("doi:10.1099/ijsem.0.005070", "https://pubmed.ncbi.nlm.nih.gov/34739370/")
    assert paper.title.startswith("Pseudoalteromonas ostreae sp. nov.")
    assert paper.title.endswith("flat oyster Ostrea edulis")
    assert len(paper.authors) == content.count(b"<Author ")
    assert paper.authors[2] == "Amine M Boukerb"
    assert len(paper.keywords) == content.count(b"<Keyword ")
    assert paper.published == datetime(2021, 11, 5, tzinfo=UTC)
