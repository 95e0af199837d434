"""Semantic Scholar's bulk search. The documents here are written by hand, after its documentation."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.core.errors import ConfigError, SourceError
from digest.core.lists.calendar import ANY_DAY
from digest.core.models import Link, Paper, Parsed
from digest.sources.semanticscholar import SemanticScholarSource

SOURCE = SemanticScholarSource("s2", query='"test-time training" | distillation', fields_of_study=("Computer Science",))
DAY = date(2026, 6, 3)
URL = SOURCE.url_for(DAY)
NUMBER = "5c5751d45e298cea054f32b392c12c61027d2fe7"


def item(**changes: Any) -> dict[str, Any]:
    return {
        "paperId": NUMBER,
        "externalIds": {"DOI": "10.1000/X.1", "CorpusId": 215416146},
        "url": f"https://www.semanticscholar.org/paper/{NUMBER}",
        "title": "Training  at test time",
        "abstract": "We train\nwith $x<y$.",
        "authors": [{"authorId": "1", "name": "Ada Lovelace"}, {"authorId": None, "name": "Emmy Noether"}],
        "publicationDate": "2026-06-01",
        "openAccessPdf": {"url": "https://a.org/x.pdf", "status": "GREEN", "license": None},
        "fieldsOfStudy": ["Computer Science", "Mathematics"],
        **changes,
    }


def parse(value: Any, *, url: str = URL) -> Parsed:
    return SOURCE.parse(json.dumps(value).encode(), url=url)


def only(**changes: Any) -> Paper:
    (record,) = parse({"total": 1, "token": None, "data": [item(**changes)]}).records
    return record.paper


def asked(url: str | None) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url or "").query).items()}


def test_the_search_is_for_the_last_fourteen_days_newest_first() -> None:
    assert URL.startswith("https://api.semanticscholar.org/graph/v1/paper/search/bulk?")
    assert asked(URL) == {
        "query": '"test-time training" | distillation',
        "publicationDateOrYear": "2026-05-21:2026-06-03",
        "sort": "publicationDate:desc",
        "fields": "title,abstract,authors,externalIds,url,publicationDate,openAccessPdf,fieldsOfStudy,"
        "venue,publicationVenue,publicationTypes",
        "fieldsOfStudy": "Computer Science",
    }
    day = asked(SemanticScholarSource("s2", query="x", days=1).url_for(DAY))
    assert day["publicationDateOrYear"] == "2026-06-03:2026-06-03"
    assert "fieldsOfStudy" not in day


def test_it_promises_no_day_a_list_but_can_be_asked_for_past_ones() -> None:
    assert (SOURCE.calendar, SOURCE.rereads, SOURCE.witness) == (ANY_DAY, (), None)
    assert SOURCE.past_url(DAY) is None


def test_an_address_of_ones_own_is_read_instead() -> None:
    saved, dated = (SemanticScholarSource("s2", query="", url=url) for url in ("list.json", "{date}.json"))

    assert (saved.url_for(DAY), saved.past_url(DAY)) == ("list.json", None)
    assert (dated.url_for(DAY), dated.past_url(DAY)) == ("2026-06-03.json", "2026-06-03.json")


@pytest.mark.parametrize(("query", "days", "key"), [(" ", 14, "query"), ("x", 0, "days")])
def test_a_search_for_nothing_is_refused_at_once(query: str, days: int, key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: "):
        SemanticScholarSource("s2", query=query, days=days)


def test_a_paper_with_all_that_is_known_of_it() -> None:
    paper = only()

    assert paper == Paper(
        id=paper.id,
        title="Training at test time",
        abstract="We train with $x<y$.",
        authors=("Ada Lovelace", "Emmy Noether"),
        url="https://doi.org/10.1000/x.1",
        links=(Link(rel="pdf", url="https://a.org/x.pdf"),),
        published=datetime(2026, 6, 1, tzinfo=UTC),
        keywords=("Computer Science", "Mathematics"),
    )
    assert (paper.id, paper.aliases) == ("doi:10.1000/x.1", ())


@pytest.mark.parametrize(
    ("ids", "known_as", "page"),
    [
        (
            {"ArXiv": "2606.01234", "DOI": "10.48550/arXiv.2606.01234"},
            ("arxiv:2606.01234",),
            "https://arxiv.org/abs/2606.01234",
        ),
        ({"DOI": "10.48550/arXiv.2606.01234"}, ("arxiv:2606.01234",), "https://arxiv.org/abs/2606.01234"),
        (
            {"ArXiv": "2606.01234", "DOI": "10.1000/x"},
            ("arxiv:2606.01234", "doi:10.1000/x"),
            "https://arxiv.org/abs/2606.01234",
        ),
        ({"DOI": "10.1000/x", "PubMed": "40000001"}, ("doi:10.1000/x",), "https://doi.org/10.1000/x"),
        (
            {"PubMed": "40000001"},
            ("url:https://pubmed.ncbi.nlm.nih.gov/40000001",),
            "https://pubmed.ncbi.nlm.nih.gov/40000001/",
        ),
        (
            {"PubMed": 40000001, "MAG": "7"},
            ("url:https://pubmed.ncbi.nlm.nih.gov/40000001",),
            "https://pubmed.ncbi.nlm.nih.gov/40000001/",
        ),
        (
            None,
            (f"url:https://semanticscholar.org/paper/{NUMBER}",),
            f"https://www.semanticscholar.org/paper/{NUMBER}",
        ),
    ],
)
def test_its_ids_are_those_it_has_elsewhere(ids: Any, known_as: tuple[str, ...], page: str) -> None:
    paper = only(externalIds=ids)

    assert (paper.id, *paper.aliases) == known_as
    assert paper.url == page


def test_every_field_but_title_and_id_may_be_null() -> None:
    bare = dict.fromkeys(item(), None) | {"paperId": NUMBER, "title": "Only a title", "somethingNew": {"a": 1}}

    assert only(**bare) == Paper(
        id=only(**bare).id, title="Only a title", url=f"https://www.semanticscholar.org/paper/{NUMBER}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"openAccessPdf": {"url": "", "status": None}},
        {"openAccessPdf": {"url": "javascript:alert(1)"}},
        {"openAccessPdf": "https://a.org/x.pdf"},
    ],
)
def test_a_link_that_is_none_is_left_out(changes: dict[str, Any]) -> None:
    assert only(**changes).links == ()


def test_tags_are_taken_out_where_there_are_tags() -> None:
    paper = only(title="S<sub>N</sub>2 &amp; more", abstract="<jats:p>p &lt; 0.05</jats:p><jats:p>Two.</jats:p>")

    assert (paper.title, paper.abstract) == ("SN2 & more", "p < 0.05\nTwo.")


def test_a_withdrawn_paper_is_marked() -> None:
    assert only(abstract="This paper has been withdrawn by the authors.").withdrawn


def test_pages_follow_each_other_by_their_tokens() -> None:
    first = parse({"total": 1500, "token": "A+/=&", "data": [item()]})
    assert first.expected is None  # it is an estimate
    assert asked(first.next_url) == {**asked(URL), "token": "A+/=&"}

    second = parse({"total": 1500, "token": "B", "data": [item()]}, url=first.next_url or "")
    assert asked(second.next_url) == {**asked(URL), "token": "B"}

    assert parse({"total": 1500, "token": None, "data": [item()]}).next_url is None
    assert parse({"total": 1500, "data": [item()]}).next_url is None
    assert parse({"total": 1500, "token": "C", "data": []}).next_url is None
    assert parse({"total": 1500, "token": "C", "data": [item()]}, url="saved.json").next_url is None


def test_a_search_that_finds_nothing_is_not_an_error() -> None:
    assert parse({"total": 0, "token": None, "data": []}) == Parsed(expected=0)
    assert parse({"total": 0, "offset": 0}) == Parsed(expected=0)


def test_one_bad_item_does_not_stop_the_others() -> None:
    parsed = parse(
        {
            "total": 5,
            "data": [None, item(title=None), item(title=" "), item(paperId=None, url=None, externalIds={}), item()],
        }
    )

    assert [r.reason for r in parsed.rejected] == ["is no object", "no title", "no title", "no id"]
    assert [r.excerpt for r in parsed.rejected][1:] == [
        f"https://www.semanticscholar.org/paper/{NUMBER}",
        f"https://www.semanticscholar.org/paper/{NUMBER}",
        "Training at test time",
    ]
    assert len(parsed.records) == 1


def test_odd_values_do_no_harm() -> None:
    paper = only(authors="Ada", publicationDate="soon", fieldsOfStudy="CS", externalIds=["x"], abstract=7)

    assert (paper.authors, paper.published, paper.keywords, paper.abstract) == ((), None, (), "7")
    assert parse({"total": "many", "data": []}).expected is None
    assert parse({"total": True, "data": []}).expected is None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            '{"message": "Too Many Requests. Please wait and try again or apply for a key.", "code": "429"}',
            "^Semantic Scholar answered: Too Many Requests. Please wait",
        ),
        ('{"error": "Unrecognized or unsupported fields: [tldrs]"}', "answered: Unrecognized or unsupported fields"),
        ('{"message": "Forbidden"}', "^Semantic Scholar answered: Forbidden$"),
        ('{"total": 7}', "holds no list of papers but {'total': 7}"),
        ('{"data": {"a": 1}}', "holds no list of papers"),
        ("[]", r"holds no list of papers but \[\]"),
        ('"x"', "holds no list of papers"),
        ("<html><title>403 Forbidden</title></html>", "answered with a web page titled '403 Forbidden', not JSON"),
        ('{"total": 7, "data": [', "is no JSON, or was cut off"),
        ("", "is empty"),
    ],
)
def test_an_answer_that_is_no_list_is_refused_with_a_sentence(answer: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        SOURCE.parse(answer.encode(), url=URL)
