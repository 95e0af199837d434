"""Measure leads and points against abstracts of all fields whose sentences were graded by reading them.

    abstracts.tsv: id, field, part, a grade for each sentence ─┐
    recorded lists of papers, beside the labelled sets ────────┴─► graded abstracts ──► shares of good leads and points

The grades are ours, the texts are not: they are read from where they were recorded, and an abstract that is not there,
or is cut into other sentences today, is left out. Who trains takes the part `train`; what is measured is `test`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.errors import DigestError
from digest.core.extracts.extractive import Extractor
from digest.core.words.sentences import split
from digest.core.words.text import clean_text, clean_title
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.sets import files, read_categories
from digest.evaluation.summaries import Summarize
from digest.sources.arxiv.source import ArxivSource
from digest.sources.biorxiv import BiorxivSource
from digest.sources.feed import FeedSource

PART: Final = "abstracts"
LABELS: Final = assets.PACKAGE / "evaluation" / "abstracts.tsv"
"""How they were made stands at the head of the file."""
GOOD_LEAD: Final = 2
"""Grade from which a sentence may be a paper's one line."""
GOOD_POINT: Final = 1
"""Grade from which a sentence may be a point."""
_WORD: Final = re.compile(r"\w+")
_Source = ArxivSource | BiorxivSource | FeedSource
_RECORDED: Final[Mapping[str, Callable[[str], _Source]]] = {
    "arxiv-oai/*.xml": lambda url: ArxivSource("arXiv", url=url),
    "arxiv-rss1/*.rdf": lambda url: ArxivSource("arXiv", url=url),
    "arxiv-rss/*.xml": lambda url: ArxivSource("arXiv", url=url),
    "arxiv-api/*.xml": lambda url: ArxivSource("arXiv", url=url),
    "biorxiv/*.rdf": lambda url: BiorxivSource("bioRxiv", url=url),
    "journals/nature/*.rdf": lambda url: FeedSource("Nature", url=url),
    "journals/pubmed-and-others/*.*": lambda url: FeedSource("a journal", url=url),
}
"""Where lists were recorded, and what reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """An abstract with a grade for each of its sentences."""

    id: str
    field: str
    """The science, in small letters: "mathematics", "systematics"."""
    title: str
    abstract: str
    sentences: tuple[str, ...]
    grades: tuple[int, ...]
    """3 for the best line on the paper, 2 for a fair one, 1 for a point, 0 for neither."""

    def grade(self, text: str) -> int:
        """Return the grade of the sentence that *text* was made from: the one that has most of its words."""
        said = set(_WORD.findall(text.lower()))
        shares = [len(said.intersection(_WORD.findall(s.lower()))) for s in self.sentences]
        best = max(shares)
        near = [place for place, share in enumerate(shares) if share == best]
        return self.grades[min(near, key=lambda place: len(self.sentences[place]))]


def read(data: Path, part: str) -> tuple[Graded, ...]:
    """Return the graded abstracts of a *part*, `train` or `test`, whose texts lie in *data* or beside it, in order."""
    texts = dict(_texts(data))
    found = []
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        paper_id, field, of_part, grades = line.split("\t")
        if of_part != part or paper_id not in texts:
            continue
        title, abstract = texts[paper_id]
        sentences = split(abstract)
        if len(sentences) == len(grades):
            found.append(
                Graded(
                    id=paper_id,
                    field=field,
                    title=title,
                    abstract=abstract,
                    sentences=sentences,
                    grades=tuple(map(int, grades)),
                )
            )
    return tuple(found)


def _texts(data: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield ids with title and abstract, from what was recorded. Damaged lists are passed over, as they were kept."""
    for path in files(data, "topics/arxiv-before-2310.jsonl"):
        for paper in read_categories(path):
            yield f"arxiv:{paper.id}", (clean_title(paper.title), clean_text(paper.abstract))
    for pattern, source in _RECORDED.items():
        for path in files(data, pattern) or files(data.parent, pattern):
            url = path.as_uri()
            try:
                parsed = source(url).parse(path.read_bytes(), url=url)
            except DigestError:
                continue
            for record in parsed.records:
                yield str(record.paper.id), (record.paper.title, record.paper.abstract)


def measure(data: Path, summarize: Summarize | None = None) -> tuple[Figure, ...]:
    """Return the shares of good leads and of good points on the part `test`; empty where none of its texts is there.

    Args:
        summarize: What is measured; by default the extract with the weights that ship.
    """
    graded = read(data, "test")
    write = summarize or Extractor.parse(assets.trained_text("summaries.toml")).summarize
    leads: list[float] = []
    points: list[float] = []
    for paper in graded:
        lead, said = write(paper.title, paper.abstract)
        leads.append(float(bool(lead) and paper.grade(lead) >= GOOD_LEAD))
        points += [float(paper.grade(point) >= GOOD_POINT) for point in said]
    return tuple(_figure(name, values) for name, values in (("good leads", leads), ("good points", points)) if values)


def _figure(name: str, values: Sequence[float]) -> Figure:
    low, high = interval(values, mean)
    return Figure(part=PART, data="abstracts", name=name, value=mean(values), low=low, high=high, of=len(values))
