"""An issue as text: `digest show`. Its JSON is the one that lies beside its page, in `digest.publish.issue_json`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from digest.cli.show.console import print_text, put, put_facts, put_pieces, screen
from digest.core.models import Issue
from digest.core.words.invisible import printable
from digest.core.words.italics import pieces_of
from digest.publish.entry_views import EntryView
from digest.publish.links import Links
from digest.publish.views import issue_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from digest.publish.render import Templates

_WORDS: Final = 60
"""Words of a lead's summary and points together."""
_LINES: Final = 2
"""Lines of an entry of the rest: thirty papers are to be two or three screens. Wider terminals have room for more."""


def print_issue(issue: Issue, *, templates: Templates, site_url: str | None, says_why: bool = False) -> None:
    """An issue: with bold and dim for a terminal, as plain text for a pipe.

    Args:
        says_why: Entries of the rest say why they are there in place of what they are about.
    """
    from digest.publish.text import brief, issue_text, left_out, share, with_reasons

    if not sys.stdout.isatty():
        print_text(issue_text(issue, templates=templates, site_url=site_url, says_why=says_why))
        return
    console = screen()
    view = brief(issue_view(issue, links=Links(root=None)), words=_WORDS)
    if says_why:
        view = with_reasons(view)
    head = [(view.title, "bold"), (f" · {view.day}", ""), (f" · {share(view)}" if view.count else "", "dim")]
    put_pieces(console, head)
    for text in (view.why_empty or view.numbered, view.covers):
        _put_part(console, [text])
    if view.sources_line:
        console.print()
        put_facts(console, view.sources_line.split(" · "))
    for lead in view.leads:
        console.print()
        _print_lead(console, lead)
    if view.leads and view.sections:
        _put_head(console, "The rest")
    for section in view.sections:
        console.print()
        put_pieces(console, [(section.topic.text, "bold"), (f" {len(section.entries)}", "dim")])
        for entry in section.entries:
            _print_line(console, entry)
    if view.changes:
        _put_head(console, "Changed since you saw them")
        for change in view.changes:
            put_pieces(console, [(change.title, ""), (f" · {change.said}", "dim")], 2)
            if change.url:
                put(console, change.url, "dim", 2)
    _put_part(console, [left_out(view), *view.troubles, " ".join(view.writers)], "dim")
    if view.read:
        put_facts(console, f"Read: {view.read}".split(" · "))


def _print_lead(console: Console, entry: EntryView) -> None:
    bullet = f"{entry.number}  "
    put_pieces(console, _set(entry.title, entry, _linked("bold", entry)), bullet=bullet)
    indent = len(bullet)
    put_pieces(console, _set(entry.tldr, entry), indent)
    for point in entry.points:
        put_pieces(console, _set(point, entry), indent, bullet="– ")
    if entry.mark:
        put(console, f"[{entry.mark}] {entry.mark_why}", "dim", indent)
    put_facts(console, [entry.reason, *(fact.text for fact in entry.facts if not fact.url)], indent)
    put_facts(console, dict.fromkeys([entry.url, *(fact.url for fact in entry.facts)]), indent)


def _print_line(console: Console, entry: EntryView) -> None:
    quiet = "".join(f" · {fact}" for fact in (entry.mark, entry.votes, entry.line) if fact)
    bullet = f"{entry.number:<4}" if entry.number else "  "
    put_pieces(console, [*_set(entry.title, entry, _linked("", entry)), (quiet, "dim")], bullet=bullet, most=_LINES)


def _set(text: str, entry: EntryView, style: str = "") -> list[tuple[str, str]]:
    """Return *text* in pieces with their styles; the phrases in italics are pieces of their own."""
    pieces = pieces_of(text, entry.italics)
    return [(piece, f"italic {style}".rstrip() if is_italic else style) for piece, is_italic in pieces]


def _linked(style: str, entry: EntryView) -> str:
    """Return *style* with a link to the paper, which many terminals open and the others know to pass over."""
    return f"{style} link {printable(entry.url)}" if entry.url else style


def _put_head(console: Console, text: str) -> None:
    console.print()
    put(console, text, "bold")


def _put_part(console: Console, paragraphs: Iterable[str], style: str = "") -> None:
    """Print paragraphs after a blank line; those that are empty are left out, and so is the line if all are."""
    shown = [text for text in paragraphs if text]
    if shown:
        console.print()
    for text in shown:
        put(console, text, style)
