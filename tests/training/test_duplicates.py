"""What was learned from matched citations: that it is what decides, that it can be made again, and how good it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from digest import assets
from digest.core.identity.evidence import WEIGHTS, evidence
from digest.evaluation.duplicates import Outcome, measure, precision_recall_f1, read_pairs
from digest.training import duplicates as training
from tests.core.test_likeness import titled

RECORDS = [
    ("where the sand of rivers goes", "ada lovelace , emmy noether", "2001"),
    ("dams starve coasts and fields", "sofja kowalewskaja", "1999"),
    ("networks of neurons that learn slowly", "bo li , cy day", "2004"),
    ("a rule for every synapse of a net", "di roe", "1997"),
]


def record(title: str, authors: str, year: str) -> str:
    return f"COL title VAL {title} COL authors VAL {authors} COL venue VAL  COL year VAL {year}"


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Every record beside every other, and beside itself with a fault."""
    folder = tmp_path / "duplicates"
    folder.mkdir()
    lines = [f"{record(*a)}\t{record(*b)}\t0" for a in RECORDS for b in RECORDS if a != b]
    lines += [f"{record(t, n, y)}\t{record(t[:-1], n, '')}\t1" for t, n, y in RECORDS]
    for name in ("dblp-acm-train", "dblp-acm-valid"):
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_the_weights_that_decide_are_those_that_were_trained() -> None:
    assert tomllib.loads(assets.trained("duplicates.toml").decode()) == dict(WEIGHTS)


def test_every_observation_has_a_weight() -> None:
    assert evidence(titled("Sand"), titled("Silt", 2)).keys() == WEIGHTS.keys()


def test_trained_twice_the_file_is_the_same(labelled: Path) -> None:
    pytest.importorskip("sklearn")

    first, second = training.train(labelled), training.train(labelled)

    assert first == second
    assert first.startswith(b"#")
    assert tomllib.loads(first.decode()).keys() == WEIGHTS.keys()


def test_the_shipped_weights_can_be_made_again(real_data: Path) -> None:
    pytest.importorskip("sklearn")

    assert training.train(real_data / "eval") == assets.trained("duplicates.toml")


def test_what_was_trained_on_is_not_measured(labelled: Path) -> None:
    figures = measure(labelled)

    assert [(f.data, f.name) for f in figures] == [
        ("duplicates/dblp-acm-valid", name) for name in ("precision", "recall", "F1")
    ]
    assert all(f.value == f.low == f.high == 1 and f.of == 16 for f in figures)


def test_a_folder_without_pairs_has_no_figures(tmp_path: Path) -> None:
    assert measure(tmp_path) == ()


def test_citations_of_a_work_are_compared_by_what_they_share(tmp_path: Path) -> None:
    rows = [
        [
            "unknown",
            "sand",
            "lovelace, a. and noether, e.",
            "",
            "where the sand of rivers goes.",
            "",
            "",
            "",
            "",
            "2001",
        ],
        ["unknown", "sand", "a. lovelace, e. noether", "", "Where the Sand of Rivers goes", "", "", "", "", "2001,"],
        ["unknown", "sand", "e. noether", "", "rivers", "", "", "", "", ""],
        ["unknown", "dams", "a. lovelace, e. noether", "", "where the sand of rivers goes.", "", "", "", "", "2001"],
    ]
    (tmp_path / "duplicates").mkdir()
    lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
    (tmp_path / "duplicates" / "cora.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    precision, recall, f1 = measure(tmp_path)

    # Found: the first two, and each of them with the one that people call another work.
    assert (precision.value, recall.value) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert f1.of == 4


def test_a_year_and_the_signs_of_a_catalogue_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    one = record("sand &amp; silt : a `` review ''", "b. j. kr &#228; mer , m . li", "1997.0")
    path.write_text(f"{one}\t{record('', '', '')}\t0\n", encoding="utf-8")

    ((a, b, is_one),) = read_pairs(path)

    assert (a.authors, a.published and a.published.year) == (("b. j. krämer", "m . li"), 1997)
    assert (b.title, b.authors, b.published, is_one) == ("untitled", (), None, False)


def test_no_outcome_has_no_share() -> None:
    assert precision_recall_f1([]) == precision_recall_f1([Outcome()]) == (0, 0, 0)
    assert precision_recall_f1([Outcome(right=2, wrong=2), Outcome(missed=6)]) == (0.5, 0.25, pytest.approx(1 / 3))


def test_matched_citations_are_joined_with_few_mistakes(real_data: Path) -> None:
    # At ACM the conference's and the journal's version of one work count as two.
    f1 = {f.data.removeprefix("duplicates/"): f.value for f in measure(real_data / "eval") if f.name == "F1"}

    assert f1["dblp-acm-valid"] > 0.98
    assert f1["dblp-scholar-valid"] > 0.93
    assert f1["cora"] > 0.83
