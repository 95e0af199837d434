"""What each check of the doctor says of what it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from digest.config.settings import LLMConfig
from digest.core.errors import ConfigError, SourceError
from digest.core.models import Document
from digest.llm.prices import Price
from digest.sources.jsonl import JsonlSource
from digest.usecases import doctor
from digest.usecases.doctor import Doctor, Doubt, Finding, examine
from tests.conftest import NOON

OWN = LLMConfig(client="openai", model="own")


def test_a_config_that_cannot_be_used_is_a_finding_for_each_fault() -> None:
    @contextmanager
    def opened() -> Iterator[Doctor]:
        raise ConfigError("config.toml: a\nconfig.toml: b")
        yield

    assert examine(Path("config.toml"), opened(), offline=True) == [
        Finding(subject="config", level="wrong", said="config.toml: a"),
        Finding(subject="config", level="wrong", said="config.toml: b"),
    ]


def test_a_folder_in_which_a_file_stands_in_the_way_is_wrong(tmp_path: Path) -> None:
    assert "GB free" in str(doctor.data_folder(tmp_path / "new"))
    (tmp_path / "site").write_text("in the way")

    with pytest.raises(ConfigError, match="site is a file"):
        doctor.data_folder(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        doctor.data_folder(tmp_path / "site")


def test_a_model_without_a_price_is_a_doubt_and_with_a_budget_wrong() -> None:
    price = Price(input=1.0, cached_input=0.1, output=2.0)
    priced = LLMConfig(client="openai", model="own", prices={"own": price})
    budgeted = LLMConfig(client="openai", model="own", budget_usd_per_month=1.0)

    assert doctor.prices(priced) == "own, from the config: $1 in, $0.1 cached, $2 out per million tokens"
    assert isinstance(doctor.prices(OWN), Doubt)
    with pytest.raises(ConfigError, match="so no budget can hold"):
        doctor.prices(budgeted)


def test_a_model_without_a_ceiling_is_a_doubt_only_where_somebody_is_paid() -> None:
    ours = LLMConfig(client="openai", model="own", base_url="http://127.0.0.1:9/v1")

    assert isinstance(doctor.budget(OWN), Doubt)
    assert doctor.budget(ours) == "none is set"


def test_a_source_says_how_much_it_lists_what_it_cannot_read_and_where_it_moved() -> None:
    source = JsonlSource("a", url="https://example.org/a.jsonl")

    def looked(*lines: str, moved: str | None = None) -> Doubt | str:
        def get(url: str) -> Document:
            return Document(url=url, content="\n".join(lines).encode())

        return doctor.source(source, get, today=date(2026, 6, 3), now=NOON, moved_to=lambda _: moved)

    good = '{"id": "2603.00001", "title": "A title", "abstract": "We do."}'

    assert looked(good) == "1 paper at https://example.org/a.jsonl"
    assert "and 1 items that cannot be read" in str(looked(good, "{}"))
    assert "has moved for good to https://example.com/b" in str(looked(good, moved="https://example.com/b"))
    with pytest.raises(SourceError):
        looked("<html>")
