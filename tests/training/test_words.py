"""What words say is counted the same way twice, and small enough to ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest import assets
from digest.core.errors import ConfigError
from digest.core.ranking.relevance import Background
from digest.training import words


def test_words_are_counted_once_a_paper_and_rare_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    texts = ["Rivers and rivers", "A river", "River deltas", "Deltas", "Seas"]
    lines = [json.dumps({"id": str(n), "title": t, "abstract": "", "cat": "cs.LG"}) for n, t in enumerate(texts)]
    (tmp_path / "topics" / "arxiv-before-2310.jsonl").write_text("\n".join(lines))

    counted = Background.parse(words.train(tmp_path).decode())

    assert counted.counts == {"river": 3 * counted.papers / 5}


def test_a_field_weighs_the_same_however_many_of_its_papers_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    texts = [("Rivers", "cs.LG"), ("Deltas", "stat.ME")] * 3 + [("Rivers", "cs.LG")] * 10
    lines = [json.dumps({"id": str(n), "title": t, "abstract": "", "cat": c}) for n, (t, c) in enumerate(texts)]
    (tmp_path / "topics" / "arxiv-before-2310.jsonl").write_text("\n".join(lines))

    counted = Background.parse(words.train(tmp_path).decode()).counts

    assert counted["river"] == 4 * counted["delta"]


def test_a_folder_without_the_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="arxiv-before"):
        words.train(tmp_path)


def test_trained_again_the_words_that_ship_are_the_same_to_the_byte(real_data: Path) -> None:
    shipped = assets.trained("words.txt")

    assert words.train(real_data / "eval") == shipped
    assert len(shipped) < 300_000
