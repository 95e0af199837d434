"""What stands in where no model writes: sentences of the abstract, and topics from words and categories.

Reads what was trained and ships with the package, once, when the first paper needs it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from digest import assets
from digest.core import extractive
from digest.core.classifier import Classifier
from digest.core.extractive import Extractor
from digest.core.models import Paper, Summary
from digest.core.tagging import Tagger
from digest.core.topics import Taxonomy
from digest.llm.extractive import extractive_summary

_SENTENCES = "summaries.toml"
_CATEGORIES = "topics.bin"


@dataclass(frozen=True, kw_only=True)  # no slots: cached properties live in the instance's dict
class Extracts:
    """Summaries without a model."""

    taxonomy: Taxonomy = field(repr=False)

    @cached_property
    def extractor(self) -> Extractor:
        return Extractor.parse(assets.trained_text(_SENTENCES))

    @cached_property
    def tagger(self) -> Tagger:
        return Tagger(self.taxonomy, Classifier.parse(assets.trained(_CATEGORIES)))

    @cached_property
    def rules(self) -> str:
        """What an extract depends on besides its paper: with other rules, weights or topics it is another one."""
        trained = hashlib.sha256(assets.trained(_SENTENCES) + assets.trained(_CATEGORIES)).hexdigest()
        return f"{extractive.VERSION} {trained[:12]} {self.taxonomy.fingerprint}"

    def topics(self, paper: Paper) -> tuple[str, ...]:
        """Up to four topics of a paper, the most fitting first."""
        return self.tagger.topics(paper)

    def summary(self, paper: Paper, language: str) -> Summary:
        """The extractive summary of a paper, with its topics.

        Args:
            language: Of the edition; a stored summary is looked up by it.
        """
        return extractive_summary(paper, tag=self.topics, extract=self.extractor.summarize, language=language)
