"""What each kind of source declares is true of its adapter, and reading a config goes by nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from digest.app.host import now
from digest.config.read import load
from digest.core.lists.calendar import CALENDARS
from digest.sources.kind import Access, KeyType, SourceConfig
from digest.sources.kinds import NAMES, kind_of, make_source
from tests.conftest import ROOT

DAY = date(2026, 6, 3)
EDITION = '\n[[edition]]\nname = "daily"\n'


def configured(folder: Path, text: str) -> tuple[SourceConfig, ...]:
    (folder / "config.toml").write_text(text + EDITION, encoding="utf-8")
    return load(folder / "config.toml").sources


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_is_declared_under_the_name_that_leads_to_it(name: str) -> None:
    assert name in kind_of(name).names


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_kind_is_a_valid_config_of_it_and_makes_sources(name: str, tmp_path: Path) -> None:
    sources = configured(tmp_path, kind_of(name).example)

    for source in sources:
        assert source.kind in kind_of(name).names
        made = make_source(source, now)
        assert made.kind == source.kind
        assert made.url_for(DAY)


@pytest.mark.parametrize("name", NAMES)
def test_the_calendar_of_a_kind_is_that_of_its_first_example(name: str, tmp_path: Path) -> None:
    first, *_ = configured(tmp_path, kind_of(name).example)

    assert make_source(first, now).calendar.name == kind_of(name).calendar
    assert kind_of(name).calendar in CALENDARS


@pytest.mark.parametrize("name", NAMES)
def test_what_a_kind_says_that_it_needs_is_enough(name: str, tmp_path: Path) -> None:
    kind = kind_of(name)

    [source] = configured(tmp_path, f'[[source]]\nname = "x"\nkind = "{name}"\n{kind.needs_as_in}')

    assert make_source(source, now).name == "x"
    assert set(kind.needs) <= {"url", *(key.name for key in kind.keys)}


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_kind_has_a_value_where_the_file_sets_none(name: str, tmp_path: Path) -> None:
    kind = kind_of(name)

    [source] = configured(tmp_path, f'[[source]]\nname = "x"\nkind = "{name}"\n{kind.needs_as_in}')

    assert set(source.options) == {key.name for key in kind.keys}
    for key in kind.keys:
        if key.name not in kind.needs_as_in:
            assert source.options[key.name] == (key.default or type(source.options[key.name])())


@pytest.mark.parametrize("name", NAMES)
def test_only_a_kind_with_a_key_of_its_service_takes_one(name: str) -> None:
    access = kind_of(name).access

    assert access is None or (access.variable and bool(access.header) is not bool(access.parameter))
    assert not any(key.name == "api_key_env" for key in kind_of(name).keys)


def test_a_choice_offers_what_its_default_is_among() -> None:
    choices = [key for name in NAMES for key in kind_of(name).keys if key.type is KeyType.CHOICE]

    assert choices
    assert all(key.default in key.choices for key in choices)


def test_a_key_is_sent_as_its_service_wants_it_and_not_shown() -> None:
    in_header = Access(variable="A", header="Authorization", scheme="Bearer").credentials("s3cr3t", "MINE")
    in_query = Access(variable="A", parameter="api_key").credentials("s3cr3t", "MINE")

    assert (dict(in_header.headers), dict(in_header.parameters)) == ({"Authorization": "Bearer s3cr3t"}, {})
    assert (dict(in_query.headers), dict(in_query.parameters)) == ({}, {"api_key": "s3cr3t"})
    assert in_header.variable == "MINE"
    assert "s3cr3t" not in repr((in_header, in_query))


def test_reading_a_config_imports_the_files_of_the_kinds_that_it_names_and_no_parser(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(kind_of("openalex").example + EDITION, encoding="utf-8")
    code = (
        "import json, sys; from pathlib import Path; from digest.config.read import load; load(Path('config.toml'));"
        "names = [m for m in sys.modules if m.startswith('digest.sources.') or m in ('feedparser', 'lxml', 'httpx2')];"
        "print(json.dumps(names))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    own = {f"digest.sources.{name}" for name in ("kind", "kinds", "openalex", "guard", "outcomes")}
    assert set(json.loads(done.stdout)) == own
