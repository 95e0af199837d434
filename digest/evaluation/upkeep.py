"""Measure the size of the trained files and the processor time of a paper, for information."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from digest import assets
from digest.core.errors import ConfigError
from digest.core.identity.likeness import same_work
from digest.core.models import Candidate, Paper, PaperId
from digest.core.ranking.day import Day
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.rank import rank
from digest.core.ranking.relevance import Background
from digest.evaluation import sets
from digest.evaluation.figures import Figure
from digest.summarizers.extract import Extracts

T = TypeVar("T")

PART: Final = "upkeep"
_NOT_TRAINED: Final = "README.md"
_LIKED: Final = 5
_PAPERS: Final = 200
"""Enough for a mean that is steady to a tenth, in a second or two."""


def sizes() -> tuple[Figure, ...]:
    """The size of each trained file, by name."""
    folder = assets.shipped("trained")
    return tuple(
        _figure("trained", path.name, path.stat().st_size / 1e6, "MB", of=1)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != _NOT_TRAINED
    )


def times(data: Path, extracts: Extracts, background: Background) -> tuple[Figure, ...]:
    """Milliseconds of the processor for one paper, on some of the abstracts in *data*; empty where it has none."""
    papers = list(itertools.islice(_papers(data), _PAPERS))
    if not papers:
        return ()
    taxonomy = extracts.taxonomy

    def summarize(paper: Paper) -> object:
        return extracts.summary(paper, "en")

    def tag(paper: Paper) -> object:
        return taxonomy.tag(paper.title, paper.abstract, paper.categories)

    return (
        _time("summary and topics", summarize, papers),
        _time("topics alone", tag, papers),
        _ranking(papers, background),
        _time("two compared", lambda pair: same_work(*pair), list(itertools.pairwise(papers))),
    )


def _time(name: str, work: Callable[[T], object], items: Sequence[T]) -> Figure:
    """The mean over *items*; what is read or made once is done before."""
    work(items[0]) if items else None
    began = time.process_time()
    for item in items:
        work(item)
    return _figure("a paper", name, 1000 * (time.process_time() - began) / max(1, len(items)), "ms", of=len(items))


def _ranking(papers: Sequence[Paper], background: Background) -> Figure:
    """Measure ranking papers together, as those of one day, for a reader with a few liked papers and two words."""
    day = date(2026, 3, 2)
    candidates = [Candidate(paper=p, sources=("a set",), position=n, listed_on=day) for n, p in enumerate(papers)]
    liked = tuple(Liked(paper=p, name=p.id) for p in papers[:_LIKED])
    profile = Profile(words=("language models", "learning from few examples"), liked=liked)
    began = time.process_time()
    rank(Day(candidates, background), profile)
    taken_ms = 1000 * (time.process_time() - began)
    return _figure("a paper", "ranking", taken_ms / len(papers), "ms", of=len(papers))


def _figure(data: str, name: str, value: float, unit: str, *, of: int) -> Figure:
    return Figure(part=PART, data=data, name=name, value=value, unit=unit, of=of, higher_is_better=False)


def _papers(data: Path) -> Iterator[Paper]:
    for path in sets.files(data, "papers/*.jsonl", "scitldr/*.jsonl", "topics/*.jsonl", but="*train*"):
        try:
            yield from _read(path)
        except ConfigError:
            continue  # who measures on it has said so


def _read(path: Path) -> Iterable[Paper]:
    texts: Iterable[tuple[str, str]]
    if path.parent.name == "scitldr":
        texts = ((p.title, p.abstract) for p in sets.read_tldrs(path))
    elif path.parent.name == "topics":
        texts = ((p.title, p.abstract) for p in sets.read_categories(path))
    else:
        texts = ((p.title, p.abstract) for p in sets.read_papers(path))
    return (Paper(id=PaperId(f"{path.stem}:{n}"), title=t, abstract=a) for n, (t, a) in enumerate(texts))
