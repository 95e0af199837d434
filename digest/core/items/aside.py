"""Set aside what an edition does not print, before anything is ranked, and count it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.models import Candidate, PaperKind
from digest.core.words.language import language_name

_MANY: Final = {
    PaperKind.RESEARCH: "research papers",
    PaperKind.REVIEW: "reviews",
    PaperKind.SURVEY: "surveys",
    PaperKind.DATASET: "data sets",
    PaperKind.SOFTWARE: "programs",
    PaperKind.PROTOCOL: "protocols",
    PaperKind.NEWS: "news",
    PaperKind.COMMENT: "comments",
    PaperKind.EDITORIAL: "editorials",
    PaperKind.CORRECTION: "corrections",
    PaperKind.RETRACTION: "retractions",
    PaperKind.BOOK_REVIEW: "book reviews",
    PaperKind.CONTENTS: "tables of contents and covers",
    PaperKind.OBITUARY: "obituaries",
}
_NAMES: Final = {
    PaperKind.RESEARCH: "research paper",
    PaperKind.DATASET: "data set",
    PaperKind.SOFTWARE: "program",
    PaperKind.CONTENTS: "table of contents or cover",
}
"""Those kinds that are called otherwise in a sentence than in the config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A candidate that an edition does not print, whatever else there is."""

    candidate: Candidate
    why: str
    """What it is, for readers, so that a number can stand before it: "news", "correction"."""


def kind_name(kind: PaperKind) -> str:
    """Return what a kind is called in a sentence: "data set"."""
    return _NAMES.get(kind, kind.value)


_PLURALS: Final = {kind_name(kind): many for kind, many in _MANY.items()}


def set_aside(
    candidates: Sequence[Candidate], kinds: Collection[PaperKind], languages: Collection[str] = ()
) -> tuple[tuple[Candidate, ...], tuple[Aside, ...]]:
    """Divide *candidates* into those of some *kinds* and *languages* and the others, in their order.

    Those others that an issue named before are in neither: news never rises.

    Args:
        kinds: A survey is a review too.
        languages: Codes; empty: all. A paper whose language is not known passes.
    """
    printed = {*kinds, *([PaperKind.SURVEY] if PaperKind.REVIEW in kinds else [])}
    kept, others = [], []
    for one in candidates:
        paper = one.paper
        if paper.kind not in printed:
            others.append(Aside(candidate=one, why=kind_name(paper.kind)))
        elif languages and paper.language and paper.language not in languages:
            others.append(Aside(candidate=one, why=f"in {language_name(paper.language)}"))
        else:
            kept.append(one)
    return tuple(kept), tuple(one for one in others if one.candidate.cut_at is None)


def named(n: int, why: str) -> str:
    """Return what was set aside for one reason, as fits its number: `correction`, `corrections`, `in Chinese`."""
    return why if n == 1 else _PLURALS.get(why, why)


def counted(reasons: Iterable[str]) -> str:
    """Return how many there are for each reason, the most frequent first: `71 news, 14 comments, 3 corrections`."""
    found = sorted(Counter(reasons).items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{n:,} {named(n, why)}" for why, n in found)
