"""Keywords as interests: which papers they should find, and how well they do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.evaluation import phrases, sets
from digest.evaluation.sets import ListedPaper


def listed(n: int, title: str, *keywords: str) -> ListedPaper:
    return ListedPaper(id=f"2606.{n:05}", title=title, abstract="We measure it.", keywords=keywords)


def day(path: Path, *papers: ListedPaper) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            [
                {"paper": {"id": p.id, "title": p.title, "summary": p.abstract, "ai_keywords": list(p.keywords)}}
                for p in papers
            ]
        )
    )


PAPERS = (
    listed(1, "Gravel bed rivers in flood", "gravel beds", "floods"),
    listed(2, "A gravel bed moves", "gravel bed"),
    listed(3, "Large language model (LLM) agents", "LLM agents"),
    listed(4, "Agents by LLM", "large language model agents"),
    listed(5, "Boats", "boats"),
)


def test_keywords_that_papers_share_are_asked_once_however_they_are_spelled() -> None:
    (question,) = phrases.asked(PAPERS)

    assert question.text in ("gravel beds", "gravel bed")
    assert question.papers == {0, 1}
    assert not question.differs


def test_a_keyword_is_asked_for_papers_that_have_another_name_of_it() -> None:
    found = {q.text: q for q in phrases.renamed(PAPERS)}

    assert set(found) == {"LLM agents", "large language model agents"}
    assert (found["LLM agents"].papers, found["LLM agents"].beside) == ({3}, {2})
    assert all(q.differs for q in found.values())


def test_the_gain_counts_places_among_the_ten_best() -> None:
    question = phrases.Question(text="x", papers=frozenset({1, 2}), beside=frozenset({3}))

    assert phrases.ndcg({1: 0.9, 2: 0.8, 3: 1.0}, question) == 1
    assert phrases.ndcg({1: 0.8, 0: 0.9}, question) == pytest.approx(0.387, abs=0.001)
    assert phrases.ndcg({}, question) == 0


def test_days_lie_in_the_folder_or_beside_it_and_later_ones_are_measured(tmp_path: Path) -> None:
    data = tmp_path / "eval"
    data.mkdir()
    day(tmp_path / "huggingface-daily" / "2026-05-01.json", listed(9, "Old", "boats"))
    day(tmp_path / "huggingface-daily" / "2026-06-01.json", *PAPERS)
    (tmp_path / "huggingface-daily" / "2026-06-02.json").write_text("{")

    figures = {f.name: f for f in phrases.measure(data)}

    assert figures["nDCG@10"].value == 1
    assert figures["nDCG@10"].of == 1
    assert figures["nDCG@10, words differ"].of == 2
    assert figures["nDCG@10, words differ"].value == 1
    assert figures["nDCG@10, words differ, cosine of words"].value <= 1
    assert figures["lost, words differ, without other names"].higher_is_better is None
    assert figures["nDCG@10, phrase taken out"].of == 1

    day(data / "keywords" / "2026-06-03.json", PAPERS[2], PAPERS[3])
    assert {f.data for f in phrases.measure(data)} == {"keywords"}


def test_keywords_are_kept_out_of_what_is_ranked(tmp_path: Path) -> None:
    day(tmp_path / "keywords" / "a.json", listed(1, "Boats", "gravel"), listed(2, "Ships", "gravel"), *PAPERS[2:])

    figures = {f.name: f for f in phrases.measure(tmp_path)}

    assert figures["nDCG@10"].value == 0


def test_a_folder_without_days_has_no_figures(tmp_path: Path) -> None:
    assert phrases.measure(tmp_path / "eval") == ()


@pytest.mark.parametrize(
    "content", ["{", "{}", "[]", '["a"]', '[{"paper": {"id": "1"}}]', '[{"paper": {"title": "T"}}]']
)
def test_a_damaged_day_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "2026-06-01.json"
    path.write_text(content)

    with pytest.raises(sets.SetError, match="2026-06-01"):
        sets.read_keywords(path)
