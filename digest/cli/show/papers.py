"""Papers of the store, as text and JSON: `digest search`, `similar`, `split`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import print_lines, put, put_facts, screen
from digest.core.identity.ids import names_of
from digest.core.models import Paper
from digest.publish.formulas import to_unicode
from digest.publish.issue_json import paper_json
from digest.publish.phrasing import some_authors

if TYPE_CHECKING:
    from digest.core.ranking.similar import Similar
    from digest.store.joins import Split


def print_papers(papers: Sequence[Paper], *, query: str) -> None:
    """What a search found; where that is nothing, a sentence that repeats the *query*."""
    console = screen()
    for paper in papers:
        put(console, to_unicode(paper.title), "bold")
        facts = [
            some_authors(paper.authors),
            f"{paper.published:%Y-%m-%d}" if paper.published else "",
            paper.url or paper.id,
        ]
        put_facts(console, facts, 2)
    if not papers:
        put(console, f"No paper in the store has all of these words: {query}")


# -- similar


def print_similar(found: Sequence[Similar]) -> None:
    """Up to three lines for each paper that resembles one, the most alike first: title, facts, the words they share."""
    lines = []
    for one in found:
        facts = (some_authors(one.paper.authors), f"{one.likeness:.2f} alike", one.paper.url or one.paper.id)
        lines += [to_unicode(one.paper.title), f"  {' · '.join(filter(None, facts))}"]
        if one.because:
            lines.append(f"  both have {', '.join(one.because)}")
    print_lines(lines or ["No paper in the store resembles it."])


def similar_json(found: Sequence[Similar]) -> list[dict[str, Any]]:
    """`digest similar --json`: papers as `digest search --json` prints them, with how like they are and why."""
    return [{**paper_json(one.paper), "likeness": one.likeness, "because": list(one.because)} for one in found]


# -- split


def print_split(done: Split) -> None:
    """The two papers that one was taken apart into, each with its ids."""
    head = (
        "Two papers again, never to be joined by what they say:"
        if done.is_new
        else "They are two papers already, taken apart by an earlier call:"
    )
    print_lines([head, *(f"  {_named(one)}" for one in (done.kept, done.taken))])


def _named(one: Paper) -> str:
    return f"“{to_unicode(one.title)}” ({', '.join(names_of(one))})"


def split_json(done: Split) -> dict[str, Any]:
    """`digest split --json`."""
    return {"kept": paper_json(done.kept), "taken": paper_json(done.taken), "already": not done.is_new}
