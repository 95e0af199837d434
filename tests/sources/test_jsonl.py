"""JSON lines of any other tool."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import ConfigError, SourceError
from digest.core.models import Announcement, Link, PaperKind, Parsed
from digest.sources.door.http import Door
from digest.sources.jsonl import JsonlSource


def parse(*lines: object, items: str | None = None, **fields: str) -> Parsed:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return JsonlSource("j", url="x", fields=fields, items=items).parse(text.encode(), url="x")


def test_our_names_are_the_default_and_others_are_mapped() -> None:
    line = {
        "id": "2603.28800v2",
        "title": "Sch\\'eduling",
        "summary": "A thing.\n  Two.",
        "authors": ["Gaia Nicosia", {"name": "Pacifici, Andrea"}, {"keyname": "Pferschy", "forenames": "Ulrich"}, 7],
        "abs": "https://arxiv.org/abs/2603.28800",
        "pdf": "https://arxiv.org/pdf/2603.28800",
        "meta": {"votes": 12, "when": "2026-03-30"},
        "categories": "cs.GT cs.DM",
        "keywords": ["a", "a", "b"],
        "announce": "cross",
    }

    (record,) = parse(line, abstract="summary", url="abs", upvotes="meta.votes", published="meta.when").records

    paper = record.paper
    assert (paper.id, paper.version, paper.url) == ("arxiv:2603.28800", 2, "https://arxiv.org/abs/2603.28800")
    assert (paper.title, paper.abstract) == ("Schéduling", "A thing.\nTwo.")
    assert paper.authors == ("Gaia Nicosia", "Andrea Pacifici", "Ulrich Pferschy")
    assert paper.links == (Link(rel="pdf", url="https://arxiv.org/pdf/2603.28800"),)
    assert paper.published == datetime(2026, 3, 30, tzinfo=UTC)
    assert (paper.categories, paper.keywords) == (("cs.GT", "cs.DM"), ("a", "b"))
    assert (record.announcement, record.signals.upvotes) == (Announcement.CROSS, 12)


@pytest.mark.parametrize(
    ("values", "paper_id"),
    [
        ({"id": "10.1101/743294v1"}, "doi:10.1101/743294"),
        ({"doi": "https://doi.org/10.1000/X"}, "doi:10.1000/x"),
        ({"arxiv": "arXiv:2403.15527"}, "arxiv:2403.15527"),
        ({"id": "https://arxiv.org/abs/cond-mat/0603029v1"}, "arxiv:cond-mat/0603029"),
        ({"id": 17, "url": "https://a.org/1"}, "url:https://a.org/1"),
        ({"id": "W2741809807"}, "title:atitlethatislongenough"),
        ({"url": "javascript:alert(1)"}, "title:atitlethatislongenough"),
    ],
)
def test_an_id_is_found_where_there_is_one(values: dict[str, Any], paper_id: str) -> None:
    (record,) = parse({"title": "A title that is long enough", **values}).records

    assert record.paper.id == paper_id


def test_a_bad_line_is_named_by_its_number_and_the_others_survive() -> None:
    parsed = parse({"title": "One"}, "{broken", "", "[1]", '{"id": 1}', "[" * 9000, {"title": "Two"}, {"title": "Two"})

    assert [r.paper.title for r in parsed.records] == ["One", "Two", "Two"]
    assert [r.reason for r in parsed.rejected] == [
        "line 2: is no JSON",
        "line 4: is no object",
        "line 5: no title",
        "line 6: is no JSON",
    ]
    assert parsed.rejected[0].excerpt == "{broken"


def test_one_document_with_a_list_in_it() -> None:
    document = {"status": "ok", "out": {"papers": [{"t": "One", "authors": "Ada B, Cora D"}, 5]}}

    parsed = parse(document, items="out.papers", title="t")

    assert [(r.paper.title, r.paper.authors) for r in parsed.records] == [("One", ("Ada B", "Cora D"))]
    assert [r.reason for r in parsed.rejected] == ["item 2: is no object"]
    assert parse({"status": "empty_feed", "papers": []}, items="papers") == Parsed()
    assert len(parse('[{"title": "One"},', '{"title": "Two"}]').records) == 2


def test_an_abstract_with_tags_is_read_as_html() -> None:
    (record,) = parse({"title": "One", "abstract": "<jats:p>10<sup>5</sup> &amp; more</jats:p>"}).records

    assert record.paper.abstract == "10⁵ & more"


@pytest.mark.parametrize(
    ("text", "items", "sentence"),
    [
        ("", None, "is empty"),
        ("<html><title>404</title></html>", None, "a web page titled '404', not JSON lines"),
        ('{\n"papers": [\n]\n}', None, "set items to the key of its list"),
        ('{"papers": 1}', "papers", "has no list under the key papers"),
        ("{", "papers", "was cut off"),
    ],
)
def test_what_is_no_list_is_said_in_a_sentence(text: str, items: str | None, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(text, items=items)

    assert sentence in str(caught.value)


def test_a_field_that_is_not_ours_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match="abstrct"):
        JsonlSource("j", url="x", fields={"abstrct": "summary"})


def test_the_day_goes_into_the_address() -> None:
    assert JsonlSource("j", url="d/{date}.jsonl").url_for(date(2026, 4, 1)) == "d/2026-04-01.jsonl"


@pytest.mark.parametrize("day", ["2026-04-01", "2026-04-14", "2026-04-26"])
def test_each_line_of_the_recorded_days_is_a_record(real_data: Path, day: str) -> None:
    content = (real_data / "arxiv-days" / f"{day}.jsonl").read_bytes()
    source = JsonlSource("cs", url="x", fields={"abstract": "summary", "url": "abs"})

    parsed = source.parse(content, url="x")

    ids = [f"arxiv:{json.loads(line)['id']}" for line in content.splitlines()]
    assert [r.paper.id for r in parsed.records] == ids
    assert parsed.rejected == ()
    assert all(r.paper.abstract and r.paper.authors and r.paper.categories for r in parsed.records)


def test_the_recorded_announcements_are_read(real_data: Path) -> None:
    fields = {"id": "arxiv_id", "announce": "announce_type"}
    source = JsonlSource("cv", url="x", fields=fields, items="papers")

    for file in sorted((real_data / "arxiv-announce").glob("*.json")):
        content = file.read_bytes()
        parsed = source.parse(content, url=file.name)
        assert (len(parsed.records), parsed.rejected) == (json.loads(content)["count"], ())
        assert all(r.announcement for r in parsed.records)


def test_a_count_beyond_all_counts_is_none_and_stops_nothing() -> None:
    line = json.dumps({"id": "2603.00001", "title": "A title", "upvotes": 10**30, "version": 10**30})

    [record] = JsonlSource("x", url="x.jsonl").parse(line.encode(), url="x.jsonl").records

    assert (record.signals.upvotes, record.paper.version) == (None, None)


def test_a_month_in_one_file_is_read_whole(tmp_path: Path) -> None:
    lines = (json.dumps({"id": f"2603.{n:05d}", "title": f"Paper {n}", "abstract": "x" * 4000}) for n in range(3000))
    (tmp_path / "month.jsonl").write_text("\n".join(lines), encoding="utf-8")

    with Door(base=tmp_path) as door:
        content = door.get("month.jsonl").content

    assert len(content) > 12_000_000
    assert len(JsonlSource("month", url="month.jsonl").parse(content, url="month.jsonl").records) == 3000


def test_a_correction_of_crossref_names_its_paper_and_its_journal() -> None:
    notice = {
        "DOI": "10.1000/notice",
        "title": ["Gravel in rivers"],
        "type": "journal-article",
        "container-title": ["Gravel Research"],
        "ISSN": ["1175-5326"],
        "update-to": [{"DOI": "10.1000/gravel", "type": "correction"}],
    }

    parsed = parse(notice, doi="DOI", kind="type", venue="container-title", issn="ISSN", corrects="update-to")

    paper = parsed.records[0].paper
    assert (paper.kind, paper.corrects) == (PaperKind.CORRECTION, ("doi:10.1000/gravel",))
    assert (paper.venue, paper.issn) == ("Gravel Research", ("1175-5326",))
