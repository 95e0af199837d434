"""The summary that needs no model: for who has none, and where one failed."""

from __future__ import annotations

from collections.abc import Callable

from digest.core.models import Paper, Summary

Tag = Callable[[Paper], tuple[str, ...]]
"""A paper's topics, out of the taxonomy."""
Extract = Callable[[str, str], tuple[str, tuple[str, ...]]]
"""Title and abstract → the sentence and the points; see `Extractor.summarize`."""


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
        language: Of the edition; a stored summary is looked up by it.
        fell_back: Why this stands in for a model's summary, in words.
    """
    tldr, points = extract(paper.title, paper.abstract)
    return Summary(
        tldr=tldr, points=points, topics=tag(paper), client="extractive", language=language, fell_back=fell_back
    )
