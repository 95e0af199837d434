"""The recorded days: no entry of any file is lost between its source and the papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import counts


@pytest.mark.parametrize("folder", counts.FOLDERS)
def test_each_entry_is_a_paper_or_named(real_data: Path, folder: str) -> None:
    row = counts.row(real_data, folder)

    assert row.files
    assert row.entries > 0
    assert row.unexplained == 0
    assert row.rejected == {}


def test_only_what_is_no_list_is_refused(real_data: Path) -> None:
    refused = counts.row(real_data, "arxiv-api").refused

    assert refused == {"the API of arXiv answered: incorrect id format for abc": 1}
