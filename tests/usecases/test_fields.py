"""Fields to begin with."""

from __future__ import annotations

from pathlib import Path

from digest import assets
from digest.config.read import load
from digest.usecases.fields import read_fields, with_fields
from tests.conftest import ROOT

SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8")
FIELDS = read_fields(assets.shipped("fields.toml").read_text(encoding="utf-8"))


def test_each_field_makes_a_config_that_can_be_read_with_its_sources_and_interests(tmp_path: Path) -> None:
    for field in FIELDS.values():
        (tmp_path / "config.toml").write_text(with_fields(SHIPPED, [field]), encoding="utf-8")

        config = load(tmp_path / "config.toml")

        assert [source.name for source in config.sources] == [source["name"] for source in field.sources]
        [edition] = config.editions
        assert edition.interests == field.interests, field.name
        assert tuple(edition.kinds) == (field.kinds or ("research", "review")), field.name


def test_the_first_field_is_what_the_shipped_config_has() -> None:
    assert with_fields(SHIPPED, [next(iter(FIELDS.values()))]) == SHIPPED


def test_of_several_fields_each_is_an_edition_with_its_own_sources(tmp_path: Path) -> None:
    chosen = [FIELDS["economics"], FIELDS["statistics"], FIELDS["physics"]]
    (tmp_path / "config.toml").write_text(with_fields(SHIPPED, chosen), encoding="utf-8")

    config = load(tmp_path / "config.toml")

    assert [edition.name for edition in config.editions] == ["economics", "statistics", "physics"]
    assert config.editions[1].sources == ("arXiv, statistics",)
    assert len({source.name for source in config.sources}) == len(config.sources)
