"""Papers, and summaries on demand, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.show.console import put, put_facts, screen
from digest.core.identity.ids import names_of
from digest.core.models import Paper
from digest.publish.formulas import to_unicode
from digest.publish.views import some_authors

if TYPE_CHECKING:
    from digest.usecases.summarize import Answer

from typing import TYPE_CHECKING

from digest.store.joins import Split

if TYPE_CHECKING:
    from digest.core.models import Paper


def split_lines(done: Split) -> list[str]:
    """For people."""
    return [
        "Two papers again, never to be joined by what they say:"
        if done.is_new
        else "They are two papers already, taken apart by an earlier call:",
        *(f"  {_named(one)}" for one in (done.kept, done.taken)),
    ]


def _named(one: Paper) -> str:
    return f"“{to_unicode(one.title)}” ({', '.join(names_of(one))})"


def split_json(done: Split) -> dict[str, Any]:
    """`digest split --json`."""
    return {"kept": paper_json(done.kept), "taken": paper_json(done.taken), "already": not done.is_new}


def paper_json(paper: Paper) -> dict[str, Any]:
    """A paper of the store."""
    return {
        "id": paper.id,
        "aliases": list(names_of(paper)[1:]),
        "title": paper.title,
        "authors": list(paper.authors),
        "abstract": paper.abstract,
        "url": paper.url,
        "published": paper.published.isoformat() if paper.published else None,
        "version": paper.version,
        "categories": list(paper.categories),
    }


def print_papers(papers: Sequence[Paper], *, query: str) -> None:
    """What a search found."""
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


def answer_json(answer: Answer) -> dict[str, Any]:
    """One paper that was summarized on demand."""
    if answer.summary is None:
        return {"id": answer.id, "summary": None, "topics": [], "error": answer.error}
    summary = answer.summary
    document: dict[str, Any] = {
        "id": answer.id,
        "summary": {
            "tldr": summary.tldr,
            "points": list(summary.points),
            "client": summary.client,
            "model": summary.model,
            "checked": list(summary.checked),
            "fell_back": summary.fell_back,
        },
        "topics": list(summary.topics),
    }
    if answer.paper is not None and not answer.in_lines:
        document |= {"title": answer.paper.title, "authors": list(answer.paper.authors), "url": answer.paper.url}
    return document


def print_answers(answers: Sequence[Answer]) -> None:
    """Papers that were summarized on demand."""
    console = screen()
    for n, answer in enumerate(answers):
        if n:
            console.print()
        if answer.paper is None or answer.summary is None:
            put(console, f"! {answer.error}")
            continue
        put(console, to_unicode(answer.paper.title), "bold")
        put(console, to_unicode(answer.summary.tldr) or "The source has no abstract to summarize.", indent=2)
        for point in answer.summary.points:
            put(console, to_unicode(point), indent=4, bullet="– ")
        facts = [some_authors(answer.paper.authors), ", ".join(answer.summary.topics), answer.paper.url]
        put_facts(console, facts, 2)
        if answer.summary.fell_back:
            put(console, f"An extract of the abstract: {answer.summary.fell_back}.", "dim", 2)
