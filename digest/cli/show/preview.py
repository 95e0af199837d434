"""What an issue would print, as text and JSON: `digest preview`. The issue itself looks as in `digest show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import print_lines
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.publish.render import Templates
    from digest.usecases.preview import Preview


def preview_json(found: Preview) -> dict[str, Any]:
    """The issue as its issue.json would have it, with what each interest found."""
    from digest.publish.issue_json import issue_json

    return {
        **issue_json(found.issue),
        "considered": found.considered,
        "is_out": found.is_out,
        "interests": [
            {
                "text": one.interest.text,
                "name": one.interest.name,
                "known": one.interest.is_known,
                "found": one.found,
                "printed": one.printed,
            }
            for one in found.interests
        ],
    }


def print_preview(found: Preview, *, templates: Templates, site_url: str | None) -> None:
    """What each interest found, then the issue, then what is left out."""
    from digest.cli.show.issue import print_issue

    print_lines(_head(found))
    print_issue(found.issue, templates=templates, site_url=site_url, says_why=True)
    if left_out := sum(not paper.is_aside for paper in found.issue.left_out):
        print_lines(["", f"--json lists the {count(left_out, 'paper')} left out, a larger --max-papers prints more."])


def _head(found: Preview) -> Iterator[str]:
    issue = found.issue
    yield f"Preview of {issue.edition} for {issue.date:%A} {issue.date}; nothing is written."
    if found.is_out:
        yield "The issue of that day is out, and stays as it is."
    if found.interests:
        yield ""
        yield f"Of {count(found.considered, 'paper')} so many fit an interest, and so many of them are printed:"
        for one in found.interests:
            if not one.interest.is_known:
                yield f"              {one.interest.text}: not known yet, and not fetched for a preview; a run does"
            else:
                yield f"{one.found:>6,} {one.printed:>6,}  {one.interest.name}"
    yield ""
