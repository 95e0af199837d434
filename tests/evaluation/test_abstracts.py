"""Leads and points against graded abstracts."""

from __future__ import annotations

import json
from pathlib import Path

from digest.evaluation.abstracts import LABELS, Graded, read
from digest.evaluation.summaries import measure

ROWS = [line.split("\t") for line in LABELS.read_text("utf-8").splitlines() if not line.startswith("#")]


def test_each_label_has_an_id_of_its_own_a_part_and_a_grade_for_each_sentence() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) > 300
    assert all(row[2] in ("train", "test") and set(row[3]) <= set("0123") and row[3] for row in ROWS)
    assert 0.25 < sum(row[2] == "test" for row in ROWS) / len(ROWS) < 0.4


def test_a_text_has_the_grade_of_the_sentence_that_it_was_made_from() -> None:
    sentences = ("Frogs are green.", "In this paper, we show that frogs sing.", "Frogs sing.")
    graded = Graded(id="x:1", field="biology", title="", abstract="", sentences=sentences, grades=(0, 3, 1))

    assert [graded.grade(text) for text in ("We show that frogs sing.", "Frogs sing.", "Frogs are green.")] == [3, 1, 0]


def test_only_texts_that_are_there_and_cut_as_they_were_graded_are_measured(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    rows = [row for row in ROWS if row[2] == "test" and row[0].startswith("arxiv:") and len(row[3]) > 2][:2]
    papers = [
        {"id": row[0].removeprefix("arxiv:"), "title": "Frogs", "abstract": f"{text} {'We sing. ' * n}", "cat": "q-bio"}
        for row, text, n in zip(rows, ("Frogs sing.", "Too few."), (len(rows[0][3]) - 1, 0), strict=True)
    ]
    lines = "".join(f"{json.dumps(paper)}\n" for paper in papers)
    (tmp_path / "topics/arxiv-before-2310.jsonl").write_text(lines, encoding="utf-8")

    assert [graded.id for graded in read(tmp_path, "test")] == [rows[0][0]]
    good = measure(tmp_path, lambda *_: ("Frogs sing.", ()))
    assert [(figure.name, figure.value, figure.of) for figure in good] == [
        ("good leads", float(int(rows[0][3][0]) >= 2), 1)
    ]
