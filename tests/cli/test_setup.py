"""`digest init`, in a process of its own."""

from __future__ import annotations

import re
from pathlib import Path

from digest.sources.kinds import all_kinds
from tests.support.shell import digest


def test_init_writes_a_config_that_works_and_never_over_one(tmp_path: Path) -> None:
    first = digest("init", "mine", cwd=tmp_path)
    written = (tmp_path / "mine" / "config.toml").read_bytes()
    second = digest("init", "mine", cwd=tmp_path)
    checked = digest("doctor", "--offline", "--config", "mine/config.toml", cwd=tmp_path)

    assert first.returncode == 0
    assert (second.returncode, (tmp_path / "mine" / "config.toml").read_bytes()) == (2, written)
    assert checked.returncode == 0, checked.stdout


def test_init_names_every_kind_of_source_with_what_it_reads(tmp_path: Path) -> None:
    digest("init", cwd=tmp_path)

    written = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert [name for name, kind in all_kinds() if not re.search(rf"# +{name} +{re.escape(kind.line)}\n", written)] == []


def test_init_begins_with_the_sources_of_a_field_and_names_a_field_that_was_meant(tmp_path: Path) -> None:
    done = digest("init", "--field", "plants", cwd=tmp_path)
    wrong = digest("init", "other", "--field", "econommics", cwd=tmp_path)
    listed = digest("init", "--list-fields", cwd=tmp_path)

    assert done.returncode == 0
    assert "PhytoKeys" in (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert (wrong.returncode, "did you mean economics" in wrong.stderr) == (2, True)
    assert "economics" in listed.stdout
