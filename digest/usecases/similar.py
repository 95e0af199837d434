"""Find the papers of the store that are most similar to a given one.

The paper's telling words find some hundred papers in the search index, and only these are compared word by word: they
include nineteen of the twenty nearest papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from digest.core.models import Paper
from digest.core.ranking.relevance import Background, Space
from digest.core.ranking.similar import Similar, most_similar, telling_words
from digest.usecases.find import Papers, paper_of

_WORDS: Final = 24
"""Words of the paper by which similar papers are searched; fewer if very many papers have them."""
_COMPARED: Final = 600
"""Papers that are compared word by word, at least."""


class Words(Papers, Protocol):
    """The part of the store that looks up papers by their words."""

    def having_any(self, words: Sequence[str], *, limit: int) -> tuple[Paper, ...]: ...


def similar_to(store: Words, text: str, *, background: Background, limit: int) -> tuple[Similar, ...]:
    """Return the papers most similar to the one that *text* names, the nearest first.

    Args:
        text: An id as the store shows it, an arXiv id, a DOI, an address or a title.
        background: How common words are in general.

    Raises:
        NotFoundError: The store has no such paper, or several.
    """
    paper = paper_of(store, text)
    space = Space(background)
    found = store.having_any(telling_words(paper, space, most=_WORDS), limit=max(_COMPARED, 2 * limit))
    return most_similar(paper, found, space, limit=limit)
