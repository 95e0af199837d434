"""Issues for tests, built with one call, and the part of a store that the archive is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from digest.core.issues.issue import with_overview
from digest.core.models import (
    Entry,
    Issue,
    LeftOut,
    Overview,
    OverviewSentence,
    PaperId,
    Section,
    Signals,
    SourceReport,
    SourceState,
    Summary,
    Usage,
)
from digest.publish.render import Templates
from tests.conftest import ROOT, paper

WEDNESDAY = date(2026, 6, 3)
SHIPPED = ROOT / "templates"


def templates(*own: Path) -> Templates:
    """The shipped templates, after a user's own."""
    return Templates([*own, SHIPPED])


def summary(n: int = 1, **changes: Any) -> Summary:
    values: dict[str, Any] = {
        "tldr": f"Method {n} works in {n} of 100 cases.",
        "points": (f"It was tried on {n} things.", "It is slow."),
        "topics": ("Reasoning",),
        "client": "openai",
        "model": "some-model",
        "checked": ("belongs", "numbers"),
    }
    return Summary(**{**values, **changes})


def entry(n: int = 1, **changes: Any) -> Entry:
    """The n-th of endlessly many entries; `paper` and `summary` may be given as dicts of what is different."""
    values: dict[str, Any] = {
        "sources": ("arxiv-cs.CL",),
        "reason": "",
        "score": round(1 / (n + 1), 4),
        "signals": Signals(upvotes=n),
        **changes,
        "paper": paper(n, **changes.get("paper", {})),
        "summary": summary(n, **changes.get("summary", {})),
    }
    return Entry(**values)


def issue(entries: Sequence[Entry] = (), *, day: date = WEDNESDAY, **changes: Any) -> Issue:
    """An issue of *entries*, in sections by their first topic."""
    topics: dict[str, list[Entry]] = {}
    for one in entries:
        topics.setdefault((*one.summary.topics, "Other topics")[0], []).append(one)
    values: dict[str, Any] = {
        "edition": "daily",
        "date": day,
        "title": "Research digest",
        "language": "en",
        "overview": f"{len(entries)} papers today." if entries else "",
        "sections": tuple(Section(topic=topic, entries=tuple(group)) for topic, group in topics.items()),
        "sources": (SourceReport(name="arxiv-cs.CL", state=SourceState.FRESH, listed=93, expected=93, new=80),),
        "usage": Usage(client="openai", model="some-model"),
        "why_empty": None if entries else "arXiv lists no papers on this day.",
    }
    return Issue(**{**values, **changes})


def told(of: Issue, *sentences: tuple[str | int, ...]) -> Issue:
    """*of* with an overview that a model has written: of each sentence its text, and the numbers of its papers."""
    overview = Overview(
        sentences=tuple(
            OverviewSentence(text=str(text), papers=tuple(paper(int(n)).id for n in ns)) for text, *ns in sentences
        ),
        client="openai",
        model="some-model",
    )
    return with_overview(of, overview)


def left_out(n: int, reason: str = "not among the best 30 of 40") -> LeftOut:
    return LeftOut(
        id=PaperId(f"arxiv:2604.{n:05d}"), title=f"Left out {n}", url=f"https://arxiv.org/abs/{n}", reason=reason
    )
