"""Render an issue as plain text, for the mail's text part and for `digest show` into a pipe."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import Final

from digest.core.extracts.cues import wide_signs
from digest.core.models import Issue
from digest.publish.entry_views import EntryView
from digest.publish.links import Links
from digest.publish.phrasing import count
from digest.publish.render import Templates, fill
from digest.publish.views import IssueView, issue_view

_FIRST_WORDS: Final = 60
"""Words of the first lead's summary and points together: with so many a phone's first screen shows two titles."""
_SCREEN_WORDS: Final = 80
"""Those of the overview and of the first lead together; the summary itself is never cut."""
_WORDS: Final = 90
"""Those of the other leads of a mail, which has at most 1,200 words for thirty papers."""

_NO_REASON: Final = "no interest speaks for it"

_REASONS: Final = 3
"""Most reasons named of papers that are left out; "says nearly the same as" another is one for each."""


def issue_text(issue: Issue, *, templates: Templates, site_url: str | None = None, says_why: bool = False) -> str:
    """Return *issue* as text, in lines of at most 78 characters unless a link is longer.

    Args:
        says_why: See `with_reasons`.
    """
    root = site_url.rstrip("/") + "/" if site_url else None
    view = issue_view(issue, links=Links(root=root))
    if says_why:
        view = with_reasons(view)

    def drawn(template: str, entry: EntryView, reason: str = "") -> str:
        return templates.text(template, entry=entry, reason=reason, sentences=True).rstrip("\n")

    return templates.text(
        "issue.txt",
        issue=view,
        leads="\n\n".join(drawn("_lead.txt", lead, fill(lead.reason, first="   ")) for lead in view.leads),
        sections=[
            (s.topic.text, s.anchor, len(s.entries), "\n".join(drawn("_line.txt", entry) for entry in s.entries))
            for s in view.sections
        ],
        share=share(view),
        contents=contents(view),
        left_out=left_out(view),
        more="",
        page="",
        reader=None,
        stop="",
    )


_CORRECTIONS: Final = 3
"""Corrections of printed papers that are named; the page names all."""


def share(view: IssueView) -> str:
    """`30 of 229`: how many papers an issue has of those that were there; `30 papers` where none was left out."""
    return (
        f"{view.count:,} of {view.count + view.left_out_count:,}" if view.left_out_count else count(view.count, "paper")
    )


def contents(view: IssueView) -> tuple[str, ...]:
    """The sections of the rest with how many entries each has: `Language models 16`."""
    return tuple(f"{section.topic.text} {len(section.entries)}" for section in view.sections)


def left_out(view: IssueView) -> str:
    """`199 left out: 197 not among the best 30 of 229; 2 too short. 74 others: 71 news, 3 corrections.`

    And which of these correct a paper that was printed. Empty if none was left out.
    """
    said = [_left_out_of(view), _others(view), *view.corrections[:_CORRECTIONS]]
    return " ".join(filter(None, said))


def _others(view: IssueView) -> str:
    groups = ", ".join(f"{group.count:,} {group.reason}" for group in view.others)
    return f"{count(view.others_count, 'other')}: {groups}." if groups else ""


def _left_out_of(view: IssueView) -> str:
    if not view.left_out_count:
        return ""
    if not view.left_out:
        return f"{view.left_out_count:,} left out: not among the best {share(view)}."
    reasons = [
        group.reason if len(view.left_out) == 1 else f"{group.count:,} {group.reason}" for group in view.left_out
    ]
    if others := sum(group.count for group in view.left_out[_REASONS:]):
        reasons[_REASONS:] = [f"{others:,} for other reasons"]
    return f"{view.left_out_count:,} left out: {'; '.join(reasons)}."


def with_reasons(view: IssueView) -> IssueView:
    """Return *view*; its entries of the rest say why they are there in place of what they are about.

    Votes, which stand beside, are reason enough.
    """
    sections = (
        replace(
            section,
            entries=tuple(replace(e, line=e.reason or ("" if e.votes else _NO_REASON)) for e in section.entries),
        )
        for section in view.sections
    )
    return replace(view, sections=tuple(sections))


def brief(view: IssueView, *, words: int = _WORDS) -> IssueView:
    """Return *view* with those points of its leads that there is room for.

    Args:
        words: Words of a lead's summary and points together, where it is not the first.
    """
    first = min(words, _FIRST_WORDS, _SCREEN_WORDS - _length(view.overview))
    leads = (_brief(lead, words if n else first) for n, lead in enumerate(view.leads))
    return replace(view, leads=tuple(leads))


def _brief(lead: EntryView, most: int) -> EntryView:
    lengths = accumulate(map(_length, lead.points), initial=_length(lead.tldr))
    fit = sum(length <= most for length in lengths) - 1
    return lead if fit >= len(lead.points) else replace(lead, points=lead.points[: max(fit, 0)])


def _length(text: str) -> int:
    """Return how many words a text has; two Chinese, Japanese or Korean characters count as one."""
    return len(text.split()) + wide_signs(text) // 2
