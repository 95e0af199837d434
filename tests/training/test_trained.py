"""What was trained and ships: read as it is, and one sentence where it is missing, damaged or cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest import assets
from digest.core.errors import ConfigError
from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY
from tests.support.desk import Desk

TEXTS = ("summaries.toml", "words.txt", "related.txt")
FILES = (*TEXTS, "topics.bin", "sciences.bin")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the trained files lie, to be damaged."""
    package = tmp_path / "installed"
    (package / "trained").mkdir(parents=True)
    for name in FILES:
        (package / "trained" / name).write_bytes(assets.trained(name))
    real = assets.shipped
    monkeypatch.setattr(assets, "shipped", lambda name: package / name if name == "trained" else real(name))
    return package / "trained"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "other bytes"])
def test_a_trained_file_that_is_damaged_stops_the_run_with_a_sentence(
    name: str, damage: str, installed: Path, tmp_path: Path
) -> None:
    whole = (installed / name).read_bytes()
    if damage == "missing":
        (installed / name).unlink()
    else:
        broken = {"empty": b"", "cut off": whole[: len(whole) // 2], "other bytes": b"\xff\xfe" + whole}
        (installed / name).write_bytes(broken[damage])
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [paper(1, categories=())])

    with pytest.raises(ConfigError) as error:
        desk.run(MONDAY)

    assert "again" in str(error.value)
    assert "\n" not in str(error.value)
