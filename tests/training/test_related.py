"""Related words and names of one thing are learnt from recorded lists, the same way twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.core.errors import ConfigError
from digest.core.ranking.lexicon import Lexicon
from digest.training import related


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Papers on two subjects, each with words of its own, in lists beside a folder of labelled sets."""
    subjects = ("Desktop agents by computer use (CU) click windows", "Gravel beds of rivers move in flood")
    rows = [{"id": str(n), "title": f"{subjects[n % 2]}", "summary": f"Paper {n}."} for n in range(60)]
    (tmp_path / "arxiv-days").mkdir()
    (tmp_path / "arxiv-days" / "2026-04-01.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "eval" / "topics").mkdir(parents=True)
    # In the labelled set words are counted, of which those that many papers have tell nothing.
    old = [{"id": f"old{n}", "title": f"Word{n} of old", "abstract": "", "cat": "cs.LG"} for n in range(60)]
    (tmp_path / "eval" / "topics" / "arxiv-before-2310.jsonl").write_text("\n".join(map(json.dumps, old)))
    return tmp_path / "eval"


def test_words_of_one_subject_are_related_and_explained_names_are_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related, "_COMMON", 0.9)

    content = related.train(folder)

    learnt = Lexicon.parse("", content.decode())
    assert learnt.same[("cu",)] == (("computer", "use"),)
    assert any("window" in run for run, _ in learnt.related[("desktop",)])
    assert not any("gravel" in run for run, _ in learnt.related[("desktop",)])
    assert related.train(folder) == content


def test_without_recorded_lists_there_is_a_sentence(folder: Path) -> None:
    (folder.parent / "arxiv-days" / "2026-04-01.jsonl").unlink()

    with pytest.raises(ConfigError, match="arxiv-days"):
        related.train(folder)
