"""Guess a paper's categories by its words, in two steps: of which science it is, and which category of that.

    title, abstract ──► words ──too few are known──► none
                          ├──► sciences (trained/sciences.bin): each science, roughly
                          └──► categories (trained/topics.bin): those of arXiv, of computing and its neighbors in detail

The classifier of categories has to choose among those that it knows: alone it takes a salmon for economics, for nothing
else that it knows has rivers. So where the text is of a science that it hardly knows, a category is as likely as its
science, and what a science has besides the categories is said by the science's own name, which the taxonomy knows as a
category too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Final

from digest.core.errors import ConfigError
from digest.core.topics.classifier import Classifier, counts
from digest.core.topics.weighing import with_archive

_FEWEST_KNOWN: Final = 0.12
"""Share of a text's words that must be known: of 2,000 arXiv papers 99 in 100 have more than 0.17; most of the rest of
a text are words like "the"."""
_INSIDE: Final = 1 / 3
"""Probability of the sciences that the classifier of categories knows well, from which it is asked alone."""
_HALF: Final = 0.5
"""Share of a science that its categories must have for it to be theirs alone."""

_REST: Final = 0.45
"""At most so likely is the rest of an archive: "physics" is too much for a topic, but tells what words to expect."""


@dataclass(frozen=True)  # no slots: cached properties live in the instance's dict
class Guesser:
    """Guesses categories and sciences; a `digest.core.topics.tagging.Guess`."""

    sciences: Classifier
    """Which science."""
    subjects: Classifier
    """Which category of arXiv."""
    archives: Mapping[str, str]
    """Archive or category of arXiv, in lower case → its science."""
    outside: frozenset[str]
    """The sciences that `subjects` hardly knows."""

    @classmethod
    def parse(cls, sciences: bytes, subjects: bytes) -> Guesser:
        """Read the two trained files.

        Raises:
            ConfigError: One is damaged, or made for another version of the program.
        """
        classifier = Classifier.parse(sciences)
        archives, outside = (classifier.about.get(name) for name in ("archives", "outside"))
        if not isinstance(archives, dict) or not isinstance(outside, list):
            raise ConfigError("the classifier of sciences does not say what it knows: install the package again")
        return cls(classifier, Classifier.parse(subjects), archives, frozenset(map(str, outside)))

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """All that it can guess."""
        return (*self.subjects.categories, *self.sciences.categories)

    @cached_property
    def _inside(self) -> tuple[str, ...]:
        return tuple(name for name in self.sciences.categories if name not in self.outside)

    @cached_property
    def _science_of(self) -> Mapping[str, str]:
        """Category of arXiv → its science; empty for one of none."""
        return {
            name: next((self.archives[each] for each in with_archive(name) if each in self.archives), "")
            for name in self.subjects.categories
        }

    def classify(self, title: str, abstract: str, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Return the *most* likely categories and sciences with their probabilities, the likeliest first.

        Empty for a text of which too few words are known: in another language, or of a science that is none of these.
        """
        found = counts(title, abstract)
        if self._knows_too_little(found):
            return ()
        sciences = dict(self.sciences.classify_counts(found, len(self.sciences.categories)))
        subjects = self.subjects.classify_counts(found, len(self.subjects.categories))
        if sum(map(sciences.__getitem__, self._inside)) >= _INSIDE:
            return subjects[:most]
        sums = dict.fromkeys(sciences, 0.0)
        for name, p in subjects:
            if science := self._science_of[name]:
                sums[science] += p
        likely = [
            (name, sciences[science] * p / max(sums[science], _HALF))
            for name, p in subjects
            if (science := self._science_of[name])
        ]
        for name, p in sciences.items():
            rest = p * (1 - min(1.0, sums[name] / _HALF))
            likely.append((name, min(rest, _REST) if name in self.archives else rest))
        likely.sort(key=itemgetter(0))
        likely.sort(key=lambda one: -round(one[1], 4))
        return tuple((name, round(p, 4)) for name, p in likely[:most])

    def _knows_too_little(self, found: Counter[str]) -> bool:
        words = {word: count for word, count in found.items() if " " not in word}
        known = sum(count for word, count in words.items() if word in self.sciences.rows)
        return known < _FEWEST_KNOWN * sum(words.values()) or not known
