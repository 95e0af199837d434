"""Labelled sets: read as their publishers lay them out, and a clear sentence where one is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.core.errors import ConfigError
from digest.evaluation import sets

TLDR = {
    "paper_id": "SyG",
    "title": "On things",
    "source": ["Things are everywhere.", "We count them."],
    "source_labels": [0, 1],
    "target": ["Things are counted.", " "],
}


def lines(path: Path, *rows: dict[str, Any] | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n", encoding="utf-8")
    return path


def test_a_paper_of_scitldr_has_its_sentences_and_the_references_that_say_something(tmp_path: Path) -> None:
    path = lines(tmp_path / "A-dev.jsonl", TLDR, {**TLDR, "target": []}, {"source": ["A."], "target": ["B."]})

    first, second = sets.read_tldrs(path)

    assert first.sentences == ("Things are everywhere.", "We count them.")
    assert first.abstract == "Things are everywhere. We count them."
    assert first.references == ("Things are counted.",)
    assert (second.id, second.title) == ("", "")


def test_a_paper_of_arxiv_has_its_category(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", {"id": "2310.1", "title": "T", "abstract": "A\u2028B", "cat": "cs.CL"})

    (paper,) = sets.read_categories(path)

    assert (paper.id, paper.title, paper.abstract, paper.category) == ("2310.1", "T", "A\u2028B", "cs.CL")


def test_a_pair_has_two_records_and_a_verdict(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "p.txt",
        "COL title VAL a col of val COL authors VAL a , b COL venue VAL vldb COL year VAL 1999.0 \t"
        "COL title VAL x COL authors VAL  COL venue VAL  COL year VAL \t1",
    )

    (pair,) = sets.read_pairs(path)

    assert pair.first == sets.Record(title="a col of val", authors="a , b", venue="vldb", year="1999")
    assert pair.second == sets.Record(title="x", authors="", venue="", year="")
    assert pair.is_one


def test_a_citation_names_its_work(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "cora.csv",
        ",".join(map(str, range(1, 15))),
        'unknown,blum1993,"a. blum, m. furst,",,crypto primitives.,,"in crypto \'93,",,,"1993,",pages 1-9.,,,',
    )

    (citation,) = sets.read_citations(path)

    assert citation.work == "blum1993"
    assert citation.record.title == "crypto primitives."
    assert citation.record.authors == "a. blum, m. furst,"
    assert citation.record.year == "1993"


def test_ratings_keep_the_numbers_of_words_papers_and_readers(tmp_path: Path) -> None:
    # A word may be empty, a paper may have no words: leaving them out would shift all that follow.
    lines(tmp_path / "vocabulary.dat", "alpha", "", "gamma")
    lines(tmp_path / "mult.dat", "2 0:3 2:1", "0", "1 1:1")
    lines(tmp_path / "users.dat", "2 2 0", "1 1")

    ratings = sets.read_ratings(tmp_path)

    assert ratings.words == ("alpha", "", "gamma")
    assert ratings.papers == ({0: 3, 2: 1}, {}, {1: 1})
    assert ratings.likes == ((0, 2), (1,))


def test_a_paper_of_one_s_own_needs_an_id_and_a_title(tmp_path: Path) -> None:
    path = lines(tmp_path / "mine.jsonl", {"id": "1", "title": "T"})

    assert sets.read_papers(path) == (sets.LabelledPaper(id="1", title="T", abstract=""),)


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (sets.read_tldrs, '{"source": ["A."]', "line 1 is not JSON"),
        (sets.read_tldrs, "[]", "line 1 is not a JSON object"),
        (sets.read_tldrs, '{"source": "A.", "target": ["B."]}', "line 1: source is not a list of texts"),
        (sets.read_tldrs, "", "is empty"),
        (sets.read_categories, '\n\n{"title": "T"}', "line 3: cat is missing"),
        (sets.read_categories, '{"title": 3, "cat": "cs.CL"}', "line 1: title is not a text"),
        (sets.read_papers, '{"id": "", "title": "T"}', "line 1: id is missing"),
        (sets.read_papers, '{"id": "1", "title": "T"}\n{"id": "1", "title": "U"}', "the id '1' stands there twice"),
        (sets.read_pairs, "COL title VAL x\tCOL title VAL y", "line 1 is not two records"),
        (sets.read_pairs, "COL title VAL x\tCOL title VAL y\t2", "line 1 is not two records"),
        (sets.read_citations, "1,2,3\na,b,c", "row 2 has 3 columns"),
    ],
)
def test_what_is_damaged_is_named_with_its_line(
    read: Callable[[Path], object], text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "set.txt"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read(path)

    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mult.dat", "1 9:1"),
        ("mult.dat", "1 one:1"),
        ("mult.dat", "1 0:0"),
        ("mult.dat", "1 0:-2"),
        ("users.dat", "1 7"),
        ("users.dat", "1 x"),
        ("users.dat", "1 -1"),
    ],
)
def test_ratings_that_point_at_nothing_are_damaged(name: str, text: str, tmp_path: Path) -> None:
    lines(tmp_path / "vocabulary.dat", "alpha", "beta")
    lines(tmp_path / "mult.dat", "1 0:1")
    lines(tmp_path / "users.dat", "1 0")
    lines(tmp_path / name, text)

    with pytest.raises(ConfigError, match=f"{name}.*line 1"):
        sets.read_ratings(tmp_path)


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')

    with pytest.raises(ConfigError, match="is not text in UTF-8"):
        sets.read_papers(tmp_path / "latin.jsonl")
    with pytest.raises(ConfigError, match="cannot be read"):
        sets.read_papers(tmp_path / "missing.jsonl")


def test_parts_for_training_are_left_out_and_the_rest_comes_by_name(tmp_path: Path) -> None:
    for name in ("A-test.jsonl", "A-train.jsonl", "A-dev.jsonl", "notes.txt"):
        lines(tmp_path / "scitldr" / name, "")

    found = sets.files(tmp_path, "scitldr/*.jsonl", "scitldr/A-*", but="*train*")

    assert [sets.name_of(path, tmp_path) for path in found] == ["scitldr/A-dev", "scitldr/A-test"]


def test_the_public_sets_are_read_whole(real_data: Path) -> None:
    data = real_data / "eval"

    ratings = sets.read_ratings(data / "ratings")
    citations = sets.read_citations(data / "duplicates" / "cora.csv")

    assert len(sets.read_tldrs(data / "scitldr" / "A-dev.jsonl")) == 619
    assert (len(ratings.words), len(ratings.papers), len(ratings.likes)) == (20_000, 25_975, 7_947)
    assert sum(map(len, ratings.likes)) == 134_860
    assert (len(citations), len({c.work for c in citations})) == (1_295, 112)
    assert len(sets.read_pairs(data / "duplicates" / "dblp-acm-valid.txt")) == 2_473
