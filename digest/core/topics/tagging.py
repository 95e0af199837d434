"""Tag papers with topics: by their words and categories, or by guessed categories if the source gives none.

    paper ──► its categories, or the classifier's guess ──► Taxonomy.tag ──► up to three topics

A source without categories (a blog, a journal, Hugging Face) does not tell what "attention" means. A category guessed
from the abstract does: it makes weak words count and breaks ties as a real one would, and it gives a topic to a paper
whose text names none.
"""

from __future__ import annotations

from typing import Final, Protocol

from digest.core.models import Paper
from digest.core.topics.fold import Taxonomy
from digest.core.topics.weighing import with_archive

_GUESSES: Final = 10
"""Categories asked for: the others are unlikely together."""


class Guess(Protocol):
    """Guesses arXiv categories, as `digest.core.topics.classifier.Classifier` does."""

    @property
    def categories(self) -> tuple[str, ...]:
        """All that it can guess."""
        ...

    def classify(self, title: str, abstract: str, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Return up to *most* categories with their probabilities, the likeliest first."""
        ...


class Tagger:
    """Tags papers with topics."""

    def __init__(self, taxonomy: Taxonomy, classifier: Guess | None = None) -> None:
        """Args:
        classifier: Guesses categories; None: a paper without categories is tagged by its words alone.
        """
        self._taxonomy = taxonomy
        self._classifier = classifier
        known = classifier.categories if classifier else ()
        self._known = frozenset(name for category in known for name in with_archive(category))

    def topics(self, paper: Paper) -> tuple[str, ...]:
        """Return up to three topics of *paper*, the most fitting first; empty if nothing gives one."""
        title, abstract, keywords = paper.title, paper.abstract, paper.keywords
        foreign = paper.language not in ("", "en")  # the classifier knows words of English alone
        if self._classifier is None or foreign or self._taxonomy.knows_any(paper.categories):
            return self._taxonomy.tag(title, abstract, paper.categories, keywords)
        return self._taxonomy.tag(
            title,
            abstract,
            paper.categories,
            keywords,
            guessed=self._classifier.classify(title, abstract, _GUESSES),
            known=self._known,
        )
