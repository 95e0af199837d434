"""What `digest doctor` says of what it found."""

from __future__ import annotations

from pathlib import Path

from digest.app.usecases import examine
from digest.cli.show.doctor import print_findings
from digest.usecases.doctor import Finding
from tests.support.printed import desk_with_an_issue
from tests.support.terminal import terminal


def test_a_finding_of_the_doctor_hangs_beside_its_mark() -> None:
    with terminal(80) as screen:
        print_findings([Finding(subject="mail", level="good", said="word " * 30)])

    first, second = screen.getvalue().splitlines()[:2]
    assert first.startswith("ok     mail: word")
    assert second.startswith("       word")


def test_the_doctor_counts_what_is_to_be_avoided_apart(tmp_path: Path) -> None:
    printed = desk_with_an_issue(tmp_path)

    [found] = [
        f for f in examine(printed.folder / "config.toml", printed.app().host, offline=True) if "interests" in f.subject
    ]

    assert (found.level, found.said) == ("good", "1 phrase; to avoid: 1 author")
