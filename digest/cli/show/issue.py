"""An issue as text: `digest show`. Its JSON is the one that lies beside its page, in `digest.publish.issue_json`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from digest.cli.show.console import print_text, put, put_facts, screen
from digest.core.models import Issue
from digest.publish.entry_views import EntryView
from digest.publish.links import Links
from digest.publish.views import issue_view

if TYPE_CHECKING:
    from rich.console import Console

    from digest.publish.render import Templates


def print_issue(issue: Issue, *, templates: Templates, site_url: str | None) -> None:
    """An issue: with bold and dim for a terminal, as plain text for a pipe."""
    if not sys.stdout.isatty():
        from digest.publish.text import issue_text

        print_text(issue_text(issue, templates=templates, site_url=site_url))
        return
    console = screen()
    view = issue_view(issue, links=Links(root=None))
    put(console, f"{view.title}, {view.day}", "bold")
    for text in (view.why_empty or view.numbered, view.covers):
        if text:
            console.print()
            put(console, text)
    if view.read:
        console.print()
        put_facts(console, view.read.split(" · "))
    if len(view.contents) > 1:
        console.print()
        for section in view.contents:
            put(console, f"{section.count:>4}  {section.topic.text}", "dim")
    for section in view.sections:
        console.print()
        put(console, f"{section.topic.text} ({section.count})", "bold underline")
        for entry in section.entries:
            console.print()
            _print_entry(console, entry)
    if view.changes:
        console.print()
        put(console, "Changed since you saw them", "bold underline")
        console.print()
        for change in view.changes:
            put(console, change.title, "", 2)
            put(console, change.said, "dim", 2)
            if change.url:
                put(console, change.url, "dim", 2)
    if view.left_out:
        console.print()
        put(console, "Left out", "bold underline")
        console.print()
        for group in view.left_out:
            put(console, f"{len(group.papers):,} {group.reason}", "dim", 2)
    console.print()
    put(console, "About this issue", "bold underline")
    console.print()
    for text in (*view.troubles, " ".join(view.writers)):
        if text:
            put(console, text, "dim", 2)


def _print_entry(console: Console, entry: EntryView) -> None:
    put(console, f"{entry.number}. {entry.title}" if entry.number else entry.title, "bold", 2)
    if entry.url:
        put(console, entry.url, "dim", 2)
    put(console, entry.tldr, "", 2)
    for point in entry.points:
        put(console, point, "", 4, bullet="– ")
    if entry.mark:
        put(console, f"[{entry.mark}] {entry.mark_why}", "dim", 2)
    put_facts(console, [fact.text for fact in entry.facts], 2)
    if entry.reason:
        put(console, f"Why here: {entry.reason}", "dim", 2)
