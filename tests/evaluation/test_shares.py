"""Whether each interest gets its share: which readers are asked, and what counts as served."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from digest.evaluation import sets, shares

SUBJECTS = ("gravel beds", "yeast enzymes", "beam search", "glacier tongues")


def day(path: Path, date: str, papers: Sequence[tuple[str, Sequence[str]]]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    text = [
        {
            "paper": {
                "id": f"{date[5:]}.{n}",
                "title": title,
                "summary": f"We study {title}.",
                "ai_keywords": list(words),
            }
        }
        for n, (title, words) in enumerate(papers)
    ]
    (path / f"{date}.json").write_text(json.dumps(text))


def days(path: Path, *, spelled: bool = True) -> Path:
    """Six days; the papers of a subject name it, or nothing that one could know it by."""
    for n in range(1, 7):
        papers = [(f"On {name if spelled else 'things'}, no. {n}", [name]) for name in SUBJECTS for _ in range(2)]
        day(
            path / "keywords",
            f"2026-06-{n:02}",
            [*((f"Other matters {k}", [f"matter {k} of {n}"]) for k in range(30)), *papers],
        )
    return path


def test_phrases_whose_papers_are_printed_are_served(tmp_path: Path) -> None:
    served, could, moved = shares.measure(days(tmp_path))

    assert served.name == "phrases with 2 papers in 20"
    assert served.value == could.value > 0.9
    assert moved.value <= 20
    assert moved.higher_is_better is False


def test_phrases_that_no_word_can_find_are_not_served_and_told_apart(tmp_path: Path) -> None:
    served, could, _ = shares.measure(days(tmp_path, spelled=False))

    assert served.value < 0.7
    assert could.of == 0


def test_readers_are_the_same_each_time_and_like_papers_of_other_days(tmp_path: Path) -> None:
    listing = shares.Listing(papers=(), having={name: frozenset() for name in SUBJECTS}, standing=frozenset())
    others = [sets.ListedPaper(id=str(n), title=f"Paper {n}", abstract="") for n in range(5)]

    one, again = (shares.readers(listing, others, seed=3) for _ in range(2))

    assert one == again
    assert all(len(set(reader.phrases)) == 3 and reader.liked != reader.marked for reader in one)
    assert {reader.liked.title for reader in one} <= {paper.title for paper in others}


def test_too_few_days_or_keywords_are_not_measured(tmp_path: Path) -> None:
    day(tmp_path / "keywords", "2026-06-01", [("On gravel", ["gravel"])])

    assert shares.measure(tmp_path) == ()


def test_a_damaged_day_is_said(tmp_path: Path) -> None:
    (days(tmp_path) / "keywords" / "2026-06-02.json").write_text("[")

    with pytest.raises(sets.SetError, match="is not JSON"):
        shares.measure(tmp_path)
