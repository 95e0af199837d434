"""Papers of the store that are most like one of them.

The paper's telling words find some hundreds through the search index, and only these are compared word by word: of
twenty nearest papers nineteen are among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from digest.core.ranking.relevance import Space
from digest.core.ranking.similar import Similar, most_similar, telling_words
from digest.usecases.find import paper_of

if TYPE_CHECKING:
    from digest.app.app import App

_WORDS: Final = 24
"""Words of the paper that papers like it are looked for by; where very many papers have them, fewer."""
_COMPARED: Final = 600
"""Papers that are compared word by word, at least."""


def similar_to(app: App, text: str, *, limit: int) -> tuple[Similar, ...]:
    """The papers most like the one that *text* names, the nearest first.

    Args:
        text: An id as the store shows it, an arXiv id, a DOI or an address.

    Raises:
        NotFoundError: The store has no such paper.
    """
    paper = paper_of(app, text)
    space = Space(app.background)
    found = app.store.having_any(telling_words(paper, space, most=_WORDS), limit=max(_COMPARED, 2 * limit))
    return most_similar(paper, found, space, limit=limit)
