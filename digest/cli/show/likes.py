"""What readers liked, and what resembles a paper: in words for people, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.papers import paper_json
from digest.publish.formulas import to_unicode
from digest.publish.views import some_authors

if TYPE_CHECKING:
    from digest.core.ranking.similar import Similar
    from digest.store import Mark
    from digest.usecases.feedback import Given

_VALUES: Final = {1: "more", -1: "less"}


def given_lines(given: Sequence[Given]) -> list[str]:
    """What was taken down, a line for each."""
    return [_given_line(one) for one in given]


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


def mark_lines(marks: Sequence[Mark]) -> list[str]:
    """All feedback, a line for each."""
    if not marks:
        return ["No feedback yet; `digest feedback PAPER --more` gives some."]
    return [
        f"{mark.at:%Y-%m-%d}  {mark.edition}: {_VALUES[mark.value]} like “{to_unicode(mark.paper.title)}” "
        f"({mark.paper.id}){f', said {mark.reader}' if mark.reader else ''}"
        for mark in marks
    ]


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


def similar_lines(found: Sequence[Similar]) -> list[str]:
    """What resembles a paper, three lines for each."""
    if not found:
        return ["No paper in the store resembles it."]
    lines = []
    for one in found:
        facts = (some_authors(one.paper.authors), f"{one.likeness:.2f} alike", one.paper.url or one.paper.id)
        lines += [to_unicode(one.paper.title), f"  {' · '.join(filter(None, facts))}"]
        if one.because:
            lines.append(f"  both have {', '.join(one.because)}")
    return lines


def similar_json(found: Sequence[Similar]) -> list[dict[str, Any]]:
    """`digest similar --json`: papers as `digest search --json` prints them, with how like they are and why."""
    return [{**paper_json(one.paper), "likeness": one.likeness, "because": list(one.because)} for one in found]
