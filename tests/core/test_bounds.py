"""No source gets more into the digest than a paper has."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.app.usecases import on_demand
from digest.core.lists.bounds import within_bounds
from digest.core.lists.calendar import arxiv
from digest.core.models import Parsed, Record
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.fakes.sources import FakeSource, FakeWeb, FakeWitness, page
from tests.support.desk import CONFIG, Desk
from tests.support.library import Library

pytest_plugins = ("tests.support.store_fixtures",)


def measured(**changes: object) -> Parsed:
    return within_bounds(Parsed(records=(Record(paper=paper(1, **changes)),), expected=7), now=NOON)


def test_what_a_paper_has_is_left_as_it_is() -> None:
    papers = (paper(1, title="x" * 1_000, language="en"), paper(2, language="en"))
    parsed = Parsed(records=tuple(Record(paper=one) for one in papers), next_url="https://x.org")

    assert within_bounds(parsed, now=NOON) == parsed


def test_a_paper_has_the_language_of_its_text_else_the_one_its_source_says() -> None:
    texts = {"Über die Verteilung der Primzahlen": "en", "FlashAttention-4": "fr", "BERT": ""}

    found = [
        measured(title=title, abstract="", language=said).records[0].paper.language for title, said in texts.items()
    ]

    assert found == ["de", "fr", ""]


def test_a_title_as_long_as_a_page_is_named_and_not_printed() -> None:
    parsed = measured(title="word " * 300)

    assert parsed.records == ()
    assert [r.reason for r in parsed.rejected] == ["title of more than 1,000 characters"]
    assert len(parsed.rejected[0].excerpt) <= 120
    assert parsed.expected == 7


def test_a_whole_paper_in_the_place_of_its_abstract_is_cut_between_words() -> None:
    (record,) = measured(abstract="word " * 20_000).records

    assert len(record.paper.abstract) < 50_100
    assert record.paper.abstract.endswith("word …")


def test_an_abstract_without_blanks_is_cut_too() -> None:
    (record,) = measured(abstract="字" * 90_000).records

    assert record.paper.abstract == "字" * 50_000 + " …"


def test_lists_without_an_end_have_one() -> None:
    words = tuple(f"w{n}" for n in range(20_000))

    (record,) = measured(authors=words, keywords=words, categories=words).records

    assert [len(record.paper.authors), len(record.paper.keywords), len(record.paper.categories)] == [10_000, 200, 200]


def test_a_name_without_an_end_has_one() -> None:
    name = "Ada " * 200

    (record,) = measured(authors=("Emmy Noether", name), keywords=(name,), categories=(name,)).records

    assert record.paper.authors[0] == "Emmy Noether"
    assert {len(w) for w in (record.paper.authors[1], *record.paper.keywords, *record.paper.categories)} == {501}


def test_a_day_that_has_not_come_is_no_date_of_a_paper() -> None:
    soon, later = NOON + timedelta(hours=20), datetime(2099, 1, 1, tzinfo=UTC)

    (record,) = measured(published=soon, updated=later).records

    assert (record.paper.published, record.paper.updated) == (soon, None)


# -- whatever it was read from

LONG = "word " * 300
WHOLE_PAPER = "A sentence of a paper. " * 4_000


def test_a_page_that_is_read_on_demand_is_measured_too(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        f"<html><head><meta name=citation_title content='A title'><meta name=citation_date content='2099-01-01'></head>"
        f"<body><p>{WHOLE_PAPER[:500]}</p></body></html>",
        encoding="utf-8",
    )
    with Desk(tmp_path).app() as app:
        [answer] = on_demand(app).summarize([str(tmp_path / "a.html")]).answers

    assert answer.paper
    assert answer.paper.published is None


def test_one_line_with_such_a_title_leaves_the_others(tmp_path: Path) -> None:
    lines = [{"id": n, "title": title, "abstract": "We do."} for n, title in enumerate(("One", LONG, "Three"))]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with Desk(tmp_path).app() as app:
        answers = on_demand(app).summarize([str(tmp_path / "a.jsonl")]).answers

    assert [(a.id, a.error) for a in answers] == [
        (0, None),
        (1, "line 2: title of more than 1,000 characters"),
        (2, None),
    ]


def test_a_whole_paper_that_is_read_on_demand_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"title": "A", "abstract": WHOLE_PAPER}), encoding="utf-8")
    with Desk(tmp_path).app() as app:
        [answer] = on_demand(app).summarize([str(tmp_path / "a.jsonl")]).answers

    assert answer.paper
    assert len(answer.paper.abstract) < 50_100


def test_an_entry_of_a_library_with_such_a_title_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text(f"@misc{{a, title={{{LONG}}}}}\n@misc{{b, title={{Short}}}}", encoding="utf-8")
    desk = Desk(tmp_path, CONFIG + 'interests = ["a.bib"]\n')
    with desk.app() as app:
        [(_, parsed)] = app.interests.counted(app.config.editions[0]).interests.libraries

    assert [r.paper.title for r in parsed.records] == ["Short"]
    assert [r.reason for r in parsed.rejected] == ["title of more than 1,000 characters"]


def test_a_second_witness_gives_no_such_title_either(store: SqlStore, clock: FakeClock) -> None:
    web = FakeWeb()
    web.pages = {"feed": page(1, 2), "witness": page(1, 2, 3, titles={3: LONG}, day="2026-06-01")}
    source = FakeSource(web, url="feed", past=None, calendar=arxiv(), witness=FakeWitness())
    library = Library(store, clock, web)

    library.run(source, date(2026, 6, 1))

    assert library.found(date(2026, 6, 1)) == {1, 2}
