"""Tag papers with topics: by their words and categories, or by guessed categories if the source gives none.

    paper ──► its categories, what its journal and headings mean, or the classifier's guess
          ──► Taxonomy.tag ──► up to three topics

A source without categories (a blog, a journal, Hugging Face) does not tell what "attention" means. A category guessed
from the abstract does: it makes weak words count and breaks ties as a real one would, and it gives a topic to a paper
whose text names none.
"""

from __future__ import annotations

from typing import Final, Protocol

from digest.core.models import Paper
from digest.core.topics.fold import Taxonomy
from digest.core.topics.subjects import Subjects
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

    def __init__(self, taxonomy: Taxonomy, classifier: Guess | None = None, subjects: Subjects | None = None) -> None:
        """Args:
        classifier: Guesses categories; None: a paper without categories is tagged by its words alone.
        subjects: What journals and MeSH headings mean; None: nothing.
        """
        self._taxonomy = taxonomy
        self._classifier = classifier
        self._subjects = subjects
        known = classifier.categories if classifier else ()
        self._known = frozenset(name for category in known for name in with_archive(category))

    def topics(self, paper: Paper) -> tuple[str, ...]:
        """Return up to three topics of *paper*, the most fitting first; empty if nothing gives one."""
        categories = self._categories(paper)
        foreign = paper.language not in ("", "en")  # the classifier knows words of English alone
        if self._classifier is None or foreign or any(map(self._taxonomy.given_by, categories)):
            return self._taxonomy.tag(paper.title, paper.abstract, categories, paper.keywords)
        guessed = self._classifier.classify(paper.title, paper.abstract, _GUESSES)
        if categories:
            # A journal of a whole field: a guess may choose within it, and not lead out of it.
            guessed = tuple((name, p) for name, p in guessed if self._is_within(name, categories))
        return self._taxonomy.tag(
            paper.title, paper.abstract, categories, paper.keywords, guessed=guessed, known=self._known
        )

    def _categories(self, paper: Paper) -> tuple[str, ...]:
        """Return the categories that the taxonomy knows, primary first, and what journal and headings mean.

        A journal that is in no table may say in its title of which field it is.
        """
        own = tuple(name for name in paper.categories if self._taxonomy.knows_any([name]))
        meant = self._subjects.of(paper) if self._subjects else ()
        if not own and not meant and paper.venue and (topic := self._taxonomy.homes([paper.venue])[0]):
            meant = (self._taxonomy.field(topic),)
        return (*own, *meant)

    def _is_within(self, category: str, fields: tuple[str, ...]) -> bool:
        topic = self._taxonomy.given_by(category)
        return topic is not None and any(self._taxonomy.speaks(topic, field) for field in fields)
