"""An index of a day's papers, made once and asked by every edition: which papers an interest in words finds, how well.

papers ──► CandidateIndex ──┬──► match(phrase)   position → fit, 0 to 1, by postings of words
           (once a day)     ├──► terms(phrase)   the words of the phrase that tell why
                            └──► space, vectors  likeness of papers, for tastes and near-duplicates
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from digest.core.models import Paper
from digest.core.ranking.phrases import fit, phrase, read, shared
from digest.core.ranking.relevance import Background, Space, Vector
from digest.core.words.word_counts import word_counts

_SENTENCE: Final = 5
"""Telling words from which an interest counts as a sentence, which no paper holds word for word."""
_AS_NEAR: Final = 0.25
"""Cosine to an interest that is a sentence which counts as a fit of 1; few papers come as near."""


class CandidateIndex:
    """A day's papers by their words."""

    def __init__(self, papers: Sequence[Paper], background: Background) -> None:
        """Read *papers*; a paper's position is its place among them, from 0."""
        self.papers: tuple[Paper, ...] = tuple(papers)
        self._texts = [read(paper) for paper in self.papers]
        counts = [text.word_counts for text in self._texts]
        self.space = Space(background, counts)
        """How much each word says, counted in *background* and in the papers."""
        self.vectors: tuple[Vector, ...] = tuple(map(self.space.vector, counts))
        """The papers' words, one vector for each position."""
        self._having: dict[str, list[int]] = {}
        for position, text in enumerate(self._texts):
            for word in sorted(text.all):
                self._having.setdefault(word, []).append(position)

    def match(self, phrase_text: str) -> Mapping[int, float]:
        """Return how well papers fit an interest in words: position → fit, more than 0, at most 1.

        Papers that do not fit at all are left out. From `digest.core.ranking.reasons.MATCHES` a person would say that
        the paper is about it; 1 is as sure as can be.
        """
        interest = phrase(phrase_text)
        sentence = self.space.vector(word_counts(phrase_text)) if len(interest.terms) >= _SENTENCE else None
        found: dict[int, float] = {}
        for position in sorted({p for term in interest.terms for p in self._having.get(term, ())}):
            value = fit(self._texts[position], interest, self.space.rarity)
            if sentence is not None:
                value = max(value, min(1.0, self.vectors[position].cosine(sentence) / _AS_NEAR))
            if value > 0:
                found[position] = value
        return found

    def terms(self, phrase_text: str, position: int, most: int) -> tuple[str, ...]:
        """Return up to *most* words or pairs of words of an interest, as written, that tell and that a paper has."""
        interest = phrase(phrase_text)
        return shared(self._texts[position], interest, self.space.rarity, most, tells=self.space.tells)
