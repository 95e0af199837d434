"""`python -m digest.training`: what it says where it cannot train; each part has tests of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from digest.training import __main__ as training


@pytest.mark.parametrize("part", training.PARTS)
def test_without_its_set_a_part_says_so_and_writes_nothing(part: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    arguments = [part, "--data", str(tmp_path), "--out", str(tmp_path / "out")]

    with pytest.raises(SystemExit, match=f"{part}: {tmp_path}/") as ended:
        training.main(arguments)

    assert "\n" not in str(ended.value)
    assert not list((tmp_path / "out").iterdir())


def test_a_part_that_is_unknown_is_named_before_any_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["words", "rnking", "--data", str(tmp_path)]

    with pytest.raises(SystemExit):
        training.main(arguments)

    assert (
        "there is no part 'rnking'; there are words, related, summaries, topics, sciences, duplicates"
        in capsys.readouterr().err
    )


def test_what_training_needs_besides_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "digest.training.topics", None)
    arguments = ["topics", "--data", str(tmp_path)]

    with pytest.raises(SystemExit, match=r"training needs .*: pip install 'research-digest\[train\]'"):
        training.main(arguments)
