"""Pages and mails of the sample and of two recorded weeks are drawn as they were; see `tests/support/drawn.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REAL_DATA
from tests.support import drawn


@pytest.mark.parametrize("name", drawn.NAMES)
def test_pages_and_mails_are_drawn_as_before(name: str, tmp_path: Path) -> None:
    if name != drawn.SAMPLE and not REAL_DATA.is_dir():
        pytest.skip(f"recorded feeds are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    kept = drawn.kept()

    found = drawn.differences(kept[name], drawn.result_of(name, tmp_path, REAL_DATA))

    others = drawn.differences(kept[drawn.DRAWN_WITH], drawn.surroundings())
    if found and others:
        pytest.skip(f"{len(found)} files are drawn otherwise, but so they may be: not the same are {', '.join(others)}")
    assert found == [], "if that is meant: python -m tests.support.drawn --keep"


def test_what_is_chance_or_the_clock_in_a_mail_does_not_count() -> None:
    mails = [
        f"From: a@example.org\r\nDate: {when}\r\nMessage-ID: <{id_ * 32}@example.org>\r\nContent-Type: multipart/"
        f'alternative;\r\n boundary="=_{id_}"\r\n\r\n--=_{id_}\r\nDate: {words}\r\n--=_{id_}--\r\n'
        for when, id_, words in (("Mon", "a", "Monday"), ("Tue", "b", "Monday"), ("Tue", "b", "Tuesday"))
    ]

    first, again, other = (drawn.same_mail(mail.encode()) for mail in mails)

    assert first == again != other


def test_what_is_kept_is_read_as_it_was_written(tmp_path: Path) -> None:
    sections = {drawn.DRAWN_WITH: {"python": "3.11", "machine": "linux x86_64"}, "sample": {"site/a b.html": "0f"}}

    drawn.keep(sections, tmp_path / "drawn.txt")

    assert drawn.kept(tmp_path / "drawn.txt") == sections


def test_differences_name_the_files() -> None:
    before = {"a": "1", "b": "2", "c": "3"}

    assert drawn.differences(before, {"a": "1", "b": "3", "d": "4"}) == [
        "b is drawn otherwise",
        "c is not drawn any more",
        "d is new",
    ]


def test_one_search_file_that_changes_changes_its_folder() -> None:
    files = {"site/search/2026-03/a.js": b"1", "site/search/2026-03/b.js": b"2", "site/index.html": b"3"}

    first, second = drawn.hashes(files), drawn.hashes({**files, "site/search/2026-03/b.js": b"4"})

    assert first.keys() == {"site/search/2026-03/", "site/index.html"}
    assert drawn.differences(first, second) == ["site/search/2026-03/ is drawn otherwise"]
