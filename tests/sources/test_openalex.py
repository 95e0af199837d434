"""OpenAlex: works as documented."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError, SourceError
from digest.core.models import Link, Paper, Parsed
from digest.sources.openalex import OpenAlexSource

DAY = date(2026, 6, 3)
URL = "https://api.openalex.org/works?filter=type:article&per_page=100&cursor=*"


def index(text: str) -> dict[str, list[int]]:
    """Where each word of *text* stands."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(text.split()):
        places.setdefault(word, []).append(place)
    return places


def work(n: int = 1, **changes: Any) -> dict[str, Any]:
    """The n-th work, as the API gives it."""
    return {
        "id": f"https://openalex.org/W{4400000000 + n}",
        "doi": f"https://doi.org/10.1000/J.{n}",
        "ids": {"openalex": f"https://openalex.org/W{4400000000 + n}", "pmid": f"https://pubmed.ncbi.nlm.nih.gov/{n}"},
        "title": f"Number {n} of the things we study",
        "display_name": f"Number {n} of the things we study",
        "publication_date": "2026-06-01",
        "type": "article",
        "is_retracted": False,
        "is_paratext": False,
        "abstract_inverted_index": index("We study the things that we study."),
        "authorships": [
            {"author_position": "first", "author": {"display_name": "Zoe Last"}, "raw_author_name": "Last, Z."},
            {"author_position": "last", "author": {"display_name": None}, "raw_author_name": "First, Ann"},
        ],
        "primary_location": {"landing_page_url": f"https://doi.org/10.1000/j.{n}", "pdf_url": None},
        "best_oa_location": {"landing_page_url": "https://repo.org/1", "pdf_url": "https://repo.org/1.pdf"},
        "locations": [
            {"landing_page_url": f"https://doi.org/10.1000/j.{n}"},
            {"landing_page_url": "https://repo.org/1"},
        ],
        "keywords": [{"id": "k", "display_name": "Things", "score": 0.9}],
        "topics": [{"id": "t", "display_name": "Study of Things", "score": 1.0}, {"display_name": "Things"}],
        **changes,
    }


def answer(*works: Any, count: int | None = None, cursor: str | None = None) -> bytes:
    meta = {"count": len(works) if count is None else count, "per_page": 100, "next_cursor": cursor}
    return json.dumps({"meta": meta, "results": list(works), "group_by": []}).encode()


def parse(*works: Any, url: str = URL, **meta: Any) -> Parsed:
    return OpenAlexSource("a", search="x").parse(answer(*works, **meta), url=url)


def one(**changes: Any) -> Paper:
    (record,) = parse(work(**changes)).records
    return record.paper


def test_a_work_becomes_a_paper() -> None:
    paper = one()

    assert (paper.id, paper.aliases) == ("doi:10.1000/j.1", ())
    assert paper.title == "Number 1 of the things we study"
    assert paper.abstract == "We study the things that we study."
    assert paper.authors == ("Zoe Last", "Ann First")
    assert paper.url == "https://doi.org/10.1000/j.1"
    assert paper.links == (Link(rel="pdf", url="https://repo.org/1.pdf"),)
    assert paper.published == datetime(2026, 6, 1, tzinfo=UTC)
    assert paper.keywords == ("Things", "Study of Things")
    assert not paper.withdrawn


def test_the_arxiv_id_of_any_of_its_places_is_one_of_the_work() -> None:
    paper = one(
        locations=[{"landing_page_url": "https://repo.org"}, {"landing_page_url": "http://arxiv.org/abs/2603.01234"}]
    )

    assert (paper.id, paper.aliases) == ("arxiv:2603.01234", ("doi:10.1000/j.1",))
    assert paper.url == "https://arxiv.org/abs/2603.01234"


def test_a_doi_that_wraps_an_arxiv_id_is_that_id() -> None:
    paper = one(doi="https://doi.org/10.48550/arxiv.2603.01234", primary_location=None, locations=[])

    assert (paper.id, paper.aliases) == ("arxiv:2603.01234", ())


@pytest.mark.parametrize(
    ("changes", "paper_id", "page"),
    [
        ({}, "url:https://pubmed.ncbi.nlm.nih.gov/1", "https://journal.org/1"),
        ({"ids": None}, "url:https://journal.org/1", "https://journal.org/1"),
        (
            {"ids": {}, "primary_location": None},
            "url:https://openalex.org/W4400000001",
            "https://openalex.org/W4400000001",
        ),
        (
            {"primary_location": {"landing_page_url": "https://doi.org/10.1000/X"}},
            "doi:10.1000/x",
            "https://doi.org/10.1000/x",
        ),
    ],
)
def test_a_work_without_a_doi_is_known_by_the_best_it_has(changes: dict[str, Any], paper_id: str, page: str) -> None:
    place = {"landing_page_url": "https://journal.org/1"}

    paper = one(**{"doi": None, "primary_location": place, "locations": [], **changes})

    assert (paper.id, paper.aliases, paper.url) == (paper_id, (), page)


@pytest.mark.parametrize(
    ("places", "abstract"),
    [
        (None, ""),
        ({}, ""),
        ([], ""),
        ({"b": [1], "a": [0]}, "a b"),
        ({"a": [0, 2], "b": [1]}, "a b a"),
        ({"b": [900_000_000], "a": [5]}, "a b"),
        ({"a": [0], "b": [0], "c": [1]}, "a b c"),
        ({"a": [0], "b": None, "c": ["1", True, 2]}, "a c"),
        ({"Abstract": [0], "We": [1], "study.": [2]}, "We study."),
        ({"Abstract:": [0], "things.": [1]}, "things."),
        ({"Abstract": [0], "interpretation": [1], "is": [2]}, "Abstract interpretation is"),
        (
            {"<jats:title>Abstract</jats:title>": [0], "<jats:p>CO<sub>2</sub>": [1], "&lt;": [2], "3</jats:p>": [3]},
            None,
        ),
    ],
)
def test_an_abstract_is_put_together_from_the_places_of_its_words(places: object, abstract: str | None) -> None:
    assert one(abstract_inverted_index=places).abstract == ("CO₂ < 3" if abstract is None else abstract)


@given(st.lists(st.sampled_from("alpha beta gamma delta we of".split()), max_size=60))
def test_taking_an_abstract_apart_and_together_changes_nothing(words: list[str]) -> None:
    text = " ".join(words)

    assert one(abstract_inverted_index=index(text)).abstract == text


def test_tags_in_a_title_do_not_reach_the_reader() -> None:
    assert one(title="<scp>DNA</scp> of <i>E. coli</i> &amp; H<sub>2</sub>O").title == "DNA of E. coli & H₂O"


def test_a_retracted_work_is_marked() -> None:
    assert one(is_retracted=True).withdrawn


def test_what_is_no_paper_is_named() -> None:
    parsed = parse("text", work(title=None, display_name=None), work(is_paratext=True), work(type="paratext"), work(5))

    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("is no object", "text"),
        ("no title", "https://doi.org/10.1000/J.1"),
        ("paratext: about a journal, and no paper", "Number 1 of the things we study"),
        ("paratext: about a journal, and no paper", "Number 1 of the things we study"),
    ]
    assert (len(parsed.records), parsed.expected) == (1, 5)


def test_a_work_with_nothing_but_a_title_is_a_paper() -> None:
    (record,) = parse({"title": "Nothing else is known of it"}).records

    assert record.paper.id == "title:nothingelseisknownofit"


def test_the_cursor_is_followed_until_a_page_is_empty() -> None:
    source = OpenAlexSource("a", search="graph neural networks", filter="type:article|preprint")
    works = [work(n) for n in range(250)]
    pages: list[Parsed] = []
    url: str | None = source.url_for(DAY)

    while url:
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert query["search"] == "graph neural networks"
        start = 0 if query["cursor"] == "*" else int(query["cursor"].removeprefix("Ils+/="))
        content = answer(*works[start : start + 100], count=250, cursor=f"Ils+/={start + 100}")
        pages.append(source.parse(content, url=url))
        url = pages[-1].next_url

    assert [len(p.records) for p in pages] == [100, 100, 50, 0]
    assert len({r.paper.id for p in pages for r in p.records}) == pages[0].expected == 250


@pytest.mark.parametrize("cursor", [None, "", "*", "\ud800", "a b"])
def test_a_cursor_that_leads_nowhere_is_not_followed(cursor: str | None) -> None:
    assert parse(work(), cursor=cursor).next_url is None


def test_a_saved_answer_has_no_next_page() -> None:
    assert parse(work(), cursor="abc", count=7, url="file:///feeds/openalex.json").next_url is None


def test_nothing_found_is_an_empty_list() -> None:
    assert parse() == Parsed(expected=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html><title>Just a moment...</title></html>", "titled 'Just a moment...', not JSON"),
        (b'{"meta": {"count": 1}, "results": [', "is no JSON, or was cut off"),
        (
            b'{"error": "Invalid filter", "message": "Unknown filter field: author_name."}',
            "OpenAlex answered: Invalid filter: Unknown filter field: author_name.",
        ),
        (b'{"error": true, "msg": "x"}', "OpenAlex answered: an error"),
        (b'{"results": []}', "holds no list of works"),
        (b'{"meta": {}, "results": null}', "holds no list of works"),
        (b"[]", "holds no list of works but []"),
    ],
)
def test_what_is_no_list_of_works_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=re.escape(message)):
        OpenAlexSource("a", search="x").parse(content, url=URL)


def test_a_run_asks_for_the_works_of_the_last_days() -> None:
    source = OpenAlexSource("a", filter=" primary_topic.field.id:17, ")

    url = source.url_for(DAY)

    query = parse_qs(urlsplit(url).query)
    assert query["filter"] == [
        "from_publication_date:2026-05-20,to_publication_date:2026-06-03,is_paratext:false,primary_topic.field.id:17"
    ]
    assert (query["sort"], query["cursor"], query["per_page"]) == (["publication_date:desc"], ["*"], ["100"])
    assert "search" not in query
    assert "api_key" not in query
    assert (source.past_url(DAY), source.calendar.promises) == (None, False)


@pytest.mark.parametrize(
    ("search", "days", "message"), [(" ", 14, "search: is missing, and so is filter"), ("x", 0, "days: 0 is too few")]
)
def test_a_source_that_reads_all_or_nothing_is_a_mistake_of_the_config(search: str, days: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OpenAlexSource("a", search=search, days=days)
