"""The README is true: every command, option and config key is in it, and its commands exist."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click
import pytest

from digest.cli.main import cli
from digest.config import extras, read, sources
from digest.core.host import now
from digest.sources import kinds
from digest.sources.kinds import make_source

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"`digest {name}" in README
    assert cli.commands[name].help


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_has_help(name: str) -> None:
    options = [p for p in cli.commands[name].params if isinstance(p, click.Option)]

    assert [o.name for o in options if not o.help] == []


@pytest.mark.parametrize("option", [o for p in cli.commands["run"].params for o in p.opts if o.startswith("--")])
def test_every_option_of_run_is_in_the_readme(option: str) -> None:
    assert f"`{option}" in README


def config_keys() -> list[str]:
    """Every key that the reader of config.toml asks for."""
    source = "".join(Path(m.__file__ or "").read_text(encoding="utf-8") for m in (read, extras, sources))
    asked = re.findall(
        r"\b(?:table|digest|one)\.(?:text|texts|required|choice|integer|number|flag|dates|table|_take)\(\s*\"(\w+)\"",
        source,
    )
    return sorted(set(asked))


def test_the_reader_of_the_config_is_understood_by_this_test() -> None:
    assert {"timezone", "budget_usd_per_run", "interests", "password_env", "ca_file"} <= set(
        config_keys()
    )


@pytest.mark.parametrize("key", config_keys())
def test_every_config_key_is_in_the_readme(key: str) -> None:
    assert re.search(rf"`{key}`|\b{key} =", README)


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for target in re.findall(r"^\$ make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_every_example_of_a_source_is_valid_and_makes_one(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    blocks = "\n".join(example for example in examples if "[[source]]" in example)
    (tmp_path / "config.toml").write_text(f'{blocks}\n[[edition]]\nname = "daily"\n', encoding="utf-8")

    found = read.load(tmp_path / "config.toml")

    assert {s.kind for s in found.sources} >= set(kinds.NAMES) - {"listing", "medrxiv"}
    for source in found.sources:
        assert make_source(source, now).url_for(date(2026, 6, 3))


def test_every_kind_of_source_has_its_paragraph() -> None:
    for kind in kinds.NAMES:
        assert f"**{kind}**" in README


def test_the_picture_is_there_and_small() -> None:
    [path] = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)

    assert (ROOT / path).stat().st_size < 300_000
