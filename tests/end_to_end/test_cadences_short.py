"""Readers in other zones get exactly what is due: `tests/torture/cadences.py` in small."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.torture.cadences import cadences
from tests.torture.figures import check


def test_each_reader_gets_exactly_what_is_due_over_a_change_of_clocks(tmp_path: Path) -> None:
    zones = ("Europe/Paris", "Africa/Johannesburg", "Asia/Tokyo")

    check(cadences(tmp_path, begins=date(2027, 3, 24), days=14, zones=zones))
