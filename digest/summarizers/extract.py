"""Summaries without a model: sentences of the abstract, and topics from words and categories.

The trained weights ship with the package and are read once, when the first paper needs them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from digest import assets
from digest.core.extracts import extractive
from digest.core.extracts.extractive import Extractor
from digest.core.models import Entry, Overview, Paper, PaperId, Summary, Usage
from digest.core.summaries.summarizer import Sums
from digest.core.topics.fold import Taxonomy
from digest.core.topics.foreign_words import ForeignWords
from digest.core.topics.guessing import Guesser
from digest.core.topics.subjects import Subjects
from digest.core.topics.tagging import Tagger
from digest.core.words.language import language_of

Tag = Callable[[Paper], tuple[str, ...]]
"""Paper → its topics, out of the taxonomy."""
Extract = Callable[[str, str], tuple[str, tuple[str, ...]]]
"""Title and abstract → the sentence and the points; see `Extractor.summarize`."""

_SENTENCES = "summaries.toml"
_CATEGORIES = "topics.bin"
_SCIENCES = "sciences.bin"


@dataclass(frozen=True, kw_only=True)  # no slots: cached properties live in the instance's dict
class Extracts:
    """Makes summaries without a model, and their topics."""

    taxonomy: Taxonomy = field(repr=False)

    @cached_property
    def extractor(self) -> Extractor:
        """Picks sentences of an abstract; read from the trained weights."""
        return Extractor.parse(assets.trained_text(_SENTENCES))

    @cached_property
    def tagger(self) -> Tagger:
        """Finds the topics of a paper; read from the trained weights."""
        return Tagger(self.taxonomy, _guesser(assets.trained(_SCIENCES), assets.trained(_CATEGORIES)), _read_subjects())

    @cached_property
    def foreign_words(self) -> ForeignWords:
        """Finds the topics of a paper in another language than English that has no categories."""
        return _read_foreign_words()

    @cached_property
    def rules(self) -> str:
        """The versions of all that an extract depends on besides its paper: rules, weights, taxonomy and subjects."""
        files = (*map(assets.trained, (_SENTENCES, _CATEGORIES, _SCIENCES)), _subjects(), _foreign_words())
        shipped = hashlib.sha256(b"".join(files)).hexdigest()
        return f"{extractive.VERSION} {shipped[:12]} {self.taxonomy.fingerprint}"

    def topics(self, paper: Paper) -> tuple[str, ...]:
        """Up to three topics of a paper, the most fitting first."""
        found = self.tagger.topics(paper)
        if paper.language in ("", "en") or (found and self.taxonomy.knows_any(paper.categories)):
            return found
        return self.foreign_words.topics_of(paper.title, paper.abstract) or found

    def summary(self, paper: Paper, language: str) -> Summary:
        """The extractive summary of a paper, with its topics.

        Args:
            language: Of the edition, for an abstract whose own language is not known.
        """
        return extractive_summary(paper, tag=self.topics, extract=self.extractor.summarize, language=language)


@lru_cache(maxsize=1)  # what ships stays the same, and takes a while to read
def _guesser(sciences: bytes, categories: bytes) -> Guesser:
    return Guesser.parse(sciences, categories)


@cache
def _read_subjects() -> Subjects:
    return Subjects.parse(_subjects().decode("utf-8"))


@cache
def _read_foreign_words() -> ForeignWords:
    return ForeignWords.parse(_foreign_words().decode("utf-8"))


def _subjects() -> bytes:
    return assets.shipped("subjects.toml").read_bytes()


def _foreign_words() -> bytes:
    return assets.shipped("words_of_fields.toml").read_bytes()


_PART = 100
"""Extracts that are stored at a time, so that a run that is killed repeats little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractiveSummarizer:
    """The summarizer without a model, key or network. It keeps nothing of a run, so it is its own `Writing`."""

    extracts: Extracts
    client: str = "extractive"
    model: str = ""

    @property
    def prompt(self) -> str:
        """See `digest.core.summaries.summarizer.Signature`."""
        return self.extracts.rules

    @property
    def brief_prompt(self) -> str:
        """See `digest.core.summaries.summarizer.Signature`. Points cost nothing: every extract has them."""
        return self.extracts.rules

    def begin(self, run: str) -> ExtractiveSummarizer:  # noqa: ARG002 -- there is no budget that runs share
        """See `digest.core.summaries.summarizer.Summarizer`."""
        return self

    def summarize(
        self,
        papers: Sequence[Paper],
        *,
        language: str,
        edition: str,  # noqa: ARG002 -- an extract costs nothing, so nothing is booked on an edition
        on_done: Callable[[Mapping[PaperId, Summary]], None],
        brief: Collection[PaperId] = (),  # noqa: ARG002 -- points cost nothing
    ) -> Sums:
        """See `digest.core.summaries.summarizer.Writing`."""
        for start in range(0, len(papers), _PART):
            part = papers[start : start + _PART]
            on_done({p.id: self.extracts.summary(p, language) for p in part})
        return Sums(usage=Usage(client=self.client))

    def overview(
        self,
        entries: Sequence[Entry],  # noqa: ARG002
        *,
        language: str,  # noqa: ARG002
        edition: str,  # noqa: ARG002
    ) -> tuple[Overview | None, Sums]:
        """See `digest.core.summaries.summarizer.Writing`. There is no overview: always None."""
        return None, Sums(usage=Usage(client=self.client))

    def time_left_s(self) -> float:
        """See `digest.core.summaries.summarizer.Writing`. Extracts are not waited for."""
        return math.inf

    def close(self) -> None:
        """Do nothing: no connection is held."""


def extractive_summary(
    paper: Paper,
    *,
    tag: Tag,
    extract: Extract,
    language: str = "en",
    fell_back: str | None = None,
) -> Summary:
    """A summary in the abstract's own words, whatever their language.

    Args:
        extract: Makes the sentence and the points.
        language: Of the edition, for an abstract whose own language is not known.
        fell_back: Why this stands in for a model's summary, in words; None if no model was asked.
    """
    tldr, points = extract(paper.title, paper.abstract)
    return Summary(
        tldr=tldr,
        points=points,
        topics=tag(paper),
        client="extractive",
        language=language_of(tldr) or paper.language or language,
        fell_back=fell_back,
    )
