"""What is configured, reachable and missing, as text and JSON: `digest doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import put, screen

if TYPE_CHECKING:
    from digest.usecases.doctor import Finding

_MARKS: Final = {"good": "ok   ", "doubtful": "check", "wrong": "WRONG"}
_STYLES: Final = {"good": "", "doubtful": "yellow", "wrong": "bold red"}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding of `digest doctor --json`."""
    return {"subject": finding.subject, "level": finding.level, "said": finding.said}


def print_findings(findings: Sequence[Finding]) -> None:
    """A paragraph for each finding, beside the mark of its level."""
    console = screen()
    for finding in findings:
        put(
            console,
            f"{finding.subject}: {finding.said}",
            _STYLES[finding.level],
            bullet=f"{_MARKS[finding.level]}  ",
        )
