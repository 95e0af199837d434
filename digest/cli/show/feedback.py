"""What readers said of papers, as text and JSON: `digest feedback`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import print_lines
from digest.publish.formulas import to_unicode
from digest.publish.issue_json import paper_json

if TYPE_CHECKING:
    from digest.store import Mark
    from digest.usecases.feedback import Given

_VALUES: Final = {1: "more", -1: "less"}


# -- what was just said


def print_given(given: Sequence[Given]) -> None:
    """What was taken down, a line for each paper and edition."""
    print_lines(_given_line(one) for one in given)


def _given_line(one: Given) -> str:
    title = f"“{to_unicode(one.paper.title)}” ({one.paper.id})"
    if one.value:
        return f"{one.edition}: {_VALUES[one.value]} like {title}"
    return f"{one.edition}: {'forgotten:' if one.is_new else 'nothing was said of'} {title}"


def given_json(given: Sequence[Given]) -> list[dict[str, Any]]:
    """`digest feedback PAPER… --json`."""
    return [
        {"edition": one.edition, "paper": one.paper.id, "title": one.paper.title, "value": one.value} for one in given
    ]


# -- what was said so far


def print_marks(marks: Sequence[Mark]) -> None:
    """All feedback, a line for each."""
    lines = [
        f"{mark.at:%Y-%m-%d}  {mark.edition}: {_VALUES[mark.value]} like “{to_unicode(mark.paper.title)}” "
        f"({mark.paper.id}){f', said {mark.reader}' if mark.reader else ''}"
        for mark in marks
    ]
    print_lines(lines or ["No feedback yet; `digest feedback PAPER --more` gives some."])


def marks_json(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """`digest feedback --json`."""
    return [
        {
            "edition": mark.edition,
            "reader": mark.reader,
            "value": mark.value,
            "at": mark.at.isoformat(),
            "paper": paper_json(mark.paper),
        }
        for mark in marks
    ]
